package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// longestURL is how long a notify_url may be.
const longestURL = 256

// notifyAddress checks the address by WeChat Pay's rules.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791861
func (d *Doctor) notifyAddress() {
	const id = "notify-address"
	if d.NotifyURL == "" {
		d.skip(id, lang.Textf("give it with --notify to have it tried"))
		return
	}
	u, err := url.Parse(d.NotifyURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		d.fault(id, lang.Textf("it is not a whole address, as in https://yourapp.com/notify"), lang.Text{})
		d.NotifyURL = ""
		return
	case u.RawQuery != "" || u.ForceQuery:
		d.fault(id, lang.Textf("it has a query string, which WeChat Pay does not take"),
			lang.Textf("put what it says into the path"))
	case u.Fragment != "" || u.User != nil:
		d.fault(id, lang.Textf("it has a user or a fragment in it"), lang.Textf("leave those out"))
	case len(d.NotifyURL) > longestURL:
		d.fault(id, lang.Textf("it has %d characters, and may have 256", len(d.NotifyURL)), lang.Text{})
	case u.Path == "" || u.Path == "/":
		d.warn(id, lang.Textf("it has no path"), lang.Textf("WeChat Pay's documents ask for one, as in /notify"))
	case isPrivate(u.Hostname()) && d.real():
		d.fault(id, lang.Textf("%s is not a public name: WeChat Pay cannot reach it", wire.Clip(u.Hostname(), 100)),
			lang.Textf("give an https address that the internet reaches"))
	case isPrivate(u.Hostname()):
		d.ok(id, lang.Textf("of this machine or network: right for a sandbox; WeChat Pay wants https and a public "+
			"name"))
	case u.Scheme == "http" && d.real():
		d.fault(id, lang.Textf("it is plain http"), lang.Textf("WeChat Pay wants https, with a certificate that the "+
			"public trusts"))
	case u.Scheme == "http":
		d.warn(id, lang.Textf("it is plain http"), lang.Textf("WeChat Pay wants https"))
	case port(u) != 443:
		d.warn(id, lang.Textf("its port is %d", port(u)), lang.Textf("see that the internet reaches it there"))
	default:
		d.ok(id, lang.Textf("https, and a public name"))
	}
}

// isPrivate tells names and addresses that the internet does not reach.
func isPrivate(name string) bool {
	if a, err := netip.ParseAddr(name); err == nil {
		a = a.Unmap()
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified()
	}
	lower := strings.ToLower(strings.TrimRight(name, "."))
	for _, end := range []string{".local", ".internal", ".lan", ".home.arpa", ".test"} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return isLocal(name) || !strings.Contains(lower, ".")
}

// notify tries the address: nothing that nobody signed may be taken for genuine there.
func (d *Doctor) notify(ctx context.Context) {
	if d.NotifyURL == "" {
		return
	}
	d.tried = d.NotifyURL
	if to := d.forwarded(ctx); to != "" {
		d.tried = to
		d.ok("notify-forward", lang.Textf("the sandbox sends it to %s, which is tried", wire.Clip(to, longestURL)))
	}
	probed := d.forged(ctx, "notify-probe", wire.ProbePrefix+randomBase64(64))
	if probed == 0 {
		return // it has been said that nobody is there
	}
	refused := d.forged(ctx, "notify-forged", randomBase64(256))
	d.genuine(ctx, refused)
}

func randomBase64(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

// forged posts a notification that nobody signed, and judges the answer, whose status it returns, 0
// for none.
func (d *Doctor) forged(ctx context.Context, id, signature string) (status int) {
	body, _ := json.Marshal(map[string]any{ // strings alone
		"id": "wxpay-doctor-" + rand.Text(), "create_time": wire.FormatTime(d.Now()),
		"resource_type": "encrypt-resource", "event_type": "TRANSACTION.SUCCESS", "summary": "wxpay doctor",
		"resource": map[string]string{"original_type": "transaction", "algorithm": wire.Algorithm,
			"associated_data": "transaction", "nonce": rand.Text()[:wire.NonceSize], "ciphertext": randomBase64(300)},
	})
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.tried, bytes.NewReader(body))
	if err != nil {
		d.fault(id, lang.Textf("it is not a whole address, as in https://yourapp.com/notify"), lang.Text{})
		return 0
	}
	request.Header = http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"wxpay-doctor"}, wire.HeaderSignature: {signature},
		wire.HeaderTimestamp: {strconv.FormatInt(d.Now().Unix(), 10)}, wire.HeaderNonce: {rand.Text()},
		wire.HeaderSerial: {d.serialToName()}, wire.HeaderSignatureType: {wire.Scheme},
	}
	response, err := d.httpClient().Do(request)
	if err != nil {
		proxy, _ := d.Proxy(request)
		why, do := unreached(err, proxy != nil)
		d.fault(id, lang.Textf("no answer: %v", why), do)
		return 0
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	response.Body.Close()
	d.judgeRefusal(id, response.StatusCode)
	return response.StatusCode
}

// serialToName is the key that a notification names: one that the receiver knows, so that it looks
// at the signature.
func (d *Doctor) serialToName() string {
	if d.signed != "" {
		return d.signed
	}
	for _, key := range d.keys {
		return key.ID
	}
	return strings.Repeat("0", 40)
}

// judgeRefusal judges the answer to what nobody signed.
func (d *Doctor) judgeRefusal(id string, status int) {
	switch {
	case status/100 == 2:
		d.fault(id, lang.Textf("answered %d: it does not verify, so anybody can tell it of payments", status),
			lang.Textf("verify each message before anything reads it (package notify does), and answer 401 where "+
				"it fails"))
	case status/100 == 3:
		d.fault(id, lang.Textf("answered %d: WeChat Pay follows no redirect", status),
			lang.Textf("give the address that it leads to"))
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		d.fault(id, lang.Textf("answered %d: no receiver is there", status),
			lang.Textf("check path and method (POST), "+
				"and what stands in front of the receiver"))
	case status == http.StatusForbidden:
		d.warn(id, lang.Textf("answered 403: refused, perhaps by what stands in front of the receiver"),
			lang.Textf("see that no login, token or firewall keeps WeChat Pay out"))
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		d.fault(id, lang.Textf("answered %d: the receiver behind the gateway does not run", status), lang.Text{})
	case status/100 == 5:
		d.warn(id, lang.Textf("answered %d: refused, as if the receiver had failed", status),
			lang.Textf("answer 401, so that real failures show"))
	default:
		d.ok(id, lang.Textf("refused with %d, as it should be", status))
	}
}
