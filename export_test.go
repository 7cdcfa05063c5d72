package wxpay

// Authorize lets a benchmark sign without sending.
func Authorize(c *Client, method, uri string, body []byte) (string, error) {
	return c.authorize(c.own.Load(), method, uri, body)
}

// SharedTransport is what a client without a transport uses.
var SharedTransport = sharedTransport

// IsPlainPath and ExpandPath are how a path becomes what is sent.
func IsPlainPath(path string) bool { return isPlainPath(path) }

func ExpandPath(path string) (escaped, query, problem string) { return expandPath(path, nil) }

// WordsAt is what Resolve reads of an answer and of a call's body.
func WordsAt(raw []byte, place string) []string { return wordsAt(raw, place) }
