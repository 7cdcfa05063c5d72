// Package house has no code of its own: its tests hold the whole repository
// to the rules that the compiler does not know. Who may import whom, what the
// root module may require, how long a file may grow, what a package may be
// called. A rule that can be a test is one here, so that no review has to
// remember it.
//
// It reads files and imports none of them. Start reading at imports_test.go, whose table of rooms
// says who may import whom.
package house
