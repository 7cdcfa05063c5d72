package sandbox

import (
	"context"
)

// RetakeFace has the photo of a user of the first merchant's taken again. The
// same call then says that it was taken, and a third that their parent confirmed
// it.
func (s *Sandbox) RetakeFace(organizationID, outUserID string) (f *FaceCollection, err error) {
	err = s.engine.step(context.Background(), func(st *step) (err error) {
		f, err = st.retakeFace(organizationID, outUserID)
		return err
	})
	return f, err
}

// ShowFace is what happens before a device that holds an authinfo: it
// recognises a user of its organisation, who has signed, and hands the auth_code
// of one debit to the merchant.
func (s *Sandbox) ShowFace(authinfo, outUserID string) (authCode string, err error) {
	err = s.engine.step(context.Background(), func(st *step) (err error) {
		authCode, err = st.showFace(authinfo, outUserID)
		return err
	})
	return authCode, err
}
