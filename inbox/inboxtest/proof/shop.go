package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// shop is the merchant's side that calls, and the payers.
type shop struct {
	client   *wxpay.Client
	wechat   wechat
	db       *sql.DB
	database database
	box      *inbox.Box // nil without it

	mu  sync.Mutex
	odd []error // what no fault explains
}

// live goes through all lives, several at once.
func (s *shop) live(ctx context.Context, all []life, atOnce int) error {
	next := make(chan life)
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for l := range next {
				if err := s.through(ctx, l); err != nil {
					s.mu.Lock()
					s.odd = append(s.odd, fmt.Errorf("%s: %w", l.openID, err))
					s.mu.Unlock()
				}
			}
		})
	}
	for _, l := range all {
		next <- l
	}
	close(next)
	group.Wait()
	return errors.Join(s.odd...)
}

// through is one life. It returns what nothing here explains.
func (s *shop) through(ctx context.Context, l life) error {
	if err := s.enter(ctx, nil, "INSERT INTO {payers} (openid, code, state) VALUES (?, '', '"+presigned+"')",
		l.openID); err != nil {
		return err
	}
	for i, c := range l.contracts {
		if i > 0 {
			// A payer needs a while to sign anew; WeChat Pay tells the order by seconds.
			if err := s.pass(2 * time.Second); err != nil {
				return err
			}
		}
		if goesOn, err := s.contract(ctx, l, c); err != nil || !goesOn {
			return err
		}
	}
	return nil
}

// contract is one contract's life.
func (s *shop) contract(ctx context.Context, l life, c contract) (goesOn bool, err error) {
	token, code, err := s.open(ctx, l, c.code)
	if err != nil {
		return false, err
	}
	payer := "payers/" + l.openID + "/"
	if c.declined {
		return false, s.wechat.post(payer+"decline", object{"token": token}, nil)
	}
	var agreed ledger.Contract
	if err := s.wechat.post(payer+"agree", object{"token": token}, &agreed); err != nil {
		return false, err
	}
	for i, suffices := range c.debits {
		if !suffices {
			if err := s.wechat.post(payer+"fail-next", object{"reason": ledger.NotEnough}, nil); err != nil {
				return false, err
			}
		}
		if err := s.take(ctx, l, agreed.ID, fmt.Sprintf("%s_%d", code, i+1), int64(100+i)); err != nil {
			return false, err
		}
	}
	switch c.ends {
	case ledger.ByUser:
		return true, s.wechat.post(payer+"terminate", object{"contract_id": agreed.ID}, nil)
	case ledger.ByMerchant:
		_, err := s.insist(func() error { return s.terminate(ctx, l.product, code) })
		return true, err
	}
	return false, nil
}

// open pre-signs a contract, under another code where nobody knows the token that a lost answer
// had.
func (s *shop) open(ctx context.Context, l life, code string) (token, under string, err error) {
	for range 5 {
		x := s.expectedContract(l.product, l.openID, code)
		if err := s.enter(ctx, &x, "INSERT INTO {contracts} (code, openid, contract_id, state, signs, ends, paid, "+
			"payments, failures) VALUES (?, ?, '', '"+presigned+"', 0, 0, 0, 0, 0)", code, l.openID); err != nil {
			return "", "", err
		}
		_, err := s.insist(func() (err error) {
			token, err = s.presign(ctx, l.product, l.openID, code)
			return err
		})
		if err != nil || token != "" {
			return token, code, err
		}
		code += "R"
	}
	return "", "", errors.New("no pre-sign is answered")
}

// take asks for a debit that is expected before it is asked for, so that somebody will know of it
// whatever becomes of the call.
func (s *shop) take(ctx context.Context, l life, contractID, number string, fen int64) error {
	x := s.expectedDebit(l.product, l.openID, number)
	if err := s.enter(ctx, &x, ""); err != nil {
		return err
	}
	for range 600 {
		waits := false // for the debit before it
		known, err := s.insist(func() error {
			err := s.debit(ctx, l.product, contractID, number, fen)
			if refused := (*wxpay.Error)(nil); errors.As(err, &refused) && strings.Contains(refused.Message, "已受理") {
				waits = true
				return nil
			}
			return err
		})
		if err != nil || !known || !waits {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the debit before " + number + " does not end")
}

// insist makes a call until its answer is known, ten times at most. A refusal of the second is an
// answer to the first, which was carried out.
func (s *shop) insist(call func() error) (known bool, err error) {
	for try := range 10 {
		err := call()
		var refused *wxpay.Error
		var lost *wxpay.TransportError
		switch {
		case err == nil:
			return true, nil
		case errors.As(err, &lost), errors.As(err, &refused) && wxpay.OutcomeUnknown(err):
		case errors.As(err, &refused) && try > 0:
			return true, nil
		default:
			return false, err
		}
	}
	return false, nil
}

// pass waits until the sandbox's clock has gone on.
func (s *shop) pass(d time.Duration) error {
	began, err := s.wechat.now()
	for now := began; err == nil && now.Sub(began) < d; now, err = s.wechat.now() {
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// enter writes into the shop's tables and tells the inbox, in one transaction.
func (s *shop) enter(ctx context.Context, x *inbox.Expected, statement string, args ...any) (err error) {
	for range 8 { // a database may undo it for the sake of another one
		if err = s.entered(ctx, x, statement, args...); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

func (s *shop) entered(ctx context.Context, x *inbox.Expected, statement string, args ...any) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if statement != "" {
		if _, err := tx.ExecContext(ctx, s.database.in(statement), args...); err != nil {
			return err
		}
	}
	if x != nil && s.box != nil {
		if err := s.box.Expect(ctx, tx, *x); err != nil {
			return err
		}
	}
	return tx.Commit()
}
