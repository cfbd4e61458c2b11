// Package verify holds special cases of the model that theory solves exactly:
// each is a scenario, a figure read from its results, and a formula for that
// figure. A case is run in enough replicates to tell; it fails if the estimate
// lies more than Sigmas standard errors from the exact value.
//
// The formulas are computed here from the laws of demand and availability
// alone: nothing of the simulation goes into them.
package verify

import (
	"context"
	"embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"

	"idleshift/agents/rng"
	"idleshift/metrics/stats"
	"idleshift/scenarios"
	"idleshift/sim"
)

//go:embed *.toml
var files embed.FS

// Sigmas is how many standard errors an estimate may lie from the exact value.
const Sigmas = 4

// Precision is the standard error that a case must reach in as many replicates
// as its scenario says, as a share of the exact value.
const Precision = 0.005

// EnoughHours is a standard error that is small enough for any hours per firm
// and day.
const EnoughHours = 0.0005

// A Case is one figure that theory gives exactly.
type Case struct {
	Name    string
	Section string   // of the theory
	Doc     string   // what is computed, in one sentence, with its source
	File    string   // the scenario
	Set     []string // overrides, as on the command line
	Regime  string
	Exact   func() float64
	Digits  string  // the exact value as it was computed elsewhere; empty for other members of a family
	Enough  float64 // a standard error that is small enough whatever the value, in the case's unit
	Long    bool    // takes seconds: left out of a quick run

	figure  func(*sim.Result) float64
	firms   int                                     // among which demand is divided
	load    float64                                 // hours demanded per firm and day: their known mean
	sample  func(n int, draw *rng.Stream) []float64 // of a case that is no scenario: n independent figures
	n       int                                     // how many of them
	between [2]float64                              // where the figure must lie besides, if not 0
}

// Effort is how much is run.
type Effort struct {
	Times   int   // as many times the replicates of the scenario
	Workers int   // replicates that run at a time
	Seed    int64 // root of the draws; 0 takes the scenario's
}

// An Estimate is a case's figure as replicates give it.
type Estimate struct {
	Mean, SE     float64 // SE: standard error, 0 if no replicate differs
	Load, LoadSE float64 // hours demanded per firm and day
	N            int     // replicates
}

// Scenario is the case's scenario: its file with the overrides, cut down to
// the case's regime. It is nil for a case that is none.
func (c *Case) Scenario() (*scenarios.Scenario, error) {
	if c.sample != nil {
		return nil, nil
	}
	text, err := files.ReadFile(c.File)
	if err != nil {
		return nil, err
	}
	sc, err := scenarios.Parse(c.File, text, scenarios.LoadOptions{Set: c.Set})
	if err != nil {
		return nil, err
	}
	if _, ok := sc.Regimes[c.Regime]; !ok {
		return nil, fmt.Errorf("%s has no regime %q", c.File, c.Regime)
	}
	sc.Compare, sc.Baseline = []string{c.Regime}, c.Regime
	return sc, nil
}

// Precision is the largest standard error that is asked for, as a share of the
// exact value.
func (e Effort) Precision() float64 { return Precision / math.Sqrt(float64(e.Times)) }

// Run estimates the case's figure in Times as many replicates as its scenario
// has. Where the standard error then happens to be larger than it is asked to
// be, a quarter more are run, up to twice as many. What it returns does not
// depend on the number of workers. It fails if the run was cut short by a limit
// of the program: then it would not be the case that theory solves.
func (c *Case) Run(ctx context.Context, by Effort) (Estimate, error) {
	if c.sample != nil {
		seed := max(by.Seed, 1)
		draw := rng.NewSource(uint64(seed), 0).Stream(rng.Ties, rng.Name(c.Section+": "+c.Name), 0)
		figures := c.sample(c.n*by.Times, &draw)
		return estimate(figures, make([]float64, len(figures)), 0), ctx.Err()
	}
	sc, err := c.Scenario()
	if err != nil {
		return Estimate{}, err
	}
	if by.Seed != 0 {
		sc.Seed = by.Seed
	}
	planned := sc.Replicates * by.Times
	figures, loads := make([]float64, 2*planned), make([]float64, 2*planned)
	for from, to := 0, planned; ; from, to = to, min(to+(planned+3)/4, 2*planned) {
		if err := c.replicates(ctx, sc, by.Workers, figures[from:to], loads[from:to], from); err != nil {
			return Estimate{}, fmt.Errorf("%s: %w", c.Name, err)
		}
		e := estimate(figures[:to], loads[:to], c.load)
		if e.SE <= c.enough(by.Precision()) || to == 2*planned {
			return e, nil
		}
	}
}

