package armed

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// where a kind of fault strikes.
type where uint8

const (
	onCalls where = 1 << iota
	onPushes
	unasked // on pushes only, unless Endpoint is set
)

var faultKinds = map[fault.Name]where{
	fault.Error: onCalls, fault.Cut: onCalls, fault.Gateway: onCalls, fault.Latency: onCalls,
	fault.RateLimit: onCalls, fault.Empty: onCalls, fault.Early: onCalls,
	fault.Probe: onCalls | onPushes | unasked, fault.BadSignature: onCalls | onPushes | unasked,
	fault.WrongSerial: onCalls | onPushes | unasked, fault.Stale: onCalls | onPushes | unasked,
	fault.OtherKey: onCalls | onPushes | unasked, fault.Stripped: onCalls | onPushes | unasked,
	fault.BOM: onPushes, fault.Reencoded: onCalls | onPushes | unasked,
	fault.Skew: onCalls | onPushes,
	fault.Lost: onPushes, fault.Late: onPushes, fault.Reordered: onPushes,
	fault.Duplicated: onPushes, fault.Race: onPushes, fault.AnswerLost: onPushes,
}

// anEndpoint is an endpoint that a call could have: a method or none, and * or a path, of two
// segments at least or with its slash, that has no host, query or empty segment.
var anEndpoint = regexp.MustCompile(`^([A-Z]+ )?(\*|/[^ /?#]+(/[^ /?#]+)*/?|[^ /?#.:]+(/[^ /?#]+)+/?)$`)

// tolerated is how far the time of a signature may be off.
const tolerated = 5 * time.Minute

// checkFault says what makes no sense in a fault, and fills in what was left out.
func checkFault(f *fault.Fault) error {
	kind, known := faultKinds[f.Name]
	fail := func(format string, args ...any) error {
		return fmt.Errorf("sandbox: fault %q: %w", f.Name, fmt.Errorf(format, args...))
	}
	switch {
	case !known:
		names := make([]string, 0, len(faultKinds))
		for name := range faultKinds {
			names = append(names, string(name))
		}
		slices.Sort(names)
		return fmt.Errorf("sandbox: there is no fault %q; there are %s", f.Name, strings.Join(names, ", "))
	case f.Endpoint != "" && kind&onCalls == 0:
		return fail("it is one of notifications; leave endpoint out, and name an event_type if it should not " +
			"strike any")
	case f.Event != "" && kind&onPushes == 0:
		return fail("it is one of calls; leave event_type out, and name an endpoint if it should not strike any")
	case f.Endpoint != "" && !anEndpoint.MatchString(f.Endpoint):
		return fail("endpoint %q is not a path such as /v3/edu-papay/contracts/presign, with or without its "+
			"method before it (POST and one blank), nor *", f.Endpoint)
	case f.Times < -1 || f.Skip < 0:
		return fail("times must be from -1 and skip from 0")
	case !(f.Chance >= 0 && f.Chance <= 1): // as NaN is not
		return fail("chance %v is not between 0 and 1", f.Chance)
	case f.Delay < 0 || f.PerSecond < 0:
		return fail("delay and per_second must not be negative")
	case math.IsNaN(f.PerSecond) || math.IsInf(f.PerSecond, 1):
		return fail("per_second %v is no rate", f.PerSecond)
	case !shown.IsText(f.Code) || !shown.IsText(f.Message) || !shown.IsText(string(f.Event)) ||
		!shown.IsText(f.MchID) || !shown.IsText(f.Endpoint):
		return fail("code, message, event_type, mchid and endpoint are each one line, without control characters")
	case !shown.IsText(f.Payer):
		return fail("payer is no openid: it holds a control character or is not UTF-8")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fail("status %d is no error", f.Status)
	case (f.Name == fault.Stale || f.Name == fault.Skew) && f.Delay > 0 && f.Delay <= tolerated:
		return fail("delay is more than %s, within which a message is taken", tolerated)
	case f.Committed && f.Name != fault.Error && f.Name != fault.Cut && f.Name != fault.Gateway:
		return fail("committed is for %q, %q and %q", fault.Error, fault.Cut, fault.Gateway)
	}
	if f.Times == 0 {
		f.Times = 1
		if f.Name == fault.RateLimit && f.PerSecond > 0 {
			f.Times = -1
		}
	}
	if f.Name == fault.Empty {
		f.Endpoint = cmp.Or(f.Endpoint, "GET /v3/certificates")
	}
	if f.Delay == 0 {
		switch f.Name {
		case fault.Latency:
			f.Delay = 10 * time.Second
		case fault.Stale, fault.Skew:
			f.Delay = 6 * time.Minute
		case fault.Late, fault.Reordered:
			f.Delay = time.Hour
		}
	}
	return nil
}

// Sound is a fault with what was left out filled in, or says what makes no sense in it.
func Sound(f fault.Fault) (fault.Fault, error) {
	err := checkFault(&f)
	return f, err
}

// Complete is a fault of a notification with what was left out filled in, or says what makes no
// sense in it. v2 says that the notification is of APIv2.
func Complete(f fault.Fault, v2 bool) (fault.Fault, error) {
	err := checkFault(&f)
	switch {
	case err != nil:
	case faultKinds[f.Name]&onPushes == 0:
		err = fmt.Errorf("sandbox: fault %q is one of calls", f.Name)
	case v2 && onlyV3(f.Name):
		err = fmt.Errorf("sandbox: fault %q is one of APIv3, and the notification is of APIv2", f.Name)
	}
	return f, err
}

// strikesCall says whether the fault is meant for a call, leaving out the count
// and the odds.
func strikesCall(f *fault.Fault, c Call) bool {
	kind := faultKinds[f.Name]
	if kind&onCalls == 0 || (f.MchID != "" && f.MchID != c.MchID) {
		return false
	}
	if f.Endpoint == "" {
		return kind&unasked == 0 && f.Event == ""
	}
	want := f.Endpoint
	if verb, rest, ok := strings.Cut(want, " "); ok {
		if verb != c.Method {
			return false
		}
		want = rest
	}
	return want == "*" || strings.HasSuffix(c.ID, " /"+strings.TrimPrefix(want, "/")) || MatchPath(want, c.Path)
}

// strikesPush is the same for a notification.
func strikesPush(f *fault.Fault, eventType, mchid string) bool {
	kind := faultKinds[f.Name]
	if kind&onPushes == 0 || (f.MchID != "" && f.MchID != mchid) {
		return false
	}
	if f.Event == "" {
		return f.Endpoint == ""
	}
	return f.Event == "*" || f.Event == eventType
}

// MatchPath compares segment by segment: * and {name} match any one, a last *
// all that follow. Escaped or not, a segment is the same.
func MatchPath(pattern, path string) bool {
	want, got := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	for i, w := range want {
		switch {
		case i >= len(got):
			return false
		case w == "*" && i == len(want)-1:
			return true
		case w == "*" || strings.HasPrefix(w, "{"):
		case unescaped(w) != unescaped(got[i]):
			return false
		}
	}
	return len(want) == len(got)
}

func unescaped(segment string) string {
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}
