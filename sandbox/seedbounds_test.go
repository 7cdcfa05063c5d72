package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A seed that is refused makes no keys before: that would take a while for many.
func TestABadSeedIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, want := range map[string]string{
		`{"merchants":[` + strings.Repeat(`{},`, 99) + `{}]}`:                                  "merchants[0]",
		`{"merchants":[` + strings.Repeat(`{"mchid":"1"},`, 100) + `{}]}`:                      "merchants: it has 101; at most there are 100",
		`{"faults":[` + strings.Repeat(`{"name":"lost"},`, 1000) + `{"name":""}]}`:             "faults[1000]",
		fmt.Sprintf(`{"faults":[%s{"name":"cut"}]}`, strings.Repeat(`{"name":"lost"},`, 1000)): "faults: it has 1001; at most there are 1000",
		manyOpenIDs(51): "payers[0].openids: it has 51; at most there are 50",
	} {
		if _, err := w.SeedWith(strings.NewReader(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s…: %v", body, err)
		}
	}
}

// Of many people each costs as much as of few.
func TestASeedOfManyPeople(t *testing.T) {
	t.Parallel()
	var people []string
	for i := range 1000 {
		people = append(people, fmt.Sprintf(`{"openids":{%q:"oMany%04d"},"money":1}`, sandbox.DefaultAppID, i))
	}
	w := newWorld(t)
	laid, err := w.SeedWith(strings.NewReader(`{"payers":[` + strings.Join(people, ",") + `]}`))
	if err != nil || laid.Laid.Payers != 1000 {
		t.Errorf("%+v, %v", laid, err)
	}
	wallet, err := w.Payer("oMany0999").Wallet()
	if err != nil || wallet.Balance != 1 {
		t.Errorf("%+v, %v", wallet, err)
	}
}

// A merchant is told of a seeded contract the openid that the payer has with it.
func TestASeededContractTellsNoOtherAppIDsOpenID(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	if _, err := sb.SeedWith(strings.NewReader(`{
		"merchants": [{"mchid": "1900000130", "appids": ["wx1234567890abcdef"]}],
		"plans": [{"mchid": "1900000130", "product": "papay", "id": "43", "notify_url": "https://b.example/n"}],
		"payers": [{"openids": {"wxd678efh567hg6787": "oOfA", "wx1234567890abcdef": "oOfB"}}],
		"contracts": [{"mchid": "1900000130", "product": "papay", "plan_id": "43", "openid": "oOfA",
			"out_contract_code": "c1"}]}`)); err != nil {
		t.Fatal(err)
	}
	cfg, err := sb.ClientConfigFor("1900000130")
	if err != nil {
		t.Fatal(err)
	}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Chain("v3/papay/sign/contracts/plan-id/43/out-contract-code/c1").Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(r.Body), `"openid":"oOfB"`) || strings.Contains(string(r.Body), "oOfA") {
		t.Errorf("it is told %s", r.Body)
	}
}

// manyOpenIDs is a seed of one person with so many openids.
func manyOpenIDs(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"wx%016x":"oMany%d"`, i, i))
	}
	return `{"payers":[{"openids":{` + strings.Join(list, ",") + `}}]}`
}
