package wxpay_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
)

// Of a file without an end a loader reads no more than any key has, and shows none of it.
func TestLoadersReadWithinBounds(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	key, _ := testKey()
	cert := certificate(t, key, 42, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	loaders := map[string]struct {
		pem  []byte
		load func(string) error
	}{
		"LoadPrivateKey":  {merchantPEM(t), func(s string) error { return second(wxpay.LoadPrivateKey(s)) }},
		"LoadCertificate": {cert, func(s string) error { return second(wxpay.LoadCertificate(s)) }},
		"LoadPublicKey": {public, func(s string) error {
			return second(wxpay.LoadPublicKey(testPlatformID, s))
		}},
		"LoadPlatformCertificate": {cert, func(s string) error { return second(wxpay.LoadPlatformCertificate(s)) }},
	}
	for name, l := range loaders {
		folder := t.TempDir()
		path := filepath.Join(folder, "some.pem")
		put := func(size int) {
			data := append(bytes.Clone(l.pem), strings.Repeat("\n", size-len(l.pem))...)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		put(limit)
		if err := l.load(path); err != nil {
			t.Errorf("%s of as much as it takes: %v", name, err)
		}
		put(limit + 1)
		var e *wxpay.KeyError
		if err := l.load(path); !errors.As(err, &e) || e.Problem != "it is larger than 1 MiB" || e.Hint == "" ||
			!strings.HasPrefix(err.Error(), path+": ") || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s of more than it takes: %v", name, err)
		}
		if err := l.load(folder); err == nil || !strings.Contains(err.Error(), "is a directory") {
			t.Errorf("%s of a folder: %v", name, err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.load(path); !errors.As(err, &e) || e.Problem != "it is empty" {
			t.Errorf("%s of an empty file: %v", name, err)
		}
	}
}

// A pipe may hand over a key, as in a shell's <(…), and is let go where it goes on.
func TestLoadersReadPipes(t *testing.T) {
	t.Parallel()
	load := func(text io.Reader) error {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		name := fmt.Sprintf("/dev/fd/%d", r.Fd())
		if _, err := os.Stat(name); err != nil {
			t.Skip("pipes have no names here")
		}
		go func() {
			defer w.Close()
			_, _ = io.Copy(w, text)
		}()
		return second(wxpay.LoadPrivateKey(name))
	}
	if err := load(bytes.NewReader(merchantPEM(t))); err != nil {
		t.Errorf("a key: %v", err)
	}
	if err := load(strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "it is empty") {
		t.Errorf("nothing: %v", err)
	}
	endless := io.MultiReader(bytes.NewReader(merchantPEM(t)), strings.NewReader(strings.Repeat("\n", 8<<20)))
	if err := load(endless); err == nil || !strings.Contains(err.Error(), "it is larger than 1 MiB") {
		t.Errorf("more than it takes: %v", err)
	}
}
