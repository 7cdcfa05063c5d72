package offlineface

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// faceUser is a person of an organisation who pays by face: a pupil, whose
// parent signed. WeChat Pay knows them from the first presign on.
type faceUser struct {
	rows.Rev
	MchID        string `json:"mchid"`
	Organization string `json:"organization_id"`
	OutUserID    string `json:"out_user_id"`
	UserID       string `json:"user_id"`
	Name         string `json:"user_name,omitempty"`
	Type         string `json:"user_type,omitempty"`
	Class        string `json:"class_name,omitempty"`
	Occupation   string `json:"occupation,omitempty"`
	Phone        string `json:"phone,omitempty"`
	Disabled     bool   `json:"disabled,omitempty"`    // cannot pay
	ContractID   string `json:"contract_id,omitempty"` // the last one
}

func (u *faceUser) Owner() string { return u.MchID }

func (u *faceUser) RowKind() string { return "face-user" }

func (u *faceUser) Row() store.Row {
	return store.Row{ID: faceUserKey(u.MchID, u.Organization, u.OutUserID),
		Keys: []string{"user:" + faceUserKey(u.MchID, u.Organization, u.UserID)}}
}

func faceUserKey(mchid, organization, id string) string {
	return rows.Joined(mchid, organization, id)
}

// faceUserID is FU and 14 hexadecimal digits, like FU40F305Z4e2bb7d.
func faceUserID(mchid, organization, outUserID string) string {
	sum := sha256.Sum256([]byte(faceUserKey(mchid, organization, outUserID)))
	return "FU" + hex.EncodeToString(sum[:7])
}

func faceUserOf(s *engine.Step, mchid, organization, outUserID string) (*faceUser, error) {
	u, err := rows.Get[faceUser](s.Tx, faceUserKey(mchid, organization, outUserID))
	if errors.Is(err, store.ErrNotFound) {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "刷脸用户不存在").
			Hinting("this organisation of the merchant's has no such user: they are known from their first presign on")
	}
	return u, err
}

// faceUserFor is the user, a new one when there is none.
func faceUserFor(c *engine.Call, organization, outUserID string) (*faceUser, error) {
	u, err := faceUserOf(c.Step, c.Merchant.MchID, organization, outUserID)
	if errors.As(err, new(*engine.Refusal)) {
		return &faceUser{
			MchID: c.Merchant.MchID, Organization: organization, OutUserID: outUserID,
			UserID: faceUserID(c.Merchant.MchID, organization, outUserID),
		}, nil
	}
	return u, err
}

func faceUserByID(c *engine.Call, organization, userID string) (*faceUser, error) {
	list, err := rows.Find[faceUser](c.Tx, "user:"+faceUserKey(c.Merchant.MchID, organization, userID), 1)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "刷脸用户不存在").
			Hinting("user_id is WeChat Pay's id of the user, not the merchant's")
	}
	return list[0], nil
}

// faceContract is the user's last contract, nil when they never had one.
func faceContract(s *engine.Step, u *faceUser) (*rows.Contract, error) {
	if u.ContractID == "" {
		return nil, nil
	}
	return rows.Get[rows.Contract](s.Tx, u.ContractID)
}

func offlineFaceOrganization(c *engine.Call) (engine.Document, error) {
	id, name := c.Query.Get("organization_id"), c.Query.Get("organization_name")
	if id == "" && name == "" {
		return nil, engine.InvalidRequest("organization_id与organization_name至少填写一个").
			Hinting("ask by organization_id or organization_name")
	}
	for _, plan := range c.Merchant.Plans {
		if plan.Product == ledger.OfflineFace && (id == "" || plan.ID == id) && (name == "" || plan.Name == name) {
			return engine.Document{"organization_id": plan.ID, "organization_name": plan.Name}, nil
		}
	}
	return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "机构不存在").
		Hinting("an organisation is a plan of product offline-face; its name is the plan's")
}

func offlineFaceUser(c *engine.Call) (engine.Document, error) {
	u, err := faceUserOf(c.Step, c.Merchant.MchID, c.Vars["organization_id"], c.Vars["out_user_id"])
	if err != nil {
		return nil, err
	}
	contract, err := faceContract(c.Step, u)
	if err != nil {
		return nil, err
	}
	out := engine.Document{
		"user_id": u.UserID, "out_user_id": u.OutUserID, "organization_id": u.Organization, "status": "NORMAL",
		"contract_state": faceState(contract), "face_image_ok": contract != nil,
	}
	if u.Disabled {
		out["status"] = "DISABLED"
	}
	out.Set("user_name", u.Name)
	out.Set("user_type", u.Type)
	out.Set("contract_id", u.ContractID)
	if u.Class != "" {
		out["student_info"] = engine.Document{"class_name": u.Class}
	}
	if u.Occupation != "" {
		out["staff_info"] = engine.Document{"occupation": u.Occupation}
	}
	return out, nil
}

