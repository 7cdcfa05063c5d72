package wxpay

import (
	"context"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// When certificates are downloaded. WeChat Pay lists a new one days before it signs with it, and
// asks merchants to look more often than every 12 hours.
// https://pay.weixin.qq.com/wiki/doc/apiv3/wechatpay/wechatpay5_0.shtml
const (
	oldCertificates  = 12 * time.Hour     // a call that finds them older has them downloaded
	someCertificates = 6 * time.Hour      // as does a client that was started
	nearTheEnd       = 5 * 24 * time.Hour // of the newest: its successor is due
	oldNearTheEnd    = time.Hour
)

// How much a download may take, and how long what came of one stands for the next. Nobody makes
// WeChat Pay's host busy by it, neither a stranger's messages nor thousands of calls.
const (
	downloadTimeout = 10 * time.Second
	afterFailure    = 10 * time.Second // where nothing can be done without
	afterSuccess    = time.Minute      // a certificate that was not in the list then
	afterLate       = 10 * time.Minute // where there are good keys, and better ones were not to be had
)

// source downloads certificates for the Keys of a client, in the goroutine of the first caller
// that needs them; those that need them meanwhile wait for it.
type source struct {
	client  *Client
	mu      sync.Mutex
	running *download
	tried   time.Time // when the last one ended
	failure error     // what came of it
}

type download struct {
	done      chan struct{}
	err       error
	found     []*x509.Certificate
	abandoned bool // by who made it: what came of it says nothing
}

// forget lets the next who needs them ask at once, as with another APIv3 key.
func (s *source) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried, s.failure = time.Time{}, nil
}

// prepare downloads what a call cannot do without, and what is old where nobody else is at it.
func (s *source) prepare(ctx context.Context) error {
	set := s.client.keys.live.set.Load()
	if set.public() {
		return nil
	}
	now := s.client.now()
	if !set.usable(now) {
		_, err := s.download(ctx, downloadTimeout, afterFailure, afterFailure)
		return err
	}
	if set.old(now, oldCertificates) {
		s.renew(ctx)
	}
	return nil
}

// old tells whether certificates should be downloaded anew.
func (s *keySet) old(now time.Time, age time.Duration) bool {
	newest := slices.MaxFunc(s.all, func(a, b PlatformKey) int { return a.NotAfter.Compare(b.NotAfter) })
	if now.After(newest.NotAfter.Add(-nearTheEnd)) {
		age = min(age, oldNearTheEnd)
	}
	return now.Sub(s.since) >= age
}

// renew downloads certificates where there are good ones: who finds somebody at it, or that it
// failed a short while ago, goes on with those. It takes no more than half of what time there is.
func (s *source) renew(ctx context.Context) error {
	s.mu.Lock()
	busy := s.running != nil
	s.mu.Unlock()
	if busy {
		return nil
	}
	limit := downloadTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	_, err := s.download(ctx, limit, afterLate, afterLate)
	return err
}

// download has the certificates downloaded, unless that ended a short while ago: then what came of
// it stands.
func (s *source) download(ctx context.Context, limit, failed, succeeded time.Duration) ([]*x509.Certificate,
	error) {
	for {
		now := s.client.now()
		s.mu.Lock()
		d := s.running
		if d == nil {
			pause := succeeded
			if s.failure != nil {
				pause = failed
			}
			if since := now.Sub(s.tried); since >= 0 && since < pause {
				defer s.mu.Unlock()
				return nil, s.failure
			}
			d = &download{done: make(chan struct{}), abandoned: true}
			s.running = d
			s.mu.Unlock()
			s.lead(ctx, limit, d)
			return d.found, d.err
		}
		s.mu.Unlock()
		select {
		case <-d.done:
		case <-ctx.Done():
			return nil, listError("nobody waited for its end", "", ctx.Err())
		}
		if !d.abandoned {
			return d.found, d.err
		}
	}
}

// lead makes a download that others may wait for. Where the context of who makes it ends, or its
// transport panics, that is theirs alone.
func (s *source) lead(ctx context.Context, limit time.Duration, d *download) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running = nil
		close(d.done)
	}()
	var learnt []PlatformKey
	learnt, d.found, d.err = s.fetch(ctx, limit)
	now := s.client.now()
	if d.abandoned = d.err != nil && ctx.Err() != nil; d.abandoned {
		return
	}
	if d.err == nil {
		s.client.keys.live.learn(learnt, now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried, s.failure = now, d.err
}

// fetch makes the call.
func (s *source) fetch(ctx context.Context, limit time.Duration) ([]PlatformKey, []*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	k := s.client.newCall("GET", "v3/certificates", nil, nil)
	k.list = &listing{keys: s.client.keys}
	if _, err := k.do(ctx); err != nil {
		return nil, nil, unlisted(err)
	}
	return k.list.opened, k.list.certificates, nil
}

// Certificates downloads WeChat Pay's platform certificates now, however fresh those are that the
// client knows, and puts them into use. Nothing is needed for it but the merchant's own keys: each
// is opened with the APIv3 key, and the answer must be signed by one of them, or by a key that the
// client knew before. Certificates that have expired are left out.
//
// A client does this by itself where it has to: see [Config.PlatformKeys]. The list of the
// cross-border family, v3/global/certificates, is another: it is called by its path. Errors are
// a [*KeyError] that says what to do, such as that the merchant has WeChat Pay's public key and
// no certificates (HTTP 404), around what the call came to.
//
// Source: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter7_1_3.shtml
func (c *Client) Certificates(ctx context.Context) ([]*x509.Certificate, error) {
	switch {
	case c == nil || c.keys == nil:
		return nil, &RequestError{Operation: "GET v3/certificates", Problem: noClient}
	case ctx == nil:
		return nil, &RequestError{Operation: "GET v3/certificates", Problem: noContext}
	}
	found, err := c.keys.live.source.download(ctx, downloadTimeout, 0, 0)
	return slices.Clone(found), err
}

// Find gives the platform key of an id, as Wechatpay-Serial names it. Where it is a certificate's
// that the keys of a client do not know, it is downloaded, with all that WeChat Pay lists: that is
// how [Client] and package notify learn a certificate that came while they run. A download takes 10
// seconds at most, one is shared by all who ask meanwhile, and within a minute of it no id is asked
// for anew, after one that failed within 10 seconds. A public key cannot be downloaded. What is not
// to be had is a [*KeyError].
func (k *Keys) Find(ctx context.Context, id string) (PlatformKey, error) {
	fail := func(problem, hint string) (PlatformKey, error) {
		return PlatformKey{}, &KeyError{Want: "the platform key " + wire.Clip(id, 64), Problem: problem, Hint: hint}
	}
	if k.none() {
		return fail(noKeys, fromNewKeys)
	}
	if key := k.find(id); key != nil {
		return *key, nil
	}
	switch {
	case ctx == nil:
		return fail(noContext, "")
	case !isCertificateSerial(id) || k.live.source == nil:
		return fail("it is not known", unknownKey(id))
	}
	if _, err := k.live.source.download(ctx, downloadTimeout, afterFailure, afterSuccess); err != nil {
		return PlatformKey{}, err
	}
	if key := k.find(id); key != nil {
		return *key, nil
	}
	return fail("WeChat Pay does not list such a certificate", "what it signed is not WeChat Pay's, or was meant for "+
		"another merchant")
}
