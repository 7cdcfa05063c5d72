package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// sandboxFolder is where `wxpay sandbox` keeps its state unless told otherwise,
// and envFileName what it leaves there for `wxpay call`.
const (
	sandboxFolder = "wxpay-sandbox"
	envFileName   = "wxpay.env"
)

// credentials are the flags that say who calls and whom.
type credentials struct {
	envFile *pflag.Flag
	flags   map[string]*pflag.Flag       // by the variable that stands for the flag
	noted   bool                         // that the current folder's file is used
	origin  func(variable string) origin // once a setting was looked up
}

// origin is where a setting was found.
type origin struct {
	where lang.Text // in words
	other string    // what stands in the environment all the same
}

// hostVariable decides whether a call costs real money.
const hostVariable = "WXPAY_HOST"

// settings lists what a call needs: each may come from its flag, else from the env file that
// --env-file or WXPAY_ENV_FILE names, else from its variable in the environment. Where there is
// none of all these, a sandbox's env file in the current folder has them all.
var settings = [...]struct{ variable, flag, help string }{
	{hostVariable, "host", "where to call: https://api.mch.weixin.qq.com, or a sandbox's address"},
	{"WXPAY_MCHID", "mchid", "merchant number"},
	{"WXPAY_SERIAL_NO", "serial", "serial number of the API certificate, 40 hexadecimal digits"},
	{"WXPAY_PRIVATE_KEY", "key", "file of the API private key, apiclient_key.pem"},
	{"WXPAY_CERTIFICATE", "cert", "file of the API certificate, apiclient_cert.pem; it can stand for --serial"},
	{"WXPAY_PUBLIC_KEY_ID", "public-key-id", "id of WeChat Pay's public key, PUB_KEY_ID_…"},
	{"WXPAY_PUBLIC_KEY", "public-key", "file of WeChat Pay's public key, pub_key.pem"},
	{"WXPAY_PLATFORM_CERTIFICATE", "platform-cert", "file of a WeChat Pay platform certificate"},
}

// These have no flag: a command line shows in every process list.
const (
	apiV3Key = "WXPAY_APIV3_KEY"
	apiV2Key = "WXPAY_APIV2_KEY" // only for paths that begin with v2/
)

// plainHTTP lets WXPAY_HOST begin with http:// where it is not of this machine.
const plainHTTP = "WXPAY_PLAIN_HTTP"

// These are a sandbox's, for other programs; no call of ours needs them.
const (
	adminVariable      = "WXPAY_ADMIN" // where its admin is
	platformSerial     = "WXPAY_PLATFORM_SERIAL_NO"
	p12Variable        = "WXPAY_CERTIFICATE_P12"
	authorityVariable  = "WXPAY_CA"
	trustStoreVariable = "WXPAY_TRUST_STORE"
)

// forOthers are all of them.
var forOthers = [...]string{adminVariable, platformSerial, p12Variable, authorityVariable, trustStoreVariable}

func (c *credentials) addTo(cmd *cobra.Command) {
	flag := func(name, help, variable string) *pflag.Flag {
		cmd.Flags().String(name, "", help+" ["+variable+"]")
		return cmd.Flags().Lookup(name)
	}
	c.envFile = flag("env-file", "file with WXPAY_ variables, which stand before those of the environment; where "+
		"no setting is given at all, "+filepath.Join(sandboxFolder, envFileName)+" if there is one", "WXPAY_ENV_FILE")
	c.flags = map[string]*pflag.Flag{}
	aFile(cmd, "env-file")
	for _, s := range settings {
		c.flags[s.variable] = flag(s.flag, s.help, s.variable)
		if strings.HasPrefix(s.help, "file ") {
			aFile(cmd, s.flag)
		}
	}
}

