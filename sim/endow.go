package sim

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// endowment finds the units that a firm alone would own: per kind the count n
// that minimises, per day,
//
//	fixed × n + Σ over fallbacks of price × hours left to that fallback.
//
// Hours D that arrive in w days (w the mean lead time + 1, over the firm's
// classes by hours) meet w days of n units at mean availability; what is beyond
// goes to the cheapest fallback that has room:
//
//   - overtime on the units owned, at the premium, up to its limit. A machine's
//     overtime needs its operators', in proportion;
//   - late delivery, where the class accepts it: hours that would fit if the
//     window were longer by the days that may be late, at one day's lateness;
//   - the outside market or the loss of the order, whichever is cheaper, without
//     limit. The market counts if its lead days fit the mean lead time; its least
//     block is spread over the mean hours of an operation. A lost order costs its
//     value less the variable cost of all its work, over its hours of the kind
//     (completion whole) or over all its primary hours (partial).
//
// All prices are less the own variable cost, at the kind's public tariff and
// operator included; where classes differ they are averaged by hours.
//
// The law of D is exact where rates do not move, orders' hours are discrete and
// w is whole or arrivals are Poisson; otherwise it is gamma with an atom at zero
// that has D's mean, variance and (for phases exactly, for cycles and seasons by
// quadrature) probability of no hours at all.
//
// Kinds are taken one by one, staff last: operators are wanted for the hours of
// the machines that the firm has, and never more than can run them. Since they
// follow machine hours, their own fixed cost per hour counts as variable cost
// when machines are chosen, unless the operators are given. Routing, most units
// per day, domains and distance are left out: a firm equips itself for all
// domains of its orders, but not for orders whose certificate it lacks.
type endowment struct {
	r      *Region
	needs  [][]need     // by kind
	order  []int        // of kinds
	spread [2][]float64 // variance of the sum of w days' multipliers: the first, plus amplitude² times the second
	known  map[profile][]int32
	in     []inflow // scratch
}

// profile is what the units of a firm depend on.
type profile struct {
	sector, size int16
	employees    float64
	certificates uint64
	given        uint64
}

// need is the hours of a kind that an order of a class asks for.
type need struct {
	class    int16
	through  int16   // kind whose operators do them, -1 the kind itself
	mean     float64 // hours per order
	variance float64
	sizes    []atom  // the law of the hours, none if continuous
	short    float64 // price of an hour bought or lost
	late     float64 // price of an hour delivered a day late
}

type atom struct {
	hours       agents.Hours
	probability float64
}

// mostAtoms bounds the work of exact laws.
const mostAtoms = 1 << 8

// longest is the most days of a window; beyond it the law per day hardly moves.
const longest = 500

// newEndowment needs kinds, classes and demand compiled.
func (r *Region) newEndowment() *endowment {
	e := &endowment{r: r, needs: make([][]need, len(r.kinds)), known: map[profile][]int32{}}
	for c := range r.classes {
		e.addNeeds(c)
	}
	window := 0.0
	for c := range r.classes {
		window = max(window, e.lead(c)+1+float64(r.classes[c].lateDays))
	}
	e.spread = r.spread(int(math.Ceil(min(window, longest))))
	for k := range r.kinds {
		e.order = append(e.order, k)
	}
	slices.SortStableFunc(e.order, func(a, b int) int {
		return cmp.Compare(b2i(r.kinds[a].category == staff), b2i(r.kinds[b].category == staff))
	})
	return e
}

// lead is the mean lead time of a class in days.
func (e *endowment) lead(class int) float64 {
	c := &e.r.classes[class]
	return float64(c.lead) + c.leadLaw.Mean()
}

