package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// dayWithBusiness has one payment of 1.00 and a refund of 0.40, and ends at ten on
// the next morning.
func dayWithBusiness(t *testing.T, place string, order object, refund object, options ...sandbox.Option) *world {
	t.Helper()
	w := newWorld(t, options...)
	_, err := w.Payer(openID).Pay(w.must("POST", place, order)["prepay_id"].(string))
	w.ok(err)
	w.must("POST", domestic, refund)
	w.ok(w.Advance(time.Minute))
	w.received()
	return w
}

func (w *world) download(bill object, opts ...wxpay.Option) string {
	w.t.Helper()
	text := func(name string) string { return bill[name].(string) }
	plain, err := w.client.Download(context.Background(), text("download_url"), text("hash_type"), text("hash_value"),
		opts...)
	w.ok(err)
	return string(plain)
}

func TestBills(t *testing.T) {
	t.Parallel()
	w := dayWithBusiness(t, directRoot+"jsapi", with(orderBody(), "description", "Tea, green"), refundBody("r1", 40))
	const trade, flow = "v3/bill/tradebill?bill_date=", "v3/bill/fundflowbill?bill_date="
	w.refused(400, "NO_STATEMENT_EXIST", "GET", trade+"2020-09-10", nil)
	w.ok(w.Advance(22 * time.Hour)) // a quarter past eight on the next morning
	w.refused(400, "STATEMENT_CREATING", "GET", trade+"2020-09-10", nil)
	w.ok(w.Advance(2 * time.Hour))
	w.refused(400, "NO_STATEMENT_EXIST", "GET", trade+"2020-09-09", nil)
	w.refused(400, "PARAM_ERROR", "GET", trade+"2020-06-01", nil)
	w.refused(403, "NO_AUTH", "GET", trade+"2020-09-10&sub_mchid=1888888888", nil)
	w.refused(400, "NO_STATEMENT_EXIST", "GET", trade+"2020-09-10&sub_mchid=1230000109", nil)
	w.refused(400, "NO_STATEMENT_EXIST", "GET", flow+"2020-09-10&account_type=FEES", nil)

	for _, packed := range []string{"", "&tar_type=GZIP"} {
		bill := w.must("GET", trade+"2020-09-10"+packed, nil)
		if strings.HasSuffix(bill["download_url"].(string), "&tartype=gzip") != (packed != "") {
			t.Errorf("got %v", bill)
		}
		text := w.download(bill)
		lines := strings.Split(text, "\r\n")
		if len(lines) != 6 || !strings.HasPrefix(lines[0], "交易时间,公众账号ID,") ||
			lines[4] != "`2,`1.00,`0.40,`0.00,`0.00000,`1.00,`0.40" {
			t.Fatalf("got %s", text)
		}
		if !strings.Contains(lines[1], "`20150806125346,") || !strings.Contains(lines[1], "`Tea  green,") ||
			!strings.Contains(lines[2], "`REFUND,") || !strings.Contains(lines[2], "`r1,`0.40,") {
			t.Errorf("got %s", text)
		}
	}
	// The columns are those of what the bill is of.
	// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_6
	const begin = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类," +
		"应结订单金额,代金券金额,"
	for kind, want := range map[string]string{
		"ALL": "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率," +
			"订单金额,申请退款金额,费率备注",
		"SUCCESS": "商品名称,商户数据包,手续费,费率,订单金额,费率备注",
		"REFUND": "退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态," +
			"商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注",
	} {
		text := w.download(w.must("GET", trade+"2020-09-10&bill_type="+kind, nil))
		lines := strings.Split(text, "\r\n")
		if lines[0] != begin+want {
			t.Errorf("%s: the columns are %s", kind, lines[0])
		}
		for _, line := range lines[1 : len(lines)-3] {
			if strings.Count(line, ",`") != strings.Count(lines[0], ",") {
				t.Errorf("%s: %s", kind, line)
			}
		}
		if paid, back := strings.Contains(text, "`SUCCESS,`OTHERS"), strings.Contains(text, "`REFUND,`OTHERS"); paid ==
			(kind == "REFUND") || back == (kind == "SUCCESS") {
			t.Errorf("%s: got %s", kind, text)
		}
	}
	if text := w.download(w.must("GET", trade+"2020-09-10&bill_type=REFUND", nil)); !strings.Contains(text,
		"`2020-09-10 10:00:00,`2020-09-10 10:01:00,") {
		t.Errorf("when it was refunded: got %s", text)
	}
	text := w.download(w.must("GET", flow+"2020-09-10&account_type=BASIC", nil))
	if !strings.HasSuffix(text, "`2,`1,`1.00,`1,`0.40\r\n") || !strings.Contains(text, "`支出,`0.40,`0.60,") {
		t.Errorf("fund flow: got %s", text)
	}
}

