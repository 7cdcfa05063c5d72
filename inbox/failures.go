package inbox

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// A debit that failed may fail again under its number, and neither a query nor its notification
// says which of the failures it means. Their times do: a try begins when it is expected
// ([Box.Expect]), a query tells of it as of the moment of its answer, and the notification says
// when it was created, or at least came. So each telling is kept with its times, and two of them
// are of one failure where the times allow it, one notification for one answer.

// times are of one telling, in microseconds.
type times struct {
	// Created is when WeChat Pay says that it happened, 0 where it does not.
	Created int64 `json:",omitempty"`
	// Since is when it was expected, of what a query told.
	Since int64 `json:",omitempty"`
	// At is when the notification came, or the query was answered.
	At int64
}

// failures are what was told under one number and has no counterpart yet.
type failures struct {
	Asked []times `json:",omitempty"` // by queries; the function ran, and the notification has not come
	Heard []times `json:",omitempty"` // by notifications; the function ran
}

// skew is how far this side's clock may be from WeChat Pay's, whose times are in whole seconds.
const skew = 5 * time.Second

// of says whether a notification can be of the failure that a query told.
func (heard times) of(asked times) bool {
	if heard.Created == 0 {
		return asked.Since <= heard.At && heard.At <= asked.At+lastAttempt.Microseconds()
	}
	return asked.Since-skew.Microseconds() <= heard.Created && heard.Created <= asked.At+sameMoment
}

// happened is when it happened, as far as that is known: no later.
func (t times) happened() int64 {
	if t.Created != 0 {
		return t.Created + skew.Microseconds()
	}
	return t.At
}

// notified takes a notification in. It is not news where a query told of the failure before: of one
// that was expected since the same try, or since the one before it where the notification does not
// say when it was created. open is when the try began that is expected now, 0 where none is.
func (f *failures) notified(heard times, open int64) (news bool) {
	found := -1
	for i, asked := range f.Asked {
		ofLaterTry := heard.Created != 0 && asked.Since < open && open <= heard.happened()
		if !heard.of(asked) || ofLaterTry {
			continue
		}
		if found < 0 || heard.Created != 0 && asked.Since > f.Asked[found].Since {
			found = i
		}
	}
	if found < 0 {
		f.Heard = newest(append(f.Heard, heard))
		return true
	}
	f.Asked = append(f.Asked[:found], f.Asked[found+1:]...)
	return false
}

// asked takes in what a query told. It is news while it is expected, for its notification would
// have ended that; replayed later, it is not where the notification came meanwhile.
func (f *failures) asked(asked times, replay bool) (news bool) {
	if replay {
		for i, heard := range f.Heard {
			if heard.of(asked) {
				f.Heard = append(f.Heard[:i], f.Heard[i+1:]...)
				return false
			}
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
	return times{Created: micros(n.CreateTime), At: b.now()}
}
