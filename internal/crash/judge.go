package main

import (
	"errors"
	"fmt"
	"time"
)

// truth is what the sandbox has, as its admin shows it.
type truth struct {
	contracts map[string]contract // by out_contract_code
	sessions  map[string]session  // by out_contract_code
	orders    map[string]order    // by out_trade_no
	debits    map[string]order
	refunds   map[string]order // by out_refund_no
}

type contract struct {
	ID    string `json:"contract_id"`
	Code  string `json:"out_contract_code"`
	Token string `json:"token"`
	State string `json:"state"`
}

type session struct {
	Token      string `json:"token"`
	Code       string `json:"out_contract_code"`
	ContractID string `json:"contract_id"`
}

// order is a debit and a refund too.
type order struct {
	OutTradeNo    string    `json:"out_trade_no"`
	OutRefundNo   string    `json:"out_refund_no"`
	TransactionID string    `json:"transaction_id"`
	State         string    `json:"trade_state"`
	Status        string    `json:"status"`
	PaidAt        time.Time `json:"paid_at"`
	Total         int64     `json:"total"`
	Amount        int64     `json:"amount"`
}

// list reads all of a list of the admin's, by what names its rows.
func list[T any](s *sandbox, path string, name func(T) string) (map[string]T, error) {
	all := map[string]T{}
	after := ""
	for {
		var page struct {
			Data []T    `json:"data"`
			Next string `json:"next"`
		}
		if err := s.get("/sandbox/"+path+"?limit=1000"+after, &page); err != nil {
			return nil, err
		}
		for _, row := range page.Data {
			if _, twice := all[name(row)]; twice {
				return nil, fmt.Errorf("%s: %s is there twice", path, name(row))
			}
			all[name(row)] = row
		}
		if page.Next == "" {
			return all, nil
		}
		after = "&after=" + page.Next
	}
}

func (w *shop) look() (t truth, err error) {
	for _, read := range []func() error{
		func() (err error) {
			t.contracts, err = list(w.sandbox, "contracts", func(c contract) string { return c.Code })
			return err
		},
		func() (err error) {
			t.sessions, err = list(w.sandbox, "sessions", func(s session) string { return s.Code })
			return err
		},
		func() (err error) {
			t.orders, err = list(w.sandbox, "orders", func(o order) string { return o.OutTradeNo })
			return err
		},
		func() (err error) {
			t.debits, err = list(w.sandbox, "debits", func(o order) string { return o.OutTradeNo })
			return err
		},
		func() (err error) {
			t.refunds, err = list(w.sandbox, "refunds", func(o order) string { return o.OutRefundNo })
			return err
		},
	} {
		if err := read(); err != nil {
			return t, err
		}
	}
	return t, nil
}

const success = "SUCCESS"

// judge compares what was acknowledged, what is there and what was told, and says what it saw.
func (w *shop) judge() (found string, err error) {
	t, err := w.look()
	if err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	problems := []error{w.odd}
	steps := 0
	expected := map[string]bool{} // what has to be told
	for _, l := range w.lives {
		steps += int(l.came)
		for _, problem := range t.of(l) {
			problems = append(problems, fmt.Errorf("%s, acknowledged up to step %d: %s", l.code, l.came, problem))
		}
		if err := w.counted(l, t); err != nil {
			problems = append(problems, err)
		}
	}
	for code, c := range t.contracts {
		expected["ECOMMERCE_ENTRUST.SIGN "+code] = true
		if c.State == "TERMINATED" {
			expected["ECOMMERCE_ENTRUST.TERMINATE "+code] = true
		}
	}
	for number, o := range t.orders {
		if o.TransactionID != "" {
			expected["TRANSACTION.SUCCESS "+number] = true
		}
	}
	for number, o := range t.refunds {
		if o.Status == success {
			expected["REFUND.SUCCESS "+number] = true
		}
	}
	for change := range expected {
		if w.heard[change] == 0 {
			problems = append(problems, errors.New(change+" was not notified"))
		}
	}
	for change, times := range w.heard {
		if !expected[change] {
			problems = append(problems, errors.New(change+" was notified and has not happened"))
		}
		if times > 1 {
			problems = append(problems, fmt.Errorf("%s was notified as %d events", change, times))
		}
	}
	return fmt.Sprintf("%d steps of %d payers acknowledged, %d contracts, %d debits, %d orders, %d refunds there, "+
		"%d changes notified", steps, len(w.lives), len(t.contracts), len(t.debits), len(t.orders), len(t.refunds),
		len(expected)), errors.Join(problems...)
}

// of says what is wrong with what there is of one life. A step that was not answered may have been
// taken or not.
func (t truth) of(l *life) (problems []string) {
	check := func(ok bool, problem string) {
		if !ok {
			problems = append(problems, problem)
		}
	}
	s, hasSession := t.sessions[l.code]
	c, signed := t.contracts[l.code]
	o, placed := t.orders[l.code]
	d, taken := t.debits["D"+l.code]
	_, givenBack := t.refunds[l.code]

	check(hasSession || l.came < presigned, "its session is missing")
	check(signed || l.came < agreed, "its contract is missing")
	check(l.came < agreed || c.ID == l.contract, "its contract has another id")
	check(c.State == "TERMINATED" || l.came < terminated, "its contract is not terminated")
	check(taken || l.came < debitTaken, "its debit is missing")
	check(placed || l.came < orderPlaced, "its order is missing")
	check(l.came < orderPaid || o.TransactionID == l.transaction, "its order was paid under another number, or not")
	check(givenBack || l.came < refunded, "its refund is missing")

	check(signed == (s.ContractID != ""), "its session and its contract do not agree on whether it was signed")
	check(!signed || s.ContractID == c.ID && c.Token == s.Token, "its session and its contract are of others")
	check(!taken || signed && d.State == success && d.TransactionID != "", "its debit is half done")
	check((o.TransactionID == "") == o.PaidAt.IsZero(), "its order is half paid")
	check(!givenBack || o.TransactionID != "", "what was not paid was given back")
	return problems
}

// counted compares the payer's money with what was taken.
func (w *shop) counted(l *life, t truth) error {
	var wallet struct {
		Limited bool  `json:"limited"`
		Balance int64 `json:"balance"`
	}
	if err := w.sandbox.get("/sandbox/payers/"+l.openID, &wallet); err != nil {
		return err
	}
	if !wallet.Limited { // nobody ever gave them any
		if l.came >= hasFunds {
			return fmt.Errorf("the funds of %s are missing", l.code)
		}
		return nil
	}
	want := int64(funded)
	if o := t.orders[l.code]; o.TransactionID != "" {
		want -= o.Total
	}
	if d := t.debits["D"+l.code]; d.State == success {
		want -= d.Total
	}
	if r := t.refunds[l.code]; r.Status == success {
		want += r.Amount
	}
	if wallet.Balance != want {
		return fmt.Errorf("the payer of %s has %d fen, and by what was taken it should be %d", l.code, wallet.Balance,
			want)
	}
	return nil
}
