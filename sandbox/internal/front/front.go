package front

import (
	"sync"
	"sync/atomic"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/outbox"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Front is where calls come in, in two protocols, and are answered; it writes the journal.
type Front struct {
	*engine.Engine
	Journal    *journal
	Behaviours map[string]bound             // by catalogue id
	XML        map[string]*xmlcall.Endpoint // by path
	MaxBody    int64
	unsigned   bool
	commits    bool // the store waits for a disk
	outbox     *outbox.Outbox
	faults     *armed.Faults
	witness    *witness.Witness
	underWay   atomic.Int64                             // calls whose message has come and whose answer is not out
	sealed     func() map[*catalogue.Operation][]string // made when first asked for
}

// bound is a behaviour with the product it belongs to, if any.
type bound struct {
	Run     engine.Behaviour
	product *engine.Product
	sealed  []secret // of the request
	seals   []secret // of the reply
	upload  *catalogue.Upload
}

// Settings are what a front is made with; all of them may be left out.
type Settings struct {
	MaxBody    int64 // 0: 1 MiB
	Kept       int   // entries of the journal; 0: usuallyKept
	OnExchange func(ledger.Exchange)
	Unsigned   bool // calls are not verified, and replies not signed
	Commits    bool // the store waits for a disk
	Witness    *witness.Witness
}

// New makes the one of an engine, on which this is played.
func New(e *engine.Engine, o *outbox.Outbox, armed *armed.Faults, plays *engine.Repertoire,
	xml map[string]*xmlcall.Endpoint,
	c Settings) *Front {
	engine.SetDefault(&c.MaxBody, 1<<20)
	engine.SetDefault(&c.Kept, usuallyKept)
	f := &Front{Engine: e, Behaviours: map[string]bound{}, XML: xml, MaxBody: c.MaxBody, unsigned: c.Unsigned,
		commits: c.Commits, outbox: o, faults: armed, witness: c.Witness}
	f.sealed = sync.OnceValue(f.sealedMembers)
	f.Journal = newJournal(f, c.Kept, c.OnExchange)
	for _, p := range plays.Products {
		f.bind(p.Behaviours, p)
	}
	for _, b := range plays.Behaviours {
		f.bind(b, nil)
	}
	return f
}

// uploadOf is the form that a call's endpoint takes, nil for JSON.
func (fr *Front) uploadOf(x *exchange) *catalogue.Upload {
	switch {
	case x.op == nil:
		return nil
	case x.end != nil:
		return x.op.Exchange().Upload
	}
	return fr.Behaviours[x.op.ID()].upload
}

func (fr *Front) bind(behaviours map[string]engine.Behaviour, p *engine.Product) {
	for id, run := range behaviours {
		b := bound{Run: run, product: p}
		if op := fr.Catalogue.Operation(id); op != nil {
			b.sealed, b.seals = SecretsOf(op.Body, op.EncryptedBody()), SecretsOf(op.Reply, op.EncryptedReply())
			b.upload = op.Exchange().Upload
		}
		fr.Behaviours[id] = b
	}
}
