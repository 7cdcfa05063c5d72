// Package notify receives WeChat Pay's notifications so that none is forged,
// lost, or handled twice.
//
//	r := notify.New(client.Keys())
//	notify.On(r, func(ctx context.Context, n *notify.Notification, e *event.EcommerceEntrustSign) error {
//		return contracts.Signed(ctx, n.ID, e.OutContractCode, e.OpenID)
//	})
//	r.Otherwise(func(ctx context.Context, n *notify.Notification) error {
//		return archive(ctx, n.ID, n.EventType, n.Plaintext)
//	})
//	http.Handle("/wechat/notify", r)
//
// # What happens to a message
//
// The body is read whole, at most [MaxBody] bytes, before anything looks into
// it. The Wechatpay-* headers must be there, the timestamp within five
// minutes of the clock, the key they name known, and the signature of these
// very bytes; then the envelope is read, its resource opened with the APIv3
// key and decoded, and your function runs. [Error] tells which check failed.
//
// WECHATPAY/SIGNTEST/ probes, by which WeChat Pay learns whether a receiver
// verifies, fail the signature check like any forgery. That is the right
// answer to them, and there is nothing to configure.
//
// APIv2's notifications, XML under the APIv2 key, arrive at the same receiver
// when it has [APIv2Key]; it tells the two apart by itself.
//
// # What is answered
//
// APIv2 is answered in its own XML, 200 and return_code SUCCESS, or FAIL. What
// follows is about APIv3. 204 and no body once your function has returned nil. Otherwise a status that
// is not 2xx, so that WeChat Pay sends the message again on its schedule, and
// {"code":"FAIL","message":"…"}: 4xx where the message is at fault, 5xx where
// this side is, as with an error or a panic of your function, a wrong APIv3
// key, or an event that no function takes. The answer never carries your
// error's text; the function given to [OnError] gets it, or else the log.
//
// # Once, and in doubt again
//
// WeChat Pay repeats a notification until it likes the answer, and its id
// stays the same while every attempt is signed afresh. A [Receiver] remembers
// what it handled for 25 hours, an hour more than the longest schedule:
//
//   - a new attempt of a handled notification is answered 204 without running
//     your function;
//   - the same bytes again, which only a third party would send, are refused
//     ([CheckReplay]); APIv2 sends them itself, and they are answered as handled;
//   - attempts that overlap, as when your function takes longer than the 5
//     seconds WeChat Pay waits, share one run and its outcome;
//   - what failed is forgotten: the next attempt runs your function again.
//
// The memory is that of one process and ends with it. Several processes behind
// one address do not know of each other, nor does one know what was handled
// before it started, or what [Remember] had no room for. So let your function
// be repeatable: book under a unique key, Notification.ID or the contract code,
// and treat "already there" as done. Order is not guaranteed either: a
// contract's end may arrive before its beginning. Query what you doubt; the
// query is always right.
//
// # Your function's context
//
// It has the values of the request's context, but does not end when WeChat Pay
// hangs up or the server shuts down: that would cut off a booking halfway for
// no gain. It ends after [Deadline], 30 seconds unless set. Let
// [net/http.Server.Shutdown] wait for what is running. Work that takes longer
// than a few seconds is better stored first and done afterwards.
//
// # Frameworks
//
// The receiver must see the body as it came: mount it before anything that
// reads, decompresses or re-encodes it, and let the proxy pass Wechatpay-*
// headers on.
//
//	gin      router.POST("/wechat/notify", gin.WrapH(r))
//	echo     e.POST("/wechat/notify", echo.WrapHandler(r))
//	chi      mux.Method(http.MethodPost, "/wechat/notify", r)
//	go-zero  rest.Route{Method: http.MethodPost, Path: "/wechat/notify", Handler: r.ServeHTTP}
//	fiber    app.Post("/wechat/notify", adaptor.HTTPHandler(r))
//
// Where there is no http.Request, as behind a gateway that passes headers and
// bytes on, [Receiver.Receive] does the same and returns the answer to give.
// [Receiver.Parse] only verifies, opens and reads: it runs nothing and
// remembers nothing.
//
// # Testing
//
// A sandbox (package sandbox) sends genuine notifications, probes, repeats and
// retries to any address, this receiver's included.
package notify
