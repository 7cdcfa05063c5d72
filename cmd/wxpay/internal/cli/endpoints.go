package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/wxpay-go/wxpay/catalogue"
)

func newEndpoints(sys System) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "endpoints [words]",
		Short: "Search the endpoints of the catalogue",
		Long: `endpoints lists the endpoints the typed chain and the sandbox know, those that
have every word in their method, path, title, Go name or fields. Each can be
called typed; "stateful" ones the sandbox plays with state, "stub" ones it
checks and answers with a fixed reply, "none" it lacks.

wxpay call and the string chain take every other path of WeChat Pay too.`,
		Example: "  wxpay endpoints\n  wxpay endpoints edu presign\n  wxpay endpoints 解约\n  wxpay endpoints post certificates --json",
		RunE: func(_ *cobra.Command, words []string) error {
			all, err := catalogue.Default()
			if err != nil {
				return err
			}
			found := all.Search(strings.Fields(strings.Join(words, " "))...)
			if len(found) == 0 {
				return nothingFound(all, words)
			}
			if asJSON {
				return endpointsJSON(sys, found)
			}
			listEndpoints(sys, found)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return cmd
}

func listEndpoints(sys System, found []*catalogue.Operation) {
	paint := sys.paintOut()
	width := 0
	for _, o := range found {
		width = max(width, len(o.SDKPath()))
	}
	var family *catalogue.Family
	for _, o := range found {
		if o.Family != family {
			if family != nil {
				fmt.Fprintln(sys.Out)
			}
			family = o.Family
			fmt.Fprintf(sys.Out, "%s %s\n", paint.bold(family.Title), paint.dim(family.Name))
		}
		fmt.Fprintf(sys.Out, "  %s %-*s  %s  %s\n", paint.cyan(fmt.Sprintf("%-6s", o.Method)), width, o.SDKPath(), paint.dim(fmt.Sprintf("%-8s", o.Fidelity)), o.Title)
	}
}

// endpoint is one line of the JSON form; its names are kept from one version
// to the next.
type endpoint struct {
	Method   string   `json:"method"`
	Path     string   `json:"path"`
	Title    string   `json:"title"`
	Family   string   `json:"family"`
	Typed    bool     `json:"typed"`
	Sandbox  string   `json:"sandbox"` // stateful, stub, none
	Events   []string `json:"events,omitempty"`
	Document string   `json:"document,omitempty"`
}

func endpointsJSON(sys System, found []*catalogue.Operation) error {
	list := make([]endpoint, 0, len(found))
	for _, o := range found {
		list = append(list, endpoint{
			Method: o.Method, Path: o.SDKPath(), Title: o.Title, Family: o.Family.Name, Typed: o.Name != "",
			Sandbox: string(o.Fidelity), Events: o.Events, Document: o.Doc,
		})
	}
	e := json.NewEncoder(sys.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(list)
}

// nothingFound suggests: what single words would find, else the nearest path.
func nothingFound(all *catalogue.Catalogue, words []string) error {
	text := strings.Join(words, " ")
	fail := &failure{code: exitFailure, err: fmt.Errorf("no endpoint of the catalogue matches %q", text)}
	var parts []string
	for _, w := range words {
		if n := len(all.Search(w)); n > 0 {
			parts = append(parts, fmt.Sprintf("%q alone matches %d", w, n))
		}
	}
	if near := nearest(all.Operations(), text, 1); len(parts) == 0 && len(near) > 0 {
		parts = append(parts, "did you mean "+near[0].SDKPath()+"?")
	}
	if len(parts) == 0 {
		parts = append(parts, "wxpay endpoints without words lists all of them; wxpay call reaches paths the catalogue lacks")
	}
	fail.hint = strings.Join(parts, ", ")
	return fail
}
