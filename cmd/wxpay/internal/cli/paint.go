package cli

// paint colours words for a terminal; its zero value leaves them alone.
type paint struct{ on bool }

func (s System) paintOut() paint { return paint{s.Terminal && s.wantsColour()} }
func (s System) paintErr() paint { return paint{s.ErrTerminal && s.wantsColour()} }

// wantsColour follows https://no-color.org.
func (s System) wantsColour() bool { return s.getenv("NO_COLOR") == "" && s.getenv("TERM") != "dumb" }

func (p paint) with(code, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p paint) bold(s string) string   { return p.with("1", s) }
func (p paint) dim(s string) string    { return p.with("2", s) }
func (p paint) red(s string) string    { return p.with("31", s) }
func (p paint) green(s string) string  { return p.with("32", s) }
func (p paint) yellow(s string) string { return p.with("33", s) }
func (p paint) cyan(s string) string   { return p.with("36", s) }
