package sim

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"idleshift/agents"
	"idleshift/agents/rng"
	"idleshift/scenarios"
)

// compiled is a region of the given firms, without places, tiers or partners.
func compiled(sc *scenarios.Scenario, replicate int, firms ...Firm) *Region {
	r := &Region{Scenario: sc, Replicate: replicate, source: rng.NewSource(uint64(sc.Seed), uint64(replicate)), Firms: firms}
	r.compileKinds()
	r.compileClasses()
	r.compileDemand()
	r.equip()
	return r
}

// alike is n firms of ten employees.
func alike(n int) []Firm {
	firms := make([]Firm, n)
	for f := range firms {
		firms[f].Employees = 10
	}
	return firms
}

// mill is a kind of one hour a day.
func mill() agents.Kind {
	return agents.Kind{Category: "machine", Mobility: "site", Hours: 1, Shifts: 1, OperatorHours: 1}
}

// unitOrder is an order of one hour on a mill, due the same day.
func unitOrder(rate float64) agents.OrderClass {
	return agents.OrderClass{
		Arrivals: "poisson", Rate: rate, Per: "firm", HourValue: 1,
		Operations: []agents.Operation{{Kind: "mill", Hours: agents.Law{Mean: 1}, MaxUnits: 1, MaxSites: 1}},
	}
}

// plain is a scenario of one kind and the given order classes.
func plain(orders map[string]agents.OrderClass) *scenarios.Scenario {
	return &scenarios.Scenario{
		Seed: 3, Time: scenarios.Time{YearDays: 250}, Orders: orders,
		Kinds: map[string]agents.Kind{"mill": mill()},
	}
}

// sample gathers values and gives their mean, variance and standard errors.
type sample struct{ n, sum, square, third, fourth float64 }

func (s *sample) add(x float64) {
	s.n++
	s.sum += x
	s.square += x * x
	s.third += x * x * x
	s.fourth += x * x * x * x
}

func (s *sample) mean() (m, se float64) {
	v, _ := s.variance()
	return s.sum / s.n, math.Sqrt(v / s.n)
}

func (s *sample) variance() (v, se float64) {
	m := s.sum / s.n
	v = s.square/s.n - m*m
	m4 := s.fourth/s.n - 4*m*s.third/s.n + 6*m*m*s.square/s.n - 3*m*m*m*m
	return v, math.Sqrt(max(m4-v*v, 0) / s.n)
}

func near(t *testing.T, what string, got, se, want float64) {
	t.Helper()
	if math.Abs(got-want) > 4*se+1e-12 {
		t.Errorf("%s: %.6f, exactly %.6f, %.1f standard errors away", what, got, want, math.Abs(got-want)/se)
	}
}

// counts is the orders of each firm on a day.
func counts(t *today, firms int) []float64 {
	out := make([]float64, firms)
	for _, a := range t.arrivals {
		out[a.firm]++
	}
	return out
}

// story is what happened on a day, to compare worlds by.
func story(r *Region, t *today, keep func(a arrival) bool) string {
	s := fmt.Sprint(t.day, t.up)
	for _, a := range t.arrivals {
		if keep(a) {
			s += fmt.Sprintln(a.firm, r.ClassNames[a.class], a.key, a.due, t.hours[a.first:int(a.first)+len(r.classes[a.class].operations)])
		}
	}
	return s
}

func varied() *scenarios.Scenario {
	turning := unitOrder(0.5)
	turning.CommonShare = 0.4
	turning.Operations[0].Hours = agents.Law{Law: "gamma", Mean: 5, CV: 1}
	turning.Lead = agents.Lead{Minimum: 2, Mean: 5, CV: 0.5}
	repair := unitOrder(0)
	repair.Arrivals, repair.Breakdown, repair.RaiseShare = "breakdown", "mill", 0.7
	sc := plain(map[string]agents.OrderClass{"turning": turning, "repair": repair})
	k := mill()
	k.Availability = agents.Availability{Process: "sojourn", Between: 20, Repair: 3}
	person := mill()
	person.Category, person.Availability = "staff", agents.Availability{Process: "daily", Probability: 0.9}
	sc.Kinds = map[string]agents.Kind{"mill": k, "person": person}
	sc.Sectors = map[string]scenarios.Sector{"a": {Units: map[string]int{"mill": 3, "person": 4}}, "b": {Units: map[string]int{"mill": 1}}}
	sc.Demand = scenarios.Demand{
		Phase:       scenarios.Phase{Amplitude: 0.5, HighDays: 60, LowDays: 30, Elasticity: -0.2},
		Cycle:       scenarios.Cycle{SD: 0.1, Auto: 0.7},
		SectorCycle: scenarios.Cycle{SD: 0.2, Auto: 0.5},
		Season:      []float64{1, 2, 3, 2},
	}
	return sc
}

