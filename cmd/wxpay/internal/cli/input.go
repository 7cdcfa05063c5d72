package cli

import (
	"context"
	"errors"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/keyfile"
)

// What a command reads may be a terminal, a pipe that nobody writes to, or a device without an
// end. So an interrupt ends the wait for it, and no more of it is kept than can be of use.

// size bounds what is read, and says what to do where there is more.
type size struct {
	limit int64
	hint  lang.Text
}

var (
	aKey      = size{keyfile.Limit, text("give the file alone: keys, certificates and env files have a few KB")}
	aDocument = size{adminLimit, text("give the file that wxpay export wrote")}
	aSeed     = size{1 << 20, text("a seed has 1 MiB at most")}
	aBody     = size{32 << 20, text("give the body of one call: WeChat Pay takes none that is nearly as large")}
)

// readInput lets read bring what a command needs before it sends anything. Files and standard
// input know no context, so a read that waits is left to itself: the process is about to end.
func readInput(ctx context.Context, what lang.Text, most size, read func(limit int64) ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read(most.limit)
		done <- result{data, err}
	}()
	var r result
	select {
	case <-ctx.Done():
		// As of a call that is interrupted before it is sent.
		return nil, &failure{code: exitUnknown, err: errorf(
			"%s was not read (the caller's context was cancelled); nothing was sent", what)}
	case r = <-done:
	}
	if r.err == nil {
		return r.data, nil
	}
	f := &failure{code: exitUsage, err: errorf("cannot read %s: %w", what, r.err)}
	var (
		notAName *keyfile.NotAName
		tooLarge *keyfile.TooLarge
	)
	switch {
	case errors.As(r.err, &tooLarge):
		f.hint = most.hint
	case errors.As(r.err, &notAName):
		f.err = errorf("%w; give the name of the file, not what is in it", f.err)
	}
	return nil, f
}

// readFile reads a file that a flag or a variable names. People put what is in
// the file there instead, of which no error prints anything.
func readFile(ctx context.Context, what lang.Text, name string, most size) ([]byte, error) {
	return readInput(ctx, what, most, func(limit int64) ([]byte, error) { return keyfile.Read(name, limit) })
}

// load reads key material from a file.
func load[T any](ctx context.Context, what lang.Text, name string, parse func([]byte) (T, error)) (T, error) {
	data, err := readFile(ctx, what, name, aKey)
	if err != nil {
		var none T
		return none, err
	}
	v, err := parse(data)
	if err != nil {
		err = errorf("%s: %w", printable(name), err)
	}
	return v, err
}
