package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// Help is laid out here and not by cobra, whose headings are English and whose lines are broken by
// the number of bytes: a Chinese character has three and takes two columns.

func (s System) showHelp(w io.Writer, cmd *cobra.Command) {
	about := cmd.Long
	if about == "" {
		about = cmd.Short
	}
	fmt.Fprintf(w, "%s\n\n", lang.Wrap(strings.TrimRight(about, " \n"), terminalWidth, ""))
	s.showUsage(w, cmd)
}

func (s System) showUsage(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintln(w, s.text("Usage:"))
	if cmd.Runnable() {
		fmt.Fprintf(w, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s [command]\n", cmd.CommandPath())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(w, "\n%s\n  %s\n", s.text("Aliases:"), cmd.NameAndAliases())
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\n%s\n%s\n", s.text("Examples:"), cmd.Example)
	}
	for _, group := range cmd.Groups() {
		s.showCommands(w, cmd, group.ID, group.Title)
	}
	if len(cmd.Groups()) == 0 {
		s.showCommands(w, cmd, "", s.text("Available Commands:"))
	} else if !cmd.AllChildCommandsHaveGroup() {
		s.showCommands(w, cmd, "", s.text("Additional Commands:"))
	}
	if cmd.HasAvailableLocalFlags() {
		fmt.Fprintf(w, "\n%s\n%s", s.text("Flags:"), s.flagLines(cmd.LocalFlags()))
	}
	if cmd.HasAvailableInheritedFlags() {
		fmt.Fprintf(w, "\n%s\n%s", s.text("Global Flags:"), s.flagLines(cmd.InheritedFlags()))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n%s\n", s.text("Use %q for more information about a command.",
			cmd.CommandPath()+" [command] --help"))
	}
	if !cmd.HasParent() {
		fmt.Fprintf(w, "\n%s\n", lang.Wrap(s.lang.Page(exitHelp), terminalWidth, ""))
	}
}

// showCommands lists the commands of a group, or those of none.
func (s System) showCommands(w io.Writer, cmd *cobra.Command, group, title string) {
	heading := "\n" + title + "\n"
	for _, sub := range cmd.Commands() {
		if sub.GroupID != group || !sub.IsAvailableCommand() {
			continue
		}
		name := "  " + lang.Pad(sub.Name(), sub.NamePadding()) + " "
		fmt.Fprintf(w, "%s%s%s\n", heading, name, lang.Wrap(sub.Short, terminalWidth-len(name), strings.Repeat(" ",
			len(name))))
		heading = ""
	}
}

// flagLines lists flags as pflag does.
func (s System) flagLines(flags *pflag.FlagSet) string {
	var names, usages, defaults []string
	widest := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		kind, about := pflag.UnquoteUsage(f)
		if kind != "" {
			name += " " + kind
		}
		names, usages, defaults = append(names, name), append(usages, about), append(defaults, s.defaultOf(f))
		widest = max(widest, len(name))
	})
	var out strings.Builder
	room, indent := terminalWidth-widest-3, "\n"+strings.Repeat(" ", widest+3)
	for i, name := range names {
		lines := strings.Split(lang.Wrap(usages[i], room, ""), "\n")
		switch last := len(lines) - 1; {
		case lang.Columns(lines[last]+defaults[i]) <= room: // else it goes into a line of its own, whole
			lines[last] += defaults[i]
		default:
			lines = append(lines, strings.TrimSpace(defaults[i]))
		}
		fmt.Fprintf(&out, "%s%s\n", lang.Pad(name, widest+3), strings.Join(lines, indent))
	}
	return out.String()
}

// defaultOf says what a flag is where it is left out, unless that is nothing.
func (s System) defaultOf(f *pflag.Flag) string {
	switch value := f.DefValue; {
	case value == "" || value == "false" || value == "0" || value == "0s" || value == "[]":
		return ""
	case f.Value.Type() == "string":
		return s.text(" (default %q)", value)
	default:
		return s.text(" (default %s)", value)
	}
}
