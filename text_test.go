package wxpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/payv2"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

const foreignBill = "Transaction time,Official account ID,Vendor ID,Sub vendor ID,Device ID,Wechat order number," +
	"Vendor order number,User tag,Transaction type,Transaction status,Payment bank,Currency type\r\n`2020-09-10 10:00:00,`wx1," +
	"`1,`0,`,`42,`T1,`o,`JSAPI,`SUCCESS,`OTHERS,`CNY\r\nTotal transactions\r\n`1\r\n"

// wholeBill has two payments, and what they come to.
const wholeBill = "交易时间,商户订单号\r\n`2020-09-10 10:00:00,`T1\r\n`2020-09-10 10:00:01,`T2\r\n" +
	"总交易单数,应结订单总金额\r\n`2,`0.02\r\n"

// billClient answers every call with these bytes.
func billClient(t *testing.T, status int, body string) *wxpay.Client {
	t.Helper()
	return billOf(t, func() *http.Response {
		h := http.Header{}
		h.Set(wire.HeaderRequestID, "08F5-0")
		return reply(status, h, body)
	})
}

func askForBill(c *wxpay.Client) (*wxpay.Result, error) {
	return c.Chain("v2/pay/downloadbill").Post(bg, map[string]string{"appid": "wx1", "bill_date": "20200910"})
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ came, want string }{
		"plain":                 {wholeBill, wholeBill},
		"gzipped":               {gzipped(wholeBill), wholeBill},
		"with a mark of UTF-8":  {"\ufeff" + wholeBill, "\ufeff" + wholeBill},
		"in English":            {foreignBill, foreignBill},
		"of a day with nothing": {"交易时间,商户订单号\r\n总交易单数\r\n`0\r\n", "交易时间,商户订单号\r\n总交易单数\r\n`0\r\n"},
	} {
		client := billClient(t, 200, c.came)
		r, err := askForBill(client)
		if err != nil || string(r.Text()) != c.want || string(r.Body) != c.came || r.Verified() || r.RequestID() == "" {
			t.Errorf("%s: got %v, %v", name, r, err)
			continue
		}
		var decoded *wxpay.DecodeError
		if err := r.Decode(new(queryOut)); !errors.As(err, &decoded) || !strings.Contains(err.Error(), "Result.Text") {
			t.Errorf("%s: decoded: %v", name, err)
		}
		if m, err := r.Map(); m != nil || !errors.As(err, &decoded) {
			t.Errorf("%s: as a map: %v, %v", name, m, err)
		}
		reply, err := payv2.Of(client).DownloadBill.PostAsync(bg,
			&payv2.DownloadBillRequest{AppID: "wx1", BillDate: "20200910"}).Wait(bg)
		if err != nil || string(reply.Text()) != c.want || string(reply.RawJSON()) != c.came || reply.Verified() {
			t.Errorf("%s, typed: got %v, %v", name, reply, err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if printed := fmt.Sprintf(verb+verb, r, reply); strings.Contains(printed, "2020-09-10") {
				t.Errorf("%s prints %s", verb, printed)
			}
		}
	}
	if got := (*wxpay.Result)(nil).Text(); got != nil {
		t.Errorf("a nil result has %q", got)
	}
	if got := (*wxpay.Text)(nil).Text(); got != nil || new(wxpay.Text).Text() != nil {
		t.Errorf("a nil reply has %q", got)
	}
}

