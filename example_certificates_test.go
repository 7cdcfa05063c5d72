package wxpay_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// certificateMerchant is a client of a merchant who has WeChat Pay's certificates, without one of
// them.
func certificateMerchant() (*sandbox.Sandbox, *wxpay.Client) {
	wechat := newSandbox()
	if err := wechat.SetKeyMode(wechat.Merchants()[0].MchID, ledger.KeysCertificate); err != nil {
		log.Fatal(err)
	}
	cfg := wechat.ClientConfig()
	cfg.PlatformKeys = nil // downloaded when they are first needed
	c, err := wxpay.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	return wechat, c
}

// A client downloads certificates by itself. By hand it is for a program that saves them, as
// `wxpay certificates` does.
func ExampleClient_Certificates() {
	wechat, c := certificateMerchant()
	defer wechat.Close()

	list, err := c.Certificates(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, certificate := range list {
		fmt.Println(wire.SerialHex(certificate) == c.Keys().Current().ID)
	}

	// A merchant of WeChat Pay's public key has none, and the error says what to do.
	if err := wechat.SetKeyMode(c.MchID(), ledger.KeysPublic); err != nil {
		log.Fatal(err)
	}
	_, err = c.Certificates(context.Background())
	fmt.Println(err)
	// Output:
	// true
	// wxpay: cannot read WeChat Pay's platform certificates: WeChat Pay has none for this merchant (HTTP 404 RESOURCE_NOT_EXISTS); this merchant has WeChat Pay's public key instead: download pub_key.pem in the merchant console, API security (pay.weixin.qq.com), where its id stands too, and give it in PlatformKeys (ParsePublicKey)
}

// The certificates are kept fresh ahead of the calls, until Close.
func ExampleClient_Start() {
	wechat, c := certificateMerchant()
	defer wechat.Close()

	c.Start(func(err error) { log.Print(err) })
	defer c.Close()

	_, err := c.Chain("v3/certificates").Get(context.Background())
	fmt.Println(err)
	// Output: <nil>
}

// The merchant has applied for a new API certificate, and the client goes on with that.
func ExampleClient_Replace() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig()
	c, err := wxpay.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := wechat.ReplaceCertificate(cfg.MchID); err != nil { // in the merchant console
		log.Fatal(err)
	}

	renewed := wechat.ClientConfig() // LoadCertificate and LoadPrivateKey in a program
	cfg.Certificate, cfg.PrivateKey, cfg.SerialNo = renewed.Certificate, renewed.PrivateKey, ""
	if err := c.Replace(cfg); err != nil {
		log.Fatal(err)
	}
	_, err = c.Chain("v3/certificates").Get(context.Background())
	fmt.Println(err)
	// Output: <nil>
}

// How many days are left, as a metric.
func ExampleClient_Expiries() {
	wechat, c := certificateMerchant()
	defer wechat.Close()
	if _, err := c.Certificates(context.Background()); err != nil {
		log.Fatal(err)
	}

	for _, e := range c.Expiries() {
		fmt.Printf("own: %-5t  more than 30 days: %t\n", e.Own, e.Days > 30)
	}
	// Output:
	// own: true   more than 30 days: true
	// own: false  more than 30 days: true
}

// A certificate that came while the program runs is learnt by its number.
func ExampleKeys_Find() {
	wechat, c := certificateMerchant()
	defer wechat.Close()

	for serial := range wechat.PlatformCertificates() {
		key, err := c.Keys().Find(context.Background(), serial)
		fmt.Println(key.ID == serial, err)
	}
	_, err := c.Keys().Find(context.Background(), "PUB_KEY_ID_0119000001092026010100000000000001")
	var e *wxpay.KeyError
	fmt.Println(errors.As(err, &e), err)
	// Output:
	// true <nil>
	// true wxpay: cannot read the platform key PUB_KEY_ID_0119000001092026010100000000000001: it is not known; it is a public key of WeChat Pay's, which no call gives: download pub_key.pem from the merchant console, API security; its id stands beside it; add it to PlatformKeys (ParsePublicKey) beside what is there
}

// A process that only receives takes over what has changed in its settings.
func ExampleKeys_Replace() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig()
	keys, err := wxpay.NewKeys(cfg)
	if err != nil {
		log.Fatal(err)
	}

	next, err := wechat.ResetAPIv3Key(cfg.MchID) // in the merchant console
	if err != nil {
		log.Fatal(err)
	}
	cfg.APIv3Key, cfg.OtherAPIv3Keys = next, []wxpay.Secret{cfg.APIv3Key} // what is under way is sealed with that
	fmt.Println(keys.Replace(cfg))
	// Output: <nil>
}
