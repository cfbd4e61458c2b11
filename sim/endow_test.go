package sim

import (
	"fmt"
	"math"
	"testing"

	"idleshift/agents"
	"idleshift/scenarios"
)

// decide is the choice of a firm of ten employees about a kind, and the count
// taken, the kinds before it decided.
func decide(t testing.TB, sc *scenarios.Scenario, kind string) (choice, int32) {
	t.Helper()
	sc.Region.Endowment = "optimal"
	r := compiled(sc, 0, alike(1)...)
	e := r.newEndowment()
	units := make([]int32, len(r.kinds))
	for i := range units {
		if l := r.owns(0, int16(i)); l != agents.None {
			units[i] = r.lots[l].units
		}
	}
	k := number(r.KindNames, kind)
	c, _ := e.choice(&r.Firms[0], int(k), make([]bool, len(r.kinds)), units)
	return c, units[k]
}

// poissonExcess is E[(N - c)+] of a Poisson law by the textbook formula
// mean × P(N ≥ c) - c × P(N ≥ c+1).
func poissonExcess(mean float64, c int) float64 {
	upper := func(k int) float64 {
		sum := 0.0
		for i := k; i < k+400; i++ {
			l, _ := math.Lgamma(float64(i) + 1)
			sum += math.Exp(float64(i)*math.Log(mean) - mean - l)
		}
		return sum
	}
	return mean*upper(c) - float64(c)*upper(c+1)
}

// The case that theory solves: a machine costs 1 a day, an hour unserved 4.
// A failure means that firms alone own the wrong capacity, and every gain is
// measured from a wrong start.
func TestCapacityChoice(t *testing.T) {
	o := unitOrder(8)
	o.HourValue = 4
	sc := plain(map[string]agents.OrderClass{"o": o})
	k := mill()
	k.FixedCost = 1
	sc.Kinds["mill"] = k
	c, n := decide(t, sc, "mill")
	if n != 10 || math.Abs(c.cost(10)-11.703455) > 1e-6 {
		t.Errorf("%d machines at a cost of %.6f, exactly 10 at 11.703455", n, c.cost(10))
	}
	for n := range int32(30) {
		if want := float64(n) + 4*poissonExcess(8, int(n)); math.Abs(c.cost(n)-want) > 1e-9 {
			t.Errorf("%d machines cost %.9f, exactly %.9f", n, c.cost(n), want)
		}
	}
}

func TestSpecialistIsNotHired(t *testing.T) {
	o := unitOrder(1.2)
	o.HourValue = 4
	o.Operations[0].Kind = "specialist"
	sc := plain(map[string]agents.OrderClass{"o": o})
	sc.Kinds = map[string]agents.Kind{"specialist": {Category: "staff", Mobility: "travels", Hours: 5, Shifts: 1, FixedCost: 5, OperatorHours: 1}}
	c, n := decide(t, sc, "specialist")
	if n != 0 || math.Abs(c.cost(0)-4.8) > 1e-9 {
		t.Errorf("%d specialists at a cost of %.6f, exactly none at 4.8", n, c.cost(n))
	}
}

// A lead time widens the window; hours, availability and cost scale with it.
func TestWindowOfLeadTime(t *testing.T) {
	o := unitOrder(3)
	o.HourValue = 4
	o.Lead = agents.Lead{Minimum: 4}
	o.Operations[0].Hours.Mean = 2
	sc := plain(map[string]agents.OrderClass{"o": o})
	k := mill()
	k.Hours, k.FixedCost = 5, 6
	k.Availability = agents.Availability{Process: "daily", Probability: 0.8}
	sc.Kinds["mill"] = k
	c, _ := decide(t, sc, "mill")
	for n := range int32(8) { // five days: 15 orders of 2 h, 20 h a unit
		want := 6*float64(n) + 4*2*poissonExcess(15, int(10*n))/5
		if math.Abs(c.cost(n)-want) > 1e-9 {
			t.Errorf("%d units cost %.9f a day, exactly %.9f", n, c.cost(n), want)
		}
	}
}

