package sandbox_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// kept is the journal as whoever reads the store finds it.
func (w *world) committed() string {
	w.t.Helper()
	journal, err := w.Journal(0, 0)
	w.ok(err)
	text, err := json.Marshal(journal)
	w.ok(err)
	return string(text)
}

// The journal keeps part of a long body, but no part of a secret that the limit
// goes through, in either protocol.
func TestJournalBlanksBeforeItCuts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const limit = 16 << 10
	for _, body := range []string{
		`{"description":"%s","number":"13800138000"}`,
		`{"description":"%s","number":13800138000}`,
		`{"description":"%s","number":"\"13800138000"}`,
		`{"description":"%s","number":"13800138000`,
		`{"description":"%s","note":"` + w.Merchants()[0].APIv2Key.Reveal() + `"}`,
		`<xml><detail>%s</detail><sign>13800138000</sign></xml>`,
	} {
		tail := strings.Index(body, "%s") + len("%s")
		for _, secret := range []string{"13800138000", w.Merchants()[0].APIv2Key.Reveal()} {
			at := strings.Index(body, secret)
			if at < 0 {
				continue
			}
			// The limit is behind the secret's fifth character.
			filler := strings.Repeat("z", limit-(at-tail)-(tail-len("%s"))-5)
			w.send(raw{body: []byte(strings.Replace(body, "%s", filler, 1))})
			journal, err := w.Journal(0, 1)
			w.ok(err)
			// Four digits stand in many a number, so the rest of the entry is not looked through.
			if said := journal[0].Body + journal[0].Reply; strings.Contains(said, secret[:4]) {
				t.Errorf("%s: part of the secret is in the journal", body)
			}
		}
	}
}

// No key gets into the journal, wherever somebody puts it by mistake.
func TestJournalKeepsNoKey(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 10)
	w := newWorld(t, func(c *sandbox.Config) {
		c.OnExchange = func(x ledger.Exchange) { heard <- fmt.Sprintf("%+v", x) }
	})
	made := w.Merchants()[0]
	m := struct{ APIv3Key, APIv2Key, PrivateKey string }{made.APIv3Key.Reveal(), made.APIv2Key.Reveal(),
		made.PrivateKey.Reveal()}
	all := strings.Join([]string{m.APIv3Key, m.APIv2Key, m.PrivateKey}, " ")
	body, err := json.Marshal(with(combineBody(), "contract_display_account", all))
	w.ok(err)
	w.send(raw{body: body, header: map[string]string{"X-Key": m.APIv3Key, "Cookie": m.APIv2Key}})
	w.send(raw{method: "GET", uri: "/v3/certificates?key=" + m.APIv2Key, body: []byte{}})
	w.send(raw{auth: m.APIv3Key + " " + m.APIv2Key, body: body})
	w.must("POST", "v3/security/echo", object{"echo_message": m.APIv3Key})
	// Escaped, and in Base64; redact/escapes_test.go has every other way.
	escaped, percent := "", ""
	for i := range len(m.APIv3Key) {
		escaped += fmt.Sprintf(`\u%04x`, m.APIv3Key[i])
		percent += fmt.Sprintf("%%%02X", m.APIv2Key[i])
	}
	bare := strings.Join(strings.Split(m.PrivateKey, "\n")[1:27], "")
	coded := base64.StdEncoding.EncodeToString([]byte(m.APIv2Key))
	odd := []byte(`{"note":"` + escaped + `","key":"` + bare + `"}`)
	w.send(raw{body: odd, header: map[string]string{"X-Key": coded}})
	w.send(raw{method: "GET", uri: "/v3/" + m.APIv3Key + "/" + percent + "?key=" + percent, body: []byte{}})
	kept := w.committed()
	for range 6 {
		kept += await(t, heard, "the exchange")
	}
	inner := strings.Split(m.PrivateKey, "\n")[1]
	twice := strings.ReplaceAll(escaped, `\`, `\\`)
	for _, secret := range []string{m.APIv3Key, m.APIv2Key, inner, escaped, twice, percent, coded, bare} {
		if strings.Contains(kept, secret) {
			t.Errorf("a key is in the journal: %.8s…", secret)
		}
	}
}

// A key with spaces in it is one as well where a form has a plus for each.
func TestJournalKeepsNoKeyOfAForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"sixteen letters and a sign & more", "a key+with one plus, and  spaces"} {
		key = key[:32]
		_, err := w.AddMerchant(ledger.Merchant{MchID: "1900000777", APIv2Key: wxpay.NewSecret(key)})
		w.ok(err)
		form := url.QueryEscape(key)
		w.send(raw{method: "GET", uri: "/v3/certificates?note=" + form + "&mchid=1900000777", body: []byte{}})
		w.send(raw{body: []byte("note=" + form)})
		if kept := w.committed(); strings.Contains(kept, form) || !strings.Contains(kept, "mchid=1900000777") {
			t.Errorf("the journal has %s", kept)
		}
	}
}

// What the catalogue has travel encrypted is blanked in calls of every endpoint,
// refused ones and those that are not played included.
func TestJournalBlanksWhateverIsEncrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	variable := regexp.MustCompile(`\{[^}]*\}`)
	n := 0
	for _, op := range described(t).Operations() {
		body := object{}
		for _, pointer := range op.EncryptedBody() {
			body[pointer[strings.LastIndex(pointer, "/")+1:]] = "the secret"
			n++
		}
		if len(body) == 0 {
			continue
		}
		text, err := json.Marshal(body)
		w.ok(err)
		if answer, _ := w.send(raw{method: op.Method, uri: variable.ReplaceAllString(op.Path, "1"),
			body: text}); answer.StatusCode == http.StatusNotFound {
			t.Logf("%s is not found", op.ID())
		}
		if strings.Contains(w.committed(), "the secret") {
			t.Fatalf("%s: the journal keeps %s", op.ID(), text)
		}
	}
	if n < 5 {
		t.Errorf("only %d members are encrypted", n)
	}
}

// A key may be the name of a header, which loses the case of its letters on the way; both of two
// that were blanked keep their values.
func TestJournalKeepsNoKeyInNames(t *testing.T) {
	t.Parallel()
	const small, mixed = "0123456789abcdef0123456789abcdef", "0123456789ABCDefghIJKLmnopQRSTuv"
	w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{
		MchID: sandbox.DefaultMchID, APIv2Key: wxpay.NewSecret(small), APIv3Key: wxpay.NewSecret(mixed),
		AppIDs: []string{sandbox.DefaultAppID},
	}))
	w.send(raw{method: "GET", uri: "/v3/certificates", body: []byte{}, header: map[string]string{
		"X-" + small: "first", "X-" + mixed: "second", small: "third", mixed: "fourth",
		"X-0123456789abcdef0123456789abcdee": "fifth",
	}})
	kept := w.committed()
	if low := strings.ToLower(kept); strings.Contains(low, small) || strings.Contains(low, strings.ToLower(mixed)) {
		t.Errorf("a key is in the journal: %s", kept)
	}
	for _, value := range []string{"first", "second", "third", "fourth", "abcdee"} {
		if !strings.Contains(kept, value) {
			t.Errorf("the journal lacks %s: %s", value, kept)
		}
	}
}

// manyReadings is a string that can be read in many ways, with another such one in Base64 in it.
func manyReadings() string {
	const many = `%5c25%&amp;u0026amp;\\%5c&#37;26&#92;&amp;#37;%\u0026%2526\u0026`
	return many + "." + base64.StdEncoding.EncodeToString([]byte(many+"."+strings.Repeat("a", 40))) + "."
}

