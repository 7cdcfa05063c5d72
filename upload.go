package wxpay

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/sm3"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// Upload sends a file as a form, with a POST: pictures, videos, invoices, lists.
//
//	r, err := c.Chain("v3/merchant/media/upload").Upload(ctx, wxpay.FileAt("licence.jpg"))
//
// The catalogue says which form an endpoint takes. Of APIv3 the part "meta" is signed, in place of
// the body: the file's name and its hash, SHA256 or what else the endpoint wants, and the further
// members that the option [Member] gives. An endpoint that the catalogue lacks gets the parts "file"
// and "meta" with filename and sha256, as most want it. Of APIv2 the other parts are signed.
//
// A file that is empty, larger than the endpoint takes, or whose name has another ending, and a
// member that is missing, are a [*RequestError], and nothing is sent. The other errors are those of
// [Chain].
//
// Source: https://pay.weixin.qq.com/doc/v3/partner/4012760490
func (e Chain) Upload(ctx context.Context, file File, opts ...Option) (*Result, error) {
	c := e.client.newCall(http.MethodPost, e.path, e.vars, opts)
	c.file = &file
	return c.do(ctx)
}

// UploadAsync is Upload as a promise. The file must stay as it is until the promise is over.
func (e Chain) UploadAsync(ctx context.Context, file File, opts ...Option) *Promise[*Result] {
	c := e.client.newCall(http.MethodPost, e.path, e.vars, opts)
	c.file = &file
	return start(c, func() (*Result, error) { return c.do(ctx) })
}

// Member adds a member to the meta part of [Chain.Upload], where an endpoint wants more than a name
// and a hash: Member("bank_type", "ICBC_DEBIT"). The value is anything that marshals to JSON. Where
// the endpoint wants a part of its own for it, it is that.
func Member(name string, value any) Option {
	return func(c *call) { c.members = append(slices.Clip(c.members), member{name, value}) }
}

// Progress has f told how many bytes of a file have been sent or received, from the goroutine that
// moves them and as often as they move: it must be quick. total is the size of the file, and -1
// where nobody says. It goes back to 0 where net/http begins anew.
func Progress(f func(done, total int64)) Option {
	return func(c *call) { c.progress = f }
}

// onlyForFiles refuses what means nothing to a call without a file.
func (c *call) onlyForFiles() {
	switch {
	case c.sealed != nil:
		c.fail("SealedFile is for Client.Download: leave it out")
	case c.upload == nil && (c.members != nil || c.progress != nil):
		c.fail("wxpay.Member and wxpay.Progress are for uploads and downloads: leave them out")
	}
}

type member struct {
	name  string
	value any
}

// uploadForm is the form of a body with a file, as the catalogue has it.
type uploadForm struct {
	part               string      // that is the file
	name               string      // the member with the file's name, "" for none
	digest, algorithm  string      // the member, or in APIv2 the part, with its hash
	fixed              [][2]string // members that are always the same
	required, optional []string    // members beside those
	parts              []string    // further parts
	encrypted          []string    // JSON pointers
	max                int64       // bytes, 0 where no page says
	extensions         []string    // none where no page says
}

var (
	usualForm   = uploadForm{part: "file", name: "filename", digest: "sha256", algorithm: "SHA256"}
	usualFormV2 = uploadForm{part: "media", digest: "media_hash", algorithm: "MD5"}
)

// maxUpload bounds a file where no page says how large it may be.
const maxUpload = 64 << 20

// upload is a body with a file, on its way.
type upload struct {
	form     *uploadForm
	file     *fileSource
	hash     string
	boundary string
	parts    [][2]string
	progress func(done, total int64)
	panicked atomic.Pointer[PanicError] // what the caller's code did while the body was read
}

// attach opens and hashes a file and writes meta, or fails the call. The error is that of a context
// that ended before anything was sent.
func (c *call) attach(ctx context.Context) error {
	if c.problem != "" {
		return nil
	}
	form := exchangeOf(c.method, c.path).upload
	switch {
	case form != nil:
	case c.isV2():
		form = &usualFormV2
	default:
		form = &usualForm
	}
	if c.file.open == nil {
		c.fail("there is no file: make one with FileAt, FileOf or FileFrom")
		return nil
	}
	source, err := c.file.open()
	if err != nil {
		c.fail("the file cannot be read: " + whyNot(err))
		c.cause = err
		return nil
	}
	u := &upload{form: form, file: source, progress: c.progress}
	c.upload = u
	if problem := form.refuses(source); problem != "" {
		c.fail(problem)
		return nil
	}
	if u.hash, err = hashOfFile(ctx, source, newHash(form.algorithm)); err != nil {
		if late := c.tooLate(ctx); late != nil {
			source.end()
			return late
		}
		c.fail("the file cannot be read: " + whyNot(err))
		c.cause = err
		return nil
	}
	boundary, err := wire.AppendNonce(nil, c.client.rand)
	if err != nil {
		c.fail(quiet(err))
		c.cause = err
		return nil
	}
	if u.boundary = "wxpay" + string(boundary); c.isV2() {
		c.fields = u.fields(c)
	} else {
		c.body = u.meta(c)
		c.encrypt = append(slices.Clip(c.encrypt), form.encrypted...)
	}
	return nil
}

