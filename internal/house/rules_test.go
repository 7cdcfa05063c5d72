package house_test

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

func TestRootModuleRequiresNothing(t *testing.T) {
	t.Parallel()
	for _, f := range tree(t) {
		if f.name == "go.sum" {
			t.Error("go.sum exists: the root module stands on the standard library alone")
		}
		if f.name != "go.mod" {
			continue
		}
		for line := range strings.Lines(f.text) {
			switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word {
			case "require", "replace", "exclude", "tool", "toolchain":
				t.Errorf("go.mod has a %s line: it would enter the version graph of every user; dependencies "+
					"belong to %s", word, binary)
			}
		}
	}
}

// A file that grows past this is two subjects under one name.
const maxLines = 400

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	for _, f := range tree(t) {
		switch path.Ext(f.name) {
		case ".go", ".js", ".mjs":
			if n := strings.Count(f.text, "\n"); n > maxLines && !f.isGenerated() {
				t.Errorf("%s has %d lines, at most %d: split it by subject", f.name, n, maxLines)
			}
		}
	}
}

// Packages are named after what their user does with them; these names say
// what kind of thing lies inside, and so everything ends up there.
var emptyNames = map[string]bool{
	"base": true, "common": true, "consts": true, "core": true, "helper": true, "helpers": true, "lib": true,
	"misc": true, "model": true, "models": true, "packages": true, "pkg": true, "shared": true, "types": true,
	"util": true, "utils": true,
}

func TestPackagesAreNamedAfterTasks(t *testing.T) {
	t.Parallel()
	reported := map[string]bool{}
	for _, f := range tree(t) {
		if !f.isGo() || reported[f.dir()] {
			continue
		}
		name := strings.TrimSuffix(f.source(t).Name.Name, "_test")
		if emptyNames[name] || emptyNames[path.Base(f.dir())] {
			t.Errorf("%s is package %s, which says nothing: name it after its user's task", f.dir(), name)
			reported[f.dir()] = true
		}
		if base := path.Base(f.name); base == "types.go" || base == "utils.go" || base == "helpers.go" {
			t.Errorf("%s is named after a kind of code: name it after its subject", f.name)
		}
	}
}

// A package's comment ends with what it may know and where its reader begins.
func TestPackagesSayWhereToStart(t *testing.T) {
	t.Parallel()
	says := map[string]bool{}
	for _, f := range tree(t) {
		if f.isGo() && !f.isTest() && !f.isGenerated() && !strings.HasPrefix(f.name, "testdata/") {
			about, _, _ := strings.Cut(f.text, "\npackage ")
			says[f.dir()] = says[f.dir()] || strings.Contains(about, "tart reading at") ||
				strings.Contains(f.text, "\npackage main\n") &&
					(f.dir() == binary || within(f.dir(), "bench/peers/size"))
		}
	}
	for dir, ok := range says {
		if !ok {
			t.Errorf("the comment of the package in %s does not say where to start reading", dir)
		}
	}
}

// The addresses of package registries and their mirrors are the business of
// the machine that installs, and change from one to the next; a lock file
// that names one fails everywhere else. The dots keep this list from finding
// itself.
var registries = []string{
	"registry·npmjs·org", "registry·yarnpkg·com", "registry·npmmirror·com", "proxy·golang·org", "sum·golang·org",
	"goproxy·io", "goproxy·cn", "deb·debian·org", "pypi·org",
}

func TestNoRegistryIsNamed(t *testing.T) {
	t.Parallel()
	for _, f := range tree(t) {
		for _, host := range registries {
			if host = strings.ReplaceAll(host, "·", "."); strings.Contains(f.text, host) {
				t.Errorf("%s names %s: leave the choice of registry to the machine", f.name, host)
			}
		}
		if path.Base(f.name) == "package-lock.json" && strings.Contains(f.text, `"resolved":`) {
			t.Errorf("%s holds download addresses: write it with npm's omit-lockfile-registry-resolved, as its "+
				".npmrc says", f.name)
		}
	}
}

// A test that sleeps is slow when it passes and flaky when it does not. Move
// a clock, or wait for the thing itself.
func TestNoTestSleeps(t *testing.T) {
	t.Parallel()
	const sleep = "time." + "Sleep("
	for _, f := range tree(t) {
		// Inside a synctest bubble the clock is fake and sleeping costs nothing.
		if f.isTest() && strings.Contains(f.text, sleep) && !strings.Contains(f.text, `"testing/synctest"`) {
			t.Errorf("%s sleeps: move a clock instead (Config.Now, sandbox Advance, testing/synctest)", f.name)
		}
	}
}

// APIv2 is one implementation of a protocol and a product's messages in XML. A name that ends in V2
// would be a second way through something that stands there once.
func TestNamesInTheSandboxDoNotEndInV2(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`\b\w+V2\b`)
	for _, f := range tree(t) {
		if f.dir() != "sandbox" || !f.isGo() {
			continue
		}
		for _, n := range name.FindAllString(f.text, -1) {
			if n != "protocolV2" && n != "ProtocolV2" { // the catalogue's
				t.Errorf("%s: %s", f.name, n)
			}
		}
	}
}
