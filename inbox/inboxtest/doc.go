// Package inboxtest runs package inbox on PostgreSQL, MariaDB and SQLite: one suite for all three.
// It is a module of its own, for it needs their drivers.
//
// The servers are started by script/databases, which gives their addresses in
// WXPAY_TEST_POSTGRES and WXPAY_TEST_MARIADB. Without them the tests run on SQLite and say what
// they left out; with WXPAY_NO_SKIPS=1 that is a failure. Start reading at world_test.go.
package inboxtest
