package verify

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"idleshift/sim"
)

// Cases lists the cases, section by section.
func Cases() []Case {
	all := slices.Concat(lostSales(), pooling(), correlation(), backlogs(), separator(), capacity(), matchings(), assignments(), chains(),
		statistics(), frictions(), reaches(), demands(), resources(), moneys())
	for i := range all {
		all[i].Exact = sync.OnceValue(all[i].Exact) // some take seconds
	}
	return all
}

// keys writes overrides, divided by blanks.
func keys(format string, a ...any) []string { return strings.Fields(fmt.Sprintf(format, a...)) }

const many, few = 20, 5 // firms that never meet stand together in one region, to save time

// machine is the kind whose hours are counted: the first by name, and the
// primary one, in every scenario here.
const machine = 0

func demanded(r *sim.Result) float64 { return r.Kinds[machine].Demand.Float() }

func missed(r *sim.Result) float64 { return (r.Kinds[machine].Lost + r.Kinds[machine].Open).Float() }

// lost is the hours lost a day by each of so many firms, which the regime may
// have merged.
func lost(firms int) func(*sim.Result) float64 {
	return func(r *sim.Result) float64 { return missed(r) / float64(firms*r.Days) }
}

// served is the hours served a day for each of so many firms.
func served(firms int) func(*sim.Result) float64 {
	return func(r *sim.Result) float64 { return (demanded(r) - missed(r)) / float64(firms*r.Days) }
}

func lostShare(r *sim.Result) float64 { return missed(r) / demanded(r) }

func lostSales() []Case {
	var all []Case
	for i, units := range []int{8, 10} {
		days := []int{100, 200}[i]
		alone := func(name, digits string, exact func() float64, set ...string) {
			all = append(all, Case{
				Name: fmt.Sprintf("hours lost, %s, C = %d", name, units), Section: "1 lost sales",
				Doc:  "E(D − C)+ for a firm alone whose hours are due on the day: partial expectations of D.",
				File: "sales.toml", Set: append(set, keys("region.firms=%d sectors.all.units.machine=%d time.days=%d", many, units, days)...), Regime: "autarky",
				Exact: exact, Digits: digits, Enough: EnoughHours, figure: lost(many), firms: many, load: 8,
			})
		}
		digits := map[int][2]string{8: {"1.116692", "2.896975"}, 10: {"0.425864", "2.180468"}}[units]
		alone("Poisson(8)", digits[0], func() float64 { return poissonExcess(8, units) })
		alone("2 orders of a geometric size of mean 4", digits[1], func() float64 { return compound(2, geometric(4)).excess(units) },
			keys("orders.job.rate=2 orders.job.operations.1.hours.law=geometric orders.job.operations.1.hours.mean=4")...)
		for _, cv := range []float64{0.3, 1} {
			volume := func(law string) []string {
				return keys("orders.job.arrivals=fixed orders.job.rate=1 orders.job.operations.1.hours.mean=8 orders.job.operations.1.hours.law=%s orders.job.operations.1.hours.cv=%g", law, cv)
			}
			alone(fmt.Sprintf("gamma of mean 8 and cv %g", cv), "", func() float64 { return gammaExcess(8, cv, float64(units)) }, volume("gamma")...)
			alone(fmt.Sprintf("lognormal of mean 8 and cv %g", cv), "", func() float64 { return lognormalExcess(8, cv, float64(units)) }, volume("lognormal")...)
		}
	}
	for _, x := range []struct {
		rate        float64
		units, days int
	}{{0.5, 1, 300}, {3, 2, 100}, {20, 24, 400}} {
		all = append(all, Case{
			Name: fmt.Sprintf("hours lost, Poisson(%g), C = %d", x.rate, x.units), Section: "1 lost sales", Doc: "E(D − C)+ for a firm alone.",
			File: "sales.toml", Set: keys("region.firms=%d orders.job.rate=%g sectors.all.units.machine=%d time.days=%d", many, x.rate, x.units, x.days), Regime: "autarky",
			Exact: func() float64 { return poissonExcess(x.rate, x.units) }, Enough: EnoughHours, figure: lost(many), firms: many, load: x.rate, Long: x.rate > 10,
		})
	}
	share := Case{Section: "1 lost sales", File: "sales.toml", Set: keys("region.firms=%d sectors.all.units.machine=10 time.days=50", many), Regime: "autarky", firms: many, load: 8}
	fill, use := share, share
	fill.Name, fill.Doc, fill.Digits, fill.Enough = "fill rate, Poisson(8), C = 10", "1 − E(D − C)+/λ for a firm alone.", "0.946767", EnoughHours/8
	fill.Exact = func() float64 { return 1 - poissonExcess(8, 10)/8 }
	fill.figure = func(r *sim.Result) float64 { return 1 - lostShare(r) }
	use.Name, use.Doc, use.Digits, use.Enough = "utilisation, Poisson(8), C = 10", "(λ − E(D − C)+)/C for a firm alone.", "0.757414", EnoughHours/10
	use.Exact = func() float64 { return (8 - poissonExcess(8, 10)) / 10 }
	use.figure = func(r *sim.Result) float64 {
		return r.Hours[machine].Own.Float() / r.Hours[machine].Capacity.Float()
	}
	return append(all, fill, use)
}

