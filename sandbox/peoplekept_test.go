package sandbox_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// madeFor is the openid that every sandbox makes under an appid of another one.
func madeFor(openid, appid string) string {
	sum := sha256.Sum256([]byte(appid + "|" + openid))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

// has checks who is behind openids and what they have.
func (w *world) has(person string, balance int64, openids ...string) {
	w.t.Helper()
	for _, openid := range openids {
		if wallet, err := w.Payer(openid).Wallet(); err != nil || wallet.Person != person ||
			wallet.Balance != balance {
			w.t.Errorf("%s has %+v, %v; want %d of %s", openid, wallet, err, balance, person)
		}
	}
}

// oldPerson writes what former versions kept of what was said of somebody.
func oldPerson(t *testing.T, kept store.Store, first string, openIDs map[string]string) {
	t.Helper()
	var id []string
	for _, appid := range slices.Sorted(maps.Keys(openIDs)) {
		id = append(id, appid, openIDs[appid])
	}
	data, err := json.Marshal(object{"first": first, "openids": openIDs})
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Update(context.Background(), func(tx store.Tx) error {
		row := store.Row{ID: strings.Join(id, "|"), Data: data}
		if old, err := tx.Get("person", row.ID); err == nil {
			row.Rev = old.Rev
		}
		_, err := tx.Put("person", row)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// What a made openid had before anybody was told of stays theirs, in whatever order they are told
// of, and told again.
func TestWhatWasThereFirstIsKeptAfterARestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	made := madeFor("oAlice", sandbox.DefaultEduAppID)
	w.ok(w.Payer(made).Fund(100))
	_, err := w.Payer(made).SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	w.ok(err)
	for _, openIDs := range []map[string]string{
		{sandbox.DefaultAppID: "oAlice"},
		{sandbox.DefaultAppID: "oAlice", "wxc": "oAliceC"},
		{"wxc": "oAliceC", "wxd": "oAliceD"},
		{sandbox.DefaultAppID: "oAlice"},
		{sandbox.DefaultAppID: "oAlice", "wxc": "oAliceC"},
	} {
		w.ok(w.AddPayer(openIDs))
	}
	for range 2 {
		w.has(made, 100, made, "oAlice", "oAliceC", "oAliceD")
		_, err = w.Payer("oAliceD").SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
		w.page(err, ledger.PageSigned)
		w.ok(w.Close())
		w = newWorld(t, sandbox.WithStore(kept))
	}
}

// Whom one start was told of the next one knows, whatever was said of them since: they sign a plan
// once, and no one's money is lost.
func TestPayersOfAConfigAreKept(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	both := map[string]string{sandbox.DefaultEduAppID: "oEdu", sandbox.DefaultAppID: "oApp"}
	told := sandbox.WithPayer(both)
	w := newWorld(t, sandbox.WithStore(kept), told)
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultEduAppID: "oEdu"}))
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: "oApp", "wxc": "oC"}))
	_, err := w.Payer("oApp").SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	w.ok(err)
	wallet, err := w.Payer("oApp").Wallet()
	w.ok(err)
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept)) // which is not told of them
	w.ok(w.Payer("oEdu").Fund(100))
	w.ok(w.Payer("oApp").Fund(7))
	_, err = w.Payer("oEdu").SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	w.page(err, ledger.PageSigned)
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultEduAppID: "oEdu"}))
	w.ok(w.Close())
	for _, option := range []sandbox.Option{nil, told} {
		w = newWorld(t, sandbox.WithStore(kept), option)
		w.has(wallet.Person, 107, "oEdu", "oApp", "oC")
		w.ok(w.Close())
	}
}

// A start that would make one person of two who both have a wallet is refused, and changes nothing;
// one that says again what is known leaves what was told since.
func TestAStartThatSaysOneOfTwo(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	w.ok(w.Payer("oA").Fund(1000))
	w.ok(w.Payer("oB").Fund(2))
	w.ok(w.Close())
	_, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Store: kept, Payers: []map[string]string{
		{"wxa": "oA", "wxc": "oC"}, {"wxa": "oA", "wxb": "oB"}}})
	if err == nil || !strings.HasPrefix(err.Error(), "sandbox: these openids") {
		t.Fatalf("got %v", err)
	}
	line := sandbox.WithPayer(map[string]string{"wxa": "oA", sandbox.DefaultAppID: "oOne"})
	w = newWorld(t, sandbox.WithStore(kept), line)
	w.has("oA", 1000, "oA", "oOne")
	w.has("oB", 2, "oB")
	w.has("oC", 0, "oC")
	w.ok(w.AddPayer(map[string]string{"wxa": "oA", sandbox.DefaultAppID: "oOther"}))
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept), line)
	placed := w.must("POST", directRoot+"native", with(orderBody(), "payer", nil))
	_, err = w.Payer("oA").Pay(placed["code_url"].(string))
	if paid := w.receivedOne("TRANSACTION.SUCCESS"); err != nil ||
		paid.Resource["payer"].(object)["openid"] != "oOther" {
		t.Errorf("got %v, %v", paid.Resource, err)
	}
}

