package sandbox_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestJournalFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.AddMerchant(ledger.Merchant{MchID: "1900000130", AppIDs: []string{sandbox.DefaultAppID}})
	w.ok(err)
	w.must("POST", presignCombine, combineBody())                                  // 1
	w.must("POST", presignEdu, eduBody())                                          // 2
	w.refused(400, "PARAM_ERROR", "POST", presignEdu, with(eduBody(), "appid", 5)) // 3
	w.ok(w.Advance(time.Hour))
	w.refused(404, "ORDER_NOT_EXIST", "GET", fmt.Sprintf(orderByNo, "none"), nil) // 4
	w.ok(w.Inject(fault.Fault{Name: fault.Cut, Endpoint: "*"}))
	_, _ = w.do("GET", "v3/certificates", nil) // 5, and again: 6
	(&world{t, w.Sandbox, w.clientOf("1900000130"), nil}).must("GET", "v3/certificates", nil)

	name := w.adminOK("GET", "/sandbox/journal", nil)["journal"].(string)
	for query, want := range map[string]string{
		"":                             "[1 2 3 4 5 6 7]",
		"newest=2":                     "[6 7]",
		"newest=0&after=4":             "[5 6 7]",
		"method=post":                  "[1 2 3]",
		"method=POST&newest=1":         "[3]",
		"path=/v3/edu-papay/*":         "[2 3]",
		"path=v3/certificates":         "[5 6 7]",
		"path=/v3/*/contracts/presign": "[2 3]",
		"path=/v3/pay/transactions/out-trade-no/{out_trade_no}": "[4]",
		"path=/v3/nothing":                  "[]",
		"status=400":                        "[3]",
		"status=4xx":                        "[3 4]",
		"status=0":                          "[5]",
		"code=PARAM_ERROR":                  "[3]",
		"code=FREQUENCY_LIMITED":            "[]", // nothing was, and something may be
		"refused=true":                      "[3 4 5]",
		"refused=false&method=POST":         "[1 2]",
		"mchid=1900000130":                  "[7]",
		"since=30m":                         "[4 5 6 7]",
		"since=2020-09-10T10:30:00%2B08:00": "[4 5 6 7]",
	} {
		said := w.adminOK("GET", "/sandbox/journal?"+query, nil)
		got := []int{}
		for _, x := range said["data"].([]any) {
			got = append(got, int(x.(object)["seq"].(float64)))
		}
		if fmt.Sprint(got) != want || said["journal"] != name {
			t.Errorf("%s: got %v of %v, want %s", query, got, said["journal"], want)
		}
	}
	for query, want := range map[string]string{
		"method=FETCH":              "method is one of GET, POST",
		"path=":                     "path is one such as",
		"path=https://x.example/v3": "without a host",
		"status=600":                "status is a number such as 404",
		"status=9xx":                "status is a number such as 404",
		"status=ok":                 "status is a number such as 404",
		"code=PARAM_EROR":           "in the journal there are PARAM_ERROR, ORDER_NOT_EXIST",
		"mchid=1":                   "there is no merchant 1; there are 1900000109, 1900000130",
		"refused=yes":               "refused is true or false",
		"since=yesterday":           "since is a Go duration",
		"since=-1h":                 "since is a Go duration",
		"newest=-1":                 "newest must be a number from 0",
		"merchant=1900000109":       "takes no query parameter merchant",
	} {
		status, said := w.adminRaw("GET", "/sandbox/journal?"+query, "")
		if plain := strings.ReplaceAll(said, `\"`, ""); status != 400 || !strings.Contains(plain, want) {
			t.Errorf("%s: got %d %s, want %q", url.QueryEscape(query), status, said, want)
		}
	}

	// A reset goes on counting; another journal has another name.
	w.ok(w.Reset())
	w.must("POST", presignEdu, eduBody())
	said := w.adminOK("GET", "/sandbox/journal?after=7", nil)
	if list := said["data"].([]any); len(list) != 1 || said["journal"] != name {
		t.Errorf("after a reset: %v", said)
	}
	if other := newWorld(t).adminOK("GET", "/sandbox/journal", nil); other["journal"] == name {
		t.Errorf("two journals are called %s", name)
	}
}