func pooling() []Case {
	var all []Case
	add := func(c Case) {
		c.Section, c.File, c.Enough = "2 pooling", "sales.toml", EnoughHours
		all = append(all, c)
	}
	for _, x := range []struct {
		firms, units, days int
		digits             string
	}{
		{1, 8, 1000, "1.116692"}, {2, 8, 1000, "0.793740"}, {10, 8, 1000, "0.356453"}, {5, 8, 1100, ""},
		{1, 10, 4000, "0.425864"}, {2, 10, 7000, "0.183692"}, {10, 10, 300, "0.005178"},
	} {
		for _, regime := range []string{"pooled", "market"} {
			if x.firms == 1 && regime == "market" {
				continue // nobody to trade with
			}
			add(Case{
				Name:   fmt.Sprintf("hours lost, %s, Poisson(8), C = %d, N = %d", regime, x.units, x.firms),
				Doc:    "E(ΣD − NC)+/N: firms that share all their hours are one firm (Eppen 1979).",
				Set:    keys("region.firms=%d sectors.all.units.machine=%d time.days=%d", x.firms, x.units, x.days),
				Regime: regime, Digits: x.digits, figure: lost(x.firms), firms: x.firms, load: 8, Long: regime == "market" && x.firms*x.days > 5000,
				Exact: func() float64 { return poissonExcess(8*float64(x.firms), x.units*x.firms) / float64(x.firms) },
			})
		}
	}
	for _, regime := range []string{"pooled", "market"} {
		add(Case{
			Name:   fmt.Sprintf("hours lost, %s, 2 orders of a geometric size of mean 4, C = 10, N = 2", regime),
			Doc:    "E(ΣD − NC)+/N with divisible orders.",
			Set:    keys("region.firms=2 sectors.all.units.machine=10 time.days=1800 orders.job.rate=2 orders.job.operations.1.hours.law=geometric orders.job.operations.1.hours.mean=4"),
			Regime: regime, figure: lost(2), firms: 2, load: 8,
			Exact: func() float64 { return compound(4, geometric(4)).excess(20) / 2 },
		})
	}
	// orders of 4 hours in bins of 10 or 20: min(orders, what fits)
	inBins := func(orders float64, fit int) func() float64 {
		return func() float64 { return 4 * meanLeast(poisson(orders), exactly(fit)) * 2 / orders }
	}
	for _, x := range []struct {
		name, regime, digits string
		sites                int
		exact                func() float64
	}{
		{"alone", "autarky", "5.834635", 1, inBins(2, 2)},
		{"sent whole to another firm", "market", "6.437065", 1, inBins(4, 4)},
		{"divided between two firms", "market", "7.179392", 2, inBins(4, 5)},
		{"in one bin of 20 hours", "pooled", "7.179392", 1, inBins(4, 5)},
	} {
		add(Case{
			Name: "hours served, whole orders " + x.name, Doc: "4 E min(orders, as many as fit in the bin): orders of 4 hours are served entirely or not at all.",
			Set:    keys("region.firms=2 sectors.all.units.machine=10 time.days=250 orders.job.rate=2 orders.job.completion=whole orders.job.operations.1.hours.mean=4 orders.job.operations.1.max_sites=%d", x.sites),
			Regime: x.regime, Exact: x.exact, Digits: x.digits, figure: served(2), firms: 2, load: 8,
		})
	}
	return all
}