// What is no bill does not pass for one, and says what it is.
func TestWhatIsNoBill(t *testing.T) {
	t.Parallel()
	const page = "<html>\r\n`a,b\r\n</html>"
	bill := func(fields wire.Fields) string { return string(fields.XML()) }
	signed := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS"}
	signed["sign"] = signed.Digest(testAPIv2Key, wire.SignMD5)
	none := bill(wire.Fields{"return_code": "FAIL", "return_msg": "No Bill Exist", "error_code": "20002"})
	unnumbered := bill(wire.Fields{"return_code": "FAIL", "return_msg": "x"})
	const gateway = "the answer is not WeChat Pay's bill"
	for name, c := range map[string]struct {
		status        int
		body          string
		code, message string
		temporary     bool
	}{
		"none":                     {200, none, "20002", "No Bill Exist", false},
		"none, packed":             {200, gzipped(none), "", gateway, false},
		"WeChat Pay failed":        {200, strings.Replace(none, "20002", "100", 1), "100", "No Bill Exist", true},
		"without a number":         {200, unnumbered, "FAIL", "x", false},
		"a gateway's page":         {200, page, "", gateway, false},
		"a gateway's page, packed": {200, gzipped(page), "", gateway, false},
		"a gateway's error":        {502, page, "", gateway, true},
		"a bill with an error":     {502, wholeBill, "", gateway, true},
		"no lines":                 {200, "a,b", "", gateway, false},
		"a sentence":               {200, "502 Bad Gateway, upstream:\n`connect() failed`", "", gateway, false},
		"JSON":                     {200, `{"data":[],"a":1}`, "", gateway, false},
		"nothing":                  {200, "", "", gateway, false},
		"a success in fields":      {200, bill(wire.Fields{"return_code": "SUCCESS"}), "", gateway, false},
		"a signed one":             {200, bill(signed), "", gateway, false},
	} {
		_, err := askForBill(billClient(t, c.status, c.body))
		var e *wxpay.Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.HasPrefix(e.Message, c.message) || e.Verified ||
			e.Temporary() != c.temporary || string(e.RawBody()) != c.body || e.RequestID != "08F5-0" ||
			!wxpay.OutcomeUnknown(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := askForBill(billClient(t, 200, `<xml><return_code>FAIL</return_code><return_msg>sign error</return_msg>`+
		`<error_code>20001</error_code></xml>`))
	if err == nil || !strings.Contains(err.Error(), "20001: sign error; the sign of the call was refused: check") {
		t.Errorf("a wrong sign: got %v", err)
	}
	broken := gzipped(wholeBill)
	var lost *wxpay.TransportError
	if _, err := askForBill(billClient(t, 200, broken[:len(broken)-9])); !errors.As(err, &lost) || !lost.Sent {
		t.Errorf("packed and cut short: got %v", err)
	}
}

// A bill that was cut in its middle has no sums at its end, and is no answer where nothing else
// says where the answer ends. Of an answer that is no success what has no length is not read:
// behind a 101 stands a connection that never ends.
func TestHalfABill(t *testing.T) {
	t.Parallel()
	first, lastSum := len("交易时间,"), strings.LastIndex(wholeBill, "`")+1
	for at := first; at < len(wholeBill)-len("\r\n"); at++ {
		_, err := askForBill(billOf(t, func() *http.Response {
			r := reply(http.StatusOK, nil, wholeBill[:at])
			r.ContentLength, r.ProtoMajor = -1, 1
			return r
		}))
		if whole := at > lastSum; (err == nil) != whole { // within the last sum nothing tells
			t.Fatalf("cut behind %q: got %v", wholeBill[:at], err)
		}
	}
	if _, err := askForBill(billOf(t, func() *http.Response {
		r := reply(http.StatusSwitchingProtocols, nil, "")
		r.ContentLength, r.Body = 0, io.NopCloser(unread{t})
		return r
	})); err == nil {
		t.Error("a 101 is a bill")
	}
}

// A bill without sums is one where the answer says where it ends, in each of the ways there are.
func TestABillWithoutSums(t *testing.T) {
	t.Parallel()
	const names = "交易时间,公众账号ID\r\n"
	for name, says := range map[string]func(*http.Response){
		"its length": func(*http.Response) {},
		"chunks":     func(r *http.Response) { r.ContentLength, r.TransferEncoding = -1, []string{"chunked"} },
		"HTTP/2":     func(r *http.Response) { r.ContentLength, r.ProtoMajor = -1, 2 },
	} {
		r, err := askForBill(billOf(t, func() *http.Response {
			r := reply(http.StatusOK, nil, names)
			says(r)
			return r
		}))
		if err != nil || string(r.Text()) != names {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func billOf(t *testing.T, answer func() *http.Response) *wxpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return answer(), nil
	})}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("it is read")
	return 0, io.EOF
}

// A bill is bounded, by what its length says and by what is read.
func TestABillIsBounded(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int64{"by its length": 256<<20 + 1, "unsaid": -1} {
		if _, err := askForBill(billOf(t, func() *http.Response {
			r := reply(200, nil, "")
			r.ContentLength, r.Body = length, io.NopCloser(io.MultiReader(strings.NewReader(wholeBill), everlasting{}))
			return r
		})); err == nil || !strings.Contains(err.Error(), "larger than 256 MiB") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	more := wholeBill + strings.Repeat("`a,`b\r\n", 1<<20) + "总交易单数\r\n`1\r\n" // than is read of any other answer
	if r, err := askForBill(billClient(t, 200, more)); err != nil || string(r.Text()) != more {
		t.Errorf("7 MiB: got %v, %v", r, err)
	}
}

type everlasting struct{}

func (everlasting) Read(p []byte) (int, error) { return len(p), nil }

// What the catalogue says answers with text does so here, and nothing else.
func TestTextIsOfTheEndpointsThatAnswerIt(t *testing.T) {
	t.Parallel()
	all, err := catalogue.Default()
	if err != nil {
		t.Fatal(err)
	}
	c := billClient(t, 200, wholeBill)
	for _, op := range all.Operations() {
		if op.Family.Protocol != catalogue.ProtocolV2 || op.Method != http.MethodPost {
			continue
		}
		r, err := c.Chain(op.SDKPath()).Post(bg, map[string]string{"a": "1"})
		if (err == nil && r.Text() != nil) != op.AnswersText() {
			t.Errorf("%s: got %v, %v", op.ID(), r, err)
		}
	}
}

// Yesterday's bill in APIv2: one call, answered with the text, which nobody signed.
func ExampleText() {
	wechat := newSandbox()
	defer wechat.Close()
	ctx, v2 := context.Background(), api.V2(wechat.Client())
	order, err := v2.Pay.Unifiedorder.Post(ctx, &payv2.UnifiedOrderRequest{
		AppID: sandbox.DefaultAppID, Body: "Tea", OutTradeNo: "order-1", TotalFee: 4500, SpbillCreateIP: "8.8.8.8",
		NotifyURL: sandbox.DefaultNotifyURL, TradeType: payv2.TradeTypeNative,
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := wechat.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").Pay(order.CodeURL); err != nil {
		log.Fatal(err)
	}
	ask := &payv2.DownloadBillRequest{AppID: sandbox.DefaultAppID, BillDate: "20260901", TarType: payv2.TarTypeGzip}
	_, err = v2.Pay.DownloadBill.Post(ctx, ask)
	var refused *wxpay.Error
	if errors.As(err, &refused) { // decide on the code, and show a person the message
		fmt.Println(refused.Code, refused.Message)
	}

	if err := wechat.Advance(24 * time.Hour); err != nil { // the bill of a day is made on the next
		log.Fatal(err)
	}
	bill, err := v2.Pay.DownloadBill.Post(ctx, ask)
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(string(bill.Text()), "\r\n")
	fmt.Println(lines[len(lines)-2])
	fmt.Println("verified:", bill.Verified())
	// Output:
	// 20002 No Bill Exist
	// `1,`45.00,`0.00,`0.00,`0.00000,`45.00,`0.00
	// verified: false
}

// A v2/ that was forgotten does not have an APIv3 call pass for one whose answer nobody signs.
func TestAForgottenV2IsNoSuccess(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return reply(200, nil, "<xml><return_code>FAIL</return_code></xml>"), nil
	})
	for _, path := range []string{"mmpaymkttransfers/sendredpack", "mmpaymkttransfers/promotion/transfers",
		"pay/downloadbill", "v2/v3/x"} {
		r, err := c.Chain(path).Post(bg, map[string]string{"mch_billno": "1"})
		if err == nil {
			t.Errorf("%s: got %v", path, r)
		}
	}
	if r, err := c.Chain("appauth/getaccesstoken").Get(bg); err == nil {
		t.Errorf("got %v", r)
	}
}
