package wxpay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// spoken is an error of somebody else's that can be asked what it says and is. Every error that
// comes in from outside goes through here once, before anything is asked of it. One whose
// methods panic, such as a nil pointer, that holds such a one or that has no end is replaced by
// words.
func spoken(err error) error {
	listener := listener(maxWords)
	if err == nil || reaches(err, listener.asked) {
		return err
	}
	return fmt.Errorf("a %T that holds itself or an error whose methods panic, such as a nil one, or is one", err)
}

// notSent is the error of what a signer, or another part of the caller's, kept from being sent.
func notSent(operation string, err error) *RequestError {
	return &RequestError{Operation: operation, Problem: quiet(err), err: wire.Hide(spoken(err))}
}

// maxCauses bounds the errors that one holds, for they may go on without end.
const maxCauses = 500_000

// reaches asks an error, those that ask says it holds, and so on, and says whether it came to an
// end without a panic. What stands in it more than once, and is a pointer, is asked once, and what
// holds itself has no end.
func reaches(err error, ask func(error) (causes []error)) (ok bool) {
	defer func() { _ = recover() }()
	type step struct {
		err error
		end bool // all that it holds was asked
	}
	whole := map[error]bool{} // what was begun, and whether it ended
	for left, steps := maxCauses, []step{{err: err}}; len(steps) > 0; {
		at := steps[len(steps)-1]
		steps = steps[:len(steps)-1]
		if at.end {
			whole[at.err] = true
			continue
		}
		if reflect.ValueOf(at.err).Kind() == reflect.Pointer { // to look up a value costs all that is in it
			if ended, begun := whole[at.err]; ended {
				continue
			} else if begun {
				return false
			}
			whole[at.err] = false
			steps = append(steps, step{at.err, true})
		}
		if left--; left < 0 {
			return false
		}
		for _, cause := range slices.Backward(ask(at.err)) {
			steps = append(steps, step{err: cause})
		}
	}
	return true
}

// causesOf is what an error holds.
func causesOf(err error) (causes []error) {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		causes = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		causes = slices.Clone(e.Unwrap())
	}
	return slices.DeleteFunc(causes, func(cause error) bool { return cause == nil })
}

// listener is how many bytes of words it still wants to hear.
type listener int

// maxWords is so many that whoever prints an error has read them: one that holds others may have
// theirs in its words, again and again.
const maxWords = 16 << 20

// asked calls the methods of one error, as all that is asked of it here or by errors.Is and
// errors.As does, and gives those that it holds. An error of errors or fmt that holds others is not
// asked for its words: they are those of the others, and may take very long.
func (l *listener) asked(err error) (causes []error) {
	if e, ok := err.(interface{ Is(error) bool }); ok {
		for _, target := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, fs.ErrNotExist} {
			e.Is(target)
		}
	}
	if e, ok := err.(interface{ As(any) bool }); ok {
		for _, target := range []any{new(*url.Error), new(*net.OpError), new(*net.DNSError), new(*Error),
			new(*RequestError), new(*TransportError), new(interface{ Timeout() bool })} {
			e.As(target)
		}
	}
	if e, ok := err.(interface{ Timeout() bool }); ok {
		e.Timeout()
	}
	if e, ok := err.(interface{ Temporary() bool }); ok {
		e.Temporary()
	}
	if causes = causesOf(err); *l > 0 && (len(causes) == 0 || !ofGo(err)) {
		*l -= listener(len(err.Error()))
	}
	return causes
}

// ofGo says whether an error is one that errors or fmt makes of others.
func ofGo(err error) bool {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == "errors" || t.PkgPath() == "fmt"
}

// includes is errors.Is, which panics over two values of a type that cannot be compared.
func includes(err, target error) (ok bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}

// quiet is an error's words without what is told, and without what they quote or
// address: a URL has the values of variables, queries and the password of a proxy.
func quiet(err error, told ...string) string {
	return unaddressed(without(wordsOf(spoken(err)), told, math.MaxInt)) // before anything is cut, half of it told
}

// unaddressed leaves out what words quote or address.
func unaddressed(text string) string {
	text, _, _ = strings.Cut(text, " line: ") // net/textproto repeats a header there
	words := strings.Fields(unquoted(text))
	for i, word := range words {
		if scheme, _, found := strings.Cut(word, "://"); found {
			words[i] = scheme + "://…"
		} else if at := strings.LastIndex(word, "@"); at >= 0 { // a proxy's user and password
			words[i] = "…" + word[at:]
		}
	}
	return wire.Clip(strings.Join(words, " "), 256)
}

// wordsOf leaves out what one of our own errors says of sending: that was about
// another call.
func wordsOf(err error) string {
	var (
		unsent *RequestError
		lost   *TransportError
	)
	switch err = withoutURL(err); {
	case errors.As(err, &lost) && lost != nil:
		return lost.Problem
	case errors.As(err, &unsent) && unsent != nil:
		return unsent.Problem
	}
	if s, ok := err.(*shorn); ok {
		return s.whole
	}
	return printed(err)
}

// printed are the words of an error of somebody else's. Nothing but this asks for them.
func printed(err error) (words string) {
	defer func() {
		if recover() != nil {
			words = fmt.Sprintf("a %T whose methods panic", err)
		}
	}()
	return err.Error()
}

// unquoted leaves out what stands between double quotes.
func unquoted(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, `"`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(`"…"`)
		end := 0
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		text = rest[min(end+1, len(rest)):]
	}
}
