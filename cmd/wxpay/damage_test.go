package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// damages are what becomes of stored messages, and the forms that they are stored in.
var damages = map[string]func(head, body []byte, args []string) []byte{
	"lf": func(head, body []byte, _ []string) []byte {
		return append(bytes.ReplaceAll(head, []byte("\r\n"), []byte("\n")), body...)
	},
	"newline":  func(head, body []byte, _ []string) []byte { return append(append(head, body...), '\n') },
	"no-frame": func(head, body []byte, _ []string) []byte { return append(without(head, "Content-Length"), body...) },
	"reencoded": func(head, body []byte, _ []string) []byte {
		var out bytes.Buffer
		_ = json.Indent(&out, body, "", "  ")
		return append(without(head, "Content-Length"), out.Bytes()...)
	},
	"without": func(head, body []byte, args []string) []byte { return append(without(head, args[0]), body...) },
	"replaced": func(head, body []byte, args []string) []byte {
		return []byte(strings.Replace(string(head)+string(body), args[0], args[1], 1))
	},
	"header": func(head, body []byte, args []string) []byte { // name, value
		line := regexp.MustCompile(`(?m)^` + args[0] + `: .*\r$`)
		return append(line.ReplaceAll(head, []byte(args[0]+": "+args[1]+"\r")), body...)
	},
	"headers-alone": func(head, _ []byte, _ []string) []byte { return head },
	"form": func(head, body []byte, _ []string) []byte {
		return append(head,
			url.QueryEscape(string(body))...)
	},
	"json": func(head, body []byte, _ []string) []byte {
		out, _ := json.Marshal(map[string]any{"headers": headersOf(head), "body": string(body)})
		return out
	},
	"json-base64": func(head, body []byte, _ []string) []byte {
		out, _ := json.Marshal(map[string]any{"headers": headersOf(head), "isBase64Encoded": true,
			"body": base64.StdEncoding.EncodeToString(body)})
		return out
	},
	"json-decoded": func(head, body []byte, _ []string) []byte {
		var decoded any
		_ = json.Unmarshal(body, &decoded)
		out, _ := json.Marshal(map[string]any{"headers": headersOf(head), "body": decoded})
		return out
	},
	"php": func(head, body []byte, _ []string) []byte {
		var out bytes.Buffer
		for name, value := range headersOf(head) {
			out.WriteString("    [HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "] => " + value + "\n")
		}
		return out.Bytes()
	},
}

func without(head []byte, name string) []byte {
	return regexp.MustCompile(`(?m)^`+name+`: .*\r\n`).ReplaceAll(head, nil)
}

func headersOf(head []byte) map[string]string {
	headers := map[string]string{}
	for line := range strings.Lines(string(head)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			headers[name] = value
		}
	}
	return headers
}

// damage writes a message of a file to another one, in another form or with something wrong:
// "damage kind from to [argument...]".
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || damages[args[0]] == nil {
		ts.Fatalf("usage: damage kind from to [argument...]")
	}
	head, body, found := bytes.Cut([]byte(ts.ReadFile(args[1])), []byte("\r\n\r\n"))
	if !found {
		ts.Fatalf("%s is no message", args[1])
	}
	head = append(head, "\r\n\r\n"...)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), damages[args[0]](head, body, args[3:]), 0o600))
}
