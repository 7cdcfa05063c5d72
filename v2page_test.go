package wxpay_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/papayv2"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// signedPages are the ways in which a merchant signs what a payer will hold, with
// the name that the payer has chosen. Each gives the fields that were signed.
func signedPages(c *wxpay.Client) map[string]func(account string) (wire.Fields, error) {
	fieldsOf := func(address string, err error) (wire.Fields, error) {
		if err != nil {
			return nil, err
		}
		u, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		f := wire.Fields{}
		for name, values := range u.Query() {
			f[name] = values[0]
		}
		return f, nil
	}
	chain := func(path string) func(string) (wire.Fields, error) {
		return func(account string) (wire.Fields, error) {
			return fieldsOf(c.Chain(path).URL(map[string]string{"appid": "wx1", "contract_display_account": account}))
		}
	}
	papay := api.V2(c).Papay
	return map[string]func(string) (wire.Fields, error){
		"entrustweb by path": chain("v2/papay/entrustweb"),
		"any page by path":   chain("v2/papay/a-page-of-tomorrow"),
		"entrustweb": func(account string) (wire.Fields, error) {
			return fieldsOf(papay.EntrustWeb.URL(&papayv2.EntrustWebQuery{ContractDisplayAccount: account}))
		},
		"partner entrustweb": func(account string) (wire.Fields, error) {
			return fieldsOf(papay.Partner.EntrustWeb.URL(&papayv2.PartnerEntrustWebQuery{
				ContractDisplayAccount: account}))
		},
		"a mini program": func(account string) (wire.Fields, error) {
			launch, err := c.ContractExtraData(map[string]string{"appid": "wx1", "contract_display_account": account})
			return launch.ExtraData, err
		},
	}
}

// A receiver tells a page that was cut up from a notification by its timestamp:
// it must be signed in every page, whatever the caller gave.
func TestEveryPageSignsATimestamp(t *testing.T) {
	t.Parallel()
	c := v2Client(t, false, nil, nil)
	for page, sign := range signedPages(c) {
		for _, account := range []string{"微信代扣", "Tom & Jerry", "a=b", "&", "a&b", "&&", "=&", "a&=b"} {
			f, err := sign(account)
			if err != nil {
				t.Errorf("%s of %q: %v", page, account, err)
				continue
			}
			unsigned := wire.Fields{}
			for name, value := range f {
				unsigned[name] = value
			}
			delete(unsigned, "timestamp")
			if len(f["timestamp"]) != 10 || !f.Verify(testAPIv2Key) || unsigned.Verify(testAPIv2Key) ||
				f["contract_display_account"] != account {
				t.Errorf("%s of %q signed %v", page, account, f)
			}
		}
	}
	empty, err := c.Chain("v2/papay/entrustweb").URL(map[string]string{"timestamp": ""})
	if err != nil || !strings.Contains(empty, "timestamp=1") {
		t.Errorf("an empty timestamp: %s, %v", empty, err)
	}
}

// What a payer could cut a page with is not signed.
func TestNoPageIsSignedWithAMemberInAValue(t *testing.T) {
	t.Parallel()
	c := v2Client(t, false, nil, nil)
	for page, sign := range signedPages(c) {
		for _, account := range []string{"x&a=", "x&return_code=SUCCESS&z=", "&a=b", "a&b&c=", "a=&b=c", "x& =",
			"x&\n="} {
			f, err := sign(account)
			var refused *wxpay.RequestError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), "contract_display_account holds an &") ||
				strings.Contains(err.Error(), account) {
				t.Errorf("%s of %q: %v, %v", page, account, f, err)
			}
		}
	}
	for says, f := range map[string]map[string]string{
		"notify_url has a query": {"notify_url": "https://yourapp.com/?a=1&b=2"}, "later holds an &": {"later": "&a=b"},
	} {
		if address, err := c.Chain("v2/papay/entrustweb").URL(f); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %s, %v", says, address, err)
		}
	}
	// A call is never shown to a payer.
	if _, err := c.Chain("v2/papay/preentrustweb").
		Post(bg, map[string]string{"contract_display_account": "x&a=b"}); errors.As(err, new(*wxpay.RequestError)) {
		t.Errorf("a call: %v", err)
	}
}