func correlation() []Case {
	var all []Case
	for _, x := range []struct {
		common float64
		days   int
		digits string
	}{{0.1, 900, "0.488754"}, {0.5, 600, "0.836165"}, {1, 800, ""}} {
		for _, regime := range []string{"pooled", "market"} {
			all = append(all, Case{
				Name: fmt.Sprintf("hours lost, %s, correlation %g, C = 8, N = 10", regime, x.common), Section: "3 correlated demand",
				Doc:  "E(ΣX + NZ − NC)+/N with X ~ Poisson(8(1 − ρ)) of each firm and Z ~ Poisson(8ρ) common to all.",
				File: "sales.toml", Set: keys("region.firms=10 orders.job.common_share=%g time.days=%d", x.common, x.days), Regime: regime,
				Exact: func() float64 { return commonExcess(10, 8, x.common, 8) }, Digits: x.digits, Enough: EnoughHours, figure: lost(10), firms: 10, load: 8, Long: regime == "market" && x.common == 0.1,
			})
		}
		all = append(all, Case{
			Name: fmt.Sprintf("hours lost, market, correlation %g, Poisson(5), C = 6, N = 3", x.common), Section: "3 correlated demand",
			Doc:  "The same with other rates, capacity and number.",
			File: "sales.toml", Set: keys("region.firms=3 orders.job.rate=5 sectors.all.units.machine=6 orders.job.common_share=%g time.days=%d", x.common, 3*x.days), Regime: "market",
			Exact: func() float64 { return commonExcess(3, 5, x.common, 6) }, Enough: EnoughHours, figure: lost(3), firms: 3, load: 5, Long: true,
		})
	}
	return all
}

func backlogs() []Case {
	var all []Case
	add := func(c Case) {
		c.Section, c.File, c.Regime, c.firms = "4 backlog", "backlog.toml", "autarky", few
		all = append(all, c)
	}
	for _, x := range []struct {
		units       int
		rate        float64
		days        [2]int
		wait, clear string
	}{
		{1, 0.8, [2]int{16000, 1200}, "1.600000", "0.445108"},
		{10, 9, [2]int{5500, 600}, "3.101238", "0.446500"},
		{4, 3, [2]int{3800, 400}, "", ""},
	} {
		set := func(days int) []string {
			return keys("orders.job.rate=%g sectors.all.units.machine=%d time.days=%d", x.rate, x.units, days)
		}
		add(Case{
			Name: fmt.Sprintf("backlog, C = %d, λ = %g", x.units, x.rate), Doc: "E W of W' = (W + A − C)+: Σ E(Sₙ − nC)+/n (Spitzer 1956).",
			Set: set(x.days[0]), Exact: func() float64 { w, _ := backlog(x.rate, x.units); return w }, Digits: x.wait, Enough: EnoughHours,
			figure: func(r *sim.Result) float64 { return r.Backlog.Float() / float64(few*r.Days) }, load: x.rate, Long: x.units > 1,
		})
		add(Case{
			Name: fmt.Sprintf("no backlog, C = %d, λ = %g", x.units, x.rate), Doc: "P(W = 0) of W' = (W + A − C)+: exp −Σ P(Sₙ > nC)/n (Spitzer 1956).",
			Set: set(x.days[1]), Exact: func() float64 { _, p := backlog(x.rate, x.units); return p }, Digits: x.clear,
			figure: func(r *sim.Result) float64 { return float64(r.ClearDays) / float64(few*r.Days) }, load: x.rate,
		})
	}
	for lead, digits := range []string{"0.100690", "0.011698", "0.002055"} {
		days := []int{800, 6000, 2600}[lead]
		add(Case{
			Name: fmt.Sprintf("share lost, C = 8, λ = 7.2, %d days of lead", lead), Doc: "The chain of work left over, with what cannot be finished in time lost.",
			Set:   keys("orders.job.rate=7.2 sectors.all.units.machine=8 orders.job.max_late_days=0 orders.job.lead.minimum_days=%d time.warmup_days=50 time.days=%d time.runout_days=10", lead, days),
			Exact: func() float64 { return lostFraction(7.2, 8, lead) }, Digits: digits, Enough: EnoughHours / 7.2, figure: lostShare, load: 7.2, Long: lead == 1,
		})
	}
	for _, x := range []struct {
		units, lead int
		rate        float64
		days        int
	}{{1, 3, 0.9, 4000}, {4, 2, 4, 2500}, {2, 5, 2.2, 700}} {
		add(Case{
			Name: fmt.Sprintf("share lost, C = %d, λ = %g, %d days of lead", x.units, x.rate, x.lead), Doc: "The chain of work left over, with what cannot be finished in time lost.",
			Set:   keys("orders.job.rate=%g sectors.all.units.machine=%d orders.job.max_late_days=0 orders.job.lead.minimum_days=%d time.warmup_days=50 time.days=%d time.runout_days=10", x.rate, x.units, x.lead, x.days),
			Exact: func() float64 { return lostFraction(x.rate, x.units, x.lead) }, figure: lostShare, load: x.rate,
		})
	}
	return all
}

