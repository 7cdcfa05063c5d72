package sqlstore_test

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// firstVersion is the contract in testdata/first.db.gz.
const firstVersion = "Wx20260901844211427222503869"

// firstDay is the day on which its refund arrives.
func firstDay() time.Time { return time.Date(2026, 10, 11, 10, 0, 0, 0, time.FixedZone("", 8*60*60)) }

// A database of the first version is opened with everything in it, and its life goes on: the refund
// that was on its way arrives, the contract is debited again.
func TestDataOfTheFirstVersionOpens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.db")
	if err := unpack("testdata/first.db.gz", path); err != nil {
		t.Fatal(err)
	}
	if ours, err := sqlstore.Recognise(path); !ours || err != nil {
		t.Errorf("Recognise: got %v, %v", ours, err)
	}
	sb := sandbox.New(t, sandbox.WithStore(open(t, path)), sandbox.At(firstDay()))

	contract, err := sb.Contract(firstVersion)
	if err != nil || contract.State != ledger.ContractSigned || contract.PlanID != sandbox.DefaultEduPlanID {
		t.Fatalf("the contract: got %+v, %v", contract, err)
	}
	reply, err := edupapay.Of(sb.Client()).Contracts.ID.ContractID(firstVersion).Get(t.Context(),
		&edupapay.ContractQuery{AppID: sandbox.DefaultEduAppID})
	if err != nil || reply.ContractInformation.ContractStatus != "ADD" {
		t.Errorf("the query: got %+v, %v", reply, err)
	}
	debits, err := sb.Debits()
	if err != nil || len(debits) != 2 || debits[0].State != ledger.DebitPaid || debits[1].State != ledger.DebitPaid {
		t.Errorf("the debits: got %+v, %v", debits, err)
	}
	if err := sb.Advance(24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if refunds, err := sb.Refunds(); err != nil || len(refunds) != 1 || refunds[0].State != ledger.RefundSuccess {
		t.Errorf("the refund: got %+v, %v", refunds, err)
	}
	if exchanges, err := sb.Journal(0, 100); err != nil || len(exchanges) < 6 {
		t.Errorf("the journal: got %d exchanges, %v", len(exchanges), err)
	}
}

func unpack(from, to string) error {
	packed, err := os.Open(from)
	if err != nil {
		return err
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, plain)
	return errors.Join(err, file.Close())
}
