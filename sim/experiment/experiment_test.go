package experiment

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
)

// memory is a Recorder that counts how it ended.
type memory struct {
	committed, aborted atomic.Int32
	failCommit         error
}

func (m *memory) Day(int, agents.Day, []agents.DayHours) error { return nil }
func (m *memory) Deals(int, []agents.Deal) error               { return nil }
func (m *memory) Firms(int, []sim.FirmResult) error            { return nil }
func (m *memory) Commit([]sim.Result) error                    { m.committed.Add(1); return m.failCommit }
func (m *memory) Abort()                                       { m.aborted.Add(1) }

func point(int) (*scenarios.Scenario, error) {
	return &scenarios.Scenario{Compare: []string{"alone", "together"}, Baseline: "together"}, nil
}

// echo is an engine whose results carry the replicate.
func echo(_ context.Context, sc *scenarios.Scenario, replicate int, _ sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
	if _, err := open(nil); err != nil {
		return nil, err
	}
	results := make([]sim.Result, len(sc.Compare))
	for i := range results {
		results[i] = sim.Result{Regime: sc.Compare[i], Replicate: replicate}
	}
	return results, nil
}

func collect(to *[]Job) func(Job, []sim.Result, error) error {
	return func(j Job, results []sim.Result, err error) error {
		*to = append(*to, j)
		if err == nil && results[0].Replicate != j.Replicate {
			return fmt.Errorf("job %v was handed the results of replicate %d", j, results[0].Replicate)
		}
		return err
	}
}

func TestReportsInJobOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		slowFirst := func(ctx context.Context, sc *scenarios.Scenario, r int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
			time.Sleep(time.Duration((r*37)%5) * time.Millisecond)
			return echo(ctx, sc, r, opt, open)
		}
		var rec memory
		var got []Job
		err := Run(context.Background(), &Plan{
			Points: 3, Replicates: 5, Scenario: point, Engine: slowFirst, Workers: workers,
			Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
			Report: collect(&got),
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 15 || !slices.IsSortedFunc(got, func(a, b Job) int {
			return 100*(a.Point-b.Point) + a.Replicate - b.Replicate
		}) {
			t.Errorf("%d workers: jobs reported as %v; files would depend on who finishes first", workers, got)
		}
		if rec.committed.Load() != 15 || rec.aborted.Load() != 0 {
			t.Errorf("%d committed, %d aborted, want 15 and 0", rec.committed.Load(), rec.aborted.Load())
		}
	}
}

func TestSkipsFinishedJobs(t *testing.T) {
	var rec memory
	var got []Job
	err := Run(context.Background(), &Plan{
		Points: 1, Replicates: 5, Scenario: point, Engine: echo, Workers: 2,
		Done:   func(j Job) bool { return j.Replicate%2 == 0 },
		Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
		Report: collect(&got),
	})
	if want := []Job{{0, 1}, {0, 3}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("ran %v (%v), want %v: a resumed run would repeat or miss work", got, err, want)
	}
}

func TestFailingJobNamesItsReplicate(t *testing.T) {
	broken := errors.New("the calendar overflowed")
	for name, fail := range map[string]func(){"error": nil, "panic": func() { panic("index out of range") }} {
		engine := func(ctx context.Context, sc *scenarios.Scenario, r int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
			if r == 3 {
				if _, err := open(nil); err != nil {
					return nil, err
				}
				if fail != nil {
					fail()
				}
				return nil, broken
			}
			return echo(ctx, sc, r, opt, open)
		}
		var rec memory
		var got []Job
		err := Run(context.Background(), &Plan{
			Points: 1, Replicates: 40, Scenario: point, Engine: engine, Workers: 2,
			Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
			Report: collect(&got),
		})
		var failed *Error
		if !errors.As(err, &failed) || failed.Job != (Job{0, 3}) || !strings.Contains(err.Error(), "replicate 3") {
			t.Errorf("%s: got %v: nobody could tell which replicate failed", name, err)
		}
		if fail == nil && !errors.Is(err, broken) {
			t.Errorf("the cause was lost: %v", err)
		}
		if len(got) != 4 {
			t.Errorf("%s: %d jobs reported, want the four up to the failed one", name, len(got))
		}
		if rec.aborted.Load() < 1 {
			t.Errorf("%s: the failed job left its half-written record", name)
		}
	}
}

// A sweep goes on when a job fails, so Report may swallow the error.
func TestReportMaySwallowFailures(t *testing.T) {
	var rec memory
	failures := 0
	err := Run(context.Background(), &Plan{
		Points: 1, Replicates: 9, Scenario: point, Workers: 3,
		Engine: func(ctx context.Context, sc *scenarios.Scenario, r int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
			results, err := echo(ctx, sc, r, opt, open)
			if r%3 == 0 {
				err = errors.New("no")
			}
			return results, err
		},
		Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
		Report: func(_ Job, _ []sim.Result, err error) error {
			if err != nil {
				failures++
			}
			return nil
		},
	})
	if err != nil || failures != 3 || rec.committed.Load() != 6 || rec.aborted.Load() != 3 {
		t.Errorf("%v, %d failures, %d committed, %d aborted", err, failures, rec.committed.Load(), rec.aborted.Load())
	}
}