// Discrete laws are exact: loss of compound demand against published digits,
// other arrivals against sums over all outcomes.
func TestExactVolumes(t *testing.T) {
	excess := func(o agents.OrderClass, x float64) float64 {
		c, _ := decide(t, plain(map[string]agents.OrderClass{"o": o}), "mill")
		if len(c.volume[0].beyond) == 0 {
			t.Error("a discrete law is not taken as it is")
		}
		return c.volume[0].excess(x * c.window[0])
	}
	check := func(what string, got, want, eps float64) {
		t.Helper()
		if math.Abs(got-want) > eps {
			t.Errorf("%s: %.9f, exactly %.9f", what, got, want)
		}
	}
	compound := unitOrder(2)
	compound.Operations[0].Hours = agents.Law{Law: "geometric", Mean: 4, Step: 1}
	check("geometric sizes, capacity 8", excess(compound, 8), 2.896975, 5e-7)
	check("geometric sizes, capacity 10", excess(compound, 10), 2.180468, 5e-7)

	fixed := unitOrder(2.25)
	fixed.Arrivals = "fixed"
	check("two or three orders a day", excess(fixed, 2), 0.25, 1e-9)
	fixed.Operations[0].Hours = agents.Law{Law: "listed", Values: []float64{1, 3}, Probabilities: []float64{0.5, 0.5}}
	// Two orders: 2, 4, 4, 6 h; three: 3, 5, 5, 5, 7, 7, 7, 9 h.
	check("sizes of 1 or 3 h", excess(fixed, 4.5), 0.75*1.5/4+0.25*(3*0.5+3*2.5+4.5)/8, 1e-9)

	listed := unitOrder(0)
	listed.Arrivals, listed.Counts, listed.Probabilities = "listed", []int{0, 1, 2}, []float64{0.25, 0.5, 0.25}
	check("0, 1 or 2 orders", excess(listed, 1), 0.25, 1e-9)
	listed.Lead.Minimum = 1 // over two days: 0 to 4 with 1, 4, 6, 4, 1 sixteenths
	check("0, 1 or 2 orders, two days", excess(listed, 1), (4+2)/16.0, 1e-9)
	check("no capacity", excess(listed, 0), 2, 1e-9)
}

// Where the law of a window is approximated, its mean, variance and chance of
// nothing are those of the world that nature draws, and the hours beyond a
// capacity come close.
func TestApproximateVolumes(t *testing.T) {
	for _, c := range []struct {
		name   string
		mend   func(sc *scenarios.Scenario, o *agents.OrderClass)
		within float64 // of the mean, for the hours beyond capacity
	}{
		{"lognormal sizes", func(_ *scenarios.Scenario, o *agents.OrderClass) {}, 0.03},
		{"phase", func(sc *scenarios.Scenario, _ *agents.OrderClass) {
			sc.Demand.Phase = scenarios.Phase{Amplitude: 0.7, HighDays: 8, LowDays: 5}
		}, 0.03},
		{"cycles", func(sc *scenarios.Scenario, _ *agents.OrderClass) {
			sc.Demand.Cycle = scenarios.Cycle{SD: 0.3, Auto: 0.01}
			sc.Demand.SectorCycle = scenarios.Cycle{SD: 0.2, Auto: 0.05}
		}, 0.03},
		{"fixed arrivals", func(_ *scenarios.Scenario, o *agents.OrderClass) { o.Arrivals = "fixed" }, 0.03},
		{"listed arrivals", func(_ *scenarios.Scenario, o *agents.OrderClass) {
			o.Arrivals, o.Counts, o.Probabilities = "listed", []int{0, 3}, []float64{0.7, 0.3}
		}, 0.03},
		{"two operations", func(_ *scenarios.Scenario, o *agents.OrderClass) {
			o.Operations = append(o.Operations, o.Operations[0])
			o.Operations[1].Hours = agents.Law{Law: "exponential", Mean: 2}
		}, 0.03},
		{"phase of long contracts", func(sc *scenarios.Scenario, _ *agents.OrderClass) {
			sc.Demand.Phase = scenarios.Phase{Amplitude: 0.9, HighDays: 40, LowDays: 40}
		}, 0.06},
	} {
		o := unitOrder(0.3)
		o.Operations[0].Hours = agents.Law{Law: "lognormal", Mean: 6, CV: 0.8}
		o.Lead.Minimum = 2
		sc := plain(nil)
		sc.Time.YearDays = 40
		sc.Sectors = map[string]scenarios.Sector{"a": {}}
		c.mend(sc, &o)
		sc.Orders = map[string]agents.OrderClass{"o": o}
		got, _ := decide(t, sc, "mill")
		v := &got.volume[0]

		const firms, windows = 60, 600
		sc.Region.Endowment = ""
		var nothing sample
		var hours, square, beyond [windows]float64 // by window over firms, which share its cycles
		capacity := 1.5 * v.mean
		n := newNature(compiled(sc, 0, alike(firms)...))
		var first, second, over sample
		for w := range windows {
			work := make([]float64, firms)
			for range 3 {
				d := n.next()
				for _, a := range d.arrivals {
					for _, h := range d.hours[a.first : int(a.first)+len(sc.Orders["o"].Operations)] {
						work[a.firm] += h.Float()
					}
				}
			}
			for range 36 { // windows far apart, not in step with fixed arrivals
				n.next()
			}
			idle := 0.0
			for _, h := range work {
				hours[w] += h / firms
				square[w] += (h - v.mean) * (h - v.mean) / firms
				beyond[w] += max(h-capacity, 0) / firms
				if h == 0 {
					idle += 1.0 / firms
				}
			}
			nothing.add(idle)
			first.add(hours[w])
			second.add(square[w])
			over.add(beyond[w])
		}
		m, se := first.mean()
		near(t, c.name+": mean", m, se, v.mean)
		variance := v.secondMoment() - v.mean*v.mean
		m, se = second.mean()
		near(t, c.name+": variance", m, se, variance)
		m, se = nothing.mean()
		near(t, c.name+": no hours at all", m, se+0.0015, v.none)
		m, se = over.mean()
		t.Logf("%s: gap %.4f of the mean", c.name, (v.excess(capacity)-m)/v.mean)
		if gap := math.Abs(m - v.excess(capacity)); gap > 4*se+c.within*v.mean {
			t.Errorf("%s: %.4f h beyond capacity, by the approximation %.4f", c.name, m, v.excess(capacity))
		}
	}
}

