// Package registry is everybody whom the sandbox knows: merchants with their plans and
// sub-merchants, and what is refused of them (merchant.go), people, which openid is whose under
// which appid, and who may be said to be one (people.go), WeChat Pay's own keys, and certificates
// that look real (keys.go), and the keys that merchants have given up (formerkeys.go). mismatch.go
// says what does not belong together: a plan and a merchant, an appid and a sub-merchant.
//
// It is in memory and writes nothing: package engine remembers whoever comes while the sandbox
// runs. Reading is free; a change makes a new copy. Start reading at [Registry].
package registry
