package notify_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

const otherV3Key = "another-vector-and-no-secret-too"

// Of merchants with one APIv3 key, a message is the one's that it names.
func TestMerchantsThatShareAnAPIv3Key(t *testing.T) {
	t.Parallel()
	w, log := newWechat(t), newErrorLog()
	r := notify.New(w.keys(t), notify.Keys(w.keysOf(t, "1900009999", apiV3Key)), log.option())
	var got string
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		got = n.MchID
		return nil
	})
	for plaintext, want := range map[string]string{
		`{"mchid":"1900000109"}`:                          "1900000109",
		`{"mchid":"1900009999"}`:                          "1900009999",
		`{"mchid":"1900000109","sp_mchid":"1900009999"}`:  "1900009999",
		`{"mch_id":"1900009999","combine_mchid":"19000"}`: "1900009999",
	} {
		if a := w.sealedWith(t, apiV3Key, plaintext, plaintext).post(r); a.Code != 204 || got != want {
			t.Errorf("%s: answered %d, taken for %s", plaintext, a.Code, got)
		}
		got = ""
	}
	a := w.sealedWith(t, apiV3Key, "nobody", `{}`).post(r)
	if e := log.take(t); a.Code != 500 || e == nil || e.Check != notify.CheckMerchant || !strings.Contains(e.Error(),
		"the same APIv3 key") {
		t.Errorf("a message to nobody: answered %d, reported %v", a.Code, e)
	}
	if got != "" {
		t.Error("a message to nobody was handled")
	}
}

// An APIv2 message names one merchant, or one of them is not who it is for.
func TestAMessageOfTwoMerchants(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.APIv2Key("1900009999", wxpay.NewSecret(strings.Repeat("x", 32))),
		notify.OnError(func(context.Context, *notify.Error) {}))
	r.Otherwise(func(context.Context, *notify.Notification) error { return nil })
	for combined, want := range map[string]int{"1900000109": 200, "1900001234": 200, "1900009999": 401} {
		if a := r.Receive(t.Context(), nil, signedFields(wire.Fields{"combine_mch_id": combined,
			"out_trade_no": combined}).XML()); a.Status != want {
			t.Errorf("with combine_mch_id %s: answered %d, want %d", combined, a.Status, want)
		}
	}
	// Nor can one say of another's order that it is paid: an order of somebody else it can.
	for named, want := range map[string]int{`"1900000109"`: 200, `"1900001234"`: 200, `"1900009999"`: 401,
		"1900009999": 401, `" 1900009999"`: 401, `["1900009999"]`: 401, `"1900000109","mchid":"1900009999"`: 401} {
		list := `{"order_list":[{"mch_id":` + named + `,"out_trade_no":"T1","transaction_id":"42"}]}`
		if a := r.Receive(t.Context(), nil, signedFields(wire.Fields{"combine_mch_id": "1900000109", "mch_id": "",
			"combine_out_trade_no": "of" + named, "sub_order_list": list}).XML()); a.Status != want {
			t.Errorf("with an order of %s: answered %d, want %d", named, a.Status, want)
		}
	}
}

