package leaktest

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"
)

const secret = "TheSecretOfThisTestHas32Letters!"

type bare struct{ key string }

type shy struct{ key string }

func (shy) Format(f fmt.State, _ rune) { fmt.Fprint(f, "shy") }

type held struct{ key func() string }

func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	block, err := aes.NewCipher([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	for what, leak := range map[string]string{
		"a string":                      leakOf(secret, secret),
		"bytes":                         leakOf([]byte(secret), secret),
		"a field":                       leakOf(bare{secret}, secret),
		"a field behind a method":       leakOf(shy{secret}, secret),
		"a pointer to such":             leakOf(&shy{secret}, secret),
		"a map of such":                 leakOf(map[string]shy{"a": {secret}}, secret),
		"the schedule of a cipher":      leakOf(gcm, secret),
		"a part of it":                  leakOf("the key begins with "+secret[:9], secret),
		"a struct that JSON can see":    leakOf(struct{ Key string }{secret}, secret),
		"an interface with a struct":    leakOf(struct{ v any }{shy{secret}}, secret),
		"a secret that was not written": leakOf("nothing", ""),
	} {
		if leak == "" {
			t.Errorf("%s was not found", what)
		}
	}
	for what, leak := range map[string]string{
		"a function": leakOf(held{func() string { return secret }}, secret), "another text": leakOf("nothing", secret),
	} {
		if leak != "" {
			t.Errorf("%s: %s", what, leak)
		}
	}
}
