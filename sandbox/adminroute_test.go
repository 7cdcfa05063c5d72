package sandbox_test

import (
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// adminRaw sends a body as it is.
func (w *world) adminRaw(method, path, body string) (status int, answer string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.AdminURL()+path, strings.NewReader(body))
	w.ok(err)
	r.Header.Set("Content-Type", "application/json")
	p, err := http.DefaultTransport.RoundTrip(r)
	w.ok(err)
	defer p.Body.Close()
	b, err := io.ReadAll(p.Body)
	w.ok(err)
	return p.StatusCode, string(b)
}

// adminCalls are all the admin has, with something in the place of variables.
func (w *world) adminCalls() (out [][2]string) {
	w.t.Helper()
	paths, _ := w.adminOK("GET", "/sandbox/", nil)["paths"].(object)
	for path, methods := range paths {
		path = strings.NewReplacer("{openid}", openID, "{mchid}", sandbox.DefaultMchID, "{id}", "F1").Replace(path)
		for method := range methods.(object) {
			out = append(out, [2]string{strings.ToUpper(method), path})
		}
	}
	if len(out) < 50 {
		w.t.Fatalf("the admin lists only %d calls", len(out))
	}
	slices.SortFunc(out, func(a, b [2]string) int { return strings.Compare(a[1]+a[0], b[1]+b[0]) })
	return out
}

// No call of the admin takes what it does not know, and what it refuses changes nothing.
func TestAdminTakesNothingItDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := w.ClientConfigFor(sandbox.DefaultMchID)
	w.ok(err)
	for _, call := range w.adminCalls() {
		for what, c := range map[string]struct{ query, body, says string }{
			"an unknown member":    {"", `{"nonsense":1}`, `no member \"nonsense\"`},
			"an unknown parameter": {"?nonsense=1", ``, `no query parameter \"nonsense\"`},
			"more after the JSON":  {"", `{} {}`, "not one JSON object"},
			"no JSON":              {"", `nonsense`, "not one JSON object"},
			"a list":               {"", `[]`, "not an object"},
			"null":                 {"", `null`, "not an object"},
			"invalid UTF-8":        {"", "{\"nonsense\":\"\xff\"}", "not UTF-8"},
			"a broken query":       {"?a=%zz", ``, "malformed"},
		} {
			status, answer := w.adminRaw(call[0], call[1]+c.query, c.body)
			if status != 400 || !strings.Contains(answer, c.says) {
				t.Errorf("%s %s, %s: %d %s", call[0], call[1], what, status, answer)
			}
		}
	}
	after, err := w.ClientConfigFor(sandbox.DefaultMchID)
	w.ok(err)
	same := before.SerialNo == after.SerialNo && before.APIv3Key.Reveal() == after.APIv3Key.Reveal()
	if now := w.Clock().Now(); !now.Equal(start) || len(w.Faults()) != 0 || !same {
		t.Errorf("something was done: it is %s, %d faults are armed", now, len(w.Faults()))
	}
}

