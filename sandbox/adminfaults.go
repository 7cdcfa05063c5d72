package sandbox

import (
	"encoding/json"
	"net/http"
)

// The admin's side of everything that goes wrong.

func (a *admin) addFault(c *adminCall) (any, error) {
	var f Fault
	if err := json.Unmarshal(c.raw, &f); err != nil {
		return nil, badCall("the body is not a fault: %v", err)
	}
	if err := a.Inject(f); err != nil {
		return nil, badCall("%v", err)
	}
	list := a.Faults()
	return list[len(list)-1], nil
}

func (a *admin) clearFault(c *adminCall) (any, error) {
	if !a.engine.faults.clear(c.PathValue("id")) {
		return nil, &adminError{http.StatusNotFound, "there is no fault with this id; GET /sandbox/faults lists them"}
	}
	return nil, nil
}

// replaceCertificate answers with the new key: the former one is of no more use.
func (a *admin) replaceCertificate(c *adminCall) (any, error) {
	return a.changeKeys(c, func(mchid string) error {
		_, err := a.ReplaceCertificate(mchid)
		return err
	})
}

func (a *admin) resetAPIv3Key(c *adminCall) (any, error) {
	return a.changeKeys(c, func(mchid string) error {
		_, err := a.ResetAPIv3Key(mchid)
		return err
	})
}

func (a *admin) setKeyMode(c *adminCall) (any, error) {
	return a.changeKeys(c, func(mchid string) error { return a.SetKeyMode(mchid, KeyMode(c.body.Mode)) })
}

// changeKeys answers with what a client of the merchant needs from now on.
func (a *admin) changeKeys(c *adminCall, change func(mchid string) error) (any, error) {
	mchid := c.PathValue("mchid")
	if a.engine.registry.merchant(mchid) == nil {
		return nil, &adminError{http.StatusNotFound, "there is no merchant with this id"}
	}
	if err := change(mchid); err != nil {
		return nil, badCall("%v", err)
	}
	return a.credentials(c)
}
