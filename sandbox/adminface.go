package sandbox

import (
	"net/http"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/offlineface"
)

// faceRoutes are what happens before a device that recognises faces.
func (a *admin) faceRoutes() map[string]adminRoute {
	type show struct {
		AuthInfo  string `json:"authinfo"`
		OutUserID string `json:"out_user_id"`
	}
	type retake struct {
		Organization string `json:"organization_id"`
		OutUserID    string `json:"out_user_id"`
	}
	return map[string]adminRoute{
		"POST /sandbox/faces/show": takes(func(_ *http.Request, b *show) (any, error) {
			if err := need("authinfo", b.AuthInfo, "out_user_id", b.OutUserID); err != nil {
				return nil, err
			}
			code, err := a.ShowFace(b.AuthInfo, b.OutUserID)
			return engine.Document{"auth_code": code}, err
		}),
		"POST /sandbox/faces/retake": takes(func(_ *http.Request, b *retake) (any, error) {
			if err := need("organization_id", b.Organization, "out_user_id", b.OutUserID); err != nil {
				return nil, err
			}
			f, err := a.RetakeFace(b.Organization, b.OutUserID)
			if err != nil {
				return nil, err
			}
			return offlineface.CollectionDocument(f), nil
		}),
	}
}
