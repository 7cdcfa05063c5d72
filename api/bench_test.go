package api_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/api"
)

func BenchmarkV3(b *testing.B) {
	c, _ := recording(b)
	b.ReportAllocs()
	for b.Loop() {
		if api.V3(c).EduPapay.Contracts.Presign.Path() == "" {
			b.Fatal("no path")
		}
	}
}

func BenchmarkV2(b *testing.B) {
	c, _ := recording(b)
	b.ReportAllocs()
	for b.Loop() {
		if api.V2(c).Papay.QueryContract.Path() == "" {
			b.Fatal("no path")
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	c, _ := recording(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(api.Index(c)) == 0 {
			b.Fatal("no paths")
		}
	}
}
