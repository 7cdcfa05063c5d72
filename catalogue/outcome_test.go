package catalogue_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wxpay-go/wxpay/catalogue"
)

// Every call that may move money or state names the query that tells its outcome, or says why there
// is none. One that only asks says so.
func TestEveryCallSaysHowItsOutcomeIsLearnt(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	asked := 0
	for _, o := range c.Operations() {
		switch out := o.Outcome; {
		case out == nil && o.Method != "GET":
			t.Errorf("%s: give it an outcome, in its catalogue file", o.ID())
		case out == nil:
		case out.None != "":
			if o.Moves() && len(out.None) < 40 {
				t.Errorf("%s: %q is no reason, and says nothing of what to do instead", o.ID(), out.None)
			}
		default:
			asked++
			query := c.Operation(out.Query)
			if query == nil || query.Moves() || !o.Moves() {
				t.Errorf("%s: %s does not tell its outcome", o.ID(), out.Query)
			}
		}
	}
	if asked < 60 {
		t.Errorf("%d outcomes are told by a query", asked)
	}
}

// outcomeFamily is a family of one call and its query; %O% is the call's outcome.
const outcomeFamily = `{
  "package": "demo", "root": "/v3/demo", "title": "演示", "description": "For tests.",
  "outcomes": {"made": {"query": "GET /v3/demo/things/{no}", "state": "state", "missing": ["GONE"],
    "states": {"DONE": "happened", "OPEN": "before"}}},
  "operations": [{
    "method": "POST", "path": "/v3/demo/things", "name": "Make", "title": "创建", "description": "Makes a thing.",
    "roles": ["direct"], "body": [{"name": "no", "type": "string"},
      {"name": "parts", "type": "array", "items": {"type": "object", "fields": [{"name": "own", "type": "string"}]}}],
    "success": 204, "outcome": %O%
  }, {
    "method": "GET", "path": "/v3/demo/things/{no}", "name": "Thing", "title": "查询", "description": "Finds a thing.",
    "roles": ["direct"], "path_params": [{"name": "no", "type": "string"}],
    "query": [{"name": "mchid", "type": "string", "required": true},
      {"name": "kind", "type": "string", "enum": ["A"], "required": true}%Q%], "success": 200,
    "reply": [{"name": "state", "type": "string", "enum": ["DONE", "OPEN"]}, {"name": "n", "type": "integer"}]
  }]
}`

func TestLoadHoldsOutcomesToTheirQueries(t *testing.T) {
	t.Parallel()
	const (
		made = `"query": "GET /v3/demo/things/{no}", "missing": ["GONE"]`
		told = `{` + made + `, "state": "state", "states": `
		more = `, {"name": "x", "type": "string", "required": true}`
	)
	for name, row := range map[string]struct{ outcome, query, want string }{
		"by name":                    {`"made"`, "", ""},
		"that it is there":           {`{` + made + `}`, "", ""},
		"what only asks":             {`"nothing"`, "", ""},
		"a place in a list":          {`{` + made + `, "with": {"no": "parts.0.own"}}`, "", ""},
		"an unknown name":            {`"other"`, "", `no outcome "other"`},
		"an unknown keyword":         {`{` + made + `, "wants": []}`, "", `unknown keyword "wants"`},
		"an unknown meaning":         {told + `{"DONE": "maybe"}}`, "", `"maybe" is not one of`},
		"neither":                    {`{"missing": ["GONE"]}`, "", "has a query, or says under none"},
		"both":                       {`{` + made + `, "none": "x"}`, "", "has a query, or says under none"},
		"more than why":              {`{"none": "x", "missing": ["GONE"]}`, "", "nothing but why"},
		"no code of nothing":         {`{"query": "GET /v3/demo/things/{no}"}`, "", "missing names the codes"},
		"PAYERROR as an end":         {told + `{"PAYERROR": "not"}}`, "", "PAYERROR decides nothing"},
		"a state without words":      {`{` + made + `, "state": "state"}`, "", "go together"},
		"no such query":              {`{"query": "GET /v3/demo/x", "missing": ["GONE"]}`, "", "there is no operation"},
		"a query that moves":         {`{"query": "POST /v3/demo/things", "missing": ["GONE"]}`, "", "is no query"},
		"a member that is not there": {`{` + made + `, "state": "x", "states": {"DONE": "happened"}}`, "", "no text at x"},
		"a number":                   {`{` + made + `, "state": "n", "states": {"1": "happened"}}`, "", "no text at n"},
		"a word that is left out":    {told + `{"DONE": "happened"}}`, "", "may be OPEN"},
		"a word that never comes": {told + `{"DONE": "happened", "OPEN": "not", "X": "not"}}`,
			"", "is never X"},
		"a place that is not there": {`{` + made + `, "with": {"no": "parts.0.other"}}`, "", "has no parts.0.other"},
		"with of no parameter":      {`{` + made + `, "with": {"x": "no"}}`, "", "no parameter x"},
		"what the call lacks":       {`"made"`, more, "wants x"},
		"what is asked for":         {`{` + made + `, "asks": ["x"]}`, more, ""},
		"what it has":               {`{` + made + `, "asks": ["no"]}`, "", "asks names no"},
	} {
		file := strings.NewReplacer("%O%", row.outcome, "%Q%", row.query).Replace(outcomeFamily)
		_, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(file)}})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
	file := strings.NewReplacer("%O%", `"made"`, "%Q%", "").Replace(outcomeFamily)
	c, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(file)}})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := c.Asked(c.Operation("POST /v3/demo/things"))
	if err != nil || len(asked) != 3 || asked[0] != (catalogue.Asked{Name: "no", From: "no", Required: true}) ||
		!asked[1].Own || !asked[2].Fixed || asked[2].From != "A" {
		t.Errorf("got %+v, %v", asked, err)
	}
	nothing := strings.Replace(file, `"made": {`, `"nothing": {"none": "x"}, "made": {`, 1)
	if _, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(nothing)}}); err == nil {
		t.Error("nothing was declared")
	}
}
