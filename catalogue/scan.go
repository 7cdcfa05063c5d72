package catalogue

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// scanner reads JSON from a byte slice, one token at a time. It exists because two jobs need what
// encoding/json hides: the loader must see duplicate keys, and the validator must tell 1 from 1.0
// and find 4-byte code points, on the sandbox's request path, without building a tree.
type scanner struct {
	data []byte
	pos  int
}

// Problems a string can have. They are sentences because they end up in an error reply.
const (
	problemJSON    = "the JSON is malformed"
	problemUTF8    = "the text is not valid UTF-8"
	problemEmoji   = "the text contains a 4-byte character such as an emoji; only 1 to 3-byte UTF-8 is accepted"
	problemControl = "the text contains a control character"
	problemNesting = "the JSON is nested too deeply"
	problemNull    = "null is not allowed; leave the field out instead"
)

const maxDepth = 32

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// take skips white space and consumes the byte if it is next.
func (s *scanner) take(b byte) bool {
	if s.peek() != b || s.pos >= len(s.data) {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) literal(word string) bool {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return false
	}
	s.pos += len(word)
	return true
}

// text reads a string literal. The result shares the input when nothing is escaped.
func (s *scanner) text() (value []byte, problem string) {
	s.pos++ // opening quote
	start := s.pos
	for s.pos < len(s.data) {
		b := s.data[s.pos]
		switch {
		case b == '"':
			value = s.data[start:s.pos]
			s.pos++
			return value, ""
		case b == '\\':
			return s.escapedText(start)
		case b < ' ':
			return nil, problemJSON
		case b < utf8.RuneSelf:
			s.pos++
		default:
			size, problem := s.wide()
			if problem != "" {
				return nil, problem
			}
			s.pos += size
		}
	}
	return nil, problemJSON
}

// wide judges the multi-byte character at pos.
func (s *scanner) wide() (size int, problem string) {
	r, size := utf8.DecodeRune(s.data[s.pos:])
	switch {
	case r == utf8.RuneError && size == 1:
		return 0, problemUTF8
	case size == 4:
		return 0, problemEmoji
	}
	return size, ""
}

// escapedText goes on from the first backslash of a string that started at start, into a buffer of
// its own.
func (s *scanner) escapedText(start int) (value []byte, problem string) {
	buf := append(make([]byte, 0, 64), s.data[start:s.pos]...)
	for s.pos < len(s.data) {
		b := s.data[s.pos]
		switch {
		case b == '"':
			s.pos++
			return buf, ""
		case b < ' ':
			return nil, problemJSON
		case b == '\\':
			r, problem := s.escape()
			if problem != "" {
				return nil, problem
			}
			buf = utf8.AppendRune(buf, r)
		case b < utf8.RuneSelf:
			buf = append(buf, b)
			s.pos++
		default:
			size, problem := s.wide()
			if problem != "" {
				return nil, problem
			}
			buf = append(buf, s.data[s.pos:s.pos+size]...)
			s.pos += size
		}
	}
	return nil, problemJSON
}

// escape reads one escape sequence. A surrogate, paired or not, is never a 1 to 3-byte character,
// so it is refused.
func (s *scanner) escape() (r rune, problem string) {
	if s.pos+1 >= len(s.data) {
		return 0, problemJSON
	}
	b := s.data[s.pos+1]
	s.pos += 2
	switch b {
	case '"', '\\', '/':
		return rune(b), ""
	case 'b':
		return '\b', ""
	case 'f':
		return '\f', ""
	case 'n':
		return '\n', ""
	case 'r':
		return '\r', ""
	case 't':
		return '\t', ""
	case 'u':
		if s.pos+4 > len(s.data) {
			return 0, problemJSON
		}
		n, err := strconv.ParseUint(string(s.data[s.pos:s.pos+4]), 16, 16)
		if err != nil {
			return 0, problemJSON
		}
		s.pos += 4
		if n >= 0xD800 && n <= 0xDFFF {
			return 0, problemEmoji
		}
		return rune(n), ""
	}
	return 0, problemJSON
}

// number reads a JSON number; integer is false when it has a fraction or an exponent.
func (s *scanner) number() (text []byte, integer, ok bool) {
	start := s.pos
	if s.pos < len(s.data) && s.data[s.pos] == '-' {
		s.pos++
	}
	first := s.pos
	if !s.digits() || s.data[first] == '0' && s.pos > first+1 {
		return nil, false, false
	}
	integer = true
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		integer = false
		if !s.digits() {
			return nil, false, false
		}
	}
	if s.pos < len(s.data) && (s.data[s.pos] == 'e' || s.data[s.pos] == 'E') {
		s.pos++
		integer = false
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return nil, false, false
		}
	}
	return s.data[start:s.pos], integer, true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
