package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

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

The ranking is also written to DIR as sensitivity.json and sensitivity.parquet;
with --json it is printed alone.`,
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
			return p.tell(x, asJSON, args[0], "sensitivity", map[string]func(string) error{
				"sensitivity": func(path string) error { return store.WriteRows(path, x.Rows()) },
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opt.Outcomes, "of", nil, "`outcome` to look at; may be given again")
	flags.BoolVar(&opt.WithoutNoise, "without-noise", false, "leave the share of replicate noise out, and the noise in")
	flags.BoolVar(&asJSON, "json", false, "print JSON (see idleshift schema sensitivity), and write nothing")
	return cmd
}

// tell prints what was found in a sweep, and keeps it in the sweep's folder: as
// JSON, and by tables that are written to paths. As JSON it is printed alone.
func (p *program) tell(found interface{ WriteText(io.Writer) error }, asJSON bool, dir, name string, tables map[string]func(path string) error) error {
	if asJSON {
		return p.writeJSON(found)
	}
	err := store.WriteJSON(filepath.Join(dir, name+".json"), found)
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		if err == nil {
			err = tables[table](filepath.Join(dir, table+".parquet"))
		}
	}
	if err != nil {
		err = fmt.Errorf("it could not be kept in the folder (--json prints it alone): %w", err)
	}
	return errors.Join(found.WriteText(p.out), err)
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
