package armed

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What faults do to a message and to its delivery.

// OfWhole says that the fault is one of the whole notification, not of one of its
// attempts.
func OfWhole(n fault.Name) bool { return n == fault.Lost || n == fault.Late || n == fault.Reordered }

func OfAttempt(n fault.Name) bool { return !OfWhole(n) }

// v3 says that APIv2 knows nothing that the fault could be done to.
func onlyV3(n fault.Name) bool {
	switch n {
	case fault.Probe, fault.WrongSerial, fault.Stale, fault.OtherKey, fault.Stripped, fault.Reencoded, fault.Skew,
		fault.BOM, fault.Empty: // APIv2 signs values, and no bytes
		return true
	}
	return false
}

// Forged says that a receiver must refuse what the fault makes of a message.
func Forged(n fault.Name) bool {
	switch n {
	case fault.Probe, fault.BadSignature, fault.WrongSerial, fault.Stale, fault.Stripped, fault.BOM, fault.Reencoded,
		fault.Skew:
		return true
	}
	return false
}

// Deliver makes of one attempt what the faults want. send posts once, under the
// faults given to it.
func (s Injected) Deliver(send func(Injected) ledger.Attempt) (results []ledger.Attempt) {
	rest := s
	if probe := s.Has(fault.Probe); probe != nil {
		first := send(Injected{*probe})
		first.Probe = true
		results, rest = append(results, first), nil
		for _, f := range s { // the genuine one follows at once
			if f.Name != fault.Probe {
				rest = append(rest, f)
			}
		}
	}
	if s.Has(fault.Race) != nil {
		var both [2]ledger.Attempt
		var done sync.WaitGroup
		for i := range both {
			done.Go(func() { both[i] = send(rest) })
		}
		done.Wait()
		return append(results, both[:]...)
	}
	results = append(results, send(rest))
	if s.Has(fault.Duplicated) != nil {
		results = append(results, send(rest))
	}
	return results
}

// Judge says what an accepted attempt means that should have been refused, or was
// not heard of.
func Judge(a ledger.Attempt) ledger.Attempt {
	if a.Error != "" {
		return a
	}
	for _, name := range a.Faults {
		if Forged(name) {
			a.Error = "the merchant accepted a message with the fault " + string(name) +
				": it does not verify notifications"
		}
		if name == fault.AnswerLost {
			a.Error = "answered, but the answer was lost: an injected fault"
		}
	}
	return a
}

// Tamper is what a proxy between WeChat Pay and the merchant makes of a body.
func (s Injected) Tamper(body []byte) []byte {
	if s.Has(fault.Reencoded) != nil {
		body = Reencode(body)
	}
	if s.Has(fault.BOM) != nil {
		body = append([]byte("\ufeff"), body...)
	}
	return body
}

// Reencode is what a proxy makes of JSON that it decodes and encodes: the same
// to a reader, other bytes.
func Reencode(body []byte) []byte {
	var out bytes.Buffer
	if len(body) == 0 || json.Indent(&out, body, "", " ") != nil {
		return body
	}
	return out.Bytes()
}

// Key is what APIv2 signs with, which is another one where a fault wants a bad
// signature.
func (s Injected) Key(apiV2Key string) string {
	if s.Has(fault.BadSignature) != nil {
		return apiV2Key + "?"
	}
	return apiV2Key
}
