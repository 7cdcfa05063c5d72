package sandbox_test

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

// AllowNonLoopback is for the listeners that are beyond this machine. An admin that is not keeps
// its Host check, without which a web page gets at it by DNS rebinding.
func TestALoopbackAdminIsNotOpenedByAllowNonLoopback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *sandbox.Config) { c.AllowNonLoopback, c.Addr = true, "0.0.0.0:0" })
	w.adminRefuses(403, "POST", "/sandbox/chaos", object{}, "Host", "evil.example:1", "Origin", "http://evil.example:1")
}

// A key stays out of the journal when it was replaced before the call was written down, and after,
// and in hexadecimal digits.
func TestTheJournalKnowsFormerKeysAndHex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Merchants()[0]
	line := strings.Split(m.PrivateKey.Reveal(), "\n")[3]
	send := func(what string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, w.URL()+"/v3/certificates", http.NoBody)
		w.ok(err)
		r.Header.Set("X-Note", what)
		answer, err := http.DefaultClient.Do(r)
		w.ok(err)
		answer.Body.Close()
	}
	shows := func(what string) {
		t.Helper()
		journal, err := w.Journal(0, 1)
		w.ok(err)
		if got := journal[0].Header.Get("X-Note"); strings.Contains(got, what) {
			t.Errorf("the journal shows %q", got)
		}
	}
	for _, spelled := range []string{hex.EncodeToString([]byte(m.APIv3Key.Reveal())),
		hex.EncodeToString([]byte(m.PrivateKey.Reveal()))} {
		send("0x" + strings.ToUpper(spelled) + "1")
		shows(strings.ToUpper(spelled)[:40])
	}
	for i, key := range []string{m.APIv3Key.Reveal(), line} {
		send(key)
		var err error
		if i == 0 {
			_, err = w.ResetAPIv3Key(m.MchID)
		} else {
			_, err = w.ReplaceCertificate(m.MchID)
		}
		w.ok(err)
		shows(key)
		send(key)
		shows(key)
	}
}