// A misspelled member is named, and so is what was probably meant.
func TestAdminNamesWhatWasMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := "/sandbox/payers/" + openID
	for _, c := range []struct{ path, body, says string }{
		{payer + "/agree", `{"tokn":"x"}`, `no member "tokn"; did you mean "token"?`},
		{payer + "/agree", `{"Token":"x"}`, `no member "Token"; did you mean "token"?`},
		{payer + "/agree", `{"token":"x","prepay_id":"x"}`, `no member "prepay_id"; it takes ip, token`},
		{payer + "/pay", `{"prepayId":"x"}`, `did you mean "prepay_id"?`},
		{payer + "/run-out", `{"amount":1}`, `no member "amount"; it takes none`},
		{payer + "/fund", `{"amount":1,"amount":2}`, `"amount" is given twice`},
		{payer + "/fund", `{"amount":"1380013"}`, `"amount" must be a whole number, not a string`},
		{payer + "/fund", `{"amount":1.5}`, `"amount" must be a whole number, not a number`},
		{"/sandbox/settle", `{"until":"x"}`, `no member "until"; it takes none`},
		{"/sandbox/clock/advance", `{"duraton":"2h"}`, `did you mean "duration"?`},
		{"/sandbox/faults", `{"name":"probe","endpont":"*"}`, `did you mean "endpoint"?`},
		{"/sandbox/faults", `{"name":"late","Delay":"90s"}`, `did you mean "delay"?`},
		{"/sandbox/faults", `{"name":"late","delay":"soon"}`, `delay is no Go duration`},
		{"/sandbox/plans", `{"id":"1","notifyUrl":"https://yourapp.com"}`, `did you mean "notify_url"?`},
		{"/sandbox/plans", `{"limits":{"perDebit":1}}`, `no member "limits.perDebit"; did you mean "per_debit"?`},
		{"/sandbox/merchants", `{"mchid":"1900000131","app_ids":[]}`, `did you mean "appids"?`},
		{
			"/sandbox/merchants", `{"mchid":"1900000131","plans":[{"id":"1"},{"id":"2","prodct":"papay"}]}`,
			`"plans[1].prodct"; did you mean "product"?`,
		},
		{"/sandbox/merchants", `{"mchid":1900000131}`, `"mchid" must be a string, not a number`},
		{
			"/sandbox/merchants", `{"mchid":"1900000131","api_v3_key":12345678901234567890123456789012}`,
			`"error"`, // and not the number
		},
		{"/sandbox/merchants/1900000109/key-mode", `{}`, `needs "mode"`},
		{"/sandbox/merchants", `{"mchid":{}}`, `"mchid" must be a string, not an object`},
		{payer + "/identify", `{}`, `needs "name" and "id_number"`},
		{payer + "/identify", `{"name":null,"id_number":"1"}`, `"name" is null`},
		{payer + "/open-mini-program", `{"extra_data":{"a":null}}`, `"extra_data.a" is null`},
		{"/sandbox/payers", `{"openids":{"wx1":"a","wx1":"b"}}`, `"openids.wx1" is given twice`},
		{"/sandbox/forwards", `{"prefix":"https://a.example","to":"x"}`, `no member "to"`},
	} {
		status, answer := w.adminRaw("POST", c.path, c.body)
		said := strings.ReplaceAll(answer, `\"`, `"`)
		leaks := strings.Contains(said, "1380013") || strings.Contains(said, "123456789012")
		if status != 400 || !strings.Contains(said, c.says) || leaks {
			t.Errorf("%s %s: %d %s, want %s", c.path, c.body, status, said, c.says)
		}
	}
	for query, says := range map[string]string{"newst=1": "newest", "newest=1&newest=2": "twice"} {
		status, answer := w.adminRaw("GET", "/sandbox/journal?"+query, "")
		if status != 400 || !strings.Contains(answer, says) {
			t.Errorf("the query %s: %d %s", query, status, answer)
		}
	}
	if w.Merchants()[0].MchID != sandbox.DefaultMchID || len(w.Merchants()) != 1 || len(w.Faults()) != 0 {
		t.Error("what was refused was done")
	}
}

// A sandbox without merchants has no first one, and says so.
func TestAdminOfNobody(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Merchants: []ledger.Merchant{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{t, s, nil, nil}
	for path, body := range map[string]object{
		"/sandbox/payers/o1/sign-elsewhere": {"product": "papay", "plan_id": "1"},
		"/sandbox/faces/retake":             {"organization_id": "1", "out_user_id": "1"},
	} {
		w.adminRefuses(404, "POST", path, body)
	}
	w.adminRefuses(400, "POST", "/sandbox/plans", object{"id": "1", "product": "papay"})
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "AddMerchant") {
			t.Errorf("a client of nobody: panicked with %q", said)
		}
	}()
	s.Client()
}

