package openapitest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/wxpay-go/wxpay/sandbox"
)

// browser is a window of Chromium that remembers what went wrong in it.
type browser struct {
	context.Context
	mu       sync.Mutex
	mistakes []string // of the console
	asked    []string // addresses
}

func open(t *testing.T) *browser {
	t.Helper()
	found := false
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if _, err := exec.LookPath(name); err == nil {
			found = true
		}
	}
	if !found {
		if os.Getenv("WXPAY_NO_SKIPS") != "" {
			t.Fatal("there is no Chromium")
		}
		t.Skip("there is no Chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	b := &browser{}
	ctx, end := chromedp.NewContext(allocator, chromedp.WithListener(b.hear))
	t.Cleanup(end)
	b.Context, end = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(end)
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.mistakes = append(b.mistakes, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.mistakes = append(b.mistakes, "console."+string(e.Type))
	case *log.EventEntryAdded:
		b.mistakes = append(b.mistakes, e.Entry.Text+" "+e.Entry.URL)
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
	}
}

// fine checks that nothing went wrong and that nothing was loaded from elsewhere.
func (b *browser) fine(t *testing.T, from string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.mistakes) > 0 {
		t.Errorf("the console says %q", b.mistakes)
	}
	for _, address := range b.asked {
		if !strings.HasPrefix(address, from+"/sandbox/") {
			t.Errorf("the page loads %s", address)
		}
	}
}

// do does one thing after the other.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		t.Fatal(err)
	}
}

// text waits for an element and reads it.
func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	b.do(t, chromedp.WaitVisible(selector))
	text, err := chromedp.Run(b, chromedp.Text(selector))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const advance = "#postClockAdvance"

// A call that is sent from the page is done, and its answer shown, in both languages.
func TestThePageSendsCalls(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"en": "Send", "zh": "发送"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			start := time.Date(2030, 1, 2, 10, 0, 0, 0, time.UTC)
			sb := sandbox.New(t, sandbox.At(start))
			b.do(t, chromedp.Navigate(sb.AdminURL()+"/sandbox/?lang="+lang+advance),
				chromedp.WaitVisible(advance+" .send"),
				chromedp.SetValue(advance+" [data-body]", `{"duration": "3h"`),
				chromedp.SendKeys(advance+" [data-body]", "}"))
			button, curl := b.text(t, advance+" .send"), b.text(t, advance+" [data-curl]")
			b.do(t, chromedp.Click(advance+" .send"), chromedp.WaitVisible(advance+" .answer pre"))
			status, answer := b.text(t, advance+" .status"), b.text(t, advance+" .answer code")
			if button != want || status != "200" || !strings.Contains(answer, `"manual": true`) {
				t.Errorf("the button %q answers %s %s", button, status, answer)
			}
			if !strings.Contains(curl, `-d '{"duration":"3h"}'`) {
				t.Errorf("curl is %s", curl)
			}
			if got := sb.Clock().Now().Sub(start); got != 3*time.Hour {
				t.Errorf("the clock moved %s", got)
			}
			b.fine(t, sb.AdminURL())
		})
	}
}

// A refusal is shown as one, and a variable that is missing is asked for.
func TestThePageShowsRefusals(t *testing.T) {
	t.Parallel()
	b := open(t)
	sb := sandbox.New(t)
	const fund, one = "#postPayersOpenidFund", "#getContractsId"
	b.do(t, chromedp.Navigate(sb.AdminURL()+"/sandbox/?lang=en"+fund),
		chromedp.WaitVisible(fund+" .send"),
		chromedp.SetValue(fund+" [data-body]", `{"amount": -1}`),
		chromedp.Click(fund+" .send"))
	answer, status := b.text(t, fund+" .answer.bad code"), b.text(t, fund+" .status")
	b.do(t, chromedp.Click(one+" > summary"), chromedp.Click(one+" .send"))
	fill := b.text(t, one+" .answer.bad .status")
	if status != "400" || !strings.Contains(answer, "fen above 0") || fill != "Fill in id first." {
		t.Errorf("got %s %s, %q", status, answer, fill)
	}
}

// On a phone nothing is wider than the screen, with every call unfolded.
func TestThePageFitsAPhone(t *testing.T) {
	t.Parallel()
	b := open(t)
	sb := sandbox.New(t)
	b.do(t, chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile),
		chromedp.Navigate(sb.AdminURL()+"/sandbox/?lang=zh"), chromedp.WaitVisible("#find"))
	wide, err := chromedp.Run(b, chromedp.Evaluate[int](`
		document.querySelectorAll("details").forEach(d => d.open = true);
		document.documentElement.scrollWidth`))
	if err != nil || wide > 360 {
		t.Errorf("the page is %d wide, %v", wide, err)
	}
}

// Who has no mouse gets to a call, opens it and sends it.
func TestThePageTakesTheKeyboard(t *testing.T) {
	t.Parallel()
	b := open(t)
	sb := sandbox.New(t)
	const health = "#getHealth"
	b.do(t, chromedp.Navigate(sb.AdminURL()+"/sandbox/?lang=en"),
		chromedp.SendKeys("#find", "health"),
		chromedp.WaitNotVisible(advance),
		chromedp.Focus(health+" > summary"),
		chromedp.KeyEvent("\r"),
		chromedp.WaitVisible(health+" .send"),
		chromedp.Focus(health+" .send"),
		chromedp.KeyEvent("\r"))
	if answer := b.text(t, health+" .answer code"); !strings.Contains(answer, sb.URL()) {
		t.Error(answer)
	}
}
