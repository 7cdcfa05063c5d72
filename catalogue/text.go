package catalogue

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// textIssue judges a string that is known to be 1 to 3-byte UTF-8.
func (f *Field) textIssue(text []byte) breach {
	if i := bytes.IndexFunc(text, unicode.IsControl); i >= 0 && (f.isID() || bytes.ContainsFunc(text, notInText)) {
		return notText(problemControl)
	}
	if n := len(text); n < f.MinLength || f.MaxLength > 0 && n > f.MaxLength {
		return badLength(fmt.Sprintf("must be %s bytes long, is %d", span(f.MinLength, f.MaxLength), n), n, f.MinLength,
			f.MaxLength)
	}
	if !f.among(text) {
		return badChoice(f.Enum)
	}
	if !f.matches(text) {
		return badPattern(f.Pattern)
	}
	if f.Format != "" {
		return f.formatIssue(string(text))
	}
	return breach{}
}

// isID tells by the name whether the field identifies something, and so is one word.
func (f *Field) isID() bool {
	for _, end := range []string{"id", "_no", "_code", "_number", "_serial"} {
		if strings.HasSuffix(f.Name, end) {
			return true
		}
	}
	return false
}

// notInText is every control character that words on a page have no use for, and what XML cannot
// hold, as APIv2 would have to.
func notInText(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

func (f *Field) formatIssue(text string) breach {
	malformed := func(issue string) breach { return badText(issue, "字符串格式不正确") }
	switch f.Format {
	case FormatDate:
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return malformed("must be a date that exists, written yyyy-MM-dd")
		}
		if f.MaxDay > 0 && day.Day() > f.MaxDay {
			return malformed(fmt.Sprintf("must fall on day 1 to %d of the month", f.MaxDay))
		}
	case FormatDateTime:
		at, err := time.Parse(time.RFC3339, text)
		if err == nil {
			_, err = at.MarshalText() // which refuses an offset of a whole day, as RFC 3339 does
		}
		if err != nil {
			return malformed("must be an RFC 3339 time such as 2020-09-10T13:29:35+08:00")
		}
	case FormatURL, FormatPlainURL:
		switch u, err := url.Parse(text); {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			return malformed("must be an absolute http or https address")
		case u.User != nil:
			return malformed(problemUser)
		case f.Format == FormatPlainURL && (u.RawQuery != "" || u.ForceQuery):
			return likeNotifyURL(problemQuery)
		}
	case FormatNotifyURL:
		if issue := notifyURLIssue(text); issue != "" {
			return likeNotifyURL(issue)
		}
	case FormatIP:
		if _, err := netip.ParseAddr(text); err != nil {
			return malformed("must be an IPv4 or IPv6 address")
		}
	case FormatInteger:
		if text == "" || strings.Trim(text, "0123456789") != "" {
			return malformed("must be a whole number in decimal digits")
		}
		return f.integerIssue([]byte(text), false)
	}
	return breach{}
}

const (
	problemUser  = "must not carry a user name"
	problemQuery = "must not carry a query string"
)

// notifyURLPattern is what production answers that a notify_url must match. It is laxer than the
// rules below, which are the pages'.
const notifyURLPattern = `^https?://([^\s/?#\[\]\@]+\@)?([^\s/?#\@:]+)(?::\d{2,5})?([^\s?#\[\]]*)$`

// likeNotifyURL is the breach of an address that WeChat Pay would not post to.
func likeNotifyURL(issue string) breach {
	b := badPattern(notifyURLPattern)
	b.issue = issue
	return b
}

// notifyURLIssue applies WeChat Pay's rules for an address it posts to, and one mercy of ours: a
// loopback host may use http, so that a receiver under development can be notified by the sandbox.
// WeChat Pay itself refuses both http and loopback.
func notifyURLIssue(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return "must be an absolute address such as https://yourapp.com/notify"
	case u.RawQuery != "" || u.ForceQuery:
		return problemQuery
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return "must not carry a fragment"
	case u.User != nil:
		return problemUser
	case u.Path == "":
		return "must have a path, such as https://yourapp.com/notify"
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return ""
	}
	return "must use https (http is accepted for a loopback host only)"
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// integerIssue judges the digits of an integer. Beyond 64 bits is always wrong: no field of WeChat
// Pay is that large.
func (f *Field) integerIssue(text []byte, limits bool) breach {
	n, err := strconv.ParseInt(string(text), 10, 64)
	switch {
	case err != nil:
		return notThe(Integer, "must fit in 64 bits")
	case !limits:
	case f.Minimum != nil && n < *f.Minimum:
		return breach{issue: fmt.Sprintf("must be at least %d", *f.Minimum), form: ofSize,
			words: fmt.Sprintf("值低于最小值 %d", *f.Minimum)}
	case f.Maximum != nil && n > *f.Maximum:
		return breach{issue: fmt.Sprintf("must be at most %d", *f.Maximum), form: ofSize,
			words: fmt.Sprintf("值高于最大值 %d", *f.Maximum)}
	case !f.among(text):
		b := badChoice(f.Enum)
		b.form = ofSize
		return b
	}
	return breach{}
}

// CheckText checks a string at a place of the body against the field's length, pattern, enumeration
// and format and says what is wrong, nil when all is well. It is the same judgement as CheckBody's,
// for a value that had to be decrypted first; the violation does not have it.
func (f *Field) CheckText(at, value string) *Violation {
	b := f.checkText(value)
	if b.issue == "" {
		return nil
	}
	v := f.violation(LocationBody, at, b, nil)
	v.Value = nil
	return v
}

func (f *Field) checkText(value string) breach {
	if !utf8.ValidString(value) {
		return notText(problemUTF8)
	}
	for _, r := range value {
		if r > 0xFFFF {
			return notText(problemEmoji)
		}
	}
	return f.textIssue([]byte(value))
}

// span words a range of counts: "1 to 32", "at least 1", "at most 32".
func span(least, most int) string {
	switch {
	case most == 0:
		return fmt.Sprintf("at least %d", least)
	case least == most:
		return fmt.Sprintf("exactly %d", least)
	case least == 0:
		return fmt.Sprintf("at most %d", most)
	}
	return fmt.Sprintf("%d to %d", least, most)
}
