package api_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/sandbox"
)

// The typed chain follows the path, segment by segment; a path variable is a
// method on the node above it.
func ExampleV3() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer wechat.Close()
	c := wechat.Client()

	certificates, err := api.V3(c).Certificates.Get(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(certificates.Data), certificates.Data[0].EncryptCertificate.Algorithm)
	fmt.Println(api.V3(c).EduPapay.Contracts.ContractID("42").Path())
	// Output:
	// 1 AEAD_AES_256_GCM
	// v3/edu-papay/contracts/{contract_id}
}

// The index is a map of every catalogued path.
func ExampleIndex() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer wechat.Close()
	index := api.Index(wechat.Client())

	_, known := index["v3/edu-papay/contracts/presign"]
	fmt.Println(known)

	_, err = index["v3/edu-papay/contracts/presing"].Get(context.Background())
	fmt.Println(err != nil)

	_, err = index.At("v3/edu-papay/contracts/presing")
	fmt.Println(err)
	// Output:
	// true
	// true
	// wxpay: the index has no path "v3/edu-papay/contracts/presing"; the nearest is "v3/edu-papay/contracts/presign", and Client.Chain calls any path
}
