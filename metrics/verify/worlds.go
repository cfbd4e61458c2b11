package verify

import (
	"fmt"
	"math"

	"idleshift/sim"
)

// demands are the laws of what arrives: phases, cycles, seasons, volumes,
// correlation.
func demands() []Case {
	var all []Case
	add := func(c Case) {
		c.Section, c.File = "12 demand", "sales.toml"
		if c.Enough == 0 {
			c.Enough = EnoughHours
		}
		all = append(all, c)
	}
	alone := func(name, doc string, days int, exact func() float64, set ...string) {
		add(Case{
			Name: "hours lost, " + name, Doc: doc, Set: append(keys("region.firms=%d time.days=%d", many, days), set...), Regime: "autarky",
			Exact: exact, figure: lost(many), firms: many, load: 8,
		})
	}
	at := func(factor float64) float64 { return poissonExcess(8*factor, 8) }
	alone("a contract runs or not, 20 days each, amplitude 0.6", "E(D − C)+ in the two states of the phase, by their shares.", 200,
		func() float64 { return (at(0.4) + at(1.6)) / 2 }, keys("demand.phase={amplitude=0.6,mean_days_high=20,mean_days_low=20}")...)
	alone("a contract runs 30 days, then 10 not, amplitude 0.9", "The high state makes up for the low one: 1 + amplitude × low/high.", 200,
		func() float64 { return at(0.1)/4 + at(1.3)*3/4 }, keys("demand.phase={amplitude=0.9,mean_days_high=30,mean_days_low=10}")...)
	alone("phases of firms of 40, amplitude 0.6, elasticity −0.5", "The amplitude falls with size: 0.6 × (40/10)^−0.5.", 150,
		func() float64 { return (at(0.7) + at(1.3)) / 2 },
		keys("demand.phase={amplitude=0.6,mean_days_high=10,mean_days_low=10,size_elasticity=-0.5} sizes.all={employees_least=40,employees_most=40,employees_mean=40}")...)
	cycle := func(sd float64) func() float64 {
		return func() float64 { return overNormal(func(z float64) float64 { return at(math.Exp(sd*z - sd*sd/2)) }) }
	}
	alone("a cycle of the region, sd 0.3, a fresh one each day", "E(D − C)+ over a lognormal rate of mean 1.", 400, cycle(0.3), keys("demand.cycle={sd=0.3,quarterly_autocorrelation=0}")...)
	alone("a cycle of the region, sd 0.3, correlation 0.7 from day to day", "The same: the cycle starts from its stationary law.", 800, cycle(0.3), keys("time.days_per_year=4 demand.cycle={sd=0.3,quarterly_autocorrelation=0.7}")...)
	all[len(all)-1].Long = true
	alone("cycles of region and sector, sd 0.3 and 0.4", "The logs of independent cycles add up: sd 0.5.", 900, cycle(0.5), keys("demand.cycle={sd=0.3,quarterly_autocorrelation=0} demand.sector_cycle={sd=0.4,quarterly_autocorrelation=0}")...)
	all[len(all)-1].Long = true
	alone("a season of 1, 3, 2", "E(D − C)+ over the parts of the year, scaled to mean 1.", 120,
		func() float64 { return (at(0.5) + at(1.5) + at(1)) / 3 }, keys("time.days_per_year=60 demand.season=[1,3,2]")...)
	alone("16 firms' worth of employees, rate per employee", "The rate is that of an order per employee, times the employees.", 100,
		func() float64 { return at(1) }, keys("orders.job.per=employee orders.job.rate=0.5 sizes.all={employees_least=16,employees_most=16,employees_mean=16}")...)

	volume := func(law string, mean, cv float64, orders float64, days int, excess func(x float64) float64) {
		name, set := fmt.Sprintf("%g orders a day, %s of mean %g", orders, law, mean), keys("orders.job.rate=%g orders.job.operations.1.hours.law=%s orders.job.operations.1.hours.mean=%g", orders, law, mean)
		if law != "exponential" {
			name, set = fmt.Sprintf("%s and cv %g", name, cv), append(set, fmt.Sprintf("orders.job.operations.1.hours.cv=%g", cv))
		}
		alone(name, "E(S − C)+ of a Poisson number of independent volumes.", days, func() float64 { return volumeExcess(orders, excess, 8) }, set...)
	}
	volume("exponential", 4, 1, 2, 120, func(x float64) float64 { return gammaExcess(4, 1, x) })
	volume("gamma", 4, 0.5, 2, 120, func(x float64) float64 { return gammaExcess(4, 0.5, x) })
	alone("0.5 orders a day, gamma of mean 16 and cv 2", "E(S − C)+ over the number of orders: sums of gamma volumes are gamma.", 300, func() float64 { return gammaVolume(0.5, 16, 2, 8) },
		keys("orders.job.rate=0.5 orders.job.operations.1.hours={law=\"gamma\",mean=16,cv=2}")...)
	volume("lognormal", 4, 0.5, 2, 120, func(x float64) float64 { return lognormalExcess(4, 0.5, x) })
	volume("lognormal", 1, 0.8, 8, 120, func(x float64) float64 { return lognormalExcess(1, 0.8, x) })
	alone("4 orders a day of 1, 2 or 4 hours", "E(S − C)+ of a compound Poisson volume (Panjer 1981).", 120,
		func() float64 { return compound(4, law{0, 0.5, 0.25, 0, 0.25}).excess(8) },
		keys("orders.job.rate=4 orders.job.operations.1.hours.law=listed orders.job.operations.1.hours.values=[1,2,4] orders.job.operations.1.hours.probabilities=[0.5,0.25,0.25]")...)
	alone("4 orders a day, geometric of mean 2, at most 5 hours", "Draws above the most count as the most.", 120,
		func() float64 {
			size := geometric(2)
			size[5] = size.atLeast(5)
			return compound(4, size[:6]).excess(8)
		}, keys("orders.job.rate=4 orders.job.operations.1.hours.law=geometric orders.job.operations.1.hours.mean=2 orders.job.operations.1.hours.most=5")...)
	all[len(all)-1].load = func() float64 { s := geometric(2); s[5] = s.atLeast(5); return 4 * s[:6].mean() }()
	for _, regime := range []string{"pooled", "market"} {
		add(Case{
			Name: fmt.Sprintf("hours lost, %s, a gamma volume of cv 0.8 each day, N = 4", regime), Doc: "The volumes of N firms are gamma again, with N times the shape.",
			Set:    keys("region.firms=4 time.days=700 orders.job.arrivals=fixed orders.job.rate=1 orders.job.operations.1.hours.law=gamma orders.job.operations.1.hours.mean=8 orders.job.operations.1.hours.cv=0.8"),
			Regime: regime, Exact: func() float64 { return gammaExcess(32, 0.4, 32) / 4 }, figure: lost(4), firms: 4, load: 8,
		})
		add(Case{
			Name: fmt.Sprintf("hours lost, %s, common demand of each of two sectors, N = 2 × 2", regime), Doc: "E(ΣX + 2Z + 2Z′ − NC)+/N with Z and Z′ of the sectors.",
			Set:    keys("region.firms=4 time.days=900 sectors.other.units.machine=8 orders.job.common_share=0.5 orders.job.common_group=sector"),
			Regime: regime, figure: lost(4), firms: 4, load: 8,
			Exact: func() float64 {
				twice := law{}
				for n, p := range poisson(4) {
					for len(twice) <= 2*n {
						twice = append(twice, 0)
					}
					twice[2*n] = p
				}
				return poisson(16).plus(twice).plus(twice).excess(32) / 4
			},
		})
		add(Case{
			Name: fmt.Sprintf("hours lost, %s, listed demand of 4 or 12 with correlation 0.36, N = 2", regime), Doc: "Each firm takes the common count with probability √ρ: together with probability ρ.",
			Set:    keys("region.firms=2 time.days=500 orders.job.arrivals=listed orders.job.counts=[4,12] orders.job.probabilities=[0.5,0.5] orders.job.common_share=0.36"),
			Regime: regime, figure: lost(2), firms: 2, load: 8,
			Exact: func() float64 { return (0.36*0.5 + 0.64*0.25) * 8 / 2 },
		})
	}
	return all
}

