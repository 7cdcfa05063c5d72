package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/pay"
	"github.com/wxpay-go/wxpay/api/refund"
	"github.com/wxpay-go/wxpay/notify"
)

// What each payer has and spends, in fen.
const (
	funded  = 1000
	debited = 300
	ordered = 100
)

const (
	appID    = "wxd678efh567hg6787"
	planID   = 12535
	subMchID = "1230000109"
)

// A step of a life, in their order. The last one that was acknowledged is what a life came to.
type step int

const (
	nothing step = iota
	hasFunds
	presigned
	agreed
	debitTaken
	orderPlaced
	orderPaid
	refunded
	terminated
)

// life is one payer with one contract and one order. It ends with the first step that is not
// answered.
type life struct {
	openID, code string // the payer's, and the merchant's number of all there is of it
	came         step
	contract     string // contract_id
	transaction  string // transaction_id of the order
}

// shop is the merchant: its calls, what it was told, and all lives so far.
type shop struct {
	sandbox  *sandbox
	client   *wxpay.Client
	listener net.Listener

	mu    sync.Mutex
	lives []*life
	heard map[string]int // how often a change was told, by event type and number
	odd   error          // what no kill explains
}

// newShop is a merchant that listens for notifications and has not called yet.
func newShop(s *sandbox, cfg wxpay.Config) (*shop, error) {
	w := &shop{sandbox: s, heard: map[string]int{}}
	var err error
	if w.client, err = wxpay.New(cfg); err != nil {
		return nil, err
	}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(w.listener, w.receiver()) }()
	return w, nil
}

// url is where it is notified.
func (w *shop) url() string { return "http://" + w.listener.Addr().String() }

func (w *shop) close() { w.listener.Close() }

// receiver writes down what it is told. What a kill cuts off is reported there and told again.
func (w *shop) receiver() http.Handler {
	r := notify.New(w.client.Keys(), notify.Remember(1<<20),
		notify.OnError(func(_ context.Context, e *notify.Error) {
			if e.Check != notify.CheckBody { // the sandbox was killed while it sent
				w.breaks(fmt.Errorf("a notification was refused: %w", e))
			}
		}))
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.EcommerceEntrustSign) error {
		w.hears(n, e.OutContractCode)
		return nil
	})
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.EcommerceEntrustTerminate) error {
		w.hears(n, e.OutContractCode)
		return nil
	})
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.TransactionSuccess) error {
		w.hears(n, e.OutTradeNo)
		return nil
	})
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.RefundSuccess) error {
		w.hears(n, e.OutRefundNo)
		return nil
	})
	return r
}

func (w *shop) hears(n *notify.Notification, number string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard[n.EventType+" "+number]++
}

// breaks keeps the first thing that no kill explains.
func (w *shop) breaks(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.odd == nil {
		w.odd = err
	}
	slog.Error("It is not as it should be", "error", err)
}

func (w *shop) broken() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.odd
}

// work has so many live, one life after the other, until ctx ends.
func (w *shop) work(ctx context.Context, callers int) (done chan struct{}) {
	done = make(chan struct{})
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				if !w.live(ctx, w.born()) {
					return // it was killed
				}
			}
		})
	}
	go func() { group.Wait(); close(done) }()
	return done
}

func (w *shop) born() *life {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.lives) + 1
	l := &life{openID: fmt.Sprintf("oUpF8uMuAJO_%016d", n), code: fmt.Sprintf("crash%010d", n)}
	w.lives = append(w.lives, l)
	return l
}

// live goes through a life and tells whether it came to its end.
func (w *shop) live(ctx context.Context, l *life) bool {
	payer := "/sandbox/payers/" + l.openID + "/"
	contracts := combinepapay.Of(w.client).Contracts
	var token, prepayID string
	for _, next := range []struct {
		step step
		take func() error
	}{
		{hasFunds, func() error { return w.sandbox.post(payer+"fund", `{"amount":`+strconv.Itoa(funded)+`}`, nil) }},
		{presigned, func() error {
			reply, err := contracts.PreEntrustSign.Post(ctx, &combinepapay.PreEntrustSignRequest{
				AppID: appID, PlanID: planID, OutContractCode: l.code, ContractDisplayAccount: "微信代扣用户",
				NotifyURL: notifyOrigin + "/notify",
			})
			if err == nil {
				token = reply.PreEntrustWebID
			}
			return err
		}},
		{agreed, func() error {
			var contract struct {
				ID string `json:"contract_id"`
			}
			err := w.sandbox.post(payer+"agree", `{"token":"`+token+`"}`, &contract)
			l.contract = contract.ID
			return err
		}},
		{debitTaken, func() error {
			_, err := combinepapay.Of(w.client).Transactions.Post(ctx, w.debit(l))
			return err
		}},
		{orderPlaced, func() error {
			reply, err := pay.Of(w.client).Transactions.JSAPI.Post(ctx, &pay.JSAPIRequest{
				AppID: appID, MchID: w.client.MchID(), Description: "A month", OutTradeNo: l.code,
				NotifyURL: notifyOrigin + "/notify", Amount: pay.Amount{Total: ordered, Currency: "CNY"},
				Payer: pay.Payer{OpenID: l.openID},
			})
			if err == nil {
				prepayID = reply.PrepayID
			}
			return err
		}},
		{orderPaid, func() error {
			var paid struct {
				Order struct {
					TransactionID string `json:"transaction_id"`
				} `json:"order"`
			}
			err := w.sandbox.post(payer+"pay", `{"prepay_id":"`+prepayID+`"}`, &paid)
			l.transaction = paid.Order.TransactionID
			return err
		}},
		{refunded, func() error {
			_, err := refund.Of(w.client).Domestic.Refunds.Post(ctx, &refund.RefundRequest{
				OutTradeNo: l.code, OutRefundNo: l.code, NotifyURL: notifyOrigin + "/notify",
				Amount: refund.RefundRequestAmount{Refund: ordered, Total: ordered, Currency: "CNY"},
			})
			return err
		}},
		{terminated, func() error {
			_, err := contracts.PlanID.PlanID(planID).OutContractCode.OutContractCode(l.code).Terminate.Post(ctx,
				&combinepapay.TerminateRequest{ContractTerminationRemark: "the year is over"})
			return err
		}},
	} {
		if err := next.take(); err != nil {
			var lost *wxpay.TransportError
			if !errors.As(err, &lost) && !errors.Is(err, errGone) {
				w.breaks(fmt.Errorf("step %d of %s: %w", next.step, l.code, err))
			}
			return false
		}
		l.came = next.step
	}
	return true
}

func (w *shop) debit(l *life) *combinepapay.DebitRequest {
	return &combinepapay.DebitRequest{
		CombineAppID: appID, CombineMchID: w.client.MchID(), CombineOutTradeNo: "D" + l.code, ContractID: l.contract,
		SubOrders: []combinepapay.DebitRequestSubOrders{{
			MchID: w.client.MchID(), SubMchID: subMchID, OutTradeNo: "D" + l.code + "-1", Description: "A month",
			Amount: combinepapay.DebitRequestSubOrdersAmount{TotalAmount: debited, Currency: "CNY"},
		}},
	}
}
