package sandbox_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestFaultsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for says, f := range map[string]fault.Fault{
		"there is no fault":      {Name: "earthquake"},
		"one of notifications":   {Name: fault.Lost, Endpoint: "*"},
		"one of calls":           {Name: fault.Cut, Event: "*"},
		"is not a path":          {Name: fault.Cut, Endpoint: "presign"},
		"times must be from -1":  {Name: fault.Cut, Times: -2},
		"not between 0 and 1":    {Name: fault.Cut, Chance: 2},
		"must not be negative":   {Name: fault.Cut, Delay: -1},
		"is no error":            {Name: fault.Error, Status: 200},
		"committed is for":       {Name: fault.RateLimit, Committed: true},
		"skip from 0":            {Name: fault.Cut, Skip: -1},
		"per_second must not be": {Name: fault.RateLimit, PerSecond: -1},
	} {
		if err := w.Inject(fault.Fault{Name: fault.Probe}, f); err == nil || !strings.Contains(err.Error(),
			says) {
			t.Errorf("%+v: got %v, want it to say %q", f, err, says)
		}
	}
	if armed := w.Faults(); len(armed) != 0 {
		t.Errorf("one that makes no sense left %v", armed)
	}
	w.adminRefuses(400, "POST", "/sandbox/faults", object{"name": "late", "delay": "soon"})
	w.adminRefuses(400, "POST", "/sandbox/faults", object{"name": 5})
}

// An endpoint that no call could have is refused; what else is written without need is understood.
func TestEndpointsOfFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, never := range []string{"post /" + presignCombine, "POST  /" + presignCombine, " POST /" + presignCombine,
		"POST /" + presignCombine + " ", "POST", "POST /", "/", "POST https://api.mch.weixin.qq.com/" + presignCombine,
		"https://api.mch.weixin.qq.com/" + presignCombine, "api.mch.weixin.qq.com/" + presignCombine,
		"/" + presignCombine + "?x=1", "/" + presignCombine + "#x", "/v3//" + presignCombine,
		"POST\t/" + presignCombine} {
		if err := w.Inject(fault.Fault{Name: fault.Error, Endpoint: never}); err == nil {
			t.Errorf("%q is taken", never)
		}
	}
	for _, payer := range []string{"o\nanother line", "o\xff", "o\x00"} {
		err := w.Inject(fault.Fault{Name: fault.Early, Payer: payer})
		if err == nil || !strings.Contains(err.Error(), "payer is no openid") {
			t.Errorf("payer %q: got %v", payer, err)
		}
	}
	for _, strikes := range []string{"POST /" + presignCombine, "POST " + presignCombine, presignCombine,
		"/" + presignCombine + "/", "POST *", "POST /*", "*", "/v3/*/combine-papay/*"} {
		w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: strikes}))
		if _, err := w.do("POST", presignCombine, combineBody()); err == nil {
			t.Errorf("%q does not strike", strikes)
		}
		w.ClearFaults()
	}
}

// Which calls a fault strikes, and which of them.
func TestFaultsStrikeWhereTheyAreMeant(t *testing.T) {
	t.Parallel()
	const query = combineByCode + "A"
	for name, c := range map[string]struct {
		fault   fault.Fault
		strikes string // per call: x applied, . not; presign, query, presign, query, presign
	}{
		"every call once": {fault.Fault{Endpoint: "*"}, "x...."},
		"every call":      {fault.Fault{Endpoint: "*", Times: -1}, "xxxxx"},
		"no place named":  {fault.Fault{Times: 2}, "xx..."},
		"a method":        {fault.Fault{Endpoint: "GET /*", Times: -1}, ".x.x."},
		"a path":          {fault.Fault{Endpoint: presignCombine, Times: -1}, "x.x.x"},
		"a catalogue id": {fault.Fault{
			Endpoint: "GET /v3/ecommerce/combine-papay/contracts/plan-id/{plan_id}/" +
				"out-contract-code/{out_contract_code}", Times: -1}, ".x.x."},
		"a full path": {fault.Fault{Endpoint: "/" + query, Times: -1}, ".x.x."},
		"any segment": {fault.Fault{Endpoint: "/v3/*/combine-papay/contracts/pre-entrust-sign",
			Times: -1}, "x.x.x"},
		"another path":             {fault.Fault{Endpoint: "/v3/*/combine-papay/contracts", Times: -1}, "....."},
		"a longer path":            {fault.Fault{Endpoint: "/" + query + "/terminate", Times: -1}, "....."},
		"the third call":           {fault.Fault{Endpoint: "*", Skip: 2}, "..x.."},
		"the second query":         {fault.Fault{Endpoint: "GET /*", Skip: 1}, "...x."},
		"another merchant":         {fault.Fault{Endpoint: "*", MchID: "1900000777", Times: -1}, "....."},
		"this merchant":            {fault.Fault{Endpoint: "*", MchID: sandbox.DefaultMchID, Times: 3}, "xxx.."},
		"never, nearly":            {fault.Fault{Endpoint: "*", Times: -1, Chance: 1e-12}, "....."},
		"always, but not promised": {fault.Fault{Endpoint: "*", Times: -1, Chance: 1}, "xxxxx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must("POST", presignCombine, with(combineBody(), "out_contract_code", "A"))
			c.fault.Name = fault.Error
			w.ok(w.Inject(c.fault))
			got := ""
			for i := range 5 {
				method, path, body := "POST", presignCombine, any(with(combineBody(), "out_contract_code", "A"))
				if i%2 == 1 {
					method, path, body = "GET", query, nil
				}
				if _, err := w.do(method, path, body); err == nil {
					got += "."
				} else {
					wantError(t, err, 500, "SYSTEM_ERROR")
					got += "x"
				}
			}
			if got != c.strikes {
				t.Errorf("applied %s, want %s", got, c.strikes)
			}
			if applied := w.Faults()[0].Applied; applied != strings.Count(c.strikes, "x") {
				t.Errorf("says it was applied %d times", applied)
			}
		})
	}
}

