package lang_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   string
		env    map[string]string
		locale string
		want   lang.Lang
	}{
		{"call GET v3/x", nil, "", lang.English},
		{"--lang zh", nil, "", lang.Chinese},
		{"sandbox --lang=zh", map[string]string{"LANG": "en_US.UTF-8"}, "", lang.Chinese},
		{"--lang en", map[string]string{"WXPAY_LANG": "zh"}, "", lang.English},
		{"--lang", map[string]string{"LANG": "zh_CN.UTF-8"}, "", lang.Chinese},
		{"--lang fr", map[string]string{"LANG": "zh_CN.UTF-8"}, "", lang.Chinese},
		{"-- --lang zh", nil, "", lang.English},
		{"", map[string]string{"WXPAY_LANG": "zh_CN", "LC_ALL": "C"}, "", lang.Chinese},
		{"", map[string]string{"WXPAY_LANG": "en", "LANG": "zh_CN.UTF-8"}, "zh-CN", lang.English},
		{"", map[string]string{"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "zh-CN", lang.English},
		{"", map[string]string{"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "", lang.Chinese},
		{"", map[string]string{"LANG": "zh_CN.GB18030"}, "", lang.Chinese},
		{"", map[string]string{"LANG": "zh"}, "", lang.Chinese},
		{"", map[string]string{"LANG": "ZH-hans"}, "", lang.Chinese},
		{"", map[string]string{"LANG": "zha_CN.UTF-8"}, "", lang.English}, // Zhuang
		{"", nil, "zh-Hans-CN", lang.Chinese},
		{"", nil, "fr-FR", lang.English},
	} {
		lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		if got := lang.Choose(strings.Fields(c.args), lookup, c.locale); got != c.want {
			t.Errorf("%q with %v and %q: %s, want %s", c.args, c.env, c.locale, got, c.want)
		}
	}
}

// An error is said in either language wherever it came up, and stays the error that it wraps.
func TestErrors(t *testing.T) {
	t.Parallel()
	inner := lang.Errorf("give true or false")
	err := lang.Errorf("invalid argument %q for --%s: %w", "x", "json", inner)
	both := errors.Join(err, fs.ErrNotExist)
	chinese := lang.Chinese.Translate("give true or false")
	switch {
	case chinese == "give true or false":
		t.Fatal("there is no Chinese to test with")
	case err.Error() != `invalid argument "x" for --json: give true or false` || !errors.Is(err, inner):
		t.Errorf("%v", err)
	case lang.English.Error(both) != both.Error() || lang.Lang("").Error(err) != err.Error():
		t.Errorf("%v", lang.English.Error(both))
	case !strings.Contains(lang.Chinese.Error(err), chinese) || strings.Contains(lang.Chinese.Error(err), "give"):
		t.Errorf("%v", lang.Chinese.Error(err))
	case lang.Chinese.Error(both) != lang.Chinese.Error(err)+"\n"+fs.ErrNotExist.Error():
		t.Errorf("%v", lang.Chinese.Error(both))
	}
	foreign := fmt.Errorf("of others: %w and %w", inner, inner)
	if lang.Chinese.Error(foreign) != foreign.Error() {
		t.Errorf("%v", lang.Chinese.Error(foreign))
	}
	if got := lang.Chinese.Text("%s 100%%", lang.Textf("give true or false")); got != chinese+" 100%" {
		t.Error(got)
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"short", "short"},
		{"one two three four five", "one two|three four|five"},
		{"签名、发送、验签，然后打印应答。", "签名、发送、|验签，然后打|印应答。"},
		{"用 --public-key-id 指定", "用|--public-key-id|指定"},
		{"path /a /b /c /d", "path /a /b|/c /d"},
		{"first\n  second one of all", "first|  second one|of all"},
	} {
		if got := lang.Wrap(c.text, 12, ""); got != strings.ReplaceAll(c.want, "|", "\n") {
			t.Errorf("%q became %q", c.text, got)
		}
	}
	if got := lang.Wrap("one two three", 7, "    "); got != "one two\n    three" {
		t.Errorf("%q", got)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	page := "One line\nand another:\n  a  the first\n  b  the second\nand so on.\n\nNext.\n"
	want := []string{"One line and another:", "  a  the first\n  b  the second", "and so on.", "", "Next."}
	if got := lang.Blocks(page); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q", got)
	}
	if got := lang.English.Page(page); got != page {
		t.Errorf("%q", got)
	}
}

// A sentence stands in the files once, or always with the same translation: which of two is used
// would be chance.
func TestFilesAgree(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("zh/*.json")
	if err != nil || len(names) == 0 || len(names) != len(lang.Files()) {
		t.Fatalf("%v: %v", names, err)
	}
	said, in := map[string]string{}, map[string]string{}
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		d := json.NewDecoder(file)
		if start, err := d.Token(); err != nil || start != json.Delim('{') {
			t.Fatalf("%s: %v, %v", name, start, err)
		}
		for d.More() {
			key, err := d.Token()
			var value string
			if err = errors.Join(err, d.Decode(&value)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if before, twice := said[key.(string)]; twice && (before != value || in[key.(string)] == name) {
				t.Errorf("%q is in %s as %q, and in %s as %q", key, in[key.(string)], before, name, value)
			}
			said[key.(string)], in[key.(string)] = value, name
		}
	}
}