func someFirms(n int) []Firm {
	firms := alike(n)
	for f := range firms {
		firms[f].Sector = int16(f % 2)
		firms[f].Employees = float64(1 + f%50)
	}
	return firms
}

// Regimes of one replicate are compared day by day: their worlds must be one.
func TestNatureRepeatsItself(t *testing.T) {
	all := func(arrival) bool { return true }
	a, b := compiled(varied(), 0, someFirms(40)...), compiled(varied(), 0, someFirms(40)...)
	other := compiled(varied(), 1, someFirms(40)...)
	x, y, z := newNature(a), newNature(b), newNature(other)
	differs := false
	for range 200 {
		one := story(a, x.next(), all)
		if one != story(b, y.next(), all) {
			t.Fatalf("two worlds of one replicate differ on day %d", x.today.day)
		}
		differs = differs || one != story(other, z.next(), all)
	}
	if !differs {
		t.Error("two replicates are the same world")
	}
}

// Draws hang on identities: more firms, kinds and classes leave the orders of
// the old ones as they were.
func TestAdditionsLeaveTheRestAlone(t *testing.T) {
	before := compiled(varied(), 0, someFirms(20)...)
	sc := varied()
	sc.Orders["auger"] = unitOrder(2)
	sc.Orders["zinc"] = unitOrder(2)
	extra := mill()
	extra.Availability = agents.Availability{Process: "daily", Probability: 0.5}
	sc.Kinds["lathe"] = extra
	sc.Sectors["a"].Units["lathe"] = 2
	after := compiled(sc, 0, someFirms(30)...)
	x, y := newNature(before), newNature(after)
	old := func(r *Region) func(arrival) bool {
		return func(a arrival) bool {
			return a.firm < 20 && (r.ClassNames[a.class] == "turning" || r.ClassNames[a.class] == "repair")
		}
	}
	for range 100 {
		tx, ty := x.next(), y.next()
		for _, l := range []string{"mill", "person"} {
			for f := range int32(20) {
				i, j := before.owns(f, number(before.KindNames, l)), after.owns(f, number(after.KindNames, l))
				if i >= 0 && tx.up[i] != ty.up[j] {
					t.Fatalf("firm %d has %d of %s up, %d when others are added", f, tx.up[i], l, ty.up[j])
				}
			}
		}
		tx.up, ty.up = nil, nil
		a, b := story(before, tx, old(before)), story(after, ty, old(after))
		x.today.up, y.today.up = make([]int32, len(before.lots)), make([]int32, len(after.lots))
		if a != b {
			t.Fatalf("day %d changed:\n%s\n%s", tx.day, a, b)
		}
	}
}

func TestArrivalsAreInOrder(t *testing.T) {
	r := compiled(varied(), 0, someFirms(40)...)
	n := newNature(r)
	keys := map[uint64]bool{}
	orders := 0
	for range 300 {
		d := n.next()
		orders += len(d.arrivals)
		for i, a := range d.arrivals {
			keys[a.key] = true
			if i > 0 && (a.firm < d.arrivals[i-1].firm || a.firm == d.arrivals[i-1].firm && a.class < d.arrivals[i-1].class) {
				t.Fatalf("day %d: arrival %d is out of order", d.day, i)
			}
			if a.due < d.day {
				t.Fatalf("day %d: an order is due on day %d", d.day, a.due)
			}
		}
		for l, up := range d.up {
			if up < 0 || up > r.lots[l].units {
				t.Fatalf("day %d: %d of %d units are up", d.day, up, r.lots[l].units)
			}
		}
	}
	if len(keys) != orders {
		t.Errorf("%d orders share a key with another", orders-len(keys))
	}
}

