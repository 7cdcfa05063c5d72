module github.com/wxpay-go/wxpay/bench/openssl

go 1.25.0

require github.com/wxpay-go/wxpay v0.0.0

replace github.com/wxpay-go/wxpay => ../..
