// Package random makes the numbers that WeChat Pay makes up, in the shapes of the documented
// samples. Whether somebody has one already is not for it to know: package engine draws until
// nobody has.
//
// It knows nothing of the sandbox but the kinds of orders. Start reading at [Random].
package random
