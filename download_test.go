package wxpay_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
)

const receiptURL = "https://api.mch.weixin.qq.com/v3/transferdownload/signfile?token=X8Uk3sD4a4eZVPTBvqNDoUqcYMlZ9uuD"

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// A file goes to the writer bit by bit; to a path it goes by another name, which is gone
// afterwards.
func TestDownloadToAndFile(t *testing.T) {
	t.Parallel()
	const sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" // of abc, by the standard
	for name, row := range map[string]struct{ address, kind, hash, answer, want string }{
		"a packed bill":                  {billURL, "SHA1", hashOf(billText), gzipped(billText), billText},
		"a receipt":                      {receiptURL, "SHA256", sha256Of("%PDF-1.7"), "%PDF-1.7", "%PDF-1.7"},
		"a receipt that is packed stays": {receiptURL, "SHA256", sha256Of(gzipped("x")), gzipped("x"), gzipped("x")},
		"SM3":                            {receiptURL, "SM3", sm3, "abc", "abc"},
		"an invoice, of which no hash is given": {
			"https://api.mch.weixin.qq.com/v3/new-tax-control-fapiao/download?token=1", "", "", "%PDF", "%PDF"},
		"a picture": {"https://api.mch.weixin.qq.com/v3/merchant-service/images/ABC", "", "", "PNG", "PNG"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientOver(t, func(*http.Request) (*http.Response, error) { return reply(200, nil, row.answer), nil })
			var to bytes.Buffer
			var last, total int64
			n, err := c.DownloadTo(t.Context(), &to, row.address, row.kind, row.hash,
				wxpay.Progress(func(done, of int64) { last, total = done, of }))
			if err != nil || to.String() != row.want || n != int64(len(row.want)) {
				t.Errorf("to a writer: %q, %d, %v", to.String(), n, err)
			}
			if last != int64(len(row.answer)) || total != -1 && total != last {
				t.Errorf("told %d of %d", last, total)
			}
			path := filepath.Join(t.TempDir(), "file")
			if n, err = c.DownloadFile(t.Context(), path, row.address, row.kind, row.hash); err != nil ||
				n != int64(len(row.want)) {
				t.Errorf("to a file: %d, %v", n, err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != row.want {
				t.Errorf("the file has %q, %v", got, err)
			}
			wantOnly(t, path)
		})
	}
}

func wantOnly(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("there are %v, %v", entries, err)
	}
}

// Whatever goes wrong, what was there before stays, and nothing is left beside it.
func TestADownloadThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func() *http.Response{
		"another file": func() *http.Response { return reply(200, nil, billText+"x") },
		"no packing":   func() *http.Response { return reply(200, nil, gzipped(billText)[:20]) },
		"cut off": func() *http.Response {
			r := reply(200, nil, "")
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(billText[:9]), stuck{}))
			return r
		},
		"cut off while packed": func() *http.Response {
			r := reply(200, nil, "")
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(gzipped(billText)[:20]), stuck{}))
			return r
		},
		"refused": func() *http.Response {
			return signedReply(400, `{"code":"INVALID_REQUEST","message":"下载链接过期"}`)
		},
		"a proxy": func() *http.Response { return reply(502, nil, "<html>") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientOver(t, func(*http.Request) (*http.Response, error) { return answer(), nil })
			path := filepath.Join(t.TempDir(), "bill.csv")
			if err := os.WriteFile(path, []byte("yesterday's"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := c.DownloadFile(t.Context(), path, billURL, "SHA1", hashOf(billText))
			var forged *wxpay.SignatureError
			var lost *wxpay.TransportError
			if isForged, isLost := errors.As(err, &forged), errors.As(err, &lost); err == nil ||
				isForged != (name == "another file" || name == "no packing") ||
				isLost != strings.HasPrefix(name, "cut off") {
				t.Errorf("got %T %v", err, err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != "yesterday's" {
				t.Errorf("the file has %q, %v", got, err)
			}
			wantOnly(t, path)
		})
	}
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return reply(200, nil, billText), nil })
	_, err := c.DownloadTo(t.Context(), stuckWriter{}, billURL, "SHA1", hashOf(billText))
	if lost := new(wxpay.TransportError); !errors.As(err, &lost) || !errors.Is(err, errFull) {
		t.Errorf("a writer that fails: %v", err)
	}
	nowhere := filepath.Join(t.TempDir(), "no", "such", "bill.csv")
	_, err = c.DownloadFile(t.Context(), nowhere, billURL, "SHA1", hashOf(billText))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// What is there under the name and is no plain file stays what it is.
