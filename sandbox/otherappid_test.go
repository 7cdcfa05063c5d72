package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A debit may name another appid of the merchant's than its contract. Whoever pays is told of by
// their openid under the appid that the debit names, in the answer, the notification and the query.
func TestDebitsUnderAnotherAppID(t *testing.T) {
	t.Parallel()
	const elsewhere, second = "oUnderTheOtherAppID", "oUnderTheSecondAppID"
	for what, c := range map[string]struct {
		told  map[string]string // the payer's openids
		subs  []string
		debit func(w *world) (payer object)
		name  string
		want  string
	}{
		"papay": {told: map[string]string{sandbox.DefaultAppID: openID, sandbox.DefaultEduAppID: elsewhere},
			debit: func(w *world) object {
				signed := with(papayBody("A1"), "openid", openID)
				c, err := w.Payer(openID).Agree(w.must("POST", presignPapay, signed)["pre_entrustweb_id"].(string))
				w.ok(err)
				w.received()
				w.must("POST", applyPapay, with(applyBody(c.ID, "P1", 1), "appid", sandbox.DefaultEduAppID))
				w.ok(w.Advance(time.Minute))
				return w.receivedOne("TRANSACTION.SUCCESS").Resource["payer"].(object)
			}, name: "openid", want: elsewhere},
		"combine-papay": {told: map[string]string{sandbox.DefaultAppID: openID, sandbox.DefaultEduAppID: elsewhere},
			debit: func(w *world) object {
				body := with(combineDebitBody(w.combineContract(), "D1"), "combine_appid", sandbox.DefaultEduAppID)
				return w.must("POST", combineDebits, body)["combine_payer_info"].(object)
			}, name: "openid", want: elsewhere},
		"face": {told: map[string]string{sandbox.DefaultAppID: openID, sandbox.DefaultEduAppID: elsewhere},
			debit: func(w *world) object {
				w.signFace("pupil0001")
				code, err := w.ShowFace(w.authInfo(), "pupil0001")
				w.ok(err)
				body := with(faceDebit(code, "lunch-1"), "sp_appid", sandbox.DefaultEduAppID)
				return w.must("POST", debitFace, body)["payer"].(object)
			}, name: "sp_openid", want: elsewhere},
		"edu-papay": {told: map[string]string{sandbox.DefaultEduAppID: eduOpenID, sandbox.DefaultAppID: elsewhere},
			debit: func(w *world) object {
				return w.eduDebited(eduBody(), "appid", sandbox.DefaultAppID)
			}, name: "openid", want: elsewhere},
		"a sub-merchant of edu-papay": {told: map[string]string{sandbox.DefaultEduAppID: eduOpenID,
			"wxsub1": "oUpF8uMuAJOM2pxb2W", "wxsub2": second}, subs: []string{"wxsub1", "wxsub2"},
			debit: func(w *world) object {
				signed := with(with(eduBody(), "sub_mchid", "1230000777"), "sub_appid", "wxsub1")
				return w.eduDebited(signed, "sub_appid", "wxsub2")
			}, name: "sub_openid", want: second},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.WithSubMerchant(ledger.SubMerchant{MchID: "1230000777", AppIDs: c.subs}))
			w.ok(w.AddPayer(c.told))
			if got := c.debit(w); got[c.name] != c.want {
				t.Errorf("%s is %v, want %s", c.name, got[c.name], c.want)
			}
		})
	}
	t.Run("APIv2", func(t *testing.T) {
		t.Parallel()
		w := newXMLWorld(t)
		w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: openID, sandbox.DefaultEduAppID: elsewhere}))
		c := w.signXML("100000")
		w.must("pay/pappayapply", with2(applyXML(c.ID, "A1"), "appid", sandbox.DefaultEduAppID))
		if n := w.receivedOne(); n["appid"] != sandbox.DefaultEduAppID || n["openid"] != elsewhere {
			t.Errorf("got %v", n)
		}
	})
}

// eduDebited signs a contract of edu-papay and debits it with one member changed: whom its
// notification says it was.
func (w *world) eduDebited(contract object, name string, value any) (payer object) {
	w.t.Helper()
	c, err := w.Payer(eduOpenID).Agree(w.must("POST", presignEdu, contract)["presign_token"].(string))
	w.ok(err)
	w.received()
	path, notice := eduNotice(c)
	w.must("POST", path, notice)
	w.ok(w.Advance(aDay))
	w.must("POST", eduDebits, with(eduDebitBody(c, "t1"), name, value))
	w.ok(w.Advance(time.Minute))
	return w.receivedOne("TRANSACTION.SUCCESS").Resource["payer"].(object)
}
