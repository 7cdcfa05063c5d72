package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The host's own clock: the client's Now, which also measures notifications.
func TestScenario01HostClockSixMinutesOff(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var keys *wxpay.Keys
	slow := s.as(func(c *wxpay.Config) {
		c.Now = func() time.Time { return start.Add(-6 * time.Minute) }
		var err error
		keys, err = wxpay.NewKeys(*c)
		s.ok(err)
	})
	_, err := slow.presign("A")
	e := wantError(t, err, 401, "SIGN_ERROR")
	mentions(t, e.Error(), "不得超过5分钟", "the clock")
	mentions(t, s.hint(), "360 seconds in the past")
	s.open(keys)
	s.signCombine("B")
	s.failed(wxpay.CheckTimestamp)
	s.answered(401)
}

// The same as a fault, for a merchant whose clock is right.
func TestScenario01ByFault(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		token := s.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
		inject(s, fault.Fault{Name: fault.Skew, Times: -1})
		_, err := s.presign("B")
		wantError(t, err, 401, "SIGN_ERROR")
		_, err = s.Payer(openID).Agree(token)
		s.ok(err)
		s.failed(wxpay.CheckTimestamp)
		s.ClearFaults()
		s.ok(s.Advance(time.Minute)) // NTP is back: the next attempt gets through
		s.handled("ECOMMERCE_ENTRUST.SIGN")
	})
}

func TestScenario02BodyChangedAfterSigning(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	broken := s.as(func(c *wxpay.Config) { c.HTTPClient = &http.Client{Transport: rewriter(remarshal)} })
	_, err := broken.do("POST", presignCombine, with(combineBody(), "contract_display_account", "A&B"))
	// The SDK's own encoder is the standard one, so the very same bytes come out.
	s.ok(err)
	_, err = broken.do("POST", presignCombine,
		[]byte(
			`{ "plan_id":12535,"appid":"wxd678efh567hg6787","out_contract_code":"B","contract_display_account":"A&B","notify_url":"https://yourapp.com/notify","return_app":true }`))
	e := wantError(t, err, 401, "SIGN_ERROR")
	if field, issue := e.Field(); field != "signature" || issue != "sign not match" {
		t.Errorf("got %s: %s", field, issue)
	}
	mentions(t, string(e.Detail), "truncated_sign_message")
	if s.hint() == "" {
		t.Error("the sandbox does not say what was signed instead")
	}
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Reencoded, Endpoint: "POST /" + presignCombine})
		_, err := s.presign("A")
		wantError(t, err, 401, "SIGN_ERROR")
		_, err = s.presign("A") // nothing was done, so the same call is good
		s.ok(err)
	})
}

func TestScenario03CertificateWithoutItsKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	replaced, err := s.ReplaceCertificate(sandbox.DefaultMchID)
	s.ok(err)
	_, err = s.presign("A") // the former certificate, the former key
	mentions(t, wantError(t, err, 401, "SIGN_ERROR").Message, "已更换证书")
	old := s.client
	fresh := s.ClientConfig()
	s.client, err = wxpay.New(fresh)
	s.ok(err)
	_, err = s.presign("A")
	s.ok(err)

	// The new serial number, the former key: New sees it where it has the
	// certificate; with the number alone only WeChat Pay can.
	key, err := wxpay.ParsePrivateKey([]byte(testFile(t, "merchant_key.pem")))
	s.ok(err)
	if _, err := wxpay.New(wxpay.Config{MchID: fresh.MchID, Certificate: fresh.Certificate, PrivateKey: key,
		PlatformKeys: fresh.PlatformKeys, APIv3Key: fresh.APIv3Key}); err == nil {
		t.Error("a certificate and another one's key made a client")
	}
	_, err = s.as(func(c *wxpay.Config) { c.Certificate, c.PrivateKey = nil, key }).presign("B")
	wantError(t, err, 401, "SIGN_ERROR")
	mentions(t, s.hint(), "which was replaced")
	_, err = s.as(func(c *wxpay.Config) {
		c.Certificate, c.SerialNo = nil,
			"3775B6A45ACD588826D15E583A95F5DD00000000"
	}).presign("B")
	mentions(t, wantError(t, err, 401, "SIGN_ERROR").Message, "商户证书序列号有误")

	// The same by REST, which hands out the new key.
	if again := s.adminOK("POST", "/sandbox/merchants/1900000109/certificate",
		object{}); again["private_key"] == replaced.PrivateKey.Reveal() || again["private_key"] == nil {
		t.Error("the admin hands out no new key")
	}
	_, err = s.presign("C")
	wantError(t, err, 401, "SIGN_ERROR")
	s.client = old
	_, err = s.presign("C")
	wantError(t, err, 401, "SIGN_ERROR")
	s.adminRefuses(404, "POST", "/sandbox/merchants/1/certificate", object{})
}

