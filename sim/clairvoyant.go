package sim

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
)

// The clairvoyant bound is a surplus that no regime exceeds in a replicate: it
// leaves out whatever keeps somebody who knows all orders and breakdowns
// beforehand from the best use of all units. Section 7.13 of MODEL.md proves it.
//
// Prices on the hours of every kind and day take the place of the capacity
// that orders compete for. At any prices
//
//	surplus ≤ Σ over kinds and days of what the units could earn at the prices (units)
//	        + Σ over orders of what the order could earn if it paid them (order)
//	        − fixed cost
//
// so the prices decide only how low the bound comes (search). What an order
// pays for an operation or its operator is the part of its value that this
// kind's schedule may count on: prices split the values of all orders at once.
//
// Note: to split each value by hand and to schedule kind by kind, greedily by
// value per hour, is exact for one capacity a day at one cost. Lots of several
// costs, overtime, the outside market and lateness make it a network flow.

// foresight is what the clairvoyant knows of a replicate.
type foresight struct {
	r         *Region
	from, to  agents.Day // the first measured day, the day after the last
	last      agents.Day // the day after the run-out
	until     agents.Day // the day after the last on which a measured order may be worked
	orders    []foreseen
	hours     []uint32 // primary seconds of each operation of each order
	stocks    []stock  // by kind
	layers    int
	layerOf   []int32 // by lot
	days      int     // seen, from the first measured one on
	available []int32 // units up: [day][layer]
}

// foreseen is an order that arrives in the measured days.
type foreseen struct {
	arrived, due agents.Day
	first        uint32 // its operations' hours are hours[first:first+len(class.operations)]
	class        int16
}

// stock is all units of a kind, in layers of like variable cost.
type stock struct {
	first         int       // layer
	costs         []float64 // of its layers, rising: the least of the layer's lots
	mean          float64   // what the merged firm pays
	premium       float64
	hours, beyond float64 // of a unit and day: regular, overtime
}

// Money is per second of work here, and time in seconds, unless it says otherwise.
func perSecond(m agents.Money) float64 { return float64(m) / float64(agents.Hour) }

// most layers of a kind; more would hardly tighten the bound.
const mostLayers = 64

func newForesight(r *Region) *foresight {
	t := &r.Scenario.Time
	f := &foresight{r: r, from: agents.Day(t.Warmup), layerOf: make([]int32, len(r.lots))}
	f.to = f.from + agents.Day(t.Days)
	f.last, f.until = f.to+agents.Day(t.Runout), f.to
	merged := r.merged()
	f.stocks = make([]stock, len(r.kinds))
	lots := make([][]int32, len(r.kinds))
	for i := range r.lots {
		k := r.lots[i].kind
		lots[k] = append(lots[k], int32(i))
	}
	for k := range f.stocks {
		spec, s := &r.kinds[k], &f.stocks[k]
		s.first = f.layers
		s.premium, s.hours, s.beyond = perSecond(spec.premium), float64(spec.hours), float64(spec.overtime)
		if len(lots[k]) == 0 {
			continue
		}
		s.mean = perSecond(merged.lots[merged.lotOf[k]].cost)
		slices.SortFunc(lots[k], func(a, b int32) int {
			return cmp.Or(cmp.Compare(r.lots[a].cost, r.lots[b].cost), cmp.Compare(a, b))
		})
		each := (len(lots[k]) + mostLayers - 1) / mostLayers // lots of a layer
		in := 0
		for x, i := range lots[k] {
			cost := perSecond(r.lots[i].cost)
			if x == 0 || in >= each && cost > s.costs[len(s.costs)-1] {
				s.costs = append(s.costs, cost)
				in = 0
			}
			in++
			f.layerOf[i] = int32(s.first + len(s.costs) - 1)
		}
		f.layers += len(s.costs)
	}
	return f
}

