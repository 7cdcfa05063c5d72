package wxpay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// What WeChat Pay or a transport repeats of a call's headers is printed by no error.
func TestHeadersThatComeBack(t *testing.T) {
	t.Parallel()
	const secret = "oHeaderOfThePayer"
	for name, find := range map[string]func(r *http.Request) string{
		"authorization": func(r *http.Request) string { return r.Header.Get("Authorization") },
		"signature":     func(r *http.Request) string { return within(r, "signature") },
		"nonce":         func(r *http.Request) string { return within(r, "nonce_str") },
		"header":        func(r *http.Request) string { return r.Header.Get("X-Payer") },
	} {
		var repeated string
		answering := clientOver(t, func(r *http.Request) (*http.Response, error) {
			repeated = find(r)
			r.Header.Del("Authorization") // as a gateway that signs anew
			says, _ := json.Marshal(map[string]any{"code": "SIGN_ERROR", "message": "错误的签名 " + repeated,
				"detail": map[string]string{"field": "sign", "issue": repeated}})
			return reply(401, nil, string(says)), nil
		})
		failing := clientOver(t, func(r *http.Request) (*http.Response, error) {
			repeated = find(r)
			return nil, fmt.Errorf("mock: no match for %s", repeated)
		})
		for _, c := range []*wxpay.Client{answering, failing} {
			err := second(c.Chain("v3/x").Post(bg, `{}`, wxpay.Header("X-Payer", secret)))
			text := shown(t, err)
			if repeated == "" || strings.Contains(text, repeated) || !strings.Contains(text, "…") {
				t.Errorf("%s: %q in %s", name, repeated, text)
			}
		}
	}
	// The name of a key is no secret, and says what is wrong.
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		return reply(400, nil, `{"code":"PARAM_ERROR","message":"no key `+r.Header.Get("Wechatpay-Serial")+`"}`), nil
	})
	if err := second(c.Chain("v3/x").Get(bg, wxpay.Header("Wechatpay-Serial", "PUB_KEY_ID_42"))); !strings.Contains(
		err.Error(), "no key PUB_KEY_ID_42") {
		t.Errorf("got %v", err)
	}
}

// within is one of the values of a call's Authorization.
func within(r *http.Request, name string) string {
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), name+`="`)
	value, _, _ = strings.Cut(value, `"`)
	return value
}

// An answer of APIv2 may repeat the sign and the nonce.
func TestSignThatComesBack(t *testing.T) {
	t.Parallel()
	var sent struct {
		Sign  string `xml:"sign"`
		Nonce string `xml:"nonce_str"`
	}
	c := clientAt(t, "https://api.example", transport(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		_ = xml.Unmarshal(body, &sent)
		return reply(200, nil, "<xml><return_code>FAIL</return_code><return_msg>签名错误 "+sent.Sign+" "+sent.Nonce+
			"</return_msg></xml>"), nil
	}))
	text := shown(t, second(c.Chain("v2/x").Post(bg, map[string]string{"appid": "wx1"})))
	if len(sent.Sign) < 32 || strings.Contains(text, sent.Sign) || strings.Contains(text, sent.Nonce) {
		t.Errorf("%v in %s", sent, text)
	}
}

// A transport may change the request that it was given; what the call said stays known.
func TestAddressesThatATransportChanges(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		repeated := r.URL.Path + " and " + r.URL.RawQuery
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/", "", ""
		says, _ := json.Marshal(map[string]string{"code": "PARAM_ERROR", "message": "bad " + repeated})
		return signedReply(400, string(says)), nil
	})
	err := second(c.Chain("v3/x/{id}").Get(bg, wxpay.Path("id", "a/"+payer), wxpay.Query("openid", payer)))
	if text := shown(t, err); strings.Contains(text, payer) || strings.Contains(text, "v3/x/a") {
		t.Errorf("got %s", text)
	}
}

// Where a transport's words are cut, no half of a value stays.
func TestCutWordsHoldNoHalfOfAValue(t *testing.T) {
	t.Parallel()
	const value = payer + " line: 5"
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return nil, errors.New("mock: unexpected body " + value)
	})
	if err := second(c.Chain("v3/x").Post(bg, map[string]any{"a": value})); strings.Contains(err.Error(), payer) {
		t.Errorf("got %v", err)
	}
}

// A form has parts beside the one that is signed.
func TestPartsOfAFormThatComeBack(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(400, `{"code":"PARAM_ERROR","message":"no record `+payer+`"}`), nil
	})
	form := c.Chain("v3/mch-manage/submission-files/sub-mchid/{sub_mchid}/upload")
	err := second(form.Upload(bg, wxpay.FileOf("a.jpg", []byte("abc")), wxpay.Path("sub_mchid", "1900000109"),
		wxpay.Member("item_id", "itm1"), wxpay.Member("manage_record_id", payer)))
	if text := shown(t, err); strings.Contains(text, payer) || !strings.Contains(text, "no record") {
		t.Errorf("got %s", text)
	}
}

// The headers of an answer may repeat the call too, also where nobody signed it.
func TestHeadersOfAnswersThatRepeatTheCall(t *testing.T) {
	t.Parallel()
	h := http.Header{"Request-Id": {"id-" + payer}, "Wechatpay-Serial": {"S " + payer}, "Wechatpay-Nonce": {"n"},
		"Wechatpay-Timestamp": {"1"}, "Wechatpay-Signature": {"c2ln"}}
	for _, answer := range []struct {
		status     int
		path, body string
	}{
		{200, "v3/x", "{}"}, {400, "v3/x", "{}"}, {502, "v3/x", "<html>"}, // as forged, as forged, a gateway's
		{200, "v2/x", "<xml><return_code>SUCCESS</return_code></xml>"}, {502, "v2/x", "<html>"},
	} {
		c := clientAt(t, "https://api.example", transport(func(*http.Request) (*http.Response, error) {
			return reply(answer.status, h.Clone(), answer.body), nil
		}))
		text := shown(t, second(c.Chain(answer.path).Post(bg, map[string]string{"openid": payer})))
		if strings.Contains(text, payer) || !strings.Contains(text, "id-…") {
			t.Errorf("%s, HTTP %d: %s", answer.path, answer.status, text)
		}
	} // No signature covers Request-ID.
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		r := signedReply(200, `{"a":1}`)
		r.Header.Set("Request-Id", "id-"+payer)
		return r, nil
	})
	result, err := c.Chain("v3/x").Post(bg, map[string]string{"openid": payer})
	if err != nil {
		t.Fatal(err)
	}
	var wrong struct {
		A string `json:"a"`
	}
	if text := shown(t, result.Decode(&wrong)); strings.Contains(text, payer) || !strings.Contains(text, "id-…") {
		t.Errorf("it does not decode: %s", text)
	}
}
