package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/hint"
	"github.com/wxpay-go/wxpay/internal/keyfile"
)

// readBody gives what --data means: nil for nothing. The bytes are sent as they are, but for
// APIv2's and where fields are encrypted, so they are checked here, where the mistake can still be
// pointed at.
func readBody(ctx context.Context, sys System, data string, v2 bool) (any, error) {
	if data == "" {
		return nil, nil
	}
	from := text("%s", "--data")
	raw := []byte(data)
	if name, ok := strings.CutPrefix(data, "@"); ok {
		var err error
		if name == "-" {
			from = text("standard input")
			raw, err = readInput(ctx, text("the body"), aBody, func(limit int64) ([]byte, error) {
				return keyfile.Bounded(sys.In, limit)
			})
		} else {
			from = text("%s", name)
			raw, err = readFile(ctx, text("the body"), name, aBody)
		}
		if err != nil {
			return nil, err
		}
	}
	raw = bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("\ufeff"))
	if v2 && bytes.HasPrefix(raw, []byte("<")) {
		return raw, nil // XML; the client reads it
	}
	var whole json.RawMessage // no value: a number may be larger than any type, and the error would repeat it
	err := json.Unmarshal(raw, &whole)
	if err == nil {
		return json.RawMessage(raw), nil
	}
	var syntax *json.SyntaxError
	if len(raw) == 0 {
		return nil, usage("%s is empty, not JSON", from)
	}
	if errors.As(err, &syntax) {
		line, column := position(raw, syntax.Offset)
		return nil, usage("%s is not JSON: line %d, column %d: %w", from, line, column, err)
	}
	return nil, usage("%s is not JSON: %w", from, err)
}

// notEmptied refuses --data without a value, as of a variable that is not set: the call would be
// another than was meant.
func notEmptied(cmd *cobra.Command) error {
	if f := cmd.Flags().Lookup("data"); f.Changed && f.Value.String() == "" {
		return usage("--data is empty; give the body, or leave it out")
	}
	return nil
}

// position turns the number of bytes read into a line and a column, from 1.
func position(data []byte, read int64) (line, column int) {
	before := data[:max(0, min(int(read)-1, len(data)))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
}

// trace watches one call go by, for --verbose and for the hint that a sandbox
// gives in a header.
type trace struct {
	to      http.RoundTripper
	request *http.Request
	reply   *http.Response
	hint    hint.Hint
}

func (t *trace) RoundTrip(r *http.Request) (*http.Response, error) {
	t.request = r
	reply, err := t.to.RoundTrip(r)
	if err == nil {
		t.reply, t.hint = reply, hint.Of(reply.Header)
	}
	return reply, err
}

// signInQuery is the signature of a GET of APIv2.
var signInQuery = regexp.MustCompile(`([?&]sign=)[^&#]*`)

// report leaves out Authorization and every signature.
func (t *trace) report(sys System, took time.Duration) {
	if t.request == nil {
		return
	}
	paint := sys.paintErr()
	address := signInQuery.ReplaceAllString(t.request.URL.Redacted(), "${1}…")
	fmt.Fprintf(sys.Err, "%s %s\n", paint.dim(">"), sys.text("%s %s (%d bytes)", t.request.Method, address,
		t.request.ContentLength))
	if t.reply == nil {
		return
	}
	// The words behind a status are the answerer's, who may repeat anything in them.
	fmt.Fprintf(sys.Err, "%s %s\n", paint.dim("<"), sys.text("%d %s in %s", t.reply.StatusCode,
		http.StatusText(t.reply.StatusCode), took.Round(time.Millisecond)))
	for _, told := range toldHeaders {
		v := t.reply.Header.Get(told.name)
		switch {
		case v == "":
			continue
		case !told.like.MatchString(v):
			v = sys.text("(not shown: it does not look like one)")
		}
		fmt.Fprintf(sys.Err, "%s %s: %s\n", paint.dim("<"), told.name, v)
	}
}

// toldHeaders are those of an answer that --verbose prints, and what they look like, so that none
// repeats what the call took along.
var toldHeaders = []struct {
	name string
	like *regexp.Regexp
}{
	{"Request-ID", regexp.MustCompile(`^08[0-9A-F]{30,60}-[0-9]{1,9}$`)},
	{"Wechatpay-Serial", regexp.MustCompile(`^([0-9A-F]{32,40}|PUB_KEY_ID_[0-9]{30,40})$`)},
	{"Wechatpay-Timestamp", regexp.MustCompile(`^[0-9]{10}$`)},
	{"X-Sandbox", regexp.MustCompile(`^wxpay sandbox, not WeChat Pay$`)},
}
