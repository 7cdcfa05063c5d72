package redact

import (
	"context"
	"strings"
)

// What is spelled in many ways, in Base64 within Base64, multiplies the work with each level, and
// anybody may send it. So whatever is done for a string is charged before it is done, against one
// measure for a whole entry of the journal or a whole answer of the admin. Every string adds to it
// by its own length, so that none has to pay for what stands beside it. What would take more is
// blanked unread.

// perByte is how many bytes may be read for each of a string, in all its spellings and whatever
// they hold decoded, and least how many on top of that for all strings together.
const perByte, least = 64, 16 << 10

// work is what may still be done.
type work struct {
	left  int
	spent int
	ctx   context.Context // after whose end nothing is done; may be nil
	small *Secrets        // see lower
}

// on is a redaction that may do the work on one more string.
func (r Redaction) on(s string) Redaction {
	if r.work == nil {
		r.work = &work{left: least}
	}
	each := perByte
	if r.Thrifty {
		each /= 4
	}
	r.work.left += each * len(s)
	return r
}

// may charges work on so many bytes, and says whether it is to be done.
func (w *work) may(bytes int) bool {
	if bytes > w.left || w.ctx != nil && w.ctx.Err() != nil {
		return false
	}
	w.left -= bytes
	w.spent += bytes
	return true
}

// lower are the secrets as names of headers have them, which have lost the case of their letters.
func (w *work) lower(s Secrets) Secrets {
	if w.small == nil {
		w.small = &Secrets{keys: lower(s.keys), lines: lower(s.lines), wide: s.wide}
	}
	return *w.small
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}
