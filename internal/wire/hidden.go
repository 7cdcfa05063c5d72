package wire

import "fmt"

// Hidden keeps a value where no printer reaches it. fmt calls no method of what stands
// in an unexported field, and some verbs follow a pointer there to a struct, a list or a
// map, but none a pointer to a pointer. Errors keep so what may quote a value of the
// call, such as their cause.
type Hidden[T any] struct{ at **T }

// Hide keeps v.
func Hide[T any](v T) Hidden[T] {
	kept := &struct {
		at *T
		v  T
	}{v: v}
	kept.at = &kept.v
	return Hidden[T]{&kept.at}
}

// Reveal gives the value, the zero one where there is none.
func (h Hidden[T]) Reveal() (v T) {
	if h.at != nil {
		v = **h.at
	}
	return v
}

// PrintError prints an error as its text, whatever the verb (but fmt does not ask for %p, nor for
// %w outside fmt.Errorf): %#v and %d would print the fields, as would any verb of an error that is
// no pointer. Every error of ours has it as its Format, on the value.
func PrintError(f fmt.State, verb rune, err error) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), err.Error())
}
