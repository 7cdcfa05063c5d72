package wxpay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/catalogue"
)

func ExampleNotFound() {
	wechat := newSandbox()
	defer wechat.Close()
	papay := combinepapay.Of(wechat.Client())

	_, err := papay.Transactions.CombineOutTradeNo("order-1").Get(context.Background())
	fmt.Println(wxpay.NotFound(err))
	_, err = papay.Transactions.Post(context.Background(), &combinepapay.DebitRequest{}) // of nothing
	fmt.Println(wxpay.NotFound(err))
	// Output:
	// true
	// false
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	of := func(code string) string { return `{"code":"` + code + `","message":"x"}` }
	found := func(status int, body string) transport { return edited(status, body, func(*http.Response) {}) }
	unsigned := func(status int, body string) transport {
		return func(*http.Request) (*http.Response, error) { return reply(status, nil, body), nil }
	}
	const path = "v3/combine-transactions/out-trade-no/1"
	for name, c := range map[string]struct {
		answer transport
		want   bool
	}{
		"an order":          {found(404, of("ORDER_NOT_EXIST")), true},
		"a contract":        {found(404, of("RESOURCE_NOT_EXISTS")), true},
		"said with a 400":   {found(400, of("CONTRACT_NOT_EXIST")), true},
		"another refusal":   {found(400, of("PARAM_ERROR")), false},
		"a failure":         {found(500, of("ORDER_NOT_EXIST")), false},
		"signed by nobody":  {unsigned(404, of("ORDER_NOT_EXIST")), false},
		"a gateway's page":  {unsigned(404, "<html>not found</html>"), false},
		"a code that is no": {found(404, of("ORDER_NOT_EXISTING")), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := clientOver(t, c.answer).Chain(path).Get(bg)
			if err == nil {
				t.Fatal("no error")
			}
			for _, err := range []error{err, fmt.Errorf("query: %w", err), errors.Join(errors.New("x"), err)} {
				if got := wxpay.NotFound(err); got != c.want {
					t.Errorf("%v: got %v", err, got)
				}
			}
		})
	}
	for _, err := range []error{nil, errors.New("ORDER_NOT_EXIST"), (*wxpay.Error)(nil), &wxpay.TransportError{}} {
		if wxpay.NotFound(err) {
			t.Errorf("%v is said to be a query that found nothing", err)
		}
	}
}

// What the queries of the catalogue say where they find nothing is all known.
func TestNotFoundKnowsEveryQuery(t *testing.T) {
	t.Parallel()
	known, err := catalogue.Default()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, o := range known.Operations() {
		codes := map[string]bool{}
		for _, e := range o.Errors {
			if strings.HasSuffix(e.Code, "NOT_EXIST") || strings.HasSuffix(e.Code, "NOT_EXISTS") ||
				strings.HasSuffix(e.Code, "NOTEXIST") || strings.HasSuffix(e.Code, "NOT_FOUND") {
				codes[e.Code] = true
			}
		}
		if o.Outcome != nil {
			for _, code := range o.Outcome.Missing {
				codes[code] = true
			}
		}
		for code := range codes {
			seen++
			if !wxpay.NotFound(refusedWith(404, code)) {
				t.Errorf("%s: %s is not known to mean that nothing is there", o.ID(), code)
			}
		}
	}
	if seen == 0 {
		t.Error("the catalogue has no such code")
	}
}
