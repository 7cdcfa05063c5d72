package main

import (
	"bytes"
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

// outcomes writes outcomes.go, by which Client.Resolve asks what became of a call, and the page
// that lists it.
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
	if err := outcomePages(c, out); err != nil {
		return err
	}
	return out.goFile("outcomes.go", "catalogue/data", "outcomes.go.tmpl", all)
}

// outcomePage is docs/outcomes.md; its Chinese twin ends before the tables of the operations.
type outcomePage struct {
	Rows                 []outcomeRow
	Asked, None, Nothing int
}

// outcomeRow is one operation. None is empty of one that only asks.
type outcomeRow struct {
	outcomeView
	Call, Asks string
}

func outcomePages(c *catalogue.Catalogue, out Output) error {
	var page outcomePage
	for _, o := range c.Operations() {
		if o.Outcome == nil {
			continue
		}
		v, err := viewOutcome(c, o)
		if err != nil {
			return err
		}
		row := outcomeRow{outcomeView: v, Call: o.Method + " " + o.SDKPath()}
		row.Asks = inCode(strings.Join(o.Outcome.Asks, " "))
		switch {
		case !o.Moves():
			page.Nothing++
			continue
		case v.Query == "":
			page.None++
		default:
			page.Asked++
		}
		row.Happened, row.Not = inCode(v.Happened), inCode(v.Not)
		row.Pending, row.Before = inCode(v.Pending), inCode(v.Before)
		if row.State = inCode(v.State); v.State == "" {
			row.State, row.Happened = "that it is found", ""
		}
		page.Rows = append(page.Rows, row)
	}
	for name, template := range map[string]string{
		"docs/outcomes.md":    "outcomes.md.tmpl",
		"docs/zh/outcomes.md": "outcomes.zh.md.tmpl",
	} {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, template, page); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out[name] = b.Bytes()
	}
	return nil
}

// inCode are words as code.
func inCode(words string) string {
	list := strings.Fields(words)
	for i, w := range list {
		list[i] = "`" + w + "`"
	}
	return strings.Join(list, " ")
}

func viewOutcome(c *catalogue.Catalogue, o *catalogue.Operation) (v outcomeView, err error) {
	if v.None = o.Outcome.None; v.None != "" {
		return v, nil
	}
	query := c.Operation(o.Outcome.Query)
	v.Query, v.State = query.Method+" "+query.SDKPath(), o.Outcome.State
	v.Missing = strings.Join(o.Outcome.Missing, " ")
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