func separator() []Case {
	var all []Case
	add := func(firms int, digits map[string]string, regime, broker string) {
		demand, units := poisson(3), binomial(4, 0.8)
		n := float64(firms)
		exact := map[string]func() float64{
			"autarky":     func() float64 { return meanLeast(demand, units, units) },
			"firm":        func() float64 { return meanLeast(demand.times(firms), units.least(units).times(firms)) / n },
			"machines":    func() float64 { return meanLeast(demand.least(units).times(firms), units.times(firms)) / n },
			"people":      func() float64 { return meanLeast(demand.least(units).times(firms), units.times(firms)) / n },
			"cooperative": func() float64 { return meanLeast(demand.times(firms), units.times(firms), units.times(firms)) / n },
			"pooled":      func() float64 { return meanLeast(demand.times(firms), units.times(firms), units.times(firms)) / n },
		}
		doc := map[string]string{
			"autarky":     "E min(D, M, L): orders, machines and people there of one firm.",
			"firm":        "E min(ΣD, Σ min(M, L))/N: the host needs both machine and person.",
			"machines":    "E min(Σ min(D, L), ΣM)/N: machines alone cross the line between firms.",
			"people":      "E min(Σ min(D, M), ΣL)/N: people alone cross the line between firms.",
			"cooperative": "E min(ΣD, ΣM, ΣL)/N: any machine with any person.",
			"pooled":      "E min(ΣD, ΣM, ΣL)/N: one merged firm.",
		}
		name, set := fmt.Sprintf("hours served, %s, N = %d", regime, firms), keys("region.firms=%d time.days=%d", firms, 1000/firms)
		if broker != "" {
			name += ", broker " + broker
			for _, tier := range []string{"whole", "machines", "people", "any"} {
				set = append(set, "tiers."+tier+".broker="+broker)
			}
		}
		all = append(all, Case{
			Name: name, Section: "5 regime separator", Doc: doc[regime], File: "separator.toml", Set: set, Regime: regime,
			Exact: exact[regime], Digits: digits[regime], Enough: EnoughHours, figure: served(firms), firms: firms, load: 3,
		})
	}
	regimes := []string{"autarky", "firm", "machines", "people", "cooperative", "pooled"}
	for _, x := range []struct {
		firms  int
		digits map[string]string
	}{
		{2, map[string]string{"autarky": "2.151328", "firm": "2.357945", "machines": "2.255203", "people": "2.255203", "cooperative": "2.421326", "pooled": "2.421326"}},
		{10, map[string]string{"autarky": "2.151328", "firm": "2.637742", "machines": "2.341435", "people": "2.341435", "cooperative": "2.792495", "pooled": "2.792495"}},
		{5, nil},
	} {
		for _, regime := range regimes {
			add(x.firms, x.digits, regime, "")
		}
		for _, regime := range regimes[1:5] {
			add(x.firms, x.digits, regime, "optimal")
		}
	}
	// as many people as machines no more, and there with another probability
	demand, machines, people := poisson(2), binomial(3, 0.7), binomial(2, 0.9)
	for _, x := range []struct {
		regime string
		exact  func() float64
	}{
		{"autarky", func() float64 { return meanLeast(demand, machines, people) }},
		{"firm", func() float64 { return meanLeast(demand.times(3), machines.least(people).times(3)) / 3 }},
		{"machines", func() float64 { return meanLeast(demand.least(people).times(3), machines.times(3)) / 3 }},
		{"people", func() float64 { return meanLeast(demand.least(machines).times(3), people.times(3)) / 3 }},
		{"cooperative", func() float64 { return meanLeast(demand.times(3), machines.times(3), people.times(3)) / 3 }},
		{"pooled", func() float64 { return meanLeast(demand.times(3), machines.times(3), people.times(3)) / 3 }},
	} {
		all = append(all, Case{
			Name: fmt.Sprintf("hours served, %s, 3 machines at 0.7, 2 people at 0.9, N = 3", x.regime), Section: "5 regime separator", Doc: "The same with unlike machines and people.",
			File: "separator.toml", Set: keys("region.firms=3 time.days=400 orders.job.rate=2 sectors.all.units={machine=3,person=2} kinds.machine.availability.probability=0.7 kinds.person.availability.probability=0.9"),
			Regime: x.regime, Exact: x.exact, Enough: EnoughHours, figure: served(3), firms: 3, load: 2,
		})
	}
	return all
}

