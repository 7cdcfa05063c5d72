package sandbox_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

func TestNothingPrintsAKey(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t)
	m := s.Merchants()[0]
	keys := pinnedKeys(t)
	config := sandbox.Config{Keys: keys, Merchants: []sandbox.Merchant{m}}
	anywhere := struct {
		M *sandbox.Merchant
		K any
	}{&m, *keys}
	secrets := []string{m.APIv3Key, m.APIv2Key, strings.Split(m.PrivateKey, "\n")[1], strings.Split(keys.PlatformKey, "\n")[1], strings.Split(keys.PublicKeyKey, "\n")[1]}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{m, &m, keys, *keys, config, &config, s, anywhere, s.Merchants(), s.ClientConfig()} {
			printed := fmt.Sprintf(verb, v)
			for _, secret := range secrets {
				if strings.Contains(printed, secret) || strings.Contains(printed, fmt.Sprintf("%x", secret)) {
					t.Errorf("%s of %T prints a key", verb, v)
				}
			}
		}
	}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "merchant", m, "pointer", &m, "keys", keys, "material", *keys)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("m", "merchant", m, "pointer", &m, "keys", keys, "config", config)
	for _, secret := range secrets {
		if strings.Contains(logged.String(), secret) {
			t.Error("a key is in the log")
		}
	}
	if printed := fmt.Sprintf("%+v", m); !strings.Contains(printed, m.MchID) || !strings.Contains(printed, m.Plans[0].Name) {
		t.Errorf("it does not tell who it is: %s", printed)
	}
}
