package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

// theSeed is the example that docs/state.md names.
func theSeed(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile("../examples/seed/seed.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSeed(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept), sandbox.SeededWith(theSeed(t)))
	check := func() {
		t.Helper()
		contracts, err := w.Contracts()
		w.ok(err)
		var said []string
		for _, c := range contracts {
			said = append(said, fmt.Sprint(c.MchID, c.Product, c.PlanID, c.OpenID, c.Code, c.State,
				c.SignedAt.Format(" 01-02 15:04")))
		}
		if got, want := strings.Join(said, "\n"), "1900000109papay42oSeedRichseed0001SIGNED 09-01 10:00\n"+
			"1900000130combine-papay43oSeedPoorseed0002SIGNED 09-10 10:00"; got != want {
			t.Errorf("contracts:\n%s\nwant\n%s", got, want)
		}
		for openid, want := range map[string]string{"oSeedRich": "false 0 ", "oSeedPoor": "true 1000 ",
			"oSeedOne": "true 500000 张三", "oSeedSame": "true 500000 张三"} {
			wallet, err := w.Payer(openid).Wallet()
			w.ok(err)
			if got := fmt.Sprint(wallet.Limited, " ", wallet.Balance, " ", wallet.Name); got != want {
				t.Errorf("the wallet of %s: %s, want %s", openid, got, want)
			}
		}
		if got := w.received(); len(got) != 0 {
			t.Errorf("%v were notified", got)
		}
		if list := w.Faults(); len(list) != 2 || list[0].ID != "F1" {
			t.Errorf("armed is %v", list)
		}
	}
	check()
	// The contract can be debited: it was signed long enough ago.
	w.ClearFaults()
	w.must("POST", applyPapay, applyBody(contractOf(w, "seed0001"), "debit1", 1990))
	w.ok(w.Payer("oSeedPoor").Fund(5))
	w.ok(w.Payer("oSeedPoor").Terminate(contractOf(w, "seed0002")))

	// The same once more changes nothing, here or at another start.
	before := w.everyRow(kept)
	laid, err := w.SeedWith(strings.NewReader(string(theSeed(t))))
	w.ok(err)
	if want := (sandbox.Seeded{Laid: sandbox.SeedCount{Faults: 2},
		There: sandbox.SeedCount{Merchants: 1, Plans: 2, Payers: 3, Contracts: 2}}); laid != want {
		t.Errorf("laid once more: %+v", laid)
	}
	laid, err = w.SeedWith(strings.NewReader(string(theSeed(t))))
	if w.ok(err); laid.There.Faults != 2 || len(w.Faults()) != 2 {
		t.Errorf("laid a third time: %+v", laid)
	}
	if after := w.everyRow(kept); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("laid once more it has changed the store")
	}
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept), sandbox.SeededWith(theSeed(t)))
	if after := w.everyRow(kept); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("laid at another start it has changed the store")
	}
	// After a reset it is laid again.
	w.ok(w.Reset())
	check()
}

func contractOf(w *world, code string) string {
	w.t.Helper()
	contracts, err := w.Contracts()
	w.ok(err)
	for _, c := range contracts {
		if c.Code == code {
			return c.ID
		}
	}
	w.t.Fatalf("there is no contract %s", code)
	return ""
}

