package wxpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/catalogue"
)

func refusedWith(status int, code string) *wxpay.Error {
	return &wxpay.Error{Operation: "POST v3/x", Status: status, Code: code, Verified: true}
}

func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	settled, open := refusedWith(403, "NO_AUTH"), refusedWith(500, "SYSTEM_ERROR")
	unsigned := *settled
	unsigned.Verified = false
	unsent, sent := &wxpay.TransportError{}, &wxpay.TransportError{Sent: true}
	paramError := func(detail string) error {
		e := refusedWith(400, "PARAM_ERROR")
		e.Detail = []byte(detail)
		return e
	}
	query := func(code string) error {
		e := refusedWith(404, code)
		e.Operation = "GET v3/x/{out_trade_no}"
		return e
	}
	queryV2 := refusedWith(200, "NOT_FOUND")
	queryV2.Operation = "POST v2/mmpaymkttransfers/gettransferinfo"
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"success":                     {nil, false},
		"refused on this side":        {&wxpay.RequestError{}, false},
		"wrong setup":                 {&wxpay.ConfigError{}, false},
		"a wrong key":                 {&wxpay.KeyError{}, false},
		"not sent":                    {unsent, false},
		"sent":                        {sent, true},
		"refused":                     {settled, false},
		"refused, unsigned":           {&unsigned, true},
		"a failure inside":            {open, true},
		"a known code of a failure":   {refusedWith(500, "NO_AUTH"), true},
		"a gateway":                   {&wxpay.Error{Status: 502}, true},
		"no such path in the index":   {second(api.Index(nil)["v3/no/such"].Post(bg, nil)), false},
		"a new code":                  {refusedWith(400, "FEATURE_OF_TOMORROW"), true},
		"no code":                     {refusedWith(403, ""), true},
		"an unsigned 401":             {&wxpay.Error{Status: 401, Code: "SIGN_ERROR"}, true},
		"no genuine answer":           {&wxpay.SignatureError{}, true},
		"an answer that does not fit": {&wxpay.DecodeError{}, true},
		"a file that does not open":   {&wxpay.DecryptError{}, true},
		"a panic":                     {&wxpay.PanicError{Value: settled}, true},
		"waited too short":            {context.DeadlineExceeded, true},
		"another error":               {errors.New("x"), true},
		"wrapped, refused":            {fmt.Errorf("debit: %w", settled), false},
		"wrapped, sent":               {fmt.Errorf("debit: %w", fmt.Errorf("again: %w", sent)), true},
		"joined, all settled":         {errors.Join(settled, unsent, fmt.Errorf("%w", &wxpay.RequestError{})), false},
		"joined, one open":            {errors.Join(settled, open), true},
		"joined, one open and first":  {errors.Join(open, settled), true},
		"joined, one of another kind": {errors.Join(settled, io.EOF), true},
		"joined, deep": {fmt.Errorf("%w %w", unsent, errors.Join(settled, fmt.Errorf("%w", sent))),
			true},
		"a param error":                {paramError(`{"location":"body","value":1}`), false},
		"a param error without detail": {paramError(""), false},
		"a param error in words":       {paramError(`"x"`), false},
		"unknown members":              {paramError(`{"location":null,"value":["/body/appid"]}`), false},
		"a param error of the reply":   {paramError(`{"location":null,"value":22}`), true},
		"no such contract":             {refusedWith(404, "RESOURCE_NOT_EXISTS"), false},
		"a query too early":            {query("RESOURCE_NOT_EXISTS"), true},
		"a query too early, edu-papay": {query("NOT_FOUND"), true},
		"a query too early, of a day": {&wxpay.Error{Status: 404, Code: "RESOURCE_NOT_EXISTS", Verified: true,
			Operation: "POST v3/gov/subsidy/transactions/summary/query-day"}, true},
		"a query too early, orders": {query("ORDER_NOT_EXIST"), true},
		"a query too early, APIv2":  {refusedWith(200, "ORDERNOTEXIST"), true},
		"another of APIv2":          {queryV2, true},
	} {
		if got := wxpay.OutcomeUnknown(c.err); got != c.want {
			t.Errorf("%s: %v of %v", name, got, c.err)
		}
	}
}