// Poisson orders, per firm and per employee, by the mix of the sector.
func TestRates(t *testing.T) {
	perHead := unitOrder(0.02)
	perHead.Per = "employee"
	sc := plain(map[string]agents.OrderClass{"head": perHead, "house": unitOrder(0.3), "other": unitOrder(1)})
	sc.Sectors = map[string]scenarios.Sector{"a": {Mix: map[string]float64{"head": 2, "house": 1}}}
	r := compiled(sc, 0, alike(50)...)
	n := newNature(r)
	var by [3]sample
	for range 4000 {
		var c [3]float64
		for _, a := range n.next().arrivals {
			c[a.class]++
		}
		for i := range c {
			by[i].add(c[i])
		}
	}
	for i, want := range []float64{0.4, 0.3, 0} {
		m, se := by[i].mean()
		near(t, r.ClassNames[i]+": orders a day", m/50, se/50, want)
		v, se := by[i].variance()
		near(t, r.ClassNames[i]+": variance", v/50, se/50, want)
		if got := r.meanOrders(i); math.Abs(got-50*want) > 1e-9 {
			t.Errorf("%s: region expects %v orders a day, not %v", r.ClassNames[i], got, 50*want)
		}
	}
}

// Pooling is worth what demand is uncorrelated: the correlation must be exact,
// and the law of one firm must not depend on it.
func TestCommonShareIsTheCorrelation(t *testing.T) {
	const firms, days = 12, 40_000
	for _, rho := range []float64{0, 0.1, 0.5, 1} {
		for _, arrivals := range []string{"poisson", "listed"} {
			o := unitOrder(0.8)
			o.CommonShare = rho
			mean, variance := 0.8, 0.8
			if arrivals == "listed" {
				o.Arrivals, o.Counts, o.Probabilities = "listed", []int{0, 1, 2}, []float64{0.25, 0.5, 0.25}
				mean, variance = 1, 0.5
			}
			n := newNature(compiled(plain(map[string]agents.OrderClass{"o": o}), 0, alike(firms)...))
			var one, total sample
			for range days {
				c := counts(n.next(), firms)
				sum := 0.0
				for _, x := range c {
					sum += x - mean
				}
				one.add(c[0])
				total.add(sum)
			}
			name := fmt.Sprintf("%s, common share %v: ", arrivals, rho)
			m, se := one.mean()
			near(t, name+"mean", m, se, mean)
			v, se := one.variance()
			near(t, name+"variance", v, se, variance)
			v, se = total.variance() // firms × variance × (1 + (firms - 1) ρ)
			scale := firms * variance * (firms - 1)
			near(t, name+"correlation", v/scale-1.0/(firms-1), se/scale, rho)
		}
	}
}

// With a common share of 1, firms that are alike get the same orders, of the
// same sizes and due dates; the orders are still each firm's own.
func TestCommonOrdersAreAlike(t *testing.T) {
	for _, arrivals := range []string{"poisson", "fixed", "listed"} {
		o := unitOrder(0.7)
		o.Arrivals, o.CommonShare, o.CommonGroup = arrivals, 1, "sector"
		o.Counts, o.Probabilities = []int{0, 2}, []float64{0.5, 0.5}
		o.Operations[0].Hours = agents.Law{Law: "lognormal", Mean: 8, CV: 1}
		o.Lead = agents.Lead{Mean: 9, CV: 1}
		sc := plain(map[string]agents.OrderClass{"o": o})
		sc.Sectors = map[string]scenarios.Sector{"a": {}, "b": {}}
		n := newNature(compiled(sc, 0, someFirms(4)...)) // 0 and 2, 1 and 3 in one sector
		same, others := true, true
		seen := 0
		for range 200 {
			d := n.next()
			var by [4]string
			for _, a := range d.arrivals {
				by[a.firm] += fmt.Sprintln(d.hours[a.first], a.due)
			}
			seen += len(d.arrivals)
			same = same && by[0] == by[2] && by[1] == by[3]
			others = others && by[0] == by[1]
			for i, a := range d.arrivals {
				for _, b := range d.arrivals[:i] {
					if a.key == b.key {
						t.Fatalf("%s: two firms' orders have one key", arrivals)
					}
				}
			}
		}
		if !same || others || seen == 0 {
			t.Errorf("%s: firms of one group differ: %v; groups are one: %v; %d orders", arrivals, !same, others, seen)
		}
	}
}

