package engine

import (
	"crypto"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

const SandboxName = "wxpay sandbox, not WeChat Pay"

// Prove writes the headers that prove body to be WeChat Pay's, or fail to where
// faults were applied. asked is the Wechatpay-Serial of a request.
func (e *Engine) Prove(h http.Header, m *Merchant, asked string, body []byte, s injected) error {
	id, key := e.Keys.signingKey(m, asked)
	now, signed := e.WireNow(), body
	if s != nil {
		id, key, now, signed = e.signWrongly(m, id, key, now, body, s)
	}
	timestamp, nonce := strconv.FormatInt(now.Unix(), 10), e.Random.nonce()
	message := wire.AppendReplyMessage(make([]byte, 0, 48+len(signed)), timestamp, nonce, signed)
	signature, err := wire.Sign(e.Random, key, message)
	if err != nil {
		return err
	}
	if s.has(fault.Probe) != nil {
		signature = wire.ProbePrefix + e.Random.Roll(Letters, 64)
	}
	if s.has(fault.Stripped) != nil {
		return nil
	}
	h.Set(wire.HeaderTimestamp, timestamp)
	h.Set(wire.HeaderNonce, nonce)
	h.Set(wire.HeaderSignature, signature)
	h.Set(wire.HeaderSerial, id)
	h.Set(wire.HeaderSignatureType, wire.Scheme)
	return nil
}

// signWrongly is how a message is signed that has met faults.
func (e *Engine) signWrongly(m *Merchant, id string, key crypto.Signer, now time.Time, body []byte, s injected) (string,
	crypto.Signer, time.Time, []byte) {
	if s.has(fault.OtherKey) != nil {
		id, key = e.Keys.other(m, id)
	}
	if s.has(fault.WrongSerial) != nil {
		wrong := "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
		if strings.HasPrefix(id, wire.PublicKeyIDPrefix) {
			wrong = wire.PublicKeyIDPrefix + strings.Repeat("0", len(id)-len(wire.PublicKeyIDPrefix))
		}
		id = wrong
	}
	if f := s.has(fault.Stale); f != nil {
		now = now.Add(-f.Delay)
	}
	if f := s.has(fault.Skew); f != nil {
		now = now.Add(f.Delay)
	}
	if s.has(fault.BadSignature) != nil {
		body = append(body[:len(body):len(body)], ' ')
	}
	return id, key, now, body
}
