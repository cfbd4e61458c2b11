//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/scenarios/design"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// quarter is a sweep of 100 points of a quarter of a year of 200 firms, with
// one regime: the shortest of runs, so that what comes beside them shows most.
const quarter = `base = "template"
design = "lhs"
samples = 100
replicates = 1
[set]
region.firms = 200
time.days = 63
compare = ["status_quo"]
headline = ""
rival = ""
[factors.rate]
key = "orders.job.rate"
range = [0.04, 0.05]
[factors.partners]
key = "region.partners_per_firm"
range = [1, 3]
[factors.radius]
key = "tiers.platform.radius_site_km"
range = [20, 100]
`

// BenchmarkSweep compares a sweep, from the design to the dataset, with the
// engine alone on the same runs. The target is 90 % of the engine's throughput.
func BenchmarkSweep(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "quarter.toml")
	if err := os.WriteFile(file, []byte(quarter), 0o666); err != nil {
		b.Fatal(err)
	}
	const runs = 100
	measured := func(b *testing.B, work func() error) {
		began := processor(b)
		for b.Loop() {
			if err := work(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric((processor(b)-began).Seconds()*1000/float64(runs*b.N), "cpu-ms/run")
		b.ReportMetric(float64(runs*b.N)/b.Elapsed().Seconds(), "runs/s")
	}
	b.Run("engine", func(b *testing.B) {
		d, err := design.Load(file)
		if err != nil {
			b.Fatal(err)
		}
		base := experiment.NewBase(d.Base, d.Replicates, d.Regimes)
		var points []*scenarios.Scenario
		for _, p := range d.Points {
			sc, err := base.Scenario(p.Set)
			if err != nil {
				b.Fatal(err)
			}
			points = append(points, sc)
		}
		measured(b, func() error {
			return experiment.Run(context.Background(), &experiment.Plan{
				Points: len(points), Replicates: 1, Workers: 2,
				Scenario: func(i int) (*scenarios.Scenario, error) { return points[i], nil },
				Engine:   experiment.Simulate,
				Sim:      sim.Options{Bound: true}, // as a sweep does
				Record:   func(experiment.Job, *sim.Region) (experiment.Recorder, error) { return nothing{}, nil },
				Report:   func(_ experiment.Job, _ []sim.Result, err error) error { return err },
			})
		})
	})
	b.Run("sweep", func(b *testing.B) {
		measured(b, func() error {
			var err strings.Builder
			if code := run(context.Background(), []string{"sweep", "run", file, "--dir", filepath.Join(b.TempDir(), "swept"), "--workers", "2", "--quiet"}, io.Discard, &err); code != exitOK {
				b.Fatal(err.String())
			}
			return nil
		})
	})
}

// processor is the time that the processors have spent on the program.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// nothing is a Recorder that keeps nothing.
type nothing struct{}

func (nothing) Day(int, agents.Day, []agents.DayHours) error { return nil }
func (nothing) Deals(int, []agents.Deal) error               { return nil }
func (nothing) Firms(int, []sim.FirmResult) error            { return nil }
func (nothing) Commit([]sim.Result) error                    { return nil }
func (nothing) Abort()                                       {}
