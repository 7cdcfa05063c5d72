package wxpay_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// A refusal says nothing of an earlier call with the same numbers: where the query wants what the
// call does not have, or there is none, it stays open.
func TestResolveOfARefusalThatIsNotAsked(t *testing.T) {
	t.Parallel()
	ended := 0
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		switch {
		case r.Method == http.MethodGet:
			return signedReply(200, `{"contract_information":{"contract_status":"DELETE"}}`), nil
		case r.Method == http.MethodPost:
			return signedReply(403, `{"code":"NO_AUTH"}`), nil
		}
		if ended++; ended == 1 {
			return nil, errors.New("hung up") // after WeChat Pay had ended it
		}
		return signedReply(404, `{"code":"NOT_FOUND"}`), nil
	})
	contract := client.Chain("v3/edu-papay/contracts/{contract_id}")
	_ = second(contract.Delete(bg, wxpay.Path("contract_id", "C1")))
	refused := second(contract.Delete(bg, wxpay.Path("contract_id", "C1")))
	if wxpay.OutcomeUnknown(refused) || ended != 2 {
		t.Fatalf("not refused: %v", refused)
	}
	r, err := client.Resolve(bg, refused)
	if missing := new(wxpay.ResolveError); !errors.As(err, &missing) || r.Outcome != wxpay.Pending ||
		!strings.Contains(missing.Problem, "appid") {
		t.Errorf("got %v, %v", r, err)
	}
	became(t, client, refused, wxpay.Happened, wxpay.Query("appid", "wx1"))
	for _, path := range []string{"v3/edu-papay/contracts/presign", "v3/not/there"} {
		refused := second(client.Chain(path).Post(bg, `{}`))
		if r, err := client.Resolve(bg, refused); !errors.As(err, new(*wxpay.ResolveError)) {
			t.Errorf("%s: got %v, %v", path, r, err)
		}
	}
}

// What never left this machine did not happen, whether it can be asked or not.
func TestResolveOfWhatNeverLeft(t *testing.T) {
	t.Parallel()
	client, err := wxpay.New(testConfig()) // at a host where nobody listens
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"v3/edu-papay/contracts/{contract_id}", "v3/not/{contract_id}"} {
		contract := client.Chain(path)
		lost := second(contract.Delete(bg, wxpay.Path("contract_id", "C1"), wxpay.Attempts(1)))
		became(t, client, lost, wxpay.DidNotHappen)
		became(t, client, second(contract.Delete(bg)), wxpay.DidNotHappen)
	}
}
