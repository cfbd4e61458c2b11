package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/scenarios/design"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

func (p *program) sweepCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Run a scenario at many points of a design",
		Long: `sweep runs a base scenario at all points of a design, each in all its replicates
and regimes, and makes one dataset of them: the tables of a run with the point
and the factors as columns before the others, and a table of the points.

One run of a sweep is one point in one replicate, with all its regimes. Runs
share the random numbers of their replicate, unless the design says crn = false.

plan checks every point and writes down what is to be done; work does it, or a
part of it, on as many machines as see the folder; status tells how far it is;
merge makes the dataset. run is all of that on this machine. Any of them may be
interrupted or killed and given again: finished runs are kept. The dataset does
not depend on how the work was divided.`,
		Example: `  idleshift sweep run thickness
  idleshift sweep plan thickness --dir results/thick
  idleshift sweep work --dir results/thick --shard 1/8
  idleshift sweep status --dir results/thick
  idleshift sweep merge --dir results/thick`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.sweepPlanCommand(), p.sweepWorkCommand(), p.sweepStatusCommand(), p.sweepMergeCommand(), p.sweepRunCommand(), p.sweepSubmitCommand())
	return cmd
}

// planFlags are those that bear on what a sweep is.
type planFlags struct {
	dir        string
	replicates int
	check      bool
	overwrite  bool
}

func (f *planFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", "", "folder of the sweep (default results/<design>)")
	flags.IntVar(&f.replicates, "replicates", 0, "replicates of each point (default the design's, or the scenario's)")
	flags.BoolVar(&f.check, "check", false, "check every accounting identity on every day; slower")
	flags.BoolVar(&f.overwrite, "overwrite", false, "replace what another plan has left in the folder")
	cmd.Args = cobra.ExactArgs(1)
	cmd.ValidArgsFunction = designArgument
}

// workFlags say how a sweep is worked off.
type workFlags struct {
	workers     int
	maxFailures int
	checkpoint  time.Duration
	quiet       bool
	progress    bool
}

func (f *workFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.workers, "workers", 0, "cores to use: for runs first, then for the regimes of one (default all)")
	flags.IntVar(&f.maxFailures, "max-failures", 100, "stop when more runs than this have failed; until then a failure is recorded and the rest goes on")
	flags.DurationVar(&f.checkpoint, "checkpoint", store.Checkpoint, "longest that a finished run waits to be put on disk, or a hundredth of the time so far")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but errors")
	flags.BoolVar(&f.progress, "progress", false, "show a progress bar even when piped")
}

func (f *workFlags) check() (err error) {
	switch {
	case f.maxFailures < 0:
		return badInputf("--max-failures %d: must be 0 or more", f.maxFailures)
	case f.checkpoint < 0:
		return badInputf("--checkpoint %v: must be 0 or more", f.checkpoint)
	}
	f.workers, err = workersOf(f.workers)
	return err
}

func (p *program) sweepPlanCommand() *cobra.Command {
	var f planFlags
	var w workFlags
	var asJSON, noPilot bool
	cmd := &cobra.Command{
		Use:   "plan DESIGN",
		Short: "Check every point of a design and write down what is to be done",
		Long: `plan reads a design, a shipped one or a file, loads the scenario of every point
and writes the plan into the folder: from then on work needs neither the design
nor the scenario's files. A few runs spread over the design are done at once,
and kept, to tell the time, the memory and the disk that the whole will take.

A plan is for one version of the program.`,
		Example: `  idleshift sweep plan thickness --dir results/thick
  idleshift sweep plan my-design.toml --replicates 20`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := w.check(); err != nil {
				return err
			}
			data, err := p.plan(cmd.Context(), &f, args[0], w.quiet)
			if err != nil {
				return err
			}
			return p.forecast(cmd.Context(), data, f.dir, &w, noPilot, asJSON)
		},
	}
	f.flags(cmd)
	flags := cmd.Flags()
	flags.IntVar(&w.workers, "workers", 0, "cores that the estimate is for (default all)")
	flags.BoolVarP(&w.quiet, "quiet", "q", false, "print nothing but the plan")
	flags.BoolVar(&noPilot, "no-pilot", false, "do no runs to estimate time, memory and disk")
	flags.BoolVar(&asJSON, "json", false, "print the plan's figures as JSON")
	w.maxFailures = 100
	return cmd
}

