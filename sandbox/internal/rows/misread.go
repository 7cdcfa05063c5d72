package rows

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// misread is that error.
type misread struct{ kind, id, problem string }

func (m *misread) Error() string {
	return shown.Line(fmt.Sprintf("the store's %s %s. If a newer version wrote it, use that version, or start with "+
		"a new store, wxpay sandbox with a new folder in --data; otherwise the store is damaged", named(m.kind, m.id),
		m.problem), shown.MaxLine)
}

// named is a row as errors and logs name it. An openid is not printed: whose id has one in it is
// told by its digest.
func named(kind, id string) string {
	switch kind {
	case "wallet", "person", "claim":
		return fmt.Sprintf("%s sha256:%.6x", kind, sha256.Sum256([]byte(id)))
	}
	return kind + " " + shown.Value(id)
}

// Readable is the error of a row that the store itself cannot read.
func Readable(kind string, row store.Row) error {
	if row.Damage == "" {
		return nil
	}
	return &misread{kind, row.ID, row.Damage}
}

func Misread(e Entity, format string, args ...any) error {
	return &misread{e.RowKind(), e.Row().ID, fmt.Sprintf(format, args...)}
}

func unknownState(e Entity, state string) error {
	return Misread(e, "is in the state %q, which this version does not have", shown.Value(state))
}

// Damaged is the error of a row that nothing can be made of.
func Damaged(kind, id, problem string) error { return &misread{kind, id, problem} }

// IsMisread says whether an error is of a row that this version can make nothing of.
func IsMisread(err error) bool { return errors.As(err, new(*misread)) }

// soundParts finds parts that do not make up the whole.
func soundParts(of Entity, parts []ledger.SubOrder, total int64) error {
	left := total
	for _, p := range parts {
		if p.Total < 1 || p.Total > left || p.Refunded < 0 || p.Refunded > p.Total {
			return Misread(of, "has a part of %d fen, of which %d went back, and is of %d", p.Total, p.Refunded, total)
		}
		left -= p.Total
	}
	if len(parts) > 0 && left != 0 {
		return Misread(of, "is of %d fen, and its parts are not", total)
	}
	return nil
}
