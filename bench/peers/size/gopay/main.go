// Command gopay is the same with gopay.
package main

import (
	"context"
	"log"
	"os"

	"github.com/go-pay/gopay"
	"github.com/go-pay/gopay/wechat/v3"
)

func main() {
	key, err := os.ReadFile(os.Args[1])
	check(err)
	platform, err := os.ReadFile(os.Args[2])
	check(err)
	c, err := wechat.NewClientV3("1900000109", os.Args[3], os.Args[4], string(key))
	check(err)
	check(c.AutoVerifySignByPublicKey(platform, os.Args[5]))
	reply, err := c.V3TransactionJsapi(context.Background(), make(gopay.BodyMap).Set("appid", os.Args[6]))
	check(err)
	log.Print(reply.Response.PrepayId)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
