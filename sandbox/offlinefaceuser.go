package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// faceUser is a person of an organisation who pays by face: a pupil, whose
// parent signed. WeChat Pay knows them from the first presign on.
type faceUser struct {
	rev
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

func (u *faceUser) owner() string { return u.MchID }

func (u *faceUser) kind() string { return "face-user" }

func (u *faceUser) row() store.Row {
	return store.Row{ID: faceUserKey(u.MchID, u.Organization, u.OutUserID),
		Keys: []string{"user:" + faceUserKey(u.MchID, u.Organization, u.UserID)}}
}

func faceUserKey(mchid, organization, id string) string { return joined(mchid, organization, id) }

// faceUserID is FU and 14 hexadecimal digits, like FU40F305Z4e2bb7d.
func faceUserID(mchid, organization, outUserID string) string {
	sum := sha256.Sum256([]byte(faceUserKey(mchid, organization, outUserID)))
	return "FU" + hex.EncodeToString(sum[:7])
}

func (s *step) faceUserOf(mchid, organization, outUserID string) (*faceUser, error) {
	u, err := get[faceUser](s.Tx, faceUserKey(mchid, organization, outUserID))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound("RESOURCE_NOT_EXISTS", "刷脸用户不存在").
			hinting("this organisation of the merchant's has no such user: they are known from their first presign on")
	}
	return u, err
}

// faceUserFor is the user, a new one when there is none.
func (c *call) faceUserFor(organization, outUserID string) (*faceUser, error) {
	u, err := c.faceUserOf(c.merchant.MchID, organization, outUserID)
	if errors.As(err, new(*refusal)) {
		return &faceUser{
			MchID: c.merchant.MchID, Organization: organization, OutUserID: outUserID,
			UserID: faceUserID(c.merchant.MchID, organization, outUserID),
		}, nil
	}
	return u, err
}

func (c *call) faceUserByID(organization, userID string) (*faceUser, error) {
	list, err := find[faceUser](c.Tx, "user:"+faceUserKey(c.merchant.MchID, organization, userID), 1)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, notFound("RESOURCE_NOT_EXISTS", "刷脸用户不存在").
			hinting("user_id is WeChat Pay's id of the user, not the merchant's")
	}
	return list[0], nil
}

// faceContract is the user's last contract, nil when they never had one.
func (s *step) faceContract(u *faceUser) (*contractRow, error) {
	if u.ContractID == "" {
		return nil, nil
	}
	return get[contractRow](s.Tx, u.ContractID)
}

func offlineFaceOrganization(c *call) (document, error) {
	id, name := c.query.Get("organization_id"), c.query.Get("organization_name")
	if id == "" && name == "" {
		return nil, invalidRequest("organization_id与organization_name至少填写一个").
			hinting("ask by organization_id or organization_name")
	}
	for _, plan := range c.merchant.Plans {
		if plan.Product == OfflineFace && (id == "" || plan.ID == id) && (name == "" || plan.Name == name) {
			return document{"organization_id": plan.ID, "organization_name": plan.Name}, nil
		}
	}
	return nil, notFound("RESOURCE_NOT_EXISTS", "机构不存在").
		hinting("an organisation is a plan of product offline-face; its name is the plan's")
}

func offlineFaceUser(c *call) (document, error) {
	u, err := c.faceUserOf(c.merchant.MchID, c.vars["organization_id"], c.vars["out_user_id"])
	if err != nil {
		return nil, err
	}
	contract, err := c.faceContract(u)
	if err != nil {
		return nil, err
	}
	out := document{
		"user_id": u.UserID, "out_user_id": u.OutUserID, "organization_id": u.Organization, "status": "NORMAL",
		"contract_state": faceState(contract), "face_image_ok": contract != nil,
	}
	if u.Disabled {
		out["status"] = "DISABLED"
	}
	out.set("user_name", u.Name)
	out.set("user_type", u.Type)
	out.set("contract_id", u.ContractID)
	if u.Class != "" {
		out["student_info"] = document{"class_name": u.Class}
	}
	if u.Occupation != "" {
		out["staff_info"] = document{"occupation": u.Occupation}
	}
	return out, nil
}

