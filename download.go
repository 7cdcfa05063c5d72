package wxpay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// maxStream bounds a file that is taken in bit by bit.
const maxStream = 8 << 30

// DownloadTo is [Client.Download] into w, bit by bit, of at most 8 GiB; it says how many bytes of
// the plain file went there. What has been written is not checked before the end of the file: where
// an error comes back, drop it. w fails the call with a [*TransportError]. A file that comes
// encrypted ([SealedFile]) is written after it was opened as a whole, and has at most 256 MiB.
func (c *Client) DownloadTo(ctx context.Context, w io.Writer, downloadURL, hashType, hashValue string, opts ...Option) (
	n int64, err error) {
	return c.download(ctx, w, maxStream, downloadURL, hashType, hashValue, opts)
}

// download is the one story of every download, of limit bytes at most.
func (c *Client) download(ctx context.Context, w io.Writer, limit int64, downloadURL, hashType, hashValue string,
	opts []Option) (n int64, err error) {
	k, u := c.newDownload(ctx, downloadURL, hashType, hashValue, opts)
	want, _ := hex.DecodeString(hashValue)
	fetch := func(ctx context.Context) (int64, error) { return k.fetch(ctx, w, limit, u, hashType, want) }
	if k.watched() {
		return observed(ctx, k, fetch)
	}
	return fetch(ctx)
}

// fetch gets the file, and checks it while it is written.
func (c *call) fetch(ctx context.Context, w io.Writer, limit int64, u *url.URL, hashType string, want []byte) (n int64,
	err error) {
	if err := c.unsent(); err != nil {
		return 0, err
	}
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	var response *http.Response
	// What has begun to be written is not begun anew.
	if _, err := c.attempts(ctx, func(ctx context.Context) (_ *Result, err error) {
		if response, err = c.send(ctx, u.EscapedPath(), u.RawQuery); err != nil {
			return nil, err
		}
		if response.StatusCode == http.StatusOK {
			return &Result{Status: response.StatusCode, Header: response.Header}, nil
		}
		if _, err = c.read(response); err == nil { // genuine, and no file
			err = c.cutShort(errNoFile)
		}
		return nil, err
	}); err != nil {
		return 0, err
	}
	defer response.Body.Close()
	sum := newHash(hashType)
	n, err = c.copyFile(w, response, sum, limit)
	id := response.Header.Get(wire.HeaderRequestID)
	var damaged *damagedFile
	switch {
	case errors.As(err, &damaged):
		return n, c.wrongFile(id, "the file does not unpack: "+damaged.err.Error())
	case err != nil:
		return n, err
	case sum != nil && !bytes.Equal(sum.Sum(nil), want):
		return n, c.wrongFile(id, "the file is not the one WeChat Pay gave the hash of: it was cut short or changed "+
			"on the way, or the hash is another file's")
	}
	return n, nil
}

// DownloadFile is [Client.DownloadTo] into a file. It is written under another name beside it and
// takes its own when all of it is there and checked: nothing is left behind of one that failed, and
// a file that was there before stays until then. A folder, a link, a device or a pipe is refused.
func (c *Client) DownloadFile(ctx context.Context, path, downloadURL, hashType, hashValue string, opts ...Option) (
	n int64, err error) {
	if there, err := os.Lstat(path); err == nil && !there.Mode().IsRegular() {
		return 0, &fs.PathError{Op: "download", Path: path, Err: errors.New("it is no plain file: give the name of " +
			"a new one, or use DownloadTo")}
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".wxpay-*.part")
	if err != nil {
		return 0, err
	}
	done := false // also where a function of the caller's panics
	defer func() {
		if !done {
			_ = temporary.Close()
			_ = os.Remove(temporary.Name())
		}
	}()
	if n, err = c.DownloadTo(ctx, temporary, downloadURL, hashType, hashValue, opts...); err != nil {
		return n, err
	}
	if err = errors.Join(temporary.Sync(), temporary.Close()); err != nil {
		return n, err
	}
	err = os.Rename(temporary.Name(), path)
	done = err == nil
	return n, err
}

// newDownload is the call of a download, and what is wrong with it.
func (c *Client) newDownload(ctx context.Context, downloadURL, hashType, hashValue string, opts []Option) (k *call,
	u *url.URL) {
	u, problem := c.fileURL(downloadURL)
	path := "v3/billdownload/file"
	if problem == "" {
		path = u.Path
	}
	k = c.newCall(http.MethodGet, path, nil, opts)
	k.within(ctx)
	k.fail(problem)
	known := newHash(hashType)
	switch {
	case hashType == "" && hashValue == "" && problem == "" && exchangeOf(k.method, path).hash == "":
	case known == nil || hashType == "MD5":
		k.fail("hash type " + strconv.Quote(wire.Clip(hashType, 16)) +
			" is not known, want SHA1, SHA256 or SM3: take it from the reply that gave the address")
	case !isHash(hashValue, known):
		k.fail("the hash is not " + strconv.Itoa(2*known.Size()) +
			" hexadecimal digits: take it from the reply that gave the address")
	}
	switch {
	case len(k.query) > 0:
		k.fail("a download takes no query but that of its address")
	case len(k.vars) > 0:
		k.fail("a wxpay.Path(name, value) names no variable: the address of a download has none")
	case len(k.encrypt)+len(k.decrypt) > 0:
		k.fail("wxpay.Encrypt and wxpay.Decrypt are for fields of JSON, which a download has not: leave them out")
	case k.members != nil:
		k.fail("wxpay.Member is for uploads: leave it out")
	}
	return k, u
}