// keysOf are another merchant's keys, or this one's with further APIv3 keys.
func (w *wechat) keysOf(t *testing.T, mchID, apiV3Key string, more ...string) *wxpay.Keys {
	t.Helper()
	cfg := wxpay.Config{
		MchID: mchID, APIv3Key: wxpay.NewSecret(apiV3Key), Now: func() time.Time { return w.now },
		PlatformKeys: []wxpay.PlatformKey{w.keys(t).Current()}, // of a platform certificate, merchants share it
	}
	for _, key := range more {
		cfg.OtherAPIv3Keys = append(cfg.OtherAPIv3Keys, wxpay.NewSecret(key))
	}
	keys, err := wxpay.NewKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// sealedWith is an envelope under another APIv3 key.
func (w *wechat) sealedWith(t *testing.T, key, id, plaintext string) message {
	t.Helper()
	aead, err := wire.NewAEAD(key)
	if err != nil {
		t.Fatal(err)
	}
	e := w.envelope(id, signedType, plaintext)
	e.Resource.Ciphertext = aead.Seal(e.Resource.Nonce, e.Resource.AssociatedData, []byte(plaintext))
	return w.attempt(t, e)
}

func TestSeveralMerchantsBehindOneAddress(t *testing.T) {
	t.Parallel()
	w, log := newWechat(t), newErrorLog()
	r := notify.New(w.keys(t), notify.Keys(w.keysOf(t, "1900009999", otherV3Key)), log.option())
	var got []string
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		got = append(got, n.MchID+" "+n.ID)
		return nil
	})
	for what, c := range map[string]struct {
		key, plaintext string
		status         int
		check          wxpay.Check
	}{
		"1 its own":      {apiV3Key, `{"mchid":"1900000109"}`, 204, ""},
		"2 the other's":  {otherV3Key, `{"mchid":"1900009999"}`, 204, ""},
		"3 a provider's": {apiV3Key, `{"sp_mchid":"1900000109","mchid":"1900009999"}`, 204, ""},
		"4 a combined order": {otherV3Key, `{"combine_mchid":"1900009999","sub_orders":[{"mchid":"1900000109"}]}`, 204,
			""},
		"5 names nobody": {otherV3Key, `{"mchid":7,"sp_mchid":null}`, 204, ""},
		// a merchant this receiver does not know, such as of a mall
		"6 a shop's":         {apiV3Key, `{"mchid":"1900001234"}`, 204, ""},
		"7 another's":        {otherV3Key, `{"mchid":"1900000109"}`, 401, notify.CheckMerchant},
		"8 a provider's too": {apiV3Key, `{"sp_mchid":"1900009999"}`, 401, notify.CheckMerchant},
		"9 a third key":      {strings.Repeat("x", 32), `{}`, 500, notify.CheckResource},
	} {
		a := w.sealedWith(t, c.key, what, c.plaintext).post(r)
		e := log.take(t)
		if a.Code != c.status || (e == nil) != (c.check == "") || e != nil && e.Check != c.check {
			t.Errorf("%s: answered %d, reported %v", what, a.Code, e)
		}
	}
	slices.Sort(got)
	want := []string{
		"1900000109 1 its own", "1900000109 3 a provider's", "1900000109 6 a shop's",
		"1900009999 2 the other's", "1900009999 4 a combined order", "1900009999 5 names nobody",
	}
	if !slices.Equal(got, want) {
		t.Errorf("handled %q", got)
	}
	// One id may be two merchants', and is two notifications then.
	for _, key := range []string{apiV3Key, otherV3Key} {
		if a := w.sealedWith(t, key, "EV-same", `{}`).post(r); a.Code != 204 {
			t.Errorf("answered %d", a.Code)
		}
	}
	if len(got) != len(want)+2 {
		t.Errorf("handled %q", got)
	}
}

// A merchant whose key id is its own is told from one that has another.
func TestMerchantsWithKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	w, log := newWechat(t), newErrorLog()
	stranger := w.keys(t).Current()
	stranger.ID = platform[:len(platform)-1] + "9"
	others, err := wxpay.NewKeys(wxpay.Config{
		MchID: "1900009999", APIv3Key: wxpay.NewSecret(otherV3Key), Now: func() time.Time { return w.now },
		PlatformKeys: []wxpay.PlatformKey{stranger},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := notify.New(others, notify.Keys(w.keys(t)), log.option())
	r.Otherwise(func(context.Context, *notify.Notification) error { return nil })
	if a := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)).post(r); a.Code != 204 {
		t.Errorf("answered %d, %v", a.Code, log.take(t))
	}
	forged := w.attempt(t, w.envelope("EV-2", signedType, signedPlaintext))
	forged.body = append(forged.body, ' ')
	if a := forged.post(r); a.Code != 401 {
		t.Errorf("answered %d", a.Code)
	}
	if e := log.take(t); e == nil || e.Check != wxpay.CheckSignature {
		t.Errorf("reported %v, want the check of the merchant that knows the key", e)
	}
	if a := w.sealedWith(t, otherV3Key, "EV-3", `{}`).post(r); a.Code != 500 {
		t.Errorf("sealed for one merchant and signed for another: answered %d", a.Code)
	}
}

