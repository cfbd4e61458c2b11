package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
	regions := []*Region{crowd(t)}
	for seed := range uint64(12) {
		r, err := Build(parse(t, randomScenario(rand.New(rand.NewPCG(seed, 11)))), 0)
		if err != nil {
			t.Fatal(err)
		}
		regions = append(regions, r)
	}
	for i, r := range regions {
		var alone, together heard
		one, err := Run(context.Background(), r, Options{Check: true}, &alone)
		if err != nil {
			t.Fatal(err)
		}
		for t := range r.tiers { // nothing is known of any other run
			clear(r.tiers[t].near.found)
		}
		many, err := Run(context.Background(), r, Options{Check: true, Spare: cores(3)}, &together)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(one) != fmt.Sprint(many) {
			t.Errorf("region %d: the results depend on the cores that were free", i)
		}
		if alone.String() != together.String() {
			t.Errorf("region %d: what the sink is told depends on the cores that were free", i)
		}
		if i == 0 && (!strings.Contains(alone.String(), "deals") || !strings.Contains(alone.String(), "day 0 19")) {
			t.Error("the sink was told of no deals, or not of every day")
		}
	}
}

// A bar over the days of all regimes would stop short, or run over.
func TestProgress(t *testing.T) {
	r := crowd(t)
	var passed atomic.Int64
	opt := Options{Spare: cores(3), Progress: func(days int) {
		if days <= 0 {
			t.Errorf("progress by %d days", days)
		}
		passed.Add(int64(days))
	}}
	if _, err := Run(context.Background(), r, opt, nil); err != nil {
		t.Fatal(err)
	}
	if want := int64(len(r.Scenario.Compare) * (10 + 20)); passed.Load() != want {
		t.Errorf("progress over %d days of regimes, want %d", passed.Load(), want)
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

// first is the first days of a region.
func first(r *Region) []today {
	days, n := make([]today, ahead), newNature(r)
	for d := range days {
		n.next().copyTo(&days[d])
	}
	return days
}

// before is a Spare that does all work before the run's own core begins.
func before(task func()) bool {
	var other sync.WaitGroup
	other.Go(task)
	other.Wait()
	return true
}

// A mistake of the program ends the replicate in which it shows, at once and on
// all cores, and not the others, whichever core it shows on.
func TestPanicComesHome(t *testing.T) {
	for name, spare := range map[string]func(func()) bool{"own": nil, "other": before} {
		c := newCourse(crowd(t), Options{Spare: spare})
		days := first(c.Region)
		if err := c.live(context.Background(), days[:1], nil); err != nil {
			t.Fatal(err)
		}
		c.parts[0].took = time.Hour // it comes first
		c.parts[0].lots0 = -1
		func() {
			defer func() {
				p, ok := recover().(*Panic)
				if !ok || !strings.Contains(p.Error(), "index out of range") || !strings.Contains(string(p.Stack), "begin") {
					t.Errorf("%s core: %v", name, p)
				}
			}()
			err := c.live(context.Background(), days[1:], nil)
			t.Errorf("%s core: no panic, but %v", name, err)
		}()
		for _, w := range c.parts[1:] {
			if w.day > 0 {
				t.Errorf("%s core: %s went on", name, c.Scenario.Compare[w.regime])
			}
		}
	}
}

// An interrupt ends the days under way on every core.
func TestSharedOutStops(t *testing.T) {
	for name, spare := range map[string]func(func()) bool{"own": nil, "other": before} {
		ctx, cancel := context.WithCancel(context.Background())
		c := newCourse(crowd(t), Options{Spare: spare, Progress: func(int) { cancel() }}) // when one regime is through
		err := c.live(ctx, first(c.Region), nil)
		moved := 0
		for _, w := range c.parts {
			moved += b2i(w.day > 0)
		}
		if !errors.Is(err, context.Canceled) || moved != 1 {
			t.Errorf("%s core: %v, %d of %d parts moved, want 1", name, err, moved, len(c.parts))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := newCourse(crowd(t), Options{})
	w, days := c.parts[0].World, first(c.Region)
	w.trace = func(e *Event) {
		if w.day == 3 {
			cancel()
		}
	}
	if err := c.live(ctx, days, nil); !errors.Is(err, context.Canceled) || w.day != 3 {
		t.Errorf("%v on day %d: it went on after day 3", err, w.day)
	}
}

// What takes longest comes first, or one core works on while others wait.
func TestLongestFirst(t *testing.T) {
	c := newCourse(crowd(t), Options{})
	if err := c.live(context.Background(), first(c.Region), nil); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, w := range c.parts {
		order = append(order, c.Scenario.Compare[w.regime])
	}
	if last := order[len(order)-3:]; order[0] != "layered" || !slices.Equal(last, []string{"autarky", "autarky", "autarky"}) {
		t.Errorf("at first: %v", order)
	}
	for i := range c.parts {
		c.parts[i].took = time.Duration(i)
	}
	if err := c.live(context.Background(), first(c.Region), nil); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(order)
	for i, w := range c.parts {
		if name := c.Scenario.Compare[w.regime]; name != order[i] {
			t.Errorf("part %d is of %s, want %s, which took longer", i, name, order[i])
		}
	}
}
