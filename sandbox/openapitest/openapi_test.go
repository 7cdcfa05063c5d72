// Package openapitest holds the guide to a sandbox's admin to the truth of others: a validator of
// OpenAPI, and a browser. It is a module of its own, for what it requires is no business of those
// who use the sandbox.
package openapitest

import (
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/wxpay-go/wxpay/sandbox"
)

// The document is OpenAPI 3.0 in both languages, and its examples fit its schemas.
func TestTheDocumentIsValid(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	for _, lang := range []string{"en", "zh"} {
		document := load(t, sb, lang)
		err := document.Validate(t.Context(), openapi3.EnableExamplesValidation(),
			openapi3.EnableSchemaFormatValidation(), openapi3.EnableSchemaPatternValidation())
		if err != nil {
			t.Errorf("%s: %v", lang, err)
		}
		if document.OpenAPI != "3.0.3" || document.Paths.Len() < 50 {
			t.Errorf("%s: version %q with %d paths", lang, document.OpenAPI, document.Paths.Len())
		}
		for path, item := range document.Paths.Map() {
			for method, operation := range item.Operations() {
				if operation.Summary == "" || operation.Extensions["x-summary-zh"] == "" {
					t.Errorf("%s: %s %s has no summary", lang, method, path)
				}
			}
		}
	}
}

// A validator that took whatever it is given would say nothing about the document.
func TestTheValidatorFindsMistakes(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	document := load(t, sb, "en")
	body := document.Paths.Value("/sandbox/clock/advance").Post.RequestBody.Value.Content["application/json"]
	body.Example = map[string]any{"duration": 2}
	if err := document.Validate(t.Context(), openapi3.EnableExamplesValidation()); err == nil {
		t.Error("an example that does not fit its schema is taken")
	}
}

func load(t *testing.T, sb *sandbox.Sandbox, lang string) *openapi3.T {
	t.Helper()
	answer, err := http.Get(sb.AdminURL() + "/sandbox/?lang=" + lang)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	return document
}
