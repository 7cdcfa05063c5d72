package sandbox

import (
	"crypto"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/front"
)

func TestRepliesAreEncryptedToTheMerchant(t *testing.T) {
	t.Parallel()
	s := New(t)
	for _, op := range s.engine.Catalogue.Operations() {
		if sealed := op.EncryptedReply(); len(sealed) == 0 || strings.Contains(sealed[0], "*") {
			continue // the first that is not in a list will do
		}
		secrets := front.SecretsOf(op.Reply, []string{op.EncryptedReply()[0]})
		plain := engine.Document{}
		at := plain
		for i, name := range secrets[0].Path {
			if i == len(secrets[0].Path)-1 {
				at[name] = "张三"
				break
			}
			next := engine.Document{}
			at[name], at = next, next
		}
		m := s.engine.Registry.All()[0]
		sealed, err := s.front.SealSecrets(m, secrets, plain.Encode())
		if err != nil {
			t.Fatal(err)
		}
		opened := ""
		front.EditSecrets(engine.DecodeBody(sealed), secrets[0].Path,
			"", func(_, text string) (string, *engine.Refusal) {
				opened, err = wire.DecryptOAEP(m.Private.(crypto.Decrypter), text)
				return opened, nil
			})
		if err != nil || opened != "张三" {
			t.Errorf("%s: opened %q, %v", op.ID(), opened, err)
		}
		return
	}
	t.Fatal("the catalogue has no reply with an encrypted field")
}
