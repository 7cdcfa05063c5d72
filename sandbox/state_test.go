package sandbox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

// export is a world's state.
func (w *world) export() string {
	w.t.Helper()
	var out bytes.Buffer
	w.ok(w.Export(&out))
	return out.String()
}

// A story that is half told in one sandbox ends in another.
func TestExportAndImport(t *testing.T) {
	t.Parallel()
	noticed := sandbox.WithPlan(ledger.Plan{ID: "2", Product: ledger.Papay, Mode: ledger.DebitNoticed,
		NotifyURL: "https://yourapp.com/ended"})
	first := newWorld(t, noticed)
	first.ok(first.AddPayer(map[string]string{sandbox.DefaultAppID: papayOpenID, sandbox.DefaultEduAppID: "b"}))
	contract, notify, _ := first.recurring()
	first.ok(first.Payer(papayOpenID).Fund(5000))
	first.at(1, 7*time.Hour)
	first.must("POST", notify, noticeBody(1990))
	first.at(3, 7*time.Hour)
	first.inbox.answer = func() int { return 500 }
	first.must("POST", applyPapay, applyBody(contract.ID, "debit1", 1990))
	first.ok(first.Advance(2 * time.Minute))
	first.ok(first.Hold(ledger.Hold{Event: "ENTRUST.TERMINATE"}))
	first.ok(first.Inject(fault.Fault{Name: fault.Gateway, Endpoint: applyPapay, Skip: 1},
		fault.Fault{Name: fault.Late, Event: "X", Delay: 90 * time.Second}))
	tried := len(first.inbox.take())
	text := first.export()

	kept := store.NewMemory()
	second := newWorld(t, sandbox.WithStore(kept))
	second.lives() // and all of it goes
	second.ClearFaults()
	second.inbox.take()
	second.ok(second.Import(strings.NewReader(text)))
	if again := second.export(); again != text {
		t.Errorf("exported again it is\n%s\nwas\n%s", again, text)
	}
	if now := second.Clock().Now(); !now.Equal(first.Clock().Now()) {
		t.Errorf("the clock shows %s", now)
	}
	// The notification goes on in its schedule.
	second.ok(second.Advance(24 * time.Hour))
	got := second.inbox.take()
	if len(got) != 1 || tried == 0 {
		t.Fatalf("%v came after %d attempts", got, tried)
	}
	if got[0].Event != "TRANSACTION.SUCCESS" || got[0].Resource["out_trade_no"] != "debit1" {
		t.Errorf("%+v came", got[0])
	}
	wallet, err := second.Payer("b").Wallet()
	if second.ok(err); wallet.Balance != 5000-1990 {
		t.Errorf("the payer has %d", wallet.Balance)
	}
	if list := second.Faults(); len(list) != 2 || list[0].ID != "F1" || list[1].Fault.Delay != 90*time.Second {
		t.Errorf("armed is %v", list)
	}
	second.ok(second.Inject(fault.Fault{Name: fault.Lost}))
	if list := second.Faults(); list[2].ID != "F3" {
		t.Errorf("armed is %v", list)
	}
	second.ClearFaults()
	second.ok(second.Payer(papayOpenID).Terminate(contract.ID))
	if got := second.received(); len(got) != 0 {
		t.Errorf("%v came though it is held", got)
	}
	sent, err := second.Release(ledger.Release{})
	if second.ok(err); len(sent) != 1 || len(second.inbox.take()) != 1 {
		t.Errorf("released %v", sent)
	}
	second.refused(400, "CONTRACT_NOT_EXIST", "POST", "v3/papay/contracts/"+contract.ID+"/notify", noticeBody(1))
}

