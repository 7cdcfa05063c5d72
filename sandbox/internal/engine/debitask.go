package engine

import (
	"cmp"
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// RulesOf finds a product's debit rules by name, the usual ones when it is "".
func (s *Step) RulesOf(product ledger.Product, name string) *DebitRules {
	if name == "" {
		return s.Products[product].Debits[0]
	}
	return s.Debits[name]
}

// Debit asks for a debit. d says which contract, number, amount and whatever of
// the call the product's documents need later; debit fills in the rest. A debit
// that comes back was accepted, or, of sync rules, tried: see its State.
//
// The same call again returns the debit it led to. An error undoes nothing only
// if it is a charge that failed.
func (c *Call) Debit(d *DebitRow) (*DebitRow, error) {
	if d.Product == "" {
		d.Product = c.Product.Name
	}
	r := c.RulesOf(d.Product, d.Rules)
	d.Rules, d.MchID = r.Name, c.Merchant.MchID
	d.ID = debitID(d.Product, d.MchID, d.OutTradeNo)
	if d.Total < 1 {
		return nil, nothingToPay("/amount", d.Total)
	}
	switch old, err := Get[DebitRow](c.Tx, d.ID); {
	case err == nil:
		return c.debitAgain(r, old)
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	contract, err := c.contractToDebit(r, d)
	if err != nil {
		return nil, err
	}
	if r.Payee != nil {
		r.Payee(d, contract)
	}
	d.takeFrom(contract)
	if used, err := c.numbersTaken(d); used || err != nil {
		return nil, cmp.Or(err, error(r.Refuse(ProblemChanged,
			"an order or another debit has this out_trade_no: use a new number")))
	}
	if d.Request == nil {
		d.Request = c.Raw
	}
	d.Fingerprint, d.State, d.CreatedAt = c.Fingerprint(), ledger.DebitAccepted, c.Now
	wait, err := c.mayDebit(r, d, contract)
	if err != nil {
		return nil, err
	}
	contract.Usage.attempt(r, d)
	d.ExecuteAt = c.Now.Add(wait)
	if !r.Sync {
		contract.Pending = d.ID
		c.Pushed = true // something will fall due
		return d, c.PutAll(d, contract)
	}
	if err := c.execute(r, d, contract); err != nil {
		return nil, err
	}
	return d, c.failureOf(r, d)
}

// numbersTaken says whether a new debit has a number of an order's or of another debit's.
func (s *Step) numbersTaken(d *DebitRow) (bool, error) {
	used, err := numbersUsed[OrderRow](s.Tx, d.MchID, d.tradeNos())
	if used || err != nil {
		return used, err
	}
	return numbersUsed[DebitRow](s.Tx, d.MchID, d.tradeNos())
}

// takeFrom fills in whose money it is. Parties the call names stay as named.
func (d *DebitRow) takeFrom(c *ContractRow) {
	d.PlanID, d.Person = c.PlanID, c.Person
	SetDefault(&d.OpenID, c.OpenID)
	SetDefault(&d.SubOpenID, c.SubOpenID)
	SetDefault(&d.AppID, c.AppID)
	SetDefault(&d.SubMchID, c.SubMchID)
	SetDefault(&d.SubAppID, c.SubAppID)
}

// debitAgain is the second call with a number.
func (c *Call) debitAgain(r *DebitRules, d *DebitRow) (*DebitRow, error) {
	if d.Fingerprint != c.Fingerprint() {
		return nil, r.Refuse(ProblemChanged,
			"this out_trade_no was used with other parameters: repeat them exactly, or use a new number")
	}
	switch d.State {
	case ledger.DebitPaid:
		if _, ok := r.Answers[ProblemPaid]; ok {
			return nil, r.Refuse(ProblemPaid, "this out_trade_no is paid")
		}
	case ledger.DebitAccepted:
		if _, ok := r.Answers[ProblemAccepted]; ok {
			return nil, r.Refuse(ProblemAccepted, "this out_trade_no is accepted; its outcome will be notified")
		}
	default:
		if r.Again > 0 && d.State == ledger.DebitFailed {
			return c.debitOnceMore(r, d)
		}
		if r.Sync && d.State == ledger.DebitFailed && r.Failing != nil {
			return nil, r.Failing(d)
		}
		if r.Sync {
			return d, nil
		}
		return nil, r.Refuse(ProblemClosed, "this out_trade_no has failed and is closed; try again with a new number")
	}
	return d, nil
}

// debitOnceMore tries a failed debit again, under the rules of a new one.
func (c *Call) debitOnceMore(r *DebitRules, d *DebitRow) (*DebitRow, error) {
	contract, err := c.contractToDebit(r, d)
	if err != nil {
		return nil, err
	}
	if _, err := c.mayDebit(r, d, contract); err != nil {
		return nil, err
	}
	contract.Usage.attempt(r, d)
	if err := c.execute(r, d, contract); err != nil {
		return nil, err
	}
	return d, c.failureOf(r, d)
}

// failureOf is how a sync call says that its charge failed.
func (c *Call) failureOf(r *DebitRules, d *DebitRow) error {
	if d.State != ledger.DebitFailed || r.Failing == nil {
		return nil
	}
	return Committed(r.Failing(d))
}

// RefuseFailure is the error of a failed charge in products that answer with
// one. Codes and statuses are inferred where no page shows them.
func RefuseFailure(d *DebitRow) *Refusal {
	r := &Refusal{Status: 400, Code: string(d.Failure), Message: FailureText(d.Failure), Internal: InternalParam}
	switch d.Failure {
	case ledger.NotEnough:
		r.Status, r.Code = 403, "NOT_ENOUGH"
	case ledger.SystemFailure:
		return systemError()
	}
	return r.Hinting("the payer could not be charged: " + string(d.Failure))
}

// contractToDebit finds the contract a debit is under and checks that it is
// alive.
func (c *Call) contractToDebit(r *DebitRules, d *DebitRow) (*ContractRow, error) {
	contract, err := c.ContractOf(d.Product, d.ContractID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, r.Refuse(ProblemGone, c.NoContract(d.Product))
	case err != nil:
		return nil, err
	case contract.Expired():
		return nil, r.Refuse(ProblemExpired, "the contract's term ended at "+wire.FormatTime(contract.ExpiresAt))
	case !contract.Live():
		return nil, r.Refuse(ProblemGone, "the contract is "+string(contract.State))
	case !c.inForce(contract):
		return nil, r.Refuse(ProblemExpired, "the contract's time ended at "+wire.FormatTime(contract.Over())+
			"; the sandbox's log says why it is not written down")
	case contract.State == ledger.ContractToBeRenewed:
		return nil, r.Refuse(ProblemGone, "the contract waits to be renewed")
	case d.SubMchID != "" && contract.SubMchID != "" && d.SubMchID != contract.SubMchID:
		return nil, r.Refuse(ProblemParty, "the contract was signed for another sub-merchant")
	}
	return contract, nil
}

// DebitByNo finds a debit by the merchant's number.
func (c *Call) DebitByNo(outTradeNo string) (*DebitRow, error) {
	d, err := Get[DebitRow](c.Tx, debitID(c.Product.Name, c.Merchant.MchID, outTradeNo))
	if errors.Is(err, store.ErrNotFound) {
		return nil, c.NoOrder()
	}
	return d, err
}

// debitOfPath finds the debit that the path names, by the merchant's number or by WeChat Pay's.
func (c *Call) debitOfPath() (*DebitRow, error) {
	if no, byNo := c.Vars["out_trade_no"]; byNo {
		return c.DebitByNo(no)
	}
	return c.debitByTransaction(c.Vars["transaction_id"])
}

// debitByTransaction finds a debit by WeChat Pay's number.
func (c *Call) debitByTransaction(id string) (*DebitRow, error) {
	list, err := Find[DebitRow](c.Tx, "transaction:"+id, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Product != c.Product.Name {
		return nil, c.NoOrder()
	}
	return list[0], nil
}

// NoOrder is the 404 of the product's order queries.
func (c *Call) NoOrder() *Refusal {
	if c.Product.NoOrder != nil {
		return c.Product.NoOrder()
	}
	return NoSuchOrder()
}

// CloseDebit closes a failed debit that WeChat Pay left open; closing twice is
// a success.
func (c *Call) CloseDebit(d *DebitRow) error {
	switch {
	case d.Closed:
		return nil
	case d.State != ledger.DebitFailed:
		return InvalidRequest("当前订单状态不允许关闭").Hinting("the debit is " + string(d.State))
	}
	d.Closed = true
	return Put(c.Tx, d)
}

// refunded says whether any part of the money went back.
func (d *DebitRow) refunded() bool {
	return d.Refunded > 0 || slices.ContainsFunc(d.Parts, func(p ledger.SubOrder) bool { return p.Refunded > 0 })
}

// ReverseDebit takes a debit back: the payer gets their money, and the number is
// never used again. Reversing twice is a success.
func (c *Call) ReverseDebit(d *DebitRow) error {
	switch {
	case d.State == ledger.DebitReversed:
		return nil
	case d.refunded():
		return InvalidRequest("订单已退款，不能撤销").Hinting("part of the debit was refunded")
	case d.State == ledger.DebitAccepted:
		if err := c.release(d); err != nil {
			return err
		}
	case d.State == ledger.DebitPaid:
		left, err := c.forgive(d, d.Total)
		if err == nil {
			err = c.GiveBack(d.Person, left)
		}
		if err != nil {
			return err
		}
	}
	d.State, d.Closed = ledger.DebitReversed, true
	return Put(c.Tx, d)
}
