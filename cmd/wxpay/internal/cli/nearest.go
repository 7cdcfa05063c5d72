package cli

import (
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// nearest gives the endpoints whose path looks most like path, at most n, and
// none where nothing does.
func nearest(all []*catalogue.Operation, path string, n int) []*catalogue.Operation {
	type scored struct {
		op    *catalogue.Operation
		score int
	}
	path = strings.ToLower(strings.Trim(path, "/"))
	var list []scored
	for _, op := range all {
		score := distance(path, strings.ToLower(op.SDKPath()))
		if score <= max(3, len(path)/4) {
			list = append(list, scored{op, score})
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int { return a.score - b.score })
	var out []*catalogue.Operation
	for _, s := range list[:min(n, len(list))] {
		out = append(out, s.op)
	}
	return out
}

// distance is how many bytes to insert, remove or replace to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := left
			if a[i] != b[j] {
				cost++
			}
			left = row[j+1]
			row[j+1] = min(cost, left+1, row[j]+1)
		}
	}
	return row[len(b)]
}
