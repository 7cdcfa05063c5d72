package catalogue

import (
	"slices"
	"strings"
)

func (r *reader) operationEntry(n *node) (*Operation, error) {
	o := &Operation{Family: r.fam, Source: r.source}
	defer func() { r.operation, r.field = "", nil }()
	if err := r.identify(n, o); err != nil {
		return nil, err
	}
	var body, reply *node
	var oneOfBody [][]string
	err := r.each(n, func(key string, v *node) (err error) {
		r.field = []string{key}
		switch key {
		case "method", "path", "source":
			return nil // read by identify
		case "name":
			o.Name, err = r.text(v)
		case "title":
			o.Title, err = r.text(v)
		case "description":
			o.Description, err = r.text(v)
		case "doc":
			o.Doc, err = r.text(v)
		case "roles":
			o.Roles, err = list(r, v, func(n *node) (string, error) {
				return oneOf(r, n, "direct", "partner", "ecommerce", "institution")
			})
		case "path_params":
			o.PathParams, err = r.fields(v)
		case "query":
			o.Query, err = r.fields(v)
		case "body":
			body = v
			o.Body, err = r.object(v)
		case "one_of":
			oneOfBody, err = list(r, v, r.texts)
		case "success":
			o.Success, err = r.count(v)
		case "reply":
			reply = v
			o.Reply, err = r.object(v)
		case "errors":
			o.Errors, err = r.errors(v)
		case "events":
			o.Events, err = r.texts(v)
		case "outcome":
			o.Outcome, err = r.outcome(v)
		case "sign_type":
			o.SignType, err = oneOf(r, v, "MD5", "HMAC-SHA256")
		case "mtls":
			o.MTLS, err = r.boolean(v)
		case "fidelity":
			o.Fidelity, err = oneOf(r, v, FidelityStateful, FidelityStub, FidelityNone)
		case "unsigned":
			o.Unsigned, err = r.boolean(v)
		case "page":
			o.Page, err = r.boolean(v)
		default:
			r.field = nil
			return r.unknown(key, "method", "path", "name", "title", "description", "doc", "roles", "path_params",
				"query", "body",
				"one_of", "success", "reply", "errors", "events", "fidelity", "source", "sign_type", "mtls", "unsigned",
				"page", "outcome")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.field = nil
	if oneOfBody != nil {
		if o.Body == nil {
			return nil, r.fail("one_of is about the fields of a body")
		}
		held := *o.Body
		held.OneOf = oneOfBody
		if o.Body = &held; r.checkOneOf(&held) != nil {
			return nil, r.checkOneOf(&held)
		}
	}
	if o.Fidelity == "" {
		o.Fidelity = FidelityNone
	}
	public := r.shared.errors
	if r.fam.Protocol == ProtocolV2 {
		public = nil // its failures are other ones
	}
	o.Errors = mergeErrors(o.Errors, r.errs, public)
	if body != nil && body.kind != String {
		o.Body.GoName = o.Name + "Request"
	}
	if o.Reply != nil {
		o.ReplyName = o.Name + "Response"
		if reply.kind == String {
			o.ReplyName = reply.text
		} else {
			o.Reply.GoName = o.ReplyName
		}
	}
	return o, r.checkOperation(o)
}

// identify reads what error messages need, wherever in the entry it stands.
func (r *reader) identify(n *node, o *Operation) error {
	err := r.each(n, func(key string, v *node) (err error) {
		switch key {
		case "method":
			o.Method, err = oneOf(r, v, "GET", "POST", "PUT", "PATCH", "DELETE")
		case "path":
			o.Path, err = r.text(v)
		case "source":
			o.Source, err = r.sourceOf(v)
		}
		return err
	})
	if err == nil && (o.Method == "" || !strings.HasPrefix(o.Path, "/")) {
		err = r.fail("an operation needs a method, and a path that starts with /")
	}
	r.operation = o.ID()
	return err
}

// mergeErrors puts the closest description of each (status, code) first and drops the more general
// ones.
func mergeErrors(levels ...[]ErrorCode) []ErrorCode {
	var all []ErrorCode
	for _, e := range slices.Concat(levels...) {
		if !slices.ContainsFunc(all, func(x ErrorCode) bool { return x.HTTP == e.HTTP && x.Code == e.Code }) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b ErrorCode) int { return a.HTTP - b.HTTP })
	return all
}

func (r *reader) checkOperation(o *Operation) error {
	switch {
	case !exported(o.Name):
		return r.fail("name is missing or not a Go identifier that starts with a capital")
	case o.Title == "" || o.Description == "":
		return r.fail("title or description is missing")
	case len(o.Roles) == 0:
		return r.fail("roles are missing")
	case o.Path != r.fam.Root && !strings.HasPrefix(o.Path, r.fam.Root+"/"):
		return r.fail("the path is not under the family's root %s", r.fam.Root)
	case o.Success != 200 && o.Success != 202 && o.Success != 204:
		return r.fail("success is missing or not 200, 202 or 204")
	case o.Success == 204 && o.Reply != nil:
		return r.fail("204 has no body, yet a reply is described")
	case o.Success != 204 && o.Reply == nil && !o.Unsigned && !o.Page:
		return r.fail("a reply is due with success %d", o.Success)
	case o.Method == "GET" && o.Body != nil:
		return r.fail("GET has no body")
	case o.Body != nil && len(o.Query) > 0:
		return r.fail("query and body together are not supported")
	}
	if o.Family.Protocol == ProtocolV2 {
		if err := r.checkFlat(o); err != nil {
			return err
		}
	} else if o.SignType != "" || o.MTLS || o.Page {
		return r.fail("sign_type, mtls and page are for APIv2")
	}
	for _, q := range o.Query {
		if q.Type == Object || q.Type == Array {
			r.field = []string{"query", q.Name}
			return r.fail("a query parameter is a plain value")
		}
	}
	return r.orderPathParams(o)
}

// checkFlat holds an APIv2 endpoint to what its messages can carry: plain values, posted as XML or
// sent as a query. What is a query is not signed in answers, nor is text.
func (r *reader) checkFlat(o *Operation) error {
	if o.Method == "GET" && len(o.Query) == 0 || o.Method == "POST" && o.Body == nil || o.Method != "GET" &&
		o.Method != "POST" {
		return r.fail("an APIv2 endpoint is a POST with a body or a GET with a query")
	}
	switch get := o.Method == "GET"; {
	case o.Page && !get || get && o.Page == o.Unsigned:
		return r.fail("a GET of APIv2 is a page or an unsigned call, and a POST is no page")
	case get && o.Unsigned && o.Reply == nil || !get && o.Unsigned && o.Reply != nil:
		return r.fail("of APIv2 an unsigned GET describes its reply, and an unsigned POST, which answers with text, " +
			"none")
	}
	var all []*Field
	for _, object := range []*Field{o.Body, o.Reply} {
		if object != nil {
			all = append(all, object.Fields...)
		}
	}
	for _, f := range all {
		if f.Type != String && f.Type != Integer {
			return r.fail("the field %s of an APIv2 message is neither a string nor an integer", f.Name)
		}
	}
	return nil
}

// orderPathParams checks the declared path parameters against the path and puts them in its order.
func (r *reader) orderPathParams(o *Operation) error {
	var ordered []*Field
	for segment := range strings.SplitSeq(o.Path[1:], "/") {
		if !strings.ContainsAny(segment, "{}") {
			if segment == "" || strings.Trim(segment,
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
				return r.fail("the path segment %q is not plain", segment)
			}
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(segment, "{"), "}")
		i := slices.IndexFunc(o.PathParams, func(f *Field) bool { return f.Name == name })
		if segment != "{"+name+"}" || i < 0 {
			return r.fail("the path variable %s is not described in path_params", segment)
		}
		if slices.Contains(ordered, o.PathParams[i]) {
			return r.fail("the path has the variable %s twice", segment)
		}
		ordered = append(ordered, o.PathParams[i])
	}
	if len(ordered) != len(o.PathParams) {
		return r.fail("path_params describes %d variables, the path has %d", len(o.PathParams), len(ordered))
	}
	for _, p := range ordered {
		if p.Type != String && p.Type != Integer {
			return r.fail("the path variable %s is neither a string nor an integer", p.Name)
		}
		p.Required = true
	}
	o.PathParams = ordered
	return nil
}

func (r *reader) event(n *node) (*Event, error) {
	e := &Event{Family: r.fam, Source: r.source}
	defer func() { r.operation, r.field = "", nil }()
	err := r.each(n, func(key string, v *node) (err error) {
		r.field = nil
		switch key {
		case "type":
			e.Type, err = r.text(v)
			r.operation = e.Type
		case "title":
			e.Title, err = r.text(v)
		case "description":
			e.Description, err = r.text(v)
		case "original_type":
			e.OriginalType, err = r.text(v)
		case "target":
			e.Target, err = oneOf(r, v, "request", "template")
		case "source":
			e.Source, err = r.sourceOf(v)
		case "resource":
			r.field = []string{key}
			e.Resource, err = r.object(v)
		default:
			return r.unknown(key, "type", "title", "description", "original_type", "target", "source", "resource")
		}
		return err
	})
	if err == nil && (e.Type == "" || e.Title == "" || e.OriginalType == "" || e.Target == "" || e.Resource == nil) {
		err = r.fail("an event needs type, title, original_type, target and resource")
	}
	return e, err
}
