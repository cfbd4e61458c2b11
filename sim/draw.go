package sim

import (
	"math"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// Nature is what no regime can change: what is ordered, what breaks down, who
// is absent. Every draw is keyed by what it is about (firm number, names of
// class and kind, day or number), so that all regimes of a replicate meet the
// same world, and a firm, class or kind that is added leaves the draws of the
// others alone.
//
// Build calls compileDemand once kinds, classes and names are there, and
// newEndowment when it equips the firms; Run calls newNature, then next for
// each day. meanOrders and stepMean tell what the region expects.

// process is how orders of a class arrive.
type process int8

const (
	poisson process = iota
	steady
	listed
	breakdown
)

// origin is where the orders of a class come from.
type origin struct {
	process     process
	perEmployee bool
	bySector    bool    // group of the common draw
	rate        float64 // orders a day per firm or employee: long-run mean
	common      float64 // share of the common draw
	counts      []int   // listed
	upTo        []float64
	breaks      int16   // breakdown: kind
	raised      float64 // breakdown: share of failures that raise an order
}

// demand is what moves the rates of orders.
type demand struct {
	origins       []origin  // by class
	mix           []float64 // [sector*classes+class]
	amplitude     []float64 // of the phase by size class, -1 where the rule for all holds
	leave         [2]float64
	swing         float64 // rise of the high state per fall of the low one
	cycle, sector autoregression
	season        []float64 // by day of the year
}

// compileDemand fills the laws of the classes and r.demand. It needs kinds,
// classes and names; populate and equip come after it.
func (r *Region) compileDemand() {
	sc := r.Scenario
	year := max(sc.Time.YearDays, 1)
	d := demand{
		cycle:  newAutoregression(sc.Demand.Cycle.SD, sc.Demand.Cycle.Auto, year),
		sector: newAutoregression(sc.Demand.SectorCycle.SD, sc.Demand.SectorCycle.Auto, year),
		season: seasonByDay(sc.Demand.Season, year),
	}
	high, low := max(sc.Demand.Phase.HighDays, 1), max(sc.Demand.Phase.LowDays, 1)
	d.leave = [2]float64{1 / low, 1 / high}
	d.swing = low / high
	for _, name := range r.SizeNames {
		a := -1.0
		if p := sc.Sizes[name].Phase; p != nil {
			a = *p
		}
		d.amplitude = append(d.amplitude, a)
	}
	for _, sector := range r.SectorNames {
		mix := sc.Sectors[sector].Mix
		for _, class := range r.ClassNames {
			m := 1.0
			if len(mix) > 0 {
				m = mix[class]
			}
			d.mix = append(d.mix, m)
		}
	}
	for i, name := range r.ClassNames {
		s := sc.Orders[name]
		c := &r.classes[i]
		c.lead, c.leadLaw = agents.Day(s.Lead.Minimum), s.Lead.Compile()
		for o := range c.operations {
			c.operations[o].law = s.Operations[o].Hours.Compile()
		}
		g := origin{
			rate:        s.Rate,
			perEmployee: s.Per == "employee",
			common:      s.CommonShare,
			bySector:    s.CommonGroup == "sector",
		}
		switch s.Arrivals {
		case "fixed":
			g.process = steady
		case "listed":
			g.process, g.counts, g.rate, g.perEmployee = listed, s.Counts, 0, false
			sum := 0.0
			for i, p := range s.Probabilities {
				sum += p
				g.upTo = append(g.upTo, sum)
				g.rate += p * float64(s.Counts[i])
			}
		case "breakdown":
			g.process, g.rate = breakdown, 0
			g.breaks, g.raised = number(r.KindNames, s.Breakdown), s.RaiseShare
		}
		d.origins = append(d.origins, g)
	}
	r.demand = d
}

// autoregression is an AR(1) process in logs whose exponential has mean 1.
type autoregression struct{ sd, keep float64 }

// newAutoregression takes the correlation of values a quarter of a year apart.
func newAutoregression(sd, quarterly float64, year int) autoregression {
	return autoregression{sd, math.Pow(quarterly, 4/float64(year))}
}

func (a autoregression) start(z float64) float64 { return a.sd * z }

func (a autoregression) next(x, z float64) float64 {
	return a.keep*x + a.sd*math.Sqrt(1-a.keep*a.keep)*z
}

func (a autoregression) factor(x float64) float64 { return math.Exp(x - a.sd*a.sd/2) }

// seasonByDay spreads the parts of the season over a year's days, mean 1.
func seasonByDay(parts []float64, year int) []float64 {
	out := make([]float64, year)
	sum := 0.0
	for d := range out {
		out[d] = 1
		if len(parts) > 0 {
			out[d] = parts[d*len(parts)/year]
		}
		sum += out[d]
	}
	for d := range out {
		if sum > 0 {
			out[d] *= float64(year) / sum
		} else {
			out[d] = 1
		}
	}
	return out
}

// mixOf is the multiplier of the firm's sector on the rate of a class.
func (r *Region) mixOf(firm *Firm, class int) float64 {
	if len(r.SectorNames) == 0 || firm.Sector < 0 {
		return 1
	}
	return r.demand.mix[int(firm.Sector)*len(r.classes)+class]
}

// rate is the mean orders of a class that a firm receives in a day, breakdowns
// apart. A listed class ignores rates: it is there unless the mix is 0.
func (r *Region) rate(firm *Firm, class int) float64 {
	g := &r.demand.origins[class]
	mix := r.mixOf(firm, class)
	switch {
	case g.process == listed && mix > 0:
		return g.rate
	case g.perEmployee:
		return g.rate * firm.Employees * mix
	}
	return g.rate * mix
}

// breakdownRate is the mean orders of a breakdown class that one unit raises
// in a day.
func (r *Region) breakdownRate(firm *Firm, class int) float64 {
	g := &r.demand.origins[class]
	if g.process != breakdown || g.breaks < 0 {
		return 0
	}
	return failureRate(r.Scenario.Kinds[r.KindNames[g.breaks]].Availability) * min(g.raised*r.mixOf(firm, class), 1)
}

// meanOrders is the mean orders of a class that the region receives in a day.
func (r *Region) meanOrders(class int) float64 {
	sum := 0.0
	g := &r.demand.origins[class]
	for f := range r.Firms {
		sum += r.rate(&r.Firms[f], class)
		if g.process != breakdown {
			continue
		}
		if l := r.owns(int32(f), g.breaks); l != agents.None {
			sum += float64(r.lots[l].units) * r.breakdownRate(&r.Firms[f], class)
		}
	}
	return sum
}

// stepMean is the mean primary hours of a class's operation.
func (r *Region) stepMean(class, step int) float64 {
	return r.classes[class].operations[step].law.Mean()
}

// phase is the multipliers of the firm's low and high state. Amplitude falls
// with size, unless the size class says its own.
func (r *Region) phase(firm *Firm) [2]float64 {
	a := r.Scenario.Demand.Phase.Amplitude
	if own := r.ownAmplitude(firm); own >= 0 {
		a = own
	} else if a > 0 {
		a = min(a*math.Pow(firm.Employees/10, r.Scenario.Demand.Phase.Elasticity), 1)
	}
	return [2]float64{1 - a, 1 + a*r.demand.swing}
}

func (r *Region) ownAmplitude(firm *Firm) float64 {
	if firm.Size < 0 || int(firm.Size) >= len(r.demand.amplitude) {
		return -1
	}
	return r.demand.amplitude[firm.Size]
}

// meanAvailability is the share of days on which a unit is up in the long run.
// The failures of a sojourn fall on a day with probability 1/between and are
// void while the unit is down, which it is for repair days from the day of the
// failure: runs of up days have mean between - 1.
func meanAvailability(a agents.Availability) float64 {
	switch a.Process {
	case "daily":
		return a.Probability
	case "sojourn":
		return (a.Between - 1) / (a.Between - 1 + a.Repair)
	}
	return 1
}

// failureRate is the failures a day that take a unit out of work.
func failureRate(a agents.Availability) float64 {
	if a.Process != "sojourn" {
		return 0
	}
	return 1 / (a.Between - 1 + a.Repair)
}

// planned is the hours of a lot that a firm counts on for a future day.
func planned(k *kind, units int32) agents.Hours {
	return agents.Hours(math.Round(float64(units) * float64(k.hours) * k.up))
}

// nature draws the days of one replicate, one after the other.
type nature struct {
	r      *Region
	source rng.Source
	today  today

	cycles   rng.Entity
	cycle    float64 // log
	sectors  []sectorState
	paces    []pace // by firm
	flows    []flow
	carried  [][2]float64 // by steady flow: fractions of orders, and of common ones, carried over
	shaky    []shaky
	sojourns sojourns
}

type sectorState struct {
	id     uint64
	draws  rng.Entity
	log    float64
	factor float64
}

// pace is what moves the rates of one firm.
type pace struct {
	draws  rng.Entity
	factor [2]float64 // of the low and the high state
	high   int8
	moves  bool
	sector int16
	end    int32 // its flows end here
}

// flow is the orders of one class that one firm receives, its own or those
// that are common to a group.
type flow struct {
	draws   rng.Entity // of counts, by day
	rate    float64    // orders a day before multipliers
	class   int16
	process process
	common  bool
	carry   int32 // steady: position in carried
}

// shaky is a lot whose units come and go.
type shaky struct {
	draws rng.Entity // daily
	down  float64    // daily: mean units down
	lot   int32
	units int32
	kind  int16
	daily bool
}

// newNature is nature before day 0 of the region's replicate.
func newNature(r *Region) *nature {
	n := &nature{r: r, source: r.source}
	n.today = today{day: -1, up: make([]int32, len(r.lots))}
	n.cycles = n.source.Of(rng.CycleStep, 0)
	for _, name := range r.SectorNames {
		id := rng.Name(name)
		n.sectors = append(n.sectors, sectorState{id: id, draws: n.source.Of(rng.SectorCycleStep, id)})
	}
	orders := 0.0
	for f := range r.Firms {
		orders += n.addFirm(f)
	}
	n.addLots()
	n.today.arrivals = make([]arrival, 0, 64+2*int(orders))
	n.today.hours = make([]agents.Hours, 0, 64+4*int(orders))
	return n
}

// addFirm enters the flows of a firm and returns its mean orders a day.
func (n *nature) addFirm(f int) float64 {
	r, firm := n.r, &n.r.Firms[f]
	p := pace{draws: n.source.Of(rng.PhaseStep, uint64(f)), factor: r.phase(firm), sector: firm.Sector}
	p.moves = p.factor[0] != 1
	leave := r.demand.leave
	if n.source.Uniform(rng.PhaseStart, uint64(f), 0) < leave[0]/(leave[0]+leave[1]) {
		p.high = 1
	}
	if len(r.SectorNames) == 0 {
		p.sector = -1
	}
	sum := 0.0
	for c := range r.classes {
		rate := r.rate(firm, c)
		if rate <= 0 {
			continue
		}
		sum += rate
		g := &r.demand.origins[c]
		fl := flow{rate: rate, class: int16(c), process: g.process}
		own, shared := 1-g.common, g.common
		if g.process != poisson { // the count is divided, not the rate
			own, shared = 1, 0
		}
		for part, share := range [2]float64{own, shared} {
			if share <= 0 {
				continue
			}
			fl.rate, fl.common = rate*share, part == 1
			if fl.common {
				fl.draws = n.source.Of(rng.CommonArrivals, n.group(f, c))
			} else {
				fl.draws = n.source.Of(rng.Arrivals, rng.Pair(uint64(f), r.classes[c].name))
			}
			if g.process == steady {
				fl.carry = int32(len(n.carried))
				n.carried = append(n.carried, [2]float64{})
			}
			n.flows = append(n.flows, fl)
		}
	}
	p.end = int32(len(n.flows))
	n.paces = append(n.paces, p)
	return sum
}

// group is the identity of the firms that share a class's common draw with f.
func (n *nature) group(f, class int) uint64 {
	id := uint64(0)
	if s := n.r.Firms[f].Sector; n.r.demand.origins[class].bySector && len(n.r.SectorNames) > 0 && s >= 0 {
		id = n.sectors[s].id
	}
	return rng.Pair(id, n.r.classes[class].name)
}

func (n *nature) addLots() {
	r := n.r
	clocks := make([]clock, len(r.kinds))
	process := make([]string, len(r.kinds))
	for k, name := range r.KindNames {
		a := r.Scenario.Kinds[name].Availability
		clocks[k], process[k] = newClock(a), a.Process
	}
	n.sojourns = newSojourns(clocks)
	for i := range r.lots {
		l := &r.lots[i]
		n.today.up[i] = l.units
		k := &r.kinds[l.kind]
		if k.up == 1 {
			continue
		}
		id := rng.Pair(uint64(l.firm), k.name)
		s := shaky{lot: int32(i), units: l.units, kind: l.kind, daily: process[l.kind] == "daily"}
		if s.daily {
			s.draws = n.source.Of(rng.DailyAvailability, id)
			s.down = float64(l.units) * (1 - k.up)
		} else {
			for u := range l.units {
				if !n.sojourns.add(n.source, int32(i), l.kind, rng.Pair(id, uint64(u))) {
					n.today.up[i]--
				}
			}
		}
		n.shaky = append(n.shaky, s)
	}
}

// next is the following day, day 0 at first. It is valid until the next call.
func (n *nature) next() *today {
	t := &n.today
	t.day++
	t.arrivals, t.hours = t.arrivals[:0], t.hours[:0]
	n.availability()
	n.arrivals(n.factors())
	return t
}

// factors moves the cycles on and returns the multiplier of the whole region.
func (n *nature) factors() float64 {
	d := &n.r.demand
	day := uint64(n.today.day)
	if d.cycle.sd > 0 {
		n.cycle = d.cycle.move(n.cycle, n.cycles, day)
	}
	for s := range n.sectors {
		if d.sector.sd > 0 {
			n.sectors[s].log = d.sector.move(n.sectors[s].log, n.sectors[s].draws, day)
		}
		n.sectors[s].factor = d.sector.factor(n.sectors[s].log)
	}
	return d.cycle.factor(n.cycle) * d.season[int(n.today.day)%len(d.season)]
}

// move is the log on the given day, from that of the day before.
func (a autoregression) move(x float64, draws rng.Entity, day uint64) float64 {
	z := rng.Normal(draws.Uniform(day))
	if day == 0 {
		return a.start(z)
	}
	return a.next(x, z)
}

// arrivals draws the day's orders by firm, class and number.
func (n *nature) arrivals(region float64) {
	t := &n.today
	day := uint64(t.day)
	leave := n.r.demand.leave
	failed := n.sojourns.failed
	i := int32(0)
	for f := range n.paces {
		p := &n.paces[f]
		if p.moves && day > 0 && p.draws.Uniform(day) < leave[p.high] {
			p.high ^= 1
		}
		m := region * p.factor[p.high]
		if p.sector >= 0 {
			m *= n.sectors[p.sector].factor
		}
		from := len(t.arrivals)
		for ; i < p.end; i++ {
			fl := &n.flows[i]
			u := fl.draws.Uniform(day)
			if fl.process == poisson {
				mean := fl.rate * m
				if u >= 1-mean {
					n.orders(f, int(fl.class), agents.Poisson(u, mean), fl.common)
				}
				continue
			}
			n.counted(f, fl, u, m)
		}
		for len(failed) > 0 && n.r.lots[n.sojourns.units[failed[0]].lot].firm == int32(f) {
			n.breakdowns(f, from, failed[0])
			failed = failed[1:]
		}
	}
}

// counted draws the orders of a flow that is not Poisson.
func (n *nature) counted(f int, fl *flow, u, m float64) {
	class := int(fl.class)
	g := &n.r.demand.origins[class]
	if fl.process == steady {
		c := &n.carried[fl.carry]
		count := carry(&c[0], fl.rate*m)
		common := carry(&c[1], float64(count)*g.common)
		n.orders(f, class, count-common, false)
		n.orders(f, class, common, true)
		return
	}
	common := false
	if g.common > 0 {
		// Two firms that each take the common count with probability √ρ both
		// take it with probability ρ: that is their correlation.
		day := uint64(n.today.day)
		coin := rng.Sub(fl.draws.Key(day), 0)
		if common = coin.Float64() < math.Sqrt(g.common); common {
			u = n.source.Uniform(rng.CommonArrivals, n.group(f, class), day)
		}
	}
	n.orders(f, class, g.counts[agents.Listed(u, g.upTo)], common)
}

// carry adds x to what is carried over and takes the whole part out.
func carry(over *float64, x float64) int {
	*over += x
	whole := math.Floor(*over + 1e-9)
	*over -= whole
	return int(whole)
}

// ofCommon marks the numbers of orders that are common to a group.
const ofCommon = 1 << 31

// orders draws count orders of a class for firm f.
func (n *nature) orders(f, class, count int, common bool) {
	name := n.r.classes[class].name
	day := uint64(n.today.day) << 32
	for i := range uint64(count) {
		if !common {
			key := n.source.Key(rng.OrderDraws, rng.Pair(uint64(f), name), day|i)
			n.order(f, class, key, key)
			continue
		}
		key := n.source.Key(rng.OrderDraws, rng.Pair(uint64(f), name), day|ofCommon|i)
		n.order(f, class, key, n.source.Key(rng.CommonOrderDraws, n.group(f, class), day|i))
	}
}

// order enters one order; its lead time and hours are drawn from about. One
// that asks for no work is none.
func (n *nature) order(f, class int, key, about uint64) {
	t := &n.today
	c := &n.r.classes[class]
	first := len(t.hours)
	sum := agents.Hours(0)
	for o := range c.operations {
		draw := rng.Sub(about, uint64(o)+1)
		h := c.operations[o].law.Draw(&draw)
		t.hours = append(t.hours, h)
		sum += h
	}
	if sum == 0 {
		t.hours = t.hours[:first]
		return
	}
	draw := rng.Sub(about, 0)
	due := t.day + c.lead + agents.Day(c.leadLaw.Draw(&draw)/agents.Hour)
	t.arrivals = append(t.arrivals, arrival{firm: int32(f), class: int16(class), key: key, due: due, first: int32(first)})
}

// breakdowns draws the orders that the failure of a unit of firm f raises, and
// puts them in their places among the firm's arrivals from position from on.
func (n *nature) breakdowns(f, from int, failed int32) {
	u := &n.sojourns.units[failed]
	for c := range n.r.demand.origins {
		g := &n.r.demand.origins[c]
		if g.process != breakdown || g.breaks != u.kind {
			continue
		}
		key := n.source.Key(rng.BreakdownOrder, rng.Pair(u.id, n.r.classes[c].name), uint64(u.number))
		coin := rng.Sub(key, 0)
		if coin.Float64() >= g.raised*n.r.mixOf(&n.r.Firms[f], c) {
			continue
		}
		n.order(f, c, key, rng.Pair(key, 1))
		a := n.today.arrivals
		for i := len(a) - 1; i > from && a[i-1].class > a[i].class; i-- {
			a[i-1], a[i] = a[i], a[i-1]
		}
	}
}

// availability draws the units that are up.
func (n *nature) availability() {
	t := &n.today
	day := uint64(t.day)
	n.sojourns.turn(n.source, t.day, t.up)
	for i := range n.shaky {
		s := &n.shaky[i]
		if s.daily {
			up := s.units
			if u := s.draws.Uniform(day); u < s.down { // else all are up: Bernoulli's inequality
				up = int32(agents.Binomial(u, int(s.units), n.r.kinds[s.kind].up))
			}
			t.up[s.lot] = up
		}
	}
}

// clock is the law of failures and repairs of a kind, in days.
type clock struct {
	between, repair float64 // 1/ln(1 - 1/mean)
	still           float64 // probability that a unit enters day 0 under repair
}

func newClock(a agents.Availability) clock {
	if a.Process != "sojourn" {
		return clock{}
	}
	down := a.Repair / (a.Between - 1 + a.Repair)
	return clock{1 / math.Log1p(-1/a.Between), 1 / math.Log1p(-1/a.Repair), down * (1 - 1/a.Repair)}
}

// days is a geometric number of days from 1 on.
func days(u, law float64) agents.Day {
	return 1 + agents.Day(min(math.Floor(math.Log1p(-u)*law), 1e9))
}

// sojourns moves units between up and down by event: a failure clock runs for
// each unit whether it is up or down, and its failures during a repair are void.
type sojourns struct {
	clocks []clock // by kind
	units  []unit  // by lot
	at     []agents.Day
	link   []int32 // of events that share a bucket; event 2u is u's failure, 2u+1 the end of its repair
	head   []int32 // by day, modulo the ring
	failed []int32 // units that failed today, in order
}

type unit struct {
	id     uint64
	lot    int32
	kind   int16
	number uint32 // of the failure that comes next, void ones counted
}

const ring = 1 << 10 // days; later events wait in the bucket for another turn

func newSojourns(clocks []clock) sojourns {
	head := make([]int32, ring)
	for i := range head {
		head[i] = agents.None
	}
	return sojourns{clocks: clocks, head: head}
}

// add enters a unit in its long-run state on day 0 and reports whether it is up
// before the failures of that day.
func (s *sojourns) add(source rng.Source, lot int32, kind int16, id uint64) bool {
	u := int32(len(s.units))
	s.units = append(s.units, unit{id: id, lot: lot, kind: kind})
	s.at = append(s.at, agents.Never, agents.Never)
	s.link = append(s.link, agents.None, agents.None)
	up := source.Uniform(rng.Repair, id, 0) >= s.clocks[kind].still
	back := agents.Day(0)
	if !up { // what is left of a geometric repair is geometric
		back = s.repair(source, u, 1)
		s.schedule(2*u+1, back)
	}
	s.at[2*u] = -1
	s.tick(source, u, back)
	return up
}

// repair is the length of a repair; occasions 0 and 1 are those of the start.
func (s *sojourns) repair(source rng.Source, u int32, occasion uint64) agents.Day {
	unit := &s.units[u]
	return days(source.Uniform(rng.Repair, unit.id, occasion), s.clocks[unit.kind].repair)
}

// tick moves the unit's failure clock to its first failure from day on.
func (s *sojourns) tick(source rng.Source, u int32, day agents.Day) {
	unit := &s.units[u]
	draws := source.Of(rng.Failure, unit.id)
	at := s.at[2*u]
	for first := true; first || at < day; first = false {
		at += days(draws.Uniform(uint64(unit.number)), s.clocks[unit.kind].between)
		unit.number++
	}
	s.schedule(2*u, at)
}

func (s *sojourns) schedule(event int32, day agents.Day) {
	s.at[event] = day
	b := &s.head[int(day)%ring]
	s.link[event], *b = *b, event
}

// turn works off the events of a day: repairs that ended the evening before,
// then failures.
func (s *sojourns) turn(source rng.Source, day agents.Day, up []int32) {
	s.failed = s.failed[:0]
	b := &s.head[int(day)%ring]
	event := *b
	*b = agents.None
	for event != agents.None {
		next := s.link[event]
		switch {
		case s.at[event] > day:
			s.schedule(event, s.at[event])
		case event%2 == 0:
			s.failed = append(s.failed, event/2)
		default:
			up[s.units[event/2].lot]++
		}
		event = next
	}
	slices.Sort(s.failed)
	for _, u := range s.failed {
		up[s.units[u].lot]--
		back := day + s.repair(source, u, 1+uint64(s.units[u].number))
		s.schedule(2*u+1, back)
		s.tick(source, u, back)
	}
}