func TestScenario04NoPlatformCertificates(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.ok(s.SetKeyMode(sandbox.DefaultMchID, ledger.KeysPublic))
	e := s.refused(404, "RESOURCE_NOT_EXISTS", "GET", "v3/certificates", nil)
	mentions(t, e.Message, "无可用的平台证书")
	_, err := s.presign("A") // the public key was configured: nothing depends on certificates
	s.ok(err)

	s.adminOK("POST", "/sandbox/merchants/1900000109/key-mode", object{"mode": "certificate"})
	s.must("GET", "v3/certificates", nil)
	s.adminRefuses(400, "POST", "/sandbox/merchants/1900000109/key-mode", object{"mode": "telepathy"})
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Empty})
		if list := s.must("GET", "v3/certificates", nil)["data"].([]any); len(list) != 0 {
			t.Errorf("got %v", list)
		}
		inject(s, fault.Fault{Name: fault.Error, Endpoint: "/v3/certificates", Status: 403, Code: "NOT_ENOUGH",
			Message: "平台证书已过期失效，请联系微信支付技术支持。"})
		s.refused(403, "NOT_ENOUGH", "GET", "v3/certificates", nil)
		s.must("GET", "v3/certificates", nil)
	})
}

// While a merchant moves from certificates to the public key, replies come signed by the key that
// was asked for, the certificate where none was, and notifications by either.
// https://pay.weixin.qq.com/doc/v3/merchant/4012154180
func TestKeyModes(t *testing.T) {
	t.Parallel()
	moving := newWorld(t).ClientConfig().PlatformKeys
	public, cert := moving[0].ID, moving[1].ID
	for mode, want := range map[ledger.KeyMode]map[string]bool{
		ledger.KeysMoving: {public: true, cert: true}, ledger.KeysPublic: {public: true},
		ledger.KeysCertificate: {cert: true},
	} {
		w := newWorld(t, sandbox.WithKeyMode(mode))
		signed := map[string]bool{}
		w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			signed[r.Header.Get("Wechatpay-Serial")] = true
		})))
		for _, code := range strings.Split("ABCDEFGHIJKL", "") {
			w.ok(w.Payer(openID).Terminate(w.signCombine(code).ID))
		}
		w.ok(w.Settle())
		if !maps.Equal(signed, want) {
			t.Errorf("%s: notifications are signed by %v", mode, signed)
		}
	}
	var mode ledger.KeyMode
	if err := json.Unmarshal([]byte(`"moving"`), &mode); err != nil || mode != ledger.KeysMoving {
		t.Errorf("moving: got %q, %v", string(mode), err)
	}
}

// The same by faults, for a merchant who has moved and kept both keys.
func TestScenario05KeysOfTheMove(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		s.ok(s.SetKeyMode(sandbox.DefaultMchID, ledger.KeysPublic))
		onlyPublic := s.as(func(c *wxpay.Config) { c.PlatformKeys = c.PlatformKeys[:1] })
		inject(s, fault.Fault{Name: fault.OtherKey, Endpoint: "*", Times: 2})
		_, err := s.presign("A")
		s.ok(err)
		_, err = onlyPublic.presign("B")
		wantUnproven(t, err, wxpay.CheckSerial) // the outcome is unknown …
		if state := s.state("B"); state != "NOT_SIGNED" {
			t.Errorf("… and a query tells it: got %s", state)
		}

		inject(s, fault.Fault{Name: fault.OtherKey, Event: "*", Times: 2})
		s.signCombine("A")
		s.handled("ECOMMERCE_ENTRUST.SIGN")
		cfg := s.ClientConfig()
		cfg.PlatformKeys = cfg.PlatformKeys[:1]
		public, err := wxpay.NewKeys(cfg)
		s.ok(err)
		s.open(public)
		contracts, err := s.Contracts()
		s.ok(err)
		s.ok(s.Payer(openID).Terminate(contracts[0].ID))
		s.failed(wxpay.CheckSerial)
		s.ok(s.Advance(time.Minute)) // the share of the other key is not yet all
		s.handled("ECOMMERCE_ENTRUST.SIGN", "ECOMMERCE_ENTRUST.TERMINATE")
	})
}

