package explain_test

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// betweens is what stands between the names of a header and their values.
var betweens = regexp.MustCompile(`(mchid|nonce_str|timestamp|serial_no|signature)="`)

// headerCalls have an Authorization header that is not written as it should be.
func headerCalls() []call {
	one := func(is, old, with string) call {
		return call{is: is, write: func(s string) []string { return []string{strings.ReplaceAll(s, old, with)} }}
	}
	named := func(is, with string) call {
		return call{is: is, write: func(s string) []string { return []string{betweens.ReplaceAllString(s, "$1"+with)} }}
	}
	whole := func(is string, write func(s string) string) call {
		return call{is: is, write: func(s string) []string { return []string{write(s)} }}
	}
	const scheme = wire.Scheme + " "
	return []call{
		{is: "auth-missing", write: func(string) []string { return nil }},
		{is: "auth-twice", write: func(s string) []string { return []string{s, s} }},
		whole("auth-too-long", func(s string) string { return s + strings.Repeat(" ", 5000) + "x" }),
		one("auth-scheme-missing", scheme, ""),
		one("auth-scheme-case", wire.Scheme, strings.ToLower(wire.Scheme)),
		one("auth-scheme-sm2", wire.Scheme, "WECHATPAY2-SM2-WITH-SM3"),
		whole("auth-scheme-other/named", func(string) string { return "Bearer abc" }),
		one("auth-scheme-other/named", wire.Scheme, "Basic"),
		one("auth-scheme-other", wire.Scheme, "WECHATPAY2-RSA2048-SHA256"),
		one("auth-scheme-space", scheme, wire.Scheme),
		one("auth-scheme-space", scheme, wire.Scheme+","),
		one("auth-escaped-quotes", `"`, `\"`),
		named("auth-curly-quotes", `=“`),
		one("auth-single-quotes", `"`, `'`),
		one("auth-unquoted", `"`, ""),
		whole("auth-unclosed", func(s string) string { return strings.TrimSuffix(s, `"`) }),
		named("auth-colon", `:"`),
		whole("auth-json", func(s string) string {
			pairs := strings.ReplaceAll(betweens.ReplaceAllString(strings.TrimPrefix(s, scheme), `$1":"`), `",`, `","`)
			return scheme + `{"` + pairs + `}`
		}),
		whole("auth-not-pairs", func(string) string { return scheme + "hello" }),
		named("auth-spaces", ` = "`),
		one("auth-separator", `",`, `";`),
		one("auth-separator", `",`, `" `),
		whole("auth-comma-at-end", func(s string) string { return s + "," }),
		one("auth-field-misspelt", "nonce_str", "nonce"),
		one("auth-field-misspelt", "serial_no", "serialNo"),
		one("auth-field-misspelt", "mchid", "mch_id"),
		one("auth-field-misspelt", "signature", "sign"),
		one("auth-field-misspelt", "timestamp", "timeStamp"),
		one("auth-field-unknown", "mchid=", `version="1",mchid=`),
		one("auth-field-twice", "mchid=", `mchid="`+sandbox.DefaultMchID+`",mchid=`),
		one("auth-field-empty", nonce, ""),
		one("auth-field-characters", nonce, nonce+" "),
		one("auth-field-missing", `nonce_str="`+nonce+`",`, ""),
		one("auth-field-missing", `mchid="`+sandbox.DefaultMchID+`",`, ""),
		one("auth-malformed", "mchid=", `"mchid"=`),

		// Whatever else is wrong is told too.
		{is: "auth-spaces+query-left-out", method: "GET", uri: queryURI, write: func(s string) []string {
			return []string{betweens.ReplaceAllString(s, `$1= "`)}
		}, signed: func(l lines) string { l.uri, _, _ = strings.Cut(l.uri, "?"); return l.String() }},
		{is: "signature-wrapped", spell: func(b []byte) string {
			s := std(b)
			return s[:76] + " " + s[76:152] + " " + s[152:228] + " " + s[228:304] + " " + s[304:]
		}},
		{is: "signature-spaces", sign: nil, spell: func(b []byte) string {
			return strings.ReplaceAll(std(b), "+", " ")
		}},
	}
}

// identityCalls are dated wrongly, or name somebody else.
func (w *world) identityCalls() []call {
	at := func(is string, seconds int64) call {
		return call{is: is, fields: func(a *wire.Authorization) {
			a.Timestamp = strconv.FormatInt(start.Unix()+seconds, 10)
		}}
	}
	stamped := func(is, timestamp string) call {
		return call{is: is, fields: func(a *wire.Authorization) { a.Timestamp = timestamp }}
	}
	of := func(is, serial, mchID string) call {
		return call{is: is, fields: func(a *wire.Authorization) { a.Serial, a.MchID = serial, mchID }}
	}
	number, _ := new(big.Int).SetString(w.serial, 16)
	var colons []string
	for i := 0; i < len(w.serial); i += 2 {
		colons = append(colons, w.serial[i:i+2])
	}
	platform := w.ClientConfig().PlatformKeys
	own, unknown := sandbox.DefaultMchID, "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
	return []call{
		at("timestamp-ahead", 301), at("timestamp-behind", -301), at("timestamp-eight-hours", 8*3600),
		at("timestamp-eight-hours", -8*3600-20),
		stamped("timestamp-milliseconds", strconv.FormatInt(start.UnixMilli(), 10)),
		stamped("timestamp-smaller-units", strconv.FormatInt(start.UnixMicro(), 10)),
		stamped("timestamp-smaller-units", strconv.FormatInt(start.UnixNano(), 10)),
		stamped("timestamp-fraction", strconv.FormatInt(start.Unix(), 10)+".25"),
		stamped("timestamp-not-number", "2020-09-10T10:00:00Z"),

		of("mchid-and-serial-unknown", unknown, "1900000001"), of("mchid-unknown", w.serial, "1900000001"),
		of("mchid-of-sub-merchant", w.serial, subMchID),
		of("serial-replaced", w.formerSerial, own), of("serial-of-platform", platform[1].ID, own),
		of("serial-public-key-id", platform[0].ID, own), of("serial-of-other-merchant", w.otherSerial, own),
		of("serial-of-other-merchant", w.serial, otherMchID), of("serial-zeros", "00"+w.serial, own),
		of("serial-decimal", number.String(), own), of("serial-dressed", strings.Join(colons, ":"), own),
		of("serial-dressed", "serial="+w.serial, own), of("serial-dressed", "0x"+strings.ToLower(w.serial), own),
		of("serial-unknown", unknown, own),
	}
}

func TestHeadersThatAreWrittenWrongly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.each(t, append(headerCalls(), w.identityCalls()...))
}