// Every way a document can be wrong is told, and changes nothing.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	first := newWorld(t)
	first.lives()
	text := first.export()
	w := newWorld(t)
	w.lives()
	before := w.export()
	unsummed := regexp.MustCompile(`(?m)^  "sha256": .*\n`).ReplaceAllString(text, "")
	clock := regexp.MustCompile(`"time": "[^"]*"`)
	other, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Merchants: []ledger.Merchant{{MchID: "1"}}})
	w.ok(err)
	defer other.Close()
	for what, c := range map[string]struct{ doc, want string }{
		"nothing":         {" ", "there is nothing in it"},
		"half of it":      {text[:len(text)/2], "cut off"},
		"a bit less":      {text[:len(text)-3], "cut off"},
		"no JSON":         {"hello", "not one JSON object"},
		"another file":    {`{"format":"x"}`, `its "format" is not "wxpay-sandbox-state"`},
		"a list":          {`[]`, `not an object`},
		"a newer version": {strings.Replace(text, `"version": 1`, `"version": 2`, 1), "take a newer wxpay"},
		"no version":      {strings.Replace(text, `"version": 1`, `"version": 0`, 1), `"version" is none from 1`},
		"a changed value": {strings.Replace(text, `"total": 100`, `"total": 101`, 1), `its "sha256" is that of another`},
		"more behind it":  {text + "{}", "was cut off: invalid character"},
		"another member":  {strings.Replace(unsummed, `"rows"`, `"rowz"`, 1), `which has no member "rowz"`},
		"a member twice": {strings.Replace(unsummed, `"rows"`, `"time": "2020-01-01T00:00:00Z", "rows"`, 1),
			`"time" is given twice`},
		"another kind": {strings.Replace(unsummed, `"contract": [`, `"kind": [`, 1), "no rows of the kind kind"},
		"no time":      {clock.ReplaceAllString(unsummed, `"time": "1900-01-01T00:00:00Z"`), "1971"},
		"a fault":      {strings.Replace(unsummed, `"name": "lost"`, `"name": "lots"`, 1), `no fault "lots"`},
		"another id":   {strings.Replace(unsummed, `"id": "`+openID+`"`, `"id": "x"`, 1), "rows.wallet[0] is not what"},
		"keys":         {strings.Replace(unsummed, `"data":`, `"keys":["a"],"data":`, 50), "follow from its data"},
	} {
		err := w.Import(strings.NewReader(c.doc))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), openID) {
			t.Errorf("%s: got %v, want %q", what, err, c.want)
		}
		if status, said := w.adminRaw("POST", "/sandbox/import", c.doc); status != 400 || !json.Valid([]byte(said)) {
			t.Errorf("%s: the admin answered %d %s", what, status, said)
		}
	}
	if err := other.Import(strings.NewReader(text)); err == nil ||
		!strings.Contains(err.Error(), "merchant 1900000109's, whom this sandbox does not know") {
		t.Errorf("of a merchant that is not there: %v", err)
	}
	if after := w.export(); after != before {
		t.Error("something changed")
	}
	if list, err := other.Contracts(); len(list) != 0 || err != nil {
		t.Errorf("there are %v, %v", list, err)
	}
	w.ok(w.Import(strings.NewReader(unsummed)))
}

func TestImportThatCannotBeStoredChangesNothing(t *testing.T) {
	t.Parallel()
	text := newWorld(t).export()
	kept := &storetest.Unwritable{Store: store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	w.lives()
	before := w.state()
	kept.Broken.Store(true)
	err := w.Import(strings.NewReader(text))
	kept.Broken.Store(false)
	if !errors.Is(err, storetest.ErrUnwritable) {
		t.Errorf("got %v", err)
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

// A document has no key, but for what is in clear that travels encrypted it says all.
func TestExportHasNoKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.adminOK("POST", "/sandbox/merchants", object{"mchid": "1900000130", "appids": []string{"wx1"}})
	former := w.ClientConfig().APIv3Key.Reveal()
	_, err := w.ResetAPIv3Key(sandbox.DefaultMchID)
	w.ok(err)
	_, err = w.ReplaceCertificate(sandbox.DefaultMchID)
	w.ok(err)
	w.ok(w.RotatePlatformCertificate())
	text := w.export()
	for _, m := range w.Merchants() {
		for _, key := range []string{m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), former, "PRIVATE KEY"} {
			if strings.Contains(text, key) {
				t.Errorf("it has a key of merchant %s", m.MchID)
			}
		}
	}
	if _, by := w.adminRaw("GET", "/sandbox/export", ""); !sameJSON(t, by, text) {
		t.Errorf("the admin exports %s\nwant %s", by, text)
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

// What a merchant was given since is there where it is imported.
func TestImportBringsPlans(t *testing.T) {
	t.Parallel()
	first := newWorld(t)
	first.ok(first.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "777", Product: ledger.CombinePapay}))
	text := first.export()
	kept := keep{store.NewMemory()}
	second := newWorld(t, sandbox.WithStore(kept))
	second.ok(second.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "778", Product: ledger.CombinePapay}))
	second.ok(second.Import(strings.NewReader(text)))
	second.ok(second.Close())
	third := newWorld(t, sandbox.WithStore(kept))
	for i, plan := range []int{777, 778} {
		third.must("POST", presignCombine, with(with(combineBody(), "plan_id", plan), "out_contract_code",
			fmt.Sprint("c", i)))
	}
}

// Every kind of row there is, is one that a document has or one of those that stay.
func TestEveryKindIsExported(t *testing.T) {
	t.Parallel()
	kind := regexp.MustCompile(`RowKind\(\) string *\{ return "([a-z-]+)" \}`)
	known := strings.Join(sandbox.StateKinds(), " ") +
		" merchant plan merchant-keys former-keys platform-certificate forward clock journal"
	found := 0
	err := filepath.Walk("internal", func(name string, _ os.FileInfo, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, m := range kind.FindAllSubmatch(text, -1) {
			found++
			if !strings.Contains(" "+known+" ", " "+string(m[1])+" ") {
				t.Errorf("%s: the kind %s is not in stateimport.go", name, m[1])
			}
		}
		return err
	})
	if err != nil || found < 20 {
		t.Errorf("%d kinds, %v", found, err)
	}
}
