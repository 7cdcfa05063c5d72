package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// The event types of APIv2 messages, which have none of their own. What they
// carry is in event.V2Contract, event.V2Payment, event.V2Combined and event.V2Refund.
const (
	V2Contract = "V2.CONTRACT" // signed (change_type ADD) or ended (DELETE)
	V2Payment  = "V2.PAYMENT"  // the outcome of a debit, which has a contract_id, or of an order
	V2Combined = "V2.COMBINED" // the outcome of orders that are paid together
	V2Refund   = "V2.REFUND"   // what was sealed in req_info
	V2Vehicle  = "V2.VEHICLE"  // of 车主服务, parking and what is alike: see APIv2Vehicles
	V2Other    = "V2"          // genuine, and none of these
)

// v2Key is an APIv2 key and whose it is.
type v2Key struct {
	mchID string
	key   wxpay.Secret
}

// APIv2Key lets the receiver take APIv2's notifications to a merchant too: XML,
// which it tells from APIv3's by the first byte. While a key is being replaced
// give both; a message is genuine when it is signed with any of them. Give the
// option once for each merchant: a message is checked against the keys of the
// merchant it names and nobody else's.
//
// A debit that failed, such as by SYSTEMERROR, may fail again under its number,
// with nothing in the second message that the first has not, so two such
// messages that were signed apart are two notifications. An attempt to deliver
// one of them that is not signed anew, as in the sandbox, is the same one. No
// page says whether WeChat Pay signs every attempt anew; if it does, your
// function runs for each. Everything else is told by what it says.
//
// Mind what APIv2 lacks. Its messages say nothing of when they were sent, so a
// copy can be sent again at any time: the receiver handles it once as long as it
// remembers ([Remember]), and what the message tells is as old as it says.
//
// A refund has no sign, only a seal (AES-ECB), whose blocks of 16 bytes open each by
// itself. Anybody who has a copy of one sealed refund can leave blocks out, repeat them
// and move them about, without any key: the copy becomes any number of refunds with other
// numbers, amounts and times, put together from the digits it has, and your function runs
// for each that has the form of one. They have a memory of their own, so they push nothing out of
// it that was signed, but they push refunds out. So a function for [V2Refund] takes the
// message for a hint: query the refund by its out_refund_no and book what the reply says, under
// refund_id or out_refund_no with a unique key, so that a second one changes nothing.
func APIv2Key(mchID string, keys ...wxpay.Secret) Option {
	if mchID == "" || strings.Trim(mchID, "0123456789") != "" {
		panic("notify.APIv2Key: the first argument is the merchant number, digits, whose keys follow")
	}
	if len(keys) == 0 {
		panic("notify.APIv2Key: merchant " + mchID + " comes without a key")
	}
	for _, key := range keys {
		if n := len(key.Reveal()); n != wire.KeySize {
			panic("notify.APIv2Key: a key has " + strconv.Itoa(wire.KeySize) + " characters, this one " +
				strconv.Itoa(n) +
				"; it is in the merchant console under API security, and is not the APIv3 key")
		}
	}
	return func(r *Receiver) {
		for _, known := range r.v2Keys {
			for _, key := range keys {
				if known.mchID != mchID && known.key.Reveal() == key.Reveal() {
					panic("notify.APIv2Key: merchants " + known.mchID + " and " + mchID + " have the same key, so " +
						"neither's proves anything; set one of their own in the merchant console")
				}
			}
		}
		for _, key := range keys {
			r.v2Keys = append(r.v2Keys, v2Key{mchID, key})
		}
	}
}

// APIv2Combines lets the merchant mchID, who places orders that are paid together, tell of orders
// of the others. WeChat Pay signs such a message ([V2Combined]) with the key of who places the
// orders alone, so that it proves nothing to the other merchants; without the option one that names
// another merchant whose keys the receiver has is refused. Give it where you trust the one with
// the others' books.
func APIv2Combines(mchID string, others ...string) Option {
	for _, id := range append([]string{mchID}, others...) {
		if id == "" || strings.Trim(id, "0123456789") != "" {
			panic("notify.APIv2Combines: " + strconv.Quote(wire.Clip(id, 64)) + " is not a merchant number")
		}
	}
	return func(r *Receiver) { r.combines[mchID] = append(r.combines[mchID], others...) }
}

// APIv2Vehicles lets the receiver take APIv2's notifications of 车主服务 and
// parking as well ([V2Vehicle]), and the sealed events of 免押租借 and 速住, which
// are alike. They have no return_code, which is one of the things that tell WeChat
// Pay's messages from what the merchant signs, so they are refused unless asked for,
// and then held to stricter rules.
func APIv2Vehicles() Option {
	return func(r *Receiver) { r.vehicles = true }
}

// originalTypeV2 is the OriginalType of APIv2's messages.
const originalTypeV2 = "xml"

