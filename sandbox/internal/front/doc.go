// Package front is where calls come in. serve.go is the way of every one: read, authenticate, check
// against the catalogue, let the behaviour answer, sign, write down. The two protocols are the two
// implementations of one interface, protocolv3.go and protocolv2.go. authenticate.go says who
// signed, and what a wrong signature shows; sensitive.go opens and seals fields; journal.go writes
// down; fault.go is what faults do to calls; pagesigned.go takes the signed pages of APIv2;
// upload.go and uploadxml.go take forms with a file.
//
// It stands on package engine and knows behaviours by the catalogue's ids, and no product.
// Start reading at [Front.ServeHTTP].
package front
