package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/catalogue"
)

// width is how far a comment goes that stands a tab deep, so that it ends at column 100.
const width = 94

// comment wraps text into // lines. Each line of the text is a paragraph of its own; empty ones are
// left out.
func comment(lines ...string) string {
	var b strings.Builder
	for _, text := range lines {
		column := 0
		for word := range strings.FieldsSeq(text) {
			n := utf8.RuneCountInString(word)
			switch {
			case column == 0:
				b.WriteString("//")
			case column+1+n > width:
				b.WriteString("\n//")
				column = 0
			}
			b.WriteString(" " + word)
			column += 1 + n
		}
		if column > 0 {
			b.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// fieldComment says what a caller needs to fill or read a field: meaning, official name, limits.
func fieldComment(f *catalogue.Field, as use) string {
	rules := receivedText(f, as)
	if as == sent {
		rules = limits(f)
	}
	if f.Description == "" {
		return comment(f.Label+".", rules)
	}
	if f.Label != "" {
		rules = strings.TrimSpace(f.Label + ". " + rules)
	}
	return comment(f.Description, rules)
}

// receivedText promises little: what a reply declares of its lengths, WeChat Pay does not keep.
func receivedText(f *catalogue.Field, as use) string {
	var parts []string
	if as == reply && !f.Required {
		parts = append(parts, "may be absent")
	}
	if f.Encrypted {
		parts = append(parts, "encrypted on the wire; the SDK decrypts it")
	}
	switch f.Format {
	case catalogue.FormatDate:
		parts = append(parts, "yyyy-MM-dd")
	case catalogue.FormatDateTime:
		parts = append(parts, "RFC 3339 with +08:00")
	}
	return sentence(append(parts, choices(f)...))
}

// limits says what a request is held to.
func limits(f *catalogue.Field) string {
	parts := []string{"optional"}
	switch {
	case f.Filled:
		parts[0] = "filled in when empty"
	case f.Required:
		parts[0] = "required"
	}
	switch {
	case f.Encrypted:
		parts = append(parts, "encrypted by the SDK; give it in clear")
	case f.Format == catalogue.FormatDate:
		parts = append(parts, "yyyy-MM-dd")
	case f.Format == catalogue.FormatDateTime:
		parts = append(parts, "RFC 3339 with +08:00")
	case f.Format == catalogue.FormatInteger:
		parts = append(parts, "a whole number in decimal digits")
	case f.Enum != nil:
	case f.MaxLength > 0 && f.MinLength > 0:
		parts = append(parts, fmt.Sprintf("%d–%d bytes", f.MinLength, f.MaxLength))
	case f.MaxLength > 0:
		parts = append(parts, fmt.Sprintf("at most %d bytes", f.MaxLength))
	}
	if f.Pattern != "" {
		parts = append(parts, "matching "+f.Pattern)
	}
	parts = append(parts, choices(f)...)
	if f.Minimum != nil {
		parts = append(parts, fmt.Sprintf("at least %d", *f.Minimum))
	}
	if f.Maximum != nil {
		parts = append(parts, fmt.Sprintf("at most %d", *f.Maximum))
	}
	if f.MaxItems > 0 {
		parts = append(parts, fmt.Sprintf("at most %d items", f.MaxItems))
	}
	return sentence(parts)
}

// oneOfText says which members of an object stand in for each other.
func oneOfText(object *catalogue.Field) string {
	if object == nil {
		return ""
	}
	var all []string
	for _, group := range object.OneOf {
		all = append(all, "One of "+strings.Join(group, " and ")+" is required.")
	}
	return strings.Join(all, " ")
}

func choices(f *catalogue.Field) []string {
	switch len(f.Enum) {
	case 0:
		return nil
	case 1:
		return []string{"always " + f.Enum[0]}
	}
	return []string{"one of " + strings.Join(f.Enum, ", ")}
}

func sentence(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	text := strings.Join(parts, ", ")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// operationComment is what the completion of an editor shows for an endpoint.
func operationComment(o *catalogue.Operation) string {
	return comment(operationText(o)...)
}

func operationText(o *catalogue.Operation) []string {
	return []string{o.Description, o.Title + ": " + o.ID() + ".", o.Doc}
}

// familyComment is what it shows for a product: of its pages, the first.
func familyComment(f *catalogue.Family) string {
	page := ""
	for _, o := range slices.Backward(f.Operations) {
		if o.Doc != "" {
			page = o.Doc
		}
	}
	return comment(f.Title+", package "+f.Package+". "+f.Description, page)
}

// notifications lists what a product sends, for its package doc.
func notifications(f *catalogue.Family) string {
	if len(f.Events) == 0 {
		return ""
	}
	text := "\n//\n// Its notifications, which package notify receives as structs of package event:\n//"
	for _, e := range f.Events {
		text += "\n//   - " + e.Type + " (event." + catalogue.GoName(e.Type) + "): " + e.Title
	}
	return text
}
