package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// What was sealed may be any bytes, and what a function says of it too. All of it is stored, comes
// back byte for byte and can be forgotten, also where the database takes no such text.
func TestWhatIsNoTextIsStored(t *testing.T) {
	plaintexts := map[string]string{
		"UTF-8":             `{"out_trade_no":"微信","openid":"` + payer + `"}`,
		"not UTF-8":         "{\"out_trade_no\":\"\xff\xfe\",\"openid\":\"" + payer + "\"}",
		"GBK":               "{\"name\":\"\xce\xa2\xd0\xc5\",\"openid\":\"" + payer + "\"}",
		"an escaped NUL":    `{"out_trade_no":"a\u0000b","openid":"` + payer + `"}`,
		"half a surrogate":  `{"out_trade_no":"\ud83d","openid":"` + payer + `"}`,
		"no JSON":           "\x00\xff not JSON",
		"nothing":           "",
		"spaces":            "{ \"openid\" : \"" + payer + "\" ,\n \"b\": 1 }\n",
		"what HTML escapes": `{"attach":"<a&b>","openid":"` + payer + `"}`,
		"line separators":   "{\"a\":\"\u2028\u2029\",\"openid\":\"" + payer + "\"}",
		"a long number":     `{"n":12345678901234567890.10,"n":1,"openid":"` + payer + `"}`,
	}
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		fails, got := true, map[string]string{}
		b.Otherwise(func(_ context.Context, d *inbox.Delivery) error {
			if fails {
				return errors.New("a reason \xff with \x00 " + string(d.Plaintext))
			}
			got[d.ID] = string(d.Plaintext)
			return nil
		})
		for name, plaintext := range plaintexts {
			n := &notify.Notification{MchID: mchID, ID: name, EventType: "X\xff\x00", Plaintext: []byte(plaintext)}
			if err := b.Take(w.Context(), n); err != nil {
				w.Errorf("%s: %v", name, err)
			}
		}
		letters, err := b.Dead(w.Context(), 100)
		if err != nil || len(letters) != len(plaintexts) {
			w.Fatalf("%d dead letters, %v", len(letters), err)
		}
		fails = false
		for name := range plaintexts {
			if err := b.Replay(w.Context(), mchID, name); err != nil {
				w.Errorf("%s: %v", name, err)
			}
			if got[name] != plaintexts[name] {
				w.Errorf("%s: came back as %q", name, got[name])
			}
		}
		fails = true
		for name, plaintext := range plaintexts {
			n := &notify.Notification{MchID: mchID, ID: name + " again", EventType: "X", Plaintext: []byte(plaintext)}
			if err := b.Take(w.Context(), n); err != nil {
				w.Errorf("%s: %v", name, err)
			}
		}
		f, err := b.Forget(w.Context(), inbox.Person{OpenIDs: []string{payer}})
		if err != nil || f.Letters != 9 {
			w.Errorf("forgot %+v, %v", f, err)
		}
	})
}

// The numbers of a contract may be any text, and are told as they came where the database takes
// them.
func TestTheNumbersOfAContractMayBeAnyText(t *testing.T) {
	codes := []string{"a\x00b", "微信", "\xff\xfe", strings.Repeat("长", 400), "a b", " ", "'; DROP TABLE x; --"}
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{})
		var ran []string
		b.Otherwise(func(_ context.Context, d *inbox.Delivery) error {
			ran = append(ran, d.ID)
			return nil
		})
		var want []string
		for i, code := range codes {
			id := fmt.Sprint("n", i)
			want = append(want, id, id+"e")
			for range 2 {
				at := "2026-11-01T10:00:00+08:00"
				if err := b.Take(w.Context(), signed(id, "C"+code, code, at)); err != nil {
					w.Errorf("%q: %v", code, err)
				}
				at = "2026-11-02T10:00:00+08:00"
				if err := b.Take(w.Context(), ended(id+"e", "C"+code, code, at)); err != nil {
					w.Errorf("%q: %v", code, err)
				}
			}
		}
		if !slices.Equal(ran, want) {
			w.Errorf("ran %q, want %q", ran, want)
		}
	})
}
