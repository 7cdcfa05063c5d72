package notify

import (
	"encoding/json"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// The rules by which an APIv2 message is told from a page that the merchant
// signed with the same key; the package comment has the reasoning.

// pageMembers are members that pages have and notifications never: every page
// and every set of launch parameters has one of the times.
var pageMembers = [...]string{"notify_url", "timestamp", "time_stamp", "timeStamp"}

// kindV2 is the kind of a signed message, or why it is not taken for one of
// WeChat Pay's.
func (r *Receiver) kindV2(kind string, f wire.Fields) (eventType, refused string) {
	switch code := f["return_code"]; {
	case code == "SUCCESS" || code == "FAIL":
		change := f["change_type"] != ""
		return kind, suspicious(f, allowed{"attach", !change}, allowed{"contract_display_account", change}, allowed{"contract_termination_remark", change})
	case code != "":
		return "", "its return_code is neither SUCCESS nor FAIL"
	case !isVehicle(f):
		return "", "it has no return_code: it is something the merchant signed, such as the address of a signing page, and not WeChat Pay's word"
	case !r.vehicles:
		return "", "it has the look of a notification of 车主服务 or parking, which have no return_code: give notify.APIv2Vehicles if the merchant has these products"
	}
	return V2Vehicle, suspicious(f)
}

// allowed is a member that may have "&name=" in it, where it may.
type allowed struct {
	name string
	here bool
}

// suspicious says why the members may be cut from a page, "" when they are not.
func suspicious(f wire.Fields, exceptions ...allowed) string {
	for _, name := range pageMembers {
		if _, ok := f[name]; ok {
			return "it has a " + name + ", which only what the merchant signs has: a payer sent it"
		}
	}
members:
	for name, value := range f {
		if !wire.HoldsMember(value) || name == "sub_order_list" && isList(value) {
			continue
		}
		for _, e := range exceptions {
			if e.here && e.name == name {
				continue members
			}
		}
		return "the value of a member has another member in it (&name=): it is cut from something the merchant signed, and a payer sent it"
	}
	return ""
}

// isList says that a text is a list in JSON, which no page ends like.
func isList(s string) bool { return strings.HasPrefix(s, "[") && json.Valid([]byte(s)) }

// isVehicle says that a message has the members of its kind: the state of a
// number plate, or a sealed event.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987424
func isVehicle(f wire.Fields) bool {
	plate := f["plate_number"] + f["plate_number_info"] + f["plate_number_list"]
	return plate != "" && f["vehicle_event_createtime"] != "" || f["event_id"] != "" && f["event_type"] != "" && f["event_ciphertext"] != ""
}
