//go:build !race

package catalogue_test

import "testing"

// The catalogue is read when a program starts, from few large pieces; parsing data/ takes a hundred
// times as many.
func TestAllocsOfDefault(t *testing.T) {
	if n := testing.AllocsPerRun(5, func() { unpacked(t) }); n > 1850 {
		t.Errorf("it takes %v allocations", n)
	}
}
