package registry

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// maxDays is the longest that a contract, or a period of it, runs.
const maxDays = 36_500

// Merchant is a Merchant with everything parsed once.
type Merchant struct {
	ledger.Merchant
	Serial      string
	RSA         *rsa.PublicKey
	Private     crypto.Signer // nil when the sandbox was not given it
	Cert        *x509.Certificate
	AEAD        *wire.AEAD
	PublicKeyID string // of WeChat Pay's public key, as this merchant knows it
}

// keys are the merchant's secrets, those it has.
func (m *Merchant) keys() []string {
	keys := []string{m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), m.PrivateKey.Reveal()}
	return slices.DeleteFunc(keys, func(key string) bool { return key == "" })
}

// Kinds are the products that plans can be of.
type Kinds interface {
	Has(ledger.Product) bool
	Names() []string
	// CheckPlanID says whether a plan of a product can have this id.
	CheckPlanID(product ledger.Product, id string) error
}

// Parse takes in a merchant, whose plans are of these products.
func Parse(kinds Kinds, m ledger.Merchant) (*Merchant, error) {
	fail := func(format string, args ...any) (*Merchant, error) {
		return nil, fmt.Errorf("sandbox: merchant %s: %w", shown.Value(m.MchID), fmt.Errorf(format, args...))
	}
	if m.MchID == "" || strings.Trim(m.MchID, random.Decimal) != "" || len(m.MchID) > 32 {
		return fail("the merchant id must be 1 to 32 digits")
	}
	switch m.KeyMode {
	case ledger.KeysMoving, ledger.KeysPublic, ledger.KeysCertificate:
	default:
		return fail("unknown key mode %q; there are %s, %s and %s", string(m.KeyMode), ledger.KeysMoving,
			ledger.KeysPublic, ledger.KeysCertificate)
	}
	cert, err := wxpay.ParseCertificate([]byte(m.Certificate))
	if err != nil {
		return fail("%w", err)
	}
	if err := refuseReal(cert); err != nil {
		return fail("%w", err)
	}
	out := &Merchant{Merchant: m, Cert: cert, Serial: wire.SerialHex(cert), PublicKeyID: publicKeyID(m.MchID)}
	out.RSA = cert.PublicKey.(*rsa.PublicKey) // ParseCertificate takes no other
	if !m.PrivateKey.IsZero() {
		if out.Private, err = wxpay.ParsePrivateKey([]byte(m.PrivateKey.Reveal())); err != nil {
			return fail("%w", err)
		}
		if !out.RSA.Equal(out.Private.Public()) {
			return fail("the private key does not belong to the certificate")
		}
	}
	if out.AEAD, err = wire.NewAEAD(m.APIv3Key.Reveal()); err != nil {
		return fail("APIv3 key: %w", err)
	}
	if n := len(m.APIv2Key.Reveal()); n != wire.KeySize {
		return fail("APIv2 key: it has %d characters, want %d", n, wire.KeySize)
	}
	for _, id := range m.AppIDs {
		if err := shown.CheckID("appid", id); err != nil {
			return fail("%w", err)
		}
	}
	for _, sub := range m.SubMerchants {
		for _, id := range append([]string{sub.MchID}, sub.AppIDs...) {
			if err := shown.CheckID("sub-merchant's id", id); err != nil {
				return fail("%w", err)
			}
		}
	}
	seen := map[planKey]bool{}
	for _, p := range m.Plans {
		switch key := (planKey{p.Product, p.ID}); {
		case p.ID == "":
			return fail("a plan has no id")
		case !shown.IsText(p.ID) || !shown.IsText(p.Owner):
			return fail("the id or owner of plan %s holds a control character or is not UTF-8", shown.Value(p.ID))
		case !kinds.Has(p.Product):
			return fail("plan %s: unknown product %q; there are %s", p.ID, p.Product, strings.Join(kinds.Names(), ", "))
		case seen[key]:
			return fail("plan %s of %s is there twice", p.ID, p.Product)
		case p.Days < 0 || p.Days > maxDays || p.Limits.PeriodDays < 0 || p.Limits.PeriodDays > maxDays:
			return fail("plan %s: days and period_days are from 0 to %d", p.ID, maxDays)
		default:
			seen[key] = true
		}
	}
	return out, nil
}

