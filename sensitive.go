package wxpay

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Encrypt names fields of the body that travel encrypted to WeChat Pay, as
// JSON pointers such as "/identity/real_name"; "*" stands for every element of
// a list. The body is given in clear. A field that is null or empty is left alone. Where a pointer
// finds no field, for it may be mistyped and the right one would travel in clear, where it leads to
// anything but strings, or where the call is APIv2, which has no encrypted fields, the call is not
// sent: a [*RequestError]. What may be absent is named by [Sensitive].
//
// The typed chain, and the index of what is typed, know which fields these are and need no
// option, and a string that two pointers name is encrypted once. The key is [Keys.Current], which
// the call declares in Wechatpay-Serial by itself, or the one that the option [Header] names there.
//
// Source:
// https://wechatpay-api.gitbook.io/wechatpay-api-v3/qian-ming-zhi-nan-1/min-gan-xin-xi-jia-mi
func Encrypt(pointers ...string) Option {
	return func(c *call) {
		c.name(&c.encrypt, pointers)
		c.name(&c.needed, pointers)
	}
}

// Sensitive is [Encrypt] for fields that the body may be without: one that is not there is left
// alone, and a call without a body, such as a GET, has none, so that the same list may be given to
// every call of a path. It is what the typed chain uses.
func Sensitive(pointers ...string) Option {
	return func(c *call) { c.name(&c.encrypt, pointers) }
}

// Decrypt names fields of the reply that WeChat Pay encrypts to the merchant's
// certificate, as [Encrypt] does for the body. [Config.PrivateKey] opens them
// where it can decrypt (a [crypto.Decrypter]); Result.Body stays as received,
// Result.Decode and typed replies are in clear.
func Decrypt(pointers ...string) Option {
	return func(c *call) { c.name(&c.decrypt, pointers) }
}

// name puts pointers on a list of the call's. What names no field is refused: it would travel in
// clear, or not at all.
func (c *call) name(list *[]string, pointers []string) {
	for _, p := range pointers {
		if !strings.HasPrefix(p, "/") || len(p) == 1 {
			c.fail("Encrypt, Sensitive, Decrypt and Zero take JSON pointers, such as \"/identity/real_name\"")
			return
		}
	}
	if *list == nil {
		*list = slices.Clip(pointers)
		return
	}
	*list = append(slices.Clip(*list), pointers...)
}

// sealBody encrypts the named fields in the marshalled body.
func (c *call) sealBody() {
	if len(c.encrypt) == 0 || c.problem != "" {
		return
	}
	if c.body == nil {
		c.unfound(c.needed)
		return
	}
	if len(c.needed) == 0 && !slices.ContainsFunc(c.encrypt, func(p string) bool { return mayHave(c.body, p) }) {
		return
	}
	key := c.client.keys.Current()
	if declared := c.header[wire.HeaderSerial]; declared != nil {
		key = PlatformKey{}
		if named := c.client.keys.find(declared[0]); named != nil {
			key = *named
		}
	}
	sealed, missing, err := editFields(c.body, c.encrypt, func(plain string) (string, error) {
		if key.Key == nil {
			return "", errors.New("the header Wechatpay-Serial names a key that is not in PlatformKeys")
		}
		c.inClear = append(c.inClear, plain)
		return wire.EncryptOAEP(c.client.rand, key.Key, plain)
	}, errNoText)
	if err != nil {
		c.fail("a sensitive field cannot be encrypted: " + quiet(err))
		c.cause = err
		return
	}
	c.unfound(slices.DeleteFunc(missing, func(p string) bool { return !slices.Contains(c.needed, p) }))
	c.body, c.keyID = sealed, key.ID
}

// mayHave tells whether JSON may have what a pointer leads to, or something that it cannot go
// through. Most bodies have none of the fields that may be encrypted in them, and need not be read
// for that: the pointer goes through objects, and to the first name that is nowhere a member's.
func mayHave(raw []byte, pointer string) bool {
	if !isObjectBody(raw) || bytes.Contains(raw, []byte(`\u`)) { // a name may be spelled so
		return true
	}
	for name := range strings.SplitSeq(pointer[1:], "/") {
		if !isName(name) {
			return true
		}
		switch found, objects := membersNamed(raw, name); {
		case !found:
			return false
		case !objects:
			return true
		}
	}
	return true
}

func isObjectBody(raw []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))
}

