package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
)

// sandbox is the process that is killed. It listens where it did before.
type sandbox struct {
	binary, folder string
	listen, admin  string
	forward        string // where notifications go, "" until there is a receiver
	ready          struct {
		URL     string `json:"url"`
		Admin   string `json:"admin_url"`
		EnvFile string `json:"env_file"`
	}
	process *exec.Cmd
	said    bytes.Buffer // on standard error
}

// notifyOrigin is the address that merchants give, which is forwarded.
const notifyOrigin = "https://yourapp.com"

// start starts it, or starts it again, and returns when it takes calls.
func (s *sandbox) start() error {
	if s.listen == "" {
		for _, address := range []*string{&s.listen, &s.admin} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			*address = l.Addr().String()
			l.Close()
		}
	}
	args := []string{"sandbox", "--json", "--quiet", "--data", s.folder, "--listen", s.listen, "--admin", s.admin}
	if s.forward != "" {
		args = append(args, "--forward", notifyOrigin+"="+s.forward)
	}
	s.said.Reset()
	s.process = exec.Command(s.binary, args...)
	s.process.Stderr = &s.said
	out, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	late := time.AfterFunc(time.Minute, func() { _ = s.process.Process.Kill() })
	defer late.Stop()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = s.process.Wait()
		return fmt.Errorf("it did not start again: %s", strings.TrimSpace(s.said.String()))
	}
	return json.Unmarshal(line, &s.ready)
}

// kill ends it as a power cut would. It may be gone already.
func (s *sandbox) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// finish has it send all that is due within the longest schedule of attempts.
func (s *sandbox) finish() error {
	for _, step := range [][2]string{{"/sandbox/settle", "{}"}, {"/sandbox/clock/advance", `{"duration":"25h"}`}} {
		if err := s.post(step[0], step[1], nil); err != nil {
			return err
		}
	}
	return nil
}

// errGone is the end of a call that nobody answered.
var errGone = errors.New("it is gone")

// post does what an admin or payer does.
func (s *sandbox) post(path, body string, into any) error {
	response, err := http.Post(s.ready.Admin+path, "application/json", strings.NewReader(body))
	if err != nil {
		return errGone
	}
	return read(response, path, into)
}

// get looks.
func (s *sandbox) get(path string, into any) error {
	response, err := http.Get(s.ready.Admin + path)
	if err != nil {
		return errGone
	}
	return read(response, path, into)
}

func read(response *http.Response, path string, into any) error {
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return errGone
	case response.StatusCode/100 != 2:
		return fmt.Errorf("%s: HTTP %d %s", path, response.StatusCode, raw)
	case into == nil:
		return nil
	}
	return json.Unmarshal(raw, into)
}

// config is what the SDK calls it with, by the env file that it writes.
func (s *sandbox) config() (wxpay.Config, error) {
	raw, err := os.ReadFile(s.ready.EnvFile)
	if err != nil {
		return wxpay.Config{}, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			values[name] = strings.Trim(value, `"'`)
		}
	}
	return wxpay.ConfigFromEnv(func(name string) (string, bool) { value, found := values[name]; return value, found })
}
