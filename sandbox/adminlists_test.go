package sandbox_test

import (
	"net/url"
	"strings"
	"testing"
)

// Lists are filtered by what is on them, come in pages, and have each thing by its id.
func TestAdminListsPageAndFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.signCombine("C2")
	w.ok(w.Payer(openID).Terminate(second.ID))
	first := w.signCombine("C1")
	w.received()
	third := w.eduContract()
	ids := func(query string) (out []string, next string) {
		got := w.adminOK("GET", "/sandbox/contracts"+query, nil)
		for _, c := range got["data"].([]any) {
			out = append(out, c.(object)["contract_id"].(string))
		}
		next, _ = got["next"].(string)
		return out, next
	}
	for query, want := range map[string][]string{
		"":                                    {second.ID, first.ID, third.ID},
		"?state=SIGNED":                       {first.ID, third.ID},
		"?state=SIGNED&product=combine-papay": {first.ID},
		"?out_contract_code=C2":               {second.ID},
		"?deleted=true":                       nil,
		"?limit=1&after=" + url.QueryEscape(second.ID):     {first.ID},
		"?limit=9&after=" + url.QueryEscape(first.ID):      {third.ID},
		"?state=SIGNED&after=" + url.QueryEscape(first.ID): {third.ID},
	} {
		if got, _ := ids(query); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	page, next := ids("?limit=2")
	if rest, end := ids("?limit=2&after=" + next); len(page) != 2 || len(rest) != 1 || rest[0] != third.ID ||
		end != "" {
		t.Errorf("pages: %v, then %v and %q", page, rest, end)
	}
	for query, says := range map[string]string{
		"?stat=SIGNED":  `did you mean \"state\"?`,
		"?person=x":     "no query parameter",
		"?limit=0":      "from 1",
		"?limit=x":      "from 1",
		"?after=nobody": "there is none with nobody",
		"?deleted=yes":  "true or false",
	} {
		if status, answer := w.adminRaw("GET", "/sandbox/contracts"+query, ""); status != 400 ||
			!strings.Contains(answer, says) {
			t.Errorf("%s: %d %s", query, status, answer)
		}
	}
	pushes, err := w.Pushes()
	w.ok(err)
	if got := w.adminOK("GET", "/sandbox/pushes/"+pushes[0].ID, nil); got["event_type"] != pushes[0].Event {
		t.Errorf("got %v", got)
	}
	w.adminRefuses(404, "GET", "/sandbox/orders/nobody", nil)
}

// A key that a merchant wrote where none belongs is in no list, and in no error.
func TestAdminListsHaveNoKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Merchants()[0]
	v2, v3 := m.APIv2Key.Reveal(), m.APIv3Key.Reveal()
	w.must("POST", directRoot+"jsapi", with(with(orderBody(), "description", "key "+v2+" of"), "attach", "\""+v3))
	path := "/sandbox/orders"
	order := w.adminOK("GET", path, nil)["data"].([]any)[0].(object)
	if said := order["request"].(object); said["description"] != "key … of" || said["attach"] != `"…` {
		t.Errorf("got %v", said)
	}
	calls := []string{path, path + "/" + url.PathEscape(order["id"].(string)), path + "/" + v2, path + "?" + v3 + "=1",
		"/sandbox/" + v3, "/sandbox/sessions?after=" + v2}
	for _, path := range calls {
		if _, answer := w.adminRaw("GET", path, ""); strings.Contains(answer, v2) || strings.Contains(answer, v3) {
			t.Errorf("%.30s… answers with a key", path)
		}
	}
}
