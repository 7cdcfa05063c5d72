package explain

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // what APIv2 signs with
	"crypto/sha1" //nolint:gosec // to recognise a sign made with it
	"crypto/sha256"
	"encoding/hex"
	"html"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Sign says why the sign of an APIv2 message is wrong. Both sides hold the key, so the
// message is signed the way people get it wrong until the sign comes out: other fields,
// another key, another digest, or two of these at once.
func Sign(f wire.Fields, own Keys, others []Keys) string {
	want := strings.ToUpper(f["sign"])
	if raw, err := hex.DecodeString(want); err != nil || len(raw) != md5.Size && len(raw) != sha256.Size &&
		len(raw) != sha1.Size {
		return "the sign is not the hexadecimal digits of an MD5 (32) or an HMAC-SHA256 (64)"
	}
	keys, ways := keysTaken(own, others), digests(f)
	left := wholeBudget
	for mistakes := 1; mistakes <= 2; mistakes++ {
		for j := range joins(f, &left) {
			for _, k := range keys {
				for _, d := range ways {
					if count(j.what, k.what, d.what) != mistakes {
						continue
					}
					if !left.spend(len(j.text) + len(k.text)) {
						return tooLarge
					}
					if d.sum(j.text, k.text) == want {
						return said(j.what, k.what, d.what)
					}
				}
			}
		}
		if left.spent() {
			return tooLarge
		}
	}
	return "no usual mistake explains it: compare the joined string with the example of the official page, sorted, " +
		"without empty values, &key= and the APIv2 key at its end; an APIv2 key that was reset looks like this too"
}

// count is how many mistakes there are in what was done; "" is none.
func count(join, key, digest string) (n int) {
	for _, what := range [...]string{join, key, digest} {
		if what != "" {
			n++
		}
	}
	return n
}

func said(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "; and ")
}

type variant struct{ text, what string }

// joins yields the strings people join from the fields, the right one first, as long as
// there is something left to spend.
func joins(f wire.Fields, left *budget) iter.Seq[variant] {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(f)), func(n string) bool { return n == "sign" })
	size := 0
	for _, n := range names {
		size += len(n) + len(f[n]) + len("=&")
	}
	join := func(names []string, empty bool, value func(string) string) string {
		var b strings.Builder
		for _, n := range names {
			if f[n] == "" && !empty {
				continue
			}
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(n)
			b.WriteByte('=')
			b.WriteString(value(f[n]))
		}
		return b.String()
	}
	same := func(s string) string { return s }
	folded := slices.Clone(names)
	slices.SortFunc(folded, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	reversed := slices.Clone(names)
	slices.Reverse(reversed)
	return func(yield func(variant) bool) {
		say := func(what string, names []string, empty bool, value func(string) string) bool {
			return left.spend(size) && yield(variant{join(names, empty, value), what})
		}
		const encoded = "the values were signed URL-encoded; sign them as they are and encode them afterwards"
		cdata := func(s string) string { return "<![CDATA[" + s + "]]>" }
		if !say("", names, false, same) ||
			!say("empty values were signed; leave them out", names, true, same) ||
			!say(encoded, names, false, url.QueryEscape) ||
			!say(encoded, names, false, url.PathEscape) ||
			!say("the values were signed as escaped in the XML; sign them as they are", names, false,
				html.EscapeString) ||
			!say("the values were signed with their CDATA; sign what is inside", names, false, cdata) ||
			!say("values were trimmed to sign and sent with white space", names, false, strings.TrimSpace) ||
			!say("the names were not sorted by ASCII", folded, false, same) ||
			!say("the names were sorted backwards", reversed, false, same) {
			return
		}
		for i, n := range names {
			if f[n] == "" {
				continue
			}
			what := wire.Clip(n, shown) + " was not signed: sign last, after every field is set"
			if !say(what, slices.Concat(names[:i], names[i+1:]), false, same) {
				return
			}
		}
	}
}

// keysTaken are the keys people take, the right one first.
func keysTaken(own Keys, others []Keys) []variant {
	key := own.APIv2
	out := []variant{
		{key, ""},
		{own.APIv3, "signed with the APIv3 key; APIv2 has a key of its own"},
		{strings.ToLower(key), "the APIv2 key was put in lower case"},
		{strings.ToUpper(key), "the APIv2 key was put in upper case"},
		{"", "the key is missing or empty"},
	}
	for _, other := range others {
		if other.MchID != own.MchID {
			out = append(out, variant{other.APIv2, "signed with the APIv2 key of merchant " + other.MchID +
				", not of " + own.MchID})
		}
	}
	return out
}

type digest struct {
	what string
	sum  func(joined, key string) string
}

// digests are the ways to digest a joined string, the right one first.
func digests(f wire.Fields) []digest {
	upper := func(sum []byte) string { return strings.ToUpper(hex.EncodeToString(sum)) }
	plainMD5 := func(s string) string { sum := md5.Sum([]byte(s)); return upper(sum[:]) }
	mac := func(s, key string) string {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(s))
		return upper(h.Sum(nil))
	}
	md5Of := digest{"", func(joined, key string) string { return plainMD5(joined + "&key=" + key) }}
	hmacOf := digest{"", func(joined, key string) string { return mac(joined+"&key="+key, key) }}
	right, other := md5Of, hmacOf
	other.what = "signed with HMAC-SHA256, but sign_type says MD5 or nothing; send and sign sign_type=HMAC-SHA256"
	if f.SignType() == wire.SignHMAC {
		right, other = hmacOf, md5Of
		other.what = "signed with MD5, but HMAC-SHA256 is declared"
	}
	return []digest{
		right, other,
		{"&key= and the key are missing at the end of the string", func(joined, key string) string {
			if f.SignType() == wire.SignHMAC {
				return mac(joined, key)
			}
			return plainMD5(joined)
		}},
		{"the key was appended without &key=", func(joined, key string) string { return plainMD5(joined + key) }},
		{"signed with SHA-256 without HMAC", func(joined, key string) string {
			sum := sha256.Sum256([]byte(joined + "&key=" + key))
			return upper(sum[:])
		}},
		{"signed with SHA-1, want MD5",
			func(joined, key string) string { sum := sha1.Sum([]byte(joined + "&key=" + key)); return upper(sum[:]) }},
	}
}
