package sandbox

import (
	"fmt"
	"sync"
)

// Fault is a misbehaviour of WeChat Pay's that the sandbox is told to show. A
// fresh sandbox has none.
type Fault struct {
	Name  FaultName `json:"name"`
	Event string    `json:"event_type,omitempty"` // only for this notification; empty: for any
	Times int       `json:"times,omitempty"`      // how often it strikes; 0 means once
}

// FaultName names a kind of fault.
type FaultName string

// FaultProbe sends a notification with a WECHATPAY/SIGNTEST/ signature before the
// genuine one, as WeChat Pay does now and then to see whether merchants verify. A
// receiver has to refuse it like any wrong signature; [Attempt] shows what it did.
const FaultProbe FaultName = "probe"

type faults struct {
	mu    sync.Mutex
	armed []Fault
}

func (f *faults) arm(fault Fault) error {
	if fault.Name != FaultProbe {
		return fmt.Errorf("sandbox: there is no fault %q; there is %q", fault.Name, FaultProbe)
	}
	if fault.Times <= 0 {
		fault.Times = 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append(f.armed, fault)
	return nil
}

// take uses up one strike of the first fault that fits.
func (f *faults) take(name FaultName, eventType string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.armed {
		a := &f.armed[i]
		if a.Name != name || a.Times == 0 || (a.Event != "" && a.Event != eventType) {
			continue
		}
		a.Times--
		return true
	}
	return false
}
