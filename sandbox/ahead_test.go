package sandbox_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

// onDisk is a store that says that its commits take time, as one on a disk does.
type onDisk struct {
	*storetest.Unwritable
	calls func() int
}

func (o *onDisk) Gather(underWay func() int) { o.calls = underWay }

// An answer that was signed before its commit is the answer, or nobody's.
func TestAnAnswerSignedAheadIsNotGivenWhereTheCommitFails(t *testing.T) {
	t.Parallel()
	kept := &onDisk{Unwritable: &storetest.Unwritable{Store: store.NewMemory()}}
	w := newWorld(t, sandbox.WithStore(kept))
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"]
	kept.Broken.Store(true)
	again := with(combineBody(), "out_contract_code", "another")
	if e := w.refused(500, "SYSTEM_ERROR", "POST", presignCombine, again); !e.Verified {
		t.Error("the refusal is not signed")
	}
	kept.Broken.Store(false)
	second := w.must("POST", presignCombine, again)["pre_entrustweb_id"]
	if token == nil || second == nil || second == token {
		t.Errorf("the tokens are %v and %v", token, second)
	}
	if n := kept.calls(); n != 0 {
		t.Errorf("%d calls are under way when all are answered", n)
	}
}
