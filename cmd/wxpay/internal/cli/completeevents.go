package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/internal/spelling"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What a shell offers where a notification, an event type or a variant is wanted.

// eventsLike are the event types that begin with what was typed, in whatever letters, with titles.
func eventsLike(typed string) (out []string) {
	for _, e := range sandbox.TriggerEvents() {
		if strings.HasPrefix(e.Event, strings.ToUpper(typed)) {
			out = append(out, cobra.CompletionWithDesc(e.Event, e.Products[0].Title))
		}
	}
	return out
}

// completeEvents completes a flag that takes event types, separated by commas.
func completeEvents(cmd *cobra.Command, flag string) {
	completes(cmd, flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before, last := behindComma(typed)
		list := eventsLike(last)
		for i := range list {
			list[i] = before + list[i]
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	})
}

// completeVariants completes --variant and --product by the event that is triggered.
func completeVariants(cmd *cobra.Command) {
	of := func(args []string) []ledger.TriggerProduct {
		for _, e := range sandbox.TriggerEvents() {
			if e.Event == first(args) {
				return e.Products
			}
		}
		return nil
	}
	completes(cmd, "product", func(_ *cobra.Command, args []string, typed string) (out []string,
		_ cobra.ShellCompDirective) {
		for _, p := range of(args) {
			if strings.HasPrefix(p.Product, typed) {
				out = append(out, cobra.CompletionWithDesc(p.Product, p.Title))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	})
	completes(cmd, "variant", func(cmd *cobra.Command, args []string, typed string) (out []string,
		_ cobra.ShellCompDirective) {
		before, last := behindComma(typed)
		product, _ := cmd.Flags().GetString("product")
		for _, p := range of(args) {
			if product != "" && product != p.Product {
				continue
			}
			for _, word := range slices.Concat(p.Variants...) {
				if word != "" && strings.HasPrefix(word, last) && !slices.Contains(out, before+word) {
					out = append(out, before+word)
				}
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	})
}

// behindComma takes the last of a list apart from those before it.
func behindComma(typed string) (before, last string) {
	at := strings.LastIndexByte(typed, ',') + 1
	return typed[:at], typed[at:]
}

// completeIDs offers the newest notifications of the sandbox, if one answers at once; most is how
// many ids are taken, 0 for any number.
func (a *adminFlags) completeIDs(sys System, most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) (out []string, _ cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		admin, err := a.client(ctx, sys)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		const offered = 50
		_ = new(which).each(ctx, admin, func(p *ledger.Push) { // nothing is offered where nobody answers
			if strings.HasPrefix(p.ID, typed) && !slices.Contains(args, p.ID) {
				out = append(out, cobra.CompletionWithDesc(p.ID, p.Event+" "+string(p.State)))
			}
		})
		return out[max(0, len(out)-offered):], cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// nearest are the three known words that are spelled most like one.
func nearest(word string, known []string) []string {
	plain := func(s string) string {
		return strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToUpper(s[:min(len(s), 64)]))
	}
	list := slices.Clone(known)
	slices.SortStableFunc(list, func(a, b string) int {
		return spelling.Distance(plain(word), plain(a)) - spelling.Distance(plain(word), plain(b))
	})
	return list[:min(3, len(list))]
}
