package wxpay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// DefaultAttempts is how often a call goes out at most, unless [Config.Attempts] or the option
// [Attempts] says otherwise.
const DefaultAttempts = 3

// Attempts sets how often this call goes out at most, in place of [Config.Attempts]: with 1 it goes
// out once. See the package's promises for when a call is repeated at all.
func Attempts(n int) Option {
	return func(c *call) {
		if n < 1 {
			c.fail("Attempts is how often the call goes out at most: 1, or more where it may be repeated")
		}
		c.most = n
	}
}

// checkRepeats checks what a Config says of repeats and fills in what it leaves out.
func checkRepeats(cfg *Config) error {
	switch {
	case cfg.Attempts < 0:
		return &ConfigError{Field: "Attempts", Problem: "it is below 0",
			Hint: "give 1 for calls that go out once, or leave it out for " + strconv.Itoa(DefaultAttempts)}
	case cfg.Attempts == 0:
		cfg.Attempts = DefaultAttempts
	}
	if cfg.Wait == nil {
		cfg.Wait = sleep
	}
	return nil
}

// The pauses between attempts: the first, and the longest. Each is twice the one before, less up
// to its half, by Config.Rand, so that callers who failed together do not come back together.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 8 * time.Second
)

// A repeat is what an attempt's error lets the client do.
type repeat int

const (
	never     repeat = iota // it is what the call comes to
	elsewhere               // send it to a host where it was not yet
	anew                    // the same, and where it was at every one after a pause
	later                   // after a pause
	slower                  // after a pause, and when it is this call's turn
)

// attempts makes the call, and makes it again where that can neither do a thing twice nor is in
// vain. It never makes another call of it: the same numbers, the same bytes of the body, signed
// afresh.
func (c *call) attempts(ctx context.Context, once func(context.Context) (*Result, error)) (*Result, error) {
	r, err := c.attempt(ctx, 1, once)
	if err == nil {
		c.client.budget.earn()
		return r, nil
	}
	tells := err // what the call comes to if nothing else happens
	for n := 1; ; n++ {
		pause, again := c.pause(ctx, err, n)
		if !again {
			return nil, sentTimes(tells, n)
		}
		if pause > 0 {
			if err := c.client.wait(ctx, pause); err != nil || ctx.Err() != nil {
				return nil, gaveUp(ctx, tells, err)
			}
		}
		c.flight = &flight{before: c.flight}
		if r, err = c.attempt(ctx, n+1, once); err == nil {
			return r, nil
		}
		tells = c.both(tells, err)
	}
}

// attempt sends once.
func (c *call) attempt(ctx context.Context, n int, once func(context.Context) (*Result, error)) (*Result, error) {
	if !c.watched() {
		r, err := once(ctx)
		c.upload.settle()
		c.arrived(err)
		return r, err
	}
	begun := c.client.now()
	r, err := once(ctx)
	c.upload.settle()
	c.arrived(err)
	c.tellAttempt(ctx, n, c.client.now().Sub(begun), err)
	return r, err
}

// pause says whether the call goes out again after its nth attempt, and how long after.
func (c *call) pause(ctx context.Context, err error, n int) (d time.Duration, again bool) {
	most := c.most
	if most == 0 {
		most = c.client.most
	}
	if n >= most || ctx.Err() != nil {
		return 0, false
	}
	what := c.repeatable(err)
	switch {
	case what == never, what == elsewhere && !c.hasElsewhere():
		return 0, false
	case what == elsewhere:
		return 0, c.client.budget.spend()
	case what == anew && c.hasElsewhere(): // free, for no host got anything of it
		return 0, true
	}
	c.been = [2]bool{}
	d = c.client.backoff(n)
	if ends, ok := ctx.Deadline(); ok && time.Until(ends) <= d || !c.client.budget.spend() {
		return 0, false
	}
	if what == slower {
		d = max(d, c.client.pacer.turn(c.client.now()))
		if ends, ok := ctx.Deadline(); ok && time.Until(ends) <= d {
			return 0, false
		}
	}
	return d, true
}

// repeatable says what an attempt's error lets the client do. What can change something goes out
// again only where it never left, or where WeChat Pay itself, by its signature, asks for it.
func (c *call) repeatable(err error) repeat {
	reads := c.reads()
	switch e := err.(type) {
	case *TransportError:
		switch {
		case c.flight.request == nil: // the context ended before
		case !e.Sent && isHopeless(e), e.Sent && reads:
			return elsewhere
		case !e.Sent:
			return anew
		}
	case *Error:
		switch {
		case !e.Verified && !reads:
		case e.isTooMany() && (reads || e.settled()): // where it was sent once
			return slower
		case e.isSystemError():
			return later
		case reads && e.Temporary():
			return elsewhere
		}
	}
	return never
}

