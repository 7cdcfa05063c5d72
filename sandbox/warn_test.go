package sandbox_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// logged is a test whose log can be read.
type logged struct {
	*testing.T
	mu    sync.Mutex
	lines []string
}

func (l *logged) Logf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// count is how many lines have all these words.
func (l *logged) count(words ...string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
lines:
	for _, line := range l.lines {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		n++
	}
	return n
}

// What WeChat Pay would not explain, and what nobody would see, is in the test's
// log: a plan nobody registered, a notification with nowhere to go.
func TestLogSaysWhatIsAmiss(t *testing.T) {
	t.Parallel()
	log := &logged{T: t}
	sb := sandbox.New(log, sandbox.At(start), sandbox.WithPlan(ledger.Plan{ID: "43", Product: ledger.EduPapay}))
	presign := sb.Client().Chain(presignEdu)
	for range 2 {
		if _, err := presign.Post(t.Context(), with(eduBody(), "plan_id", "42")); err == nil {
			t.Fatal("an unknown plan was taken")
		}
	}
	if _, err := sb.Client().Chain("v3/nowhere").Get(t.Context()); err == nil {
		t.Fatal("an unknown path was answered")
	}
	for _, plan := range []string{sandbox.DefaultEduPlanID, "43"} {
		r, err := presign.Post(t.Context(), with(eduBody(), "plan_id", plan))
		if err != nil {
			t.Fatal(err)
		}
		var reply struct {
			Token string `json:"presign_token"`
		}
		if err := r.Decode(&reply); err != nil {
			t.Fatal(err)
		}
		if _, err := sb.Payer(eduOpenID).Agree(reply.Token); err != nil {
			t.Fatal(err)
		}
	}
	if err := sb.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := sb.Close(); err != nil { // calls are written down just after they are answered
		t.Fatal(err)
	}
	for _, want := range [][]string{
		{"POST /v3/edu-papay/contracts/presign: 400 PARAM_ERROR: ", "no plan_id", "WithPlan"},
		{"GET /v3/nowhere: 404 "},
		{"ENTRUST.SIGNING to https://yourapp.com/notify", `Receive("https://yourapp.com", handler)`},
		{"ENTRUST.SIGNING: ", "Plan.NotifyURL"},
	} {
		if n := log.count(want...); n != 1 {
			t.Errorf("%q is in %d lines of the log, want 1:\n%s", want, n, strings.Join(log.lines, "\n"))
		}
	}
}

// Hours are told as people write them.
func TestLogTellsTheHours(t *testing.T) {
	t.Parallel()
	log := &logged{T: t}
	sb := sandbox.New(log, sandbox.At(time.Date(2026, 12, 1, 3, 5, 0, 0, beijing)))
	r, err := sb.Client().Chain(presignEdu).Post(t.Context(), eduBody())
	if err != nil {
		t.Fatal(err)
	}
	var reply struct {
		Token string `json:"presign_token"`
	}
	if err := r.Decode(&reply); err != nil {
		t.Fatal(err)
	}
	contract, err := sb.Payer(eduOpenID).Agree(reply.Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sb.Client().Chain("v3/edu-papay/transactions").Post(t.Context(), map[string]any{
		"appid": sandbox.DefaultEduAppID, "body": "Tuition", "out_trade_no": "night-1",
		"notify_url":  "https://yourapp.com/debited",
		"contract_id": contract.ID, "trade_scene": "EDUCATION_PERIOD", "amount": map[string]any{"total": 100,
			"currency": "CNY"},
		"device_information": map[string]any{"device_ip": "14.23.150.211"},
	}); err == nil {
		t.Fatal("debited at night")
	}
	if err := sb.Close(); err != nil {
		t.Fatal(err)
	}
	if log.count("from 07:00 to 22:00 in Beijing, where it is 03:05") != 1 {
		t.Errorf("the log does not say why:\n%s", strings.Join(log.lines, "\n"))
	}
}

// Time goes back by Clock.Set, on purpose, and never by a sum that came out wrong.
func TestAdvanceGoesForwards(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start))
	if err := sb.Advance(-time.Hour); err == nil || !strings.Contains(err.Error(), "Clock.Set") {
		t.Errorf("an hour back: %v", err)
	}
	if err := sb.Advance(0); err != nil || !sb.Clock().Now().Equal(start) {
		t.Errorf("no time at all: %v, %v", err, sb.Clock().Now())
	}
}
