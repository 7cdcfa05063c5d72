package sandbox_test

import (
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A plan whose id goes out as a number has a number for id, as JSON writes it, whichever way the
// plan comes in. Of other products the id is a text.
func TestPlanIDsAreNumbersWhereTheyGoOutAsNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for product, numbers := range map[ledger.Product]bool{
		ledger.CombinePapay: true, ledger.PasswordExempt: true, ledger.Papay: true, ledger.Insurance: true,
		ledger.GlobalPapay: true, ledger.EduPapay: false, ledger.EduSchoolPay: false, ledger.Credit: false,
		ledger.OfflineFace: false,
	} {
		w.ok(w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "900719", Product: product}))
		for _, id := range []string{"abc", "007", "a b", "-", "-1", "+1", "1e5", "1.0", "0x1", "1_0", "12535x", "１２",
			"99999999999999999999"} {
			err := w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: id, Product: product})
			if numbers && (err == nil || !strings.Contains(err.Error(), "is a number in "+string(product))) ||
				!numbers && err != nil {
				t.Errorf("%s of %s: %v", id, product, err)
			}
			if numbers {
				w.adminRefuses(400, "POST", "/sandbox/plans", object{"id": id, "product": product})
			}
		}
	}
	m := sandbox.DefaultMerchant()
	m.Plans = append(m.Plans, ledger.Plan{ID: "abc", Product: ledger.Papay})
	if _, err := w.AddMerchant(m); err == nil {
		t.Error("a merchant came with such a plan")
	}
	if sb, err := sandbox.Start(sandbox.Config{Merchants: []ledger.Merchant{m}}); err == nil {
		w.ok(sb.Close())
		t.Error("a sandbox started with such a plan")
	}
}
