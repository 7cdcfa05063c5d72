package engine

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Product is all that one contract product adds to the machine that every
// product shares: presign a session, let the payer agree, notify, query,
// terminate. A new product is a value of this type and its behaviours, in a
// folder of its own; nothing else has to know about it.
type Product struct {
	Name ledger.Product

	TTL   time.Duration                   // life of a session
	Token func(*Random, time.Time) string // makes pre_entrustweb_id or presign_token
	ID    func(*Random, time.Time) string // makes contract_id

	// Names says what the presign body calls things. A product without an
	// out_contract_code has an empty one: then a payer and a plan stand for it.
	Names Names
	// Years is how long a contract runs; 0 for without end.
	Years int

	// Signed and ended are the notifications; templateURL sends even the first
	// to the plan's URL, for products whose presign has no notify_url.
	Signed, Ended Event
	TemplateURL   bool
	// Retries is the notifications' schedule.
	Retries schedule
	// Resource is what the notifications carry, sealed.
	Resource func(*ContractRow) Document
	// NotifyXML writes the notification of a contract that was signed in APIv2, for
	// products that have any.
	NotifyXML func(s *Step, c *ContractRow, url string) error

	// AlreadySigned and gone are the answers to a presign for a payer who has a
	// live contract, and to a termination of a contract that is not live.
	AlreadySigned, Gone func() *Refusal

	// Cooling is how long a payer may take back their wish to end a contract, which
	// is TERMINATE_PENDING until then; 0: they end it at once.
	Cooling time.Duration

	// Agreed completes the contract of a session just before it is stored:
	// bookings, another end. It may refuse with a *ledger.PageError, a [Committed]
	// one where the code is to be burnt. nil: nothing to add.
	Agreed func(*Step, *SessionRow, *ContractRow) error
	// Over is what happens when the clock gets to the end of a contract; it must
	// move ExpiresAt or EndsAt, or end it. nil: it ends, with BySystem.
	Over func(*Step, *ContractRow) error
	// KeepsFailed stores a SIGN_FAILED contract when a rule blocks the signing;
	// otherwise only the code is burnt.
	KeepsFailed bool
	// CodePerPlan makes out_contract_code unique under a plan, instead of over
	// the merchant.
	CodePerPlan bool

	// Debits are the rules debits run under, the usual ones first; none for
	// products that do not debit by themselves.
	Debits []*DebitRules

	// NoOrder is the 404 of order queries; nil: ORDER_NOT_EXIST.
	NoOrder func() *Refusal

	// Behaviours are the endpoints, by catalogue id.
	Behaviours map[string]Behaviour
}

type Names struct{ Plan, Code, Account string }

type Event struct{ EventType, OriginalType, Summary string }

// Repertoire is all that is played on the engine.
type Repertoire struct {
	Products []*Product
	// Behaviours are the endpoints of no contract product, by catalogue id.
	Behaviours []map[string]Behaviour
	Refunds    []*RefundRules
	XML        map[string]*XMLEndpoint // by path
	// Paid writes the notification of a paid order.
	Paid map[Placing]func(*Step, *OrderRow) error
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

// products are those that are played, by name.
type products map[ledger.Product]*Product

// Kinds are the products by name.
func (r *Repertoire) Kinds() products {
	out := products{}
	for _, p := range r.Products {
		out[p.Name] = p
	}
	return out
}

// names are the products a plan can be of.
func (kinds products) names() []string {
	var out []string
	for name := range kinds {
		out = append(out, string(name))
	}
	slices.Sort(out)
	return out
}

// checkPlanID says whether a plan of a product can have this id: what goes out as a number has to
// be one as JSON writes it, without a zero before it.
func (kinds products) checkPlanID(name ledger.Product, id string) error {
	c, err := catalogue.Default()
	kind := kinds[name]
	if err != nil || id == "" || kind == nil || !kind.numbersPlans(c) {
		return err
	}
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n < 0 || strconv.FormatInt(n, 10) != id {
		return fmt.Errorf("sandbox: plan %s: %s is a number in %s, such as 12535", Shown(id), kind.Names.Plan, name)
	}
	return nil
}
