package sandbox

// Products have words of their own for who ended a contract. The pairing is
// inferred: no page shows the lists side by side.

// v2 is contract_termination_mode of APIv2. The console ends contracts by the
// API, so merchants see 3 where 4 is documented.
func (t Termination) v2() int {
	switch t {
	case ByUser:
		return 2
	case ByMerchant, ByConsole:
		return 3
	case ByCustomerService:
		return 7
	case BySystem:
		return 5
	}
	return 0
}

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
