package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics/moments"
	"idleshift/metrics/tornado"
	"idleshift/scenarios"
	"idleshift/sim"
)

// tornadoFlags are those of tornado.
type tornadoFlags struct {
	choice
	journalFlags
	list string
}

func (p *program) tornadoCommand() *cobra.Command {
	var f tornadoFlags
	cmd := &cobra.Command{
		Use:   "tornado [scenario]",
		Short: "Which assumptions the headline depends on",
		Long: `tornado moves each assumption of a scenario, alone, to both ends of its range, and
prints what the headline's regime and its rival gain over the baseline there,
the widest swing first. All points meet the same random worlds.

Assumptions with their ranges stand in a TOML file, a shipped one (` + strings.Join(scenarios.Assumptions.Names(), ", ") + `)
or your own: a table for each with the keys that follow it, low and high.
An interrupted run loses nothing: the same command goes on from the journal in its
folder.`,
		Example: `  idleshift tornado
  idleshift tornado --days 10 --replicates 2
  idleshift tornado region.toml --assumptions region-assumptions.toml --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.tornado(cmd.Context(), &f, args) },
	}
	f.choice.flags(cmd)
	f.sizeFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.list, "assumptions", defaultScenario, "list of assumptions, shipped or a `file`")
	f.journalFlags.flags(cmd, "folder of the journal (default results/tornado-<assumptions>)")
	complete(cmd, "assumptions", cobra.FixedCompletions(scenarios.Assumptions.Names(), cobra.ShellCompDirectiveDefault))
	return cmd
}

func (p *program) tornado(ctx context.Context, f *tornadoFlags, args []string) error {
	workers, err := workersOf(f.workers)
	if err != nil {
		return err
	}
	list, err := tornado.Read(f.list)
	if err != nil {
		return badInput{err}
	}
	if len(args) == 0 {
		args = []string{list.Scenario}
	}
	load := func(set []string) (*scenarios.Scenario, error) {
		c := f.choice
		c.set = slices.Concat(list.Set, c.set, set)
		return c.load(args)
	}
	plan, err := list.Plan(load)
	var wrong scenarios.Errors
	switch {
	case errors.As(err, &wrong) && args[0] != list.Scenario && !errors.As(err, new(badInput)):
		return badInputf("%w\nthe assumptions %s are those of %s: write those of %s into a file, and name it with --assumptions", err, f.list, list.Scenario, args[0])
	case err != nil && !errors.As(err, new(*sim.Unservable)):
		return badInput{err}
	case err != nil:
		return err
	}
	replicates := list.Replicates
	if f.given("replicates") {
		replicates = plan.Scenario.Replicates
	}
	if f.out == "" {
		f.out = filepath.Join("results", "tornado-"+base(f.list))
	}
	journal, err := p.journal(&f.journalFlags, plan.Suite)
	if err != nil {
		return err
	}
	line := newLine(p.err, !f.quiet)
	r := &moments.Runner{Suite: plan.Suite, Journal: journal, Workers: workers, Progress: func(done, all int) { line.show("%d of %d runs", done, all) }}
	result, err := plan.Run(ctx, r, replicates)
	line.clear()
	err = errors.Join(err, journal.Close())
	if errors.Is(err, context.Canceled) {
		return p.kept(&f.journalFlags)
	}
	if err != nil {
		return err
	}
	if f.json {
		return p.writeJSON(result)
	}
	return result.WriteText(p.out)
}
