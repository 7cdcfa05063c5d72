// Command consumer is somebody else's program, in a module of its own: one
// typed call. internal/house checks what it pulls in by importing us.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/edupapay"
)

func main() {
	client, err := wxpay.New(wxpay.Config{MchID: os.Getenv("MCHID")}) // and the keys
	if err == nil {
		_, err = presign(context.Background(), client, os.Getenv("OPENID"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// presign opens a signing session for one parent.
func presign(ctx context.Context, c *wxpay.Client, openID string) (string, error) {
	reply, err := edupapay.Of(c).Contracts.Presign.Post(ctx, &edupapay.PresignRequest{
		AppID: "wx8888888888888888", OpenID: openID, PlanID: "101164396123311331",
		UserID: "20200330tony", PeriodStartDate: "2027-03-19", TradeScene: "EDUCATION_PERIOD",
	})
	if err != nil {
		return "", err
	}
	return reply.PresignToken, nil
}