// Two merchants may know different keys under one id, where one of them is configured wrongly: what
// one's key says of a message is not what the other's does.
func TestOneIDOfTwoPlatformKeys(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := wxpay.NewKeys(wxpay.Config{
		MchID: "1900009999", APIv3Key: wxpay.NewSecret(otherV3Key), Now: func() time.Time { return w.now },
		PlatformKeys: []wxpay.PlatformKey{{ID: platform, Key: &key.PublicKey}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	for _, keys := range [][2]*wxpay.Keys{{wrong, w.keys(t)}, {w.keys(t), wrong}} {
		if n, err := notify.New(keys[0], notify.Keys(keys[1])).Parse(m.header, m.body); err != nil ||
			n.MchID != "1900000109" {
			t.Errorf("got %v, %v", n, err)
		}
	}
}

// While the APIv3 key is being replaced both open.
func TestTwoAPIv3Keys(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keysOf(t, "1900000109", otherV3Key, apiV3Key))
	for _, key := range []string{apiV3Key, otherV3Key} {
		m := w.sealedWith(t, key, "EV-"+key, `{"mchid":"1900000109"}`)
		if n, err := r.Parse(m.header, m.body); err != nil || n.MchID != "1900000109" {
			t.Errorf("got %v, %v", n, err)
		}
	}
	m := w.sealedWith(t, strings.Repeat("x", 32), "EV-3", `{}`)
	if _, err := r.Parse(m.header, m.body); err == nil {
		t.Error("a third key opened it")
	}
}

// What a message says of the time decides nothing of what is forgotten.
func TestTheMemoryHasThisSidesClock(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.OnError(func(context.Context, *notify.Error) {}))
	runs := map[string]int{}
	r.Otherwise(func(_ context.Context, n *notify.Notification) error { runs[n.ID]++; return nil })
	genuine := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	genuine.post(r)
	for _, member := range []string{"operate_time", "success_time", "time_end"} {
		for _, at := range []string{"2099-01-01 00:00:00", "20990101000000", "9999-12-31 23:59:59",
			"0001-01-01 00:00:00"} {
			f := addV2()
			f[member], f["contract_id"] = at, member+at
			if a := r.Receive(t.Context(), http.Header{"Wechatpay-Timestamp": {"9999999999"}},
				signedV2(f, wire.SignMD5)); a.Status != 200 {
				t.Fatalf("%s %s: answered %d, so this shows nothing", member, at, a.Status)
			}
		}
	}
	if a := genuine.post(r); a.Code != 409 || runs["EV-1"] != 1 {
		t.Errorf("the same bytes again: answered %d after %d runs", a.Code, runs["EV-1"])
	}
}

// Nothing of an APIv2 message that is sent again is kept, whatever its headers
// say: they are signed by nobody. What was kept was also searched each time.
func TestNothingOfARepeatIsKept(t *testing.T) {
	const repeats = 20_000
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	r.Otherwise(func(context.Context, *notify.Notification) error { return nil })
	body := signedV2(addV2(), wire.SignMD5)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for i := range repeats {
		if a := r.Receive(t.Context(), http.Header{wire.HeaderSignature: {fmt.Sprint("x", i)}}, body); a.Status != 200 {
			t.Fatalf("answered %d", a.Status)
		}
	}
	if kept := heap() - before; kept > repeats*8 { // a signature's hash has 32 bytes
		t.Errorf("%d bytes are kept of %d repeats", kept, repeats)
	}
	runtime.KeepAlive(r)
}

// Two merchants of one receiver have nothing in common: neither an id, though one says
// what the other's message says, nor the room in which handled messages are remembered.
func TestMerchantsOfOneReceiverAreApart(t *testing.T) {
	t.Parallel()
	const second, secondKey = "1900000777", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.APIv2Key(second, wxpay.NewSecret(secondKey)), notify.Remember(1))
	handled := map[string]int{}
	r.Otherwise(func(_ context.Context, n *notify.Notification) error { handled[n.ID]++; return nil })
	const refund = "<root><out_refund_no>R1</out_refund_no><refund_id>5000</refund_id>" +
		"<refund_status>SUCCESS</refund_status></root>"
	messages := func(mchID, key string) (out [][]byte) {
		paid := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "combine_mch_id": mchID,
			"out_trade_no": "T", "transaction_id": "4"}
		paid["sign"] = paid.Digest(key, wire.SignMD5)
		return [][]byte{paid.XML(), wire.Fields{"return_code": "SUCCESS", "mch_id": mchID,
			"req_info": wire.SealReqInfo(key, []byte(refund))}.XML()}
	}
	first, other := messages("1900000109", apiV2Key), messages(second, secondKey)
	for i := range first {
		for _, body := range [][]byte{first[i], other[i], first[i]} {
			if a := r.Receive(t.Context(), nil, body); a.Status != 200 {
				t.Errorf("answered %d", a.Status)
			}
		}
	}
	if len(handled) != 4 {
		t.Errorf("handled %d messages, want 4", len(handled))
	}
	// Nor does one tell of another's refund.
	sealed := strings.Replace(refund, "<root>", "<root><mch_id>"+second+"</mch_id>", 1)
	if a := r.Receive(t.Context(), nil, wire.Fields{"return_code": "SUCCESS", "mch_id": "1900000109",
		"req_info": wire.SealReqInfo(apiV2Key, []byte(sealed))}.XML()); a.Status != 401 {
		t.Errorf("a refund sealed for one that names another: answered %d", a.Status)
	}
	for id, n := range handled {
		if n != 1 {
			t.Errorf("%s was handled %d times", id, n)
		}
	}
}

