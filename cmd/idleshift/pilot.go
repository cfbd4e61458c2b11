package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// A forecast is what a sweep will take, from a few of its runs.
type forecast struct {
	Points     int      `json:"points"`
	Replicates int      `json:"replicates"`
	Regimes    int      `json:"regimes"`
	Runs       int      `json:"runs"`
	Finished   int      `json:"finished"`
	Workers    int      `json:"workers"`
	Pilot      int      `json:"pilot_runs"`
	Mean       *float64 `json:"seconds_per_run"` // of one worker; null without a pilot
	Least      *float64 `json:"seconds_per_run_least"`
	Most       *float64 `json:"seconds_per_run_most"`
	Time       *float64 `json:"seconds_left"`
	Memory     *int64   `json:"memory_bytes"`
	Disk       *int64   `json:"disk_bytes"`      // of the dataset
	DiskMost   *int64   `json:"disk_bytes_most"` // while it is merged
}

// A pilot goes on for this long, and no longer than these many runs.
const (
	pilotTime = 5 * time.Second
	pilotMost = 200
)

// forecast prints what the sweep will take.
func (p *program) forecast(ctx context.Context, data *store.Store, dir string, f *workFlags, noPilot, asJSON bool) error {
	m := data.Manifest()
	c := forecast{
		Points: m.Sweep.Points, Replicates: m.Replicates, Regimes: len(m.Regimes), Runs: data.Jobs(), Workers: f.workers,
	}
	if !noPilot && !data.Complete() && data.Finished() < data.Jobs() {
		if err := p.pilot(ctx, data, f, &c); err != nil {
			return err
		}
	}
	c.Finished = data.Finished()
	if c.Mean != nil {
		left := *c.Mean * float64(c.Runs-c.Finished) / float64(c.Workers)
		c.Time = &left
	}
	if asJSON {
		return p.writeJSON(c)
	}
	fmt.Fprintf(p.out, "%s: %s × %s, each with %s\n", count(c.Runs, "run", "runs"), count(c.Points, "point", "points"),
		count(c.Replicates, "replicate", "replicates"), count(c.Regimes, "regime", "regimes"))
	if c.Mean != nil {
		fmt.Fprintf(p.out, "time left    about %s with %s on this machine (a run takes %s to %s, mean %s of %d)\n",
			roughly(*c.Time), count(c.Workers, "worker", "workers"), seconds(*c.Least), seconds(*c.Most), seconds(*c.Mean), c.Pilot)
		fmt.Fprintf(p.out, "memory       about %s\n", size(*c.Memory))
		fmt.Fprintf(p.out, "disk         about %s, while it is merged %s\n", size(*c.Disk), size(*c.DiskMost))
	}
	if c.Finished > 0 {
		fmt.Fprintf(p.out, "finished     %s\n", count(c.Finished, "run", "runs"))
	}
	_, err := fmt.Fprintf(p.out, "to do it     %s\n", command("idleshift", "sweep", "work", "--dir", dir))
	return err
}

// pilot does some runs from all over the design and fills in what they took.
func (p *program) pilot(ctx context.Context, data *store.Store, f *workFlags, c *forecast) error {
	var mu sync.Mutex
	var took []float64
	memory := uint64(0)
	engine := func(ctx context.Context, sc *scenarios.Scenario, replicate int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
		opt.Spare = nil // the time left is reckoned with a core for each run
		began := time.Now()
		results, err := experiment.Simulate(ctx, sc, replicate, opt, open)
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(began).Seconds())
		memory = max(memory, resident())
		return results, err
	}
	tried := map[int]bool{}
	began := time.Now()
	quiet := *f
	quiet.quiet = true
	for next := 0; next < min(pilotMost, data.Jobs()) && time.Since(began) < pilotTime && ctx.Err() == nil; {
		chosen := map[int]bool{}
		for ; len(chosen) < f.workers && next < data.Jobs(); next++ {
			if job := spread(next, data.Jobs()); !tried[job] {
				chosen[job], tried[job] = true, true
			}
		}
		err := p.simulateSweep(ctx, data, f, newMeter(p, &quiet, len(chosen)), engine, func(j experiment.Job) bool {
			return !chosen[number(data, j)] || data.Done(j)
		})
		if err != nil {
			if errors.Is(err, context.Canceled) {
				err = interrupted("interrupted: the plan stands")
			}
			return errors.Join(err, data.Flush())
		}
	}
	if err := data.Flush(); err != nil {
		return err
	}
	if len(took) == 0 {
		return nil
	}
	mean := 0.0
	for _, t := range took {
		mean += t / float64(len(took))
	}
	least, most := slices.Min(took), slices.Max(took)
	c.Pilot, c.Mean, c.Least, c.Most = len(took), &mean, &least, &most
	bytes, err := data.BytesPerJob()
	if err != nil {
		return err
	}
	all, disk := int64(memory), int64(bytes*float64(data.Jobs()))
	twice := 2 * disk
	c.Memory, c.Disk, c.DiskMost = &all, &disk, &twice
	return nil
}

// spread is the k-th of n jobs, in an order in which the first few lie all
// over: steps of the golden section, then what these left out.
func spread(k, n int) int {
	return int(math.Mod(float64(k)*0.6180339887498949, 1) * float64(n))
}

// resident is the memory that the program has from the system, in bytes.
func resident() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() - sample[1].Value.Uint64()
}

// size is bytes as people read them.
func size(bytes int64) string {
	x, unit := float64(bytes), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if x < 1000 {
			break
		}
		x, unit = x/1000, u
	}
	return fmt.Sprintf("%.3g %s", x, unit)
}

// seconds is a short time.
func seconds(s float64) string { return fmt.Sprintf("%.2g s", s) }

// roughly is a long time, as exactly as it can be told.
func roughly(s float64) string {
	switch {
	case s < 90:
		return fmt.Sprintf("%.0f s", math.Ceil(s))
	case s < 90*60:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 48*3600:
		return fmt.Sprintf("%.1f h", s/3600)
	}
	return fmt.Sprintf("%.1f days", s/86400)
}
