package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/evidence"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// verifyOptions are the flags of `wxpay verify`.
type verifyOptions struct {
	credentials
	storedMessage
	at, bundle          string
	reply, full, asJSON bool
}

func newVerify(sys System) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Say whether a stored notification or reply is genuine, or what is wrong",
		Long: `verify looks at a notification or a reply that was kept, sends nothing, and says
whether WeChat Pay signed it. Where it did not, or the bytes are others, it names
the mistake where it is one that people make: a body that was decoded and encoded
again, a header that a proxy dropped, another merchant's key and many more. It
prints the string that the signature has to be of, with its line ends.

FILE, or - for standard input, may be

  a message of HTTP: headers, an empty line and the body, with its first line
      or without; what curl -i or curl -v printed
  JSON with "headers" and "body" in it, as gateways hand it to functions and
      programs write it to logs; the body a string, or base64
  a body alone: the XML of APIv2, or the JSON of APIv3 with --headers

--headers names a file with the headers, and --body one with the body byte for
byte, where they were kept apart. Line ends may be of either kind. The body must
be the bytes that came: what a program decoded and encoded again does not verify,
and verify says so.

Keys and settings are given as to wxpay call, and none is required: WeChat Pay's
public key or certificate proves the signature, the APIv3 key opens what is
sealed, the APIv2 key checks messages of APIv2. Certificates are saved by
wxpay certificates.

A message is good for five minutes. --at says when it came; without it nobody
asks how old it is.

--bundle OUT.zip writes what others need to judge the case and nothing secret:
each value is replaced by one of the same length. It can be posted in public.

The exit code is 0 where WeChat Pay signed these bytes and they came in time, 5
where that cannot be shown, and 2 where the file or a key cannot be read.`,
		Example: `  wxpay verify notification.txt --env-file production.env
  wxpay verify --headers headers.txt --body body.json --at 1795903888
  curl -si … | wxpay verify - --reply
  wxpay verify notification.txt --bundle case.zip`,
		Args: o.args,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"headers", "body", "at", "bundle"} {
				if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return usage("--%s is empty; give its value, or leave it out", name)
				}
			}
			return o.run(cmd.Context(), sys, args)
		},
	}
	o.storedMessage.addTo(cmd)
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "when it came: 2026-11-28T21:00:00+08:00, seconds since 1970, or now")
	f.BoolVar(&o.reply, "reply", false, "it answers a call, so that nothing is sealed in it")
	f.BoolVar(&o.full, "full", false, "print all of the string to verify, which may name the payer")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object")
	f.StringVar(&o.bundle, "bundle", "", "write evidence that is safe to post to this zip file")
	o.credentials.addTo(cmd)
	return cmd
}

func (o *verifyOptions) run(ctx context.Context, sys System, args []string) error {
	at, err := timeOf(o.at, time.Now())
	if err != nil {
		return err
	}
	keys, err := o.keys(ctx, sys)
	if err != nil {
		return err
	}
	m, err := o.read(ctx, sys, args)
	if err != nil {
		return err
	}
	c := evidence.Judge(m, o.reply, at, keys.Known)
	if o.asJSON {
		err = o.json(sys, c)
	} else {
		o.show(sys, c)
	}
	if err == nil && o.bundle != "" {
		err = writeBundle(sys, o.bundle, c)
	}
	if err == nil && c.Standing != evidence.Genuine {
		err = &failure{code: exitUnproven, err: errorf("it is not shown to be genuine"), told: true}
	}
	return err
}

