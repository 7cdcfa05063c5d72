package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/eduschoolpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/offlineface"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// tell prints what notifications say.
func tell[E notify.Event](r *notify.Receiver, line func(*E) string) {
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *E) error {
		fmt.Println(line(e))
		return nil
	})
}

// A pupil eats at the canteen, and WeChat Pay pays for parents whose account is
// empty. After two such meals they have to repay before the pupil eats again.
func Example_canteen() {
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 9, 1, 10, 0, 0, 0, beijing)))
	v3, ctx := api.V3(sb.Client()).EduSchoolPay, context.Background()
	r := notify.New(sb.Keys())
	var contract string
	tell(r, func(e *event.PayscoreUserOpenService) string {
		contract = e.ContractID
		return "signed " + e.OutContractCode
	})
	tell(r, func(e *event.PayscoreUserCloseService) string { return "ended " + e.OutContractCode })
	tell(r, func(e *event.TransactionIndustrySuccess) string { return e.OutTradeNo + " paid by " + e.BankType })
	tell(r, func(e *event.TransactionPayBack) string { return e.OutTradeNo + " repaid" })
	tell(r, func(e *event.EduSchoolPayUserDebtStateUpdate) string {
		return fmt.Sprint(e.State, ", owes ", e.DebtCount)
	})
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		panic(err)
	}

	// Sensitive fields are given in clear: the SDK encrypts, the sandbox decrypts.
	session, err := v3.Contracts.Presign.Post(ctx, &eduschoolpay.PresignRequest{
		AppID: sandbox.DefaultEduAppID, OpenID: "oUpF8uMuAJOM2pxb1Q", PlanID: sandbox.DefaultEduPlanID,
		UserID:   "20260901tony",
		SchoolID: sandbox.DefaultSchoolID, OutContractCode: "canteen-tony",
		Identity: &eduschoolpay.PresignRequestIdentity{RealName: "张三", CredentialType: "IDENTITY_CARD"},
	})
	if err != nil {
		panic(err)
	}
	parent := sb.Payer("oUpF8uMuAJOM2pxb1Q")
	if _, err := parent.Agree(session.PresignToken); err != nil {
		panic(err)
	}
	_ = sb.Settle()

	eat := func(meal string) {
		_, err := v3.Transactions.Post(ctx, &eduschoolpay.DebitRequest{
			AppID: sandbox.DefaultEduAppID, SubMchID: "1900000109", Description: "Lunch", OutTradeNo: meal,
			NotifyURL: "https://yourapp.com/debited", ContractID: contract, UserID: "20260901tony",
			Amount: eduschoolpay.DebitRequestAmount{Total: 888, Currency: "CNY"},
			SceneInfo: eduschoolpay.DebitRequestSceneInfo{StartTime: "2026-09-01T12:00:00+08:00",
				SchoolID: sandbox.DefaultSchoolID, SceneType: "CANTEEN"},
		})
		if e := (*wxpay.Error)(nil); errors.As(err, &e) {
			fmt.Println(meal, "refused:", e.Message)
		}
		_ = sb.Advance(time.Hour) // the debit, and the notification of it
	}
	eat("monday")
	_ = parent.RunOut()
	eat("tuesday")
	eat("wednesday")
	eat("thursday")
	_ = parent.Fund(10_000)
	_ = parent.Repay()
	eat("friday")
	_ = parent.Terminate(contract)
	_ = sb.Settle()
	// Output:
	// signed canteen-tony
	// monday paid by OTHERS
	// tuesday paid by BPA
	// NORMAL, owes 1
	// wednesday paid by BPA
	// FORBIDDEN, owes 2
	// thursday refused: 用户欠款超过限制，暂不可扣款
	// tuesday repaid
	// NORMAL, owes 1
	// wednesday repaid
	// NORMAL, owes 0
	// friday paid by OTHERS
	// ended canteen-tony
}

// A pupil without a phone pays by face: a parent signs, the device recognises the
// pupil and hands over an auth_code, and the merchant debits the parent. A debit
// that fails is tried again by the very same call.
func Example_faceAtTheCanteen() {
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 9, 1, 10, 0, 0, 0, beijing)))
	c, ctx := api.V3(sb.Client()), context.Background()
	r := notify.New(sb.Keys())
	tell(r, func(e *event.FacePayUserStateChange) string { // which does not say what the state became
		contract, err := c.OfflineFace.Contracts.ContractID(e.ContractID).Get(ctx, nil)
		if err != nil {
			return err.Error()
		}
		return e.OutUserID + " is " + contract.ContractState
	})
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		panic(err)
	}
	session, err := c.OfflineFace.Contracts.Presign.Post(ctx, &offlineface.PresignRequest{
		BusinessName: "K12", FacePayUser: offlineface.PresignRequestFacePayUser{OutUserID: "tony",
			OrganizationID: sandbox.DefaultOrganizationID},
	})
	if err != nil {
		panic(err)
	}
	parent := sb.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
	if _, err := parent.Agree(session.PresignToken); err != nil {
		panic(err)
	}
	_ = sb.Settle()

	device, err := c.OfflineFace.AuthInfo.Post(ctx, &offlineface.AuthInfoRequest{
		SPAppID: sandbox.DefaultAppID, SubMchID: "1230000109", DeviceID: "till-1", RawData: "x",
		OrganizationID: sandbox.DefaultOrganizationID,
	})
	if err != nil {
		panic(err)
	}
	code, err := sb.ShowFace(device.AuthInfo, "tony")
	if err != nil {
		panic(err)
	}
	debit := func() {
		d, err := c.OfflineFace.Transactions.Post(ctx, &offlineface.DebitRequest{
			AuthCode: code, SPAppID: sandbox.DefaultAppID, SPMchID: sandbox.DefaultMchID, SubMchID: "1230000109",
			OutTradeNo: "monday",
			Amount:     offlineface.Amount{Total: 888, Currency: "CNY"},
			Business:   offlineface.DebitRequestBusiness{BusinessProductID: 2, BusinessSceneID: 6},
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(d.OutTradeNo, d.TradeState, "no money:", d.ErrorType == "NOTENOUGH")
	}
	_ = parent.RunOut()
	debit()
	_ = parent.Fund(888)
	debit()

	user, err := c.OfflineFaceMch.Organizations.OrganizationID(sandbox.DefaultOrganizationID).
		Users.OutUserID.OutUserID("tony").Get(ctx)
	if err != nil {
		panic(err)
	}
	if _, err := c.OfflineFaceMch.Organizations.OrganizationID(sandbox.DefaultOrganizationID).
		Users.UserID.UserID(user.UserID).
		TerminateContract.Post(ctx, nil); err != nil {
		panic(err)
	}
	_ = sb.Settle()
	// Output:
	// tony is CONTRACTED
	// monday PAYERROR no money: true
	// monday SUCCESS no money: false
	// tony is TERMINATED
}
