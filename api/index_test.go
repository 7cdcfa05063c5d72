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
	const mistake, nearest = "v3/edu-papay/contract/presign", "v3/edu-papay/contracts/presign"
	_, err := api.Index(nil).At(mistake)
	var e *api.UnknownPathError
	if !errors.As(err, &e) || e.Path != mistake || e.Nearest != nearest || !errors.As(err, new(*wxpay.RequestError)) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), `"`+mistake+`"`) || !strings.Contains(err.Error(), `"`+nearest+`"`) {
		t.Errorf("the error says %q", err)
	}
	if s := (*api.UnknownPathError)(nil).Error(); s != "<nil>" {
		t.Errorf("a nil one says %s", s)
	}
	if entry, err := api.Index(nil).At(nearest); err != nil || entry.String() != nearest {
		t.Errorf("a path that is there: %s, %v", entry, err)
	}
}

// A map does not tell an entry what was asked for; the error says what does.
func TestUnknownPathsOfTheMap(t *testing.T) {
	t.Parallel()
	c, r := recording(t)
	for name, err := range everyCall(context.Background(), api.Index(c)["v3/nothing"]) {
		var e *api.UnknownPathError
		if !errors.As(err, &e) || e.Path != "" || e.Nearest != "" || !strings.Contains(err.Error(),
			"Index(c).At(path)") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if r.method != "" {
		t.Errorf("something was sent: %s %s", r.method, r.uri)
	}
	_, err := api.Index(c).At(strings.Repeat("\U000e0001", 256))
	if err == nil || len(err.Error()) > 2048 {
		t.Errorf("%d bytes", len(err.Error()))
	}
}

func TestIndexHasEveryPath(t *testing.T) {
	t.Parallel()
	index := api.Index(nil)
	if len(index) < 1000 {
		t.Errorf("%d paths", len(index))
	}
	for path, e := range index {
		if e.String() != path || len(e.Methods()) == 0 {
			t.Errorf("%s: %s %v", path, e, e.Methods())
		}
	}
}

func everyCall(ctx context.Context, e api.Entry) map[string]error {
	_, page := e.URL(nil)
	return map[string]error{
		"Get":         second(e.Get(ctx)),
		"GetAsync":    second(e.GetAsync(ctx).Wait(ctx)),
		"Post":        second(e.Post(ctx, nil)),
		"PostAsync":   second(e.PostAsync(ctx, nil).Wait(ctx)),
		"Put":         second(e.Put(ctx, nil)),
		"PutAsync":    second(e.PutAsync(ctx, nil).Wait(ctx)),
		"Patch":       second(e.Patch(ctx, nil)),
		"PatchAsync":  second(e.PatchAsync(ctx, nil).Wait(ctx)),
		"Delete":      second(e.Delete(ctx)),
		"DeleteAsync": second(e.DeleteAsync(ctx).Wait(ctx)),
		"URL":         page,
	}
}

func second(_ *wxpay.Result, err error) error { return err }
