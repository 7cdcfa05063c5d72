package debits

import (
	"cmp"
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// RulesOf finds a product's debit rules by name, the usual ones when it is "".
func RulesOf(s *engine.Step, product ledger.Product, name string) *engine.DebitRules {
	if name == "" {
		return s.Products[product].Debits[0]
	}
	return s.Debits[name]
}

// Ask asks for a debit. d says which contract, number, amount and whatever of
// the call the product's documents need later; debit fills in the rest. A debit
// that comes back was accepted, or, of sync rules, tried: see its State.
//
// The same call again returns the debit it led to. An error undoes nothing only
// if it is a charge that failed.
func Ask(c *engine.Call, d *rows.Debit) (*rows.Debit, error) {
	if d.Product == "" {
		d.Product = c.Product.Name
	}
	r := RulesOf(c.Step, d.Product, d.Rules)
	d.Rules, d.MchID = r.Name, c.Merchant.MchID
	d.ID = rows.DebitID(d.Product, d.MchID, d.OutTradeNo)
	if d.Total < 1 {
		return nil, engine.NothingToPay("/amount", d.Total)
	}
	switch old, err := rows.Get[rows.Debit](c.Tx, d.ID); {
	case err == nil:
		return debitAgain(c, r, old)
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	contract, err := contractToDebit(c, r, d)
	if err != nil {
		return nil, err
	}
	if r.Payee != nil {
		r.Payee(d, contract)
	}
	takeFrom(c.Step, d, contract)
	if taken, err := rows.NumbersTaken(c.Tx, d.MchID, d.TradeNos()); taken || err != nil {
		return nil, cmp.Or(err, error(r.Refuse(rows.ProblemChanged,
			"an order or another debit has this out_trade_no: use a new number")))
	}
	if d.Request == nil {
		d.Request = c.Raw
	}
	d.Fingerprint, d.State, d.CreatedAt = c.Fingerprint(), ledger.DebitAccepted, c.Now
	wait, err := mayDebit(c, r, d, contract)
	if err != nil {
		return nil, err
	}
	contract.Usage.Attempt(d.ID, r.Again > 0)
	d.ExecuteAt = c.Now.Add(wait)
	if !r.Sync {
		contract.Pending = d.ID
		c.Pushed = true // something will fall due
		return d, c.PutAll(d, contract)
	}
	if err := execute(c.Step, r, d, contract); err != nil {
		return nil, err
	}
	return d, failureOf(c, r, d)
}

// takeFrom fills in whose money it is. Parties the call names stay as named, and whoever pays has
// the openid under those.
func takeFrom(s *engine.Step, d *rows.Debit, c *rows.Contract) {
	d.PlanID, d.Person = c.PlanID, c.Person
	engine.SetDefault(&d.AppID, c.AppID)
	engine.SetDefault(&d.SubMchID, c.SubMchID)
	engine.SetDefault(&d.SubAppID, c.SubAppID)
	d.OpenID, d.SubOpenID = c.OpenID, c.SubOpenID
	if d.AppID != c.AppID && d.OpenID != "" {
		d.OpenID = s.Registry.Person(c.OpenID).OpenID(d.AppID, c.OpenID)
	}
	if d.SubAppID != c.SubAppID && d.SubOpenID != "" {
		d.SubOpenID = s.Registry.Person(c.SubOpenID).OpenID(d.SubAppID, c.SubOpenID)
	}
}

// debitAgain is the second call with a number.
func debitAgain(c *engine.Call, r *engine.DebitRules, d *rows.Debit) (*rows.Debit, error) {
	if d.Fingerprint != c.Fingerprint() {
		return nil, r.Refuse(rows.ProblemChanged,
			"this out_trade_no was used with other parameters: repeat them exactly, or use a new number")
	}
	switch d.State {
	case ledger.DebitPaid:
		if _, ok := r.Answers[rows.ProblemPaid]; ok {
			return nil, r.Refuse(rows.ProblemPaid, "this out_trade_no is paid")
		}
	case ledger.DebitAccepted:
		if _, ok := r.Answers[rows.ProblemAccepted]; ok {
			return nil, r.Refuse(rows.ProblemAccepted, "this out_trade_no is accepted; its outcome will be notified")
		}
	default:
		if r.Again > 0 && d.State == ledger.DebitFailed {
			return debitOnceMore(c, r, d)
		}
		if r.Sync && d.State == ledger.DebitFailed && r.Failing != nil {
			return nil, r.Failing(d)
		}
		if r.Sync {
			return d, nil
		}
		return nil, r.Refuse(rows.ProblemClosed,
			"this out_trade_no has failed and is closed; try again with a new number")
	}
	return d, nil
}

// debitOnceMore tries a failed debit again, under the rules of a new one.
func debitOnceMore(c *engine.Call, r *engine.DebitRules, d *rows.Debit) (*rows.Debit, error) {
	contract, err := contractToDebit(c, r, d)
	if err != nil {
		return nil, err
	}
	if _, err := mayDebit(c, r, d, contract); err != nil {
		return nil, err
	}
	contract.Usage.Attempt(d.ID, r.Again > 0)
	if err := execute(c.Step, r, d, contract); err != nil {
		return nil, err
	}
	return d, failureOf(c, r, d)
}

// failureOf is how a sync call says that its charge failed.
func failureOf(c *engine.Call, r *engine.DebitRules, d *rows.Debit) error {
	if d.State != ledger.DebitFailed || r.Failing == nil {
		return nil
	}
	return engine.Committed(r.Failing(d))
}

// RefuseFailure is the error of a failed charge in products that answer with
// one. Codes and statuses are inferred where no page shows them.
func RefuseFailure(d *rows.Debit) *engine.Refusal {
	r := &engine.Refusal{Status: 400, Code: string(d.Failure), Message: rows.FailureText(d.Failure),
		Internal: engine.InternalParam}
	switch d.Failure {
	case ledger.NotEnough:
		r.Status, r.Code = 403, "NOT_ENOUGH"
	case ledger.SystemFailure:
		return engine.SystemError()
	}
	return r.Hinting("the payer could not be charged: " + string(d.Failure))
}

// contractToDebit finds the contract a debit is under and checks that it is
// alive.
func contractToDebit(c *engine.Call, r *engine.DebitRules, d *rows.Debit) (*rows.Contract, error) {
	contract, err := contracts.Of(c, d.Product, d.ContractID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, r.Refuse(rows.ProblemGone, contracts.NoneOf(c, d.Product))
	case err != nil:
		return nil, err
	case contract.Expired():
		return nil, r.Refuse(rows.ProblemExpired, "the contract's term ended at "+wire.FormatTime(contract.ExpiresAt))
	case !contract.Live():
		return nil, r.Refuse(rows.ProblemGone, "the contract is "+string(contract.State))
	case !c.InForce(contract):
		return nil, r.Refuse(rows.ProblemExpired, "the contract's time ended at "+wire.FormatTime(contract.Over())+
			"; the sandbox's log says why it is not written down")
	case contract.State == ledger.ContractToBeRenewed:
		return nil, r.Refuse(rows.ProblemGone, "the contract waits to be renewed")
	case d.SubMchID != "" && contract.SubMchID != "" && d.SubMchID != contract.SubMchID:
		return nil, r.Refuse(rows.ProblemParty, "the contract was signed for another sub-merchant")
	}
	return contract, nil
}

// ByNo finds a debit by the merchant's number.
func ByNo(c *engine.Call, outTradeNo string) (*rows.Debit, error) {
	d, err := rows.Get[rows.Debit](c.Tx, rows.DebitID(c.Product.Name, c.Merchant.MchID, outTradeNo))
	if errors.Is(err, store.ErrNotFound) {
		return nil, NoOrder(c)
	}
	return d, err
}

// debitOfPath finds the debit that the path names, by the merchant's number or by WeChat Pay's.
func debitOfPath(c *engine.Call) (*rows.Debit, error) {
	if no, byNo := c.Vars["out_trade_no"]; byNo {
		return ByNo(c, no)
	}
	return debitByTransaction(c, c.Vars["transaction_id"])
}

// debitByTransaction finds a debit by WeChat Pay's number.
func debitByTransaction(c *engine.Call, id string) (*rows.Debit, error) {
	list, err := rows.Find[rows.Debit](c.Tx, "transaction:"+id, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Product != c.Product.Name {
		return nil, NoOrder(c)
	}
	return list[0], nil
}

// NoOrder is the 404 of the product's order queries.
func NoOrder(c *engine.Call) *engine.Refusal {
	if c.Product.NoOrder != nil {
		return c.Product.NoOrder()
	}
	return engine.NoSuchOrder()
}

// Close closes a failed debit that WeChat Pay left open; closing twice is
// a success.
func Close(c *engine.Call, d *rows.Debit) error {
	switch {
	case d.Closed:
		return nil
	case d.State != ledger.DebitFailed:
		return engine.InvalidRequest("当前订单状态不允许关闭").Hinting("the debit is " + string(d.State))
	}
	d.Closed = true
	return rows.Put(c.Tx, d)
}

// refunded says whether any part of the money went back.
func refunded(d *rows.Debit) bool {
	return d.Refunded > 0 || slices.ContainsFunc(d.Parts, func(p ledger.SubOrder) bool { return p.Refunded > 0 })
}

// Reverse takes a debit back: the payer gets their money, and the number is
// never used again. Reversing twice is a success.
func Reverse(c *engine.Call, d *rows.Debit) error {
	switch {
	case d.State == ledger.DebitReversed:
		return nil
	case refunded(d):
		return engine.InvalidRequest("订单已退款，不能撤销").Hinting("part of the debit was refunded")
	case d.State == ledger.DebitAccepted:
		if err := release(c.Step, d); err != nil {
			return err
		}
	case d.State == ledger.DebitPaid:
		left, err := Forgive(c.Step, d, d.Total)
		if err == nil {
			err = c.GiveBack(d.Person, left)
		}
		if err != nil {
			return err
		}
	}
	d.State, d.Closed = ledger.DebitReversed, true
	return rows.Put(c.Tx, d)
}
