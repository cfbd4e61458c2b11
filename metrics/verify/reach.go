package verify

import (
	"fmt"
	"math"
	"strings"
)

// reaches are who may work for whom: by lists of partners and by distance.
func reaches() []Case {
	var all []Case
	add := func(regime, name, doc string, set []string, firms int, exact func() float64, demand law) {
		all = append(all, Case{
			Name: name, Section: "11 reach", Doc: doc, File: "chain.toml", Set: set, Regime: regime,
			Exact: exact, figure: served(1), firms: 1, load: float64(firms) * demand.mean(),
		})
	}
	listed := func(firms, units int, demand law) []string {
		var counts, shares []string
		for n, p := range demand {
			if p > 0 {
				counts, shares = append(counts, fmt.Sprint(n)), append(shares, fmt.Sprint(p))
			}
		}
		return keys("region.firms=%d sectors.all.units.machine=%d orders.job.counts=[%s] orders.job.probabilities=[%s]",
			firms, units, strings.Join(counts, ","), strings.Join(shares, ","))
	}
	partners := func(reach []uint) []string {
		var pairs []string
		for i, r := range reach {
			for j := range reach {
				if j != i && r>>j&1 == 1 {
					pairs = append(pairs, fmt.Sprintf("[%d,%d]", i+1, j+1))
				}
			}
		}
		return keys("region.partners=[%s]", strings.Join(pairs, ","))
	}
	next := func(n, k int) []uint { // own and the k next firms of a ring
		reach := make([]uint, n)
		for i := range n {
			for j := range k + 1 {
				reach[i] |= 1 << ((i + j) % n)
			}
		}
		return reach
	}
	star := func(n int) []uint { // own and the first firm, which may send its work anywhere
		reach := make([]uint, n)
		for i := range n {
			reach[i] = 1 | 1<<i
			reach[0] |= 1 << i
		}
		return reach
	}
	even, heavy, bursts := law{0.25, 0.5, 0.25}, law{0.3, 0.3, 0.4}, law{0.6, 0, 0, 0.4}
	for _, x := range []struct {
		name   string
		reach  []uint
		units  int
		demand law
		text   string
	}{
		{"chain of 3", next(3, 1), 1, even, "0, 1 or 2 orders"},
		{"chain of 4", next(4, 1), 1, heavy, "1.1 orders"},
		{"chain of 5", next(5, 1), 1, bursts, "0 or 3 orders"},
		{"chain of 8", next(8, 1), 1, heavy, "1.1 orders"},
		{"chain of 4, 2 units each", next(4, 1), 2, law{0.2, 0.1, 0.3, 0.2, 0.2}, "0 to 4 orders"},
		{"own and the next two of 6", next(6, 2), 1, even, "0, 1 or 2 orders"},
		{"own and the next two of 6", next(6, 2), 1, bursts, "0 or 3 orders"},
		{"a star of 5", star(5), 1, heavy, "1.1 orders"},
		{"three pairs", []uint{3, 3, 12, 12, 48, 48}, 1, even, "0, 1 or 2 orders"},
	} {
		n := len(x.reach)
		set := append(listed(n, x.units, x.demand), partners(x.reach)...)
		add("next", fmt.Sprintf("orders served, %s, %s a firm", x.name, x.text), "The largest flow in the graph of who may work for whom, over all demands.",
			set, n, func() float64 { return flexible(x.reach, x.units, x.demand, false) }, x.demand)
		add("deficits", fmt.Sprintf("orders served, %s, %s a firm, own first", x.name, x.text), "Own work first, then the largest flow of what is left to the room that is left.",
			set, n, func() float64 { return flexible(x.reach, x.units, x.demand, true) }, x.demand)
	}

	// towns 10 km apart: a firm each, and a tier that reaches so far
	for _, x := range []struct {
		n, reach int
		ring     bool
		demand   law
	}{{6, 1, false, even}, {6, 2, false, heavy}, {7, 1, true, even}, {8, 2, true, bursts}} {
		shape, towns := "a row", []string{"places.here=false", "region.partners=[]"}
		for i := range x.n {
			east, north := 10*float64(i), 0.0
			if x.ring {
				shape = "a ring"
				radius := 5 / math.Sin(math.Pi/float64(x.n))
				north, east = math.Sincos(2 * math.Pi * float64(i) / float64(x.n))
				north, east = radius*north, radius*east
			}
			const degree = 6371.0088 * math.Pi / 180
			towns = append(towns, fmt.Sprintf("places.p%d={latitude=%.6f,longitude=%.6f}", i, 43+north/degree, -80+east/degree/math.Cos(43*math.Pi/180)))
		}
		radius := 10.5
		if x.reach == 2 {
			radius = 20.5
		}
		for _, own := range []bool{false, true} {
			set := append(listed(x.n, 1, x.demand), towns...)
			name, doc := fmt.Sprintf("orders served in %s of %d towns, %d apart at most, %.1f orders a firm", shape, x.n, x.reach, x.demand.mean()), "The largest flow between firms that lie within the radius, over all demands."
			if own {
				set, name = append(set, "tiers.everyone.book=deficits"), name+", own first"
			}
			add("everyone", name, doc, append(set, keys("tiers.everyone.radius_site_km=%g", radius)...), x.n,
				func() float64 { return flexible(near(x.n, x.reach, x.ring), 1, x.demand, own) }, x.demand)
		}
	}
	return all
}