// addNeeds enters what the operations of a class need, by kind.
func (e *endowment) addNeeds(class int) {
	r, c := e.r, &e.r.classes[class]
	primary, cost := 0.0, 0.0
	for i := range c.operations {
		o := &c.operations[i]
		k := &r.kinds[o.kind]
		hours := o.law.Mean()
		primary += hours
		cost += (hours + o.setup.Float()) * e.variable(k)
		e.addNeed(class, o, o.kind, -1, 1000)
		if k.operator >= 0 {
			e.addNeed(class, o, k.operator, o.kind, k.ratio)
		}
	}
	value := c.value.Float() + c.hourValue.Float()*primary
	for k := range e.needs {
		for i := range e.needs[k] {
			n := &e.needs[k][i]
			if int(n.class) != class || n.mean == 0 {
				continue
			}
			lost := n.mean
			if c.partial {
				lost = primary
				if n.through >= 0 {
					lost *= ratioOf(&r.kinds[n.through])
				}
			}
			n.short = max(min((value-cost)/lost, e.outside(class, k, n)), 0)
			n.late = c.lateCost * value / n.mean
		}
	}
}

func (e *endowment) addNeed(class int, o *step, kind, through int16, ratio agents.Ratio) {
	x := float64(ratio) / 1000
	n := need{class: int16(class), through: through, mean: x * (o.law.Mean() + o.setup.Float()), variance: x * x * o.law.Variance()}
	values, probabilities := o.law.Atoms(mostAtoms)
	for i, v := range values {
		n.sizes = append(n.sizes, atom{ratio.Of(v + o.setup), probabilities[i]})
	}
	list := e.needs[kind]
	if i := slices.IndexFunc(list, func(m need) bool { return m.class == n.class && m.through == through }); i >= 0 {
		list[i].mean += n.mean
		list[i].variance += n.variance
		list[i].sizes = sum(list[i].sizes, n.sizes)
		return
	}
	e.needs[kind] = append(list, n)
}

// sum is the law of the sum of two independent numbers of hours.
func sum(a, b []atom) []atom {
	if len(a)*len(b) > mostAtoms {
		return nil
	}
	var out []atom
	for _, x := range a {
		for _, y := range b {
			out = append(out, atom{x.hours + y.hours, x.probability * y.probability})
		}
	}
	return out
}

func ratioOf(k *kind) float64 { return float64(k.ratio) / 1000 }

// variable is the variable cost of an hour of a kind, operator included.
func (e *endowment) variable(k *kind) float64 {
	if k.operator < 0 {
		return k.variable.Float()
	}
	return k.variable.Float() + ratioOf(k)*e.r.kinds[k.operator].variable.Float()
}

// outside is the cheapest price of an hour of the kind on the outside market,
// bought as such or with the machine that it runs, less own variable cost.
func (e *endowment) outside(class, of int, n *need) float64 {
	price := math.Inf(1)
	buy := func(k *kind, hours, per float64) {
		if k.outside != nil && float64(k.outside.lead) <= e.lead(class) {
			block := max(1, k.outside.minimum.Float()/hours)
			price = min(price, (k.outside.price.Float()*block-e.variable(k))/per)
		}
	}
	buy(&e.r.kinds[of], n.mean, 1)
	if n.through >= 0 {
		m := &e.r.kinds[n.through]
		buy(m, n.mean/ratioOf(m), ratioOf(m))
	}
	return price
}

// spread is, for windows of 0, 1, … days, the variance of the sum of the days'
// multipliers: of cycles and season, and what a phase of amplitude 1 adds.
func (r *Region) spread(days int) [2][]float64 {
	d := &r.demand
	keep := 1 - d.leave[0] - d.leave[1]
	year := len(d.season)
	var out, cov, total [2][]float64
	for i := range out {
		out[i], cov[i], total[i] = make([]float64, days+2), make([]float64, days+2), make([]float64, days+2)
	}
	for h := range days + 2 {
		season := 0.0
		for t := range d.season {
			season += d.season[t] * d.season[(t+h)%year]
		}
		both := math.Exp(d.cycle.covariance(h)+d.sector.covariance(h)) * season / float64(year)
		cov[0][h] = both - 1
		cov[1][h] = d.swing * math.Pow(keep, float64(h)) * both
	}
	for i := range out {
		step := 0.0 // variance that the next day adds
		for w := range days + 1 {
			if w == 0 {
				step = cov[i][0]
			} else {
				step += 2 * cov[i][w]
			}
			out[i][w+1] = out[i][w] + step
		}
	}
	return out
}

