package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

func TestPruneBoundsByAge(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{Keep: 100 * time.Hour, KeepDead: 200 * time.Hour})
		without := w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		take := func(b *inbox.Box, n *notify.Notification) {
			w.Helper()
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		const at = "2026-11-28T10:00:00+08:00"
		take(b, paid("n1", "T1", "4200"))
		take(b, signed("n2", "C1", "K1", at))
		take(b, signed("n3", "C2", "K2", at))
		take(b, ended("n4", "C2", "K2", at))
		take(without, paid("n5", "T5", "4205"))
		w.clock.advance(99 * time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p != (inbox.Pruned{}) {
			w.Errorf("pruned too early: %+v, %v", p, err)
		}
		take(b, paid("n6", "T6", "4206"))
		w.clock.advance(2 * time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p != (inbox.Pruned{Events: 4}) {
			w.Errorf("pruned %+v, %v", p, err)
		}
		if n := w.count("SELECT COUNT(*) FROM ~contracts WHERE contract_id = 'C1'"); n != 1 {
			w.Error("the contract in force is gone")
		}
		if n := w.count("SELECT COUNT(*) FROM ~facts"); n != 2 {
			w.Errorf("%d facts are left, and a letter may tell either", n)
		}
		w.clock.advance(100 * time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p != (inbox.Pruned{Events: 1, Dead: 1, Contracts: 1}) {
			w.Errorf("pruned %+v, %v", p, err)
		}
		if n := w.count("SELECT COUNT(*) FROM ~facts"); n != 1 {
			w.Errorf("%d facts are left", n)
		}
	})
}

// A letter of a contract's signature is replayed long after its end was handled: the contract is
// known to have ended. A letter that waits to be replayed is kept no longer than any.
func TestContractsAreKeptAsLongAsLetters(t *testing.T) {
	onEach(t, func(w *world) {
		fails := true
		b := w.box(inbox.Config{Keep: 72 * time.Hour, Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if fails && d.ID != "n2" {
				return errors.New("the shop's database is away")
			}
			return w.write(ctx, d, fmt.Sprint(d.ID, " ", d.Contract.Ended, " ", d.Late))
		})
		const at = "2026-11-28T10:00:00+08:00"
		for _, n := range []*notify.Notification{signed("n1", "C1", "K1", at), ended("n3", "C1", "K1", at),
			ended("n2", "C1", "K1", at), signed("n4", "C2", "K2", at)} {
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		fails = false
		w.clock.advance(73 * time.Hour)
		if _, err := b.Prune(w.Context()); err != nil {
			w.Fatal(err)
		}
		for _, id := range []string{"n1", "n3"} {
			if err := b.Replay(w.Context(), mchID, id); err != nil {
				w.Fatal(err)
			}
		}
		(&merchant{world: w}).wantEffects("n1 true true", "n2 true false")
		if n, err := b.Requeue(w.Context(), mchID, "n4"); n != 1 || err != nil {
			w.Fatal(n, err)
		}
		w.clock.advance(inbox.DefaultKeepDead + time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p.Dead != 1 {
			w.Errorf("pruned %+v, %v", p, err)
		}
	})
}

// A letter is kept no longer for being tried, so that it does not outlive what is known of its
// contract. One that failed for a day is younger by that.
func TestTryingALetterKeepsItNoLonger(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{Keep: inbox.MinKeep, KeepDead: inbox.MinKeep, Attempts: 2,
			OnDead: func(context.Context, inbox.Dead) {}})
		fails := true
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if fails && d.EventType == "ENTRUST.SIGN" {
				return errors.New("the shop's database is away")
			}
			return w.write(ctx, d, fmt.Sprint(d.ID, " ", d.Late))
		})
		const at = "2026-11-28T10:00:00+08:00"
		take := func(list ...*notify.Notification) {
			for _, n := range list {
				_ = b.Take(w.Context(), n) // some fail
			}
		}
		soon, late := signed("n1", "C1", "K1", at), signed("n3", "C2", "K2", at)
		take(soon, soon, late, ended("n2", "C1", "K1", at), ended("n4", "C2", "K2", at))
		w.clock.advance(24 * time.Hour)
		take(late)
		for range 4 {
			w.clock.advance(5 * time.Hour)
			if n, err := b.Requeue(w.Context(), "", ""); n != 2 || err != nil {
				w.Fatal(n, err)
			}
			if _, err := b.Work(w.Context()); err != nil {
				w.Fatal(err)
			}
		}
		fails = false
		w.clock.advance(27 * time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p.Dead != 1 || p.Contracts != 0 {
			w.Errorf("pruned %+v, %v", p, err)
		}
		for id, want := range map[string]error{"n1": inbox.ErrNotStored, "n3": nil} {
			if err := b.Replay(w.Context(), mchID, id); !errors.Is(err, want) {
				w.Errorf("%s: %v", id, err)
			}
		}
		(&merchant{world: w}).wantEffects("n2 false", "n3 true", "n4 false")
	})
}

