package sandbox

// faceRoutes are what happens before a device that recognises faces.
func (a *admin) faceRoutes() map[string]func(*adminCall) (any, error) {
	return map[string]func(*adminCall) (any, error){
		"POST /sandbox/faces/show": func(c *adminCall) (any, error) {
			if err := need("authinfo", c.body.AuthInfo, "out_user_id", c.body.OutUserID); err != nil {
				return nil, err
			}
			code, err := a.ShowFace(c.body.AuthInfo, c.body.OutUserID)
			return document{"auth_code": code}, err
		},
		"POST /sandbox/faces/retake": func(c *adminCall) (any, error) {
			if err := need("organization_id", c.body.Org, "out_user_id", c.body.OutUserID); err != nil {
				return nil, err
			}
			f, err := a.RetakeFace(c.body.Org, c.body.OutUserID)
			if err != nil {
				return nil, err
			}
			return f.document(), nil
		},
	}
}
