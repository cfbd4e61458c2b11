package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"idleshift/metrics"
	"idleshift/metrics/moments"
	"idleshift/scenarios"
)

func (p *program) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [KEY]",
		Short: "Say what a scenario key or a metric means",
		Long: `explain tells a key's meaning, unit, range and default, and lists the keys below
a table. NAME stands for any name and N for any element of a list. It explains
metrics, the columns of the runs table, too, the other tables with their columns,
and the moments that facts and calibrations may name.`,
		Example: `  idleshift explain
  idleshift explain kinds.NAME.match_share
  idleshift explain tiers
  idleshift explain fill_rate
  idleshift explain deals.waited
  idleshift explain order_hours_cv`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var words []string
			for _, k := range scenarios.Keys() {
				words = append(words, k.Path+"\t"+k.Doc)
			}
			for _, m := range metrics.Catalogue {
				words = append(words, m.Name+"\t"+m.Doc)
			}
			for _, m := range moments.Series {
				words = append(words, m.Name+"\t"+m.Doc)
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			key := ""
			if len(args) > 0 {
				key = args[0]
			}
			names := slices.Concat(moments.Names(), metrics.Tables)
			text, err := scenarios.Explain(key, names...)
			if said := measured(key); said != "" {
				text, err = said, nil
			}
			if err != nil {
				return badInput{err}
			}
			_, err = fmt.Fprint(p.out, text)
			return err
		},
	}
}

// measured explains a metric, a moment, a table or a column of one; it is empty
// if the name is none of them.
func measured(name string) string {
	var b strings.Builder
	say := func(what, doc, unit string) {
		fmt.Fprintf(&b, "%s: %s\n  %s\n", name, what, doc)
		if unit != "" {
			fmt.Fprintf(&b, "  unit: %s\n", unit)
		}
	}
	if m, err := metrics.ByName(name); err == nil {
		say("metric", m.Doc, m.Unit)
	}
	for _, m := range moments.Series {
		if m.Name == name {
			say("moment of several runs, for facts and calibrations", m.Doc, m.Unit)
		}
	}
	table, column, one := strings.Cut(name, ".")
	columns, err := metrics.Columns(table, "currency")
	if err != nil {
		return b.String()
	}
	if !one {
		fmt.Fprintf(&b, "%s: table of a dataset\n", table)
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range columns {
		switch {
		case !one:
			fmt.Fprintf(w, "  %s.%s\t%s\t%s\n", table, c.Name, c.Unit, c.Doc)
		case c.Name == column:
			say("column of the table "+table, c.Doc, c.Unit)
		}
	}
	w.Flush()
	return b.String()
}
