package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// forwarder is the one address in front of the receivers. It hands each message to the next one,
// whole, with its headers, as a gateway does. Of a message whose receiver died it hands on the same
// bytes to another, every other time, and answers 502 otherwise.
type forwarder struct {
	listener net.Listener
	targets  []string // host:port
	client   *http.Client
	next     atomic.Int64

	mu    sync.Mutex
	drawn *rand.Rand
	tap   io.Writer // where the attacker reads along, nil without one

	came, broke, again atomic.Int64
}

// message is what passes the wire.
type message struct {
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

func newForwarder(targets []string, seed uint64) (*forwarder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &forwarder{listener: l, targets: targets, drawn: rand.New(rand.NewPCG(seed, 1)), client: &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}}}
	go func() { _ = http.Serve(l, f) }()
	return f, nil
}

func (f *forwarder) url() string { return "http://" + f.listener.Addr().String() }

func (f *forwarder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	f.came.Add(1)
	f.overheard(req.Header, body)
	for try := 0; ; try++ {
		target := f.targets[int(f.next.Add(1))%len(f.targets)]
		out, err := http.NewRequestWithContext(req.Context(), http.MethodPost, "http://"+target+req.URL.Path,
			bytes.NewReader(body))
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		out.Header = req.Header.Clone()
		out.Header.Del("Connection")
		res, err := f.client.Do(out)
		if err == nil {
			answer, broken := io.ReadAll(res.Body)
			res.Body.Close()
			if err = broken; err == nil {
				w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
				w.WriteHeader(res.StatusCode)
				_, _ = w.Write(answer)
				return
			}
		}
		var refused *net.OpError
		down := errors.As(err, &refused) && refused.Op == "dial"
		if !down {
			f.broke.Add(1)
		}
		if try == len(f.targets)*2 || !down && !f.happens(0.5) {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if !down {
			f.again.Add(1)
		}
	}
}

func (f *forwarder) happens(chance float64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.drawn.Float64() < chance
}

// overheard gives the attacker a copy of some messages.
func (f *forwarder) overheard(header http.Header, body []byte) {
	if header.Get(strangers) != "" || !f.happens(0.1) {
		return
	}
	line, err := json.Marshal(message{header, body})
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tap != nil {
		_, _ = f.tap.Write(append(line, '\n'))
	}
}

func (f *forwarder) listenIn(tap io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tap = tap
}