func (p *program) sweepWorkCommand() *cobra.Command {
	var w workFlags
	var dir, shard string
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Do the runs of a planned sweep that are missing, or a shard of them",
		Long: `work does the runs of a plan that are not finished yet. Several processes, also on
several machines that see the folder, may work at once, each on its shard; the
same work done twice does no harm.

--shard i/n is shard i of n, from 1. --shard auto takes both from the environment
of a job array: Slurm, AWS Batch, Cloud Run; where the environment tells only the
index (Kubernetes, PBS), --shard auto/n says of how many.

A run that fails is recorded with its error in the table failures, and the rest
goes on, up to --max-failures.`,
		Example: `  idleshift sweep work --dir results/thick
  idleshift sweep work --dir results/thick --shard 3/16
  srun idleshift sweep work --dir results/thick --shard auto`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := w.check(); err != nil {
				return err
			}
			part, err := experiment.ParseShard(shard, os.Getenv)
			if err != nil {
				return badInputf("--%w", err)
			}
			data, err := p.resume(dir)
			if err != nil {
				return err
			}
			return p.work(cmd.Context(), data, dir, part, &w)
		},
	}
	dirFlag(cmd, &dir)
	w.flags(cmd)
	cmd.Flags().StringVar(&shard, "shard", "", "`i/n` for shard i of n, or auto, or auto/n (default everything)")
	return cmd
}

func (p *program) sweepMergeCommand() *cobra.Command {
	var dir string
	var wait time.Duration
	var quiet bool
	cmd := &cobra.Command{
		Use:   "merge",
		Short: "Make the dataset of a sweep whose runs are all finished",
		Long: `merge joins what all processes have finished into one dataset and removes the
parts. If several merge at once, each comes to the same end.

With --wait it waits for runs that are missing, for as long as others put some
into the folder at least that often.`,
		Example: `  idleshift sweep merge --dir results/thick
  idleshift sweep merge --dir results/thick --wait 1h`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait < 0 {
				return badInputf("--wait %v: must be 0 or more", wait)
			}
			data, err := p.resume(dir)
			if err != nil {
				return err
			}
			if err := p.await(cmd.Context(), data, wait, quiet); err != nil {
				return err
			}
			return p.merge(data, dir, quiet)
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().DurationVar(&wait, "wait", 0, "wait for missing runs, until none has come in for so long")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

func (p *program) sweepRunCommand() *cobra.Command {
	var f planFlags
	var w workFlags
	cmd := &cobra.Command{
		Use:   "run DESIGN",
		Short: "Plan, work and merge on this machine",
		Long: `run plans a design, does all its runs and merges them. An interrupted one keeps
what is finished; the same command goes on from there.`,
		Example: `  idleshift sweep run thickness
  idleshift sweep run my-design.toml --dir results/mine --workers 8`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := w.check(); err != nil {
				return err
			}
			data, err := p.plan(cmd.Context(), &f, args[0], w.quiet)
			if err != nil {
				return err
			}
			if err := p.work(cmd.Context(), data, f.dir, experiment.Shard{}, &w); err != nil {
				return err
			}
			return p.merge(data, f.dir, w.quiet)
		},
	}
	f.flags(cmd)
	w.flags(cmd)
	return cmd
}

func dirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "folder of the sweep")
	_ = cmd.MarkFlagDirname("dir") // fails only where there is no such flag
}

// resume opens the folder of a planned sweep.
func (p *program) resume(dir string) (*store.Store, error) {
	if dir == "" {
		return nil, badInputf("name the folder of the sweep with --dir")
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, badInputf("there is no folder %s, and so no sweep; plan one with\n  %s", dir, command("idleshift", "sweep", "plan", "DESIGN", "--dir", dir))
	}
	return store.Resume(dir, p.version)
}

// manyPoints take long enough to check that the user is told.
const manyPoints = 1000

// plan reads the design, checks its points and opens the folder.
func (p *program) plan(ctx context.Context, f *planFlags, name string, quiet bool) (*store.Store, error) {
	if f.replicates < 0 {
		return nil, badInputf("--replicates %d: must be 1 or more", f.replicates)
	}
	d, err := design.Load(name)
	if err != nil {
		return nil, badInput{err}
	}
	if f.replicates > 0 {
		d.Replicates = f.replicates
	}
	if f.dir == "" {
		f.dir = filepath.Join("results", d.Name)
	}
	if len(d.Points) > manyPoints {
		p.say(quiet, "checking %s points", thousands(len(d.Points)))
	}
	plan, err := p.planned(ctx, filepath.Base(name), d, f)
	if err != nil {
		return nil, err
	}
	return store.Create(f.dir, *plan, f.overwrite)
}

