package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// lived is a run without faults and kills, in this process, and what it led to.
func lived(t *testing.T) (*program, truth) {
	t.Helper()
	s := sandbox.New(t, sandbox.WithPlan(plan()), sandbox.TwoClocks())
	d, err := choose("sqlite", t.TempDir(), "judge_")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{database: d, client: s.Client(), wechat: wechat{s.AdminURL()}}
	if p.db, err = d.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.db.Close() })
	if err := d.create(t.Context(), p.db); err != nil {
		t.Fatal(err)
	}
	if p.box, err = newBox(d, p.db, p.now); err != nil {
		t.Fatal(err)
	}
	cfg := s.ClientConfig()
	p.receiver = notify.New(s.Keys(), notify.APIv2Key(cfg.MchID, cfg.APIv2Key))
	p.functions()
	p.box.Attach(p.receiver)
	if err := s.Receive("https://yourapp.com", http.HandlerFunc(p.serve)); err != nil {
		t.Fatal(err)
	}
	shop := &shop{client: p.client, wechat: p.wechat, db: p.db, database: d, box: p.box}
	if err := shop.live(t.Context(), lives(40, 1), 4); err != nil {
		t.Fatal(err)
	}
	for range 3 { // a debit that is charged is notified a moment later
		if err := s.Advance(time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	found, err := look(p.wechat)
	if err != nil {
		t.Fatal(err)
	}
	return p, found
}

func TestTheJudge(t *testing.T) {
	t.Parallel()
	p, truth := lived(t)
	if list := p.judged(t, truth); len(truth.contracts) != 40 || len(list) != 0 {
		t.Fatalf("%d contracts, and what is right is found to differ:\n%s", len(truth.contracts),
			strings.Join(list, "\n"))
	}
	// One of each sort to harm.
	var inForce, over *ledger.Contract
	var taken, refused *ledger.Debit
	of := map[string]*ledger.Contract{}
	for _, c := range truth.contracts {
		of[c.ID] = c
		if c.State == ledger.ContractTerminated {
			over = c
		} else {
			inForce = c
		}
	}
	for _, d := range truth.debits {
		if d.State == ledger.DebitPaid {
			taken = d
		} else {
			refused = d
		}
	}
	if inForce == nil || over == nil || taken == nil || refused == nil {
		t.Fatal("the lives lack something")
	}
	const again = "INSERT INTO {effects} (what, code, order_no, amount, transaction_id) " +
		"SELECT what, code, order_no, amount, transaction_id FROM {effects} WHERE "
	const forged = "INSERT INTO {effects} (what, code, order_no, amount, transaction_id) VALUES "
	contract := func(c *ledger.Contract) string { return "contract " + c.Code }
	for name, harm := range map[string]struct {
		statement string
		args      []any
		says      string
	}{
		"a doubled debit": {again + "what = 'paid' AND order_no = ?", []any{taken.OutTradeNo},
			"debit " + taken.OutTradeNo + ", payments as rows: booked 2, and it is 1"},
		"a debit counted twice": {"UPDATE {contracts} SET payments = payments + 1, paid = paid + 100 WHERE code = ?",
			[]any{of[taken.ContractID].Code}, contract(of[taken.ContractID]) + ", payments counted: booked"},
		"money counted twice": {"UPDATE {contracts} SET paid = paid + 1 WHERE code = ?",
			[]any{of[taken.ContractID].Code}, contract(of[taken.ContractID]) + ", fen paid: booked"},
		"a missing debit": {"DELETE FROM {effects} WHERE order_no = ?", []any{taken.OutTradeNo},
			"debit " + taken.OutTradeNo + ", payments as rows: booked 0, and it is 1"},
		"another amount": {"UPDATE {effects} SET amount = amount + 1 WHERE order_no = ?", []any{taken.OutTradeNo},
			"debit " + taken.OutTradeNo + ", fen: booked"},
		"another payment": {"UPDATE {effects} SET transaction_id = '1' WHERE order_no = ?", []any{taken.OutTradeNo},
			"debit " + taken.OutTradeNo + ", transaction_id: booked 1, and it is " + taken.TransactionID},
		"a failure booked as a payment": {"UPDATE {effects} SET what = 'paid' WHERE order_no = ?",
			[]any{refused.OutTradeNo}, "debit " + refused.OutTradeNo + ", payments as rows: booked 1, and it is 0"},
		"a doubled failure": {again + "order_no = ?", []any{refused.OutTradeNo},
			"debit " + refused.OutTradeNo + ", failures as rows: booked 2, and it is 1"},
		"a failure not counted": {"UPDATE {contracts} SET failures = 0 WHERE code = ?",
			[]any{of[refused.ContractID].Code}, contract(of[refused.ContractID]) + ", failed debits counted: booked 0"},
		"a missing signature": {"DELETE FROM {effects} WHERE what = 'signed' AND code = ?", []any{inForce.Code},
			contract(inForce) + ", signatures as rows: booked 0, and it is 1"},
		"a doubled signature": {"UPDATE {contracts} SET signs = 2 WHERE code = ?", []any{inForce.Code},
			contract(inForce) + ", signatures counted: booked 2, and it is 1"},
		"a missing termination": {"DELETE FROM {effects} WHERE what = 'ended' AND code = ?", []any{over.Code},
			contract(over) + ", ends as rows: booked 0, and it is 1"},
		"a termination not counted": {"UPDATE {contracts} SET ends = 0 WHERE code = ?", []any{over.Code},
			contract(over) + ", ends counted: booked 0, and it is 1"},
		"a doubled termination": {again + "what = 'ended' AND code = ?", []any{over.Code},
			contract(over) + ", ends as rows: booked 2, and it is 1"},
		"a contract in the wrong state": {"UPDATE {contracts} SET state = 'SIGNED' WHERE code = ?", []any{over.Code},
			contract(over) + ", state: booked SIGNED, and it is TERMINATED"},
		"another contract's id": {"UPDATE {contracts} SET contract_id = '1' WHERE code = ?", []any{over.Code},
			contract(over) + ", contract_id: booked 1"},
		"a contract without a row": {"DELETE FROM {contracts} WHERE code = ?", []any{inForce.Code},
			contract(inForce) + ": it has no row"},
		"another payer's contract": {"UPDATE {contracts} SET openid = '1' WHERE code = ?", []any{inForce.Code},
			contract(inForce) + ", payer: booked 1"},
		"a payer with the wrong contract": {"UPDATE {payers} SET state = 'TERMINATED' WHERE openid = ?",
			[]any{inForce.OpenID}, "payer " + inForce.OpenID + ", the contract that counts: booked"},
		"a payer without a row": {"DELETE FROM {payers} WHERE openid = ?", []any{inForce.OpenID},
			"payer " + inForce.OpenID + " has no row"},
		"a forged payment": {forged + "('paid', 'FORGED1', 'FORGED1_1', 1, 'F1')", nil,
			"paid was booked of debit FORGED1_1, which never was"},
		"a forged termination": {forged + "('ended', ?, '', 0, '')", []any{inForce.Code},
			contract(inForce) + ", ends as rows: booked 1, and it is 0"},
		"a forged signature": {forged + "('signed', 'FORGED1', '', 0, '')", nil,
			"signed was booked of contract FORGED1, which was never signed"},
		"a contract nobody signed": {"INSERT INTO {contracts} (code, openid, contract_id, state, signs, ends, paid, " +
			"payments, failures) VALUES ('X', 'o', '', 'SIGNED', 0, 0, 0, 0, 0)", nil,
			"contract X was never signed, and its row says"},
	} {
		t.Run(name, func(t *testing.T) {
			list := p.judged(t, truth, harm.statement, harm.args)
			if !strings.Contains(strings.Join(list, "\n"), harm.says) {
				t.Errorf("looking for %q, it found:\n%s", harm.says, strings.Join(list, "\n"))
			}
		})
	}
}

// judged harms the tables, judges them, and takes the harm back.
func (p *program) judged(t *testing.T, found truth, harm ...any) []string {
	t.Helper()
	tx, err := p.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if len(harm) > 0 {
		res, err := tx.ExecContext(t.Context(), p.database.in(harm[0].(string)), harm[1].([]any)...)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := res.RowsAffected(); n != 1 {
			t.Fatalf("%d rows were harmed", n)
		}
	}
	b, err := audit(context.Background(), p.database, tx)
	if err != nil {
		t.Fatal(err)
	}
	return texts(judge(found, b))
}

func texts(differences []difference) (all []string) {
	for _, d := range differences {
		all = append(all, d.text)
	}
	return all
}

// A debit that the sandbox is not done with makes no run equal.
func TestTheJudgeOfWhatIsNotOver(t *testing.T) {
	t.Parallel()
	waiting := truth{contracts: []*ledger.Contract{{ID: "1", Code: "A", OpenID: "o", State: ledger.ContractSigned}},
		debits: []*ledger.Debit{{OutTradeNo: "A_1", ContractID: "1", State: ledger.DebitAccepted}}}
	list := strings.Join(texts(judge(waiting, books{})), "\n")
	for _, says := range []string{"debit A_1: the sandbox is not done with it", "contract A: it has no row"} {
		if !strings.Contains(list, says) {
			t.Errorf("looking for %q, it found:\n%s", says, list)
		}
	}
}
