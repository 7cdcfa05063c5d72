package inbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What is told of one number, in some order: e expects it, q is what a query told, r is what a
// query told of the first try, replayed; n is a notification with the minute of its creation, or ?
// for none; x ends what is expected.
func TestFailuresUnderOneNumber(t *testing.T) {
	t.Parallel()
	const day = 24 * 60
	for _, c := range []struct {
		name, told, news string
	}{
		{"by notifications alone", "0n0 60n60 61n?", "yes yes yes"},
		{"a query, then its notification", "0e 11q 12n0", "yes no"},
		{"and the next one", "0e 11q 12n0 90n90", "yes no yes"},
		{"a query, and the next one soon", "0e 11q 12e 13n13", "yes yes"},
		{"its own after the next is expected", "0e 11q 12e 13n0", "yes no"},
		{"two queries, then both", "0e 11q 12e 23q 30n0 31n12", "yes yes no no"},
		{"in the other order", "0e 11q 12e 23q 30n12 31n0", "yes yes no no"},
		{"and a third", "0e 11q 12e 23q 30n12 31n0 32e 33n33", "yes yes no no yes"},
		{"nobody says when", "0e 11q 12e 23q 30n? 31n? 32n?", "yes yes no no yes"},
		{"nor while another is expected", "0e 11q 12e 13n? 23q 24n?", "yes no yes no"},
		{"nor comes while WeChat Pay repeats", fmt.Sprintf("0e 11q %dn?", 11+25*60+1), "yes yes"},
		{"it comes a month later", fmt.Sprintf("0e 11q %dn0", 30*day), "yes no"},
		{"the next one, not expected", fmt.Sprintf("0e 11q %dn%d", 30*day, 30*day), "yes yes"},
		{"one long before it was expected", "10e 21q 22n0", "yes yes"},
		{"a letter, beside its notification", "0e 11n0 x 90r", "yes no"},
		{"whose letter is dead", "0e x 12n0 90r", "yes no"},
		{"beside the next one's", "0e x 79e 80n80 90r", "yes yes"},
		{"beside one from before", "0n0 10e x 90r", "yes yes"},
		{"the clocks differ by seconds", "10e 21q 22n9.95", "yes no"},
		{"or by minutes", "10e 11n7 21q 31e 32n31", "yes no yes"},
	} {
		var f failures
		var first, expected int64
		var got []string
		at := func(minutes string) int64 {
			var m float64
			_, _ = fmt.Sscan(minutes, &m)
			return int64(m*60)*1_000_000 + 1e15
		}
		for _, step := range strings.Fields(c.told) {
			i := strings.IndexAny(step, "eqrnx")
			when, news := at(step[:i]), false
			switch step[i] {
			case 'e':
				expected = when
				if first == 0 {
					first = when
				}
				continue
			case 'x':
				expected = 0
				continue
			case 'q':
				news = f.asked(times{Since: expected, At: when})
				expected = 0
			case 'r': // told eleven minutes after it was expected
				news = f.asked(times{Since: first, At: first + (11 * time.Minute).Microseconds()})
			case 'n':
				heard := times{At: when}
				if step[i+1:] != "?" {
					heard.Created = at(step[i+1:])
				}
				news = f.notified(heard, expected)
			}
			got = append(got, map[bool]string{true: "yes", false: "no"}[news])
			again, err := failuresOf(f.String())
			if err != nil || again.String() != f.String() {
				t.Errorf("%s: %s is stored as %s, %v", c.name, f, again, err)
			}
		}
		if strings.Join(got, " ") != c.news {
			t.Errorf("%s: news are %q, want %s", c.name, got, c.news)
		}
	}
}

// What is kept of one number has a bound.
func TestFailuresAreBounded(t *testing.T) {
	t.Parallel()
	var f failures
	for i := range int64(1000) {
		f.asked(times{Since: 1, At: i})
		f.notified(times{Created: 1e15 + i}, 0)
	}
	if len(f.Asked) != mostFailures || len(f.Heard) != mostFailures || f.Heard[mostFailures-1].Created != 1e15+999 {
		t.Errorf("%d and %d are kept", len(f.Asked), len(f.Heard))
	}
	if _, err := failuresOf("x"); err == nil {
		t.Error("what is no JSON was read")
	}
}
