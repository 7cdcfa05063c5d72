package ledger

import "slices"

// Listener has notifications sent to a program for as long as it listens, in the place of whatever
// is configured.
type Listener struct {
	ID string `json:"id,omitempty"`
	// Prefix is the beginning of the addresses whose notifications it gets; "*" is every address that
	// is not on this machine.
	Prefix string   `json:"prefix"`
	Target string   `json:"target"`           // the program's address
	Exact  bool     `json:"exact,omitempty"`  // all of it to Target, without the rest of its address
	Events []string `json:"events,omitempty"` // the event types it gets; none for every one
}

// Wants says whether a listener gets an event.
func (l *Listener) Wants(event string) bool {
	return len(l.Events) == 0 || slices.Contains(l.Events, event)
}