// A platform certificate is replaced while merchants run: a client learns the new one, keys that
// nobody downloads for do not.
func TestPlatformCertificateRotates(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	s.adminOK("POST", "/sandbox/platform-certificate", object{})
	if list := s.must("GET", "v3/certificates", nil)["data"].([]any); len(list) != 2 {
		t.Errorf("%d certificates are listed, want the former and the new", len(list))
	}
	_, err := s.presign("A")
	s.ok(err)
	cfg := s.ClientConfig()
	cfg.PlatformKeys = cfg.PlatformKeys[:1]
	alone, err := wxpay.NewKeys(cfg)
	s.ok(err)
	s.client, err = wxpay.New(cfg)
	s.ok(err)
	receiving, err := wxpay.New(cfg)
	s.ok(err)
	s.ok(s.Advance(24 * time.Hour))
	_, err = s.presign("C")
	s.ok(err)
	if list := s.must("GET", "v3/certificates", nil)["data"].([]any); len(list) != 1 {
		t.Errorf("%d certificates are listed, want the new one", len(list))
	}
	s.open(alone)
	s.signCombine("D")
	s.failed(wxpay.CheckSerial)
	s.open(receiving.Keys()) // of a client that has made no call
	s.ok(s.Advance(time.Minute))
	s.handled("ECOMMERCE_ENTRUST.SIGN")
}

func TestScenario06Probe(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Probe})
		s.signCombine("A")
		s.failed(wxpay.CheckSignature)
		s.handled("ECOMMERCE_ENTRUST.SIGN")
		s.answered(401, 204)
		if p := s.onlyPush(); p.State != ledger.PushDelivered || !p.Attempts[0].Probe {
			t.Errorf("got %+v", p)
		}
		// Replies are probed too, and with a serial nobody has.
		inject(s, fault.Fault{Name: fault.Probe, Endpoint: "*"})
		_, err := s.presign("B")
		wantUnproven(t, err, wxpay.CheckSignature)
		inject(s, fault.Fault{Name: fault.WrongSerial, Endpoint: "*"})
		_, err = s.presign("B")
		wantUnproven(t, err, wxpay.CheckSerial)
		_, err = s.presign("B")
		s.ok(err)
	})
}

// What proxies and strangers make of a notification fails at its check, and the
// next genuine attempt gets through.
func TestScenario07ProxyInBetween(t *testing.T) {
	t.Parallel()
	for name, check := range map[fault.Name]wxpay.Check{
		fault.Stripped: wxpay.CheckHeaders, fault.BOM: wxpay.CheckSignature,
		fault.Reencoded:    wxpay.CheckSignature,
		fault.BadSignature: wxpay.CheckSignature, fault.WrongSerial: wxpay.CheckSerial,
		fault.Stale: wxpay.CheckTimestamp,
	} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
				s := newShop(t)
				inject(s, fault.Fault{Name: name, Event: "ECOMMERCE_ENTRUST.SIGN"})
				s.signCombine("A")
				s.failed(check)
				s.handled()
				s.ok(s.Advance(10 * time.Second))
				s.handled("ECOMMERCE_ENTRUST.SIGN")
				s.answered(401, 204)
			})
		})
	}
}

// A merchant who accepts such a message does not verify; the sandbox says so.
func TestScenario07CarelessMerchant(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.ok(s.Receive("https://yourapp.com", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	s.ok(s.Inject(fault.Fault{Name: fault.BadSignature}))
	s.signCombine("A")
	s.ok(s.Settle())
	if p := s.onlyPush(); p.State != ledger.PushPending {
		t.Errorf("got %s", p.State)
	} else {
		mentions(t, p.Attempts[0].Error, "does not verify")
	}
}

func TestScenario08APIv3KeyReset(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, err := s.ResetAPIv3Key(sandbox.DefaultMchID)
	s.ok(err)
	s.signCombine("A")
	s.failed(notify.CheckResource)
	s.answered(500)
	s.open(s.Keys()) // deployed with the new key
	s.ok(s.Advance(time.Minute))
	s.handled("ECOMMERCE_ENTRUST.SIGN")
	if got := s.adminOK("POST", "/sandbox/merchants/1900000109/api-v3-key",
		object{}); len(got["api_v3_key"].(string)) != 32 {
		t.Errorf("got %v", got["api_v3_key"])
	}
	s.ok(s.Payer(openID).Terminate(s.onlyContract().ID))
	s.failed(notify.CheckResource)
	if _, err := s.ResetAPIv3Key("1"); err == nil {
		t.Error("the key of nobody was reset")
	}
}
