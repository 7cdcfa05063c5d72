package catalogue_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wxpay-go/wxpay/catalogue"
)

// entry is a family of one endpoint; %F% stands for the fields of its body and %O% for more
// keywords of the operation.
const entry = `{
  "package": "demo", "root": "/v3/demo", "title": "演示", "description": "For tests.",
  "types": {"Amount": [{"name": "total", "type": "integer"}]},
  "operations": [{
    "method": "POST", "path": "/v3/demo/things", "name": "Make", "title": "创建", "description": "Makes a thing.",
    "roles": ["direct"], "body": [%F%], "success": 204, "fidelity": "stateful"%O%
  }]
}`

func family(fields, operation string) string {
	return strings.NewReplacer("%F%", fields, "%O%", operation).Replace(entry)
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	good := family(`{"name": "a", "type": "string"}`, "")
	for _, row := range []struct{ name, file, want string }{
		{"an unknown keyword of a field", family(`{"name": "a", "type": "string", "requird": true}`, ""),
			`demo.json: POST /v3/demo/things: body.a: unknown keyword "requird"`},
		{"an unknown keyword of an operation", family("", `, "sucess": 200`),
			`POST /v3/demo/things: unknown keyword "sucess"`},
		{"an unknown keyword of a family", strings.Replace(good, `"title": "演示"`, `"titel": "演示"`, 1),
			`unknown keyword "titel"`},
		{"a keyword in capitals", family(`{"name": "a", "Type": "string"}`, ""), `unknown keyword "Type"`},
		{"a duplicate key", family(`{"name": "a", "type": "string", "type": "integer"}`, ""),
			`line 6: the key "type" is given twice`},
		{"a duplicate field", family(`{"name": "a", "type": "string"}, {"name": "a", "type": "string"}`, ""),
			`the field "a" is given twice`},
		{"two fields of one Go name",
			family(`{"name": "a_b", "type": "string"}, {"name": "a-b", "type": "string"}`, ""), "the same Go name"},
		{"an unknown type", family(`{"name": "a", "type": "text"}`, ""), `"text" is not one of`},
		{"no type", family(`{"name": "a"}`, ""), "body.a: type is missing"},
		{"no name", family(`{"type": "string"}`, ""), "a field has no name"},
		{"a pattern that does not compile", family(`{"name": "a", "type": "string", "pattern": "^($"}`, ""),
			"does not compile"},
		{"a pattern without anchors", family(`{"name": "a", "type": "string", "pattern": "[0-9]+"}`, ""),
			"must start with ^"},
		{"an unknown format", family(`{"name": "a", "type": "string", "format": "phone"}`, ""),
			`"phone" is not one of`},
		{"a length on an integer", family(`{"name": "a", "type": "integer", "max_length": 3}`, ""), "for strings"},
		{"a minimum on a string", family(`{"name": "a", "type": "string", "minimum": 3}`, ""), "for integers"},
		{"crossed lengths", family(`{"name": "a", "type": "string", "min_length": 4, "max_length": 3}`, ""),
			"min_length is above"},
		{"a negative length", family(`{"name": "a", "type": "string", "max_length": -3}`, ""), "not a sensible count"},
		{"a fraction as a length", family(`{"name": "a", "type": "string", "max_length": 3.0}`, ""),
			"an integer is due"},
		{"an enum of a boolean", family(`{"name": "a", "type": "boolean", "enum": ["x"]}`, ""), "enum is for"},
		{"a repeated enum value", family(`{"name": "a", "type": "string", "enum": ["x", "x"]}`, ""), "given twice"},
		{"a word in an integer enum", family(`{"name": "a", "type": "integer", "enum": ["x"]}`, ""),
			"is not an integer"},
		{"an array without items", family(`{"name": "a", "type": "array"}`, ""), "an array needs items"},
		{"items that have a name", family(`{"name": "a", "type": "array", "items": {"name": "b", "type": "string"}}`,
			""), "an item has no name"},
		{"a day without a date", family(`{"name": "a", "type": "string", "max_day": 28}`, ""), "max_day is for dates"},
		{"an undeclared type name", family(`{"name": "a", "type": "object", "fields": "Money"}`, ""),
			`no type "Money" is declared`},
		{"a nested mistake", family(`{"name": "a", "type": "object", "fields": [{"name": "b", "type": "int"}]}`, ""),
			"body.a.b:"},
		{"an unknown role", strings.Replace(good, `"direct"`, `"anyone"`, 1), `"anyone" is not one of`},
		{"an unknown fidelity", strings.Replace(good, `"stateful"`, `"perfect"`, 1), `"perfect" is not one of`},
		{"a reply to 204", family("", `, "reply": [{"name": "a", "type": "string"}]`), "204 has no body"},
		{"no reply to 200", strings.Replace(good, "204", "200", 1), "a reply is due"},
		{"an odd success", strings.Replace(good, "204", "201", 1), "success is missing or not"},
		{"a method in small letters", strings.Replace(good, "POST", "post", 1), `"post" is not one of`},
		{"a path outside of the root", strings.Replace(good, "/v3/demo/things", "/v3/demos", 1),
			"not under the family's root"},
		{"an undescribed path variable", strings.Replace(good, "/v3/demo/things", "/v3/demo/{id}", 1),
			"{id} is not described"},
		{"a described variable that is not in the path",
			family("", `, "path_params": [{"name": "id", "type": "string"}]`), "describes 1 variables, the path has 0"},
		{"a path that needs escaping", strings.Replace(good, "/v3/demo/things", "/v3/demo/a b", 1), "is not plain"},
		{"an event nobody describes", family("", `, "events": ["X.Y"]`), `no family describes the event "X.Y"`},
		{"text after the end", good + "{}", "after the end"},
		{"a list instead of an object", "[]", "an object is due"},
		{"a null", family(`{"name": "a", "type": null}`, ""), "malformed"},
		{"an empty file", "", "malformed"},
		{"a comma too many", strings.Replace(good, `["direct"]`, `["direct",]`, 1), "malformed"},
		{"deep nesting", strings.Repeat("[", 1000), "nested too deeply"},
	} {
		_, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(row.file)}})
		var e *catalogue.LoadError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), row.want) || e.File != "demo.json" {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
	if _, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(good)}}); err != nil {
		t.Errorf("the good file: %v", err)
	}
}

