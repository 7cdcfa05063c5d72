package engine

import (
	"sync"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Front is where calls come in, in two protocols, and are answered; it writes the journal.
type Front struct {
	*Engine
	Journal    *journal
	Behaviours map[string]bound        // by catalogue id
	XML        map[string]*XMLEndpoint // by path
	MaxBody    int64
	outbox     *Outbox
	faults     *Faults
	sealed     func() map[*catalogue.Operation][]string // made when first asked for
}

// bound is a behaviour with the product it belongs to, if any.
type bound struct {
	Run     Behaviour
	product *Product
	sealed  []secret // of the request
	seals   []secret // of the reply
}

// FrontSettings are what a front is made with; all of them may be left out.
type FrontSettings struct {
	MaxBody    int64 // 0: 1 MiB
	Kept       int   // entries of the journal; 0: 1000
	OnExchange func(ledger.Exchange)
}

// NewFront makes the one of an engine, on which this is played.
func NewFront(e *Engine, o *Outbox, armed *Faults, plays *Repertoire, c FrontSettings) *Front {
	SetDefault(&c.MaxBody, 1<<20)
	SetDefault(&c.Kept, 1000)
	f := &Front{Engine: e, Behaviours: map[string]bound{}, XML: plays.XML, MaxBody: c.MaxBody, outbox: o, faults: armed}
	f.sealed = sync.OnceValue(f.sealedMembers)
	f.Journal = &journal{front: f, keep: c.Kept, tell: c.OnExchange}
	for _, p := range plays.Products {
		f.bind(p.Behaviours, p)
	}
	for _, b := range plays.Behaviours {
		f.bind(b, nil)
	}
	return f
}

func (fr *Front) bind(behaviours map[string]Behaviour, p *Product) {
	for id, run := range behaviours {
		b := bound{Run: run, product: p}
		if op := fr.Catalogue.Operation(id); op != nil {
			b.sealed, b.seals = SecretsOf(op.Body, op.EncryptedBody()), SecretsOf(op.Reply, op.EncryptedReply())
		}
		fr.Behaviours[id] = b
	}
}
