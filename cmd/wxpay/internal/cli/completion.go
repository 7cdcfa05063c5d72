package cli

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/catalogue"
)

// What a shell offers behind a flag is said where the flag is made, by oneOf, aFile, aFolder or
// fileBehindAt; behind a flag of which nothing is said it offers nothing. What it offers for
// arguments is a command's ValidArgsFunction: paths, files.

// completers are those that can ask what comes next, and how each is told to.
var completers = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) }},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", func(root *cobra.Command, w io.Writer) error { return root.GenPowerShellCompletionWithDesc(w) }},
}

func newCompletion(sys System) *cobra.Command {
	var names []string
	for _, s := range completers {
		names = append(names, s.name)
	}
	return &cobra.Command{
		Use:   "completion " + strings.Join(names, "|"),
		Short: "Print what lets a shell complete verbs, paths and flags' values",
		Long: `completion prints a script for a shell, which then completes the verbs of wxpay,
the paths of WeChat Pay's endpoints and the values of flags. Load it where the
shell starts:
  bash         source <(wxpay completion bash)
               in ~/.bashrc; it needs the package bash-completion
  zsh          source <(wxpay completion zsh)
               in ~/.zshrc, below autoload -U compinit; compinit
  fish         wxpay completion fish | source
               in ~/.config/fish/config.fish
  powershell   wxpay completion powershell | Out-String | Invoke-Expression
               in the file that $PROFILE names`,
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(names, args[0]) {
				return usage("completion takes a shell: %v", listed(names))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			at := slices.Index(names, args[0])
			return completers[at].write(cmd.Root(), sys.Out)
		},
	}
}

// completes sets what a shell offers behind a flag, which has to be there.
func completes(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err) // the flag is missing, or told twice
	}
}

// oneOf completes a flag that takes one of a few words. A word that ends in = wants more behind it.
func oneOf(cmd *cobra.Command, flag string, words func() []string) {
	completes(cmd, flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		list := slices.DeleteFunc(words(), func(w string) bool { return !strings.HasPrefix(w, typed) })
		if slices.ContainsFunc(list, func(w string) bool { return strings.HasSuffix(w, "=") }) {
			return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	})
}

// aFile completes a flag that takes the name of a file.
func aFile(cmd *cobra.Command, flag string) { completes(cmd, flag, completeFile) }

func completeFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// aFolder completes a flag that takes the name of a folder.
func aFolder(cmd *cobra.Command, flag string) {
	completes(cmd, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
}

// fileBehindAt completes a flag that takes text, or @ and the name of a file.
func fileBehindAt(cmd *cobra.Command, flag string) {
	completes(cmd, flag, func(_ *cobra.Command, _ []string, typed string) (out []string,
		d cobra.ShellCompDirective) {
		d = cobra.ShellCompDirectiveNoFileComp
		name, at := strings.CutPrefix(typed, "@")
		if !at {
			return nil, d
		}
		folder, begins := filepath.Split(name)
		entries, _ := os.ReadDir(filepath.Join(".", folder)) // of a folder that is not there, nothing
		if filepath.IsAbs(folder) {
			entries, _ = os.ReadDir(folder)
		}
		for _, e := range entries {
			switch {
			case !strings.HasPrefix(e.Name(), begins) || strings.HasPrefix(e.Name(), ".") && begins == "":
			case e.IsDir():
				out = append(out, "@"+folder+e.Name()+string(filepath.Separator))
				d |= cobra.ShellCompDirectiveNoSpace
			default:
				out = append(out, "@"+folder+e.Name())
			}
		}
		return out, d
	})
}

// completePath goes through the paths of endpoints as a shell does through folders, for one prefix
// can have hundreds: of several that go on alike it offers what they have in common, up to a slash.
func completePath(typed string, of func(catalogue.Known) bool) ([]string, cobra.ShellCompDirective) {
	bare := strings.TrimPrefix(typed, "/")
	slash := strings.TrimSuffix(typed, bare)
	here := strings.LastIndexByte(bare, '/') + 1
	alike := map[string][]catalogue.Known{} // by the segment behind here, with its slash
	for _, k := range catalogue.AllKnown() {
		if path := k.SDKPath(); strings.HasPrefix(path, bare) && of(k) {
			next, _, more := strings.Cut(path[here:], "/")
			if more {
				next += "/"
			}
			alike[next] = append(alike[next], k)
		}
	}
	var out []string
	d := cobra.ShellCompDirectiveNoFileComp
	for _, next := range slices.Sorted(maps.Keys(alike)) {
		group := alike[next]
		first := group[0].SDKPath()
		if slices.ContainsFunc(group, func(k catalogue.Known) bool { return k.SDKPath() != first }) {
			out = append(out, slash+common(group))
			d |= cobra.ShellCompDirectiveNoSpace
			continue
		}
		out = append(out, cobra.CompletionWithDesc(slash+first, group[0].Title))
	}
	return out, d
}

// common is what the paths of a group begin with, up to a slash.
func common(group []catalogue.Known) string {
	all := group[0].SDKPath()
	for _, k := range group[1:] {
		path, n := k.SDKPath(), 0
		for n < min(len(all), len(path)) && all[n] == path[n] {
			n++
		}
		all = all[:n]
	}
	return all[:strings.LastIndexByte(all, '/')+1]
}

// pathsOf completes the one argument of a command, the path of such an endpoint.
func pathsOf(of func(catalogue.Known) bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completePath(typed, of)
	}
}
