package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"idleshift/metrics/answer"
	"idleshift/metrics/stats"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

// batch is how many replicates are added at a time. It is fixed, so that the
// number at which a run stops depends on the scenario alone.
const batch = 10

// precisely adds batches of replicates until the half-width of the interval of
// the headline's gain is at most the wanted share of the gain, or the most that
// are allowed are run. The dataset is that of a run with so many replicates
// from the start, by name too.
func (p *program) precisely(ctx context.Context, f *runFlags, sc *scenarios.Scenario, tables store.Selection) error {
	wanted, err := shareOf(f.precision)
	if err != nil {
		return badInputf("--precision %s: %w", f.precision, err)
	}
	switch {
	case f.given("replicates"):
		return badInputf("--replicates and --precision exclude each other: the first says how many, the second how precise (see --max-replicates)")
	case f.most < batch:
		return badInputf("--max-replicates %d: must be %d or more", f.most, batch)
	case answer.Subject(sc) == "":
		return badInputf("--precision: only %s is run, so there is no gain to be precise about", sc.Baseline)
	}
	// whole is the plan of a run with n replicates from the start
	whole := func(n int) (store.Plan, error) {
		some, g := *sc, *f
		some.Replicates = n
		g.replicates, g.counted = n, true
		return p.runPlan(&g, &some, tables)
	}
	if done, err := p.stands(f, wanted, sc, whole); done || err != nil {
		return err
	}
	most := *sc
	most.Replicates = f.most
	plan, err := p.runPlan(f, &most, tables)
	if err != nil {
		return err
	}
	data, err := store.Create(f.out, plan, f.overwrite)
	if err != nil {
		if done, _ := p.stands(f, wanted, sc, whole); done { // another process has come in between
			return nil
		}
		return err
	}
	if done := data.Finished(); done > 0 {
		p.say(f.quiet, "going on: %d replicates are finished", done)
	}
	err = p.addBatches(ctx, f, &most, wanted, data, whole)
	if err != nil && data.Gone() { // another process has reached the end; see whether it is this one's
		return p.precisely(ctx, f, sc, tables)
	}
	return err
}

// stands reports whether the dataset is there already, with as many replicates
// as the precision needs or are allowed.
func (p *program) stands(f *runFlags, wanted float64, sc *scenarios.Scenario, whole func(n int) (store.Plan, error)) (bool, error) {
	d, err := store.Open(f.out)
	if err != nil || f.overwrite || d.Sweep != nil || d.Replicates > f.most {
		return false, nil
	}
	plan, err := whole(d.Replicates)
	if err != nil {
		return false, err
	}
	if same, err := d.Is(plan); err != nil || !same {
		return false, err
	}
	runs, err := d.Runs()
	if err != nil {
		return false, err
	}
	reached, err := p.reached(f, wanted, answer.Subject(sc), sc.Baseline, d.Replicates, runs.Values)
	if err != nil || !reached && d.Replicates < f.most {
		return false, err
	}
	p.say(f.quiet, "%s stands complete: nothing was run (--overwrite makes it anew)", f.out)
	return true, nil
}

// addBatches runs replicates of the scenario until there are enough, and
// merges them under the plan of so many.
func (p *program) addBatches(ctx context.Context, f *runFlags, sc *scenarios.Scenario, wanted float64, data *store.Store, whole func(n int) (store.Plan, error)) error {
	for n := min(batch, f.most); ; n = min(n+batch, f.most) {
		if err := p.simulate(ctx, f, sc, n, data); err != nil {
			return err
		}
		reached, err := p.reached(f, wanted, answer.Subject(sc), sc.Baseline, n, func(metric, regime string) ([]float64, error) { return data.Observed(metric, regime, n) })
		if err != nil {
			return err
		}
		if !reached && n < f.most {
			continue
		}
		if !reached {
			p.say(f.quiet, "stopped at --max-replicates %d before that precision was reached", f.most)
		}
		plan, err := whole(n)
		if err != nil {
			return err
		}
		return data.MergeAs(plan)
	}
}

// reached tells whether the gain of the regime is known to within the wanted
// share of it.
func (p *program) reached(f *runFlags, wanted float64, regime, baseline string, n int, values func(metric, regime string) ([]float64, error)) (bool, error) {
	x, err := values("surplus", regime)
	if err != nil {
		return false, err
	}
	y, err := values("surplus", baseline)
	if err != nil {
		return false, err
	}
	gain := stats.Paired(x, y, answer.Level)
	half := (gain.High - gain.Low) / 2
	ok := half <= wanted*math.Abs(gain.Mean)
	p.say(f.quiet, "%d replicates: the gain of %s is known to within %s of it, %s is wanted", n, regime, percent(half/math.Abs(gain.Mean)), percent(wanted))
	return ok, nil
}

func percent(x float64) string { return fmt.Sprintf("%.2g %%", 100*x) }

// shareOf reads a share: 1% or 0.01.
func shareOf(text string) (float64, error) {
	number, percents := strings.CutSuffix(strings.TrimSpace(text), "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percents {
		x /= 100
	}
	if err != nil || !(x > 0 && x < 1) {
		return 0, errors.New("must be a share of the gain above 0 and below 1, such as 5% or 0.05")
	}
	return x, nil
}
