package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// adminFlags say where the admin of a running sandbox is, for the verbs that play with one.
type adminFlags struct{ admin, envFile *pflag.Flag }

func (a *adminFlags) addTo(cmd *cobra.Command) {
	cmd.Flags().String("admin", "", "the address of the sandbox's admin, such as http://127.0.0.1:9971 ["+
		adminVariable+"]")
	cmd.Flags().String("env-file", "", "the wxpay.env of the sandbox, which has that address; if neither is given, "+
		filepath.Join(sandboxFolder, envFileName)+" if there is one [WXPAY_ENV_FILE]")
	a.admin, a.envFile = cmd.Flags().Lookup("admin"), cmd.Flags().Lookup("env-file")
	aFile(cmd, "env-file")
}

// client finds the admin: by its flag, else by an env file that is named, else by the variables,
// else by the env file in the current folder, else where it is by default.
func (a *adminFlags) client(ctx context.Context, sys System) (*adminClient, error) {
	for _, f := range []*pflag.Flag{a.admin, a.envFile} {
		if f.Changed && f.Value.String() == "" {
			return nil, usage("--%s is empty; give its value, or leave it out", f.Name)
		}
	}
	given := a.admin.Value.String()
	file := cmp.Or(a.envFile.Value.String(), sys.getenv("WXPAY_ENV_FILE"))
	if given == "" && file == "" {
		given = cmp.Or(sys.getenv(adminVariable), sys.getenv(sandboxPrefix+"ADMIN"))
	}
	if given == "" && file == "" && sandboxHere() {
		file = filepath.Join(sandboxFolder, envFileName)
	}
	if given == "" && file != "" {
		vars, err := readEnvFile(ctx, file)
		if err != nil {
			return nil, err
		}
		sys.keepKeysOf(vars)
		if given = vars[adminVariable]; given == "" {
			return nil, &failure{code: exitUsage,
				err:  errorf("%s does not say where the sandbox's admin is: it has no %s", file, adminVariable),
				hint: text("give the wxpay.env that `wxpay sandbox` wrote, or the address with --admin")}
		}
	}
	return newAdminClient(cmp.Or(given, adminAddress))
}

// newAdminClient calls the admin at an address, a URL or what wxpay sandbox --admin takes.
func newAdminClient(given string) (*adminClient, error) {
	base, err := adminURL(given)
	if err != nil {
		return nil, err
	}
	// No proxy stands before a sandbox, and a redirect is no answer of its.
	return &adminClient{base, &http.Client{Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// adminClient calls the admin of a sandbox.
type adminClient struct {
	base string
	http *http.Client
}

// adminPatience is how long the admin may take to answer a call that waits for nobody.
const adminPatience = 10 * time.Second

// notReached is a sandbox that does not answer.
type notReached struct{ error }

func (n notReached) Unwrap() error         { return n.error }
func (n notReached) In(l lang.Lang) string { return l.Error(n.error) }

// adminLimit bounds an answer, and a document that is sent.
const adminLimit = 256 << 20

// call sends a body, if there is one, and decodes the answer into out, if that is wanted.
func (a *adminClient) call(ctx context.Context, method, path string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, adminPatience)
	defer cancel()
	return a.waiting(ctx, method, path, body, out)
}

// waiting is a call that may take as long as ctx lets it.
func (a *adminClient) waiting(ctx context.Context, method, path string, body, out any) error {
	var payload []byte
	if as, ok := body.(verbatim); ok {
		payload = as
	} else if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, a.base+"/sandbox/"+path, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := a.http.Do(r)
	if err != nil {
		if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return ctx.Err()
		}
		return &failure{code: exitFailure, err: notReached{errorf("no sandbox answers at %s", a.base)},
			hint: text("start one with `wxpay sandbox`, or say where its admin is with --admin or --env-file")}
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, adminLimit))
	if err != nil {
		return &failure{code: exitFailure, err: notReached{errorf("the sandbox at %s broke off its answer", a.base)}}
	}
	return a.understand(answer, said, out)
}

func (a *adminClient) understand(answer *http.Response, said []byte, out any) error {
	if answer.Header.Get(ledger.HeaderSandbox) == "" {
		return &failure{code: exitFailure, err: errorf("what answers at %s is no sandbox", a.base),
			hint: text("say where the sandbox's admin is with --admin or --env-file")}
	}
	if answer.StatusCode == http.StatusOK {
		if out == nil {
			return nil
		}
		return json.Unmarshal(said, out)
	}
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(said, &refusal) != nil || refusal.Error == "" {
		return &failure{code: exitFailure, err: errorf("what answers at %s is no admin of a sandbox", a.base),
			hint: text("give the address of its admin, and not of its API, with --admin")}
	}
	if strings.HasPrefix(refusal.Error, "the admin has no ") {
		return &failure{code: exitFailure, err: errorf("the sandbox at %s is an earlier version", a.base),
			hint: text("start it again with this wxpay")}
	}
	code := exitFailure
	if answer.StatusCode == http.StatusBadRequest {
		code = exitUsage
	}
	why := strings.TrimPrefix(strings.TrimPrefix(refusal.Error, "sandbox: "), "trigger: ")
	return &failure{code: code, err: refused{errorf("the sandbox refuses: %s", why), answer.StatusCode}}
}

// refused is what the admin says is wrong with a call, in its own words.
type refused struct {
	error
	status int
}

func (r refused) In(l lang.Lang) string { return l.Error(r.error) }

// isMissing says that there is no such thing.
func isMissing(err error) bool {
	var r refused
	return errors.As(err, &r) && r.status == http.StatusNotFound
}
