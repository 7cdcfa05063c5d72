package wxpay

import (
	"context"
	"sync"
	"time"
)

// lookEvery is how often a started client looks at the age of its certificates. The clock may be
// another than the machine's, so that it cannot be waited for.
const lookEvery = time.Minute

// background is what Start began.
type background struct {
	mu   sync.Mutex
	stop context.CancelFunc // nil where nothing runs
	over chan struct{}
}

// Start keeps the certificates of WeChat Pay fresh in a goroutine of its own, until
// [Client.Close]: it downloads them at once where there are none, and when they are six hours old,
// so that no call has to wait for that. It is optional: without it calls download them, of many one
// in 12 hours. With a public key in [Config.PlatformKeys] there is nothing to do.
//
// report, which may be nil, is told of each download that failed. It may take its time, and must
// call neither Close, which waits for it, nor Start. A second Start before Close changes nothing.
func (c *Client) Start(report func(error)) {
	if c == nil || c.keys == nil {
		return
	}
	b := c.started
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	b.stop, b.over = stop, over
	go func() {
		defer close(over)
		c.keepFresh(ctx, report)
	}()
}

// Close ends what [Client.Start] began and waits for its end. The client can be used further, and
// started again. The error is always nil, so that a Client is an [io.Closer].
func (c *Client) Close() error {
	if c == nil || c.started == nil {
		return nil
	}
	b := c.started
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil {
		b.stop()
		<-b.over
		b.stop = nil
	}
	return nil
}

func (c *Client) keepFresh(ctx context.Context, report func(error)) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := c.freshen(ctx); err != nil && ctx.Err() == nil && report != nil {
			report(err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// freshen is one look. A panic of the transport's must not end the program here.
func (c *Client) freshen(ctx context.Context) error {
	var err error
	if panicked := guard(func() { err = c.keys.live.source.freshen(ctx) }); panicked != nil {
		return listError("the transport or the signer panicked", "", panicked)
	}
	return err
}

func (s *source) freshen(ctx context.Context) (err error) {
	before := s.lastTried()
	switch set, now := s.client.keys.live.set.Load(), s.client.now(); {
	case set.public():
	case !set.usable(now):
		_, err = s.download(ctx, downloadTimeout, afterFailure, afterFailure)
	case set.old(now, someCertificates):
		err = s.renew(ctx)
	}
	if s.lastTried().Equal(before) {
		return nil // it was told of before
	}
	return err
}

func (s *source) lastTried() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tried
}
