package payments

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// BillBehaviours are the bills of a day: asked for in one call, which says where
// the file is and what its hash is, and downloaded in another, which is not
// signed. https://pay.weixin.qq.com/docs/merchant/apis/jsapi-payment/get-trade-bill.html
func BillBehaviours() map[string]engine.Behaviour {
	return map[string]engine.Behaviour{
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
	rows.Rev
	ID        string    `json:"id"` // the token of its address
	MchID     string    `json:"mchid"`
	Hash      string    `json:"hash"`             // of the bill
	Key       string    `json:"key,omitempty"`    // of Data, where that is encrypted
	Nonce     string    `json:"nonce,omitempty"`  // likewise
	Packed    bool      `json:"packed,omitempty"` // before it was encrypted
	Data      []byte    `json:"data"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (b *billFile) RowKind() string { return "bill" }

func (b *billFile) Row() store.Row {
	return store.Row{ID: b.ID, Due: rows.Millis(b.ExpiresAt), Keys: []string{b.content()}}
}

// content is the key of the files that hold the same.
func (b *billFile) content() string {
	return "content:" + rows.Joined(b.MchID, b.Hash, strconv.FormatBool(b.Key != ""), strconv.FormatBool(b.Packed))
}

func (b *billFile) address(c *engine.Call) string { return c.Base + billPath + "?token=" + b.ID }

// BillQuery says which bill of a merchant's is asked for.
type BillQuery struct {
	Day      string // of Beijing, as time.DateOnly
	SubMchID string // "" for that of all
	Type     string // ALL, SUCCESS, REFUND or RECHARGE_REFUND; "" is ALL
}

// queryOf is what a call of APIv3 asks for.
func queryOf(c *engine.Call) BillQuery {
	return BillQuery{Day: c.Query.Get("bill_date"), SubMchID: c.Query.Get("sub_mchid"), Type: c.Query.Get("bill_type")}
}

func tradeBill(c *engine.Call) (engine.Document, error) {
	text, err := TradeBill(c, queryOf(c))
	if err != nil {
		return nil, err
	}
	return offer(c, text)
}

// TradeBill is the text of a day's payments and refunds. Its refusals are those of APIv3.
func TradeBill(c *engine.Call, q BillQuery) (string, error) {
	if err := checkBill(c, q); err != nil {
		return "", err
	}
	lines, err := movementsOn(c, q.Day, q.SubMchID)
	if err != nil {
		return "", err
	}
	text := tradeBillOf(lines, q.Type)
	if text == "" {
		return "", noBill()
	}
	return text, nil
}

func fundFlowBill(c *engine.Call) (engine.Document, error) {
	text, err := fundFlow(c)
	if err != nil {
		return nil, err
	}
	return offer(c, text)
}

// fundFlow is the bill of the money's movements, which all happen in the basic
// account; the others are empty.
func fundFlow(c *engine.Call) (string, error) {
	q := queryOf(c)
	if err := checkBill(c, q); err != nil {
		return "", err
	}
	if account := c.Query.Get("account_type"); account != "" && account != "BASIC" {
		return "", nil
	}
	all, err := movements(c, q.SubMchID)
	if err != nil {
		return "", err
	}
	return fundFlowBillOf(all, q.Day), nil
}

// checkBill wants a day that is over, whose bill has been made, and a sub-merchant of the caller's.
func checkBill(c *engine.Call, q BillQuery) error {
	start, err := time.ParseInLocation(time.DateOnly, q.Day, wire.Beijing)
	badDate := func(issue string) error { return engine.BadField("bill_date", issue) }
	switch {
	case err != nil:
		return badDate("日期格式不正确")
	case q.Day >= clock.DateOf(c.Now):
		return noBill().Hinting("the day is not over in Beijing, where it is " + clock.DateOf(c.Now))
	case c.Now.Before(start.AddDate(0, 0, 1).Add(billHour)):
		return orderRefused(http.StatusBadRequest, "STATEMENT_CREATING", "账单生成中",
			"a day's bill is made from nine o'clock on the next; WeChat Pay advises to ask after ten")
	case start.AddDate(0, billMonths, 1).Before(c.Now):
		return badDate("仅支持三个月内的账单")
	}
	return c.CheckSub(q.SubMchID, "")
}

func noBill() *engine.Refusal {
	return orderRefused(http.StatusBadRequest, "NO_STATEMENT_EXIST", "请求的账单文件不存在",
		"nothing was paid or refunded on that day")
}

// offer stores a bill for its download and says where it is.
func offer(c *engine.Call, text string) (engine.Document, error) {
	if text == "" {
		return nil, noBill()
	}
	b, err := keepBill(c, &billFile{Hash: hashOf(text), Data: []byte(text)})
	if err != nil {
		return nil, err
	}
	url := b.address(c)
	if c.Query.Get("tar_type") == "GZIP" {
		url += "&tartype=gzip"
	}
	return engine.Document{"hash_type": "SHA1", "hash_value": b.Hash, "download_url": url}, nil
}

// keepBill stores a file for five minutes, in place of those whose time is over. Where
// the merchant has the same one already, that is kept for as long instead, and returned.
func keepBill(c *engine.Call, b *billFile) (*billFile, error) {
	b.MchID = c.Merchant.MchID
	if err := c.DropSome(b.RowKind()); err != nil {
		return nil, err
	}
	same, err := rows.Find[billFile](c.Tx, b.content(), 1)
	switch {
	case err != nil:
		return nil, err
	case len(same) > 0:
		b = same[0]
	default:
		if b.ID, err = c.Free("bill token", func() string { return c.Random.Roll(random.Letters, 32) },
			c.RowOf(b.RowKind())); err != nil {
			return nil, err
		}
	}
	b.ExpiresAt = c.Now.Add(billLife)
	return b, rows.Put(c.Tx, b)
}

func hashOf(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// downloadBill answers with the file itself.
func downloadBill(c *engine.Call) (engine.Document, error) {
	b, err := rows.Get[billFile](c.Tx, c.Query.Get("token"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, engine.InvalidRequest("下载链接过期，请重新请求文件下载").Hinting("merchant " + c.Merchant.MchID +
			" has no bill with this token")
	case err != nil:
		return nil, err
	case !c.Now.Before(b.ExpiresAt):
		return nil, engine.InvalidRequest("下载链接过期，请重新请求文件下载").
			Hinting("the address of a bill lives five minutes: ask for the bill again")
	}
	c.File = b.Data
	if c.Query.Get("tartype") == "gzip" {
		c.File = Gzipped(b.Data)
	}
	return nil, nil
}

// Gzipped is a bill as tar_type GZIP has it.
func Gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// subMerchantBill is encrypted: decrypt, then unpack, then compare the hash.
// https://pay.weixin.qq.com/docs/partner/apis/bill-download/download-sub-merchant-fund-bill.html
func subMerchantBill(c *engine.Call) (engine.Document, error) {
	if c.Query.Get("algorithm") != wire.Algorithm {
		return nil, engine.InvalidRequest("商户未开通国密").
			Hinting("the sandbox does not play SM4_GCM: ask for AEAD_AES_256_GCM")
	}
	text, err := fundFlow(c)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, noBill()
	}
	file, packed := []byte(text), c.Query.Get("tar_type") == "GZIP"
	if packed {
		file = Gzipped(file)
	}
	b := &billFile{Hash: hashOf(text), Packed: packed, Key: c.Random.Roll(random.Letters, 32),
		Nonce: c.Random.Roll(random.LowerHex,
			16)}
	block, err := aes.NewCipher([]byte(b.Key))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(b.Nonce))
	if err != nil {
		return nil, err
	}
	b.Data = aead.Seal(nil, []byte(b.Nonce), file, nil)
	if b, err = keepBill(c, b); err != nil {
		return nil, err
	}
	sealedKey, err := wire.EncryptOAEP(c.Random, c.Merchant.RSA, b.Key)
	return engine.Document{
		"download_bill_count": 1,
		"download_bill_list": []engine.Document{{
			"bill_sequence": 1, "download_url": b.address(c), "encrypt_key": sealedKey, "nonce": b.Nonce,
			"hash_type": "SHA1", "hash_value": b.Hash,
		}},
	}, err
}

func (b *billFile) Owner() string { return b.MchID }
