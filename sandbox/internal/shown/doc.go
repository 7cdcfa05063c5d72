// Package shown makes what came from outside fit to be printed: on one line, whatever it holds.
//
// It knows nothing of the sandbox. Start reading at [Value].
package shown
