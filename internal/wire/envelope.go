package wire

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Envelope is the body of a notification: a few words in clear and a sealed
// resource.
type Envelope struct {
	ID           string   `json:"id"`
	CreateTime   string   `json:"create_time"`
	ResourceType string   `json:"resource_type"`
	EventType    string   `json:"event_type"`
	Summary      string   `json:"summary"`
	Resource     Resource `json:"resource"`
}

// Resource is what an envelope carries, sealed with the APIv3 key.
type Resource struct {
	OriginalType   string `json:"original_type"`
	Algorithm      string `json:"algorithm"`
	Ciphertext     string `json:"ciphertext"`
	AssociatedData string `json:"associated_data"`
	Nonce          string `json:"nonce"`
}

// ErrEnvelope is wrapped by every error of ParseEnvelope.
var ErrEnvelope = errors.New("not a WeChat Pay notification")

// ParseEnvelope reads a notification's body. Keys it does not know are left
// alone, for WeChat Pay may add some any day; keys it needs must be there.
func ParseEnvelope(body []byte) (*Envelope, error) {
	var e Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("%w: the body is not the JSON of an envelope", ErrEnvelope)
	}
	for _, f := range [...]struct{ name, value string }{
		{"id", e.ID}, {"event_type", e.EventType},
		{"resource.algorithm", e.Resource.Algorithm},
		{"resource.ciphertext", e.Resource.Ciphertext}, {"resource.nonce", e.Resource.Nonce},
	} {
		if f.value == "" {
			return nil, fmt.Errorf("%w: %s is missing or empty", ErrEnvelope, f.name)
		}
	}
	if e.Resource.Algorithm != Algorithm {
		return nil, fmt.Errorf("%w: resource.algorithm is not %s", ErrEnvelope, Algorithm)
	}
	return &e, nil
}

// ErrorBody is the body of every answer that is not a success.
type ErrorBody struct {
	Code    string          `json:"code"`
	Detail  json.RawMessage `json:"detail,omitempty"`
	Message string          `json:"message"`
}
