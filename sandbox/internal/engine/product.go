package engine

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Product is all that one contract product adds to the machine that every
// product shares: presign a session, let the payer agree, notify, query,
// terminate. A new product is a value of this type and its behaviours, in a
// folder of its own; nothing else has to know about it.
type Product struct {
	Name ledger.Product
	// Samples are the plans that the default merchant has of it, with the ids of the official
	// samples; their Product and NotifyURL go without saying.
	Samples []ledger.Plan

	TTL   time.Duration                          // life of a session
	Token func(*random.Random, time.Time) string // makes pre_entrustweb_id or presign_token
	ID    func(*random.Random, time.Time) string // makes contract_id

	// Names says what the presign body calls things. A product without an
	// out_contract_code has an empty one: then a payer and a plan stand for it.
	Names Names
	// Days is how long a contract runs; 0 for without end.
	Days int

	// Signed and ended are the notifications; templateURL sends even the first
	// to the plan's URL, for products whose presign has no notify_url.
	Signed, Ended Event
	TemplateURL   bool
	// Retries is the notifications' schedule.
	Retries rows.Schedule
	// Resource is what the notifications carry, sealed.
	Resource func(*rows.Contract) Document
	// NotifyXML writes the notification of a contract that was signed in APIv2, for
	// products that have any.
	NotifyXML func(s *Step, c *rows.Contract, url string) error

	// AlreadySigned and gone are the answers to a presign for a payer who has a
	// live contract, and to a termination of a contract that is not live.
	AlreadySigned, Gone func() *Refusal

	// Beside says of a signing that its contract may be in force beside others of the payer under
	// the plan; nil: never. Of others an out_user_code tells the payer's accounts apart.
	Beside func(*rows.Session) bool
	// Most is how many contracts of a payer may be in force under a plan; 0: any number.
	Most int

	// Cooling is how long a payer may take back their wish to end a contract, which
	// is TERMINATE_PENDING until then; 0: they end it at once.
	Cooling time.Duration

	// Agreed completes the contract of a session just before it is stored:
	// bookings, another end. It may refuse with a *ledger.PageError, a [Committed]
	// one where the code is to be burnt. nil: nothing to add.
	Agreed func(*Step, *rows.Session, *rows.Contract) error
	// Over is what happens when the clock gets to the end of a contract; it must
	// move ExpiresAt or EndsAt, or end it. nil: it ends, with BySystem.
	Over func(*Step, *rows.Contract) error
	// KeepsFailed stores a SIGN_FAILED contract when a rule blocks the signing;
	// otherwise only the code is burnt.
	KeepsFailed bool
	// CodePerPlan makes out_contract_code unique under a plan, instead of over
	// the merchant.
	CodePerPlan bool

	// Debits are the rules debits run under, the usual ones first; none for
	// products that do not debit by themselves.
	Debits []*DebitRules

	// Exempt are the limits of payments without a password under a contract, for
	// products that have such.
	Exempt ledger.Limits

	// NoOrder is the 404 of order queries; nil: ORDER_NOT_EXIST.
	NoOrder func() *Refusal

	// Behaviours are the endpoints, by catalogue id.
	Behaviours map[string]Behaviour
	// Admin is what only this product has people do, by the pattern of the admin's call.
	Admin map[string]AdminCall

	// Make gives a made-up contract what only this product's have; nil: nothing. See Made.
	Make func(*Made, *rows.Contract)
	// Tells are its notifications besides those of signing, ending, paying and failing.
	Tells []Telling
}

// AdminCall is a call of the sandbox's admin.
type AdminCall struct {
	New   func() any // a pointer to a struct, whose members are those that the call takes
	Needs []string   // strings that it cannot do without
	Do    func(s *Step, body any) (any, error)
}

// Takes is a call whose body has the members of B and needs these.
func Takes[B any](do func(*Step, *B) (any, error), needs ...string) AdminCall {
	return AdminCall{func() any { return new(B) }, needs, func(s *Step, body any) (any, error) {
		return do(s, body.(*B))
	}}
}

type Names struct{ Plan, Code, Account string }

type Event struct{ EventType, OriginalType, Summary string }

// Repertoire is all that is played on the engine.
type Repertoire struct {
	Products []*Product
	// Behaviours are the endpoints of no contract product, by catalogue id.
	Behaviours []map[string]Behaviour
	Refunds    []*RefundRules
	Tells      []Telling // of no contract product
	// Paid writes the notification of a paid order.
	Paid map[rows.Placing]func(*Step, *rows.Order) error
}

// numbersPlans says whether a plan's id is a number in the product's calls.
func (p *Product) numbersPlans(c *catalogue.Catalogue) bool {
	for id := range p.Behaviours {
		if op := c.Operation(id); op.Body != nil {
			if f := op.Body.Field(p.Names.Plan); f != nil {
				return f.Type == catalogue.Integer
			}
		}
	}
	return false
}

// Products are those that are played, by name.
type Products map[ledger.Product]*Product

// Kinds are the products by name.
func (r *Repertoire) Kinds() Products {
	out := Products{}
	for _, p := range r.Products {
		out[p.Name] = p
	}
	return out
}

// Names are the products a plan can be of.
func (kinds Products) Names() []string {
	var out []string
	for name := range kinds {
		out = append(out, string(name))
	}
	slices.Sort(out)
	return out
}

// CheckPlanID says whether a plan of a product can have this id: what goes out as a number has to
// be one as JSON writes it, without a zero before it.
func (kinds Products) CheckPlanID(name ledger.Product, id string) error {
	c, err := catalogue.Default()
	kind := kinds[name]
	if err != nil || id == "" || kind == nil || !kind.numbersPlans(c) {
		return err
	}
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n < 0 || strconv.FormatInt(n, 10) != id {
		return fmt.Errorf("sandbox: plan %s: %s is a number in %s, such as 12535", shown.Value(id), kind.Names.Plan,
			name)
	}
	return nil
}

// CodeKey is the place of an out_contract_code, which most products want to be
// the merchant's only one.
func (p *Product) CodeKey(mchid, plan, code string) string {
	if p.CodePerPlan {
		return rows.Joined(string(p.Name), mchid, plan, code)
	}
	return rows.Joined(string(p.Name), mchid, code)
}

// RefundRules is what one way of refunding adds: /v3/refund/domestic,
// /v3/ecommerce/refunds, v2.
type RefundRules struct {
	Name     string
	Delay    time.Duration // from acceptance to the payer's account
	Retries  rows.Schedule
	Resource func(*rows.Refund) Document
	Event    string // of every outcome; "" for REFUND.SUCCESS and its kin
	TooMuch  string // what is said of more than is left; "" for APIv3's sentence
}

// Has says whether a product is played.
func (kinds Products) Has(name ledger.Product) bool { return kinds[name] != nil }
