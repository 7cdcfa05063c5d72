package ledger

// Hold keeps notifications back: those of one event, of one merchant, or all of them. They are
// PushHeld until [Release].
type Hold struct {
	Event string `json:"event_type,omitempty"` // "" for every one
	MchID string `json:"mchid,omitempty"`      // "" for every merchant's
}

// Covers says whether a hold keeps back whatever another one does.
func (h Hold) Covers(other Hold) bool {
	return (h.Event == "" || h.Event == other.Event) && (h.MchID == "" || h.MchID == other.MchID)
}

// Keeps says whether a notification is one of those that the hold keeps back.
func (h Hold) Keeps(p *Push) bool { return h.Covers(Hold{p.Event, p.MchID}) }

// Release sends what is held back, and ends the holds: those of the event and the merchant that it
// names, or all of them.
type Release struct {
	Hold
	Order ReleaseOrder `json:"order,omitempty"` // "" for [AsCame]
	Times int          `json:"times,omitempty"` // how often each is sent, from 1 to 100; 0 for once
}

// ReleaseOrder is the order in which held notifications are sent, each when the one before was
// answered. Where each is sent more than once, they are repeated as a whole: A, B, A, B.
type ReleaseOrder string

// The orders.
const (
	AsCame   ReleaseOrder = "as-came"
	Reversed ReleaseOrder = "reversed"
	Shuffled ReleaseOrder = "shuffled"
)
