package leaf

import (
	"context"

	"github.com/wxpay-go/wxpay"
)

// Uploader is an endpoint that takes a file and nothing else.
type Uploader[Resp any] struct{ endpoint }

// NewUploader is for generated code.
func NewUploader[Resp any](b Bound, path string, preset ...Preset) Uploader[Resp] {
	return Uploader[Resp]{newEndpoint(b, path, preset)}
}

// Upload sends a file; see [wxpay.Chain.Upload] for what is checked before, and [Getter.Get] for
// its errors.
func (e Uploader[Resp]) Upload(ctx context.Context, file wxpay.File, opts ...wxpay.Option) (*Resp, error) {
	return upload[Resp](e.endpoint, file, nil, opts).Do(ctx)
}

// UploadAsync is Upload as a promise.
func (e Uploader[Resp]) UploadAsync(ctx context.Context, file wxpay.File,
	opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return upload[Resp](e.endpoint, file, nil, opts).Start(ctx)
}

// FormUploader is an endpoint that takes a file and says more of it than a name and a hash.
type FormUploader[Req, Resp any] struct{ endpoint }

// NewFormUploader is for generated code.
func NewFormUploader[Req, Resp any](b Bound, path string, preset ...Preset) FormUploader[Req, Resp] {
	return FormUploader[Req, Resp]{newEndpoint(b, path, preset)}
}

// Upload sends a file with the members that in has; the name and the hash are filled in. See
// [wxpay.Chain.Upload] for what is checked before, and [Getter.Get] for its errors.
func (e FormUploader[Req, Resp]) Upload(ctx context.Context, file wxpay.File, in *Req,
	opts ...wxpay.Option) (*Resp, error) {
	return upload[Resp](e.endpoint, file, in, opts).Do(ctx)
}

// UploadAsync is Upload as a promise.
func (e FormUploader[Req, Resp]) UploadAsync(ctx context.Context, file wxpay.File, in *Req,
	opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return upload[Resp](e.endpoint, file, in, opts).Start(ctx)
}

func upload[Resp any](e endpoint, file wxpay.File, in any, opts []wxpay.Option) wxpay.Call[Resp] {
	c := call[Resp](e, "POST", nil, in, opts)
	c.File = &file
	return c
}
