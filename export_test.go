package wxpay

// Authorize lets a benchmark sign without sending.
func Authorize(c *Client, method, uri string, body []byte) (string, error) {
	return c.authorize(method, uri, body)
}

// SharedTransport is what a client without a transport uses.
var SharedTransport = sharedTransport
