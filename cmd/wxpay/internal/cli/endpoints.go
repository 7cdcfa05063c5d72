package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// endpointsOptions are the flags of `wxpay endpoints`.
type endpointsOptions struct {
	typed, stateful, asJSON bool
	product                 string
}

func newEndpoints(sys System) *cobra.Command {
	var o endpointsOptions
	cmd := &cobra.Command{
		Use:   "endpoints [words]",
		Short: "Search every endpoint of WeChat Pay",
		Long: `endpoints lists the endpoints that have every word in their method, path,
product or title, and typed ones also by their Go names and fields.

Each is called in the same way, by wxpay call and by the string chain. Beyond
it:
  typed      it is on the typed chain, with request and reply structs
  stateful   the sandbox plays it: what is created can be queried, changed
  stub       the sandbox checks the call and answers with a fixed reply
  path only  its method, path and title are known
What the sandbox does not play it answers with a 404 that says so.
docs/fidelity.md holds the same facts, and where each comes from.`,
		Example: "  wxpay endpoints\n  wxpay endpoints edu presign\n  wxpay endpoints 解约 --stateful\n" +
			"  wxpay endpoints --product 支付分\n  wxpay endpoints post certificates --json",
		RunE: func(_ *cobra.Command, words []string) error {
			return o.run(sys, strings.Fields(strings.Join(words, " ")))
		},
	}
	cmd.Flags().BoolVar(&o.typed, "typed", false, "only those on the typed chain")
	cmd.Flags().BoolVar(&o.stateful, "stateful", false, "only those the sandbox plays with state")
	cmd.Flags().StringVar(&o.product, "product", "",
		"only those of products with this in their name, as in 委托代扣 or edu-papay")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print one JSON array")
	oneOf(cmd, "product", func() (names []string) {
		for _, k := range catalogue.AllKnown() {
			if k.Product != "" && !slices.Contains(names, k.Product) {
				names = append(names, k.Product)
			}
		}
		return names
	})
	return cmd
}

func (o *endpointsOptions) run(sys System, words []string) error {
	all, err := catalogue.Default()
	if err != nil {
		return err
	}
	matching := search(all, words)
	found := slices.DeleteFunc(slices.Clone(matching), func(e catalogue.Endpoint) bool { return !o.wants(e) })
	switch {
	case len(found) == 0:
		return o.nothingFound(all, words, matching)
	case o.asJSON:
		return endpointsJSON(sys, found)
	}
	listEndpoints(sys, found)
	return nil
}

// search takes a path as it is sent for the endpoint it is sent to.
func search(all *catalogue.Catalogue, words []string) []catalogue.Endpoint {
	for i, w := range words {
		words[i] = strings.TrimPrefix(w, "/")
	}
	found := all.SearchEndpoints(words...)
	if len(found) > 0 || len(words) == 0 || !strings.Contains(words[len(words)-1], "/") {
		return found
	}
	path := "/" + strings.TrimPrefix(words[len(words)-1], "v2/")
	if u, err := url.Parse(path); err == nil {
		path = u.EscapedPath()
	}
	methods := catalogue.KnownMethods(path)
	if len(words) > 1 {
		methods = slices.DeleteFunc(methods, func(m string) bool {
			return len(words) > 2 || !strings.EqualFold(m, words[0])
		})
	}
	for _, method := range methods {
		k, _ := catalogue.MatchKnown(method, path)
		found = append(found, catalogue.Endpoint{Known: k, Operation: all.Operation(k.ID())})
	}
	return found
}

func (o *endpointsOptions) wants(e catalogue.Endpoint) bool {
	names := e.Product
	if e.Operation != nil {
		names += "\n" + e.Operation.Family.Name + "\n" + e.Operation.Family.Package
	}
	return (!o.typed || e.Typed()) && (!o.stateful || e.Fidelity() == catalogue.FidelityStateful) &&
		strings.Contains(strings.ToLower(names), strings.ToLower(o.product))
}

// treatment says in a word or two what is done for an endpoint.
func treatment(e catalogue.Endpoint) lang.Text {
	switch {
	case e.Fidelity() == catalogue.FidelityStateful: // typed as well, but for downloads
		return text("stateful")
	case e.Fidelity() == catalogue.FidelityStub:
		return text("stub")
	case e.Typed():
		return text("typed")
	}
	return text("path only")
}

// widestPath is where the titles stop giving way.
const widestPath = 72

