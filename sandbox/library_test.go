package sandbox_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The product of docs/adding-a-product.md, as small as one can be: a reader agrees once, and the
// library debits what they owe for books that came late. It stands in edu-papay's place, for a
// product needs endpoints that the catalogue has.
//
// docs: begin
func library() *engine.Product {
	return &engine.Product{
		Name:          ledger.EduPapay,
		Samples:       []ledger.Plan{{ID: samples.EduPlanID, Name: "Books by term"}},
		TTL:           2 * time.Hour, // life of a session
		Token:         (*random.Random).PresignToken,
		ID:            (*random.Random).LongContractID,
		Names:         engine.Names{Plan: "plan_id", Account: "user_id"},
		Signed:        engine.Event{EventType: "LIBRARY.SIGN", OriginalType: "library", Summary: "图书馆签约"},
		Ended:         engine.Event{EventType: "LIBRARY.END", OriginalType: "library", Summary: "图书馆解约"},
		TemplateURL:   true,
		Retries:       rows.GenericSchedule,
		Resource:      func(c *rows.Contract) engine.Document { return engine.Document{"contract_id": c.ID} },
		AlreadySigned: func() *engine.Refusal { return engine.AlreadyExists("用户已签约") },
		Gone:          func() *engine.Refusal { return engine.NotFound("NOT_FOUND", "签约协议不存在") },
		Debits: []*engine.DebitRules{{
			Mode:     ledger.DebitAtOnce,
			Delay:    clock.DebitTakes,
			Limits:   ledger.Limits{PerDay: 1000}, // fen
			Paid:     engine.Event{EventType: "LIBRARY.PAID", OriginalType: "library", Summary: "图书馆扣款成功"},
			Retries:  rows.GenericSchedule,
			Resource: func(d *rows.Debit) engine.Document { return engine.Document{"out_trade_no": d.OutTradeNo} },
		}},
		Behaviours: map[string]engine.Behaviour{
			"POST /v3/edu-papay/contracts/presign":         libraryPresign,
			"POST /v3/edu-papay/transactions":              libraryDebit,
			"DELETE /v3/edu-papay/contracts/{contract_id}": libraryEnd,
		},
	}
}

func libraryPresign(c *engine.Call) (engine.Document, error) {
	session, err := contracts.Presign(c, c.Product)
	if err != nil {
		return nil, err
	}
	return engine.Document{"presign_token": session.Token}, nil
}

func libraryDebit(c *engine.Call) (engine.Document, error) {
	_, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{
		ContractID: c.Text("contract_id"), OutTradeNo: c.Text("out_trade_no"), AppID: c.Text("appid"),
		SubMchID: c.Text("sub_mchid"), SubAppID: c.Text("sub_appid"), NotifyURL: c.Text("notify_url"),
		Total: engine.Fen(engine.Object(c.Body, "amount"), "total"),
	}})
	return nil, err
}

func libraryEnd(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Any(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	return nil, contracts.Terminate(c.Step, contract, ledger.ByMerchant, "")
}

// docs: end

// A reader agrees, is debited, is debited no more than a day allows, and the library ends it: by an
// unmodified client and receiver.
func TestTheProductOfTheDocument(t *testing.T) {
	t.Parallel()
	s, err := sandbox.StartPlaying(sandbox.Config{Keys: pinnedKeys(t), Start: start, ManualClock: true, OneClock: true},
		library())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var events []string
	receiver := notify.New(s.Keys())
	receiver.Otherwise(func(_ context.Context, n *notify.Notification) error {
		events = append(events, n.EventType)
		return nil
	})
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(s.Receive("https://yourapp.com", receiver))
	client := s.Client()
	post := func(path string, body object) (*wxpay.Result, error) {
		return client.Chain(path).Post(t.Context(), body)
	}

	signed, err := post(presignEdu, eduBody())
	ok(err)
	var session struct {
		Token string `json:"presign_token"`
	}
	ok(signed.Decode(&session))
	c, err := s.Payer(eduOpenID).Agree(session.Token)
	ok(err)
	_, err = post(eduDebits, eduDebitBody(c, "late-1"))
	ok(err)
	ok(s.Advance(time.Minute))
	var refused *wxpay.Error
	if _, err := post(eduDebits, eduDebitBody(c, "late-2")); !errors.As(err, &refused) || refused.Code == "" {
		t.Errorf("beyond the day's limit: got %v", err)
	}
	_, err = client.Chain("v3/edu-papay/contracts/" + c.ID).Delete(t.Context())
	ok(err)
	ok(s.Settle())
	if got := strings.Join(events, " "); got != "LIBRARY.SIGN LIBRARY.PAID LIBRARY.END" {
		t.Errorf("got %s", got)
	}
}

// The document shows this very product.
func TestTheDocumentShowsTheProduct(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("library_test.go")
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../docs/adding-a-product.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(source), "// docs: begin\n")
	shown, _, _ = strings.Cut(shown, "\n// docs: end")
	if !strings.Contains(string(document), "```go\n"+strings.TrimSpace(shown)+"\n```") {
		t.Error("docs/adding-a-product.md shows another product than library_test.go has")
	}
}
