// Command peers measures wxpay beside the other Go SDKs for WeChat Pay and beside a floor, a
// client as lean as net/http, crypto/rsa and encoding/json allow ([floor]).
//
// All of them do the same work in one process: op by op, in an order that is drawn anew each
// round, so that nobody always inherits another's garbage and closing sockets. What it prints is
// the median of each, the middle half as its spread, and the median of the differences to the
// floor within a round, which a machine's drift does not reach.
//
// script/bench peers runs it twice: as it is, and built with crypto/rsa's signing and verifying
// taken out (see nocrypto), so that what the SDKs add is not hidden by what RSA takes.
//
// Start reading at [contestants].
package main