// see takes note of a day. Days come in order; what is not measured, or beyond
// what measured orders can use, is passed over.
func (f *foresight) see(n *today) {
	if n.day < f.from || n.day >= f.to && n.day >= f.until {
		return
	}
	at := len(f.available)
	f.available = slices.Grow(f.available, f.layers)[:at+f.layers]
	row := f.available[at:]
	clear(row)
	f.days++
	for i := range f.r.lots {
		row[f.layerOf[i]] += n.up[i]
	}
	if n.day >= f.to {
		return
	}
	for i := range n.arrivals {
		a := &n.arrivals[i]
		c := &f.r.classes[a.class]
		f.orders = append(f.orders, foreseen{arrived: n.day - f.from, due: a.due - f.from, first: uint32(len(f.hours)), class: a.class})
		for _, h := range n.hours[a.first : int(a.first)+len(c.operations)] {
			f.hours = append(f.hours, uint32(h))
		}
		f.until = max(f.until, min(a.due+c.lateDays+1, f.last))
	}
}

// complete draws the days that are missing.
func (f *foresight) complete(n *nature) {
	for f.from+agents.Day(f.days) < f.until {
		f.see(n.next())
	}
}

// bound is a surplus of the measured days that no regime exceeds but by the
// rounding of amounts. All days must have been seen.
func (f *foresight) bound() agents.Money {
	fixed := agents.Money(0)
	for i := range f.r.lots {
		l := &f.r.lots[i]
		fixed += f.r.kinds[l.kind].fixed * agents.Money(l.units) * agents.Money(f.to-f.from)
	}
	least := newPricing(f).search(f.rounds())
	return agents.Money(math.Ceil(least+1e-9*math.Abs(least))) - fixed // floating-point sums err by less
}

// rounds of the search: as many as leave it a small part of a run.
func (f *foresight) rounds() int {
	const operations, fewest, most = 150_000, 30, 300
	return max(fewest, min(operations/max(len(f.hours), 1), most))
}

// pricing is a search for the prices that bring the bound down.
type pricing struct {
	*foresight
	price  []float64 // of an hour's capacity, variable cost included: [kind][day]
	scale  []float64 // by kind: what hours are worth beyond their cost
	spread float64   // days this much dearer than the cheapest still draw work, in scales
	hour   []float64 // of a primary hour and its operator's: [kind][day]
	rank   []int32   // days from the cheapest hour on: [kind][day]
	least  []float64 // by kind: the cheapest hour anywhere
	worked []float64 // primary seconds that orders take at these prices: [kind][day]
	asked  []float64 // the same with operators' seconds
	mean   []float64 // of asked over the last rounds
	up     []float64 // units: [kind][day]

	tasks []task    // scratch: those of the order at hand
	parts []dayPart // scratch: of tasks that take several days
	pulls []float64 // scratch, by day
}

func newPricing(f *foresight) *pricing {
	n := len(f.stocks) * f.days
	p := &pricing{foresight: f, rank: make([]int32, n)}
	for _, row := range []*[]float64{&p.price, &p.hour, &p.worked, &p.asked, &p.mean, &p.up} {
		*row = make([]float64, n)
	}
	for k := range f.stocks {
		s := &f.stocks[k]
		for d := range f.days {
			for _, up := range f.available[d*f.layers+s.first:][:len(s.costs)] {
				p.up[k*f.days+d] += float64(up)
			}
		}
	}
	p.scale, p.least, p.pulls = make([]float64, len(f.stocks)), make([]float64, len(f.stocks)), make([]float64, f.days)
	return p
}

// search is the least bound, in money and before fixed cost, that so many
// rounds of prices find: a price rises where orders take more than the units
// offer at it and falls where they take less.
func (p *pricing) search(rounds int) float64 {
	p.start()
	least := math.Inf(1)
	for n := range rounds {
		p.spread = 0.1 / (1 + float64(n)/5)
		least = min(least, p.units()+p.custom())
		p.reprice(max(1/float64(n+2), 0.3))
	}
	return least
}

// prohibitive is a price that no order pays.
const prohibitive = 1e9

