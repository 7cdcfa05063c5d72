package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/inbox"
)

// inboxOptions are the flags of `wxpay inbox` and its verbs.
type inboxOptions struct {
	database, prefix string
	mchID            string
	all, asJSON      bool
	limit            int
	person           inbox.Person
}

// inboxDatabase is the variable that stands for --database.
const inboxDatabase = "WXPAY_INBOX_DATABASE"

func newInbox(sys System) *cobra.Command {
	var o inboxOptions
	cmd := &cobra.Command{
		Use:   "inbox",
		Short: "Look after what package inbox keeps in a database",
		Long: `inbox works on the database in which package inbox keeps what it handled.
Name it by ` + inboxDatabase + `, so that its password stays out of the list of
processes, or by --database:
  postgres://user:password@host/name    as lib/pq takes it
  mysql://user:password@tcp(host)/name  as go-sql-driver/mysql takes it
  sqlite:///folder/shop.db

Only your program has the functions that handle a notification. So replay marks
dead letters, and Box.Work in your program handles them.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&o.database, "database", "", "address of the database")
	cmd.PersistentFlags().StringVar(&o.prefix, "prefix", inbox.DefaultPrefix, "what the names of the tables begin with")
	cmd.AddCommand(o.newSchema(sys), o.newDead(sys), o.newReplay(sys), o.newDiscard(sys), o.newForget(sys),
		o.newPlain(sys, "migrate", "Create the tables, or bring them up to date", (*inbox.Box).Migrate),
		o.newPlain(sys, "check", "Say whether the tables are those of this version", (*inbox.Box).Check))
	return cmd
}

func (o *inboxOptions) newSchema(sys System) *cobra.Command {
	return &cobra.Command{
		Use:       "schema postgres|mysql|sqlite",
		Short:     "Print the migrations, to be run by the tool that runs yours",
		ValidArgs: []string{string(inbox.Postgres), string(inbox.MySQL), string(inbox.SQLite)},
		Args:      oneArg(text("a database: postgres, mysql or sqlite")),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := inbox.Schema(inbox.Dialect(args[0]), o.prefix)
			if err != nil {
				return usage("%w", err)
			}
			for _, m := range list {
				if _, err := fmt.Fprint(sys.Out, m.SQL); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (o *inboxOptions) newDead(sys System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "List the dead letters, the oldest first",
		Args:  noArgs,
		RunE: o.on(sys, func(ctx context.Context, b *inbox.Box, _ []string) error {
			list, err := b.Dead(ctx, o.limit)
			if err != nil {
				return err
			}
			for _, d := range list {
				if o.asJSON {
					err = json.NewEncoder(sys.Out).Encode(map[string]any{"mch_id": d.MchID, "id": d.ID,
						"event_type": d.EventType, "attempts": d.Attempts, "changed_at": d.ChangedAt,
						"reason": d.Reason})
				} else {
					_, err = fmt.Fprintf(sys.Out, "%s %s\n  %s\n  %s\n", d.MchID, printable(d.ID),
						sys.text("%s, %d attempts, the last %s", printable(d.EventType), d.Attempts,
							d.ChangedAt.Format(time.RFC3339)), printable(d.Reason))
				}
				if err != nil {
					return err
				}
			}
			return nil
		}),
	}
	cmd.Flags().IntVar(&o.limit, "limit", 100, "list at most so many")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print an object a line")
	return cmd
}

func (o *inboxOptions) newReplay(sys System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay [id]",
		Short: "Have dead letters handled once more, by Box.Work in your program",
		Args:  cobra.ArbitraryArgs,
		RunE: o.on(sys, func(ctx context.Context, b *inbox.Box, args []string) error {
			if len(args) > 1 || o.all == (len(args) == 1) || !o.all && args[0] == "" {
				return usage("wxpay inbox replay takes the id of one dead letter, or --all")
			}
			n, err := b.Requeue(ctx, o.mchID, first(args))
			switch {
			case err != nil:
				return err
			case n == 0:
				return &failure{code: exitFailure, err: errorf("there is no such dead letter"),
					hint: text("wxpay inbox dead lists them")}
			}
			fmt.Fprintln(sys.Out, sys.text("%d marked: Box.Work in your program handles them", n))
			return nil
		}),
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "every dead letter, of --mchid where it is given")
	cmd.Flags().StringVar(&o.mchID, "mchid", "", "only of this merchant")
	return cmd
}

func (o *inboxOptions) newDiscard(sys System) *cobra.Command {
	return &cobra.Command{
		Use:   "discard mchid id",
		Short: "Give a dead letter up, and erase the notification in it",
		Args:  cobra.ArbitraryArgs,
		RunE: o.on(sys, func(ctx context.Context, b *inbox.Box, args []string) error {
			if len(args) != 2 {
				return usage("wxpay inbox discard takes a merchant number and the id of a dead letter")
			}
			return b.Discard(ctx, args[0], args[1])
		}),
	}
}

func (o *inboxOptions) newForget(sys System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Erase what is stored of a person",
		Long: `forget erases what the tables hold of a person. That a notification was handled
stays known, by hashes that name nobody. Each flag may be given several times.`,
		Args: noArgs,
		RunE: o.on(sys, func(ctx context.Context, b *inbox.Box, _ []string) error {
			if len(o.person.Codes) > 0 && o.person.MchID == "" {
				return usage("--code needs --mchid: another merchant may have given somebody else the same number")
			}
			f, err := b.Forget(ctx, o.person)
			if err != nil {
				return err
			}
			fmt.Fprintln(sys.Out, sys.text("erased: %d stored notifications, %d contracts, %d expected", f.Letters,
				f.Contracts, f.Expected))
			return nil
		}),
	}
	cmd.Flags().StringArrayVar(&o.person.OpenIDs, "openid", nil, "an openid of the person's")
	cmd.Flags().StringArrayVar(&o.person.Contracts, "contract", nil, "a contract_id")
	cmd.Flags().StringArrayVar(&o.person.Codes, "code", nil, "your own number of a contract, debit or refund; "+
		"needs --mchid")
	cmd.Flags().StringVar(&o.person.MchID, "mchid", "", "the merchant whose numbers those of --code are")
	cmd.Flags().StringVar(&o.person.SubMchID, "sub-mchid", "", "a service provider's sub-merchant, where they are its")
	return cmd
}

func (o *inboxOptions) newPlain(sys System, name, short string, f func(*inbox.Box,
	context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: noArgs,
		RunE: o.on(sys, func(ctx context.Context, b *inbox.Box, _ []string) error { return f(b, ctx) }),
	}
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func oneArg(what lang.Text) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("%s takes %v", cmd.CommandPath(), what)
		}
		return nil
	}
}
