package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// linked is a module of somebody else's that is in a binary.
type linked struct {
	debug.Module
	licences []string // SPDX ids, or names of what has none; sorted
	texts    []notice
}

// notice is a file whose words go with the binary.
type notice struct{ name, text string }

// linkedModules lists what is in a binary besides the command: the other modules, and Go's own
// library as "std". The root module is ours, and is listed as well.
func linkedModules(folder string, b *binary) ([]linked, error) {
	packages, err := linkedPackages(folder, b)
	if err != nil {
		return nil, err
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	std := listedModule{Path: "std", Version: strings.TrimPrefix(b.info.GoVersion, "go"),
		Dir: strings.TrimSpace(string(goroot))}
	var all []linked
	for _, m := range append(slices.Clone(b.info.Deps), &debug.Module{Path: std.Path, Version: std.Version}) {
		at, folders := std, []string{std.Dir}
		if m.Path != std.Path {
			at, folders = packages.module[m.Path], packages.folders[m.Path]
		}
		if at.Dir == "" || at.Version != m.Version && !within(command, m.Path) { // ours is (devel) in a workspace
			return nil, fmt.Errorf("%s %s is in the binary, and go list says %q", m.Path, m.Version, at.Version)
		}
		one := linked{Module: *m}
		if one.texts, one.licences, err = noticesOf(at, folders); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// listedModule is what go list says of one.
type listedModule struct{ Path, Version, Dir string }

// listedPackages are those of a binary, by the path of their module.
type listedPackages struct {
	module  map[string]listedModule
	folders map[string][]string
}

// linkedPackages asks the go command for the packages that a platform's binary is made of.
func linkedPackages(folder string, b *binary) (p listedPackages, err error) {
	p = listedPackages{map[string]listedModule{}, map[string][]string{}}
	list := exec.Command("go", "list", "-deps", "-json=Dir,Module", ".")
	list.Dir = folder
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+b.os, "GOARCH="+b.arch)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return p, fmt.Errorf("go list: %w", err)
	}
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var one struct {
			Dir    string
			Module *listedModule
		}
		if err := in.Decode(&one); err == io.EOF {
			return p, nil
		} else if err != nil {
			return p, err
		}
		if one.Module != nil {
			p.module[one.Module.Path] = *one.Module
			p.folders[one.Module.Path] = append(p.folders[one.Module.Path], one.Dir)
		}
	}
}

var (
	aLicence = regexp.MustCompile(`(?i)^(LICEN[CS]E|COPYING|COPYRIGHT|UNLICENSE)([-._].*)?$`)
	aNotice  = regexp.MustCompile(`(?i)^(NOTICE|PATENTS|AUTHORS|CONTRIBUTORS)([-._].*)?$`)
)

// looked are files named like licences that are none, with why that is no matter.
var looked = map[string]string{
	"modernc.org/memory/LICENSE-LOGO": "the address of a picture that no program has in it",
}

// noticesOf reads what stands beside the linked packages of a module, and above them up to its
// root.
func noticesOf(m listedModule, folders []string) (texts []notice, licences []string, err error) {
	places := map[string]bool{}
	for _, folder := range folders {
		for within(folder, m.Dir) && !places[folder] {
			places[folder] = true
			folder = filepath.Dir(folder)
		}
	}
	known := map[string]bool{}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		files, err := os.ReadDir(place)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range files {
			rel, err := filepath.Rel(m.Dir, filepath.Join(place, f.Name()))
			if err != nil {
				return nil, nil, err
			}
			name := path.Join(m.Path, filepath.ToSlash(rel))
			if !isText(f) || looked[name] != "" || !aLicence.MatchString(f.Name()) && !aNotice.MatchString(f.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(place, f.Name()))
			if err != nil {
				return nil, nil, err
			}
			texts = append(texts, notice{name, string(text)})
			if !aLicence.MatchString(f.Name()) {
				continue
			}
			ids, err := identify(string(text))
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", name, err)
			}
			for _, id := range ids {
				known[id] = true
			}
		}
	}
	if len(known) == 0 {
		return nil, nil, fmt.Errorf("%s %s has no licence: ask its authors, or do without it", m.Path, m.Version)
	}
	return texts, slices.Sorted(maps.Keys(known)), nil
}

func isText(f fs.DirEntry) bool { return f.Type().IsRegular() && filepath.Ext(f.Name()) != ".go" }

func within(folder, root string) bool {
	return folder == root || strings.HasPrefix(filepath.ToSlash(folder), filepath.ToSlash(root)+"/")
}

// permitted are the licences under which a binary may be handed out as ours is, each with words
// that only it has. They ask that their text goes with it, and MPL-2.0 that whoever has the binary
// learns where the source is: thirdParties does both.
var permitted = []struct{ id, words string }{
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy of this software and " +
		"associated documentation files"},
	{"BSD-3-Clause", "may be used to endorse or promote products derived from this software without specific prior " +
		"written permission"},
	{"BSD-2-Clause", "redistribution and use in source and binary forms, with or without modification, are permitted"},
	{"Apache-2.0", "apache license version 2.0, january 2004"},
	{"MPL-2.0", "mozilla public license version 2.0"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is " +
		"hereby granted"},
	{"Public domain", "has been dedicated to the public domain by the authors"},
}

// refused are words of licences that ask for more than ours gives.
var refused = []string{"general public license", "server side public license", "business source license",
	"commons clause", "for non-commercial", "for noncommercial"}

// identify names the licences in a text. One that it does not know is an error: a person has to
// look.
func identify(text string) (ids []string, err error) {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	for _, l := range permitted {
		if strings.Contains(text, l.words) && !(l.id == "BSD-2-Clause" && slices.Contains(ids, "BSD-3-Clause")) {
			ids = append(ids, l.id)
		}
	}
	for _, words := range refused {
		// MPL-2.0 names the licences that it goes with.
		if strings.Contains(text, words) && !slices.Contains(ids, "MPL-2.0") {
			return nil, fmt.Errorf("it speaks of %q: look whether it may be in the binary", words)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("its licence is none of those that were looked at (permitted in licences.go)")
	}
	return ids, nil
}

// thirdParties is THIRD-PARTY-LICENSES.txt.
func thirdParties(list []linked, b *binary) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "wxpay %s for %s is made of these modules besides its own. The source of each is the\n"+
		"Go module of that name and version: go mod download MODULE@VERSION fetches it.\n", b.info.Main.Version,
		b.platform())
	for _, m := range list {
		if within(command, m.Path) {
			continue // ours, under LICENSE
		}
		fmt.Fprintf(&out, "\n%s\n%s %s (%s)\n%[1]s\n", strings.Repeat("=", 80), m.Path, m.Version,
			strings.Join(m.licences, ", "))
		for _, t := range m.texts {
			fmt.Fprintf(&out, "\n--- %s\n\n%s\n", t.name, strings.TrimSpace(strings.ReplaceAll(t.text, "\r\n", "\n")))
		}
	}
	return out.Bytes()
}
