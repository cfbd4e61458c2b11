package main

import (
	"fmt"

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
metrics, the columns of the runs table, too, and the moments that facts and
calibrations may name beside them.`,
		Example: `  idleshift explain
  idleshift explain kinds.NAME.match_share
  idleshift explain tiers
  idleshift explain fill_rate
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
			text, err := scenarios.Explain(key)
			if m, other := metrics.ByName(key); err != nil && other == nil {
				text, err = fmt.Sprintf("%s: metric\n  %s\n  unit: %s\n", m.Name, m.Doc, m.Unit), nil
			}
			for _, m := range moments.Series {
				if m.Name == key {
					text, err = fmt.Sprintf("%s: moment of several runs, for facts and calibrations\n  %s\n  unit: %s\n", m.Name, m.Doc, m.Unit), nil
				}
			}
			if err != nil {
				return badInput{err}
			}
			_, err = fmt.Fprint(p.out, text)
			return err
		},
	}
}