// membersNamed tells whether there may be members of a name in JSON, and whether all of them are
// objects.
func membersNamed(raw []byte, name string) (found, objects bool) {
	quoted := []byte(`"` + name + `"`)
	for objects = true; ; {
		at := bytes.Index(raw, quoted)
		if at < 0 {
			return found, objects
		}
		raw = bytes.TrimLeft(raw[at+len(quoted):], " \t\r\n")
		if value, isMember := bytes.CutPrefix(raw, []byte(":")); isMember {
			found = true
			objects = objects && isObjectBody(value)
		}
	}
}

// unfound is about pointers that found no field to encrypt.
func (c *call) unfound(pointers []string) {
	if len(pointers) > 0 {
		c.fail("Encrypt names " + wire.Clip(pointers[0], 128) + ", and the body has no such field: look for a typing " +
			"mistake; a field that may be absent is named by wxpay.Sensitive")
	}
}

// decrypted opens the named fields of a reply.
func (c *call) decrypted(body []byte) ([]byte, error) {
	if len(c.decrypt) == 0 || len(body) == 0 {
		return body, nil
	}
	key, ok := c.own.key().(crypto.Decrypter)
	if !ok {
		return nil, errCannotDecrypt
	}
	opened, _, err := editFields(body, c.decrypt, func(sealed string) (string, error) {
		return wire.DecryptOAEP(key, sealed)
	}, nil) // what is no text was not encrypted
	return opened, err
}

var errNoText = errors.New("it leads to something else than a string: give a number as a string, " +
	"and name the elements of a list by *")

var errCannotDecrypt = errors.New("the reply has encrypted fields and Config.PrivateKey is not a crypto.Decrypter")

// editFields replaces the strings at the pointers. Empty strings stay empty. Where a pointer leads
// to something else, or goes on where nothing can, odd is the error, and what is written has no
// member twice, of which one would not be looked at; missing are those that found nothing.
func editFields(raw []byte, pointers []string, edit func(string) (string, error), odd error) (
	out []byte, missing []string, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, nil, err
	}
	e := editor{edit: edit, odd: odd}
	for _, pointer := range pointers {
		e.found = false
		if _, err := e.at(tree, pointerPath(pointer)); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", wire.Clip(pointer, 128), err)
		}
		if !e.found {
			missing = append(missing, pointer)
		}
	}
	if !e.changed && odd == nil {
		return raw, missing, nil
	}
	out, err = json.Marshal(tree)
	return out, missing, err
}

// pointerPath splits a pointer by RFC 6901: ~1 is a slash, ~0 a tilde.
func pointerPath(pointer string) []string {
	path := strings.Split(pointer[1:], "/")
	for i := range path {
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(path[i])
	}
	return path
}

// edited is a string that was edited: a second pointer to it leaves it alone.
type edited string

type editor struct {
	edit           func(string) (string, error)
	odd            error // of what is no string
	found, changed bool
}

// at edits the strings at path below node and returns what takes its place. What
// is not there, or null, is left alone.
func (e *editor) at(node any, path []string) (any, error) {
	e.found = e.found || len(path) == 0
	switch n := node.(type) {
	case nil:
		return nil, nil
	case string:
		switch {
		case len(path) > 0:
			return n, e.odd
		case n == "":
			return n, nil
		}
		text, err := e.edit(n)
		e.changed = true
		return edited(text), err
	case edited:
		if len(path) > 0 {
			return n, e.odd
		}
		return n, nil
	case map[string]any:
		if len(path) == 0 {
			return n, e.odd
		}
		if child, ok := n[path[0]]; ok {
			child, err := e.at(child, path[1:])
			if err != nil {
				return nil, err
			}
			n[path[0]] = child
		} else if path[0] == "*" { // it stands for the elements of a list
			return n, e.odd
		}
		return n, nil
	case []any:
		if len(path) == 0 || path[0] != "*" && !isIndex(path[0]) {
			return n, e.odd
		}
		e.found = e.found || path[0] == "*" && len(n) == 0 // it means every one of them
		for i, child := range n {
			if path[0] != "*" && path[0] != strconv.Itoa(i) {
				continue
			}
			child, err := e.at(child, path[1:])
			if err != nil {
				return nil, err
			}
			n[i] = child
		}
		return n, nil
	}
	return node, e.odd
}

func isIndex(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && strconv.Itoa(n) == s
}