// lookup gives a function that finds a setting. A flag that is empty was meant to say something,
// and what stands behind it, such as another merchant's number, would not be it.
func (c *credentials) lookup(ctx context.Context, sys System) (func(variable string) string, error) {
	flags := []*pflag.Flag{c.envFile}
	for _, s := range settings {
		flags = append(flags, c.flags[s.variable])
	}
	for _, f := range flags {
		if f.Changed && f.Value.String() == "" {
			return nil, usage("--%s is empty; give its value, or leave it out", f.Name)
		}
	}
	name := c.envFile.Value.String()
	if name == "" {
		name = sys.getenv("WXPAY_ENV_FILE")
	}
	found := name == "" && c.given(sys) == "" && sandboxHere()
	if found {
		name = filepath.Join(sandboxFolder, envFileName)
	}
	var file map[string]string
	if name != "" {
		var err error
		if file, err = readEnvFile(ctx, name); err != nil {
			return nil, err
		}
		sys.keepKeysOf(file)
	}
	get := func(variable string) string {
		if f := c.flags[variable]; f != nil && f.Changed {
			return f.Value.String()
		}
		if v, there := file[variable]; there { // also an empty one: the shell's may be another's
			return v
		}
		return sys.getenv(variable)
	}
	c.origin = func(variable string) origin {
		other := sys.getenv(variable)
		if f := c.flags[variable]; f != nil && f.Changed {
			return origin{text("from the command line"), other}
		}
		if _, there := file[variable]; there {
			return origin{text("from %s", name), other}
		}
		return origin{text("from the environment"), ""}
	}
	_, inEnvironment := sys.LookupEnv(hostVariable)
	host, inFile := file[hostVariable]
	emptied := inFile && host == "" && !c.flags[hostVariable].Changed // the shell's would be another
	if emptied || get(hostVariable) == "" && inEnvironment {
		return nil, &failure{code: exitUsage, err: errorf("%s is set, but empty", hostVariable),
			hint: text("give a sandbox's address, or take it out of the file and the environment: " +
				"calls then go to WeChat Pay")}
	}
	if found && !c.noted {
		c.noted = true
		to := get(hostVariable)
		if to == "" {
			to = sys.text("WeChat Pay itself")
		}
		sys.note("the settings are those of %s, since none is given: the host is %s", name, to)
	}
	return get, nil
}

// given is a setting that the command line or the environment has, also an empty one, "" where they
// have none. What stands in the current folder, which somebody else may have made, is never mixed
// with it: a merchant's key would sign for the folder's host and merchant.
func (c *credentials) given(sys System) string {
	for _, s := range settings {
		if c.flags[s.variable].Changed {
			return "--" + s.flag
		}
	}
	variables := []string{"WXPAY_ENV_FILE", apiV3Key, apiV2Key, plainHTTP}
	for _, s := range settings {
		variables = append(variables, s.variable)
	}
	for _, v := range variables {
		if _, set := sys.LookupEnv(v); set {
			return v
		}
	}
	return ""
}

// sandboxHere says whether a sandbox has left its settings in the current folder.
func sandboxHere() bool {
	_, err := os.Stat(filepath.Join(sandboxFolder, envFileName))
	return err == nil
}

// nobody is what is wrong where there is no merchant to call as.
func (c *credentials) nobody(sys System) error {
	f := &failure{code: exitUsage, err: errorf("there are no credentials to call with"),
		hint: text("start `wxpay sandbox` here, or give --env-file, or set WXPAY_MCHID, WXPAY_PRIVATE_KEY and the " +
			"others that `wxpay call --help` names")}
	given := c.given(sys)
	if given == "" || c.envFile.Changed || sys.getenv("WXPAY_ENV_FILE") != "" {
		return f
	}
	f.err = errorf("there is no merchant number to call with")
	if _, set := sys.LookupEnv("WXPAY_MCHID"); set {
		f.err = errorf("%s is set, but empty", "WXPAY_MCHID")
	}
	f.hint = text("give it as --mchid or WXPAY_MCHID, or all settings at once with --env-file")
	if sandboxHere() {
		file := filepath.Join(sandboxFolder, envFileName)
		f.hint = text("%s; %s is read by itself only where nothing is given, and %s is: for the sandbox, give "+
			"--env-file %[2]s", f.hint, file, given)
	}
	return f
}

