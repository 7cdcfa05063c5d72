package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// ready are states in which the example of a call works, with what stands in the place of its
// words then. The other examples work in a fresh sandbox.
var ready = map[string]func(w *world) map[string]any{
	"GET /sandbox/contracts/{id}": func(w *world) map[string]any {
		return map[string]any{"id": w.signPapay("A1").ID}
	},
	"GET /sandbox/contracts": func(w *world) map[string]any { w.signPapay("A1"); w.combineContract(); return nil },
	"GET /sandbox/sessions":  func(w *world) map[string]any { preSigned(w); return nil },
	"GET /sandbox/sessions/{id}": func(w *world) map[string]any {
		return map[string]any{"id": preSigned(w)["token"]}
	},
	"GET /sandbox/orders": func(w *world) map[string]any { ordered(w); return nil },
	"GET /sandbox/orders/{id}": func(w *world) map[string]any {
		ordered(w)
		list, err := w.Orders()
		w.ok(err)
		return map[string]any{"id": list[0].ID}
	},
	"GET /sandbox/debits": func(w *world) map[string]any { debitedAndRefunded(w); return nil },
	"GET /sandbox/debits/{id}": func(w *world) map[string]any {
		debitedAndRefunded(w)
		list, err := w.Debits()
		w.ok(err)
		return map[string]any{"id": list[0].ID}
	},
	"GET /sandbox/refunds": func(w *world) map[string]any { debitedAndRefunded(w); return nil },
	"GET /sandbox/refunds/{id}": func(w *world) map[string]any {
		debitedAndRefunded(w)
		list, err := w.Refunds()
		w.ok(err)
		return map[string]any{"id": list[0].ID}
	},
	"GET /sandbox/pushes": func(w *world) map[string]any { debitedAndRefunded(w); return nil },
	"GET /sandbox/pushes/{id}": func(w *world) map[string]any {
		return map[string]any{"id": triggered(w)}
	},
	"POST /sandbox/pushes/{id}/retry": func(w *world) map[string]any {
		return map[string]any{"id": triggered(w)}
	},
	"GET /sandbox/journal": func(w *world) map[string]any {
		w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: "*"}))
		w.refused(500, "SYSTEM_ERROR", "POST", presignPapay, papayBody("A1"))
		preSigned(w)
		return nil
	},
	"GET /sandbox/report": func(w *world) map[string]any {
		w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: "*"}))
		w.refused(500, "SYSTEM_ERROR", "POST", presignPapay, papayBody("A1"))
		debitedAndRefunded(w)
		w.ok(w.Inject(fault.Fault{Name: fault.BadSignature, Event: "*"}))
		w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		triggered(w)
		return nil
	},
	"GET /sandbox/attempts": func(w *world) map[string]any {
		w.adminOK("GET", "/sandbox/attempts", nil)
		triggered(w)
		return map[string]any{"?after": "0-0"}
	},
	"GET /sandbox/listeners": func(w *world) map[string]any { listens(w); return nil },
	"DELETE /sandbox/listeners/{id}": func(w *world) map[string]any {
		return map[string]any{"id": listens(w)}
	},
	"GET /sandbox/holds": func(w *world) map[string]any {
		w.ok(w.Hold(ledger.Hold{Event: "TRANSACTION.SUCCESS"}))
		return nil
	},
	"POST /sandbox/release": func(w *world) map[string]any {
		w.ok(w.Hold(ledger.Hold{}))
		_, err := w.Trigger(ledger.Trigger{Event: "TRANSACTION.SUCCESS"})
		w.ok(err)
		w.ok(w.Settle())
		return nil
	},
	"GET /sandbox/route": func(*world) map[string]any { return map[string]any{"?url": "http://127.0.0.1:9/notify"} },
	"GET /sandbox/forwards": func(w *world) map[string]any {
		w.ok(w.Forward("https://other.example", "http://127.0.0.1:9"))
		return nil
	},
	"GET /sandbox/faults": func(w *world) map[string]any {
		w.ok(w.Inject(fault.Fault{Name: fault.Late, Event: "*", Delay: hour, Chance: .5}))
		return nil
	},
	"DELETE /sandbox/faults/{id}": func(w *world) map[string]any {
		w.ok(w.Inject(fault.Fault{Name: fault.Cut}))
		return map[string]any{"id": "F1"}
	},
	"POST /sandbox/payers/{openid}/repay":   owing,
	"POST /sandbox/payers/{openid}/open":    preSigned,
	"POST /sandbox/payers/{openid}/agree":   preSigned,
	"POST /sandbox/payers/{openid}/decline": preSigned,
	"POST /sandbox/payers/{openid}/open-url": func(w *world) map[string]any {
		address := w.must("POST", creditH5, with(creditBody(), "jump_info",
			object{"jump_appid": "wxd678efh567hg6787"}))["redirect_url"]
		return map[string]any{"url": address}
	},
	"POST /sandbox/payers/{openid}/launch": func(w *world) map[string]any {
		reply := w.must("POST", presignScheduled+"app", scheduledBody("L1"))
		return map[string]any{"openid": papayOpenID, "path": reply["miniprogram_path"]}
	},
	"POST /sandbox/payers/{openid}/open-mini-program": func(w *world) map[string]any {
		reply := w.must("POST", "v3/edu-papay/contracts/presign", eduBody())
		return map[string]any{"openid": eduOpenID, "extra_data": object{"presign_token": reply["presign_token"]}}
	},
	"POST /sandbox/payers/{openid}/leave":     underContract,
	"POST /sandbox/payers/{openid}/terminate": underContract,
	"POST /sandbox/payers/{openid}/delete-contract": func(w *world) map[string]any {
		state := underContract(w)
		w.ok(w.Payer(papayOpenID).Terminate(state["contract_id"].(string)))
		return state
	},
	"POST /sandbox/payers/{openid}/stay-insured": func(w *world) map[string]any {
		c := w.insured(insuranceBody())
		w.ok(w.Payer(openID).Terminate(c.ID))
		return map[string]any{"contract_id": c.ID}
	},
	"POST /sandbox/contracts/{id}/terminate": func(w *world) map[string]any {
		return map[string]any{"id": w.signPapay("A1").ID}
	},
	"POST /sandbox/payers/{openid}/pay":                 ordered,
	"POST /sandbox/payers/{openid}/pay-without-signing": withContractOrdered,
	"POST /sandbox/payers/{openid}/agree-after-pay":     offered,
	"POST /sandbox/payers/{openid}/decline-after-pay":   offered,
	"POST /sandbox/faces/show": func(w *world) map[string]any {
		w.signFace("pupil0001")
		return map[string]any{"authinfo": w.authInfo(), "out_user_id": "pupil0001"}
	},
	"POST /sandbox/faces/retake": func(w *world) map[string]any {
		w.signFace("pupil0001")
		return map[string]any{"organization_id": sandbox.DefaultOrganizationID, "out_user_id": "pupil0001"}
	},
}

