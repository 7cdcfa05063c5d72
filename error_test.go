package wxpay_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// What others choose and an error repeats: a second line of the log, colours of
// the terminal, text that runs backwards, bytes that are none, and far too much.
var nasty = "a\nlevel=ERROR msg=\"forged\"\r\x1b[31m\u009b31m\u2028\u2029\u202e\u0085\x00\xff" +
	strings.Repeat("长", 3000)

// No error of ours prints a second line or a control character, whatever went in.
func TestErrorsPrintOneLine(t *testing.T) {
	t.Parallel()
	answering := func(r *http.Response, err error) *wxpay.Client {
		return clientAt(t, "http://127.0.0.1:1", transport(func(*http.Request) (*http.Response, error) {
			return r,
				err
		}))
	}
	configured := func(set func(*wxpay.Config)) error {
		cfg := testConfig()
		set(&cfg)
		_, err := wxpay.New(cfg)
		return err
	}
	get := func(c *wxpay.Client, path string, opts ...wxpay.Option) error {
		_, err := c.Chain(path).Get(bg, opts...)
		return err
	}
	postV2 := func(c *wxpay.Client, fields map[string]string) error {
		_, err := c.Chain("v2/pay/pappayapply").Post(bg, fields)
		return err
	}
	refusal, _ := json.Marshal(map[string]any{
		"code": nasty, "message": nasty, "detail": map[string]string{"field": nasty, "issue": nasty},
	})
	refused := signedReply(400, string(refusal))
	refused.Header["Request-Id"] = []string{nasty}
	unknownKey := signedReply(200, "{}")
	unknownKey.Header.Set(wire.HeaderSerial, nasty)
	inXML := strings.ToValidUTF8(strings.NewReplacer("\x00", "", "\x1b", "").Replace(nasty), "")
	v2 := wire.Fields{"return_code": "FAIL", "return_msg": inXML}
	odd, _ := json.Marshal(map[string]any{nasty: "x"})
	decode := func() error {
		result, err := answering(signedReply(200, string(odd)), nil).Chain("v3/x").Get(bg)
		if err != nil {
			return err
		}
		var out map[string]int
		return result.Decode(&out)
	}
	fine := answering(signedReply(200, "{}"), nil)
	controls := strings.Repeat(`\u0001`, 1000)
	then := func(text string) error {
		after := func(*wxpay.Result) error { return errors.New(text) }
		return second(answering(signedReply(200, "{}"), nil).Chain("v3/x").GetAsync(bg).Then(after).Wait(bg))
	}
	for name, err := range map[string]error{
		"a path":                   get(fine, "v3/"+nasty),
		"a path with a good start": get(answering(reply(500, nil, ""), nil), "v3/"+strings.Repeat("x", 9000)),
		"a query in the path":      get(fine, "v3/x?"+nasty),
		"a variable's name":        get(fine, "v3/{"+nasty+"}"),
		"a variable":               get(fine, "v3/x", wxpay.Path(nasty, "1")),
		"a header's name":          get(fine, "v3/x", wxpay.Header(nasty, "1")),
		"a header's value":         get(fine, "v3/x", wxpay.Header("X-A", nasty)),
		"a key's id":               configured(func(c *wxpay.Config) { c.PlatformKeys[0].ID = nasty }),
		"a key's id, no key": configured(func(c *wxpay.Config) {
			c.PlatformKeys[0] = wxpay.PlatformKey{
				ID: nasty}
		}),
		"User-Agent":           configured(func(c *wxpay.Config) { c.UserAgent = nasty }),
		"a serial number":      configured(func(c *wxpay.Config) { c.SerialNo = nasty }),
		"a refusal":            get(answering(refused, nil), "v3/x"),
		"a refusal of APIv2":   postV2(answering(reply(200, nil, string(v2.XML())), nil), map[string]string{}),
		"an unknown key":       get(answering(unknownKey, nil), "v3/x"),
		"a transport":          get(answering(nil, errors.New(nasty)), "v3/x"),
		"an APIv2 name":        postV2(fine, map[string]string{nasty: "1"}),
		"a hash type":          func() error { _, err := fine.Download(bg, billURL, nasty, ""); return err }(),
		"a member that is odd": decode(),
		"a panic": func() error {
			_, err := fine.Chain("v3/x").GetAsync(bg).Then(func(*wxpay.Result) error { panic(nasty) }).Wait(bg)
			return err
		}(),
		"a file's name": second(wxpay.LoadPrivateKey(strings.Repeat("./d", 1000))),
		"a PEM block": func() error {
			block := &pem.Block{Type: strings.ReplaceAll(nasty, "\n", ""), Bytes: []byte("x")}
			return second(wxpay.ParsePrivateKey(pem.EncodeToMemory(block)))
		}(),
		"a refusal of controls": get(answering(signedReply(400, `{"code":"`+controls+`","message":"`+controls+
			`","detail":{"field":"`+controls+`","issue":"`+controls+`"}}`), nil), "v3/"+strings.Repeat("x", 9000)),
		"a function, of controls": then(strings.Repeat("\x01", 5000)),
		"a function, no UTF-8":    then(strings.Repeat("\xff", 5000)),
		"a PEM block in a file": func() error {
			name := filepath.Join(t.TempDir(), strings.Repeat("d", 200)+".pem")
			block := &pem.Block{Type: strings.Repeat("\x01", 3000), Bytes: []byte("x")}
			if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Error(err)
			}
			return second(wxpay.LoadPrivateKey(name))
		}(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, text := range []string{err.Error(), fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err)} {
			if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) ||
				!utf8.ValidString(text) {
				t.Errorf("%s: the error prints %q", name, text)
			}
			if len(text) > 2<<10 {
				t.Errorf("%s: the error has %d bytes", name, len(text))
			}
		}
	}
}