// The work on an entry goes by its bytes: a string that would take more is blanked unread, and what
// stands beside it is kept.
func TestJournalReadsNoMoreThanThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	header := map[string]string{"A": "a plain value beside the others", "Z": "another plain value behind them"}
	for i := range 10 {
		header["X-"+strconv.Itoa(i)] = manyReadings()
	}
	w.send(raw{method: "GET", uri: "/v3/certificates", body: []byte{}, header: header})
	kept := w.committed()
	if strings.Contains(kept, "%5c25%") {
		t.Error("a string of many readings was read to its end")
	}
	if !strings.Contains(kept, header["A"]) || !strings.Contains(kept, header["Z"]) {
		t.Errorf("what stands beside it is not kept: %s", kept)
	}
}

// Every list of the admin is JSON, whatever somebody wrote into what is listed.
func TestAdminsAnswersStayJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const der = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwgg" // the first bytes of many private keys
	for no, description := range map[string]string{
		"an_escape": `\u4e2d` + der, "escaped_escape": `\\u4e2d` + der,
	} {
		body, err := json.Marshal(with(with(orderBody(), "out_trade_no", no), "description", "as it is written"))
		w.ok(err)
		written := strings.Replace(string(body), "as it is written", description, 1)
		_, err = w.Client().Chain("v3/pay/transactions/jsapi").Post(t.Context(), json.RawMessage(written))
		w.ok(err)
	}
	for _, path := range []string{"orders", "orders?limit=1", "journal"} {
		status, answer := w.admin("GET", "/sandbox/"+path, nil)
		if text := fmt.Sprint(answer); status != http.StatusOK || strings.Contains(text, der) || len(answer) == 0 {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// A key of any alphabet is not kept in Base64 either.
func TestJournalKeepsNoKeyOfAnotherAlphabet(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"ключключключключ", "abcdefghijklmnopqrstuvwxyz\x7f12345"} {
		w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{
			MchID: sandbox.DefaultMchID, APIv3Key: wxpay.NewSecret(key), AppIDs: []string{sandbox.DefaultAppID},
		}))
		w.send(raw{body: []byte(base64.StdEncoding.EncodeToString([]byte(key)))})
		w.send(raw{body: []byte(hex.EncodeToString([]byte(key)))})
		journal, err := w.Journal(0, 0)
		w.ok(err)
		for _, x := range journal {
			if len(x.Body) > len("…=") {
				t.Errorf("%q is kept as %q", key, x.Body)
			}
		}
	}
}
