package moments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// A Runner measures scenarios by a suite of moments.
type Runner struct {
	Suite    *Suite
	Journal  *Journal // nil keeps nothing
	Workers  int
	Progress func(done, all int) // told of every replicate of a Measure; nil for none

	samples sync.Map // *sim.Region → *sample, from the opening of a run to its start
}

// A Point is a scenario to measure over the replicates from First up to Beyond,
// which is left out.
type Point struct {
	Scenario      *scenarios.Scenario
	First, Beyond int
}

// A Measurement is what a point showed.
type Measurement struct {
	Rows [][][]float64 // by replicate, for Suite.Estimate
	Fail error         // the scenario cannot be run; there are no rows then
}

// Measure runs the points that the journal does not know, on all workers, with
// the same random worlds for all. It returns what each showed, in their order,
// whatever the number of workers. Replicates that were finished when the
// context ends are in the journal.
func (r *Runner) Measure(ctx context.Context, points []Point) ([]Measurement, error) {
	alone := make([]*scenarios.Scenario, len(points))
	hashes := make([]string, len(points))
	found := make([][]entry, len(points)) // by point, then replicate from First
	known := make([][]bool, len(points))
	all, done, most := 0, 0, 0
	said := func() {
		if r.Progress != nil {
			r.Progress(done, all)
		}
	}
	for i, p := range points {
		sc, hash, err := r.alone(p.Scenario)
		if err != nil {
			return nil, err
		}
		n := p.Beyond - p.First
		most = max(most, p.Beyond)
		alone[i], hashes[i], found[i], known[i] = sc, hash, make([]entry, n), make([]bool, n)
		all += n
		for n := range found[i] {
			if found[i][n], known[i][n] = r.Journal.get(key{hash, p.First + n}); known[i][n] {
				done++
			}
		}
	}
	said()
	keep := func(j experiment.Job, e entry) error {
		found[j.Point][j.Replicate-points[j.Point].First] = e
		return r.Journal.put(key{hashes[j.Point], j.Replicate}, e)
	}
	err := experiment.Run(ctx, &experiment.Plan{
		Points:     len(points),
		Replicates: most,
		Workers:    r.Workers,
		Scenario:   func(point int) (*scenarios.Scenario, error) { return alone[point], nil },
		Done: func(j experiment.Job) bool {
			n := j.Replicate - points[j.Point].First
			return n < 0 || n >= len(known[j.Point]) || known[j.Point][n]
		},
		Engine: r.engine,
		Record: func(j experiment.Job, region *sim.Region) (experiment.Recorder, error) {
			s := newSample(region)
			r.samples.Store(region, s)
			return &recorder{s, func(results []sim.Result) error {
				s.results = results
				return keep(j, entry{Row: r.Suite.row(s)})
			}}, nil
		},
		Report: func(j experiment.Job, _ []sim.Result, err error) error {
			if impossible := new(sim.Unservable); errors.As(err, &impossible) {
				err = keep(j, entry{Fail: impossible.Error()})
			}
			if failed := new(experiment.Error); errors.As(err, &failed) {
				return fmt.Errorf("replicate %d: %w", j.Replicate, failed.Err)
			}
			done++
			said()
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	out := make([]Measurement, len(points))
	for i := range points {
		for _, e := range found[i] {
			if e.Fail != "" {
				out[i] = Measurement{Fail: errors.New(e.Fail)}
				break
			}
			out[i].Rows = append(out[i].Rows, e.Row)
		}
	}
	return out, nil
}

// alone is the scenario with no more than the suite needs, and its hash, which
// does not depend on what bears on no number.
func (r *Runner) alone(full *scenarios.Scenario) (*scenarios.Scenario, string, error) {
	sc := *full
	sc.Compare, sc.Headline, sc.Rival, sc.Decomposition = r.Suite.Regimes(full), "", "", nil
	sc.Replicates, sc.Title, sc.Description = 1, "", ""
	hash, err := scenarios.Hash(&sc)
	return &sc, hash, err
}

// engine is experiment.Simulate with a trace of arrivals where moments need it.
func (r *Runner) engine(ctx context.Context, sc *scenarios.Scenario, replicate int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
	region, err := sim.Build(sc, replicate)
	if err != nil {
		return nil, err
	}
	sink, err := open(region)
	if err != nil {
		return nil, err
	}
	opened, _ := r.samples.LoadAndDelete(region)
	if s, ok := opened.(*sample); ok && slices.ContainsFunc(r.Suite.series, func(s *series) bool { return s != nil && s.byClass }) {
		opt.Trace = s.hear
	}
	return sim.Run(ctx, region, opt, sink)
}

// A recorder hands the results of one replicate on.
type recorder struct {
	*sample
	commit func([]sim.Result) error
}

func (r *recorder) Commit(results []sim.Result) error { return r.commit(results) }

// Abort has nothing to undo.
func (r *recorder) Abort() {}