// publicKeyID is PUB_KEY_ID_ and 34 digits, of which the first eleven are 0 and
// the merchant id, as the merchant console shows them.
func publicKeyID(mchid string) string {
	const digits = 34
	id := "0" + mchid + "2024101100397200000006"
	for len(id) < digits {
		id += "0"
	}
	return wire.PublicKeyIDPrefix + id[:digits]
}

func (m *Merchant) Owns(appid string) bool { return slices.Contains(m.AppIDs, appid) }

// FirstAppID stands for calls that name none.
func (m *Merchant) FirstAppID() string {
	if len(m.AppIDs) == 0 {
		return ""
	}
	return m.AppIDs[0]
}

func (m *Merchant) Plan(product ledger.Product, id string) *ledger.Plan {
	for i := range m.Plans {
		if m.Plans[i].ID == id && m.Plans[i].Product == product {
			return &m.Plans[i]
		}
	}
	return nil
}

func (m *Merchant) Sub(mchid string) *ledger.SubMerchant {
	for i := range m.SubMerchants {
		if m.SubMerchants[i].MchID == mchid {
			return &m.SubMerchants[i]
		}
	}
	return nil
}

// subOwns says whether the appid is the sub-merchant's, as far as the sandbox was
// told of any.
func subOwns(m *ledger.SubMerchant, appid string) bool {
	return len(m.AppIDs) == 0 || slices.Contains(m.AppIDs, appid)
}

type planKey struct {
	product ledger.Product
	id      string
}

// CheckNew says what makes no sense in a merchant or plan that comes now. What a store has was
// taken by the version that put it there.
func CheckNew(kinds Kinds, m ledger.Merchant) error {
	for _, id := range m.AppIDs {
		if id == "" {
			return fmt.Errorf("sandbox: merchant %s: an appid is empty", shown.Value(m.MchID))
		}
	}
	for _, sub := range m.SubMerchants {
		if sub.MchID == "" || slices.Contains(sub.AppIDs, "") {
			return fmt.Errorf("sandbox: merchant %s: a sub-merchant's id is empty", shown.Value(m.MchID))
		}
	}
	for _, p := range m.Plans {
		if err := CheckNewPlan(kinds, p); err != nil {
			return err
		}
	}
	return nil
}

func CheckNewPlan(kinds Kinds, p ledger.Plan) error {
	l := p.Limits
	if u, ok := ParseAddress(p.NotifyURL); p.NotifyURL != "" && (!ok || u.RawQuery != "" || u.ForceQuery) {
		return fmt.Errorf("sandbox: plan %s: its notify_url is no address without a query, such as "+
			"https://yourapp.com/notify", shown.Value(p.ID))
	}
	switch {
	case !knownMode(p.Mode):
		return fmt.Errorf("sandbox: plan %s: unknown mode %q; there are %q, %q, %q, %q and, for that of the "+
			"product, none",
			shown.Value(
				p.ID), p.Mode, ledger.DebitAtOnce, ledger.DebitAfterADay, ledger.DebitNoticed, ledger.DebitScheduled)
	case min(p.Amount, l.PerDebit, l.PerDay,
		int64(min(l.SuccessesPerDay, l.SuccessesPerPeriod, l.AttemptsPerDay, p.MinPercent))) < 0 || p.MinPercent > 100:
		return fmt.Errorf("sandbox: plan %s: amount and limits are from 0, min_percent from 0 to 100",
			shown.Value(p.ID))
	}
	return kinds.CheckPlanID(p.Product, p.ID)
}

func knownMode(m ledger.DebitMode) bool {
	return slices.Contains([]ledger.DebitMode{"", ledger.DebitAtOnce, ledger.DebitAfterADay, ledger.DebitNoticed,
		ledger.DebitScheduled}, m)
}

// ParseAddress reads what can be called: an http or https address of a host and a port
// that can be, and nothing that would not be sent or must not be shown.
func ParseAddress(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil ||
		u.Fragment != "" {
		return nil, false
	}
	port, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16)
	return u, err == nil && port > 0
}
