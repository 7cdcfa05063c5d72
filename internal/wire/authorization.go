package wire

import (
	"errors"
	"fmt"
	"strings"
)

// Authorization is the header that carries a request's signature:
//
//	WECHATPAY2-SHA256-RSA2048 mchid="…",nonce_str="…",timestamp="…",serial_no="…",signature="…"
type Authorization struct {
	Scheme    string
	MchID     string
	Nonce     string
	Timestamp string // decimal Unix seconds, as sent
	Serial    string // of the caller's API certificate
	Signature string // base64
}

// maxAuthorization bounds what a reader parses: the longest legitimate header
// (RSA-4096) stays below 1 KiB.
const maxAuthorization = 4 << 10

// Problems ParseAuthorization reports.
var (
	ErrAuthorizationFormat = errors.New("malformed Authorization header")
	ErrAuthorizationScheme = errors.New("unsupported Authorization scheme")
)

// String writes the header's value.
func (a Authorization) String() string {
	return a.Format([]byte(a.Signature))
}

// Format writes the header's value with a signature still in a buffer.
func (a Authorization) Format(signature []byte) string {
	const fixed = len(` mchid="",nonce_str="",timestamp="",serial_no="",signature=""`)
	var b strings.Builder
	b.Grow(fixed + len(a.Scheme) + len(a.MchID) + len(a.Nonce) + len(a.Timestamp) + len(a.Serial) + len(signature))
	b.WriteString(a.Scheme)
	b.WriteString(` mchid="`)
	b.WriteString(a.MchID)
	b.WriteString(`",nonce_str="`)
	b.WriteString(a.Nonce)
	b.WriteString(`",timestamp="`)
	b.WriteString(a.Timestamp)
	b.WriteString(`",serial_no="`)
	b.WriteString(a.Serial)
	b.WriteString(`",signature="`)
	b.Write(signature)
	b.WriteByte('"')
	return b.String()
}

// ParseAuthorization reads the header's value. The five pairs may come in any
// order, each exactly once and none empty; anything else is an error wrapping
// ErrAuthorizationFormat or ErrAuthorizationScheme. The error names what is
// wrong and never repeats a value.
func ParseAuthorization(s string) (Authorization, error) {
	var a Authorization
	if len(s) > maxAuthorization {
		return a, fmt.Errorf("%w: %d bytes, at most %d", ErrAuthorizationFormat, len(s), maxAuthorization)
	}
	scheme, rest, ok := strings.Cut(s, " ")
	if !ok || scheme == "" {
		return a, fmt.Errorf("%w: no scheme before the pairs", ErrAuthorizationFormat)
	}
	if scheme != Scheme {
		return a, fmt.Errorf("%w: want %s", ErrAuthorizationScheme, Scheme)
	}
	a.Scheme = scheme
	fields := [...]struct {
		key string
		dst *string
	}{
		{"mchid", &a.MchID}, {"nonce_str", &a.Nonce}, {"timestamp", &a.Timestamp},
		{"serial_no", &a.Serial}, {"signature", &a.Signature},
	}
	for rest = strings.TrimLeft(rest, " "); ; {
		key, value, tail, err := cutPair(rest)
		if err != nil {
			return a, err
		}
		known := false
		for _, f := range fields {
			if f.key != key {
				continue
			}
			if *f.dst != "" {
				return a, fmt.Errorf("%w: %s twice", ErrAuthorizationFormat, key)
			}
			*f.dst, known = value, true
		}
		if !known {
			return a, fmt.Errorf("%w: a key other than mchid, nonce_str, timestamp, serial_no, signature",
				ErrAuthorizationFormat)
		}
		if tail == "" {
			break
		}
		if tail[0] != ',' {
			return a, fmt.Errorf("%w: no comma after %s", ErrAuthorizationFormat, key)
		}
		rest = strings.TrimLeft(tail[1:], " ")
	}
	for _, f := range fields {
		if *f.dst == "" {
			return a, fmt.Errorf("%w: no %s", ErrAuthorizationFormat, f.key)
		}
	}
	return a, nil
}

// cutPair takes key="value" off the front of s.
func cutPair(s string) (key, value, tail string, err error) {
	key, rest, ok := strings.Cut(s, `="`)
	if !ok {
		return "", "", "", fmt.Errorf(`%w: a pair is not key="value"`, ErrAuthorizationFormat)
	}
	value, tail, ok = strings.Cut(rest, `"`)
	if !ok {
		return "", "", "", fmt.Errorf("%w: a value is not closed by a quote", ErrAuthorizationFormat)
	}
	if value == "" {
		return "", "", "", fmt.Errorf("%w: an empty value", ErrAuthorizationFormat)
	}
	for i := 0; i < len(value); i++ {
		if value[i] <= ' ' || value[i] > '~' {
			return "", "", "", fmt.Errorf("%w: a value holds a byte that is not printable ASCII",
				ErrAuthorizationFormat)
		}
	}
	return key, value, tail, nil
}
