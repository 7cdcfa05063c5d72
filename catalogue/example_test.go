package catalogue_test

import (
	"fmt"
	"log"

	"github.com/wxpay-go/wxpay/catalogue"
)

// What the catalogue knows of a call: its operation, its variables, and what is
// wrong with a body.
func Example() {
	c, err := catalogue.Default()
	if err != nil {
		log.Fatal(err)
	}
	op, vars, found := c.Match("DELETE", "/v3/edu-papay/contracts/42")
	fmt.Println(found, op.ID(), vars["contract_id"])

	presign := c.Operation("POST /v3/edu-papay/contracts/presign")
	wrong := presign.CheckBody([]byte(`{"appid":"wx8888888888888888","openid":"oUpF8uMuAJOM2pxb1Q","plan_id":101164396123311331,
		"user_id":"20200330tony","period_start_date":"2020-03-19","trade_scene":"EDUCATION_PERIOD"}`))
	fmt.Println(wrong.Field, wrong.Location)
	// Output:
	// true DELETE /v3/edu-papay/contracts/{contract_id} 42
	// /plan_id body
}

// Search finds endpoints by words of their path, title or fields.
func ExampleCatalogue_Search() {
	c, err := catalogue.Default()
	if err != nil {
		log.Fatal(err)
	}
	for _, op := range c.Search("edu-papay", "预签约") {
		fmt.Println(op.ID())
	}
	// Output: POST /v3/edu-papay/contracts/presign
}

func ExampleMatchExchange() {
	e, found := catalogue.MatchExchange("POST", "/v3/merchant/media/upload")
	fmt.Println(found, e.Kind, e.Upload.Algorithm, e.Upload.Extensions)
	e, _ = catalogue.MatchExchange("GET", "/v3/global/statements")
	fmt.Println(e.Kind, e.Host, e.Proven())
	// Output:
	// true upload SHA256 [jpg bmp png]
	// file apihk.mch.weixin.qq.com true
}