// A debit by face that was repaid is in the bill of the day it was repaid on: the merchant had
// nothing of it before, and the bill of a day that is over stays as it is.
func TestARepaymentIsInTheBillOfItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signFace("pupil0001")
	payer := w.Payer(openID)
	w.ok(payer.RunOut())
	code, err := w.ShowFace(w.authInfo(), "pupil0001")
	w.ok(err)
	w.must("POST", debitFace, faceDebit(code, "lunch-1"))
	w.ok(w.Advance(24 * time.Hour))
	const trade = "v3/bill/tradebill?bill_date="
	w.refused(400, "NO_STATEMENT_EXIST", "GET", trade+"2020-09-10", nil)
	w.ok(payer.Fund(1000))
	w.ok(payer.Repay())
	w.ok(w.Advance(24 * time.Hour))
	w.refused(400, "NO_STATEMENT_EXIST", "GET", trade+"2020-09-10", nil)
	if text := w.download(w.must("GET", trade+"2020-09-11", nil)); !strings.Contains(text, "`lunch-1,") {
		t.Errorf("got %s", text)
	}
}

func TestBillDownloads(t *testing.T) {
	t.Parallel()
	w := dayWithBusiness(t, directRoot+"jsapi", orderBody(), refundBody("r1", 40))
	w.ok(w.Advance(24 * time.Hour))
	bill := w.must("GET", "v3/bill/tradebill?bill_date=2020-09-10", nil)
	address, hash := bill["download_url"].(string), bill["hash_value"].(string)
	get := func(address, hash string) error {
		_, err := w.client.Download(context.Background(), address, "SHA1", hash)
		return err
	}
	w.ok(get(address, hash))
	// the host does not matter
	w.ok(get("https://api.mch.weixin.qq.com"+address[strings.Index(address, "/v3/"):], hash))
	var forged *wxpay.SignatureError
	if err := get(address, strings.Repeat("0", 40)); !errors.As(err, &forged) || forged.Check != wxpay.CheckHash {
		t.Errorf("another hash: got %v", err)
	}
	// By its path the same file comes without a hash, and the answer says that nothing proves it.
	r, err := w.client.Chain("v3/billdownload/file").
		Get(context.Background(), wxpay.Query("token", address[strings.Index(address, "=")+1:]))
	if err != nil || r.Verified() || r.Hash() != "" || len(r.Body) == 0 {
		t.Errorf("the chain: got %v, %v", r, err)
	}
	w.refused(400, "INVALID_REQUEST", "GET", "v3/billdownload/file?token=none", nil)

	other, err := w.AddMerchant(ledger.Merchant{MchID: "1700000000", AppIDs: []string{"wx7"}})
	w.ok(err)
	stranger := w.clientOf(other.MchID)
	var e *wxpay.Error
	if _, err := stranger.Download(context.Background(), address, "SHA1", hash); !errors.As(err, &e) ||
		e.Code != "INVALID_REQUEST" || !e.Verified {
		t.Errorf("another merchant: got %v", err)
	}
	w.ok(w.Advance(5 * time.Minute))
	if err := get(address, hash); !errors.As(err, &e) || e.Code != "INVALID_REQUEST" || !e.Verified {
		t.Errorf("too late: got %v", err)
	}
	bare, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	w.ok(err)
	bare.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(bare)
	w.ok(err)
	response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a signature: got %d", response.StatusCode)
	}
}