// covariance is that of the logs of two days h days apart.
func (a autoregression) covariance(h int) float64 {
	return a.sd * a.sd * math.Pow(a.keep, float64(h))
}

// units fills the counts of the kinds that are not given.
func (e *endowment) units(firm *Firm, given []bool, units []int32) {
	p := profile{firm.Sector, firm.Size, firm.Employees, firm.Certificates, 0}
	for k := range units {
		x := uint64(0)
		if given[k] {
			x = uint64(units[k]) + 1
		}
		p.given = rng.Pair(p.given, x)
	}
	found, ok := e.known[p]
	if !ok {
		found = slices.Clone(units)
		for k := range found {
			if !given[k] {
				found[k] = 0
			}
		}
		for _, k := range e.order {
			if !given[k] {
				found[k] = e.count(firm, k, given, found)
			}
		}
		e.known[p] = found
	}
	copy(units, found)
}

// inflow is the hours of one class that arrive at a firm.
type inflow struct {
	class          int16
	process        process
	rate           float64 // orders a day
	mean, variance float64 // hours per order
	sizes          []atom
}

// choice is the decision about one kind at one firm.
type choice struct {
	fixed  float64 // per unit and day
	hours  float64 // of a unit and day, at mean availability
	short  float64
	window [2]float64
	volume [2]volume // in time; late
	rungs  []rung    // limited fallbacks, cheapest first
}

// rung is a fallback of limited room.
type rung struct {
	price float64 // per hour
	extra float64 // hours that it adds to a unit's day
	late  bool    // it lengthens the window
}

// count is the best number of units of kind k, given the units of the kinds
// that come before it.
func (e *endowment) count(firm *Firm, k int, given []bool, units []int32) int32 {
	c, ok := e.choice(firm, k, given, units)
	if !ok {
		return 0
	}
	most := int32(math.MaxInt32)
	if crew, direct := e.crew(k, units); !direct {
		most = int32(math.Ceil(crew/c.hours - 1e-9))
	}
	return min(c.best(), most)
}

// crew is the operator hours a day that run all machines whose operators are
// of kind k; direct says whether the kind has other work as well.
func (e *endowment) crew(k int, units []int32) (hours float64, direct bool) {
	for _, n := range e.needs[k] {
		direct = direct || n.through < 0
	}
	for m := range e.r.kinds {
		if q := &e.r.kinds[m]; int(q.operator) == k {
			hours += float64(units[m]) * q.hours.Float() * q.up * ratioOf(q)
		}
	}
	return hours, direct
}