func isHash(value string, of hash.Hash) bool {
	sum, err := hex.DecodeString(value)
	return err == nil && len(sum) == of.Size()
}

// fileURL checks an address to download from.
func (c *Client) fileURL(address string) (u *url.URL, problem string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || !isPlain(address) {
		return nil, "the address is not a download_url"
	}
	known := c != nil && (u.Host == c.host.name || u.Host == c.global.name || c.pair.has(u.Host))
	for _, host := range []string{DefaultHost, BackupHost, DefaultGlobalHost} {
		known = known || u.Scheme+"://"+u.Host == host
	}
	e := exchangeOf(http.MethodGet, u.EscapedPath())
	switch {
	case !known:
		return nil, "the address is neither at the client's host nor at WeChat Pay's: a signed call goes nowhere else"
	case e.kind != kindFile || e.hashHeader != "" || strings.HasSuffix(u.Path, "/"):
		return nil, "the address is not of a file, such as that of a bill: every other reply is verified by its " +
			"signature"
	case u.RawQuery == "" && !strings.Contains(e.path, "{"):
		return nil, "the address has no token: give download_url as it came"
	}
	return u, ""
}

// damagedFile is a file that does not unpack.
type damagedFile struct{ err error }

func (d *damagedFile) Error() string { return d.err.Error() }

// copyFile writes the plain file of an answer, and its hash.
func (c *call) copyFile(w io.Writer, response *http.Response, sum hash.Hash, limit int64) (int64, error) {
	if c.sealed != nil {
		limit = maxFile
	}
	if response.ContentLength > limit {
		return 0, c.cutShort(tooLarge(limit))
	}
	var raw io.Reader = &whole{of: response.Body}
	if c.progress != nil {
		c.progress(0, response.ContentLength)
		raw = &counted{of: raw, total: response.ContentLength, tell: c.progress}
	}
	if c.sealed != nil {
		sealed, err := readFile(raw)
		if err != nil {
			return 0, c.cutShort(err)
		}
		if sealed, err = c.sealed.open(c.own.key(), sealed); err != nil {
			return 0, err
		}
		raw = bytes.NewReader(sealed)
	}
	if hash := exchangeOf(c.method, c.path).hash; hash == "SHA1" { // a bill, whose hash is of it unpacked
		var err error
		if raw, err = unpacked(raw); err != nil {
			return 0, c.damaged(err)
		}
	}
	to := &target{w: w}
	if sum != nil {
		raw = io.TeeReader(raw, sum)
	}
	n, err := io.Copy(to, io.LimitReader(raw, limit))
	switch {
	case to.err != nil:
		return n, c.cutShort(to.err)
	case err != nil:
		return n, c.damaged(err)
	case n == limit:
		if more, _ := io.ReadFull(raw, make([]byte, 1)); more > 0 {
			return n, c.cutShort(tooLarge(limit))
		}
	}
	return n, nil
}

// damaged tells a file that does not unpack from an answer that ended too early.
func (c *call) damaged(err error) error {
	var broken *brokenOff
	if errors.As(err, &broken) {
		return c.cutShort(broken.err)
	}
	return &damagedFile{err}
}

// unpacked unpacks what is packed. A bill is text, which never begins so.
func unpacked(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if begin, err := b.Peek(2); err != nil && err != io.EOF || !bytes.Equal(begin, []byte{0x1f, 0x8b}) {
		if err != nil && err != io.EOF {
			return nil, err
		}
		return b, nil
	}
	return gzip.NewReader(b)
}

// whole marks the errors of a connection, which a packed file would hide among its own.
type whole struct{ of io.Reader }

func (r *whole) Read(p []byte) (int, error) {
	n, err := r.of.Read(p)
	if err != nil && err != io.EOF {
		err = &brokenOff{err}
	}
	return n, err
}

type brokenOff struct{ err error }

func (b *brokenOff) Error() string { return b.err.Error() }
func (b *brokenOff) Unwrap() error { return b.err }

// target remembers that it was the writer that failed.
type target struct {
	w   io.Writer
	err error
}

func (t *target) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	t.err = err
	return n, err
}
