package random

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Random makes the numbers WeChat Pay makes up, in the shapes of the documented
// samples. Its randomness is injected, so that a seeded sandbox repeats itself.
type Random struct {
	mu   sync.Mutex
	rand io.Reader
}

const (
	Decimal  = "0123456789"
	LowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"
	Letters  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Read makes random the source of the signatures' and nonces' randomness too.
func (d *Random) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return io.ReadFull(d.rand, p)
}

// Roll draws n characters of the alphabet.
func (d *Random) Roll(alphabet string, n int) string {
	raw := make([]byte, n)
	if _, err := d.Read(raw); err != nil {
		// Without randomness there are no nonces and no signatures either.
		panic(fmt.Sprintf("sandbox: the source of randomness failed: %v", err))
	}
	for i, b := range raw {
		// The slight bias of the remainder does no harm to made-up numbers.
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw)
}

func Day(t time.Time) string { return t.In(wire.Beijing).Format("20060102") }

// ContractID is 18 digits that begin with the day: 202102285929035611.
func (d *Random) ContractID(now time.Time) string { return Day(now) + d.Roll(Decimal, 10) }

// LongContractID is "Wx" and 26 digits.
func (d *Random) LongContractID(now time.Time) string { return "Wx" + Day(now) + d.Roll(Decimal, 18) }

// CampusContractID is 28 digits, like 2045011120563805041758214605.
func (d *Random) CampusContractID(now time.Time) string { return Day(now) + d.Roll(Decimal, 20) }

// FaceContractID is CI and 16 letters and digits, like CI8CD208Z7e9906f89.
func (d *Random) FaceContractID(time.Time) string { return "CI" + d.Roll(Letters, 16) }

// PreEntrustWebID is 29 letters and digits, like 5778aadY9nltAsZzXixCkFIGYnV2V.
func (d *Random) PreEntrustWebID(time.Time) string { return d.Roll(Decimal, 4) + d.Roll(Letters, 25) }

// PresignToken has the 42 characters of the documented sample, ten more than
// the same page allows: a client that enforces the 32 would break on the real one.
func (d *Random) PresignToken(time.Time) string { return d.Roll(LowerHex, 42) }

// SessionID is 18 digits that begin with the day, like 201710180325670965.
func (d *Random) SessionID(now time.Time) string { return Day(now) + d.Roll(Decimal, 10) }

// PrepayID is wx, the second and 20 characters.
func (d *Random) PrepayID(now time.Time) string {
	return "wx" + now.In(wire.Beijing).Format("20060102150405") + d.Roll(LowerHex, 16) + "0000"
}

// Link is what an order is paid through where its reply has no prepay_id.
func (d *Random) Link(t ledger.TradeType, prepayID string) string {
	switch t {
	case ledger.TradeNative:
		return "weixin://wxpay/bizpayurl?pr=" + d.Roll(Letters, 9)
	case ledger.TradeH5:
		return "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=" + prepayID + "&package=" +
			d.Roll(Decimal, 10)
	}
	return ""
}

// PaymentCode is the 18 digits of a payer's payment code.
func (d *Random) PaymentCode() string { return "13" + d.Roll(Decimal, 16) }

// TransactionID is 28 digits with the day in the middle.
func (d *Random) TransactionID(now time.Time) string {
	return "42" + d.Roll(Decimal, 8) + Day(now) + d.Roll(Decimal, 10)
}

// RefundID is 28 digits that begin with 50.
func (d *Random) RefundID(now time.Time) string {
	return "50" + d.Roll(Decimal, 8) + Day(now) + d.Roll(Decimal, 10)
}

// EventID has the shape of a version-5 UUID, as every notification of the real one that was seen:
// 871e11be-c6cb-5610-970a-10d46a984aad. The pages print EV- and digits.
func (d *Random) EventID() string {
	var id [16]byte
	if _, err := d.Read(id[:]); err != nil {
		panic(fmt.Sprintf("sandbox: the source of randomness failed: %v", err))
	}
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// RequestID is 40 hexadecimal digits that begin with 08, and the internal code: 0 for success, see
// [Refusal].
func (d *Random) RequestID(code int) string {
	return fmt.Sprintf("08%s-%d", d.Roll(upperHex, 38), code)
}

// Nonce is 32 hexadecimal digits, as in replies.
func (d *Random) Nonce() string { return d.Roll(LowerHex, 32) }

// PushNonce is 32 letters and digits, as in notifications.
func (d *Random) PushNonce() string { return d.Roll(Letters, 32) }

// Chance is true with probability p.
func (d *Random) Chance(p float64) bool {
	var raw [4]byte
	if _, err := d.Read(raw[:]); err != nil {
		panic(fmt.Sprintf("sandbox: the source of randomness failed: %v", err))
	}
	return float64(binary.BigEndian.Uint32(raw[:]))/(1<<32) < p
}

// New draws from a source.
func New(from io.Reader) *Random { return &Random{rand: from} }
