package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// runFlags are those of run alone.
type runFlags struct {
	choice
	workers   int
	out       string
	tables    string
	csv       []string
	overwrite bool
	check     bool
	json      bool
	quiet     bool
	progress  bool
	precision string
	most      int // replicates
}

func (p *program) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [scenario]",
		Short: "Run a scenario and answer the question",
		Long: `run simulates every regime of a scenario in every replicate, writes the dataset
and prints the answer. The scenario is a shipped one or a file; without one it
is ` + defaultScenario + `.

An interrupted run keeps the replicates that were finished; the same command goes
on from there. When the dataset stands complete, the same command prints its
answer again without running anything.

The dataset is a folder of Parquet files (runs, needs, days, firms, deals) and
manifest.json, with the scenario as run and the SHA-256 of every file. It does
not depend on --workers, --out or how often it was interrupted.

With --precision the number of replicates is found on the way: batches of ten
are added until the half-width of the 95 % interval of the headline's gain is at
most that share of the gain, or --max-replicates are run. The dataset is that of
a run with so many replicates from the start.`,
		Example: `  idleshift run
  idleshift run vignettes --replicates 20 --set tiers.platform.adoption=0.5
  idleshift run region.toml --regimes firm,cooperative --out results/two --json
  idleshift run vignettes --precision 5% --max-replicates 60
  idleshift run pocket --check --tables runs,needs,deals=all`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), &f, args) },
	}
	f.flags(cmd)
	f.sizeFlags(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.workers, "workers", 0, "cores to use: for replicates first, then for the regimes of one (default all)")
	flags.StringVar(&f.out, "out", "", "folder of the dataset (default results/<scenario>)")
	flags.StringVar(&f.tables, "tables", "", "tables to write: "+strings.Join(metrics.Tables, ",")+"; deals=all for the deals of every replicate (default all tables, deals of the first replicate)")
	flags.StringSliceVar(&f.csv, "csv", nil, "also write these tables as CSV into the folder")
	flags.BoolVar(&f.overwrite, "overwrite", false, "replace a dataset of another plan, or make the same one anew")
	flags.BoolVar(&f.check, "check", false, "check every accounting identity on every day, and that no regime exceeds the clairvoyant bound; slower")
	flags.BoolVar(&f.json, "json", false, "print the answer as JSON (see idleshift schema answer)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but the answer")
	flags.BoolVar(&f.progress, "progress", false, "show progress even when piped")
	flags.StringVar(&f.precision, "precision", "", "add replicates until the headline's gain is known to within this share of it, such as 5% or 0.05")
	flags.IntVar(&f.most, "max-replicates", 100, "most replicates that --precision runs")
	tables := cobra.FixedCompletions(metrics.Tables, cobra.ShellCompDirectiveNoFileComp)
	complete(cmd, "tables", tables)
	complete(cmd, "csv", tables)
	return cmd
}

func (p *program) run(ctx context.Context, f *runFlags, args []string) error {
	sc, err := f.load(args)
	if err != nil {
		return err
	}
	selection, err := store.Select(f.tables)
	if err != nil {
		return badInput{err}
	}
	for _, table := range f.csv {
		if !slices.Contains(selection.Tables, table) {
			return badInputf("--csv: %w", metrics.Unknown("table", table, selection.Tables))
		}
	}
	if f.workers, err = workersOf(f.workers); err != nil {
		return err
	}
	if f.out == "" {
		f.out = filepath.Join("results", base(f.name))
	}
	if err := experiment.Fits(sc, min(f.workers, max(sc.Replicates, 1))); err != nil {
		return err
	}
	if f.precision != "" {
		if err := p.precisely(ctx, f, sc, selection); err != nil {
			return err
		}
		return p.answer(f)
	}
	if f.changed("max-replicates") {
		return badInputf("--max-replicates bounds what --precision runs, which is not given")
	}
	plan, err := p.runPlan(f, sc, selection)
	if err != nil {
		return err
	}
	data, err := store.Create(f.out, plan, f.overwrite)
	if err != nil {
		return err
	}
	if data.Complete() {
		p.say(f.quiet, "%s stands complete: nothing was run (--overwrite makes it anew)", f.out)
	} else {
		if err := p.simulate(ctx, f, sc, sc.Replicates, data); err != nil {
			return err
		}
		if err := data.Merge(); err != nil {
			return err
		}
	}
	return p.answer(f)
}

// runPlan is what the dataset of the scenario is made from.
func (p *program) runPlan(f *runFlags, sc *scenarios.Scenario, tables store.Selection) (store.Plan, error) {
	text, err := scenarios.Canonical(sc)
	return store.Plan{Version: p.version, Command: f.canonical(), Text: string(text), Scenario: sc, Tables: tables}, err
}