// choice gathers the demand for kind k at a firm; false if there is none.
func (e *endowment) choice(firm *Firm, k int, given []bool, units []int32) (choice, bool) {
	kind := &e.r.kinds[k]
	c := choice{fixed: kind.fixed.Float(), hours: kind.hours.Float() * kind.up}
	in := e.in[:0]
	var hours, window, late, latePrice float64
	for i := range e.needs[k] {
		n := &e.needs[k][i]
		class := &e.r.classes[n.class]
		if n.mean == 0 || n.through >= 0 && units[n.through] == 0 || !firm.fits(-1, class.certification) {
			continue
		}
		rate := e.r.rate(firm, int(n.class))
		g := &e.r.demand.origins[n.class]
		if g.process == breakdown && g.breaks >= 0 {
			rate = float64(units[g.breaks]) * e.r.breakdownRate(firm, int(n.class))
		}
		if rate <= 0 {
			continue
		}
		x := rate * n.mean
		hours += x
		window += x * (e.lead(int(n.class)) + 1)
		c.short += x * n.short
		late += x * float64(class.lateDays)
		latePrice += x * n.late
		if last := len(in) - 1; last >= 0 && in[last].class == n.class { // of the same order
			in[last].mean += n.mean
			in[last].variance += n.variance
			in[last].sizes = sum(in[last].sizes, n.sizes)
			continue
		}
		in = append(in, inflow{n.class, g.process, rate, n.mean, n.variance, n.sizes})
	}
	e.in = in
	if hours == 0 || c.hours == 0 {
		return c, false
	}
	salary := 0.0
	if kind.operator >= 0 && !given[kind.operator] {
		salary = e.salary(kind)
	}
	c.short = max(c.short/hours-salary, 0)
	c.window[0] = min(window/hours, longest)
	c.window[1] = min((window+late)/hours, longest)
	phase := e.r.phase(firm)
	c.volume[0] = e.volume(in, phase, c.window[0])
	if x, premium := e.overtime(kind); x > 0 && premium-salary < c.short {
		c.rungs = append(c.rungs, rung{price: max(premium-salary, 0), extra: x})
	}
	if price := latePrice / hours; c.window[1] > c.window[0] && price < c.short {
		c.volume[1] = e.volume(in, phase, c.window[1])
		c.rungs = append(c.rungs, rung{price: price, late: true})
	}
	slices.SortStableFunc(c.rungs, func(a, b rung) int { return cmp.Compare(a.price, b.price) })
	return c, true
}

// salary is the fixed cost of the operators of an hour of the kind.
func (e *endowment) salary(k *kind) float64 {
	o := &e.r.kinds[k.operator]
	if hours := o.hours.Float() * o.up; hours > 0 {
		return ratioOf(k) * o.fixed.Float() / hours
	}
	return 0
}

// overtime is the hours that a unit's day can be lengthened by, and their
// premium, operators included.
func (e *endowment) overtime(k *kind) (hours, premium float64) {
	hours, premium = k.overtime.Float(), k.premium.Float()
	if k.operator >= 0 {
		o := &e.r.kinds[k.operator]
		hours = min(hours, k.hours.Float()*o.overtime.Float()/max(o.hours.Float(), 1e-9))
		premium += ratioOf(k) * o.premium.Float()
	}
	return hours, premium
}