// What the caller decides on is in the error's fields, and may be printed from there.
func TestOperationIsOneLine(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, errors.New(nasty) })
	_, err := client.Chain("v3/" + nasty).Get(bg)
	var unsent *wxpay.RequestError
	if !errors.As(err, &unsent) || wire.OneLine(unsent.Operation) != unsent.Operation || len(unsent.Operation) > 300 {
		t.Errorf("got %q", unsent.Operation)
	}
	_, err = client.Chain("v3/x").Get(bg)
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || wire.OneLine(lost.Problem) != lost.Problem || len(lost.Problem) > 300 {
		t.Errorf("got %q", lost.Problem)
	}
}

// A reply that does not decode is told by its endpoint and field, whoever decodes
// it, and without what stands in it.
func TestDecodingNamesEndpointAndField(t *testing.T) {
	t.Parallel()
	type amount struct {
		Total int64 `json:"total"`
	}
	v3 := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{"amount":{"total":"oSECRET"},"list":["oSECRET"]}`), nil
	})
	result, err := v3.Chain("v3/pay/{id}").Get(bg, wxpay.Path("id", "oSECRET"))
	if err != nil {
		t.Fatal(err)
	}
	v2 := v2Client(t, true, wire.Fields{"return_code": "SUCCESS", "request_serial": "oSECRET"}, nil)
	resultV2, err := v2.Chain("v2/papay/querycontract").Post(bg, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	list := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `["oSECRET"]`), nil })
	ofList, err := list.Chain("v3/list").Get(bg)
	if err != nil {
		t.Fatal(err)
	}
	_, typed := leaf.NewPoster[queryIn, queryOut](leaf.Bind(v2), "v2/papay/querycontract").Post(bg, &queryIn{})
	_, mapped := ofList.Map()
	for want, err := range map[string]error{
		"GET v3/pay/{id}; amount.total is not a int64": result.Decode(&struct {
			Amount amount `json:"amount"`
		}{}),
		"GET v3/pay/{id}; list is not a string": result.Decode(&struct {
			List string `json:"list"`
		}{}),
		"GET v3/list; a JSON array does not fit a map[string]interface {}":   mapped,
		"POST v2/papay/querycontract; request_serial is not an integer":      resultV2.Decode(&queryOut{}),
		"POST v2/papay/querycontract; request_serial is not an integer; its": typed,
		"GET v3/list; json: Unmarshal(nil)":                                  ofList.Decode(nil),
	} {
		var e *wxpay.DecodeError
		endpoint, why, _ := strings.Cut(want, "; ")
		want = endpoint + ": succeeded (HTTP 200) but the reply does not decode: " + why
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	loose := &wxpay.Result{Status: 200, Body: []byte("x")}
	if err := loose.Decode(&struct{}{}); err == nil || !strings.Contains(err.Error(), "it is not JSON") {
		t.Errorf("a result of no call: %v", err)
	}
}

// A type's own unmarshaller may quote what it was given; the error does not.
func TestDecodingQuotesNoValue(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{"address":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}`), nil
	})
	result, err := c.Chain("v3/x").Get(bg)
	if err != nil {
		t.Fatal(err)
	}
	var into struct {
		Address net.IP `json:"address"`
	}
	var e *wxpay.DecodeError
	if err := result.Decode(&into); !errors.As(err, &e) || strings.Contains(err.Error(), "oUpF8") ||
		errors.As(err, new(*net.ParseError)) != true {
		t.Errorf("got %v", err)
	}
}

