package evidence

import (
	"bytes"
	"strings"
)

// maskXML masks what stands between the tags.
func maskXML(body []byte) []byte {
	var out bytes.Buffer
	name := ""
	value := func(s string) {
		inner, isCDATA := strings.CutPrefix(s, "<![CDATA[")
		inner, closed := strings.CutSuffix(inner, "]]>")
		if isCDATA {
			out.WriteString("<![CDATA[")
		} else if closed {
			inner += "]]>"
		}
		if show := shownMembers[name]; show != nil && show(inner) {
			out.WriteString(inner)
		} else {
			out.WriteString(mask(inner))
		}
		if isCDATA && closed {
			out.WriteString("]]>")
		}
	}
	for rest := string(body); rest != ""; {
		switch {
		case strings.HasPrefix(rest, "<![CDATA["):
			end := len(rest)
			if at := strings.Index(rest, "]]>"); at >= 0 {
				end = at + len("]]>")
			}
			value(rest[:end])
			rest = rest[end:]
		case rest[0] == '<':
			end := strings.IndexByte(rest, '>') + 1
			if end == 0 {
				end = len(rest)
			}
			tag := rest[:end]
			name = strings.Trim(tag, "</> \t\r\n")
			if strings.HasPrefix(tag, "<?xml") {
				out.WriteString(mask(tag))
			} else {
				at := strings.Index(tag, name)
				out.WriteString(tag[:at] + maskName(name) + tag[at+len(name):])
			}
			rest = rest[end:]
		default:
			end := strings.IndexByte(rest, '<')
			if end < 0 {
				end = len(rest)
			}
			value(rest[:end])
			rest = rest[end:]
		}
	}
	return out.Bytes()
}
