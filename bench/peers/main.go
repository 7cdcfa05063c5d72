package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
)

func main() {
	rounds := flag.Int("rounds", 2000, "how often each does one operation")
	bare := flag.Bool("bare", false, "crypto/rsa's signing and verifying were taken out of this binary")
	flag.Parse()
	if flag.NArg() > 0 || *rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	w := newWorld()
	s := listen(w)
	renew := func() { w.sign(); s.prepare(w) }
	fmt.Printf("%s, %s/%s, %d CPUs, %d rounds", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		*rounds)
	if *bare {
		fmt.Print(", RSA taken out: an operation of it takes no time")
	}
	fmt.Println()

	offline := contestants(w, s.url(), canned{w})
	sum := sha256.Sum256([]byte("message"))
	signature, err := rsa.SignPKCS1v15(nil, w.platform, crypto.SHA256, sum[:])
	must(err)
	bareSign := &run{name: "crypto/rsa alone", work: func() error {
		_, err := rsa.SignPKCS1v15(nil, w.merchant, crypto.SHA256, sum[:])
		return err
	}}
	bareVerify := &run{name: "crypto/rsa alone", work: func() error {
		return rsa.VerifyPKCS1v15(&w.platform.PublicKey, crypto.SHA256, sum[:], signature)
	}}
	compare := func(title, floor string, first *run, of func(contestant) func() error, among []contestant) {
		var runs []*run
		if first != nil {
			runs = append(runs, first)
		}
		for _, c := range among {
			if work := of(c); work != nil {
				runs = append(runs, &run{name: c.name, work: work})
			}
		}
		measured(w, *rounds, renew, runs)
		table(title, floor, runs)
	}
	signs := func(c contestant) func() error { return c.sign }
	verifies := func(c contestant) func() error { return c.verify }
	notified := func(c contestant) func() error { return c.notified }
	calls := func(c contestant) func() error { return c.call }

	compare("Marshal a body, build and sign its Authorization", "RSA", bareSign, signs, offline)
	compare("Verify a reply", "RSA", bareVerify, verifies, offline)
	compare("Notification: verify, open, decode", "floor", nil, notified, offline)
	compare("A call, without a network", "floor", nil, calls, offline)
	own, shared := contestants(w, s.url(), nil), tuned()
	kept := contestants(w, s.url(), shared)
	compare("A call over loopback, the same tuned transport for all", "floor", nil, calls, kept)
	compare("A call over loopback, each one's default transport", "floor", nil, calls, own)

	ways := []*run{
		{name: "floor", work: kept[0].call},
		{name: "floor, in a goroutine of its own", work: kept[0].promised},
		{name: "wxpay, Post of a chain kept in a variable", work: kept[1].call},
		{name: "wxpay, Post from api.V3(c) each time", work: kept[1].inline},
		{name: "wxpay, PostAsync and Wait", work: kept[1].promised},
	}
	measured(w, *rounds, renew, ways)
	table("Ways of writing a call, tuned transport", "floor", ways)

	made := []*run{
		{name: "api.V3(c)", work: func() error { sink = api.V3(client(w)); return nil }},
		{name: "api.Index(c)", work: func() error { sink = api.Index(client(w)); return nil }},
	}
	measured(w, *rounds/4+1, renew, made)
	table("Chains of wxpay made", "api.V3(c)", made)

	concurrent(w, *rounds/50+1, renew, own)
	clients(offline)
}

var (
	sink  any
	first *wxpay.Client
)

// client is one client, for what is made of it.
func client(w *world) *wxpay.Client {
	if first == nil {
		first = ours(w, "http://127.0.0.1:1", nil).another().(*wxpay.Client)
	}
	return first
}

func concurrent(w *world, slices int, renew func(), among []contestant) {
	var runs []*run
	for _, c := range among {
		runs = append(runs, &run{name: c.name, work: c.call})
	}
	rates := crowd(w, 64, slices, renew, runs)
	fmt.Printf("\n64 goroutines calling at once, default settings\n\n| | calls/s | / floor |\n|---|---|---|\n")
	for i, r := range runs {
		fmt.Printf("| %s | %.0f | %.2f |\n", r.name, rates[i], rates[i]/rates[0])
	}
}

// clients is what a thousand more of each keep, beside the key that all of them share: gopay
// parses one of its own.
func clients(among []contestant) {
	const many = 1000
	fmt.Printf("\n1,000 clients of one key\n\n| | goroutines | heap each |\n|---|---|---|\n")
	for _, c := range among {
		kept := make([]any, many)
		heap := func() int64 {
			var m runtime.MemStats
			debug.FreeOSMemory()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		before, running := heap(), runtime.NumGoroutine()
		for i := range kept {
			kept[i] = c.another()
		}
		fmt.Printf("| %s | %d | %.1f KiB |\n", c.name, runtime.NumGoroutine()-running,
			float64(heap()-before)/many/1024)
		runtime.KeepAlive(kept)
	}
}
