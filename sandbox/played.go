package sandbox

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/combinepapay"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/creditrepayment"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/edupapay"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/eduschoolpay"
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
			{"POST /v3/security/echo": orders.Echo},
			{"GET /v3/certificates": orders.ListCertificates, "GET /v3/global/certificates": orders.ListCertificates},
		},
		Refunds: []*engine.RefundRules{papay.SecapiRefunds(), orders.DomesticRefunds(), orders.EcommerceRefunds()},
		Paid: map[rows.Placing]func(*engine.Step, *rows.Order) error{
			rows.PlacedPlain:    orders.NotifyPaid(orders.TransactionDocument),
			rows.PlacedCombined: orders.NotifyPaid(orders.CombineDocument),
			rows.PlacedXML:      papay.NotifyPaidOrder,
		},
	}
}

// endpointsXML are those of APIv2 that are played, by path.
func endpointsXML() map[string]*xmlcall.Endpoint { return papay.XMLEndpoints() }
