package catalogue

// Unpack and Packed let a test read the catalogue that is compiled in anew, and damage it first.
var Unpack = unpack

func Packed() string { return packed }

// ParseExchanges reads another text than the one that is compiled in.
var ParseExchanges = parseExchanges
