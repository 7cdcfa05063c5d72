package explain

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // what APIv2 signs with
	"crypto/sha1" //nolint:gosec // to recognise a sign made with it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// keysTaken are the APIv2 keys that people take, the right one first.
func keysTaken(f wire.Fields, own Keys, k Known) (out []choice[string]) {
	seen := map[string]bool{}
	add := func(key string, as Finding) {
		if !seen[key] {
			seen[key] = true
			out = append(out, choice[string]{key, as})
		}
	}
	key := own.APIv2
	if key != "" {
		add(key, Finding{})
	}
	if own.APIv3 != "" {
		add(own.APIv3, found("v2-key-of-v3"))
	}
	for _, old := range own.FormerSecrets {
		add(old, found("v2-key-replaced"))
	}
	if key != "" {
		add(strings.ToLower(key), found("v2-key-lower-case"))
		add(strings.ToUpper(key), found("v2-key-upper-case"))
		for _, around := range [][2]string{{"", "\n"}, {"", "\r\n"}, {"", " "}, {" ", ""}, {"", "\r"}, {"\ufeff", ""},
			{`"`, `"`}} {
			add(around[0]+key+around[1], found("v2-key-dressed"))
		}
	}
	add("", found("v2-key-empty"))
	for _, word := range []string{"null", "undefined", "None", "nil"} {
		add(word, found("v2-key-word", word))
	}
	for _, id := range []string{own.MchID, f["appid"]} {
		if id != "" {
			add(id, found("v2-key-id", id))
		}
	}
	for _, m := range k.Merchants {
		if m.MchID != own.MchID && m.APIv2 != "" {
			add(m.APIv2, found("v2-key-of-other-merchant", m.MchID, own.MchID))
		}
	}
	return out
}

type digest = func(joined, key string) []byte

// digestsTaken are the ways in which people digest a joined string, the right one first.
func digestsTaken(by wire.SignType) []choice[digest] {
	mac := func(h func() hash.Hash, s, key string) []byte {
		m := hmac.New(h, []byte(key))
		m.Write([]byte(s))
		return m.Sum(nil)
	}
	// plain is one that digests a string made of the two.
	plain := func(h func() hash.Hash, put func(joined, key string) string) digest {
		return func(joined, key string) []byte { return sum(h, []byte(put(joined, key))) }
	}
	keyed := func(h func() hash.Hash, put func(joined, key string) string) digest {
		return func(joined, key string) []byte { return mac(h, put(joined, key), key) }
	}
	usual := func(joined, key string) string {
		if joined == "" {
			return "key=" + key
		}
		return joined + "&key=" + key
	}
	right, other := plain(md5.New, usual), keyed(sha256.New, usual)
	otherAs, make, h := found("v2-hmac-for-md5"), plain, md5.New
	if by == wire.SignHMAC {
		right, other = other, right
		otherAs, make, h = found("v2-md5-for-hmac"), keyed, sha256.New
	}
	twice := func(letters func(string) string) digest {
		return plain(md5.New, func(joined, key string) string {
			return letters(hex.EncodeToString(sum(md5.New, []byte(usual(joined, key)))))
		})
	}
	return []choice[digest]{
		{right, Finding{}},
		{other, otherAs},
		{make(h, func(joined, _ string) string { return joined }), found("v2-key-left-out")},
		{make(h, func(joined, key string) string { return joined + key }), found("v2-key-bare")},
		{make(h, func(joined, key string) string { return joined + "&" + key }), found("v2-key-bare")},
		{make(h, func(joined, key string) string { return joined + "key=" + key }), found("v2-key-without-ampersand")},
		{make(h, func(joined, key string) string { return joined + "&Key=" + key }), found("v2-key-name")},
		{make(h, func(joined, key string) string { return joined + "&KEY=" + key }), found("v2-key-name")},
		{make(h, func(joined, key string) string { return joined + "&api_key=" + key }), found("v2-key-name")},
		{make(h, func(joined, key string) string { return "key=" + key + "&" + joined }), found("v2-key-in-front")},
		{make(h, func(joined, key string) string { return key + joined }), found("v2-key-in-front")},
		{make(h, sortedIn), found("v2-key-sorted-in")},
		{plain(sha256.New, usual), found("v2-sha256")},
		{plain(sha1.New, usual), found("v2-digest-other", "SHA-1")},
		{plain(sha512.New, usual), found("v2-digest-other", "SHA-512")},
		{keyed(md5.New, usual), found("v2-digest-other", "HMAC-MD5")},
		{keyed(sha1.New, usual), found("v2-digest-other", "HMAC-SHA1")},
		{keyed(sha512.New, usual), found("v2-digest-other", "HMAC-SHA512")},
		{twice(strings.ToLower), found("v2-twice")},
		{twice(strings.ToUpper), found("v2-twice")},
	}
}

// sortedIn puts the key among the members, where its name belongs by its letters.
func sortedIn(joined, key string) string {
	pairs := strings.Split(joined, "&")
	at := len(pairs)
	for i, p := range pairs {
		if p > "key=" {
			at = i
			break
		}
	}
	out := append([]string{}, pairs[:at]...)
	out = append(out, "key="+key)
	return strings.Join(append(out, pairs[at:]...), "&")
}
