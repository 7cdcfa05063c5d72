package wxpay_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/bankmarketing"
	"github.com/wxpay-go/wxpay/api/media"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

const picture = "v3/merchant/media/upload"

// The three ways to a file send the same form: a part that is meta, which is signed to the byte,
// and the file, as many bytes as were declared.
func TestUpload(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("pixels\r\n--"), 9000)
	name := filepath.Join(t.TempDir(), `门 "1".JPG`)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	wantMeta := `{"filename":"门 \"1\".JPG","sha256":"` + hex.EncodeToString(sum[:]) + `"}`
	for kind, file := range map[string]wxpay.File{
		"a path": wxpay.FileAt(name), "bytes": wxpay.FileOf(`门 "1".JPG`, content),
		"a reader": wxpay.FileFrom(`门 "1".JPG`, bytes.NewReader(content)),
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var steps []int64
			c := clientOver(t, func(r *http.Request) (*http.Response, error) {
				for range 2 { // as net/http does where a connection turns out dead
					checkForm(t, r, wantMeta, content)
					body, err := r.GetBody()
					if err != nil {
						t.Error(err)
					}
					r.Body = body
				}
				checkForm(t, r, wantMeta, content)
				return signedReply(200, `{"media_id":"M1"}`), nil
			})
			r, err := c.Chain(picture).Upload(t.Context(), file, wxpay.Progress(func(done, total int64) {
				if total != int64(len(content)) {
					t.Errorf("a total of %d", total)
				}
				steps = append(steps, done)
			}))
			if err != nil || !r.Verified() || string(r.Body) != `{"media_id":"M1"}` {
				t.Fatalf("got %v, %v", r, err)
			}
			if steps[0] != 0 || steps[len(steps)-1] != int64(len(content)) {
				t.Errorf("told %v", steps)
			}
			reply, err := media.Of(c).Upload.Upload(t.Context(), file)
			if err != nil || reply.MediaID != "M1" {
				t.Errorf("typed: %v, %v", reply, err)
			}
			if _, err := c.Chain(picture).UploadAsync(t.Context(), file).Wait(t.Context()); err != nil {
				t.Errorf("as a promise: %v", err)
			}
		})
	}
}

func checkForm(t *testing.T, r *http.Request, wantMeta string, content []byte) {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil || int64(len(raw)) != r.ContentLength {
		t.Errorf("%d bytes of %d: %v", len(raw), r.ContentLength, err)
	}
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
	}
	form, err := multipart.NewReader(bytes.NewReader(raw), parameters["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Error(err)
		return
	}
	if got := form.Value["meta"]; len(got) != 1 || got[0] != wantMeta {
		t.Errorf("meta is %q", got)
	}
	file := form.File["file"][0]
	f, err := file.Open()
	if err != nil {
		t.Error(err)
		return
	}
	got, _ := io.ReadAll(f)
	if !bytes.Equal(got, content) || file.Filename != `门 "1".JPG` || file.Header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("%s of %d bytes, %v", file.Filename, len(got), file.Header)
	}
	a, err := wire.ParseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		t.Error(err)
	}
	merchant, _ := testKey()
	message := wire.AppendRequestMessage(nil, "POST", r.URL.EscapedPath(), a.Timestamp, a.Nonce, []byte(wantMeta))
	if err := wire.Verify(&merchant.PublicKey, message, a.Signature); err != nil {
		t.Errorf("the signature is not of meta: %v", err)
	}
}

