package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"idleshift/metrics/answer"
	"idleshift/metrics/store"
)

func (p *program) sensitivityCommand() *cobra.Command {
	var opt answer.SensitivityOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sensitivity DIR",
		Short: "Rank the factors of a sweep by how much an outcome depends on them",
		Long: `sensitivity reads a sweep of a design morris or saltelli and ranks its factors.

Of morris it gives the elementary effects of each factor over its range: mu*, the
mean of their absolute values, by which factors are ranked; mu, their mean, whose
sign says where the outcome rises; and sigma, their standard deviation, which
interactions and curvature make. Of saltelli it gives the shares of the outcome's
variance: first order, what a factor explains alone; total, with what it has to
do at all; and second order of pairs if the design has second_order = true.
Intervals are by bootstrap.

How much of the variance is replicate noise is told beside them, and that noise
is taken out of the indices. That needs crn = false and at least two replicates;
--without-noise gives the indices of the mean over the replicates as it is.

An outcome is a metric of a regime, gain(REGIME) for the surplus over the
baseline's, or a sum, difference, product or ratio of such. Without --of it is
what the design names, or every gain.

The ranking is also written to DIR as sensitivity.json and sensitivity.parquet.`,
		Example: `  idleshift sweep run screening
  idleshift sensitivity results/screening
  idleshift sensitivity results/screening --of "surplus(cooperative) - surplus(firm)" --of "utilisation(firm)"`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := sweepOf(args[0])
			if err != nil {
				return err
			}
			x, err := answer.SensitivityOf(s, opt)
			if err != nil {
				return badInput{err}
			}
			if err := store.WriteJSON(filepath.Join(args[0], "sensitivity.json"), x); err != nil {
				return err
			}
			if err := store.WriteRows(filepath.Join(args[0], "sensitivity.parquet"), x.Rows()); err != nil {
				return err
			}
			if asJSON {
				return p.writeJSON(x)
			}
			return x.WriteText(p.out)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opt.Outcomes, "of", nil, "`outcome` to look at; may be given again")
	flags.BoolVar(&opt.WithoutNoise, "without-noise", false, "leave the share of replicate noise out, and the noise in")
	flags.BoolVar(&asJSON, "json", false, "print JSON (see idleshift schema sensitivity)")
	return cmd
}

// sweepOf opens the dataset of a sweep.
func sweepOf(dir string) (*answer.Sweep, error) {
	d, err := open(dir)
	if err != nil {
		return nil, err
	}
	s, err := answer.OfSweep(d)
	if err != nil {
		return nil, badInput{err}
	}
	return s, nil
}

// folders completes an argument by the names of folders.
func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