// decided says of every code in the catalogue whether it leaves the outcome of a
// call that debits unknown, where it comes signed. A code that is new there is
// decided here first, and then in outcome.go, by what its page says of it.
var decided = map[string]bool{
	// The call was not taken.
	"PARAM_ERROR": false, "PARAMETER FAIL": false, "SIGN_ERROR": false, "NO_AUTH": false,
	"MERCHANT PERMISSION ERROR": false, "APPID_MCHID_NOT_MATCH": false,
	"FREQUENCY_LIMITED": false, "RATELIMIT_EXCEEDED": false,
	// The debit is forbidden, or there is nothing to debit by.
	"NOT_ENOUGH": false, "NOTENOUGH": false, "RULELIMIT": false, "CONTRACT_NOT_EXIST": false, "CONTRACTERROR": false,
	"RESOURCE_NOT_EXISTS": false, "NOT_FOUND": false,
	// The number is spent, and nobody paid under it.
	"ORDER_CLOSED": false, "ORDERCLOSED": false,
	// Of bills, which move nothing.
	"NO_STATEMENT_EXIST": false, "STATEMENT_CREATING": false,
	// Somebody paid under the number, or is about to, or used it otherwise.
	"ORDER_PAID": true, "ORDERPAID": true, "ORDER_ACCEPTED": true, "OUT_TRADE_NO_USED": true, "ALREADY_EXISTS": true,
	"RESOURCE_ALREADY_EXISTS": true, "INVALID_REQUEST": true,
	// A query that came too early says the same.
	"ORDER_NOT_EXIST": true, "ORDERNOTEXIST": true, "REFUNDNOTEXIST": true,
	// Of APIv2's bills, which move nothing and whose failures nobody signs.
	"20001": true, "20002": true, "20007": true, "100": true, "20003": true, "20100": true,
	// WeChat Pay does not know.
	"SYSTEM_ERROR": true, "SYSTEMERROR": true,
}

func TestEveryCodeIsDecided(t *testing.T) {
	t.Parallel()
	known, err := catalogue.Default()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, o := range known.Operations() {
		for _, e := range o.Errors {
			seen[e.Code] = true
			unknown, ok := decided[e.Code]
			if !ok {
				t.Errorf("%s: does %s (%s) leave the outcome unknown? see decided", o.ID(), e.Code, e.Meaning)
				continue
			}
			err := refusedWith(e.HTTP, e.Code)
			err.Operation = "POST v3/x"
			if got := wxpay.OutcomeUnknown(err); got != unknown {
				t.Errorf("%s: %d %s: got %v", o.ID(), e.HTTP, e.Code, got)
			}
			if err.Temporary() && !unknown && e.HTTP != 429 && e.Code != "FREQUENCY_LIMITED" {
				t.Errorf("%s: %s is worth repeating, and its outcome is said to be known", o.ID(), e.Code)
			}
		}
	}
	for code := range decided {
		if !seen[code] {
			t.Errorf("%s is decided, and no endpoint has it", code)
		}
	}
}

func TestOutcomeOfATypedNil(t *testing.T) {
	t.Parallel()
	for _, err := range []error{(*wxpay.Error)(nil), (*wxpay.TransportError)(nil),
		fmt.Errorf("x: %w", (*wxpay.Error)(nil))} {
		if !wxpay.OutcomeUnknown(err) {
			t.Errorf("%T: known", err)
		}
	}
}

// What a function given to a promise met with says nothing of the call before it.
func TestOutcomeOfWhatFollows(t *testing.T) {
	t.Parallel()
	refused := &wxpay.Error{Status: 403, Code: "NO_AUTH", Verified: true}
	unsent := &wxpay.RequestError{Operation: "POST v3/notify", Problem: "x"}
	debited := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{}`), nil })
	lost := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
	none := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(403, `{"code":"NO_AUTH"}`),
			nil
	})
	for _, later := range []error{refused, unsent} {
		then := func(c *wxpay.Client) error {
			return second(c.Chain("v3/x").PostAsync(bg, "{}").Then(func(*wxpay.Result) error { return later }).Wait(bg))
		}
		otherwise := func(c *wxpay.Client) error {
			return second(c.Chain("v3/x").PostAsync(bg, "{}").Otherwise(func(error) (*wxpay.Result, error) {
				return nil,
					later
			}).Wait(bg))
		}
		if err := then(debited); !wxpay.OutcomeUnknown(err) || !errors.Is(err, later) || err.Error() != later.Error() {
			t.Errorf("Then, after a debit: %v", err)
		}
		if err := otherwise(lost); !wxpay.OutcomeUnknown(err) || !errors.Is(err, later) {
			t.Errorf("Otherwise, after an answer was lost: %v", err)
		}
		if err := otherwise(none); wxpay.OutcomeUnknown(err) || err != later {
			t.Errorf("Otherwise, after a refusal: %v", err)
		}
	}
}
