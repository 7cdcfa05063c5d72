package sandbox

// everything is what the sandbox plays. To add a contract product, write its file and name it here.
func everything() *repertoire {
	return &repertoire{
		products: []*product{
			combinePapay(),
			passwordExempt(),
			eduPapay(),
			papay(),
			eduSchoolPay(),
			credit(),
			offlineFace(),
			insurance(),
			globalPapay(),
		},
		behaviours: []map[string]behaviour{
			transactionBehaviours(),
			combineBehaviours(),
			refundBehaviours(),
			platformRefundBehaviours(),
			billBehaviours(),
			{"POST /v3/security/echo": echo},
			{"GET /v3/certificates": listCertificates, "GET /v3/global/certificates": listCertificates},
		},
		refunds: []*refundRules{secapiRefunds(), domesticRefunds(), ecommerceRefunds()},
		xml:     xmlEndpoints(),
		paid: map[placing]func(*step, *orderRow) error{
			placedPlain:    notifyPaid(transactionDocument),
			placedCombined: notifyPaid(combineDocument),
			placedXML:      notifyPaidOrder,
		},
	}
}
