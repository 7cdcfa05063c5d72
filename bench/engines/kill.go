package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// writeUntilKilled has 8 goroutines write, and prints the number of each update that came back.
func writeUntilKilled(engine int, path string) error {
	s, err := engines[engine].open(path)
	if err != nil {
		return err
	}
	_, err = drive(8, func(int64) bool { return false }, func(int64) error {
		n, err := writeParts(s)
		if err == nil {
			fmt.Println(n)
		}
		return err
	})
	return err
}

// writeParts counts on, and leaves its number in two rows and a log besides.
func writeParts(s store.Store) (n int64, err error) {
	err = s.Update(context.Background(), func(tx store.Tx) error {
		count, err := tx.Get("count", "")
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if n, err = tx.Put("count", store.Row{Rev: count.Rev}); err != nil {
			return err
		}
		id := fmt.Sprint(n)
		_, err1 := tx.Put("a", store.Row{ID: id, Keys: []string{"k"}, Data: data})
		_, err2 := tx.Put("b", store.Row{ID: id, Due: n, Data: data})
		_, err3 := tx.Append("log", []byte(id))
		return errors.Join(err1, err2, err3, tx.Trim("log", 100))
	})
	return n, err
}

// killAll prints how many updates came back to processes that were killed then, how many of those
// are lost, and after how many kills something is there in part.
func (m *measurement) killAll() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	figures := make([][]float64, len(engines))
	for i, e := range engines {
		path := filepath.Join(m.folder, "killed-"+e.program)
		var answered, lost, halves int
		for range m.kills {
			last, n, err := kill(exec.Command(self, "-child", path, "-with", fmt.Sprint(i)))
			if err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			s, err := e.open(path)
			if err != nil {
				return err
			}
			there, whole, err := look(s)
			if err := errors.Join(err, s.Close()); err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			answered += n
			lost += max(0, last-there)
			if !whole {
				halves++
			}
		}
		figures[i] = []float64{float64(answered), float64(lost), float64(halves)}
	}
	printRow(fmt.Sprintf("kill -9, %d times: updates answered / lost / there in part", m.kills), "%.0f", figures)
	return nil
}

// kill runs a writer for a moment, and gives the last update that came back and how many did.
func kill(c *exec.Cmd) (last, n int, err error) {
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := c.Start(); err != nil {
		return 0, 0, err
	}
	for scan := bufio.NewScanner(out); scan.Scan(); n++ {
		if n == 0 {
			time.AfterFunc(time.Duration(20+rand.IntN(200))*time.Millisecond, func() { _ = c.Process.Kill() })
		}
		var number int
		if _, err := fmt.Sscan(scan.Text(), &number); err != nil {
			return 0, 0, err
		}
		last = max(last, number)
	}
	if _ = c.Wait(); n == 0 || c.ProcessState.ExitCode() >= 0 {
		return 0, 0, errors.New("the writer ended before it was killed")
	}
	return last, n, nil
}

// look finds the last update that is there, and whether all that belongs to the updates up to it
// is there and nothing else.
func look(s store.Store) (last int, whole bool, err error) {
	err = s.View(context.Background(), func(tx store.Tx) error {
		count, err1 := tx.Get("count", "")
		a, err2 := tx.Find("a", "k", 0)
		b, err3 := tx.Due("b", "", 1<<40, 0)
		log, err4 := tx.List("log", 0, 0)
		var ids, as, bs, lines []string
		for n := range count.Rev {
			ids = append(ids, fmt.Sprint(n+1))
		}
		for _, r := range a {
			as = append(as, r.ID)
		}
		for _, r := range b {
			bs = append(bs, r.ID)
		}
		for _, e := range log {
			lines = append(lines, string(e.Data))
		}
		last = len(ids)
		whole = slices.Equal(as, ids) && slices.Equal(bs, ids) && slices.Equal(lines, ids[max(0, last-100):])
		return errors.Join(err1, err2, err3, err4)
	})
	return last, whole, err
}
