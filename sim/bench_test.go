package sim

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"idleshift/agents"
	"idleshift/scenarios"
)

// benchmarked is the scenario of the benchmarks: BENCH_SCENARIO of the
// environment (a name or a file), or the default one.
var benchmarked = cmp.Or(os.Getenv("BENCH_SCENARIO"), "pocket")

// alone is a shipped scenario, or one in a file, with a single regime.
func alone(tb testing.TB, name, regime string) *scenarios.Scenario {
	tb.Helper()
	sc, err := scenarios.Load(name, scenarios.LoadOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	sc.Time.Days = 1 << 16 // no benchmark comes to the end
	sc.Compare, sc.Baseline, sc.Headline, sc.Rival, sc.Decomposition = []string{regime}, regime, "", "", nil
	return sc
}

// warm is a regime past its warm-up, and the nature that goes on from there.
func warm(tb testing.TB, name, regime string) (*course, *nature) {
	tb.Helper()
	r, err := Build(alone(tb, name, regime), 0)
	if err != nil {
		tb.Fatal(err)
	}
	return begun(tb, r, 3*ahead)
}

// begun is the region's regimes after so many days, and its nature.
func begun(tb testing.TB, r *Region, warmup int) (*course, *nature) {
	tb.Helper()
	c, n := newCourse(r, Options{}), newNature(r)
	days := make([]today, ahead)
	for range warmup / ahead {
		for d := range days {
			n.next().copyTo(&days[d])
		}
		if err := c.live(context.Background(), days, nil); err != nil {
			tb.Fatal(err)
		}
	}
	return c, n
}

// BenchmarkRegime is one regime on the days after its warm-up, draws included,
// as BenchmarkFloor is: ns/operation of the one over those of the other is the
// multiple of the floor.
func BenchmarkRegime(b *testing.B) {
	for _, regime := range []string{"autarky", "status_quo", "firm", "firm_platform", "component_contract", "cooperative", "layered", "pooled"} {
		b.Run(regime, func(b *testing.B) {
			c, n := warm(b, benchmarked, regime)
			days, operations := make([]today, ahead), 0
			for b.Loop() {
				for d := range days {
					n.next().copyTo(&days[d])
					operations += len(days[d].hours)
				}
				if err := c.live(context.Background(), days, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(operations), "ns/operation")
		})
	}
}

// BenchmarkFloor is what any implementation must do for the same days: all
// draws, and one subtraction from a calendar's cell for every operation and
// day that it takes.
func BenchmarkFloor(b *testing.B) {
	c, n := warm(b, benchmarked, "autarky")
	r := c.Region
	cal := agents.NewCalendar(len(r.lots), 64, math.MaxInt32)
	operations := 0
	for b.Loop() {
		operations += leastOf(r, n, &cal)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(operations), "ns/operation")
}

// leastOf does for the next days what BenchmarkFloor says and returns how many
// operations that were.
func leastOf(r *Region, n *nature, cal *agents.Calendar) (operations int) {
	for range ahead {
		t := n.next()
		for x := range t.arrivals {
			a := &t.arrivals[x]
			steps := r.classes[a.class].operations
			for s := range steps {
				l := max(0, r.owns(a.firm, steps[s].kind))
				for h, d := t.hours[int(a.first)+s], t.day; h > 0; h, d = h-steps[s].perDay, d+1 {
					cal.Add(l, d, -min(h, steps[s].perDay))
				}
			}
		}
		operations += len(t.hours)
	}
	return operations
}

// BenchmarkBook is the listing of one day's requests, lots and options alone,
// again and again, so that everything is at hand: what each tier takes at least
// that lists anew, by operation that arrived that day. changed is the share of
// its lots whose next ten days are not what they were the day before, for which
// what was listed then would be wrong.
func BenchmarkBook(b *testing.B) {
	c, n := warm(b, benchmarked, "cooperative")
	w := c.regimes[0].world
	morning := func() (arrived int) {
		d := n.next()
		w.begin(d)
		w.repair()
		w.retry()
		w.arrive()
		w.inOrder()
		return len(d.hours)
	}
	rows := func(m *market) map[int32][]agents.Hours {
		of := map[int32][]agents.Hours{}
		for _, lot := range m.lots {
			of[lot] = w.row(lot, true, m.reach, nil)
		}
		return of
	}
	morning()
	var before []map[int32][]agents.Hours
	for i := range w.markets {
		w.fill(&w.markets[i])
		before = append(before, rows(&w.markets[i]))
	}
	w.trade()
	w.finalise()
	w.execute()
	w.roll()
	arrived := morning()
	for i := range w.markets {
		m := &w.markets[i]
		b.Run(c.TierNames[m.tier.number], func(b *testing.B) {
			for b.Loop() {
				w.fill(m)
			}
			met, changed := 0, 0
			for lot, now := range rows(m) {
				if old := before[i][lot]; len(old) > 10 && len(now) >= 10 {
					met, changed = met+1, changed+b2i(!slices.Equal(old[1:11], now[:10]))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(arrived), "ns/operation")
			b.ReportMetric(float64(len(m.wanting))/float64(arrived), "requests/operation")
			b.ReportMetric(float64(len(m.book.Options))/float64(arrived), "options/operation")
			b.ReportMetric(float64(changed)/float64(met), "changed")
		})
	}
}

// BenchmarkGrowth is the multiple of the floor, of the same size and run, as
// regions grow at constant density, and the memory that they take: a thousand
// firms, and the manufacturing plants of the United States. Warm-up and market
// of the latter take minutes and are left to -long: without it their calendars
// begin empty.
func BenchmarkGrowth(b *testing.B) {
	for _, regime := range []string{"autarky", "cooperative"} {
		for _, firms := range []int{1_000, 20_000, 250_000} {
			if firms > 20_000 && regime != "autarky" && !*long {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", regime, firms), func(b *testing.B) {
				warmup := 3 * ahead
				if firms > 20_000 && !*long {
					warmup = 0
				}
				began := time.Now()
				r := grown(b, firms, regime)
				built := time.Since(began)
				c, n := begun(b, r, warmup)
				days, operations := make([]today, ahead), 0
				for b.Loop() {
					for d := range days {
						n.next().copyTo(&days[d])
						operations += len(days[d].hours)
					}
					if err := c.live(context.Background(), days, nil); err != nil {
						b.Fatal(err)
					}
				}
				took := float64(b.Elapsed().Nanoseconds()) / float64(operations)
				heap := new(runtime.MemStats)
				runtime.ReadMemStats(heap)
				runtime.KeepAlive(c)
				cal := agents.NewCalendar(len(r.lots), 64, math.MaxInt32)
				leastOf(r, n, &cal) // the system hands out the calendar's memory at first use
				began, operations = time.Now(), 0
				for time.Since(began) < time.Second {
					operations += leastOf(r, n, &cal)
				}
				floor := float64(time.Since(began).Nanoseconds()) / float64(operations)
				b.ReportMetric(took, "ns/operation")
				b.ReportMetric(took/floor, "×floor")
				b.ReportMetric(built.Seconds(), "s/region")
				b.ReportMetric(float64(heap.HeapAlloc)/float64(firms)/1024, "KB/firm")
			})
		}
	}
}

// grown is the pocket with so many firms, as many to the square kilometre.
func grown(tb testing.TB, firms int, regime string) *Region {
	tb.Helper()
	sc := alone(tb, "pocket", regime)
	wider := math.Sqrt(float64(firms) / float64(sc.Region.Firms))
	sc.Region.Firms = firms
	for name, p := range sc.Places {
		p.Spread *= wider
		sc.Places[name] = p
	}
	r, err := Build(sc, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// Days allocate nothing once the arenas have grown: garbage would make a year
// slower than its days, and memory grow with it.
func TestNoAllocations(t *testing.T) {
	for _, regime := range []string{"autarky", "cooperative", "pooled"} {
		c, n := warm(t, "vignettes", regime)
		day := func() {
			d := n.next()
			for _, w := range c.parts {
				if w.pooled {
					d = w.merge(c.Region, d)
				}
				w.advance(d)
			}
		}
		for range 100 {
			day()
		}
		if perDay := testing.AllocsPerRun(50, day); perDay > 0 {
			t.Errorf("%s: %v allocations a day", regime, perDay)
		}
	}
}
