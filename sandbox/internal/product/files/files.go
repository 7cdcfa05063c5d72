// Package files takes in files: pictures, videos, invoices and lists, and gives each an id. Those
// that are looked at again, the pictures of complaints, it keeps.
//
// What a form may be package front has checked. Start reading at [Behaviours].
package files

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Behaviours are the uploads of APIv3 and the download of what can be looked at.
func Behaviours() map[string]engine.Behaviour {
	all := map[string]engine.Behaviour{}
	for _, path := range []string{
		"/v3/merchant/media/upload", "/v3/merchant/media/video_upload", "/v3/marketing/favor/media/image-upload",
		"/v3/marketing/partner/product-coupon/media/upload-image", "/v3/marketing/bank/packages/{package_id}/tasks",
		"/v3/ecommerce/account/cancel-applications/media", "/v3/global/merchant-storage/file/upload",
		"/v3/new-tax-control-fapiao/fapiao-applications/upload-fapiao-file", "/v3/taxi-invoice/cards/upload-file",
		"/v3/mch-manage/submission-files/sub-mchid/{sub_mchid}/upload",
		"/v3/mch-operation-manage/enhanced-due-diligence/{due_diligence_id}/upload",
		"/v3/marketing/shopping-receipt/shoppingreceipts",
	} {
		all["POST "+path] = take
	}
	for _, images := range []string{"/v3/merchant-service/images", "/v3/global/merchant-service/images"} {
		all["POST "+images+"/upload"] = takePicture
		all["GET "+images+"/{media_id}"] = showPicture
	}
	return all
}

// take answers with an id of the file, and repeats what meta says of it.
func take(c *engine.Call) (engine.Document, error) {
	reply := engine.Sampled(c)
	for _, name := range []string{"media_id", "file_id", "fapiao_media_id", "task_id"} {
		if _, has := reply[name]; has {
			reply[name] = c.Random.Roll(random.Letters, 32)
		}
	}
	for _, name := range []string{"media_url", "image_url"} {
		if _, has := reply[name]; has {
			reply[name] = "https://wxpaylogo.qpic.cn/wxpaylogo/" + c.Random.Roll(random.Letters, 32)
		}
	}
	return reply, nil
}

// XMLEndpoints is the upload of APIv2.
func XMLEndpoints() map[string]*xmlcall.Endpoint {
	return map[string]*xmlcall.Endpoint{"/secapi/mch/uploadmedia": {Run: takeXML, Nonce: true, MTLS: true, Form: true}}
}

func takeXML(c *xmlcall.Call) (wire.Fields, error) {
	return wire.Fields{"media_id": c.Random.Roll(random.Letters, 64)}, nil
}

// picture is one that can be looked at.
type picture struct {
	rows.Rev
	ID        string    `json:"id"`
	MchID     string    `json:"mchid"`
	Data      []byte    `json:"data"`
	ExpiresAt time.Time `json:"expires_at"`
}

// pictureLife is how long a picture is kept.
const pictureLife = 30 * 24 * time.Hour

func (*picture) RowKind() string { return "picture" }

func (p *picture) Row() store.Row { return store.Row{ID: p.ID, Due: rows.Millis(p.ExpiresAt)} }

func (p *picture) Owner() string { return p.MchID }

func takePicture(c *engine.Call) (engine.Document, error) {
	p := &picture{MchID: c.Merchant.MchID, Data: c.Uploaded, ExpiresAt: c.Now.Add(pictureLife)}
	err := c.DropSome(p.RowKind())
	if err != nil {
		return nil, err
	}
	if p.ID, err = c.Free("media id", func() string { return c.Random.Roll(random.Letters, 32) },
		c.RowOf(p.RowKind())); err != nil {
		return nil, err
	}
	return engine.Document{"media_id": p.ID}, rows.Put(c.Tx, p)
}

func showPicture(c *engine.Call) (engine.Document, error) {
	p, err := rows.Get[picture](c.Tx, c.Vars["media_id"])
	if errors.Is(err, store.ErrNotFound) || err == nil && !c.Now.Before(p.ExpiresAt) {
		return nil, engine.NotFound("NOT_FOUND", "媒体文件不存在").Hinting("merchant " + c.Merchant.MchID +
			" has uploaded no picture with this media_id within 30 days; the sandbox has none of payers")
	}
	if err != nil {
		return nil, err
	}
	c.File = p.Data
	return nil, nil
}
