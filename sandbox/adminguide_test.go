package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

// Every call of the admin, and every member of its body, has words in both languages, and no words
// are about what there is not. They stand in calls.json and members.json of the room guide.
func TestEveryAdminCallIsExplained(t *testing.T) {
	t.Parallel()
	gaps, err := newWorld(t).Unexplained()
	if err != nil || len(gaps) > 0 {
		t.Errorf("%v\n%s", err, strings.Join(gaps, "\n"))
	}
}

// A browser gets a page, everybody else the document, each in the language that is asked for.
func TestTheGuideIsAPageForBrowsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, c := range []struct{ accept, lang, query, kind, says string }{
		{browser, "", "", "text/html; charset=utf-8", "The payer signs"},
		{browser, "zh-CN,zh;q=0.9,en;q=0.8", "", "text/html; charset=utf-8", "用户签约"},
		{browser, "en-GB,zh;q=0.9", "", "text/html; charset=utf-8", "The payer signs"},
		{browser, "en", "?lang=zh", "text/html; charset=utf-8", "用户签约"},
		{browser, "", "?lang=fr", "application/json; charset=utf-8", "lang is en or zh"},
		{browser, "", "?nonsense=1", "application/json; charset=utf-8", "no query parameter"},
		{"*/*", "", "", "application/json; charset=utf-8", `"openapi":"3.0.3"`},
		{"*/*", "zh", "", "application/json; charset=utf-8", `"summary":"查看一个协议。"`},
		{"*/*", "en", "", "application/json; charset=utf-8", `"x-summary-zh":"查看一个协议。"`},
		{"", "", "", "application/json; charset=utf-8", `"openapi":"3.0.3"`},
		{"application/json, text/html;q=0.5", "", "", "application/json; charset=utf-8", `"openapi":"3.0.3"`},
		{"text/html;q=0", "", "", "application/json; charset=utf-8", `"openapi":"3.0.3"`},
	} {
		r := httptest.NewRequest("GET", w.AdminURL()+"/sandbox/"+c.query, nil)
		r.Header.Set("Accept", c.accept)
		r.Header.Set("Accept-Language", c.lang)
		answer := httptest.NewRecorder()
		w.AdminHandler().ServeHTTP(answer, r)
		kind := answer.Header().Get("Content-Type")
		if kind != c.kind || !strings.Contains(answer.Body.String(), c.says) {
			t.Errorf("%+v: got %s %.200s", c, kind, answer.Body)
		}
	}
}

// The page has every call, runs no script but its own, and loads nothing but what the admin has.
func TestThePageHasEveryCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	get := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", w.AdminURL()+path, nil)
		r.Header.Set("Accept", "text/html")
		answer := httptest.NewRecorder()
		w.AdminHandler().ServeHTTP(answer, r)
		return answer
	}
	answer := get("/sandbox/")
	page := answer.Body.String()
	if n := strings.Count(page, "data-method="); n != len(w.adminCalls()) {
		t.Errorf("the page has %d calls of %d", n, len(w.adminCalls()))
	}
	policy := answer.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; ") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %s", policy)
	}
	loads := regexp.MustCompile(`(?:src|href)="([^"#?][^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(loads) != 3 {
		t.Errorf("the page loads %q", loads)
	}
	for _, load := range loads {
		if got := get(load[1]); got.Code != http.StatusOK || got.Body.Len() == 0 {
			t.Errorf("%s is answered %d", load[1], got.Code)
		}
	}
	if regexp.MustCompile(`<script[^>]*>[^<]|<style| style=| on[a-z]+="`).MatchString(page) {
		t.Error("something stands in the page itself that the policy forbids")
	}
}

// FuzzGuideHeaders checks that whatever a browser says it wants, it is answered. The answers are
// short ones, for the guide takes longer than its headers.
func FuzzGuideHeaders(f *testing.F) {
	sb := sandbox.New(f, sandbox.At(start))
	admin := sb.AdminHandler()
	f.Add("text/html,*/*;q=0.8", "zh-CN,zh;q=0.9,en;q=0.8")
	f.Add("text/html;q=", "en;q=NaN,zh;q=-1")
	f.Fuzz(func(t *testing.T, accept, language string) {
		for path, want := range map[string]int{"/sandbox/report": 200, "/sandbox/?a=b": 400} {
			r := httptest.NewRequest("GET", sb.AdminURL()+path, nil)
			r.Header.Set("Accept", accept)
			r.Header.Set("Accept-Language", language)
			answer := httptest.NewRecorder()
			if admin.ServeHTTP(answer, r); answer.Code != want {
				t.Errorf("%s with %q, %q: %d %.80s", path, accept, language, answer.Code, answer.Body)
			}
		}
	})
}
