package armed

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Faults are the armed ones. Where there are none, asking costs one atomic load.
type Faults struct {
	any atomic.Bool

	mu     sync.Mutex
	chance func(float64) bool
	now    func() time.Time
	armed  []*armedFault
	former []fault.Armed // that were cleared, the last ones
	last   int
}

// New is with nothing armed; chance draws whether something of these odds happens, now is the time.
func New(chance func(odds float64) bool, now func() time.Time) *Faults {
	return &Faults{chance: chance, now: now}
}

// remembered is how many cleared faults are.
const remembered = 200

// armedFault is one with what decides when it strikes.
type armedFault struct {
	fault.Armed
	buckets map[string]*bucket // of fault.RateLimit
}

// Arm arms all of a list, or none if one makes no sense, and returns them as they are then.
func (f *Faults) Arm(list ...fault.Fault) ([]fault.Armed, error) {
	for i := range list {
		if err := checkFault(&list[i]); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	armed, now := make([]fault.Armed, len(list)), f.now()
	for i, one := range list {
		f.last++
		armed[i] = fault.Armed{ID: "F" + strconv.Itoa(f.last), Fault: one, ArmedAt: now}
		f.armed = append(f.armed, &armedFault{Armed: armed[i]})
	}
	f.any.Store(len(f.armed) > 0)
	return armed, nil
}

// Check says what makes no sense in faults that were armed elsewhere.
func (f *Faults) Check(list []fault.Armed) error {
	seen := map[string]bool{}
	for _, one := range list {
		copied := one.Fault
		if err := checkFault(&copied); err != nil {
			return err
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(one.ID, "F")); err != nil || n < 1 || seen[one.ID] ||
			one.Met < 0 || one.Applied < 0 {
			return errors.New("faults: the id of one is no F and a number of its own, or its counts are below 0")
		}
		seen[one.ID] = true
	}
	return nil
}

// Replace arms these in the place of all others, as they were armed elsewhere. Those that were
// cleared are forgotten.
func (f *Faults) Replace(list []fault.Armed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.former, f.last = nil, nil, 0
	for _, one := range list {
		f.armed = append(f.armed, &armedFault{Armed: one})
		if n, err := strconv.Atoi(strings.TrimPrefix(one.ID, "F")); err == nil {
			f.last = max(f.last, n)
		}
	}
	f.any.Store(len(f.armed) > 0)
}

// List is what is armed, spent ones included, oldest first.
func (f *Faults) List() []fault.Armed {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]fault.Armed, len(f.armed))
	for i, a := range f.armed {
		out[i] = a.Armed
	}
	return out
}

// History is what was armed, cleared ones included as far as they are remembered, oldest first.
func (f *Faults) History() []fault.Armed {
	out := f.List()
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(slices.Clone(f.former), out...)
}

// Clear disarms one fault, or all of them without an id. It says whether there
// was any.
func (f *Faults) Clear(id string) bool {
	cleared, _ := f.disarm(func(a *armedFault) bool { return id == "" || a.ID == id })
	return cleared > 0
}

// Calm disarms all of them, and says how many could have struck.
func (f *Faults) Calm() (disarmed int) {
	_, disarmed = f.disarm(func(*armedFault) bool { return true })
	return disarmed
}

// disarm remembers those that it disarms, and says how many they are and how many of them could
// have struck.
func (f *Faults) disarm(which func(*armedFault) bool) (all, unspent int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	f.armed = slices.DeleteFunc(f.armed, func(a *armedFault) bool {
		if !which(a) {
			return false
		}
		all++
		if !a.spent() {
			unspent++
		}
		a.ClearedAt = now
		f.former = append(f.former, a.Armed)
		return true
	})
	f.former = f.former[max(0, len(f.former)-remembered):]
	f.any.Store(len(f.armed) > 0)
	return all, unspent
}

// Injected are the faults that one call or notification has met, nil for none.
type Injected []fault.Fault

// Has finds the fault of a name.
func (s Injected) Has(name fault.Name) *fault.Fault {
	for i := range s {
		if s[i].Name == name {
			return &s[i]
		}
	}
	return nil
}

func (s Injected) Names() []fault.Name {
	var out []fault.Name
	for _, f := range s {
		out = append(out, f.Name)
	}
	return out
}

func (a *armedFault) spent() bool { return a.Fault.Times > 0 && a.Applied >= a.Fault.Times }

// pick uses up one strike of every fault that fits.
func (f *Faults) pick(fits func(*armedFault) bool) (out Injected) {
	f.mu.Lock()
	defer f.mu.Unlock()
	spent := true
	for _, a := range f.armed {
		if a.spent() {
			continue
		}
		if fits(a) {
			a.Met++
			if a.Met > a.Fault.Skip && (a.Fault.Chance == 0 || f.chance(a.Fault.Chance)) {
				a.Applied++
				out = append(out, a.Fault)
			}
		}
		spent = spent && a.spent()
	}
	if spent {
		f.any.Store(false) // nothing will strike again until something is armed
	}
	return out
}

// Call is what a fault goes by of a call.
type Call struct {
	Method, Path string // as it was sent
	ID           string // in the catalogue, "" where it has none
	MchID        string // of whoever signed it, "" for nobody
	V2           bool
	At           time.Time // by the clock of business
}

// OfCall are the faults that strike a call, of those the filter lets through.
func (f *Faults) OfCall(call func() Call, among func(*fault.Fault) bool) Injected {
	if !f.any.Load() {
		return nil
	}
	c := call()
	return f.pick(func(a *armedFault) bool {
		v2 := !onlyV3(a.Fault.Name) || a.Fault.Name == fault.Stripped // a reply has a sign to lose
		return among(&a.Fault) && (v2 || !c.V2) && strikesCall(&a.Fault, c) &&
			a.overLimit(c.ID+"|"+c.MchID, c.At)
	})
}

// OfPush are the faults that strike a notification, of those the filter lets
// through.
func (f *Faults) OfPush(p *ledger.Push, among func(fault.Name) bool) Injected {
	if !f.any.Load() {
		return nil
	}
	return f.pick(func(a *armedFault) bool {
		return among(a.Fault.Name) && !(p.V2 && onlyV3(a.Fault.Name)) && strikesPush(&a.Fault, p.Event, p.MchID)
	})
}

// overLimit lets a rate limit strike only beyond its rate.
func (a *armedFault) overLimit(key string, now time.Time) bool {
	rate := a.Fault.PerSecond
	if a.Fault.Name != fault.RateLimit || rate == 0 {
		return true
	}
	if a.buckets == nil {
		a.buckets = map[string]*bucket{}
	}
	b := a.buckets[key]
	if b == nil {
		b = &bucket{tokens: max(1, rate), at: now}
		a.buckets[key] = b
	}
	return !b.take(rate, now)
}

// bucket is a token bucket that holds one second's worth, one token at least.
type bucket struct {
	tokens float64
	at     time.Time
}

func (b *bucket) take(perSecond float64, now time.Time) bool {
	if gone := now.Sub(b.at); gone > 0 {
		b.tokens = min(max(1, perSecond), b.tokens+gone.Seconds()*perSecond)
	}
	b.at = now // the clock may have been moved back
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