// start sets the prices to what hours would cost if orders were spread evenly
// over the days in which they are due.
func (p *pricing) start() {
	worth, hours := make([]float64, len(p.stocks)), make([]float64, len(p.stocks))
	for i := range p.orders {
		o := &p.orders[i]
		c := &p.r.classes[o.class]
		value, asked := p.valueOf(o)
		end := min(o.due, agents.Day(p.days)-1)
		for s := range c.operations {
			h, k := float64(p.hours[int(o.first)+s]), int(c.operations[s].kind)
			for ratio := 1.0; k >= 0; { // the kind, then its operator
				worth[k] += value / asked * h
				hours[k] += h
				for d := o.arrived; d <= end; d++ {
					p.mean[k*p.days+int(d)] += ratio * h / float64(end-o.arrived+1)
				}
				ratio, k = p.ratio(k), int(p.r.kinds[k].operator)
			}
		}
	}
	for k := range p.stocks {
		floor := 0.0
		if costs := p.stocks[k].costs; len(costs) > 0 {
			floor = costs[0]
		}
		if hours[k] > 0 {
			p.scale[k] = max(0, worth[k]/hours[k]-floor)
		}
		for d := range p.days {
			x := k*p.days + d
			p.price[x] = min(p.costOfLast(k, d), floor+p.scale[k]/4)
			if _, _, all := p.offered(k, d); all == 0 {
				p.price[x] = prohibitive
			}
		}
	}
}

// units is what all units could earn at the prices, lot by lot or merged:
// the merged firm pays its mean cost even while its cheap lots are down.
func (p *pricing) units() (sum float64) {
	for k := range p.stocks {
		s := &p.stocks[k]
		earned := func(price, cost float64) float64 {
			return s.hours*max(0, price-cost) + s.beyond*max(0, price-cost-s.premium)
		}
		for d := range p.days {
			price, up := p.price[k*p.days+d], p.available[d*p.layers+s.first:]
			apart := 0.0
			for b, cost := range s.costs {
				if cost >= price { // nor do dearer lots earn anything, or overtime
					break
				}
				apart += float64(up[b]) * earned(price, cost)
			}
			sum += max(apart, p.up[k*p.days+d]*earned(price, s.mean))
		}
	}
	return sum
}

// custom is what all orders could earn if they paid the prices. The hours that
// they would then take are left in asked.
func (p *pricing) custom() (sum float64) {
	p.quote()
	clear(p.worked)
	for i := range p.orders {
		sum += p.order(&p.orders[i])
	}
	copy(p.asked, p.worked)
	for k := range p.stocks {
		if q := int(p.r.kinds[k].operator); q >= 0 {
			for d := range p.days {
				p.asked[q*p.days+d] += p.ratio(k) * p.worked[k*p.days+d]
			}
		}
	}
	return sum
}

// quote finds what an hour of each kind costs with its operator, and the days
// on which it costs least.
func (p *pricing) quote() {
	for k := range p.stocks {
		spec := &p.r.kinds[k]
		hour, rank := p.hour[k*p.days:(k+1)*p.days], p.rank[k*p.days:(k+1)*p.days]
		for d := range hour {
			hour[d] = p.price[k*p.days+d]
			if q := int(spec.operator); q >= 0 {
				hour[d] += p.ratio(k) * p.price[q*p.days+d]
			}
			rank[d] = int32(d)
		}
		slices.SortFunc(rank, func(a, b int32) int { return cmp.Or(cmp.Compare(hour[a], hour[b]), cmp.Compare(a, b)) })
		p.least[k] = hour[rank[0]]
		if m := spec.outside; m != nil {
			p.least[k] = min(p.least[k], perSecond(m.price)*p.r.Scenario.Accounts.OutsideShare)
		}
	}
}

// ratio is operator seconds per second of a kind.
func (p *pricing) ratio(k int) float64 { return float64(p.r.kinds[k].ratio) / 1000 }

// valueOf is the value of an order, and its primary seconds.
func (f *foresight) valueOf(o *foreseen) (value, asked float64) {
	c := &f.r.classes[o.class]
	h := agents.Hours(0)
	for _, x := range f.hours[o.first : int(o.first)+len(c.operations)] {
		h += agents.Hours(x)
	}
	return float64(c.value + c.hourValue.For(h)), float64(h)
}

