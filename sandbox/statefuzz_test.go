package sandbox_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Whatever a document says, what is taken of it can be gone on with: exported, lived through, and
// imported once more.
func FuzzImport(f *testing.F) {
	sb := sandbox.New(f, sandbox.At(start))
	f.Add([]byte(`{"format":"wxpay-sandbox-state","version":1,"time":"2020-09-10T10:00:00+08:00","merchants":[],"faults":[],` +
		`"rows":{}}`))
	payer := sb.Payer(openID)
	_, err := payer.SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	if err != nil || payer.Fund(5) != nil || sb.Hold(ledger.Hold{}) != nil {
		f.Fatal(err)
	}
	var lived bytes.Buffer
	if err := sb.Export(&lived); err != nil {
		f.Fatal(err)
	}
	f.Add(lived.Bytes())
	f.Add(bytes.Replace(lived.Bytes(), []byte(`"sha256"`), []byte(`"rows":{},"sha256"`), 1))
	f.Add([]byte(`{"format":"wxpay-sandbox-state","version":1,"time":"2020-09-10T10:00:00+08:00","merchants":[{"mchid":"1900000109",` +
		`"plans":[{"id":"1","product":"papay"}]}],"faults":[{"id":"F1","fault":{"name":"lost"},"met":0,"applied":0}],` +
		`"rows":{"person":[{"id":"a","data":{"id":"a","told":["a"],"openids":{}}}],"payers":[{"id":"payers","data":null}]}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if sb.Import(bytes.NewReader(doc)) != nil {
			return
		}
		_ = sb.Advance(time.Minute) // may fail where the document makes no sense
		var out bytes.Buffer
		if err := sb.Export(&out); err != nil {
			t.Fatalf("it was imported, and cannot be exported: %v", err)
		}
		if err := sb.Import(&out); err != nil {
			t.Errorf("what was exported cannot be imported: %v", err)
		}
	})
}

// A seed is taken or refused, and one that was taken changes nothing when it is laid again.
func FuzzSeed(f *testing.F) {
	raw, err := os.ReadFile("../examples/seed/seed.json")
	if err != nil {
		f.Fatal(err)
	}
	sb := sandbox.New(f, sandbox.At(start))
	f.Add([]byte(`{"payers":[{"openids":{"wx1":"a","wx2":"b"},"money":1}]}`))
	f.Add([]byte(`{"contracts":[{"product":"edu-papay","plan_id":"101164396123311331","openid":"a"}]}`))
	f.Add([]byte(`{"plans":[{"product":"papay","id":"1","limits":{"per_day":5},"days":3}]}`))
	f.Add(raw[:len(raw)/2])
	f.Fuzz(func(t *testing.T, doc []byte) {
		_ = sb.Reset()
		if _, err := sb.SeedWith(bytes.NewReader(doc)); err != nil {
			return
		}
		var before, after bytes.Buffer
		_ = sb.Export(&before)
		if _, err := sb.SeedWith(bytes.NewReader(doc)); err != nil {
			t.Fatalf("laid once more: %v", err)
		}
		if err := sb.Export(&after); err != nil || !bytes.Equal(before.Bytes(), after.Bytes()) {
			t.Errorf("laid once more it has changed something, %v", err)
		}
	})
}