// resources are what units do: come and go, need operators, follow each other.
func resources() []Case {
	var all []Case
	add := func(c Case) {
		c.Section, c.Enough = "13 resources", EnoughHours
		all = append(all, c)
	}
	const between, repair = 20, 5
	for _, x := range []struct {
		name string
		up   float64
		set  []string
	}{
		{"each of 8 there with probability 0.8", 0.8, keys("kinds.machine.availability={process=\"daily\",probability=0.8}")},
		{"failures every 20 days, repairs of 5", float64(between-1) / (between - 1 + repair), keys("kinds.machine.availability={process=\"sojourn\",mean_days_between_failures=%d,mean_days_to_repair=%d}", between, repair)},
	} {
		units := func(firms int) law { return binomial(8*firms, x.up) }
		add(Case{
			Name: "hours served, alone, " + x.name, Doc: "E min(D, U), U of binomially many units that are up.", File: "sales.toml", Regime: "autarky",
			Set: append(keys("region.firms=%d time.days=100", many), x.set...), figure: served(many), firms: many, load: 8,
			Exact: func() float64 { return meanLeast(poisson(8), units(1)) },
		})
		for _, regime := range []string{"market", "pooled"} {
			add(Case{
				Name: fmt.Sprintf("hours served, %s, N = 4, %s", regime, x.name), Doc: "E min(ΣD, ΣU)/N.", File: "sales.toml", Regime: regime,
				Set: append(keys("region.firms=4 time.days=250"), x.set...), figure: served(4), firms: 4, load: 8,
				Exact: func() float64 { return meanLeast(poisson(32), units(4)) / 4 },
			})
		}
	}

	// work that waits for units that come and go
	daily := func(p float64, units int) func(int) law { return func(int) law { return binomial(units, p) } }
	sojourn := func(between, repair float64) func(int) law { // of one unit
		fails, ends := 1/between, 1/repair
		return func(up int) law {
			if up == 1 {
				return law{fails, 1 - fails}
			}
			return law{1 - ends*(1-fails), ends * (1 - fails)}
		}
	}
	for _, x := range []struct {
		name  string
		units int
		rate  float64
		days  int
		move  func(int) law
		set   string
	}{
		{"5 units there with probability 0.8, λ = 3", 5, 3, 4000, daily(0.8, 5), "process=\"daily\",probability=0.8"},
		{"1 unit there with probability 0.8, λ = 0.5", 1, 0.5, 5500, daily(0.8, 1), "process=\"daily\",probability=0.8"},
		{"1 unit, failures every 20 days, repairs of 2, λ = 0.6", 1, 0.6, 8000, sojourn(20, 2), "process=\"sojourn\",mean_days_between_failures=20,mean_days_to_repair=2"},
	} {
		add(Case{
			Name: "backlog, " + x.name, Doc: "The chain of units and of work left over: future days are planned at mean availability, and mended.", File: "backlog.toml", Regime: "autarky",
			Set:   keys("orders.job.rate=%g sectors.all.units.machine=%d time.days=%d orders.job.operations.1.max_units_per_day=100 kinds.machine.availability={%s}", x.rate, x.units, x.days, x.set),
			Exact: func() float64 { return shakyBacklog(x.rate, x.units, x.move) }, firms: few, load: x.rate, Long: true,
			figure: func(r *sim.Result) float64 { return r.Backlog.Float() / float64(few*r.Days) },
		})
	}

	// operators in other proportions: a person runs two machines, a machine needs
	// two people
	for _, ratio := range []float64{0.5, 2} {
		people := binomial(4, 0.8)
		runs := func(people law) law { // machine hours that people can run
			var out law
			for n, p := range people {
				hours := int(float64(n) / ratio)
				for len(out) <= hours {
					out = append(out, 0)
				}
				out[hours] += p
			}
			return out
		}
		demand, machines := poisson(3), binomial(4, 0.8)
		for _, x := range []struct {
			regime, doc string
			exact       func() float64
		}{
			{"autarky", "E min(D, M, ⌊L/ratio⌋).", func() float64 { return meanLeast(demand, machines, runs(people)) }},
			{"firm", "E min(ΣD, Σ min(M, ⌊L/ratio⌋))/N.", func() float64 { return meanLeast(demand.times(3), machines.least(runs(people)).times(3)) / 3 }},
			{"cooperative", "E min(ΣD, ΣM, Σ⌊L/ratio⌋)/N: the people of an hour come from one firm.", func() float64 { return meanLeast(demand.times(3), machines.times(3), runs(people).times(3)) / 3 }},
			{"pooled", "E min(ΣD, ΣM, ⌊ΣL/ratio⌋)/N.", func() float64 { return meanLeast(demand.times(3), machines.times(3), runs(people.times(3))) / 3 }},
		} {
			add(Case{
				Name: fmt.Sprintf("hours served, %s, %g operator hours an hour, N = 3", x.regime, ratio), Doc: x.doc, File: "separator.toml", Regime: x.regime,
				Set: keys("region.firms=3 time.days=400 kinds.machine.operator_hours=%g", ratio), figure: served(3), firms: 3, load: 3, Exact: x.exact,
			})
		}
	}

	// two steps of one order
	for _, x := range []struct {
		regime string
		firms  int
	}{{"autarky", 1}, {"pooled", few}} {
		add(Case{
			Name: "hours of the first of two steps, " + x.regime, Doc: "E min(ΣD, ΣA, ΣB)/N: an order needs both kinds, one after the other.", File: "routing.toml", Regime: x.regime,
			Set: keys("time.days=150"), figure: served(few), firms: few, load: 3,
			Exact: func() float64 {
				return meanLeast(poisson(3).times(x.firms), binomial(5*x.firms, 0.7), binomial(4*x.firms, 0.8)) / float64(x.firms)
			},
		})
	}

	// unlike work: what comes first is served first, and pooling hurts
	bin := func(hours []int, room int) (served []float64) { // mean orders served, in this order of classes
		left := law{}
		for range room {
			left = append(left, 0)
		}
		left = append(left, 1)
		for _, h := range hours {
			next, mean := make(law, room+1), 0.0
			for l, p := range left {
				for n, q := range poisson(3) {
					k := min(n, l/h)
					next[l-k*h] += p * q
					mean += p * q * float64(k)
				}
			}
			left, served = next, append(served, mean)
		}
		return served
	}
	orders := func(r *sim.Result) float64 {
		n := int64(0)
		for _, c := range r.Classes {
			for _, need := range c {
				n += need.OnTime
			}
		}
		return float64(n) / float64(r.Days)
	}
	for _, x := range []struct {
		regime, doc string
		exact       func() float64
	}{
		{"autarky", "E min(D, 4) short orders and E min(D, 1) long ones.", func() float64 { return bin([]int{1}, 4)[0] + bin([]int{4}, 4)[0] }},
		{"pooled", "One bin of 8 hours, filled as orders come: long ones first or short ones first, as often.", func() float64 {
			a, b := bin([]int{1, 4}, 8), bin([]int{4, 1}, 8)
			return (a[0] + a[1] + b[0] + b[1]) / 2
		}},
	} {
		c := Case{
			Name: "orders served of 1 and of 4 hours, " + x.regime, Doc: x.doc, File: "mixed.toml", Regime: x.regime, Set: keys("replicates=4000 time.days=8"),
			figure: orders, firms: 1, load: 15, Exact: x.exact,
		}
		add(c)
	}
	return all
}

