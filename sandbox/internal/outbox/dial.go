package outbox

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"

	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
)

// Notifications never go to the sandbox itself: a notify_url that points at the admin would press
// its buttons. What counts is the address that is dialled, after every name was resolved; literal
// addresses are told from the URL already. Another sandbox's admin refuses them by their X-Sandbox
// header, as this one's would.

// notCalled is an address that must not be dialled.
type notCalled struct{ Problem string }

func (e *notCalled) Error() string { return e.Problem }

// dial connects to a merchant. The error is a *notCalled when an address the name has may not be
// called and no other answered.
func (r *routes) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var refused atomic.Pointer[notCalled]
	dialer := &net.Dialer{Control: func(_, at string, _ syscall.RawConn) error {
		if no := r.MayDial(at); no != nil {
			refused.CompareAndSwap(nil, no)
			return no
		}
		return nil
	}}
	conn, err := dialer.DialContext(ctx, network, address)
	if no := refused.Load(); err != nil && no != nil {
		return nil, no
	}
	return conn, err
}

func (r *routes) MayDial(address string) *notCalled {
	at, err := netip.ParseAddrPort(address)
	switch {
	case err != nil || !r.anywhere && !at.Addr().Unmap().IsLoopback():
		// The name localhost means what the machine says; what is dialled must be loopback all the
		// same.
		return &notCalled{fmt.Sprintf("%s is not on this machine and was not called", address)}
	case r.isOwn(at):
		return ownAddress(address)
	}
	return nil
}

func ownAddress(host string) *notCalled {
	return &notCalled{fmt.Sprintf("%s is the sandbox's own address and was not called: "+
		"notify_url, or the target of its forward, must be the merchant's server", host)}
}

// isOwn says whether a connection to at would reach one of the sandbox's listeners. One that
// listens on every address of the machine is reached by each.
func (r *routes) isOwn(at netip.AddrPort) bool {
	ip := at.Addr().Unmap().WithZone("")
	for _, l := range r.Listeners {
		switch on := l.Addr().Unmap().WithZone(""); {
		case l.Port() != at.Port():
		case on == ip || ip.IsUnspecified(): // to connect to no address is to connect to this machine
			return true
		case on.IsUnspecified() && (ip.IsLoopback() || ofThisMachine(ip)):
			return true
		}
	}
	return false
}

func ofThisMachine(ip netip.Addr) bool {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return true // better not called than called by mistake
	}
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			if own, ok := netip.AddrFromSlice(n.IP); ok && own.Unmap() == ip {
				return true
			}
		}
	}
	return false
}

// pointsAtSelf says whether a URL, as it is written, is one of the sandbox's own. A name is known
// only when it is dialled, save localhost.
func (r *routes) pointsAtSelf(u *url.URL) bool {
	port := portOf(u)
	hosts := []string{u.Hostname()}
	if listener.IsLoopback(u.Hostname()) && net.ParseIP(u.Hostname()) == nil {
		hosts = []string{"127.0.0.1", "::1"}
	}
	for _, host := range hosts {
		if at, err := netip.ParseAddrPort(net.JoinHostPort(host, port)); err == nil && r.isOwn(at) {
			return true
		}
	}
	return false
}
