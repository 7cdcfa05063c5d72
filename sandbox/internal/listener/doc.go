// Package listener is how the sandbox listens: on this machine only unless told otherwise, and with
// bounds to how long it waits for anybody.
//
// It knows nothing of the sandbox. Start reading at [Listen] and [Serve].
package listener
