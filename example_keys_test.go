package wxpay_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// What a notification goes through: verified over the bytes as they came, then
// its resource opened. Package notify does both, and more.
func ExampleKeys_Verify() {
	wechat := newSandbox()
	defer wechat.Close()
	keys := wechat.Client().Keys()

	if err := wechat.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("genuine:", keys.Verify(r.Header, body))
		fmt.Println("touched:", keys.Verify(r.Header, append(body, '\n')) != nil)
		w.WriteHeader(http.StatusNoContent)
	})); err != nil {
		log.Fatal(err)
	}
	reply, err := wechat.Client().Chain("v3/edu-papay/contracts/presign").Post(context.Background(), presign())
	if err != nil {
		log.Fatal(err)
	}
	m, err := reply.Map()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := wechat.Payer("oUpF8uMuAJOM2pxb1Q").Agree(m["presign_token"].(string)); err != nil {
		log.Fatal(err)
	}
	if err := wechat.Settle(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// genuine: <nil>
	// touched: true
}

// A program reads the merchant's values by name: in development those that wxpay sandbox writes.
func ExampleConfigFromEnv() {
	values := map[string]string{ // os.LookupEnv in a program
		"WXPAY_MCHID": "1900000109", "WXPAY_APIV3_KEY": "0123456789abcdef0123456789abcdef",
		"WXPAY_PRIVATE_KEY":   "testdata/vectors/keys/merchant-pkcs8.pem",
		"WXPAY_CERTIFICATE":   "testdata/vectors/keys/merchant-certificate.pem",
		"WXPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_0119000001092026010100000000000001",
		"WXPAY_HOST":          "",
	}
	lookup := func(name string) (string, bool) { v, set := values[name]; return v, set }
	_, err := wxpay.ConfigFromEnv(lookup)
	fmt.Println(err)

	delete(values, "WXPAY_HOST")
	values["WXPAY_PUBLIC_KEY"] = "testdata/vectors/keys/platform-public.pem"
	cfg, err := wxpay.ConfigFromEnv(lookup)
	if err != nil {
		log.Fatal(err)
	}
	c, err := wxpay.New(cfg)
	fmt.Println(c.MchID(), err)
	// Output:
	// wxpay: WXPAY_HOST: it is set, but empty; give a sandbox's address, or leave it unset for WeChat Pay itself
	// 1900000109 <nil>
}

// A sealed resource opens under the APIv3 key it was sealed with and no other.
func ExampleKeys_Open() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig()
	sealer, err := wire.NewAEAD(cfg.APIv3Key.Reveal()) // WeChat Pay's side
	if err != nil {
		log.Fatal(err)
	}
	sealed := sealer.Seal("0123456789ab", "certificate", []byte("-----BEGIN CERTIFICATE-----"))

	plain, err := wechat.Client().Keys().Open("0123456789ab", "certificate", sealed)
	fmt.Println(string(plain), err)
	_, err = wechat.Client().Keys().Open("0123456789ab", "another", sealed)
	fmt.Println(err)
	// Output:
	// -----BEGIN CERTIFICATE----- <nil>
	// wxpay: cannot decrypt: the ciphertext does not open under this key, nonce and associated data: the APIv3 key was changed in the merchant console and not here, or this is the APIv2 key, or the resource is another merchant's; check APIv3Key; OtherAPIv3Keys takes the second while one replaces the other
}
