package sandbox

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// RetakeFace has the photo of a user of the first merchant's taken again. The
// same call then says that it was taken, and a third that their parent confirmed
// it.
func (s *Sandbox) RetakeFace(organizationID, outUserID string) (f *FaceCollection, err error) {
	err = s.engine.step(context.Background(), func(st *step) error {
		m := st.registry.first()
		if m == nil {
			return &PageError{Reason: PageUnknown, Message: "There is no such person."}
		}
		u, err := st.faceUser(m.MchID, organizationID, outUserID)
		if err != nil {
			return forPeople(err, "There is no such person.")
		}
		id := "FC" + strings.TrimPrefix(u.UserID, "FU")
		if f, err = get[FaceCollection](st.Tx, id); errors.Is(err, store.ErrNotFound) {
			f, err = &FaceCollection{ID: id, MchID: m.MchID, Organization: u.Organization, UserID: u.UserID}, nil
		} else if err == nil && f.UploadedAt.IsZero() {
			f.UploadedAt = st.now
		} else if err == nil && f.ConfirmedAt.IsZero() {
			f.ConfirmedAt = st.now
		} else if err == nil {
			f.UploadedAt, f.ConfirmedAt = time.Time{}, time.Time{} // once more
		}
		if err != nil {
			return err
		}
		return put(st.Tx, f)
	})
	return f, err
}

// ShowFace is what happens before a device that holds an authinfo: it
// recognises a user of its organisation, who has signed, and hands the auth_code
// of one debit to the merchant.
func (s *Sandbox) ShowFace(authinfo, outUserID string) (authCode string, err error) {
	err = s.engine.step(context.Background(), func(st *step) error {
		device, err := get[faceDevice](st.Tx, authinfo)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return &PageError{Reason: PageUnknown, Message: "This device is not authorised."}
		case err != nil:
			return err
		case !st.now.Before(device.ExpiresAt):
			return &PageError{Reason: PageExpired, Message: "This device's authorisation has expired."}
		}
		u, err := st.faceUser(device.MchID, device.Organization, outUserID)
		if err != nil {
			return forPeople(err, "Nobody was recognised.")
		}
		if u.ContractID == "" {
			return &PageError{Reason: PageUnknown, Message: "Nobody was recognised."}
		}
		code := &faceCode{MchID: device.MchID, SubMchID: device.SubMchID, ContractID: u.ContractID}
		draw := func() string { return "CgVTS0VZ" + st.random.roll(letters, 120) }
		if authCode, err = st.free("auth_code", draw, st.rowOf(code.kind())); err != nil {
			return err
		}
		code.ID = authCode
		return put(st.Tx, code)
	})
	return authCode, err
}