func TestSeedRefuses(t *testing.T) {
	t.Parallel()
	kept := &storetest.Unwritable{Store: store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	before := w.everyRow(kept)
	const contract = `{"product":"papay","plan_id":"12535","openid":"o-secret","out_contract_code":"A1"`
	for doc, want := range map[string]string{
		``:                                  "there is nothing in it",
		`[]`:                                "it is JSON, but not an object",
		`{"payers":[{"openid":"o"}`:         "it is not one JSON object",
		`{"payer":[]}`:                      `a seed takes no member "payer"; did you mean "payers"?`,
		`{"payers":[{"openid":"o","x":1}]}`: `no member "payers[0].x"`,
		`{"payers":[{"openid":"o-secret","money":"5"}]}`: `"payers.money" must be a whole number, not a string`,
		`{"payers":[{"openid":"o-secret","money":-5}]}`:  "payers[0].money: an amount in fen from 0",
		`{"payers":[{}]}`: `payers[0]: it needs "openid", or "openids"`,
		`{"payers":[{"openids":{"wx1":"a"},"openid":"b"}]}`:                                   "and not both",
		`{"merchants":[{"mchid":"shop"}]}`:                                                    "merchants[0]: merchant shop: the merchant id must be 1 to 32 digits",
		`{"plans":[{"product":"papai","id":"1"}]}`:                                            "plans[0].product: there is no product \"papai\"; there are",
		`{"plans":[{"product":"papay","id":"1","mode":"NOW"}]}`:                               `plans[0]: plan 1: unknown mode "NOW"; there are`,
		`{"plans":[{"mchid":"5","product":"papay","id":"1"}]}`:                                "plans[0].mchid: there is no merchant 5; there are 1900000109",
		`{"contracts":[` + contract + `},` + strings.ReplaceAll(contract, "A1", "A2") + `}]}`: "contracts[1]: it cannot be signed: ",
		`{"contracts":[{"product":"papay","plan_id":"9","openid":"o"}]}`:                      `contracts[0].plan_id: merchant 1900000109 has no plan "9" of papay; it has 12535`,
		`{"contracts":[{"product":"papay","plan_id":"12535"}]}`:                               "contracts[0].openid: it needs the openid",
		`{"contracts":[{"product":"papay","plan_id":"12535","openid":"o"}]}`:                  "contracts[0].out_contract_code: it needs the code",
		`{"contracts":[` + contract + `,"appid":"wx5"}]}`:                                     "contracts[0].appid: merchant 1900000109 has no such appid; it has",
		`{"contracts":[` + contract + `,"signed_at":"now"}]}`:                                 "contracts[0].signed_at: want a time of RFC 3339",
		`{"contracts":[` + contract + `,"signed_at":"2199-01-01T00:00:00Z"}]}`:                "contracts[0].signed_at: it is yet to come",
		`{"faults":[{"name":"lots"}]}`:                                                        `faults[0]: there is no fault "lots"; there are`,
		`{"faults":[{"name":"lost","dealy":"1s"}]}`:                                           `no member "faults[0].dealy"; did you mean "delay"?`,
		`{"faults":[{"name":"late","delay":"soon"}]}`:                                         "faults[0]: ",
	} {
		_, err := w.SeedWith(strings.NewReader(doc))
		var bad *sandbox.SeedError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "o-secret") {
			t.Errorf("%s:\ngot  %v\nwant %s", doc, err, want)
		}
		if status, _ := w.adminRaw("POST", "/sandbox/seed", doc); status != 400 {
			t.Errorf("%s: the admin answers %d", doc, status)
		}
	}
	kept.Broken.Store(true)
	if _, err := w.SeedWith(strings.NewReader(string(theSeed(t)))); !errors.Is(err, storetest.ErrUnwritable) {
		t.Errorf("a seed that cannot be stored: %v", err)
	}
	kept.Broken.Store(false)
	if after := w.everyRow(kept); fmt.Sprint(after) != fmt.Sprint(before) || len(w.Faults()) != 0 ||
		len(w.Merchants()) != 1 {
		t.Errorf("something was laid: %v", after)
	}
	_, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), SeedWith: []byte(`{"payers":[{}]}`)})
	if bad := (*sandbox.SeedError)(nil); !errors.As(err, &bad) || bad.Member != "payers[0]" {
		t.Errorf("Start: %v", err)
	}
}

// A calm start has what a seed says, but for its faults.
func TestSeedInACalmStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.SeededWith(theSeed(t)), func(c *sandbox.Config) { c.Calm = true })
	w.ok(w.Reset())
	if list := w.Faults(); len(list) != 0 {
		t.Errorf("armed is %v", list)
	}
	if contractOf(w, "seed0001") == "" || len(w.Merchants()) != 2 {
		t.Error("the seed is not there")
	}
	laid := w.adminOK("POST", "/sandbox/seed", object{"contracts": []object{{"product": string(ledger.EduPapay),
		"plan_id": sandbox.DefaultEduPlanID, "openid": "oSeedRich", "appid": sandbox.DefaultEduAppID}}})
	if fmt.Sprint(laid["laid"].(object)["contracts"]) != "1" {
		t.Errorf("laid: %v", laid)
	}
}
