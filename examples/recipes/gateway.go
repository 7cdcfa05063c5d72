package recipes

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/wxpay-go/wxpay/notify"
)

// Event is a request as gateways hand it to a function: the headers in whatever case they like, the
// body as a string, in Base64 where they do not take it for text.
type Event struct {
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// Reply is what the gateway answers for the function.
type Reply struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body,omitempty"`
}

// Function is the receiver behind a gateway. The gateway has to pass the Wechatpay-* headers and
// the body as it came, and the reply's status back: a gateway that answers 200 before the function
// has run loses what fails. It may be tried twice, and no two tries need be in one process, so use
// it with package inbox where what is booked must be booked once.
func Function(r *notify.Receiver) func(ctx context.Context, e Event) (Reply, error) {
	return func(ctx context.Context, e Event) (Reply, error) {
		body := []byte(e.Body)
		if e.IsBase64Encoded {
			var err error
			if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
				return Reply{StatusCode: http.StatusBadRequest}, nil
			}
		}
		header := make(http.Header, len(e.Headers))
		for name, value := range e.Headers {
			header.Set(name, value)
		}
		answer := r.Receive(ctx, header, body)
		reply := Reply{StatusCode: answer.Status, Body: string(answer.Body)}
		if answer.ContentType != "" {
			reply.Headers = map[string]string{"Content-Type": answer.ContentType}
		}
		return reply, nil
	}
}
