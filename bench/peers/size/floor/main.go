// Command floor is a program that calls one endpoint with what Go brings, to weigh the others
// beside it.
package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	raw, err := os.ReadFile(os.Args[1])
	check(err)
	block, _ := pem.Decode(raw)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	check(err)
	body, err := json.Marshal(map[string]string{"contract_id": os.Args[2]})
	check(err)
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), rand.Text()
	sum := sha256.Sum256([]byte("POST\n/v3/papay/contracts\n" + timestamp + "\n" + nonce + "\n" + string(body) + "\n"))
	signature, err := rsa.SignPKCS1v15(nil, parsed.(*rsa.PrivateKey), crypto.SHA256, sum[:])
	check(err)
	r, err := http.NewRequest("POST", "https://api.mch.weixin.qq.com/v3/papay/contracts", bytes.NewReader(body))
	check(err)
	r.Header.Set("Authorization", base64.StdEncoding.EncodeToString(signature))
	response, err := http.DefaultClient.Do(r)
	check(err)
	reply, err := io.ReadAll(response.Body)
	check(err)
	got, err := base64.StdEncoding.DecodeString(response.Header.Get("Wechatpay-Signature"))
	check(err)
	sum = sha256.Sum256(reply)
	check(rsa.VerifyPKCS1v15(&parsed.(*rsa.PrivateKey).PublicKey, crypto.SHA256, sum[:], got))
	var out map[string]any
	check(json.Unmarshal(reply, &out))
	log.Print(out)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
