package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// An SBOM in CycloneDX 1.6 lists what a binary is made of, from what the go command wrote into it.

type bom struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Licenses   []licence  `json:"licenses,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type licence struct {
	License struct {
		ID   string `json:"id,omitempty"`   // of SPDX
		Name string `json:"name,omitempty"` // of what has none there
	} `json:"license"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// sbom describes a binary. Its serial number follows from the binary's bytes, as its own bytes do.
func sbom(b *binary, list []linked, at time.Time) ([]byte, error) {
	sum := sha256.Sum256(b.content)
	main := b.info.Main
	purl := "pkg:golang/" + command + "@" + main.Version
	ours := component{Type: "application", Ref: purl, Name: "wxpay", Version: main.Version,
		PURL: purl + "?goarch=" + b.arch + "&goos=" + b.os, Licenses: licencesOf([]string{"MIT"}),
		Hashes:     []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
		Properties: []property{{"wxpay:go:h1", main.Sum}},
	}
	made := bom{
		Format: "CycloneDX", Spec: "1.6", Serial: "urn:uuid:" + uuid(sum[:]), Version: 1,
		Metadata:     metadata{at.Format(time.RFC3339), ours},
		Dependencies: []dependency{{Ref: ours.Ref, DependsOn: []string{}}},
	}
	for _, m := range list {
		// The rules of golang purls want lower case.
		purl := "pkg:golang/" + strings.ToLower(m.Path) + "@" + m.Version
		c := component{Type: "library", Ref: purl, Name: m.Path, Version: m.Version, PURL: purl,
			Licenses: licencesOf(m.licences)}
		if m.Sum != "" {
			c.Properties = []property{{"wxpay:go:h1", m.Sum}}
		}
		made.Components = append(made.Components, c)
		made.Dependencies[0].DependsOn = append(made.Dependencies[0].DependsOn, purl)
	}
	return indented(made)
}

func licencesOf(ids []string) (all []licence) {
	for _, id := range ids {
		var l licence
		if strings.Contains(id, " ") {
			l.License.Name = id
		} else {
			l.License.ID = id
		}
		all = append(all, l)
	}
	return all
}

// uuid writes a hash as a UUID of version 8, which is for numbers of one's own making.
func uuid(sum []byte) string {
	id := bytes.Clone(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
