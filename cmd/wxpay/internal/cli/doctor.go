package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/doctor"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// doctorOptions are the flags of `wxpay doctor`.
type doctorOptions struct {
	credentials
	notify, appid   string
	offline, asJSON bool
}

func newDoctor(sys System) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check a merchant's set-up and say what to do",
		Long: `doctor checks a set-up and says of each part whether it is ok, wrong or worth a
warning, why, and what to do: where each setting comes from; whether key,
certificate, serial number and merchant number belong together and until when;
whether the files are what they are given as; the APIv3 key; WeChat Pay's public
key or certificates; whether its hosts are reached, and this machine's clock is
right; and whether WeChat Pay takes what is signed with all of it. Settings are
given as to wxpay call.

It moves no money and changes nothing at WeChat Pay. What it is going to send it
says first, on standard error: two signed calls, one that lists certificates and
one that WeChat Pay has for trying keys (v3/security/echo). --offline sends
nothing. The APIv2 key is tried by a query of an order that is not there, for
which --appid gives an appid of the merchant's.

With --notify the merchant's notify address is tried: it gets two notifications
that nobody signed, one of them a signature probe (WECHATPAY/SIGNTEST/), and has
to refuse both. Where the settings are those of a sandbox, it has the sandbox
send a genuine one there (SECURITY_ECHO.SUCCESS), an old one and a repeated one
as well.

The exit code is 0 where nothing is wrong, warnings or not, 1 where something
is, and 2 where the command line or the env file cannot be read.`,
		Example: `  wxpay doctor
  wxpay doctor --env-file production.env --offline
  wxpay doctor --env-file production.env --notify https://yourapp.com/notify
  # with a sandbox here
  wxpay doctor --notify http://localhost:3000/notify`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"notify", "appid"} {
				if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return usage("--%s is empty; give its value, or leave it out", name)
				}
			}
			return o.run(cmd.Context(), sys)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.notify, "notify", "", "the merchant's notify address, to be tried with notifications")
	f.StringVar(&o.appid, "appid", "", "an appid of the merchant's, to try the APIv2 key with a query")
	f.BoolVar(&o.offline, "offline", false, "send nothing: check files and settings alone")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object")
	o.addTo(cmd)
	return cmd
}

func (o *doctorOptions) run(ctx context.Context, sys System) error {
	get, err := o.lookup(ctx, sys)
	if err != nil {
		return err
	}
	if get("WXPAY_MCHID") == "" && o.given(sys) == "" {
		return o.nobody(sys)
	}
	d := &doctor.Doctor{
		Get: func(variable string) doctor.Setting {
			from := o.origin(variable)
			s := doctor.Setting{Value: get(variable), Source: from.where, Hidden: from.other}
			for _, known := range settings {
				if known.variable == variable {
					s.Flag = known.flag
				}
			}
			return s
		},
		Read: readWithMode, Offline: o.offline, NotifyURL: o.notify, AppID: o.appid,
		Transport: func() http.RoundTripper { return oneAtATime() }, Proxy: http.ProxyFromEnvironment, Quiet: quietly,
		Now: time.Now,
	}
	for _, s := range settings {
		d.Variables = append(d.Variables, s.variable)
	}
	d.Variables = append(d.Variables, apiV3Key, apiV2Key, plainHTTP, adminVariable)
	for _, variable := range d.Variables {
		get(variable) // what looks like a key is not printed from now on, whatever it was given as
	}
	o.announce(sys, d)
	out := &doctorList{System: sys, out: sys.withoutKeys(sys.Out, get("WXPAY_SERIAL_NO")), paint: sys.paintOut()}
	d.Tell = out.tell
	if o.asJSON {
		d.Tell = func(c doctor.Check) { out.checks = append(out.checks, c) }
	}
	wrong := d.Run(ctx)
	if ctx.Err() != nil {
		return &failure{code: exitUnknown, err: errorf("interrupted: not all checks were made")}
	}
	if o.asJSON {
		err = out.json()
	} else {
		out.summary()
	}
	if err == nil && wrong > 0 {
		err = &failure{code: exitFailure, err: errorf("%d checks found something wrong", wrong), told: true}
	}
	return err
}

