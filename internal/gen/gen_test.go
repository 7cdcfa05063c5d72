package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wxpay-go/wxpay/catalogue"
)

// The tree in the repository is what the catalogue says. When this fails, run go run
// ./internal/gen.
func TestNothingHasDrifted(t *testing.T) {
	t.Parallel()
	if err := run("../..", true); err != nil {
		t.Fatal(err)
	}
}

func TestCheckNamesWhatDrifted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "catalogue", "data"), os.DirFS("../../catalogue/data")); err != nil {
		t.Fatal(err)
	}
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err != nil {
		t.Fatalf("what was just written differs: %v", err)
	}
	edited := filepath.Join(root, "api", "edupapay", "presign.go")
	if err := os.WriteFile(edited, []byte("package edupapay\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"docs/fidelity.md", "docs/zh/fidelity.md", "catalogue/packed.bin"} {
		if err := os.Remove(filepath.Join(root, page)); err != nil {
			t.Fatal(err)
		}
	}
	stale := filepath.Join(root, "api", "edupapay", "gone.go")
	if err := os.WriteFile(stale, []byte("// "+marker+" from a file that is gone; DO NOT EDIT.\n\npackage edupapay\n"),
		0o666); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(root, "api", "edupapay", "own_test.go")
	if err := os.WriteFile(kept, []byte("package edupapay\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	err := run(root, true)
	if err == nil {
		t.Fatal("drift was not seen")
	}
	for _, name := range []string{"api/edupapay/presign.go", "docs/fidelity.md", "docs/zh/fidelity.md",
		"catalogue/packed.bin", "api/edupapay/gone.go"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "own_test.go") || strings.Contains(err.Error(), "chain.go") {
		t.Errorf("too much is named in: %v", err)
	}
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Error("the stale file is still there")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error("a file written by hand was removed")
	}
}

const twoEndpoints = `{
  "package": "demo", "root": "/v3/demo", "title": "演示", "description": "For tests.",
  "types": {"Amount": [{"name": "total", "type": "integer", "label": "总金额"}]},
  "operations": [
    {"method": "POST", "path": "/v3/demo/policy-periods/{plan_id}", "name": "One", "title": "一",
     "description": "First.", "roles": ["direct"], "path_params": [{"name": "plan_id", "type": "integer"}],
     "body": [{"name": "amount", "type": "object", "fields": "Amount"}], "success": 204, "fidelity": "none"},
    {"method": "GET", "path": "/v3/demo/policy_periods/{plan_id}", "name": "Two", "title": "二",
     "description": "Second.", "roles": ["direct"],
     "path_params": [{"name": "plan_id", "type": "string"}], "success": 200, "reply": "Amount", "fidelity": "none"}
  ]
}`

func TestGenerateRefusesWhatGoCannotSpell(t *testing.T) {
	t.Parallel()
	apart := strings.Replace(twoEndpoints, "policy_periods", "periods", 1)
	for _, row := range []struct{ name, file, want string }{
		{"two segments of one Go name", twoEndpoints, "policy-periods and policy_periods have the same Go name"},
		{"one type as body and as reply", apart, "the type Amount would have two shapes"},
		{"a method the chain lacks", strings.Replace(apart, `"GET"`, `"PUT"`, 1), "no form for PUT"},
	} {
		c, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(row.file)}})
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if _, err := Generate(c); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
}

func TestSegmentsTellApartWhatGoNameSpellsAlike(t *testing.T) {
	t.Parallel()
	file := strings.Replace(twoEndpoints, `"types"`, `"segments": {"policy_periods": "PolicyPeriodList"}, "types"`, 1)
	file = strings.Replace(file, `"reply": "Amount"`, `"reply": [{"name": "total", "type": "integer", "label": "总金额"}]`,
		1)
	c, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(file)}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := Generate(c)
	if err != nil {
		t.Fatal(err)
	}
	chain := string(out["api/demo/chain.go"])
	for _, want := range []string{
		"PolicyPeriods PolicyPeriods\n", "PolicyPeriodList PolicyPeriodList\n", `"v3/demo/policy_periods/{plan_id}"`,
		`"v3/demo/policy-periods/{plan_id}"`,
		"PlanID(planID int64)", "PlanID(planID string)",
	} {
		if !strings.Contains(chain, want) {
			t.Errorf("the chain lacks %q:\n%s", want, chain)
		}
	}
}

// Several packages may start at one path; api.V3 shows the members of all.
func TestFamiliesMayShareARoot(t *testing.T) {
	t.Parallel()
	one := strings.Replace(twoEndpoints, "policy_periods", "periods", 1)
	one = strings.Replace(one, `"reply": "Amount"`, `"reply": [{"name": "total", "type": "integer", "label": "总金额"}]`,
		1)
	other := strings.NewReplacer(`"package": "demo"`, `"package": "more"`, "policy-periods", "things", "/periods",
		"/others").Replace(one)
	c, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(one)}, "more.json": {Data: []byte(other)}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := Generate(c)
	if err != nil {
		t.Fatal(err)
	}
	api := string(out["api/api.go"])
	for _, want := range []string{"demoRoot := demo.Of(c)", "Others ", "more.Others", "moreRoot.Others,",
		"demoRoot.PolicyPeriods,"} {
		if !strings.Contains(api, want) {
			t.Errorf("api.go lacks %q:\n%s", want, api)
		}
	}
	clash := strings.Replace(other, "/others", "/periods", 1)
	clash = strings.Replace(clash, "/v3/demo/periods/{plan_id}", "/v3/demo/periods/x/{plan_id}", 1)
	if c, err = catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(one)},
		"more.json": {Data: []byte(clash)}}); err != nil {
		t.Fatal(err)
	}
	if _, err = Generate(c); err == nil || !strings.Contains(err.Error(), "has periods too") {
		t.Errorf("a segment of two families: %v", err)
	}
}

func TestSnake(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Presign": "presign", "PreEntrustSign": "pre_entrust_sign", "JSAPI": "jsapi",
		"OrderByTransactionID": "order_by_transaction_id",
		"JSAPIOrder":           "jsapi_order", "H5": "h5",
	} {
		if got := snake(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
