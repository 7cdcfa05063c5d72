package bench

import (
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// Result is what was measured. Its names in JSON are kept from one version to the next.
type Result struct {
	// Requests were answered as they should be, in Seconds of load. The rest of it is about them.
	Requests int64   `json:"requests"`
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"requests_per_second"`
	// Floor is how many the cryptography alone would allow, the mean of all rounds. Ratio is the
	// median of the rounds' rates, each divided by the floor just before it.
	Floor float64 `json:"floor_per_second"`
	Ratio float64 `json:"ratio"`
	// ProcessorRatio is the same of the processor time of this process, which other programs do not
	// take away. It means something where the server is in this process too; 0 where it is not
	// known.
	ProcessorRatio float64 `json:"processor_ratio,omitempty"`
	Rounds         int     `json:"rounds"`
	Latency        Latency `json:"latency_ms"`
	// Errors are the others, by kind.
	Errors map[string]int64 `json:"errors"`
}

// Latency is how long answers took, in milliseconds, to three digits.
type Latency struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// kind is what is wrong with an answer, as it stands in Result.Errors.
type kind string

const (
	refused     = "refused: "
	withoutCode = "without a code"
)

// In is a kind in a language.
func (k kind) In(l lang.Lang) string {
	what, is := strings.CutPrefix(string(k), refused)
	if !is {
		return l.Translate(string(k))
	}
	if status, none := strings.CutSuffix(what, " "+withoutCode); none {
		return l.Text("refused: %s without a code", status)
	}
	return l.Text("refused: %s", what)
}

// Kind is one of Result.Errors in a language.
func Kind(of string, l lang.Lang) string { return kind(of).In(l) }

// Failed is how many answers were not as they should be, or did not come.
func (r Result) Failed() (n int64) {
	for _, of := range r.Errors {
		n += of
	}
	return n
}

// round is what one adds.
type round struct {
	took, uses time.Duration // of the load, uses being processor time
	floor      float64       // how many a second
	floorUses  time.Duration // processor time of one
}

// tally is what rounds add up to.
type tally struct {
	requests     int64
	load         time.Duration
	floors       []float64 // by round
	ratios, uses []float64 // to the floor, of time and of processor time
	latencies    *hdrhistogram.Histogram
	errors       map[string]int64
}

func newTally() tally {
	return tally{errors: map[string]int64{},
		latencies: hdrhistogram.New(int64(time.Microsecond), int64(2*patience), 3)}
}

// count adds a round.
func (t *tally) count(answers []answer, r round) {
	good := 0
	for _, a := range answers {
		if a.kind != "" {
			t.errors[a.kind]++
			continue
		}
		good++
		_ = t.latencies.RecordValue(min(int64(a.took), t.latencies.HighestTrackableValue()))
	}
	if len(answers) == 0 {
		return
	}
	t.requests += int64(good)
	t.load += r.took
	rate := float64(good) / r.took.Seconds()
	t.floors, t.ratios = append(t.floors, r.floor), append(t.ratios, rate/r.floor)
	if r.uses > 0 {
		t.uses = append(t.uses, float64(good)*r.floorUses.Seconds()/r.uses.Seconds())
	}
}

// Result adds up the rounds.
func (t *tally) Result() Result {
	r := Result{Requests: t.requests, Seconds: t.load.Seconds(), Errors: t.errors, Rounds: len(t.ratios)}
	if r.Rounds == 0 {
		return r
	}
	r.Rate = float64(r.Requests) / r.Seconds
	r.Floor, r.Ratio = mean(t.floors), median(t.ratios)
	if len(t.uses) > 0 {
		r.ProcessorRatio = median(t.uses)
	}
	ms := func(percentile float64) float64 {
		return float64(t.latencies.ValueAtQuantile(percentile)) / float64(time.Millisecond)
	}
	r.Latency = Latency{P50: ms(50), P99: ms(99), P999: ms(99.9), Max: ms(100)}
	return r
}

func mean(of []float64) (sum float64) {
	for _, v := range of {
		sum += v
	}
	return sum / float64(len(of))
}

func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	n := len(of)
	return (of[(n-1)/2] + of[n/2]) / 2
}
