package sqlstore_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A sandbox that is killed while the merchant answers the last attempt leaves
// the database as it is at that moment. The next one on it notifies them again.
func TestNotificationOutlivesAKill(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "sandbox.db")
	killed := sandbox.New(t, sandbox.WithStore(open(t, path)),
		sandbox.At(time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)), sandbox.WithNotifyTimeout(time.Minute))
	last, release := make(chan struct{}), make(chan struct{})
	attempts := 0
	must(t, killed.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if attempts++; attempts == 16 {
			close(last)
			<-release
		}
		w.WriteHeader(http.StatusInternalServerError)
	})))
	openID := "oUpF8uMuAJOM2pxb1Q"
	reply, err := killed.Client().Chain("v3/edu-papay/contracts/presign").Post(t.Context(), map[string]any{
		"appid": sandbox.DefaultEduAppID, "openid": openID, "plan_id": sandbox.DefaultEduPlanID,
		"user_id": "20200330tony", "period_start_date": "2026-12-19", "trade_scene": "EDUCATION_PERIOD",
	})
	must(t, err)
	var session struct {
		Token string `json:"presign_token"`
	}
	must(t, reply.Decode(&session))
	_, err = killed.Payer(openID).Agree(session.Token)
	must(t, err)
	walked := make(chan error, 1)
	go func() { walked <- killed.Advance(48 * time.Hour) }()
	t.Cleanup(func() {
		close(release)
		must(t, <-walked)
	})
	select {
	case <-last:
	case <-time.After(time.Minute):
		t.Fatal("the last attempt was not made")
	}

	after := filepath.Join(folder, "after.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		must(t, err)
		must(t, os.WriteFile(after+suffix, data, 0o600))
	}
	next := sandbox.New(t, sandbox.WithStore(open(t, after)), sandbox.At(killed.Clock().Now().Add(time.Hour)))
	received := 0
	must(t, next.Receive("https://yourapp.com",
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received++ })))
	must(t, next.Settle())
	pushes, err := next.Pushes()
	must(t, err)
	if received != 1 || len(pushes) != 1 || pushes[0].State != ledger.PushDelivered || len(pushes[0].Attempts) != 17 ||
		pushes[0].Attempts[15].Open {
		t.Errorf("the merchant was notified %d times after the kill; the notifications: %+v", received, pushes)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
