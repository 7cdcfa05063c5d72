package engine

import (
	"net/http"
	"strconv"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

const SandboxName = "wxpay sandbox, not WeChat Pay"

// sign writes the headers that prove body to be WeChat Pay's, or fail to where
// faults were applied. asked is the Wechatpay-Serial of a request.
func (e *Engine) sign(h http.Header, m *Merchant, asked string, body []byte, s injected) error {
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

// setText writes a header that may hold anything, made fit for one line.
func setText(h http.Header, name, text string) {
	if text != "" {
		h.Set(name, OneLine(text, ShownLine))
	}
}
