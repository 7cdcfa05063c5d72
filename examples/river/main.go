package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
)

// main serves the shop on :8080, with the database in DATABASE_URL and WeChat Pay's keys in the
// variables of wxpay.ConfigFromEnv.
func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg, err := wxpay.ConfigFromEnv(os.LookupEnv)
	if err != nil {
		return err
	}
	client, err := wxpay.New(cfg)
	if err != nil {
		return err
	}
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := newShop(ctx, db, func(_ context.Context, w Welcome) error {
		log.Println("welcome,", w.Code) // a mail, a call to another service
		return nil
	})
	if err != nil {
		return err
	}
	r := notify.New(client.Keys())
	s.attach(r)
	if err := s.queue.Start(ctx); err != nil {
		return err
	}
	http.Handle("/notify", r)
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background()) // what is being handled is handled
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return s.queue.Stop(context.Background())
}
