package ledger

// Trigger asks for a notification about something that never happened: nobody signed, paid or was
// refunded, and the sandbox has no contract or order of it afterwards. It is written, sealed and
// signed like a real one, with the time of the sandbox's clock and numbers that nobody has.
type Trigger struct {
	Event string `json:"event_type"` // one of those that [TriggerEvent] lists
	// Product is the family of the catalogue that tells of it, such as "pay"; left out, the usual one.
	Product string `json:"product,omitempty"`
	// Variants say what it tells and how it comes, one of each group: "merchant", "minimal", "twice".
	// A duration may follow those that wait: "late=30s".
	Variants []string `json:"variants,omitempty"`
	// Set changes members of what it tells, by their place, as in "amount.total" or "/amount/total".
	// A member keeps its type: a string is read as that type, so 5 and "5" are the same amount.
	// Amounts beside it that said the same follow it, but for those that are set themselves.
	Set map[string]any `json:"set,omitempty"`
	// NotifyURL is where it goes; left out, the address of the merchant's plan.
	NotifyURL string `json:"notify_url,omitempty"`
	MchID     string `json:"mchid,omitempty"` // whom it is for; left out, the first merchant
}

// TriggerEvent is a notification that can be triggered.
type TriggerEvent struct {
	Event    string           `json:"event_type"`
	Products []TriggerProduct `json:"products"` // that tell of it, the usual one first
}

// TriggerProduct is how one product tells of an event.
type TriggerProduct struct {
	Product     string `json:"product"`     // the family of the catalogue
	Title       string `json:"title"`       // official, Chinese
	Description string `json:"description"` // English
	// Variants are what it can tell and how it can come, in groups of which one word counts each;
	// the first word of a group goes without saying, unless that is "".
	Variants [][]string `json:"variants"`
}
