//go:build !unix

package bench

import "time"

// processorTime is not known here, and then no ratio of it is told.
func processorTime() time.Duration { return 0 }
