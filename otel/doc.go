// Package otelwxpay traces and counts the calls and notifications of package wxpay with
// OpenTelemetry. One line sets it:
//
//	cfg.Hook = otelwxpay.Hook()                                  // of wxpay.Config
//	r := notify.New(c.Keys(), notify.Observe(otelwxpay.Hook())) // of the receiver
//
// # Traces
//
// Every call is one span of kind client, "POST v3/papay/transactions", a child of what the
// context of the call has. Each attempt is an event in it. Every notification is one span of kind
// consumer, "notification TRANSACTION.SUCCESS", a child of what the request's context has, and the
// parent of what your function begins. Nothing of a trace is sent to WeChat Pay.
//
// # Metrics
//
//	wxpay.client.call.duration     s  of calls, their attempts and pauses included
//	http.client.request.duration   s  of attempts, as OpenTelemetry's conventions for HTTP have it
//	wxpay.notification.duration    s  of notifications
//
// Their attributes have few values each: the method, the path with its {variables} (url.template),
// the host, the status, what failed (error.type: WeChat Pay's code, or the check), wxpay.outcome
// (succeeded, refused, unknown, not_sent) and, of notifications, wxpay.event_type and
// wxpay.repeated. None of them is an id, a number or a name. A span has WeChat Pay's request id and
// the number of attempts besides.
//
// docs/operations.md has alert rules over these metrics.
//
// It knows package wxpay and the API of OpenTelemetry, no SDK. Start reading at [Hook].
package otelwxpay
