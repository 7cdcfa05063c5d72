package sandbox

import (
	_ "embed" // the keys under testkeys/
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

func testKeyMaterial() *KeyMaterial {
	return &KeyMaterial{PlatformCertificate: testPlatformCert, PlatformKey: testPlatformKey, PublicKeyKey: testPublicKey}
}

// lendTestKeys gives published keys to the first two merchants that bring none:
// making keys is what would make New slow. Later ones get fresh keys.
func lendTestKeys(merchants []Merchant) {
	pairs := [][2]string{{testMerchantCert, testMerchantKey}, {testSpareCert, testSpareKey}}
	for i := range merchants {
		m := &merchants[i]
		if m.APIv3Key == "" {
			m.APIv3Key = testAPIv3Key
		}
		if m.APIv2Key == "" {
			m.APIv2Key = testAPIv2Key
		}
		if m.Certificate == "" && m.PrivateKey == "" && len(pairs) > 0 {
			m.Certificate, m.PrivateKey = pairs[0][0], pairs[0][1]
			pairs = pairs[1:]
		}
	}
}
