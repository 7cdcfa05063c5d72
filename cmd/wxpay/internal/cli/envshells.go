package cli

import (
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// lines are what a shell is told: variables and comments, in order.
type lines []line

// line is a variable, without a name a comment, and without both an empty line.
type line struct {
	name, value string
	comment     lang.Text
	command     bool // the one that reads the env file
	gone        bool // the variable is to be there no longer
}

func (l *lines) set(name, value string) { *l = append(*l, line{name: name, value: value}) }

func (l *lines) unset(name string) { *l = append(*l, line{name: name, gone: true}) }

// note is a comment, paste one that is no sentence.
func (l *lines) note(format string, args ...any) {
	*l = append(*l, line{comment: text(format, args...)})
}
func (l *lines) paste(code string) { *l = append(*l, line{comment: text("%s", code)}) }
func (l *lines) blank()            { *l = append(*l, line{}) }

// shells write lines as theirs.
var shells = map[string]func(setting, lines, lang.Lang) string{"sh": forSh, "powershell": forPowerShell}

func forSh(s setting, l lines, in lang.Lang) string {
	return l.written(in, "set -a; . "+shellWord(s.envFile)+"; set +a", "unset ",
		func(name, value string) string { return "export " + name + "=" + shellWord(value) })
}

func forPowerShell(s setting, l lines, in lang.Lang) string {
	return l.written(in, "foreach ($line in Get-Content -LiteralPath "+powerWord(s.envFile)+") { "+
		`if ($line -match '^(\w+)=(.*)$') { `+
		`Set-Item "Env:$($Matches[1])" ($Matches[2] -replace "^'(.*)'$", '$1' -replace "'\\''", "'") } }`, "Remove-Item -ErrorAction Ignore Env:",
		func(name, value string) string { return "$env:" + name + " = " + powerWord(value) })
}

// powerWord quotes a value for PowerShell, which takes what is between single quotes as it is, and
// any of five signs for a single quote.
func powerWord(value string) string { return "'" + powerQuotes.Replace(value) + "'" }

var powerQuotes = strings.NewReplacer("'", "''", "\u2018", "\u2018\u2018", "\u2019", "\u2019\u2019",
	"\u201a", "\u201a\u201a", "\u201b", "\u201b\u201b")

func (l lines) written(in lang.Lang, read, unset string, set func(name, value string) string) string {
	var out strings.Builder
	for _, one := range l {
		comment := one.comment.In(in)
		switch {
		case one.command:
			out.WriteString(read)
		case one.gone:
			out.WriteString(unset + one.name)
		case one.name != "":
			out.WriteString(set(one.name, one.value))
		case comment != "":
			out.WriteString("# " + printable(comment))
		}
		out.WriteString("\n")
	}
	return out.String()
}
