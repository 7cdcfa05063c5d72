package wxpay

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Text is the typed reply of the calls that WeChat Pay answers with text in place of
// fields, such as v2/pay/downloadbill. The method Text gives the bill; nothing that prints a reply
// shows it.
type Text struct{ Reply }

// Text is the bill, unpacked: see [Result.Text]. It is nil for a reply no call returned.
func (t *Text) Text() []byte {
	if t == nil {
		return nil
	}
	return t.result.Reveal().Text()
}

// Text is what v2/pay/downloadbill answers, the bill of a day, and what its kin do:
// v2/pay/downloadfundflow and, of another form, v2/billcommentsp/batchquerycomment. It is nil of
// every other call. A bill is UTF-8: a line of names, a line for each payment and refund, a line of
// names for the sums and a line of sums; values are separated by commas, each behind a grave
// accent, and amounts are in yuan. A bill that was asked for with tar_type GZIP is unpacked here,
// and packed as it came in Body. It has at most 256 MiB, packed and unpacked alike. The bytes
// are the Result's own: copy them before you change them.
//
// WeChat Pay signs no bill of APIv2 and gives no hash of it, so that only TLS says who gave
// it: [Result.Verified] is false. That it begins as a bill does is checked, so that no
// gateway's page passes for one; bills of APIv3 come with a hash, see [Client.Download].
// A refusal is an [*Error] that is not verified, whose Code is the number error_code, such
// as 20002 where there is no bill.
// https://pay.weixin.qq.com/doc/v2/merchant/4011985040
func (r *Result) Text() []byte {
	if r == nil {
		return nil
	}
	return r.text.Reveal()
}

// answersText tells the calls whose success is text, which WeChat Pay does not sign.
// https://pay.weixin.qq.com/doc/v2/merchant/4011985040
func (c *call) answersText() bool {
	kind := exchangeOf(c.method, c.path).kind
	return kind == kindBill || kind == kindText
}

// readText takes in a bill. What is none is read as the answer of any call.
func (c *call) readText(response *http.Response) (*Result, error) {
	read := readWhole
	if response.StatusCode != http.StatusOK {
		read = readBody
	}
	raw, err := read(response)
	if err != nil {
		return nil, c.cutShort(err)
	}
	r := &Result{Status: response.StatusCode, Header: response.Header, Body: raw, call: c, unsigned: true}
	if r.Status != http.StatusOK {
		return c.readV2(r)
	}
	text, err := gunzip(raw)
	switch {
	case err != nil:
		return nil, c.cutShort(err)
	case exchangeOf(c.method, c.path).kind == kindText:
		if len(text) == 0 || strings.HasPrefix(strings.TrimSpace(string(text[:min(len(text), 64)])), "<") {
			return c.readV2(r) // XML, or a gateway's page
		}
	case !isBill(text):
		return c.readV2(r)
	case !saysItsEnd(response) && !endsInSums(text):
		return nil, c.cutShort(errors.New("the bill has no sums at its end: a part of it is missing"))
	}
	r.text = wire.Hide(text)
	return r, nil
}

// readJSON takes in the answer of a call of APIv2 that is JSON: its retcode says whether it is a
// success. WeChat Pay does not sign it.
// https://pay.weixin.qq.com/wiki/doc/api/realnameauth.php?chapter=60_2&index=3
func (c *call) readJSON(r *Result) (*Result, error) {
	var answer struct {
		Code    *int64 `json:"retcode"`
		Message string `json:"retmsg"`
	}
	r.unsigned = true
	err := json.Unmarshal(r.Body, &answer)
	if r.Status == http.StatusOK && err == nil && answer.Code != nil && *answer.Code == 0 {
		return r, nil
	}
	e := c.refusal(r, false)
	if e.Message = gatewayAnswered("JSON", r); err == nil && answer.Code != nil {
		e.Code, e.Message = strconv.FormatInt(*answer.Code, 10), answer.Message
	}
	return nil, e
}

// isBill tells a bill from a gateway's page. It begins with the name of its first column or,
// in another language, has a line of many names above one whose values stand behind grave accents.
func isBill(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.HasPrefix(text, []byte("交易时间,")) {
		return true
	}
	names, rest, _ := bytes.Cut(text, []byte("\n"))
	return bytes.Count(names, []byte(",")) >= fewestNames && bytes.HasPrefix(rest, []byte("`"))
}

// fewestNames is far below the names of any bill, and above the commas of a sentence.
const fewestNames = 10

// saysItsEnd tells whether an answer says where it ends, so that net/http fails on one that is cut:
// by its length, in chunks, or in the frames of HTTP/2. Of any other its end and the end of the
// connection look alike.
func saysItsEnd(r *http.Response) bool {
	return r.ContentLength > 0 || len(r.TransferEncoding) > 0 || r.ProtoMajor > 1
}

// endsInSums tells whether a bill is whole: the last line is that of the sums, one below each of
// their names, and above those names stands another line, that of the columns' names at least. A
// cut within the last sum does not show.
func endsInSums(text []byte) bool {
	before, sums := lastLine(text)
	above, names := lastLine(before)
	return above != nil && bytes.HasPrefix(sums, []byte("`")) && !bytes.HasPrefix(names, []byte("`")) &&
		bytes.Count(sums, []byte("`")) == bytes.Count(names, []byte(","))+1 && !bytes.HasSuffix(sums, []byte("`"))
}

func lastLine(text []byte) (before, line []byte) {
	text = bytes.TrimRight(text, "\r\n")
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		return text[:i], text[i+1:]
	}
	return nil, text
}
