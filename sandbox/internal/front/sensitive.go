package front

import (
	"crypto"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Sensitive fields travel RSA-OAEP encrypted: those of requests under the key of
// WeChat Pay's that Wechatpay-Serial names, those of replies under the merchant's
// certificate. Behaviours see and write them in clear.
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/sensitive-data-encryption.html

// secret is one field of an endpoint that travels encrypted.
type secret struct {
	Path  []string // "*" stands for every element of a list
	field *catalogue.Field
}

func SecretsOf(object *catalogue.Field, pointers []string) []secret {
	out := make([]secret, 0, len(pointers))
	for _, pointer := range pointers {
		s := secret{Path: strings.Split(strings.TrimPrefix(pointer, "/"), "/"), field: object}
		for _, name := range s.Path {
			if name == "*" {
				s.field = s.field.Items
			} else {
				s.field = s.field.Field(name)
			}
		}
		out = append(out, s)
	}
	return out
}

// openSecrets decrypts a body in place and checks the plain strings against the
// catalogue. It says whether there was anything to decrypt.
func (fr *Front) openSecrets(x *exchange, secrets []secret, body map[string]any) (opened bool,
	refused *engine.Refusal) {
	serial := x.request.Header.Get(wire.HeaderSerial)
	for _, s := range secrets {
		refused := EditSecrets(body, s.Path, "", func(pointer, sealed string) (string, *engine.Refusal) {
			opened = true
			key, ok := opener(fr.Keys, x.merchant, serial).(crypto.Decrypter)
			if !ok {
				return "", unknownSerial(serial)
			}
			plain, err := wire.DecryptOAEP(key, sealed)
			if err != nil {
				return "", undecryptable(pointer)
			}
			if v := s.field.CheckText(pointer, plain); v != nil {
				return "", engine.ParamError(v).Hinting("decrypted, " + v.Error())
			}
			return plain, nil
		})
		if refused != nil {
			return opened, refused
		}
	}
	return opened, nil
}

// SealSecrets encrypts a reply's secrets to the merchant.
func (fr *Front) SealSecrets(m *registry.Merchant, secrets []secret, reply []byte) ([]byte, error) {
	body := engine.DecodeBody(reply)
	var failed error
	for _, s := range secrets {
		EditSecrets(body, s.Path, "", func(_, plain string) (string, *engine.Refusal) {
			sealed, err := wire.EncryptOAEP(fr.Random, m.RSA, plain)
			if err != nil {
				failed = err
			}
			return sealed, nil
		})
	}
	return rows.EncodeJSON(body), failed
}

// leaveSecretsOut has no refusal repeat the value of a sensitive field, or of one that usually is:
// it may have been sent in clear, as a number or within a list.
func (fr *Front) leaveSecretsOut(x *exchange) {
	if x.refused == nil {
		return
	}
	v, ok := x.refused.Detail.(*catalogue.Violation)
	if !ok {
		return
	}
	names := fr.sealedNames(x.op)
	if slices.ContainsFunc(strings.Split(v.Field, "/"),
		func(name string) bool { return slices.Contains(names, name) }) {
		v.Value = nil
	}
}

// EditSecrets replaces the strings at a path; what is not there is left alone.
func EditSecrets(node any, path []string, at string, edit func(pointer, text string) (string,
	*engine.Refusal)) *engine.Refusal {
	switch n := node.(type) {
	case map[string]any:
		at += "/" + path[0]
		if len(path) > 1 {
			return EditSecrets(n[path[0]], path[1:], at, edit)
		}
		text, ok := n[path[0]].(string)
		if !ok {
			return nil
		}
		edited, refused := edit(at, text)
		n[path[0]] = edited
		return refused
	case []any:
		for i, element := range n {
			if refused := EditSecrets(element, path[1:], at+"/"+strconv.Itoa(i), edit); refused != nil {
				return refused
			}
		}
	}
	return nil
}

// opener is the key behind a Wechatpay-Serial, nil when the merchant has none
// such. A certificate that was rotated out still opens what was sealed with it.
func opener(k *registry.PlatformKeys, m *registry.Merchant, serial string) crypto.Signer {
	if serial == m.PublicKeyID && m.KeyMode != ledger.KeysCertificate {
		return k.PublicKey
	}
	if m.KeyMode == ledger.KeysPublic {
		return nil
	}
	if serial == k.Serial {
		return k.CertKey
	}
	if rotated := k.Rotated.Load(); rotated != nil {
		for _, c := range *rotated {
			if c.Serial == serial {
				return c.Key
			}
		}
	}
	return nil
}

func unknownSerial(serial string) *engine.Refusal {
	if serial == "" {
		return engine.BadParam("HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)").
			Hinting("the body has encrypted fields: send Wechatpay-Serial with the id of the key they are " +
				"encrypted with")
	}
	return engine.BadParam("平台证书序列号Wechatpay-Serial错误").
		Hinting("no key of this merchant's has this id: encrypt with the key you verify replies with, and name it")
}

func undecryptable(pointer string) *engine.Refusal {
	return engine.BadParam("请确认待处理的消息是否为加密后的密文").Hinting(pointer +
		" is not RSA-OAEP (SHA-1, no label, Base64) under the key named in Wechatpay-Serial: sent in " +
		"clear, or encrypted with another key")
}

// sealedMembers are those and what else an endpoint has travel encrypted, in
// either direction, by endpoints that have such.
func (fr *Front) sealedMembers() map[*catalogue.Operation][]string {
	out := map[*catalogue.Operation][]string{}
	for _, op := range fr.Catalogue.Operations() {
		names := slices.Clip(redact.UsuallySealed)
		for _, pointer := range append(op.EncryptedBody(), op.EncryptedReply()...) {
			if name := path.Base(pointer); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) > len(redact.UsuallySealed) {
			out[op] = names
		}
	}
	return out
}

func (fr *Front) sealedNames(op *catalogue.Operation) []string {
	if names := fr.sealed()[op]; names != nil {
		return names
	}
	return redact.UsuallySealed
}
