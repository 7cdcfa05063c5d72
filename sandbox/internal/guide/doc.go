// Package guide explains the admin: as an OpenAPI document for programs, and as a page for people.
//
// Which calls there are, and what each takes and answers, it is told by the routes and their Go
// types. Only words and examples are written by hand, in English and Chinese: calls.json has the
// calls in the order of the page, members.json what each member of a body and each parameter means.
//
// Start reading at [New].
package guide
