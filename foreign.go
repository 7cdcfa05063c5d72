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
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// spoken is an error of somebody else's that can be asked what it says and is. Every error that
// comes in from outside goes through here once, before anything is asked of it. One whose
// methods panic, such as a nil pointer, or that has no end is replaced by words.
func spoken(err error) error {
	if err == nil || sound(err) {
		return err
	}
	return fmt.Errorf("a %T whose methods panic, such as a nil one, or that holds itself", err)
}

// notSent is the error of what a signer, or another part of the caller's, kept from being sent.
func notSent(operation string, err error) *RequestError {
	return &RequestError{Operation: operation, Problem: quiet(err), err: wire.Hide(spoken(err))}
}

// maxCauses bounds the errors that one holds, for they may go on without end.
const maxCauses = 100_000

// sound says whether all that is asked of an error, here or by errors.Is and errors.As, gets an
// answer. What stands in it more than once is asked once, and what holds itself is not sound.
func sound(err error) (ok bool) {
	defer func() { _ = recover() }()
	_ = err.Error() // its words have those of what it holds
	left, whole := maxCauses, map[error]bool{}
	var probe func(error) bool
	probe = func(at error) bool {
		if left--; at == nil || left < 0 {
			return at == nil
		}
		known := reflect.ValueOf(at).Comparable() // another cannot be looked up
		if known {
			if ended, begun := whole[at]; begun {
				return ended
			}
			whole[at] = false
		}
		for _, cause := range asked(at) {
			if !probe(cause) {
				return false
			}
		}
		if known {
			whole[at] = true
		}
		return true
	}
	return probe(err)
}

// asked calls the methods of one error but for Error, and gives those that it holds.
func asked(err error) (causes []error) {
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
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// includes is errors.Is, which panics over two values of a type that cannot be compared.
func includes(err, target error) (ok bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}

// quiet is an error's words without what is told, and without what they quote or
// address: a URL has the values of variables, queries and the password of a proxy.
func quiet(err error, told ...string) string {
	text, _, _ := strings.Cut(wordsOf(spoken(err)), " line: ") // net/textproto repeats a header there
	words := strings.Fields(unquoted(without(text, told, math.MaxInt)))
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
func wordsOf(err error) (words string) {
	defer func() {
		if recover() != nil { // of an error within, which the outer one's words leave out
			words = fmt.Sprintf("a %T whose methods panic", err)
		}
	}()
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
