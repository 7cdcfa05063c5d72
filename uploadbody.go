package wxpay

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// contentTypes are those of what WeChat Pay takes; any other file is bytes.
var contentTypes = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".bmp": "image/bmp", ".pdf": "application/pdf",
	".csv": "text/csv", ".txt": "text/plain", ".mp4": "video/mp4", ".m4v": "video/x-m4v", ".f4v": "video/x-f4v",
	".mpeg": "video/mpeg", ".mov": "video/quicktime", ".avi": "video/x-msvideo", ".wmv": "video/x-ms-wmv",
	".mkv": "video/x-matroska", ".flv": "video/x-flv", ".rmvb": "application/vnd.rn-realmedia-vbr",
}

// contentType is that of the whole body.
func (u *upload) contentType() string { return "multipart/form-data; boundary=" + u.boundary }

// around are the bytes before the file and after it. In APIv3 what is signed is the text of the
// part meta, to the byte.
func (u *upload) around(c *call) (head, tail []byte) {
	var b bytes.Buffer
	part := func(name, more, kind string) {
		b.WriteString("--" + u.boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"" + more + "\r\n")
		if kind != "" {
			b.WriteString("Content-Type: " + kind + "\r\n")
		}
		b.WriteString("\r\n")
	}
	if c.isV2() {
		for _, name := range slices.Sorted(maps.Keys(c.fields)) {
			part(quotedName(name), "", "")
			b.WriteString(c.fields[name] + "\r\n")
		}
	} else {
		part("meta", "", "application/json")
		b.Write(c.body)
		b.WriteString("\r\n")
	}
	for _, p := range u.parts {
		part(quotedName(p[0]), "", "")
		b.WriteString(p[1] + "\r\n")
	}
	kind := contentTypes[strings.ToLower(path.Ext(u.file.name))]
	if kind == "" {
		kind = "application/octet-stream"
	}
	part(u.form.part, `; filename="`+quotedName(u.file.name)+`"`, kind)
	return b.Bytes(), []byte("\r\n--" + u.boundary + "--\r\n")
}

// quotedName is a name within the quotes of a header.
func quotedName(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A").Replace(s)
}

// carry sets the body of a request, which is read from the file as it goes.
func (u *upload) carry(c *call, r *http.Request) {
	head, tail := u.around(c)
	r.ContentLength = int64(len(head)) + u.file.size + int64(len(tail))
	f := c.flight // the call has another when it goes out again
	next := func() (io.ReadCloser, error) {
		file, ok := u.file.readerOf(f)
		if !ok {
			return nil, errOver
		}
		if u.progress != nil {
			u.progress(0, u.file.size)
			file = &counted{of: file, total: u.file.size, tell: u.progress}
		}
		return &streamed{of: u, body: bodyReader{flight: f}, all: io.MultiReader(bytes.NewReader(head), file,
			bytes.NewReader(tail))}, nil
	}
	r.Body, _ = next() // nobody has reported this attempt yet
	r.GetBody = next
}

// streamed is a bodyReader of bytes that do not lie in memory.
type streamed struct {
	of   *upload
	body bodyReader
	all  io.Reader
}

// Read may run in a goroutine of the transport's, where a panic of the caller's reader or of a
// function of Progress would end the process: the call has it instead.
func (s *streamed) Read(p []byte) (n int, err error) {
	if !s.body.begin() {
		return 0, errOver
	}
	if panicked := guard(func() { n, err = s.all.Read(p) }); panicked != nil {
		s.of.panicked.CompareAndSwap(nil, panicked)
		return 0, errors.New("the file's reader, or the function of Progress, panicked")
	}
	return n, err
}

// settle goes on with a panic that the transport met, in the goroutine of the call.
func (u *upload) settle() {
	if u == nil {
		return
	}
	if panicked := u.panicked.Load(); panicked != nil {
		panic(panicked.Value)
	}
}

func (*streamed) Close() error { return nil }

// counted tells how much of something was read.
type counted struct {
	of          io.Reader
	done, total int64
	tell        func(done, total int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.of.Read(p)
	if c.done += int64(n); n > 0 {
		c.tell(c.done, c.total)
	}
	return n, err
}