func TestADownloadReplacesPlainFilesAlone(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		t.Error("it was fetched")
		return reply(200, nil, billText), nil
	})
	folder := t.TempDir()
	link := filepath.Join(folder, "link")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{link, folder, os.DevNull} {
		before, _ := os.Lstat(path)
		_, err := c.DownloadFile(t.Context(), path, billURL, "SHA1", hashOf(billText))
		after, gone := os.Lstat(path)
		if err == nil || !strings.Contains(err.Error(), "no plain file") || gone != nil ||
			after.Mode() != before.Mode() {
			t.Errorf("%s: %v, %v", path, err, gone)
		}
	}
	wantOnly(t, link)
}

// Nor does one whose function panics.
func TestADownloadThatPanicsLeavesNothing(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return reply(200, nil, billText), nil })
	path := filepath.Join(t.TempDir(), "bill.csv")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = c.DownloadFile(t.Context(), path, billURL, "SHA1", hashOf(billText),
			wxpay.Progress(func(done, _ int64) {
				if done > 0 {
					panic("the bar")
				}
			}))
	}()
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

var errFull = errors.New("the disk is full")

type stuckWriter struct{}

func (stuckWriter) Write([]byte) (int, error) { return 0, errFull }

// A hash is left out only where the catalogue says that there is none.
func TestAHashIsNotLeftOut(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent to %s", r.URL)
		return nil, errors.New("sent")
	})
	for _, row := range [][3]string{
		{billURL, "", ""}, {receiptURL, "", ""}, {receiptURL, "SHA256", hashOf("x")}, {billURL, "SHA1", ""},
		{"https://api.mch.weixin.qq.com/v3/global/statements?date=20180103", "", ""},
		{"https://api.mch.weixin.qq.com/v3/merchant-service/images/", "", ""},
		{"https://elsewhere.example/v3/merchant-service/images/ABC", "", ""},
	} {
		if _, err := c.Download(t.Context(), row[0], row[1], row[2]); !errors.As(err, new(*wxpay.RequestError)) {
			t.Errorf("%v: got %v", row, err)
		}
	}
	if _, err := download(c, billURL, hashOf("x"), wxpay.Member("a", 1)); !errors.As(err, new(*wxpay.RequestError)) {
		t.Errorf("a member: got %v", err)
	}
}

func ExampleClient_DownloadFile() {
	wechat, err := sandbox.Start(sandbox.Config{ManualClock: true, Start: time.Date(2026, 9, 1, 2, 0, 0, 0, time.UTC)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer wechat.Close()
	c, ctx := wechat.Client(), context.Background()
	order, err := c.Chain("v3/pay/transactions/jsapi").Post(ctx, map[string]any{
		"appid": "wxd678efh567hg6787", "mchid": c.MchID(), "description": "Tea", "out_trade_no": "tea-0001",
		"notify_url": "https://yourapp.com/paid", "amount": map[string]any{"total": 100},
		"payer": map[string]any{"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var placed struct {
		PrepayID string `json:"prepay_id"`
	}
	_ = order.Decode(&placed)
	_, _ = wechat.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").Pay(placed.PrepayID)
	_ = wechat.Advance(24 * time.Hour)

	result, err := c.Chain("v3/bill/tradebill").Get(ctx, wxpay.Query("bill_date", "2026-09-01"),
		wxpay.Query("tar_type", "GZIP"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var bill struct {
		URL  string `json:"download_url"`
		Type string `json:"hash_type"`
		Hash string `json:"hash_value"`
	}
	_ = result.Decode(&bill)
	folder, _ := os.MkdirTemp("", "bills")
	defer os.RemoveAll(folder)
	_, err = c.DownloadFile(ctx, filepath.Join(folder, "bill.csv"), bill.URL, bill.Type, bill.Hash)
	text, _ := os.ReadFile(filepath.Join(folder, "bill.csv"))
	fmt.Println(strings.Contains(string(text), "tea-0001"), err)

	// One byte more or less is another file, and none is left.
	wrong := strings.Repeat("0", 40)
	_, err = c.DownloadFile(ctx, filepath.Join(folder, "other.csv"), bill.URL, bill.Type, wrong)
	_, gone := os.Stat(filepath.Join(folder, "other.csv"))
	fmt.Println(errors.As(err, new(*wxpay.SignatureError)), errors.Is(gone, os.ErrNotExist))
	// Output:
	// true <nil>
	// true true
}
