// Command release packs what script/release has built: for each binary an archive with README,
// licences and a list of what is in it (an SBOM), the sums of all archives, and the folders of
// which npm makes packages. The same binaries become the same bytes, whenever and wherever they are
// packed.
//
//	go run ./internal/release -version v0.1.0 -module ./cmd/wxpay -time 1795000000 -out dist BINARY...
//
// It refuses a binary of another version, one that needs a C library, and one with a module in it
// whose licence nobody looked at. It runs the go command to learn which packages are linked, and
// knows nothing else of ours. Start reading at run; binary.go reads a binary, licences.go finds
// what others want said, sbom.go and archive.go and npm.go write.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// release is one version that is packed.
type release struct {
	version string    // v0.1.0
	root    string    // of the repository, where README and LICENSE are
	module  string    // the folder of the command, as it was tagged
	out     string    // where the archives go
	at      time.Time // the time of every file in them
}

func main() {
	var r release
	flag.StringVar(&r.version, "version", "", "the version, as in v0.1.0")
	flag.StringVar(&r.root, "root", ".", "the repository's folder")
	flag.StringVar(&r.module, "module", "cmd/wxpay", "the folder of the command's module, as it was tagged")
	flag.StringVar(&r.out, "out", "dist", "the folder to write to; it is made where there is none")
	notices := flag.String("notices", "", "print the licences of what is in this binary, and pack nothing")
	seconds := flag.Int64("time", 0, "the time of every file, in seconds since 1970")
	flag.Parse()
	r.at = time.Unix(*seconds, 0).UTC()
	var err error
	if *notices != "" {
		err = r.printNotices(*notices)
	} else {
		err = r.run(flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// printNotices is for whoever hands a binary out that was not released: of the image, which is
// built from a clone.
func (r release) printNotices(name string) error {
	b, err := readBinary(name)
	if err != nil {
		return err
	}
	linked, err := linkedModules(r.module, b)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(thirdParties(linked, b))
	return err
}

func (r release) run(binaries []string) error {
	if r.version == "" || len(binaries) == 0 {
		return fmt.Errorf("give -version and the binaries")
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	var sums, platforms []string
	for _, name := range binaries {
		b, err := readBinary(name)
		if err == nil {
			err = b.check(r.version)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		packed, err := r.pack(b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.platform(), err)
		}
		sums, platforms = append(sums, packed...), append(platforms, npmName(b.os, b.arch))
	}
	if err := r.npmMain(platforms); err != nil {
		return err
	}
	slices.SortFunc(sums, func(a, b string) int { return strings.Compare(a[sha256.Size*2:], b[sha256.Size*2:]) })
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(strings.Join(sums, "")), 0o644)
}

// pack writes all there is of one platform, and gives its lines of SHA256SUMS.
func (r release) pack(b *binary) (sums []string, err error) {
	linked, err := linkedModules(r.module, b)
	if err != nil {
		return nil, err
	}
	notices := thirdParties(linked, b)
	bom, err := sbom(b, linked, r.at)
	if err != nil {
		return nil, err
	}
	entries := []entry{{b.file(), b.content, 0o755}, {"THIRD-PARTY-LICENSES.txt", notices, 0o644},
		{"wxpay.cdx.json", bom, 0o644}}
	for _, name := range []string{"LICENSE", "README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name, text, 0o644})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	stem := "wxpay_" + strings.TrimPrefix(r.version, "v") + "_" + b.os + "_" + b.arch
	archive, name, err := b.archive(stem, entries, r.at)
	if err != nil {
		return nil, err
	}
	if err := r.npmPlatform(b, entries); err != nil {
		return nil, err
	}
	for _, f := range []entry{{name, archive, 0o644}, {stem + ".cdx.json", bom, 0o644}} {
		if err := os.WriteFile(filepath.Join(r.out, f.name), f.content, 0o644); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(f.content)
		sums = append(sums, hex.EncodeToString(sum[:])+"  "+f.name+"\n")
	}
	fmt.Println(name + ", " + strconv.Itoa(len(archive)/1000) + " kB, with " + strconv.Itoa(len(linked)) + " modules")
	return sums, nil
}
