package main

import (
	"github.com/spf13/cobra"

	"idleshift/metrics/answer"
)

func (p *program) compareCommand() *cobra.Command {
	var unpaired, json bool
	cmd := &cobra.Command{
		Use:   "compare DIR1 DIR2",
		Short: "Compare two datasets, paired by seed and replicate",
		Long: `compare prints, for every regime that both datasets have, how surplus and gain of
the second differ from those of the first, with intervals. Replicates of one seed
saw the same draws and are paired. Datasets of different seeds are refused,
unless --unpaired asks for the wider intervals of independent samples.`,
		Example: `  idleshift run vignettes --out results/a
  idleshift run vignettes --set tiers.platform.adoption=0.5 --out results/b
  idleshift compare results/a results/b`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			first, err := open(args[0])
			if err != nil {
				return err
			}
			second, err := open(args[1])
			if err != nil {
				return err
			}
			c, err := answer.Compare(first, second, unpaired)
			if err != nil {
				return badInput{err}
			}
			if json {
				return p.writeJSON(c)
			}
			return c.WriteText(p.out)
		},
	}
	cmd.Flags().BoolVar(&unpaired, "unpaired", false, "treat the two as independent samples")
	cmd.Flags().BoolVar(&json, "json", false, "print the comparison as JSON (see idleshift schema comparison)")
	return cmd
}
