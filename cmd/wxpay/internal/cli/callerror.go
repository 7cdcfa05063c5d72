package cli

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/hint"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// explainCall lays a refusal out in lines.
func explainCall(err error, said hint.Hint) error {
	var e *wxpay.Error
	if !errors.As(err, &e) {
		return explainUnsent(err)
	}
	// What an error is marshalled with: no more than it prints of what WeChat Pay repeats of it.
	var told struct{ Code, Message, RequestID string }
	if raw, err := json.Marshal(e); err != nil || json.Unmarshal(raw, &told) != nil {
		return err
	}
	what := errorf("%s: HTTP %d", e.Operation, e.Status)
	if e.Status == http.StatusOK { // APIv2, where it says nothing
		what = errorf("%s: refused:", e.Operation)
	}
	if told.Code != "" { // a proxy's answer has none
		what = errorf("%w %s", what, told.Code)
	}
	lines := [][2]lang.Text{}
	line := func(name, value lang.Text) {
		if value.String() != "" {
			lines = append(lines, [2]lang.Text{name, value})
		}
	}
	line(text("message"), text("%s", told.Message))
	if field, issue := e.Field(); field != "" {
		line(text("field"), text("%s", quietly(e, strings.TrimSuffix(field+": "+issue, ": "))))
		if strings.HasSuffix(said.String(), issue) {
			said = hint.Hint{} // it says no more
		}
	}
	line(text("request id"), text("%s", told.RequestID))
	switch {
	case e.Verified:
		line(text("verified"), text("yes, WeChat Pay signed this answer"))
	case e.Status == http.StatusUnauthorized && e.Code != "":
		line(text("verified"), text("no: answers to calls whose signature fails are not signed"))
	default:
		line(text("verified"), text("no: do not book a business outcome on it"))
	}
	// A script decides by the exit code whether a debit was refused or an order is not there.
	// Only what WeChat Pay signed says so, and not where it failed inside: the rest anybody on
	// the way can write, even a 401 or return_code FAIL, after the call was passed on.
	code, query := exitRefused, isQuery(e.Operation)
	switch {
	case query && (!e.Verified || e.Status >= http.StatusInternalServerError || e.Temporary()):
		code = exitUnknown
	case !query && wxpay.OutcomeUnknown(err):
		line(text("outcome"), text("unknown: query, or repeat with the same numbers"))
		code = exitUnknown
	}
	said = said.Through(func(s string) string { return quietly(e, s) })
	return &failure{code: code, err: what, hint: text("%s", said), word: told.Code, said: lines}
}

// quietly is a text about a refusal without what it repeats of the call, as the refusal's own
// message is marshalled.
func quietly(e *wxpay.Error, text string) string {
	about := *e
	about.Message = text
	var told struct{ Message string }
	if raw, err := json.Marshal(about); err != nil || json.Unmarshal(raw, &told) != nil {
		return ""
	}
	return told.Message
}

// isQuery tells a call that moves nothing: a GET, and those of APIv2 that ask by POST.
func isQuery(operation string) bool {
	method, path, _ := strings.Cut(operation, " ")
	last := path[strings.LastIndex(path, "/")+1:] // a {variable} is not what was called
	asks := strings.Contains(last, "query") || last == "downloadbill"
	return method == http.MethodGet || strings.HasPrefix(path, "v2/") && asks && !strings.Contains(last, "{")
}

// explainUnsent puts the command line's way beside that of the SDK.
func explainUnsent(err error) error {
	var e *wxpay.RequestError
	if errors.As(err, &e) && strings.Contains(e.Problem, "wxpay.Path") {
		return &failure{code: exitUsage, hint: text("give its value with --path name=value"),
			err: errorf("%s: not sent: a variable of the path is not filled", e.Operation)}
	}
	if errors.As(err, &e) && strings.Contains(e.Problem, "APIv2Key is not set") {
		return &failure{code: exitUsage, err: errorf("%s: not sent: there is no APIv2 key to sign with", e.Operation),
			hint: text("set %s or put it into the env file; it is in the merchant console under API security, and "+
				"is not the APIv3 key", apiV2Key)}
	}
	return err
}

// printable keeps a stranger's words from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) {
			return r
		}
		return '·'
	}, s)
}
