package rows

import (
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Refund is a Refund as the store has it, with what the rules need to know.
type Refund struct {
	Rev
	ledger.Refund
	Person string `json:"person"`
	// Kind names the RefundRules it runs under, which write its notification.
	Kind        string `json:"kind"`
	Fingerprint string `json:"fingerprint"`
	RedoneBy    string `json:"redone_by,omitempty"` // fingerprint of that call
}

func (r *Refund) RowKind() string { return "refund" }

func (r *Refund) Row() store.Row {
	row := store.Row{ID: r.ID, Keys: []string{"refund:" + r.RefundID, "transaction:" + r.TransactionID,
		TradeKey(r.MchID, r.OutTradeNo)}}
	if r.ReturnID != "" {
		row.Keys = append(row.Keys, "return:"+r.ReturnID)
	}
	switch r.State {
	case ledger.RefundProcessing:
		fallDue(&row, r.DueAt, r.CreatedAt)
	case ledger.RefundSuccess:
		moved(&row, r.MchID, r.EndedAt)
	}
	return row
}

func (r *Refund) Way() string {
	if r.Channel != "" {
		return r.Channel
	}
	return "ORIGINAL"
}

// sound finds what nobody can go on from.
func (r *Refund) sound() error {
	switch r.State {
	case ledger.RefundProcessing, ledger.RefundSuccess, ledger.RefundClosed, ledger.RefundAbnormal:
	default:
		return unknownState(r, string(r.State))
	}
	if r.Amount < 1 || r.Amount > r.Total {
		return Misread(r, "gives %d fen back of %d", r.Amount, r.Total)
	}
	return nil
}
