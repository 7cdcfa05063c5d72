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

// Loose is a text that may be written as a number. What is neither leaves it empty.
type Loose string

// UnmarshalJSON reads it, whatever it is.
func (l *Loose) UnmarshalJSON(data []byte) error {
	*l = ""
	switch {
	case data[0] == '"':
		return json.Unmarshal(data, (*string)(l))
	case data[0] == '-' || '0' <= data[0] && data[0] <= '9':
		*l = Loose(data)
	}
	return nil
}

// ErrEnvelope is wrapped by every error of ParseEnvelope.
var ErrEnvelope = errors.New("not a WeChat Pay notification")

// ParseEnvelope reads a notification's body. Keys it does not know are left
// alone, for WeChat Pay may add some any day; keys it needs must be there.
func ParseEnvelope(body []byte) (*Envelope, error) {
	e := &Envelope{}
	if json.Unmarshal(body, e) != nil {
		var err error
		if e, err = looseEnvelope(body); err != nil {
			return nil, err
		}
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
	return e, nil
}

// looseEnvelope reads an envelope whose members are not all of the types they should be.
func looseEnvelope(body []byte) (*Envelope, error) {
	var in struct {
		ID           Loose `json:"id"`
		CreateTime   Loose `json:"create_time"`
		ResourceType Loose `json:"resource_type"`
		EventType    Loose `json:"event_type"`
		Summary      Loose `json:"summary"`
		Resource     struct {
			OriginalType   Loose `json:"original_type"`
			Algorithm      Loose `json:"algorithm"`
			Ciphertext     Loose `json:"ciphertext"`
			AssociatedData Loose `json:"associated_data"`
			Nonce          Loose `json:"nonce"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: the body is not the JSON of an envelope", ErrEnvelope)
	}
	return &Envelope{string(in.ID), string(in.CreateTime), string(in.ResourceType), string(in.EventType),
		string(in.Summary), Resource{string(in.Resource.OriginalType), string(in.Resource.Algorithm),
			string(in.Resource.Ciphertext), string(in.Resource.AssociatedData), string(in.Resource.Nonce)}}, nil
}

// ErrorBody is the body of every answer that is not a success.
type ErrorBody struct {
	Code    string          `json:"code"`
	Detail  json.RawMessage `json:"detail,omitempty"`
	Message string          `json:"message"`
}