func TestLoadRefusesTwoFamiliesOfOneEndpointOrPackage(t *testing.T) {
	t.Parallel()
	one := family("", "")
	other := strings.Replace(one, `"demo"`, `"more"`, 1)
	_, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(one)}, "more.json": {Data: []byte(other)}})
	if err == nil || !strings.Contains(err.Error(),
		"more.json: POST /v3/demo/things: the endpoint is already in demo.json") {
		t.Errorf("one endpoint twice: %v", err)
	}
	_, err = catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(one)}, "more.json": {Data: []byte(one)}})
	if err == nil || !strings.Contains(err.Error(), `package "demo" is already`) {
		t.Errorf("one package twice: %v", err)
	}
}

func TestSharedFileFillsDescriptionsAndErrors(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load(fstest.MapFS{
		"shared.json": {
			Data: []byte(
				`{"glossary": {"a": "The first letter."}, "errors": [{"http": 400, "code": "PARAM_ERROR", "meaning": "Wrong."}]}`)},
		"demo.json": {Data: []byte(family(
			`{"name": "a", "type": "string"}, {"name": "b", "type": "string", "description": "Own."}`, ""))},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := c.Operation("POST /v3/demo/things")
	if got := o.Body.Field("a").Description; got != "The first letter." {
		t.Errorf("description from the glossary: %q", got)
	}
	if got := o.Body.Field("b").Description; got != "Own." {
		t.Errorf("own description: %q", got)
	}
	if len(o.Errors) != 1 || o.Errors[0].Code != "PARAM_ERROR" {
		t.Errorf("public errors: %v", o.Errors)
	}
	if _, err := catalogue.Load(fstest.MapFS{"shared.json": {Data: []byte(`{"glosary": {}}`)}}); err == nil {
		t.Error("an unknown keyword of the shared file was accepted")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(family(`{"name": "a", "type": "string", "pattern": "^[a-z]+$"}`, ""))
	f.Add(
		family(
			`{"name": "a", "type": "object", "fields": "Amount"}, {"name": "b", "type": "array", "items": {"type": "string"}}`, `, "errors": []`))
	f.Add(`{"operations": [{"method": "GET", "path": "/{a}"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(text)}})
		if err != nil {
			var e *catalogue.LoadError
			if !errors.As(err, &e) || e.Problem == "" {
				t.Fatalf("an error that names nothing: %v", err)
			}
			return
		}
		for _, o := range c.Operations() {
			if c.Operation(o.ID()) != o {
				t.Fatalf("%s cannot be found", o.ID())
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	files := embeddedFiles(b)
	for b.Loop() {
		if _, err := catalogue.Load(files); err != nil {
			b.Fatal(err)
		}
	}
}
