package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestTrafficSaysWhereToAndWhatCameOfIt(t *testing.T) {
	t.Parallel()
	const who = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	at := time.Date(2026, 11, 21, 2, 0, 3, 0, time.UTC)
	for _, c := range []struct {
		x    ledger.Exchange
		want string
	}{
		{ledger.Exchange{Method: "POST", URI: "/v3/edu-papay/contracts/presign", Status: 200},
			"10:00:03  POST   /v3/edu-papay/contracts/presign  200\n"},
		{ledger.Exchange{Method: "POST", URI: "/papay/querycontract", Status: 200, Code: "CONTRACT_NOT_EXIST",
			Hint: "none"}, "10:00:03  POST   /papay/querycontract  200 CONTRACT_NOT_EXIST  none\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/edu-papay/user/short/contracts?appid=wx1",
			Operation: "GET /v3/edu-papay/user/{openid}/contracts", Status: 404, Code: "NOT_FOUND",
			Hint: "nobody is short"},
			"10:00:03  GET    /v3/edu-papay/user/…/contracts  404 NOT_FOUND  nobody is …\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/nothing/openid/x1", Status: 404, Code: "NOT_FOUND"},
			"10:00:03  GET    /v3/nothing/openid/…  404 NOT_FOUND\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/" + who, Status: 404, Hint: "not " + who},
			"10:00:03  GET    /v3/x/…  404  not …\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/%6f" + who[1:], Status: 404, Hint: "not %6f" + who[1:]},
			"10:00:03  GET    /v3/x/…  404  not …\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/%256F" + who[1:] + "/y", Status: 404},
			"10:00:03  GET    /v3/x/…/y  404\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/%" + strings.Repeat("25", 4000) + "6F" + who[1:] + "/y", Status: 404},
			"10:00:03  GET    /v3/x/…/y  404\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/a." + who, Status: 404, Hint: "not a." + who},
			"10:00:03  GET    /v3/x/a.…  404  not …\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/pay/transactions/out-trade-no/pay_" + who, Status: 404, Hint: "2020" + who},
			"10:00:03  GET    /v3/pay/transactions/out-trade-no/pay_…  404  2020…\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/order_20200910_" + who, Status: 404},
			"10:00:03  GET    /v3/x/…  404\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/shop_" + who + "_1", Status: 404},
			"10:00:03  GET    /v3/x/sh…  404\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/shop2026112810000000000000000001", Status: 404},
			"10:00:03  GET    /v3/x/shop2026112810000000000000000001  404\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/x/a%20b", Status: 404}, "10:00:03  GET    /v3/x/a%20b  404\n"},
		{ledger.Exchange{Method: "GET", URI: "/v3/\x1b[31m", Faults: []fault.Name{fault.Cut}},
			"10:00:03  GET    /v3/·[31m  cut off  [" + string(fault.Cut) + "]\n"},
		{ledger.Exchange{Method: "GET", URI: "", Status: 404}, "10:00:03  GET    /  404\n"},
		{
			ledger.Exchange{Method: "GET", URI: "/v3/a\u202eb\u009bc\u2028d\x9be", Status: 404, Hint: "no\r\n1\u2066"},
			"10:00:03  GET    /v3/a·b·c·d\ufffde  404  no··1·\n",
		},
		{ledger.Exchange{Method: strings.Repeat("M", 300), URI: "/" + strings.Repeat("x", 300), Status: 404},
			"10:00:03  ?      /" + strings.Repeat("x", 199) + "…  404\n"},
		{ledger.Exchange{Method: "GET", URI: "/user/e" + strings.Repeat("/user/%E2/user/%80", 100), Status: 404,
			Hint: "there is no such user"},
			"10:00:03  GET    /user" + strings.Repeat("/…/user", 27) + "/…/use…  404  th…r… is no such us…r\n"},
		{ledger.Exchange{Method: "short", URI: "/v3/x", Status: 405, Hint: "takes GET, not short"},
			"10:00:03  ?      /v3/x  405  takes GET, not …\n"},
	} {
		c.x.At = at
		var out strings.Builder
		newTraffic(System{Err: &out, LookupEnv: func(string) (string, bool) { return "", false }}).exchange(c.x)
		if out.String() != c.want {
			t.Errorf("got  %q\nwant %q", out.String(), c.want)
		}
	}
	for _, c := range []struct {
		p    ledger.Push
		a    ledger.Attempt
		want string
	}{
		{ledger.Push{Event: "PAPAY.SIGN", URL: "http://u:p@127.0.0.1:8080/notify?key=1", State: ledger.PushDelivered},
			ledger.Attempt{Status: 204},
			"10:00:03  notify PAPAY.SIGN http://127.0.0.1:8080/notify  204\n"},
		{ledger.Push{Event: "PAPAY.SIGN", URL: "http://127.0.0.1/" + who, State: ledger.PushPending,
			NextAt: at.Add(15 * time.Second)}, ledger.Attempt{Status: 500, Error: "answered 500"},
			"10:00:03  notify PAPAY.SIGN http://127.0.0.1/…  500  answered 500; again at 10:00:18\n"},
		{
			ledger.Push{Event: "PAPAY.SIGN", URL: "https://yourapp.com/n", State: ledger.PushUndeliverable},
			ledger.Attempt{Error: "not sent: https://yourapp.com was not called. To receive it, forward the address"},
			"10:00:03  notify PAPAY.SIGN https://yourapp.com/n  failed  " +
				"not sent: https://yourapp.com was not called; --forward sends it to an address that is\n",
		},
		{
			ledger.Push{Event: "PAPAY.SIGN", URL: "http://127.0.0.1:9971/n", State: ledger.PushUndeliverable},
			ledger.Attempt{Error: "not sent: 127.0.0.1:9971 is the sandbox's own address"},
			"10:00:03  notify PAPAY.SIGN http://127.0.0.1:9971/n  failed  " +
				"not sent: 127.0.0.1:9971 is the sandbox's own address\n",
		},
		{ledger.Push{Event: "PAPAY.SIGN", URL: "https://yourapp.com/n", State: ledger.PushGivenUp},
			ledger.Attempt{Error: "no answer within 5s"},
			"10:00:03  notify PAPAY.SIGN https://yourapp.com/n  failed  no answer within 5s; given up\n"},
	} {
		c.a.At = at
		var out strings.Builder
		newTraffic(System{Err: &out, LookupEnv: func(string) (string, bool) { return "", false }}).attempt(c.p, c.a)
		if out.String() != c.want {
			t.Errorf("got  %q\nwant %q", out.String(), c.want)
		}
	}
}
