package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A notification that fails is logged with its address, and with whose it is where that is not the
// call's: many look for it at the notify_url that they gave.
func TestAFailedNotificationNamesItsAddress(t *testing.T) {
	t.Parallel()
	l := &logged{T: t}
	sb := sandbox.New(l, sandbox.At(start), sandbox.WithPlan(ledger.Plan{ID: "77", Product: ledger.CombinePapay,
		NotifyURL: "https://yourapp.com/of-the-plan"}))
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	if err := sb.Receive("https://yourapp.com", refuse); err != nil {
		t.Fatal(err)
	}
	body := with(with(combineBody(), "plan_id", 77), "notify_url", "https://yourapp.com/of-the-call")
	reply, err := sb.Client().Chain(presignCombine).Post(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	m, err := reply.Map()
	if err != nil {
		t.Fatal(err)
	}
	payer := sb.Payer(openID)
	c, err := payer.Agree(m["pre_entrustweb_id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if err := payer.Terminate(c.ID); err != nil {
		t.Fatal(err)
	}
	if err := sb.Settle(); err != nil {
		t.Fatal(err)
	}
	const plans = "the address of a plan"
	if l.count("ECOMMERCE_ENTRUST.SIGN to https://yourapp.com/of-the-call: answered 400") == 0 ||
		l.count("ECOMMERCE_ENTRUST.TERMINATE to https://yourapp.com/of-the-plan, "+plans, ": answered 400") == 0 ||
		l.count("of-the-call", plans) > 0 {
		t.Errorf("logged %q", l.lines)
	}
}
