package sandbox

import "net/http"

func newAdmin(s *Sandbox, anywhere bool) http.Handler { return http.NotFoundHandler() }
