// Package experiment runs points × replicates on all cores. A job is one
// replicate of one point: all of the point's regimes, in lockstep, over one
// world. Jobs are independent and are told apart by their identity alone, so
// what they produce does not depend on how many run at a time, in which order
// they finish or which were done before. The package knows nothing of files:
// each job fills a Recorder, which keeps the job whole or drops it.
package experiment

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"

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
	Points []*scenarios.Scenario
	Done   func(Job) bool // jobs that were finished before are skipped; nil: none was
	Engine Engine
	Sim    sim.Options
	// Workers is the most jobs that run at a time.
	Workers int
	// Record opens the Recorder of a job over the job's region, on its worker.
	Record func(Job, *sim.Region) (Recorder, error)
	// Report is told of each job that ran, in the order of the jobs, one call
	// at a time: its results, or its error. An error that it returns ends the
	// experiment; returning nil lets the other jobs go on.
	Report func(Job, []sim.Result, error) error
}

// Jobs are the plan's jobs that are still to do, by point, then replicate.
func (p *Plan) Jobs() iter.Seq[Job] {
	return func(yield func(Job) bool) {
		for i, sc := range p.Points {
			for r := range sc.Replicates {
				job := Job{i, r}
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

// An Error is a job that failed.
type Error struct {
	Job Job
	Err error
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
		for job := range p.Jobs() {
			turn := make(chan outcome, 1)
			select {
			case turns <- turn:
			case <-ctx.Done():
				return ctx.Err()
			}
			workers.Go(func() error {
				results, err := p.run(ctx, job)
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

// run runs one job from opening its Recorder to its end.
func (p *Plan) run(ctx context.Context, job Job) (results []sim.Result, err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var rec Recorder
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
		if err != nil {
			results, err = nil, &Error{job, err}
			if rec != nil {
				rec.Abort()
			}
		}
	}()
	sc := p.Points[job.Point]
	sink := profits{of: make([][]agents.Money, len(sc.Compare))}
	results, err = p.Engine(ctx, sc, job.Replicate, p.Sim, func(region *sim.Region) (sim.Sink, error) {
		opened, err := p.Record(job, region)
		if err != nil {
			return nil, err
		}
		rec, sink.Recorder = opened, opened
		return &sink, nil
	})
	if err != nil {
		return nil, err
	}
	sink.compare(sc, results)
	if err := rec.Commit(results); err != nil {
		return nil, err
	}
	rec = nil
	return results, nil
}
