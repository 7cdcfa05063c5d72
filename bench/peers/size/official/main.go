// Command official is the same with wechatpay-go.
package main

import (
	"context"
	"log"
	"os"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/jsapi"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

func main() {
	key, err := utils.LoadPrivateKeyWithPath(os.Args[1])
	check(err)
	platform, err := utils.LoadPublicKeyWithPath(os.Args[2])
	check(err)
	ctx := context.Background()
	c, err := core.NewClient(ctx, option.WithWechatPayPublicKeyAuthCipher("1900000109", os.Args[3], key, os.Args[4],
		platform))
	check(err)
	service := jsapi.JsapiApiService{Client: c}
	reply, _, err := service.Prepay(ctx, jsapi.PrepayRequest{Appid: core.String(os.Args[5])})
	check(err)
	log.Print(*reply.PrepayId)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
