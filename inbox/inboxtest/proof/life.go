package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A life is one payer with one contract, or with a second one after the first has ended.
type life struct {
	openID    string
	product   product
	contracts []contract
}

type contract struct {
	code     string
	declined bool   // the payer looks at the page and leaves
	debits   []bool // whether the payer's money suffices
	ends     ledger.Termination
}

type product string

const (
	papay   product = "papay"
	combine product = "combine-papay" // its notifications have no contract_id, and none tells of debits
	papayV2 product = "papay in APIv2"
)

// lives are drawn until that many contracts are to be signed.
func lives(contracts int, seed uint64) (all []life) {
	drawn := rand.New(rand.NewPCG(seed, 4))
	some := func(chance float64) bool { return drawn.Float64() < chance }
	for signed := 0; signed < contracts; {
		n := len(all) + 1
		l := life{openID: fmt.Sprintf("oProof_%021d", n), product: papay}
		switch d := drawn.Float64(); {
		case d < 0.25:
			l.product = combine
		case d < 0.5:
			l.product = papayV2
		}
		for generation := 1; generation <= 2 && signed < contracts; generation++ {
			c := contract{code: fmt.Sprintf("C%dG%d", n, generation), declined: some(0.03)}
			if !c.declined {
				signed++
				if l.product != combine {
					for range drawn.IntN(4) {
						c.debits = append(c.debits, !some(0.1))
					}
				}
				if some(0.4) {
					c.ends = ledger.ByUser
					if some(0.5) {
						c.ends = ledger.ByMerchant
					}
				}
			}
			l.contracts = append(l.contracts, c)
			if c.ends == "" || some(0.5) {
				break
			}
		}
		all = append(all, l)
	}
	return all
}