func (v *volume) secondMoment() float64 {
	if v.shape == 0 {
		return (1 - v.none) * v.scale * v.scale
	}
	return (1 - v.none) * v.scale * v.scale * v.shape * (v.shape + 1)
}

// The variance of a window's multipliers by brute force over pairs of days.
func TestSpread(t *testing.T) {
	sc := plain(nil)
	sc.Time.YearDays = 20
	sc.Demand = scenarios.Demand{
		Phase: scenarios.Phase{Amplitude: 0.5, HighDays: 6, LowDays: 4}, Season: []float64{1, 3},
		Cycle: scenarios.Cycle{SD: 0.2, Auto: 0.6}, SectorCycle: scenarios.Cycle{SD: 0.1, Auto: 0.3},
	}
	r := compiled(sc, 0)
	table := r.spread(30)
	pair := func(h int) float64 { // E[M M'] of days h apart
		season := 0.0
		for d := range 20 {
			s := func(d int) float64 { return 0.5 + float64(d%20/10) }
			season += s(d) * s(d+h) / 20
		}
		phase := 1 + 0.25*(4.0/6)*math.Pow(1-1.0/6-1.0/4, float64(h))
		return phase * season * math.Exp(0.04*math.Pow(0.6, float64(h)/5)+0.01*math.Pow(0.3, float64(h)/5))
	}
	for _, w := range []int{0, 1, 2, 7, 30} {
		want := 0.0
		for i := range w {
			for j := range w {
				want += pair(max(i-j, j-i)) - 1
			}
		}
		if got := table[0][w] + 0.25*table[1][w]; math.Abs(got-want) > 1e-9*(1+want) {
			t.Errorf("window of %d days: variance %.9f, by pairs of days %.9f", w, got, want)
		}
	}
}

func crewed(fixedMachine, fixedPerson float64) *scenarios.Scenario {
	o := unitOrder(8)
	o.HourValue = 4
	sc := plain(map[string]agents.OrderClass{"o": o})
	k := mill()
	k.FixedCost, k.Operator = fixedMachine, "person"
	person := mill()
	person.Category, person.FixedCost = "staff", fixedPerson
	sc.Kinds = map[string]agents.Kind{"mill": k, "person": person}
	return sc
}

