package sandbox

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// billBehaviours are the bills of a day: asked for in one call, which says where
// the file is and what its hash is, and downloaded in another, which is not
// signed. https://pay.weixin.qq.com/docs/merchant/apis/jsapi-payment/get-trade-bill.html
func billBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"GET /v3/bill/tradebill":                 tradeBill,
		"GET /v3/bill/fundflowbill":              fundFlowBill,
		"GET /v3/bill/sub-merchant-fundflowbill": subMerchantBill,
		"GET " + billPath:                        downloadBill,
	}
}

const (
	billPath   = "/v3/billdownload/file"
	billLife   = 5 * time.Minute
	billHour   = 9 * time.Hour // of the next day
	billMonths = 3
)

// billFile is a bill that waits to be downloaded.
type billFile struct {
	rev
	ID        string    `json:"id"` // the token of its address
	MchID     string    `json:"mchid"`
	Data      []byte    `json:"data"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (b *billFile) kind() string   { return "bill" }
func (b *billFile) row() store.Row { return store.Row{ID: b.ID} }

func tradeBill(c *call) (document, error) {
	day, err := c.billDay()
	if err != nil {
		return nil, err
	}
	all, err := c.movements(c.query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	return c.offer(tradeBillOf(onDay(all, day), c.query.Get("bill_type")))
}

func fundFlowBill(c *call) (document, error) {
	text, err := c.fundFlow()
	if err != nil {
		return nil, err
	}
	return c.offer(text)
}

// fundFlow is the bill of the money's movements, which all happen in the basic
// account; the others are empty.
func (c *call) fundFlow() (string, error) {
	day, err := c.billDay()
	if err != nil {
		return "", err
	}
	if account := c.query.Get("account_type"); account != "" && account != "BASIC" {
		return "", nil
	}
	all, err := c.movements(c.query.Get("sub_mchid"))
	if err != nil {
		return "", err
	}
	return fundFlowBillOf(all, day), nil
}

// billDay reads bill_date: a day that is over, whose bill has been made.
func (c *call) billDay() (string, error) {
	day := c.query.Get("bill_date")
	start, err := time.ParseInLocation(time.DateOnly, day, wire.Beijing)
	badDate := func(issue string) error {
		v := &catalogue.Violation{Field: "bill_date", Value: day, Issue: issue, Location: catalogue.LocationQuery}
		return paramError(v).hinting("bill_date: " + issue)
	}
	switch {
	case err != nil:
		return "", badDate("日期格式不正确")
	case day >= dateOf(c.now):
		return "", noBill().hinting("the day is not over in Beijing, where it is " + dateOf(c.now))
	case c.now.Before(start.AddDate(0, 0, 1).Add(billHour)):
		return "", orderRefused(http.StatusBadRequest, "STATEMENT_CREATING", "账单生成中", "a day's bill is made from nine o'clock on the next; WeChat Pay advises to ask after ten")
	case start.AddDate(0, billMonths, 1).Before(c.now):
		return "", badDate("仅支持三个月内的账单")
	}
	return day, c.checkSub(c.query.Get("sub_mchid"), "")
}

func noBill() *refusal {
	return orderRefused(http.StatusBadRequest, "NO_STATEMENT_EXIST", "请求的账单文件不存在", "nothing was paid or refunded on that day")
}

// offer stores a bill for its download and says where it is.
func (c *call) offer(text string) (document, error) {
	if text == "" {
		return nil, noBill()
	}
	url, err := c.keepBill([]byte(text))
	if c.query.Get("tar_type") == "GZIP" {
		url += "&tartype=gzip"
	}
	return document{"hash_type": "SHA1", "hash_value": hashOf(text), "download_url": url}, err
}

func (c *call) keepBill(data []byte) (url string, err error) {
	b := &billFile{MchID: c.merchant.MchID, Data: data, ExpiresAt: c.now.Add(billLife)}
	b.ID, err = c.free("bill token", func() string { return c.dice.roll(letters, 32) }, c.rowOf(b.kind()))
	if err != nil {
		return "", err
	}
	return c.base + billPath + "?token=" + b.ID, put(c.Tx, b)
}

func hashOf(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// downloadBill answers with the file itself.
func downloadBill(c *call) (document, error) {
	b, err := get[billFile](c.Tx, c.query.Get("token"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, invalidRequest("下载链接过期，请重新请求文件下载").hinting("merchant " + c.merchant.MchID + " has no bill with this token")
	case err != nil:
		return nil, err
	case !c.now.Before(b.ExpiresAt):
		return nil, invalidRequest("下载链接过期，请重新请求文件下载").hinting("the address of a bill lives five minutes: ask for the bill again")
	}
	c.file = b.Data
	if c.query.Get("tartype") == "gzip" {
		c.file = gzipped(b.Data)
	}
	return nil, nil
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// subMerchantBill is encrypted: decrypt, then unpack, then compare the hash.
// https://pay.weixin.qq.com/docs/partner/apis/bill-download/download-sub-merchant-fund-bill.html
func subMerchantBill(c *call) (document, error) {
	if c.query.Get("algorithm") != wire.Algorithm {
		return nil, invalidRequest("商户未开通国密").hinting("the sandbox does not play SM4_GCM: ask for AEAD_AES_256_GCM")
	}
	text, err := c.fundFlow()
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, noBill()
	}
	file := []byte(text)
	if c.query.Get("tar_type") == "GZIP" {
		file = gzipped(file)
	}
	key, nonce := c.dice.roll(letters, 32), c.dice.roll(lowerHex, 16)
	sealedKey, err := wire.EncryptOAEP(c.dice, c.merchant.public, key)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	if err != nil {
		return nil, err
	}
	url, err := c.keepBill(aead.Seal(nil, []byte(nonce), file, nil))
	return document{
		"download_bill_count": 1,
		"download_bill_list": []document{{
			"bill_sequence": 1, "download_url": url, "encrypt_key": sealedKey, "nonce": nonce,
			"hash_type": "SHA1", "hash_value": hashOf(text),
		}},
	}, err
}
