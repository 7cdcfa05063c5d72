package evidence

import "testing"

// What stands behind a colon is a value, though another colon follows it.
func TestMalformedJSONIsMasked(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"name":"zhangsan":"x"}`:         `{"name":"aaaaaaaa":"a"}`,
		`{"name" : "zhangsan" : 1, "k":2`: `{"name" : "aaaaaaaa" : 0, "a":0`, // too short for a name that is shown
		`{"name":true:"zhangsan":`:        `{"name":true:"aaaaaaaa":`,
		`{"event_type":"ENTRUST.SIGN"}`:   `{"event_type":"ENTRUST.SIGN"}`,
	} {
		if got := string(maskJSON([]byte(body))); got != want {
			t.Errorf("%s became %s, want %s", body, got, want)
		}
	}
}