func TestSubMerchantBills(t *testing.T) {
	t.Parallel()
	w := dayWithBusiness(t, partnerRoot+"jsapi", partnerOrder(), with(refundBody("r1", 40), "sub_mchid", "1230000109"))
	w.ok(w.Advance(24 * time.Hour))
	const asked = "v3/bill/sub-merchant-fundflowbill?bill_date=2020-09-10&sub_mchid=1230000109&account_type=BASIC&algorithm="
	w.refused(400, "INVALID_REQUEST", "GET", asked+"SM4_GCM", nil)
	w.refused(400, "NO_STATEMENT_EXIST", "GET", strings.Replace(asked, "BASIC", "FEES", 1)+wire.Algorithm, nil)
	// not over
	w.refused(400, "NO_STATEMENT_EXIST", "GET", strings.Replace(asked, "09-10", "09-11", 1)+wire.Algorithm, nil)
	for _, packed := range []string{"", "&tar_type=GZIP"} {
		bill := w.must("GET", asked+wire.Algorithm+packed, nil)["download_bill_list"].([]any)[0].(object)
		text := w.download(bill, wxpay.SealedFile(bill["encrypt_key"].(string), bill["nonce"].(string)))
		if !strings.HasSuffix(text, "`2,`1,`1.00,`1,`0.40\r\n") {
			t.Errorf("got %s", text)
		}
		if _, err := w.client.Download(context.Background(), bill["download_url"].(string),
			"SHA1", bill["hash_value"].(string)); !errors.As(err, new(*wxpay.SignatureError)) {
			t.Errorf("without its key: got %v", err)
		}
	}
}

// A file is kept once, however often it is asked for, and for five minutes.
func TestBillsDoNotPileUp(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := dayWithBusiness(t, partnerRoot+"jsapi", partnerOrder(), with(refundBody("r1", 40), "sub_mchid", "1230000109"),
		sandbox.WithStore(kept))
	w.ok(w.Advance(24 * time.Hour))
	files := func(want int) {
		t.Helper()
		w.ok(kept.View(context.Background(), func(tx store.Tx) error {
			rows, err := tx.Find("bill", "", 0)
			if len(rows) != want {
				t.Errorf("%d files are kept, want %d", len(rows), want)
			}
			return err
		}))
	}
	const trade = "v3/bill/tradebill?bill_date=2020-09-10"
	const sealed = "v3/bill/sub-merchant-fundflowbill?bill_date=2020-09-10" +
		"&sub_mchid=1230000109&account_type=BASIC&algorithm=" + wire.Algorithm
	first := w.must("GET", trade, nil)
	w.ok(w.Advance(4 * time.Minute))
	w.must("GET", trade+"&tar_type=GZIP", nil)
	w.must("GET", trade, nil)
	for range 3 {
		bill := w.must("GET", sealed, nil)["download_bill_list"].([]any)[0].(object)
		w.download(bill, wxpay.SealedFile(bill["encrypt_key"].(string), bill["nonce"].(string)))
	}
	w.must("GET", sealed+"&tar_type=GZIP", nil)
	files(3)
	w.ok(w.Advance(4 * time.Minute))
	w.download(first) // asked for again four minutes ago
	w.ok(w.Advance(time.Minute))
	w.must("GET", trade+"&bill_type=REFUND", nil)
	files(1)

	// Older sandboxes said of no file when it is over.
	w.ok(kept.Update(context.Background(), func(tx store.Tx) error {
		_, err := tx.Put("bill", store.Row{ID: "old", Data: []byte(`{"id":"old"}`)})
		return err
	}))
	newWorld(t, sandbox.WithStore(kept))
	files(1)
}

