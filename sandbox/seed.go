package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// seedDocument is what somebody wrote down by hand that is to be there: see Config.SeedWith.
type seedDocument struct {
	Merchants []seedMerchant `json:"merchants"`
	Plans     []seedPlan     `json:"plans"`
	Payers    []seedPayer    `json:"payers"`
	Contracts []seedContract `json:"contracts"`
	Faults    []faultBody    `json:"faults"`
}

type seedMerchant struct {
	MchID        string               `json:"mchid"`
	Name         string               `json:"name"`
	AppIDs       []string             `json:"appids"`
	SubMerchants []ledger.SubMerchant `json:"sub_merchants"`
}

type seedPlan struct {
	MchID string `json:"mchid"` // "" for the first merchant, here and below
	ledger.Plan
}

type seedPayer struct {
	OpenID   string            `json:"openid"`
	OpenIDs  map[string]string `json:"openids"` // by appid, of one person, in the place of openid
	Money    *int64            `json:"money"`   // fen; without it they never run out
	Name     string            `json:"name"`
	IDNumber string            `json:"id_number"`
}

type seedContract struct {
	MchID     string         `json:"mchid"`
	Product   ledger.Product `json:"product"`
	PlanID    string         `json:"plan_id"`
	OpenID    string         `json:"openid"`
	AppID     string         `json:"appid"` // "" for the merchant's first
	Code      string         `json:"out_contract_code"`
	Account   string         `json:"account"`
	NotifyURL string         `json:"notify_url"`
	SignedAt  string         `json:"signed_at"` // RFC 3339; "" for now
}

// SeedError is what is wrong with a seed.
type SeedError struct {
	Member  string // such as contracts[0].plan_id; "" for the whole of it
	Problem string // what is wrong with it, and what would be right
}

// Error says where it is wrong.
func (e *SeedError) Error() string {
	return "sandbox: the seed: " + strings.TrimPrefix(e.Member+": "+e.Problem, ": ")
}

func badSeed(member, format string, args ...any) error {
	return &SeedError{member, strings.TrimPrefix(fmt.Sprintf(format, args...), "sandbox: ")}
}

// Seeded says of each sort of thing in a seed how many were laid, and how many were there already.
type Seeded struct {
	Laid  SeedCount `json:"laid"`
	There SeedCount `json:"there"`
}

// SeedCount is how many there are of each sort.
type SeedCount struct {
	Merchants int `json:"merchants"`
	Plans     int `json:"plans"`
	Payers    int `json:"payers"`
	Contracts int `json:"contracts"`
	Faults    int `json:"faults"`
}

// readSeed reads a seed strictly: it says which member is unknown or of another type.
func readSeed(raw []byte) (*seedDocument, error) {
	doc := new(seedDocument)
	if raw = bytes.TrimPrefix(raw, []byte("\ufeff")); raw != nil && len(bytes.TrimSpace(raw)) == 0 {
		return nil, badSeed("", "there is nothing in it; {} is a seed of nothing")
	}
	if err := readMembers(raw, doc); err != nil {
		said := strings.NewReplacer("this call takes", "a seed takes", "the body is not what a seed takes",
			"it is not what a seed takes", "the body", "it").Replace(err.Error())
		return nil, badSeed("", "%s", said)
	}
	return doc, nil
}

// SeedWith lays what a JSON document names and is not there yet: merchants with keys that are made
// for them, plans, payers with their money, contracts that are signed already, and faults. Its
// members are those of Config.SeedWith. What is there stays, but that a merchant gets the appids,
// sub-merchants and plans of the document; so to lay the same twice changes nothing. Nobody is
// notified.
//
// Where anything is wrong with it, the error is a [*SeedError], and nothing is laid.
func (s *Sandbox) SeedWith(r io.Reader) (Seeded, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Seeded{}, fmt.Errorf("sandbox: read the seed: %w", err)
	}
	doc, err := readSeed(raw)
	if err != nil {
		return Seeded{}, err
	}
	list, err := doc.faults()
	if err != nil {
		return Seeded{}, err
	}
	laid, err := s.sow(doc)
	if err != nil {
		return Seeded{}, err
	}
	for _, f := range list {
		if s.isArmed(f) {
			laid.There.Faults++
			continue
		}
		if err := s.Inject(f); err != nil {
			return laid, err
		}
		laid.Laid.Faults++
	}
	return laid, nil
}

