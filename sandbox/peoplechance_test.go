package sandbox_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// people is who is who, told by chance, and what they have.
type people struct {
	*testing.T
	*sandbox.Sandbox
	*rand.Rand
	kept   keep
	config sandbox.Config
	apps   []string
	ids    []string // four openids, and those that are made of three of them
	total  int64    // what was given to anybody
}

func (p *people) any() string {
	if p.IntN(2) == 0 {
		return p.ids[p.IntN(4)]
	}
	return p.ids[p.IntN(len(p.ids))]
}

func (p *people) some() map[string]string {
	out := map[string]string{}
	for range 1 + p.IntN(2) {
		out[p.apps[p.IntN(3)]] = p.any()
	}
	return out
}

// look says what somebody has behind every openid; nothing is lost, and nobody signed a plan twice.
func (p *people) look() (persons, all []string) {
	p.Helper()
	wallets, signed := map[string]int64{}, map[string]bool{}
	for _, id := range p.ids {
		wallet, err := p.Payer(id).Wallet()
		if err != nil {
			p.Fatal(err)
		}
		wallets[wallet.Person] = wallet.Balance
		persons, all = append(persons, wallet.Person), append(all, fmt.Sprint(wallet))
	}
	sum := int64(0)
	for _, balance := range wallets {
		sum += balance
	}
	if sum != p.total {
		p.Fatalf("%d fen are left of %d", sum, p.total)
	}
	list, err := p.Contracts()
	if err != nil {
		p.Fatal(err)
	}
	for _, c := range list {
		wallet, err := p.Payer(c.OpenID).Wallet()
		if err != nil || signed[wallet.Person] {
			p.Fatalf("%s has two contracts of a plan; %v", wallet.Person, err)
		}
		signed[wallet.Person] = true
	}
	return persons, all
}

func (p *people) restart(payers []map[string]string) {
	p.Helper()
	_, before := p.look()
	if err := p.Close(); err != nil {
		p.Fatal(err)
	}
	if p.IntN(4) == 0 { // a former version had it
		oldPerson(p.T, p.kept, p.any(), p.some())
		before = nil
	}
	next, err := p.config, error(nil)
	next.Payers = payers
	if p.Sandbox, err = sandbox.Start(next); err == nil {
		if p.config = next; len(payers) > 0 {
			before = nil
		}
	} else if p.Sandbox, err = sandbox.Start(p.config); err != nil {
		p.Fatalf("it does not start as it did: %v", err)
	}
	if _, after := p.look(); before != nil && !slices.Equal(before, after) {
		p.Fatalf("was %v, is %v", before, after)
	}
}

// Whatever is told of people, in whatever order, and by whatever starts: every start works, nothing
// is lost, nobody is divided, and nobody signs a plan twice.
func TestPeopleByChance(t *testing.T) {
	t.Parallel()
	merchants := sandbox.New(t).Merchants()
	for seed := range uint64(60) {
		p := &people{T: t, Rand: rand.New(rand.NewPCG(seed, 0)), kept: keep{store.NewMemory()},
			apps: []string{sandbox.DefaultAppID, sandbox.DefaultEduAppID, sandbox.DefaultV2AppID, "wxlater"},
			ids:  []string{"p0", "p1", "p2", "p3"}}
		for _, openid := range p.ids[:3] {
			for _, appid := range p.apps {
				p.ids = append(p.ids, madeFor(openid, appid))
			}
		}
		p.config = sandbox.Config{Keys: pinnedKeys(t), Store: p.kept, Start: start, ManualClock: true,
			Merchants: merchants}
		var err error
		if p.Sandbox, err = sandbox.Start(p.config); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			before, _ := p.look()
			switch k := p.IntN(20); {
			case k < 8:
				_ = p.AddPayer(p.some())
			case k < 12:
				if err := p.Payer(p.any()).Fund(7); err != nil {
					t.Fatal(err)
				}
				p.total += 7
			case k < 14:
				_, _ = p.Payer(p.any()).SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
			case k < 15:
				m := merchants[0]
				m.AppIDs = append(slices.Clone(m.AppIDs), "wxlater")
				_, _ = p.AddMerchant(m)
			case k < 18:
				p.restart([]map[string]string{p.some()})
			default:
				p.restart(nil)
			}
			after, _ := p.look()
			for i, a := range before {
				for j, b := range before {
					if a == b && after[i] != after[j] {
						t.Fatalf("seed %d: %s and %s were one person", seed, p.ids[i], p.ids[j])
					}
				}
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
