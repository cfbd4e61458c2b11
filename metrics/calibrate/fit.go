package calibrate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"idleshift/metrics/moments"
)

// An Evaluation is one candidate measured over some worlds.
type Evaluation struct {
	Phase      string // search, again (a survivor over other worlds), final, slope
	Generation int    // from 0; of the search
	First, N   int    // the replicates: N of them from First
	X          []float64
	Values     []float64 // by key, in its unit or as a factor
	Distance   float64   // root of the weighted mean square deviation in tolerances; +Inf where it cannot be run
	Moments    []float64 // by target; nil where it cannot be run
	Fail       string    // why it cannot be run

	estimates moments.Estimates
}

// Progress is how far a calibration is.
type Progress struct {
	Phase       string
	Generation  int
	Generations int
	Done, All   int     // replicates of the batch under way
	Best        float64 // least distance of the latest generation that is complete; +Inf before
	Complete    bool    // the generation is
}

// A trial measures candidates, points of the unit cube, over the replicates from
// first to first + n.
type trial func(phase string, generation int, xs [][]float64, first, n int) ([]Evaluation, error)

// A fit is a calibration under way.
type fit struct {
	ctx    context.Context
	plan   *Plan
	runner *moments.Runner
	report func(Progress)
	try    trial
	said   Progress
	all    []Evaluation
}

// evaluate is the trial by simulation.
func (f *fit) evaluate(phase string, generation int, xs [][]float64, first, n int) ([]Evaluation, error) {
	out := make([]Evaluation, len(xs))
	var points []moments.Point
	var which []int
	for i, x := range xs {
		e := Evaluation{Phase: phase, Generation: generation, First: first, N: n, X: slices.Clone(x), Distance: math.Inf(1)}
		for k := range f.plan.free {
			e.Values = append(e.Values, f.plan.free[k].at(x[k]))
		}
		sc, err := f.plan.scenario(x)
		if err != nil {
			e.Fail = err.Error()
		} else {
			points, which = append(points, moments.Point{Scenario: sc, First: first, Beyond: first + n}), append(which, i)
		}
		out[i] = e
	}
	f.said.Phase, f.said.Generation, f.said.Complete = phase, generation, false
	f.runner.Progress = func(done, all int) {
		f.said.Done, f.said.All = done, all
		f.report(f.said)
	}
	measured, err := f.runner.Measure(f.ctx, points)
	if err != nil {
		return nil, err
	}
	for j, m := range measured {
		e := &out[which[j]]
		if m.Fail != nil {
			e.Fail = m.Fail.Error()
			continue
		}
		e.estimates = f.runner.Suite.Estimate(m.Rows)
		e.Moments = e.estimates.Values
		e.Distance = f.plan.distance(e.Moments)
	}
	f.all = append(f.all, out...)
	return out, nil
}

// distance is the root of the weighted mean square deviation of the moments
// from the targets, in tolerances. A moment that is not defined is as far off
// as can be: no search could do anything with what is not a number.
func (p *Plan) distance(values []float64) float64 {
	sum, weights := 0.0, 0.0
	for i := range p.targets {
		t := &p.targets[i]
		off := t.Off(values[i])
		sum += t.Weight * off * off
		weights += t.Weight
	}
	d := math.Sqrt(sum / weights)
	if math.IsNaN(d) {
		return math.Inf(1)
	}
	return d
}

// complete tells of a generation that is over.
func (f *fit) complete(generation int, best float64) {
	f.said = Progress{Phase: "search", Generation: generation, Generations: f.plan.Generations, Best: best, Complete: true}
	f.report(f.said)
}

// worlds is the first replicate of a block of worlds of the search: those of
// the final come before all.
func (f *fit) worlds(block, size int) int { return f.plan.Final + block*size }

// fold reflects a number into [0, 1], as often as it takes.
func fold(x float64) float64 {
	x = math.Mod(math.Abs(x), 2)
	if x > 1 {
		return 2 - x
	}
	return x
}

// Run carries out the calibration. It tells report, which may be nil, how far
// it is. With the journal of an earlier run of the plan it goes on from there.
func Run(ctx context.Context, p *Plan, r *moments.Runner, report func(Progress)) (*Result, error) {
	if report == nil {
		report = func(Progress) {}
	}
	f := &fit{ctx: ctx, plan: p, runner: r, report: report, said: Progress{Best: math.Inf(1), Generations: p.Generations}}
	f.try = f.evaluate
	search := f.evolve
	if p.Method == "cma-es" {
		search = f.adapt
	}
	short := func(err error) (*Result, error) { return &Result{plan: p, Evaluations: f.all}, err }
	candidates, err := search()
	if err != nil {
		return short(err)
	}
	candidates = f.distinct(append([][]float64{p.start()}, candidates...), len(candidates)+1)
	finals, err := f.evaluate("final", 0, candidates, 0, p.Final)
	if err != nil {
		return short(err)
	}
	best := slices.MinFunc(finals, func(a, b Evaluation) int { return cmp.Compare(a.Distance, b.Distance) })
	if math.IsInf(best.Distance, 1) {
		return short(fmt.Errorf("no candidate can be measured; the first: %s", why(&best)))
	}
	slopes, err := f.slopes(&best)
	if err != nil {
		return short(err)
	}
	return f.result(&finals[0], &best, slopes), nil
}

func why(e *Evaluation) string {
	if e.Fail != "" {
		return e.Fail
	}
	return "a moment is not defined there"
}

// distinct are the first n candidates that are not the same scenario.
func (f *fit) distinct(xs [][]float64, n int) [][]float64 {
	var out [][]float64
	seen := map[string]bool{}
	for _, x := range xs {
		id := fmt.Sprint(f.plan.overrides(x))
		if !seen[id] && len(out) < n {
			out = append(out, x)
		}
		seen[id] = true
	}
	return out
}
