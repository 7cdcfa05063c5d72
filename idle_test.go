package wxpay_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
)

// WeChat Pay ends a connection that was idle for 8 seconds. The client has let go of it by then, so
// that no debit leaves by one that is being closed and is lost without an answer.
func TestAConnectionIsLetGoBeforeWeChatPayEndsIt(t *testing.T) {
	t.Parallel()
	const theirs = 8 * time.Second
	own := wxpay.SharedTransport().(*http.Transport).IdleConnTimeout
	if own <= 0 || own >= theirs {
		t.Errorf("connections are kept for %s, WeChat Pay ends them after %s", own, theirs)
	}
}