// planned is the plan of a design, which the user knows by a name; every point
// of it has been loaded.
func (p *program) planned(ctx context.Context, name string, d *design.Design, f *planFlags) (*store.Plan, error) {
	selection, err := store.SelectOnly(d.Tables)
	if err != nil {
		return nil, badInputf("%s: tables: %w", d.Name, err)
	}
	base := experiment.NewBase(d.Base, d.Replicates, d.Regimes)
	sc, err := base.Scenario(d.Set)
	if err != nil {
		return nil, badInput{err}
	}
	text, err := scenarios.Canonical(sc)
	if err != nil {
		return nil, err
	}
	regimes, points, err := p.points(ctx, d, base, sc, f.check)
	if err != nil {
		return nil, err
	}
	if err := answer.Check(d, regimes); err != nil {
		return nil, badInputf("%s: %w", d.Name, err)
	}
	sc.Compare = regimes
	described := *d
	described.Base, described.Points = base.Name(), nil
	told, err := json.Marshal(described)
	if err != nil {
		return nil, err
	}
	words := []string{"idleshift", "sweep", "run", name}
	if f.replicates > 0 {
		words = append(words, "--replicates", strconv.Itoa(f.replicates))
	}
	if f.check {
		words = append(words, "--check")
	}
	return &store.Plan{
		Version: p.version, Command: command(words...), Text: string(text), Scenario: sc, Tables: selection, Points: points,
		Sweep: &store.Sweep{
			Design: told, Base: base.Name(), Files: base.Files(), Regimes: d.Regimes, Check: f.check, Factors: factors(d),
		},
	}, nil
}

// factors are the columns of the design's factors.
func factors(d *design.Design) []store.Factor {
	var all []store.Factor
	for i := range d.Factors {
		f := &d.Factors[i]
		column := store.Factor{Name: f.Name, Doc: cmp.Or(f.Title, "Factor "+f.Name+"."), Whole: f.Whole}
		for k := range f.Levels {
			column.Levels = append(column.Levels, f.Levels[k].Label)
			if f.Numeric() {
				column.Numbers = append(column.Numbers, f.Number(float64(k)))
			}
		}
		all = append(all, column)
	}
	return all
}

