package explain_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const openID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

// receiver stores what a sandbox sends it.
type receiver struct{ got []explain.Message }

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.got = append(r.got, explain.Message{Header: q.Header.Clone(), Body: body, At: start})
	if strings.HasPrefix(string(body), "<") {
		_, _ = io.WriteString(w, "<xml><return_code>SUCCESS</return_code></xml>")
	}
}

// storage is what was received, and what its receiver knows.
type storage struct {
	t                           *testing.T
	sandbox                     *sandbox.Sandbox
	payment, paidV2, refundedV2 explain.Message
	reply                       explain.Message
	known                       explain.Known
	key                         *rsa.PrivateKey // of the platform certificate
	serial                      string          // of it
	publicKeyID                 string
}

func newStorage(t *testing.T) *storage {
	t.Helper()
	sb := sandbox.New(t, sandbox.At(start), sandbox.WithKeyMode(ledger.KeysCertificate))
	s, in := &storage{t: t, sandbox: sb}, &receiver{}
	s.ok(sb.Receive("https://yourapp.com", in))
	cfg := sb.ClientConfig()
	s.known.Merchants = []explain.Keys{{MchID: cfg.MchID, Serial: cfg.SerialNo, APIv3: cfg.APIv3Key.Reveal(),
		Public: cfg.PrivateKey.Public().(*rsa.PublicKey), APIv2: cfg.APIv2Key.Reveal()}}
	both := sandbox.New(t).ClientConfig().PlatformKeys // of the same keys, while a merchant moves
	for _, k := range both {
		s.known.Platform = append(s.known.Platform, explain.Platform{ID: k.ID, Key: k.Key, NotAfter: k.NotAfter})
	}
	s.key = (&world{t: t}).platformKey()
	s.publicKeyID, s.serial = both[0].ID, both[1].ID

	ctx := context.Background()
	r, err := sb.Client().Chain("v3/pay/transactions/jsapi").Post(ctx, map[string]any{
		"appid": sandbox.DefaultAppID, "mchid": cfg.MchID, "description": "会员", "out_trade_no": "a1b2c3",
		"notify_url": "https://yourapp.com/notify", "amount": map[string]any{"total": 888},
		"payer": map[string]any{"openid": openID},
	})
	s.ok(err)
	var order struct {
		PrepayID string `json:"prepay_id"`
	}
	s.ok(r.Decode(&order))
	s.reply = explain.Message{Header: r.Header.Clone(), Body: r.Body, At: start, Reply: true}
	s.pay(order.PrepayID)

	r, err = sb.Client().Chain("v2/pay/unifiedorder").Post(ctx, map[string]string{
		"appid": sandbox.DefaultAppID, "out_trade_no": "U1", "body": "Ipadmini16G白色", "total_fee": "888",
		"notify_url": "https://yourapp.com/paid", "spbill_create_ip": "123.12.12.123", "trade_type": "JSAPI",
		"openid": openID, "attach": " a &amp; b ",
	})
	s.ok(err)
	m, err := r.Map()
	s.ok(err)
	s.pay(m["prepay_id"].(string))
	_, err = sb.Client().Chain("v2/secapi/pay/refund").Post(ctx, map[string]string{
		"appid": sandbox.DefaultAppID, "out_trade_no": "U1", "out_refund_no": "R1", "total_fee": "888",
		"refund_fee": "1", "notify_url": "https://yourapp.com/refund",
	}, wxpay.MTLS())
	s.ok(err)
	s.ok(sb.Settle())
	s.ok(sb.Advance(24 * time.Hour)) // refunds take their time
	if len(in.got) != 3 {
		t.Fatalf("%d notifications came", len(in.got))
	}
	s.payment, s.paidV2, s.refundedV2 = in.got[0], in.got[1], in.got[2]
	return s
}

func (s *storage) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *storage) pay(prepayID string) {
	s.t.Helper()
	_, err := s.sandbox.Payer(openID).Pay(prepayID)
	s.ok(err)
	s.ok(s.sandbox.Settle())
}

// with is a copy of a message that can be changed.
func with(m explain.Message, change func(*explain.Message)) explain.Message {
	m.Header, m.Body = m.Header.Clone(), []byte(string(m.Body))
	change(&m)
	return m
}

// signed is a message with the signature of WeChat Pay's key.
func (s *storage) signed(body string) explain.Message {
	m := with(s.payment, func(m *explain.Message) { m.Body = []byte(body) })
	h := m.Header
	message := wire.AppendReplyMessage(nil, h.Get(wire.HeaderTimestamp), h.Get(wire.HeaderNonce), m.Body)
	h.Set(wire.HeaderSignature, std((&world{t: s.t}).rsa(s.key, crypto.SHA256)(string(message))))
	return m
}

// storedCase is a message, what happened to it or to the keys, and what is found.
type storedCase struct {
	is      string // the names of all findings, in order
	message explain.Message
	known   *explain.Known // nil for the right ones
	forged  bool           // it is not WeChat Pay's, or nothing shows that it is
}

func (s *storage) check(cases []storedCase) {
	for i, c := range cases {
		s.t.Run(strconv.Itoa(i)+" "+strings.ReplaceAll(c.is, "/", "-"), func(t *testing.T) {
			known := c.known
			if known == nil {
				known = &s.known
			}
			before := string(c.message.Body)
			v := c.message.Explain(*known)
			var got []string
			for _, f := range v.Findings {
				name := f.Names()
				if f.Case != "" {
					name += "/" + f.Case
				}
				got = append(got, name)
				if strings.Contains(f.In("en")+f.In("zh"), "{") && !strings.Contains(name, "placeholder") {
					t.Errorf("a detail is missing: %s, %s", f, f.In("zh"))
				}
			}
			if all := strings.Join(got, " "); all != c.is || v.Genuine == c.forged {
				t.Errorf("found %s, genuine %t, want %s: %v", all, v.Genuine, c.is, v.Findings)
			}
			if v.Fault() == (c.is == "genuine" || strings.HasPrefix(c.is, "genuine/")) {
				t.Errorf("%s: at fault: %t", c.is, v.Fault())
			}
			if string(c.message.Body) != before {
				t.Error("the body was changed")
			}
		})
	}
}
