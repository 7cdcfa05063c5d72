// Package clock is the time of business: a clock that may be stopped and moved (clock.go), and the
// days and hours of Beijing that products keep (beijing.go). The time of signatures is another one.
//
// It knows nothing of the sandbox. Start reading at [Clock].
package clock