// order is the most that an order could earn at the prices, over how late it
// is delivered, whether whole or in part, and if it is lost. The work that this
// takes is added to worked.
func (p *pricing) order(o *foreseen) float64 {
	c := &p.r.classes[o.class]
	hours := p.hours[o.first : int(o.first)+len(c.operations)]
	value, asked := p.valueOf(o)
	most := math.Round(c.lostToRegion * value)
	p.tasks = p.tasks[:0]
	p.parts = p.parts[:0]
	for i, h := range hours {
		if h > 0 {
			p.begin(&c.operations[i], float64(h), o.arrived)
		}
	}
	tasks := p.tasks
	delivered, best := o.due-1, 0.0 // never, and what an hour may cost then
	for late := agents.Day(0); late <= c.lateDays; late++ {
		if c.lateCost == 0 {
			late = c.lateDays // costs nothing
		}
		worth := value * (1 - c.lateCost*float64(late))
		if worth <= most {
			break
		}
		dear := math.Inf(1) // the most that an hour may cost
		if c.partial {
			dear = worth / asked
		}
		net := worth
		for i := range tasks {
			if net <= most {
				break
			}
			paid, left := p.pay(&tasks[i], o.due+late, dear)
			net -= paid
			if left > 0 { // not worth doing, or no room
				net -= left * dear
			}
		}
		if net > most {
			most, delivered, best = net, o.due+late, dear
		}
		if worth-c.lateCost*value-p.atLeast(c, hours) <= most {
			break // nor could a later day earn more
		}
	}
	if delivered >= o.due {
		for i := range tasks {
			p.take(&tasks[i], delivered, best)
		}
	}
	return most
}

// atLeast is less than what an order pays, whichever days it takes.
func (p *pricing) atLeast(c *class, hours []uint32) (sum float64) {
	if c.partial {
		return 0
	}
	for i, h := range hours {
		sum += float64(h) * p.least[c.operations[i].kind]
	}
	return sum
}

// A task is one operation of an order that is being priced.
type task struct {
	kind   int16
	first  int32   // day of the order's arrival
	h      float64 // primary seconds
	perDay float64
	market float64    // price of a second on the outside market, infinite if there is none
	lead   agents.Day // of the market

	by       agents.Day // that it was priced for last
	limit    float64    // the most that a second of own units might cost then
	cheapest float64    // of the days before seen, if it fits in one
	seen     int32
	from, to int // its hours are parts[from:to], if it takes more days
}

// dayPart is seconds on a day.
type dayPart struct {
	day     int32
	seconds float64
}

// begin adds the task of doing h seconds of a step from the given day on.
func (p *pricing) begin(st *step, h float64, first agents.Day) {
	t := task{kind: st.kind, first: int32(first), h: h, perDay: float64(st.perDay), market: math.Inf(1), by: agents.Never, cheapest: math.Inf(1), seen: int32(first)}
	if m := p.r.kinds[st.kind].outside; m != nil { // hours that are charged for but not needed are spread over the others
		t.market, t.lead = perSecond(m.price)*p.r.Scenario.Accounts.OutsideShare*max(1, float64(m.minimum)/h), m.lead
	}
	p.tasks = append(p.tasks, t)
}

// pay is what a task costs on the cheapest days up to by, at most its hours a
// day, or on the outside market, as far as a second costs less than dear, and
// the seconds that are not done.
func (p *pricing) pay(t *task, by agents.Day, dear float64) (cost, left float64) {
	market := t.market
	if agents.Day(t.first)+t.lead > by {
		market = math.Inf(1)
	}
	t.by, t.limit = by, min(market, dear)
	at, end := int(t.kind)*p.days, min(int32(by), int32(p.days)-1)+1
	hour := p.hour[at : at+p.days]
	left = t.h
	if left <= t.perDay {
		if end < t.seen {
			t.cheapest, t.seen = math.Inf(1), t.first
		}
		for _, price := range hour[t.seen:end] {
			if price < t.cheapest {
				t.cheapest = price
			}
		}
		t.seen = end
		if t.cheapest < t.limit {
			return left * t.cheapest, 0
		}
	} else {
		t.from = len(p.parts)
		for _, d := range p.rank[at : at+p.days] {
			if hour[d] >= t.limit || left == 0 {
				break
			}
			if t.first <= d && d < end {
				x := min(left, t.perDay)
				p.parts = append(p.parts, dayPart{d, x})
				cost += x * hour[d]
				left -= x
			}
		}
		t.to = len(p.parts)
		if left == 0 {
			return cost, 0
		}
	}
	if market < dear {
		return cost + left*market, 0
	}
	return cost, left
}

