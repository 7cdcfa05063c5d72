package sandbox

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func newBookingLab(t *testing.T) *testProduct {
	r := &engine.DebitRules{Delay: time.Second, Booking: &engine.BookingRules{DaysBefore: 1, From: clock.BookingsFrom,
		Until: clock.BookingsUntil, Once: true, Ends: 8 * time.Hour}, Notice: modeB().Notice}
	return newTestProduct(t, r, ledger.Plan{Mode: ledger.DebitScheduled}, func(p *engine.Product) {
		p.Agreed = func(_ *engine.Step, _ *rows.Session, c *rows.Contract) error {
			c.Bookings = []ledger.Booking{{Date: "2020-09-13", Amount: 800}}
			r.Booking.EndAfter(c)
			return nil
		}
	})
}

func TestBookedTheDayBefore(t *testing.T) {
	t.Parallel()
	l := newBookingLab(t)
	l.at(1, 10, 0)
	l.refused(l.book(800), "INVALID_REQUEST") // two days before
	l.at(2, 7, 59)
	l.refused(l.book(800), "INVALID_REQUEST")
	l.at(2, 8, 0)
	l.refused(l.book(799), "INVALID_REQUEST")
	_, err := l.debit("early", 800)
	l.refused(err, "INVALID_REQUEST") // not booked
	l.at(2, 19, 29)
	l.refused(l.book(800), "")
	l.refused(l.book(800), "") // the same again
	_, err = l.debit("early", 800)
	l.refused(err, "INVALID_REQUEST") // not its day
	l.at(3, 0, 0)
	_, err = l.debit("less", 799)
	l.refused(err, "INVALID_REQUEST")
	if err := l.Payer("payer").FailNext(ledger.NotEnough); err != nil {
		t.Fatal(err)
	}
	_, err = l.debit("1", 800)
	l.refused(err, "")
	l.at(3, 23, 59)
	_, err = l.debit("2", 800)
	l.refused(err, "")
	l.at(4, 0, 0)
	l.wantEvents("LAB.FAILED1", "LAB.PAID2", "ECOMMERCE_ENTRUST.TERMINATE")
	c, err := l.Contract(l.contract)
	if err != nil || c.State != ledger.ContractTerminated || c.Mode != ledger.BySystem ||
		c.Bookings[0].State(l.Clock().Now()) != ledger.BookingPaid {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestTooLateToBook(t *testing.T) {
	t.Parallel()
	l := newBookingLab(t)
	l.at(2, 19, 30)
	l.refused(l.book(800), "INVALID_REQUEST")
	l.at(4, 7, 59)
	l.wantEvents()
	l.at(4, 8, 0)
	l.wantEvents("ECOMMERCE_ENTRUST.TERMINATE")
	c, err := l.Contract(l.contract)
	if err != nil || c.Mode != ledger.BySystem || c.Bookings[0].State(l.Clock().Now()) != ledger.BookingExpired {
		t.Errorf("got %+v, %v", c, err)
	}
	l.refused(l.book(800), "INVALID_REQUEST")
	_, err = l.debit("1", 800)
	l.refused(err, "INVALID_REQUEST")
}

func TestContractsEndWithTheirTerm(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{}, ledger.Plan{Days: 30})
	l.at(30, 9, 59)
	l.wantEvents()
	if err := l.Clock().Set(testStart.AddDate(0, 0, 30)); err != nil { // and nothing happens on the way
		t.Fatal(err)
	}
	_, err := l.debit("1", 1)
	l.refused(err, "INVALID_REQUEST")
	if err := l.Settle(); err != nil {
		t.Fatal(err)
	}
	l.wantEvents("ECOMMERCE_ENTRUST.TERMINATE")
}

func TestBookingStates(t *testing.T) {
	t.Parallel()
	day := clock.StartOf("2020-09-13")
	for _, c := range []struct {
		name    string
		booking ledger.Booking
		now     time.Time
		want    ledger.BookingState
	}{
		{"fresh", ledger.Booking{}, day.Add(-time.Hour), ledger.NotBooked},
		{"forgotten", ledger.Booking{}, day.AddDate(0, 0, 1), ledger.BookingExpired},
		{"booked", ledger.Booking{BookedAt: day}, day.Add(24*time.Hour - 1), ledger.Booked},
		{"booked without effect", ledger.Booking{BookedAt: day}, day.AddDate(0, 0, 1), ledger.BookingExpired},
		{"paid", ledger.Booking{BookedAt: day, PaidAt: day}, day.AddDate(1, 0, 0), ledger.BookingPaid},
	} {
		c.booking.Date = "2020-09-13"
		if got := c.booking.State(c.now); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
