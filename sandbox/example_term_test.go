package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/refund"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A school term, from September to January: the tuition of each month is
// announced two days ahead and debited on the 10th. In November the parent has
// no money, and is debited the day after under a new number: the notice is good
// for three days. Half of December's lessons fall out and are refunded. In the end
// the parent terminates.
func Example_schoolTerm() {
	if err := aTermAtSchool(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// signed 2026-09-01
	// 2026-09-10 month-09-1 paid 88000
	// 2026-10-10 month-10-1 paid 88000
	// month-11-1: 余额不足
	// 2026-11-11 month-11-2 paid 88000
	// 2026-12-10 month-12-1 paid 88000
	// refunded 44000 of month-12-1
	// 2027-01-10 month-01-1 paid 88000
	// released 2027-01-20
}

// college is the program under test.
type college struct {
	api      api.V3Tree
	contract string // contract_id, from the notification of the signing
	failed   bool   // the last debit
	out      io.Writer
}

func aTermAtSchool(out io.Writer) error {
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 10, 0, 0, 0, beijing)
	}
	sb := sandbox.New(t, sandbox.At(day(2026, 9, 1)))
	defer sb.Close()
	c := &college{api: api.V3(sb.Client()), out: out}
	if err := sb.Receive("https://yourapp.com", c.receiver(sb)); err != nil {
		return err
	}
	until := func(at time.Time) error { return sb.Advance(at.Sub(sb.Clock().Now())) }

	session, err := c.api.EduPapay.Contracts.Presign.Post(context.Background(), &edupapay.PresignRequest{
		AppID: sandbox.DefaultEduAppID, OpenID: "oUpF8uMuAJOM2pxb1Q", PlanID: sandbox.DefaultEduPlanID,
		UserID: "20260901tony", PeriodStartDate: "2026-09-10", TradeScene: "EDUCATION_PERIOD",
	})
	if err != nil {
		return err
	}
	parent := sb.Payer("oUpF8uMuAJOM2pxb1Q")
	if _, err := parent.Agree(session.PresignToken); err != nil {
		return err
	}
	if err := sb.Settle(); err != nil {
		return err
	}

	for month := range 5 {
		due := day(2026, time.September+time.Month(month), 10)
		if due.Month() == time.November {
			if err := parent.RunOut(); err != nil {
				return err
			}
		}
		if err := until(due.AddDate(0, 0, -2)); err != nil {
			return err
		}
		if err := c.announce(); err != nil {
			return err
		}
		for try := 1; try == 1 || c.failed; try++ {
			if try > 1 {
				due = due.AddDate(0, 0, 1)
				if err := parent.Fund(1_000_000); err != nil {
					return err
				}
			}
			if err := until(due); err != nil {
				return err
			}
			if err := c.debit(fmt.Sprintf("month-%02d-%d", due.Month(), try)); err != nil {
				return err
			}
			if err := sb.Advance(time.Minute); err != nil { // the debit, and the notification of it
				return err
			}
		}
		if due.Month() == time.December {
			if err := c.refund("month-12-1", 44000); err != nil {
				return err
			}
			if err := sb.Advance(24 * time.Hour); err != nil {
				return err
			}
		}
	}
	if err := until(day(2027, 1, 20)); err != nil {
		return err
	}
	if err := parent.Terminate(c.contract); err != nil {
		return err
	}
	return sb.Settle()
}

// receiver is what the school does with notifications.
func (c *college) receiver(sb *sandbox.Sandbox) *notify.Receiver {
	r := notify.New(sb.Keys())
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustSigning) error {
		c.contract = e.ContractInformation.ContractID
		fmt.Fprintln(c.out, "signed", e.ContractInformation.CreateTime[:10])
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.TransactionSuccess) error {
		c.failed = false
		fmt.Fprintln(c.out, e.SuccessTime[:10], e.OutTradeNo, "paid", e.Amount.Total)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.TransactionFail) error {
		c.failed = true
		fmt.Fprintf(c.out, "%s: %s\n", e.OutTradeNo, e.TradeStateDescription)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.RefundSuccess) error {
		fmt.Fprintln(c.out, "refunded", e.Amount.Refund, "of", e.OutTradeNo)
		return nil
	})
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.EntrustRelease) error {
		fmt.Fprintln(c.out, "released", n.CreateTime.In(beijing).Format(time.DateOnly))
		return nil
	})
	return r
}

// announce has WeChat Pay tell the parent of a debit, 1 to 3 days ahead.
func (c *college) announce() error {
	_, err := c.api.EduPapay.UserNotifications.ContractID(c.contract).Send.Post(context.Background(),
		&edupapay.SendNoticeRequest{
			AppID: sandbox.DefaultEduAppID,
		})
	return err
}

// debit asks for a month's tuition. No error means that it was accepted; what
// comes of it is notified.
func (c *college) debit(outTradeNo string) error {
	_, err := c.api.EduPapay.Transactions.Post(context.Background(), &edupapay.DebitRequest{
		AppID: sandbox.DefaultEduAppID, Body: "Tuition", OutTradeNo: outTradeNo,
		NotifyURL:  "https://yourapp.com/debited",
		ContractID: c.contract, TradeScene: "EDUCATION_PERIOD", Amount: edupapay.DebitRequestAmount{Total: 88000,
			Currency: "CNY"},
		DeviceInformation: edupapay.DeviceInformation{DeviceIP: "14.23.150.211"},
	})
	return err
}

// refund gives part of a month back, in fen.
func (c *college) refund(outTradeNo string, amount int64) error {
	_, err := c.api.Refund.Domestic.Refunds.Post(context.Background(), &refund.RefundRequest{
		OutTradeNo: outTradeNo, OutRefundNo: outTradeNo + "-half", NotifyURL: "https://yourapp.com/refunded",
		Amount: refund.RefundRequestAmount{Refund: amount, Total: 88000, Currency: "CNY"},
	})
	return err
}
