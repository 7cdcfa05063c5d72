package ledger

import (
	"fmt"
	"log/slog"

	"github.com/wxpay-go/wxpay"
)

// Merchant is one merchant the sandbox knows: what WeChat Pay would have on file.
// It is read from JSON with its keys, and written without them.
type Merchant struct {
	MchID string `json:"mchid"`
	Name  string `json:"name,omitempty"` // shown to the payer

	// APIv3Key seals notifications and certificates, 32 bytes. Empty: made up.
	APIv3Key wxpay.Secret `json:"api_v3_key,omitzero"`
	// APIv2Key signs the calls, replies and notifications of APIv2, 32
	// characters. Empty: made up.
	APIv2Key wxpay.Secret `json:"api_v2_key,omitzero"`
	// Certificate is the API certificate in PEM; calls are verified with it.
	// Empty: made together with a private key.
	Certificate string `json:"certificate,omitempty"`
	// PrivateKey is the key of Certificate in PEM. The sandbox does not need it
	// to serve, only to hand out a client.
	PrivateKey wxpay.Secret `json:"private_key,omitzero"`

	AppIDs       []string      `json:"appids,omitempty"`        // bound to this merchant
	Plans        []Plan        `json:"plans,omitempty"`         // debit templates and services
	SubMerchants []SubMerchant `json:"sub_merchants,omitempty"` // it may act for
	KeyMode      KeyMode       `json:"key_mode,omitempty"`
}

// SubMerchant is a merchant that another one may act for.
type SubMerchant struct {
	MchID  string   `json:"mchid"`
	AppIDs []string `json:"appids,omitempty"`
}

// Plan is what a merchant applies for before it may sign contracts: a debit
// template (plan_id) or a password-exempt service (service_id).
type Plan struct {
	ID      string  `json:"id"`
	Product Product `json:"product"`
	Name    string  `json:"name,omitempty"` // shown to the payer
	// NotifyURL is configured with the plan, not sent with calls: terminations
	// go there, and everything of products whose calls have no notify_url.
	NotifyURL string `json:"notify_url,omitempty"`
	// Disabled plans sign nobody; their contracts live on.
	Disabled bool `json:"disabled,omitempty"`

	// Mode is how the plan debits; empty: as the product does by default.
	Mode DebitMode `json:"mode,omitempty"`
	// Amount, above 0, is what every debit must be exactly, in fen; the first
	// one may be another.
	Amount int64 `json:"amount,omitempty"`
	// Limits bound its debits; what is 0 is as the product has it.
	Limits Limits `json:"limits,omitzero"`
	// Test plans debit at most 0.10 CNY, a hundred times a day, and less where Limits say so.
	Test bool `json:"test,omitempty"`
	// NoAdvance is of eduschoolpay plans whose merchant has no quota for it: WeChat Pay then does
	// not pay for a payer without money.
	NoAdvance bool `json:"no_advance,omitempty"`
	// FromStart is of edu-papay plans that are not debited before the contract's period_start_date:
	// users were refused it, and no page says so.
	FromStart bool `json:"from_start,omitempty"`
	// MakeUp lets a debit be made up for without another notice in the two weeks after one that
	// failed: a user told of it of edu-papay, and no page says so.
	MakeUp bool `json:"make_up,omitempty"`
	// IDOnly is of papay plans made before 2025-09-23, whose v2/papay/preentrustweb answers the id
	// alone, without the mini program to launch.
	IDOnly bool `json:"id_only,omitempty"`
	// Days is how long its contracts run, up to a hundred years; 0: as the product has it.
	Days int `json:"days,omitempty"`
	// Owner is who a plan of eduschoolpay belongs to, a school_id; other
	// products leave it empty.
	Owner string `json:"owner,omitempty"`
	// MinPercent is the least part of a repayment that may be booked, of
	// credit-repayment plans: 5 for consumer loans, whose bookings must name it;
	// 10, the default, for cash loans.
	MinPercent int `json:"min_percent,omitempty"`
	// AsksFirst and Retention are of papay plans. With the first WeChat asks the
	// merchant whether a payer on HarmonyOS may end their contract, with the second
	// what it holds out to one who is about to: see Payer.Leave.
	AsksFirst bool `json:"asks_first,omitempty"`
	Retention bool `json:"retention,omitempty"`
}

// Product names a contract product, after its catalogue file.
type Product string

