package sandbox

import (
	"fmt"
	"net/http"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// merchantRoutes are the merchants, their plans and their keys. Keys are answered by those calls
// alone that are made to get them: credentials, a new merchant, a new certificate or key.
func (a *admin) merchantRoutes() map[string]adminRoute {
	const root, one = "/sandbox/merchants", "/sandbox/merchants/{mchid}/"
	type plan struct {
		MchID string `json:"mchid"`
		ledger.Plan
	}
	type keyMode struct {
		Mode *ledger.KeyMode `json:"mode"`
	}
	return map[string]adminRoute{
		"GET " + root:                bare(a.merchants),
		"POST " + root:               takes(a.addMerchant).answeringAsIs(),
		"GET " + one + "credentials": bare(a.credentials).answeringAsIs(),
		"POST " + one + "certificate": a.renews(func(id string) error {
			_,
				err := a.ReplaceCertificate(id)
			return err
		}),
		"POST " + one + "api-v3-key": a.renews(func(id string) error { _, err := a.ResetAPIv3Key(id); return err }),
		"POST " + one + "key-mode": takes(func(r *http.Request, b *keyMode) (any, error) {
			if b.Mode == nil {
				return nil, badCall(`the body needs "mode": %q, %q, or "" for both keys`, ledger.KeysPublic,
					ledger.KeysCertificate)
			}
			mchid := r.PathValue("mchid")
			err := a.changeKeys(mchid, func() error { return a.SetKeyMode(mchid, *b.Mode) })
			return keyModeShown{mchid, string(*b.Mode)}, err
		}),
		"POST /sandbox/platform-certificate": silent(a.RotatePlatformCertificate),
		"POST /sandbox/plans": takes(func(_ *http.Request, b *plan) (any, error) {
			if first := a.engine.Registry.First(); b.MchID == "" && first != nil {
				b.MchID = first.MchID
			}
			if err := a.AddPlan(b.MchID, b.Plan); err != nil {
				return nil, badCall("%v", err)
			}
			return b.Plan, nil
		}),
	}
}

// merchants leaves the secrets to credentials.
func (a *admin) merchants(*http.Request) (any, error) {
	list := a.Merchants()
	for i := range list {
		list[i].APIv3Key, list[i].APIv2Key, list[i].PrivateKey = wxpay.Secret{}, wxpay.Secret{}, wxpay.Secret{}
	}
	return listing(list, nil)
}

// addMerchant answers with the keys that were made.
func (a *admin) addMerchant(_ *http.Request, m *ledger.Merchant) (any, error) {
	made, err := a.AddMerchant(*m)
	if err != nil {
		return nil, badCall("%v", err)
	}
	return engine.WithKeys(made), nil
}

// credentials is all that a client of the merchant needs, in any language.
func (a *admin) credentials(r *http.Request) (any, error) {
	m := a.engine.Registry.Merchant(r.PathValue("mchid"))
	if m == nil {
		return nil, noMerchant()
	}
	keys := map[string]string{}
	for _, k := range a.engine.Keys.ClientKeys(m) {
		keys[k.ID] = registry.PublicPEM(k.Key)
	}
	return credentialsShown{
		MchID: m.MchID, SerialNo: m.Serial, PrivateKey: m.PrivateKey.Reveal(), Certificate: m.Certificate,
		APIv3Key: m.APIv3Key.Reveal(), APIv2Key: m.APIv2Key.Reveal(), PlatformKeys: keys, Host: a.url,
		AppIDs: m.AppIDs,
	}, nil
}

type credentialsShown struct {
	MchID        string            `json:"mchid"`
	SerialNo     string            `json:"serial_no"`
	PrivateKey   string            `json:"private_key"`
	Certificate  string            `json:"certificate"`
	APIv3Key     string            `json:"api_v3_key"`
	APIv2Key     string            `json:"api_v2_key"`
	PlatformKeys map[string]string `json:"platform_keys"` // by id or serial number, in PEM
	Host         string            `json:"host"`
	AppIDs       []string          `json:"appids"`
}

// Format prints whose they are, and no key.
func (c credentialsShown) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.credentials{MchID: %q, …}", c.MchID)
}

type keyModeShown struct {
	MchID string `json:"mchid"`
	Mode  string `json:"key_mode"`
}

func noMerchant() error {
	return &adminError{http.StatusNotFound, "there is no merchant with this id; GET /sandbox/merchants lists them"}
}

// renews answers with the credentials: the former certificate or key is of no more use.
func (a *admin) renews(change func(mchid string) error) adminRoute {
	return bare(func(r *http.Request) (any, error) {
		mchid := r.PathValue("mchid")
		if err := a.changeKeys(mchid, func() error { return change(mchid) }); err != nil {
			return nil, err
		}
		return a.credentials(r)
	}).answeringAsIs()
}

func (a *admin) changeKeys(mchid string, change func() error) error {
	if a.engine.Registry.Merchant(mchid) == nil {
		return noMerchant()
	}
	if err := change(); err != nil {
		return badCall("%v", err)
	}
	return nil
}
