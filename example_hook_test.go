package wxpay_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Every call is a line: here one that WeChat Pay failed to answer at first, and that the client
// sent again.
func ExampleLogTo() {
	wechat := newSandbox()
	defer wechat.Close()
	if err := wechat.Inject(fault.Fault{Name: fault.Error, Endpoint: "*"}); err != nil {
		log.Fatal(err)
	}
	short := func(_ []string, a slog.Attr) slog.Attr { // of what a line has
		switch a.Key {
		case slog.MessageKey, "status", "code", "outcome", "attempt", "attempts":
			return a
		}
		return slog.Attr{}
	}
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: short})

	cfg := wechat.ClientConfig()
	cfg.Hook = wxpay.LogTo(slog.New(handler))
	cfg.Attempts = wxpay.DefaultAttempts                                 // a sandbox's client sends once
	cfg.Wait = func(context.Context, time.Duration) error { return nil } // so that the example is quick
	c, err := wxpay.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	_, _ = c.Chain("v3/pay/transactions/out-trade-no/{out_trade_no}").Get(context.Background(),
		wxpay.Path("out_trade_no", "T20260901"), wxpay.Query("mchid", sandbox.DefaultMchID))
	// Output:
	// msg="WeChat Pay call, one attempt" status=500 code=SYSTEM_ERROR outcome=unknown attempt=1
	// msg="WeChat Pay call, one attempt" status=404 code=ORDER_NOT_EXIST outcome=refused attempt=2
	// msg="WeChat Pay call" status=404 code=ORDER_NOT_EXIST outcome=refused attempts=2
}

// One attempt and no more: whatever becomes of it is the caller's to settle.
func ExampleAttempts() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig()
	cfg.Attempts = wxpay.DefaultAttempts
	c, err := wxpay.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := wechat.Inject(fault.Fault{Name: fault.Error, Endpoint: "*", Committed: true}); err != nil {
		log.Fatal(err)
	}
	_, err = c.Chain("v3/edu-papay/contracts/presign").Post(context.Background(), presign(), wxpay.Attempts(1))
	journal, _ := wechat.Journal(0, 0)
	fmt.Println(len(journal), wxpay.OutcomeUnknown(err))
	// Output:
	// 1 true
}
