package sandbox_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// The clock has a first and a last year: beyond them the distances between times do not fit a
// duration, and a clock that is moved on would stand still.
func TestTheClockHasBounds(t *testing.T) {
	t.Parallel()
	first, last := time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2261, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		name string
		at   time.Time
		fine bool
	}{
		{"the zero time", time.Time{}, false},
		{"year 1, in RFC 3339", time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), false},
		{"before the first year", first.Add(-time.Second), false},
		{"1970", time.Unix(0, 0), false},
		{"the first second", first, true},
		{"the last second", last, true},
		{"after the last year", last.Add(time.Second), false},
		{"a year whose distance overflows", time.Date(2318, 12, 31, 0, 0, 0, 0, time.UTC), false},
		{"year 9999", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{"no year of RFC 3339", time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, sb := range []*sandbox.Sandbox{sandbox.New(t), sandbox.New(t, sandbox.At(start))} {
				before := sb.Clock().Now()
				err := sb.Clock().Set(c.at)
				if (err == nil) != c.fine {
					t.Errorf("Set: %v", err)
				}
				if now := sb.Clock().Now(); !c.fine && now.Sub(before).Abs() > time.Hour {
					t.Errorf("refused, and the clock stands at %s", now)
				}
				if off := sb.Clock().Now().Sub(c.at); c.fine && (off < 0 || off > time.Minute) {
					t.Errorf("set to %s, the clock stands at %s", c.at, sb.Clock().Now())
				}
			}
			if c.at.IsZero() {
				return // Config.Start: now
			}
			sb, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Start: c.at, Merchants: []ledger.Merchant{}})
			if (err == nil) != c.fine {
				t.Errorf("Start: %v", err)
			}
			if err == nil {
				sb.Close()
			} else if !strings.Contains(err.Error(), "Config.Start") {
				t.Errorf("the error does not name Config.Start: %v", err)
			}
		})
	}
}

// Wherever the clock stands, every key is valid, also for a client that is made then.
func TestKeysAreValidAsLongAsTheClockGoes(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2261, 12, 31, 23, 0, 0, 0, time.UTC),
	} {
		for _, mode := range []ledger.KeyMode{ledger.KeysMoving, ledger.KeysPublic, ledger.KeysCertificate} {
			w := newWorld(t, sandbox.At(at), sandbox.WithKeyMode(mode))
			w.signCombine("code")
			w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
		}
		fresh, err := sandbox.Start(sandbox.Config{Start: at, ManualClock: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { fresh.Close() })
		if _, err := fresh.Client().Chain("v3/certificates").Get(t.Context()); err != nil {
			t.Errorf("%s, with fresh keys: %v", at, err)
		}
	}
}

// Whatever the clock is told, Advance ends: at its end, or at once with an error and nothing done.
func TestAdvanceEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  time.Time
		by   time.Duration
		fine bool
	}{
		{"292 years from now", time.Time{}, math.MaxInt64, false},
		{"over the end", time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC), 20 * 365 * 24 * time.Hour, false},
		{"to the end", time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC), 11 * 365 * 24 * time.Hour, true},
		{"in the last year", time.Date(2261, 6, 1, 0, 0, 0, 0, time.UTC), 24 * time.Hour, true},
		{"from the first year", time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC), 40 * 365 * 24 * time.Hour, true},
	} {
		for _, option := range []sandbox.Option{sandbox.At(start), func(*sandbox.Config) {}} {
			w := newWorld(t, option)
			if !c.set.IsZero() {
				w.ok(w.Clock().Set(c.set))
			}
			w.signCombine("code")
			w.received()
			before := w.Clock().Now()
			err := w.Advance(c.by)
			if (err == nil) != c.fine {
				t.Errorf("%s: %v", c.name, err)
			}
			moved := w.Clock().Now().Sub(before)
			if want := map[bool]time.Duration{true: c.by}[c.fine]; moved < want || moved > want+time.Minute {
				t.Errorf("%s: the clock moved by %s", c.name, moved)
			}
		}
	}
}

