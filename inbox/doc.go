// Package inbox handles each of WeChat Pay's notifications once, in the transaction of your own
// database. Start reading at delivery.go.
package inbox
