package wxpay_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// A panic of the caller's own code that the transport runs in a goroutine of its own is the call's:
// a panic of a call made at once, the error of a promise. Either way the process lives on.
func TestAPanicInATransportsGoroutineIsTheCalls(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	cfg := testConfig()
	cfg.Host, cfg.HTTPClient = server.URL, nil
	media := made(t, cfg).Chain("v3/merchant/media/upload")
	file := bytes.Repeat([]byte("x"), 100_000)
	for name, arguments := range map[string]func() (wxpay.File, []wxpay.Option){
		"Progress": func() (wxpay.File, []wxpay.Option) {
			return wxpay.FileOf("a.jpg", file), []wxpay.Option{wxpay.Progress(func(done, _ int64) {
				if done > 0 {
					panic(errSpilt)
				}
			})}
		},
		"a reader": func() (wxpay.File, []wxpay.Option) {
			return wxpay.FileFrom("a.jpg", &spilling{Reader: bytes.NewReader(file)}), nil
		},
	} {
		of, opts := arguments()
		_, err := media.UploadAsync(bg, of, opts...).Wait(bg)
		var panicked *wxpay.PanicError
		if !errors.As(err, &panicked) || !errors.Is(err, errSpilt) || !wxpay.OutcomeUnknown(err) {
			t.Errorf("%s, in a promise: %v", name, err)
		}
		func() {
			defer func() {
				if v := recover(); v != errSpilt {
					t.Errorf("%s, at once: panicked with %v", name, v)
				}
			}()
			of, opts := arguments()
			_, err := media.Upload(bg, of, opts...)
			t.Errorf("%s, at once: %v", name, err)
		}()
	}
}

var errSpilt = errors.New("the coffee was spilt")

// spilling panics once it was read to its end before, to be hashed.
type spilling struct {
	*bytes.Reader
	ended bool
}

func (s *spilling) Read(p []byte) (int, error) {
	if s.ended {
		panic(errSpilt)
	}
	n, err := s.Reader.Read(p)
	s.ended = s.Len() == 0
	return n, err
}

// A key that panics within the handshake, which net/http makes in a goroutine of its own, is an
// error of the call.
func TestAKeyThatPanicsInTheHandshakeIsAnError(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	key, _ := testKey()
	cfg := testConfig()
	shaken := &shaking{Signer: key}
	cfg.Host, cfg.Certificate, cfg.SerialNo, cfg.PrivateKey = server.URL, ownCertificate(t), "", shaken
	cfg.APIv2Key, cfg.HTTPClient = wxpay.NewSecret(testAPIv2Key), server.Client()
	c := made(t, cfg)
	shaken.over = true
	_, err := c.Chain("v2/secapi/pay/refund").Post(bg, map[string]string{"out_trade_no": "T1"}, wxpay.MTLS())
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("got %v", err)
	}
}

type shaking struct {
	crypto.Signer
	over bool // from then on nothing works
}

func (s *shaking) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.over {
		panic("no token in the slot")
	}
	return s.Signer.Sign(rand, digest, opts)
}

func (s *shaking) Public() crypto.PublicKey {
	if s.over {
		panic("the session is over")
	}
	return s.Signer.Public()
}
