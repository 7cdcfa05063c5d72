package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// envOptions are the flags of `wxpay env`.
type envOptions struct{ data, language, shell string }

func newEnv(sys System) *cobra.Command {
	var o envOptions
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print what points a program of any language at the sandbox",
		Long: `env prints lines to paste into a shell, which a program that is started there
needs to find the sandbox in the place of WeChat Pay, without a changed line:
variables with a proxy and the sandbox's authority, the merchant's numbers and
files, and, in comments, what to give to an SDK whose host can be set.

It reads what wxpay sandbox left in its data folder at its last start. Keys are
not printed: the lines read them from the env file. Nothing but those lines goes
to standard output, so that a shell can take them as they are.

The sandbox is a proxy for WeChat Pay's hosts alone and passes nothing on. Other
hosts that the program calls go into NO_PROXY. Node.js needs no proxy: a script
in the data folder, loaded by NODE_OPTIONS, sends calls to WeChat Pay's hosts to
the sandbox and leaves the others alone.`,
		Example: `  wxpay env --for node
  eval "$(wxpay env --for go)" && go run .
  wxpay env --for java --data ~/wxpay-sandbox
  wxpay env --for dotnet --shell powershell | Out-String | Invoke-Expression`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), sys) },
	}
	f := cmd.Flags()
	f.StringVar(&o.language, "for", "", "what the program is written in: curl, dotnet, go, java, node, php or python; "+
		"without it, what all of them read")
	f.StringVar(&o.data, "data", sandboxFolder, "the sandbox's data folder")
	f.StringVar(&o.shell, "shell", "", "what the lines are for: sh or powershell; without it, that of the system")
	aFolder(cmd, "data")
	oneOf(cmd, "for", languages)
	oneOf(cmd, "shell", func() []string { return slices.Sorted(maps.Keys(shells)) })
	return cmd
}

// envCommand is the command line that prints what a language needs, for a data folder.
func envCommand(language, folder string) string {
	command := "wxpay env --for " + language
	if usual, err := filepath.Abs(sandboxFolder); err != nil || usual != folder {
		command += " --data " + shellWord(folder)
	}
	return command
}

// languages are what --for takes.
func languages() []string { return slices.Sorted(maps.Keys(worlds)) }

func (o *envOptions) run(ctx context.Context, sys System) error {
	if o.shell == "" {
		o.shell = "sh"
		if runtime.GOOS == "windows" {
			o.shell = "powershell"
		}
	}
	write, ok := shells[o.shell]
	if !ok {
		return usage("--shell is sh or powershell")
	}
	of, ok := worlds[o.language]
	if o.language == "" {
		of, ok = everyWorld, true
	}
	if !ok {
		return usage("--for is %s, not %q", listed(languages()), o.language)
	}
	if o.data == "" {
		return usage("--data is empty; give the sandbox's data folder, or leave it out for %s", sandboxFolder)
	}
	s, err := readSetting(ctx, sys, o.data)
	if err != nil {
		return err
	}
	if problem := unspeakable(o.language, s.folder); problem.String() != "" {
		return &failure{code: exitUsage, err: errorf("%v", problem),
			hint: text("give the sandbox another folder with --data")}
	}
	var l lines
	l.note("What is started from this shell finds the sandbox at %s in the place of WeChat Pay.", s.url)
	l.blank()
	l.note("The merchant's numbers, keys and files, of which no key is printed here:")
	l = append(l, line{command: true})
	for _, name := range handedOut() {
		if _, is := s.vars[name]; !is {
			l.unset(name) // of a sandbox that this shell was pointed at before
		}
	}
	l.blank()
	of(s, &l)
	s.describe(&l)
	_, err = fmt.Fprint(sys.Out, write(s, l, sys.lang))
	return err
}

// handedOut are the variables that an env file of a sandbox may have.
func handedOut() []string {
	names := append([]string{apiV3Key, apiV2Key}, forOthers[:]...)
	for _, s := range settings {
		names = append(names, s.variable)
	}
	return names
}

// setting is what a data folder says of its sandbox.
type setting struct {
	folder, envFile string
	url             string
	vars            map[string]string
}

