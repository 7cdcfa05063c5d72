package cli

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

//go:embed snippet.go.tmpl
var snippet string

type sandboxOptions struct {
	listen, admin, data   string
	seed                  string
	mchid, keyMode        string
	appids, subs, plans   []string
	forward               []string
	asJSON, beyondMachine bool
	chaos, calm, quiet    bool
	unsigned              bool
}

// adminAddress is where the admin listens unless told otherwise.
const adminAddress = "127.0.0.1:9971"

func newSandbox(sys System) *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run a local WeChat Pay to develop against",
		Long: `sandbox runs a local WeChat Pay until it is interrupted. It checks signatures,
keeps sessions, contracts and orders in SQLite, and sends sealed notifications.
Any SDK can call it: by its address, http or https, where the host can be set,
and where it cannot, with the sandbox as the proxy for WeChat Pay's own hosts,
which it stands in for. wxpay env prints what each language needs for that. What
is meant for other hosts is refused, and never passed on.

While it runs it says on standard error what goes over the line: every call and
every attempt to deliver a notification, with what came of it and why. Bodies,
keys and openids stay out of it; the admin's journal has the rest. It goes on
where nobody reads that any more, as in wxpay sandbox 2>&1 | head -1: only an
interrupt or a signal ends it.

State and keys live in the data folder: started again with the same folder it
is the same sandbox, without the faults. The keys are made there and are worth
nothing elsewhere. One sandbox at a time has a database, also where sandbox.db
is a symbolic link to it; one with a second hard link is refused.
Every flag but --unsigned can be given as a variable too, as in
WXPAY_SANDBOX_LISTEN.`,
		Example: `  wxpay sandbox
  wxpay sandbox --forward https://yourapp.com=http://127.0.0.1:8080
  wxpay sandbox --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
      --data "$(mktemp -d)" --json
  wxpay sandbox --chaos
  wxpay sandbox --seed seed.json
  wxpay sandbox --mchid 1230000109 --appid wx1234567890abcdef \
      --plan edu-papay=42`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			calmed := cmd.Flags().Changed("calm") && !cmd.Flags().Changed("chaos")
			if err := fromEnvironment(sys, cmd, sandboxPrefix); err != nil {
				return err
			}
			if calmed && o.calm { // whatever a variable says
				o.chaos = false
			}
			if o.asJSON && !cmd.Flags().Changed("quiet") {
				o.quiet = true // nobody may be reading standard error
			}
			return o.run(cmd.Context(), sys)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:9970", "where the API listens; port 0 picks a free one")
	f.StringVar(&o.admin, "admin", adminAddress, "where the admin listens: the payer, the clock, the faults")
	f.StringVar(&o.data, "data", sandboxFolder, "folder for the database and the keys")
	f.StringArrayVar(&o.forward, "forward", nil,
		"URL=URL: send notifications for addresses that begin with the first to the second; may be repeated")
	f.StringVar(&o.mchid, "mchid", sandbox.DefaultMchID, "the merchant's number")
	f.StringArrayVar(&o.appids, "appid", nil, "another appid bound to the merchant; may be repeated")
	f.StringArrayVar(&o.subs, "sub-mchid", nil, "another merchant it may act for; may be repeated")
	f.StringArrayVar(&o.plans, "plan", nil,
		"PRODUCT=ID: another plan or service, of "+listed(products()).String()+"; may be repeated")
	f.StringVar(&o.keyMode, "key-mode", "", "which of WeChat Pay's keys the merchant has: certificate, public-key, or "+
		"moving from the one to the other; without it as the folder has it, at first moving")
	f.StringVar(&o.seed, "seed", "", "a JSON file of merchants, plans, payers, contracts and faults that are to be "+
		"there; see wxpay seed --help")
	f.BoolVar(&o.chaos, "chaos", false, "misbehave as WeChat Pay and the way to it do in a bad month: lost answers, "+
		"limits, probes, notifications late, twice or never")
	f.BoolVar(&o.calm, "calm", false, "start without any fault")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON line with addresses and files when ready, and nothing else; "+
		"--quiet=false logs the traffic all the same")
	f.BoolVar(&o.quiet, "quiet", false, "do not log the traffic")
	f.BoolVar(&o.unsigned, unsignedFlag, false, "check no signature and make none, for load tests of all but the "+
		"cryptography: nothing like WeChat Pay, and the SDK refuses its answers")
	f.BoolVar(&o.beyondMachine, "allow-network", false,
		"let it listen and notify beyond this machine; whoever reaches the admin can do everything")
	aFolder(cmd, "data")
	aFile(cmd, "seed")
	oneOf(cmd, "key-mode", keyModeNames)
	oneOf(cmd, "plan", func() (words []string) {
		for _, p := range products() {
			words = append(words, p+"=")
		}
		return words
	})
	return cmd
}

