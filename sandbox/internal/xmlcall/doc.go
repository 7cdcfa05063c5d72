// Package xmlcall is an APIv2 call as its behaviour sees it: flat fields, refusals by the names
// that APIv2 has, times as it writes them.
//
// It stands on package engine; package front reads and signs such calls. Start reading at
// [Endpoint] and [Call].
package xmlcall
