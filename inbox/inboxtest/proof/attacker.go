package main

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"
)

// strangers marks what the attacker sends, for the forwarder, who must not repeat it to the
// attacker. The receivers do not look at it.
const strangers = "X-Proof-Stranger"

// attacker sends what somebody can make who has copies of messages and no key. Each kind is counted
// with how often it was answered with a success: only a repeat of the same bytes may be.
type attacker struct {
	url   string
	drawn *mrand.Rand
	key   *rsa.PrivateKey
	sent  map[string]int
	taken map[string]int
}

// repeat is the kind whose bytes are genuine.
const repeat = "the same bytes"

// playAttacker reads copies from its standard input, one a line, and answers each with attacks; at
// the end of the input it prints what it counted.
func playAttacker(r role) error {
	a := &attacker{url: r.Address, drawn: mrand.New(mrand.NewPCG(r.Seed, 3)), sent: map[string]int{},
		taken: map[string]int{}}
	var err error
	if a.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return err
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		var seen message
		if json.Unmarshal(line, &seen) == nil {
			a.attack(seen)
		}
		if err != nil {
			return json.NewEncoder(os.Stdout).Encode(map[string]map[string]int{"sent": a.sent, "taken": a.taken})
		}
	}
}

func (a *attacker) attack(seen message) {
	isXML := bytes.HasPrefix(bytes.TrimSpace(seen.Body), []byte("<"))
	set := func(name, value string) http.Header {
		h := seen.Header.Clone()
		h.Set(name, value)
		return h
	}
	kinds := []func(){
		func() { a.send(repeat, seen.Header, seen.Body) },
		func() { a.send("a changed byte", seen.Header, a.changed(seen.Body)) },
		func() { a.send("half of it", seen.Header, seen.Body[:len(seen.Body)/2]) },
		func() { a.send("nothing signed", http.Header{}, a.invented(isXML)) },
	}
	if isXML {
		kinds = append(kinds, func() { a.send("another number", seen.Header, another(seen.Body)) })
	} else {
		kinds = append(kinds,
			func() {
				a.send("a probe's signature", set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/"+
					seen.Header.Get("Wechatpay-Signature")), seen.Body)
			},
			func() { a.send("a later time", set("Wechatpay-Timestamp", stamp(time.Minute)), seen.Body) },
			func() {
				body := a.invented(false)
				a.send("an own key", a.signed(seen.Header, body), body)
			},
			func() { a.send("a body under another's signature", seen.Header, a.invented(false)) },
		)
	}
	kinds[a.drawn.IntN(len(kinds))]()
}

func (a *attacker) send(kind string, header http.Header, body []byte) {
	req, err := http.NewRequest(http.MethodPost, a.url+"/notify", bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header = header.Clone()
	req.Header.Set(strangers, "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	res.Body.Close()
	a.sent[kind]++
	if res.StatusCode/100 == 2 {
		a.taken[kind]++
	}
}

func (a *attacker) changed(body []byte) []byte {
	out := bytes.Clone(body)
	for range 8 { // a change of white space at an end is none
		at := a.drawn.IntN(len(out))
		out[at] ^= 1
	}
	return out
}

// told is where an APIv2 message says what it is about.
var told = regexp.MustCompile(`(<(?:out_trade_no|contract_code)>(?:<!\[CDATA\[)?)`)

// another makes an APIv2 message one about another debit or contract.
func another(body []byte) []byte { return told.ReplaceAll(body, []byte("${1}FORGED")) }

func stamp(later time.Duration) string { return strconv.FormatInt(time.Now().Add(later).Unix(), 10) }

// invented tells of a payment and a contract that never were, sealed with a guessed key.
func (a *attacker) invented(isXML bool) []byte {
	n := a.drawn.IntN(1_000_000)
	if isXML {
		return fmt.Appendf(nil, "<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code>"+
			"<mch_id>1900000109</mch_id><appid>wxd678efh567hg6787</appid><out_trade_no>FORGED%d_1</out_trade_no>"+
			"<total_fee>1</total_fee><transaction_id>F%d</transaction_id><bank_type>OTHERS</bank_type>"+
			"<sign>0123456789ABCDEF0123456789ABCDEF</sign></xml>", n, n)
	}
	block, _ := aes.NewCipher([]byte("0123456789abcdef0123456789abcdef"))
	seal, _ := cipher.NewGCM(block)
	const nonce, about = "0123456789ab", "transaction"
	inner := fmt.Appendf(nil, `{"mchid":"1900000109","out_trade_no":"FORGED%d_1","transaction_id":"F%d",`+
		`"trade_state":"SUCCESS","amount":{"total":1}}`, n, n)
	body, _ := json.Marshal(map[string]any{
		"id": fmt.Sprintf("forged-%d", n), "create_time": time.Now().Format(time.RFC3339),
		"event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource", "summary": "x",
		"resource": map[string]string{"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": about,
			"original_type": "transaction",
			"ciphertext":    base64.StdEncoding.EncodeToString(seal.Seal(nil, []byte(nonce), inner, []byte(about)))},
	})
	return body
}

// signed signs body with the attacker's own key, in the name of WeChat Pay's.
func (a *attacker) signed(like http.Header, body []byte) http.Header {
	h := like.Clone()
	h.Set("Wechatpay-Timestamp", stamp(0))
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n", h.Get("Wechatpay-Timestamp"), h.Get("Wechatpay-Nonce"),
		body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err == nil {
		h.Set("Wechatpay-Signature", base64.StdEncoding.EncodeToString(signature))
	}
	return h
}
