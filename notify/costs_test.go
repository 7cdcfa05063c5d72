//go:build !race

package notify_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
)

// What a stranger's message takes of the memory is a small multiple of what they send, whatever it
// is made of: nobody has proved anything yet when it is read. It is counted while nothing else
// runs, and without the race detector, which allocates on its own account.
func TestAMessageTakesMemoryByItsLength(t *testing.T) {
	r := notify.New(newWechat(t).keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	const length = notify.MaxBody - 200
	many := func(s string) string { return strings.Repeat(s, length/len(s)) }
	in := func(members string) string {
		return "<xml><return_code>SUCCESS</return_code><mch_id>1900000109</mch_id><sign>1</sign>" + members + "</xml>"
	}
	members := func(n, size int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("<m" + strconv.Itoa(i) + ">" + strings.Repeat("x", size) + "</m" + strconv.Itoa(i) + ">")
		}
		return b.String()
	}
	for name, body := range map[string]string{
		"attributes":              "<xml " + many(`a=""`) + "></xml>",
		"attributes of a member":  in("<a " + many(`b="" `) + "/>"),
		"attributes without end":  "<xml><a " + many(`b=">" `),
		"attributes of an end":    in("<a></a " + many(`b=""`) + ">"),
		"attributes of a doctype": "<!DOCTYPE xml [" + many("<!ATTLIST a b>") + "]><xml></xml>",
		"a long declaration":      "<?xml " + many(`a="" `) + "?>" + in(""),
		"declarations":            many(`<?xml?>`) + in(""),
		"instructions":            in(many("<?a?>")),
		"instructions in a text":  in("<a>" + many("<?a?>x") + "</a>"),
		"CDATA":                   in("<a>" + many("<![CDATA[]]>") + "</a>"),
		"CDATA with layout":       in("<a>" + many("<![CDATA[x]]> ") + "</a>"),
		"comments":                in(many("<!---->")),
		"comments in a text":      in("<a>" + many("x<!---->") + "</a>"),
		"a long comment":          in("<!--" + many("x") + "-->"),
		"entities":                in("<a>" + many("&lt;") + "</a>"),
		"references":              in("<a>" + many("&#9;") + "</a>"),
		"a long entity":           in("<a>&" + many("x") + ";</a>"),
		"declared entities":       "<!DOCTYPE xml [" + many(`<!ENTITY a "b">`) + "]><xml>&a;</xml>",
		"nested":                  many("<xml>"),
		"nested in a member":      in(many("<a>")),
		"members":                 in(members(length/24, 8)),
		"members, as many as may": in(members(990, length/1024)),
		"one member again":        in(many("<a/>")),
		"a long name":             in("<" + many("a") + "/>"),
		"a long name of the root": "<" + many("a") + ">",
		"a long name of two":      in("<a:" + many("b") + "/>"),
		"a long value":            in("<a>" + many("x") + "</a>"),
		"line ends":               in("<a>" + many("\r\n") + "</a>"),
		"blanks":                  in(many(" ")),
		"blanks in a tag":         in("<a" + many(" ") + "/>"),
		"what looks sealed":       in("<req_info>" + many("AAAA") + "</req_info>"),
		"nothing but begins":      many("<"),
	} {
		raw := []byte(body)[:min(len(body), notify.MaxBody)]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := r.Parse(nil, raw)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: a stranger's message was taken", name)
		}
		times := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(raw))
		if times > 12 {
			t.Errorf("%s: %d bytes took %.0f times as many of the memory, at most 12 are allowed", name, len(raw),
				times)
		}
	}
}
