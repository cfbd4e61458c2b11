package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"idleshift/agents"
	"idleshift/scenarios"
)

// heard is a Sink that writes down all it is told, in order.
type heard struct{ strings.Builder }

func (h *heard) Day(regime int, day agents.Day, kinds []agents.DayHours) error {
	fmt.Fprintln(h, "day", regime, day, kinds)
	return nil
}

func (h *heard) Deals(regime int, deals []agents.Deal) error {
	fmt.Fprintln(h, "deals", regime, deals)
	return nil
}

func (h *heard) Firms(regime int, firms []FirmResult) error {
	fmt.Fprintln(h, "firms", regime, firms)
	return nil
}

// cores is a Spare of so many cores.
func cores(n int) func(func()) bool {
	free := make(chan struct{}, n)
	return func(task func()) bool {
		select {
		case free <- struct{}{}:
			go func() {
				defer func() { <-free }()
				task()
			}()
			return true
		default:
			return false
		}
	}
}

// crowd is the regimes of the pocket, autarky among them, with as many
// firms as make several parts where no market ties them.
func crowd(t *testing.T) *Region {
	t.Helper()
	sc, err := scenarios.Load("pocket", scenarios.LoadOptions{Set: []string{"region.firms=150", "time.days=20", "time.warmup_days=10", "time.runout_days=10"}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Build(sc, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// If what a run tells depended on the cores that were free, no number of it
// could be found again.
func TestSharedOutTheSame(t *testing.T) {
	var alone, together heard
	one, err := Run(context.Background(), crowd(t), Options{Check: true}, &alone)
	if err != nil {
		t.Fatal(err)
	}
	var passed atomic.Int64
	progress := func(days int) { passed.Add(int64(days)) }
	many, err := Run(context.Background(), crowd(t), Options{Check: true, Spare: cores(3), Progress: progress}, &together)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(many)) * (10 + 20); passed.Load() != n {
		t.Errorf("progress over %d days of regimes, want %d: a bar would not come to its end", passed.Load(), n)
	}
	if fmt.Sprint(one) != fmt.Sprint(many) {
		t.Error("the results depend on the cores that were free")
	}
	if alone.String() != together.String() {
		t.Error("what the sink is told depends on the cores that were free")
	}
	if !strings.Contains(alone.String(), "deals") || !strings.Contains(alone.String(), "day 0 19") {
		t.Error("the sink was told of no deals, or not of every day")
	}
}

// A trace tells a story; two cores would tell two at a time.
func TestTracedAlone(t *testing.T) {
	asked := false
	opt := Options{Trace: func(*Event) {}, Spare: func(func()) bool { asked = true; return false }}
	if _, err := Run(context.Background(), crowd(t), opt, nil); err != nil || asked {
		t.Errorf("%v, other cores were asked for: %v", err, asked)
	}
}

// A mistake of the program ends the replicate in which it shows, and not the
// others, whichever core it shows on.
func TestPanicComesHome(t *testing.T) {
	c := newCourse(crowd(t), Options{Spare: func(task func()) bool {
		var other sync.WaitGroup
		other.Go(task) // has done or broken all before the run's own core begins
		other.Wait()
		return true
	}})
	c.parts[len(c.parts)-1].lots0 = -1
	days := make([]today, ahead)
	for d, n := 0, newNature(c.Region); d < len(days); d++ {
		n.next().copyTo(&days[d])
	}
	defer func() {
		p, ok := recover().(*Panic)
		if !ok || !strings.Contains(p.Error(), "index out of range") || !strings.Contains(string(p.Stack), "begin") {
			t.Errorf("%v", p)
		}
	}()
	err := c.live(context.Background(), days, nil)
	t.Errorf("no panic, but %v", err)
}

// An interrupt ends the days under way on every core.
func TestSharedOutStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	results, err := Run(ctx, crowd(t), Options{Spare: cores(2)}, nil)
	if !errors.Is(err, context.Canceled) || results != nil {
		t.Errorf("%v, %d results", err, len(results))
	}
}

// What takes longest comes first, or one core works on while others wait.
func TestMarketsFirst(t *testing.T) {
	c := newCourse(crowd(t), Options{})
	if !slices.IsSortedFunc(c.parts, func(a, b part) int { return len(b.markets) - len(a.markets) }) || len(c.parts[0].markets) < 2 {
		t.Error("parts are not in the order of their markets")
	}
	if n := len(c.regimes[slices.Index(c.Scenario.Compare, "autarky")].parts); n != 3 {
		t.Errorf("150 firms without a market in %d parts", n)
	}
}
