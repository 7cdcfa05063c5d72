package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// mostContracts is how many contracts debits are spread over at most, as over payers.
const mostContracts = 64

// Prepare makes one call of each operation and says what is wrong with its answer, and has payers
// sign the contracts that are debited: one for each connection, agreed to on the sandbox's admin.
func (c *Calls) Prepare(ctx context.Context, admin string, connections int) error {
	if slices.Contains(c.turns, indexOf(Debit)) {
		for range min(connections, mostContracts) {
			id, err := c.contract(ctx, admin)
			if err != nil {
				return err
			}
			c.contracts = append(c.contracts, id)
		}
	}
	for i := range operations {
		if slices.Contains(c.turns, i) {
			if _, err := c.try(ctx, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func indexOf(name Operation) int {
	return slices.Index(Operations(), string(name))
}

// try makes one call outside the measurement.
func (c *Calls) try(ctx context.Context, operation int) (body []byte, err error) {
	call, err := c.write(operation, int(c.made.Add(1))-1)
	if err != nil {
		return nil, err
	}
	l := &line{address: c.address}
	defer l.close()
	defer context.AfterFunc(ctx, func() { l.hurry(time.Now()) })()
	a, err := l.call(ctx, call, time.Now().Add(patience))
	if err != nil {
		return nil, lang.Errorf("the sandbox cannot be reached: %w", err)
	}
	if a.kind != "" {
		return nil, lang.Errorf("%s was tried once: %v", operations[operation].name, kind(a.kind))
	}
	marked := a.response.Header.Get(ledger.HeaderUnsigned) != ""
	switch {
	case a.response.Header.Get(ledger.HeaderSandbox) == "":
		return nil, lang.Errorf("what answers there is no sandbox of wxpay: there is no load for anything else")
	case marked && !c.unsigned:
		return nil, lang.Errorf("that sandbox is unsigned: give --unsigned, or start it without")
	case !marked && c.unsigned:
		return nil, lang.Errorf("that sandbox checks signatures: leave --unsigned out, or start it with --unsigned")
	}
	if wrong := c.Judge(a.response, a.body); wrong != "" {
		err := lang.Errorf("%s was tried once: %v", operations[operation].name, kind(wrong))
		if hint := a.response.Header.Get(ledger.HeaderHint); hint != "" {
			err = lang.Errorf("%w; it says: %s", err, hint)
		}
		return nil, err
	}
	return a.body, nil
}

// contract has a payer sign one.
func (c *Calls) contract(ctx context.Context, admin string) (id string, err error) {
	answer, err := c.try(ctx, indexOf(Presign))
	if err != nil {
		return "", err
	}
	var session struct {
		Token string `json:"pre_entrustweb_id"`
	}
	if err := json.Unmarshal(answer, &session); err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"token": session.Token})
	if err != nil {
		return "", err
	}
	openid := "oBench" + c.run + strconv.Itoa(len(c.contracts))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, admin+"/sandbox/payers/"+url.PathEscape(openid)+"/agree",
		bytes.NewReader(body))
	if err != nil {
		return "", lang.Errorf("the address of the sandbox's admin is none: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DialContext: DialHere} // and no proxy
	defer transport.CloseIdleConnections()
	p, err := (&http.Client{Transport: transport, Timeout: patience}).Do(r)
	if err != nil {
		return "", lang.Errorf("the sandbox's admin cannot be reached: %w", err)
	}
	defer p.Body.Close()
	var contract ledger.Contract
	if err := json.NewDecoder(p.Body).Decode(&contract); err != nil || contract.ID == "" {
		return "", lang.Errorf("the sandbox's admin did not let a payer agree: %s", p.Status)
	}
	return contract.ID, nil
}