// What one seed may have: while it is laid nobody else is answered.
const (
	mostMerchants = 100
	mostPlans     = 500
	mostPayers    = 2000
	mostContracts = 2000
	mostFaults    = 1000
	mostAppIDs    = 50  // of a merchant
	mostOpenIDs   = 50  // of a person
	mostPartners  = 500 // a merchant's sub-merchants
	// mostMeetings is how many openids there may be times appids: each of them is made for the
	// other.
	mostMeetings = 100_000
)

// checkSize bounds a seed beside so many appids that are known.
func (d *seedDocument) checkSize(known int) error {
	type size struct {
		member    string
		has, most int
	}
	sizes := []size{{"merchants", len(d.Merchants), mostMerchants}, {"plans", len(d.Plans), mostPlans},
		{"payers", len(d.Payers), mostPayers}, {"contracts", len(d.Contracts), mostContracts},
		{"faults", len(d.Faults), mostFaults}}
	for i, m := range d.Merchants {
		at := fmt.Sprintf("merchants[%d].", i)
		sizes = append(sizes, size{at + "appids", len(m.AppIDs), mostAppIDs},
			size{at + "sub_merchants", len(m.SubMerchants), mostPartners})
	}
	appIDs, openIDs := known, 0
	for _, m := range d.Merchants {
		appIDs += len(m.AppIDs)
	}
	for i, p := range d.Payers {
		openIDs += max(1, len(p.OpenIDs))
		sizes = append(sizes, size{fmt.Sprintf("payers[%d].openids", i), len(p.OpenIDs), mostOpenIDs})
	}
	if openIDs*appIDs > mostMeetings {
		return badSeed("payers", "they have %d openids, and there are %d appids: too many to meet in one seed", openIDs,
			appIDs)
	}
	for _, s := range sizes {
		if s.has > s.most {
			return badSeed(s.member, "it has %d; at most there are %d", s.has, s.most)
		}
	}
	return nil
}

// sow lays all but the faults.
func (m *machine) sow(doc *seedDocument) (laid Seeded, err error) {
	known := 0
	for _, m := range m.engine.Registry.All() {
		known += len(m.AppIDs)
	}
	if err := doc.checkSize(known); err != nil {
		return Seeded{}, err
	}
	fresh := map[string]ledger.Merchant{} // keys are made before, for that takes time
	for i, is := range doc.Merchants {
		one := ledger.Merchant{MchID: is.MchID, Name: is.Name, AppIDs: is.AppIDs, SubMerchants: is.SubMerchants}
		if _, made := fresh[is.MchID]; made || m.engine.Registry.Merchant(is.MchID) != nil {
			continue
		}
		if err := registry.CheckNew(m.engine.Products, one); err != nil {
			return Seeded{}, badSeed(fmt.Sprintf("merchants[%d]", i), "%v", err)
		}
		if err := GenerateMerchantKeys(&one); err != nil {
			return Seeded{}, err
		}
		fresh[is.MchID] = one
	}
	err = m.engine.Register(func(r *registry.State, st *engine.Step) error {
		w := &sowing{Step: st, next: r, doc: doc, fresh: fresh}
		err := w.all()
		laid = w.Seeded
		return err
	})
	if err != nil {
		return Seeded{}, err
	}
	return laid, nil
}

// faults are those of a seed, complete.
func (d *seedDocument) faults() (list []fault.Fault, err error) {
	for i := range d.Faults {
		f, err := d.Faults[i].fault()
		if err == nil {
			f, err = armed.Sound(f)
		}
		if err != nil {
			return nil, badSeed(fmt.Sprintf("faults[%d]", i), "%v", err)
		}
		list = append(list, f)
	}
	return list, nil
}

// isArmed says whether such a fault was armed, also one that struck as often as it was to.
func (s *Sandbox) isArmed(f fault.Fault) bool {
	for _, a := range s.Faults() {
		if reflect.DeepEqual(a.Fault, f) {
			return true
		}
	}
	return false
}

// refusedSeed makes of what is wrong with a seed what is wrong with a call.
func refusedSeed(err error) error {
	if bad := (*SeedError)(nil); errors.As(err, &bad) {
		return badCall("%s", strings.TrimPrefix(bad.Error(), "sandbox: "))
	}
	return err
}