// A contract without an id that was signed once more under its code is in force, and is not pruned.
func TestAContractInForceIsNotPruned(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{Keep: inbox.MinKeep, KeepDead: inbox.MinKeep})
		for i, at := range []string{"10", "11", "12"} {
			event := []string{"ECOMMERCE_ENTRUST.SIGN", "ECOMMERCE_ENTRUST.TERMINATE"}[i%2]
			if err := b.Take(w.Context(), notified(fmt.Sprint("n", i), event, object{"out_contract_code": "K1",
				"plan_id": 12535, "openid": payer, "operate_time": "2026-11-28T" + at + ":00:00+08:00"})); err != nil {
				w.Fatal(err)
			}
		}
		w.clock.advance(1000 * time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p.Contracts != 0 {
			w.Errorf("pruned %+v, %v", p, err)
		}
	})
}

// What failed last long ago is a letter from when it is made one, and kept for as long as any:
// nobody had run Work.
func TestALetterThatIsBuriedLate(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{KeepDead: inbox.MinKeep, OnDead: func(_ context.Context, d inbox.Dead) {
			if !d.ChangedAt.Equal(w.clock.now()) {
				w.Errorf("it is said to be one since %s", d.ChangedAt)
			}
		}})
		_ = b.Take(w.Context(), paid("n1", "T1", "4200")) // there is no function
		w.clock.advance(49 * time.Hour)
		for range 2 {
			if _, err := b.Work(w.Context()); err != nil {
				w.Fatal(err)
			}
			if p, err := b.Prune(w.Context()); err != nil || p.Dead != 0 {
				w.Errorf("pruned %+v, %v", p, err)
			}
			w.clock.advance(23 * time.Hour)
		}
	})
}

// By number the oldest go, in batches, and nothing that WeChat Pay may send again.
func TestPruneBoundsByNumber(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{KeepEvents: 100})
		b.Otherwise(func(context.Context, *inbox.Delivery) error { return nil })
		// 1,150 rows at once, as if they had been handled a second apart.
		for from := 0; from < 1150; from += 115 {
			var rows []string
			for i := from; i < from+115; i++ {
				rows = append(rows, fmt.Sprintf("('%s', 'n%d', 'X', 'done', 1, '', '', 0, %d)", mchID, i,
					w.clock.now().Add(time.Duration(i)*time.Second).UnixMicro()))
			}
			w.exec("INSERT INTO " + w.prefix + "events (mch_id, id, event_type, state, attempts, claim, reason, " +
				"created_at, " +
				"changed_at) VALUES " + strings.Join(rows, ", "))
		}
		w.clock.advance(20*time.Minute + 47*time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p.Events != 0 {
			w.Errorf("pruned what may be sent again: %+v, %v", p, err)
		}
		w.clock.advance(2 * time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p.Events != 1050 {
			w.Errorf("pruned %+v, %v", p, err)
		}
		if n := w.count("SELECT COUNT(*) FROM ~events WHERE id IN ('n1049', 'n1050')"); n != 1 {
			w.Error("it was not the oldest that went")
		}
	})
}

// The schema is what other tools run: each statement by itself, twice without harm; and Check says
// what is missing.
func TestTheSchemaIsSomebodyElsesMigration(t *testing.T) {
	onEach(t, func(w *world) {
		prefix := w.prefix
		w.prefix += "b_"
		defer func() { w.prefix = prefix }()
		defer w.dropAll()
		b := w.box(inbox.Config{})
		if err := b.Check(w.Context()); err == nil {
			w.Error("there are no tables, and Check is content")
		}
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err == nil {
			w.Error("there are no tables, and a notification was answered with a success")
		}
		list, err := inbox.Schema(w.dialect, w.prefix)
		if err != nil {
			w.Fatal(err)
		}
		for range 2 {
			for _, m := range list {
				var statement strings.Builder
				for line := range strings.Lines(m.SQL) {
					code, _, _ := strings.Cut(line, "--")
					statement.WriteString(code)
					if strings.HasSuffix(strings.TrimSpace(code), ";") {
						if _, err := w.db.ExecContext(w.Context(), statement.String()); err != nil {
							w.Fatalf("%s: %v", m.Name, err)
						}
						statement.Reset()
					}
				}
			}
		}
		for range 2 {
			if err := b.Migrate(w.Context()); err != nil {
				w.Fatal(err)
			}
		}
		if err := b.Check(w.Context()); err != nil {
			w.Error(err)
		}
		w.exec("INSERT INTO " + w.prefix + "schema (mch_id, version) VALUES ('', 1000)")
		if err := b.Check(w.Context()); err == nil || !strings.Contains(err.Error(), "newer") {
			w.Errorf("newer tables: %v", err)
		}
	})
}
