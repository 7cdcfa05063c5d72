// Package lang says what the command says in English or in Chinese, the way gettext does: the
// English sentence in the code is the key, and zh/*.json has its Chinese, a file for each verb. A
// sentence that no file has is said in English.
//
// [Textf] and [Errorf] make a sentence where the language is not known yet, as in an error that is
// reported far from where it came up; [Lang.Text] says one at once. [Lang.Page] is for help, and
// [Wrap] breaks its lines by the columns of a terminal, in which a Chinese character takes two.
//
// What programs read is no sentence: JSON, names of fields, commands to be pasted. Neither are the
// words of WeChat Pay and of the SDK. They are printed as they are, in either language.
//
// It knows nothing of the other packages. Start reading at [Choose] and [Lang.Text].
package lang

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
)

// Lang is a language, by its code of two letters. The zero value is English.
type Lang string

// The languages.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// Parse reads the code of a language.
func Parse(code string) (l Lang, ok bool) {
	l = Lang(code)
	return l, l == English || l == Chinese
}

// Variable names the language for this command alone.
const Variable = "WXPAY_LANG"

// Choose finds the language to speak: what --lang says, else WXPAY_LANG, else what the user's
// other programs speak: LC_ALL before LC_MESSAGES before LANG, and where none of these is set the
// locale that the system itself names, "" for none. It is found before the command line is
// understood, so that what is wrong with that can be said in it.
func Choose(args []string, lookup func(string) (string, bool), locale string) Lang {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		value, given := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(args) {
			value, given = args[i+1], true
		}
		if l, ok := Parse(value); given && ok {
			return l
		}
	}
	for _, name := range []string{Variable, "LC_ALL", "LC_MESSAGES", "LANG"} {
		if value, _ := lookup(name); value != "" {
			locale = value
			break
		}
	}
	// As in zh, zh_CN.UTF-8 or zh-Hans-CN, but not in zha.
	code, rest := locale[:min(2, len(locale))], locale[min(2, len(locale)):]
	if strings.EqualFold(code, string(Chinese)) && (rest == "" || strings.ContainsAny(rest[:1], "_-.@")) {
		return Chinese
	}
	return English
}

//go:embed zh
var files embed.FS

// Files gives what stands in the files, by the name of each.
func Files() map[string]map[string]string {
	all := map[string]map[string]string{}
	entries, err := files.ReadDir("zh")
	if err != nil {
		panic(err) // it is built in
	}
	for _, e := range entries {
		data, err := files.ReadFile(path.Join("zh", e.Name()))
		pairs := map[string]string{}
		if err = errors.Join(err, json.Unmarshal(data, &pairs)); err != nil {
			panic(e.Name() + ": " + err.Error()) // it is built in, and a test reads it
		}
		all[e.Name()] = pairs
	}
	return all
}

// chinese is all of them, read when it is first spoken.
var chinese = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, pairs := range Files() {
		for key, value := range pairs {
			all[key] = value
		}
	}
	return all
})

// Translate gives a sentence in the language, the English where there is no other.
func (l Lang) Translate(english string) string {
	if l == Chinese {
		if text, ok := chinese()[english]; ok {
			return text
		}
	}
	return english
}

// Mark marks a sentence that is kept as it is and said later, with [Lang.Translate], so that the
// test that looks for sentences finds it.
func Mark(english string) string { return english }

// Text is fmt.Sprintf in the language. Sentences and errors among the arguments are said in it too.
func (l Lang) Text(format string, args ...any) string { return Textf(format, args...).In(l) }

// Text is a sentence that can be said in each language.
type Text struct {
	english, format string
	args            []any
}

// Textf makes a sentence, as fmt.Sprintf does.
func Textf(format string, args ...any) Text { return Text{fmt.Sprintf(format, args...), format, args} }

// String is the sentence in English.
func (t Text) String() string { return t.english }

// In is the sentence in a language.
func (t Text) In(l Lang) string {
	if l != Chinese {
		return t.english
	}
	return l.errorf(t.format, t.args).Error()
}

// errorf also takes %w, which fmt.Sprintf does not.
func (l Lang) errorf(format string, args []any) error {
	said := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case error:
			said[i] = errors.New(l.Error(arg))
		case interface{ In(Lang) string }:
			said[i] = arg.In(l)
		default:
			said[i] = arg
		}
	}
	return fmt.Errorf(l.Translate(format), said...)
}

// Errorf makes an error, as fmt.Errorf does, that can be said in each language.
func Errorf(format string, args ...any) error {
	return &sentence{fmt.Errorf(format, args...), format, args}
}

type sentence struct {
	english error
	format  string
	args    []any
}

func (s *sentence) Error() string { return s.english.Error() }
func (s *sentence) Unwrap() error { return s.english }

// In is the error in a language.
func (s *sentence) In(l Lang) string { return l.errorf(s.format, s.args).Error() }

// Error is an error in the language, as far as it can be said in it: one that wraps another by
// other means than [Errorf] and errors.Join is said in English.
func (l Lang) Error(err error) string {
	if l != Chinese {
		return err.Error()
	}
	switch e := err.(type) {
	case interface{ In(Lang) string }:
		return e.In(l)
	case interface{ Unwrap() []error }:
		var lines []string
		for _, one := range e.Unwrap() {
			lines = append(lines, one.Error())
		}
		if strings.Join(lines, "\n") != err.Error() {
			break // it is not errors.Join's
		}
		for i, one := range e.Unwrap() {
			lines[i] = l.Error(one)
		}
		return strings.Join(lines, "\n")
	}
	return err.Error()
}
