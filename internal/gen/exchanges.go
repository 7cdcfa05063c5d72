package main

import (
	"fmt"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

type exchangesView struct {
	Hosts     []catalogue.Line
	Twins     [][2]string
	Slashed   []string
	Exchanges []catalogue.Line
}

// exchanges writes exchanges.go of the root package: what a client needs to know of endpoints that
// are out of the ordinary, and no more, so that programs do not carry the whole catalogue.
func exchanges(_ *catalogue.Catalogue, out Output) error {
	lines, err := catalogue.Exchanges()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	v := exchangesView{Twins: catalogue.Twins()}
	for _, k := range catalogue.AllKnown() {
		known[k.ID()] = true
		if strings.HasSuffix(k.Path, "/") {
			v.Slashed = append(v.Slashed, strings.TrimSuffix(k.Path, "/"))
		}
	}
	for _, l := range lines {
		many := strings.HasSuffix(l.Path, "*")
		if !many && !known[l.Method+" "+l.Path] && l.Kind != catalogue.KindFile {
			return fmt.Errorf("exchanges.tsv: %s %s is no known endpoint", l.Method, l.Path)
		}
		if l.Host != "" {
			v.Hosts = append(v.Hosts, l)
		}
		switch {
		case many, l.Kind == catalogue.KindBody, l.Kind == catalogue.KindPage, l.Kind == catalogue.KindNotification:
		case l.Proven() && l.HashHeader == "" && l.Upload == nil:
		default:
			v.Exchanges = append(v.Exchanges, l)
		}
	}
	return out.goFile("exchanges.go", "catalogue/exchanges.tsv and hosts.go", "exchanges.go.tmpl", v)
}
