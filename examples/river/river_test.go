package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// database makes a database of the test's own on the server that script/databases started.
func database(t *testing.T) *sql.DB {
	t.Helper()
	address := os.Getenv("WXPAY_TEST_POSTGRES")
	switch {
	case address == "" && os.Getenv("WXPAY_NO_SKIPS") != "":
		t.Fatal("WXPAY_TEST_POSTGRES is not set, and nothing may be skipped: run script/databases")
	case address == "":
		t.Skip("SKIPPED: WXPAY_TEST_POSTGRES is not set; script/databases starts a server and sets it")
	}
	open := func(address string) *sql.DB {
		db, err := sql.Open("pgx", address)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	name := fmt.Sprintf("river_%d", os.Getpid())
	server := open(address)
	if _, err := server.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	db := open(strings.Replace(address, "dbname=postgres", "dbname="+name, 1))
	t.Cleanup(func() {
		db.Close()
		if _, err := server.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return db
}

// A contract is signed through the sandbox. The job fails once and is done by River; the
// notification, which comes twice, puts one job into the queue; and a contract whose transaction
// was undone has none.
func TestAJobIsCommittedWithTheContract(t *testing.T) {
	t.Parallel()
	db := database(t)
	var mu sync.Mutex
	var welcomed []string
	all := make(chan struct{})
	s, err := newShop(t.Context(), db, func(_ context.Context, w Welcome) error {
		mu.Lock()
		defer mu.Unlock()
		if welcomed = append(welcomed, w.Code); len(welcomed) == 1 {
			return errors.New("the mail server is away")
		}
		close(all)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sb := sandbox.New(t)
	r := notify.New(sb.Keys())
	s.attach(r)
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		t.Fatal(err)
	}
	if err := sb.Inject(fault.Fault{Name: fault.Duplicated}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "ALTER TABLE river_job RENAME TO hidden"); err != nil {
		t.Fatal(err)
	}
	sign(t, sb)
	jobs := func(table string) (n, subscriptions int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), "SELECT (SELECT COUNT(*) FROM "+table+"), (SELECT COUNT(*) FROM "+
			"subscription)").Scan(&n, &subscriptions); err != nil {
			t.Fatal(err)
		}
		return n, subscriptions
	}
	if n, subscriptions := jobs("hidden"); n != 0 || subscriptions != 0 {
		t.Fatalf("the queue is away: %d jobs, %d subscriptions", n, subscriptions)
	}
	if _, err := db.ExecContext(t.Context(), "ALTER TABLE hidden RENAME TO river_job"); err != nil {
		t.Fatal(err)
	}
	if err := sb.Advance(25 * time.Hour); err != nil { // the sandbox sends it again
		t.Fatal(err)
	}
	if n, subscriptions := jobs("river_job"); n != 1 || subscriptions != 1 {
		t.Fatalf("%d jobs, %d subscriptions", n, subscriptions)
	}
	if err := s.queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-all:
	case <-time.After(time.Minute):
		t.Fatal("the job was not done within a minute")
	}
	if err := s.queue.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if !slices.Equal(welcomed, []string{"K1", "K1"}) {
		t.Errorf("welcomed %q", welcomed)
	}
}

func sign(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	res, err := sb.Client().Chain("v3/papay/sign/contracts/pre-entrust-sign").Post(t.Context(), map[string]any{
		"sign_scene": "SIGN_SCENE_APP", "appid": sandbox.DefaultAppID, "plan_id": 12535, "out_contract_code": "K1",
		"contract_display_account": "用户A", "contract_notify_url": "https://yourapp.com/signed",
		"out_user_code": "user-1",
		"device_info": map[string]any{
			"device_type": "DEVICE_TYPE_PHONE", "device_os": "Android 16", "device_id": "device-1",
			"device_ip": "14.23.150.211", "weixin_installed": true, "device_running_as_root": false,
			"weixin_version": "8.0.60", "days_since_first_login": "DAYS_SINCE_FIRST_LOGIN_MORE_THEN_180_DAYS",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	said, err := res.Map()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sb.Payer("oUpF8uMuAJOM2pxb1Q").Agree(said["pre_entrustweb_id"].(string)); err != nil {
		t.Fatal(err)
	}
	if err := sb.Settle(); err != nil {
		t.Fatal(err)
	}
}