// What the endpoint does not take is not sent.
func TestUploadOfWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent to %s", r.URL)
		return nil, errors.New("sent")
	})
	png := wxpay.FileOf("a.png", []byte("pixels"))
	for _, row := range []struct {
		path    string
		file    wxpay.File
		options []wxpay.Option
		want    string
	}{
		{picture, wxpay.File{}, nil, "no file"},
		{picture, wxpay.FileAt(filepath.Join(t.TempDir(), "secret-name.png")), nil, "no such file"},
		{picture, wxpay.FileAt(t.TempDir()), nil, "not a regular file"},
		{picture, wxpay.FileFrom("a.png", nil), nil, "nil"},
		{picture, wxpay.FileFrom("a.png", stuck{}), nil, "cannot be read"},
		{picture, wxpay.FileOf("a.png", nil), nil, "empty"},
		{picture, wxpay.FileOf("a.png", make([]byte, 2<<20+1)), nil, "at most 2097152"},
		{picture, wxpay.FileOf("a.gif", []byte("x")), nil, "end in .jpg, .bmp, .png"},
		{picture, wxpay.FileOf("a\n.png", []byte("x")), nil, "name"},
		{picture, png, []wxpay.Option{wxpay.Member("sha256", "x")}, "sha256 is given twice"},
		{picture, png, []wxpay.Option{wxpay.Member("f", func() {})}, "does not marshal"},
		{picture, png, []wxpay.Option{wxpay.SealedFile("", "")}, "SealedFile"},
		{"v3/marketing/bank/packages/1/tasks", wxpay.FileOf("a.csv", []byte("x")), nil, `wxpay.Member("bank_type", value)`},
		{"v3/mch-manage/submission-files/sub-mchid/1/upload", png, []wxpay.Option{wxpay.Member("item_id", 5)},
			"manage_record_id"},
		{"v2/secapi/mch/uploadmedia", png, nil, "APIv2Key"},
	} {
		_, err := c.Chain(row.path).Upload(t.Context(), row.file, row.options...)
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", row.path, err, row.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Chain(picture).Upload(ended, png)
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || lost.Sent || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: got %v", err)
	}
	var none *wxpay.Client
	if _, err := none.Chain(picture).Upload(t.Context(), png); !errors.As(err, new(*wxpay.RequestError)) {
		t.Errorf("no client: got %v", err)
	}
	for _, option := range []wxpay.Option{wxpay.Member("a", 1), wxpay.Progress(func(int64, int64) {})} {
		if _, err := c.Chain("v3/certificates").Get(t.Context(), option); !errors.As(err, new(*wxpay.RequestError)) {
			t.Errorf("for a call without a file: got %v", err)
		}
	}
}

// A call that goes out again sends the same file from its beginning, under a signature of its own.
func TestUploadThatGoesOutAgain(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("pixels"), 5000)
	sum := sha256.Sum256(content)
	wantMeta := `{"filename":"门 \"1\".JPG","sha256":"` + hex.EncodeToString(sum[:]) + `"}`
	var signatures []string
	cfg := testConfig()
	cfg.Wait = func(context.Context, time.Duration) error { return nil }
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		checkForm(t, r, wantMeta, content)
		signatures = append(signatures, r.Header.Get("Authorization"))
		if len(signatures) == 1 {
			return signedReply(429, `{"code":"FREQUENCY_LIMITED","message":"频率超限"}`), nil
		}
		return signedReply(200, `{"media_id":"M1"}`), nil
	})}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Chain(picture).Upload(t.Context(), wxpay.FileFrom(`门 "1".JPG`, bytes.NewReader(content)))
	if err != nil || r.Status != 200 || len(signatures) != 2 || signatures[0] == signatures[1] {
		t.Errorf("after %d calls: %v, %v", len(signatures), r, err)
	}
}

// Where there is nobody to send it to, nothing was sent; where somebody hangs up, the outcome is
// unknown, whatever the file was.
func TestUploadThatReachesNobody(t *testing.T) {
	t.Parallel()
	png := wxpay.FileOf("secret-name.png", []byte("pixels"))
	c, err := wxpay.New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	var lost *wxpay.TransportError
	if _, err := c.Chain(picture).Upload(t.Context(), png); !errors.As(err, &lost) || lost.Sent ||
		strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody listens: %v", err)
	}
	c = clientOver(t, func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return nil, errors.New(`hung up on "secret-name.png"`)
	})
	_, err = c.Chain(picture).Upload(t.Context(), png)
	if !errors.As(err, &lost) || !lost.Sent || !wxpay.OutcomeUnknown(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("hung up: %v", err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		printed := fmt.Sprintf(format, png)
		if strings.Contains(printed, "secret") || strings.Contains(printed, "pixels") {
			t.Errorf("%s prints %s", format, printed)
		}
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error)       { return 0, errors.New("the disk is gone") }
func (stuck) Seek(int64, int) (int64, error) { return 3, nil }

// shrinking loses its bytes once it has been read.
type shrinking struct {
	bytes.Reader
	begun int
}

func (s *shrinking) Seek(to int64, whence int) (int64, error) {
	if to == 0 && whence == io.SeekStart {
		if s.begun++; s.begun > 1 {
			s.Reset([]byte("less"))
		}
	}
	return s.Reader.Seek(to, whence)
}

// A file that changes under way ends the call, and nobody reads it once the call is over.
func TestUploadOfAFileThatChanges(t *testing.T) {
	t.Parallel()
	var kept io.Reader
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		first := r.Body
		next, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if _, err := io.ReadAll(next); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadAll(first); err == nil {
			t.Error("a body goes on that another has replaced")
		}
		kept, _ = r.GetBody()
		return signedReply(200, `{"media_id":"M1"}`), nil
	})
	if _, err := c.Chain(picture).Upload(t.Context(), wxpay.FileOf("a.png", []byte("pixels"))); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(kept); err == nil {
		t.Error("the file is read after the call")
	}
	c = clientOver(t, func(r *http.Request) (*http.Response, error) {
		_, err := io.ReadAll(r.Body)
		return nil, err
	})
	less := wxpay.FileFrom("a.png", &shrinking{Reader: *bytes.NewReader(make([]byte, 9))})
	if _, err := c.Chain(picture).Upload(t.Context(), less); err == nil {
		t.Error("a file that became shorter went out")
	}
}

