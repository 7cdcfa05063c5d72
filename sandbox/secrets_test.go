package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/leaktest"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestNothingPrintsAKey(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t)
	m := s.Merchants()[0]
	keys := pinnedKeys(t)
	config := sandbox.Config{Keys: keys, Merchants: []ledger.Merchant{m}}
	line := func(pem string) string { return strings.Split(pem, "\n")[1] }
	secrets := []string{
		m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), line(m.PrivateKey.Reveal()), line(keys.PlatformKey.Reveal()),
		line(keys.PublicKeyKey.Reveal()),
	}
	leaktest.Check(t, m, secrets...)
	leaktest.Check(t, &m, secrets...)
	leaktest.Check(t, *keys, secrets...)
	leaktest.Check(t, keys, secrets...)
	leaktest.Check(t, config, secrets...)
	leaktest.Check(t, s, secrets...)
	leaktest.Check(t, s.ClientConfig(), secrets...)
	leaktest.Check(t, s.Client(), secrets...)
	leaktest.Check(t, s.Payer(openID), secrets...)
	leaktest.Check(t, s.Handler(), secrets...)
	if printed := fmt.Sprintf("%+v", m); !strings.Contains(printed, m.MchID) ||
		!strings.Contains(printed, m.Plans[0].Name) {
		t.Errorf("it does not tell who it is: %s", printed)
	}
	// JSON has them one way only: a merchant is read with its keys.
	var read ledger.Merchant
	if err := json.Unmarshal([]byte(`{"mchid":"1","api_v3_key":"`+m.APIv3Key.Reveal()+`"}`), &read); err != nil ||
		read.APIv3Key.Reveal() != m.APIv3Key.Reveal() {
		t.Errorf("read %v, %v", read, err)
	}
}