func listEndpoints(sys System, found []catalogue.Endpoint) {
	paint := sys.paintOut()
	out := bufio.NewWriter(sys.Out) // a thousand lines are a thousand writes otherwise
	defer out.Flush()
	for i := 0; i < len(found); {
		first, n, width := found[i], 0, 0
		for n < len(found)-i && found[i+n].Product == first.Product &&
			(found[i+n].Operation == nil) == (first.Operation == nil) {
			if w := len(found[i+n].SDKPath()); w <= widestPath {
				width = max(width, w)
			}
			n++
		}
		title, name := first.Product, ""
		if title == "" {
			title = sys.text("other") // no page names their product
		}
		if first.Operation != nil {
			name = " " + paint.dim(first.Operation.Family.Name)
		}
		fmt.Fprintf(out, "%s%s\n", paint.bold(title), name)
		for _, e := range found[i : i+n] {
			word := lang.Pad(treatment(e).In(sys.lang), 9)
			if e.Fidelity() == catalogue.FidelityNone {
				word = paint.dim(word)
			}
			fmt.Fprintf(out, "  %s %s  %-*s  %s\n", paint.cyan(fmt.Sprintf("%-6s", e.Method)), word, width,
				e.SDKPath(), e.Title)
		}
		fmt.Fprintln(out)
		i += n
	}
	fmt.Fprintln(out, counted(sys, catalogue.Cover(found)))
}

func counted(sys System, c catalogue.Coverage) string {
	all := sys.text("%d endpoints", c.Endpoints)
	if c.Endpoints == 1 {
		all = sys.text("%d endpoint", c.Endpoints)
	}
	said := sys.text("%s: %d typed, %d by path only; in the sandbox %d stateful", all, c.Typed, c.PathOnly(),
		c.Stateful)
	if c.Stub > 0 {
		said += sys.text(", %d stub", c.Stub)
	}
	return said + sys.text(", %d not emulated", c.NotEmulated())
}

// endpoint is one line of the JSON form; its names are kept from one version
// to the next.
type endpoint struct {
	Method   string   `json:"method"`
	Path     string   `json:"path"`
	Title    string   `json:"title"`
	Product  string   `json:"product,omitempty"`
	Family   string   `json:"family,omitempty"` // of those in the catalogue
	Typed    bool     `json:"typed"`
	Sandbox  string   `json:"sandbox"` // stateful, stub, none
	Events   []string `json:"events,omitempty"`
	Document string   `json:"document,omitempty"`
}

func endpointsJSON(sys System, found []catalogue.Endpoint) error {
	list := make([]endpoint, 0, len(found))
	for _, e := range found {
		line := endpoint{
			Method: e.Method, Path: e.SDKPath(), Title: e.Title, Product: e.Product, Typed: e.Typed(),
			Sandbox: string(e.Fidelity()),
		}
		if o := e.Operation; o != nil {
			line.Family, line.Events, line.Document = o.Family.Name, o.Events, o.Doc
		}
		list = append(list, line)
	}
	e := json.NewEncoder(sys.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(list)
}

// nothingFound suggests: leaving out the filters, what single words would find,
// else the nearest path.
func (o *endpointsOptions) nothingFound(all *catalogue.Catalogue, words []string,
	unfiltered []catalogue.Endpoint) error {
	asked := strings.Join(words, " ")
	fail := &failure{code: exitFailure}
	var parts []lang.Text
	add := func(part lang.Text) { parts = append(parts, part) }
	switch n := len(unfiltered); {
	case asked == "":
		fail.err = errorf("no endpoint matches %s", o.filters())
		add(text("wxpay endpoints without words and filters lists all of them, product by product"))
	case n > 0:
		fail.err = errorf("no endpoint matches %q and %s", asked, o.filters())
		add(text("%d match without %s", n, o.filters()))
	default:
		fail.err = errorf("no endpoint matches %q", asked)
		for _, w := range words {
			if n := len(all.SearchEndpoints(w)); n > 0 && len(words) > 1 {
				add(text("%q alone matches %d", w, n))
			}
		}
	}
	for _, w := range words {
		if len(unfiltered) > 0 || len(all.SearchEndpoints(w)) > 0 {
			continue
		}
		if near := catalogue.NearestKnown(w, 1); len(near) > 0 {
			add(text("did you mean %s?", near[0].SDKPath()))
		}
	}
	if len(parts) == 0 {
		add(text("wxpay endpoints without words lists all of them; wxpay call reaches every other path too"))
	}
	fail.hint = parts[0]
	for _, part := range parts[1:] {
		fail.hint = text("%s, %s", fail.hint, part)
	}
	return fail
}

func (o *endpointsOptions) filters() string {
	var list []string
	if o.typed {
		list = append(list, "--typed")
	}
	if o.stateful {
		list = append(list, "--stateful")
	}
	if o.product != "" {
		list = append(list, fmt.Sprintf("--product %q", o.product))
	}
	return strings.Join(list, " ")
}
