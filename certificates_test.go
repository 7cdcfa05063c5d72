package wxpay_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	certificates = "/v3/certificates"
	someOrder    = "v3/pay/transactions/out-trade-no/none000001?mchid=" + sandbox.DefaultMchID
)

// downloading is a transport that counts what it downloads and what else it sends.
type downloading struct {
	downloads, others atomic.Int32
	hold              func(*http.Request) // a download, before it is sent
}

func (c *downloading) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != certificates {
		c.others.Add(1)
		return http.DefaultTransport.RoundTrip(r)
	}
	c.downloads.Add(1)
	if c.hold != nil {
		c.hold(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (c *downloading) want(t *testing.T, downloads int32) {
	t.Helper()
	if n := c.downloads.Load(); n != downloads {
		t.Errorf("certificates were downloaded %d times, want %d", n, downloads)
	}
}

// clientOf makes a client of a sandbox with some of the keys that it would have.
func clientOf(t *testing.T, wechat *sandbox.Sandbox, keys func(wxpay.PlatformKey) bool, more ...func(*wxpay.Config)) (
	*wxpay.Client, *downloading) {
	t.Helper()
	cfg, by := wechat.ClientConfig(), new(downloading)
	var kept []wxpay.PlatformKey
	for _, k := range cfg.PlatformKeys {
		if keys != nil && keys(k) {
			kept = append(kept, k)
		}
	}
	cfg.PlatformKeys, cfg.HTTPClient = kept, &http.Client{Transport: by}
	for _, change := range more {
		change(&cfg)
	}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client, by
}

func publicKeys(k wxpay.PlatformKey) bool { return k.NotAfter.IsZero() }

// asks makes a call whose answer has to be verified: there is no such order, says WeChat Pay, and
// signs that.
func asks(c *wxpay.Client) error {
	_, err := c.Chain(someOrder).Get(bg)
	if e := (*wxpay.Error)(nil); errors.As(err, &e) && e.Status == http.StatusNotFound && e.Verified {
		return nil
	}
	if err == nil {
		return errors.New("an order that was never placed was found")
	}
	return err
}

// signed has a contract signed and ended, and gives what a receiver with these keys refused of it.
func signed(t *testing.T, wechat *sandbox.Sandbox, keys *wxpay.Keys) error {
	t.Helper()
	var handled int
	var refused error
	r := notify.New(keys, notify.OnError(func(_ context.Context, e *notify.Error) { refused = e }))
	r.Otherwise(func(context.Context, *notify.Notification) error { handled++; return nil })
	if err := wechat.Receive("https://yourapp.com", r); err != nil {
		t.Fatal(err)
	}
	reply, err := wechat.Client().Chain("v3/edu-papay/contracts/presign").Post(bg, presign())
	if err != nil {
		t.Fatal(err)
	}
	m, err := reply.Map()
	if err != nil {
		t.Fatal(err)
	}
	contract, err := wechat.Payer("oUpF8uMuAJOM2pxb1Q").Agree(m["presign_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	// Ended, so that they can sign again.
	if err := errors.Join(wechat.Settle(), wechat.Payer("oUpF8uMuAJOM2pxb1Q").Terminate(contract.ID),
		wechat.Settle()); err != nil {
		t.Fatal(err)
	}
	if refused == nil && handled != 2 {
		t.Errorf("%d notifications were handled, want 2", handled)
	}
	return refused
}

func TestCertificatesAreDownloadedBeforeTheFirstCall(t *testing.T) {
	t.Parallel()
	for _, mode := range []ledger.KeyMode{ledger.KeysCertificate, ledger.KeysMoving} {
		wechat := sandbox.New(t, sandbox.WithKeyMode(mode))
		client, by := clientOf(t, wechat, nil)
		keys := client.Keys()
		if got := keys.Current(); got.ID != "" {
			t.Errorf("before anything was downloaded the key is %s", got.ID)
		}
		for range 3 {
			if err := asks(client); err != nil {
				t.Errorf("%s: %v", mode, err)
			}
		}
		by.want(t, 1)
		if got := keys.Current().ID; wechat.PlatformCertificates()[got] == "" {
			t.Errorf("%s: the key in use is %q, which is none of WeChat Pay's certificates", mode, got)
		}
		if mode == ledger.KeysCertificate {
			if err := signed(t, wechat, keys); err != nil {
				t.Errorf("a receiver with the client's keys: %v", err)
			}
			by.want(t, 1)
		}
	}
}

// Sensitive fields are encrypted to a certificate that was downloaded for that.
func TestCertificatesAreDownloadedToEncrypt(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, nil)
	_, err := client.Chain("v3/profitsharing/receivers/add").Post(bg, `{"name":"张三"}`, wxpay.Encrypt("/name"))
	if e := (*wxpay.Error)(nil); !errors.As(err, &e) {
		t.Errorf("got %v, want an answer of WeChat Pay's", err)
	}
	by.want(t, 1)
}

// A receiver may be the first who needs the certificates.
func TestAReceiverDownloadsCertificates(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, nil)
	if err := signed(t, wechat, client.Keys()); err != nil {
		t.Error(err)
	}
	by.want(t, 1)
}

// With a public key nothing is downloaded, until a message names a certificate: that is how it is
// while a merchant moves, of whom half of the notifications come by either here.
func TestThePublicKeyAndTheMove(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysMoving))
	client, by := clientOf(t, wechat, publicKeys)
	if err := asks(client); err != nil {
		t.Error(err)
	}
	by.want(t, 0)
	for range 8 {
		if err := signed(t, wechat, client.Keys()); err != nil {
			t.Error(err)
		}
	}
	by.want(t, 1)

	// And back: the console lets a merchant stop the move. Then replies come by certificate.
	if err := wechat.SetKeyMode(sandbox.DefaultMchID, ledger.KeysCertificate); err != nil {
		t.Fatal(err)
	}
	if err := asks(client); err != nil {
		t.Error(err)
	}
	by.want(t, 1)
	if err := wechat.SetKeyMode(sandbox.DefaultMchID, ledger.KeysPublic); err != nil { // the end of it
		t.Fatal(err)
	}
	if err := asks(client); err != nil {
		t.Error(err)
	}
	by.want(t, 1)
}

