package catalogue

import (
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/spelling"
)

// longestGuess bounds the paths that are worth a guess, in bytes.
const longestGuess = 256

// NearestKnown finds the known endpoints whose paths look most like a mistyped one, the likest
// first, at most n, and none where nothing does. The path may be spelled as on the wire or as the
// chain does, with values in the place of variables. A single word is compared with the segments of
// the paths.
func NearestKnown(path string, n int) []Known {
	path = strings.TrimPrefix(strings.ToLower(strings.Trim(path, "/")), "v2/")
	if path == "" || len(path) > longestGuess {
		return nil
	}
	type scored struct {
		Known
		score int
	}
	wanted, limit := strings.Split(path, "/"), max(3, len(path)/4)
	if len(wanted) == 1 {
		limit = min(3, len(path)/3)
	}
	var list []scored
	for _, k := range loadKnown() {
		if score := unlikeness(wanted, strings.Split(strings.ToLower(k.Path[1:]), "/"), limit); score <= limit {
			list = append(list, scored{k, score})
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int { return a.score - b.score })
	var out []Known
	for _, s := range list[:min(n, len(list))] {
		out = append(out, s.Known)
	}
	return out
}

// Mistyped finds what a call was probably meant for whose path only a {variable} of another
// method's path takes: POST /v3/edu-papay/contracts/presing is no contract's id.
func Mistyped(method, path string) (meant Known, found bool) {
	for _, k := range NearestKnown(path, 8) {
		switch {
		case strings.Trim(k.Path, "/") == strings.TrimPrefix(strings.Trim(path, "/"), "v2/"):
			return Known{}, false // it is spelled right, and takes another method
		case !found && k.Method == method:
			meant, found = k, true
		}
	}
	return meant, found
}

// unlikeness is what it takes to make the wanted out of a path's segments, in bytes typed; more
// than limit may be any more.
func unlikeness(wanted, path []string, limit int) int {
	if len(wanted) == 1 {
		best := limit + 1
		for _, s := range path {
			if s != "" && s[0] != '{' {
				best = min(best, spelling.Distance(wanted[0], s))
			}
		}
		return best
	}
	if gap := len(wanted) - len(path); gap > 2 || gap < -2 {
		return limit + 1
	}
	row := make([]int, len(path)+1)
	for j, s := range path {
		row[j+1] = row[j] + len(s) + 1
	}
	for _, w := range wanted {
		corner, least := row[0], limit+1
		row[0] += len(w) + 1
		for j, s := range path {
			replaced := corner + segmentCost(w, s)
			corner = row[j+1]
			row[j+1] = min(replaced, row[j+1]+len(w)+1, row[j]+len(s)+1)
			least = min(least, row[j+1])
		}
		if least > limit && row[0] > limit {
			return limit + 1
		}
	}
	return row[len(path)]
}

// segmentCost lets a variable stand for what looks like a value at once, and for a word rather than
// not at all.
func segmentCost(got, segment string) int {
	switch {
	case got == segment:
		return 0
	case !strings.HasPrefix(segment, "{"):
		return spelling.Distance(got, segment)
	case strings.ContainsAny(got, "0123456789{"):
		return 0
	}
	return 3
}
