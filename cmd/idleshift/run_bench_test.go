//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// carryOut runs a command line into a folder of its own.
func carryOut(b *testing.B, line string, more ...string) {
	b.Helper()
	args := append(strings.Fields(line), more...)
	args = append(args, "--quiet", "--out", b.TempDir())
	var said strings.Builder
	if code := run(context.Background(), args, io.Discard, &said); code != exitOK {
		b.Fatalf("%v: %s", args, &said)
	}
}

// BenchmarkStart is the time from a command to its answer: 60 firms, ten
// replicates, all regimes. The target is a second on two idle cores.
func BenchmarkStart(b *testing.B) {
	began := processor(b)
	for b.Loop() {
		carryOut(b, "run vignettes")
	}
	b.ReportMetric((processor(b)-began).Seconds()/float64(b.N), "cpu-s/run")
}

// BenchmarkRun is a short run of the default scenario, whose profile guides the
// build of the command (default.pgo).
func BenchmarkRun(b *testing.B) {
	began := processor(b)
	for b.Loop() {
		carryOut(b, "run --days 12 --replicates 1 --workers 1")
	}
	b.ReportMetric((processor(b)-began).Seconds()/float64(b.N), "cpu-s/run")
}

// BenchmarkTables is what a run with all tables takes of the processor, as a
// multiple of the same run with the table of runs alone. The target is 1.3.
func BenchmarkTables(b *testing.B) {
	const line = "run pocket --set region.firms=300 --replicates 2 --workers 1 --regimes status_quo --tables "
	var taken [2]time.Duration
	for b.Loop() {
		for i, tables := range []string{"runs", "runs,needs,days,firms,deals=all"} {
			began := processor(b)
			carryOut(b, line+tables)
			taken[i] += processor(b) - began
		}
	}
	b.ReportMetric(taken[1].Seconds()/taken[0].Seconds(), "×runs")
}

// BenchmarkCores is how many runs two workers get done in the time that one
// needs for one, of many replicates and of a single one, which tells something
// on two idle cores only; the target is 1.8. Whatever else the machine does, the
// processors' time for a run must not depend on the workers.
func BenchmarkCores(b *testing.B) {
	for _, of := range []struct{ name, line string }{
		{"replicates", "run pocket --set region.firms=300 --replicates 24 --regimes status_quo --tables runs --workers "},
		{"regimes", "run pocket --set time.days=20 --replicates 1 --tables runs --workers "},
	} {
		b.Run(of.name, func(b *testing.B) {
			var taken, worked [2]time.Duration
			for b.Loop() {
				for i := range taken {
					began, before := time.Now(), processor(b)
					carryOut(b, of.line+fmt.Sprint(i+1))
					taken[i] += time.Since(began)
					worked[i] += processor(b) - before
				}
			}
			b.ReportMetric(worked[1].Seconds()/worked[0].Seconds(), "×cpu")
			b.ReportMetric(taken[0].Seconds()/taken[1].Seconds(), "×one")
		})
	}
}

// Memory that grew with days or replicates would end long runs after hours.
// What the tables hold on the way to the disk, a row group each, is apart.
func TestMemoryIsSteady(t *testing.T) {
	most := func(days, replicates int) (bytes int64) {
		sc, err := scenarios.Load("vignettes", scenarios.LoadOptions{Set: []string{fmt.Sprint("time.days=", days)}})
		if err != nil {
			t.Fatal(err)
		}
		err = experiment.Run(context.Background(), &experiment.Plan{
			Points: 1, Replicates: replicates, Workers: 1, Engine: experiment.Simulate,
			Scenario: func(int) (*scenarios.Scenario, error) { return sc, nil },
			Record: func(experiment.Job, *sim.Region) (experiment.Recorder, error) {
				return &weighed{last: agents.Day(days - 1), most: &bytes}, nil
			},
			Report: func(_ experiment.Job, _ []sim.Result, err error) error { return err },
		})
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	one := most(50, 1)
	for _, x := range [][2]int{{200, 1}, {50, 6}} {
		if got := most(x[0], x[1]); float64(got) > 1.1*float64(one) {
			t.Errorf("%d days and %d replicates hold %d bytes, 50 days and one %d", x[0], x[1], got, one)
		}
	}
}

// weighed is a Recorder that keeps nothing and weighs the heap on the last day.
type weighed struct {
	nothing
	last agents.Day
	most *int64
}

func (w *weighed) Day(regime int, day agents.Day, _ []agents.DayHours) error {
	if day == w.last && regime == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		*w.most = max(*w.most, int64(m.HeapAlloc))
	}
	return nil
}
