package wxpay

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// maxReply bounds what is read of a reply. The largest documented JSON reply,
// a list of certificates, is a few tens of kilobytes.
const maxReply = 4 << 20

// call is one call on its way: what is known before anything is signed.
type call struct {
	client  *Client
	own     *identity // that it began with
	method  string
	path    string // with its {variables}
	vars    []variable
	query   []byte // escaped
	header  http.Header
	body    []byte // nil for a call without one
	encrypt []string
	needed  []string // of encrypt, what the body must have
	decrypt []string
	zeros   []string    // of Zero, what was not found yet
	sealed  *sealedFile // of a download
	file    *File       // of an upload
	upload  *upload     // the same, opened
	keyID   string      // of the key that sensitive fields were encrypted to
	began   *keySet     // that was known when it began
	list    *listing    // of a download of certificates
	inClear []string    // what they said

	fields   wire.Fields // the body of an APIv2 call
	signType wire.SignType
	mtls     bool
	problem  string // the first thing found wrong
	cause    error
	flight   *flight // of this attempt
	first    flight
	most     int   // of Attempts, 0 where the client's holds
	way      *pair // the hosts it may go to, and which this attempt took
	side     int
	been     [2]bool // where attempts went before

	members  []member                // of Member
	progress func(done, total int64) // of Progress
}

// fail remembers the first problem; the call then ends before it is sent.
func (c *call) fail(problem string) {
	if c.problem == "" {
		c.problem = problem
	}
}

// unsent is the error of a call that something is wrong with, and nil for one
// that may go.
func (c *call) unsent() error {
	if len(c.zeros) > 0 {
		c.fail("Zero names " + wire.Clip(c.zeros[0], 128) +
			", and no struct of the call has such a field that could be sent")
	}
	if c.problem == "" {
		return nil
	}
	return &RequestError{Operation: c.operation(), Problem: c.problem, err: wire.Hide(spoken(c.cause))}
}

// operation names the call in errors. Values are left out: an openid is one.
func (c *call) operation() string {
	path, _, _ := strings.Cut(strings.Trim(c.path, "/"), "?")
	return c.method + " " + wire.Clip(path, maxPath)
}

const noContext = "the context is nil: give the request's own, or context.Background()"

const noClient = "there is no client: start from a *wxpay.Client made by wxpay.New"

func (c *Client) newCall(method, path string, vars []variable, opts []Option) *call {
	k := &call{client: c, method: method, path: path, vars: vars}
	k.flight = &k.first
	if c == nil || c.keys == nil {
		k.fail(noClient)
	} else {
		k.own, k.began = c.own.Load(), c.keys.live.set.Load()
	}
	for _, o := range opts {
		if o != nil {
			o(k)
		}
	}
	return k
}

// do makes the call, where somebody watches under their eyes.
func (c *call) do(ctx context.Context) (*Result, error) {
	if !c.watched() {
		return c.marked(ctx)
	}
	return observed(ctx, c, c.marked)
}

// carryOut signs, sends, reads and verifies. It is the one story of every call.
func (c *call) carryOut(ctx context.Context) (*Result, error) {
	c.within(ctx)
	if c.file != nil {
		if err := c.attach(ctx); err != nil {
			return nil, err
		}
		defer c.letGo()
	}
	c.onlyForFiles()
	if c.isV2() {
		return c.doV2(ctx)
	}
	uri, query, problem := expandPath(c.path, c.vars)
	c.fail(problem)
	if err := c.knowKeys(ctx); err != nil {
		return nil, err
	}
	c.sealBody()
	if err := c.unsent(); err != nil {
		return nil, err
	}
	uri = withSlash(uri)
	if len(c.query) > 0 {
		if query != "" {
			query += "&"
		}
		query += string(c.query)
	}
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	return c.attempts(ctx, func(ctx context.Context) (*Result, error) {
		response, err := c.send(ctx, uri, query)
		if err != nil {
			return nil, err
		}
		return c.read(response)
	})
}

// send signs and sends.
func (c *call) send(ctx context.Context, uri, query string) (*http.Response, error) {
	if err := c.tooLate(ctx); err != nil {
		return nil, err
	}
	request, err := c.request(uri, query)
	if err != nil {
		return nil, notSent(c.operation(), err)
	}
	return c.roundTrip(ctx, c.client.transport(), &request, c.body)
}

