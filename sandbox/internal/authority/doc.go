// Package authority issues the certificates of the sandbox's TLS: for WeChat Pay's host names and
// for this machine, and for nothing else, which its certificates say of themselves (RFC 5280,
// section 4.2.1.10), so that trusting it is no danger to other sites.
//
// There are two of them, because Java does not look at what the certificate says that it trusts:
// the root, whose key nobody has once it has signed, and the issuer below it, which is bound by
// every client.
//
// It knows nothing of the sandbox. Start reading at [Parse] and [Authority.Config].
package authority
