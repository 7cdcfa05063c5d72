package wxpay_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// variables are a complete set, of files or of their text.
func variables(t *testing.T, asText bool) map[string]string {
	t.Helper()
	keys := filepath.Join("testdata", "vectors", "keys")
	file := func(name string) string {
		if !asText {
			return filepath.Join(keys, name)
		}
		data, err := os.ReadFile(filepath.Join(keys, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(data), "\n", `\n`)
	}
	return map[string]string{
		"WXPAY_MCHID": "1900000109", "WXPAY_CERTIFICATE": file("merchant-certificate.pem"),
		"WXPAY_PRIVATE_KEY": file("merchant-pkcs8.pem"), "WXPAY_PUBLIC_KEY_ID": testPlatformID,
		"WXPAY_PUBLIC_KEY": file("platform-public.pem"), "WXPAY_PLATFORM_CERTIFICATE": file("platform-certificate.pem"),
		"WXPAY_APIV3_KEY": testAPIv3Key, "WXPAY_APIV2_KEY": testAPIv2Key, "WXPAY_HOST": "http://127.0.0.1:1",
	}
}

func in(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func TestConfigFromEnv(t *testing.T) {
	t.Parallel()
	for _, asText := range []bool{false, true} {
		cfg, err := wxpay.ConfigFromEnv(in(variables(t, asText)))
		if err != nil {
			t.Fatal(err)
		}
		if cfg.MchID != "1900000109" || cfg.Host != "http://127.0.0.1:1" || cfg.PlainHTTP ||
			len(cfg.PlatformKeys) != 2 || cfg.APIv3Key.Reveal() != testAPIv3Key ||
			cfg.APIv2Key.Reveal() != testAPIv2Key || cfg.Certificate == nil {
			t.Errorf("got %+v", cfg)
		}
		if _, err := wxpay.New(cfg); err != nil {
			t.Error(err)
		}
	}
}

func TestConfigFromEnvNamesTheVariable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ variable, value, says string }{
		"no merchant":       {"WXPAY_MCHID", "", "it is not set"},
		"no private key":    {"WXPAY_PRIVATE_KEY", "", "it is not set"},
		"no APIv3 key":      {"WXPAY_APIV3_KEY", "", "it is not set"},
		"no id":             {"WXPAY_PUBLIC_KEY_ID", "", "it is not set"},
		"an empty host":     {"WXPAY_HOST", "", "it is set, but empty"},
		"no such file":      {"WXPAY_PRIVATE_KEY", "nowhere.pem", "no such file"},
		"a wrong file":      {"WXPAY_CERTIFICATE", "go.mod", "no PEM block found"},
		"a key for a name":  {"WXPAY_PUBLIC_KEY", strings.Repeat("SECRETkey0", 9), "not repeated"},
		"neither yes or no": {"WXPAY_PLAIN_HTTP", "maybe", "neither true nor false"},
	} {
		vars := variables(t, false)
		vars[c.variable] = c.value
		_, err := wxpay.ConfigFromEnv(in(vars))
		var e *wxpay.ConfigError
		if !errors.As(err, &e) || e.Field != c.variable || !strings.Contains(err.Error(), c.says) ||
			strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	vars := variables(t, false)
	delete(vars, "WXPAY_PUBLIC_KEY")
	delete(vars, "WXPAY_PLATFORM_CERTIFICATE")
	var e *wxpay.ConfigError
	if _, err := wxpay.ConfigFromEnv(in(vars)); !errors.As(err, &e) || e.Field != "WXPAY_PUBLIC_KEY" {
		t.Errorf("the id of a key and no key: got %v", err)
	}
	delete(vars, "WXPAY_PUBLIC_KEY_ID")
	if cfg, err := wxpay.ConfigFromEnv(in(vars)); err != nil || len(cfg.PlatformKeys) != 0 {
		t.Errorf("no key of WeChat Pay's, which a client downloads: got %v, %v", cfg, err)
	}
	if _, err := wxpay.ConfigFromEnv(nil); !errors.As(err, &e) {
		t.Errorf("no lookup: got %v", err)
	}
}

// A sandbox in another container has a name and no certificate; WeChat Pay has one.
func TestPlainHTTPIsAskedFor(t *testing.T) {
	t.Parallel()
	var host string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host = r.Host
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	cfg := testConfig()
	cfg.Host, cfg.HTTPClient = "http://sandbox.compose:9970", &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}}}
	var wrong *wxpay.ConfigError
	if _, err := wxpay.New(cfg); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "set PlainHTTP") {
		t.Errorf("unasked: got %v", err)
	}
	cfg.PlainHTTP = true
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var e *wxpay.Error
	if _, err := client.Chain("v3/x").Get(bg); !errors.As(err, &e) || host != "sandbox.compose:9970" {
		t.Errorf("called %q, got %v", host, err)
	}
	for _, theirs := range []string{"api.mch.weixin.qq.com", "API.mch.weixin.QQ.com.", "apihk.mch.weixin.qq.com:80",
		"qq.com", "x.wechatpay.cn"} {
		cfg.Host = "http://" + theirs
		if _, err := wxpay.New(cfg); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "not called by plain") {
			t.Errorf("%s: got %v", theirs, err)
		}
		cfg.Host, cfg.GlobalHost = "https://"+theirs, "http://"+theirs
		if _, err := wxpay.New(cfg); !errors.As(err, &wrong) || wrong.Field != "GlobalHost" {
			t.Errorf("%s for the other host: got %v", theirs, err)
		}
		cfg.GlobalHost = ""
	}
	for _, other := range []string{"api.mch.weixin.qq。com", "api.mch.weixin.ｑｑ.com", "api.mch.weixin.q\u00adq.com",
		"api.mch.weixin.qq.com%EF%BC%8E", "api.mch.weixin.qq.com%20"} {
		for _, scheme := range []string{"http://", "https://"} {
			cfg.Host = scheme + other
			if _, err := wxpay.New(cfg); !errors.As(err, &wrong) || wrong.Field != "Host" {
				t.Errorf("%s: got %v", cfg.Host, err)
			}
		}
	}
}