// reads tells of a call that it changes nothing. GETs of APIv2 do something: one signs a contract's
// page, one takes an access token.
func (c *call) reads() bool { return c.isGet() && !c.isV2() || c.answersText() }

// Temporary says that the same call, with the same parameters and numbers, is
// worth sending again after a pause: WeChat Pay was overloaded or failed
// inside. With other numbers it would be a second order. Whether this call may
// have taken effect is another question, which [OutcomeUnknown] answers.
func (e *Error) Temporary() bool {
	if e == nil {
		return false
	}
	switch e.Code {
	case "SYSTEMERROR", "FREQUENCY_LIMITED": // APIv2 says so with HTTP 200
		return true
	case "100", "20003", "20100": // the same, of v2/pay/downloadbill
		return true
	}
	return e.Status == 429 || e.Status >= 500
}

// isTooMany tells an answer to one call too many.
func (e *Error) isTooMany() bool {
	switch e.Code {
	case "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "FREQUENCY_LIMIT_EXCEED", "FREQ_LIMIT":
		return true
	}
	return e.Status == http.StatusTooManyRequests
}

// isSystemError tells WeChat Pay's own failure, to which its rules say: send the same call, with
// the same numbers.
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/basic-rules.html
func (e *Error) isSystemError() bool { return e.Code == "SYSTEM_ERROR" || e.Code == "SYSTEMERROR" }

// isHopeless tells a call that was not sent and would not be the next time.
func isHopeless(e *TransportError) bool {
	var (
		unknown x509.UnknownAuthorityError
		other   x509.HostnameError
		invalid x509.CertificateInvalidError
		noTLS   tls.RecordHeaderError
	)
	err := e.err.Reveal()
	return e.Problem == badProxy || errors.As(err, &unknown) || errors.As(err, &other) || errors.As(err, &invalid) ||
		errors.As(err, &noTLS)
}

// backoff is the pause after the nth attempt.
func (c *Client) backoff(n int) time.Duration {
	d := longestPause
	if n < 6 {
		d = min(d, firstPause<<(n-1))
	}
	var drawn [1]byte
	if _, err := io.ReadFull(c.rand, drawn[:]); err != nil {
		return d
	}
	return d - d/2*time.Duration(drawn[0])/256
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// both is what is known after an attempt: its own error, unless it never left and an earlier one
// did. It leaves the outcome open where an earlier attempt did.
func (c *call) both(before, last error) error {
	if notSentAtAll(last) {
		if notSentAtAll(before) {
			return last
		}
		return sayingAgain(before, "sent again, it did not leave this machine", nil)
	}
	if e, ok := last.(*Error); ok && !c.reads() && OutcomeUnknown(before) {
		open := *e
		open.repeated = true
		return &open
	}
	return last
}

func notSentAtAll(err error) bool {
	switch e := err.(type) {
	case *RequestError:
		return true
	case *TransportError:
		return !e.Sent
	}
	return false
}

// sentTimes adds to an error how often the call went out.
func sentTimes(err error, n int) error {
	if n == 1 {
		return err
	}
	return sayingAgain(err, "tried "+strconv.Itoa(n)+" times", nil)
}

// gaveUp is the error of a call whose caller did not wait for the next attempt: what the attempts
// came to, and that the context ended. waited is the error of Config.Wait.
func gaveUp(ctx context.Context, err, waited error) error {
	said := "not sent again: "
	switch {
	case cancelled(ctx):
		said += "the caller's context was cancelled"
	case ctx.Err() != nil:
		said += "the deadline passed"
	default:
		said += "Config.Wait failed"
	}
	if ctx.Err() != nil {
		waited = ended(ctx, ctx.Err())
	}
	return sayingAgain(err, said, spoken(waited))
}

// sayingAgain is an error with what came of sending the call again.
func sayingAgain(err error, said string, cause error) error {
	switch e := err.(type) {
	case *Error:
		more := *e
		more.again, more.ended = said, wire.Hide(cause)
		return &more
	case *TransportError:
		more := *e
		more.again = said
		if cause != nil {
			more.err = wire.Hide(errors.Join(e.err.Reveal(), cause))
		}
		return &more
	}
	return err
}

// Unwrap gives the error of a context that ended while the client waited to send the call again,
// and nil of any other.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.ended.Reveal()
}
