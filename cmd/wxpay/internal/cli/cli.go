// Package cli is the wxpay command, one file per verb, with what a verb alone needs in files that
// begin like it (callbody.go, envshells.go). storedmessage.go reads a message that was kept, and
// knownkeys.go what to look at it with. progress.go draws how far a file is. credentials.go
// says whose call it is and where it goes, from flags, WXPAY_ variables and the env file that
// envfile.go reads; keyfolder.go keeps a sandbox's keys in its folder, handout.go writes what it
// leaves there for programs (p12.go, otherfiles.go), and foreignfiles.go refuses a folder with
// somebody else's keys. flagvariables.go lets variables stand for the flags of a sandbox,
// traffic.go logs its calls; hush.go keeps keys off standard error, and legible.go what steers a
// terminal off standard output. language.go has all of it said in English or Chinese (package
// lang), help.go lays help out, and completion.go completes verbs, paths and values in a shell.
// adminclient.go calls a running sandbox's admin, attempts.go says what came of a notification.
//
// What a program may want to read goes to standard output; everything said to a person about it,
// errors first of all, goes to standard error. Keys, secrets and signatures go to neither.
//
// It may import everything. Start reading at Main in cli.go, and then at the file of a verb.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// System is all that a command may touch of the world around it, files and
// network apart.
type System struct {
	In       io.Reader
	Out, Err io.Writer
	// LookupEnv gives a variable of the environment, and whether it is set: it may be, and empty.
	LookupEnv func(string) (string, bool)
	// Terminal says whether Out, and whether Err, is one.
	Terminal, ErrTerminal bool
	// Width is the terminal's, in columns; 0 when there is none.
	Width int
	// Locale is what the system calls the user's language, as in zh-CN, where no variable says it.
	Locale string
	lang   lang.Lang
}

func (s System) getenv(name string) string {
	value, _ := s.LookupEnv(name)
	return value
}

// OS is the process's own surroundings.
func OS() System {
	width, _, _ := term.GetSize(int(os.Stdout.Fd())) // 0 where it is no terminal
	return System{
		Width: width, Locale: lang.SystemLocale(),
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, LookupEnv: os.LookupEnv,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// The exit codes, documented in the help of the root command.
const (
	exitOK       = 0
	exitFailure  = 1 // not what it should be: a step of the demo, a server that cannot start, nothing found
	exitUsage    = 2 // the command line or the setup is wrong, and nothing was sent
	exitRefused  = 3 // WeChat Pay refused the call, and signed that
	exitUnknown  = 4 // no whole answer came, or one that leaves the outcome open
	exitUnproven = 5 // the answer cannot be shown to be WeChat Pay's
)

// terminalWidth is what help keeps to, in columns.
const terminalWidth = 80

const exitHelp = `Exit codes:
  0  it worked
  1  it did not: a step of the demo is not what it should be, the sandbox
     cannot start, calls of the bench went wrong, nothing was found, a check of
     the doctor found something wrong, or what is sealed does not open
  2  the command line or the setup is wrong; nothing was sent
  3  WeChat Pay refused the call, and signed that it did nothing
  4  the outcome is unknown: no whole answer came, or one that nobody signed or
     that leaves it open
  5  the answer or the stored message cannot be shown to be WeChat Pay's: its
     signature is wrong`

// Main runs one command line and returns the exit code.
func Main(args []string, sys System) (code int) {
	defer func() { // of Go itself it would be 2 as well
		if p := recover(); p != nil {
			say(sys, sys.text("error: "), sys.text("wxpay failed inside (%T): please report it with what follows", p))
			fmt.Fprintf(sys.Err, "%s", debug.Stack())
			code = exitUnknown
		}
	}()
	ctx, stop := untilEnded()
	defer stop()
	sys.lang = lang.Choose(args, sys.LookupEnv, sys.Locale)
	sys = sys.keepingKeysIn(args)
	root := newRoot(sys)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code = exitCode(err)
	if f := (*failure)(nil); errors.As(err, &f) && f.told {
		return code
	}
	if err != nil && (code != exitFailure || !errors.Is(err, syscall.EPIPE)) { // nobody reads on, as behind head
		report(sys, err)
	}
	return code
}

// sameWish is how long after a signal to end another one is taken for the same: a terminal sends
// Ctrl-C to all of its group, and npm, npx and the like hand on what they got of it.
const sameWish = time.Second

// untilEnded is a context that the first signal to end cancels. The second, a moment later, ends
// the process at once, by its own hand: Go itself would end with 2 for SIGQUIT and SIGABRT, as if
// nothing had been sent. Where nobody reads what is printed any more, as behind `| head -1`, Go
// itself would end it in the middle of whatever it does; printing fails instead.
func untilEnded() (ctx context.Context, stop func()) {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGABRT}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		ends = append(ends, syscall.SIGHUP) // the terminal was closed
	}
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := context.WithCancel(context.Background())
	came, over := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(came, ends...)
	go func() {
		var first time.Time
		for {
			select {
			case <-over:
				return
			case <-came:
			}
			switch {
			case ctx.Err() == nil:
				first = time.Now()
				cancel()
			case time.Since(first) > sameWish:
				os.Exit(exitUnknown)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(over)
		cancel()
	}
}

func newRoot(sys System) *cobra.Command {
	asked := false // for the version
	root := &cobra.Command{
		Use:   "wxpay",
		Short: "WeChat Pay contracts: watch them, test them, call them",
		Long: `wxpay works with WeChat Pay contracts (委托代扣, 免密支付, 教育续费通).
Start with: wxpay demo`,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return usage("there is no command %q; did you mean %v?", args[0], listed(near))
			}
			return usage("there is no command %q; wxpay --help lists them", args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asked {
				sys.printVersion()
				return nil
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&asked, "version", false, "print the version of wxpay, as wxpay version does")
	root.SetIn(sys.In)
	root.SetOut(sys.Out)
	root.SetErr(sys.Err)
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.DisableDefaultCmd = true // ours says how to load it, and what is wrong with a usage
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetHelpCommand(newHelp())
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { sys.showHelp(cmd.OutOrStdout(), cmd) })
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		sys.showUsage(cmd.OutOrStderr(), cmd)
		return nil
	})
	addLangFlag(root)
	root.AddCommand(newDemo(sys), newSandbox(sys), newCall(sys), newUpload(sys), newDownload(sys), newURL(sys),
		newCertificates(sys), newEndpoints(sys), newEnv(sys), newBench(sys), newInbox(sys), newDoctor(sys),
		newVerify(sys), newDecrypt(sys), newListen(sys), newTrigger(sys), newEvents(sys), newResend(sys),
		newHold(sys), newRelease(sys), newLogs(sys), newReport(sys), newSeed(sys), newReset(sys), newCalm(sys),
		newExport(sys), newImport(sys), newHealth(sys), newCompletion(sys), newVersion(sys))
	root.InitDefaultHelpCmd()
	sys.translate(root)
	return root
}