// A noise-free scenario must have no noise: fractions are carried over.
func TestFixedArrivals(t *testing.T) {
	for _, rho := range []float64{0, 0.3, 1} {
		o := unitOrder(0.3)
		o.Arrivals, o.CommonShare = "fixed", rho
		n := newNature(compiled(plain(map[string]agents.OrderClass{"o": o}), 0, alike(3)...))
		total := 0
		for d := range 1000 {
			total += len(n.next().arrivals)
			if want := 3 * int(math.Floor(0.3*float64(d+1)+1e-6)); total != want {
				t.Fatalf("share %v: %d orders by day %d, not %d", rho, total, d, want)
			}
		}
	}
}

func TestOrdersWithoutWorkAreNone(t *testing.T) {
	o := unitOrder(2)
	o.Operations[0].Hours = agents.Law{Law: "listed", Values: []float64{0, 1}, Probabilities: []float64{0.5, 0.5}}
	n := newNature(compiled(plain(map[string]agents.OrderClass{"o": o}), 0, alike(20)...))
	var orders sample
	for range 2000 {
		d := n.next()
		for _, a := range d.arrivals {
			if d.hours[a.first] == 0 {
				t.Fatal("an order asks for nothing")
			}
		}
		if len(d.hours) != len(d.arrivals) {
			t.Fatal("hours of orders that do not exist are kept")
		}
		orders.add(float64(len(d.arrivals)))
	}
	m, se := orders.mean()
	near(t, "orders with work", m, se, 20)
}

// Every multiplier has mean 1 on every day, from its stationary law.
func TestPhase(t *testing.T) {
	sc := plain(map[string]agents.OrderClass{"o": unitOrder(1)})
	sc.Demand.Phase = scenarios.Phase{Amplitude: 0.6, HighDays: 60, LowDays: 30}
	const firms = 40_000
	n := newNature(compiled(sc, 0, alike(firms)...))
	high := make([]int8, firms)
	for day := range 100 {
		n.next()
		var m, stays sample
		for f := range n.paces {
			p := &n.paces[f]
			m.add(p.factor[p.high])
			if day == 99 && high[f] == 1 {
				stays.add(float64(p.high))
			}
			high[f] = p.high
		}
		if day == 0 || day == 1 || day == 99 {
			mean, se := m.mean()
			near(t, fmt.Sprintf("mean multiplier on day %d", day), mean, se, 1)
			v, se := m.variance()
			near(t, fmt.Sprintf("variance on day %d", day), v, se, 0.6*0.6*0.5)
		}
		if day == 99 {
			mean, se := stays.mean()
			near(t, "a contract runs on", mean, se, 1-1.0/60)
		}
	}
}

func TestAmplitudeFallsWithSize(t *testing.T) {
	sc := plain(nil)
	own := 0.25
	sc.Demand.Phase = scenarios.Phase{Amplitude: 0.4, HighDays: 60, LowDays: 60, Elasticity: -0.5}
	sc.Sizes = map[string]scenarios.Size{"big": {Mean: 90, Phase: &own}, "small": {Mean: 10}}
	r := compiled(sc, 0)
	for _, c := range []struct {
		firm Firm
		want float64
	}{
		{Firm{Employees: 10}, 0.4}, {Firm{Employees: 40}, 0.2}, {Firm{Employees: 0}, 1}, {Firm{Employees: 1}, 1}, {Firm{Employees: 90, Size: 1}, 0.25},
	} {
		if got := 1 - r.phase(&c.firm)[0]; math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v employees, class %d: amplitude %v, not %v", c.firm.Employees, c.firm.Size, got, c.want)
		}
	}
}

func TestCycles(t *testing.T) {
	sc := plain(map[string]agents.OrderClass{"o": unitOrder(1)})
	sc.Demand.Cycle = scenarios.Cycle{SD: 0.3, Auto: 0.5}
	sc.Demand.SectorCycle = scenarios.Cycle{SD: 0.2, Auto: 0}
	sc.Sectors = map[string]scenarios.Sector{"a": {}, "b": {}}
	sc.Time.YearDays = 40 // a quarter has ten days
	n := newNature(compiled(sc, 0, someFirms(2)...))
	const days = 400_000
	logs := make([]float64, days)
	var mean, variance, lag, cross, sector sample
	for d := range logs {
		n.next()
		logs[d] = n.cycle
		if d%100 == 0 { // far enough apart to count as independent
			mean.add(math.Exp(n.cycle - 0.045))
			variance.add(n.cycle)
			cross.add(n.sectors[0].log * n.sectors[1].log)
			sector.add(n.sectors[0].factor)
		}
		if d >= 10 && d%100 == 0 {
			lag.add(logs[d] * logs[d-10])
		}
	}
	m, se := mean.mean()
	near(t, "mean of the cycle", m, se, 1)
	v, se := variance.variance()
	near(t, "variance of its log", v, se, 0.09)
	m, se = lag.mean()
	near(t, "covariance a quarter apart", m, se, 0.045)
	m, se = cross.mean()
	near(t, "covariance of two sectors", m, se, 0)
	m, se = sector.mean()
	near(t, "mean of a sector's cycle", m, se, 1)
}