// moneys are the accounts of what a firm alone pays.
func moneys() []Case {
	var all []Case
	add := func(c Case) {
		c.Section, c.Regime, c.Enough = "14 money", "autarky", EnoughHours
		all = append(all, c)
	}
	cost := func(firms int) func(*sim.Result) float64 { // of serving all demand, worth 1 an hour
		return func(r *sim.Result) float64 {
			return (demanded(r) - r.Region.Surplus().Float()) / float64(firms*r.Days)
		}
	}
	excess := func(c int) float64 { return poissonExcess(8, c) }
	for _, x := range []struct {
		name, doc, set string
		exact          func() float64
	}{
		{"overtime of 2 hours at 0.5", "0.5 E min((D − C)+, 2) and 1 for what is lost beyond.", "kinds.machine.overtime_hours=0.25 kinds.machine.overtime_premium=0.5",
			func() float64 { return 0.5*(excess(8)-excess(10)) + excess(10) }},
		{"bought at 0.6, at least 1.5 hours", "1.5 × 0.6 for each order beyond capacity.", "kinds.machine.outside={price_per_hour=0.6,minimum_hours=1.5}",
			func() float64 { return 0.9 * excess(8) }},
		{"bought at 0.6, at least 2 hours", "Dearer than losing the order: 1.", "kinds.machine.outside={price_per_hour=0.6,minimum_hours=2}",
			func() float64 { return excess(8) }},
		{"bought at 0.6, a third of it a resource cost", "0.2 for each hour bought: the rest of the price is a transfer.", "kinds.machine.outside={price_per_hour=0.6} accounts.outside_resource_share=0.333333333333",
			func() float64 { return 0.2 * excess(8) }},
		{"overtime of 2 hours at 0.5, then bought at 0.7", "Each shortage takes the cheapest fallback that has room.", "kinds.machine.overtime_hours=0.25 kinds.machine.overtime_premium=0.5 kinds.machine.outside={price_per_hour=0.7}",
			func() float64 { return 0.5*(excess(8)-excess(10)) + 0.7*excess(10) }},
		{"variable cost of 0.25, overtime at 0.5 more", "0.25 an hour served, 0.5 for overtime, 1 for what is lost.", "kinds.machine.variable_cost_per_hour=0.25 kinds.machine.overtime_hours=0.25 kinds.machine.overtime_premium=0.5",
			func() float64 { return 0.25*(8-excess(10)) + 0.5*(excess(8)-excess(10)) + excess(10) }},
		{"a third of what is lost is won by others", "2/3 for each hour lost.", "orders.job.lost_to_region=0.333333333333",
			func() float64 { return excess(8) * 2 / 3 }},
		{"set-up of half an hour at 0.2", "0.2 × 1.5 for each of ⌊C/1.5⌋ orders, 1 for the others.", "kinds.machine.variable_cost_per_hour=0.2 orders.job.completion=whole orders.job.operations.1.setup_hours=0.5",
			func() float64 { s := 8 - excess(5); return 0.3*s + excess(5) }},
	} {
		add(Case{Name: "cost a day, " + x.name, Doc: x.doc, File: "sales.toml", Set: append(keys("region.firms=%d time.days=120", many), keys("%s", x.set)...),
			Exact: x.exact, figure: cost(many), firms: many, load: 8})
	}
	for _, x := range []struct {
		units int
		rate  float64
		days  int
	}{{1, 0.8, 16000}, {4, 3, 3800}} {
		add(Case{
			Name: fmt.Sprintf("lateness cost, C = %d, λ = %g", x.units, x.rate), Doc: "Each hour that waits over night costs a day of lateness: 0.1 × E W (Spitzer 1956, Little 1961).",
			File: "backlog.toml", Set: keys("orders.job.rate=%g sectors.all.units.machine=%d time.days=%d time.runout_days=300 orders.job.value_per_hour=1000 orders.job.lateness_cost=0.0001", x.rate, x.units, x.days),
			Exact: func() float64 { w, _ := backlog(x.rate, x.units); return 0.1 * w },
			figure: func(r *sim.Result) float64 {
				return (1000*demanded(r) - r.Region.Surplus().Float()) / float64(few*r.Days)
			}, firms: few, load: x.rate, Long: true,
		})
	}

	for _, lead := range []int{1, 4} {
		window := lead + 1
		best, least := 0, math.Inf(1)
		for n := 1; n < 40; n++ {
			if c := float64(n) + 4*poissonExcess(8*float64(window), n*window)/float64(window); c < least {
				best, least = n, c
			}
		}
		add(Case{
			Name: fmt.Sprintf("units owned, %d days of lead", lead), Doc: "The newsvendor on the hours that arrive in lead + 1 days.", File: "capacity.toml",
			Set:   keys("time.days=20 orders.job.lead.minimum_days=%d", lead),
			Exact: func() float64 { return float64(best) }, firms: many, load: 8,
			figure: func(r *sim.Result) float64 { return r.Hours[machine].Capacity.Float() / float64(r.Firms*r.Days) },
		})
	}

	// the units that a firm buys, and what they cost it
	for _, x := range []struct {
		name, set string
		cost      func(n int) float64
	}{
		{"a loss of 2.5", "orders.job.value_per_hour=2.5", func(n int) float64 { return float64(n) + 2.5*poissonExcess(8, n) }},
		{"bought at 1.8", "kinds.unit.outside={price_per_hour=1.8}", func(n int) float64 { return float64(n) + 1.8*poissonExcess(8, n) }},
		{"overtime of as long again at 1.5, a loss of 4", "kinds.unit.overtime_hours=1 kinds.unit.overtime_premium=1.5", func(n int) float64 {
			return float64(n) + 1.5*(poissonExcess(8, n)-poissonExcess(8, 2*n)) + 4*poissonExcess(8, 2*n)
		}},
	} {
		best, least := 0, math.Inf(1)
		for n := 1; n < 40; n++ {
			if c := x.cost(n); c < least {
				best, least = n, c
			}
		}
		set := append(keys("time.days=60 orders.job.completion=partial orders.job.operations.1.max_units_per_day=100"), keys("%s", x.set)...)
		worth := 4.0
		if x.name == "a loss of 2.5" {
			worth = 2.5
		}
		add(Case{Name: "units owned, " + x.name, Doc: "The count that minimises fixed and shortage cost, over all counts.", File: "capacity.toml", Set: set,
			Exact: func() float64 { return float64(best) }, firms: many, load: 8,
			figure: func(r *sim.Result) float64 { return r.Hours[machine].Capacity.Float() / float64(r.Firms*r.Days) }})
		add(Case{Name: "cost a day, " + x.name, Doc: "Its fixed and shortage cost at that count.", File: "capacity.toml", Set: set,
			Exact: func() float64 { return least }, firms: many, load: 8,
			figure: func(r *sim.Result) float64 {
				return (worth*demanded(r) - r.Region.Surplus().Float()) / float64(r.Firms*r.Days)
			}})
	}
	return all
}