// isV2 tells the versions apart: JSON never begins like this.
func isV2(body []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
	return len(start) > 0 && start[0] == '<'
}

// parseV2 is parse for APIv2.
func (r *Receiver) parseV2(n *Notification, body []byte) *Error {
	n.v2 = true
	if len(r.v2Keys) == 0 {
		return n.unproved("it is an APIv2 notification, or pretends to be, and the receiver has no APIv2 key",
			"give notify.APIv2Key")
	}
	f, err := wire.ParseXML(body)
	if err != nil {
		return n.fail(CheckEnvelope, http.StatusBadRequest, "", err)
	}
	// No sign covers an empty member, so anybody may add one: it would make another id.
	maps.DeleteFunc(f, func(_, value string) bool { return value == "" })
	keys := r.keysOf(f)
	if keys == nil {
		return n.unproved("it is for a merchant that the receiver has no APIv2 key of, or names none",
			"give notify.APIv2Key for every merchant whose messages come here")
	}
	eventType, refused, hint := eventTypeV2(f), "", ignoreIt
	if eventType == V2Refund {
		if f, n.MchID = openV2(keys, f["req_info"]); f == nil {
			return n.fail(CheckResource, http.StatusBadRequest, "", &wxpay.DecryptError{
				Problem: "req_info does not open: the APIv2 key was changed in the merchant console and not here, or " +
					"it is another merchant's, or a forgery",
				Hint: "compare the key given to notify.APIv2Key with the merchant console",
			})
		}
		if refused = suspicious(f); refused == "" && f["mch_id"] != "" && f["mch_id"] != n.MchID {
			refused = "it is sealed for merchant " + n.MchID + " and names another"
		} else if name := misshapen(f); refused == "" && name != "" {
			refused = "its " + name + " is none that WeChat Pay writes: somebody has a copy of a sealed refund and " +
				"moved its blocks about"
		}
	} else {
		if verifyV2(keys, f) { // before anything reads what a stranger may have written
			switch eventType, refused = r.kindV2(eventType, f); {
			case refused == notPaid:
				hint = "query what it is about: what was not paid is no success"
			case refused == "" && r.namesAnother(f, keys[0].mchID):
				refused, hint = "it names two merchants that the receiver has keys of, and one of them alone signs it",
					"give notify.APIv2Combines where "+keys[0].mchID+" places orders together with the other; else "+
						"query what it is about"
			}
		} else {
			refused = "the sign is not of these fields under the APIv2 key of the merchant they name: a forgery, " +
				"or the key was changed in the merchant console and not here"
			hint = "compare the key given to notify.APIv2Key with the merchant console"
		}
		n.MchID, n.proof = keys[0].mchID, sha256.Sum256([]byte(strings.ToUpper(f["sign"])))
	}
	if refused != "" {
		n.MchID = ""
		return n.unproved(refused, hint)
	}
	n.EventType, n.fields, n.OriginalType = eventType, wire.Hide(f), originalTypeV2
	n.ID, n.CreateTime = idV2(n, f), timeV2(f)
	n.Plaintext, _ = json.Marshal(f) // strings by name
	return nil
}

// ignoreIt is what to do about a message that WeChat Pay would not send.
const ignoreIt = "do nothing about it: WeChat Pay does not send such a message"

// unproved is a message that nobody has shown to be WeChat Pay's.
func (n *Notification) unproved(problem, hint string) *Error {
	return n.fail(wxpay.CheckSignature, http.StatusUnauthorized, "",
		&wxpay.SignatureError{Operation: "verify", Check: wxpay.CheckSignature, RequestID: n.RequestID,
			Problem: problem, Hint: hint})
}

// keysOf finds the keys of the merchant that a message names. Every message has
// mch_id, one about combined orders combine_mch_id.
func (r *Receiver) keysOf(f wire.Fields) (own []v2Key) {
	mchID := f["mch_id"]
	if mchID == "" {
		mchID = f["combine_mch_id"]
	}
	for _, k := range r.v2Keys {
		if k.mchID == mchID {
			own = append(own, k)
		}
	}
	return own
}

// namesAnother says whether a message, or one of the orders that were paid together, names a
// merchant that the receiver has keys of and that is not this one, nor one that it may tell of:
// whoever has this one's key could say of the other what they like.
func (r *Receiver) namesAnother(f wire.Fields, mchID string) bool {
	known := func(named string) bool {
		return slices.ContainsFunc(r.v2Keys, func(k v2Key) bool { return k.mchID == named }) ||
			slices.ContainsFunc(r.keys, func(k *wxpay.Keys) bool { return k.MchID() == named })
	}
	return f["combine_mch_id"] != mchID && known(f["combine_mch_id"]) ||
		slices.ContainsFunc(merchantsOf(f["sub_order_list"]), func(named string) bool {
			return named != mchID && known(named) && !slices.Contains(r.combines[mchID], named)
		})
}