// updateUser changes what the call names and leaves the rest.
func updateUser(c *engine.Call) (engine.Document, error) {
	u, err := faceUserOf(c.Step, c.Merchant.MchID, c.Vars["organization_id"], c.Vars["out_user_id"])
	if err != nil {
		return nil, err
	}
	change := func(field *string, text string) {
		if text != "" {
			*field = text
		}
	}
	change(&u.Name, c.Text("user_name"))
	change(&u.Type, c.Text("user_type"))
	change(&u.Phone, c.Text("phone"))
	change(&u.Class, engine.TextOf(engine.Object(c.Body, "student_info"), "class_name"))
	change(&u.Occupation, engine.TextOf(engine.Object(c.Body, "staff_info"), "occupation"))
	if status := c.Text("status"); status != "" {
		u.Disabled = status == "DISABLED"
	}
	return nil, rows.Put(c.Tx, u)
}

// collectionRow is a FaceCollection as the store has it.
type collectionRow struct {
	rows.Rev
	ledger.FaceCollection
}

func (f *collectionRow) Owner() string { return f.MchID }

func (f *collectionRow) RowKind() string { return "face-collection" }
func (f *collectionRow) Row() store.Row {
	return store.Row{ID: f.ID, Keys: []string{"organization:" + rows.Joined(f.MchID, f.Organization)}}
}

// collectionDocument is a request in replies.
func collectionDocument(f *ledger.FaceCollection) engine.Document {
	out := engine.Document{"collection_id": f.ID, "user_id": f.UserID, "organization_id": f.Organization,
		"collection_state": "COLLECTION_REQUIRED"}
	if !f.UploadedAt.IsZero() {
		out["collection_state"], out["register_photo_upload_time"] = "PHOTO_UPLOADED", wire.FormatTime(f.UploadedAt)
	}
	if !f.ConfirmedAt.IsZero() {
		out["collection_state"], out["confirm_time"] = "COMPLETE", wire.FormatTime(f.ConfirmedAt)
	}
	return out
}

func offlineFaceCollections(c *engine.Call) (engine.Document, error) {
	all, err := rows.Find[collectionRow](c.Tx, "organization:"+rows.Joined(c.Merchant.MchID,
		c.Query.Get("organization_id")), 0)
	if err != nil {
		return nil, err
	}
	page, _, _ := engine.PageOf(c, all)
	list := []engine.Document{}
	for _, f := range page {
		list = append(list, collectionDocument(&f.FaceCollection))
	}
	return engine.Document{"face_collections": list}, nil
}

func collection(c *engine.Call) (engine.Document, error) {
	f, err := rows.Get[collectionRow](c.Tx, c.Vars["collection_id"])
	if errors.Is(err, store.ErrNotFound) {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "重采请求不存在").
			Hinting("requests are made with Sandbox.RetakeFace or POST /sandbox/faces/retake")
	}
	if err != nil {
		return nil, err
	}
	return collectionDocument(&f.FaceCollection), nil
}

// forPeople turns a refusal into a page's words.
func forPeople(err error, message string) error {
	if errors.As(err, new(*engine.Refusal)) {
		return &ledger.PageError{Reason: ledger.PageUnknown, Message: message}
	}
	return err
}

// RetakeFace is Sandbox.RetakeFace.
func RetakeFace(s *engine.Step, organizationID, outUserID string) (*ledger.FaceCollection, error) {
	m := s.Registry.First()
	if m == nil {
		return nil, &ledger.PageError{Reason: ledger.PageUnknown, Message: "There is no such person."}
	}
	u, err := faceUserOf(s, m.MchID, organizationID, outUserID)
	if err != nil {
		return nil, forPeople(err, "There is no such person.")
	}
	id := "FC" + strings.TrimPrefix(u.UserID, "FU")
	f, err := rows.Get[collectionRow](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		f, err = &collectionRow{FaceCollection: ledger.FaceCollection{ID: id, MchID: m.MchID,
			Organization: u.Organization,
			UserID:       u.UserID}}, nil
	} else if err == nil && f.UploadedAt.IsZero() {
		f.UploadedAt = s.Now
	} else if err == nil && f.ConfirmedAt.IsZero() {
		f.ConfirmedAt = s.Now
	} else if err == nil {
		f.UploadedAt, f.ConfirmedAt = time.Time{}, time.Time{} // once more
	}
	if err != nil {
		return nil, err
	}
	return &f.FaceCollection, rows.Put(s.Tx, f)
}
