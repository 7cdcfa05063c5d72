package cli

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strings"
	"text/template"

	"github.com/wxpay-go/wxpay/catalogue"
)

// What programs in other languages are pointed at the sandbox with, beside variables. Both files
// are written at every start, begin by saying so, and hold nothing that is secret.

const (
	nodeName = "wxpay-node.cjs" // for node --require
	phpName  = "wxpay.ini"      // for PHP, which reads every .ini of a folder that PHP_INI_SCAN_DIR names

	nodeBegins = "// Written by wxpay sandbox at every start."
	phpBegins  = "; Written by wxpay sandbox at every start."
)

//go:embed node.cjs.tmpl
var nodeText string

// nodeFile is the script that sends calls to WeChat Pay's hosts to the sandbox at an address.
func nodeFile(address string) (string, error) {
	t, err := template.New(nodeName).Parse(nodeText)
	if err != nil {
		return "", err
	}
	quoted := func(v any) string {
		text, _ := json.Marshal(v) // of strings
		return string(text)
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]string{"Address": quoted(address), "Hosts": quoted(catalogue.Hosts()),
		"Authority": quoted(authorityName)})
	return out.String(), err
}

// phpFile tells PHP's two clients, curl and its own, whom to trust.
func phpFile(authority string) string {
	quoted := "'" + authority + "'"
	if strings.Contains(authority, "'") {
		quoted = `"` + authority + `"`
	}
	return phpBegins + " PHP reads it where PHP_INI_SCAN_DIR names this folder.\n" +
		"curl.cainfo=" + quoted + "\nopenssl.cafile=" + quoted + "\n"
}
