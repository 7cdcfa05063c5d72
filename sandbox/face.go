package sandbox

import (
	"context"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/offlineface"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// RetakeFace has the photo of a user of the first merchant's taken again. The
// same call then says that it was taken, and a third that their parent confirmed
// it.
func (s *Sandbox) RetakeFace(organizationID, outUserID string) (f *ledger.FaceCollection, err error) {
	err = s.engine.Step(context.Background(), func(st *engine.Step) (err error) {
		f, err = offlineface.RetakeFace(st, organizationID, outUserID)
		return err
	})
	return f, err
}

// ShowFace is what happens before a device that holds an authinfo: it
// recognises a user of its organisation, who has signed, and hands the auth_code
// of one debit to the merchant.
func (s *Sandbox) ShowFace(authinfo, outUserID string) (authCode string, err error) {
	err = s.engine.Step(context.Background(), func(st *engine.Step) (err error) {
		authCode, err = offlineface.ShowFace(st, authinfo, outUserID)
		return err
	})
	return authCode, err
}
