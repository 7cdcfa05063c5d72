// Package push is notifications as they are written and kept: what one says and to whom, when it is
// tried next, and how each attempt ended. It is written in the step that it tells of, so that both
// happen or neither. Sending is package outbox's.
//
// It stands on package engine. Start reading at [Notify] and [Row].
package push
