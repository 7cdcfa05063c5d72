package wire

import "iter"

// Marks are the bytes of JSON that stand outside of its strings, and where. What is no
// JSON has them too: a quotation mark begins a string or ends it.
func Marks[T string | []byte](json T) iter.Seq2[int, byte] {
	return func(yield func(int, byte) bool) {
		quoted := false
		for i := 0; i < len(json); i++ {
			switch c := json[i]; {
			case c == '"':
				quoted = !quoted
			case quoted && c == '\\':
				i++
			case !quoted && !yield(i, c):
				return
			}
		}
	}
}
