// Package redact blanks what must not be written down: keys in whatever spelling, signatures, and
// what usually travels encrypted. escapes.go undoes what JSON, addresses and XML escape, in every
// order, keys.go finds keys there, in Base64 and in hexadecimal too, redact.go says what else is
// blanked, all.go goes through whole entries and answers, work.go bounds what all that costs.
// secrets.go has what is looked for.
//
// It knows the ledger's Exchange and nothing of the engine. Start reading at [Redaction].
package redact