// owing is a payer for whom WeChat Pay has paid.
func owing(w *world) map[string]any {
	c := w.signSchool("C1")
	w.ok(w.Payer(eduOpenID).RunOut())
	w.must("POST", debitSchool, with(debitOf(c.ID, "school0001", 100), "payment_mode", "SYNC"))
	w.ok(w.Payer(eduOpenID).Fund(1000))
	return map[string]any{"openid": eduOpenID}
}

func preSigned(w *world) map[string]any {
	return map[string]any{"openid": papayOpenID, "token": w.must("POST", presignPapay,
		papayBody("P1"))["pre_entrustweb_id"]}
}

func underContract(w *world) map[string]any {
	return map[string]any{"openid": papayOpenID, "contract_id": w.signPapay("A1").ID}
}

func ordered(w *world) map[string]any {
	return map[string]any{"prepay_id": w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"]}
}

// offered is an order that was paid and offers to sign.
func offered(w *world) map[string]any {
	state := ordered(w)
	w.must("POST", presignAfterPay, afterPayBody(state["prepay_id"].(string)))
	_, err := w.Payer(openID).Pay(state["prepay_id"].(string))
	w.ok(err)
	return state
}

// withContractOrdered is an order whose payment signs, unless the payer does not want it.
func withContractOrdered(w *world) map[string]any {
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: openID}))
	token := w.must("POST", presignPapay, with(papayBody("A1"), "openid", openID))["pre_entrustweb_id"]
	body := with(orderBody(), "contract_info", object{"token": token})
	return map[string]any{"prepay_id": w.must("POST", directRoot+"jsapi-with-contract", body)["prepay_id"]}
}

// debitedAndRefunded has a debit, an order, and a refund of that.
func debitedAndRefunded(w *world) {
	w.must("POST", combineDebits, combineDebitBody(w.combineContract(), "P1"))
	_, err := w.Payer(openID).Pay(ordered(w)["prepay_id"].(string))
	w.ok(err)
	w.must("POST", "v3/refund/domestic/refunds", object{"out_trade_no": orderBody()["out_trade_no"],
		"out_refund_no": "r1", "amount": object{"refund": 10, "total": 100, "currency": "CNY"}})
	w.ok(w.Settle())
}

func triggered(w *world) (id string) {
	p, err := w.Trigger(ledger.Trigger{Event: "TRANSACTION.SUCCESS"})
	w.ok(err)
	w.ok(w.Settle())
	return p.ID
}

