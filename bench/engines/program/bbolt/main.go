// Program bbolt is a small one with bbolt. Start reading at main.
package main

import (
	"log"
	"os"

	"go.etcd.io/bbolt"
)

func main() {
	db, err := bbolt.Open(os.Args[1], 0o600, nil)
	if err == nil {
		err = db.Update(func(t *bbolt.Tx) error {
			_, err := t.CreateBucket([]byte(os.Args[2]))
			return err
		})
	}
	if err != nil {
		log.Fatal(err)
	}
}