func capacity() []Case {
	var all []Case
	for _, x := range []struct {
		name        string
		hours       int
		rate, cost  float64
		units, paid string
		days        int
	}{
		{"machines of 1 h at 1", 1, 8, 1, "10", "11.703455", 50},
		{"specialists of 5 h at 5", 5, 1.2, 5, "0", "4.800000", 100},
		{"specialists of 5 h at 5", 5, 4, 5, "", "", 50},
	} {
		c := Case{
			Section: "6 capacity choice", File: "capacity.toml", Regime: "autarky", firms: many, load: x.rate,
			Set: keys("orders.job.rate=%g kinds.unit.hours_per_shift=%d kinds.unit.fixed_cost_per_day=%g orders.job.operations.1.max_units_per_day=100 time.days=%d", x.rate, x.hours, x.cost, x.days),
		}
		units, paid := c, c
		units.Name, units.Digits = fmt.Sprintf("units owned, %s, Poisson(%g)", x.name, x.rate), x.units
		units.Doc = "The count that minimises a firm's own fixed and shortage cost: the newsvendor."
		units.Exact = func() float64 { n, _ := cheapest(poisson(x.rate), x.hours, x.cost, 4); return float64(n) }
		units.figure = func(r *sim.Result) float64 {
			return r.Hours[machine].Capacity.Float() / float64(x.hours*r.Firms*r.Days)
		}
		paid.Name, paid.Digits = fmt.Sprintf("cost a day, %s, Poisson(%g)", x.name, x.rate), x.paid
		paid.Doc = "Its fixed cost and 4 for each hour not served."
		paid.Exact = func() float64 { _, c := cheapest(poisson(x.rate), x.hours, x.cost, 4); return c }
		paid.figure = func(r *sim.Result) float64 {
			return (4*demanded(r) - r.Region.Surplus().Float()) / float64(r.Firms*r.Days)
		}
		all = append(all, units, paid)
	}
	return all
}

