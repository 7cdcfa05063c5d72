package cli

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What happened in a sandbox in memory goes on in one with a database, and after its restart.
func TestStateGoesFromMemoryIntoADatabase(t *testing.T) {
	t.Parallel()
	start := sandbox.At(time.Date(2020, 9, 10, 2, 0, 0, 0, time.UTC))
	first := sandbox.New(t, start)
	payer := first.Payer("oPayer")
	signed, err := payer.SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	if err != nil {
		t.Fatal(err)
	}
	if err := payer.Fund(500); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := first.Export(&text); err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), databaseName)
	open := func(restarted bool) *sandbox.Sandbox {
		store, err := sqlstore.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s := sandbox.New(t, start, sandbox.WithStore(store))
		if !restarted {
			if _, err := s.Payer("oOther").SignElsewhere(ledger.Papay, sandbox.DefaultPlanID); err != nil {
				t.Fatal(err)
			}
			if err := s.Import(bytes.NewReader(text.Bytes())); err != nil {
				t.Fatal(err)
			}
		}
		var again bytes.Buffer
		if err := s.Export(&again); err != nil || again.String() != text.String() {
			t.Errorf("restarted %v: exported again it is\n%s\n%v, want\n%s", restarted, &again, err, &text)
		}
		return s
	}
	if err := open(false).Close(); err != nil {
		t.Fatal(err)
	}
	second := open(true)
	if err := second.Payer("oPayer").Terminate(signed.ID); err != nil {
		t.Errorf("the contract cannot be ended: %v", err)
	}
	if err := second.Reset(); err != nil {
		t.Fatal(err)
	}
	if list, err := second.Contracts(); len(list) != 0 || err != nil {
		t.Errorf("after a reset there are %d contracts, %v", len(list), err)
	}
}
