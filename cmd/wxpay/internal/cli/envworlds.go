package cli

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// worlds say what each language's programs need, beside the merchant's variables.
var worlds = map[string]func(setting, *lines){
	"go": forGo, "php": forPHP, "node": forNode, "java": forJava, "python": forPython, "dotnet": forDotnet,
	"curl": forCurl,
}

// proxied are the variables of a proxy, in the spellings that programs read. What is on this
// machine is called without it.
func proxied(s setting, l *lines) {
	l.note("The proxy refuses every host but WeChat Pay's. What else the program calls goes into NO_PROXY.")
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		l.set(name, s.url)
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		l.set(name, aside)
	}
}

const aside = "localhost,127.0.0.1,::1"

func everyWorld(s setting, l *lines) {
	proxied(s, l)
	l.note("wxpay env --for %s prints what else one of them wants.", strings.Join(languages(), "|"))
	for _, name := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
		l.set(name, s.authority())
	}
}

func forGo(s setting, l *lines) {
	proxied(s, l)
	l.note("Go reads this on Linux and BSD. Elsewhere give the http.Transport RootCAs with %s, or set the host.",
		authorityName)
	l.set("SSL_CERT_FILE", s.authority())
}

func forPHP(s setting, l *lines) {
	proxied(s, l)
	between := ":"
	if runtime.GOOS == "windows" {
		between = ";"
	}
	l.note("This adds curl.cainfo and openssl.cafile to PHP's settings, from the folder's %s.", phpName)
	l.note("Where a server runs PHP, put both into its php.ini, and the proxy into the client ('proxy' of Guzzle).")
	l.set("PHP_INI_SCAN_DIR", between+s.folder)
}

func forNode(s setting, l *lines) {
	l.note("This sends calls to WeChat Pay's hosts to the sandbox, whatever client makes them, and needs no proxy.")
	l.set("NODE_OPTIONS", "--require="+nodeWord(filepath.ToSlash(s.file(nodeName))))
	l.blank()
	l.note("For a client with a proxy. Without NODE_OPTIONS set HTTPS_PROXY=%s, which axios reads,", s.url)
	l.note("and with NODE_USE_ENV_PROXY=1 Node itself, from version 24 on.")
	l.set("NODE_EXTRA_CA_CERTS", s.authority())
}

func forJava(s setting, l *lines) {
	host, port := "", ""
	if u, err := url.Parse(s.url); err == nil {
		host, port = u.Hostname(), u.Port()
	}
	l.note("Every JVM reads this, also those of Maven and Gradle; the options can stand behind java as well.")
	l.note("The proxy refuses every host but WeChat Pay's: the others go into -Dhttp.nonProxyHosts=a.com|*.b.com.")
	l.note("Apache HttpClient reads them only where it was built with useSystemProperties().")
	l.set("JAVA_TOOL_OPTIONS", strings.Join([]string{
		javaWord("-Dhttps.proxyHost=" + host), javaWord("-Dhttps.proxyPort=" + port),
		javaWord("-Djavax.net.ssl.trustStore=" + s.vars[trustStoreVariable]),
		"-Djavax.net.ssl.trustStoreType=PKCS12", "-Djavax.net.ssl.trustStorePassword=" + trustPassword,
	}, " "))
}

func forPython(s setting, l *lines) {
	proxied(s, l)
	l.set("SSL_CERT_FILE", s.authority())
	l.set("REQUESTS_CA_BUNDLE", s.authority())
}

func forDotnet(s setting, l *lines) {
	proxied(s, l)
	l.note(".NET reads this on Linux. Windows and macOS trust what the user's store has:")
	l.paste("  certutil -user -addstore Root " + shellWord(s.authority()))
	l.paste("  security add-trusted-cert -k ~/Library/Keychains/login.keychain-db " + shellWord(s.authority()))
	l.set("SSL_CERT_FILE", s.authority())
}

func forCurl(s setting, l *lines) {
	proxied(s, l)
	l.set("CURL_CA_BUNDLE", s.authority())
	l.note("Or by its flags, here for a call that nobody signed:")
	l.paste("  curl --proxy " + s.url + " --cacert " + shellWord(s.authority()) +
		" -H 'Accept: application/json' https://api.mch.weixin.qq.com/v3/certificates")
	l.note("For APIv2's refunds add:")
	l.paste("  --cert " + shellWord(s.vars["WXPAY_CERTIFICATE"]) + " --key " + shellWord(s.vars["WXPAY_PRIVATE_KEY"]))
}

// nodeWord is a word of NODE_OPTIONS, which Node takes apart at blanks. Between double quotes a
// backslash takes a sign as it is; outside it is one.
func nodeWord(word string) string {
	if !strings.ContainsAny(word, ` "`) {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// javaWord is a word of JAVA_TOOL_OPTIONS, which a JVM takes apart at blanks. Between quotes of
// either kind all is as it stands, so that one with both cannot be written.
func javaWord(word string) string {
	switch {
	case strings.Contains(word, `"`):
		return "'" + word + "'"
	case strings.ContainsAny(word, " \t'"):
		return `"` + word + `"`
	}
	return word
}

// unspeakable says why no settings for a language can name a folder, "" where they can.
func unspeakable(language, folder string) lang.Text {
	switch between := string(filepath.ListSeparator); {
	case language == "java" && strings.Contains(folder, "'") && strings.Contains(folder, `"`):
		return text("JAVA_TOOL_OPTIONS cannot name a folder with both kinds of quotes: %s", folder)
	case language == "php" && strings.Contains(folder, between):
		return text("PHP_INI_SCAN_DIR cannot name a folder with a %q: %s", between, folder)
	case language == "php" && strings.Contains(folder, "'") && strings.ContainsAny(folder, `"$`):
		return text("PHP's settings cannot name a folder with ' and one of \" and $: %s", folder)
	}
	return lang.Text{}
}