func TestSeason(t *testing.T) {
	for _, parts := range [][]float64{nil, {1}, {1, 2, 3}, {0, 0}} {
		s := seasonByDay(parts, 250)
		sum := 0.0
		for _, x := range s {
			sum += x
		}
		if math.Abs(sum-250) > 1e-9 {
			t.Errorf("%v: mean over the year %v", parts, sum/250)
		}
	}
	if s := seasonByDay([]float64{1, 3}, 250); math.Abs(s[124]-0.5) > 1e-12 || math.Abs(s[125]-1.5) > 1e-12 {
		t.Errorf("halves of the year: %v, %v", s[124], s[125])
	}
}

// Availability: the share of up units on any day is the stationary one, from
// day 0, and failures have their rate. Derivation at meanAvailability.
func TestSojourns(t *testing.T) {
	for _, a := range []agents.Availability{
		{Process: "sojourn", Between: 20, Repair: 3},
		{Process: "sojourn", Between: 50, Repair: 1},
		{Process: "sojourn", Between: 4, Repair: 10},
		{Process: "sojourn", Between: 1, Repair: 2}, // fails every day: never up
		{Process: "sojourn", Between: 900, Repair: 30},
	} {
		sc := plain(map[string]agents.OrderClass{"o": unitOrder(0)})
		k := mill()
		k.Availability = a
		sc.Kinds["mill"] = k
		sc.Sectors = map[string]scenarios.Sector{"a": {Units: map[string]int{"mill": 100}}}
		const firms = 100
		n := newNature(compiled(sc, 0, alike(firms)...))
		name := fmt.Sprintf("between %v, repair %v", a.Between, a.Repair)
		want := (a.Between - 1) / (a.Between - 1 + a.Repair)
		failures := 0.0
		var share sample // per firm, over all days
		up := make([]float64, firms)
		const days = 1000
		for day := range days {
			d := n.next()
			var today sample
			for f, u := range d.up {
				up[f] += float64(u) / 100 / days
				today.add(float64(u) / 100)
			}
			failures += float64(len(n.sojourns.failed))
			if day < 3 || day == 10 || day == days-1 {
				m, _ := today.mean()
				near(t, fmt.Sprintf("%s, day %d", name, day), m, math.Sqrt(want*(1-want)/firms/100), want)
			}
		}
		for _, x := range up {
			share.add(x)
		}
		m, se := share.mean()
		near(t, name+", all days", m, se, want)
		rate := failureRate(a) * firms * 100 * days
		near(t, name+", failures", failures, math.Sqrt(rate), rate)
	}
}

// The lengths of up runs and repairs, and their independence, against a day by
// day simulation of the same law: the chance of being up again h days later.
func TestSojournsForgetGeometrically(t *testing.T) {
	sc := plain(map[string]agents.OrderClass{"o": unitOrder(0)})
	k := mill()
	k.Availability = agents.Availability{Process: "sojourn", Between: 10, Repair: 4}
	sc.Kinds["mill"] = k
	sc.Sectors = map[string]scenarios.Sector{"a": {Units: map[string]int{"mill": 1}}}
	const firms = 20_000
	n := newNature(compiled(sc, 0, alike(firms)...))
	start := slices.Clone(n.next().up)
	// Chain: up to down 1/10; down to up 1/4 × 9/10.
	p, fall, rise := 1.0, 0.1, 0.9/4
	for h := 1; h <= 30; h++ {
		d := n.next()
		p = p*(1-fall) + (1-p)*rise
		var s sample
		for f := range start {
			if start[f] == 1 {
				s.add(float64(d.up[f]))
			}
		}
		m, se := s.mean()
		near(t, fmt.Sprintf("up again after %d days", h), m, se, p)
	}
}

