package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// Expected is something a notification is expected of.
type Expected struct {
	// Kind says what it is, and which query tells of it.
	Kind Kind `json:"kind"`
	// MchID is the merchant that is notified, and whose client asks.
	MchID string `json:"mchid"`
	// SubMchID is the sub-merchant, of the kinds that are a service provider's.
	SubMchID string `json:"sub_mchid,omitempty"`
	// AppID is asked for by [EduContract] and APIv2's kinds.
	AppID string `json:"appid,omitempty"`
	// PlanID is the contract template, of [PasswordExemptContract] the service_id.
	PlanID string `json:"plan_id,omitempty"`
	// Number is the merchant's own: of a contract its code, of a debit or order its out_trade_no,
	// of a refund its out_refund_no.
	Number string `json:"number,omitempty"`
	// OpenID is the payer's. [EduContract] asks by it; of the others it may be given, so that
	// [Box.Forget] finds what is expected of a payer.
	OpenID string `json:"openid,omitempty"`
	// After is how long to wait for the notification before WeChat Pay is asked. The wait doubles
	// with every time that it knows nothing yet, up to six hours. Default: 10 minutes.
	After time.Duration `json:"after,omitempty"`
	// Until is when to stop asking. Default: 30 days after it was expected.
	Until time.Time `json:"until"`
}

// Format prints the kind, and nothing that names the payer.
func (x Expected) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "inbox.Expected{%s, …}", string(x.Kind))
}

// Defaults of [Expected].
const (
	DefaultAfter = 10 * time.Minute
	DefaultUntil = 30 * 24 * time.Hour
	longestWait  = 6 * time.Hour
)

// expectation is the row of something expected.
type expectation struct {
	x           Expected
	name, claim string
	watched     int
	tries       int
	askAt       int64
	created     int64
	answered    int64 // when the query was
	more        bool  // there is more that the same answer told
}

// Expect enters that a notification is to come, so that [Box.Sweep] asks WeChat Pay where it does
// not. Give it the transaction in which the order or the contract's number is entered, before the
// call: then whatever becomes of the call, or of this process, somebody will ask. The notification
// ends it, as does what a query tells.
//
// Expecting the same again begins anew. What WeChat Pay created earlier does not end it. A debit
// that failed has closed its number: expect the next try under a number of its own, for of one that
// a query told to have failed no failure is told again.
func (b *Box) Expect(ctx context.Context, tx Execer, x Expected) error {
	name, err := x.name()
	if err != nil {
		return err
	}
	set(&x.After, DefaultAfter)
	if x.Until.IsZero() {
		x.Until = b.cfg.Now().Add(DefaultUntil)
	}
	params, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("inbox.Expect: Until is no time that can be stored: %w", err)
	}
	claim, now := token(), b.now()
	askAt := b.cfg.Now().Add(x.After).UnixMicro()
	if _, err := b.exec(ctx, tx, "INSERT INTO {expected} (mch_id, name, claim, kind, params, number, person, "+
		"watched, tries, ask_at, until_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?) {or nothing}",
		key(x.MchID), name, claim,
		string(x.Kind), string(params), hash(x.Number), personOf(x.OpenID), askAt, x.Until.UnixMicro(),
		now); err != nil {
		return fmt.Errorf("inbox.Expect: %w", err)
	}
	if _, err := b.exec(ctx, tx, "UPDATE {expected} SET claim = ?, kind = ?, params = ?, number = ?, person = ?, "+
		"watched = 0, tries = 0, ask_at = ?, until_at = ?, created_at = ? WHERE mch_id = ? AND name = ?", claim,
		string(x.Kind), string(params), hash(x.Number), personOf(x.OpenID), askAt, x.Until.UnixMicro(), now,
		key(x.MchID), name); err != nil {
		return fmt.Errorf("inbox.Expect: %w", err)
	}
	return nil
}

// Unexpect takes back what was expected, as when the call was refused and nothing will come of it.
// Where it was refused because the payer has signed already (ALREADY_EXISTS), leave it expected:
// the contract in force is found, and its end.
func (b *Box) Unexpect(ctx context.Context, tx Execer, x Expected) error {
	name, err := x.name()
	if err != nil {
		return err
	}
	if _, err := b.exec(ctx, tx, "DELETE FROM {expected} WHERE mch_id = ? AND name = ?", key(x.MchID),
		name); err != nil {
		return fmt.Errorf("inbox.Unexpect: %w", err)
	}
	return nil
}

// What names an expectation, beside the kinds of payments and refunds.
const (
	contractByID    = "id"
	contractByCode  = "code"
	contractByPayer = "payer"
	payment         = "payment"
)