func TestEcho(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.must("POST", "v3/security/echo", object{"echo_message": "hello"}); got["echo_message"] != "hello" ||
		got["encrypted_echo_message"] != nil {
		t.Errorf("got %v", got)
	}
	if got := w.received(); len(got) != 0 {
		t.Errorf("got notifications %v", got)
	}
	result, err := w.client.Chain("v3/security/echo").Post(context.Background(), object{
		"echo_message": "hello", "encrypted_echo_message": "a secret", "notify_url": "https://yourapp.com/echo",
	}, wxpay.Encrypt("/encrypted_echo_message"), wxpay.Decrypt("/encrypted_echo_message"))
	w.ok(err)
	var reply struct {
		Secret string `json:"encrypted_echo_message"`
	}
	w.ok(result.Decode(&reply))
	if reply.Secret != "a secret" || strings.Contains(string(result.Body), "a secret") {
		t.Errorf("got %q in %s", reply.Secret, result.Body)
	}
	got := w.receivedOne("SECURITY_ECHO.SUCCESS")
	// Its sample has an empty associated_data; what was seen of others has the original_type.
	pushes, err := w.Pushes() // https://pay.weixin.qq.com/doc/v3/partner/4019605946
	w.ok(err)
	if said := pushes[len(pushes)-1].Summary; said != "回调通知成功" {
		t.Errorf("the summary is %s", said)
	}
	if got.Path != "/echo" || got.Resource["echo_message"] != "hello" ||
		len(got.Resource["encrypted_echo_message"].(string)) != 344 {
		t.Errorf("SECURITY_ECHO.SUCCESS: got %+v", got)
	}
}

// The files, which the catalogue calls unsigned and does not describe, are what Download takes, and
// its other endpoints are not.
func TestOnlyUnsignedEndpointsAreDownloaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, op := range described(t).Operations() {
		if op.Method != http.MethodGet || strings.Contains(op.Path, "{") {
			continue
		}
		_, err := w.client.Download(context.Background(), wxpay.DefaultHost+op.Path+"?token=x",
			"SHA1", strings.Repeat("0", 40))
		if sent := !errors.As(err, new(*wxpay.RequestError)); sent != !op.Typed() {
			t.Errorf("%s: sent %v, want %v; %v", op.ID(), sent, !op.Typed(), err)
		}
	}
}

// A bill names what was sold and how it was paid as the payment does, of each part of a combined
// one too. What was paid in another currency is in none.
func TestBillsTellPaymentsAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("POST", globalPay, globalDebitBody(w.signGlobal("g1").ID, "hk-1")) // 8.88 HKD
	w.received()
	w.paid(w.must("POST", combineRoot+"jsapi", combinedBody())["prepay_id"])
	w.received()
	c := w.combineContract()
	w.must("POST", combineDebits, combineDebitBody(c, "PD1"))
	w.signFace("pupil0001")
	code, err := w.ShowFace(w.authInfo(), "pupil0001")
	w.ok(err)
	face := w.must("POST", debitFace, faceDebit(code, "lunch-1"))
	w.ok(w.Advance(24 * time.Hour))
	w.received()
	text := w.download(w.must("GET", "v3/bill/tradebill?bill_date=2020-09-10", nil))
	if strings.Count(text, "深圳分店") != 4 || strings.Count(text, "`QQ,") != 2 || strings.Contains(text, "hk-1") ||
		!strings.Contains(strings.Split(text, "`lunch-1,")[1], "`"+face["trade_type"].(string)+",") {
		t.Errorf("got %s", text)
	}
	flow := w.download(w.must("GET", "v3/bill/fundflowbill?bill_date=2020-09-10", nil))
	if strings.Contains(flow, "hk-1") {
		t.Errorf("the fund flow: %s", flow)
	}
}
