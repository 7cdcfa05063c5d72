package sandbox_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

// What the store did not take has not happened: a sandbox that went on with it
// would be another one after a restart.
func TestRegistrationThatCannotBeSavedChangesNothing(t *testing.T) {
	t.Parallel()
	kept := &storetest.Unwritable{Store: store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
	known := func() string {
		plans, forwards := "", w.adminOK("GET", "/sandbox/forwards", nil)
		for _, m := range w.Merchants() {
			plans += fmt.Sprint(m.MchID, m.Plans, m.APIv3Key.Reveal(), m.Certificate, m.KeyMode)
		}
		return fmt.Sprint(plans, forwards, len(w.PlatformCertificates()))
	}
	before := known()

	kept.Broken.Store(true)
	_, addMerchant := w.AddMerchant(ledger.Merchant{MchID: "1900000130"})
	_, replace := w.ReplaceCertificate(sandbox.DefaultMchID)
	key, reset := w.ResetAPIv3Key(sandbox.DefaultMchID)
	for what, err := range map[string]error{
		"AddMerchant": addMerchant, "ReplaceCertificate": replace, "ResetAPIv3Key": reset,
		"AddPlan": w.AddPlan(sandbox.DefaultMchID,
			ledger.Plan{ID: "777", Product: ledger.CombinePapay}),
		"AddPayer": w.AddPayer(map[string]string{sandbox.DefaultAppID: "a",
			sandbox.DefaultEduAppID: eduOpenID}),
		"Forward":                   w.Forward("https://other.example", "http://127.0.0.1:1"),
		"RotatePlatformCertificate": w.RotatePlatformCertificate(),
		"SetKeyMode":                w.SetKeyMode(sandbox.DefaultMchID, ledger.KeysPublic),
	} {
		if !errors.Is(err, storetest.ErrUnwritable) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if after := known(); after != before || !key.IsZero() {
		t.Error("something changed that could not be saved")
	}
	kept.Broken.Store(false)
	if _, err := w.Payer("a").Open(token); err == nil {
		t.Error("the two openids are one person")
	}
	w.must("POST", presignEdu, eduBody()) // the keys are still good
}
