// Package experiment runs points × replicates on all cores. A job is one
// replicate of one point: all of the point's regimes over one region. Jobs are
// independent and are told apart by their identity alone, so what they produce
// does not depend on how many run at a time, in which order they finish or which
// were done before. Where there are fewer jobs than cores, a job's regimes are
// shared out among them. The package knows nothing of files: each job fills a
// Recorder, which keeps the job whole or drops it.
//
// Points are loaded when their jobs begin and forgotten after them, so that
// memory does not grow with their number.
package experiment

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
)

// A Job is one replicate of one point, both from 0.
type Job struct{ Point, Replicate int }

// A Recorder takes what one job produces. Commit ends it, or Abort, which also
// follows a Commit that failed.
type Recorder interface {
	sim.Sink
	Commit(results []sim.Result) error // keep the job
	Abort()                            // the job failed or was interrupted: leave no trace
}

// An Engine builds the region of one replicate, opens a sink for it, runs all
// regimes into the sink and returns their results in the order of the
// scenario's Compare.
type Engine func(ctx context.Context, sc *scenarios.Scenario, replicate int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error)

// Simulate is the Engine of the model.
func Simulate(ctx context.Context, sc *scenarios.Scenario, replicate int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
	region, err := sim.Build(sc, replicate)
	if err != nil {
		return nil, err
	}
	sink, err := open(region)
	if err != nil {
		return nil, err
	}
	return sim.Run(ctx, region, opt, sink)
}

// A Plan says what to run.
type Plan struct {
	Points     int
	Replicates int // of every point
	// Scenario is that of a point. It is asked for when the first of the
	// point's jobs begins, on a worker, and must then be left unchanged.
	Scenario func(point int) (*scenarios.Scenario, error)
	Done     func(Job) bool // jobs that are not to be run: finished before, or another's; nil: none
	Engine   Engine
	Sim      sim.Options // Spare apart, which lends cores without a job
	// Workers is how many cores are used: a job runs on one of them, and its
	// regimes on those that no job wants.
	Workers int
	// Record opens the Recorder of a job over the job's region, on its worker.
	Record func(Job, *sim.Region) (Recorder, error)
	// Report is told of each job that ran, in the order of the jobs, one call
	// at a time: its results, or its error, an *Error if the job itself failed
	// rather than the disk. An error that it returns ends the experiment;
	// returning nil lets the other jobs go on.
	Report func(Job, []sim.Result, error) error
}

// Jobs are the plan's jobs that are still to do, by point, then replicate.
func (p *Plan) Jobs() iter.Seq[Job] {
	return func(yield func(Job) bool) {
		for point := range p.Points {
			for r := range p.Replicates {
				job := Job{point, r}
				if p.Done != nil && p.Done(job) {
					continue
				}
				if !yield(job) {
					return
				}
			}
		}
	}
}

// An Error is a job that failed: the scenario cannot be run, the accounts do
// not balance, or the program is wrong.
type Error struct {
	Job   Job
	Err   error
	Stack []byte // of a panic, else nil
}

func (e *Error) Error() string {
	return fmt.Sprintf("point %d, replicate %d: %v", e.Job.Point, e.Job.Replicate, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// ahead is how many jobs per worker may be finished before an earlier one is:
// it bounds memory, since results wait for their turn.
const ahead = 4

// Run runs the jobs of the plan. When ctx is cancelled it stops the jobs that
// are under way, keeps those that were committed, and returns ctx's error.
func Run(ctx context.Context, p *Plan) error {
	type outcome struct {
		job     Job
		results []sim.Result
		err     error
	}
	parent := ctx
	group, ctx := errgroup.WithContext(ctx)
	turns := make(chan chan outcome, ahead*p.Workers)
	group.Go(func() error {
		defer close(turns)
		var workers errgroup.Group
		workers.SetLimit(p.Workers)
		defer workers.Wait()
		number, current := -1, (*setting)(nil)
		for job := range p.Jobs() {
			if job.Point != number {
				number, current = job.Point, p.setting(job.Point)
			}
			at, turn := current, make(chan outcome, 1)
			select {
			case turns <- turn:
			case <-ctx.Done():
				return ctx.Err()
			}
			workers.Go(func() error {
				results, err := p.run(ctx, job, at, func(task func()) bool {
					return workers.TryGo(func() error { task(); return nil })
				})
				turn <- outcome{job, results, err}
				return nil
			})
		}
		return nil
	})
	group.Go(func() error {
		for turn := range turns {
			o := <-turn
			if o.err != nil && ctx.Err() != nil {
				return ctx.Err() // it was stopped, it did not fail
			}
			if err := p.Report(o.job, o.results, o.err); err != nil {
				return err
			}
		}
		return nil
	})
	err := group.Wait()
	if err != nil && parent.Err() != nil {
		return parent.Err()
	}
	return err
}

// A setting is what all jobs of a point have in common, found when the first begins.
type setting struct {
	scenario func() (*scenarios.Scenario, error)
	fits     func() error // whether the memory holds its regions
}

func (p *Plan) setting(number int) *setting {
	scenario := sync.OnceValues(func() (*scenarios.Scenario, error) { return p.Scenario(number) })
	return &setting{scenario, sync.OnceValue(func() error {
		sc, _ := scenario() // who asks has looked at its error
		return Fits(sc, min(p.Workers, p.Points*p.Replicates))
	})}
}

// run runs one job from loading its scenario to its end, with the help of
// workers that have no job.
func (p *Plan) run(ctx context.Context, job Job, at *setting, spare func(func()) bool) (results []sim.Result, err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	sc, err := at.scenario()
	if err != nil {
		return nil, err
	}
	sink := guarded{of: make([][]agents.Money, len(sc.Compare))}
	defer func() {
		var stack []byte
		if v := recover(); v != nil {
			err, stack = fmt.Errorf("panic: %v", v), debug.Stack()
			if p, ok := v.(*sim.Panic); ok {
				stack = p.Stack
			}
		}
		if err == nil {
			return
		}
		results = nil
		if sink.Recorder != nil {
			sink.Abort()
		}
		if sink.broken != nil {
			err = sink.broken
		} else {
			err = &Error{job, err, stack}
		}
	}()
	if err := at.fits(); err != nil {
		return nil, err
	}
	opt := p.Sim
	opt.Spare = spare
	results, err = p.Engine(ctx, sc, job.Replicate, opt, func(region *sim.Region) (sim.Sink, error) {
		recorder, err := p.Record(job, region)
		if err == nil { // or it may be a nil of some type
			sink.Recorder = recorder
		}
		return &sink, sink.note(err)
	})
	if err != nil {
		return nil, err
	}
	if err := balanced(results); err != nil {
		return nil, err
	}
	sink.compare(sc, results)
	return results, sink.Commit(results)
}

// balanced is an error if an account does not balance; only a run that checks
// them finds out.
func balanced(results []sim.Result) error {
	for i := range results {
		if b := results[i].Breaches; len(b) > 0 {
			return fmt.Errorf("the accounts of %s do not balance: %d identities are broken, the first: %s", results[i].Regime, len(b), b[0])
		}
	}
	return nil
}
