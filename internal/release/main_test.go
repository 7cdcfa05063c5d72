package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// What identify makes of licences' texts: of those of our own modules first.
func TestLicencesAreNamed(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	const bsd = "Redistribution and use in source and binary forms,\n" +
		"with or without modification, are permitted provided"
	for _, c := range []struct{ text, want, refused string }{
		{text: string(ours), want: "MIT"},
		{text: bsd, want: "BSD-2-Clause"},
		{text: bsd + " … Neither the name of X nor the names of its contributors may be used to endorse or promote products " +
			"derived from this software without specific prior written permission.", want: "BSD-3-Clause"},
		{text: "Mozilla Public License Version 2.0 … GNU General Public License, Version 2.0", want: "MPL-2.0"},
		{text: "  Apache License\n Version 2.0, January 2004", want: "Apache-2.0"},
		{text: string(ours) + bsd, want: "MIT, BSD-2-Clause"},
		{text: "GNU GENERAL PUBLIC LICENSE Version 3", refused: "general public license"},
		{text: string(ours) + "Commons Clause License Condition v1.0", refused: "commons clause"},
		{text: "All rights reserved.", refused: "none of those that were looked at"},
	} {
		ids, err := identify(c.text)
		if got := strings.Join(ids, ", "); got != c.want || (err != nil) != (c.refused != "") ||
			err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%.40q: %q, %v, want %q %q", c.text, got, err, c.want, c.refused)
		}
	}
}

// The notices of a module are those beside what is linked of it, and above; one without is refused.
func TestNoticesOfWhatIsLinked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mit, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"LICENSE": string(mit), "AUTHORS": "A. Uthor", "licence.go": "package p", "doc/LICENSE": "All rights reserved.",
		"linked/deep/x.go": "package x", "linked/COPYING": "Apache License Version 2.0, January 2004",
	} {
		name = filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := listedModule{"example.com/m", "v1.2.3", folder}
	texts, licences, err := noticesOf(m, []string{folder, filepath.Join(folder, "linked", "deep")})
	var names []string
	for _, n := range texts {
		names = append(names, n.name)
	}
	if err != nil || !slices.Equal(licences, []string{"Apache-2.0", "MIT"}) ||
		!slices.Equal(names, []string{"example.com/m/AUTHORS", "example.com/m/LICENSE",
			"example.com/m/linked/COPYING"}) {
		t.Errorf("%q, %q, %v", names, licences, err)
	}
	if _, _, err := noticesOf(m, []string{filepath.Join(folder, "doc")}); err == nil {
		t.Error("a licence that nobody looked at is taken")
	}
	m.Dir = filepath.Join(folder, "linked", "deep")
	if _, _, err := noticesOf(m, []string{m.Dir}); err == nil || !strings.Contains(err.Error(), "has no licence") {
		t.Errorf("a module without a licence: %v", err)
	}
}

var at = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// An archive has the same bytes each time, and the files in it their names and modes.
func TestArchivesAreReproducible(t *testing.T) {
	t.Parallel()
	files := []entry{{"LICENSE", []byte("MIT"), 0o644}, {"wxpay", bytes.Repeat([]byte("x"), 1<<16), 0o755}}
	for _, system := range []string{"linux", "windows"} {
		b := &binary{os: system}
		first, name, err := b.archive("wxpay_1", files, at)
		if err != nil {
			t.Fatal(err)
		}
		second, _, _ := b.archive("wxpay_1", files, at)
		if !bytes.Equal(first, second) {
			t.Errorf("%s differs from one time to the next", name)
		}
		if later, _, _ := b.archive("wxpay_1", files, at.Add(time.Hour)); bytes.Equal(first, later) {
			t.Errorf("%s has no times in it", name)
		}
		if got := unpacked(t, name, first); !slices.Equal(got, []string{"wxpay_1/LICENSE -rw-r--r-- 3",
			"wxpay_1/wxpay -rwxr-xr-x 65536"}) {
			t.Errorf("%s has %q", name, got)
		}
	}
}

func unpacked(t *testing.T, name string, archive []byte) (files []string) {
	t.Helper()
	if filepath.Ext(name) == ".zip" {
		r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File {
			files = append(files, f.Name+" "+f.Mode().String()+" "+size(f.UncompressedSize64))
			if !f.Modified.Equal(at) {
				t.Errorf("%s is of %v", f.Name, f.Modified)
			}
		}
		return files
	}
	open, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(open); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		files = append(files, h.Name+" "+h.FileInfo().Mode().String()+" "+size(uint64(h.Size)))
		if !h.ModTime.Equal(at) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%s is of %v, %d %s", h.Name, h.ModTime, h.Uid, h.Uname)
		}
	}
}

