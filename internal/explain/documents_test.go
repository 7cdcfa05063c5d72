package explain_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/explain"
)

var update = flag.Bool("update", false, "write the tables of docs/mistakes.md again")

// The pages that list all mistakes list these.
func TestDocumentsListEveryMistake(t *testing.T) {
	t.Parallel()
	headings := []struct {
		of     explain.Part
		en, zh string
	}{
		{explain.PartHeader, "The Authorization header, its time and who is named", "Authorization 头、时间和商户"},
		{explain.PartSignature, "How a signature is made and written", "签名的算法、密钥和写法"},
		{explain.PartString, "The string that is signed", "签名串"},
		{explain.PartV2, "The sign of APIv2", "APIv2 的 sign"},
		{explain.PartMessage, "Messages of WeChat Pay", "微信支付发来的消息"},
		{explain.PartResource, "What is sealed in them", "消息里加密的内容"},
		{explain.PartNone, "No known mistake", "没有已知的错误"},
	}
	listed := 0
	for _, page := range []struct{ file, lang, columns string }{
		{"../../docs/mistakes.md", "en", "| word | what is wrong | what to do |"},
		{"../../docs/zh/mistakes.md", "zh", "| 代号 | 问题 | 怎么办 |"},
	} {
		text, err := os.ReadFile(page.file)
		if err != nil {
			t.Fatal(err)
		}
		intro, _, marked := strings.Cut(string(text), " -->\n")
		if !marked {
			t.Fatalf("%s has lost its marker", page.file)
		}
		var b strings.Builder
		b.WriteString(intro + " -->\n")
		for _, h := range headings {
			heading, zh := h.en, page.lang == "zh"
			if zh {
				heading = h.zh
			}
			fmt.Fprintf(&b, "\n## %s\n\n%s\n|---|---|---|\n", heading, page.columns)
			for _, m := range explain.Mistakes() {
				if m.Of != h.of {
					continue
				}
				w := m.En
				if zh {
					w = m.Zh
				}
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.ID, cell(w.Problem), cell(w.Advice))
				listed++
			}
		}
		if *update {
			if err := os.WriteFile(page.file, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a document
				t.Fatal(err)
			}
		} else if b.String() != string(text) {
			t.Errorf("%s is out of date: go test ./internal/explain -run Documents -update", page.file)
		}
	}
	if want := 2 * len(explain.Mistakes()); listed != want {
		t.Errorf("%d are listed, want %d: a part has no heading", listed, want)
	}
}

// cell is a sentence in a table of Markdown.
func cell(sentence string) string {
	return strings.NewReplacer(`\`, `\\`, "<", "&lt;", ">", "&gt;", "|", `\|`, "*", `\*`).
		Replace(detail.ReplaceAllString(sentence, "…"))
}
