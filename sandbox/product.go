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

// products lists every contract product the sandbox plays. To add one, write its
// file and name it here.
func products() []*product {
	return []*product{
		combinePapay(),
		passwordExempt(),
		eduPapay(),
		papay(),
		eduSchoolPay(),
		credit(),
		offlineFace(),
		insurance(),
		globalPapay(),
	}
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

// checkPlanID says whether a plan of a product can have this id: what goes out as a number has to
// be one as JSON writes it, without a zero before it.
func checkPlanID(name Product, id string) error {
	c, err := catalogue.Default()
	if err != nil || id == "" {
		return err
	}
	for _, p := range products() {
		n, err := strconv.ParseInt(id, 10, 64)
		if p.name == name && p.numbersPlans(c) && (err != nil || n < 0 || strconv.FormatInt(n, 10) != id) {
			return fmt.Errorf("sandbox: plan %s: %s is a number in %s, such as 12535", shown(id), p.names.plan, name)
		}
	}
	return nil
}

func isProduct(name Product) bool { return slices.Contains(productNames(), string(name)) }

// productNames are those a plan can be of.
func productNames() (out []string) {
	for _, p := range products() {
		out = append(out, string(p.name))
	}
	return out
}
