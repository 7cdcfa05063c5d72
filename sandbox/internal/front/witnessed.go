package front

import (
	"maps"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
)

// answering tells the witness what a call is answered, the moment before it is.
func (x *exchange) answering(fr *Front) {
	if x.seen == nil {
		return
	}
	said, gone := x.sayings(), x.request.Context().Err() != nil
	var learnt []string
	if said.Number == "" && x.refused == nil && (x.vars["transaction_id"] != "" || x.fields["transaction_id"] != "") {
		learnt = witness.Read(x.said).Names
	}
	fr.witness.Answers(x.seen, func(c *witness.Call) {
		c.Said, c.Operation, c.RequestID, c.Status = said, x.operation(), x.id, x.status
		c.Faults, c.HungUp, c.Learnt = x.injected.Names(), gone, learnt
		if x.merchant != nil {
			c.MchID = x.merchant.MchID
		}
		if x.refused != nil && x.status != 0 {
			c.Code = x.refused.Code
		}
	})
}

// sayings is what the client said, as far as it was understood.
func (x *exchange) sayings() witness.Said {
	if x.op == nil {
		return witness.Said{}
	}
	body := x.opened
	switch {
	case x.fields != nil:
		body = map[string]any{}
		for name, value := range x.fields {
			body[name] = value
		}
	case body == nil: // refused before it was looked at
		body = engine.DecodeBody(x.body)
	}
	if body == nil {
		body = map[string]any{"": string(x.body)} // no object, or none at all
	}
	query := map[string]string{}
	for name, values := range x.query {
		query[name] = slices.Concat(values, []string{""})[0]
	}
	said := witness.Read(body, x.vars, query)
	// The sum costs more than all the rest, so it is made only of what is compared.
	if said.Number == "" || said.Amount > 0 || x.refused != nil || x.injected != nil {
		said.Compare(body, maps.Clone(x.vars), query)
	}
	return said
}