// letGo ends with the file.
func (c *call) letGo() {
	if c.upload != nil {
		c.upload.file.end()
	}
}

// refuses says what an endpoint does not take of a file.
func (f *uploadForm) refuses(s *fileSource) string {
	limit := cmp.Or(f.max, maxUpload)
	switch extension := strings.ToLower(strings.TrimPrefix(path.Ext(s.name), ".")); {
	case s.size == 0:
		return "the file is empty"
	case s.size > limit:
		return fmt.Sprintf("the file has %d bytes, and the endpoint takes at most %d", s.size, limit)
	case s.name == "" || !utf8.ValidString(s.name) || strings.ContainsFunc(s.name, isControl) || len(s.name) > 255:
		return "the file's name is empty, too long or not plain text: give another with FileOf or FileFrom"
	case len(f.extensions) > 0 && !slices.Contains(f.extensions, extension):
		return "the endpoint takes files whose names end in ." + strings.Join(f.extensions, ", .") +
			": give another name with FileOf or FileFrom if the file is of that kind"
	}
	return ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// newHash is the hash of an algorithm as WeChat Pay names it, nil for one that is not known.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "SHA1":
		return sha1.New()
	case "SHA256":
		return sha256.New()
	case "SM3":
		return sm3.New()
	case "MD5":
		return md5.New()
	}
	return nil
}

func hashOfFile(ctx context.Context, s *fileSource, h hash.Hash) (string, error) {
	r := s.reader()
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		switch _, err := io.CopyN(h, r, 1<<20); {
		case err == io.EOF:
			return hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", err
		}
	}
}

// meta is the JSON that is signed. What it lacks, or has twice, fails the call.
func (u *upload) meta(c *call) []byte {
	form := u.form
	own := [][2]string{{form.digest, u.hash}}
	if form.name != "" {
		own = slices.Insert(own, 0, [2]string{form.name, u.file.name})
	}
	own = append(own, form.fixed...)
	var b bytes.Buffer
	given := map[string]bool{}
	add := func(name string, value any) {
		if given[name] {
			c.fail("the member " + wire.Clip(name, 64) + " is given twice, or the client fills it in by itself")
			return
		}
		given[name] = true
		b.WriteByte(",{"[btoi(b.Len() == 0)])
		for i, v := range []any{name, value} {
			raw, err := marshalPlain(v)
			if err != nil {
				c.fail("the member " + wire.Clip(name, 64) + " does not marshal to JSON: " + unmarshallable(err))
				c.cause = err
				return
			}
			b.Write(raw)
			if i == 0 {
				b.WriteByte(':')
			}
		}
	}
	for _, m := range own {
		add(m[0], m[1])
	}
	for _, m := range append(membersIn(c.body), c.members...) {
		if part := slices.Contains(form.parts, m.name); part {
			u.parts = append(u.parts, [2]string{m.name, textOf(m.value)})
			if !slices.Contains(form.required, m.name) {
				given[m.name] = true
				continue
			}
		}
		add(m.name, m.value)
	}
	for _, name := range slices.Concat(form.required, form.parts) {
		if !given[name] {
			c.fail("the endpoint wants " + name + " besides: add wxpay.Member(\"" + name + "\", value)")
		}
	}
	b.WriteByte('}')
	return b.Bytes()
}

// membersIn are the members of the body of a typed upload, in their order.
func membersIn(body []byte) (all []member) {
	d := json.NewDecoder(bytes.NewReader(body))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if text, ok := name.(string); err == nil && ok && d.Decode(&value) == nil {
			all = append(all, member{text, value})
			continue
		}
		return nil
	}
	return all
}

// textOf is a value as a part of its own has it.
func textOf(value any) string {
	if raw, ok := value.(json.RawMessage); ok {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		return text
	}
	return fmt.Sprint(value)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// marshalPlain is json.Marshal without its escapes for HTML.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// fields are the parts of APIv2 beside the file, which are signed as a message is.
func (u *upload) fields(c *call) wire.Fields {
	fields := wire.Fields{u.form.digest: u.hash, "sign_type": string(cmp.Or(c.signType, wire.SignMD5))}
	for _, m := range c.members {
		if fields[m.name] != "" {
			c.fail("the member " + wire.Clip(m.name, 64) + " is given twice, or the client fills it in by itself")
		}
		fields[m.name] = textOf(m.value)
	}
	return fields
}
