package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// roleVariable tells a process of this program what it is, in JSON; the driver has none.
const roleVariable = "WXPAY_PROOF_ROLE"

// role is what a process other than the driver is told.
type role struct {
	Is       string // sandbox, receiver, attacker
	Admin    string // the sandbox's admin
	Address  string // where a receiver listens, and what an attacker attacks
	Database database
	Inbox    bool // receivers: with package inbox, not without
	// Receivers: the chances of a kill between the user's write and the commit, of one between the
	// commit and the answer, and of an error of the user's function after its write.
	BeforeCommit, BeforeAnswer, Fails float64
	Seed                              uint64
}

// options are the driver's.
type options struct {
	contracts, twin int
	database        string
	seed            uint64
	kills           time.Duration
	selfKills       float64
	say             func(format string, args ...any)
}

func main() {
	if given := os.Getenv(roleVariable); given != "" {
		exit(play(given))
	}
	o := options{say: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	flag.IntVar(&o.contracts, "contracts", 10_000, "how many contracts are signed")
	flag.IntVar(&o.twin, "twin", 0, "how many in the run without the inbox; 0: as many, -1: leave that run out")
	flag.StringVar(&o.database, "database", "postgres", "postgres, mariadb or sqlite")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of all that is drawn")
	flag.DurationVar(&o.kills, "kills", time.Second, "how far apart kills at random are, on average")
	flag.Float64Var(&o.selfKills, "self-kills", 0.004, "the chance of a kill between write and commit, and of one "+
		"between commit and answer")
	flag.Parse()
	if flag.NArg() > 0 || o.contracts < 1 {
		flag.Usage()
		os.Exit(2)
	}
	exit(prove(o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// play is what a process does that the driver started. It ends with the driver.
func play(given string) error {
	var r role
	if err := json.Unmarshal([]byte(given), &r); err != nil {
		return err
	}
	switch r.Is {
	case "sandbox":
		return playSandbox(r)
	case "receiver":
		return playReceiver(r)
	case "attacker":
		return playAttacker(r)
	}
	return fmt.Errorf("there is no role %q", r.Is)
}

// prove makes both runs.
func prove(o options) error {
	found, err := run(o, true)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("seed %d: the ledger and the sandbox differ in %d places", o.seed, len(found))
	}
	o.say("Equal: the ledger is what happened, contract by contract and debit by debit.\n")
	if o.twin < 0 {
		return nil
	}
	if o.twin > 0 {
		o.contracts = o.twin
	}
	found, err = run(o, false)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(d difference) bool { return d.sort == tooMuch }) {
		return fmt.Errorf("seed %d: without the inbox nothing is booked twice either: the run proves nothing", o.seed)
	}
	o.say("As it must be: without the inbox the ledger is wrong.")
	return nil
}
