package rows

import (
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// misread is that error.
type misread struct{ kind, id, problem string }

func (m *misread) Error() string {
	return shown.Line(fmt.Sprintf("the store's %s %s %s. If a newer version wrote it, use that version, or start with "+
		"a new store, wxpay sandbox with a new folder in --data; otherwise the store is damaged", m.kind,
		shown.Value(m.id),
		m.problem), shown.MaxLine)
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