// A merchant with an appid under which an openid is made that somebody else uses is refused where
// the payer has something too; otherwise it is theirs.
func TestAnAppIDWhoseOpenIDsAreUsed(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		kept := keep{store.NewMemory()}
		w := newWorld(t, sandbox.WithStore(kept))
		made := madeFor("oAlice", "wxlater")
		w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: "oAlice"}))
		w.ok(w.Payer(made).Fund(100))
		if both {
			w.ok(w.Payer("oAlice").Fund(1))
		}
		m, err := w.AddMerchant(ledger.Merchant{MchID: "1900000777", AppIDs: []string{"wxlater"}})
		if both != (err != nil) {
			t.Fatalf("got %v", err)
		}
		if both {
			w.adminRefuses(400, "POST", "/sandbox/merchants", object{"mchid": m.MchID, "appids": []string{"wxlater"}})
			if len(w.Merchants()) != 1 {
				t.Error("a merchant who was refused is there")
			}
		}
		for range 2 {
			if both {
				w.has("oAlice", 1, "oAlice")
				w.has(made, 100, made)
			} else {
				w.has(made, 100, made, "oAlice")
			}
			w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: "oAlice"}))
			w.ok(w.Close())
			w = newWorld(t, sandbox.WithStore(kept))
		}
	}
}

// A store in which a former version says of two who both have something that they are one person
// starts: they stay two, and the log says so.
func TestAStoreThatSaysOneOfTwo(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	made := madeFor("oDan", sandbox.DefaultAppID)
	for openid, fen := range map[string]int64{"oEdu": 100, "oApp": 7, made: 5, "oDan": 3} {
		w.ok(w.Payer(openid).Fund(fen))
	}
	w.ok(w.Close())
	oldPerson(t, kept, "oEdu", map[string]string{sandbox.DefaultAppID: "oApp", "wxc": "oC"})
	oldPerson(t, kept, "", map[string]string{"wxd": "oDan"})
	for range 2 {
		var told []string
		w = newWorld(t, sandbox.WithStore(kept), func(c *sandbox.Config) {
			c.Logf = func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
		})
		if len(told) != 1 || !strings.Contains(told[0], "of several people") || strings.Contains(told[0], "oEdu") {
			t.Errorf("the log has %q", told)
		}
		w.has("oEdu", 100, "oEdu", "oC")
		w.has("oApp", 7, "oApp")
		w.has("oDan", 3, "oDan")
		w.has(made, 5, made)
		w.ok(w.AddPayer(map[string]string{"wxd": "oDan"}))
		w.ok(w.Close())
	}
}

// A line of a config that says a new appid of somebody known is heeded.
func TestALineOfANewAppID(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept), sandbox.WithPayer(map[string]string{sandbox.DefaultAppID: "oSame"}))
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept), sandbox.WithPayer(map[string]string{sandbox.DefaultAppID: "oSame",
		sandbox.DefaultEduAppID: "oSame"}))
	order := with(with(orderBody(), "appid", sandbox.DefaultEduAppID), "payer", nil)
	receipt, err := w.Payer("oSame").Pay(w.must("POST", directRoot+"native", order)["code_url"].(string))
	w.ok(err)
	if receipt.Order.OpenID != "oSame" {
		t.Errorf("under the new appid the merchant hears of %s", receipt.Order.OpenID)
	}
}

// The first versions named the row of what was said of somebody after one of their openids.
func TestPeopleOfTheFirstVersions(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	w.ok(w.Payer("oEdu").Fund(100))
	w.ok(w.Close())
	w.ok(kept.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Put("person", store.Row{ID: sandbox.DefaultEduAppID + "|oEdu",
			Data: []byte(`{"openids":{"` + sandbox.DefaultEduAppID + `":"oEdu","` + sandbox.DefaultAppID + `":"oApp"}}`)})
		return err
	}))
	for range 2 {
		w = newWorld(t, sandbox.WithStore(kept))
		w.has("oEdu", 100, "oEdu", "oApp")
		w.ok(w.Close())
	}
}

// A line of a config that was put right is heeded; one that is as it was leaves what was told
// since.
func TestALineThatWasPutRight(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	hears := func(no string, want string, options ...sandbox.Option) {
		t.Helper()
		w := newWorld(t, append(options, sandbox.WithStore(kept))...)
		order := with(with(orderBody(), "out_trade_no", no), "payer", nil)
		receipt, err := w.Payer("oOne").Pay(w.must("POST", directRoot+"native", order)["code_url"].(string))
		w.ok(err)
		if receipt.Order.OpenID != want {
			t.Errorf("%s: the merchant hears of %s, want %s", no, receipt.Order.OpenID, want)
		}
		w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: "oSince", "wxc": "oOne"}))
		w.ok(w.Close())
	}
	wrong := sandbox.WithPayer(map[string]string{sandbox.DefaultAppID: "oTwo", sandbox.DefaultEduAppID: "oOne"})
	right := sandbox.WithPayer(map[string]string{sandbox.DefaultAppID: "oOne", sandbox.DefaultEduAppID: "oTwo"})
	hears("number1", "oTwo", wrong)
	hears("number2", "oSince", wrong)
	hears("number3", "oOne", right)
	hears("number4", "oSince", right)
}
