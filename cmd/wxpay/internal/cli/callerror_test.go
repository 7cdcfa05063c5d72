package cli

import (
	"errors"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// A script takes a new number by the exit code: what a gateway's page leaves open is not refused.
func TestTheExitCodeOfAnUnsignedAnswer(t *testing.T) {
	t.Parallel()
	const debit, query = "POST v3/papay/pay/transactions/apply", "GET v3/pay/transactions/id/{transaction_id}"
	for _, c := range []struct {
		answer wxpay.Error
		want   int
	}{
		{wxpay.Error{Operation: debit, Status: 401}, exitUnknown},
		{wxpay.Error{Operation: debit, Status: 403}, exitUnknown},
		{wxpay.Error{Operation: "POST v2/pay/pappayapply", Status: 200}, exitUnknown},
		{wxpay.Error{Operation: query, Status: 401}, exitRefused},
		{wxpay.Error{Operation: debit, Status: 401, Code: "SIGN_ERROR"}, exitRefused},
		{wxpay.Error{Operation: "POST v2/pay/pappayapply", Status: 200, Code: "FAIL"}, exitRefused},
		{wxpay.Error{Operation: debit, Status: 403, Code: "NO_AUTH", Verified: true}, exitRefused},
	} {
		var said *failure
		if err := explainCall(&c.answer, ""); !errors.As(err, &said) || said.code != c.want {
			t.Errorf("%+v: got %v, want the exit code %d", c.answer, err, c.want)
		}
	}
}
