package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// further is the body as a caller gives it: of an upload without what the client fills in by
// itself.
func further(o *catalogue.Operation) *catalogue.Field {
	u := o.Exchange().Upload
	if u == nil || o.Body == nil {
		return o.Body
	}
	rest := *o.Body
	rest.Fields = slices.DeleteFunc(slices.Clone(rest.Fields), func(f *catalogue.Field) bool {
		return f.Filled || u.Fills(f.Name)
	})
	if len(rest.Fields) == 0 {
		return nil
	}
	return &rest
}

// leafKind is the generic type of package leaf that can carry the endpoint.
func leafKind(o *catalogue.Operation) string {
	switch {
	case o.Page:
		return "Page"
	case o.Method == "GET" && len(o.Query) > 0:
		return "Querier"
	case o.Exchange().Kind == catalogue.KindUpload && further(o) != nil:
		return "FormUploader"
	case o.Exchange().Kind == catalogue.KindUpload:
		return "Uploader"
	case o.Method == "DELETE" && o.Body != nil:
		return "BodyDeleter"
	}
	return map[string]string{"GET": "Getter", "POST": "Poster", "PATCH": "Patcher", "DELETE": "Deleter"}[o.Method]
}

// typeArgs lists the endpoint's request (or query) and reply types.
func typeArgs(o *catalogue.Operation, prefix string) string {
	reply := "wxpay.None"
	switch {
	case o.Reply != nil:
		reply = prefix + o.ReplyName
	case o.AnswersText():
		reply = "wxpay.Text"
	}
	switch leafKind(o) {
	case "Getter", "Deleter", "Uploader":
		return reply
	case "Page":
		return prefix + o.Name + "Query"
	case "Querier":
		return prefix + o.Name + "Query, " + reply
	}
	request := "wxpay.None"
	if further(o) != nil {
		request = prefix + o.Body.GoName
	}
	return request + ", " + reply
}

func leafType(o *catalogue.Operation, prefix string) string {
	return fmt.Sprintf("leaf.%s[%s]", leafKind(o), typeArgs(o, prefix))
}

func leafNew(o *catalogue.Operation, b string) string {
	preset := presets(o)
	if preset != "" {
		preset = ", func() []wxpay.Option { return []wxpay.Option{" + preset + "} }"
	}
	return fmt.Sprintf("leaf.New%s[%s](%s, %q%s)", leafKind(o), typeArgs(o, ""), b, o.SDKPath(), preset)
}

// presets are the options that the catalogue knows every call needs.
func presets(o *catalogue.Operation) string {
	var all []string
	for _, p := range []struct {
		option string
		args   []string
	}{{"Sensitive", o.EncryptedBody()}, {"Decrypt", o.EncryptedReply()}} {
		if len(p.args) > 0 {
			all = append(all, fmt.Sprintf("wxpay.%s(%s)", p.option, quoted(p.args)))
		}
	}
	if o.SignType != "" {
		all = append(all, fmt.Sprintf("wxpay.SignType(%q)", o.SignType))
	}
	if o.MTLS {
		all = append(all, "wxpay.MTLS()")
	}
	return strings.Join(all, ", ")
}

func quoted(texts []string) string {
	var all []string
	for _, t := range texts {
		all = append(all, strconv.Quote(t))
	}
	return strings.Join(all, ", ")
}

// chained are the endpoints with a place on the typed chain: all but the downloads of APIv3.
func chained(f *catalogue.Family) []*catalogue.Operation {
	return slices.DeleteFunc(slices.Clone(f.Operations), func(o *catalogue.Operation) bool { return !o.Typed() })
}

// checkLeaf refuses what the chain has no form for, so that it is noticed here and not as Go that
// does not compile.
func checkLeaf(o *catalogue.Operation) error {
	switch {
	case o.Method != "GET" && len(o.Query) > 0:
		return fmt.Errorf("%s: the chain has no form for %s with a query", o.ID(), o.Method)
	case o.Method == "PUT":
		return fmt.Errorf("%s: the chain has no form for PUT yet", o.ID())
	}
	return nil
}
