// Command wxpay shows, runs and calls WeChat Pay contracts: a demonstration, a
// local WeChat Pay to test against, and a signed call from the command line.
package main

import (
	"io"
	"log"
	"os"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/cli"
)

func main() {
	// Nothing of ours logs here. net/http does, and its words quote what a server sent beyond its
	// answer: a body, with whatever is in it.
	log.SetOutput(io.Discard)
	os.Exit(cli.Main(os.Args[1:], cli.OS()))
}
