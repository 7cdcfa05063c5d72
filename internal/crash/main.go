package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 200, "how often the sandbox is killed")
	callers := flag.Int("callers", 8, "how many work at once")
	longest := flag.Duration("longest", 300*time.Millisecond, "how long a round may take at most, from the first call")
	binary := flag.String("wxpay", "", "the binary to be killed")
	folder := flag.String("data", "", "an empty folder for the database")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments at which it is killed")
	flag.Parse()
	if *binary == "" || *folder == "" || flag.NArg() > 0 || *rounds < 1 || *callers < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*binary, *folder, *rounds, *callers, *longest, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

func run(binary, folder string, rounds, callers int, longest time.Duration, seed uint64) error {
	began := time.Now()
	s := &sandbox{binary: binary, folder: folder}
	if err := s.start(); err != nil {
		return err
	}
	defer s.kill()
	cfg, err := s.config()
	if err != nil {
		return err
	}
	shop, err := newShop(s, cfg)
	if err != nil {
		return err
	}
	defer shop.close()
	s.forward = shop.url()
	s.kill() // it takes forwards when it starts
	if err := s.start(); err != nil {
		return err
	}
	moments := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		ctx, cancel := context.WithCancel(context.Background())
		done := shop.work(ctx, callers)
		time.Sleep(time.Duration(moments.Int64N(int64(longest))))
		s.kill()
		cancel()
		<-done
		if err := shop.broken(); err != nil {
			return fmt.Errorf("round %d of seed %d: %w", round+1, seed, err)
		}
		if err := s.start(); err != nil {
			return fmt.Errorf("round %d of seed %d: %w", round+1, seed, err)
		}
	}
	if err := s.finish(); err != nil {
		return err
	}
	found, err := shop.judge()
	fmt.Printf("%d kills (SIGKILL) in %s, %d callers, seed %d: %s\n", rounds, time.Since(began).Round(time.Second),
		callers, seed, found)
	return err
}
