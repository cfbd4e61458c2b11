package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"idleshift/agents/brokers"
)

func (p *program) brokersCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "brokers",
		Short: "List the brokers, what each needs to know and what it reveals",
		Long: `brokers lists the matching institutions that a tier may name. NEEDS is the
least disclosure with which each can work: blind (kind, domain, hours, window,
zone, certificates), sealed (also bids and asks) or open (also exact positions
and values). A tier that discloses less is an input error. REVEALS is what firms
learn from its deals. Where it sets no prices, the two sides of a deal split the
gain. One that bounds tells how far each clearing may be from the best.`,
		Example: "  idleshift brokers\n  idleshift run vignettes --set tiers.platform.broker=nearest",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tNEEDS\tREVEALS\tSETS PRICES\tBOUNDS\tRULE")
			for _, b := range brokers.Table() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", b.Name, b.Needs(), b.Reveals, yes(b.Prices), yes(b.Bounds), b.Rule)
			}
			return w.Flush()
		},
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
