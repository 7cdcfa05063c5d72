// Package explain says which mistake a signature shows, in English and in Chinese.
//
// No real service can: it knows the public key only, and says that the signature is
// wrong. Anyone who checks as well knows both sides' keys, or at least the string that should
// have been signed, and can try what people usually get wrong. These are pure functions
// of keys, headers and bodies: they know nothing of a sandbox, nor of HTTP's server.
//
// A [Finding] has a stable word for its mistake, which the sandbox's journal keeps, and sentences
// that are true whatever was sent: a string counts as signed once its hash is the one inside the
// signature, a key as used once it opens what was made with it. What fits no known mistake is
// [Unknown].
//
// Start reading at [Signature] for a request of APIv3, at [Sign] for APIv2 and at
// [Message.Explain] for what comes from WeChat Pay. The mistakes and their sentences stand in
// mistakes.txt, what they may cost in budget.go. docs/mistakes.md lists them for users.
package explain
