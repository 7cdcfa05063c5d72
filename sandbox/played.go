package sandbox

import (
	"maps"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/combinepapay"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/creditrepayment"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/edupapay"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/eduschoolpay"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/files"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/globalpapay"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/insurance"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/offlineface"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/orders"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/papay"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/passwordexempt"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
)

// everything is what the sandbox plays. To add a contract product, write its folder and name it
// here.
func everything() *engine.Repertoire {
	return &engine.Repertoire{
		Products: []*engine.Product{
			combinepapay.Product(),
			passwordexempt.Product(),
			edupapay.Product(),
			eduschoolpay.Product(),
			offlineface.Product(),
			papay.Product(),
			insurance.Product(),
			creditrepayment.Product(),
			globalpapay.Product(),
		},
		Behaviours: []map[string]engine.Behaviour{
			orders.TransactionBehaviours(),
			orders.CombineBehaviours(),
			orders.RefundBehaviours(),
			orders.PlatformRefundBehaviours(),
			payments.BillBehaviours(),
			files.Behaviours(),
			stubs(),
			{"POST /v3/security/echo": orders.Echo},
			{"GET /v3/certificates": orders.ListCertificates, "GET /v3/global/certificates": orders.ListCertificates},
		},
		Tells:   orders.Tellings(),
		Refunds: []*engine.RefundRules{papay.SecapiRefunds(), orders.DomesticRefunds(), orders.EcommerceRefunds()},
		Paid: map[rows.Placing]func(*engine.Step, *rows.Order) error{
			rows.PlacedPlain:    orders.NotifyPaid(orders.TransactionDocument),
			rows.PlacedCombined: orders.NotifyPaid(orders.CombineDocument),
			rows.PlacedXML:      papay.NotifyPaidOrder,
		},
	}
}

// stubs are the endpoints that are checked and answered by the examples of the catalogue.
func stubs() map[string]engine.Behaviour {
	all := map[string]engine.Behaviour{}
	for _, path := range []string{
		"/v3/global/profit-sharing/receivers", "/v3/brand/partner/store/brandstores/{store_id}",
		"/v3/marketing/goods-subsidy-activity/retail-store-act/{activity_id}/representative",
		"/v3/marketing/goods-subsidy-activity/retail-store-act/{brand_id}/stores",
		"/v3/webizpay/avail-mch-ranges/{range_id}/merchant-identifiers/{merchant_identifier}",
	} {
		all["DELETE "+path] = engine.Stub
	}
	return all
}

// endpointsXML are those of APIv2 that are played, by path.
func endpointsXML() map[string]*xmlcall.Endpoint {
	all := papay.XMLEndpoints()
	maps.Copy(all, files.XMLEndpoints())
	return all
}
