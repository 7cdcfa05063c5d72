package sandbox

// Products have words of their own for who ended a contract. The pairing is
// inferred: no page shows the lists side by side.

// credit is contract_terminated_mode of credit-repayment.
func (t Termination) credit() string {
	switch t {
	case ByUser:
		return "TERMINATION_MODE_BY_USER"
	case ByMerchant, ByConsole:
		return "TERMINATION_MODE_BY_MERCHANT"
	case ByCustomerService, BySystem:
		return "TERMINATION_MODE_BY_CUSTOMER_SERVICE"
	}
	return "TERMINATION_MODE_INVALID"
}

// global is termination_mode of /v3/global/papay.
func (t Termination) global() string {
	switch t {
	case ByUser:
		return "USER"
	case ByMerchant, ByConsole:
		return "MERCHANT"
	}
	return "PLATFORM"
}
