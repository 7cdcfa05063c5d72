package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/outbox"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What stands in a document of a sandbox's state, and who writes it. stateimport.go reads it.

const (
	stateFormat  = "wxpay-sandbox-state"
	stateVersion = 1
)

// stateDocument is all that happened in a sandbox, and the merchants it happened to.
type stateDocument struct {
	Format    string                `json:"format"`
	Version   int                   `json:"version"`
	Sum       string                `json:"sha256,omitempty"` // see sumOf
	Time      time.Time             `json:"time"`             // what the clock showed
	Merchants []stateMerchant       `json:"merchants"`
	Faults    []fault.Armed         `json:"faults"`
	Rows      map[string][]stateRow `json:"rows"` // by kind, in the order in which they came
}

// stateMerchant is a merchant without its keys.
type stateMerchant struct {
	MchID        string               `json:"mchid"`
	Name         string               `json:"name,omitempty"`
	AppIDs       []string             `json:"appids,omitempty"`
	SubMerchants []ledger.SubMerchant `json:"sub_merchants,omitempty"`
	Plans        []ledger.Plan        `json:"plans,omitempty"`
}

// stateRow is a row of the store. What it is found by follows from its data, but for those kinds
// whose data only their own room can read.
type stateRow struct {
	ID   string          `json:"id"`
	Keys []string        `json:"keys,omitempty"`
	Due  int64           `json:"due,omitempty"` // as in [store.Row]
	Data json.RawMessage `json:"data"`
}

// Export writes all that happened as one JSON document, which [Sandbox.Import] reads: contracts,
// sessions, orders, debits, refunds and bills, payers with their wallets and openids, notifications
// and when they are due, holds, faults and the time.
//
// It has the merchants with their plans, and no key of anybody; nor has it forwards, listeners and
// the journal, which are about the machine. It names payers, and has in clear what travels
// encrypted.
func (s *Sandbox) Export(w io.Writer) error {
	doc, err := s.exported()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return fmt.Errorf("sandbox: export: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

func (s *Sandbox) exported() (*stateDocument, error) {
	doc := &stateDocument{Format: stateFormat, Version: stateVersion, Faults: append([]fault.Armed{},
		s.faults.List()...)}
	for _, m := range s.engine.Registry.All() {
		doc.Merchants = append(doc.Merchants, stateMerchant{m.MchID, m.Name, m.AppIDs, m.SubMerchants, m.Plans})
	}
	err := s.engine.Look(func(st *engine.Step) error {
		doc.Rows, doc.Time = map[string][]stateRow{}, st.Now
		kinds, err := st.Kinds()
		for i := 0; err == nil && i < len(kinds); i++ {
			if kind := kinds[i]; outbox.Happened(kind) {
				doc.Rows[kind], err = exportedRows(st, kind)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sandbox: export: %w", err)
	}
	raw, err := json.Marshal(doc)
	if err == nil {
		doc.Sum, err = sumOf(raw)
	}
	return doc, err
}

func exportedRows(st *engine.Step, kind string) (out []stateRow, err error) {
	list, err := st.Find(kind, "", 0)
	for i := 0; err == nil && i < len(list); i++ {
		row := stateRow{list[i].ID, list[i].Keys, list[i].Due, list[i].Data}
		if entities[kind] != nil {
			row.Keys, row.Due = nil, 0
		}
		// What nobody can go on with is not exported. Its id may be an openid.
		if _, bad := row.entity(kind); bad != nil || list[i].Damage != "" || !json.Valid(row.Data) {
			err = fmt.Errorf("one of the %d stored rows of the kind %s cannot be read: repair it, or reset the sandbox",
				len(list), kind)
		}
		out = append(out, row)
	}
	return out, err
}

// sumOf is the hash of a document without its own "sha256": of its values, whatever stands between
// them and in whichever order its members come.
func sumOf(raw []byte) (string, error) {
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return "", err
	}
	delete(doc, "sha256")
	sum := sha256.Sum256(rows.EncodeJSON(doc))
	return hex.EncodeToString(sum[:]), nil
}

// Import replaces all that happened by what a document of [Sandbox.Export] has, and goes on exactly
// there: contracts live on, what is due falls due, and notifications are tried when they would have
// been. The clock shows the time of the export; a running one goes on from there. Attempts that
// were under way then are made again, and what could not be delivered there is sent where it now
// can be.
//
// Merchants are known by their numbers and keep the keys that they have here: the document has
// none. A merchant that something in it belongs to has to be known already; the others of its
// merchants are left out. From the document merchants get its plans, appids and sub-merchants,
// beside those that they have here.
//
// It is an error, and changes nothing, where the document is not whole, was changed since, is of
// another format or version, or is of merchants that are not known here. Who changed it on purpose
// leaves out its "sha256". Like [Sandbox.Reset] it happens at one moment, and waits for Settle and
// Advance.
func (s *Sandbox) Import(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("sandbox: import: %w", err)
	}
	if err := s.importing(context.Background(), raw); err != nil {
		return fmt.Errorf("sandbox: import: %w", err)
	}
	return nil
}

func (s *Sandbox) importing(ctx context.Context, raw []byte) error {
	doc, err := readState(raw)
	if err != nil {
		return err
	}
	if err := s.faults.Check(doc.Faults); err != nil {
		return badState("%v", err)
	}
	return s.outbox.Replace(ctx, engine.Replacement{
		At:  doc.Time,
		Put: s.putState(doc),
		Committed: func() {
			s.faults.Replace(doc.Faults)
			s.feed.empty()
			s.witness.Forget()
		},
	})
}

// stateError is what is wrong with a document.
type stateError struct{ why string }

func (e *stateError) Error() string { return e.why }

func badState(format string, args ...any) error { return &stateError{fmt.Sprintf(format, args...)} }

// refusedState makes of what is wrong with a document what is wrong with a call.
func refusedState(err error) error {
	if bad := (*stateError)(nil); errors.As(err, &bad) {
		return badCall("%s", bad.why)
	}
	return err
}
