package sim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"idleshift/agents"
	"idleshift/scenarios"
)

// foresee is what a clairvoyant knows of the region.
func foresee(r *Region) *foresight {
	f, n := newForesight(r), newNature(r)
	for range f.to {
		f.see(n.next())
	}
	f.complete(n)
	return f
}

// bounded runs one replicate with the bound checked and returns the greatest
// surplus and the bound.
func bounded(t *testing.T, r *Region) (most, bound agents.Money) {
	t.Helper()
	results, err := Run(context.Background(), r, Options{Check: true, Bound: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	most = math.MinInt64
	for i := range results {
		most = max(most, results[i].Region.Surplus())
		for _, b := range results[i].Breaches {
			t.Errorf("%s: %s", results[i].Regime, b)
		}
	}
	return most, *results[0].Clairvoyant
}

// A failure means that the bound is none, or that a regime earns what cannot
// be earned.
func TestNoRegimeBeatsTheClairvoyant(t *testing.T) {
	n := 200
	if testing.Short() {
		n = 50
	}
	near := 0
	for seed := range n {
		draw := rand.New(rand.NewPCG(uint64(seed), 4))
		text := randomScenario(draw)
		r := build(t, parse(t, text))
		most, bound := bounded(t, r)
		fixed := fixedCost(r)
		if float64(most+fixed) > 0.9*float64(bound+fixed) {
			near++
		}
		// any prices bound it, dear or cheap
		p := newPricing(foresee(r))
		p.start()
		for range 3 {
			level := 2 * draw.Float64()
			for x := range p.price {
				p.price[x] *= level * draw.ExpFloat64()
			}
			if b := p.units() + p.custom(); b < float64(most+fixed)*(1-1e-9)-1e6 {
				t.Errorf("at some prices the bound is %.2f, a regime earns %.2f", b/1e4, (most + fixed).Float())
			}
		}
		if t.Failed() {
			t.Fatalf("scenario %d:\n%s", seed, text)
		}
	}
	if near < n/20 {
		t.Errorf("a regime comes within a tenth of the bound in only %d of %d scenarios: the test is blunt", near, n)
	}
}

func build(t testing.TB, sc *scenarios.Scenario) *Region {
	t.Helper()
	r, err := Build(sc, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fixedCost(r *Region) (sum agents.Money) {
	for i := range r.lots {
		sum += r.kinds[r.lots[i].kind].fixed * agents.Money(r.lots[i].units) * agents.Money(r.Scenario.Time.Days)
	}
	return sum
}

// optimum solves the linear program that the bound relaxes: the orders' hours
// on the units, whose lots have one cost by kind, priced by nobody. A variable
// says how much of an order is done in a mode, which is how late it may be. It
// is not ok if the program is too large for the plain simplex method.
func optimum(t *testing.T, f *foresight) (value float64, ok bool) {
	t.Helper()
	r := f.r
	type entry struct {
		row int
		by  float64
	}
	const hour = float64(agents.Hour)
	draw := rand.New(rand.NewPCG(1, 1))
	var columns [][]entry
	var gain, limit []float64
	row := func(most float64) int {
		limit = append(limit, most/hour+1e-6*draw.Float64()) // no two ways are quite equal: the method would go round in circles
		return len(limit) - 1
	}
	column := func(g float64, entries ...entry) {
		gain = append(gain, g)
		columns = append(columns, entries)
	}
	room := make([]int, len(r.kinds)*f.days)
	for k := range r.kinds {
		s := &f.stocks[k]
		for d := range f.days {
			x := k*f.days + d
			room[x] = row(0)
			up := 0.0
			for b := range s.costs {
				up += float64(f.available[d*f.layers+s.first+b])
			}
			if up > 0 {
				column(-s.mean, entry{room[x], -1}, entry{row(up * s.hours), 1})
				column(-s.mean-s.premium, entry{room[x], -1}, entry{row(up * s.beyond), 1})
			}
		}
	}
	for i := range f.orders {
		o := &f.orders[i]
		c := &r.classes[o.class]
		worthAll, asked := f.valueOf(o)
		one := row(hour)
		column(c.lostToRegion*worthAll/hour, entry{one, 1})
		for late := agents.Day(0); late <= c.lateDays; late++ {
			worth := worthAll * (1 - c.lateCost*float64(late))
			if worth <= 0 {
				break
			}
			mode := []entry{{one, 1}}
			for s := range c.operations {
				st := &c.operations[s]
				h := float64(f.hours[int(o.first)+s])
				if h == 0 {
					continue
				}
				k := int(st.kind)
				all := row(0) // whole: all hours are done; in part: no more than those
				sign, earns := 1.0, 0.0
				if c.partial {
					sign, earns = -1, worth/asked
				}
				mode = append(mode, entry{all, sign * h / hour})
				for d := o.arrived; d <= min(o.due+late, agents.Day(f.days)-1); d++ {
					work := []entry{{all, -sign}, {room[k*f.days+int(d)], 1}}
					if q := int(r.kinds[k].operator); q >= 0 {
						work = append(work, entry{room[q*f.days+int(d)], float64(r.kinds[k].ratio) / 1000})
					}
					if h > float64(st.perDay) {
						daily := row(0)
						mode = append(mode, entry{daily, -float64(st.perDay) / hour})
						work = append(work, entry{daily, 1})
					}
					column(earns, work...)
				}
				if m := r.kinds[k].outside; m != nil && o.arrived+m.lead <= o.due+late {
					price := perSecond(m.price) * r.Scenario.Accounts.OutsideShare * max(1, float64(m.minimum)/h)
					column(earns-price, entry{all, -sign})
				}
			}
			if c.partial {
				worth = 0 // the hours earn it
			}
			column(worth/hour, mode...)
		}
	}
	// slacks make rows of limits equations, and are the first basis
	rows := len(limit)
	a := mat.NewDense(rows, len(columns)+rows, nil)
	cost := make([]float64, len(columns)+rows)
	basis := make([]int, rows)
	for j, entries := range columns {
		cost[j] = -gain[j]
		for _, e := range entries {
			a.Set(e.row, j, e.by)
		}
	}
	for i := range rows {
		a.Set(i, len(columns)+i, 1)
		basis[i] = len(columns) + i
	}
	if rows > 300 {
		return 0, false
	}
	least, _, err := lp.Simplex(cost, a, limit, 1e-9, basis)
	if err != nil {
		t.Fatalf("%d rows, %d columns: %v", rows, len(columns), err)
	}
	return -least * hour, true
}

// The bound is the value of the linear program, up to what the search leaves.
// A failure means that it is no bound, or a needlessly high one.
func TestBoundIsTheLinearProgram(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 10
	}
	solved := 0
	for seed := range seeds {
		sc := parse(t, randomScenario(rand.New(rand.NewPCG(uint64(seed), 5))))
		sc.Time.Days, sc.Time.Runout = 2, 3
		for name, k := range sc.Kinds {
			k.CostCV = 0 // lots apart or merged, an hour costs the same
			sc.Kinds[name] = k
		}
		f := foresee(build(t, sc))
		want, ok := optimum(t, f)
		if !ok {
			continue
		}
		solved++
		for rounds, above := range map[int]float64{40: 0.01, 300: 0.003} {
			if got := newPricing(f).search(rounds); got < want*(1-1e-4) || got > want*(1+above) {
				t.Errorf("scenario %d: after %d rounds the bound is %.2f, the linear program %.2f", seed, rounds, got/1e4, want/1e4)
			}
		}
	}
	if solved < seeds/4 {
		t.Errorf("only %d of %d scenarios were small enough to solve", solved, seeds)
	}
}

// one is a scenario of one firm with a machine, whose orders are due at once.
const one = `
baseline = "autarky"
compare = ["autarky", "pooled"]
[time]
days = 3
runout_days = 3
[kinds.mill]
category = "machine"
fixed_cost_per_day = 5
variable_cost_per_hour = 1
%s
[places.town]
latitude = 43
longitude = -80
[sectors.x]
units = { mill = %d }
[sizes.all]
firms = 1
[orders.good]
arrivals = "fixed"
rate = 1
value_per_hour = 20
operations = [{ kind = "mill", hours = { mean = 8 } }]
[orders.poor]
arrivals = "fixed"
rate = 1
value_per_hour = 10
operations = [{ kind = "mill", hours = { mean = 8 } }]
[regimes]
autarky = {}
pooled = { pooled = true }
`

// A failure means that a line of the account is missing from the bound.
func TestBoundByHand(t *testing.T) {
	for _, c := range []struct {
		name, mill string
		units      int
		lost       float64
		want       float64 // a day
	}{
		{"scarce: the good order alone", "", 1, 0, 8*19 - 5},
		{"plenty: both", "", 2, 0, 8*19 + 8*9 - 10},
		{"a quarter of the poor one in overtime", "overtime_hours = 2\novertime_premium = 4", 1, 0, 8*19 + 2*5 - 5},
		{"and the rest from outside", "overtime_hours = 2\novertime_premium = 4\noutside = { price_per_hour = 9 }", 1, 0, 8*19 + 2*5 + 6*1 - 5},
		{"outside is charged for 12 hours, dearer than it is worth", "outside = { price_per_hour = 9, minimum_hours = 12 }", 1, 0, 8*19 - 5},
		{"half of a lost order is won elsewhere", "", 1, 0.5, 8*19 + 0.5*80 - 5},
	} {
		sc := parse(t, fmt.Sprintf(one, c.mill, c.units))
		poor := sc.Orders["poor"]
		poor.LostToRegion = c.lost
		sc.Orders["poor"] = poor
		r := build(t, sc)
		_, bound := bounded(t, r)
		if want := 3 * c.want; bound.Float() < want || bound.Float() > want+0.01*3*160 {
			t.Errorf("%s: the bound is %.2f, by hand it is %.2f", c.name, bound.Float(), want)
		}
	}
}

// Where nothing is scarce a firm alone earns the bound, to the rounding.
func TestBoundIsReachedWhereNothingIsScarce(t *testing.T) {
	most, bound := bounded(t, build(t, parse(t, fmt.Sprintf(one, "", 2))))
	if bound-most > 100 {
		t.Errorf("the bound is %.4f, the surplus %.4f: some cost of serving an order is left out", bound.Float(), most.Float())
	}
}

// A failure means that a regime which earns the impossible goes unnoticed.
func TestSurplusAboveTheBoundIsABreach(t *testing.T) {
	w := newWorld(build(t, parse(t, fmt.Sprintf(one, "", 2))), 0)
	w.result.Region[agents.Value] = 1000
	w.amounts = 20
	if w.checkBound(990); len(w.result.Breaches) > 0 {
		t.Errorf("within the rounding of 20 amounts: %v", w.result.Breaches)
	}
	if w.checkBound(989); len(w.result.Breaches) != 1 {
		t.Errorf("beyond the rounding of 20 amounts: %v", w.result.Breaches)
	}
}

// In the shipped district every regime stays below the bound, and the merged
// firm comes near it.
func TestBoundOfVignettes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	sc, err := scenarios.Load("vignettes", scenarios.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for replicate := range 2 {
		r, err := Build(sc, replicate)
		if err != nil {
			t.Fatal(err)
		}
		most, bound := bounded(t, r)
		if most < bound-bound/10 {
			t.Errorf("replicate %d: the bound is %.0f, the best regime earns %.0f: it has become loose", replicate, bound.Float(), most.Float())
		}
	}
}

// BenchmarkBound is the whole cost of the bound of a replicate but for drawing
// its days, which the regimes need as well.
func BenchmarkBound(b *testing.B) {
	for _, name := range []string{"vignettes", "pocket"} {
		b.Run(name, func(b *testing.B) {
			sc, err := scenarios.Load(name, scenarios.LoadOptions{})
			if err != nil {
				b.Fatal(err)
			}
			f := foresee(build(b, sc))
			for b.Loop() {
				f.bound()
			}
			b.ReportMetric(float64(f.rounds()), "rounds")
			b.ReportMetric(float64(len(f.orders)), "orders")
		})
	}
}
