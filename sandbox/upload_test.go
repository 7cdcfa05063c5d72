package sandbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime/multipart"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

const (
	pictureUpload = "/v3/merchant/media/upload"
	images        = "v3/merchant-service/images"
)

// uploadForm is a form by hand, with what is wrong with it.
func uploadForm(meta, name, content string, more ...string) (body []byte, kind string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.WriteField("meta", meta)
	for i := 0; i+1 < len(more); i += 2 {
		_ = m.WriteField(more[i], more[i+1])
	}
	if name != "" {
		f, _ := m.CreateFormFile("file", name)
		_, _ = f.Write([]byte(content))
	}
	_ = m.Close()
	return b.Bytes(), m.FormDataContentType()
}

func metaOf(name, content string) string {
	sum := sha256.Sum256([]byte(content))
	return fmt.Sprintf(`{"filename":%q,"sha256":"%s"}`, name, hex.EncodeToString(sum[:]))
}

// manyParts are the names and values of so many parts.
func manyParts(n int) (pairs []string) {
	for i := range n {
		pairs = append(pairs, "part"+strconv.Itoa(i), "")
	}
	return pairs
}

// longParameters are those of one header, of which each costs hundreds of times its length.
var longParameters = strings.Repeat(";0*0=1", 500)

// The signature is of meta, the hash in it is of the file, and the file is what the endpoint takes.
func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const nonce = "593BEC0C930BF1AFEB40B4A08C8FB242"
	large := strings.Repeat("x", 2<<20+1)
	good := metaOf("a.png", "pixels")
	for name, row := range map[string]struct {
		meta, file, content string
		more                []string
		kind                string // Content-Type in place of the form's
		signed              string // in place of meta
		whole               bool   // the whole form is signed
		status              int
		says                string
	}{
		"right": {meta: good, file: "a.png", content: "pixels", status: 200},
		"signed as a whole": {meta: good, file: "a.png", content: "pixels", whole: true, status: 401,
			says: "the whole form"},
		"another meta":  {meta: good, file: "a.png", content: "pixels", signed: "{}", status: 401},
		"another file":  {meta: good, file: "a.png", content: "pixel", status: 400, says: "is not the SHA256"},
		"an empty file": {meta: metaOf("a.png", ""), file: "a.png", status: 400, says: "empty"},
		"too large": {meta: metaOf("a.png", large), file: "a.png", content: large, status: 400,
			says: "at most 2097152"},
		"another kind": {meta: metaOf("a.gif", "pixels"), file: "a.gif", content: "pixels", status: 400,
			says: "jpg, bmp, png"},
		"no file":         {meta: good, status: 400, says: "no part file"},
		"meta is no JSON": {meta: "filename", file: "a.png", content: "pixels", status: 400, says: "not a JSON object"},
		"an odd member": {meta: good[:len(good)-1] + `,"x":1}`, file: "a.png", content: "pixels", status: 400,
			says: "/x"},
		"a part twice": {meta: good, file: "a.png", content: "pixels", more: []string{"meta", "{}"}, status: 400,
			says: "twice"},
		"many parts": {meta: good, file: "a.png", content: "pixels", more: manyParts(100), status: 400,
			says: "more than 64 parts"},
		"many parameters": {meta: good, file: "a.png", content: "pixels", more: []string{"x" + longParameters, ""},
			status: 400, says: "longer than 2048 bytes"},
		"many parameters of the whole": {meta: good, file: "a.png", content: "pixels",
			kind: "multipart/form-data; boundary=x" + longParameters, status: 401, says: "boundary"},
		"no boundary": {meta: good, file: "a.png", content: "pixels", kind: "multipart/form-data", status: 401,
			says: "boundary"},
		"another boundary": {meta: good, file: "a.png", content: "pixels", kind: "multipart/form-data; boundary=x",
			status: 401, says: "no part file"},
	} {
		t.Run(name, func(t *testing.T) {
			body, kind := uploadForm(row.meta, row.file, row.content, row.more...)
			if row.kind != "" {
				kind = row.kind
			}
			signed := []byte(row.meta)
			if row.signed != "" {
				signed = []byte(row.signed)
			}
			if row.whole {
				signed = body
			}
			message := wire.AppendRequestMessage(nil, "POST", pictureUpload, strconv.FormatInt(start.Unix(), 10), nonce,
				signed)
			p, answer := w.exchange(raw{method: "POST", uri: pictureUpload, body: body, signed: message, nonce: nonce,
				header: map[string]string{"Content-Type": kind}})
			hint := p.Header.Get(ledger.HeaderHint)
			if p.StatusCode != row.status || !strings.Contains(hint, row.says) {
				t.Errorf("got %d %s, hint %q", p.StatusCode, answer, hint)
			}
		})
	}
	if _, err := w.client.Chain(pictureUpload).Post(t.Context(), object{"filename": "a.png"}); err == nil {
		t.Error("JSON was taken for a form")
	}
}

