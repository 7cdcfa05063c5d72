// Program none writes with what Go brings, to weigh the others beside it. Start reading at main.
package main

import (
	"log"
	"os"
)

func main() {
	if err := os.WriteFile(os.Args[1], []byte(os.Args[2]), 0o600); err != nil {
		log.Fatal(err)
	}
}
