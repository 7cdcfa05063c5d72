package sandbox

import "net/http"

// Handler is the API without its listener, to measure it without a network.
func (s *Sandbox) Handler() http.Handler { return s.engine }