type bareMismatch struct{}

func (*bareMismatch) UnmarshalJSON([]byte) error { return &json.UnmarshalTypeError{Value: "oSECRET"} }

// A type's own unmarshaller need not fill in the error that encoding/json would.
func TestDecodingErrorsOfAnotherMaking(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{"a":"x"}`), nil })
	result, err := c.Chain("v3/x").Get(bg)
	if err != nil {
		t.Fatal(err)
	}
	for want, into := range map[string]any{
		"a JSON value does not fit": new(bareMismatch),
		"does not decode: ":         &struct{ A bareMismatch }{},
	} {
		var e *wxpay.DecodeError
		if err := result.Decode(into); !errors.As(err, &e) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%T: got %v", into, err)
		}
	}
}

// A transport that makes calls of its own with this package may give their errors.
func TestOurErrorsFromATransport(t *testing.T) {
	t.Parallel()
	for _, inner := range []error{
		&wxpay.TransportError{Operation: "x", Problem: "the inner one"},
		fmt.Errorf("inner: %w", &wxpay.RequestError{Operation: "x", Problem: "the inner one"}),
	} {
		c := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, inner })
		_, err := c.Chain("v3/x").Post(bg, `{}`)
		const want = "no whole reply came: the inner one; the outcome is unknown"
		if !strings.Contains(err.Error(), want) || !wxpay.OutcomeUnknown(err) || !errors.Is(err, inner) {
			t.Errorf("got %v", err)
		}
	}
}

// Problem says what was found and Hint what to do about it, so a program can show either.
func TestHintsAreRemedies(t *testing.T) {
	t.Parallel()
	client, err := wxpay.New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	good := signedReply(200, "{}").Header
	spoilt := func(name, value string) error {
		header := good.Clone()
		header.Set(name, value)
		return client.Keys().Verify(header, []byte("{}"))
	}
	for name, row := range map[string]struct {
		err  error
		hint string
	}{
		"a header is missing": {spoilt(wire.HeaderSerial, ""), "let Wechatpay-* headers through"},
		"no timestamp":        {spoilt(wire.HeaderTimestamp, "x"), "refuse it"},
		"an old timestamp":    {spoilt(wire.HeaderTimestamp, "1"), "check the clock"},
		"a time to come":      {spoilt(wire.HeaderTimestamp, "99999999999"), "check the clock"},
		"an unknown key":      {spoilt(wire.HeaderSerial, "x"), "add it to PlatformKeys"},
		"no base64":           {spoilt(wire.HeaderSignature, "!"), "refuse it"},
		"a body that changed": {client.Keys().Verify(good, []byte("[]")), "give the body as it came"},
		"a sealed resource": {second(client.Keys().Open("012345678901", "", "AAAAAAAAAAAAAAAAAAAAAAAA")),
			"check APIv3Key"},
		"a nonce of no length": {second(client.Keys().Open("", "", "")), "as they came"},
	} {
		var problem, hint string
		var signature *wxpay.SignatureError
		var decrypt *wxpay.DecryptError
		switch {
		case errors.As(row.err, &signature) && signature.Operation == "verify":
			problem, hint = signature.Problem, signature.Hint
		case errors.As(row.err, &decrypt):
			problem, hint = decrypt.Problem, decrypt.Hint
		}
		if problem == "" || !strings.Contains(hint, row.hint) || !strings.Contains(row.err.Error(), problem+"; "+hint) {
			t.Errorf("%s: problem %q, hint %q, error %v", name, problem, hint, row.err)
		}
	}
}

// Where production says which field is at fault, it says so in the message, or lists members.
// https://github.com/w7corp/easywechat/issues/2954
func TestTheFieldAtFault(t *testing.T) {
	t.Parallel()
	const text = "字符串规则校验失败，字节数 1，小于最小值 6"
	const unknown = "请求中含有未在API文档中定义的参数"
	for _, c := range []struct{ message, detail, field, issue string }{
		{"输入源“/body/out_trade_no”映射到值字段“商户订单号”" + text, `{"location":"body","value":1}`, "/out_trade_no", text},
		{"无法将 JSON 输入源“/body/amount/total”映射到目标字段“总金额”中，此字段需要一个合法的 64 位有符号整数",
			`{"location":"body","value":0.01}`, "/amount/total", "此字段需要一个合法的 64 位有符号整数"},
		{"输入源“/query/limit”映射到数值字段“最大资源条数”规则校验失败，值低于最小值 20", `{"location":"query","value":1}`, "limit",
			"规则校验失败，值低于最小值 20"},
		{"输入源“/uri_template/out_trade_no”映射到值字段“商户订单号”" + text, `{"location":"uri_template","value":35}`,
			"out_trade_no", text},
		{"输入源“/query/openid”映射到的字段“用户标识”并非多重字段但被输入源“/uri_template/openid”映射过了", `{"location":"query","value":"o1"}`,
			"openid", "并非多重字段但被输入源“/uri_template/openid”映射过了"},
		{"输入源“/body/xml/body”映射到值字段“商品描述”" + text, "", "body", text}, // of APIv2
		{unknown, `{"location":null,"value":["/body/payer/openid","/body/mchid"]}`, "/payer/openid", unknown},
		// as the pages have it
		{"参数错误", `{"field":"/amount/currency","value":"XYZ","issue":"no currency","location":"body"}`,
			"/amount/currency", "no currency"},
		{"错误的签名，验签失败", `{"detail":{"issue":"sign not match"},"field":"signature"}`, "signature", "sign not match"},
		{"参数错误", "", "", ""}, {"输入源“/body", "", "", ""},
	} {
		e := &wxpay.Error{Operation: "POST v3/x", Status: 400, Code: "PARAM_ERROR", Message: c.message,
			Detail: []byte(c.detail)}
		if field, issue := e.Field(); field != c.field || issue != c.issue {
			t.Errorf("%s %s: got %q, %q", c.message, c.detail, field, issue)
		}
		if said := e.Error(); strings.Count(said, c.issue) > 1 && c.issue != "" {
			t.Errorf("it says twice what is wrong: %s", said)
		}
	}
}

// What a refused answer held is there for the program, and for nobody who reads a log.
func TestErrorsKeepTheAnswer(t *testing.T) {
	t.Parallel()
	const v3 = `{"code":"PARAM_ERROR","message":"no","retry_after":"oSECRET"}`
	says, status := v3, 400
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(status, says), nil })
	v2 := v2Client(t, true, wire.Fields{"return_code": "SUCCESS", "result_code": "FAIL", "err_code": "NOAUTH",
		"oddity": "oSECRET"}, nil)
	raw := func(name string, err error) string {
		t.Helper()
		var e *wxpay.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: got %v", name, err)
		}
		marshalled, marshalErr := json.Marshal(e)
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v %s", e, *e, marshalled)} {
			if strings.Contains(text, "SECRET") || marshalErr != nil {
				t.Errorf("%s: %s, %v", name, text, marshalErr)
			}
		}
		e.RawBody()[0] = 'x' // a copy
		return string(e.RawBody())
	}
	if got := raw("v3", second(c.Chain("v3/x").Get(bg))); got != v3 {
		t.Errorf("got %s", got)
	}
	if got := raw("v2", second(v2.Chain("v2/x").Post(bg, map[string]string{"a": "1"}))); !strings.Contains(got,
		"<oddity>") {
		t.Errorf("got %s", got)
	}
	says, status = "<html>SECRET"+strings.Repeat(" ", 1<<20), 502
	if got := raw("a gateway", second(c.Chain("v3/x").Get(bg))); len(got) != 64<<10 || got[:6] != "<html>" {
		t.Errorf("got %d bytes", len(got))
	}
	if (*wxpay.Error)(nil).RawBody() != nil || len(new(wxpay.Error).RawBody()) != 0 {
		t.Error("an error of no answer has one")
	}
}
