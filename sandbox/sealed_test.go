package sandbox

import (
	"crypto"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

func TestRepliesAreEncryptedToTheMerchant(t *testing.T) {
	t.Parallel()
	s := New(t)
	for _, op := range s.engine.catalogue.Operations() {
		if sealed := op.EncryptedReply(); len(sealed) == 0 || strings.Contains(sealed[0], "*") {
			continue // the first that is not in a list will do
		}
		secrets := secretsOf(op.Reply, []string{op.EncryptedReply()[0]})
		plain := document{}
		at := plain
		for i, name := range secrets[0].path {
			if i == len(secrets[0].path)-1 {
				at[name] = "张三"
				break
			}
			next := document{}
			at[name], at = next, next
		}
		m := s.engine.registry.all()[0]
		sealed, err := s.engine.sealSecrets(m, secrets, plain.encode())
		if err != nil {
			t.Fatal(err)
		}
		opened := ""
		editSecrets(decodeBody(sealed), secrets[0].path, "", func(_, text string) (string, *refusal) {
			opened, err = wire.DecryptOAEP(m.private.(crypto.Decrypter), text)
			return opened, nil
		})
		if err != nil || opened != "张三" {
			t.Errorf("%s: opened %q, %v", op.ID(), opened, err)
		}
		return
	}
	t.Fatal("the catalogue has no reply with an encrypted field")
}
