package house_test

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// rooms says who may import whom, and nobody else anybody. Folders are named
// from the root, which is "."; "api/*" is any family under api, and so with the
// products of the sandbox: none imports its neighbour. A folder without a row
// belongs to the nearest one above it that has a row.
//
// Two absences are on purpose. The sandbox never sees api: it works on
// catalogue-checked JSON, so that one mistake of the generator cannot hide on
// both sides. And only the sandbox and the generator see the catalogue: a
// user who calls one endpoint does not link the description of all.
var rooms = map[string][]string{
	"internal/wire":     {},
	"internal/explain":  {"internal/wire"},
	"internal/keyfile":  {},
	"internal/spelling": {},
	"internal/sm3":      {},
	".":                 {"internal/wire", "internal/keyfile", "internal/sm3"},
	"api/leaf":          {"."},
	"api/*":             {".", "api/leaf"},
	"api":               {".", "internal/spelling", "api/*", "api/leaf"},
	"notify":            {".", "internal/wire", "api/event"},
	"inbox":             {".", "internal/wire", "notify"},
	"catalogue":         {"internal/spelling"},
	"sandbox": with(below, ".", "internal/spelling", "catalogue", "sandbox/fault", behind+"samples", behind+"guide",
		behind+"witness",
		behind+"listener", behind+"authority",
		behind+"redact", behind+"armed", behind+"registry", behind+"engine", behind+"push", behind+"contracts",
		behind+"debits", behind+"payments", behind+"xmlcall", behind+"trigger", behind+"outbox", behind+"front",
		behind+"product/*"),
	"sandbox/ledger":     {".", "internal/wire", "sandbox/fault"},
	"sandbox/fault":      {},
	behind + "samples":   {},
	behind + "guide":     {},
	behind + "witness":   {"sandbox/fault", "sandbox/ledger"},
	behind + "shown":     {},
	behind + "listener":  {},
	behind + "authority": {},
	behind + "clock":     {"internal/wire"},
	behind + "random":    {"internal/wire", "sandbox/ledger"},
	behind + "redact":    {"internal/wire", "sandbox/ledger"},
	behind + "armed":     {"sandbox/fault", "sandbox/ledger", behind + "shown"},
	behind + "rows":      {"sandbox/store", "sandbox/ledger", behind + "clock", behind + "shown"},
	behind + "registry":  with(below, ".", "internal/explain", behind+"redact"),
	behind + "engine":    with(below, ".", "catalogue", "sandbox/fault", behind+"armed", behind+"registry"),
	behind + "push":      with(below, "sandbox/fault", behind+"engine"),
	behind + "contracts": with(below, ".", behind+"registry", behind+"engine", behind+"push"),
	behind + "debits":    with(below, behind+"engine", behind+"push", behind+"contracts"),
	behind + "payments":  with(below, "catalogue", behind+"engine", behind+"push", behind+"debits"),
	behind + "xmlcall":   with(below, behind+"registry", behind+"engine"),
	behind + "product/*": with(below, "catalogue", behind+"registry", behind+"engine", behind+"push",
		behind+"contracts", behind+"debits", behind+"payments", behind+"xmlcall", behind+"samples"),
	behind + "trigger": with(below, "catalogue", "internal/spelling", "sandbox/fault", behind+"armed",
		behind+"registry", behind+"engine", behind+"push", behind+"contracts", behind+"debits", behind+"samples"),
	behind + "outbox": with(below, "sandbox/fault", behind+"listener", behind+"redact", behind+"armed",
		behind+"registry", behind+"engine", behind+"push", behind+"witness"),
	behind + "front": with(below, "catalogue", "internal/explain", "internal/sm3", "sandbox/fault", behind+"listener",
		behind+"redact", behind+"armed", behind+"registry", behind+"engine", behind+"contracts", behind+"xmlcall",
		behind+"outbox", behind+"witness"),
	"sandbox/store":           {},
	"sandbox/store/storetest": {"sandbox/store"},
	"internal/crash":          {".", "notify", "api/*"},
	"internal/gen":            {"catalogue"},
	"internal/house":          {},
	"internal/leaktest":       {},
	"internal/release":        {},
}

// behind is where the rooms of the sandbox are that its door stands before.
const behind = "sandbox/internal/"

// below is what lies below every one of them that decides anything: how things are kept, timed,
// made up and shown.
var below = []string{"internal/wire", "sandbox/store", "sandbox/ledger", behind + "rows", behind + "clock",
	behind + "random", behind + "shown"}

func with(list []string, more ...string) []string { return append(slices.Clip(list), more...) }

