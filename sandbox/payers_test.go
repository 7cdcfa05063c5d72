package sandbox_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// ours are the values that samples need to fit the default merchant on the day that tests start.
var ours = map[string]any{
	"mchid": sandbox.DefaultMchID, "sp_mchid": sandbox.DefaultMchID, "combine_mchid": sandbox.DefaultMchID,
	"contract_mchid": sandbox.DefaultMchID, "mch_id": sandbox.DefaultMchID,
	"sub_mch_id": "1230000109", "sub_mchid": "1230000109",
	"appid": sandbox.DefaultAppID, "sp_appid": sandbox.DefaultAppID, "combine_appid": sandbox.DefaultAppID,
	"contract_appid": sandbox.DefaultAppID, "sub_appid": "wxd678efh567hg6999",
	"time_expire": nil, "password_free_contract_id": nil, "token": nil,
}

// fit gives what a sample has our values, of the same type.
func fit(v any) any {
	switch v := v.(type) {
	case object:
		for name, member := range v {
			mine, known := ours[name]
			_, text := member.(string)
			switch {
			case known && mine == nil:
				delete(v, name)
			case known && text:
				v[name] = mine
			default:
				v[name] = fit(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = fit(v[i])
		}
	}
	return v
}

// openIDsOf are the members of a body that name a payer, each as its steps.
func openIDsOf(f *catalogue.Field, at ...string) (out [][]string) {
	for _, m := range f.Fields {
		steps := append(slices.Clone(at), m.Name)
		if strings.HasSuffix(m.Name, "openid") {
			out = append(out, steps)
		}
		if m.Items == nil {
			out = append(out, openIDsOf(m, steps...)...)
		}
	}
	return out
}

// naming is a body that names its payer in one member, and in those that have to be there.
func naming(t *testing.T, op *catalogue.Operation, member []string, who string) object {
	t.Helper()
	var body object
	if err := json.Unmarshal(op.Sample(), &body); err != nil {
		t.Fatal(err)
	}
	fit(body)
	for _, steps := range openIDsOf(op.Body) {
		in, field := body, op.Body
		for i, step := range steps {
			field = field.Field(step)
			switch {
			case i < len(steps)-1:
				if in[step] == nil {
					in[step] = object{}
				}
				in = in[step].(object)
			case slices.Equal(steps, member):
				in[step] = who
			case !field.Required:
				delete(in, step)
			}
		}
	}
	return body
}

// links are where replies have what payers pay or sign with.
var links = []string{"prepay_id", "code_url", "h5_url", "pre_entrustweb_id", "presign_token", "session_id",
	"redirect_url", "sign_url"}

// use has somebody pay or sign what a call answered.
func use(who *sandbox.Payer, out object) (err error) {
	for _, name := range links {
		switch link, _ := out[name].(string); {
		case link == "":
			continue
		case name == "prepay_id", name == "code_url", name == "h5_url":
			_, err = who.Pay(link)
		case strings.HasSuffix(name, "_url"):
			_, err = who.OpenURL(link)
		default:
			_, err = who.Agree(link)
		}
		return err
	}
	return nil
}

// Whom a call names, by whichever openid, is alone in paying or signing what it makes.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	for _, op := range described(t).Operations() {
		if op.Method != "POST" || op.Fidelity != catalogue.FidelityStateful || op.Body == nil || op.Reply == nil {
			continue
		}
		decorates := op.Body.Field("prepay_id") != nil // an order anybody may pay
		if !decorates && !slices.ContainsFunc(links, func(name string) bool { return op.Reply.Field(name) != nil }) {
			continue
		}
		for _, member := range openIDsOf(op.Body) {
			t.Run(op.Path[1:]+" "+strings.Join(member, "."), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				body, path, stranger := naming(t, op, member, "oNamed"), op.Path[1:], w.Payer("oStranger")
				switch {
				case op.Family.Protocol == catalogue.ProtocolV2:
					v2 := &xmlWorld{t: t, Sandbox: w.Sandbox, client: w.client, key: w.ClientConfig().APIv2Key.Reveal()}
					fields := map[string]string{}
					if op.Body.Field("plan_id") != nil {
						body = with(body, "plan_id", sandbox.DefaultPlanID)
					}
					for name, value := range body {
						fields[name] = fmt.Sprint(value)
					}
					w.page(use(stranger, v2.must(path, fields)), ledger.PageWrongUser)
				case decorates:
					order, root := with(orderBody(), "payer", nil), directRoot
					if body["sub_mchid"] != nil {
						order, root = with(partnerOrder(), "payer", nil), partnerRoot
					}
					prepay := w.must("POST", root+"app", order)["prepay_id"].(string)
					w.must("POST", path, with(body, "prepay_id", prepay))
					w.ok(use(stranger, object{"prepay_id": prepay}))
					_, err := stranger.AgreeAfterPay(prepay)
					w.page(err, ledger.PageWrongUser)
				default:
					if day, ok := body["deduct_schedule"].(object); ok {
						day["estimated_deduct_date"] = "2020-09-12"
					}
					if info, ok := body["contract_info"].(object); ok {
						info["plan_id"] = sandbox.DefaultPlanID
					}
					w.page(use(stranger, w.must("POST", path, body)), ledger.PageWrongUser)
				}
			})
		}
	}
}

