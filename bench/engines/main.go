// Command engines compares three libraries that could keep the sandbox's state in a file: today's
// SQLite (modernc.org/sqlite, as sqlstore uses it), another SQLite (ncruces) and bbolt. It prints
// one table: what each adds to a build, and what it does as a [store.Store]. The stores of ncruces
// and bbolt pass storetest, as go test shows here, and exist for this comparison only.
//
// Everything is measured in this run, the engines taking turns in random order; figures are
// medians. On a machine that does other things too, times a second say little; CPU time, sizes
// and what a kill leaves say more. A kill shows what is written in which order, not what a disk
// keeps when its power fails.
//
// Run it by script/bench engines, on Linux or macOS; TMPDIR says on which disk. Start reading at
// engines, and go on with measure.go.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// engines are the libraries under comparison. Each has a small program in the folder program.
var engines = []struct {
	name, program string
	open          func(path string) (store.Store, error)
}{
	{"modernc SQLite (today)", "modernc", func(path string) (store.Store, error) { return sqlstore.Open(path) }},
	{"ncruces SQLite", "ncruces", openNcruces},
	{"bbolt", "bbolt", openBolt},
}

func main() {
	var m measurement
	flag.IntVar(&m.rounds, "rounds", 5, "how often everything is measured, cold builds included")
	flag.IntVar(&m.kills, "kills", 30, "how often a process that writes is killed, for each engine")
	parts := flag.String("parts", "build,updates,reads,size,kill", "what to measure")
	child := flag.String("child", "", "for the part kill: write to this file until killed")
	with := flag.Int("with", 0, "for the part kill: the engine to write with")
	flag.Parse()
	if flag.NArg() > 0 || m.rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	var err error
	if *child != "" {
		err = writeUntilKilled(*with, *child)
	} else {
		err = m.run(strings.Split(*parts, ","))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "engines:", err)
		os.Exit(1)
	}
}
