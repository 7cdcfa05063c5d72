package sandbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What was registered while the sandbox ran is there after a restart.
func TestRegistrationsOutliveARestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	first.ok(first.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "777", Product: ledger.CombinePapay}))
	first.ok(first.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "777", Product: ledger.CombinePapay,
		Name: "renamed"}))
	made := first.adminOK("POST", "/sandbox/merchants", object{"mchid": "1900000130",
		"appids": []string{sandbox.DefaultAppID}})
	first.adminOK("POST", "/sandbox/plans", object{"mchid": "1900000130", "id": "778", "product": "combine-papay"})
	first.ok(first.AddPayer(map[string]string{sandbox.DefaultAppID: "a", sandbox.DefaultEduAppID: "b"}))
	first.ok(first.Forward("https://other.example", "http://127.0.0.1:1"))
	_, err := first.ReplaceCertificate(sandbox.DefaultMchID)
	first.ok(err)
	key, err := first.ResetAPIv3Key(sandbox.DefaultMchID)
	first.ok(err)
	first.ok(first.SetKeyMode(sandbox.DefaultMchID, ledger.KeysCertificate))
	first.ok(first.RotatePlatformCertificate())
	old := first.client
	first.ok(first.Close())

	second := newWorld(t, sandbox.WithStore(kept), sandbox.At(start.Add(25*time.Hour)))
	cfg := second.ClientConfig()
	if cfg.APIv3Key.Reveal() != key.Reveal() || len(cfg.PlatformKeys) != 1 || cfg.SerialNo != first.ClientConfig().
		SerialNo {
		t.Errorf("the keys are not what they were: %d platform keys", len(cfg.PlatformKeys))
	}
	second.must("POST", presignCombine, with(combineBody(), "plan_id", 777))
	for _, p := range second.Merchants()[0].Plans {
		if p.ID == "777" && p.Name != "renamed" {
			t.Errorf("the plan is %+v", p)
		}
	}
	client := second.clientOf("1900000130")
	if again := second.Merchants()[1]; again.PrivateKey.Reveal() != made["private_key"] ||
		again.APIv3Key.Reveal() != made["api_v3_key"] {
		t.Error("the merchant has other keys")
	}
	(&world{t, second.Sandbox, client, nil}).must("POST", presignCombine, with(combineBody(), "plan_id", 778))
	if got := second.adminOK("GET", "/sandbox/forwards", nil); got["https://other.example"] != "http://127.0.0.1:1" {
		t.Errorf("forwards: %v", got)
	}
	session := second.must("POST", presignEdu, with(with(eduBody(), "openid", "b"), "sub_openid", nil))
	if _, err := second.Payer("a").Open(session["presign_token"].(string)); err != nil {
		t.Errorf("the two openids are two people again: %v", err)
	}
	_, err = old.Chain(presignEdu).Post(t.Context(), eduBody())
	if err == nil {
		t.Error("the former certificate is good again")
	}

	// Registered anew, a merchant has only what it is registered with.
	_, err = second.AddMerchant(ledger.Merchant{MchID: "1900000130"})
	second.ok(err)
	second.ok(second.Close())
	third := newWorld(t, sandbox.WithStore(kept))
	if m := third.Merchants()[1]; len(m.Plans) != 0 || m.PrivateKey.Reveal() == made["private_key"] {
		t.Errorf("a merchant registered anew kept %v", m.Plans)
	}
}

// What belongs to a merchant that a start is without waits for one that has it.
func TestRegistrationsOfAnAbsentMerchant(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	first.ok(first.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "777", Product: ledger.CombinePapay}))
	first.ok(first.SetKeyMode(sandbox.DefaultMchID, ledger.KeysPublic))
	first.ok(first.Close())
	without, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Store: kept,
		Merchants: []ledger.Merchant{{MchID: "1900000777"}}})
	first.ok(err)
	if list := without.Merchants(); len(list) != 1 {
		t.Errorf("got %d merchants", len(list))
	}
	first.ok(without.Close())
	third := newWorld(t, sandbox.WithStore(kept))
	if m := third.Merchants()[0]; m.KeyMode != ledger.KeysPublic {
		t.Errorf("the key mode is %q", m.KeyMode)
	}
	third.must("POST", presignCombine, with(combineBody(), "plan_id", 777))
}

