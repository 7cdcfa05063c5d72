package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/papay"
	"github.com/wxpay-go/wxpay/api/scheduleddeduct"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A monthly subscription over a year. The first month is debited at once, in the
// twelve hours after signing; every other one is announced, and debited two days
// later. In May the payer has no money: they are asked to top up and debited on the
// next day, under a new number. From July on it costs more, and the notice says
// so. The year takes a fraction of a second.
func Example_subscription() {
	if err := subscribeForAYear(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// signed Contract2026
	// 2026-01-05 month-01-1 paid 1990
	// 2026-02-07 month-02-1 paid 1990
	// 2026-03-07 month-03-1 paid 1990
	// 2026-04-07 month-04-1 paid 1990
	// month-05-1: 余额不足
	// 2026-05-08 month-05-2 paid 1990
	// 2026-06-07 month-06-1 paid 1990
	// 2026-07-07 month-07-1 paid 2990
	// 2026-08-07 month-08-1 paid 2990
	// 2026-09-07 month-09-1 paid 2990
	// 2026-10-07 month-10-1 paid 2990
	// 2026-11-07 month-11-1 paid 2990
	// 2026-12-07 month-12-1 paid 2990
	// ended by USER_TERMINATE
}

// beijing is where the hours of all rules are.
var beijing = time.FixedZone("Beijing", 8*60*60)

// merchant is the program under test: it debits once a month, and hears of the
// outcome by notifications.
type merchant struct {
	api      api.Papay
	contract string // contract_id, known once the payer has signed
	failed   bool   // the last debit
	out      io.Writer
}

func subscribeForAYear(out io.Writer) error {
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 1, 5, 10, 0, 0, 0, beijing)))
	defer sb.Close()
	m := &merchant{api: api.V3(sb.Client()).Papay, out: out}
	if err := sb.Receive("https://yourapp.com", m.receiver(sb)); err != nil {
		return err
	}
	session, err := m.api.Sign.Contracts.PreEntrustSign.Post(context.Background(), &papay.PreEntrustSignRequest{
		SignScene: "SIGN_SCENE_APP", AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: "Contract2026",
		ContractDisplayAccount: "用户A", ContractNotifyURL: "https://yourapp.com/signed", OutUserCode: "user-1",
		DeviceInfo: papay.PreEntrustSignRequestDeviceInfo{
			DeviceType: "DEVICE_TYPE_PHONE", DeviceOS: "Android 16", DeviceID: "device-1", DeviceIP: "14.23.150.211",
			WeixinInstalled: true, WeixinVersion: "8.0.60",
			DaysSinceFirstLogin: "DAYS_SINCE_FIRST_LOGIN_MORE_THEN_180_DAYS",
		},
	})
	if err != nil {
		return err
	}
	payer := sb.Payer("oYobu0MVnQfWpSMOYJz2AHPG_gQw")
	if _, err := payer.Agree(session.PreEntrustWebID); err != nil {
		return err
	}
	if err := sb.Settle(); err != nil { // the notification of the signing
		return err
	}

	for month := 1; month <= 12; month++ {
		price := int64(1990)
		if month >= 7 {
			price = 2990
		}
		if month > 1 {
			if err := m.announce(price); err != nil {
				return err
			}
			if err := sb.Advance(2 * 24 * time.Hour); err != nil {
				return err
			}
		}
		if month == 5 {
			if err := payer.RunOut(); err != nil {
				return err
			}
		}
		for try := 1; try == 1 || m.failed; try++ {
			if try > 1 {
				if err := m.askToTopUp(); err != nil {
					return err
				}
				if err := payer.Fund(100_000); err != nil {
					return err
				}
				if err := sb.Advance(24 * time.Hour); err != nil {
					return err
				}
			}
			if err := m.debit(fmt.Sprintf("month-%02d-%d", month, try), price); err != nil {
				return err
			}
			if err := sb.Settle(); err != nil { // the debit, and the notification of it
				return err
			}
		}
		next := time.Date(2026, time.Month(month)+1, 5, 10, 0, 0, 0, beijing)
		if err := sb.Advance(next.Sub(sb.Clock().Now())); err != nil {
			return err
		}
	}
	if err := payer.Terminate(m.contract); err != nil {
		return err
	}
	return sb.Settle()
}

// receiver is what the merchant does with notifications.
func (m *merchant) receiver(sb *sandbox.Sandbox) *notify.Receiver {
	r := notify.New(sb.Keys())
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustSign) error {
		m.contract = e.ContractID
		fmt.Fprintln(m.out, "signed", e.OutContractCode)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.TransactionSuccess) error {
		m.failed = false
		fmt.Fprintln(m.out, e.SuccessTime[:10], e.OutTradeNo, "paid", e.Amount.Total)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.TransactionFail) error {
		m.failed = true
		fmt.Fprintf(m.out, "%s: %s\n", e.OutTradeNo, e.TradeStateDesc)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustTerminate) error {
		fmt.Fprintln(m.out, "ended by", e.ContractTerminateInfo.ContractTerminationMode)
		return nil
	})
	return r
}

// announce tells the payer what will be debited at most, in fen. The debit may
// follow from the day after tomorrow on.
func (m *merchant) announce(price int64) error {
	_, err := m.api.Contracts.ContractID(m.contract).Notify.Post(context.Background(), &papay.NotifyRequest{
		MchID: sandbox.DefaultMchID, AppID: sandbox.DefaultAppID,
		EstimatedAmount: papay.NotifyRequestEstimatedAmount{Amount: price, Currency: "CNY"},
	})
	return err
}

// debit asks for a debit. A number that failed is closed for ever: the next try
// needs another one.
func (m *merchant) debit(outTradeNo string, price int64) error {
	_, err := m.api.Pay.Transactions.Apply.Post(context.Background(), &scheduleddeduct.ApplyRequest{
		AppID: sandbox.DefaultAppID, OutTradeNo: outTradeNo, Description: "Monthly plan", ContractID: m.contract,
		TransactionNotifyURL: "https://yourapp.com/debited", Amount: scheduleddeduct.Amount{Total: price,
			Currency: "CNY"},
	})
	return err
}

// askToTopUp has WeChat Pay tell the payer that the debit failed.
func (m *merchant) askToTopUp() error {
	_, err := m.api.Contracts.ContractID(m.contract).FailNotify.Post(context.Background(), &papay.FailNotifyRequest{
		MchID: sandbox.DefaultMchID, AppID: sandbox.DefaultAppID,
	})
	return err
}
