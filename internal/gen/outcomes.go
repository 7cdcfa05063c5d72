package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// outcomeView is one outcome as package wxpay has it, with the operations it is of.
type outcomeView struct {
	Calls                          []string
	None, Query, Fill, State       string
	Happened, Not, Pending, Before string
	Missing                        string
}

// outcomes writes outcomes.go, by which Client.Resolve asks what became of a call.
func outcomes(c *catalogue.Catalogue, out Output) error {
	var all []outcomeView
	for _, o := range c.Operations() {
		if o.Outcome == nil {
			continue
		}
		v, err := viewOutcome(c, o)
		if err != nil {
			return fmt.Errorf("%s: %w", o.ID(), err)
		}
		call := o.Method + " " + o.SDKPath()
		i := slices.IndexFunc(all, func(other outcomeView) bool {
			other.Calls = nil
			return fmt.Sprint(other) == fmt.Sprint(v)
		})
		if i < 0 {
			all, i = append(all, v), len(all)
		}
		all[i].Calls = append(all[i].Calls, call)
	}
	return out.goFile("outcomes.go", "catalogue/data", "outcomes.go.tmpl", all)
}

func viewOutcome(c *catalogue.Catalogue, o *catalogue.Operation) (v outcomeView, err error) {
	if v.None = o.Outcome.None; v.None != "" {
		return v, nil
	}
	query := c.Operation(o.Outcome.Query)
	v.Query, v.State, v.Missing = query.Method+" "+query.SDKPath(), o.Outcome.State, strings.Join(o.Outcome.Missing, " ")
	asked, err := c.Asked(o)
	if err != nil {
		return v, err
	}
	var fill []string
	for _, a := range asked {
		fill = append(fill, fillOf(a))
	}
	v.Fill = strings.Join(fill, " ")
	words := map[catalogue.Meaning][]string{}
	for _, s := range o.Outcome.States {
		words[s.Meaning] = append(words[s.Meaning], s.Word)
	}
	v.Happened = strings.Join(words[catalogue.MeansHappened], " ")
	v.Not = strings.Join(words[catalogue.MeansNot], " ")
	v.Pending = strings.Join(words[catalogue.MeansPending], " ")
	v.Before = strings.Join(words[catalogue.MeansBefore], " ")
	return v, nil
}

// fillOf writes a parameter as resolve.go reads it: a name, and where that is not its name in the
// call too, = and the place, or =' and the value; @ lets the client's own number stand in for what
// the call does not have, ? leaves the parameter out then.
func fillOf(a catalogue.Asked) string {
	text := a.Name
	switch {
	case a.Fixed:
		return text + "='" + a.From
	case a.From != a.Name:
		text += "=" + a.From
	}
	if a.Own {
		text += "@"
	}
	if !a.Required {
		text += "?"
	}
	return text
}