func listens(w *world) any {
	return w.adminOK("POST", "/sandbox/listeners", object{"prefix": "*", "target": "http://127.0.0.1:9"})["id"]
}

// Every example that the guide shows is taken, and every answer has the members that it promises
// and no others. What a call needs, it does not do without.
func TestAdminExamplesWork(t *testing.T) {
	t.Parallel()
	document := newWorld(t).adminOK("GET", "/sandbox/", nil)
	for path, methods := range document["paths"].(object) {
		for method, operation := range methods.(object) {
			method = strings.ToUpper(method)
			t.Run(method+" "+path, func(t *testing.T) {
				t.Parallel()
				tryExample(t, document, method, path, operation.(object))
			})
		}
	}
}

func tryExample(t *testing.T, document object, method, path string, operation object) {
	w := newWorld(t)
	state := map[string]any{}
	if get := ready[method+" "+path]; get != nil {
		maps.Copy(state, get(w))
	}
	for name, usual := range map[string]string{"openid": openID, "mchid": sandbox.DefaultMchID} {
		if state[name] == nil {
			state[name] = usual
		}
	}
	address := path
	for name, value := range state {
		address = strings.ReplaceAll(address, "{"+name+"}", fmt.Sprint(value))
		if parameter, ok := strings.CutPrefix(name, "?"); ok {
			address += "?" + parameter + "=" + fmt.Sprint(value)
		}
	}
	var body object
	if request, _ := operation["requestBody"].(object); request != nil {
		content := request["content"].(object)["application/json"].(object)
		body, _ = content["example"].(object)
		for name := range body {
			if value, ok := state[name]; ok && !slices.Contains([]string{"openid", "mchid", "id"}, name) {
				body[name] = value
			}
		}
		needs, _ := content["schema"].(object)["required"].([]any)
		for _, name := range needs {
			less := maps.Clone(body)
			delete(less, name.(string))
			w.adminRefuses(400, method, address, less)
		}
	}
	status, answer := w.admin(method, address, body)
	if status != http.StatusOK {
		t.Fatalf("%s %s is answered %d %v", method, address, status, answer)
	}
	schema := operation["responses"].(object)["200"].(object)["content"].(object)["application/json"].(object)["schema"]
	if wrong := unfit(document, schema.(object), answer, "the answer"); wrong != "" {
		raw, _ := json.MarshalIndent(answer, "", " ")
		t.Errorf("%s\n%s", wrong, raw)
	}
	if list, ok := answer["data"].([]any); ok && len(list) == 0 {
		t.Error("the list is empty, so nothing was compared with its schema")
	}
}

// unfit says why a value does not fit a schema of the kinds that the document has.
func unfit(document, schema object, value any, at string) string {
	if to, ok := schema["$ref"].(string); ok {
		name := to[strings.LastIndex(to, "/")+1:]
		found, ok := document["components"].(object)["schemas"].(object)[name].(object)
		if !ok {
			return at + ": there is no schema " + to
		}
		return unfit(document, found, value, at)
	}
	if any, ok := schema["oneOf"].([]any); ok {
		var wrong []string
		for _, one := range any {
			if why := unfit(document, one.(object), value, at); why != "" {
				wrong = append(wrong, why)
			}
		}
		if len(wrong) != len(any)-1 {
			return fmt.Sprintf("%s: %d of %d schemas do not fit: %v", at, len(wrong), len(any), wrong)
		}
		return ""
	}
	switch kind := schema["type"]; v := value.(type) {
	case object:
		return unfitObject(document, schema, v, at)
	case []any:
		items, _ := schema["items"].(object)
		for i, one := range v {
			if wrong := unfit(document, items, one, fmt.Sprintf("%s[%d]", at, i)); kind != "array" || wrong != "" {
				return wrong + at + " is a list"
			}
		}
	default:
		got := map[string][]any{"string": {"string"}, "bool": {"boolean"}, "float64": {"number", "integer"}}
		if kind != nil && !slices.Contains(got[fmt.Sprintf("%T", v)], kind) {
			return fmt.Sprintf("%s is a %T, and not %v", at, v, kind)
		}
	}
	return ""
}

func unfitObject(document, schema, value object, at string) string {
	if schema["type"] != "object" && schema["type"] != nil {
		return at + " is an object"
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := value[name.(string)]; !ok {
			return fmt.Sprintf("%s lacks %s", at, name)
		}
	}
	members, _ := schema["properties"].(object)
	for name, inner := range value {
		member, known := members[name].(object)
		if !known {
			switch others := schema["additionalProperties"].(type) {
			case bool:
				if !others {
					return at + " has " + name + ", of which the schema does not know"
				}
				continue
			case object:
				member = others
			default:
				continue
			}
		}
		if wrong := unfit(document, member, inner, at+"."+name); wrong != "" {
			return wrong
		}
	}
	return ""
}