// An id that no id can be is refused wherever it stands, and nothing is kept of it.
func TestAdminTakesNoBrokenIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, call := range w.adminCalls() {
		for _, bad := range []string{"%FF", "%00", "a%0Ab", "a%7Fb", "%C2%85", "%EF%BF%BD"} {
			broken := strings.NewReplacer("/"+openID, "/"+bad, "/"+sandbox.DefaultMchID, "/"+bad, "/F1", "/"+bad)
			path := broken.Replace(call[1])
			if path == call[1] {
				continue
			}
			if status, answer := w.adminRaw(call[0], path, ""); status != 400 || !strings.Contains(answer, "is no id") {
				t.Errorf("%s %s: %d %s", call[0], path, status, answer)
			}
		}
	}
	for _, bad := range []string{`\u0000`, `a\nb`, `\u0085`, `\ud800`, `\u007f`} {
		for path, body := range map[string]string{
			"/sandbox/payers/" + openID + "/agree":    `{"token":"BAD"}`,
			"/sandbox/payers":                         `{"openids":{"wx1":"BAD"}}`,
			"/sandbox/payers/":                        `{"openids":{"BAD":"o1"}}`,
			"/sandbox/plans":                          `{"id":"BAD","product":"papay"}`,
			"/sandbox/merchants":                      `{"mchid":"1900000131","appids":["BAD"]}`,
			"/sandbox/payers/" + openID + "/identify": `{"name":"BAD","id_number":"1"}`,
			"/sandbox/faults":                         `{"name":"probe","mchid":"BAD"}`,
		} {
			status, answer := w.adminRaw("POST", strings.TrimSuffix(path, "/"), strings.ReplaceAll(body, "BAD", bad))
			if status != 400 || !strings.Contains(answer, "character") {
				t.Errorf("%s %s with %s: %d %s", path, body, bad, status, answer)
			}
		}
	}
	for what, err := range map[string]error{
		"a payer":   w.Payer("o\x00").Fund(1),
		"a payer 2": w.Payer("o\xff").Fund(1),
		"a payer 3": w.Payer("o\ufffd").Fund(1),
		"an openid": w.AddPayer(map[string]string{"wx1": "o\n"}),
		"an appid":  w.AddPayer(map[string]string{"wx\xff": "o"}),
		"a plan":    w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "1\x00", Product: ledger.Papay}),
		"a school":  w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "1", Product: ledger.Papay, Owner: "\xff"}),
		"a contract": func() error {
			_, err := w.Payer("o\x1b").SignElsewhere(ledger.CombinePapay, sandbox.DefaultPlanID)
			return err
		}(),
	} {
		if err == nil || !utf8.ValidString(err.Error()) || strings.ContainsAny(err.Error(), "\x00\n\x1b") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

// Keys are answered by those calls alone that are made to get them.
func TestAdminGivesKeysOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.adminOK("POST", "/sandbox/faults", object{"name": "probe"})
	purpose := []string{"/credentials", "/certificate", "/api-v3-key"}
	for _, call := range w.adminCalls() {
		if slices.ContainsFunc(purpose, func(end string) bool { return strings.HasSuffix(call[1], "1900000109"+end) }) {
			continue
		}
		body := map[string]string{
			"/sandbox/merchants/1900000109/key-mode": `{"mode":"public-key"}`,
			"/sandbox/plans":                         `{"id":"777","product":"papay"}`,
		}[call[1]]
		if call[0] == "GET" {
			body = ""
		}
		status, answer := w.adminRaw(call[0], call[1], body)
		m := w.Merchants()[0]
		for _, key := range []string{m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), strings.Split(m.PrivateKey.Reveal(),
			"\n")[1]} {
			if strings.Contains(answer, key) {
				t.Errorf("%s %s answers %d with a key", call[0], call[1], status)
			}
		}
	}
	got := w.adminOK("POST", "/sandbox/merchants/1900000109/key-mode", object{"mode": ""})
	if !reflect.DeepEqual(got, object{"mchid": "1900000109", "key_mode": ""}) {
		t.Errorf("key-mode answers %v", got)
	}
}

// FuzzAdminBody checks two things of how the admin reads bodies: it does not fall over, and what
// it refuses it refuses with a sentence.
func FuzzAdminBody(f *testing.F) {
	sb := sandbox.New(f, sandbox.At(start))
	f.Add("/sandbox/plans", []byte(`{"id":"1","product":"papay","limits":{"per_debit":1}}`))
	f.Add("/sandbox/merchants", []byte(`{"mchid":"1","plans":[{},{"id":"1"}],"sub_merchants":[{"appids":["a"]}]}`))
	f.Add("/sandbox/faults", []byte(`{"name":"late","delay":"1s","chance":0.5,"times":-1}`))
	f.Add("/sandbox/payers", []byte(`{"openids":{"a":"b","a":"\ud800"}}`))
	paths := []string{"/sandbox/plans", "/sandbox/merchants", "/sandbox/faults", "/sandbox/payers"}
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		if !slices.Contains(paths, path) {
			return
		}
		w := &world{t, sb, nil, nil}
		status, answer := w.adminRaw("POST", path, string(body))
		if status != 200 && (status != 400 || !strings.Contains(answer, `"error":"`)) {
			t.Errorf("%d %s", status, answer)
		}
	})
}
