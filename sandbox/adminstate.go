package sandbox

import (
	"bytes"
	"net/http"
	"reflect"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// mostState is how long a document of a sandbox's state may be, in bytes.
const mostState = 256 << 20

// stateRoutes are what is done with all that happened.
func (a *admin) stateRoutes() map[string]adminRoute {
	return map[string]adminRoute{
		"POST /sandbox/reset": silent(a.Reset),
		"POST /sandbox/seed": adminRoute{body: reflect.TypeFor[seedDocument](),
			run: func(_ *http.Request, raw []byte) (any, error) {
				laid, err := a.SeedWith(bytes.NewReader(raw))
				return laid, refusedSeed(err)
			}},
		"POST /sandbox/calm": bare(func(*http.Request) (any, error) {
			return calmShown{a.Calm()}, nil
		}),
		"GET /sandbox/export": bare(func(*http.Request) (any, error) {
			doc, err := a.exported()
			return &wholeState{doc}, err
		}).answeringAsIs(),
		"POST /sandbox/import": adminRoute{body: reflect.TypeFor[stateDocument](),
			run: func(r *http.Request, raw []byte) (any, error) {
				return nil, refusedState(a.importing(r.Context(), raw))
			}}.upTo(mostState),
	}
}

type calmShown struct {
	Disarmed int `json:"disarmed"`
}

// wholeState is a document that is not blanked: who imports it goes on with it.
type wholeState struct{ doc *stateDocument }

func (w *wholeState) MarshalJSON() ([]byte, error) { return rows.EncodeJSON(w.doc), nil }
