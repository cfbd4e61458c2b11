package main

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics/calibrate"
	"idleshift/metrics/moments"
	"idleshift/scenarios"
)

// calibrateFlags are those of calibrate.
type calibrateFlags struct {
	journalFlags
	set  []string
	show bool
}

func (p *program) calibrateCommand() *cobra.Command {
	var f calibrateFlags
	cmd := &cobra.Command{
		Use:   "calibrate CALIBRATION",
		Short: "Fit keys of a scenario to targets",
		Long: `calibrate looks for values of chosen keys of a scenario at which it shows chosen
moments: utilisation, its standard deviation and autocorrelation over quarters,
fill rate, lead times, the share bought outside or from partners, the volatility
of orders, or any other metric. What is free and what is to be reached stands in
a TOML file, a shipped one (` + strings.Join(scenarios.Calibrations.Names(), ", ") + `; --show prints it)
or your own. Candidates meet the same random worlds, survivors are measured anew
over others, and the best over worlds that the search has not seen.

It prints the moments reached beside the targets, the fitted keys with standard
errors, and which keys the targets do not pin down; and writes a folder:

  fitted.toml          the fitted scenario, which runs as it is
  result.json          what was printed
  evaluations.parquet  every candidate: keys, moments, distance
  journal.jsonl        every run as it was finished

An interrupted calibration loses nothing: the same command goes on from the
journal. Runs in it are known by their scenario, so that a changed search, other
ranges or more generations use again what was run.`,
		Example: `  idleshift calibrate pocket-utilisation --show
  idleshift calibrate pocket-utilisation
  idleshift calibrate mine.toml --out results/fit --set time.days=125
  idleshift run results/fit/fitted.toml`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return scenarios.Calibrations.Names(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error { return p.calibrate(cmd.Context(), &f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.set, "set", nil, "override `key=value` of the scenario while it is fitted; may be given again")
	f.flags(cmd, "folder of the result (default results/<calibration>)")
	flags.BoolVar(&f.show, "show", false, "print the calibration and run nothing")
	complete(cmd, "set", completeKeys)
	return cmd
}

func (p *program) calibrate(ctx context.Context, f *calibrateFlags, name string) error {
	workers, err := workersOf(f.workers)
	if err != nil {
		return err
	}
	plan, err := calibrate.Read(name, f.set)
	if err != nil {
		return badInput{err}
	}
	if f.show {
		_, err = p.out.Write(plan.Text())
		return err
	}
	if f.out == "" {
		f.out = filepath.Join("results", base(name))
	}
	suite, err := plan.Suite()
	if err != nil {
		return err
	}
	journal, err := p.journal(&f.journalFlags, suite)
	if err != nil {
		return err
	}
	line := newLine(p.err, !f.quiet)
	runner := &moments.Runner{Suite: suite, Journal: journal, Workers: workers}
	result, err := calibrate.Run(ctx, plan, runner, func(s calibrate.Progress) {
		if s.Complete {
			line.clear()
			p.say(f.quiet, "generation %d of at most %d: the best is %s tolerances off", s.Generation, s.Generations, distance(s.Best))
			return
		}
		line.show("%s, generation %d: %d of %d runs", s.Phase, s.Generation, s.Done, s.All)
	})
	line.clear()
	err = errors.Join(err, journal.Close())
	if result != nil {
		err = errors.Join(err, result.Write(f.out))
	}
	if errors.Is(err, context.Canceled) {
		return p.kept(&f.journalFlags)
	}
	if err != nil {
		return err
	}
	if f.json {
		return p.writeJSON(result)
	}
	if err := result.WriteText(p.out); err != nil {
		return err
	}
	p.say(f.quiet, "the fitted scenario is %s", filepath.Join(f.out, "fitted.toml"))
	return nil
}

func distance(d float64) string {
	if math.IsInf(d, 1) {
		return "not to be measured"
	}
	return moments.Digits(d, 0.1)
}