// Whom openids belong to is the same after a restart, whatever was said of them before.
func TestPeopleOutliveARestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	for _, openIDs := range []map[string]string{
		{"wxA": "q1", "wxB": "q2"}, {"wxA": "q1"},
		{"wxC": "p1", "wxD": "p2"}, {"wxD": "p2", "wxE": "p3"}, {"wxC": "p1", "wxD": "p2"},
	} {
		first.ok(first.AddPayer(openIDs))
	}
	people := func(w *world) (out [5]string) {
		for i, openid := range []string{"q1", "q2", "p1", "p2", "p3"} {
			wallet, err := w.Payer(openid).Wallet()
			w.ok(err)
			out[i] = wallet.Person
		}
		return out
	}
	before := people(first)
	first.ok(first.Close())
	if after := people(newWorld(t, sandbox.WithStore(kept))); after != before || before != [5]string{"q1", "q1", "p1",
		"p1", "p1"} {
		t.Errorf("people were %v, and are %v", before, after)
	}
}

// A store with something else in it is a reason not to start, and said so.
func TestStoreThatCannotBeRecalled(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct{ id, data string }{
		"merchant": {"", `{}`}, "forward": {"nowhere", `{"prefix":"nowhere"}`},
		"person":               {"a|", `{"openids":{"a":""}}`},
		"platform-certificate": {"", `{}`},
		"merchant-keys":        {"1900000109", `{"mchid":"1900000109","api_v3_key":"short"}`},
		"plan": {"1900000109|lottery|1",
			`{"mchid":"1900000109","plan":{"id":"1","product":"lottery"}}`},
	} {
		kept := store.NewMemory()
		if err := kept.Update(context.Background(), func(tx store.Tx) error {
			_, err := tx.Put(kind, store.Row{ID: c.id, Data: []byte(c.data)})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		s, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Store: kept})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "the store's "+kind) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

// The journal blanks former keys after a restart as before it, the newest hundred of a merchant.
func TestFormerKeysOutliveARestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	var keys []string
	for range 3 {
		key, err := w.ResetAPIv3Key(sandbox.DefaultMchID)
		w.ok(err)
		keys = append(keys, key.Reveal())
	}
	replaced, err := w.ReplaceCertificate(sandbox.DefaultMchID)
	w.ok(err)
	_, err = w.ReplaceCertificate(sandbox.DefaultMchID)
	w.ok(err)
	keys = append(keys, strings.Split(replaced.PrivateKey.Reveal(), "\n")[3])
	for range 2 {
		m, err := w.AddMerchant(ledger.Merchant{MchID: "1900000777"})
		w.ok(err)
		keys = append(keys, m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), strings.Split(m.PrivateKey.Reveal(), "\n")[3])
	}
	_, err = w.ResetAPIv3Key("1900000777")
	w.ok(err)
	look := func(when string) {
		t.Helper()
		for i, key := range keys {
			w.send(raw{body: []byte(`{"note":"` + key + `"}`)})
			if strings.Contains(w.committed(), key) {
				t.Errorf("%s: key %d is in the journal", when, i)
			}
		}
	}
	look("before")
	for range 2 {
		w.ok(w.Close())
		w = newWorld(t, sandbox.WithStore(kept))
		look("after a restart")
	}
	for range 110 {
		key, err := w.ResetAPIv3Key(sandbox.DefaultMchID)
		w.ok(err)
		keys = append(keys, key.Reveal())
	}
	w.ok(kept.View(t.Context(), func(tx store.Tx) error {
		row, err := tx.Get("former-keys", sandbox.DefaultMchID)
		if n := strings.Count(string(row.Data), `","`); n != 100 {
			t.Errorf("%d former keys are kept", n)
		}
		return err
	}))
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept))
	keys = keys[len(keys)-90:]
	look("after many")
}
