package witness

import (
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What single calls and attempts mean to the client.

// succeeded says that a call was answered well, whether or not the client got to know.
func (c *Call) succeeded() bool { return c.Status >= 200 && c.Status <= 299 && c.Code == "" }

// told says that the client knows what became of a call: it waited for an answer that it can verify
// and that leaves nothing open.
func (c *Call) told() bool {
	switch {
	case c.Answered == 0, c.HungUp, c.Status == 0, c.Status >= 500:
		return false
	case strings.ReplaceAll(c.Code, "_", "") == "SYSTEMERROR": // of APIv2, under 200
		return false
	}
	return !slices.ContainsFunc(c.Faults, unverifiable)
}

// unverifiable says that a fault makes an answer one that a client must not believe. A fault of the
// request's has it refused instead, and that the client knows.
func unverifiable(n fault.Name) bool {
	switch n {
	case fault.Probe, fault.BadSignature, fault.WrongSerial, fault.Stale, fault.Stripped:
		return true
	}
	return false
}

// debits says that a call asks for money of a contract.
func (c *Call) debits() bool {
	return c.Contract != "" && c.Number != "" && c.Amount > 0 && c.MchID != "" && c.asksFor("trade")
}

// orders says that a call makes something under a number: a debit, an order, a refund.
func (c *Call) orders() bool {
	return c.Number != "" && c.Amount > 0 && c.MchID != "" && c.Sum != 0 && !strings.HasPrefix(c.Operation, "GET ") &&
		(c.asksFor("trade") || c.asksFor("refund"))
}

// asksFor says what the number of a call numbers.
func (c *Call) asksFor(kind string) bool { return slices.Contains(c.Names, kind+":"+c.Number) }

// repeats says that a call is another one again, with the same number and all else.
func (c *Call) repeats(earlier *Call) bool {
	return c.Operation == earlier.Operation && c.same(earlier) && c.Number == earlier.Number &&
		(c.Number != "" || c.Sum == earlier.Sum)
}

// numbered is the number of a call with whose it is: a sub-merchant's are its own.
func (c *Call) numbered() string {
	of := c.MchID
	if c.Sub != "" && c.Sub != c.MchID {
		of += "/" + c.Sub
	}
	return of + " " + c.Number
}

// same says that two calls are of one merchant; one whose signature a fault made wrong is
// anybody's.
func (c *Call) same(other *Call) bool {
	return c.MchID == other.MchID || c.MchID == "" || other.MchID == ""
}

// forged says that a receiver has to refuse the message of an attempt.
func (a *Attempt) forged(must func(fault.Name) bool) (fault.Name, bool) {
	for _, name := range a.Faults {
		if must(name) {
			return name, true
		}
	}
	return "", false
}

// heard says that the client answered an attempt as one that it had handled, and rightly.
func (a *Attempt) heard(must func(fault.Name) bool) bool {
	_, forged := a.forged(must)
	return a.Accepted && !forged
}

func (c *Call) proof() ledger.Proof {
	return ledger.Proof{At: c.At, Operation: c.Operation, RequestID: c.RequestID, Number: c.Number, Amount: c.Amount,
		Status: c.Status, Code: c.Code, Faults: c.Faults}
}

func (a *Attempt) proof() ledger.Proof {
	return ledger.Proof{At: a.At, Notification: a.Push, Event: a.Event, Attempt: a.No, Status: a.Status,
		Faults: a.Faults}
}
