package inbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// key is a value as a key: ASCII without spaces, of at most 128 characters, so that no collation
// takes two for one and none is cut. What is not like that is hashed, and no plain key looks like a
// hash.
func key(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_|*@.:/=+"
	if s != "" && len(s) <= 64 && s[0] != '=' && strings.Trim(s, plain) == "" {
		return s
	}
	return "=" + hash(s)[:63]
}

// hash is one way, and keeps the parts apart.
func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// token is made for one transaction.
func token() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// now is the clock, in microseconds.
func (b *Box) now() int64 { return b.cfg.Now().UnixMicro() }

// micros is a time as it is stored: 0 where there is none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// typeOf is an event type as it is stored: ASCII, as all of WeChat Pay's are.
func typeOf(n *notify.Notification) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, clip(n.EventType, 128))
}

func clip(s string, n int) string { return wire.Clip(s, n) }
