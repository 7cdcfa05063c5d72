// Command wxpay-interop runs Go SDKs that others wrote, unmodified, against the wxpay sandbox:
//
//	wxpay-interop WXPAY_BINARY DATA_FOLDER KEY_MODE
//
// It starts the sandbox, takes from `wxpay env --for go` what a shell would, and has each SDK tell
// its story. What fails is named by the SDK and the step. The SDKs call
// https://api.mch.weixin.qq.com, which they find by HTTPS_PROXY.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"
)

// sdk is one of those that are tried.
type sdk struct {
	name string
	// connect makes the SDK's client by the user's environment alone.
	connect func(m *merchant) (client, error)
}

// client is what an SDK can do, in the order it is tried.
type client interface {
	// steps are what the SDK does; no names the orders, so that the steps can be taken again.
	steps(no string) []step
	// mistakes are calls that must be refused.
	mistakes() []mistake
}

// mistake is a call with something wrong in it. run is an error where the SDK does not say that it
// was refused; word is the sandbox's for what is wrong.
type mistake struct {
	name, word string
	run        func(ctx context.Context) error
}

type step struct {
	name string
	run  func(ctx context.Context) error
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("interop: ")
	if len(os.Args) != 4 {
		log.Fatal("usage: wxpay-interop WXPAY_BINARY DATA_FOLDER KEY_MODE")
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(binary, data, mode string) error {
	m, err := start(binary, data, mode)
	if err != nil {
		return err
	}
	defer m.end()
	sdks := []sdk{{"wechatpay-go", connectOfficial}, {"gopay, APIv3", connectGopayV3}}
	if mode == "certificate" { // APIv2 has no keys of WeChat Pay, and is the same in either mode
		sdks = append(sdks, sdk{"gopay, APIv2", connectGopayV2})
	}
	clients := make([]client, len(sdks))
	for i, s := range sdks {
		if clients[i], err = s.connect(m); err != nil {
			return fmt.Errorf("%s, --key-mode %s: client: %w", s.name, mode, err)
		}
		done, err := tell(clients[i].steps(fmt.Sprintf("go%d", i)))
		if err != nil {
			return fmt.Errorf("%s, --key-mode %s: %w", s.name, mode, err)
		}
		refused := ""
		for _, wrong := range clients[i].mistakes() {
			if err = m.refused(wrong); err != nil {
				return fmt.Errorf("%s, --key-mode %s: %s: %w", s.name, mode, wrong.name, err)
			}
			refused += ", " + wrong.name
		}
		fmt.Printf("interop: %s, --key-mode %s: %s; refused and explained: %s\n", s.name, mode, done, refused[2:])
	}
	if err = m.admin("/sandbox/clock/advance", map[string]any{"duration": "744h"}, nil); err != nil {
		return err
	}
	for i, s := range sdks {
		if _, err = tell(clients[i].steps(fmt.Sprintf("later%d", i))); err != nil {
			return fmt.Errorf("%s, --key-mode %s, a month later: %w", s.name, mode, err)
		}
	}
	const later = "interop: Go, --key-mode %s: the clock moved by a month: called, received and verified as before\n"
	fmt.Printf(later, mode)
	return nil
}

// tell takes the steps and gives their names.
func tell(steps []step) (string, error) {
	names := ""
	for _, s := range steps {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		err := s.run(ctx)
		cancel()
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.name, err)
		}
		if names != "" {
			names += ", "
		}
		names += s.name
	}
	return names, nil
}
