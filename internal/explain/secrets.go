package explain

import "strings"

// secret is a key and whose it is.
type secret struct{ key, mchID string }

func (m Keys) ofV2() string { return m.APIv2 }
func (m Keys) ofV3() string { return m.APIv3 }

// secretsTaken are the keys that may be the one something is sealed with, those that should be it
// first: kind begins the names of what is wrong with a key, right is the key that it is sealed
// with, and other the one of the other version, which is wrong as mixedUp.
func secretsTaken(k Known, kind string, right func(Keys) string, mixedUp string, other func(Keys) string) (
	out []choice[secret]) {
	add := func(m Keys, key string, as Finding) {
		if key != "" {
			out = append(out, choice[secret]{secret{key, m.MchID}, as})
		}
	}
	for i, m := range k.Merchants {
		as := Finding{}
		if i > 0 {
			as = found(kind+"-of-other-merchant", m.MchID, k.Merchants[0].MchID)
		}
		add(m, right(m), as)
	}
	for _, m := range k.Merchants {
		add(m, other(m), found(mixedUp, m.MchID))
		for _, old := range m.FormerSecrets {
			add(m, old, found(kind+"-key-replaced", m.MchID))
		}
		key := right(m)
		for _, cased := range []string{strings.ToLower(key), strings.ToUpper(key)} {
			if cased != key {
				add(m, cased, found(kind+"-key-case"))
			}
		}
		if trimmed := strings.Trim(key, " \t\r\n\"'\ufeff"); trimmed != key {
			add(m, trimmed, found(kind+"-key-dressed"))
		}
	}
	return out
}
