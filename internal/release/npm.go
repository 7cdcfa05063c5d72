package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// npmScope is where the packages are: npm/package.json is the main one, which has those of the
// platforms as optional dependencies, so that npm installs the one that fits.
const npmScope = "@wxpay-go/"

// npmWords are what npm calls systems and processors, where it is not what Go does.
var npmWords = map[string]string{"windows": "win32", "amd64": "x64"}

func npmWord(word string) string {
	if w := npmWords[word]; w != "" {
		return w
	}
	return word
}

func npmName(goos, goarch string) string {
	return npmScope + "wxpay-" + npmWord(goos) + "-" + npmWord(goarch)
}

// npmFolder is where a package is laid out for npm pack.
func (r release) npmFolder(name string) string {
	return filepath.Join(r.out, "npm", strings.TrimPrefix(name, npmScope))
}

func (r release) npmVersion() string { return strings.TrimPrefix(r.version, "v") }

// npmPlatform lays out the package of one platform: the binary, and what has to go with it.
func (r release) npmPlatform(b *binary, files []entry) error {
	name := npmName(b.os, b.arch)
	manifest, err := indented(map[string]any{
		"name": name, "version": r.npmVersion(), "license": "MIT",
		"description":     "The wxpay command for " + npmWord(b.os) + " on " + npmWord(b.arch),
		"repository":      map[string]string{"type": "git", "url": "git+https://github.com/wxpay-go/wxpay.git"},
		"os":              []string{npmWord(b.os)},
		"cpu":             []string{npmWord(b.arch)},
		"preferUnplugged": true, // a binary does not run from yarn's archives
	})
	if err != nil {
		return err
	}
	about := "# " + name + "\n\nThe wxpay command for one platform. " +
		"Install @wxpay-go/wxpay, which brings the one that fits.\n"
	laid := []entry{{"package.json", manifest, 0o644}, {"README.md", []byte(about), 0o644}}
	for _, f := range files {
		switch f.name {
		case b.file():
			f.name = "bin/" + f.name
			laid = append(laid, f)
		case "LICENSE", "THIRD-PARTY-LICENSES.txt":
			laid = append(laid, f)
		}
	}
	return r.lay(name, laid)
}

// npmMain lays out the main package: npm/ of the repository, with the version and the platforms.
func (r release) npmMain(platforms []string) error {
	const name = npmScope + "wxpay"
	text, err := os.ReadFile(filepath.Join(r.root, "npm", "package.json"))
	if err != nil {
		return err
	}
	var manifest map[string]any
	if err := json.Unmarshal(text, &manifest); err != nil {
		return err
	}
	optional := map[string]string{}
	for _, p := range platforms {
		optional[p] = r.npmVersion() // exactly this one
	}
	manifest["version"], manifest["optionalDependencies"] = r.npmVersion(), optional
	if text, err = indented(manifest); err != nil {
		return err
	}
	laid := []entry{{"package.json", text, 0o644}}
	for from, to := range map[string]entry{
		"npm/README.md": {"README.md", nil, 0o644}, "npm/bin/wxpay.js": {"bin/wxpay.js", nil, 0o755},
		"LICENSE": {"LICENSE", nil, 0o644},
	} {
		if to.content, err = os.ReadFile(filepath.Join(r.root, filepath.FromSlash(from))); err != nil {
			return err
		}
		laid = append(laid, to)
	}
	return r.lay(name, laid)
}

func (r release) lay(name string, files []entry) error {
	for _, f := range files {
		to := filepath.Join(r.npmFolder(name), filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, f.content, f.mode); err != nil {
			return err
		}
	}
	return nil
}

func indented(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return out.Bytes(), err
}
