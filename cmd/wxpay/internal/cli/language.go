package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// text says a sentence in the user's language at once.
func (s System) text(format string, args ...any) string { return s.lang.Text(format, args...) }

// text makes a sentence that is said later, where the language is known, such as a failure's hint.
func text(format string, args ...any) lang.Text { return lang.Textf(format, args...) }

// errorf makes an error that is reported in the user's language.
func errorf(format string, args ...any) error { return lang.Errorf(format, args...) }

// langFlag is the one flag that every command has.
const langFlag = "lang"

// langValue refuses what is none of the languages. What it says has been found before, by
// [lang.Choose].
type langValue struct{ code string }

func (v *langValue) String() string { return v.code }
func (v *langValue) Type() string   { return "zh|en" }
func (v *langValue) Set(code string) error {
	if _, ok := lang.Parse(code); !ok {
		return errorf("give --lang zh or --lang en")
	}
	v.code = code
	return nil
}

func addLangFlag(root *cobra.Command) {
	root.PersistentFlags().Var(new(langValue), langFlag, "speak Chinese or English ["+lang.Variable+"]")
	oneOf(root, langFlag, func() []string { return []string{string(lang.Chinese), string(lang.English)} })
}

// flagError is a flag that is wrong on a command line.
func flagError(cmd *cobra.Command, err error) error {
	return usage("%w; %s --help lists the flags", whatOfFlag(err), cmd.CommandPath())
}

// whatOfFlag is what is wrong with a flag, in sentences that have a translation: pflag's have none.
func whatOfFlag(err error) error {
	var (
		unknown *pflag.NotExistError
		without *pflag.ValueRequiredError
		wrong   *pflag.InvalidValueError
		syntax  *pflag.InvalidSyntaxError
	)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return errorf("unknown flag: -%s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return errorf("unknown flag: --%s", unknown.GetSpecifiedName())
	case errors.As(err, &without):
		return errorf("flag needs an argument: --%s", without.GetFlag().Name)
	case errors.As(err, &wrong):
		why := errors.Unwrap(wrong)
		switch wrong.GetFlag().Value.Type() {
		case "int":
			why = errorf("give a whole number")
		case "bool":
			why = errorf("give true or false")
		case "duration":
			why = errorf("give a time with its unit, such as 30s or 5m")
		}
		return errorf("invalid argument %q for --%s: %w", wrong.GetValue(), wrong.GetFlag().Name, why)
	case errors.As(err, &syntax):
		return errorf("bad flag syntax: %s", syntax.GetSpecifiedFlag())
	}
	return err
}

// translate puts the texts of a command and of those below it into the user's language: completion
// shows some of them as help does.
func (s System) translate(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	for _, t := range commandTexts(cmd) {
		t.put(s.lang)
	}
	for _, sub := range cmd.Commands() {
		s.translate(sub)
	}
}

// commandText is a text of a command that cobra holds.
type commandText struct {
	keys []string // the sentences in it
	put  func(lang.Lang)
}

// commandTexts are those that help shows of a command.
func commandTexts(cmd *cobra.Command) (texts []commandText) {
	add := func(keys []string, put func(lang.Lang)) { texts = append(texts, commandText{keys, put}) }
	add([]string{cmd.Short}, func(l lang.Lang) { cmd.Short = l.Translate(cmd.Short) })
	add(lang.Blocks(cmd.Long), func(l lang.Lang) { cmd.Long = l.Page(cmd.Long) })
	for _, group := range cmd.Groups() {
		add([]string{group.Title}, func(l lang.Lang) { group.Title = l.Translate(group.Title) })
	}
	// Of examples only the remarks are sentences.
	lines := strings.Split(cmd.Example, "\n")
	for i, line := range lines {
		indent, remark, is := strings.Cut(line, "# ")
		if !is || strings.TrimSpace(indent) != "" {
			continue
		}
		add([]string{remark}, func(l lang.Lang) {
			lines[i] = indent + "# " + l.Translate(remark)
			cmd.Example = strings.Join(lines, "\n")
		})
	}
	for _, flags := range []*pflag.FlagSet{cmd.LocalNonPersistentFlags(), cmd.PersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				f.Usage = "show this help"
			}
			key, variable := f.Usage, ""
			if at := strings.LastIndex(key, " ["); at > 0 && strings.HasSuffix(key, "]") {
				key, variable = key[:at], key[at:] // which stands for the flag
			}
			add([]string{key}, func(l lang.Lang) { f.Usage = l.Translate(key) + variable })
		})
	}
	return texts
}