// wantBalances wants payers to have so much.
func (w *world) wantBalances(want map[string]int64) {
	w.t.Helper()
	for openid, fen := range want {
		if wallet, err := w.Payer(openid).Wallet(); err != nil || wallet.Balance != fen {
			w.t.Errorf("%s has %+v, %v; want %d fen", openid, wallet, err, fen)
		}
	}
}

// An order that names two openids is one person's, whichever of them pays: charged and refunded.
func TestTwoOpenIDsOfAnOrderAreOnePerson(t *testing.T) {
	t.Parallel()
	for _, comes := range []string{openID, "oWithTheSub"} {
		t.Run(comes, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ok(w.Payer(openID).Fund(1000))
			w.ok(w.Payer("oWithTheSub").Fund(1000))
			both := object{"sp_openid": openID, "sub_openid": "oWithTheSub"}
			prepay := w.must("POST", partnerRoot+"jsapi", with(partnerOrder(), "payer", both))["prepay_id"].(string)
			_, err := w.Payer(comes).Pay(prepay)
			w.ok(err)
			w.wantBalances(map[string]int64{openID: 900, "oWithTheSub": 1000})
			w.must("POST", domestic, with(refundBody("r1", 100), "sub_mchid", "1230000109"))
			w.ok(w.Advance(time.Minute))
			w.wantBalances(map[string]int64{openID: 1000, "oWithTheSub": 1000})
		})
	}
}

// An order is paid without a password by who signed for that, and by nobody else.
func TestPasswordFreeForWhoSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	presigned := w.must("POST", presignExempt+"normal/pre-entrust-sign/mini-program", exemptBody("normal"))
	c, err := w.Payer(openID).Agree(presigned["pre_entrustweb_id"].(string))
	w.ok(err)
	free := object{"password_free_contract_id": c.ID}
	const place = "jsapi-with-contract"
	other := with(with(orderBody(), "payer", object{"openid": "oStranger"}), "contract_info", free)
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+place, other)
	both := object{"sp_openid": openID, "sub_openid": "oWithTheSub"}
	w.ok(w.Payer("oWithTheSub").Fund(100))
	body := with(with(partnerOrder(), "payer", both), "contract_info", free)
	receipt, err := w.Payer("oWithTheSub").Pay(w.must("POST", partnerRoot+place, body)["prepay_id"].(string))
	if w.ok(err); !receipt.PasswordFree {
		t.Error("the order's payer was asked for a password")
	}
	w.wantBalances(map[string]int64{"oWithTheSub": 100}) // it was the one who signed who paid
}

// A code payment names the payer by the openid under the order's appid, whichever shows the code.
func TestCodePaymentsTellNoOtherOpenID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: openID, "wxOfAnotherMerchant": "oElsewhere"}))
	w.ok(w.Payer(openID).Fund(100))
	code, err := w.Payer("oElsewhere").ShowCode()
	w.ok(err)
	if paid := w.must("POST", directRoot+"codepay", codeBody(code)); paid["payer"].(object)["openid"] != openID {
		t.Errorf("the payer is %v", paid["payer"])
	}
	w.must("POST", directRoot+byNo+"/reverse", object{"appid": sandbox.DefaultAppID, "mchid": sandbox.DefaultMchID})
	w.wantBalances(map[string]int64{openID: 100})
}
