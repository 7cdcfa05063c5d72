package catalogue

import "slices"

// namedOutcomes reads the outcomes that the operations of the file use by name.
func (r *reader) namedOutcomes(n *node) error {
	r.outcomes = map[string]*Outcome{}
	return r.each(n, func(name string, v *node) (err error) {
		r.field = []string{"outcomes", name}
		defer func() { r.field = nil }()
		if name == "nothing" {
			return r.fail("nothing stands for the outcome of calls that only ask")
		}
		r.outcomes[name], err = r.outcomeEntry(v)
		return err
	})
}

// outcome reads that of an operation: a name, or an outcome of its own.
func (r *reader) outcome(n *node) (*Outcome, error) {
	if n.kind != String {
		return r.outcomeEntry(n)
	}
	if n.text == "nothing" {
		return &Outcome{None: movesNothing}, nil
	}
	out := r.outcomes[n.text]
	if out == nil {
		return nil, r.fail("no outcome %q is declared before this place", n.text)
	}
	return out, nil
}

func (r *reader) outcomeEntry(n *node) (*Outcome, error) {
	out := &Outcome{}
	err := r.each(n, func(key string, v *node) (err error) {
		switch key {
		case "none":
			out.None, err = r.text(v)
		case "query":
			out.Query, err = r.text(v)
		case "with":
			out.With = map[string]string{}
			err = r.each(v, func(name string, from *node) (err error) {
				out.With[name], err = r.text(from)
				return err
			})
		case "without":
			out.Without, err = r.texts(v)
		case "asks":
			out.Asks, err = r.texts(v)
		case "state":
			out.State, err = r.text(v)
		case "states":
			err = r.each(v, func(word string, v *node) error {
				means, err := oneOf(r, v, MeansHappened, MeansNot, MeansPending, MeansBefore)
				if err == nil && word == "PAYERROR" && means == MeansNot {
					err = r.fail("PAYERROR decides nothing: of some products it says that WeChat Pay does not know, " +
						"of others the same call tries again, or the payer may pay what is owed")
				}
				out.States = append(out.States, StateMeaning{word, means})
				return err
			})
		case "missing":
			out.Missing, err = r.texts(v)
		default:
			return r.unknown(key, "none", "query", "with", "without", "asks", "state", "states", "missing")
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case (out.None == "") == (out.Query == ""):
		return nil, r.fail("an outcome has a query, or says under none why there is none")
	case out.None != "" && len(n.members) > 1:
		return nil, r.fail("an outcome without a query says nothing but why")
	case out.Query != "" && len(out.Missing) == 0:
		return nil, r.fail("missing names the codes by which the query says that there is no such thing")
	case (out.State == "") != (out.States == nil):
		return nil, r.fail("state and states go together")
	}
	return out, nil
}

// checkOutcomes holds every outcome to the query that it names.
func (c *Catalogue) checkOutcomes() error {
	for _, o := range c.Operations() {
		if o.Outcome == nil || o.Outcome.None != "" {
			continue
		}
		if problem := c.outcomeProblem(o); problem != "" {
			return &LoadError{File: o.Family.Name + ".json", Operation: o.ID(), Field: "outcome", Problem: problem}
		}
	}
	return nil
}

func (c *Catalogue) outcomeProblem(o *Operation) string {
	out := o.Outcome
	asked, err := c.Asked(o)
	if err != nil {
		return err.Error()
	}
	query := c.byID[out.Query]
	if query.Moves() {
		return out.Query + " is no query: it moves something itself"
	}
	for name := range out.With {
		if !slices.ContainsFunc(asked, func(a Asked) bool { return a.Name == name }) {
			return "the query has no parameter " + name
		}
	}
	for _, name := range out.Asks {
		if !slices.ContainsFunc(asked, func(a Asked) bool { return a.Name == name && !o.sends([]string{name}) }) {
			return "asks names " + name + ", which the query does not have, or which the call has itself"
		}
	}
	if out.State == "" {
		return ""
	}
	told := query.told(out.State)
	if told == nil || told.Type != String {
		return "the answer of the query has no text at " + out.State
	}
	if told.Enum == nil {
		return ""
	}
	for _, word := range told.Enum {
		if !slices.ContainsFunc(out.States, func(s StateMeaning) bool { return s.Word == word }) {
			return out.State + " may be " + word + ", and states does not say what that means"
		}
	}
	for _, s := range out.States {
		if !slices.Contains(told.Enum, s.Word) {
			return out.State + " is never " + s.Word
		}
	}
	return ""
}