// offlineFaceUpdateUser changes what the call names and leaves the rest.
func offlineFaceUpdateUser(c *call) (document, error) {
	u, err := c.faceUserOf(c.merchant.MchID, c.vars["organization_id"], c.vars["out_user_id"])
	if err != nil {
		return nil, err
	}
	change := func(field *string, text string) {
		if text != "" {
			*field = text
		}
	}
	change(&u.Name, c.text("user_name"))
	change(&u.Type, c.text("user_type"))
	change(&u.Phone, c.text("phone"))
	change(&u.Class, textOf(object(c.body, "student_info"), "class_name"))
	change(&u.Occupation, textOf(object(c.body, "staff_info"), "occupation"))
	if status := c.text("status"); status != "" {
		u.Disabled = status == "DISABLED"
	}
	return nil, put(c.Tx, u)
}

// collectionRow is a FaceCollection as the store has it.
type collectionRow struct {
	rev
	FaceCollection
}

func (f *collectionRow) owner() string { return f.MchID }

func (f *collectionRow) kind() string { return "face-collection" }
func (f *collectionRow) row() store.Row {
	return store.Row{ID: f.ID, Keys: []string{"organization:" + joined(f.MchID, f.Organization)}}
}

// collectionDocument is a request in replies.
func collectionDocument(f *FaceCollection) document {
	out := document{"collection_id": f.ID, "user_id": f.UserID, "organization_id": f.Organization,
		"collection_state": "COLLECTION_REQUIRED"}
	if !f.UploadedAt.IsZero() {
		out["collection_state"], out["register_photo_upload_time"] = "PHOTO_UPLOADED", wire.FormatTime(f.UploadedAt)
	}
	if !f.ConfirmedAt.IsZero() {
		out["collection_state"], out["confirm_time"] = "COMPLETE", wire.FormatTime(f.ConfirmedAt)
	}
	return out
}

func offlineFaceCollections(c *call) (document, error) {
	all, err := find[collectionRow](c.Tx, "organization:"+joined(c.merchant.MchID, c.query.Get("organization_id")), 0)
	if err != nil {
		return nil, err
	}
	from := min(c.queryInt("offset", 0), len(all))
	rows := []document{}
	for _, f := range all[from:min(from+c.queryInt("limit", 20), len(all))] {
		rows = append(rows, collectionDocument(&f.FaceCollection))
	}
	return document{"face_collections": rows}, nil
}

func offlineFaceCollection(c *call) (document, error) {
	f, err := get[collectionRow](c.Tx, c.vars["collection_id"])
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound("RESOURCE_NOT_EXISTS", "重采请求不存在").
			hinting("requests are made with Sandbox.RetakeFace or POST /sandbox/faces/retake")
	}
	if err != nil {
		return nil, err
	}
	return collectionDocument(&f.FaceCollection), nil
}

// forPeople turns a refusal into a page's words.
func forPeople(err error, message string) error {
	if errors.As(err, new(*refusal)) {
		return &PageError{Reason: PageUnknown, Message: message}
	}
	return err
}

// retakeFace is [Sandbox.RetakeFace].
func (s *step) retakeFace(organizationID, outUserID string) (*FaceCollection, error) {
	m := s.registry.first()
	if m == nil {
		return nil, &PageError{Reason: PageUnknown, Message: "There is no such person."}
	}
	u, err := s.faceUserOf(m.MchID, organizationID, outUserID)
	if err != nil {
		return nil, forPeople(err, "There is no such person.")
	}
	id := "FC" + strings.TrimPrefix(u.UserID, "FU")
	f, err := get[collectionRow](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		f, err = &collectionRow{FaceCollection: FaceCollection{ID: id, MchID: m.MchID, Organization: u.Organization,
			UserID: u.UserID}}, nil
	} else if err == nil && f.UploadedAt.IsZero() {
		f.UploadedAt = s.now
	} else if err == nil && f.ConfirmedAt.IsZero() {
		f.ConfirmedAt = s.now
	} else if err == nil {
		f.UploadedAt, f.ConfirmedAt = time.Time{}, time.Time{} // once more
	}
	if err != nil {
		return nil, err
	}
	return &f.FaceCollection, put(s.Tx, f)
}
