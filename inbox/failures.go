package inbox

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// A debit that failed may fail again under its number, and neither a query nor its notification
// says which of the failures it means. A try begins when it is expected ([Box.Expect]), a query
// tells of the one that is expected, and so does a notification that was created since. Where the
// query came first, nothing is expected any more, or the next try is: then the times say whether a
// notification can be of the failure that the query told. One notification is of one answer.

// times are of one telling, in microseconds.
type times struct {
	// Created is when WeChat Pay says that it happened, by its clock; 0 where it does not.
	Created int64 `json:",omitempty"`
	// Since is when the try was expected that it is of, 0 where it is not known to be of one.
	Since int64 `json:",omitempty"`
	// At is when the notification came, or the query was answered.
	At int64
}

// failures are what was told under one number and has no counterpart yet.
type failures struct {
	Asked []times `json:",omitempty"` // by queries; the function ran, and the notification has not come
	Heard []times `json:",omitempty"` // by notifications; the function ran
}

// skew is how far this side's clock is from WeChat Pay's as a rule, whose times are in whole
// seconds. It is never further than sameMoment, or no call would be taken.
const skew = 5 * time.Second

// of says whether a notification can be of the failure that a query told: it came since that was
// expected, and was created since, in the time in which WeChat Pay sends what the query told.
func (heard times) of(asked times) bool {
	if heard.Since != 0 {
		return heard.Since == asked.Since
	}
	created := heard.Created
	if created == 0 {
		created = heard.At
	}
	return asked.Since <= heard.At && asked.Since-sameMoment <= created &&
		created <= asked.At+lastAttempt.Microseconds()
}

// after is the telling, which comes now, by a clock that is not behind those of the processes that
// entered these.
func (heard times) after(open int64, all []times) times {
	heard.At = max(heard.At, open)
	for _, t := range all {
		heard.At = max(heard.At, t.At, t.Since)
	}
	return heard
}

// happened is when it happened, as far as that is known: no later.
func (heard times) happened() int64 {
	if heard.Created != 0 {
		return heard.Created + skew.Microseconds()
	}
	return heard.At
}

// notified takes a notification in. It is news unless a query told of the failure before. open is
// when the try was expected that is expected now, 0 where none is.
func (f *failures) notified(heard times, open int64) (news bool) {
	ofOpen := open != 0 && open <= heard.happened()
	if ofOpen && heard.Created != 0 {
		heard.Since = open
	}
	if i := f.answered(heard); i >= 0 {
		f.Asked = append(f.Asked[:i], f.Asked[i+1:]...)
		return false
	}
	if ofOpen {
		heard.Since = open
	}
	f.Heard = newest(append(f.Heard, heard))
	return true
}

// answered finds the answer that told of the same failure: of the last try before it was created
// or, where that is not known, of the first one; -1 where there is none.
func (f *failures) answered(heard times) (found int) {
	found = -1
	for i, asked := range f.Asked {
		if heard.of(asked) && (found < 0 || asked.Since <= heard.Created) {
			found = i
		}
	}
	return found
}

// asked takes in what a query told. It is news unless its notification came before: where the
// function failed on the answer, and that is replayed, or where a clock is so far ahead that the
// notification seemed to be from before the try.
func (f *failures) asked(asked times) (news bool) {
	for i, heard := range f.Heard {
		if heard.of(asked) {
			f.Heard = append(f.Heard[:i], f.Heard[i+1:]...)
			return false
		}
	}
	f.Asked = newest(append(f.Asked, asked))
	return true
}

// mostFailures is how many tellings of a kind are kept under one number.
const mostFailures = 50

func newest(list []times) []times { return list[max(0, len(list)-mostFailures):] }

func (f failures) String() string {
	text, _ := json.Marshal(f) // numbers
	return string(text)
}

func failuresOf(text string) (f failures, err error) {
	if json.Unmarshal([]byte(text), &f) != nil {
		return f, errors.New("inbox: what was told of a number is stored as no JSON; something else wrote to the table")
	}
	return f, nil
}

// timesOf are those of what is handled: of a query's answer, of a notification that came now, or of
// what is replayed, as they were when it failed.
func (b *Box) timesOf(n *notify.Notification, h how) times {
	switch {
	case h.replay:
		return h.times
	case h.swept != nil:
		return times{Since: h.swept.created, At: h.swept.answered}
	}
	t := times{Created: micros(n.CreateTime), At: b.now()}
	if t.Created > t.At+sameMoment {
		t.Created = 0 // by a clock that is not comparable, such as one of a sandbox that was moved on
	}
	return t
}