// The same seed, the same luck.
func TestFaultsRepeatThemselves(t *testing.T) {
	t.Parallel()
	luck := func() string {
		w := newWorld(t, sandbox.Seed(11))
		w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: "*", Times: -1, Chance: 0.5}))
		out := ""
		for range 32 {
			if _, err := w.do("POST", presignCombine, combineBody()); err != nil {
				out += "x"
			} else {
				out += "."
			}
		}
		return out
	}
	first := luck()
	if again := luck(); again != first {
		t.Errorf("the same seed hit %s, then %s", first, again)
	}
	if n := strings.Count(first, "x"); n < 4 || n > 28 {
		t.Errorf("half of the calls should be hit: %s", first)
	}
}

func TestAdminListsAndClearsFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	armed := w.adminOK("POST", "/sandbox/faults", object{"name": "late", "event_type": "*", "delay": "90s", "times": 2})
	if armed["id"] != "F1" || armed["fault"].(object)["delay"] != "1m30s" {
		t.Errorf("armed %v", armed)
	}
	w.adminOK("POST", "/sandbox/faults", object{"name": "cut", "endpoint": "*", "chance": 0.5})
	list := w.adminOK("GET", "/sandbox/faults", nil)["data"].([]any)
	if len(list) != 2 || list[1].(object)["fault"].(object)["chance"] != 0.5 {
		t.Errorf("got %v", list)
	}
	w.adminOK("DELETE", "/sandbox/faults/F2", object{})
	w.adminRefuses(404, "DELETE", "/sandbox/faults/F2", object{})
	var back fault.Fault
	raw, err := json.Marshal(w.Faults()[0].Fault)
	w.ok(err)
	w.ok(json.Unmarshal(raw, &back))
	if back != w.Faults()[0].Fault || back.Delay != 90*time.Second {
		t.Errorf("%s came back as %+v", raw, back)
	}
	w.adminOK("DELETE", "/sandbox/faults", object{})
	if list := w.Faults(); len(list) != 0 {
		t.Errorf("left %v", list)
	}
	// The journal says which calls were hit.
	w.adminOK("POST", "/sandbox/faults", object{"name": "error"})
	w.refused(500, "SYSTEM_ERROR", "POST", presignCombine, combineBody())
	journal, err := w.Journal(0, 0)
	w.ok(err)
	if x := journal[0]; len(x.Faults) != 1 || x.Faults[0] != fault.Error || !strings.Contains(x.Hint,
		"nothing was done") {
		t.Errorf("the journal has %+v", x)
	}
}

// What a fault has the sandbox say stays in one line.
func TestFaultsOfTwoLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, member := range []string{"code", "message"} {
		w.adminRefuses(400, "POST", "/sandbox/faults", object{"name": "error", member: "-----BEGIN \r\nFORGED"})
	}
	if err := w.Inject(fault.Fault{Name: fault.Error, Code: "X\r\nFORGED"}); err == nil {
		t.Error("took a code of two lines")
	}
	for _, times := range []int{-1, 1001} {
		w.adminRefuses(400, "POST", "/sandbox/payers/"+openID+"/fail-next", object{"reason": ledger.NotEnough,
			"times": times})
	}
}

// Whoever arms a fault is told of that one, whatever others arm and clear meanwhile.
func TestFaultsAreArmedAndClearedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			status, armed := w.admin("POST", "/sandbox/faults", object{"name": "late", "event_type": "*",
				"times": 1000 + i})
			if fault, _ := armed["fault"].(object); status != 200 || fault["times"] != float64(1000+i) {
				t.Errorf("number %d was told of %d %v", i, status, armed)
			}
		})
		all.Go(func() { w.ClearFaults() })
	}
	all.Wait()
}

// A merchant who repeats what failed with the same numbers, verifies, and asks
// when in doubt loses nothing in chaos.
func TestChaosCostsNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithChaos(), sandbox.Seed(3))
	payer := s.Payer(openID)
	s.ok(payer.Fund(300 * 40))
	stubborn := func(method, path string, body any) object {
		t.Helper()
		for range 50 {
			out, err := s.do(method, path, body)
			if err == nil {
				return out
			}
		}
		t.Fatal("fifty tries were not enough")
		return nil
	}
	token := stubborn("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	c, err := payer.Agree(token)
	s.ok(err)
	for i := range 40 {
		stubborn("POST", combineDebits, combineDebitBody(c, "P"+string(rune('A'+i/10))+string(rune('0'+i%10))))
	}
	if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 0 {
		t.Errorf("the payer has %+v, %v; forty debits of 300 fen were to leave them nothing", wallet, err)
	}
	applied := 0
	for _, f := range s.Faults() {
		applied += f.Applied
		if f.Fault.Name == fault.Latency {
			t.Error("latency under a clock that stands still")
		}
	}
	if applied == 0 {
		t.Error("there was no chaos")
	}
	s.adminOK("DELETE", "/sandbox/faults", object{})
	s.adminOK("POST", "/sandbox/chaos", object{})
	if len(s.Faults()) < 10 {
		t.Errorf("chaos of %d faults", len(s.Faults()))
	}
}
