// Package listener is how the sandbox listens: on this machine only unless told otherwise, and with
// bounds to how long it waits for anybody. The API's listener takes plain HTTP, TLS and the tunnels
// of CONNECT at one address (entrance.go, tunnel.go).
//
// It knows nothing of the sandbox. Start reading at [Listen], [Serve] and [ServeAPI].
package listener
