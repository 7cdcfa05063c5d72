package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// truth is what happened, as the sandbox has it.
type truth struct {
	contracts []*ledger.Contract
	debits    []*ledger.Debit
}

func look(s wechat) (t truth, err error) {
	if t.contracts, err = list(s, "contracts", func(c *ledger.Contract) string { return c.ID }); err != nil {
		return t, err
	}
	t.debits, err = list(s, "debits", func(d *ledger.Debit) string { return d.ID })
	return t, err
}

// books is what the receivers wrote.
type books struct {
	contracts map[string]booked // by code
	payers    map[string]payer  // by openid
	effects   []effect
}

type booked struct {
	openID, contractID, state       string
	signs, ends, payments, failures int64
	paid                            int64
}

type payer struct{ code, state string }

type effect struct {
	what, code, number, transaction string
	amount                          int64
}

// reader is a *sql.DB, or a *sql.Tx of a test.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// audit reads the books from outside.
func audit(ctx context.Context, d database, db reader) (b books, err error) {
	b.contracts, b.payers = map[string]booked{}, map[string]payer{}
	read := func(statement string, row func(scan func(...any) error) error) {
		if err != nil {
			return
		}
		var rows *sql.Rows
		if rows, err = db.QueryContext(ctx, d.in(statement)); err != nil {
			return
		}
		defer rows.Close()
		for rows.Next() {
			if err = row(rows.Scan); err != nil {
				return
			}
		}
		err = rows.Err()
	}
	read("SELECT code, openid, contract_id, state, signs, ends, paid, payments, failures FROM {contracts}",
		func(scan func(...any) error) error {
			var code string
			var c booked
			err := scan(&code, &c.openID, &c.contractID, &c.state, &c.signs, &c.ends, &c.paid, &c.payments, &c.failures)
			b.contracts[code] = c
			return err
		})
	read("SELECT openid, code, state FROM {payers}", func(scan func(...any) error) error {
		var openID string
		var p payer
		err := scan(&openID, &p.code, &p.state)
		b.payers[openID] = p
		return err
	})
	read("SELECT what, code, order_no, transaction_id, amount FROM {effects}", func(scan func(...any) error) error {
		var e effect
		err := scan(&e.what, &e.code, &e.number, &e.transaction, &e.amount)
		b.effects = append(b.effects, e)
		return err
	})
	return b, err
}

// presigned is the state of a contract that nobody agreed to, and of a payer who has none.
const presigned = "PRESIGNED"

// difference is one between the books and the truth.
type difference struct {
	sort string
	text string
}

// The sorts of differences.
const (
	tooMuch   = "booked too often"
	tooLittle = "booked too seldom"
	wrong     = "booked wrongly"
	untrue    = "booked and never happened"
	unjudged  = "not to be judged"
	accepted  = "forgeries accepted"
)

// judge compares the books with the truth, contract by contract and debit by debit, and lists every
// difference.
func judge(t truth, b books) (differences []difference) {
	differ := func(sort, format string, args ...any) {
		differences = append(differences, difference{sort, fmt.Sprintf(format, args...)})
	}
	is := func(what string, got, want any) {
		if got != want {
			differ(wrong, "%s: booked %v, and it is %v", what, got, want)
		}
	}
	counts := func(what string, got, want int64) {
		switch {
		case got > want:
			differ(tooMuch, "%s: booked %d, and it is %d", what, got, want)
		case got < want:
			differ(tooLittle, "%s: booked %d, and it is %d", what, got, want)
		}
	}
	count := map[effect]int64{} // by what and code, or what and number
	for _, e := range b.effects {
		count[effect{what: e.what, code: e.code}]++
		if e.number != "" {
			count[effect{what: e.what, number: e.number}]++
		}
	}

	// What should be there, from the truth alone.
	type sums struct {
		paid, payments, failures int64
	}
	of := map[string]*sums{} // by contract id
	for _, c := range t.contracts {
		of[c.ID] = &sums{}
	}
	debits := map[string]*ledger.Debit{}
	for _, d := range t.debits {
		debits[d.OutTradeNo] = d
		s := of[d.ContractID]
		switch {
		case s == nil:
			differ(unjudged, "debit %s: the sandbox has it under no contract", d.OutTradeNo)
		case d.State == ledger.DebitPaid:
			s.paid, s.payments = s.paid+d.Total, s.payments+1
		case d.State == ledger.DebitFailed:
			s.failures++
		default:
			differ(unjudged, "debit %s: the sandbox is not done with it: %s", d.OutTradeNo, d.State)
		}
	}

	known := map[string]bool{}
	newest := map[string]*ledger.Contract{} // by openid
	for _, c := range t.contracts {
		name := "contract " + c.Code
		known[c.Code] = true
		if n := newest[c.OpenID]; n == nil || n.SignedAt.Before(c.SignedAt) {
			newest[c.OpenID] = c
		}
		row, entered := b.contracts[c.Code]
		if !entered {
			differ(tooLittle, "%s: it has no row", name)
			continue
		}
		ends := int64(0)
		if c.State == ledger.ContractTerminated {
			ends = 1
		}
		is(name+", state", row.state, string(c.State))
		counts(name+", signatures counted", row.signs, 1)
		counts(name+", signatures as rows", count[effect{what: signed, code: c.Code}], 1)
		counts(name+", ends counted", row.ends, ends)
		counts(name+", ends as rows", count[effect{what: ended, code: c.Code}], ends)
		counts(name+", fen paid", row.paid, of[c.ID].paid)
		counts(name+", payments counted", row.payments, of[c.ID].payments)
		counts(name+", failed debits counted", row.failures, of[c.ID].failures)
		is(name+", payer", row.openID, c.OpenID)
		if row.contractID != "" { // the notifications of combine-papay have none
			is(name+", contract_id", row.contractID, c.ID)
		}
	}
	for _, d := range t.debits {
		name, payments, failures := "debit "+d.OutTradeNo, int64(0), int64(0)
		switch d.State {
		case ledger.DebitPaid:
			payments = 1
		case ledger.DebitFailed:
			failures = 1
		}
		counts(name+", payments as rows", count[effect{what: paid, number: d.OutTradeNo}], payments)
		counts(name+", failures as rows", count[effect{what: failed, number: d.OutTradeNo}], failures)
	}
	for _, e := range b.effects {
		d := debits[e.number]
		switch {
		case e.what == signed || e.what == ended:
			if !known[e.code] {
				differ(untrue, "%s was booked of contract %s, which was never signed", e.what, e.code)
			}
		case d == nil:
			differ(untrue, "%s was booked of debit %s, which never was", e.what, e.number)
		case e.what == paid:
			is("debit "+e.number+", fen", e.amount, d.Total)
			is("debit "+e.number+", transaction_id", e.transaction, d.TransactionID)
		}
	}
	for code, row := range b.contracts {
		if !known[code] && (row.state != presigned || row.signs+row.ends+row.payments+row.failures+row.paid != 0) {
			differ(untrue, "contract %s was never signed, and its row says %+v", code, row)
		}
	}
	for openID, p := range b.payers {
		want := payer{"", presigned}
		if c := newest[openID]; c != nil {
			want = payer{c.Code, string(c.State)}
		}
		is("payer "+openID+", the contract that counts", p, want)
	}
	for openID := range newest {
		if _, entered := b.payers[openID]; !entered {
			differ(tooLittle, "payer %s has no row", openID)
		}
	}
	slices.SortFunc(differences, func(a, b difference) int { return strings.Compare(a.text, b.text) })
	return differences
}