// A picture for an answer to a complaint can be looked at, by whoever uploaded it, for 30 days.
func TestPicturesOfComplaints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	for _, root := range []string{images, "v3/global/merchant-service/images"} {
		r, err := w.client.Chain(root+"/upload").Upload(ctx, wxpay.FileOf("a.png", []byte("pixels")))
		w.ok(err)
		var reply struct {
			MediaID string `json:"media_id"`
		}
		w.ok(r.Decode(&reply))
		id := wxpay.Path("media_id", reply.MediaID)
		picture, err := w.client.Chain(root+"/{media_id}").Get(ctx, id)
		if err != nil || picture.Verified() || string(picture.Body) != "pixels" {
			t.Errorf("got %v, %v", picture, err)
		}
		file, err := w.client.Download(ctx, w.URL()+"/"+root+"/"+reply.MediaID, "", "")
		if err != nil || string(file) != "pixels" {
			t.Errorf("by its address: %q, %v", file, err)
		}
		w.ok(w.Advance(30 * 24 * time.Hour))
		var e *wxpay.Error
		if _, err := w.client.Chain(root+"/{media_id}").Get(ctx, id); !errors.As(err, &e) || e.Status != 404 ||
			!e.Verified {
			t.Errorf("after 30 days: %v", err)
		}
		_, err = w.client.Chain(root+"/upload").Upload(ctx, wxpay.FileOf("b.png", []byte("pixels")))
		w.ok(err)
	}
}

// Of pictures that are over a few go with each upload, and not all at once: they may be gigabytes.
func TestPicturesThatAreOverGoBitByBit(t *testing.T) {
	t.Parallel()
	kept := store.NewMemory()
	w := newWorld(t, sandbox.WithStore(kept))
	upload := func() (left int) {
		_, err := w.client.Chain(images+"/upload").Upload(t.Context(), wxpay.FileOf("a.png", []byte("pixels")))
		w.ok(err)
		w.ok(kept.View(t.Context(), func(tx store.Tx) (err error) {
			left, err = tx.Count("picture", "")
			return err
		}))
		return left
	}
	for range 20 {
		upload()
	}
	w.ok(w.Advance(31 * 24 * time.Hour))
	for _, want := range []int{20 - 8 + 1, 20 - 16 + 2, 3, 4} {
		if got := upload(); got != want {
			t.Errorf("%d pictures are kept, want %d", got, want)
		}
	}
}

func isolatedPictures(i *isolated) {
	w := i.world()
	ctx := context.Background()
	for _, root := range []string{images, "v3/global/merchant-service/images"} {
		upload := w.clientOf(w.client.MchID()).Chain(root + "/upload")
		r, err := upload.Upload(ctx, wxpay.FileOf("a.png", []byte("pixels")))
		w.ok(err)
		var reply struct {
			MediaID string `json:"media_id"`
		}
		w.ok(r.Decode(&reply))
		_, err = w.client.Chain(root + "/" + reply.MediaID).Get(ctx)
		w.ok(err)
	}
}
