// Command wxpay is the same with wxpay and one family of its typed chain.
package main

import (
	"context"
	"log"
	"os"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/edupapay"
)

func main() {
	key, err := wxpay.LoadPrivateKey(os.Args[1])
	check(err)
	platform, err := wxpay.LoadPublicKey(os.Args[5], os.Args[2])
	check(err)
	c, err := wxpay.New(wxpay.Config{
		MchID: "1900000109", SerialNo: os.Args[3], PrivateKey: key, APIv3Key: wxpay.NewSecret(os.Args[4]),
		PlatformKeys: []wxpay.PlatformKey{platform},
	})
	check(err)
	reply, err := edupapay.Of(c).Contracts.Presign.Post(context.Background(), &edupapay.PresignRequest{
		OpenID: os.Args[6],
	})
	check(err)
	log.Print(reply.PresignToken)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
