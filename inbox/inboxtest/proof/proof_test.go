package main

import (
	"os"
	"testing"
	"time"
)

// The processes that a run starts are of this binary.
func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		main()
	}
	os.Exit(m.Run())
}

// Both runs, small, on each database: with the inbox the books are right, without it they are not.
func TestProof(t *testing.T) {
	for _, d := range []struct {
		name, variable string
		contracts      int
	}{{"postgres", "WXPAY_TEST_POSTGRES", 200}, {"mariadb", "WXPAY_TEST_MARIADB", 100}, {"sqlite", "", 100}} {
		t.Run(d.name, func(t *testing.T) {
			if d.variable != "" && os.Getenv(d.variable) == "" {
				if os.Getenv("WXPAY_NO_SKIPS") != "" {
					t.Fatalf("%s is not set, and nothing may be skipped: run script/databases", d.variable)
				}
				t.Skipf("SKIPPED on %s: %s is not set; script/databases starts a server and sets it", d.name,
					d.variable)
			}
			if err := prove(options{contracts: d.contracts, database: d.name, seed: uint64(time.Now().UnixNano()),
				kills: 300 * time.Millisecond, selfKills: 0.03, say: t.Logf}); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is drawn is drawn from the seed.
func TestLivesRepeat(t *testing.T) {
	t.Parallel()
	one, other := lives(300, 7), lives(300, 7)
	signed := 0
	for i, l := range one {
		if l.openID != other[i].openID || l.product != other[i].product || len(l.contracts) != len(other[i].contracts) {
			t.Fatalf("life %d is another one", i)
		}
		for _, c := range l.contracts {
			if !c.declined {
				signed++
			}
		}
	}
	if signed != 300 || len(one) != len(other) {
		t.Errorf("%d contracts in %d and %d lives", signed, len(one), len(other))
	}
}
