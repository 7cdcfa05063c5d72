package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
)

// product is all that one contract product adds to the machine that every
// product shares: presign a session, let the payer agree, notify, query,
// terminate. A new product is a value of this type and its behaviours, in one
// file; nothing else has to know about it.
type product struct {
	name Product

	ttl   time.Duration                   // life of a session
	token func(*random, time.Time) string // makes pre_entrustweb_id or presign_token
	id    func(*random, time.Time) string // makes contract_id

	// names says what the presign body calls things. A product without an
	// out_contract_code has an empty one: then a payer and a plan stand for it.
	names names
	// years is how long a contract runs; 0 for without end.
	years int

	// signed and ended are the notifications; templateURL sends even the first
	// to the plan's URL, for products whose presign has no notify_url.
	signed, ended event
	templateURL   bool
	// retries is the notifications' schedule.
	retries schedule
	// resource is what the notifications carry, sealed.
	resource func(*contractRow) document
	// notifyXML writes the notification of a contract that was signed in APIv2, for
	// products that have any.
	notifyXML func(s *step, c *contractRow, url string) error

	// alreadySigned and gone are the answers to a presign for a payer who has a
	// live contract, and to a termination of a contract that is not live.
	alreadySigned, gone func() *refusal

	// cooling is how long a payer may take back their wish to end a contract, which
	// is TERMINATE_PENDING until then; 0: they end it at once.
	cooling time.Duration

	// agreed completes the contract of a session just before it is stored:
	// bookings, another end. It may refuse with blocked. nil: nothing to add.
	agreed func(*step, *sessionRow, *contractRow) error
	// over is what happens when the clock gets to the end of a contract; it must
	// move ExpiresAt or EndsAt, or end it. nil: it ends, with BySystem.
	over func(*step, *contractRow) error
	// keepsFailed stores a SIGN_FAILED contract when a rule blocks the signing;
	// otherwise only the code is burnt.
	keepsFailed bool
	// codePerPlan makes out_contract_code unique under a plan, instead of over
	// the merchant.
	codePerPlan bool

	// debits are the rules debits run under, the usual ones first; none for
	// products that do not debit by themselves.
	debits []*debitRules

	// noOrder is the 404 of order queries; nil: ORDER_NOT_EXIST.
	noOrder func() *refusal

	// behaviours are the endpoints, by catalogue id.
	behaviours map[string]behaviour
}

type names struct{ plan, code, account string }

type event struct{ eventType, originalType, summary string }

// repertoire is all that is played on the engine.
type repertoire struct {
	products []*product
	// behaviours are the endpoints of no contract product, by catalogue id.
	behaviours []map[string]behaviour
	refunds    []*refundRules
	xml        map[string]*xmlEndpoint // by path
	// paid writes the notification of a paid order.
	paid map[placing]func(*step, *orderRow) error
}

// numbersPlans says whether a plan's id is a number in the product's calls.
func (p *product) numbersPlans(c *catalogue.Catalogue) bool {
	for id := range p.behaviours {
		if op := c.Operation(id); op.Body != nil {
			if f := op.Body.Field(p.names.plan); f != nil {
				return f.Type == catalogue.Integer
			}
		}
	}
	return false
}

// products are those that are played, by name.
type products map[Product]*product

// kinds are the products by name.
func (r *repertoire) kinds() products {
	out := products{}
	for _, p := range r.products {
		out[p.name] = p
	}
	return out
}

// names are the products a plan can be of.
func (p products) names() []string {
	var out []string
	for name := range p {
		out = append(out, string(name))
	}
	slices.Sort(out)
	return out
}

// checkPlanID says whether a plan of a product can have this id: what goes out as a number has to
// be one as JSON writes it, without a zero before it.
func (p products) checkPlanID(name Product, id string) error {
	c, err := catalogue.Default()
	kind := p[name]
	if err != nil || id == "" || kind == nil || !kind.numbersPlans(c) {
		return err
	}
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n < 0 || strconv.FormatInt(n, 10) != id {
		return fmt.Errorf("sandbox: plan %s: %s is a number in %s, such as 12535", shown(id), kind.names.plan, name)
	}
	return nil
}
