// Package redact blanks what must not be written down: keys in whatever spelling, signatures, and
// what usually travels encrypted. views.go reads a text in every way in which it can be read,
// keys.go finds keys there, all.go goes through whole entries.
//
// It knows the ledger's Exchange and nothing of the engine. Start reading at [Redaction].
package redact
