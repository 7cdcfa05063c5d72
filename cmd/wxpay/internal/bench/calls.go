package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// Operation is one of those that a sandbox is driven with.
type Operation string

// The operations: a contract is pre-signed, an order placed, a signed contract debited. Each makes
// something new, so that the sandbox has something to keep.
const (
	Presign Operation = "presign"
	Order   Operation = "order"
	Debit   Operation = "debit"
)

// operations are all of them, with the path and the body of one whose number is no.
var operations = []struct {
	name Operation
	path string
	body func(c *Calls, no string, n int) []byte
}{
	{Presign, "/v3/ecommerce/combine-papay/contracts/pre-entrust-sign", func(_ *Calls, no string, _ int) []byte {
		return fmt.Appendf(nil, `{"appid":%q,"plan_id":%s,"out_contract_code":%q,"contract_display_account":"bench",`+
			`"notify_url":%q,"return_app":true}`, sandbox.DefaultAppID, sandbox.DefaultPlanID, no, sandbox.DefaultNotifyURL)
	}},
	{Order, "/v3/pay/transactions/jsapi", func(c *Calls, no string, _ int) []byte {
		return fmt.Appendf(nil, `{"appid":%q,"mchid":%q,"description":"bench","out_trade_no":%q,"notify_url":%q,`+
			`"amount":{"total":100,"currency":"CNY"},"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}`,
			sandbox.DefaultAppID, c.cfg.MchID, no, sandbox.DefaultNotifyURL)
	}},
	{Debit, "/v3/ecommerce/combine-papay/transactions", func(c *Calls, no string, n int) []byte {
		return fmt.Appendf(nil, `{"combine_appid":%q,"combine_mchid":%q,"combine_out_trade_no":%q,"contract_id":%q,`+
			`"sub_orders":[{"mchid":%[2]q,"sub_mchid":"1230000109","attach":"bench","out_trade_no":"%[3]s-1",`+
			`"description":"bench","amount":{"total_amount":100,"currency":"CNY"}}]}`,
			sandbox.DefaultAppID, c.cfg.MchID, no, c.contracts[n%len(c.contracts)])
	}},
}

// Operations are the names of all.
func Operations() (names []string) {
	for _, o := range operations {
		names = append(names, string(o.name))
	}
	return names
}

// Calls is the load of a sandbox, as its first merchant's client calls it.
type Calls struct {
	cfg       wxpay.Config
	address   string
	keys      *wxpay.Keys
	unsigned  bool
	turns     []int  // which operation follows which: indexes of operations
	run       string // begins every number, so that another run's are others
	made      atomic.Int64
	contracts []string // which debits are of
}

// NewCalls makes the load of a client that is set up so, whose Host is the sandbox's address. mix
// says how many of each operation follow one another, and unsigned that the sandbox checks no
// signatures.
func NewCalls(cfg wxpay.Config, mix map[Operation]int, unsigned bool) (*Calls, error) {
	client, err := wxpay.New(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.SerialNo == "" {
		cfg.SerialNo = wire.SerialHex(cfg.Certificate)
	}
	c := &Calls{cfg: cfg, address: strings.TrimPrefix(cfg.Host, "http://"), keys: client.Keys(), unsigned: unsigned,
		run: "b" + strings.ToLower(rand.Text()[:10])}
	c.turns = turnsOf(mix)
	return c, nil
}

// turnsOf mixes evenly: of 2, 1 and 1 it makes the first, second, third, first.
func turnsOf(mix map[Operation]int) (turns []int) {
	all, due := 0, make([]int, len(operations))
	for _, n := range mix {
		all += n
	}
	for range all {
		next := 0
		for i, o := range operations {
			if due[i] += mix[o.name]; due[i] > due[next] {
				next = i
			}
		}
		due[next] -= all
		turns = append(turns, next)
	}
	return turns
}

// Address is the host and port that the calls go to.
func (c *Calls) Address() string { return c.address }

// Make makes the next calls, signed on all processors.
func (c *Calls) Make(ctx context.Context, n int) ([][]byte, error) {
	calls, errs := make([][]byte, n), make([]error, n)
	first := int(c.made.Add(int64(n))) - n
	each(n, func(i int) {
		if ctx.Err() == nil {
			at := first + i
			calls[i], errs[i] = c.write(c.turns[at%len(c.turns)], at)
		}
	})
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return nil, err
		}
	}
	return calls, nil
}

// write makes one call, as it goes over the line.
func (c *Calls) write(operation, n int) ([]byte, error) {
	o := operations[operation]
	body := o.body(c, c.run+strconv.FormatInt(int64(n), 36), n)
	a := wire.Authorization{Scheme: wire.Scheme, MchID: c.cfg.MchID, Serial: c.cfg.SerialNo, Nonce: rand.Text(),
		Timestamp: strconv.FormatInt(time.Now().Unix(), 10), Signature: "bm9uZQ=="}
	if !c.unsigned {
		var err error
		message := wire.AppendRequestMessage(nil, http.MethodPost, o.path, a.Timestamp, a.Nonce, body)
		if a.Signature, err = wire.Sign(rand.Reader, c.cfg.PrivateKey, message); err != nil {
			return nil, err
		}
	}
	return Post(c.address, o.path, a.String(), "application/json", body), nil
}

// Post is a POST as it goes over the line.
func Post(address, path, authorization, contentType string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: wxpay-bench\r\nAccept: application/json\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\nAuthorization: %s\r\n\r\n%s", path, address, contentType, len(body),
		authorization, body)
}

// Judge takes signed successes alone, or unsigned ones of an unsigned sandbox.
func (c *Calls) Judge(p *http.Response, body []byte) string {
	if !c.unsigned && p.StatusCode != http.StatusUnauthorized { // which nobody signs
		if err := c.keys.Verify(p.Header, body); err != nil {
			return lang.Mark("answer that does not verify")
		}
	}
	if p.StatusCode < 300 {
		return ""
	}
	var refusal struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(body, &refusal) != nil || refusal.Code == "" {
		refusal.Code = withoutCode
	}
	return fmt.Sprintf("%s%d %s", refused, p.StatusCode, refusal.Code)
}