// Further members are in meta in their order, what travels encrypted is sealed, and what the
// endpoint wants as a part is one.
func TestUploadWithMembers(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	c := sb.Client()
	reply, err := bankmarketing.Of(c).Packages.PackageID("8473295").Tasks.Upload(t.Context(),
		wxpay.FileOf("users.csv", []byte("line\n")), &bankmarketing.CreateTaskRequest{BankType: "ICBC_DEBIT"})
	if err != nil || reply.BankType != "ICBC_DEBIT" || reply.Filename != "users.csv" || reply.PackageID != "8473295" {
		t.Errorf("got %+v, %v", reply, err)
	}
	type contact struct {
		Phone string `json:"consultation_phone_number"`
	}
	r, err := c.Chain("v3/marketing/shopping-receipt/shoppingreceipts").Upload(t.Context(),
		wxpay.FileOf("receipt.png", []byte("pixels")), wxpay.Member("transaction_id", "1217752501201407033233368018"),
		wxpay.Member("openid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
		wxpay.Member("merchant_contact_information", contact{"0755-86013388"}))
	if err != nil || !strings.Contains(string(r.Body), "1217752501201407033233368018") {
		t.Errorf("got %v", err)
	}
	journal, err := sb.Journal(0, 1)
	if err != nil || strings.Contains(journal[0].Body, "86013388") || strings.Contains(journal[0].Body, "pixels") ||
		!json.Valid([]byte(journal[0].Body)) {
		t.Errorf("written down as %s, %v", journal[0].Body, err)
	}
}

func ExampleChain_Upload() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer wechat.Close()
	c := wechat.Client()
	licence := wxpay.FileOf("licence.jpg", []byte("…the picture's bytes…")) // or wxpay.FileAt(path)
	result, err := c.Chain("v3/merchant/media/upload").Upload(context.Background(), licence)
	if err != nil {
		fmt.Println(err)
		return
	}
	var reply struct {
		MediaID string `json:"media_id"`
	}
	err = result.Decode(&reply)
	fmt.Println(result.Verified(), reply.MediaID != "", err)

	_, err = c.Chain("v3/merchant/media/upload").Upload(context.Background(), wxpay.FileOf("licence.gif", []byte("…")))
	fmt.Println(err)
	// Output:
	// true true <nil>
	// POST v3/merchant/media/upload: not sent: the endpoint takes files whose names end in .jpg, .bmp, .png: give another name with FileOf or FileFrom if the file is of that kind
}

func ExampleMember() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer wechat.Close()
	list := wxpay.FileOf("users.csv", []byte("…encrypted agreement numbers…"))
	tasks := wechat.Client().Chain("v3/marketing/bank/packages/{package_id}/tasks").Path("package_id", "8473295")
	_, err = tasks.Upload(context.Background(), list)
	fmt.Println(err)
	result, err := tasks.Upload(context.Background(), list, wxpay.Member("bank_type", "ICBC_DEBIT"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Status)
	// Output:
	// POST v3/marketing/bank/packages/{package_id}/tasks: not sent: the endpoint wants bank_type besides: add wxpay.Member("bank_type", value)
	// 200
}

func ExampleChain_DeleteWith() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer wechat.Close()
	store := wechat.Client().Chain("v3/brand/partner/store/brandstores/{store_id}").Path("store_id", "20488000")
	result, err := store.DeleteWith(context.Background(), map[string]any{"brand_id": "123456789"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Status)
	// Output: 204
}
