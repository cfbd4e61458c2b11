package main

import (
	"github.com/spf13/cobra"

	"idleshift/metrics/answer"
	"idleshift/metrics/store"
)

func (p *program) summarizeCommand() *cobra.Command {
	var opt answer.SummaryOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "summarize DIR",
		Short: "What the factors of a sweep do, and where a condition holds",
		Long: `summarize reads a sweep and tells, for each outcome, what every factor does to it:
its mean where the factor is low and where it is high, and the difference between
the two. Where points share their random numbers the difference is paired by
replicate. Of one-at-a-time the other factors are as in the base scenario.

A condition such as "gain(cooperative) > gain(firm)" is told of every point: it
holds or fails where the interval of the difference lies to one side of zero, and
is open where it does not; and of parts of the design where it holds at every
point or at none. Intervals are for each point by itself: of a hundred points
without any difference, some five will seem to have one.

What to look at is what the design names, unless --of and --where say otherwise;
an outcome is written as for idleshift sensitivity.

The summary is also written to DIR as summary.json, its means as summary.parquet
and the verdict at every point as conditions.parquet; with --json it is printed
alone.`,
		Example: `  idleshift sweep run thickness
  idleshift summarize results/thickness
  idleshift summarize results/thickness --of "gain(firm)" --where "gain(firm) > 0"`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := sweepOf(args[0])
			if err != nil {
				return err
			}
			x, err := answer.SummaryOf(s, opt)
			if err != nil {
				return badInput{err}
			}
			return p.tell(x, asJSON, args[0], "summary", map[string]func(string) error{
				"summary":    func(path string) error { return store.WriteRows(path, x.Effects()) },
				"conditions": func(path string) error { return store.WriteRows(path, x.Verdicts()) },
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opt.Outcomes, "of", nil, "`outcome` to look at; may be given again")
	flags.StringArrayVar(&opt.Conditions, "where", nil, "`condition` to look for; may be given again")
	flags.BoolVar(&asJSON, "json", false, "print JSON (see idleshift schema summary), and write nothing")
	return cmd
}
