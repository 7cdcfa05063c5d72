// Package doctor checks a merchant's set-up: its settings and keys by themselves, then whether
// WeChat Pay is reached and takes what is signed with them, then whether the merchant's notify
// address tells genuine notifications from others. Nothing it sends changes anything at WeChat Pay;
// a sandbox it has send notifications.
//
// settings.go and the files after it have a check each: keys.go the merchant's own, platform.go
// WeChat Pay's, reach.go the hosts and the clock, calls.go the signed calls, notify.go the notify
// address, sandboxed.go what only a sandbox can send there.
//
// It knows the SDK, its rooms below and the sentences of package lang. Start reading at
// [Doctor.Run].
package doctor

import (
	"context"
	"crypto"
	"crypto/x509"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/hint"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// State is what came of a check.
type State string

// The states.
const (
	OK        State = "ok"
	Warning   State = "warning"
	Wrong     State = "wrong"
	Unchecked State = "not checked"
)

// Check is one line of the list.
type Check struct {
	// ID is a stable word for it, such as "private-key".
	ID string
	// Name is what people read instead.
	Name  lang.Text
	State State
	// Found says what was found, Do what to do about it, if anything.
	Found, Do lang.Text
}

// Setting is a value of the set-up.
type Setting struct {
	Value  string
	Source lang.Text // where it stands
	Flag   string    // the flag for it
	Hidden string    // another value, which stands in the environment and is not used
}

// File is a file that a setting names.
type File struct {
	Data []byte
	Err  error
	Mode fs.FileMode // 0 where nobody asks for it
}

// Doctor is a set-up and how to look at it.
type Doctor struct {
	// Variables are the names of the settings that there are, in the order to show.
	Variables []string
	// Get gives the setting of a variable.
	Get func(variable string) Setting
	// Read reads the file that a setting names.
	Read func(ctx context.Context, name string) File
	// Offline leaves out whatever is sent.
	Offline bool
	// NotifyURL is the address to try, "" for none.
	NotifyURL string
	// AppID is bound to the merchant: APIv2 is asked with it. "" leaves that out.
	AppID string
	// Transport makes what sends. It is asked once for each use, so that no connection is shared.
	Transport func() http.RoundTripper
	// Proxy finds the proxy of an address.
	Proxy func(*http.Request) (*url.URL, error)
	// Quiet takes out of a hint what it repeats of a call.
	Quiet func(of *wxpay.Error, hint string) string
	// Now is the clock.
	Now func() time.Time
	// Tell is called with each check once it is made.
	Tell func(Check)

	wrong   int
	broken  bool // something is wrong that no signed call can do with
	key     crypto.Signer
	own     *x509.Certificate
	keys    []wxpay.PlatformKey // of WeChat Pay
	client  *wxpay.Client
	tried   string    // where the notify address leads
	hint    hint.Hint // of a sandbox, on its last answer
	refused bool      // a signature was not taken, so that the next will not be
	signed  string    // the id of the key that WeChat Pay signed an answer with
}

// Run makes all checks and says how many found something wrong.
func (d *Doctor) Run(ctx context.Context) (wrong int) {
	d.settings()
	d.host()
	d.merchant()
	d.privateKey(ctx)
	d.certificate(ctx)
	d.serial()
	d.publicKey(ctx)
	d.platformCertificate(ctx)
	d.keyMode()
	d.apiV3Key()
	d.apiV2Key()
	d.makeClient()
	d.notifyAddress()
	if d.Offline {
		d.skip("calls", lang.Textf("nothing is sent with --offline"))
		return d.wrong
	}
	reached := d.hosts(ctx)
	d.certificates(ctx, reached)
	d.signedCall(ctx, reached)
	d.apiV2Call(ctx, reached)
	d.notify(ctx)
	return d.wrong
}

// names are what people read of each check.
var names = map[string]lang.Text{
	"settings":             lang.Textf("settings"),
	"host":                 lang.Textf("host"),
	"merchant":             lang.Textf("merchant number"),
	"private-key":          lang.Textf("private key"),
	"certificate":          lang.Textf("API certificate"),
	"serial":               lang.Textf("serial number"),
	"public-key":           lang.Textf("public key"),
	"platform-certificate": lang.Textf("platform cert"),
	"key-mode":             lang.Textf("key mode"),
	"apiv3-key":            lang.Textf("APIv3 key"),
	"apiv2-key":            lang.Textf("APIv2 key"),
	"client":               lang.Textf("all together"),
	"calls":                lang.Textf("calls"),
	"reach":                lang.Textf("reached"),
	"clock":                lang.Textf("clock"),
	"certificates":         lang.Textf("certificates"),
	"signed-call":          lang.Textf("signed call"),
	"apiv2-call":           lang.Textf("APIv2 call"),
	"notify-address":       lang.Textf("notify address"),
	"notify-forward":       lang.Textf("…its forward"),
	"notify-probe":         lang.Textf("…a probe"),
	"notify-forged":        lang.Textf("…a forged one"),
	"notify-genuine":       lang.Textf("…a genuine one"),
	"notify-stale":         lang.Textf("…an old one"),
	"notify-repeated":      lang.Textf("…a repeated one"),
}

// Names gives what is printed of the checks, to make a column that fits.
func Names() (all []lang.Text) {
	for _, name := range names {
		all = append(all, name)
	}
	return all
}

func (d *Doctor) tell(id string, state State, found, do lang.Text) {
	if state == Wrong {
		d.wrong++
		d.broken = d.broken || id != "apiv2-key"
	}
	d.Tell(Check{ID: id, Name: names[id], State: state, Found: found, Do: do})
}

func (d *Doctor) ok(id string, found lang.Text)        { d.tell(id, OK, found, lang.Text{}) }
func (d *Doctor) skip(id string, why lang.Text)        { d.tell(id, Unchecked, why, lang.Text{}) }
func (d *Doctor) warn(id string, found, do lang.Text)  { d.tell(id, Warning, found, do) }
func (d *Doctor) fault(id string, found, do lang.Text) { d.tell(id, Wrong, found, do) }

// value is a setting without what stands around it.
func (d *Doctor) value(variable string) string { return strings.TrimSpace(d.Get(variable).Value) }

// real says that the calls go to WeChat Pay itself.
func (d *Doctor) real() bool {
	host := d.value(Host)
	u, err := url.Parse(host)
	if host == "" || err != nil {
		return host == ""
	}
	name := strings.ToLower(strings.TrimRight(u.Hostname(), "."))
	for _, domain := range []string{"weixin.qq.com", "wechatpay.cn"} {
		if strings.HasSuffix(name, "."+domain) {
			return true
		}
	}
	return false
}

// The variables.
const (
	Host                = "WXPAY_HOST"
	MchID               = "WXPAY_MCHID"
	SerialNo            = "WXPAY_SERIAL_NO"
	PrivateKey          = "WXPAY_PRIVATE_KEY"
	Certificate         = "WXPAY_CERTIFICATE"
	PublicKeyID         = "WXPAY_PUBLIC_KEY_ID"
	PublicKey           = "WXPAY_PUBLIC_KEY"
	PlatformCertificate = "WXPAY_PLATFORM_CERTIFICATE"
	APIv3Key            = "WXPAY_APIV3_KEY"
	APIv2Key            = "WXPAY_APIV2_KEY"
	Admin               = "WXPAY_ADMIN"
	PlainHTTP           = "WXPAY_PLAIN_HTTP"
)