// timeOf reads a time as people have it.
func timeOf(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if s == "now" {
		return now, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) <= 10 && n >= 0 {
		return time.Unix(n, 0), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation(time.DateTime, s, wire.Beijing); err == nil {
		return t, nil
	}
	return time.Time{}, usage("--at is no time; give it as in 2026-11-28T21:00:00+08:00, in seconds since 1970, or now")
}

// finding is one of package explain's, as a sentence.
type finding struct {
	explain.Finding
	which func(explain.Finding, string) string
}

func (f finding) String() string        { return f.which(f.Finding, "en") }
func (f finding) In(l lang.Lang) string { return f.which(f.Finding, string(l)) }
func problem(f explain.Finding) finding { return finding{f, explain.Finding.Problem} }
func advised(f explain.Finding) finding { return finding{f, explain.Finding.Advice} }

// each gives findings one by one, those made at the same time behind one another.
func each(findings []explain.Finding) (all []explain.Finding) {
	for _, f := range findings {
		for _, one := range append([]explain.Finding{f}, f.And...) {
			one.And = nil
			all = append(all, one)
		}
	}
	return all
}

// show prints the verdict for people.
func (o *verifyOptions) show(sys System, c *evidence.Case) {
	p := sys.paintOut()
	word := p.red(sys.text("not genuine"))
	switch c.Standing {
	case evidence.Genuine:
		word = p.green(sys.text("genuine"))
	case evidence.Altered:
		word = p.yellow(sys.text("WeChat Pay's, but not as it should be"))
	case evidence.Unproven:
		word = p.yellow(sys.text("not proved"))
	}
	fmt.Fprintln(sys.Out, p.bold(word))
	all := each(c.Verdict.Findings)
	for i, f := range all {
		fmt.Fprintf(sys.Out, "  %s\n", sys.wrapped(text("%v", problem(f)), 2))
		advice := advised(f)
		if i+1 < len(all) && advised(all[i+1]).String() == advice.String() || advice.String() == "" {
			continue // it is said once
		}
		fmt.Fprintf(sys.Out, "  %s%s\n", p.bold("→ "), sys.wrapped(text("%v", advice), 4))
	}
	fmt.Fprintln(sys.Out)
	for _, fact := range o.facts(c) {
		fmt.Fprintf(sys.Out, "  %s %s\n", p.dim(lang.Pad(fact[0].In(sys.lang), factWidth)),
			sys.wrapped(fact[1], 2+factWidth+1))
	}
	if c.Signed == nil {
		return
	}
	fmt.Fprintf(sys.Out, "\n%s\n", sys.text("The string that the signature has to be of, %d bytes, with its line ends:",
		len(c.Signed)))
	shown := evidence.Escaped(c.Signed)
	if !o.full {
		shown = sys.shortened(shown)
	}
	if c.V2 {
		shown += sys.text("(the APIv2 key)")
	}
	for line := range strings.SplitSeq(shown, "\n") {
		fmt.Fprintf(sys.Out, "  %s\n", line)
	}
}

const factWidth = 12

// facts are what else there is to say of a message.
func (o *verifyOptions) facts(c *evidence.Case) (facts [][2]lang.Text) {
	add := func(name, value lang.Text) { facts = append(facts, [2]lang.Text{name, value}) }
	if seconds, err := strconv.ParseInt(c.Timestamp(), 10, 64); err == nil && len(c.Timestamp()) <= 11 {
		add(text("signed at"), text("%s, Beijing", time.Unix(seconds, 0).In(wire.Beijing).Format(time.DateTime)))
	}
	if c.Verdict.Event != "" {
		add(text("event"), text("%s", c.Verdict.Event))
	}
	if c.Verdict.MchID != "" {
		add(text("merchant"), text("%s", c.Verdict.MchID))
	}
	if c.Verdict.Opened.Reveal() != nil {
		add(text("sealed"), text("opens; wxpay decrypt prints what is in it"))
	}
	var ids []string
	for _, p := range c.Known.Platform {
		ids = append(ids, p.ID)
	}
	if len(ids) > 0 && !c.V2 {
		add(text("keys here"), text("%s", strings.Join(ids, ", ")))
	}
	return facts
}

// wrapped is a sentence in lines that fit behind so many columns.
func (s System) wrapped(said lang.Text, indent int) string {
	return lang.Wrap(printable(said.In(s.lang)), terminalWidth-indent, strings.Repeat(" ", indent))
}

// How much of the string to verify is shown of its beginning and of its end.
const shownBefore, shownBehind = 360, 120

// shortened leaves out the middle of a long string.
func (s System) shortened(shown string) string {
	r := []rune(shown)
	left := len(r) - shownBefore - shownBehind
	if left <= shownBehind {
		return shown
	}
	return string(r[:shownBefore]) + "\n" + s.text("… %d characters more; --full shows them …", left) + "\n" +
		string(r[len(r)-shownBehind:])
}

// json prints the verdict for programs. Its names are kept from one version to the next.
func (o *verifyOptions) json(sys System, c *evidence.Case) error {
	type said struct {
		ID      string `json:"id"`
		Case    string `json:"case,omitempty"`
		Certain bool   `json:"certain"`
		Problem string `json:"problem"`
		Advice  string `json:"advice,omitempty"`
	}
	all := struct {
		Standing  evidence.Standing `json:"standing"`
		Findings  []said            `json:"findings"`
		SignedBy  string            `json:"signed_by,omitempty"`
		MchID     string            `json:"mchid,omitempty"`
		Event     string            `json:"event_type,omitempty"`
		Opened    bool              `json:"opened"`
		Timestamp string            `json:"timestamp,omitempty"`
		Serial    string            `json:"serial,omitempty"`
		Bytes     int               `json:"string_bytes"`
		Hash      string            `json:"string_sha256,omitempty"`
		String    string            `json:"string,omitempty"`
	}{
		Standing: c.Standing, SignedBy: c.Verdict.SignedBy, MchID: c.Verdict.MchID, Event: c.Verdict.Event,
		Opened: c.Verdict.Opened.Reveal() != nil, Timestamp: c.Timestamp(), Serial: c.Serial(), Bytes: len(c.Signed),
	}
	for _, f := range each(c.Verdict.Findings) {
		all.Findings = append(all.Findings, said{f.ID, f.Case, f.Certain, f.Problem("en"), f.Advice("en")})
	}
	if c.Signed != nil && !c.V2 {
		sum := sha256.Sum256(c.Signed)
		all.Hash = hex.EncodeToString(sum[:])
	}
	if o.full {
		all.String = string(c.Signed)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := sys.Out.Write(legible(out.Bytes())) // what steers a terminal is escaped
	return err
}
