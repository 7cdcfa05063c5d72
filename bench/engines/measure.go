package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

type measurement struct {
	rounds, kills int
	folder        string
}

// run prints the table, row by row.
func (m *measurement) run(parts []string) (err error) {
	if m.folder, err = os.MkdirTemp("", "engines"); err != nil {
		return err
	}
	defer os.RemoveAll(m.folder)
	fmt.Printf("%s, %s/%s, %d CPUs, %d rounds\n\n|", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		m.rounds)
	for _, e := range engines {
		fmt.Printf(" | %s", e.name)
	}
	fmt.Printf(" |\n|---%s|\n", strings.Repeat("|---", len(engines)))
	known := map[string]func() error{"build": m.builds, "updates": m.updates, "reads": m.reads, "size": m.sizes,
		"kill": m.killAll}
	for _, part := range parts {
		measure := known[part]
		if measure == nil {
			return errors.New("there is no part " + part)
		}
		if err := measure(); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}

// printRow prints each engine's figures beside each other.
func printRow(what, format string, figures [][]float64) {
	fmt.Printf("| %s |", what)
	for _, those := range figures {
		var texts []string
		for _, f := range those {
			texts = append(texts, fmt.Sprintf(format, f))
		}
		fmt.Printf(" %s |", strings.Join(texts, " / "))
	}
	fmt.Println()
}

// columns are some of the figures of each engine.
func columns(figures [][]float64, from, to int) (some [][]float64) {
	for _, those := range figures {
		some = append(some, those[from:to])
	}
	return some
}

// medians lets each of n have a turn in every round, in random order, and gives the medians of the
// figures that its turns came to.
func (m *measurement) medians(n int, turn func(i int) ([]float64, error)) ([][]float64, error) {
	turns := make([][][]float64, n)
	for range m.rounds {
		for _, i := range rand.Perm(n) {
			figures, err := turn(i)
			if err != nil {
				return nil, err
			}
			turns[i] = append(turns[i], figures)
		}
	}
	out := make([][]float64, n)
	for i := range out {
		for k := range turns[i][0] {
			slices.SortFunc(turns[i], func(a, b []float64) int { return cmp.Compare(a[k], b[k]) })
			out[i] = append(out[i], turns[i][m.rounds/2][k])
		}
	}
	return out, nil
}

// withStore opens a new file in a folder of its own.
func (m *measurement) withStore(i int, f func(path string, s store.Store) error) error {
	folder, err := os.MkdirTemp(m.folder, "store")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "sandbox.db")
	s, err := engines[i].open(path)
	if err != nil {
		return err
	}
	err = f(path, s)
	return errors.Join(err, s.Close(), os.RemoveAll(folder))
}

// builds compiles a small program with each engine and one with none, each time with an empty
// cache.
func (m *measurement) builds() error {
	figures, err := m.medians(1+len(engines), func(i int) ([]float64, error) {
		if i == 0 {
			return m.build("none")
		}
		return m.build(engines[i-1].program)
	})
	if err != nil {
		return err
	}
	none, with := figures[0], figures[1:]
	printRow(fmt.Sprintf("cold build of a small program, CPU seconds (%.1f without an engine)", none[0]), "%.1f",
		columns(with, 0, 1))
	printRow(fmt.Sprintf("… stripped, MB (%.2f without an engine)", none[1]), "%.2f", columns(with, 1, 2))
	return nil
}

func (m *measurement) build(program string) ([]float64, error) {
	cache, err := os.MkdirTemp(m.folder, "cache")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(cache)
	out := filepath.Join(cache, "program")
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, "./program/"+program)
	c.Env = append(os.Environ(), "GOCACHE="+cache, "GOWORK=off", "CGO_ENABLED=0")
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return nil, err
	}
	cpu := c.ProcessState.UserTime() + c.ProcessState.SystemTime() // the compilers' too: go waits for them
	return []float64{cpu.Seconds(), megabytes(out)}, nil
}

func (m *measurement) sizes() error {
	figures, err := m.medians(len(engines), func(i int) (figures []float64, err error) {
		err = m.withStore(i, func(path string, s store.Store) error {
			err := fill(s, 5000)
			open := megabytes(path, path+"-wal", path+"-shm")
			err = errors.Join(err, s.Close())
			figures = []float64{open, megabytes(path, path+"-wal", path+"-shm")}
			return err
		})
		return figures, err
	})
	if err != nil {
		return err
	}
	printRow("MB of 10,000 rows, while open / closed", "%.1f", figures)
	return nil
}

// megabytes is what files have in them; one that is not there has nothing.
func megabytes(files ...string) (mb float64) {
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			mb += float64(info.Size()) / 1e6
		}
	}
	return mb
}
