package notify

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// MaxBody is the most bytes a notification's body may have. Genuine ones have
// a few thousand.
const MaxBody = 1 << 20

// Notification is one message of WeChat Pay, verified and opened.
//
// Source:
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-verification.html
type Notification struct {
	// MchID is the merchant the message is for, proved by its key: the APIv3 key
	// it was sealed with, or the APIv2 key it was signed or sealed with. Where
	// one address receives for several merchants, book for this one.
	MchID string
	// ID is the same for every attempt to deliver this notification. Book by
	// it, or by a number of your own in the resource, and handling twice does
	// no harm. APIv2 gives none: it is made of the fields that say what happened, and
	// of a payment that failed also of the message's sign: see [APIv2Key].
	ID string
	// EventType says what happened, such as "ECOMMERCE_ENTRUST.SIGN" or, in
	// APIv2, [V2Contract], [V2Payment], [V2Combined], [V2Refund], [V2Vehicle] or [V2Other].
	EventType string
	// CreateTime is when it happened, in +08:00. It is zero where WeChat Pay
	// did not say so in a form it documents.
	CreateTime time.Time
	// Summary is a title in Chinese, for people. It may be empty.
	Summary string
	// OriginalType is the kind of object the resource was before it was
	// sealed, such as "entrust" or "transaction"; "xml" for APIv2.
	OriginalType string
	// Plaintext is the resource, a JSON object, byte for byte: it has what the
	// typed event does not know. Of an APIv2 message it has the fields, all of
	// them strings. It names the payer, so keep it out of logs; encoding/json writes
	// it, for a queue.
	Plaintext json.RawMessage
	// RequestID is what WeChat Pay's support asks for. It is new with every
	// attempt and not covered by the signature.
	RequestID string

	by    wire.Hidden[*Receiver]
	proof [sha256.Size]byte // of the signature of this attempt, zero for a refund of APIv2
	v2    bool

	repeated bool                     // it was handled before, or another delivery of it is
	fields   wire.Hidden[wire.Fields] // of an APIv2 message, of the sealed part of a refund's
}

