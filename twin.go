package wxpay

import (
	"cmp"
	"sync/atomic"
	"time"
)

// twinOf is the other host of two of WeChat Pay's own, "" where there is none.
func twinOf(host endpointHost) string {
	for _, pair := range twins {
		switch host {
		case endpointHost{"https", pair[0]}:
			return "https://" + pair[1]
		case endpointHost{"https", pair[1]}:
			return "https://" + pair[0]
		}
	}
	return ""
}

// restFor is how long a host that could not be reached is left alone. One call tries it then; the
// others follow when that one was answered.
const restFor = 30 * time.Second

// pair is a host and its twin, which the host's own calls go to while nobody reaches it.
type pair struct {
	hosts     [2]endpointHost
	restUntil [2]atomic.Int64 // in nanoseconds by the client's clock, 0 for a host that is well
}

// pairOf makes a pair of the host that calls go to and its twin, and nothing where there is none,
// or calls go out once.
func pairOf(home endpointHost, cfg Config) (*pair, error) {
	twin := cmp.Or(cfg.BackupHost, twinOf(home))
	if twin == "" {
		return nil, nil
	}
	other, err := splitHost("BackupHost", twin, cfg.PlainHTTP)
	if err != nil {
		return nil, err
	}
	if other == home {
		return nil, &ConfigError{Field: "BackupHost", Problem: "it is Host itself",
			Hint: "name the other of the two, or leave it empty"}
	}
	if cfg.Attempts == 1 {
		return nil, nil
	}
	return &pair{hosts: [2]endpointHost{home, other}}, nil
}

// has tells whether a name is of one of the two.
func (p *pair) has(name string) bool {
	return p != nil && (p.hosts[0].name == name || p.hosts[1].name == name)
}

// side picks where an attempt goes, 0 or 1: the first host that is well and where the call was not
// yet; where there is none, the first where it was not.
func (p *pair) side(now time.Time, been [2]bool) int {
	for i := range p.hosts {
		if !been[i] && p.isWell(i, now) {
			return i
		}
	}
	if been[0] && !been[1] {
		return 1
	}
	return 0
}

// isWell tells whether calls may go to a host. Of those that ask when its rest has passed it is
// true for the first alone.
func (p *pair) isWell(i int, now time.Time) bool {
	until := p.restUntil[i].Load()
	return until == 0 || now.UnixNano() >= until &&
		p.restUntil[i].CompareAndSwap(until, now.Add(restFor).UnixNano())
}

// toward is where this attempt goes that is for home: there, or to its twin.
func (c *call) toward(home endpointHost) endpointHost {
	p := c.client.pair
	if p == nil || p.hosts[0] != home {
		c.way = nil
		return home
	}
	c.way, c.side = p, p.side(c.client.now(), c.been)
	return p.hosts[c.side]
}

// hasElsewhere tells whether the call could go to a host where it was not yet.
func (c *call) hasElsewhere() bool { return c.way != nil && !(c.been[0] && c.been[1]) }

// arrived keeps in mind whether a host was reached. A call that the caller gave up says nothing.
func (c *call) arrived(err error) {
	if c.way == nil {
		return
	}
	c.been[c.side] = true
	rest := &c.way.restUntil[c.side]
	switch e, lost := err.(*TransportError); {
	case !lost:
		if rest.Load() != 0 {
			rest.Store(0)
		}
	case e.Sent || c.flight.request == nil || cancelled(c.flight.request.Context()):
	default:
		rest.Store(c.client.now().Add(restFor).UnixNano())
	}
}