func TestDailyAvailability(t *testing.T) {
	sc := plain(map[string]agents.OrderClass{"o": unitOrder(0)})
	k := mill()
	k.Availability = agents.Availability{Process: "daily", Probability: 0.8}
	sc.Kinds["mill"] = k
	sc.Sectors = map[string]scenarios.Sector{"a": {Units: map[string]int{"mill": 4}}, "b": {Units: map[string]int{"mill": 1000}}}
	n := newNature(compiled(sc, 0, someFirms(2)...))
	var few, many, cross sample
	for range 100_000 {
		d := n.next()
		few.add(float64(d.up[0]))
		many.add(float64(d.up[1]))
		cross.add((float64(d.up[0]) - 3.2) * (float64(d.up[1]) - 800))
	}
	m, se := few.mean()
	near(t, "mean of 4", m, se, 3.2)
	v, se := few.variance()
	near(t, "variance of 4", v, se, 0.64)
	m, se = many.mean()
	near(t, "mean of 1000", m, se, 800)
	v, se = many.variance()
	near(t, "variance of 1000", v, se, 160)
	m, se = cross.mean()
	near(t, "covariance of two firms", m, se, 0)
}

func TestBreakdownsRaiseOrders(t *testing.T) {
	r := compiled(varied(), 0, someFirms(100)...)
	n := newNature(r)
	class := number(r.ClassNames, "repair")
	raised, failures := 0.0, 0.0
	for range 2000 {
		d := n.next()
		failures += float64(len(n.sojourns.failed))
		for _, a := range d.arrivals {
			if a.class == class {
				raised++
			}
		}
	}
	near(t, "share of failures that raise an order", raised/failures, math.Sqrt(0.21/failures), 0.7)
	want := r.meanOrders(int(class))
	near(t, "orders a day", raised/2000, math.Sqrt(want/2000), want)
}

func TestPlannedHours(t *testing.T) {
	k := kind{hours: 8 * agents.Hour, up: 2.0 / 3}
	if got := planned(&k, 5); got != 96_000 {
		t.Errorf("5 units of 8 h at 2/3 plan %d s, not 96000", got)
	}
}

// province has ten classes and kinds and an order per firm and week.
func province(firms int) *Region {
	sc := plain(map[string]agents.OrderClass{})
	sc.Kinds = map[string]agents.Kind{}
	units := map[string]int{}
	for i := range 10 {
		k := mill()
		if i < 5 {
			k.Availability = agents.Availability{Process: "sojourn", Between: 250, Repair: 3}
		} else {
			k.Category, k.Availability = "staff", agents.Availability{Process: "daily", Probability: 0.95}
		}
		name := fmt.Sprintf("kind%d", i)
		sc.Kinds[name] = k
		units[name] = 1 + i%3
		o := unitOrder(0.0008)
		o.Per, o.CommonShare = "employee", 0.05*float64(i%2)
		o.Operations[0] = agents.Operation{Kind: name, Hours: agents.Law{Law: "lognormal", Mean: 20, CV: 1.5}, MaxUnits: 1, MaxSites: 1}
		o.Lead = agents.Lead{Minimum: 1, Mean: 15, CV: 0.5}
		sc.Orders["class"+name] = o
	}
	sc.Sectors = map[string]scenarios.Sector{"a": {Units: units}, "b": {Units: units}}
	sc.Demand.Phase = scenarios.Phase{Amplitude: 0.4, HighDays: 60, LowDays: 60, Elasticity: -0.18}
	sc.Demand.Cycle = scenarios.Cycle{SD: 0.05, Auto: 0.7}
	sc.Demand.SectorCycle = scenarios.Cycle{SD: 0.1, Auto: 0.7}
	return compiled(sc, 0, someFirms(firms)...)
}

func TestNatureAllocatesNothing(t *testing.T) {
	n := newNature(province(500))
	for range 300 {
		n.next()
	}
	if a := testing.AllocsPerRun(500, func() { n.next() }); a != 0 {
		t.Errorf("%v allocations a day", a)
	}
}

func BenchmarkNature(b *testing.B) {
	n := newNature(province(20_000))
	orders := 0
	for b.Loop() {
		orders += len(n.next().arrivals)
	}
	b.ReportMetric(float64(orders)/float64(b.N), "orders/op")
}