// Parse verifies, opens and reads one notification: from any framework or
// queue, given the headers and the body's bytes exactly as received. Header
// names may be in any case, with _ for -, and as CGI writes them (HTTP_…). The error is a
// [*Error] that tells which check failed.
//
// Parse has no memory: the same message parses again for as long as its
// signature is fresh, five minutes. [Receiver.Receive] handles it once.
func (r *Receiver) Parse(header http.Header, body []byte) (*Notification, error) {
	n, err := r.parse(header, body)
	if err == nil {
		err = n.whole()
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

// whole says whether Plaintext is JSON to its end. Where it is decoded at once that shows it, and
// nobody need go through it twice.
func (n *Notification) whole() *Error {
	if n.v2 || json.Valid(n.Plaintext) {
		return nil
	}
	return n.noObject()
}

func (n *Notification) noObject() *Error {
	return n.fail(CheckPlaintext, http.StatusBadRequest, "the resource opens, but is not a JSON object", nil)
}

func (r *Receiver) parse(header http.Header, body []byte) (*Notification, *Error) {
	header = wire.Canonical(header)
	n := &Notification{RequestID: requestID(header), by: r.self}
	switch {
	case len(body) > MaxBody:
		return nil, n.fail(CheckBody, http.StatusRequestEntityTooLarge, tooLarge, nil)
	case len(body) == 0:
		return nil, n.fail(CheckBody, http.StatusBadRequest, "it is empty: either nothing was sent, or code before "+
			"the receiver has read it; hand over the raw bytes as received", nil)
	}
	switch {
	case isV2(body):
		if err := r.parseV2(n, body); err != nil {
			return nil, err
		}
		return n, nil
	case r.keys == nil:
		return nil, n.unproved("it is an APIv3 notification, or pretends to be, and the receiver has no keys for those",
			"give notify.New the client's Keys")
	}
	proved, refused := r.verify(header, body)
	if refused != nil && refused.Check == wxpay.CheckSerial {
		if learnt, why := r.learn(header, body, nil); learnt != nil {
			proved, refused = learnt, nil
		} else if why != nil {
			refused = why
		}
	}
	if refused != nil {
		return nil, n.fail(refused.Check, http.StatusUnauthorized, "", refused)
	}
	n.proof = sha256.Sum256([]byte(get(header, wire.HeaderSignature)))
	e, err := wire.ParseEnvelope(body)
	if err != nil {
		return nil, n.fail(CheckEnvelope, http.StatusBadRequest, "", err)
	}
	n.ID, n.EventType, n.Summary, n.OriginalType = e.ID, e.EventType, e.Summary, e.Resource.OriginalType
	if t, err := time.Parse(time.RFC3339, e.CreateTime); err == nil {
		n.CreateTime = t.In(wire.Beijing)
	}
	sealed := e.Resource
	var opening []*wxpay.Keys
	for _, keys := range proved {
		var text []byte
		if text, err = keys.Open(sealed.Nonce, sealed.AssociatedData, sealed.Ciphertext); err == nil {
			n.Plaintext, opening = text, append(opening, keys)
		}
	}
	if opening == nil && len(r.keys) > len(proved) { // who can open it may not know yet who signs by now
		if opening, _ = r.learn(header, body, proved); opening != nil {
			n.Plaintext, err = opening[0].Open(sealed.Nonce, sealed.AssociatedData, sealed.Ciphertext)
		}
	}
	if opening == nil {
		// The message is genuine, so the key on this side must be the wrong one.
		return nil, n.fail(CheckResource, http.StatusInternalServerError, "", err)
	}
	// An array, a string or null would decode into an event without a value.
	if !isObject(n.Plaintext) {
		return nil, n.noObject()
	}
	n.MchID = opening[0].MchID()
	if len(r.keys) > 1 {
		if err := n.whole(); err != nil {
			return nil, err
		}
		if err := r.addressee(n, opening); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// verify finds the keys that prove the message to be WeChat Pay's. Merchants
// may share a platform certificate, so there may be several; what it signed is looked at once.
func (r *Receiver) verify(header http.Header, body []byte) (proved []*wxpay.Keys, refused *wxpay.SignatureError) {
	type verdict struct {
		by  wxpay.PlatformKey
		err error
	}
	var verdicts []verdict
	serial := get(header, wire.HeaderSerial)
	for _, keys := range r.keys {
		var by wxpay.PlatformKey
		named := false
		if len(r.keys) > 1 {
			by, named = keys.Known(serial)
		}
		known := slices.IndexFunc(verdicts, func(v verdict) bool {
			return named && by.Key.Equal(v.by.Key) && by.NotAfter.Equal(v.by.NotAfter)
		})
		var err error
		var e *wxpay.SignatureError
		if known >= 0 {
			err = verdicts[known].err
		} else if err = keys.Verify(header, body); named &&
			(err == nil || errors.As(err, &e) && e.Check == wxpay.CheckSignature) {
			verdicts = append(verdicts, verdict{by, err})
		}
		switch {
		case err == nil:
			proved = append(proved, keys)
		case errors.As(err, &e) && (refused == nil || refused.Check == wxpay.CheckSerial):
			refused = e // the keys that know the one it names say more
		}
	}
	if proved != nil {
		return proved, nil
	}
	return nil, refused
}

// addressee finds whose an APIv3 notification is: merchants may share an APIv3 key as well, and
// then the one it names counts. It fails where it names another that this receiver has keys of.
func (r *Receiver) addressee(n *Notification, opening []*wxpay.Keys) *Error {
	var named struct {
		SpMchID      wire.Loose `json:"sp_mchid"` // before mchid, which is then a merchant the provider acts for
		CombineMchID wire.Loose `json:"combine_mchid"`
		MchID        wire.Loose `json:"mchid"`
		MchID2       wire.Loose `json:"mch_id"`
		Receiver     struct {
			Account wire.Loose `json:"account"`
		} `json:"receiver"` // of a share, which only they are told of; the others are who gave it
	}
	_ = json.Unmarshal(n.Plaintext, &named) // it is valid JSON, and they take anything
	ids := []wire.Loose{named.Receiver.Account, named.SpMchID, named.CombineMchID, named.MchID, named.MchID2}
	for _, id := range ids {
		for _, keys := range opening {
			if string(id) == keys.MchID() {
				n.MchID = keys.MchID()
				return nil
			}
		}
	}
	for _, keys := range r.keys {
		if slices.Contains(ids, wire.Loose(keys.MchID())) {
			return n.fail(CheckMerchant, http.StatusUnauthorized,
				"it was sealed for merchant "+n.MchID+" and names another that this receiver has keys of", nil)
		}
	}
	for _, keys := range opening {
		if keys.MchID() != n.MchID {
			return n.fail(CheckMerchant, http.StatusInternalServerError, "merchants "+n.MchID+" and "+keys.MchID()+
				" have the same APIv3 key, and it names neither: set a key of its own for each in the merchant console",
				nil)
		}
	}
	return nil
}

// String gives event type and id, so that a notification printed by mistake
// does not spread the payer's data.
func (n Notification) String() string { return n.EventType + " " + n.ID }

// Format prints the same under every verb. Of a Notification in an unexported field of a struct
// of yours, or of a pointer to one, fmt asks no method, nor for %p and %w, which go vet reports,
// and prints the fields: keep what you need.
func (n Notification) Format(f fmt.State, _ rune) { fmt.Fprint(f, n.String()) }

// LogValue is what [log/slog] shows of a notification: no payer's data.
func (n Notification) LogValue() slog.Value {
	return slog.GroupValue(slog.String("event_type", n.EventType), slog.String("id", n.ID))
}

// requestID reads Request-ID, which net/http spells Request-Id. It outlives
// the message in errors, so it must not borrow a buffer of fasthttp.
func requestID(header http.Header) string {
	id := get(header, "Request-Id")
	if id == "" {
		id = get(header, wire.HeaderRequestID)
	}
	return strings.Clone(id)
}

// get is header.Get for a name already in canonical form.
func get(header http.Header, name string) string {
	if v := header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
