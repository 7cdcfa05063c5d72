package sandbox

import (
	"io"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Config says how to [Start] a sandbox. The zero value starts one with fresh
// keys, in memory, with the default merchant, on ports the system picks.
type Config struct {
	// Addr is where the API listens, AdminAddr where the admin does, both on
	// this machine. The API takes plain HTTP, TLS ([Sandbox.TLSURL]) and the CONNECT
	// of a proxy at its one address. Default: "127.0.0.1:0".
	Addr, AdminAddr string
	// AllowNonLoopback lets the sandbox listen and forward beyond this machine.
	// Whoever reaches the admin port can do everything: put it behind something.
	AllowNonLoopback bool
	// Unsigned takes the cryptography out of calls, for measurements of the rest: a
	// merchant is whoever its call says, no signature or date of it is checked, and
	// replies carry none, so that the SDK refuses them. Every reply says so in
	// [ledger.HeaderUnsigned], and Logf hears of it. Notifications and sealed fields
	// stay as they are. It goes with no AllowNonLoopback, and takes no call of a web
	// page. Default: all is signed.
	Unsigned bool

	// Keys is what the sandbox signs with. Default: made fresh.
	Keys *ledger.KeyMaterial
	// Merchants is who it knows. Default: [DefaultMerchant]. Merchants without
	// certificate or APIv3 key get them made; read them back with
	// [Sandbox.Merchants].
	Merchants []ledger.Merchant
	// Payers says which openids belong to one person, as openid by appid. An openid
	// of which nobody said that is a person of its own. The store keeps them as it
	// keeps those of [Sandbox.AddPayer]: a later start need not list them, and does not
	// divide a person by leaving them out. One that is told in the same words again
	// leaves what AddPayer said since. [Start] fails, and changes nothing, where AddPayer
	// would.
	Payers []map[string]string

	// Store keeps the state. A sandbox closes its store; when [Start] fails there
	// is no sandbox, and it stays the caller's to close. Default: [store.NewMemory].
	Store store.Store
	// Start is the time the clock starts at, from 1971 to 2261. Zero means now or, on
	// a store that was used before, where its clock had been moved to. ManualClock
	// stops it: then time passes only by Advance and Clock.Set, and notifications are
	// sent only by Advance and Settle.
	Start       time.Time
	ManualClock bool
	// OneClock dates signatures by the sandbox's clock too, as [New] does: what
	// does not ask that clock for the time can then neither call nor receive
	// once it was moved. Default: signatures are dated by the machine's clock,
	// whatever the sandbox's says; see [Clock].
	OneClock bool
	// Rand makes everything made up: ids, nonces. Default: crypto/rand.
	Rand io.Reader

	// Chaos starts with the faults of [fault.Chaos] armed.
	Chaos bool
	// Calm starts without any fault. It excludes Chaos.
	Calm bool

	// SeedWith is a JSON document of what is to be there, as of `wxpay sandbox --seed`: an
	// object whose members are lists, "merchants", "plans", "payers", "contracts" and "faults".
	// What of it is not there is laid at the start, and again by [Sandbox.Reset]; see
	// [Sandbox.SeedWith]. Default: nothing.
	SeedWith []byte

	// Forward sends notifications for addresses that are not on this machine to
	// some that are: {"https://yourapp.com": "http://127.0.0.1:8080"}.
	Forward map[string]string
	// NotifyTimeout is how long a merchant may take to answer a notification.
	// Default: 5 seconds, as documented.
	NotifyTimeout time.Duration
	// MaxBody is the largest request body, in bytes. Default: 1 MiB.
	MaxBody int64
	// JournalSize is how many exchanges the journal keeps. Default: 1000.
	JournalSize int
	// Logf hears of what goes wrong inside the sandbox, in one line each time. It may
	// look at the sandbox and register whom it likes, and call nothing that settles,
	// advances, or gives a forward or a certificate. Default: nobody does.
	Logf func(format string, args ...any)
	// OnExchange hears of every API call soon after it was answered, one after the
	// other, as the journal writes it down, without its Seq; no call waits for it, and
	// Close does for two seconds at most. Where it is slower than the calls come it
	// does not hear of all, and Logf says of how many. OnAttempt hears of every attempt
	// to deliver a notification, with what has become of it. It is called from many
	// goroutines and keeps what it reports on waiting: be quick, and call nothing that
	// settles or advances. Default: nobody does, which costs nothing.
	OnExchange func(ledger.Exchange)
	OnAttempt  func(ledger.Push, ledger.Attempt)

	warn    func(format string, args ...any) // hears why calls are refused and notifications not delivered; may be nil
	rounds  int                              // see worker; 0: the usual number
	kept    int                              // see outbox/retain.go; 0: the usual number
	longest time.Duration                    // see worker; 0: the usual time
	late    time.Duration                    // see worker; 0: NotifyTimeout
}

// Numbers of the default merchant, those of the official samples.
const (
	DefaultMchID    = samples.MchID
	DefaultAppID    = samples.AppID    // of combine-papay, password-exempt-contract and the orders
	DefaultEduAppID = samples.EduAppID // of edu-papay
	DefaultV2AppID  = samples.V2AppID  // of APIv2
	// DefaultPlanID is the plan_id of combine-papay, papay and insurance, and
	// the password-exempt service_id.
	DefaultPlanID    = samples.PlanID
	DefaultEduPlanID = samples.EduPlanID // of edu-papay and eduschoolpay
	DefaultSchoolID  = samples.SchoolID
	// DefaultOrganizationID is the organisation of offline-face, which takes the
	// place of a plan.
	DefaultOrganizationID = samples.OrganizationID
	// DefaultDayPlanID is a papay plan of mode A, DefaultScheduledPlanID one
	// that takes contracts with a deduct_schedule only.
	DefaultDayPlanID       = samples.DayPlanID
	DefaultScheduledPlanID = samples.ScheduledPlanID
	DefaultCreditPlanID    = samples.CreditPlanID // of credit-repayment and global papay
	// DefaultNotifyURL is configured with every default plan. Notifications to
	// it go nowhere until its address is forwarded.
	DefaultNotifyURL = samples.NotifyURL
)

// DefaultMerchant is the merchant of the official samples, without keys: every
// value of the pages of the three pre-sign endpoints works with it as it stands,
// save the prepay_id, which has to come from an order.
func DefaultMerchant() ledger.Merchant {
	m := ledger.Merchant{
		MchID: DefaultMchID, Name: "Sandbox Merchant",
		AppIDs: []string{DefaultAppID, DefaultEduAppID, DefaultV2AppID},
		SubMerchants: []ledger.SubMerchant{ // those of the official samples
			{MchID: DefaultMchID, AppIDs: []string{DefaultEduAppID, DefaultAppID}},
			{MchID: "1230000109"},
			{MchID: "1900000110"},
			{MchID: "12345512"},
			{MchID: "1000000109"},
		},
	}
	for _, p := range everything().Products {
		for _, plan := range p.Samples {
			plan.Product, plan.NotifyURL = p.Name, DefaultNotifyURL
			m.Plans = append(m.Plans, plan)
		}
	}
	return m
}
