package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/catalogue"
)

const width = 110

// comment wraps text into // lines. Each line of the text is a paragraph of its own; empty ones are left out.
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
func fieldComment(f *catalogue.Field) string {
	about := f.Description
	if about == "" {
		about = f.Label + "."
	}
	limits := limits(f)
	if f.Label != "" && f.Description != "" {
		limits = f.Label + ". " + limits
	}
	return comment(about, limits)
}

func limits(f *catalogue.Field) string {
	var parts []string
	if f.Required {
		parts = append(parts, "Required")
	} else {
		parts = append(parts, "Optional")
	}
	switch {
	case f.Encrypted:
		parts = append(parts, "encrypted under the key named by Wechatpay-Serial")
	case f.Format == catalogue.FormatDate:
		parts = append(parts, "yyyy-MM-dd")
	case f.Format == catalogue.FormatDateTime:
		parts = append(parts, "RFC 3339 with +08:00")
	case f.Enum != nil:
	case f.MaxLength > 0 && f.MinLength > 0:
		parts = append(parts, fmt.Sprintf("%d–%d characters", f.MinLength, f.MaxLength))
	case f.MaxLength > 0:
		parts = append(parts, fmt.Sprintf("at most %d characters", f.MaxLength))
	}
	if f.Pattern != "" {
		parts = append(parts, "matching "+f.Pattern)
	}
	switch {
	case len(f.Enum) == 1:
		parts = append(parts, "always "+f.Enum[0])
	case f.Enum != nil:
		parts = append(parts, "one of "+strings.Join(f.Enum, ", "))
	}
	if f.Minimum != nil {
		parts = append(parts, fmt.Sprintf("at least %d", *f.Minimum))
	}
	if f.Maximum != nil {
		parts = append(parts, fmt.Sprintf("at most %d", *f.Maximum))
	}
	if f.MaxItems > 0 {
		parts = append(parts, fmt.Sprintf("at most %d items", f.MaxItems))
	}
	return strings.Join(parts, ", ") + "."
}

// operationComment is what the completion of an editor shows for an endpoint.
func operationComment(o *catalogue.Operation) string {
	return comment(o.Description, o.Title+": "+o.ID()+".", o.Doc)
}
