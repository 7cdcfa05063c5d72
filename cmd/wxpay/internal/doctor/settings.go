package doctor

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/hint"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// settings says where the settings stand, and which stand twice.
func (d *Doctor) settings() {
	var sources []lang.Text
	of := map[string][]string{}
	for _, variable := range d.Variables {
		s := d.Get(variable)
		if s.Value == "" {
			continue
		}
		if len(of[s.Source.String()]) == 0 {
			sources = append(sources, s.Source)
		}
		of[s.Source.String()] = append(of[s.Source.String()], variable)
	}
	for _, source := range sources {
		d.ok("settings", lang.Textf("%v: %s", source, strings.Join(of[source.String()], ", ")))
	}
	for _, variable := range d.Variables {
		if s := d.Get(variable); s.Hidden != "" && s.Hidden != s.Value {
			d.warn("settings", lang.Textf("%s has another value in the environment, which is not used", variable),
				lang.Textf("take it out of one of the two"))
		}
		if s := d.Get(variable); s.Value != strings.TrimSpace(s.Value) {
			d.warn("settings", lang.Textf("%s has white space around its value", variable),
				lang.Textf("take it off: other programs may not"))
		}
	}
}

// host says who is called.
func (d *Doctor) host() {
	host := d.value(Host)
	switch u, err := url.Parse(host); {
	case host == "":
		d.ok("host", lang.Textf("%s, WeChat Pay itself", wxpay.DefaultHost))
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		d.fault("host", lang.Textf("it is not a scheme and a host, as in %s", wxpay.DefaultHost),
			lang.Textf("leave out WXPAY_HOST to call WeChat Pay"))
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil || u.Fragment != "":
		d.fault("host", lang.Textf("it has more in it than a scheme and a host"),
			lang.Textf("write it as in %s", wxpay.DefaultHost))
	case d.real() && u.Scheme == "http":
		d.fault("host", lang.Textf("%s: WeChat Pay is not called by plain http", wire.Clip(host, 100)),
			lang.Textf("write https://"))
	case d.real():
		d.ok("host", lang.Textf("%s, WeChat Pay itself", wire.Clip(host, 100)))
	case u.Scheme == "http" && !isLocal(u.Hostname()) && d.value(PlainHTTP) != "true":
		d.fault("host", lang.Textf("%s: plain http, and not on this machine", wire.Clip(host, 100)),
			lang.Textf("write https://, or set WXPAY_PLAIN_HTTP=true for a sandbox in another container"))
	default:
		d.ok("host", lang.Textf("%s, not WeChat Pay: a sandbox or a gateway", wire.Clip(host, 100)))
	}
}

// merchant checks the merchant number by its form.
func (d *Doctor) merchant() {
	const id = "merchant"
	console := lang.Textf("it is in the merchant console under 账户中心, such as 1900000109")
	switch mchID := d.value(MchID); {
	case mchID == "":
		d.fault(id, lang.Textf("there is none"), console)
	case strings.HasPrefix(mchID, "wx") && len(mchID) == 18:
		d.fault(id, lang.Textf("it is an appid"), console)
	case strings.Trim(mchID, "0123456789") != "":
		d.fault(id, lang.Textf("it is not digits alone"), console)
	case len(mchID) < 8 || len(mchID) > 10:
		d.fault(id, lang.Textf("it has %d digits, and merchant numbers have 8 to 10", len(mchID)), console)
	default:
		d.ok(id, lang.Textf("%s", mchID))
	}
}

// apiV3Key checks the key by its form; whether it is the right one tells a call.
func (d *Doctor) apiV3Key() {
	const id = "apiv3-key"
	set := lang.Textf("it is set in the merchant console: API安全, APIv3密钥")
	key := d.Get(APIv3Key).Value
	switch n := len(key); {
	case key == "":
		d.fault(id, lang.Textf("there is none: no notification can be opened"), set)
	case n != wire.KeySize && len(strings.TrimSpace(key)) == wire.KeySize:
		d.fault(id, lang.Textf("it has white space around it"), lang.Textf("take it off"))
	case n != wire.KeySize:
		d.fault(id, lang.Textf("it has %d bytes, and must have 32", n), set)
	case key == d.Get(APIv2Key).Value:
		d.warn(id, lang.Textf("it is the APIv2 key as well"), lang.Textf("they are two keys in the merchant console: "+
			"see that both are right, and let them differ"))
	case strings.ContainsFunc(key, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' }):
		d.fault(id, lang.Textf("it has characters in it that the merchant console does not take"), set)
	case d.Offline:
		d.ok(id, lang.Textf("32 bytes; only a call tells whether it is the right one"))
	default:
		d.ok(id, lang.Textf("32 bytes"))
	}
}

// apiV2Key is apiV3Key for APIv2.
func (d *Doctor) apiV2Key() {
	const id = "apiv2-key"
	key := d.Get(APIv2Key).Value
	switch {
	case key == "":
		d.skip(id, lang.Textf("there is none: paths that begin with v2/ need it, others do not"))
	case len(key) != wire.KeySize:
		d.fault(id, lang.Textf("it has %d bytes, and must have 32", len(key)),
			lang.Textf("it is set in the merchant console: API安全, APIv2密钥"))
	default:
		d.ok(id, lang.Textf("32 bytes"))
	}
}

// makeClient makes the client of the calls, and lets the SDK say what it does not take.
func (d *Doctor) makeClient() {
	const id = "client"
	if d.broken {
		d.skip(id, lang.Textf("put right what is wrong above first; signed calls are left out"))
		return
	}
	plain, _ := strconv.ParseBool(d.value(PlainHTTP))
	cfg := wxpay.Config{
		MchID: d.value(MchID), SerialNo: d.value(SerialNo), PrivateKey: d.key, Certificate: d.own,
		PlatformKeys: d.keys, APIv3Key: wxpay.NewSecret(d.Get(APIv3Key).Value), Host: d.value(Host),
		PlainHTTP: plain, UserAgent: "wxpay-doctor", Attempts: 1, Now: d.Now, HTTPClient: d.httpClient(),
	}
	if key := d.Get(APIv2Key).Value; len(key) == wire.KeySize {
		cfg.APIv2Key = wxpay.NewSecret(key)
	}
	cfg.HTTPClient.Transport = &hinted{cfg.HTTPClient.Transport, &d.hint}
	client, err := wxpay.New(cfg)
	if err != nil {
		d.fault(id, lang.Textf("%s", err.Error()), lang.Text{})
		return
	}
	d.client = client
}

// hinted keeps what a sandbox says about a call that it refused.
type hinted struct {
	to   http.RoundTripper
	hint *hint.Hint
}

func (h *hinted) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := h.to.RoundTrip(r)
	*h.hint = hint.Hint{}
	if err == nil {
		*h.hint = hint.Of(answer.Header)
	}
	return answer, err
}
