package sandbox

import (
	_ "embed" // the keys under testkeys/

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// THESE KEYS ARE PUBLIC AND WORTHLESS. Everybody has them; testkeys/README.md
// says why they are here. [New] uses them, [Start] does not.
var (
	//go:embed testkeys/platform_cert.pem
	testPlatformCert string
	//go:embed testkeys/platform_key.pem
	testPlatformKey string
	//go:embed testkeys/public_key.pem
	testPublicKey string
	//go:embed testkeys/merchant_cert.pem
	testMerchantCert string
	//go:embed testkeys/merchant_key.pem
	testMerchantKey string
	//go:embed testkeys/spare_cert.pem
	testSpareCert string
	//go:embed testkeys/spare_key.pem
	testSpareKey string
)

// These are as public as the rest.
const (
	testAPIv3Key = "PublicAndWorthlessAPIv3KeyOfTest"
	testAPIv2Key = "PublicAndWorthlessAPIv2KeyOfTest"
)

func testKeyMaterial() *ledger.KeyMaterial {
	return &ledger.KeyMaterial{PlatformCertificate: testPlatformCert, PlatformKey: wxpay.NewSecret(testPlatformKey),
		PublicKeyKey: wxpay.NewSecret(testPublicKey)}
}

// lendTestKeys gives published keys to the first two merchants that bring none:
// making keys is what would make New slow. Later ones get fresh keys. APIv3 and
// APIv2 keys are each merchant's own, as they are in the world: a test that mixes
// them up must fail.
func lendTestKeys(merchants []ledger.Merchant) {
	pairs := [][2]string{{testMerchantCert, testMerchantKey}, {testSpareCert, testSpareKey}}
	for i := range merchants {
		m := &merchants[i]
		if m.APIv3Key.IsZero() {
			m.APIv3Key = testKey(testAPIv3Key, m.MchID, i)
		}
		if m.APIv2Key.IsZero() {
			m.APIv2Key = testKey(testAPIv2Key, m.MchID, i)
		}
		if m.Certificate == "" && m.PrivateKey.IsZero() && len(pairs) > 0 {
			m.Certificate, m.PrivateKey = pairs[0][0], wxpay.NewSecret(pairs[0][1])
			pairs = pairs[1:]
		}
	}
}

// testKey is the first merchant's key as it is published, and another's with its
// own number at the end.
func testKey(published, mchid string, i int) wxpay.Secret {
	if i > 0 && len(mchid) < len(published) {
		published = published[:len(published)-len(mchid)] + mchid
	}
	return wxpay.NewSecret(published)
}
