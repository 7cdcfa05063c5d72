package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Nor is more than a little of its header taken in.
func TestALongHeaderOfAnAnswerIsNotTakenIn(t *testing.T) {
	t.Parallel()
	merchant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 100<<10))
	}))
	defer merchant.Close()
	w := newWorld(t)
	w.must("POST", "v3/security/echo", object{"echo_message": "hello", "notify_url": merchant.URL + "/n"})
	w.ok(w.Settle())
	pushes, err := w.Pushes()
	w.ok(err)
	if p := pushes[0]; p.State == ledger.PushDelivered || len(p.Attempts) != 1 ||
		!strings.Contains(p.Attempts[0].Error, "header") {
		t.Errorf("got %+v", p)
	}
}

// However long a merchant's answer is, what is kept and told of it is short.
func TestALongAnswerIsShownBriefly(t *testing.T) {
	t.Parallel()
	merchant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "<xml><return_code>%s</return_code></xml>", strings.Repeat("long ", 10_000))
	}))
	defer merchant.Close()
	w := newXMLWorld(t)
	session := w.must("papay/preentrustweb", entryXML())
	token, _ := session["pre_entrustweb_id"].(string)
	_, err := w.Payer(openID).Agree(token)
	w.ok(err)
	w.ok(w.Forward("https://yourapp.com", merchant.URL))
	w.ok(w.Settle())
	pushes, err := w.Pushes()
	w.ok(err)
	p := pushes[0]
	if len(p.Attempts) == 0 {
		t.Fatal("nothing was sent")
	}
	if e := p.Attempts[0].Error; !strings.HasPrefix(e, "answered return_code long long") || len(e) > 400 {
		t.Errorf("it says %d bytes: %.300s", len(e), e)
	}
}
