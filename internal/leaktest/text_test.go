package leaktest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	const secret = "oUpF8uMuAJOM2pxb1Q 张三丰"
	escaped, percent := "", ""
	for _, r := range secret {
		escaped += fmt.Sprintf(`\u%04X`, r)
	}
	for _, b := range []byte(secret) {
		percent += fmt.Sprintf("%%%02X", b)
	}
	for _, leak := range []string{
		secret, secret[4:12], "x" + secret[5:], hex.EncodeToString([]byte(secret)),
		strings.ToUpper(hex.EncodeToString([]byte(secret[2:12]))), escaped, percent, url.QueryEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("a" + secret)),
		base64.StdEncoding.EncodeToString([]byte("ab" + secret)),
		base64.URLEncoding.EncodeToString([]byte("abc" + secret)),
		escaped[6*3 : 6*13],
	} {
		if how, _ := inText("before "+leak+" behind", secret); how == "" {
			t.Errorf("%q is not found", leak)
		}
	}
	for _, clean := range []string{"", "before and behind", secret[:7], "aAaA0aAaAAAA0aaa0A 文文文"} {
		if how, part := inText(clean, secret); how != "" {
			t.Errorf("%q has it %s: %q", clean, how, part)
		}
	}
	if how, _ := inText("x张三x", "张三"); how == "" {
		t.Error("a short secret is not found")
	}
}
