package evidence

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// Values that say nothing of anybody are shown, each by what it looks like.
var (
	aSerial    = regexp.MustCompile(`^(?:[0-9A-Fa-f]{38,40}|PUB_KEY_ID_[0-9]{10,50})$`)
	aTimestamp = regexp.MustCompile(`^[0-9]{10}(?:[0-9]{3})?$`)
	aLength    = regexp.MustCompile(`^[0-9]{1,9}$`)
	aTime      = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}` +
		`(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$`)
	aRequestID = regexp.MustCompile(`^[0-9A-F]{20,80}(?:-[0-9]{1,4})?$`)
)

func oneOf(words ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(words, s) }
}

// shownHeaders are headers whose value is shown where it looks as it should.
var shownHeaders = map[string]func(string) bool{
	"wechatpay-serial": aSerial.MatchString, "wechatpay-timestamp": aTimestamp.MatchString,
	"wechatpay-signature-type": oneOf(wire.Scheme), "content-length": aLength.MatchString,
	"request-id": aRequestID.MatchString, "content-type": oneOf("application/json", "application/json; charset=utf-8",
		"application/json;charset=UTF-8", "application/json; charset=UTF-8", "text/xml", "application/xml",
		"text/xml; charset=utf-8"),
	"content-encoding": oneOf("gzip", "br", "deflate", "identity"), "transfer-encoding": oneOf("chunked"),
}

// shownMembers are members whose value is shown where it looks as it should.
var shownMembers = map[string]func(string) bool{
	"create_time": aTime.MatchString, "resource_type": oneOf("encrypt-resource", "encryptresource"),
	"algorithm": oneOf(wire.Algorithm), "event_type": func(s string) bool { return events().types[s] },
	"original_type": func(s string) bool { return events().originals[s] },
	"return_code":   oneOf("SUCCESS", "FAIL"), "result_code": oneOf("SUCCESS", "FAIL"),
	"sign_type": oneOf(string(wire.SignMD5), string(wire.SignHMAC)),
}

type eventWords struct{ types, originals map[string]bool }

// events are the words of the notifications that the catalogue has.
var events = sync.OnceValue(func() eventWords {
	words := eventWords{map[string]bool{}, map[string]bool{}}
	all, err := catalogue.Default()
	if err != nil {
		return words // then they are masked
	}
	for _, e := range all.Events() {
		words.types[e.Type], words.originals[e.OriginalType] = true, true
	}
	return words
})

// aName is what the names of members and headers look like: words of letters, in small letters with
// underlines, in camel case, as headers have them or as CGI has them. Anything else may be a value.
var aName = regexp.MustCompile(`^(?:[a-z]{2,15}(?:[_.-][a-z]{1,15}){0,6}[0-9]?|` +
	`[A-Z]?[a-z]{2,15}(?:[A-Z][a-z]{2,15}){0,4}|` +
	`(?:[A-Z][a-z]{1,15}|[A-Z]{1,4})(?:-(?:[A-Z]?[a-z]{1,15}|[A-Z]{1,4})){0,5}|` +
	`[A-Z]{2,15}(?:_[A-Z]{1,15}){0,6})$`)

// longestName bounds a name that is shown.
const longestName = 40

// maskName shows a name of a member or of a header where it is one.
func maskName(s string) string {
	if len(s) <= longestName && aName.MatchString(s) {
		return s
	}
	return mask(s)
}

// maskHeader masks the value of a header.
func maskHeader(name, value string) string {
	plain := strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(name), "_", "-"), "http-")
	if show := shownHeaders[plain]; show != nil && show(value) {
		return value
	}
	return mask(value)
}
