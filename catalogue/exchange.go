package catalogue

import (
	_ "embed" // what is out of the ordinary
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// exchangesText has a line for every endpoint that is not JSON or XML, signed both ways, at WeChat
// Pay's usual host: method, path and facts. A path that ends in * is every path that begins so,
// and says where those are. Two lines are of files that are known by the addresses in replies only.
//
//go:embed exchanges.tsv
var exchangesText string

// Kind is what an exchange carries that is out of the ordinary.
type Kind string

// The kinds.
const (
	KindPlain        Kind = ""             // JSON, or XML in APIv2
	KindJSON         Kind = "json"         // JSON, where APIv2 has XML
	KindUpload       Kind = "upload"       // the body is multipart/form-data with a file
	KindBody         Kind = "body"         // a DELETE that has a body
	KindFile         Kind = "file"         // a success is a file
	KindBill         Kind = "bill"         // of APIv2: a success is the text of a bill
	KindText         Kind = "text"         // of APIv2: a success is other text
	KindPage         Kind = "page"         // a payer opens it
	KindNotification Kind = "notification" // WeChat Pay calls it, at the merchant's
)

// Exchange says how an endpoint is spoken to. The zero value is the ordinary: JSON or XML, signed
// both ways, at api.mch.weixin.qq.com.
type Exchange struct {
	Kind     Kind
	Host     string // the name of the host; "" for api.mch.weixin.qq.com
	Unsigned bool   // a success has no signature of WeChat Pay
	MTLS     bool   // the connection shows the merchant's certificate
	Hash     string // of a file: the algorithm of the hash in the reply that gave its address, "" for none
	// of a file: the header with its SHA1, whose value WeChat Pay signs as {"sha1":"…"} in place of the
	// body; "" for none
	HashHeader string
	Upload     *Upload // of KindUpload
}

// Upload is the form of a body with a file. Of APIv3 the JSON of the part "meta" is what is signed,
// of APIv2 the other parts are.
type Upload struct {
	Part       string      // the part that is the file
	Name       string      // the member of meta with the file's name; "" for none
	Digest     string      // the member with its hash in hexadecimal; in APIv2 the part
	Algorithm  string      // of the hash: SHA256, MD5 or SM3
	Fixed      [][2]string // members that are always the same, and their values
	Required   []string    // what meta has besides
	Optional   []string    // what it may have
	Parts      []string    // further parts, all required; one that is in Required stands in both
	Encrypted  []string    // JSON pointers into meta
	MaxBytes   int64       // of the file; 0 where no page says
	Extensions []string    // that the file's name may have, small letters; none where no page says
}

// Fills says whether the client fills a member in by itself.
func (u *Upload) Fills(member string) bool {
	return member == u.Name || member == u.Digest || slices.ContainsFunc(u.Fixed,
		func(f [2]string) bool { return f[0] == member })
}

// Line is one line of what is out of the ordinary: an endpoint, or every path that begins as Path
// does before its *.
type Line struct {
	Method, Path string
	Exchange
}

var loadExchanges = sync.OnceValues(func() ([]Line, error) { return parseExchanges(exchangesText) })

func parseExchanges(text string) ([]Line, error) {
	var all []Line
	number := 0
	for line := range strings.Lines(text) {
		number++
		fail := func(problem string) ([]Line, error) {
			return nil, fmt.Errorf("catalogue: exchanges.tsv:%d: %s", number, problem)
		}
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 3 || !strings.HasPrefix(columns[1], "/") {
			return fail("want a method, a path and facts")
		}
		e := Line{Method: columns[0], Path: columns[1]}
		for word := range strings.FieldsSeq(columns[2]) {
			if problem := e.fact(word); problem != "" {
				return fail(problem)
			}
		}
		if problem := e.problem(); problem != "" {
			return fail(problem)
		}
		all = append(all, e)
	}
	return all, nil
}

// fact takes in one word of a line.
func (e *Line) fact(word string) (problem string) {
	name, value, _ := strings.Cut(word, "=")
	list := func() []string { return strings.Split(value, ",") }
	if e.Kind == KindUpload && e.Upload == nil {
		e.Upload = &Upload{Part: "file"}
	}
	switch name {
	case "kind":
		e.Kind = Kind(value)
		return ""
	case "host":
		e.Host = value
		return ""
	case "unsigned":
		e.Unsigned = true
		return ""
	case "mtls":
		e.MTLS = true
		return ""
	case "hash":
		e.Hash = value
		return ""
	case "sha1":
		e.HashHeader = value
		return ""
	}
	u := e.Upload
	if u == nil {
		return "no fact is called " + strconv.Quote(name) + ", or it is of an upload and kind=upload is not before it"
	}
	switch name {
	case "part":
		u.Part = value
	case "name":
		u.Name = value
	case "digest":
		u.Digest, u.Algorithm, _ = strings.Cut(value, ":")
	case "fixed":
		for _, pair := range list() {
			member, fixed, _ := strings.Cut(pair, ":")
			u.Fixed = append(u.Fixed, [2]string{member, fixed})
		}
	case "meta":
		for _, member := range list() {
			if optional, ok := strings.CutSuffix(member, "?"); ok {
				u.Optional = append(u.Optional, optional)
			} else {
				u.Required = append(u.Required, member)
			}
		}
	case "parts":
		u.Parts = list()
	case "encrypted":
		u.Encrypted = list()
	case "max":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n <= 0 {
			return "max is not a number of bytes"
		}
		u.MaxBytes = n
	case "ext":
		u.Extensions = list()
	default:
		return "no fact is called " + strconv.Quote(name)
	}
	return ""
}

// problem says what a line lacks.
func (e *Line) problem() string {
	hashes := []string{"MD5", "SHA1", "SHA256", "SM3"}
	switch {
	case !slices.Contains([]Kind{KindPlain, KindJSON, KindUpload, KindBody, KindFile, KindBill, KindText, KindPage,
		KindNotification}, e.Kind):
		return "there is no kind " + strconv.Quote(string(e.Kind))
	case e.Exchange == Exchange{}:
		return "it says nothing"
	case (e.Kind == KindUpload) != (e.Upload != nil):
		return "an upload without its form"
	case e.Upload != nil && (e.Upload.Digest == "" || !slices.Contains(hashes, e.Upload.Algorithm)):
		return "an upload has a digest, of a known algorithm"
	case (e.Hash != "" || e.HashHeader != "") && e.Kind != KindFile,
		e.Hash != "" && !slices.Contains(hashes, e.Hash):
		return "hash and sha1 are of files, and of a known algorithm"
	case strings.HasSuffix(e.Path, "*") && (e.Exchange != Exchange{Host: e.Host} || e.Method != "*"):
		return "a line for many paths says their host and no more"
	}
	return ""
}

// Proven says whether a success of the endpoint carries a signature of WeChat Pay, be it of a hash.
func (e Exchange) Proven() bool {
	switch e.Kind {
	case KindFile:
		return e.HashHeader != ""
	case KindBill, KindText:
		return false
	}
	return !e.Unsigned
}

// Exchange says how the endpoint is spoken to.
func (k Known) Exchange() Exchange {
	e, _ := MatchExchange(k.Method, k.Path)
	return e
}

// Exchange says how the endpoint is spoken to.
func (o *Operation) Exchange() Exchange {
	e, _ := MatchExchange(o.Method, o.Path)
	return e
}

// MatchExchange says how the endpoint behind a path is spoken to, as it is sent or with its
// {variables}. found is false where nothing about it is out of the ordinary.
func MatchExchange(method, escapedPath string) (e Exchange, found bool) {
	all, err := loadExchanges()
	if err != nil {
		return Exchange{}, false
	}
	host, score := "", -1
	for _, line := range all {
		if begin, many := strings.CutSuffix(line.Path, "*"); many {
			if strings.HasPrefix(escapedPath, begin) {
				host = line.Host
			}
		} else if line.Method == method {
			if n := likeness(line.Path, escapedPath); n > score {
				e, score = line.Exchange, n
			}
		}
	}
	if e.Host == "" {
		e.Host = host
	}
	return e, score >= 0 || host != ""
}

// Exchanges lists all that is out of the ordinary, in the order of the file.
func Exchanges() ([]Line, error) {
	all, err := loadExchanges()
	return slices.Clone(all), err
}