// A merchant of the public key who did not give it is told where it is, and nothing is sent.
func TestWithoutCertificatesTheRemedyIsTold(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*sandbox.Sandbox) error{
		"404": func(s *sandbox.Sandbox) error { return s.SetKeyMode(sandbox.DefaultMchID, ledger.KeysPublic) },
		"an empty list": func(s *sandbox.Sandbox) error {
			return s.Inject(fault.Fault{Name: fault.Empty, Endpoint: certificates, Times: -1})
		},
		"403": func(s *sandbox.Sandbox) error {
			return s.Inject(fault.Fault{Name: fault.Error, Endpoint: certificates, Status: 403, Code: "NOT_ENOUGH",
				Message: "平台证书已过期失效，请联系微信支付技术支持。", Times: -1})
		},
	} {
		wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysMoving))
		client, by := clientOf(t, wechat, nil)
		public, other := clientOf(t, wechat, publicKeys)
		if err := set(wechat); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_, err := client.Chain("v3/edu-papay/contracts/presign").Post(bg, presign())
			var unsent *wxpay.RequestError
			var missing *wxpay.KeyError
			if !errors.As(err, &unsent) || !errors.As(err, &missing) || wxpay.OutcomeUnknown(err) {
				t.Fatalf("%s: got %v, want a call that was not sent", name, err)
			}
			if answered := (*wxpay.Error)(nil); errors.As(err, &answered) {
				t.Errorf("%s: the answer to another call is taken for this one's: %v", name, answered)
			}
			for _, part := range []string{"merchant console", "API security", "ParsePublicKey", "pub_key.pem"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: %q is not in: %v", name, part, err)
				}
			}
		}
		by.want(t, 1) // what came of it stands for a short while
		if n := by.others.Load(); n != 0 {
			t.Errorf("%s: %d calls were sent whose answers could not be verified", name, n)
		}
		var missing *wxpay.KeyError
		_, err := public.Certificates(bg)
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), "ParsePublicKey") {
			t.Errorf("%s: Certificates: got %v", name, err)
		}
		if e := (*wxpay.Error)(nil); errors.As(err, &e) != (name != "an empty list") || e != nil && !e.Verified {
			t.Errorf("%s: Certificates: holds %v", name, e)
		}
		if err := asks(public); err != nil {
			t.Errorf("%s: a client with the public key: %v", name, err)
		}
		other.want(t, 1)
	}
}

func TestTheWrongAPIv3Key(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, nil, func(c *wxpay.Config) { c.APIv3Key = wxpay.NewSecret(testAPIv3Key) })
	var unsent *wxpay.RequestError
	if err := asks(client); !errors.As(err, &unsent) || !strings.Contains(err.Error(), "APIv3Key") {
		t.Errorf("got %v", err)
	}
	cfg := wechat.ClientConfig()
	cfg.PlatformKeys, cfg.APIv3Key = nil, wxpay.NewSecret(testAPIv3Key)
	cfg.OtherAPIv3Keys = []wxpay.Secret{wechat.ClientConfig().APIv3Key}
	if err := client.Replace(cfg); err != nil {
		t.Fatal(err)
	}
	if err := asks(client); err != nil { // at once: what failed under another key says nothing
		t.Error(err)
	}
	by.want(t, 2)
}

// Of many who need certificates at once, one downloads them.
func TestOneDownloadServesAll(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	const callers = 64
	client, by := clientOf(t, wechat, nil)
	begun := make(chan struct{}, callers)
	by.hold = func(*http.Request) {
		for range callers {
			<-begun
		}
	}
	all := func() {
		t.Helper()
		var wait sync.WaitGroup
		for range callers {
			wait.Go(func() {
				begun <- struct{}{}
				if err := asks(client); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	all()
	by.want(t, 1)
	// The certificate that signs is replaced: the next download is one again.
	if err := errors.Join(wechat.RotatePlatformCertificate(), wechat.Advance(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	by.hold = nil
	for len(begun) > 0 {
		<-begun
	}
	all()
	by.want(t, 2)
}

// Whoever ends their own call does not end the download for the others.
func TestACancelledDownloadIsTakenOver(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, nil)
	mine, cancel := context.WithCancel(bg)
	arrived := make(chan struct{})
	var once sync.Once
	by.hold = func(r *http.Request) {
		once.Do(func() {
			close(arrived)
			<-r.Context().Done()
		})
	}
	first := client.Chain(someOrder).GetAsync(mine)
	<-arrived
	second := make(chan error)
	go func() { second <- asks(client) }()
	cancel()
	_, err := first.Wait(bg)
	if lost := (*wxpay.TransportError)(nil); !errors.As(err, &lost) || lost.Sent || !errors.Is(err, context.Canceled) {
		t.Errorf("the first: got %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the second: %v", err)
	}
	by.want(t, 2)
}

// A transport that panics in a download panics at its caller's, and nobody waits for ever.
func TestAPanicInADownload(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, nil)
	by.hold = func(*http.Request) { panic("broken") }
	func() {
		defer func() {
			if v := recover(); v != "broken" {
				t.Errorf("recovered %v", v)
			}
		}()
		t.Errorf("came back with %v", asks(client))
	}()
	by.hold = nil
	if err := asks(client); err != nil {
		t.Error(err)
	}
}
