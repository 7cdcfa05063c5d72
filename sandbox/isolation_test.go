package sandbox_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A second merchant tries every call of a first one, with the first one's ids, before and after
// the call succeeds for the first. It must get the answer that ids get which nobody ever had, and
// must change nothing of the first merchant's; see intruder. Then it goes through the
// same scenario itself, in the same sandbox and with the same numbers, which each merchant chooses
// for itself. Last, it tries everything again as another provider of the same sub-merchants.
//
// Which endpoints there are comes from the engine's routes, and which of their members are ids
// from the catalogue. A new endpoint with an id fails here until a scenario calls it.
func TestNothingOfAnotherMerchantIsFound(t *testing.T) {
	t.Parallel()
	scenarios := isolationScenarios()
	tried := &tried{ids: map[string]bool{}}
	t.Run("scenario", func(t *testing.T) {
		for name, run := range scenarios {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				i := &isolated{T: t, tried: tried}
				run(i)
				i.again = true
				run(i)
				run(&isolated{T: t, tried: tried, shares: true})
				tried.done()
			})
		}
	})
	if tried.scenarios < len(scenarios) {
		return // some failed, or -run left them out
	}
	for id, played := range sandbox.New(t).Played() {
		if !played {
			continue
		}
		op := described(t).Operation(id)
		if op != nil && op.Fidelity == catalogue.FidelityStub {
			continue // it keeps nothing that could be found
		}
		if op == nil {
			t.Errorf("%s is not in the catalogue, which says what its ids are", id)
			continue
		}
		for _, member := range idsOf(op) {
			if !tried.ids[id+" "+member] {
				t.Errorf("%s: no other merchant tried a first one's %s: add it to isolationScenarios", id, member)
			}
		}
	}
}

// isolationScenarios call every endpoint, product by product.
func isolationScenarios() map[string]func(*isolated) {
	return map[string]func(*isolated){
		"orders":                isolatedOrders,
		"partner orders":        isolatedPartnerOrders,
		"combined orders":       isolatedCombinedOrders,
		"refunds":               isolatedRefunds,
		"platform refunds":      isolatedPlatformRefunds,
		"bills":                 isolatedBills,
		"pictures":              isolatedPictures,
		"orders with contracts": isolatedOrdersWithContracts,
		"password-exempt":       isolatedPasswordExempt,
		"combine-papay":         isolatedCombinePapay,
		"edu-papay":             isolatedEduPapay,
		"eduschoolpay":          isolatedSchoolPay,
		"offline-face":          isolatedFace,
		"credit-repayment":      isolatedCredit,
		"insurance":             isolatedInsurance,
		"papay":                 isolatedPapay,
		"scheduled deduct":      isolatedScheduled,
		"partner papay":         isolatedPartnerPapay,
		"global-papay":          isolatedGlobal,
		"APIv2 contracts":       isolatedXMLContracts,
		"APIv2 orders":          isolatedXMLOrders,
		"APIv2 partners":        isolatedXMLPartners,
	}
}

// tried is what the second merchant has tried so far, as endpoint and member.
type tried struct {
	mu        sync.Mutex
	ids       map[string]bool
	scenarios int
}

func (c *tried) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scenarios++
}

func (c *tried) add(op *catalogue.Operation, member string) (first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := op.ID() + " " + member
	first = !c.ids[key]
	c.ids[key] = true
	return first
}

// idsOf are the members of an endpoint that the second merchant has to try: every id of a thing,
// and who calls and who pays where the endpoint requires it.
func idsOf(op *catalogue.Operation) []string {
	found := map[string]bool{}
	var walk func(fields []*catalogue.Field, required bool)
	walk = func(fields []*catalogue.Field, required bool) {
		for _, f := range fields {
			switch {
			case f == nil:
			case f.Type == catalogue.Array:
				walk([]*catalogue.Field{f.Items}, required && f.Required)
			case f.Type == catalogue.Object:
				walk(f.Fields, required && f.Required)
			case kindOf(f.Name) == thing || kindOf(f.Name) != plain && required && f.Required:
				found[f.Name] = true
			}
		}
	}
	walk(op.PathParams, true)
	walk(op.Query, true)
	if op.Body != nil {
		walk(op.Body.Fields, true)
	}
	return slices.Sorted(maps.Keys(found))
}

// memberKind is what a member of a call is to the other merchant.
type memberKind int

const (
	plain memberKind = iota // no id, or an id that nothing is found by
	thing                   // names something: the other merchant tries the first one's
	payer                   // names a payer, who may be a customer of both
	party                   // names who calls, or what the caller applied for: each has its own
)

// kindOf tells by the name. What it does not know and ends like an id is a thing's.
func kindOf(name string) memberKind {
	switch name {
	case "appid", "sp_appid", "sub_appid", "combine_appid", "contract_appid",
		"mchid", "sp_mchid", "combine_mchid", "contract_mchid", "sub_mchid", "sub_mch_id", "sub_merchant_code",
		"plan_id", "service_id", "organization_id", "school_id":
		return party
	case "openid", "sp_openid", "sub_openid":
		return payer
	case "mch_id": // says in APIv2 who signs, as Authorization does in APIv3
		return plain
	case "request_serial", "jump_appid", "return_appid": // go back to the merchant as they came
		return plain
	case "id", "out_id", "area_code", "product_id", "invoice_id",
		"merchant_goods_id", "wechatpay_goods_id", "wxpay_goods_id": // shops and goods
		return plain
	case "bundle_id", "device_id", "deviceid", "harmony_account_id": // the payer's machine
		return plain
	case "identity_id", "creid", "bank_card_no": // the payer's papers
		return plain
	case "individual_auth_id": // who is paid, of whom the sandbox keeps no list
		return plain
	case "business_product_id", "business_scene_id", "merchant_category_code": // kinds of business
		return plain
	}
	for _, end := range []string{"id", "_no", "_code", "token"} {
		if strings.HasSuffix(name, end) {
			return thing
		}
	}
	return plain
}
