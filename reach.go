package wxpay

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// What the catalogue says of endpoints that are out of the ordinary: at another host, with a file
// in the body or in the answer, or with answers that nobody signed. exchanges.go has it as data.

type otherHost struct{ path, name string }

type exchangeKind byte

const (
	kindPlain  exchangeKind = iota
	kindJSON                // of APIv2: JSON in place of XML
	kindUpload              // the body is a form with a file
	kindFile                // a success is a file
	kindBill                // of APIv2: a success is a bill
	kindText                // of APIv2: a success is other text
)

type exchange struct {
	method, path string // as on the wire, with {variables}
	kind         exchangeKind
	unsigned     bool   // no success is signed
	hash         string // of a file: the algorithm in the reply that gave its address
	hashHeader   string // of a file: the header with its SHA1, which is signed in place of the body
	upload       *uploadForm
}

// statementHash is the one header with a hash that is signed in place of an answer.
const statementHash = "Wechatpay-Statement-Sha1"

// ordinary is what an endpoint is that exchanges has not.
var ordinary exchange

// exchangeOf is what the catalogue says of a call, by its path as it is written: with or without
// values for the variables, and with v2/ before those of APIv2.
func exchangeOf(method, path string) *exchange {
	path, _, _ = strings.Cut(path, "?")
	path = strings.Trim(path, "/")
	path, v2 := strings.CutPrefix(path, "v2/")
	for i := range exchanges {
		if e := &exchanges[i]; e.method == method && samePath(e.path[1:], path) {
			if isOfV2 := !strings.Contains(e.path, "/v3/"); isOfV2 != v2 {
				return &ordinary // a v2/ too many or too few must not have it pass for what nobody signs
			}
			return e
		}
	}
	return &ordinary
}

// samePath tells whether a path is that of a pattern, in which a {variable} is one segment.
func samePath(pattern, path string) bool {
	for {
		want, morePattern, more := strings.Cut(pattern, "/")
		got, morePath, moreToo := strings.Cut(path, "/")
		if want != got && (!strings.HasPrefix(want, "{") || got == "") || more != moreToo {
			return false
		}
		if !more {
			return true
		}
		pattern, path = morePattern, morePath
	}
}

// hostNameOf is the host that the catalogue says a path is at, "" for the usual one.
func hostNameOf(path string) string {
	for i := range otherHosts {
		o := &otherHosts[i]
		if path == o.path || strings.HasSuffix(o.path, "/") && strings.HasPrefix(path, o.path) {
			return o.name
		}
	}
	return ""
}

// withSlash adds the slash that some paths end in on the wire.
func withSlash(path string) string {
	if slices.Contains(slashed[:], path) {
		return path + "/"
	}
	return path
}

// readUnsigned takes in a success that WeChat Pay does not sign, or that is a file: where the
// answer is none, unsigned is false. A file may prove itself by a hash that is signed in its place.
//
// https://pay.weixin.qq.com/wiki/doc/api/wxpay/en/fusion_wallet/QuickPay/chapter8_5.shtml
func (c *call) readUnsigned(response *http.Response) (result *Result, unsigned bool, err error) {
	e := exchangeOf(c.method, c.path)
	if response.StatusCode != http.StatusOK || !e.unsigned && e.kind != kindFile {
		return nil, false, nil
	}
	signed := response.Header.Get(wire.HeaderSignature) != ""
	value := response.Header.Get(e.hashHeader)
	if e.hashHeader == "" && signed || e.hashHeader != "" && value == "" {
		return nil, false, nil
	}
	read := readWhole
	if e.kind != kindFile {
		read = readBody
	}
	body, err := read(response)
	if err != nil {
		return nil, true, c.cutShort(err)
	}
	result = &Result{Status: response.StatusCode, Header: response.Header, Body: body, call: c, unsigned: true}
	if e.hashHeader == "" {
		return result, true, nil
	}
	want, err := hex.DecodeString(value)
	if err != nil || len(want) != sha1.Size {
		return nil, true, c.wrongFile(result.RequestID(), "the header "+e.hashHeader+" is not a SHA1 in hexadecimal")
	}
	if err := c.verify(true, response.Header, []byte(`{"sha1":"`+value+`"}`)); err != nil {
		return nil, true, c.unproven(err, response.StatusCode)
	}
	if sum := sha1.Sum(body); !slices.Equal(sum[:], want) {
		return nil, true, c.wrongFile(result.RequestID(),
			"the file is not the one WeChat Pay gave the hash of: it was cut short or changed on the way")
	}
	result.unsigned, result.hash = false, "SHA1"
	return result, true, nil
}

// wrongFile is the error of a file that is not the one whose hash was signed.
func (c *call) wrongFile(requestID, problem string) error {
	return &SignatureError{Operation: c.operation(), Check: CheckHash, RequestID: c.without(requestID),
		Problem: problem, Hint: "ask for it again and do not use this one"}
}

// DeleteWith sends a DELETE that has a body, as a few endpoints want it.
func (e Chain) DeleteWith(ctx context.Context, body any, opts ...Option) (*Result, error) {
	return e.call(http.MethodDelete, body, opts).do(ctx)
}

// DeleteWithAsync is DeleteWith as a promise.
func (e Chain) DeleteWithAsync(ctx context.Context, body any, opts ...Option) *Promise[*Result] {
	return e.async(ctx, http.MethodDelete, body, opts)
}