// forTests are rooms that are themselves test suites: no row above lets
// anyone import them, so they reach no program.
var forTests = map[string]bool{"sandbox/store/storetest": true, "internal/leaktest": true}

// binary is a module of its own and may import everything; nobody imports it. So are those
// of benchmarks, which need other SDKs, engines and C, and those of tests and examples that need
// databases' drivers.
const (
	binary  = "cmd/wxpay"
	benches = "bench"
)

var modules = []string{binary, benches, "inbox/inboxtest", "sandbox/openapitest", "examples", "otel"}

func ofAnotherModule(dir string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return within(dir, m) })
}

func within(dir, room string) bool {
	return dir == room || strings.HasPrefix(dir, room+"/")
}

// roomOf finds the row that rules over a folder, or nothing.
func roomOf(dir string) string {
	for room := range rooms {
		if above, any := strings.CutSuffix(room, "/*"); any && rooms[dir] == nil && within(dir, above) && dir != above {
			return room
		}
	}
	for at := dir; at != "."; at = path.Dir(at) {
		if _, ok := rooms[at]; ok {
			return at
		}
	}
	if dir == "." {
		return dir
	}
	return ""
}

func TestNobodyImportsAnybodyElse(t *testing.T) {
	t.Parallel()
	strangers := map[string]bool{}
	for _, f := range tree(t) {
		if !f.isGo() || within(f.dir(), "testdata") || ofAnotherModule(f.dir()) {
			continue
		}
		room := roomOf(f.dir())
		if room == "" {
			strangers[f.dir()] = true
			continue
		}
		for _, p := range imports(f.source(t)) {
			dir, ours := strings.CutPrefix(p, module)
			dir = path.Clean("./" + dir)
			switch {
			case !ours && !strings.Contains(strings.SplitN(p, "/", 2)[0], "."):
				// The standard library, save testing: it would be linked into every user's program.
				if within(p, "testing") && !f.isTest() && !forTests[room] {
					t.Errorf("%s imports %s outside a test: take a small interface instead, as sandbox.New does",
						f.name, p)
				}
			case !ours:
				t.Errorf("%s imports %s: the root module stands on the standard library alone", f.name, p)
			case ofAnotherModule(dir):
				t.Errorf("%s imports %s: it is the end of the line, nothing imports it", f.name, p)
			case f.isTest(): // which may look anywhere
			case !mayImport(f.dir(), dir):
				t.Errorf("%s imports %s: %s may import only %s (see rooms in internal/house/imports_test.go)", f.name,
					dir, room, orNothing(rooms[room]))
			}
		}
	}
	for dir := range strangers {
		t.Errorf("%s is a room nobody planned: add it to rooms in internal/house/imports_test.go, with what it "+
			"may import", dir)
	}
}

// mayImport says what rooms does of two folders. A room's own folders may share, but those of a
// row with a star are a room each.
func mayImport(dir, other string) bool {
	room, of := roomOf(dir), roomOf(other)
	return room == of && (!strings.HasSuffix(room, "/*") || dir == other) ||
		slices.Contains(rooms[room], of) || slices.Contains(rooms[room], other)
}

// The walls of the sandbox, one by one.
func TestTheWallsOfTheSandbox(t *testing.T) {
	t.Parallel()
	for _, no := range [][2]string{
		{behind + "product/insurance", behind + "product/papay"},
		{behind + "engine", behind + "product/papay"},
		{behind + "engine", behind + "contracts"},
		{behind + "engine", behind + "outbox"},
		{behind + "engine", behind + "front"},
		{behind + "contracts", behind + "debits"},
		{behind + "debits", behind + "payments"},
		{behind + "payments", behind + "product/orders"},
		{behind + "outbox", behind + "front"},
		{behind + "front", behind + "product/papay"},
		{behind + "rows", behind + "engine"},
		{behind + "armed", behind + "engine"},
		{behind + "push", behind + "outbox"},
		{behind + "engine", "sandbox"},
		{behind + "product/papay", "sandbox"},
		{"sandbox/ledger", behind + "engine"},
		{"sandbox/store", "sandbox/ledger"},
		{"sandbox", "api/papay"},
		{"notify", behind + "product/papay"},
	} {
		if mayImport(no[0], no[1]) {
			t.Errorf("%s may import %s", no[0], no[1])
		}
	}
	if !mayImport("sandbox", behind+"product/papay") || !mayImport(behind+"product/papay", behind+"engine") {
		t.Error("the door may not import a product, or a product the engine")
	}
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "the standard library"
	}
	return strings.Join(list, ", ")
}
