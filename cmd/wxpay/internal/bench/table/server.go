package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/bench"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox"
)

// none is the signing of a server that knows none.
const none = "none"

// server is what is driven.
type server struct {
	name, signing string
	address       string
	load          bench.Load
	stop          func()
}

// onlyPresigns is what sandboxes are driven with.
var onlyPresigns = map[bench.Operation]int{bench.Presign: 1}

// startAll gives those that were started also where one was not, and the setup of a client of the
// first.
func startAll(ctx context.Context, folder, stripe string) (all []*server, cfg wxpay.Config, err error) {
	for _, name := range []string{memory, "SQLite"} {
		s, client, err := startSigned(ctx, name, filepath.Join(folder, "signed.db"))
		if err != nil {
			return all, cfg, fmt.Errorf("start a sandbox: %w", err)
		}
		all, cfg = append(all, s), client
	}
	for _, name := range []string{memory, "SQLite"} {
		s, err := startUnsigned(ctx, name, filepath.Join(folder, "unsigned.db"), cfg)
		if err != nil {
			return all, cfg, fmt.Errorf("start an unsigned sandbox: %w", err)
		}
		all = append(all, s)
	}
	if stripe == "" {
		return all, cfg, nil
	}
	s, err := startStripe(ctx, stripe)
	if err != nil {
		return all, cfg, fmt.Errorf("start stripe-mock: %w", err)
	}
	return append(all, s), cfg, nil
}

// memory is the name of the store that is no file.
const memory = "memory"

func open(name, database string, unsigned bool) (*sandbox.Sandbox, error) {
	cfg := sandbox.Config{Unsigned: unsigned}
	if name != memory {
		var err error
		if cfg.Store, err = sqlstore.Open(database); err != nil {
			return nil, err
		}
	}
	return sandbox.Start(cfg)
}

// startSigned starts one in this process, for so does the floor run: on a machine that is busy, two
// processes get more of it than one, and would come out above the floor.
func startSigned(ctx context.Context, name, database string) (*server, wxpay.Config, error) {
	sb, err := open(name, database, false)
	if err != nil {
		return nil, wxpay.Config{}, err
	}
	s := &server{name: name, signing: "on", stop: func() { _ = sb.Close() }}
	return s, sb.ClientConfig(), s.drivenBy(ctx, sb.ClientConfig(), false)
}

// drivenBy makes the load, and stops what does not take it.
func (s *server) drivenBy(ctx context.Context, cfg wxpay.Config, unsigned bool) error {
	calls, err := bench.NewCalls(cfg, onlyPresigns, unsigned)
	if err == nil {
		s.load, s.address = calls, calls.Address()
		err = calls.Prepare(ctx, "", 1)
	}
	if err != nil {
		s.stop()
	}
	return err
}

// setup is what a client has to know of an unsigned sandbox in another process.
type setup struct{ URL, Serial string }

// serve is that process. It ends with its standard input.
func serve(name, database string) error {
	sb, err := open(name, database, true)
	if err != nil {
		return err
	}
	defer sb.Close()
	if err := json.NewEncoder(os.Stdout).Encode(setup{sb.URL(), sb.ClientConfig().SerialNo}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startUnsigned starts one as a process of its own, as stripe-mock is one. The keys of cfg stand
// for those of its merchant, for nobody looks at them.
func startUnsigned(ctx context.Context, name, database string, cfg wxpay.Config) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "serve", name, database)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{name: name, signing: "off", stop: func() { _ = in.Close(); _ = cmd.Wait() }}
	var it setup
	if err := json.NewDecoder(out).Decode(&it); err != nil {
		s.stop()
		return nil, err
	}
	cfg.Host, cfg.SerialNo, cfg.Certificate = it.URL, it.Serial, nil
	return s, s.drivenBy(ctx, cfg, true)
}

// listening is the line in which stripe-mock says where it is.
var listening = regexp.MustCompile(`(127\.0\.0\.1:\d+)`)

func startStripe(ctx context.Context, program string) (*server, error) {
	cmd := exec.CommandContext(ctx, program, "-http-addr", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{name: "stripe-mock", signing: none, stop: func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }}
	for lines := bufio.NewScanner(out); s.address == "" && lines.Scan(); {
		s.address = listening.FindString(lines.Text())
	}
	if s.address == "" {
		s.stop()
		return nil, errors.New("it did not say where it listens")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s.load = fixed(bench.Post(s.address, "/v1/customers", "Bearer sk_test_123", "application/x-www-form-urlencoded",
		[]byte("email=payer%40example.com&name=bench")))
	return s, nil
}

// fixed is a load that repeats one call.
type fixed []byte

// Make repeats it: what answers keeps nothing.
func (f fixed) Make(_ context.Context, n int) ([][]byte, error) {
	calls := make([][]byte, n)
	for i := range calls {
		calls[i] = f
	}
	return calls, nil
}

// Judge takes successes.
func (fixed) Judge(p *http.Response, _ []byte) string {
	if p.StatusCode != http.StatusOK {
		return "refused: " + p.Status
	}
	return ""
}

// startBare starts a server in this process that does the floor's work for each call and nothing
// else: what it lacks of the floor, net/http, loopback and the client take.
func startBare(floor *bench.Floor) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	reply := bytes.Repeat([]byte("x"), 150)
	web := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		floor.Once()
		_, _ = w.Write(reply)
	})}
	go func() { _ = web.Serve(l) }()
	call := bench.Post(l.Addr().String(), "/", strings.Repeat("x", 500), "application/json", make([]byte, 250))
	return &server{name: bare, signing: "on", address: l.Addr().String(), load: fixed(call),
		stop: func() { _ = web.Close() }}, nil
}

// bare is the name of that server.
const bare = "bare server"
