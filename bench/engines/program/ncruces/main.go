// Program ncruces is a small one with the SQLite of ncruces. Start reading at main.
package main

import (
	"log"
	"os"

	"github.com/ncruces/go-sqlite3"
)

func main() {
	db, err := sqlite3.Open(os.Args[1])
	if err == nil {
		err = db.Exec(os.Args[2])
	}
	if err != nil {
		log.Fatal(err)
	}
}