// Cores without a job of their own would stand idle beside a run of one
// replicate; cores that have one would be asked for more than there are.
func TestSpareCores(t *testing.T) {
	for _, c := range []struct{ workers, replicates, spare int }{{1, 1, 0}, {4, 1, 3}, {4, 2, 2}, {2, 2, 0}} {
		var rec memory
		var begun, asked sync.WaitGroup
		begun.Add(c.replicates)
		asked.Add(c.replicates)
		var lent atomic.Int32
		err := Run(context.Background(), &Plan{
			Points: 1, Replicates: c.replicates, Scenario: point, Workers: c.workers,
			Engine: func(ctx context.Context, sc *scenarios.Scenario, r int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
				begun.Done()
				begun.Wait() // all jobs have their cores
				var tasks sync.WaitGroup
				tasks.Add(10)
				for range 10 {
					if opt.Spare(func() {
						defer tasks.Done()
						asked.Wait() // it keeps its core until nobody asks any more
					}) {
						lent.Add(1)
					} else {
						tasks.Done()
					}
				}
				asked.Done()
				asked.Wait()
				tasks.Wait()
				return echo(ctx, sc, r, opt, open)
			},
			Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
			Report: func(_ Job, _ []sim.Result, err error) error { return err },
		})
		if err != nil || int(lent.Load()) != c.spare {
			t.Errorf("%d workers, %d jobs: %d cores lent, want %d (%v)", c.workers, c.replicates, lent.Load(), c.spare, err)
		}
	}
}

// Without the stack of where it happened a panic cannot be found.
func TestPanicOfAnotherCore(t *testing.T) {
	var rec memory
	err := Run(context.Background(), &Plan{
		Points: 1, Replicates: 1, Scenario: point, Workers: 2,
		Engine: func(context.Context, *scenarios.Scenario, int, sim.Options, func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
			panic(&sim.Panic{Value: "out of range", Stack: []byte("there")})
		},
		Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
		Report: func(_ Job, _ []sim.Result, err error) error { return err },
	})
	failed := new(Error)
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "panic: out of range") || string(failed.Stack) != "there" {
		t.Errorf("%v, %s", err, failed.Stack)
	}
}

func TestFailedCommitAborts(t *testing.T) {
	full := errors.New("no space left on device")
	rec := memory{failCommit: full}
	err := Run(context.Background(), &Plan{
		Points: 1, Replicates: 1, Scenario: point, Engine: echo, Workers: 1,
		Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
		Report: func(_ Job, _ []sim.Result, err error) error { return err },
	})
	if !errors.Is(err, full) || rec.aborted.Load() != 1 {
		t.Errorf("%v, aborted %d times: a full disk would leave a broken chunk", err, rec.aborted.Load())
	}
}

func TestInterruptKeepsWhatWasFinished(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var rec memory
	err := Run(ctx, &Plan{
		Points: 1, Replicates: 1000, Scenario: point, Workers: 2,
		Engine: func(ctx context.Context, sc *scenarios.Scenario, r int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
			if r >= 5 { // these would run until they are stopped
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return echo(ctx, sc, r, opt, open)
		},
		Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
		Report: func(j Job, _ []sim.Result, err error) error {
			if j.Replicate == 4 {
				cancel()
			}
			return err
		},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error: the caller would report a failure", err)
	}
	if rec.committed.Load() != 5 {
		t.Errorf("%d jobs kept, want the 5 that were finished", rec.committed.Load())
	}
}

// While the first job is slow, the others may not pile up results.
func TestFinishedResultsAreBounded(t *testing.T) {
	const workers = 2
	release := make(chan struct{})
	var started atomic.Int32
	var rec memory
	finished := make(chan error, 1)
	go func() {
		finished <- Run(context.Background(), &Plan{
			Points: 1, Replicates: 500, Scenario: point, Workers: workers,
			Engine: func(ctx context.Context, sc *scenarios.Scenario, r int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
				started.Add(1)
				if r == 0 {
					<-release
				}
				return echo(ctx, sc, r, opt, open)
			},
			Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
			Report: func(_ Job, _ []sim.Result, err error) error { return err },
		})
	}()
	for range 50 {
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	if n := started.Load(); n > (ahead+2)*workers {
		t.Errorf("%d jobs ran ahead of the first: memory would grow with the number of runs", n)
	}
	close(release)
	if err := <-finished; err != nil {
		t.Fatal(err)
	}
}

func TestWorseOffIsAgainstTheBaseline(t *testing.T) {
	sc := &scenarios.Scenario{Compare: []string{"low", "base", "merged"}, Baseline: "base"}
	firms := func(values ...agents.Money) []sim.FirmResult {
		out := make([]sim.FirmResult, len(values))
		for i, v := range values {
			out[i].Firm = int32(i)
			out[i].Ledger[agents.Value] = v
		}
		return out
	}
	var got []sim.Result
	var rec memory
	err := Run(context.Background(), &Plan{
		Points: 1, Replicates: 1, Scenario: func(int) (*scenarios.Scenario, error) { return sc, nil }, Workers: 1,
		Engine: func(ctx context.Context, sc *scenarios.Scenario, r int, opt sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
			s, err := open(nil)
			if err != nil {
				return nil, err
			}
			low := firms(5, 9, 7, 7)
			low[3].Ledger[agents.Paid] = 1 // a transfer makes firm 3 worse off
			for i, f := range [][]sim.FirmResult{low, firms(6, 8, 7, 7), firms(1)} {
				if err := s.Firms(i, f); err != nil {
					return nil, err
				}
			}
			return make([]sim.Result, 3), nil
		},
		Record: func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
		Report: func(_ Job, results []sim.Result, err error) error { got = results; return err },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0, 0} {
		if got[i].WorseOff != want {
			t.Errorf("%s: %d firms worse off, want %d", sc.Compare[i], got[i].WorseOff, want)
		}
	}
}
