// Package fault has the misbehaviour that a sandbox can be told to show: of calls, of signatures
// and of notifications. docs/failures.md says of each what a merchant meets and how they
// withstand it.
//
//	err := sb.Inject(fault.Fault{Name: fault.Cut, Endpoint: "POST /v3/edu-papay/transactions", Committed: true})
//
// It is data and knows nothing of the machine that does it. Start reading at [Fault].
package fault
