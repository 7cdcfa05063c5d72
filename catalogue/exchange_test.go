package catalogue_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
)

// What is out of the ordinary is about known endpoints, but for files that are known by the
// addresses in replies, and says the same as what is described of an endpoint in data/.
func TestExchangesFitTheCatalogue(t *testing.T) {
	t.Parallel()
	lines, err := catalogue.Exchanges()
	if err != nil {
		t.Fatal(err)
	}
	known, seen := map[string]bool{}, map[string]bool{}
	for _, k := range catalogue.AllKnown() {
		known[k.ID()] = true
	}
	for _, l := range lines {
		id := l.Method + " " + l.Path
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
		if !known[id] && !strings.HasSuffix(l.Path, "*") && l.Kind != catalogue.KindFile {
			t.Errorf("%s is no known endpoint", id)
		}
	}
	for _, o := range embedded(t).Operations() {
		e := o.Exchange()
		unsigned := !e.Proven() && e.Kind != catalogue.KindPage
		if o.Unsigned != unsigned || o.Page != (e.Kind == catalogue.KindPage) || o.MTLS != e.MTLS {
			t.Errorf("%s: unsigned %v, page %v, mtls %v in data/, and %+v", o.ID(), o.Unsigned, o.Page, o.MTLS, e)
		}
		if body := o.Method == "DELETE" && o.Body != nil; body != (e.Kind == catalogue.KindBody) {
			t.Errorf("%s: a DELETE with a body: %v", o.ID(), body)
		}
		if u := e.Upload; u != nil {
			fitsBody(t, o, u)
		}
	}
}

// fitsBody compares the form of an upload with the body that is described.
func fitsBody(t *testing.T, o *catalogue.Operation, u *catalogue.Upload) {
	t.Helper()
	var required, optional, encrypted []string
	for _, f := range o.Body.Fields {
		switch {
		case u.Fills(f.Name) || f.Filled:
		case f.Required:
			required = append(required, f.Name)
		default:
			optional = append(optional, f.Name)
		}
	}
	for _, p := range o.EncryptedBody() {
		encrypted = append(encrypted, path.Base(p))
	}
	want := slices.Clone(u.Required)
	for _, p := range u.Parts {
		if !slices.Contains(want, p) {
			want = append(want, p)
		}
	}
	sealed := make([]string, len(u.Encrypted))
	for i, p := range u.Encrypted {
		sealed[i] = path.Base(p)
	}
	if !slices.Equal(required, want) || !slices.Equal(optional, u.Optional) || !slices.Equal(encrypted, sealed) {
		t.Errorf("%s: meta has %v, %v and %v encrypted, the form %+v", o.ID(), required, optional, encrypted, u)
	}
}

func TestMatchExchange(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		method, path string
		kind         catalogue.Kind
		host         string
		proven       bool
	}{
		{"POST", "/v3/merchant/media/upload", catalogue.KindUpload, "", true},
		{"GET", "/v3/merchant/media/upload", catalogue.KindPlain, "", true},
		{"GET", "/v3/merchant-service/images/ABC", catalogue.KindFile, "", false},
		{"GET", "/v3/global/merchant-service/images/ABC", catalogue.KindFile, "apihk.mch.weixin.qq.com", false},
		{"GET", "/v3/global/statements", catalogue.KindFile, "apihk.mch.weixin.qq.com", true},
		{"POST", "/v3/global/anything/new", catalogue.KindPlain, "apihk.mch.weixin.qq.com", true},
		{"POST", "/pay/downloadbill", catalogue.KindBill, "", false},
		{"POST", "/secsvc/realnameauth", catalogue.KindPlain, "fraud.mch.weixin.qq.com", true},
		{"DELETE", "/v3/brand/partner/store/brandstores/1", catalogue.KindBody, "", true},
	} {
		e, _ := catalogue.MatchExchange(row.method, row.path)
		if e.Kind != row.kind || e.Host != row.host || e.Proven() != row.proven {
			t.Errorf("%s %s: got %+v", row.method, row.path, e)
		}
	}
}

// mistyped are lines with one mistake each.
var mistyped = []string{
	"POST\t/a\tmax=1\n",
	"POST\t/a\tkind=nonsense\n",
	"POST\t/a\tkind=upload\n",
	"POST\t/a\n",
	"POST\t/a\tkind=upload digest=sha256:SHA256 max=-1\n",
	"GET\t/a\tkind=file hash=CRC\n",
	"GET\t/a\tunsinged\n",
	"*\t/a/*\tunsigned\n",
	"POST\t/a\tkind=upload digest=sha256:SHA256 colour=red\n",
}

func TestMistypedExchanges(t *testing.T) {
	t.Parallel()
	for _, text := range mistyped {
		if lines, err := catalogue.ParseExchanges(text); err == nil {
			t.Errorf("%q is taken for %+v", text, lines)
		}
	}
}

// A typing mistake weakens no rule: it is an error that names its line.
func FuzzExchanges(f *testing.F) {
	f.Add("POST\t/a\tkind=upload digest=sha256:SHA256 max=1 ext=a,b meta=a,b? parts=c fixed=d:e\n")
	f.Add("*\t/a/*\thost=b\n")
	for _, text := range mistyped {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := catalogue.ParseExchanges(text)
		switch {
		case err != nil && !strings.Contains(err.Error(), "exchanges.tsv:"):
			t.Errorf("an error without a line: %v", err)
		case err == nil && len(lines) != strings.Count(text+"\n", "\n")-1 && len(lines) != strings.Count(text, "\n")+1:
			t.Errorf("%d lines of %q", len(lines), text)
		}
		for _, l := range lines {
			if l.Exchange == (catalogue.Exchange{}) || (l.Kind == catalogue.KindUpload) != (l.Upload != nil) {
				t.Errorf("an empty line: %+v", l)
			}
		}
	})
}
