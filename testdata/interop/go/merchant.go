package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	appID = "wxd678efh567hg6787"
	payer = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
)

// merchant is the user of the SDKs: a sandbox, a server that is notified, and a shell's variables.
type merchant struct {
	sandbox  *exec.Cmd
	adminURL string
	arrived  chan *http.Request
	direct   *http.Client // without a proxy, for the admin
}

// start has `wxpay sandbox` running, and sets the variables of `wxpay env --for go`, as eval does
// in a shell. Go reads them once, at the first call, so nothing may be called before.
func start(binary, data, mode string) (*merchant, error) {
	m := &merchant{
		arrived: make(chan *http.Request, 16),
		direct:  &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(listener, http.HandlerFunc(m.receive)) }()
	m.sandbox = exec.Command(binary, "sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--json",
		"--data", data, "--key-mode", mode, "--forward", "https://yourapp.com=http://"+listener.Addr().String())
	m.sandbox.Stderr = os.Stderr
	out, err := m.sandbox.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err = m.sandbox.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		m.end()
		return nil, fmt.Errorf("wxpay sandbox ended before it said where it listens: %w", err)
	}
	var said struct {
		AdminURL string `json:"admin_url"`
	}
	if err = json.Unmarshal(line, &said); err != nil {
		m.end()
		return nil, err
	}
	m.adminURL = said.AdminURL
	shell := exec.Command("sh", "-c", `set -e; lines=$("$0" env --for go --data "$1"); eval "$lines"; env -0`, binary, data)
	shell.Stderr = os.Stderr
	variables, err := shell.Output()
	if err != nil {
		m.end()
		return nil, fmt.Errorf("wxpay env --for go: %w", err)
	}
	for pair := range strings.SplitSeq(string(variables), "\x00") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			if err = os.Setenv(name, value); err != nil {
				m.end()
				return nil, err
			}
		}
	}
	return m, nil
}

func (m *merchant) end() {
	_ = m.sandbox.Process.Signal(os.Interrupt)
	_ = m.sandbox.Wait()
}

// receive keeps what was notified and takes it, in the words of its version.
func (m *merchant) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	kept := r.Clone(context.Background())
	kept.Body = io.NopCloser(bytes.NewReader(body))
	m.arrived <- kept
	if bytes.HasPrefix(body, []byte("<")) {
		_, _ = io.WriteString(w, "<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// notified gives the next notification, which must be for path.
func (m *merchant) notified(ctx context.Context, path string) (*http.Request, error) {
	select {
	case r := <-m.arrived:
		if r.URL.Path != path {
			return nil, fmt.Errorf("a notification came to %s, not to %s", r.URL.Path, path)
		}
		return r, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no notification came to %s: %w", path, ctx.Err())
	}
}

// pays has the payer pay an order.
func (m *merchant) pays(prepayID string) error {
	return m.admin("/sandbox/payers/"+payer+"/pay", map[string]any{"prepay_id": prepayID}, nil)
}

// admin posts to the sandbox's admin, or gets from it when there is no body, and reads the answer
// into into.
func (m *merchant) admin(path string, body, into any) error {
	method, content := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPost
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, m.adminURL+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := m.direct.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("admin: %s %s: %s %s", method, path, response.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// refused makes a mistake: the SDK must say that it was refused, and the sandbox why.
func (m *merchant) refused(wrong mistake) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := wrong.run(ctx); err != nil {
		return err
	}
	var journal struct {
		Data []struct{ Mistake, Hint string }
	}
	if err := m.admin("/sandbox/journal?newest=1", nil, &journal); err != nil {
		return err
	}
	if len(journal.Data) != 1 {
		return errors.New("the sandbox's journal has not the call")
	}
	if got := journal.Data[0]; got.Mistake != wrong.word {
		return fmt.Errorf("the sandbox takes it for %q, not for %q: %s", got.Mistake, wrong.word, got.Hint)
	}
	return nil
}

// platformID is the name of WeChat Pay's key, which is put where the merchant's serial number
// belongs, and the sandbox's word for that.
func platformID() (id, word string) {
	if id = os.Getenv("WXPAY_PUBLIC_KEY_ID"); id != "" {
		return id, "serial-public-key-id"
	}
	return os.Getenv("WXPAY_PLATFORM_SERIAL_NO"), "serial-of-platform"
}

// otherKey is a private key that is no merchant's.
func otherKey() (*rsa.PrivateKey, string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, "", err
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// expect is an error where a value is another than it has to be.
func expect[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s is %v, not %v", what, got, want)
	}
	return nil
}
