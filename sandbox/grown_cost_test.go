package sandbox_test

import "testing"

// What is done every day reads and writes no more rows among a thousand contracts than among
// thirty.
func TestCostsDoNotGrow(t *testing.T) {
	t.Parallel()
	few, many := newCounted(), newCounted()
	small, large := grow(t, few, 30), grow(t, many, 1000)
	for _, cost := range grownCosts {
		cost.do(small) // whatever is only done once
		cost.do(large)
		few.reset()
		many.reset()
		cost.do(small)
		cost.do(large)
		if few.String() != many.String() || few.calls.Load() == 0 {
			t.Errorf("%s: %s among few contracts, %s among many", cost.name, few, many)
		}
	}
}
