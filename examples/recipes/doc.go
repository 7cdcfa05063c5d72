// Package recipes has receivers of WeChat Pay's notifications in net/http, gin, echo and go-zero,
// and behind a gateway that hands headers and bytes on. Copy the one you need: each is a file, and
// the tests send every one of them the same notifications from a sandbox.
//
// One rule is behind all of them: the receiver verifies the bytes that WeChat Pay signed, so it has
// to be given those bytes. What reads the body before it must put the same bytes back, and what
// decodes and encodes it again must not come before it. Where that is got wrong nothing is booked:
// the notification is refused, and sent again.
//
// Start reading at nethttp.go, which has what the others share.
package recipes