// points loads every point of the design. It returns the regimes that they run,
// those of the base first, and the points, which are put together as they are
// asked for: there may be a million.
func (p *program) points(ctx context.Context, d *design.Design, base *experiment.Base, like *scenarios.Scenario, check bool) ([]string, iter.Seq[store.Point], error) {
	loaded := make([]loadedPoint, len(d.Points))
	var mu sync.Mutex
	wrong := map[string][]int{} // points by what is wrong with them
	compare := map[string]int{} // lists of regimes, and the first point that has them
	const between = "\x00"
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range loaded {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			point, regimes, problem := loadPoint(d, i, base, like)
			loaded[i] = point
			mu.Lock()
			defer mu.Unlock()
			if problem != nil {
				wrong[problem.Error()] = append(wrong[problem.Error()], i)
				return nil
			}
			list := strings.Join(regimes, between)
			if first, seen := compare[list]; !seen || i < first {
				compare[list] = i
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	if len(wrong) > 0 {
		return nil, nil, faults(d, wrong)
	}
	regimes := slices.Clone(like.Compare)
	for _, list := range slices.SortedFunc(maps.Keys(compare), func(a, b string) int { return compare[a] - compare[b] }) {
		for name := range strings.SplitSeq(list, between) {
			if !slices.Contains(regimes, name) {
				regimes = append(regimes, name)
			}
		}
	}
	return regimes, func(yield func(store.Point) bool) {
		for i := range loaded {
			if !yield(planPoint(d, i, &loaded[i], base.Name(), check)) {
				return
			}
		}
	}, nil
}

// A loadedPoint is what the scenario of a point tells.
type loadedPoint struct {
	hash string
	seed int64
}

// loadPoint is point i of the design, and the regimes that it runs. With random
// numbers of its own it has a seed of its own.
func loadPoint(d *design.Design, i int, base *experiment.Base, like *scenarios.Scenario) (loadedPoint, []string, error) {
	set := d.Points[i].Set
	sc, err := base.Scenario(set)
	if err != nil {
		return loadedPoint{}, nil, err
	}
	if !d.CRN {
		sc.Seed = experiment.PointSeed(sc.Seed, set)
	}
	switch {
	case sc.Replicates != like.Replicates:
		return loadedPoint{}, nil, fmt.Errorf("replicates: %d, where the sweep has %d: set them for the whole design", sc.Replicates, like.Replicates)
	case sc.Currency != like.Currency:
		return loadedPoint{}, nil, fmt.Errorf("currency: %q, where the sweep has %q: money of two currencies does not go into one column", sc.Currency, like.Currency)
	}
	hash, err := scenarios.Hash(sc)
	return loadedPoint{hash, sc.Seed}, sc.Compare, err
}

// planPoint is point i as the plan has it.
func planPoint(d *design.Design, i int, loaded *loadedPoint, base string, check bool) store.Point {
	set := slices.Clone(d.Points[i].Set)
	if !d.CRN {
		set = append(set, "seed="+strconv.FormatInt(loaded.seed, 10))
	}
	words := []string{"idleshift", "run", base}
	for _, s := range set {
		words = append(words, "--set", s)
	}
	if len(d.Regimes) > 0 {
		words = append(words, "--regimes", strings.Join(d.Regimes, ","))
	}
	if d.Replicates > 0 {
		words = append(words, "--replicates", strconv.Itoa(d.Replicates))
	}
	if check {
		words = append(words, "--check")
	}
	return store.Point{Set: set, At: d.Points[i].At, Hash: loaded.hash, Command: command(words...)}
}

// faults tells what is wrong with points, each fault once.
func faults(d *design.Design, wrong map[string][]int) error {
	type fault struct {
		problem string
		points  []int
	}
	var all []fault
	for problem, points := range wrong {
		slices.Sort(points)
		all = append(all, fault{problem, points})
	}
	slices.SortFunc(all, func(a, b fault) int { return a.points[0] - b.points[0] })
	const most = 20
	var b strings.Builder
	fmt.Fprintf(&b, "design %s: %s wrong:", d.Name, count(len(all), "thing is", "things are"))
	for _, f := range all[:min(most, len(all))] {
		first := f.points[0]
		fmt.Fprintf(&b, "\n%s\n  at point %d (%s)", f.problem, first, where(d, first))
		if n := len(f.points) - 1; n > 0 {
			fmt.Fprintf(&b, " and %s", count(n, "other", "others"))
		}
	}
	if n := len(all) - most; n > 0 {
		fmt.Fprintf(&b, "\nand %s", count(n, "more", "more"))
	}
	return badInput{errors.New(b.String())}
}

// where says where a point lies.
func where(d *design.Design, i int) string {
	var words []string
	for k := range d.Factors {
		words = append(words, d.Factors[k].Name+" "+d.Factors[k].Label(d.Points[i].At[k]))
	}
	return strings.Join(words, ", ")
}

// work does the runs of the shard that are missing.
func (p *program) work(ctx context.Context, data *store.Store, dir string, shard experiment.Shard, f *workFlags) error {
	if data.Complete() {
		p.say(f.quiet, "%s stands complete: nothing was run", dir)
		return nil
	}
	todo := missing(data, shard)
	finished := data.Finished()
	switch {
	case shard.Count > 1:
		p.say(f.quiet, "shard %s: %s to do, of %s in all", shard, count(todo, "run", "runs"), thousands(data.Jobs()))
	case finished > 0:
		p.say(f.quiet, "going on: %s of %s are finished", thousands(finished), count(data.Jobs(), "run", "runs"))
	}
	if todo == 0 {
		return nil
	}
	data.Checkpoint = f.checkpoint
	err := p.simulateSweep(ctx, data, f, newMeter(p, f, todo), experiment.Simulate, func(j experiment.Job) bool {
		return data.Done(j) || !shard.Has(number(data, j), data.Jobs())
	})
	err = errors.Join(err, data.Flush())
	switch {
	case errors.Is(err, context.Canceled):
		return p.interrupted("%s of %s are finished and kept in %s", thousands(data.Finished()), count(data.Jobs(), "run", "runs"), dir)
	case err != nil && data.Superseded():
		return nil // another process did the rest and merged it
	case err != nil:
		return err
	}
	if n := data.Failed(); n > 0 {
		p.say(f.quiet, "%s failed, see the table failures when the sweep is merged", count(n, "run", "runs"))
	}
	return nil
}

func number(data *store.Store, j experiment.Job) int {
	return j.Point*data.Manifest().Replicates + j.Replicate
}

// missing counts the runs of the shard that are not finished.
func missing(data *store.Store, shard experiment.Shard) int {
	n := 0
	replicates := data.Manifest().Replicates
	for i := range data.Jobs() {
		if shard.Has(i, data.Jobs()) && !data.Done(experiment.Job{Point: i / replicates, Replicate: i % replicates}) {
			n++
		}
	}
	return n
}

// simulateSweep does all runs that done does not say are.
func (p *program) simulateSweep(ctx context.Context, data *store.Store, f *workFlags, m *meter, engine experiment.Engine, done func(experiment.Job) bool) error {
	plan := data.Manifest()
	base := experiment.Thaw(plan.Sweep.Base, plan.Sweep.Files, plan.Replicates, plan.Sweep.Regimes)
	failures := data.Failed()
	err := experiment.Run(ctx, &experiment.Plan{
		Points:     plan.Sweep.Points,
		Replicates: plan.Replicates,
		Scenario: func(i int) (*scenarios.Scenario, error) {
			point, err := data.Point(i)
			if err != nil {
				return nil, err
			}
			return base.Scenario(point.Set)
		},
		Done:    done,
		Engine:  engine,
		Sim:     sim.Options{Check: plan.Sweep.Check, Bound: true},
		Workers: f.workers,
		Record: func(j experiment.Job, region *sim.Region) (experiment.Recorder, error) {
			return data.Begin(j, region.Scenario, firms(region))
		},
		Report: func(j experiment.Job, _ []sim.Result, err error) error {
			m.add()
			failed := new(experiment.Error)
			if !errors.As(err, &failed) {
				return err
			}
			if err := data.Fail(j, failed.Err); err != nil {
				return err
			}
			failures++
			m.tell(fmt.Sprintf("point %d, replicate %d failed: %v%s", j.Point, j.Replicate, failed.Err, tail(failed.Stack)))
			if failures > f.maxFailures {
				return fmt.Errorf("%s failed, more than --max-failures %d allows; the last was point %d, replicate %d: %w\nfinished runs are kept: mend the design, or go on with a larger --max-failures",
					count(failures, "run", "runs"), f.maxFailures, j.Point, j.Replicate, failed.Err)
			}
			return nil
		},
	})
	m.close()
	return err
}

// await waits until no run of the sweep is missing, or none has come in for as
// long as wait.
func (p *program) await(ctx context.Context, data *store.Store, wait time.Duration, quiet bool) error {
	pause := 100 * time.Millisecond
	finished, since := data.Finished(), time.Now()
	for told := false; finished < data.Jobs() && time.Since(since) < wait; told = true {
		if !told {
			p.say(quiet, "waiting for %s of %s", thousands(data.Jobs()-finished), count(data.Jobs(), "run", "runs"))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(pause, wait)):
		}
		pause = min(2*pause, 30*time.Second)
		if err := data.Refresh(); err != nil {
			return err
		}
		if n := data.Finished(); n > finished {
			finished, since = n, time.Now()
		}
	}
	return nil
}

// merge makes the dataset.
func (p *program) merge(data *store.Store, dir string, quiet bool) error {
	if data.Complete() {
		p.say(quiet, "the dataset is in %s", dir)
		return nil
	}
	failed := data.Failed()
	if err := data.Merge(); err != nil {
		if errors.Is(err, store.ErrUnfinished) {
			return badInputf("%w\ndo them with\n  %s", err, command("idleshift", "sweep", "work", "--dir", dir))
		}
		return err
	}
	if failed > 0 {
		p.say(quiet, "%s of %s failed: see %s", count(failed, "run", "runs"), thousands(data.Jobs()), filepath.Join(dir, metrics.Failures+".parquet"))
	}
	p.say(quiet, "the dataset is in %s", dir)
	return nil
}

// count is a number with the word for it.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands writes a number with commas.
func thousands(n int) string {
	return answer.Grouped(strconv.Itoa(n))
}

func designArgument(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return design.Names(), cobra.ShellCompDirectiveDefault // files too
}
