// Package wire holds the pure functions of the WeChat Pay APIv3 protocol:
// the strings that are signed, the Authorization header, sealed resources and
// encrypted fields. The client and the sandbox both stand on it, so nothing
// here keeps state, reads a clock or touches the network.
//
// Because both sides share these functions they could agree with each other
// and still be wrong; testdata/vectors holds witnesses made by openssl that
// hold them to the truth.
//
// It imports nothing of this module, and anything may import it. Start reading at Sign and
// Verify (sign.go) for APIv3, and at [Fields] (v2.go) for APIv2.
package wire

import "time"

// Scheme is the only signature scheme spoken here: RSA-2048 with SHA-256.
const Scheme = "WECHATPAY2-SHA256-RSA2048"

// Header names of a signed reply or notification.
const (
	HeaderTimestamp     = "Wechatpay-Timestamp"
	HeaderNonce         = "Wechatpay-Nonce"
	HeaderSignature     = "Wechatpay-Signature"
	HeaderSerial        = "Wechatpay-Serial"
	HeaderSignatureType = "Wechatpay-Signature-Type"
	HeaderRequestID     = "Request-ID"
)

// ProbePrefix starts the signatures WeChat Pay sends now and then to learn
// whether a receiver really verifies. They are not base64 and must fail like
// any other bad signature.
const ProbePrefix = "WECHATPAY/SIGNTEST/"

// Window is how far a timestamp may be from the reader's clock, either way.
const Window = 5 * time.Minute

// PublicKeyIDPrefix starts the id of a WeChat Pay public key, as opposed to
// the hexadecimal serial number of a platform certificate.
const PublicKeyIDPrefix = "PUB_KEY_ID_"

// Beijing is the zone of every time WeChat Pay writes. It has had no
// daylight saving since 1991, so a fixed zone needs no tzdata.
var Beijing = time.FixedZone("CST", 8*60*60)

// FormatTime writes t as WeChat Pay does: RFC 3339 in +08:00, whole seconds.
func FormatTime(t time.Time) string {
	return t.In(Beijing).Format(time.RFC3339)
}
