package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The token of a debit on a date lives ten minutes, others two hours.
func TestScenario12TenMinutes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := s.must("POST", presignScheduled+"app", scheduledBody("S1"))["pre_entrustweb_id"].(string)
	s.ok(s.Advance(10 * time.Minute))
	_, err := s.Payer(papayOpenID).Agree(token)
	s.page(err, ledger.PageExpired)
	s.handled()
}

// A mini program that an app launches opens within two minutes of the pre-sign;
// once it was open, the session has its ten.
func TestScenario12TwoMinutesToLaunch(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	presign := func(code string) (path, token string) {
		got := s.must("POST", presignScheduled+"app", scheduledBody(code))
		return got["miniprogram_path"].(string), got["pre_entrustweb_id"].(string)
	}
	path, token := presign("S1")
	s.ok(s.Advance(2*time.Minute - time.Second))
	page, err := s.Payer(papayOpenID).Launch(path)
	s.ok(err)
	if page.Token != token {
		t.Errorf("the page is of %s", page.Token)
	}
	s.ok(s.Advance(2 * time.Minute))
	_, err = s.Payer(papayOpenID).Launch(path)
	s.ok(err)

	late, _ := presign("S2")
	s.ok(s.Advance(2 * time.Minute))
	_, err = s.Payer(papayOpenID).Launch(late)
	s.page(err, ledger.PageExpired)
	s.adminRefuses(409, "POST", "/sandbox/payers/"+papayOpenID+"/launch", object{"path": late})
	_, err = s.Payer(papayOpenID).Launch("pages/index/index")
	s.page(err, ledger.PageUnknown)
	s.handled()
}

// Booked a day early, or at half past seven in the evening: refused. Never
// booked: the contract is gone the next morning, and nothing was debited.
func TestScenario24BookedTooLateOrNever(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.signScheduled("S1") // for 12 September, and today is the 10th
	book := schedulesByID + c.ID + "/schedule"
	s.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1990))
	s.at(1, 19*time.Hour+30*time.Minute)
	s.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1990))
	s.at(2, 9*time.Hour)
	s.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(c.ID, "debit-1", 1990))
	s.handled("ENTRUST.SIGN")
	s.at(3, 8*time.Hour)
	s.handled("ENTRUST.SIGN", "ENTRUST.TERMINATE")
	mentions(t, s.bodies[1], "SYSTEM_TERMINATE", "EXPIRED")
	s.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1990))
}