// read takes in the reply within bounds and verifies it: every success, but for those that the
// catalogue says WeChat Pay does not sign, and every refusal that is signed.
func (c *call) read(response *http.Response) (*Result, error) {
	if response.Header.Get(wire.HeaderSignature) == "" || response.Header.Get(statementHash) != "" {
		if result, unsigned, err := c.readUnsigned(response); unsigned {
			return result, err
		}
	}
	body, err := readBody(response)
	if err != nil {
		return nil, c.cutShort(err)
	}
	result := &Result{Status: response.StatusCode, Header: response.Header, Body: body, call: c}
	success := response.StatusCode/100 == 2
	signed := response.Header.Get(wire.HeaderSignature) != "" && (success || c.provable(response.Header))
	if success || signed {
		if err := c.verify(success, response.Header, body); err != nil {
			return nil, c.unproven(err, response.StatusCode)
		}
		if success {
			return result, nil
		}
	}
	return nil, c.refused(result, signed)
}

// unproven is the error of an answer that does not verify.
func (c *call) unproven(err error, status int) error {
	var e *SignatureError
	if errors.As(err, &e) {
		e.Operation = c.operation() + ": HTTP " + strconv.Itoa(status) + " reply"
		told := c.told() // once: of a large body it takes a while
		e.Serial = without(e.Serial, told, len(e.Serial))
		e.RequestID = without(e.RequestID, told, len(e.RequestID))
	}
	return err
}

// within refuses a call without a context, which net/http would panic over.
func (c *call) within(ctx context.Context) {
	if ctx == nil {
		c.fail(noContext)
	}
}

// usualTimeout is how long a call may take whose context has no deadline, unless
// Config.HTTPClient says otherwise.
const usualTimeout = time.Minute

// deadline bounds a call that the caller left without one, and ends with the call what a transport
// still does for it behind its back.
func (c *call) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || c.client.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.client.timeout)
}

// request builds the signed request. The path was escaped by expandPath and is
// given to net/http together with its decoded form, so that the bytes signed
// are the bytes on the request line.
func (c *call) request(uri, query string) (r http.Request, err error) {
	host := c.toward(c.client.hostOf(uri))
	decoded, err := url.PathUnescape(uri)
	if err != nil {
		return r, err
	}
	target := &url.URL{Scheme: host.scheme, Host: host.name, Path: decoded, RawPath: uri, RawQuery: query}
	if query != "" {
		uri += "?" + query
	}
	authorization, err := c.client.authorize(c.own, c.method, uri, c.body)
	if err != nil {
		return r, err
	}
	declared := c.declared()
	values := [2]string{authorization, declared}
	header := make(http.Header, 8)
	header["Accept"] = jsonType
	header["User-Agent"] = c.client.userAgent
	if declared != "" {
		header["Wechatpay-Serial"] = values[1:]
	}
	for name, values := range c.header {
		header[name] = values
	}
	header["Authorization"] = values[:1:1]
	r = http.Request{
		Method: c.method, URL: target, Host: host.name, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	switch {
	case c.upload != nil:
		header["Content-Type"] = []string{c.upload.contentType()}
	case c.body != nil:
		header["Content-Type"] = jsonType
	}
	return r, nil
}

var jsonType = []string{"application/json"}

// scratch holds messages while they are signed.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// authorize signs a request and writes its Authorization header. The message
// and the signature share one pooled buffer.
func (c *Client) authorize(own *identity, method, uri string, body []byte) (string, error) {
	p := scratch.Get().(*[]byte)
	defer scratch.Put(p)
	buf, err := wire.AppendNonce((*p)[:0], c.rand)
	if err != nil {
		return "", err
	}
	drawn := len(buf)
	text := string(strconv.AppendInt(buf, c.now().Unix(), 10))
	nonce, timestamp := text[:drawn], text[drawn:]
	message := wire.AppendRequestMessage(buf[:0], method, uri, timestamp, nonce, body)
	both, err := wire.AppendSignature(message, c.rand, own.key(), message)
	*p = both[:0]
	if err != nil {
		return "", err
	}
	a := wire.Authorization{
		Scheme: wire.Scheme, MchID: c.mchID, Nonce: nonce,
		Timestamp: timestamp, Serial: own.serial,
	}
	return a.Format(both[len(message):]), nil
}

// errTooLarge and errCutShort are what readBody finds wrong itself.
var (
	errTooLarge = errors.New("the reply is larger than " + strconv.Itoa(maxReply>>20) + " MiB")
	errCutShort = errors.New("the reply was cut short")
)

// readBody reads a bounded body and closes it.
func readBody(r *http.Response) ([]byte, error) {
	defer r.Body.Close()
	if r.ContentLength > maxReply {
		return nil, errTooLarge
	}
	if r.ContentLength >= 0 {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, errors.Join(errCutShort, spoken(err))
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxReply+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxReply {
		return nil, errTooLarge
	}
	return body, nil
}
