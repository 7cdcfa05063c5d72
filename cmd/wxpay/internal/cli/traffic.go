package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// traffic says on standard error what goes over a sandbox's line, one line each:
// where to and what came of it. Bodies, headers and queries stay out of it, and
// the openids in paths are blanked.
type traffic struct {
	sys    System
	paint  paint
	layout string     // of times
	mu     sync.Mutex // whole lines
}

func newTraffic(sys System) *traffic {
	return &traffic{sys: sys, paint: sys.paintErr(), layout: time.TimeOnly}
}

func (t *traffic) line(at time.Time, parts ...string) {
	text := t.paint.dim(at.In(beijing).Format(t.layout))
	for _, p := range parts {
		if p != "" {
			text += "  " + p
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(t.sys.Err, text)
}

// beijing is the zone of every time WeChat Pay tells.
var beijing = time.FixedZone("+08:00", 8*60*60)

// exchange tells of one API call.
func (t *traffic) exchange(x ledger.Exchange) {
	path, _, _ := strings.Cut(x.URI, "?")
	path, hidden := maskPath(path, x.Operation)
	method, hint := shownMethod(x.Method), x.Hint
	if t.sys.lang == lang.Chinese && x.HintZH != "" {
		hint = x.HintZH
	}
	if method != x.Method && x.Method != "" {
		hidden = append(hidden, x.Method)
	}
	hint = without(hint, hidden)
	outcome := t.sys.text("cut off")
	if x.Status != 0 {
		outcome = strings.TrimSpace(fmt.Sprintf("%d %s", x.Status, clipped(x.Code)))
	}
	t.line(x.At, fmt.Sprintf("%-6s %s", method, clipped(path)), t.verdict(x.Status, x.Code, outcome),
		t.paint.dim(printable(withoutIDs(hint))), t.faults(x.Faults))
}

// without blanks values in a text, in one pass: what stands for one is not searched for another.
func without(text string, values []string) string {
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, value := range slices.Compact(values) {
		if value != "" {
			pairs = append(pairs, value, "…")
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// shownMethod leaves out what is no method, for it may be anything.
func shownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead,
		http.MethodOptions, http.MethodConnect:
		return method
	}
	return "?"
}

// attempt tells of one attempt to deliver a notification.
func (t *traffic) attempt(p ledger.Push, a ledger.Attempt) {
	outcome, problem := t.sys.text("failed"), ""
	if a.Status != 0 {
		outcome = fmt.Sprint(a.Status)
	}
	if a.Error != "" {
		problem = withoutIDs(strings.ReplaceAll(printable(a.Error), p.URL, t.sys.text("it")))
		switch p.State {
		case ledger.PushPending:
			problem += t.sys.text("; again at %s", p.NextAt.In(beijing).Format("15:04:05"))
		case ledger.PushUndeliverable:
			if why, _, ok := strings.Cut(problem, ". To receive it"); ok {
				problem = t.sys.text("%s; --forward sends it to an address that is", why)
			}
		case ledger.PushGivenUp:
			problem += t.sys.text("; given up")
		}
	}
	code := ""
	if a.Error != "" {
		code = "failed"
	}
	t.line(a.At, fmt.Sprintf("%s %s %s", lang.Pad(t.sys.text("notify"), 6), p.Event, t.destination(p.URL)),
		t.verdict(a.Status, code, outcome), t.paint.dim(problem), t.faults(a.Faults))
}

// destination leaves out what may be secret in an address.
func (t *traffic) destination(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return t.sys.text("an address that is none")
	}
	path, _ := maskPath(u.EscapedPath(), "")
	return clipped(u.Scheme + "://" + u.Host + path)
}

// clipped is as much of a string from outside as a line of the log has room for.
func clipped(s string) string {
	const room = 200
	if utf8.RuneCountInString(s) > room {
		s = string([]rune(s)[:room]) + "…"
	}
	return printable(s)
}

func (t *traffic) verdict(status int, code, text string) string {
	switch {
	case status == 0 || status >= http.StatusInternalServerError:
		return t.paint.red(text)
	case status >= http.StatusBadRequest || code != "":
		return t.paint.yellow(text)
	}
	return t.paint.green(text)
}

func (t *traffic) faults(list []fault.Name) string {
	if len(list) == 0 {
		return ""
	}
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = string(f)
	}
	return t.paint.yellow("[" + strings.Join(names, ", ") + "]")
}

// openID matches what looks like one, longID one that stands behind other letters: it has 28
// characters, of both cases, which numbers of orders rarely have.
var (
	openID = regexp.MustCompile(`\bo[0-9A-Za-z_-]{20,}`)
	longID = regexp.MustCompile(`o[0-9A-Za-z_-]{27,}`)
)

// withoutIDs blanks what looks like openids.
func withoutIDs(s string) string {
	s = openID.ReplaceAllString(s, "…")
	return longID.ReplaceAllStringFunc(s, func(id string) string {
		if id == strings.ToLower(id) || id == strings.ToUpper(id) {
			return id
		}
		return "…"
	})
}

// maskPath blanks the openids of a path: where the operation, "GET /v3/…/{openid}",
// has one, where the path itself says so, and whatever looks like one, also as a part
// of a segment or escaped.
func maskPath(path, operation string) (masked string, hidden []string) {
	_, pattern, _ := strings.Cut(operation, " ")
	names, segments := strings.Split(pattern, "/"), strings.Split(path, "/")
	after := ""
	for i, s := range segments {
		plain := unescaped(s)
		blanked := withoutIDs(plain)
		named := len(names) == len(segments) && strings.HasPrefix(names[i], "{") && strings.Contains(names[i], "openid")
		told := operation == "" && (strings.HasSuffix(after, "openid") || after == "user" || after == "users")
		switch {
		case s == "":
		case named || told || plain == "…":
			hidden = append(hidden, s, plain)
			segments[i] = "…"
		case blanked != plain:
			hidden = append(hidden, s)
			segments[i] = blanked
		}
		after = plain
	}
	return cmp.Or(strings.Join(segments, "/"), "/"), hidden
}

// unescaped takes off escapes of escapes too. What is escaped more often than anybody does is left
// out.
func unescaped(s string) string {
	for range 8 {
		plain, err := url.PathUnescape(s)
		if err != nil || plain == s {
			return s
		}
		s = plain
	}
	return "…"
}
