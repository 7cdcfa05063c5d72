package wxpay

import "net/http"

// NotFound says that WeChat Pay answered, and signed it, that what the call asks for or works on
// is not there: the order, the refund, the contract, the bill. Every product has its own code for
// that, this knows them all:
//
//	order, err := transactions.Get(ctx, query)
//	switch {
//	case wxpay.NotFound(err):
//		return create(ctx)
//	case err != nil:
//		return err
//	}
//
// It is false of an answer that nobody signed, such as a gateway's 404, and of one from 500, for
// these say nothing of an order. Some codes mean as well that the contract has ended
// (CONTRACT_NOT_EXIST). Wrapped and joined errors are looked through.
//
// A query that finds nothing does not prove that a call which got no answer did nothing: it may be
// on its way. That is what [Client.Resolve] is for.
func NotFound(err error) bool {
	found := false
	ended := reaches(err, func(at error) []error {
		if e, ok := at.(*Error); ok && e != nil {
			found = found || e.notFound()
			return nil
		}
		return causesOf(at)
	})
	return found && ended
}

func (e *Error) notFound() bool {
	if !e.Verified || e.Status >= http.StatusInternalServerError {
		return false
	}
	switch e.Code {
	case "RESOURCE_NOT_EXISTS", "NOT_FOUND", "ORDER_NOT_EXIST", "CONTRACT_NOT_EXIST", "NO_STATEMENT_EXIST",
		"ORDERNOTEXIST", "REFUNDNOTEXIST": // APIv2's
		return true
	}
	return false
}
