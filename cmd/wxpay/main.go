// Command wxpay shows, runs and calls WeChat Pay contracts: a demonstration, a
// local WeChat Pay to test against, and a signed call from the command line.
package main

import (
	"os"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], cli.OS())) }