// openState gives a sandbox the database and the keys of a data folder.
func openState(path string, cfg *sandbox.Config) (folder, error) {
	f, err := openFolder(path)
	if err != nil {
		return f, err
	}
	store, err := sqlstore.Open(f.file(databaseName))
	if err != nil {
		return f, err
	}
	if cfg.Keys, err = f.keys(&cfg.Merchants[0]); err != nil {
		store.Close()
		return f, err
	}
	cfg.Store = store
	return f, nil
}

// products are those that plans can be of: the default merchant has one of each.
func products() (names []string) {
	for _, p := range sandbox.DefaultMerchant().Plans {
		if !slices.Contains(names, string(p.Product)) {
			names = append(names, string(p.Product))
		}
	}
	return names
}

// listed is names in a sentence, any of which will do.
func listed(names []string) lang.Text {
	last := len(names) - 1
	if last == 0 {
		return text("%s", names[0])
	}
	return text("%s or %s", strings.Join(names[:last], ", "), names[last])
}

func isMchID(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// checkListen says what is wrong with an address to listen at.
func (o *sandboxOptions) checkListen(flag, address string) error {
	host, port, err := net.SplitHostPort(address)
	n, bad := strconv.Atoi(port)
	switch {
	case err != nil || bad != nil || n < 0 || n > 65535:
		return usage("%s wants a host and a port, such as 127.0.0.1:8080", flag)
	case !isLoopback(host) && !o.beyondMachine:
		return usage("%s is more than this machine: use 127.0.0.1, or give --allow-network if the network is yours",
			flag)
	}
	return nil
}

// merchant is the default one as the flags change it.
func (o *sandboxOptions) merchant() (ledger.Merchant, error) {
	m := sandbox.DefaultMerchant()
	m.MchID = o.mchid
	if !isMchID(o.mchid) {
		return m, usage("--mchid is a merchant number, digits such as %s", sandbox.DefaultMchID)
	}
	for _, id := range o.appids {
		if !strings.HasPrefix(id, "wx") {
			return m, usage("--appid is an appid, which begins with wx, such as %s", sandbox.DefaultAppID)
		}
		m.AppIDs = append(m.AppIDs, id)
	}
	for _, id := range o.subs {
		if !isMchID(id) {
			return m, usage("--sub-mchid is a merchant number, digits such as 1900000110")
		}
		m.SubMerchants = append(m.SubMerchants, ledger.SubMerchant{MchID: id})
	}
	for _, p := range o.plans {
		product, id, ok := strings.Cut(p, "=")
		if !ok || id == "" {
			return m, usage("--plan takes a product and an id, as in --plan edu-papay=42")
		}
		if !slices.Contains(products(), product) {
			return m, usage("--plan: there is no product %s; there are %v", strconv.Quote(product), listed(products()))
		}
		m.Plans = append(m.Plans, ledger.Plan{ID: id, Product: ledger.Product(product),
			NotifyURL: sandbox.DefaultNotifyURL})
	}
	return m, nil
}

// keyMode reads --key-mode.
func keyMode(name string) (mode ledger.KeyMode, err error) {
	if err := mode.UnmarshalText([]byte(name)); err != nil {
		return mode, err
	}
	if names := keyModeNames(); !slices.Contains(names, mode.String()) {
		return mode, usage("--key-mode is none of %s, %s and %s", names[0], names[1], names[2])
	}
	return mode, nil
}

func keyModeNames() []string {
	return []string{ledger.KeysCertificate.String(), ledger.KeysPublic.String(), ledger.KeysMoving.String()}
}

func (o *sandboxOptions) run(ctx context.Context, sys System) error {
	m, err := o.merchant()
	if err != nil {
		return err
	}
	if err := cmp.Or(o.checkListen("--listen", o.listen), o.checkListen("--admin", o.admin)); err != nil {
		return err
	}
	if o.unsigned && o.beyondMachine {
		return usage("--unsigned does not go with --allow-network: what checks no signature stays on this machine")
	}
	if o.chaos && o.calm {
		return usage("--chaos and --calm exclude each other")
	}
	mode, err := keyMode(o.keyMode)
	if err != nil {
		return err
	}
	forward := map[string]string{}
	for _, f := range o.forward {
		from, to, ok := strings.Cut(f, "=")
		if !ok || from == "" || to == "" {
			return usage("--forward takes two addresses, as in --forward https://yourapp.com=http://127.0.0.1:8080")
		}
		if u, err := url.Parse(to); err == nil && u.Host != "" && !isLoopback(u.Hostname()) && !o.beyondMachine {
			return usage("--forward leads beyond this machine: give --allow-network if the network is yours")
		}
		forward[from] = to
	}
	cfg := sandbox.Config{
		Addr: o.listen, AdminAddr: o.admin, AllowNonLoopback: o.beyondMachine, Unsigned: o.unsigned,
		Merchants: []ledger.Merchant{m}, Forward: forward, Chaos: o.chaos, Calm: o.calm,
		Logf: func(format string, args ...any) { fmt.Fprintf(sys.Err, format+"\n", args...) },
	}
	if o.seed != "" {
		if cfg.SeedWith, err = readFile(ctx, text("the seed"), o.seed, aSeed); err != nil {
			return err
		}
	}
	folder, err := openState(o.data, &cfg)
	if err != nil {
		return err
	}
	if !o.quiet {
		t := newTraffic(sys)
		cfg.OnExchange, cfg.OnAttempt = t.exchange, t.attempt
	}
	s, err := sandbox.Start(cfg)
	if err != nil {
		cfg.Store.Close()
		if wrong := (*sandbox.SeedError)(nil); errors.As(err, &wrong) {
			return usage("%s: %s", o.seed, strings.TrimPrefix(wrong.Error(), "sandbox: the seed: "))
		}
		return err
	}
	if o.keyMode != "" {
		err = s.SetKeyMode(m.MchID, mode) // whatever the folder has
	}
	var h handout
	if err == nil {
		h, err = folder.handOut(s, m.MchID)
	}
	if err == nil {
		h.Unsigned = o.unsigned
		err = o.announce(sys, h)
	}
	if err != nil {
		s.Close()
		return err
	}
	<-ctx.Done()
	if !o.asJSON {
		fmt.Fprintln(sys.Err, sys.text("stopping"))
	}
	return s.Close()
}

// keyModes says what each mode means to a program.
var keyModes = map[string]lang.Text{
	ledger.KeysCertificate.String(): text("the only key; see --key-mode"),
	ledger.KeysPublic.String():      text("the only key; see --key-mode"),
	ledger.KeysMoving.String():      text("from one key to the other; see --key-mode"),
}

func (o *sandboxOptions) announce(sys System, h handout) error {
	if o.asJSON {
		return json.NewEncoder(sys.Out).Encode(h)
	}
	paint := sys.paintOut()
	tell := func(format string, args ...any) { fmt.Fprintf(sys.Out, "\n%s\n", sys.text(format, args...)) }
	fmt.Fprintln(sys.Out, paint.bold(sys.text("A local WeChat Pay is ready."))+sys.text(" Ctrl-C stops it."))
	fmt.Fprintln(sys.Out)
	for _, line := range [][2]string{
		{"API", h.URL}, {sys.text("admin"), h.AdminURL}, {sys.text("merchant"), h.MchID},
		{sys.text("private key"), h.PrivateKey}, {sys.text("certificate"), h.Certificate},
		{sys.text("key mode"), sys.text("%s, %v", h.KeyMode, keyModes[h.KeyMode])},
		{sys.text("WeChat Pay's public key"), h.PublicKey},
		{sys.text("WeChat Pay's certificate"), h.PlatformCertificate},
		{sys.text("authority of its TLS"), h.Authority}, {sys.text("env file"), h.EnvFile},
		{sys.text("database"), h.Data + string(os.PathSeparator) + databaseName},
	} {
		if line[1] != "" { // the merchant may lack it
			fmt.Fprintf(sys.Out, "  %s %s\n", paint.dim(lang.Pad(line[0], 24)), line[1])
		}
	}
	if h.Clock != "" {
		tell("Its clock was moved, and goes on from %s. POST %s/sandbox/clock/set moves it back.", h.Clock, h.AdminURL)
	}
	if h.Faults > 0 {
		tell("In chaos: %d faults are armed. GET %s/sandbox/faults lists them, wxpay calm disarms them.", h.Faults,
			h.AdminURL)
	}
	if h.Unsigned {
		tell("%s\nThe SDK refuses such answers; wxpay bench --unsigned --against %s drives it.", paint.red(
			sys.text("UNSIGNED: it checks no signature and makes none. It is nothing like WeChat Pay.")), h.URL)
	}
	call := "GET v3/certificates"
	if h.PlatformCertificate == "" {
		call = `POST v3/security/echo -d '{"echo_message":"hello"}'`
	}
	tell("From another terminal:")
	fmt.Fprintf(sys.Out, "\n  wxpay call %s --env-file %s\n", call, shellWord(h.EnvFile))
	tell("The payer is yours to play, on the admin; GET %s/sandbox/ lists what they can do:", h.AdminURL)
	fmt.Fprintf(sys.Out, "\n  curl -H 'Content-Type: application/json' -d '{\"token\":\"…\"}' "+
		"%s/sandbox/payers/OPENID/agree\n", h.AdminURL)
	tell("A program that calls https://api.mch.weixin.qq.com runs unchanged with what this prints, " +
		"whatever its language:")
	fmt.Fprintf(sys.Out, "\n  %s\n", envCommand("node", h.Data))
	tell("From Go, after %s:", paint.cyan("set -a; . "+shellWord(h.EnvFile)+"; set +a"))
	fmt.Fprintln(sys.Out)
	return printSnippet(sys, h)
}

func printSnippet(sys System, h handout) error {
	t, err := template.New("snippet").Parse(snippet)
	if err != nil {
		return err
	}
	return t.Execute(sys.Out, h)
}