// take takes the hours that pay pays for, those of the outside market apart.
func (p *pricing) take(t *task, by agents.Day, dear float64) {
	if t.by != by {
		p.pay(t, by, dear)
	}
	worked := p.worked[int(t.kind)*p.days:]
	switch {
	case t.h > t.perDay:
		for _, x := range p.parts[t.from:t.to] {
			worked[x.day] += x.seconds
		}
	case t.cheapest < t.limit:
		p.spreadOut(t, worked[t.first:t.seen])
	}
}

// spreadOut takes the hours of a task on the day that costs least and on all
// that are nearly as cheap: work that leapt from day to day with every change
// of price would never settle.
func (p *pricing) spreadOut(t *task, worked []float64) {
	reach := max(p.spread*p.scale[t.kind], 1e-9)
	sum := max(0, reach-(t.limit-t.cheapest)) // of the outside market
	pulls, hour := p.pulls[:len(worked)], p.hour[int(t.kind)*p.days+int(t.first):][:len(worked)]
	for d, price := range hour {
		pulls[d] = 0
		if dearer := price - t.cheapest; dearer < reach {
			pulls[d] = reach - dearer
			sum += reach - dearer
		}
	}
	for d, pull := range pulls {
		worked[d] += t.h * pull / sum
	}
}

// costOfLast is the cost of the last of the seconds that orders take of a kind
// on a day, on the mean of the last rounds; infinite beyond what there is.
func (p *pricing) costOfLast(k, d int) float64 {
	s := &p.stocks[k]
	up, left := p.available[d*p.layers+s.first:], p.mean[k*p.days+d]
	for a, b := 0, 0; b < len(s.costs); { // layers of regular hours and of overtime
		cost := s.costs[b] + s.premium
		if a < len(s.costs) && s.costs[a] <= cost {
			cost = s.costs[a]
			left -= s.hours * float64(up[a])
			a++
		} else {
			left -= s.beyond * float64(up[b])
			b++
		}
		if left <= 0 {
			return cost
		}
	}
	return math.Inf(1)
}

// offered is the least and the most seconds of a kind that its units would
// work on a day at its price, and all that they could.
func (p *pricing) offered(k, d int) (least, most, all float64) {
	s := &p.stocks[k]
	price, up := p.price[k*p.days+d], p.available[d*p.layers+s.first:]
	offer := func(cost, seconds float64) {
		if cost <= price {
			most += seconds
		}
		if cost < price {
			least += seconds
		}
	}
	for b, cost := range s.costs {
		if cost > price { // as are dearer lots, and overtime
			break
		}
		offer(cost, s.hours*float64(up[b]))
		offer(cost+s.premium, s.beyond*float64(up[b]))
	}
	return least, most, (s.hours + s.beyond) * p.up[k*p.days+d]
}

// reprice moves the prices towards where orders take what units offer. News
// counts with the given share in the mean of what orders take.
func (p *pricing) reprice(news float64) {
	for k := range p.stocks {
		for d := range p.days {
			x := k*p.days + d
			p.mean[x] += news * (p.asked[x] - p.mean[x])
			least, most, all := p.offered(k, d)
			step := func(excess float64) float64 { return p.spread * (p.scale[k] + p.price[x]) * min(1, excess/max(all, 1)) }
			switch {
			case p.mean[x] > most:
				p.price[x] = min(p.price[x]+step(p.mean[x]-most), p.costOfLast(k, d))
			case p.mean[x] < least:
				p.price[x] = max(p.price[x]-step(least-p.mean[x]), p.costOfLast(k, d))
			}
		}
	}
}

// checkBound looks for a surplus above the clairvoyant bound, the rounding of
// amounts aside.
func (w *World) checkBound(bound agents.Money) {
	if s := w.result.Region.Surplus(); s > bound+agents.Money(w.amounts/2) {
		w.breach("a surplus of %.4f is above the clairvoyant bound of %.4f", s.Float(), bound.Float())
	}
}
