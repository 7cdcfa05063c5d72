package main

import (
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

// What a user writes to test their own code: a WeChat Pay that lives as long as
// the test.
func TestPresign(t *testing.T) {
	s := sandbox.New(t)
	token, err := presign(t.Context(), s.Client(), "oUpF8uMuAJOM2pxb1Q")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Payer("oUpF8uMuAJOM2pxb1Q").Agree(token); err != nil {
		t.Fatal(err)
	}
	// One effective contract for each user and plan.
	if _, err := presign(t.Context(), s.Client(), "oUpF8uMuAJOM2pxb1Q"); err == nil || !strings.Contains(err.Error(),
		"ALREADY_EXISTS") {
		t.Fatalf("presigned twice: %v", err)
	}
}
