// Program modernc is a small one with modernc.org/sqlite. Start reading at main.
package main

import (
	"database/sql"
	"log"
	"os"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

func main() {
	db, err := sql.Open("sqlite", os.Args[1])
	if err == nil {
		_, err = db.Exec(os.Args[2])
	}
	if err != nil {
		log.Fatal(err)
	}
}
