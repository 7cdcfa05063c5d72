package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/stored"
	"github.com/wxpay-go/wxpay/internal/keyfile"
)

// storedMessage is where a notification or a reply lies that was kept: in one file with its
// headers, or in two.
type storedMessage struct{ headers, body string }

func (s *storedMessage) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.headers, "headers", "", "file with the headers, where they are not in FILE")
	cmd.Flags().StringVar(&s.body, "body", "", "file with the body alone, byte for byte; stands for FILE")
}

var aMessage = size{16 << 20, text("give one message: WeChat Pay sends none that is nearly as large")}

// args takes one file, or none where --body names one.
func (s *storedMessage) args(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return usage("%s takes one file, and got %d", cmd.CommandPath(), len(args))
	case len(args) == 1 && s.body != "":
		return usage("give FILE or --body, not both")
	case len(args) == 0 && s.body == "":
		return usage("give the file of a message, or - for standard input; %s --help lists the forms that are read",
			cmd.CommandPath())
	}
	return nil
}

// data reads a file, or standard input.
func (s *storedMessage) data(ctx context.Context, sys System, name string) ([]byte, error) {
	if name == "-" {
		return readInput(ctx, text("standard input"), aMessage, func(limit int64) ([]byte, error) {
			return keyfile.Bounded(sys.In, limit)
		})
	}
	return readFile(ctx, text("the message"), name, aMessage)
}

// read reads the message, and notes what was done to get at its bytes.
func (s *storedMessage) read(ctx context.Context, sys System, args []string) (*stored.Message, error) {
	name := s.body
	if len(args) > 0 {
		name = args[0]
	}
	data, err := s.data(ctx, sys, name)
	if err != nil {
		return nil, err
	}
	var m *stored.Message
	if s.headers == "" && s.body == "" {
		if m, err = stored.Read(data); err != nil {
			return nil, unreadable(name, err)
		}
	} else {
		m = &stored.Message{Body: data}
	}
	if s.headers != "" {
		lines, err := s.data(ctx, sys, s.headers)
		if err != nil {
			return nil, err
		}
		if m.Header, err = stored.ReadHeaders(lines); err != nil {
			return nil, unreadable(s.headers, err)
		}
	}
	for _, note := range m.Notes {
		sys.note("%v", note)
	}
	return m, nil
}

func unreadable(name string, err error) error {
	if name == "-" {
		err = errorf("standard input: %w", err)
	} else {
		err = errorf("%s: %w", printable(name), err)
	}
	return &failure{code: exitUsage, err: err, hint: text("keep a message as it came: headers, an empty line, and " +
		"the body byte for byte; wxpay verify --help lists the forms that are read")}
}