func size(n uint64) string { text, _ := json.Marshal(n); return string(text) }

// The SBOM names the binary by its hash, each module by its purl and licence, and is a function of
// the binary alone. script/packages has a validator look at one.
func TestSBOM(t *testing.T) {
	t.Parallel()
	b := &binary{content: []byte("program"), os: "linux", arch: "arm64", info: &debug.BuildInfo{
		Main: debug.Module{Path: command, Version: "v0.1.0", Sum: "h1:ours"}}}
	list := []linked{{Module: debug.Module{Path: "github.com/Upper/case", Version: "v1.0.0", Sum: "h1:theirs"},
		licences: []string{"MIT", "Public domain"}}}
	first, err := sbom(b, list, at)
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := sbom(b, list, at); !bytes.Equal(first, second) {
		t.Error("it differs from one time to the next")
	}
	for _, want := range []string{
		`"content": "1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8"`,
		`"purl": "pkg:golang/github.com/wxpay-go/wxpay/cmd/wxpay@v0.1.0?goarch=arm64&goos=linux"`,
		`"purl": "pkg:golang/github.com/upper/case@v1.0.0"`, `"name": "github.com/Upper/case"`, `"id": "MIT"`,
		`"name": "Public domain"`, `"value": "h1:theirs"`, `"timestamp": "2026-11-28T12:00:00Z"`,
	} {
		if !strings.Contains(string(first), want) {
			t.Errorf("%s is missing in %s", want, first)
		}
	}
}

// What is no release of the command is not packed: this test is one.
func TestOtherBinariesAreRefused(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := release{version: "v0.1.0", root: "../..", out: t.TempDir(), at: at}
	if err := r.run([]string{self}); err == nil || !strings.Contains(err.Error(), "and not "+command) {
		t.Errorf("a test was packed: %v", err)
	}
	good := func() *binary {
		return &binary{os: "darwin", info: &debug.BuildInfo{Path: command,
			Main:     debug.Module{Path: command, Version: "v0.1.0", Sum: "h1:…"},
			Deps:     []*debug.Module{{Path: "example.com/m"}},
			Settings: []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "CGO_ENABLED", Value: "0"}}}}
	}
	if err := good().check("v0.1.0"); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*debug.BuildInfo){
		"says that it is v0.2.0":       func(i *debug.BuildInfo) { i.Main.Version = "v0.2.0" },
		"not built from a module":      func(i *debug.BuildInfo) { i.Main.Sum = "" },
		"has to be with true":          func(i *debug.BuildInfo) { i.Settings[0].Value = "false" },
		"with CGO_ENABLED=1":           func(i *debug.BuildInfo) { i.Settings[1].Value = "1" },
		"example.com/m in it is repla": func(i *debug.BuildInfo) { i.Deps[0].Replace = &debug.Module{Path: "../m"} },
	} {
		b := good()
		spoil(b.info)
		if err := b.check("v0.1.0"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// npm's packages have exactly their version of each other, and are for one platform each.
func TestPackagesOfNPM(t *testing.T) {
	t.Parallel()
	r := release{version: "v0.1.0-rc.1", root: "../..", out: t.TempDir(), at: at}
	b := &binary{os: "windows", arch: "amd64"}
	if err := r.npmPlatform(b, []entry{{"wxpay.exe", []byte("program"), 0o755}, {"LICENSE", []byte("MIT"), 0o644},
		{"README.md", []byte("long"), 0o644}}); err != nil {
		t.Fatal(err)
	}
	if err := r.npmMain([]string{npmName("windows", "amd64"), npmName("linux", "arm64")}); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]string{
		"wxpay-win32-x64/package.json":  {`"name": "@wxpay-go/wxpay-win32-x64"`, `"version": "0.1.0-rc.1"`, `"win32"`, `"x64"`},
		"wxpay-win32-x64/bin/wxpay.exe": {"program"}, "wxpay-win32-x64/LICENSE": {"MIT"},
		"wxpay-win32-x64/README.md": {"for one platform"},
		"wxpay/package.json": {`"version": "0.1.0-rc.1"`, `"@wxpay-go/wxpay-win32-x64": "0.1.0-rc.1"`,
			`"@wxpay-go/wxpay-linux-arm64": "0.1.0-rc.1"`, `"wxpay": "bin/wxpay.js"`, `"wxpay-go": "bin/wxpay.js"`},
		"wxpay/bin/wxpay.js": {"#!/usr/bin/env node"}, "wxpay/LICENSE": {"MIT License"}, "wxpay/README.md": {"npx"},
	} {
		text, err := os.ReadFile(filepath.Join(r.out, "npm", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s has no %s: %s", file, w, text)
			}
		}
	}
}
