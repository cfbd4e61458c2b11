package verify

import (
	"fmt"
	"math"

	"idleshift/sim"
)

const frictional = "10 frictions"

// frictions are the terms of a deal, where all that they leave can be counted.
func frictions() []Case {
	var all []Case
	add := func(c Case) {
		c.Section = frictional
		all = append(all, c)
	}
	lend := func(name, doc string, days int, exact func() float64, set ...string) Case {
		return Case{
			Name: name, Doc: doc, File: "lend.toml", Regime: "lend", Set: append(keys("time.days=%d", days), set...),
			Exact: exact, Enough: EnoughHours, figure: served(1), firms: 1, load: 7.2,
		}
	}

	// time that a deal takes
	for _, x := range []struct{ lead, wait, days int }{{1, 1, 500}, {2, 1, 800}, {3, 1, 1400}, {3, 2, 800}} {
		c := lend(fmt.Sprintf("share lost, %d days of lead, deals take %d", x.lead, x.wait),
			"The chain of work left over with a lead time that is shorter by the days that a deal takes.", x.days,
			func() float64 { return lostFraction(9, 8, x.lead-x.wait) },
			keys("orders.job.rate=9 orders.job.lead.minimum_days=%d tiers.lend.first_deal_days=[%d]", x.lead, x.wait)...)
		c.figure, c.load = lostShare, 9
		add(c)
	}
	c := lend("share lost, 2 days of lead, first deal after 2 days, call-offs after 1",
		"When its contract runs, a pair is as near as its call-offs.", 800,
		func() float64 { return lostFraction(9, 8, 1) },
		keys("orders.job.rate=9 orders.job.lead.minimum_days=2 tiers.lend.first_deal_days=[2] tiers.lend.call_off_days=1 tiers.lend.contract_days=100000")...)
	c.figure, c.load = lostShare, 9
	add(c)
	c = lend("share served, 2 days of lead, first deals take 0 to 2 days", "The days that a pair's deals take are drawn once: a mean over three chains.", 20,
		func() float64 {
			return 1 - (lostFraction(7.2, 8, 2)+lostFraction(7.2, 8, 1)+lostFraction(7.2, 8, 0))/3
		}, keys("replicates=1000 orders.job.lead.minimum_days=2 tiers.lend.first_deal_days=[0,2]")...)
	c.figure = func(r *sim.Result) float64 { return 1 - lostShare(r) }
	c.Enough = EnoughHours / 7.2
	add(c)

	// clearings
	for _, cycle := range []int{1, 2, 5} {
		add(lend(fmt.Sprintf("hours served, due on the day, cleared every %d days", cycle), "E min(D, C) on the days that clear, nothing on the others.", 100*cycle,
			func() float64 { return (7.2 - poissonExcess(7.2, 8)) / float64(cycle) }, keys("tiers.lend.clearing_days=%d", cycle)...))
	}
	for _, cycle := range []int{2, 3} {
		add(lend(fmt.Sprintf("hours served, %d days of lead, cleared every %d days", cycle-1, cycle),
			"Each clearing serves the arrivals of its cycle, the oldest first, in what is left of the days until they are due.", 150*cycle,
			func() float64 { return cycleServed(poisson(7.2), 8, cycle) / float64(cycle) },
			keys("tiers.lend.clearing_days=%d orders.job.lead.minimum_days=%d time.warmup_days=%d", cycle, cycle-1, 20*cycle)...))
	}

	// what is exposed
	for _, days := range []int{0, 1} {
		c := lend(fmt.Sprintf("share lost, 1 day of lead, hours of %d days ahead exposed", days),
			"Requests wait in the book, so a nearer view costs nothing where work is served in order of arrival.", 800,
			func() float64 { return lostFraction(9, 8, 1) }, keys("orders.job.rate=9 orders.job.lead.minimum_days=1 policies.all.expose_days=%d", days)...)
		c.figure, c.load = lostShare, 9
		add(c)
	}
	for _, share := range []float64{0.25, 0.5} {
		add(lend(fmt.Sprintf("hours served, %g of capacity held in reserve", share), "E min(D, C(1 − reserve)).", 200,
			func() float64 { return 7.2 - poissonExcess(7.2, int(8*(1-share))) }, keys("policies.all.reserve_share=%g", share)...))
	}

	// unfamiliarity, rework and set-up: whole orders in a bin
	for _, x := range []struct {
		factor, rework, setup float64
		fit                   int
	}{{1.5, 0.2, 0, 4}, {1.25, 0, 0, 6}, {1, 0, 0.5, 5}, {1.5, 0, 0.5, 4}} {
		add(lend(fmt.Sprintf("hours served, unfamiliarity %g, rework %g, set-up %g h", x.factor, x.rework, x.setup),
			"E min(D, ⌊C/(factor × (1 + rework) + set-up)⌋) orders of one hour.", 200,
			func() float64 { return meanLeast(poisson(7.2), exactly(x.fit)) },
			keys("tiers.lend.unfamiliar_factor=%g tiers.lend.rework_probability=%g orders.job.operations.1.setup_hours=%g", x.factor, x.rework, x.setup)...))
	}

	// approval
	asked := func(share float64) []string {
		return keys("policies.all.approval=asked policies.all.approval_share=%g orders.job.arrivals=fixed orders.job.rate=1", share)
	}
	for _, x := range []struct {
		providers, lead, delay, tries int
		share                         float64
	}{{1, 0, 0, 1, 0.6}, {3, 1, 0, 2, 0.6}, {2, 4, 0, 2, 0.3}, {4, 2, 1, 2, 0.6}, {4, 4, 2, 2, 0.5}, {3, 0, 1, 0, 0.6}} {
		c := lend(fmt.Sprintf("orders served, %d providers approve %g of deals after %d days, %d days of lead", x.providers, x.share, x.delay, x.lead),
			"1 − (1 − share)^tries: a provider a clearing while time is left, none asked twice.", 1100,
			func() float64 { return 1 - math.Pow(1-x.share, float64(x.tries)) },
			append(asked(x.share), keys("policies.all.approval_days=%d orders.job.lead.minimum_days=%d region.firms=%d sectors.have.share=%d", x.delay, x.lead, x.providers+1, x.providers)...)...)
		c.load = 1
		add(c)
	}
	c = lend("orders served, one side approves 0.9 of deals, the other 0.6", "Both compare one latent draw with their share: the least of the two.", 800,
		func() float64 { return 0.6 },
		append(asked(0.9), keys("policies.picky.sectors=[\"have\"] policies.picky.approval=asked policies.picky.approval_share=0.6")...)...)
	c.load = 1
	add(c)
	for _, broker := range []string{"optimal", "nearest"} {
		size := func() float64 { return firstCome(3, 3, 0.5) }
		if broker == "optimal" {
			size = func() float64 { return matching(3, 3, 0.5, largest) }
		}
		add(Case{
			Name: fmt.Sprintf("matches, broker %s, n = 3, p = 0.5, 0.7 of them approved", broker), Doc: "A share of the matching: the broker cannot know who will refuse.",
			File: "matching.toml", Set: keys("replicates=13000 region.firms=6 kinds.machine.match_share=0.5 policies.all.approval=asked policies.all.approval_share=0.7"), Regime: broker,
			Exact: func() float64 { return 0.7 * size() }, figure: served(1), firms: 1, load: 3,
		})
	}

	// adoption
	for _, x := range []struct{ adopt, tolerate float64 }{{0.25, 1}, {0.6, 1}, {0.8, 0.5}} {
		share := x.adopt * x.tolerate
		add(Case{
			Name: fmt.Sprintf("hours lost, %g of 4 firms join, %g tolerate disclosure, Poisson(8), C = 8", x.adopt, x.tolerate),
			Doc:  "Binomially many firms are one firm, the others stay alone.",
			File: "sales.toml", Set: keys("replicates=2400 time.days=15 region.firms=4 tiers.whole.adoption=%g policies.all.tolerates_open=%g", x.adopt, x.tolerate), Regime: "market",
			Enough: EnoughHours, figure: lost(4), firms: 4, load: 8,
			Exact: func() float64 {
				sum := 0.0
				for k, p := range binomial(4, share) {
					sum += p * float64(4-k) * poissonExcess(8, 8)
					if k > 0 {
						sum += p * poissonExcess(8*float64(k), 8*k)
					}
				}
				return sum / 4
			},
		})
	}
	for _, broker := range []string{"optimal", "nearest"} {
		size := func(n, m int) float64 { return firstCome(n, m, 0.5) }
		if broker == "optimal" {
			size = func(n, m int) float64 { return matching(n, m, 0.5, largest) }
		}
		add(Case{
			Name: fmt.Sprintf("matches, broker %s, n = 3, p = 0.5, 0.7 of firms join", broker), Doc: "Matchings of binomially many requests and offers.",
			File: "matching.toml", Set: keys("replicates=17000 region.firms=6 kinds.machine.match_share=0.5 tiers.%s.adoption=0.7", broker), Regime: broker,
			figure: served(1), firms: 1, load: 3,
			Exact: func() float64 {
				sum := 0.0
				for n, p := range binomial(3, 0.7) {
					for m, q := range binomial(3, 0.7) {
						sum += p * q * size(n, m)
					}
				}
				return sum
			},
		})
	}

	// least hours of a deal, and what a deal costs: two firms with an order each
	// a day, of listed hours, divisible
	sizes := law{0, 0, 0.2, 0, 0, 0.2, 0, 0, 0.2, 0, 0, 0.2, 0, 0, 0.2} // 2, 5, 8, 11 or 14 hours
	listed := keys("region.firms=2 time.days=400 orders.job.arrivals=fixed orders.job.rate=1 orders.job.operations.1.hours.law=listed orders.job.operations.1.hours.values=[2,5,8,11,14] orders.job.operations.1.hours.probabilities=[0.2,0.2,0.2,0.2,0.2]")
	traded := func(worth func(x int) float64) float64 { // mean over the hours that could be lent from one firm to the other
		sum := 0.0
		for a, p := range sizes {
			for b, q := range sizes {
				sum += p * q * worth(max(0, min(a-8, 8-b)))
			}
		}
		return sum
	}
	for _, least := range []float64{0, 3, 4, 7} {
		add(Case{
			Name: fmt.Sprintf("hours lost, deals of at least %g hours", least), Doc: "E(D − C)+ less the hours that two firms exchange in deals that are large enough.",
			File: "sales.toml", Set: append(keys("tiers.whole.minimum_hours=%g", least), listed...), Regime: "market",
			Enough: EnoughHours, figure: lost(2), firms: 2, load: 8,
			Exact: func() float64 {
				return sizes.excess(8) - traded(func(x int) float64 {
					if float64(x) < least {
						return 0
					}
					return float64(x)
				})
			},
		})
	}
	for _, cost := range []float64{0.5, 1.6, 2.5} {
		for _, broker := range []string{"greedy", "optimal"} {
			add(Case{
				Name: fmt.Sprintf("surplus, a deal costs each side %g, broker %s", cost, broker), Doc: "E min(D, C) and E(x − 2 cost)+ of the x hours, worth 1 each, that could be lent.",
				File: "sales.toml", Set: append(keys("tiers.whole.first_deal_cost=%g tiers.whole.broker=%s", cost, broker), listed...), Regime: "market",
				Enough: EnoughHours, figure: surplus(2), firms: 2, load: 8,
				Exact: func() float64 {
					return 8 - sizes.excess(8) + traded(func(x int) float64 { return max(0, float64(x)-2*cost) })
				},
			})
		}
	}

	// what a provider asks for its slack decides on the deal, and is no cost
	for _, x := range []struct{ slack, cost float64 }{{0.4, 1.6}, {0.4, 0}, {1.1, 0}} {
		add(Case{
			Name: fmt.Sprintf("surplus, a charge for slack of %g, a deal costs each side %g", x.slack, x.cost), Doc: "E min(D, C) and x − 2 cost of the x hours of deals that bear cost and charge.",
			File: "sales.toml", Set: append(keys("tiers.whole.first_deal_cost=%g policies.all.slack_charge_per_hour=[%g]", x.cost, x.slack), listed...), Regime: "market",
			Enough: EnoughHours, figure: surplus(2), firms: 2, load: 8,
			Exact: func() float64 {
				return 8 - sizes.excess(8) + traded(func(h int) float64 {
					if float64(h)*(1-x.slack) < 2*x.cost {
						return 0
					}
					return float64(h) - 2*x.cost
				})
			},
		})
	}

	// who can do the work at all, and what it costs to belong
	for _, x := range []struct{ name, set string }{
		{"domain", "domains.d={kind=\"machine\",share=0.8} orders.job.operations.1.domain=d"},
		{"certificate", "certifications.d.share=0.8 orders.job.certification=d"},
	} {
		add(lend(fmt.Sprintf("hours served, 8 providers hold the %s with probability 0.8", x.name), "E min(D, K), of binomially many providers with a machine each.", 10,
			func() float64 {
				sum := 0.0
				for k, p := range binomial(8, 0.8) {
					sum += p * meanLeast(poisson(7.2), exactly(k))
				}
				return sum
			}, keys("replicates=2500 time.warmup_days=0 region.firms=9 sectors.have.share=8 sectors.have.units.machine=1 %s", x.set)...))
	}
	c = lend("surplus, 0.7 of 4 firms join at 100 a year, the platform runs at 50", "E min(D, C) of each firm, at most as one firm, less what belonging and running cost.", 25,
		func() float64 {
			sum := 0.0
			for k, p := range binomial(4, 0.7) {
				sum += p * float64(4-k) * (8 - poissonExcess(8, 8))
				if k > 0 {
					sum += p * (8*float64(k) - poissonExcess(8*float64(k), 8*k))
				}
			}
			return (sum - (0.7*4*100+50)/250) / 4
		}, keys("replicates=800 region.firms=4 tiers.whole.adoption=0.7 tiers.whole.join_cost=60 tiers.whole.policy_cost=40 tiers.whole.running_cost=50")...)
	c.File, c.Regime, c.figure, c.firms, c.load = "sales.toml", "market", surplus(4), 4, 8
	add(c)

	// travel and freight
	road := 1.2 * km(43, -80, 43.3, -80.4)
	trip := 2 * road / 60
	add(Case{
		Name: "hours served by a person who travels", Doc: "Orders that fit into what the round trip leaves of the day.",
		File: "visit.toml", Regime: "visit", Enough: EnoughHours, figure: served(1), firms: 1, load: 4.5, Set: keys("time.days=700"),
		Exact: func() float64 { return visits(8-trip, func(h float64) float64 { return h }) },
	})
	add(Case{
		Name: "surplus of visits", Doc: "Value less the person's hours, travel included, and the kilometres, where it pays.",
		File: "visit.toml", Regime: "visit", Enough: EnoughHours, figure: surplus(1), firms: 1, load: 4.5,
		Set: keys("time.days=2200 transport.travel_per_km=0.5"),
		Exact: func() float64 {
			return visits(8-trip, func(h float64) float64 { return max(0, 18*h-2*trip-0.5*2*road) })
		},
	})
	for _, fee := range []float64{0, 0.5} {
		add(Case{
			Name: fmt.Sprintf("surplus of work that is sent away, fee %g", fee), Doc: "Value less the provider's cost and the freight, both ways, where what the requester can pay, the fee apart, covers the provider's cost.",
			File: "visit.toml", Regime: "visit", Enough: EnoughHours, figure: surplus(1), firms: 1, load: 4.5,
			Set: keys("kinds.person.mobility=site transport.freight_per_consignment=10 transport.freight_per_km=0.4 tiers.visit.fee_share=%g", fee),
			Exact: func() float64 {
				freight := 10 + 2*0.4*road
				return visits(8, func(h float64) float64 {
					if (20*h-freight)/(1+fee) < 2*h {
						return 0
					}
					return 18*h - freight
				})
			},
		})
	}

	// private costs
	for _, x := range []struct {
		broker, disclosure string
		exact              func() float64
	}{
		{"optimal", "open", func() float64 { return cheapestGain(2, 4, 0.5, 1.2) }},
		{"greedy", "open", func() float64 { return cheapestGain(2, 4, 0.5, 1.2) }},
		{"auction", "sealed", func() float64 { return cheapestGain(2, 4, 0.5, 1.2) }},
		{"nearest", "blind", func() float64 { return 2 * cheapestGain(1, 1, 0.5, 1.2) }},
	} {
		doc := "Σ ∫ P(X₍ᵢ₎ ≤ x) dx: the cheapest of four lognormal costs serve, where they lie below the value."
		if x.disclosure == "blind" {
			doc = "Σ ∫ P(X ≤ x) dx: any of the four is proposed, and declines below its cost."
		}
		add(Case{
			Name: fmt.Sprintf("surplus, 2 requests and 4 private costs, broker %s, %s", x.broker, x.disclosure), Doc: doc,
			File: "lend.toml", Regime: "lend", Exact: x.exact, Enough: EnoughHours, figure: surplus(1), firms: 1, load: 2, Long: x.broker == "greedy",
			Set: keys("replicates=16000 time.days=1 time.warmup_days=0 region.firms=5 sectors.have.share=4 sectors.have.units.machine=1 orders.job.arrivals=fixed orders.job.rate=2 orders.job.value_per_hour=1.2 kinds.machine.variable_cost_per_hour=1 kinds.machine.variable_cost_cv=0.5 kinds.machine.reference_value_per_hour=1.2 tiers.lend.broker=%s tiers.lend.disclosure=%s", x.broker, x.disclosure),
		})
	}
	return all
}

// surplus is the surplus a day of each of so many firms.
func surplus(firms int) func(*sim.Result) float64 {
	return func(r *sim.Result) float64 { return r.Region.Surplus().Float() / float64(firms*r.Days) }
}

// visits is the mean worth of orders of 1 to 8 hours of which those of at most
// so many hours can be served.
func visits(most float64, worth func(hours float64) float64) float64 {
	sum := 0.0
	for h := 1.0; h <= min(most, 8); h++ {
		sum += worth(h) / 8
	}
	return sum
}

// cycleServed is the mean hours that one clearing serves of the arrivals of the
// days since the last, of which those of k days ago are due in days − 1 − k
// days, with c hours a day from today on.
func cycleServed(arrivals law, c, days int) float64 {
	served := law{1}
	for k := 1; k <= days; k++ {
		next := make(law, k*c+1)
		for s, p := range served {
			for n, q := range arrivals {
				next[min(s+n, k*c)] += p * q
			}
		}
		served = next
	}
	return served.mean()
}
