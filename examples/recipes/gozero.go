package recipes

import (
	"net/http"
	"time"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/rest"

	"github.com/wxpay-go/wxpay/notify"
)

// GoZero is a server of go-zero with the receiver on one of its routes. Start it with Start.
//
// Some of its defaults are not for what the internet can reach. Its log writes out the request
// behind an answer of 500 and above, headers and the beginning of the body included, which is what
// a forger would like to have: so the log is off here, and the receiver reports what it refuses
// ([notify.OnError]). Verbose would write out every request. And it answers 503 after 3 seconds,
// while the receiver works on: WeChat Pay waits for 5. Its DevServer listens on port 6060 of every
// address. Its limit of a body, 1 MiB, is the receiver's own.
func GoZero(host string, port int, r *notify.Receiver) (*rest.Server, error) {
	var c rest.RestConf
	if err := conf.FillDefault(&c); err != nil { // what a file of yours leaves out
		return nil, err
	}
	c.Name, c.Host, c.Port = "notifications", host, port
	c.Middlewares.Log, c.DevServer.Enabled = false, false
	server, err := rest.NewServer(c)
	if err != nil {
		return nil, err
	}
	server.AddRoute(rest.Route{Method: http.MethodPost, Path: "/notify", Handler: r.ServeHTTP},
		rest.WithTimeout(30*time.Second))
	return server, nil
}