// newHelp is for those who type it, as other programs have it; --help is what is told.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use: "help [command]", Short: "Explain a command, as --help does", Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage("there is no command %q; wxpay --help lists them", strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}

// failure is an error with the exit code it leads to and, where there is one,
// a line on what to do about it.
type failure struct {
	code int
	err  error
	hint lang.Text
	// What WeChat Pay said, laid out: its code, as which err ends, and the rest by names.
	word string
	said [][2]lang.Text
	// What the command printed says all of it: only the exit code is left to give.
	told bool
}

func (f *failure) Error() string         { return f.err.Error() }
func (f *failure) Unwrap() error         { return f.err }
func (f *failure) In(l lang.Lang) string { return l.Error(f.err) }

func usage(format string, args ...any) error {
	return &failure{code: exitUsage, err: errorf(format, args...)}
}

// noArgs and its like refuse what they do not expect as wrong usage, which
// cobra's own do not.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no arguments, and got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

func exitCode(err error) int {
	var (
		own       *failure
		refused   *wxpay.Error
		transport *wxpay.TransportError
		signature *wxpay.SignatureError
		request   *wxpay.RequestError
		config    *wxpay.ConfigError
		key       *wxpay.KeyError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &refused):
		return exitRefused
	case errors.As(err, &transport):
		return exitUnknown
	case errors.As(err, &signature):
		return exitUnproven
	case errors.As(err, &request), errors.As(err, &config), errors.As(err, &key):
		return exitUsage
	}
	return exitFailure
}

func report(sys System, err error) {
	paint := sys.paintErr()
	var own failure
	if f := (*failure)(nil); errors.As(err, &f) {
		own = *f
	}
	label, what := paint.red(sys.text("error: ")), sys.lang.Error(err)
	if before, ok := strings.CutSuffix(what, own.word); ok && own.word != "" {
		say(sys, label, before, paint.bold(printable(own.word)))
	} else {
		say(sys, label, what)
	}
	for _, line := range own.said {
		say(sys, "  "+paint.dim(lang.Pad(line[0].In(sys.lang), 10))+" ", line[1].In(sys.lang))
	}
	sys.hint("%v", own.hint)
}

// hint says what to do about something, if anything.
func (s System) hint(format string, args ...any) {
	if said := s.text(format, args...); said != "" {
		say(s, s.paintErr().dim(s.text("hint:  ")), said)
	}
}

// note says what else there is to know of something.
func (s System) note(format string, args ...any) {
	say(s, s.paintErr().yellow(s.text("note:  ")), s.text(format, args...))
}

// say is how a sentence reaches standard error, whatever it repeats: in one line that does not
// steer the terminal. What is painted stands around it.
func say(sys System, before, said string, after ...string) {
	fmt.Fprintf(sys.Err, "%s%s%s\n", before, printable(said), strings.Join(after, ""))
}
