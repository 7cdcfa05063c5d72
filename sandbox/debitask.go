package sandbox

import (
	"cmp"
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// rulesOf finds a product's debit rules by name, the usual ones when it is "".
func (s *step) rulesOf(product Product, name string) *debitRules {
	if name == "" {
		return s.products[product].debits[0]
	}
	return s.debits[name]
}

// debit asks for a debit. d says which contract, number, amount and whatever of
// the call the product's documents need later; debit fills in the rest. A debit
// that comes back was accepted, or, of sync rules, tried: see its State.
//
// The same call again returns the debit it led to. An error undoes nothing only
// if it is a charge that failed.
func (c *call) debit(d *debitRow) (*debitRow, error) {
	if d.Product == "" {
		d.Product = c.product.name
	}
	r := c.rulesOf(d.Product, d.Rules)
	d.Rules, d.MchID = r.name, c.merchant.MchID
	d.ID = debitID(d.Product, d.MchID, d.OutTradeNo)
	if d.Total < 1 {
		return nil, nothingToPay("/amount", d.Total)
	}
	switch old, err := get[debitRow](c.Tx, d.ID); {
	case err == nil:
		return c.debitAgain(r, old)
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	contract, err := c.contractToDebit(r, d)
	if err != nil {
		return nil, err
	}
	if r.payee != nil {
		r.payee(d, contract)
	}
	d.takeFrom(contract)
	if used, err := c.numbersTaken(d); used || err != nil {
		return nil, cmp.Or(err, error(r.refuse(problemChanged,
			"an order or another debit has this out_trade_no: use a new number")))
	}
	if d.Request == nil {
		d.Request = c.raw
	}
	d.Fingerprint, d.State, d.CreatedAt = c.fingerprint(), DebitAccepted, c.now
	wait, err := c.mayDebit(r, d, contract)
	if err != nil {
		return nil, err
	}
	contract.Usage.attempt(r, d)
	d.ExecuteAt = c.now.Add(wait)
	if !r.sync {
		contract.Pending = d.ID
		c.pushed = true // something will fall due
		return d, c.putAll(d, contract)
	}
	if err := c.execute(r, d, contract); err != nil {
		return nil, err
	}
	return d, c.failureOf(r, d)
}

// numbersTaken says whether a new debit has a number of an order's or of another debit's.
func (s *step) numbersTaken(d *debitRow) (bool, error) {
	used, err := numbersUsed[orderRow](s.Tx, d.MchID, d.tradeNos())
	if used || err != nil {
		return used, err
	}
	return numbersUsed[debitRow](s.Tx, d.MchID, d.tradeNos())
}

// takeFrom fills in whose money it is. Parties the call names stay as named.
func (d *debitRow) takeFrom(c *contractRow) {
	d.PlanID, d.Person = c.PlanID, c.Person
	setDefault(&d.OpenID, c.OpenID)
	setDefault(&d.SubOpenID, c.SubOpenID)
	setDefault(&d.AppID, c.AppID)
	setDefault(&d.SubMchID, c.SubMchID)
	setDefault(&d.SubAppID, c.SubAppID)
}

// debitAgain is the second call with a number.
func (c *call) debitAgain(r *debitRules, d *debitRow) (*debitRow, error) {
	if d.Fingerprint != c.fingerprint() {
		return nil, r.refuse(problemChanged,
			"this out_trade_no was used with other parameters: repeat them exactly, or use a new number")
	}
	switch d.State {
	case DebitPaid:
		if _, ok := r.answers[problemPaid]; ok {
			return nil, r.refuse(problemPaid, "this out_trade_no is paid")
		}
	case DebitAccepted:
		if _, ok := r.answers[problemAccepted]; ok {
			return nil, r.refuse(problemAccepted, "this out_trade_no is accepted; its outcome will be notified")
		}
	default:
		if r.again > 0 && d.State == DebitFailed {
			return c.debitOnceMore(r, d)
		}
		if r.sync && d.State == DebitFailed && r.failing != nil {
			return nil, r.failing(d)
		}
		if r.sync {
			return d, nil
		}
		return nil, r.refuse(problemClosed, "this out_trade_no has failed and is closed; try again with a new number")
	}
	return d, nil
}

// debitOnceMore tries a failed debit again, under the rules of a new one.
func (c *call) debitOnceMore(r *debitRules, d *debitRow) (*debitRow, error) {
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
func (c *call) failureOf(r *debitRules, d *debitRow) error {
	if d.State != DebitFailed || r.failing == nil {
		return nil
	}
	return committed(r.failing(d))
}

// refuseFailure is the error of a failed charge in products that answer with
// one. Codes and statuses are inferred where no page shows them.
func refuseFailure(d *debitRow) *refusal {
	r := &refusal{status: 400, code: string(d.Failure), message: failureText(d.Failure), internal: internalParam}
	switch d.Failure {
	case NotEnough:
		r.status, r.code = 403, "NOT_ENOUGH"
	case SystemFailure:
		return systemError()
	}
	return r.hinting("the payer could not be charged: " + string(d.Failure))
}

// contractToDebit finds the contract a debit is under and checks that it is
// alive.
func (c *call) contractToDebit(r *debitRules, d *debitRow) (*contractRow, error) {
	contract, err := c.contractOf(d.Product, d.ContractID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, r.refuse(problemGone, c.noContract(d.Product))
	case err != nil:
		return nil, err
	case contract.expired():
		return nil, r.refuse(problemExpired, "the contract's term ended at "+wire.FormatTime(contract.ExpiresAt))
	case !contract.live():
		return nil, r.refuse(problemGone, "the contract is "+string(contract.State))
	case contract.State == ContractToBeRenewed:
		return nil, r.refuse(problemGone, "the contract waits to be renewed")
	case d.SubMchID != "" && contract.SubMchID != "" && d.SubMchID != contract.SubMchID:
		return nil, r.refuse(problemParty, "the contract was signed for another sub-merchant")
	}
	return contract, nil
}

// debitByNo finds a debit by the merchant's number.
func (c *call) debitByNo(outTradeNo string) (*debitRow, error) {
	d, err := get[debitRow](c.Tx, debitID(c.product.name, c.merchant.MchID, outTradeNo))
	if errors.Is(err, store.ErrNotFound) {
		return nil, c.noOrder()
	}
	return d, err
}

// debitByTransaction finds a debit by WeChat Pay's number.
func (c *call) debitByTransaction(id string) (*debitRow, error) {
	list, err := find[debitRow](c.Tx, "transaction:"+id, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Product != c.product.name {
		return nil, c.noOrder()
	}
	return list[0], nil
}

// noOrder is the 404 of the product's order queries.
func (c *call) noOrder() *refusal {
	if c.product.noOrder != nil {
		return c.product.noOrder()
	}
	return noSuchOrder()
}

// closeDebit closes a failed debit that WeChat Pay left open; closing twice is
// a success.
func (c *call) closeDebit(d *debitRow) error {
	switch {
	case d.Closed:
		return nil
	case d.State != DebitFailed:
		return invalidRequest("当前订单状态不允许关闭").hinting("the debit is " + string(d.State))
	}
	d.Closed = true
	return put(c.Tx, d)
}

// refunded says whether any part of the money went back.
func (d *debitRow) refunded() bool {
	return d.Refunded > 0 || slices.ContainsFunc(d.Parts, func(p SubOrder) bool { return p.Refunded > 0 })
}

// reverseDebit takes a debit back: the payer gets their money, and the number is
// never used again. Reversing twice is a success.
func (c *call) reverseDebit(d *debitRow) error {
	switch {
	case d.State == DebitReversed:
		return nil
	case d.refunded():
		return invalidRequest("订单已退款，不能撤销").hinting("part of the debit was refunded")
	case d.State == DebitAccepted:
		if err := c.release(d); err != nil {
			return err
		}
	case d.State == DebitPaid:
		left, err := c.forgive(d, d.Total)
		if err == nil {
			err = c.giveBack(d.Person, left)
		}
		if err != nil {
			return err
		}
	}
	d.State, d.Closed = DebitReversed, true
	return put(c.Tx, d)
}
