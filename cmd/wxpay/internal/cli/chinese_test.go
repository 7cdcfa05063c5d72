package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// spoken are the functions that take a sentence, as text("there are %d", n) does, and which of
// their arguments it is.
var spoken = map[string]int{"text": 0, "errorf": 0, "usage": 0, "note": 0, "hint": 0, "lang.Textf": 0, "lang.Errorf": 0,
	"lang.Mark": 0, "Text": 0, "tell": 0, "check": 1}

// word is what has a translation: names, numbers and signs are the same in every language.
var word = regexp.MustCompile(`[a-z]{2}`)

// Whatever the command says has its Chinese, and the files of Chinese have nothing that nobody
// says.
func TestEverySentenceHasItsChinese(t *testing.T) {
	t.Parallel()
	said := map[string]string{} // and where
	for _, b := range lang.Blocks(exitHelp) {
		said[b] = "the exit codes"
	}
	known, err := catalogue.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range known.Operations() {
		if o.Moves() && o.Outcome.None != "" {
			said[o.Outcome.None] = o.ID()
		}
	}
	commandSentences(newRoot(System{}), said)
	sourceSentences(t, said)
	for _, key := range slices.Sorted(maps.Keys(said)) {
		code := strings.HasPrefix(key, "\t") // to be pasted
		if word.MatchString(verb.ReplaceAllString(key, "")) && !code && lang.Chinese.Translate(key) == key {
			t.Errorf("%s: %q has no Chinese: put it into a file in internal/lang/zh", said[key], key)
		}
	}
	for name, pairs := range lang.Files() {
		for key := range pairs {
			if said[key] == "" {
				t.Errorf("zh/%s: nobody says %q any more", name, key)
			}
		}
	}
}

// commandSentences collects what cobra holds of a command and of those below it.
func commandSentences(cmd *cobra.Command, said map[string]string) {
	for _, t := range commandTexts(cmd) {
		for _, key := range t.keys {
			said[key] = cmd.CommandPath() + " --help"
		}
	}
	for _, sub := range cmd.Commands() {
		commandSentences(sub, said)
	}
}

// sourceSentences collects what is said while a command runs, from the source of the command's
// packages.
func sourceSentences(t *testing.T, said map[string]string) {
	t.Helper()
	calls(t, []string{".."}, func(call *ast.CallExpr, where token.Position) {
		at, speaks := spoken[called(call)]
		if !speaks || at >= len(call.Args) {
			return
		}
		if key, ok := literal(call.Args[at]); ok {
			said[key] = where.String()
		}
	})
}

// calls gives every call in the source of some folders, tests apart.
func calls(t *testing.T, folders []string, visit func(*ast.CallExpr, token.Position)) {
	t.Helper()
	files := token.NewFileSet()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					visit(call, files.Position(call.Pos()))
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// printing are the functions that say what they are given as it is, and which argument that is.
var printing = map[string]int{"errors.New": 0, "fmt.Errorf": 0, "fmt.Fprintf": 1, "fmt.Fprint": 1, "fmt.Fprintln": 1,
	"fmt.Sprintf": 0, "fmt.Sprint": 0, "say": 2}

// sameInEach are what is no sentence, though words stand in it: names, and commands to be pasted.
var sameInEach = regexp.MustCompile(`^platformPEM|^merchantKeys|^wxpay %s|^  %s \[command\]|^--product|` +
	`^  %\.1f ms|^\n  (wxpay|curl) `)

// What the command prints goes through the functions that know the language.
func TestNothingIsSaidInEnglishAlone(t *testing.T) {
	t.Parallel()
	calls(t, []string{".", "../demo", "../bench"}, func(call *ast.CallExpr, where token.Position) {
		at, prints := printing[called(call)]
		if !prints || at >= len(call.Args) || strings.HasPrefix(where.Filename, "../bench/table/") ||
			strings.HasPrefix(where.Filename, "../bench/starts/") {
			return // these are tools of script/bench
		}
		if said, ok := literal(call.Args[at]); ok && word.MatchString(verb.ReplaceAllString(said, "")) &&
			!sameInEach.MatchString(said) {
			t.Errorf("%s: %q is said in English alone: use text, errorf, usage or note", where, said)
		}
	})
}

// called names a function as it is called, without the value of a method: sys.text is text.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && (x.Name == "lang" || x.Name == "fmt" || x.Name == "errors") {
			return x.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// literal is a string that stands in the source, perhaps in several parts.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		left, ok := literal(e.X)
		right, also := literal(e.Y)
		return left + right, ok && also
	case *ast.ParenExpr:
		return literal(e.X)
	}
	return "", false
}

// verb is one of fmt's.
var verb = regexp.MustCompile(`%[-+# 0]*[0-9.]*(?:\[(\d+)\])?([a-zA-Z%])`)

// verbs says what a format does with each of its arguments.
func verbs(format string) (list []string) {
	next := 1
	for _, v := range verb.FindAllStringSubmatch(format, -1) {
		if v[2] == "%" {
			continue
		}
		if v[1] != "" {
			next, _ = strconv.Atoi(v[1])
		}
		list = append(list, strconv.Itoa(next)+v[2])
		next++
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A translation takes the arguments of the original, in any order.
func TestTranslationsTakeTheSameArguments(t *testing.T) {
	t.Parallel()
	for name, pairs := range lang.Files() {
		for key, value := range pairs {
			if value == "" || !slices.Equal(verbs(key), verbs(value)) {
				t.Errorf("zh/%s: %q takes %v, and %q %v", name, key, verbs(key), value, verbs(value))
			}
		}
	}
}
