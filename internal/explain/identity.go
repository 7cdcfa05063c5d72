package explain

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// beijing is how many seconds Beijing is ahead of UTC.
const beijing = 8 * 60 * 60

// Timestamp says what is wrong with the time of a request, and nothing where it is within five
// minutes of now.
func Timestamp(sent string, now time.Time) Finding {
	seconds, err := strconv.ParseInt(sent, 10, 64)
	window := int64(wire.Window / time.Second)
	switch {
	case err != nil && len(strings.Trim(sent, "0123456789.")) == 0 && strings.Count(sent, ".") == 1:
		return found("timestamp-fraction")
	case err != nil:
		return found("timestamp-not-number")
	case len(sent) == 13:
		return found("timestamp-milliseconds")
	case len(sent) == 16 || len(sent) == 19:
		return found("timestamp-smaller-units", strconv.Itoa(len(sent)))
	}
	// Compared as seconds: a timestamp far outside would overflow a Duration.
	switch off := seconds - now.Unix(); {
	case off >= -window && off <= window:
		return Finding{}
	case off >= beijing-window && off <= beijing+window, off >= -beijing-window && off <= -beijing+window:
		return found("timestamp-eight-hours", strconv.FormatInt(off, 10))
	case off > 0:
		return found("timestamp-ahead", strconv.FormatInt(off, 10))
	default:
		return found("timestamp-behind", strconv.FormatInt(-off, 10))
	}
}

// Owner finds the merchant whose key should have signed a request, by mchid and serial_no, or
// says what is wrong with the two.
func Owner(a wire.Authorization, k Known) (Keys, Finding) {
	own, known := k.merchant(a.MchID)
	serial := strings.ToUpper(a.Serial)
	var owner Keys
	for _, m := range k.Merchants {
		if m.Serial == serial && serial != "" {
			owner = m
		}
	}
	switch {
	case known && owner.MchID == own.MchID:
		return own, Finding{}
	case !known && k.providerOf(a.MchID) != "":
		return Keys{}, found("mchid-of-sub-merchant", a.MchID, k.providerOf(a.MchID))
	case !known && owner.MchID != "":
		return Keys{}, found("mchid-unknown", a.MchID, owner.MchID)
	case !known:
		return Keys{}, found("mchid-and-serial-unknown", a.MchID)
	}
	return own, wrongSerial(a.Serial, owner, own, k)
}

// wrongSerial says whose serial number it is, or how it was written.
func wrongSerial(serial string, owner, own Keys, k Known) Finding {
	for _, c := range own.Former {
		if wire.SameSerial(c.Serial, serial) {
			return found("serial-replaced", c.Serial, own.Serial)
		}
	}
	_, platform := k.platform(serial)
	switch {
	case strings.HasPrefix(serial, wire.PublicKeyIDPrefix):
		return found("serial-public-key-id", own.Serial)
	case platform:
		return found("serial-of-platform", own.Serial)
	case owner.MchID != "":
		return found("serial-of-other-merchant", owner.MchID, own.MchID, own.Serial)
	case wire.SameSerial(serial, own.Serial):
		return found("serial-zeros", own.Serial)
	case sameNumber(serial, own.Serial):
		return found("serial-decimal", own.Serial)
	case undressed(serial) == own.Serial:
		return found("serial-dressed", own.Serial)
	}
	return found("serial-unknown", own.MchID, own.Serial)
}

// sameNumber compares a decimal number with a hexadecimal one.
func sameNumber(decimal, hexadecimal string) bool {
	if len(decimal) > 64 {
		return false
	}
	a, ok := new(big.Int).SetString(decimal, 10)
	b, fine := new(big.Int).SetString(hexadecimal, 16)
	return ok && fine && a.Cmp(b) == 0
}

// undressed is a serial number without what tools print around and between its digits.
func undressed(serial string) string {
	serial = strings.ToUpper(serial)
	for _, prefix := range []string{"SERIAL=", "SERIAL:", "0X"} {
		serial = strings.TrimPrefix(serial, prefix)
	}
	return strings.NewReplacer(":", "", "-", "", " ", "").Replace(serial)
}

// Call says what is wrong with a request of APIv3, by its Authorization header's values: how they
// are written, the time, who is named, the signature. It is nothing where all is right. What cannot
// be parsed is looked into all the same, as far as it can be read.
func Call(r Request, authorization []string, k Known, now time.Time) Finding {
	a, written := Authorization(authorization)
	if written.Found() && slices.Contains([]string{a.MchID, a.Nonce, a.Timestamp, a.Serial, a.Signature}, "") {
		return written
	}
	r.Authorization = a
	wrong := Timestamp(a.Timestamp, now)
	if !wrong.Found() {
		var own Keys
		if own, wrong = Owner(a, k); !wrong.Found() {
			wrong = Signature(r, own, k)
			of := written.ID == "auth-field-characters" && written.Values[0] == "signature"
			if of && strings.HasPrefix(wrong.ID, "signature-") && wrong.ID != "signature-not-base64" {
				return wrong // which says what those characters are
			}
		}
	}
	if written.Found() {
		return written.and(wrong.known())
	}
	return wrong
}
