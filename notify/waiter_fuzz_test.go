package notify_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/wxpay-go/wxpay/notify"
)

// Whatever a notification says, who waits for a text that stands in it asks at once.
func FuzzHeard(f *testing.F) {
	f.Add([]byte(`{"out_trade_no":"x1"}`), "x1")
	f.Add([]byte(`{"a":[{"b":{"contract_id":12}}],"c":null}`), "12")
	f.Add([]byte(`{"a":"\u0078"`), "x")
	f.Fuzz(func(t *testing.T, plaintext []byte, number string) {
		if number == "" {
			return
		}
		text, err := json.Marshal(map[string]string{"n": number})
		var back map[string]string
		if err != nil || json.Unmarshal(text, &back) != nil || back["n"] != number {
			return // it has bytes that JSON does not
		}
		w, asked := notify.NewWaiter(), 0
		l, err := w.Debited(t.Context(), number, func(context.Context) (string, error) {
			if asked++; asked == 1 {
				w.Heard(&notify.Notification{Plaintext: plaintext})
				w.Heard(&notify.Notification{Plaintext: text})
			}
			if asked == 1 {
				return "ACCEPTED", nil
			}
			return "SUCCESS", nil
		})
		if err != nil || asked != 2 || l.By != notify.ByNotification {
			t.Errorf("asked %d times: %+v, %v", asked, l, err)
		}
	})
}
