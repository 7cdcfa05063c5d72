// The path lets it import the binary's internal packages.
module github.com/wxpay-go/wxpay/cmd/wxpay/engines

go 1.26.0

require (
	github.com/ncruces/go-sqlite3 v0.37.0
	github.com/wxpay-go/wxpay v0.0.0
	github.com/wxpay-go/wxpay/cmd/wxpay v0.0.0
	go.etcd.io/bbolt v1.5.0
	modernc.org/sqlite v1.59.0
)

require (
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/ncruces/go-sqlite3-wasm/v6 v6.5.35401 // indirect
	github.com/ncruces/go-strftime v1.0.0 // indirect
	github.com/ncruces/julianday v1.0.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/sys v0.49.0 // indirect
	modernc.org/libc v1.75.7 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)

replace (
	github.com/wxpay-go/wxpay => ../..
	github.com/wxpay-go/wxpay/cmd/wxpay => ../../cmd/wxpay
)
