package explain_test

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

const (
	queryURI = "/v3/pay/transactions/out-trade-no/Ab1%2A_%7C?mchid=1900000109"
	billURI  = "/v3/bill/tradebill?bill_date=2020-09-09&tar_type=GZIP&sub_mchid=&bill_type=A%2AB%20C%2F"
)

// stringCalls sign another method, path, time or nonce, or put the string together wrongly.
func stringCalls() []call {
	get := func(is, uri, signed string) call {
		return call{is: is, method: "GET", uri: uri, signed: func(l lines) string { l.uri = signed; return l.String() }}
	}
	query := func(is, signed string) call { return get(is, queryURI, signed) }
	bill := func(is, old, with string) call { return get(is, billURI, strings.ReplaceAll(billURI, old, with)) }
	post := func(is string, change func(*lines)) call {
		return call{is: is, signed: func(l lines) string { change(&l); return l.String() }}
	}
	whole := func(is string, signed func(string) string) call {
		return call{is: is, signed: func(l lines) string { return signed(l.String()) }}
	}
	seconds := start.Unix()
	path, _, _ := strings.Cut(queryURI, "?")
	return []call{
		post("method-case", func(l *lines) { l.method = "post" }),
		post("method-case", func(l *lines) { l.method = "Post" }),
		post("method-other", func(l *lines) { l.method = "GET" }),
		post("method-empty", func(l *lines) { l.method = "" }),
		{is: "body-left-out+method-other", signed: func(l lines) string { l.method, l.body = "GET", ""; return l.String() }},

		query("query-left-out", path),
		query("query-mark-left-out", path+"mchid=1900000109"),
		get("query-mark", "/v3/certificates?", "/v3/certificates"),
		get("query-mark-added", "/v3/certificates", "/v3/certificates?"),
		bill("query-part-left-out", "&tar_type=GZIP", ""),
		bill("query-empty-left-out", "&sub_mchid=", ""),
		bill("query-decoded", "A%2AB%20C%2F", "A*B C/"),
		bill("query-reencoded", "A%2AB%20C%2F", "A%2AB+C%2F"),
		bill("query-reencoded", "A%2AB%20C%2F", "A*B%20C%2F"),
		bill("query-reencoded", "A%2AB%20C%2F", "A%2aB%20C%2f"),
		bill("query-encoded-twice", "A%2AB%20C%2F", "A%252AB%2520C%252F"),
		query("query-encoded-whole", path+"?"+url.QueryEscape("mchid=1900000109")),
		bill("query-escaped-html", "&", "&amp;"),
		get("query-reordered", billURI, "/v3/bill/tradebill?bill_date=2020-09-09&bill_type=A%2AB%20C%2F&sub_mchid=&tar_type=GZIP"),
		get("query-reordered", billURI, "/v3/bill/tradebill?tar_type=GZIP&bill_date=2020-09-09&sub_mchid=&bill_type=A%2AB%20C%2F"),

		query("path-decoded", "/v3/pay/transactions/out-trade-no/Ab1*_|?mchid=1900000109"),
		query("path-reencoded", "/v3/pay/transactions/out-trade-no/Ab1%2a_%7c?mchid=1900000109"),
		query("path-reencoded", "/v3/pay/transactions/out-trade-no/Ab1*_%7C?mchid=1900000109"),
		query("path-encoded-twice", "/v3/pay/transactions/out-trade-no/Ab1%252A_%257C?mchid=1900000109"),
		get("path-encoded-whole", "/v3/certificates", "%2Fv3%2Fcertificates"),
		query("path-with-host", "https://api.mch.weixin.qq.com"+queryURI),
		query("path-with-host", "api.mch.weixin.qq.com"+queryURI),
		query("path-with-host-without-query", "https://api.mch.weixin.qq.com"+path),
		query("path-without-slash", queryURI[1:]),
		query("path-slash-doubled", "/"+queryURI),
		get("path-slash-at-end", "/v3/certificates", "/v3/certificates/"),
		query("path-lower-case", strings.ToLower(queryURI)),
		query("path-with-fragment", queryURI+"#"),
		query("path-beginning-left-out", strings.TrimPrefix(queryURI, "/v3")),
		query("path-beginning-left-out", strings.TrimPrefix(queryURI, "/v3/pay/transactions")),
		query("path-placeholder", "/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid=1900000109"),
		query("path-placeholder", "/v3/pay/transactions/out-trade-no/:out_trade_no?mchid=1900000109"),

		post("timestamp-nonce-swapped", func(l *lines) { l.timestamp, l.nonce = l.nonce, l.timestamp }),
		post("timestamp-milliseconds-signed", func(l *lines) { l.timestamp += "000" }),
		post("timestamp-milliseconds-signed", func(l *lines) { l.timestamp += "437" }),
		post("timestamp-other", func(l *lines) { l.timestamp = strconv.FormatInt(seconds+1, 10) }),
		post("timestamp-other", func(l *lines) { l.timestamp = strconv.FormatInt(seconds-30, 10) }),
		post("timestamp-left-out", func(l *lines) { l.timestamp = "" }),
		post("nonce-left-out", func(l *lines) { l.nonce = "" }),
		post("nonce-case", func(l *lines) { l.nonce = strings.ToLower(l.nonce) }),
		post("nonce-case", func(l *lines) { l.nonce = strings.ToUpper(l.nonce) }),
		post("nonce-dashes", func(l *lines) { l.nonce = strings.ReplaceAll(l.nonce, "-", "") }),
		post("unknown/string", func(l *lines) { l.nonce = "another one" }),

		whole("string-empty", func(string) string { return "" }),
		whole("line-feed-missing", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		{is: "line-feed-missing", method: "GET", uri: queryURI, signed: func(l lines) string {
			return strings.TrimSuffix(l.String(), "\n")
		}},
		{is: "line-of-empty-body", method: "GET", uri: queryURI, signed: func(l lines) string {
			return strings.TrimSuffix(l.String(), "\n\n")
		}},
		whole("line-feed-doubled", func(s string) string { return s + "\n" }),
		{is: "line-feed-doubled", signed: func(l lines) string { l.body += "\r\n"; return l.String() }},
		whole("line-feed-in-front", func(s string) string { return "\n" + s }),
		whole("line-feeds-crlf", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		whole("line-feeds-literal", func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }),
		whole("line-feeds-left-out", func(s string) string { return strings.ReplaceAll(s, "\n", "") }),
		whole("line-feeds-spaces", func(s string) string {
			return strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", " ")
		}),
		whole("line-feeds-ampersands", func(s string) string {
			return strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "&")
		}),
		{is: "lines-reordered", signed: func(l lines) string {
			return l.uri + "\n" + l.method + "\n" + l.timestamp + "\n" + l.nonce + "\n" + l.body + "\n"
		}},
		{is: "reply-string", signed: func(l lines) string {
			return l.timestamp + "\n" + l.nonce + "\n" + l.body + "\n"
		}},
		{is: "body-only", signed: func(l lines) string { return l.body }},
		{is: "uri-only", signed: func(l lines) string { return l.uri }},
		whole("string-hashed", func(s string) string { return hex.EncodeToString(sha(s)) }),
		whole("string-hashed", func(s string) string { return string(sha(s)) }),
		whole("string-base64", func(s string) string { return std([]byte(s)) }),
		{is: "string-v2", signed: func(l lines) string {
			return "body=" + l.body + "&method=" + l.method + "&nonce_str=" + l.nonce + "&timestamp=" + l.timestamp +
				"&url=" + l.uri
		}},

		// Two at once.
		{is: "line-feed-missing+query-left-out", method: "GET", uri: queryURI, signed: func(l lines) string {
			l.uri = path
			return strings.TrimSuffix(l.String(), "\n")
		}},
		{is: "method-case+timestamp-milliseconds-signed", signed: func(l lines) string {
			l.method, l.timestamp = "post", l.timestamp+"000"
			return l.String()
		}},
		{is: "body-left-out+timestamp-nonce-swapped", signed: func(l lines) string {
			l.body, l.timestamp, l.nonce = "", l.nonce, l.timestamp
			return l.String()
		}},
	}
}

func TestStringsThatAreSignedWrongly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.each(t, stringCalls())
}
