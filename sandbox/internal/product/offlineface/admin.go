package offlineface

import "github.com/wxpay-go/wxpay/sandbox/internal/engine"

// What happens before a device that recognises faces, as the admin is told.

func show(s *engine.Step, b *struct {
	AuthInfo  string `json:"authinfo"`
	OutUserID string `json:"out_user_id"`
}) (any, error) {
	code, err := ShowFace(s, b.AuthInfo, b.OutUserID)
	return engine.Document{"auth_code": code}, err
}

func retake(s *engine.Step, b *struct {
	Organization string `json:"organization_id"`
	OutUserID    string `json:"out_user_id"`
}) (any, error) {
	f, err := RetakeFace(s, b.Organization, b.OutUserID)
	if err != nil {
		return nil, err
	}
	return collectionDocument(f), nil
}
