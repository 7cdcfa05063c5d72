package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// The user's functions, the same with the inbox and without.

// change is what an event tells.
type change struct {
	what             string // signed, ended, paid, failed
	code, contractID string
	number           string // out_trade_no
	amount           int64
	transaction      string
}

const (
	signed = "signed"
	ended  = "ended"
	paid   = "paid"
	failed = "failed"
)

// functions registers one for every event that the run brings about.
func (p *program) functions() {
	on(p, func(e *event.EntrustSign) change {
		return change{what: signed, code: e.OutContractCode, contractID: e.ContractID}
	})
	on(p, func(e *event.EntrustTerminate) change {
		return change{what: ended, code: e.OutContractCode, contractID: e.ContractID}
	})
	on(p, func(e *event.EcommerceEntrustSign) change { return change{what: signed, code: e.OutContractCode} })
	on(p, func(e *event.EcommerceEntrustTerminate) change { return change{what: ended, code: e.OutContractCode} })
	on(p, func(e *event.TransactionSuccess) change {
		c := change{what: paid, code: codeOf(e.OutTradeNo), number: e.OutTradeNo, transaction: e.TransactionID}
		if e.Amount != nil {
			c.amount = e.Amount.Total
		}
		return c
	})
	on(p, func(e *event.TransactionFail) change {
		return change{what: failed, code: codeOf(e.OutTradeNo), number: e.OutTradeNo}
	})
	on(p, func(e *event.V2Contract) change {
		what := signed
		if e.ChangeType == "DELETE" {
			what = ended
		}
		return change{what: what, code: e.ContractCode, contractID: e.ContractID}
	})
	on(p, func(e *event.V2Payment) change {
		c := change{what: paid, code: codeOf(e.OutTradeNo), number: e.OutTradeNo, amount: e.TotalFee,
			transaction: e.TransactionID}
		if e.ResultCode != "SUCCESS" {
			c.what, c.amount, c.transaction = failed, 0, ""
		}
		return c
	})
}

// codeOf is the contract that a debit is of: the shop numbers them so.
func codeOf(number string) string {
	code, _, _ := strings.Cut(number, "_")
	return code
}

// on registers the function for one event: in the inbox's transaction, or in one of its own.
func on[E notify.Event](p *program, what func(*E) change) {
	if p.box != nil {
		inbox.On(p.box, func(ctx context.Context, d *inbox.Delivery, e *E) error {
			return p.book(ctx, d.Tx, what(e), d)
		})
		return
	}
	notify.On(p.receiver, func(ctx context.Context, _ *notify.Notification, e *E) error {
		tx, err := p.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if err := p.book(ctx, tx, what(e), nil); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// errOnPurpose is the user's function failing after it wrote.
var errOnPurpose = errors.New("this fails on purpose")

// book writes the effect of a change. d is nil without the inbox.
func (p *program) book(ctx context.Context, tx inbox.Execer, c change, d *inbox.Delivery) error {
	exec := func(statement string, args ...any) error {
		if _, err := tx.ExecContext(ctx, p.database.in(statement), args...); err != nil {
			return fmt.Errorf("book %s: %w", c.what, err)
		}
		return nil
	}
	if err := exec("INSERT INTO {effects} (what, code, order_no, amount, transaction_id) VALUES (?, ?, ?, ?, ?)",
		c.what, c.code, c.number, c.amount, c.transaction); err != nil {
		return err
	}
	if err := p.count(exec, c, d); err != nil {
		return err
	}
	p.mayDie(p.BeforeCommit, beforeCommit)
	if p.happens(p.Fails) {
		return errOnPurpose
	}
	return nil
}

// count adds to the contract's counters and sets the states.
func (p *program) count(exec func(statement string, args ...any) error, c change, d *inbox.Delivery) error {
	switch c.what {
	case paid:
		return exec("UPDATE {contracts} SET paid = paid + ?, payments = payments + 1 WHERE code = ?", c.amount, c.code)
	case failed:
		return exec("UPDATE {contracts} SET failures = failures + 1 WHERE code = ?", c.code)
	}
	counter, state := "signs", "SIGNED"
	if c.what == ended {
		counter, state = "ends", "TERMINATED"
	}
	if err := exec("UPDATE {contracts} SET "+counter+" = "+counter+" + 1, contract_id = ? WHERE code = ?", c.contractID,
		c.code); err != nil {
		return err
	}
	// What counts for the payer: without the inbox, what was heard last.
	current, currentState := c.code, state
	if d != nil {
		current, currentState = d.Current.Code, "SIGNED"
		if d.Current.Ended {
			currentState = "TERMINATED"
		}
	}
	if d == nil || !d.Late {
		if err := exec("UPDATE {contracts} SET state = ? WHERE code = ?", state, c.code); err != nil {
			return err
		}
	}
	return exec("UPDATE {payers} SET code = ?, state = ? WHERE openid = (SELECT openid FROM {contracts} "+
		"WHERE code = ?)", current, currentState, c.code)
}
