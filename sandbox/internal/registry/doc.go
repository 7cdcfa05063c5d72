// Package registry is everybody whom the sandbox knows: merchants with their plans, sub-merchants
// and keys (merchant.go), people with an openid under every appid (people.go), and WeChat Pay's own
// keys (keys.go). mismatch.go says what does not belong together: a plan and a merchant, an appid
// and a sub-merchant.
//
// It is in memory and writes nothing: package engine remembers whoever comes while the sandbox
// runs. Reading is free; a change makes a new copy. Start reading at [Registry].
package registry