// The admin says so too, as an error of the caller's.
func TestAdminClockHasBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, at := range []string{
		"0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2318-12-31T00:00:00Z", "9999-12-31T23:59:59Z",
	} {
		status, answer := w.admin("POST", "/sandbox/clock/set", object{"time": at})
		if said, _ := answer["error"].(string); status != 400 || !strings.Contains(said, "1971 to 2261") {
			t.Errorf("%s: %d %v", at, status, answer)
		}
	}
	if status, answer := w.admin("POST", "/sandbox/clock/advance", object{"duration": "2562047h"}); status != 400 {
		t.Errorf("292 years: %d %v", status, answer)
	}
	if now := w.Clock().Now(); !now.Equal(start) {
		t.Errorf("the clock stands at %s", now)
	}
}

// A handler that brings about another notification each time would keep a moment from ending.
func TestAMomentEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithRounds(20))
	another := 0
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		another++
		payer := w.Payer("payer" + strconv.Itoa(another))
		if _, err := payer.SignElsewhere(ledger.CombinePapay, sandbox.DefaultPlanID); err != nil {
			t.Error(err)
		}
	})))
	w.signCombine("code")
	anHour := func() error { return w.Advance(time.Hour) }
	for what, do := range map[string]func() error{"Settle": w.Settle, "Advance": anHour} {
		err := do()
		pushes, problem := w.Pushes()
		w.ok(problem)
		if last := pushes[len(pushes)-2].ID; err == nil || !strings.Contains(err.Error(), last) {
			t.Errorf("%s: got %v, want an error that names %s", what, err, last)
		}
	}
}

func TestAdvanceOfAClosedSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closing := make(chan error, 1)
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if len(closing) == 0 {
			go func() { closing <- w.Close() }()
		}
		<-r.Context().Done() // the sandbox is closing
	})))
	w.signCombine("code")
	if err := w.Advance(time.Hour); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed on the way: got %v", err)
	}
	w.ok(await(t, closing, "Close"))
	if err := w.Advance(time.Hour); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed: got %v", err)
	}
	if err := w.Settle(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Settle: got %v", err)
	}
}

// Dates that the sandbox's clock never shows are refused, for what would happen on them never
// would.
func TestDatesBeyondTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := scheduledBody("S1")
	body["deduct_schedule"].(object)["estimated_deduct_date"] = "9999-12-31"
	w.refused(400, "PARAM_ERROR", "POST", presignScheduled+"app", body)
	for _, p := range []ledger.Plan{
		{ID: "1", Product: ledger.CombinePapay, Days: 1 << 40}, {ID: "1", Product: ledger.CombinePapay, Days: -1},
		{ID: "1", Product: ledger.Insurance, Limits: ledger.Limits{PeriodDays: 1 << 40}},
	} {
		if err := w.AddPlan(sandbox.DefaultMchID, p); err == nil || !strings.Contains(err.Error(), "36500") {
			t.Errorf("%+v: got %v", p, err)
		}
	}
}

// A walk whose caller gives up, as over REST, goes no further than the attempt it is at.
func TestAdvanceEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	attempts := 0
	w.ok(w.Receive("https://elsewhere.example", http.HandlerFunc(func(a http.ResponseWriter, _ *http.Request) {
		if attempts++; attempts == 3 {
			giveUp()
		}
		a.WriteHeader(http.StatusInternalServerError)
	})))
	reply := w.must("POST", presignCombine, with(combineBody(), "notify_url", "https://elsewhere.example/x"))
	_, err := w.Payer(openID).Agree(reply["pre_entrustweb_id"].(string))
	w.ok(err)
	if err := sandbox.AdvanceContext(ctx, w.Sandbox, 24*time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if moved := w.Clock().Now().Sub(start); attempts != 3 || moved != 20*time.Second {
		t.Errorf("%d attempts, and the clock moved by %v", attempts, moved)
	}
	w.ok(w.Advance(time.Hour)) // the walk can go on
	if attempts < 10 {
		t.Errorf("%d attempts in the end", attempts)
	}
}