func (x Expected) name() (string, error) {
	q, known := questions[x.Kind]
	var missing string
	for _, needed := range []struct {
		of    bool
		value string
		name  string
	}{
		{true, x.MchID, "MchID"}, {q.plan, x.PlanID, "PlanID"}, {!q.byPayer, x.Number, "Number"},
		{q.byPayer, x.OpenID, "OpenID"}, {q.appID, x.AppID, "AppID"}, {q.sub, x.SubMchID, "SubMchID"},
	} {
		if needed.of && needed.value == "" {
			missing = needed.name
		}
	}
	switch {
	case !known:
		return "", errors.New("inbox: what is expected has a Kind that the inbox does not know")
	case missing != "":
		return "", fmt.Errorf("inbox: what is expected needs %s with the kind %s", missing, x.Kind)
	case q.byPayer:
		return nameOf(contractByPayer, x.SubMchID, x.PlanID, personOf(x.OpenID)), nil
	case q.plan:
		return nameOf(contractByCode, x.SubMchID, x.PlanID, x.Number), nil
	case q.refund:
		return nameOf(string(Refund), x.SubMchID, x.Number), nil
	}
	return nameOf(payment, x.SubMchID, x.Number), nil
}

// meet ends what this was expected as, or goes on to the contract's end. It is not open where a
// query told something that is expected no longer: its notification came meanwhile.
func (b *Box) meet(ctx context.Context, tx *sql.Tx, d *Delivery, t told, h how) (open bool, err error) {
	names := t.expected
	if h.swept != nil {
		var claim string
		err := b.row(ctx, tx, "SELECT claim FROM {expected} WHERE mch_id = ? AND name = ?{lock}", key(d.MchID),
			h.swept.name).Scan(&claim)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && claim != h.swept.claim:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("inbox: %w", err)
		case h.swept.more:
			return true, nil
		}
		names = []string{h.swept.name}
	} else if d.Contract != nil && (*d.Contract != *d.Current || t.ended && b.cfg.Recheck > 0) {
		// What is expected of the payer is a newer contract. And where ends are asked for, the next
		// question asks for those of all the payer's, and ends it.
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return strings.HasPrefix(name, contractByPayer+"/")
		})
	}
	happened := b.happenedBy(d.Notification, h)
	for _, name := range names {
		switch {
		case t.signed && b.cfg.Recheck > 0:
			err = b.watch(ctx, tx, t, "mch_id = ? AND name = ? AND watched = 0 AND created_at <= ?", key(d.MchID), name,
				happened)
		case t.ended && h.swept == nil:
			// Only of a contract whose signature was heard of: this may be the end of an earlier
			// one.
			_, err = b.exec(ctx, tx, "DELETE FROM {expected} WHERE mch_id = ? AND name = ? AND watched = 1 AND "+
				"created_at <= ?", key(d.MchID), name, happened)
		default:
			_, err = b.exec(ctx, tx, "DELETE FROM {expected} WHERE mch_id = ? AND name = ? AND created_at <= ?",
				key(d.MchID), name, happened)
		}
		if err != nil {
			return false, fmt.Errorf("inbox: %w", err)
		}
	}
	return true, nil
}

// watch goes on to ask for a contract's end. It may have been signed before it was expected: what
// is asked for is then from its signature on.
func (b *Box) watch(ctx context.Context, tx *sql.Tx, t told, where string, args ...any) error {
	since := t.contract.signedAt
	if since <= 0 {
		since = math.MaxInt64
	}
	args = append([]any{b.cfg.Now().Add(b.cfg.Recheck).UnixMicro(), since, since}, args...)
	_, err := b.exec(ctx, tx, "UPDATE {expected} SET watched = 1, tries = 0, ask_at = ?, created_at = CASE WHEN "+
		"created_at > ? THEN ? ELSE created_at END WHERE "+where, args...)
	return err
}

// skew is how far this side's clock is from WeChat Pay's as a rule, whose times are in whole
// seconds.
const skew = 5 * time.Second

// happenedBy is no earlier than what a notification tells happened, as far as that is known. What
// happened before something was expected is not it. Where it is all the same, it is asked for once,
// and known.
func (b *Box) happenedBy(n *notify.Notification, h how) int64 {
	created := micros(n.CreateTime)
	switch {
	case created != 0 && created <= b.now()+sameMoment:
		return created + skew.Microseconds()
	case h.replay: // nobody says when, or a clock that is not comparable, such as a sandbox's that was moved on
		return h.came
	}
	return math.MaxInt64 // now, by a clock that is not behind the one of who expected it
}

// sweptPrefix begins the ids of what a query told, which may be a dead letter by now.
const sweptPrefix = "SWEPT-"

func isSwept(n *notify.Notification) bool { return strings.HasPrefix(n.ID, sweptPrefix) }

// sweptID is the id of a notification that a query stands for: of what it tells, to one
// expectation. The rest of an answer is another one every time, such as its nonce and sign.
func sweptID(e *expectation, n *notify.Notification) string {
	t := tellOf(n)
	at := t.contract.endedAt
	if t.signed {
		at = t.contract.signedAt
	}
	return sweptPrefix + hash(e.name, e.claim, n.EventType, t.fact, t.contract.key, fmt.Sprint(t.signed, t.ended),
		strconv.FormatInt(at, 10))[:32]
}
