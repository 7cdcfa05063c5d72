package engine

import (
	"crypto"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
)

const SandboxName = "wxpay sandbox, not WeChat Pay"

// Prove writes the headers that prove body to be WeChat Pay's, or fail to where
// faults were applied. asked is the Wechatpay-Serial of a request.
func (e *Engine) Prove(h http.Header, m *registry.Merchant, asked, nonce string, body []byte,
	s armed.Injected) error {
	id, key := e.Keys.SigningKey(m, asked)
	now, signed := e.WireNow(), body
	if s != nil {
		id, key, now, signed = e.signWrongly(m, id, key, now, body, s)
	}
	timestamp := strconv.FormatInt(now.Unix(), 10)
	message := wire.AppendReplyMessage(make([]byte, 0, 48+len(signed)), timestamp, nonce, signed)
	signature, err := wire.Sign(e.Random, key, message)
	if err != nil {
		return err
	}
	if s.Has(fault.Probe) != nil {
		signature = wire.ProbePrefix + e.Random.Roll(random.Letters, 64)
	}
	if s.Has(fault.Stripped) != nil {
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
func (e *Engine) signWrongly(m *registry.Merchant, id string, key crypto.Signer, now time.Time, body []byte,
	s armed.Injected) (string,
	crypto.Signer, time.Time, []byte) {
	if s.Has(fault.OtherKey) != nil {
		id, key = e.Keys.Other(m, id)
	}
	if s.Has(fault.WrongSerial) != nil {
		wrong := "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
		if strings.HasPrefix(id, wire.PublicKeyIDPrefix) {
			wrong = wire.PublicKeyIDPrefix + strings.Repeat("0", len(id)-len(wire.PublicKeyIDPrefix))
		}
		id = wrong
	}
	if f := s.Has(fault.Stale); f != nil {
		now = now.Add(-f.Delay)
	}
	if f := s.Has(fault.Skew); f != nil {
		now = now.Add(f.Delay)
	}
	if s.Has(fault.BadSignature) != nil {
		body = append(body[:len(body):len(body)], ' ')
	}
	return id, key, now, body
}
