package catalogue

import "fmt"

// node is one JSON value of a catalogue file. Unlike a map it keeps the order of members, and it
// cannot hold two of a name.
type node struct {
	kind    Type
	raw     []byte
	text    string // of a string
	members []member
	items   []*node
}

type member struct {
	key   string
	value *node
}

// parseTree reads one catalogue file.
func parseTree(data []byte) (*node, error) {
	p := treeParser{scanner{data: data}}
	n, err := p.value(0)
	if err == nil && p.peek() != 0 {
		err = p.fail("there is something after the end of the JSON value")
	}
	return n, err
}

type treeParser struct{ scanner }

func (p *treeParser) fail(problem string) error {
	line := 1
	for _, b := range p.data[:min(p.pos, len(p.data))] {
		if b == '\n' {
			line++
		}
	}
	return fmt.Errorf("line %d: %s", line, problem)
}

func (p *treeParser) value(depth int) (n *node, err error) {
	if depth > maxDepth {
		return nil, p.fail(problemNesting)
	}
	b := p.peek()
	start := p.pos
	n = &node{}
	switch {
	case b == '{':
		n.kind = Object
		n.members, err = p.members(depth)
	case b == '[':
		n.kind = Array
		n.items, err = p.elements(depth)
	case b == '"':
		n.kind = String
		n.text, err = p.string()
	case b == 't' && p.literal("true"), b == 'f' && p.literal("false"):
		n.kind = Boolean
	default:
		_, integer, ok := p.number()
		if !ok {
			return nil, p.fail(problemJSON)
		}
		n.kind = Number
		if integer {
			n.kind = Integer
		}
	}
	if err != nil {
		return nil, err
	}
	n.raw = p.data[start:p.pos]
	return n, nil
}

func (p *treeParser) string() (string, error) {
	text, problem := p.text()
	if problem != "" {
		return "", p.fail(problem)
	}
	return string(text), nil
}

func (p *treeParser) members(depth int) ([]member, error) {
	p.pos++
	var all []member
	names := map[string]bool{}
	for more := !p.take('}'); more; more = !p.take('}') {
		if p.peek() != '"' {
			return nil, p.fail(problemJSON)
		}
		key, err := p.string()
		if err != nil {
			return nil, err
		}
		if names[key] {
			return nil, p.fail(fmt.Sprintf("the key %q is given twice", key))
		}
		names[key] = true
		if !p.take(':') {
			return nil, p.fail(problemJSON)
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, member{key, value})
		if err := p.separator('}'); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (p *treeParser) elements(depth int) ([]*node, error) {
	p.pos++
	var all []*node
	for more := !p.take(']'); more; more = !p.take(']') {
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
		if err := p.separator(']'); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// separator wants a comma and something after it, or the end.
func (p *treeParser) separator(end byte) error {
	if p.take(',') {
		if p.peek() == end {
			return p.fail(problemJSON)
		}
		return nil
	}
	if p.peek() != end {
		return p.fail(problemJSON)
	}
	return nil
}
