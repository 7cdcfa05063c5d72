package wxpay

import (
	"errors"
	"strconv"
	"strings"
)

// ConfigFromEnv reads a Config from WXPAY_ variables, such as those that `wxpay sandbox` writes
// into its wxpay.env. lookup finds one: [os.LookupEnv], or your own configuration's.
//
//	WXPAY_MCHID                  Config.MchID
//	WXPAY_SERIAL_NO              Config.SerialNo, for which WXPAY_CERTIFICATE can stand
//	WXPAY_PRIVATE_KEY            apiclient_key.pem
//	WXPAY_CERTIFICATE            apiclient_cert.pem
//	WXPAY_PUBLIC_KEY_ID          the id of WeChat Pay's public key, PUB_KEY_ID_…
//	WXPAY_PUBLIC_KEY             pub_key.pem
//	WXPAY_PLATFORM_CERTIFICATE   a platform certificate of WeChat Pay's; a Client needs none, see
//	                             Config.PlatformKeys
//	WXPAY_APIV3_KEY              the key itself, as WXPAY_APIV2_KEY
//	WXPAY_HOST                   Config.Host, a sandbox's; not set for WeChat Pay itself
//	WXPAY_PLAIN_HTTP             Config.PlainHTTP: true or false
//
// PEM is named by its file, or given as text. What is missing or cannot be read comes back as a
// [*ConfigError] whose Field is the variable; what else is wrong [New] finds. A WXPAY_HOST that is
// set and empty is an error: calls would go to WeChat Pay and cost money.
func ConfigFromEnv(lookup func(name string) (value string, set bool)) (Config, error) {
	if lookup == nil {
		return Config{}, &ConfigError{Field: "lookup", Problem: "it is nil", Hint: "give os.LookupEnv"}
	}
	e := env{lookup: lookup}
	cfg := Config{
		MchID: e.needed("WXPAY_MCHID"), SerialNo: e.value("WXPAY_SERIAL_NO"), Host: e.value("WXPAY_HOST"),
		APIv3Key: NewSecret(e.needed("WXPAY_APIV3_KEY")), APIv2Key: NewSecret(e.value("WXPAY_APIV2_KEY")),
		PlainHTTP: e.flag("WXPAY_PLAIN_HTTP"),
	}
	if _, set := lookup("WXPAY_HOST"); set && cfg.Host == "" {
		e.fail("WXPAY_HOST", "it is set, but empty",
			"give a sandbox's address, or leave it unset for WeChat Pay itself")
	}
	if e.needed("WXPAY_PRIVATE_KEY") != "" {
		cfg.PrivateKey = fromEnv(&e, "WXPAY_PRIVATE_KEY", LoadPrivateKey, ParsePrivateKey)
	}
	if e.value("WXPAY_CERTIFICATE") != "" {
		cfg.Certificate = fromEnv(&e, "WXPAY_CERTIFICATE", LoadCertificate, ParseCertificate)
	}
	if e.value("WXPAY_PUBLIC_KEY") != "" {
		id := e.needed("WXPAY_PUBLIC_KEY_ID")
		load := func(name string) (PlatformKey, error) { return LoadPublicKey(id, name) }
		parse := func(text []byte) (PlatformKey, error) { return ParsePublicKey(id, text) }
		cfg.PlatformKeys = append(cfg.PlatformKeys, fromEnv(&e, "WXPAY_PUBLIC_KEY", load, parse))
	}
	if e.value("WXPAY_PLATFORM_CERTIFICATE") != "" {
		cfg.PlatformKeys = append(cfg.PlatformKeys,
			fromEnv(&e, "WXPAY_PLATFORM_CERTIFICATE", LoadPlatformCertificate, ParsePlatformCertificate))
	}
	if e.value("WXPAY_PUBLIC_KEY_ID") != "" && e.value("WXPAY_PUBLIC_KEY") == "" {
		e.fail("WXPAY_PUBLIC_KEY", "it is not set, and WXPAY_PUBLIC_KEY_ID is", wherePublicKeysAre)
	}
	if e.err != nil {
		return Config{}, e.err
	}
	return cfg, nil
}

// variablePrefix begins the name of every variable.
const variablePrefix = "WXPAY_"

// env reads variables, and keeps the first thing that is wrong.
type env struct {
	lookup func(string) (string, bool)
	err    error
}

func (e *env) fail(name, problem, hint string) {
	if e.err == nil {
		e.err = &ConfigError{Field: name, Problem: problem, Hint: hint}
	}
}

func (e *env) value(name string) string {
	v, _ := e.lookup(name)
	return v
}

func (e *env) needed(name string) string {
	v := e.value(name)
	if v == "" {
		e.fail(name, "it is not set", "set it, or all of them at once by the wxpay.env that wxpay sandbox writes")
	}
	return v
}

func (e *env) flag(name string) bool {
	v := e.value(name)
	if v == "" {
		return false
	}
	on, err := strconv.ParseBool(v)
	if err != nil {
		e.fail(name, "it is neither true nor false", "leave it unset for false")
	}
	return on
}

// fromEnv reads a key by the name of its file, or from its text.
func fromEnv[T any](e *env, name string, load func(string) (T, error), parse func([]byte) (T, error)) T {
	text := e.value(name)
	var v T
	var err error
	if strings.Contains(text, "-----BEGIN") {
		v, err = parse([]byte(text))
	} else {
		v, err = load(text)
	}
	if err != nil {
		problem := printed(err)
		hint := "give the name of the file, or its text"
		if k := (*KeyError)(nil); errors.As(err, &k) {
			problem, hint = k.Problem, k.Hint
		}
		e.fail(name, problem, hint)
	}
	return v
}
