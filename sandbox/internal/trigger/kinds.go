package trigger

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Kind is a notification as one family of the catalogue has it.
type Kind struct {
	*catalogue.Event
	telling engine.Telling
	v2      bool
	partner role
	product ledger.Product // whose it is; "" of none that has contracts
}

// role says whether a notification can tell of a sub-merchant.
type role int

const (
	direct  role = iota // it never does
	either              // it may
	partner             // it always does
)

// usual are the families that people mean by an event of several.
var usual = []string{"papay", "pay", "refund", "scheduled-deduct", "eduschoolpay"}

// Kinds are all there are, by event, the usual family first.
func Kinds(plays *engine.Repertoire) (list []*Kind) {
	c, err := catalogue.Default()
	if err != nil {
		panic(err) // it is built in, and has been read by whoever runs an engine
	}
	told := tellings(c, plays)
	for _, e := range c.Events() {
		k := &Kind{Event: e, v2: e.Family.Protocol == catalogue.ProtocolV2, partner: roleOf(e)}
		at := slices.IndexFunc(told, func(t of) bool {
			return t.Event == e.Type && t.Family == e.Family.Name
		})
		if at >= 0 {
			k.telling, k.product = told[at].Telling, told[at].product
		} else {
			k.telling = sampled(e)
		}
		list = append(list, k)
	}
	rank := func(k *Kind) int {
		if at := slices.Index(usual, k.Family.Name); at >= 0 {
			return at
		}
		return len(usual)
	}
	slices.SortStableFunc(list, func(a, b *Kind) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), cmp.Compare(rank(a), rank(b)))
	})
	return list
}

func roleOf(e *catalogue.Event) role {
	out := direct
	for _, name := range []string{"sub_mchid", "sub_appid", "sub_mch_id"} {
		switch f := e.Resource.Field(name); {
		case f == nil:
		case f.Required:
			return partner
		default:
			out = either
		}
	}
	return out
}

// tellings are what the products say of themselves: by their Tells, and of what each contract and
// debit goes through.
func tellings(c *catalogue.Catalogue, plays *engine.Repertoire) (all []of) {
	for _, t := range plays.Tells {
		all = append(all, of{"", t})
	}
	for _, p := range plays.Products {
		list := slices.Clone(p.Tells)
		for _, family := range families(c, p) {
			list = append(list, ofContracts(p, family)...)
			for _, r := range p.Debits {
				list = append(list, ofDebits(p, r, family)...)
			}
		}
		for _, t := range list {
			all = append(all, of{p.Name, t})
		}
	}
	return all
}

// of is a telling of a product's.
type of struct {
	product ledger.Product
	engine.Telling
}

// families are those of the catalogue whose endpoints a product plays.
func families(c *catalogue.Catalogue, p *engine.Product) (names []string) {
	for id := range p.Behaviours {
		if op := c.Operation(id); op != nil && !slices.Contains(names, op.Family.Name) {
			names = append(names, op.Family.Name)
		}
	}
	slices.Sort(names)
	return names
}

func ofContracts(p *engine.Product, family string) []engine.Telling {
	tell := func(e engine.Event, toPlan bool, choices []string) engine.Telling {
		return engine.Telling{Event: e.EventType, Family: family, Choices: [][]string{choices},
			Write: func(s *engine.Step, m *engine.Made) error {
				c, err := s.MakeContract(m, p.Name)
				if err != nil {
					return err
				}
				m.Ended(s, c)
				return contracts.Notify(s, s.Products[p.Name], c, e, toPlan)
			}}
	}
	if p.Signed.EventType == p.Ended.EventType {
		return []engine.Telling{tell(p.Signed, true, append([]string{"signed"}, engine.Enders()...))}
	}
	return []engine.Telling{tell(p.Signed, p.TemplateURL, nil), tell(p.Ended, true, engine.Enders())}
}

func ofDebits(p *engine.Product, r *engine.DebitRules, family string) []engine.Telling {
	tell := func(e engine.Event, choices []string) engine.Telling {
		return engine.Telling{Event: e.EventType, Family: family, Choices: [][]string{choices},
			Write: func(s *engine.Step, m *engine.Made) error {
				c, err := s.MakeContract(m, p.Name)
				if err != nil {
					return err
				}
				rules := s.Debits[cmp.Or(r.Name, string(p.Name))]
				d, err := s.MakeDebit(c, rules)
				if err != nil {
					return err
				}
				m.Failed(d)
				d.Advanced = m.Says["advanced"]
				return debits.Notify(s, rules, d)
			}}
	}
	var paid []string
	if r.Advances {
		paid = []string{"paid", "advanced"}
	}
	return []engine.Telling{tell(r.Paid, paid), tell(r.Failed, engine.Failures())}
}

// List is what there is, for those who choose.
func List(kinds []*Kind) (out []ledger.TriggerEvent) {
	for _, k := range kinds {
		if len(out) == 0 || out[len(out)-1].Event != k.Type {
			out = append(out, ledger.TriggerEvent{Event: k.Type})
		}
		last := &out[len(out)-1]
		last.Products = append(last.Products, ledger.TriggerProduct{Product: k.Family.Name, Title: k.Title,
			Description: k.Description, Variants: k.groups()})
	}
	return out
}