// readWithMode reads a file that a setting names, and says who else may.
func readWithMode(ctx context.Context, name string) doctor.File {
	data, err := readFile(ctx, text("the file"), name, aKey)
	f := doctor.File{Data: data, Err: err}
	if info, err := os.Stat(name); err == nil && runtime.GOOS != "windows" { // which has no such modes
		f.Mode = info.Mode().Perm()
	}
	return f
}

// announce says what is going to be sent, before anything is.
func (o *doctorOptions) announce(sys System, d *doctor.Doctor) {
	if o.offline {
		return
	}
	line := func(method, to string, what lang.Text) {
		fmt.Fprintf(sys.Err, "  %-4s %s\n       %s\n", method, printable(to), sys.wrapped(what, 7))
	}
	fmt.Fprintln(sys.Err, sys.text("This sends what follows, which moves no money and changes nothing at WeChat Pay:"))
	hosts := d.Hosts()
	for _, host := range hosts {
		line("GET", host+"/", text("unsigned: whether it answers, and what time it is there"))
	}
	host := hosts[0]
	line("GET", host+"/v3/certificates", text("signed: lists WeChat Pay's certificates"))
	line("POST", host+"/v3/security/echo", text("signed: returns what it is sent, to try keys"))
	if o.appid != "" {
		line("POST", host+"/pay/orderquery", text("signed: asks for an order that is not there"))
	}
	if o.notify != "" {
		line("POST", o.notify, text("two notifications that nobody signed; a sandbox sends three signed ones besides"))
	}
	fmt.Fprintln(sys.Err)
}

// doctorList prints the checks.
type doctorList struct {
	System
	out    io.Writer
	paint  paint
	checks []doctor.Check
}

// doctorStates are the states in words, and in what colour.
func (l *doctorList) state(s doctor.State) (word string, colour func(string) string) {
	switch s {
	case doctor.OK:
		return l.text("ok"), l.paint.green
	case doctor.Warning:
		return l.text("warning"), l.paint.yellow
	case doctor.Wrong:
		return l.text("wrong"), l.paint.red
	}
	return l.text("not checked"), l.paint.dim
}

func (l *doctorList) tell(c doctor.Check) {
	l.checks = append(l.checks, c)
	states, names := 0, 0
	for _, s := range []doctor.State{doctor.OK, doctor.Warning, doctor.Wrong, doctor.Unchecked} {
		word, _ := l.state(s)
		states = max(states, lang.Columns(word))
	}
	for _, name := range doctor.Names() {
		names = max(names, lang.Columns(name.In(l.lang)))
	}
	word, colour := l.state(c.State)
	indent := 2 + states + 2 + names + 2
	fmt.Fprintf(l.out, "  %s  %s  %s\n", colour(word)+strings.Repeat(" ", states-lang.Columns(word)),
		lang.Pad(c.Name.In(l.lang), names), l.wrapped(c.Found, indent))
	if c.Do.String() != "" {
		fmt.Fprintf(l.out, "%s%s\n", strings.Repeat(" ", indent), l.paint.bold("→ ")+l.wrapped(c.Do, indent+2))
	}
}

func (l *doctorList) count(of doctor.State) (n int) {
	for _, c := range l.checks {
		if c.State == of {
			n++
		}
	}
	return n
}

func (l *doctorList) summary() {
	fmt.Fprintf(l.out, "\n%s\n", l.text("%d ok, %d with a warning, %d wrong, %d not checked", l.count(doctor.OK),
		l.count(doctor.Warning), l.count(doctor.Wrong), l.count(doctor.Unchecked)))
}

// json prints all of it for programs, in English. Its names are kept from one version to the next.
func (l *doctorList) json() error {
	type check struct {
		Check string       `json:"check"`
		State doctor.State `json:"state"`
		Found string       `json:"found"`
		Do    string       `json:"do,omitempty"`
	}
	var all struct {
		OK        int     `json:"ok"`
		Warnings  int     `json:"warnings"`
		Wrong     int     `json:"wrong"`
		Unchecked int     `json:"not_checked"`
		Checks    []check `json:"checks"`
	}
	all.OK, all.Warnings = l.count(doctor.OK), l.count(doctor.Warning)
	all.Wrong, all.Unchecked = l.count(doctor.Wrong), l.count(doctor.Unchecked)
	for _, c := range l.checks {
		all.Checks = append(all.Checks, check{c.ID, c.State, c.Found.String(), c.Do.String()})
	}
	e := json.NewEncoder(l.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
