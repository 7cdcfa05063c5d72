package wxpay_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// tracked is an answer's, which tells whether it was closed, and may end in an error.
type tracked struct {
	io.Reader
	closed *atomic.Int32
}

func (b tracked) Close() error { b.closed.Add(1); return nil }

// Whatever becomes of an answer its body is closed, or the connection would be lost.
func TestTheBodyOfEveryAnswerIsClosed(t *testing.T) {
	t.Parallel()
	const bill = "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x"
	for name, c := range map[string]struct {
		answer func() *http.Response
		fails  bool
		fetch  bool
	}{
		"a success":           {func() *http.Response { return signedReply(200, `{"a":1}`) }, false, false},
		"nothing":             {func() *http.Response { return signedReply(204, "") }, false, false},
		"a refusal":           {func() *http.Response { return signedReply(404, `{"code":"NOT_FOUND"}`) }, true, false},
		"a gateway's page":    {func() *http.Response { return reply(403, nil, "<html>") }, true, false},
		"a redirect":          {func() *http.Response { return reply(302, nil, "") }, true, false},
		"signed by nobody":    {func() *http.Response { return reply(200, nil, "{}") }, true, false},
		"too large to read":   {func() *http.Response { return longer(signedReply(200, "{}"), 1<<40) }, true, false},
		"cut short":           {func() *http.Response { return longer(signedReply(200, "{}"), 100) }, true, false},
		"a connection breaks": {func() *http.Response { return severed(signedReply(200, "{}")) }, true, false},
		"a file":              {func() *http.Response { return reply(200, nil, "bill") }, false, true},
		"another file":        {func() *http.Response { return reply(200, nil, "llib") }, true, true},
		"no file":             {func() *http.Response { return reply(404, nil, "{}") }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answered, closed atomic.Int32
			client := clientOver(t, func(*http.Request) (*http.Response, error) {
				r := c.answer()
				r.Body = tracked{r.Body, &closed}
				answered.Add(1)
				return r, nil
			})
			var err error
			if c.fetch {
				_, err = client.Download(bg, bill, "SHA1", "c692d6a10598e0a801576fdd4ecf3c37e45bfbc4")
			} else {
				_, err = client.Chain("v3/x").Delete(bg)
			}
			if (err != nil) != c.fails {
				t.Errorf("got %v", err)
			}
			if answered.Load() == 0 || closed.Load() < answered.Load() {
				t.Errorf("%d answers came, %d bodies were closed", answered.Load(), closed.Load())
			}
		})
	}
}

// longer is an answer that announces more than it has.
func longer(r *http.Response, bytes int64) *http.Response {
	r.ContentLength = bytes
	return r
}

// severed is an answer whose connection breaks while it is read.
func severed(r *http.Response) *http.Response {
	r.ContentLength = -1
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), failing{}))
	return r
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("reset by peer") }
