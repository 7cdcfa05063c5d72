package front

import (
	"maps"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
)

// An upload of APIv2 is a form whose parts beside the file are signed as the members of a message.
// https://pay.weixin.qq.com/doc/global/v2/zh/4013641477

// fieldsOfForm reads the parts of a form. What is written down of it is the same as XML.
func (fr *Front) fieldsOfForm(x *exchange, u *catalogue.Upload) (wire.Fields, *engine.Refusal) {
	if unreadable := fr.readUpload(x, u); unreadable != nil {
		return nil, xmlcall.Refusal("INVALID_REQUEST", unreadable.Message).Hinting(unreadable.Hint)
	}
	if x.body = nil; x.form.problem != "" {
		return nil, xmlcall.Refusal("PARAM_ERROR", "参数格式校验错误").Hinting(x.form.problem)
	}
	fields := wire.Fields{}
	maps.Copy(fields, x.form.parts)
	if err := fields.Check(); err != nil {
		return nil, xmlcall.Refusal("PARAM_ERROR", "参数格式校验错误").Hinting(err.Error())
	}
	x.body = fields.XML()
	return fields, nil
}

// checkUploadXML compares the file with what was signed of it, and with what the endpoint takes.
func (x *exchange) checkUploadXML(u *catalogue.Upload) *engine.Refusal {
	sum := hashOf(u.Algorithm, x.form.content)
	switch {
	case int64(len(x.form.content)) > u.MaxBytes:
		return xmlcall.Refusal("PARAM_ERROR", "文件大小超过限制").Hinting("the file is larger than the endpoint takes")
	case !takes(u, x.form.name):
		return xmlcall.Refusal("PARAM_ERROR", "文件类型不支持").Hinting("the endpoint takes files whose names end in " +
			strings.Join(u.Extensions, ", "))
	case x.fields[u.Digest] != sum:
		return xmlcall.Refusal("PARAM_ERROR", "文件摘要不匹配").Hinting(u.Digest + " is not the " + u.Algorithm +
			" of the file that came, in small letters, which is " + sum)
	}
	return nil
}
