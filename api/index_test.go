package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
)

func TestIndexNamesTheNearestPathOfATypingMistake(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, r := recording(t)
	const mistake, nearest = "v3/edu-papay/contract/presign", "v3/edu-papay/contracts/presign"

	calls := map[string]func() (*wxpay.Result, error){
		"Get":    func() (*wxpay.Result, error) { return api.Index(c)["v3/edu-papay/contract/presign"].Get(ctx) },
		"Post":   func() (*wxpay.Result, error) { return api.Index(c)["v3/edu-papay/contract/presign"].Post(ctx, nil) },
		"Put":    func() (*wxpay.Result, error) { return api.Index(c)["v3/edu-papay/contract/presign"].Put(ctx, nil) },
		"Patch":  func() (*wxpay.Result, error) { return api.Index(c)["v3/edu-papay/contract/presign"].Patch(ctx, nil) },
		"Delete": func() (*wxpay.Result, error) { return api.Index(c)["v3/edu-papay/contract/presign"].Delete(ctx) },
		"a raw string": func() (*wxpay.Result, error) {
			return api.Index(c)[`v3/edu-papay/contract/presign`].Get(ctx)
		},
		"two lines": func() (*wxpay.Result, error) {
			return api.Index(c)["v3/edu-papay/contract/presign"].
				Get(ctx)
		},
		"a promise": func() (*wxpay.Result, error) {
			return api.Index(c)["v3/edu-papay/contract/presign"].PostAsync(ctx, nil).Wait(ctx)
		},
		"At": func() (*wxpay.Result, error) {
			e, err := api.Index(c).At(mistake)
			if err == nil {
				return e.Get(ctx)
			}
			return nil, err
		},
	}
	for name, call := range calls {
		_, err := call()
		var e *api.UnknownPathError
		if !errors.As(err, &e) || e.Path != mistake || e.Nearest != nearest {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), `"`+nearest+`"`) || name != "At" && !strings.Contains(err.Error(), "index_test.go:") {
			t.Errorf("%s: the error says %q", name, err)
		}
	}
	if r.method != "" {
		t.Errorf("something was sent: %s %s", r.method, r.uri)
	}
}

// A key that is not a literal on the line cannot be found in the source; the error then says where, and what to do instead.
func TestIndexWithAKeyItCannotSee(t *testing.T) {
	t.Parallel()
	c, _ := recording(t)
	entry := api.Index(c)[strings.ToUpper("v3/nowhere")]
	ctx := context.Background()
	for _, err := range []error{
		second(entry.GetAsync(ctx).Wait(ctx)), second(entry.PutAsync(ctx, nil).Wait(ctx)),
		second(entry.PatchAsync(ctx, nil).Wait(ctx)), second(entry.DeleteAsync(ctx).Wait(ctx)),
	} {
		var e *api.UnknownPathError
		if !errors.As(err, &e) || e.Path != "" || !strings.Contains(err.Error(), "index_test.go:") || !strings.Contains(err.Error(), "At(key)") {
			t.Errorf("got %v", err)
		}
	}
}

func second(_ *wxpay.Result, err error) error { return err }
