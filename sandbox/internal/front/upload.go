package front

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/sm3"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// An upload is a form with a file. What is signed, checked and written down is its part meta; the
// file is hashed and compared with what meta says.
// https://pay.weixin.qq.com/doc/v3/partner/4012760490

// form is the body of an upload, taken apart.
type form struct {
	whole    []byte
	name     string // of the file
	content  []byte
	parts    map[string]string // but the file
	problem  string            // what is wrong with the body
	declared string            // how the caller says it is written
}

// uploadSlack is what a form may have around a file, and unlimitedUpload how large a file may be
// where no page says.
const (
	uploadSlack     = 64 << 10
	unlimitedUpload = 16 << 20
)

// mostParts is far more than the parts of any form.
const mostParts = 64

// readUpload takes the body of an upload in, up to a limit of its own.
func (fr *Front) readUpload(x *exchange, u *catalogue.Upload) *engine.Refusal {
	limit := u.MaxBytes
	if limit == 0 {
		limit = unlimitedUpload
	}
	// Twice, for what is too large is told so by name.
	whole, unreadable := readBounded(x.request, max(fr.MaxBody, 2*limit+uploadSlack))
	if unreadable != nil {
		return unreadable
	}
	x.form = &form{whole: whole, parts: map[string]string{}, declared: x.request.Header.Get("Content-Type")}
	x.form.read(u)
	if x.body = []byte(x.form.parts["meta"]); len(x.body) == 0 {
		x.body = whole // as of any other call
	}
	return nil
}

// read takes the form apart, or says what is wrong with it.
func (f *form) read(u *catalogue.Upload) {
	kind, parameters, err := parseBounded(f.declared)
	if err != nil || kind != "multipart/form-data" || parameters["boundary"] == "" {
		f.problem = "an upload is sent with Content-Type: multipart/form-data and a boundary"
		return
	}
	r := multipart.NewReader(bytes.NewReader(f.whole), parameters["boundary"])
	found := false
	for n := 0; ; n++ {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if n == mostParts { // nobody has proved yet who they are, and each costs many times its bytes
			f.problem = fmt.Sprintf("the form has more than %d parts; no endpoint takes so many", mostParts)
			return
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(part)
		}
		if err != nil {
			f.problem = "the form does not take apart: its boundary, or its end, is not where it should be"
			return
		}
		kind, said, err := parseBounded(part.Header.Get("Content-Disposition"))
		switch {
		case errors.Is(err, errLongHeader):
			f.problem = err.Error()
			return
		case kind != "form-data":
			said = nil
		}
		switch name := said["name"]; {
		case name == u.Part && !found:
			found, f.name, f.content = true, said["filename"], content
		case name == u.Part, f.has(name):
			f.problem = "the form has the part " + shown.Value(name) + " twice"
			return
		default:
			f.parts[name] = string(content)
		}
	}
	if !found {
		f.problem = "the form has no part " + u.Part + ", which is the file"
	}
}

func (f *form) has(name string) bool {
	_, given := f.parts[name]
	return given
}

// longestParameters is far more than a header of a form has, in bytes. Parsing one costs hundreds
// of times its length in memory, and the square of it in time.
const longestParameters = 2 << 10

var errLongHeader = fmt.Errorf("a header of the form is longer than %d bytes", longestParameters)

// parseBounded parses a header with parameters.
func parseBounded(header string) (kind string, parameters map[string]string, err error) {
	if len(header) > longestParameters {
		return "", nil, errLongHeader
	}
	return mime.ParseMediaType(header)
}

// checkUpload compares the file with what was signed of it, and with what the endpoint takes.
func (x *exchange) checkUpload(u *catalogue.Upload) *engine.Refusal {
	f := x.form
	refuse := func(message, hint string, about ...any) *engine.Refusal {
		return engine.BadParam(message).Hinting(fmt.Sprintf(hint, about...))
	}
	if f.problem != "" {
		return refuse("Http头Content-Type或表单不正确", "%s", f.problem)
	}
	var meta map[string]json.RawMessage
	if err := json.Unmarshal(x.body, &meta); err != nil {
		return refuse("meta不是合法的JSON", "the part meta is not a JSON object")
	}
	said := func(member string) (text string) {
		_ = json.Unmarshal(meta[member], &text)
		return text
	}
	limit := u.MaxBytes
	if limit == 0 {
		limit = unlimitedUpload
	}
	sum := hashOf(u.Algorithm, f.content)
	switch size := int64(len(f.content)); {
	case size == 0:
		return refuse("文件内容为空", "the part %s is empty", u.Part)
	case size > limit:
		return refuse("文件大小超过限制", "the file has %d bytes, and the endpoint takes at most %d", size, limit)
	case f.name == "":
		return refuse("文件名为空", "the part %s has no filename", u.Part)
	case u.Name != "" && !takes(u, said(u.Name)):
		return refuse("文件类型不支持", "the endpoint takes files whose names end in %s, and %s of meta does not",
			strings.Join(u.Extensions, ", "), u.Name)
	case u.Name == "" && !takes(u, f.name):
		return refuse("文件类型不支持", "the endpoint takes files whose names end in %s", strings.Join(u.Extensions, ", "))
	case !strings.EqualFold(said(u.Digest), sum):
		return refuse("文件摘要不匹配", "%s of meta is not the %s of the file that came, which is %s", u.Digest, u.Algorithm,
			sum)
	}
	for _, fixed := range u.Fixed {
		if said(fixed[0]) != fixed[1] {
			return refuse("参数错误", "%s of meta is %s", fixed[0], fixed[1])
		}
	}
	for _, name := range u.Parts {
		if !f.has(name) {
			return refuse("参数错误", "the form has no part %s", name)
		}
	}
	return nil
}

func takes(u *catalogue.Upload, name string) bool {
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	return len(u.Extensions) == 0 || slices.Contains(u.Extensions, extension)
}

func hashOf(algorithm string, content []byte) string {
	switch algorithm {
	case "MD5":
		sum := md5.Sum(content)
		return hex.EncodeToString(sum[:])
	case "SM3":
		h := sm3.New()
		_, _ = h.Write(content) // a hash takes everything
		return hex.EncodeToString(h.Sum(nil))
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// withParts is what the catalogue checks of an upload: meta, and the parts beside it.
func (x *exchange) withParts(u *catalogue.Upload) []byte {
	var meta map[string]json.RawMessage
	if len(u.Parts) == 0 || json.Unmarshal(x.body, &meta) != nil || meta == nil {
		return x.body
	}
	for _, name := range u.Parts {
		if meta[name] == nil && x.form.has(name) {
			meta[name], _ = json.Marshal(x.form.parts[name]) // a string always marshals
		}
	}
	all, err := json.Marshal(meta)
	if err != nil {
		return x.body
	}
	return all
}

// explainUpload says of a wrong signature what is wrong with the form that it is of.
func (x *exchange) explainUpload(refused *engine.Refusal) *engine.Refusal {
	if refused != nil && x.form != nil && refused.Status == http.StatusUnauthorized && x.form.problem != "" {
		refused.Hint += "; of an upload the text of the part meta is signed, and " + x.form.problem
	}
	return refused
}
