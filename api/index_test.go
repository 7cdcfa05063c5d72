package api_test

import (
	"context"
	"errors"
	"slices"
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
	for name, err := range everyCall(ctx, api.Index(c).At(mistake)) {
		var e *api.UnknownPathError
		if !errors.As(err, &e) || e.Path != mistake || e.Nearest != nearest || !errors.As(err, new(*wxpay.RequestError)) {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), `"`+mistake+`"`) || !strings.Contains(err.Error(), `"`+nearest+`"`) {
			t.Errorf("%s: the error says %q", name, err)
		}
	}
	if r.method != "" {
		t.Errorf("something was sent: %s %s", r.method, r.uri)
	}
	if err := api.Index(c).At(nearest).Err(); err != nil {
		t.Errorf("a path that is there: %v", err)
	}
}

// An entry that no index made has no path to be right about; the error says where one comes from.
func TestZeroEntries(t *testing.T) {
	t.Parallel()
	for name, err := range everyCall(context.Background(), api.Entry{}) {
		var e *api.UnknownPathError
		if !errors.As(err, &e) || e.Path != "" || e.Nearest != "" || !strings.Contains(err.Error(), "Index(c).At(path)") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// At finds by halves, and so needs the paths in order.
func TestIndexIsInOrder(t *testing.T) {
	t.Parallel()
	index := api.Index(nil)
	paths := slices.Collect(index.All())
	if !slices.IsSorted(paths) || len(paths) < 1000 {
		t.Errorf("%d paths, in order: %t", len(paths), slices.IsSorted(paths))
	}
	for _, path := range paths {
		if err := index.At(path).Err(); err != nil {
			t.Error(err)
		}
	}
	for range index.All() {
		break
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
		"Err":         e.Err(),
	}
}

func second(_ *wxpay.Result, err error) error { return err }
