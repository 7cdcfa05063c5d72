package catalogue

import (
	"net/url"
	"slices"
	"strings"
)

// route is one segment of the paths: where a request can go from here. They are few at each, which
// a list finds as fast as a map does.
type route struct {
	segment  string
	static   []*route
	variable *route
	ends     []*Operation // one a method
}

func (r *route) add(o *Operation) {
	for segment := range strings.SplitSeq(strings.TrimPrefix(o.Path, "/"), "/") {
		next := r.next(segment)
		switch variable := strings.HasPrefix(segment, "{"); {
		case variable && r.variable == nil:
			r.variable = &route{}
			fallthrough
		case variable:
			next = r.variable
		case next == nil:
			next = &route{segment: segment}
			r.static = append(r.static, next)
		}
		r = next
	}
	r.ends = append(r.ends, o)
}

// next is the route of a segment that is no variable, or nil.
func (r *route) next(segment string) *route {
	for _, next := range r.static {
		if next.segment == segment {
			return next
		}
	}
	return nil
}

// end is the operation that ends here with this method, or nil.
func (r *route) end(method string) *Operation {
	for _, o := range r.ends {
		if o.Method == method {
			return o
		}
	}
	return nil
}

// Match finds the endpoint a request is meant for. escapedPath is the path as sent,
// URL.EscapedPath: a static segment wins over a variable, a variable takes exactly one non-empty
// segment, and its value is unescaped in vars. vars is nil when the path has no variables. found is
// false when no endpoint has this path and method; Methods tells the two cases apart.
func (c *Catalogue) Match(method, escapedPath string) (op *Operation, vars map[string]string, found bool) {
	values := make([]string, 0, 4)
	end, values := c.routes.walk(strings.TrimPrefix(escapedPath, "/"), values,
		func(r *route) bool { return r.end(method) != nil })
	if end == nil {
		return nil, nil, false
	}
	op = end.end(method)
	if len(values) == 0 {
		return op, nil, true
	}
	vars = make(map[string]string, len(values))
	for i, p := range op.PathParams {
		vars[p.Name] = values[i]
	}
	return op, vars, true
}

// Methods lists the methods this path accepts, sorted; none means that the path is unknown.
func (c *Catalogue) Methods(escapedPath string) []string {
	var methods []string
	c.routes.walk(strings.TrimPrefix(escapedPath, "/"), nil, func(r *route) bool {
		for _, o := range r.ends {
			if !slices.Contains(methods, o.Method) {
				methods = append(methods, o.Method)
			}
		}
		return false // go on: another branch may take the same path
	})
	slices.Sort(methods)
	return methods
}

// walk follows the path, static segments first, until accept likes an end. It backtracks, so /a/b
// and /a/{x}/c may coexist.
func (r *route) walk(path string, values []string, accept func(*route) bool) (*route, []string) {
	segment, rest, more := strings.Cut(path, "/")
	if segment == "" {
		return nil, values
	}
	if next := r.next(segment); next != nil {
		if end, found := next.step(rest, more, values, accept); end != nil {
			return end, found
		}
	}
	if r.variable != nil {
		if value, err := url.PathUnescape(segment); err == nil {
			if end, found := r.variable.step(rest, more, append(values, value), accept); end != nil {
				return end, found
			}
		}
	}
	return nil, values
}

func (r *route) step(rest string, more bool, values []string, accept func(*route) bool) (*route, []string) {
	if more {
		return r.walk(rest, values, accept)
	}
	if accept(r) {
		return r, values
	}
	return nil, values
}