func TestOperatorsFollowMachines(t *testing.T) {
	for _, c := range []struct{ machine, person, mills, people float64 }{
		{1, 0, 10, 10},
		{1, 1, 9, 9},    // an hour served saves 3, since it needs a person
		{2, 1, 7, 7},    // people could serve more, the machines cannot
		{0.5, 2, 10, 8}, // a dear crew is smaller
		{5, 1, 0, 0},    // no machines, no crew
	} {
		sc := crewed(c.machine, c.person)
		_, mills := decide(t, sc, "mill")
		_, people := decide(t, sc, "person")
		if float64(mills) != c.mills || float64(people) != c.people {
			t.Errorf("cost %v and %v: %d machines and %d people, not %v and %v", c.machine, c.person, mills, people, c.mills, c.people)
		}
	}
	sc := crewed(1, 1)
	sc.Sectors = map[string]scenarios.Sector{"a": {Units: map[string]int{"mill": 3}}}
	if _, people := decide(t, sc, "person"); people != 3 {
		t.Errorf("%d people for 3 given machines", people)
	}
	sc.Sectors["a"].Units["mill"] = 0
	if _, people := decide(t, sc, "person"); people != 0 {
		t.Errorf("%d people for no machine", people)
	}
}

// Fallbacks of a firm alone, each with an independent formula for the cost.
func TestFallbacksPriceShortage(t *testing.T) {
	excess := func(c float64) float64 { // linear between whole hours
		i, part := math.Modf(c)
		return poissonExcess(8, int(i))*(1-part) + poissonExcess(8, int(i)+1)*part
	}
	for _, c := range []struct {
		name string
		mend func(o *agents.OrderClass, k *agents.Kind)
		cost func(n float64) float64
	}{
		{"variable cost", func(_ *agents.OrderClass, k *agents.Kind) { k.VariableCost = 1.5 },
			func(n float64) float64 { return n + 2.5*excess(n) }},
		{"outside market", func(_ *agents.OrderClass, k *agents.Kind) {
			k.VariableCost, k.Outside = 0.5, &agents.OutsideMarket{Price: 3}
		}, func(n float64) float64 { return n + 2.5*excess(n) }},
		{"outside block", func(_ *agents.OrderClass, k *agents.Kind) { k.Outside = &agents.OutsideMarket{Price: 1.5, Minimum: 2} },
			func(n float64) float64 { return n + 3*excess(n) }},
		{"outside too slow", func(_ *agents.OrderClass, k *agents.Kind) { k.Outside = &agents.OutsideMarket{Price: 1, LeadDays: 1} },
			func(n float64) float64 { return n + 4*excess(n) }},
		{"overtime", func(_ *agents.OrderClass, k *agents.Kind) { k.OvertimeHours, k.Premium = 0.25, 0.7 },
			func(n float64) float64 { return n + 0.7*(excess(n)-excess(1.25*n)) + 4*excess(1.25*n) }},
		{"late", func(o *agents.OrderClass, _ *agents.Kind) { o.LateDays, o.LateCost = 1, 0.2 },
			func(n float64) float64 {
				late := poissonExcess(16, int(2*n)) / 2 // a window of two days
				return n + 0.8*(excess(n)-late) + 4*late
			}},
		{"work that does not pay", func(o *agents.OrderClass, k *agents.Kind) { k.VariableCost = 5 },
			func(n float64) float64 { return n }},
	} {
		o := unitOrder(8)
		o.HourValue = 4
		k := mill()
		k.FixedCost = 1
		c.mend(&o, &k)
		sc := plain(map[string]agents.OrderClass{"o": o})
		sc.Kinds["mill"] = k
		got, n := decide(t, sc, "mill")
		best := 0
		for m := range 30 {
			if c.cost(float64(m)) < c.cost(float64(best))-1e-9 {
				best = m
			}
			if want := c.cost(float64(m)); math.Abs(got.cost(int32(m))-want) > 1e-9 {
				t.Errorf("%s: %d machines cost %.6f, exactly %.6f", c.name, m, got.cost(int32(m)), want)
			}
		}
		if int(n) != best {
			t.Errorf("%s: %d machines, exactly %d", c.name, n, best)
		}
	}
}

// The value of an order hangs on every one of its operations.
func TestWholeOrdersPriceEachKind(t *testing.T) {
	o := unitOrder(1)
	o.HourValue, o.Value = 10, 20
	o.Operations[0].Hours.Mean = 4
	o.Operations = append(o.Operations, agents.Operation{Kind: "press", Hours: agents.Law{Mean: 1}, Setup: 1, MaxUnits: 1, MaxSites: 1})
	sc := plain(map[string]agents.OrderClass{"o": o})
	k := mill()
	k.VariableCost = 2
	sc.Kinds = map[string]agents.Kind{"mill": k, "press": k}
	// Value 20 + 5 h × 10, less 6 h × 2: 58, over 4 h of mill or 2 h of press.
	for kind, want := range map[string]float64{"mill": 14.5, "press": 29} {
		if c, _ := decide(t, sc, kind); math.Abs(c.short-want) > 1e-9 {
			t.Errorf("an hour short of %s costs %v, not %v", kind, c.short, want)
		}
	}
	o.Completion = "partial"
	sc.Orders["o"] = o
	if c, _ := decide(t, sc, "press"); math.Abs(c.short-58.0/5) > 1e-9 {
		t.Errorf("partial: an hour short costs %v, not %v", c.short, 58.0/5)
	}
}