// best is the least n after which another unit does not pay. Cost is convex in n.
func (c *choice) best() int32 {
	least := 1e-9 * c.short * c.volume[0].mean / c.window[0]
	pays := func(n int32) bool { return c.cost(n)-c.cost(n+1) > least }
	lo, hi := int32(-1), int32(0) // lo pays, hi may not
	for hi < 1<<24 && pays(hi) {
		lo, hi = hi, 2*hi+1
	}
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; pays(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// cost is the fixed and shortage cost of n units, per day.
func (c *choice) cost(n int32) float64 {
	hours, late := c.hours, 0
	left := c.left(n, hours, late)
	sum := c.fixed * float64(n)
	for _, r := range c.rungs {
		hours += r.extra
		if r.late {
			late = 1
		}
		rest := min(left, c.left(n, hours, late))
		sum += r.price * (left - rest)
		left = rest
	}
	return sum + c.short*left
}

// left is the hours a day that do not fit n units of so many hours.
func (c *choice) left(n int32, hours float64, late int) float64 {
	w := c.window[late]
	return c.volume[late].excess(w*hours*float64(n)) / w
}

// volume is the law of the hours that arrive in a window.
type volume struct {
	mean float64
	// Discrete: beyond[i] = E[(D - i × step)+].
	beyond []float64
	step   float64
	// Otherwise: nothing with probability none, else a gamma of this shape and
	// scale. Shape 0 stands for a constant, scale.
	none, shape, scale, logGamma float64
}

// excess is E[(D - x)+].
func (v *volume) excess(x float64) float64 {
	if len(v.beyond) > 0 {
		i, part := math.Modf(x / v.step)
		if i >= float64(len(v.beyond)-1) {
			return 0
		}
		return v.beyond[int(i)]*(1-part) + v.beyond[int(i)+1]*part // linear between atoms
	}
	if x <= 0 {
		return v.mean
	}
	if v.shape == 0 {
		return (1 - v.none) * max(v.scale-x, 0)
	}
	y := x / v.scale
	q := mathext.GammaIncRegComp(v.shape, y)
	next := q + math.Exp(v.shape*math.Log(y)-y-v.logGamma) // of shape + 1
	return (1 - v.none) * max(v.shape*v.scale*next-x*q, 0)
}

// volume is the law of what arrives in w days.
func (e *endowment) volume(in []inflow, phase [2]float64, w float64) volume {
	var v volume
	moving, variance, orders := 0.0, 0.0, 0.0
	v.none = 1
	for i := range in {
		f := &in[i]
		v.mean += w * f.rate * f.mean
		count := w * f.rate // variance of the number of orders
		switch f.process {
		case steady:
			_, part := whole(count)
			variance += part * (1 - part) * f.mean * f.mean
			v.none *= max(1-count, 0)
			moving += f.rate * f.mean
		case listed:
			first, second, zero := e.r.demand.origins[f.class].moments()
			variance += w * (second - first*first) * f.mean * f.mean
			v.none *= math.Pow(zero, w)
		default:
			variance += count * f.mean * f.mean
			orders += f.rate
			moving += f.rate * f.mean
		}
		variance += count * f.variance
	}
	amplitude := 1 - phase[0]
	cycles := interpolate(e.spread[0], w)
	moves := cycles + amplitude*amplitude*interpolate(e.spread[1], w)
	variance += moving * moving * moves
	if moves == 0 && e.exact(&v, in, w, math.Sqrt(variance)) {
		return v
	}
	v.none = min(v.none*e.quiet(orders, phase, cycles, w), 1-1e-9)
	m := v.mean / (1 - v.none)
	rest := (variance+v.mean*v.mean)/(1-v.none) - m*m
	if rest <= 1e-9*m*m {
		v.scale = m
		return v
	}
	v.shape, v.scale = m*m/rest, rest/m
	v.logGamma, _ = math.Lgamma(v.shape + 1)
	return v
}

// moments are those of a listed day's orders, and the probability of none.
func (g *origin) moments() (first, second, zero float64) {
	before := 0.0
	for i, n := range g.counts {
		p := g.upTo[i] - before
		before = g.upTo[i]
		first += p * float64(n)
		second += p * float64(n) * float64(n)
		if n == 0 {
			zero += p
		}
	}
	return first, second, zero
}

// interpolate reads a table between whole days.
func interpolate(table []float64, w float64) float64 {
	i, part := math.Modf(w)
	if int(i) >= len(table)-1 {
		return table[len(table)-1]
	}
	return table[int(i)]*(1-part) + table[int(i)+1]*part
}

// quiet is the probability that no Poisson order arrives in w days: the phases'
// chain exactly, the cycles as one lognormal factor at three Gauss-Hermite nodes.
func (e *endowment) quiet(orders float64, phase [2]float64, cycles, w float64) float64 {
	days := max(math.Round(w), 1)
	per := orders * w / days
	s := math.Sqrt(math.Log1p(cycles / (w * w)))
	up, down := e.r.demand.leave[0], e.r.demand.leave[1]
	quiet := 0.0
	for i, weight := range [3]float64{1.0 / 6, 2.0 / 3, 1.0 / 6} {
		factor := math.Exp(s*math.Sqrt(3)*float64(i-1) - s*s/2)
		none := [2]float64{math.Exp(-per * factor * phase[0]), math.Exp(-per * factor * phase[1])}
		low, high := none[0]*down/(up+down), none[1]*up/(up+down)
		for range int(days) - 1 {
			low, high = none[0]*(low*(1-up)+high*down), none[1]*(high*(1-down)+low*up)
		}
		quiet += weight * (low + high)
		if cycles == 0 {
			return low + high
		}
	}
	return quiet
}

// exact fills v with the law itself where it is discrete and short enough.
func (e *endowment) exact(v *volume, in []inflow, w, sd float64) bool {
	step, largest, atoms, jumps := agents.Hours(0), agents.Hours(0), 0, 0.0
	for i := range in {
		f := &in[i]
		if len(f.sizes) == 0 || f.process == listed && w != math.Trunc(w) {
			return false
		}
		if f.process == poisson || f.process == breakdown {
			jumps += w * f.rate
		}
		atoms += len(f.sizes)
		for _, a := range f.sizes {
			step, largest = agents.GCD(step, a.hours), max(largest, a.hours)
		}
	}
	if step == 0 || jumps > 500 {
		return false
	}
	points := (v.mean+12*(sd+largest.Float()))/step.Float() + 2
	if points*float64(atoms) > 1<<19 || points > 1<<13 {
		return false
	}
	law := make([]float64, int(points))
	e.sumPoisson(law, in, step, w)
	for i := range in {
		if f := &in[i]; f.process == steady || f.process == listed {
			law = compound(law, e.counts(f, w), f.sizes, step)
		}
	}
	v.step = step.Float()
	v.beyond = make([]float64, len(law))
	tail := 0.0
	for i := len(law) - 2; i >= 0; i-- {
		tail += law[i+1]
		v.beyond[i] = v.beyond[i+1] + v.step*tail
	}
	return true
}

// sumPoisson fills law with that of the hours of all Poisson orders (Panjer 1981).
func (e *endowment) sumPoisson(law []float64, in []inflow, step agents.Hours, w float64) {
	var jumps []atom // hours in steps; mean number in the window
	total := 0.0
	for i := range in {
		f := &in[i]
		if f.process == steady || f.process == listed {
			continue
		}
		for _, a := range f.sizes {
			if a.hours > 0 {
				jumps = append(jumps, atom{a.hours / step, w * f.rate * a.probability})
				total += w * f.rate * a.probability
			}
		}
	}
	law[0] = math.Exp(-total)
	for x := 1; x < len(law); x++ {
		for _, j := range jumps {
			if int(j.hours) <= x {
				law[x] += float64(j.hours) * j.probability * law[x-int(j.hours)]
			}
		}
		law[x] /= float64(x)
	}
}

// whole divides the orders that arrive without noise into those that always do
// and the chance of one more.
func whole(x float64) (n int, part float64) {
	n = int(x + 1e-9)
	return n, max(x-float64(n), 0)
}

// counts is the law of the number of orders of a steady or listed class in w days.
func (e *endowment) counts(f *inflow, w float64) []float64 {
	if f.process == steady {
		n, part := whole(w * f.rate)
		out := make([]float64, n+2)
		out[n], out[n+1] = 1-part, part
		return out
	}
	g := &e.r.demand.origins[f.class]
	out := []float64{1}
	for range int(w) {
		next := make([]float64, len(out)+slices.Max(g.counts))
		before := 0.0
		for i, n := range g.counts {
			for j, p := range out {
				next[j+n] += p * (g.upTo[i] - before)
			}
			before = g.upTo[i]
		}
		out = next
	}
	return out
}

// compound adds to a law that of a random number of orders, by Horner's rule.
func compound(law, counts []float64, sizes []atom, step agents.Hours) []float64 {
	out := make([]float64, len(law))
	for n := len(counts) - 1; n >= 0; n-- {
		next := make([]float64, len(law))
		for i := range law {
			next[i] = counts[n] * law[i]
		}
		for _, a := range sizes {
			for i := int(a.hours / step); i < len(law); i++ {
				next[i] += a.probability * out[i-int(a.hours/step)]
			}
		}
		out = next
	}
	return out
}
