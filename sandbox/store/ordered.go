package store

import (
	"iter"
	"slices"
)

// ordered are records in an order, in runs of bounded length: however many there are, one that
// comes or goes moves no more than its run, and now and then the runs behind it.
type ordered [][]*record

// longest is how long a run gets before it is halved.
const longest = 256

// order compares two records.
type order func(a, b *record) int

func bySeq(a, b *record) int { return int(a.seq - b.seq) }

func byDue(a, b *record) int {
	switch {
	case a.Due < b.Due:
		return -1
	case a.Due > b.Due:
		return 1
	}
	return bySeq(a, b)
}

// find is where a record is, or would be.
func (o ordered) find(r *record, by order) (run, at int, found bool) {
	run, _ = slices.BinarySearchFunc(o, r, func(run []*record, r *record) int { return by(run[len(run)-1], r) })
	if run == len(o) {
		return run, 0, false
	}
	at, found = slices.BinarySearchFunc(o[run], r, by)
	return run, at, found
}

// with has the record in it, once.
func (o ordered) with(r *record, by order) ordered {
	run, at, found := o.find(r, by)
	switch {
	case found:
		return o
	case run == len(o) && (run == 0 || len(o[run-1]) == longest):
		return append(o, []*record{r})
	case run == len(o): // behind all the others
		run--
		at = len(o[run])
	}
	o[run] = slices.Insert(o[run], at, r)
	if len(o[run]) <= longest {
		return o
	}
	behind := slices.Clone(o[run][longest/2:])
	o[run] = slices.Delete(o[run], longest/2, len(o[run]))
	return slices.Insert(o, run+1, behind)
}

// without has it no more.
func (o ordered) without(r *record, by order) ordered {
	run, at, found := o.find(r, by)
	if !found {
		return o
	}
	o[run] = slices.Delete(o[run], at, at+1)
	if len(o[run]) == 0 {
		return slices.Delete(o, run, run+1)
	}
	return o
}

// from is everything from a place on, as find has it.
func (o ordered) from(run, at int) iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for ; run < len(o); run, at = run+1, 0 {
			for _, r := range o[run][at:] {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// newest is where the last n begin, everything where n is 0.
func (o ordered) newest(n int) (run, at int) {
	if n <= 0 {
		return 0, 0
	}
	for run = len(o) - 1; run >= 0; run-- {
		if n <= len(o[run]) {
			return run, len(o[run]) - n
		}
		n -= len(o[run])
	}
	return 0, 0
}