// Firms that may not do the work own nothing for it.
func TestCertificatesLimitTheEndowment(t *testing.T) {
	o := unitOrder(8)
	o.HourValue, o.Certification = 4, "iso"
	sc := plain(map[string]agents.OrderClass{"o": o})
	sc.Certifications = map[string]agents.Certification{"iso": {}}
	sc.Region.Endowment = "optimal"
	firms := alike(2)
	firms[1].Certificates = 1
	r := compiled(sc, 0, firms...)
	if r.owns(0, 0) != agents.None || r.owns(1, 0) == agents.None {
		t.Error("the firm without the certificate is equipped for the work, or the other is not")
	}
}

// The search finds the least cost that trying all counts finds.
func TestBestIsTheLeastCost(t *testing.T) {
	for _, rate := range []float64{0.002, 0.05, 0.4, 3, 30} {
		for _, fixed := range []float64{0, 1, 20, 200} {
			o := unitOrder(rate)
			o.HourValue, o.LateDays, o.LateCost = 80, 5, 0.02
			o.Operations[0].Hours = agents.Law{Law: "lognormal", Mean: 30, CV: 1.5}
			o.Lead = agents.Lead{Minimum: 5, Mean: 15, CV: 0.5}
			sc := plain(map[string]agents.OrderClass{"o": o})
			sc.Demand.Phase = scenarios.Phase{Amplitude: 0.4, HighDays: 60, LowDays: 60}
			k := mill()
			k.Hours, k.FixedCost, k.OvertimeHours, k.Premium = 8, fixed, 2, 15
			sc.Kinds["mill"] = k
			c, n := decide(t, sc, "mill")
			for m := range int32(400) {
				if c.cost(m) < c.cost(n)-1e-4 {
					t.Errorf("rate %v, fixed %v: %d units cost %.6f, %d only %.6f", rate, fixed, n, c.cost(n), m, c.cost(m))
				}
			}
		}
	}
}

func BenchmarkEndowment(b *testing.B) {
	sc := plain(map[string]agents.OrderClass{})
	sc.Kinds = map[string]agents.Kind{}
	for i := range 10 {
		k := mill()
		k.Hours, k.FixedCost, k.OvertimeHours, k.Premium = 8, 250, 2, 15
		k.Outside = &agents.OutsideMarket{Price: 150, LeadDays: 5}
		if i >= 5 {
			k.Category = "staff"
		} else {
			k.Operator = fmt.Sprintf("kind%d", 5+i)
		}
		name := fmt.Sprintf("kind%d", i)
		sc.Kinds[name] = k
		o := unitOrder(0.0008)
		o.Per, o.HourValue, o.LateDays, o.LateCost = "employee", 90, 10, 0.02
		o.Operations[0] = agents.Operation{Kind: name, Hours: agents.Law{Law: "lognormal", Mean: 20, CV: 1.5}, MaxUnits: 1, MaxSites: 1}
		o.Lead = agents.Lead{Minimum: 1, Mean: 15, CV: 0.5}
		sc.Orders["class"+name] = o
	}
	sc.Sectors = map[string]scenarios.Sector{"a": {}, "b": {}}
	sc.Demand.Phase = scenarios.Phase{Amplitude: 0.4, HighDays: 60, LowDays: 60, Elasticity: -0.18}
	sc.Demand.Cycle = scenarios.Cycle{SD: 0.05, Auto: 0.7}
	sc.Region.Endowment = "optimal"
	r := compiled(sc, 0, someFirms(2)...)
	units := make([]int32, 10)
	given := make([]bool, 10)
	for b.Loop() {
		e := r.newEndowment()
		for f := range 20_000 { // two thousand that differ
			firm := Firm{Sector: int16(f % 2), Employees: float64(1 + f/2%1000)}
			e.units(&firm, given, units)
		}
	}
}