func readSetting(ctx context.Context, sys System, data string) (setting, error) {
	folder, err := filepath.Abs(data)
	if err != nil {
		return setting{}, err
	}
	s := setting{folder: folder, envFile: filepath.Join(folder, envFileName)}
	start := "wxpay sandbox"
	if data != sandboxFolder {
		start += " --data " + shellWord(data)
	}
	if _, err := os.Stat(s.envFile); errors.Is(err, fs.ErrNotExist) {
		return s, &failure{code: exitUsage, err: errorf("there is no sandbox's data folder at %s", folder),
			hint: text("start it in another terminal with %s, or give its folder with --data", start)}
	}
	if s.vars, err = readEnvFile(ctx, s.envFile); err != nil {
		return s, err
	}
	sys.keepKeysOf(s.vars)
	if written, err := asWritten(s.envFile, s.vars); err != nil || !written || !s.ofFolder() {
		return s, &failure{code: exitUsage,
			err:  errorf("%s is not as a sandbox writes it: a shell would read it otherwise than wxpay", s.envFile),
			hint: text("start it once with %s, which writes it anew", start)}
	}
	if s.url = s.vars[hostVariable]; s.url == "" || s.vars[authorityVariable] == "" {
		return s, &failure{code: exitUsage,
			err:  errorf("%s was not written by a sandbox of this version", s.envFile),
			hint: text("start it once with %s, which writes it anew", start)}
	}
	return s, nil
}

// aHost is the address of a sandbox, without anything that a program could take for more.
var aHost = regexp.MustCompile(`^http://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]+$`)

// files are the variables that name files of the data folder.
var files = [...]string{"WXPAY_PRIVATE_KEY", "WXPAY_CERTIFICATE", "WXPAY_PUBLIC_KEY", "WXPAY_PLATFORM_CERTIFICATE",
	p12Variable, authorityVariable, trustStoreVariable}

// ofFolder says whether the settings are of a sandbox, and of files in its own folder: they go on
// to programs that read words of their own kind.
func (s setting) ofFolder() bool {
	folder, err := os.Stat(s.folder)
	if host := s.vars[hostVariable]; err != nil || host != "" && !aHost.MatchString(host) {
		return false
	}
	for _, name := range files {
		file := s.vars[name]
		if file == "" {
			continue
		}
		dir, err := os.Stat(filepath.Dir(file))
		if err != nil || !os.SameFile(dir, folder) || !plainWord.MatchString(filepath.Base(file)) {
			return false
		}
	}
	return true
}

// asWritten says whether a shell reads of an env file what wxpay does: it has the lines that a
// sandbox writes, and no others. It may have come with somebody else's code.
func asWritten(file string, vars map[string]string) (bool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	ours := handedOut()
	for line := range strings.Lines(string(data)) {
		name, _, _ := strings.Cut(line, "=")
		if value, is := vars[name]; !strings.HasPrefix(line, "#") &&
			(!is || line != envLine(name, value) || !slices.Contains(ours, name)) {
			return false, nil
		}
	}
	return true, nil
}

func (s setting) file(name string) string { return filepath.Join(s.folder, name) }
func (s setting) authority() string       { return s.vars[authorityVariable] }
func (s setting) certificate() string     { return s.vars["WXPAY_PLATFORM_CERTIFICATE"] }

// describe says, in comments, what SDKs ask for by other names than variables.
func (s setting) describe(l *lines) {
	l.blank()
	l.note("An SDK whose host can be set needs neither proxy nor authority, but one of these as its host:")
	l.paste("  " + s.url)
	l.note("  %s (trusting %s)", strings.Replace(s.url, "http://", "https://", 1), authorityName)
	l.blank()
	l.note("The merchant's number, the serial number of its API certificate, its key and certificate:")
	for _, name := range []string{"WXPAY_MCHID", "WXPAY_SERIAL_NO", "WXPAY_PRIVATE_KEY", "WXPAY_CERTIFICATE"} {
		l.paste("  " + s.vars[name])
	}
	l.note("  %s (both; the password is the merchant's number)", s.vars[p12Variable])
	l.note("The APIv3 key is in WXPAY_APIV3_KEY, that of APIv2 in WXPAY_APIV2_KEY.")
	l.blank()
	public := s.vars["WXPAY_PUBLIC_KEY"]
	if public != "" && s.certificate() != "" {
		l.note("Answers are verified by either of WeChat Pay's keys; wxpay sandbox --key-mode leaves it one.")
	}
	if public != "" {
		l.note("By its public key, with the id %s", s.vars["WXPAY_PUBLIC_KEY_ID"])
		l.paste("  " + public)
	}
	if s.certificate() != "" {
		l.note("By its platform certificate, with the serial number %s", s.vars[platformSerial])
		l.paste("  " + s.certificate())
	}
}