func verifyV2(keys []v2Key, f wire.Fields) bool {
	return f["sign"] != "" && slices.ContainsFunc(keys, func(k v2Key) bool { return f.Verify(k.key.Reveal()) })
}

// openV2 opens req_info. What stands outside of it is proved by nothing and is
// left out.
func openV2(keys []v2Key, sealed string) (f wire.Fields, mchID string) {
	for _, k := range keys {
		plain, err := wire.OpenReqInfo(k.key.Reveal(), sealed)
		if err != nil {
			continue
		}
		inner, ok := bytes.CutPrefix(bytes.TrimSpace(plain), []byte("<root>"))
		if inner, ok = cutSuffix(inner, ok, "</root>"); !ok {
			continue
		}
		f, err := wire.ParseXML([]byte("<xml>" + string(inner) + "</xml>"))
		if err == nil && f["refund_id"] != "" {
			return f, k.mchID
		}
	}
	return nil, ""
}

func cutSuffix(s []byte, ok bool, suffix string) ([]byte, bool) {
	rest, found := bytes.CutSuffix(s, []byte(suffix))
	return rest, ok && found
}

// misshapen is the member of a refund that makes its id and is none that WeChat Pay writes, "" where
// there is none. It is careful: what an unknown refund may have is let through.
func misshapen(f wire.Fields) string {
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, m := range []struct {
		name    string
		most    int
		written string
	}{
		{"refund_id", 32, digits},
		{"out_refund_no", 64, digits + letters + "abcdefghijklmnopqrstuvwxyz_-|*@.:#/+="},
		{"refund_status", 32, letters + "_"},
		{"success_time", 32, digits + "-/:. TZ+"},
	} {
		if len(f[m.name]) > m.most || strings.Trim(f[m.name], m.written) != "" {
			return m.name
		}
	}
	return ""
}

// eventTypeV2 goes by the fields that only one kind has.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_6.shtml
func eventTypeV2(f wire.Fields) string {
	switch {
	case f["req_info"] != "":
		return V2Refund
	case f["change_type"] != "":
		return V2Contract
	case f["out_trade_no"] != "":
		return V2Payment
	case f["combine_out_trade_no"] != "":
		return V2Combined
	}
	return V2Other
}

// idV2 makes the id that APIv2 does not give, of the merchant and the fields that say
// what happened: every attempt to deliver it has the same, and no other merchant's.
func idV2(n *Notification, f wire.Fields) string {
	names := map[string][]string{
		V2Contract: {"sub_mch_id", "contract_id", "plan_id", "contract_code", "change_type", "operate_time"},
		V2Payment:  {"sub_mch_id", "out_trade_no", "transaction_id", "contract_id", "result_code", "err_code"},
		V2Combined: {"combine_out_trade_no", "result_code", "err_code"},
		V2Refund:   {"refund_id", "out_refund_no", "refund_status", "success_time"},
	}[n.EventType]
	if n.EventType == V2Vehicle && f["event_id"] != "" {
		names = []string{"event_id"} // a seal and its nonce are made anew for every attempt
	}
	said := map[string]string{"mch_id": n.MchID}
	for _, name := range names {
		said[name] = f[name]
	}
	if meansSuccess(said["err_code"]) { // as none does; who has a copy of a message may have added it
		delete(said, "err_code")
	}
	if (n.EventType == V2Payment || n.EventType == V2Combined) && f["result_code"] != "SUCCESS" {
		said["sign"] = strings.ToUpper(f["sign"]) // a second failure of one number says nothing else of its own
	}
	if names == nil {
		for name, value := range f {
			if name != "sign" && name != "nonce_str" {
				said[name] = value
			}
		}
	}
	text, _ := json.Marshal(said) // sorted by name
	sum := sha256.Sum256(append([]byte(n.EventType+"\n"), text...))
	return "V2-" + hex.EncodeToString(sum[:16])
}

// timeV2 is when what the message tells of happened, zero where it does not say.
func timeV2(f wire.Fields) time.Time {
	for _, at := range [...]struct{ name, layout string }{
		{"operate_time", time.DateTime}, {"success_time", time.DateTime}, {"time_end", "20060102150405"},
	} {
		if t, err := time.ParseInLocation(at.layout, f[at.name], wire.Beijing); err == nil {
			return t
		}
	}
	return time.Time{}
}

// answerV2 is what APIv2 waits for: anything else, another spelling included,
// is sent again. https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_10.shtml
func answerV2(status int, code, message string) Answer {
	fields := wire.Fields{"return_code": code, "return_msg": message}
	return Answer{Status: status, ContentType: "text/xml", Body: fields.XML()}
}