// The products the sandbox plays.
const (
	CombinePapay   Product = "combine-papay"
	PasswordExempt Product = "password-exempt-contract"
	EduPapay       Product = "edu-papay"
	EduSchoolPay   Product = "eduschoolpay"
	Papay          Product = "papay" // recurring and scheduled, direct and partner, v3 and v2
	Insurance      Product = "insurance"
	Credit         Product = "credit-repayment"
	OfflineFace    Product = "offline-face"
	GlobalPapay    Product = "global-papay"
)

// DebitMode is how a plan debits.
type DebitMode string

// The modes. The official pages call the first two 24 小时 mode and 扣费前通知 mode.
const (
	DebitAtOnce    DebitMode = "AT_ONCE"   // whenever the merchant asks
	DebitAfterADay DebitMode = "A"         // 24 hours after it was asked for; WeChat tells the payer
	DebitNoticed   DebitMode = "B"         // within the window a notice opened
	DebitScheduled DebitMode = "SCHEDULED" // on a day agreed upon at signing and booked the day before
)

// Limits bound what may be debited under a plan. 0 means no limit, save in a
// [Plan], where it means the product's default. Amounts are in fen.
type Limits struct {
	PerDebit           int64 `json:"per_debit,omitempty"`
	PerDay             int64 `json:"per_day,omitempty"`
	SuccessesPerDay    int   `json:"successes_per_day,omitempty"`
	SuccessesPerPeriod int   `json:"successes_per_period,omitempty"`
	AttemptsPerDay     int   `json:"attempts_per_day,omitempty"`
	// length of a period, counted from signing, and how far apart those of insurance lie; 30 when 0
	PeriodDays int `json:"period_days,omitempty"`
}

// KeyMode says which of WeChat Pay's keys a merchant is served with. As text, such as in JSON,
// KeysMoving may be written "moving".
// https://pay.weixin.qq.com/doc/v3/merchant/4012154180
type KeyMode string

// The key modes.
const (
	// KeysMoving is a merchant on its way from certificates to the public key: a reply is
	// signed by the public key where the request names it in Wechatpay-Serial, and by the
	// certificate otherwise; notifications are signed by either, in equal parts, as on the
	// sixth of the seven days that it takes.
	KeysMoving KeyMode = ""
	// KeysPublic is a merchant of today: only the public key; GET
	// /v3/certificates answers 404.
	KeysPublic KeyMode = "public-key"
	// KeysCertificate is a merchant that has not begun: everything is signed by
	// the certificate whatever the request names.
	KeysCertificate KeyMode = "certificate"
)

const moving = "moving"

// String is how the mode is written.
func (m KeyMode) String() string {
	if m == KeysMoving {
		return moving
	}
	return string(m)
}

// UnmarshalText reads a mode; one that there is not is refused where it is used.
func (m *KeyMode) UnmarshalText(text []byte) error {
	if *m = KeyMode(text); *m == moving {
		*m = KeysMoving
	}
	return nil
}

// KeyMaterial is what this imaginary WeChat Pay signs with, in PEM: a platform
// certificate with its key, another key whose public half merchants know by its
// PUB_KEY_ID_, and the authority that its TLS certificates are of. Keep it to
// start the same sandbox again: it is read from JSON as it is, and written
// without the keys, which [wxpay.Secret.Reveal] gives.
type KeyMaterial struct {
	PlatformCertificate string       `json:"platform_certificate"`
	PlatformKey         wxpay.Secret `json:"platform_key"`
	PublicKeyKey        wxpay.Secret `json:"public_key_key"` // the private half of the public key
	// Authority and its key may both be left out: there is one then that lives as long as the
	// sandbox. It vouches for WeChat Pay's host names and this machine, and can for no others. It
	// is two certificates: the one that clients trust, and one below it, whose key is here.
	Authority    string       `json:"authority,omitempty"`
	AuthorityKey wxpay.Secret `json:"authority_key"`
}

// Format prints who the merchant is and what they may do, and no key.
func (m Merchant) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "ledger.Merchant{MchID: %q, Name: %q, AppIDs: %q, Plans: %+v, SubMerchants: %+v, KeyMode: %q, …}",
		m.MchID, m.Name, m.AppIDs, m.Plans, m.SubMerchants, m.KeyMode)
}

// LogValue is what Format prints.
func (m Merchant) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// Format prints that there are keys.
func (KeyMaterial) Format(f fmt.State, _ rune) { fmt.Fprint(f, "ledger.KeyMaterial{…}") }

// LogValue is what Format prints.
func (k KeyMaterial) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }
