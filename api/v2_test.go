package api_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/eduschoolpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/papayv2"
	"github.com/wxpay-go/wxpay/api/payv2"
	"github.com/wxpay-go/wxpay/api/secapiv2"
)

func TestV2ChainPostsXML(t *testing.T) {
	t.Parallel()
	c, r := recording(t)
	_, err := api.V2(c).Papay.PreEntrustWeb.Post(context.Background(), &papayv2.PreEntrustWebRequest{AppID: "wx1",
		PlanID: 12535, ContractCode: "c1", Version: "1.0"})
	if !errors.Is(err, errRecorded) || r.method != "POST" || r.uri != "/papay/preentrustweb" {
		t.Fatalf("sent %s %s (%v)", r.method, r.uri, err)
	}
	for _, want := range []string{"<plan_id>12535</plan_id>", "<contract_code>", "<mch_id>", "<sign>"} {
		if !strings.Contains(strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(r.body), want) {
			t.Errorf("the body lacks %s: %s", want, r.body)
		}
	}
	if _, err := payv2.Of(c).Partner.PapPayApply.Post(context.Background(),
		&payv2.PartnerPapPayApplyRequest{AppID: "wx1"}); !errors.Is(err, errRecorded) ||
		r.uri != "/pay/partner/pappayapply" {
		t.Errorf("sent %s %s (%v)", r.method, r.uri, err)
	}
}

func TestV2PagesAreAddresses(t *testing.T) {
	t.Parallel()
	c, r := recording(t)
	for name, row := range map[string]struct {
		address func() (string, error)
		path    string
		sign    int
	}{
		"entrustweb": {func() (string, error) {
			return papayv2.Of(c).EntrustWeb.URL(&papayv2.EntrustWebQuery{AppID: "wx1", PlanID: 1})
		}, "/papay/entrustweb", 32},
		"the index": {func() (string, error) {
			return api.Index(c)["v2/papay/entrustweb"].URL(map[string]string{"appid": "wx1"})
		}, "/papay/entrustweb", 32},
	} {
		address, err := row.address()
		u, _ := url.Parse(address)
		if err != nil || u.Path != row.path || len(u.Query().Get("sign")) != row.sign || u.Query().
			Get("timestamp") == "" {
			t.Errorf("%s: got %s (%v)", name, address, err)
		}
	}
	if r.method != "" {
		t.Error("a page was called")
	}
	_, err := papayv2.Of(c).H5EntrustWeb.Get(context.Background(), &papayv2.H5EntrustWebQuery{AppID: "wx1", PlanID: 1})
	u, _ := url.Parse(r.uri)
	if !errors.Is(err, errRecorded) || r.method != "GET" || u.Path != "/papay/h5entrustweb" ||
		len(u.Query().Get("sign")) != 64 || u.Query().Get("timestamp") == "" {
		t.Errorf("sent %s %s (%v)", r.method, r.uri, err)
	}
}

func TestV2Refund(t *testing.T) {
	t.Parallel()
	c, r := recording(t)
	_, err := api.V2(c).SecAPI.Pay.Refund.Post(context.Background(), &secapiv2.RefundRequest{TotalFee: 100,
		RefundFee: 1})
	if !errors.Is(err, errRecorded) || r.uri != "/secapi/pay/refund" {
		t.Errorf("sent to %s (%v)", r.uri, err)
	}
}

// What the catalogue marks leaves the program encrypted, on the typed chain and by the index.
func TestSensitiveFieldsLeaveEncrypted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, r := recording(t)
	for name, call := range map[string]func() error{
		"typed": func() error {
			_, err := api.V3(c).EduSchoolPay.Contracts.Presign.Post(ctx,
				&eduschoolpay.PresignRequest{Identity: &eduschoolpay.PresignRequestIdentity{RealName: "张三"}})
			return err
		},
		"index": func() error {
			_, err := api.Index(c)["v3/eduschoolpay/contracts/presign"].Post(ctx,
				map[string]any{"identity": map[string]any{"real_name": "张三"}})
			return err
		},
	} {
		err := call()
		var sent struct {
			Identity struct {
				RealName string `json:"real_name"`
			}
		}
		if !errors.Is(err, errRecorded) || json.Unmarshal([]byte(r.body), &sent) != nil ||
			len(sent.Identity.RealName) < 300 {
			t.Errorf("%s: sent %s (%v)", name, r.body, err)
		}
	}
}

func TestEventsReadBothSpellings(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{"total", "amount"} {
		var e event.EntrustSign
		if err := json.Unmarshal([]byte(`{"plan_id":1,"deduct_schedule":{"estimated_deduct_amount":{"`+spelling+
			`":100,"currency":"CNY"}},"new":{}}`), &e); err != nil {
			t.Fatal(err)
		}
		amount := e.DeductSchedule.EstimatedDeductAmount
		if amount.Total != 100 || amount.Currency != "CNY" || e.PlanID != 1 {
			t.Errorf("%s: read as %+v", spelling, amount)
		}
	}
	for _, value := range []string{`"12535"`, `12535`} {
		var e event.CreditRepaymentSignContract
		if err := json.Unmarshal([]byte(`{"plan_id":`+value+`}`), &e); err != nil || e.PlanID != "12535" {
			t.Errorf("%s: read as %q (%v)", value, e.PlanID, err)
		}
	}
	var text event.Text
	if err := json.Unmarshal([]byte(`{}`), &text); err == nil {
		t.Error("an object is read as a string")
	}
}

func TestV2EventsReadXML(t *testing.T) {
	t.Parallel()
	var e event.V2Contract
	err := xml.Unmarshal([]byte(`<xml><change_type><![CDATA[ADD]]></change_type><plan_id>12535</plan_id>`+
		`<contract_id>Wx1</contract_id><new>1</new></xml>`), &e)
	if err != nil || e.ChangeType != "ADD" || e.PlanID != 12535 || e.EventType() != "V2.CONTRACT" {
		t.Errorf("read as %+v (%v)", e, err)
	}
}