// Of a share of a payment only who gets it is told, and the message names who gave it: merchants of
// one receiver may share with each other.
func TestAShareIsItsReceivers(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t), notify.Keys(w.keysOf(t, "1900009999", otherV3Key)))
	var of []string
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		of = append(of, n.MchID)
		return nil
	})
	for id, gave := range map[string]string{"direct": `"mchid":"1900000109"`,
		"provider": `"sp_mchid":"1900000109","sub_mchid":"1900001234"`} {
		plain := `{` + gave + `,"transaction_id":"4200","receiver":{"account":"1900009999","amount":888}}`
		if a := w.sealedWith(t, otherV3Key, id, plain).post(r); a.Code != 204 {
			t.Errorf("%s: answered %d", id, a.Code)
		}
	}
	if len(of) != 2 || of[0] != "1900009999" || of[1] != "1900009999" {
		t.Errorf("handled of %v", of)
	}
}

func BenchmarkRepeatsOfAPIv2(b *testing.B) {
	for _, earlier := range []int{1, 100_000} {
		b.Run(fmt.Sprint("after ", earlier), func(b *testing.B) {
			r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
			r.Otherwise(func(context.Context, *notify.Notification) error { return nil })
			body := signedV2(addV2(), wire.SignMD5)
			send := func(i int) {
				r.Receive(b.Context(), http.Header{wire.HeaderSignature: {fmt.Sprintf("x%09d", i)}}, body)
			}
			for i := range earlier {
				send(i)
			}
			b.ReportAllocs()
			for b.Loop() {
				earlier++
				send(earlier)
			}
		})
	}
}

// Keys that nobody made are told of before the first message arrives.
func TestKeysThatAreEmpty(t *testing.T) {
	t.Parallel()
	for verb, f := range map[string]func(){
		"notify.New: ":  func() { notify.New(&wxpay.Keys{}) },
		"notify.Keys: ": func() { notify.Keys(newWechat(t).keys(t), new(wxpay.Keys)) },
	} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, verb) || !strings.Contains(s, "wxpay.NewKeys") {
					t.Errorf("%s panicked with %q", verb, s)
				}
			}()
			f()
		}()
	}
}