// enough is the largest standard error with which the case can tell.
func (c *Case) enough(precision float64) float64 { return max(precision*math.Abs(c.Exact()), c.Enough) }

// replicates fills figures and loads with those of the replicates from the
// given one on.
func (c *Case) replicates(ctx context.Context, sc *scenarios.Scenario, workers int, figures, loads []float64, first int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(workers, 1))
	for i := range figures {
		group.Go(func() error {
			region, err := sim.Build(sc, first+i)
			if err != nil {
				return err
			}
			results, err := sim.Run(ctx, region, sim.Options{}, nil)
			if err != nil {
				return err
			}
			r := &results[0]
			if r.Truncated > 0 || r.Overflow > 0 {
				return fmt.Errorf("replicate %d: %d lists of candidates were cut, %.1f h did not fit on the calendars", first+i, r.Truncated, r.Overflow.Float())
			}
			figures[i], loads[i] = c.figure(r), demanded(r)/float64(c.firms*r.Days)
			return nil
		})
	}
	return group.Wait()
}

// estimate is the mean of the figures, with the load, whose mean is known, as
// a control variate: what the replicates happened to have too much or too
// little of demand is taken out by regression (Lavenberg and Welch 1981).
func estimate(figures, loads []float64, known float64) Estimate {
	n := float64(len(figures))
	mean, load := stats.Mean(figures, 0.95), stats.Mean(loads, 0.95)
	e := Estimate{mean.Mean, mean.StandardError, load.Mean, load.StandardError, len(figures)}
	if !(e.LoadSE > 0) {
		return e
	}
	alpha, beta := stat.LinearRegression(loads, figures, nil, false)
	squares := 0.0
	for i, x := range loads {
		rest := figures[i] - alpha - beta*x
		squares += rest * rest
	}
	off := (e.Load - known) / e.LoadSE // the regression is less sure of points far from the middle
	e.Mean, e.SE = alpha+beta*known, math.Sqrt(squares/(n-2)/n*(1+off*off/(n-1)))
	return e
}

// Judge compares an estimate with the exact value. The error says that it lies
// too far off, or that its standard error is too large to tell: more than
// precision times the value and more than what is enough for the case.
func (c *Case) Judge(e Estimate, precision float64) error {
	exact := c.Exact()
	switch {
	case !(e.SE <= c.enough(precision)):
		return fmt.Errorf("%s: the standard error %.3g of %d replicates is too large to tell", c.Name, e.SE, e.N)
	case !(math.Abs(e.Mean-exact) <= Sigmas*e.SE+rounding):
		return fmt.Errorf("%s: estimated %.6f, exact %.6f: %.1f standard errors off", c.Name, e.Mean, exact, (e.Mean-exact)/e.SE)
	case c.between != [2]float64{} && !(c.between[0] <= e.Mean && e.Mean <= c.between[1]):
		return fmt.Errorf("%s: estimated %.6f, which is not between %g and %g", c.Name, e.Mean, c.between[0], c.between[1])
	case !(math.Abs(e.Load-c.load) <= Sigmas*e.LoadSE+rounding):
		return fmt.Errorf("%s: %.6f hours are demanded per firm and day, not %.6f: %.1f standard errors off", c.Name, e.Load, c.load, (e.Load-c.load)/e.LoadSE)
	}
	return nil
}

// rounding is what sums of floating-point numbers may be off.
const rounding = 1e-9

// Matching lists the cases of which section or name contains one of the words,
// whatever their case; all of them if there are no words.
func Matching(words []string) []Case {
	var found []Case
	for _, c := range Cases() {
		text := strings.ToLower(c.Section + ": " + c.Name)
		if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) }) {
			found = append(found, c)
		}
	}
	return found
}