// simulate runs the first so many replicates that are not there yet.
func (p *program) simulate(ctx context.Context, f *runFlags, sc *scenarios.Scenario, replicates int, data *store.Store) error {
	done := data.Finished()
	if done > 0 && f.precision == "" {
		p.say(f.quiet, "going on: %d of %d replicates are finished", done, replicates)
	}
	days := int64(sc.Time.Warmup+sc.Time.Days) * int64(len(sc.Compare)) // of a job
	bar := newBar(p.err, f.progress || !f.quiet && isTerminal(p.err), days*int64(replicates-done), "regime-days")
	err := experiment.Run(ctx, &experiment.Plan{
		Points:     1,
		Replicates: replicates,
		Scenario:   func(int) (*scenarios.Scenario, error) { return sc, nil },
		Done:       data.Done,
		Engine:     experiment.Simulate,
		Sim:        sim.Options{Check: f.check, Bound: true, Progress: bar.add},
		Workers:    f.workers,
		Record: func(j experiment.Job, region *sim.Region) (experiment.Recorder, error) {
			return data.Begin(j, sc, firms(region))
		},
		Report: func(j experiment.Job, _ []sim.Result, err error) error {
			if failed := new(experiment.Error); errors.As(err, &failed) {
				return fmt.Errorf("replicate %d: %w%s", j.Replicate, failed.Err, tail(failed.Stack))
			}
			return err
		},
	})
	bar.close()
	err = errors.Join(err, data.Flush())
	switch {
	case err != nil && data.Superseded():
		return nil // another process did the rest and merged it
	case errors.Is(err, context.Canceled):
		return p.interrupted("%d of %d replicates are finished and kept in %s", data.Finished(), replicates, f.out)
	}
	return err
}

// tail is a stack as it follows a message.
func tail(stack []byte) string {
	if stack == nil {
		return ""
	}
	return "\n" + string(stack)
}

// interrupted is a cancelled context as the user is told of it.
type interrupted string

func (s interrupted) Error() string { return string(s) }

// Is makes it a cancelled context.
func (interrupted) Is(target error) bool { return target == context.Canceled }

// interrupted says what an interrupt has left.
func (p *program) interrupted(format string, args ...any) error {
	return interrupted(fmt.Sprintf("interrupted: "+format+"; the same command goes on from there:\n  %s",
		append(args, command(append([]string{"idleshift"}, p.args...)...))...))
}

// answer reads the dataset and prints what it says.
func (p *program) answer(f *runFlags) error {
	d, err := store.Open(f.out)
	if err != nil {
		return err
	}
	for _, table := range f.csv {
		if err := d.Export(table, filepath.Join(f.out, table+".csv")); err != nil {
			return err
		}
	}
	a, err := answer.Of(d)
	if err != nil {
		return err
	}
	if f.json {
		return p.writeJSON(a)
	}
	if err := a.WriteText(p.out); err != nil {
		return err
	}
	p.say(f.quiet, "the dataset is in %s", f.out)
	return nil
}

// canonical is the command that makes the same dataset, with nothing in it
// that the dataset does not depend on.
func (f *runFlags) canonical() string {
	words := append([]string{"idleshift", "run"}, f.words()...)
	if f.tables != "" {
		words = append(words, "--tables", f.tables)
	}
	if f.check {
		words = append(words, "--check")
	}
	if f.precision != "" && !f.counted {
		words = append(words, "--precision", f.precision, "--max-replicates", strconv.Itoa(f.most))
	}
	return command(words...)
}

// say tells the user something beside the answer.
func (p *program) say(quiet bool, format string, args ...any) {
	if !quiet {
		fmt.Fprintf(p.err, "idleshift: "+format+"\n", args...)
	}
}

// writeJSON prints v, indented.
func (p *program) writeJSON(v any) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// firms describes the firms of a region as tables have them.
func firms(r *sim.Region) []metrics.FirmInfo {
	var all []metrics.FirmInfo
	for _, f := range r.Firms {
		info := metrics.FirmInfo{
			Name: f.Name, Sector: r.SectorNames[f.Sector], Employees: f.Employees,
			Latitude: f.At.Latitude, Longitude: f.At.Longitude,
		}
		if f.Size >= 0 {
			info.Size = r.SizeNames[f.Size]
		}
		if f.Place >= 0 {
			info.Place = r.PlaceNames[f.Place]
		}
		all = append(all, info)
	}
	return all
}