// config is the client's setup that the settings describe.
func (c *credentials) config(ctx context.Context, sys System) (cfg wxpay.Config, err error) {
	get, err := c.lookup(ctx, sys)
	if err != nil {
		return cfg, err
	}
	if get("WXPAY_MCHID") == "" {
		return cfg, c.nobody(sys)
	}
	if get("WXPAY_PRIVATE_KEY") == "" {
		return cfg, usage("the API private key is missing; give its file, apiclient_key.pem, as --key or " +
			"WXPAY_PRIVATE_KEY, or all settings at once with --env-file")
	}
	cfg = wxpay.Config{
		MchID: get("WXPAY_MCHID"), SerialNo: get("WXPAY_SERIAL_NO"), APIv3Key: wxpay.NewSecret(get(apiV3Key)),
		APIv2Key: wxpay.NewSecret(get(apiV2Key)),
		Host:     get(hostVariable), UserAgent: "wxpay-cli",
	}
	if v := get(plainHTTP); v != "" {
		if cfg.PlainHTTP, err = strconv.ParseBool(v); err != nil {
			return cfg, usage("%s is neither true nor false", plainHTTP)
		}
	}
	if cfg.PrivateKey, err = load(ctx, text("the API private key (--key)"), get("WXPAY_PRIVATE_KEY"),
		wxpay.ParsePrivateKey); err != nil {
		return cfg, err
	}
	if name := get("WXPAY_CERTIFICATE"); name != "" {
		if cfg.Certificate, err = load(ctx, text("the API certificate (--cert)"), name,
			wxpay.ParseCertificate); err != nil {
			return cfg, err
		}
	}
	cfg.PlatformKeys, err = platformKeys(ctx, get)
	return cfg, err
}

// newClient puts what is wrong with the setup into the command line's words.
func newClient(cfg wxpay.Config) (*wxpay.Client, error) {
	client, err := wxpay.New(cfg)
	var wrong *wxpay.ConfigError
	if errors.As(err, &wrong) {
		return nil, explainConfig(wrong)
	}
	return client, err
}

func platformKeys(ctx context.Context, get func(string) string) ([]wxpay.PlatformKey, error) {
	var keys []wxpay.PlatformKey
	if name := get("WXPAY_PUBLIC_KEY"); name != "" {
		parse := func(pem []byte) (wxpay.PlatformKey, error) {
			return wxpay.ParsePublicKey(get("WXPAY_PUBLIC_KEY_ID"), pem)
		}
		key, err := load(ctx, text("WeChat Pay's public key (--public-key)"), name, parse)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if name := get("WXPAY_PLATFORM_CERTIFICATE"); name != "" {
		key, err := load(ctx, text("WeChat Pay's platform certificate (--platform-cert)"), name,
			wxpay.ParsePlatformCertificate)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// explainConfig puts the command line's name beside that of the field of Config.
func explainConfig(e *wxpay.ConfigError) error {
	either := func(flag, variable string) lang.Text { return text("%s or %s", flag, variable) }
	names := map[string]lang.Text{
		"MchID": either("--mchid", "WXPAY_MCHID"), "SerialNo": either("--serial", "WXPAY_SERIAL_NO"),
		"PrivateKey":  either("--key", "WXPAY_PRIVATE_KEY"),
		"Certificate": either("--cert", "WXPAY_CERTIFICATE"), "APIv3Key": text("%s", apiV3Key),
		"APIv2Key":     text("%s", apiV2Key),
		"Host":         either("--host", hostVariable),
		"PlatformKeys": text("--public-key, --platform-cert or their variables"),
	}
	name, known := names[e.Field]
	if !known {
		name = text("%s", e.Field)
	}
	hint := strings.Replace(e.Hint, "set PlainHTTP", "set "+plainHTTP+"=true", 1)
	return &failure{code: exitUsage, hint: text("%s", hint),
		err: errorf("%v: %s", name, strings.TrimSuffix(e.Problem, "."))}
}