func matchings() []Case {
	var all []Case
	for _, x := range []struct {
		n                int
		p                float64
		largest, inTurns string
	}{{3, 0.3, "1.750292", "1.674351"}, {4, 0.5, "", ""}} {
		for _, c := range []Case{
			{Regime: "optimal", Doc: "The largest matching, over all graphs.", Digits: x.largest,
				Exact: func() float64 { return matching(x.n, x.n, x.p, largest) }},
			{Regime: "nearest", Doc: "First come, first served: of k offers left, one fits with probability 1 − (1 − p)^k.", Digits: x.inTurns,
				Exact: func() float64 { return firstCome(x.n, x.n, x.p) }},
			{Regime: "random", Doc: "Pairs that fit in random order, over all graphs.",
				Exact: func() float64 { return matching(x.n, x.n, x.p, anyPair) }},
		} {
			c.Name, c.Section, c.File, c.figure = fmt.Sprintf("matches, broker %s, n = %d, p = %g", c.Regime, x.n, x.p), "7 matching", "matching.toml", served(1)
			c.firms, c.load = 1, float64(x.n)
			c.Set = keys("region.firms=%d kinds.machine.match_share=%g", 2*x.n, x.p)
			all = append(all, c)
		}
	}
	for _, x := range []struct {
		requests, offers int
		p                float64
	}{{2, 5, 0.2}, {4, 3, 0.4}} {
		for _, c := range []Case{
			{Regime: "optimal", Exact: func() float64 { return matching(x.requests, x.offers, x.p, largest) }},
			{Regime: "nearest", Exact: func() float64 { return firstCome(x.requests, x.offers, x.p) }},
			{Regime: "random", Exact: func() float64 { return matching(x.requests, x.offers, x.p, anyPair) }},
		} {
			c.Name, c.Section, c.File, c.figure = fmt.Sprintf("matches, broker %s, %d requests, %d offers, p = %g", c.Regime, x.requests, x.offers, x.p), "7 matching", "matching.toml", served(1)
			c.Long = x.requests > x.offers
			c.Doc, c.firms, c.load = "The same with fewer or more requests than offers.", 1, float64(x.requests)
			c.Set = keys("region.firms=%d sectors.need.share=%d sectors.have.share=%d kinds.machine.match_share=%g replicates=25000", x.requests+x.offers, x.requests, x.offers, x.p)
			all = append(all, c)
		}
	}
	return all
}

func chains() []Case {
	demand := law{0.25, 0.5, 0.25}
	var all []Case
	for _, x := range []struct {
		firms  int
		digits [4]string
	}{{10, [4]string{"7.500000", "8.125000", "8.74755859", "9.11901474"}}, {6, [4]string{}}} {
		var ring []string
		for f := range x.firms {
			ring = append(ring, fmt.Sprintf("[%d,%d]", f+1, (f+1)%x.firms+1))
		}
		n := float64(x.firms)
		for i, c := range []Case{
			{Regime: "alone", Doc: "n E min(D, 1).",
				Exact: func() float64 { return n * meanLeast(demand, exactly(1)) }},
			{Regime: "deficits", Doc: "n (E min(D, 1) + P(D = 2) P(D = 0)): own work first, then what the next has room for.",
				Exact: func() float64 { return n * (meanLeast(demand, exactly(1)) + demand[2]*demand[0]) }},
			{Regime: "next", Doc: "The largest flow in a ring of own and next (Jordan and Graves 1995), over all demands.",
				Exact: func() float64 { return chain(x.firms, demand) }},
			{Regime: "everyone", Doc: "E min(ΣD, n).",
				Exact: func() float64 { return meanLeast(demand.times(x.firms), exactly(x.firms)) }},
		} {
			c.Name, c.Section, c.File, c.figure = fmt.Sprintf("orders served, %s, n = %d", c.Regime, x.firms), "8 chain", "chain.toml", served(1)
			c.firms, c.load = 1, n
			c.Set, c.Digits = append(keys("region.firms=%d", x.firms), "region.partners=["+strings.Join(ring, ",")+"]"), x.digits[i]
			all = append(all, c)
		}
	}
	return all
}
