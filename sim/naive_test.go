package sim

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
)

// The naive engine is the model a second time, in plain loops: free hours are
// capacity less every booking of the day, added up at each question; whom a
// firm could ask is found by walking all firms; a deal is known by looking
// through all bookings. It follows MODEL.md, takes the region that
// Build made and the draws of nature, and does the rest itself: loading,
// repair, fallbacks (this file), requests, books and deals
// (naive_market_test.go), clearings of all operations (naive_all_test.go) and
// matching (naive_brokers_test.go). The engine must
// give the same deals, hours and money to the last second and cent
// (TestNaive).

// naive is one regime at work.
type naive struct {
	r       *Region // one firm in the pooled regime
	regime  int
	tiers   []*naiveTier
	day     agents.Day
	horizon agents.Day
	up      []int32                        // by lot: units that are there today
	orders  []*naiveOrder                  // open ones, in order of arrival
	booked  map[agents.Day][]*naiveBooking // in the order in which they were made
	freed   map[int32]bool                 // firms where hours have come free since their orders were retried
	pending []*naiveStep                   // with deals that wait for approval, in the order of the deals
	refused map[naiveAsked]bool            // by an employer
	arrived int64
	all     naiveAll               // the clearing of all operations at work
	struck  map[int32]agents.Hours // by lot: hours lent that an own order has lacked

	// accounts
	hear    func(Event)
	result  Result
	firms   []FirmResult
	won     agents.Ledger // by other firms of the region, of what is lost
	today   []agents.DayHours
	days    []agents.DayHours // of the measured days, all kinds of the first, then of the second, …
	worked  []agents.Hours    // by lot: regular hours worked today
	made    []agents.Deal     // for measured orders
	stopped bool

	tried clearings // of the optimal broker
}

// naiveOrder is an order in the book of its firm.
type naiveOrder struct {
	class        *class
	number       int16 // of the class
	key          uint64
	seq          int64
	firm         int32
	arrived, due agents.Day
	steps        []*naiveStep
	asked        agents.Hours
	missed       agents.Hours // of those, lost
	value        agents.Money
	earned       agents.Money // value less every cost so far
	measured     bool
	forgone      bool // not worth completing: nothing is loaded until deals make it whole
	released     bool // for a clearing of all operations
	closed       bool
}

// naiveStep is an operation of an order.
type naiveStep struct {
	order        *naiveOrder
	at           int
	spec         *step
	hours        agents.Hours // primary, net
	done, bought agents.Hours
	last         agents.Day // of what is done or delivered
	end          agents.Day // planned finish
	prepared     bool       // set up at the own site
	waiting      bool       // for approval of a deal
	short        bool       // lacks hours; what follows is about that
	lack         agents.Hours
	fallback     Fallback
	from, latest agents.Day
	limit        agents.Day // of deals, after one that ended too late for the other steps
	commit       agents.Day // last day on which the fallback can be given up
	stake        agents.Money
}

// naiveBooking is a day's work on a step at one site.
type naiveBooking struct {
	step          *naiveStep
	deal          *naiveDeal // nil for own work
	day           agents.Day
	fallback      bool
	lot           [2]int32
	work          agents.Hours // net primary
	regular, over [2]agents.Hours
	travel        [2]agents.Hours // within the two
}

func (b *naiveBooking) hours(c int) agents.Hours { return b.regular[c] + b.over[c] }

// runNaive runs one regime in the region.
func runNaive(r *Region, regime int, hear func(Event)) *naive {
	sc := r.Scenario
	spec := sc.Regimes[sc.Compare[regime]]
	n := &naive{r: r, regime: regime, horizon: 64, booked: map[agents.Day][]*naiveBooking{}, struck: map[int32]agents.Hours{}, freed: map[int32]bool{}, refused: map[naiveAsked]bool{}, hear: hear}
	for int(n.horizon) < sc.Time.Horizon {
		n.horizon *= 2
	}
	if spec.Pooled {
		n.r = r.merged()
	}
	for _, name := range spec.Tiers {
		n.tiers = append(n.tiers, newNaiveTier(&r.tiers[number(r.TierNames, name)]))
	}
	n.openBooks()
	nature := newNature(r)
	end := agents.Day(sc.Time.Warmup + sc.Time.Days)
	for d := agents.Day(0); d < end+agents.Day(sc.Time.Runout) && (d < end || n.openOrders() > 0); d++ {
		t := nature.next()
		n.up = t.up
		if spec.Pooled {
			n.up = make([]int32, len(n.r.lots))
			for l := range r.lots {
				n.up[n.r.owns(0, r.lots[l].kind)] += t.up[l]
			}
		}
		n.live(t, spec.Pooled)
	}
	n.stopped = true
	for _, o := range slices.Clone(n.orders) {
		if o.measured {
			n.drop(o)
		}
	}
	n.closeBooks()
	return n
}

func (n *naive) live(t *today, pooled bool) {
	n.day = t.day
	n.beginDay()
	for l := range n.r.lots {
		lot := &n.r.lots[l]
		if n.r.kinds[lot.kind].hours*agents.Hours(n.up[l]) > lot.plan {
			n.freed[lot.firm] = true
		}
	}
	n.repair()
	n.retry()
	n.decide()
	for _, a := range t.arrivals {
		if pooled {
			a.firm = 0
		}
		n.arrive(&a, t.hours[a.first:])
	}
	for _, m := range n.tiers {
		if int(n.day)%m.spec.ClearingDays == 0 {
			n.trade(m)
		}
	}
	n.finalise()
	n.execute()
	n.endDay()
	delete(n.booked, n.day)
}

// Calendars.

// free is a lot's regular hours on a day that are not booked, overtime the
// same of its overtime.
func (n *naive) free(lot int32, d agents.Day) agents.Hours {
	l := &n.r.lots[lot]
	h := l.plan
	if d == n.day {
		h = n.r.kinds[l.kind].hours*agents.Hours(n.up[lot]) - n.worked[lot]
	}
	for _, b := range n.booked[d] {
		for c := range 2 {
			if b.lot[c] == lot {
				h -= b.regular[c]
			}
		}
	}
	return h
}

func (n *naive) overtime(lot int32, d agents.Day) agents.Hours {
	l := &n.r.lots[lot]
	h := l.over
	if d == n.day {
		h = n.r.kinds[l.kind].overtime * agents.Hours(n.up[lot])
	}
	for _, b := range n.booked[d] {
		for c := range 2 {
			if b.lot[c] == lot {
				h -= b.over[c]
			}
		}
	}
	return h
}

// bookings of a step, by day, then as they were made.
func (n *naive) bookings(s *naiveStep) (out []*naiveBooking) {
	for d := n.day; d < n.day+n.horizon; d++ {
		for _, b := range n.booked[d] {
			if b.step == s {
				out = append(out, b)
			}
		}
	}
	return out
}

// planned is the net primary hours of a step that are booked.
func (n *naive) planned(s *naiveStep) (h agents.Hours) {
	for _, b := range n.bookings(s) {
		h += b.work
	}
	return h
}

// onDay is the primary hours booked for a step on a day, set-up included, with
// or without what its fallback holds.
func (n *naive) onDay(s *naiveStep, d agents.Day, fallback bool) (h agents.Hours) {
	for _, b := range n.booked[d] {
		if b.step == s && (fallback || !b.fallback) {
			h += b.hours(0) - b.travel[0]
		}
	}
	return h
}

// book takes x primary hours of a day, of which work are net, and the
// operator's in proportion off the lots, regular hours first.
func (n *naive) book(s *naiveStep, d *naiveDeal, lots [2]int32, day agents.Day, x, work agents.Hours, travel [2]agents.Hours, fallback bool) {
	b := &naiveBooking{step: s, deal: d, day: day, fallback: fallback, lot: lots, work: work, travel: travel}
	for c, l := range lots {
		if l == agents.None {
			continue
		}
		h := x
		if c == 1 {
			h = n.kind(s).ratio.Of(x)
		}
		h += travel[c]
		b.regular[c] = min(h, max(0, n.free(l, day)))
		b.over[c] = h - b.regular[c]
	}
	n.booked[day] = append(n.booked[day], b)
	s.end = max(s.end, day)
}

// unbook gives a booking's hours back, takeBack does so as if it had never been.
func (n *naive) unbook(b *naiveBooking) {
	for _, l := range b.lot {
		if l != agents.None {
			n.freed[n.r.lots[l].firm] = true
		}
	}
	n.takeBack(b)
}

func (n *naive) takeBack(b *naiveBooking) {
	n.booked[b.day] = slices.DeleteFunc(n.booked[b.day], func(x *naiveBooking) bool { return x == b })
	for _, l := range b.lot {
		if n.struck[l] > 0 {
			n.struck[l] = min(n.struck[l], n.lent(l))
		}
	}
}

// release gives back what is booked for a step: own work, or all of it.
func (n *naive) release(s *naiveStep, deals bool) {
	for _, b := range n.bookings(s) {
		if deals || b.deal == nil {
			n.unbook(b)
		}
	}
	n.reckon(s)
}

// reckon finds a step's planned finish.
func (n *naive) reckon(s *naiveStep) {
	s.end = s.last
	for _, b := range n.bookings(s) {
		s.end = max(s.end, b.day)
	}
	if s.short && s.fallback == FallbackOutside {
		s.end = max(s.end, s.commit+n.kind(s).outside.lead)
	}
}

func (n *naive) kind(s *naiveStep) *kind { return &n.r.kinds[s.spec.kind] }

// lots of a firm that can do a step: machine and operator. ok is false if the
// firm lacks one, the domain or the certificate.
func (n *naive) lots(s *naiveStep) (lots [2]int32, ok bool) {
	k, f := n.kind(s), s.order.firm
	lots = [2]int32{n.r.owns(f, s.spec.kind), n.r.owns(f, k.operator)}
	ok = lots[0] != agents.None && (k.operator < 0 || lots[1] != agents.None) &&
		n.r.Firms[f].fits(s.spec.domain, s.order.class.certification)
	return lots, ok
}

// Loading.

// seek finds room for need hours on own calendars on the earliest days from
// first to last, and returns the hours without room.
func (n *naive) seek(s *naiveStep, need agents.Hours, first, last agents.Day, overtime bool) (slots []agents.Slot, left agents.Hours) {
	lots, ok := n.lots(s)
	if !ok {
		return nil, need
	}
	for d := max(first, n.day); d <= last && d < n.day+n.horizon && need > 0; d++ {
		x := min(need, s.spec.perDay-n.onDay(s, d, true))
		for c, l := range lots {
			if l == agents.None {
				continue
			}
			room := n.free(l, d)
			if overtime {
				room += n.overtime(l, d)
			}
			if c == 1 {
				room = n.kind(s).ratio.Within(room)
			}
			x = min(x, room)
		}
		if x > 0 {
			slots = append(slots, agents.Slot{Day: d, Hours: x})
			need -= x
		}
	}
	return slots, need
}

// load books slots on own calendars; the first set-up hours are not work.
func (n *naive) load(s *naiveStep, slots []agents.Slot, setup agents.Hours, fallback bool) {
	lots, _ := n.lots(s)
	for _, x := range slots {
		extra := min(setup, x.Hours)
		setup -= extra
		n.book(s, nil, lots, x.Day, x.Hours, x.Hours-extra, [2]agents.Hours{}, fallback)
	}
}

// ownCost is the firm's variable cost of h primary hours; tariffs stand in for
// units that it does not own.
func (n *naive) ownCost(s *naiveStep, h agents.Hours) agents.Money {
	cost := func(k int16) agents.Money {
		if l := n.r.owns(s.order.firm, k); l != agents.None {
			return n.r.lots[l].cost
		}
		return n.r.kinds[k].variable
	}
	sum := cost(s.spec.kind).For(h)
	if k := n.kind(s); k.operator >= 0 {
		sum += cost(k.operator).For(k.ratio.Of(h))
	}
	return sum
}

func (s *naiveStep) rest() agents.Hours { return s.hours - s.done - s.bought }

func (s *naiveStep) setup() agents.Hours {
	if s.prepared {
		return 0
	}
	return s.spec.setup
}

// latestOf is the latest day for step j: later ones need the days that follow.
func latestOf(o *naiveOrder, j int) agents.Day {
	d := o.due
	for _, s := range o.steps[j+1:] {
		if s.rest() > 0 {
			d -= agents.Day((s.rest() + s.setup() - 1) / s.spec.perDay)
		}
	}
	return d
}

// replan gives own bookings back and loads the order afresh.
func (n *naive) replan(o *naiveOrder) {
	for _, s := range o.steps {
		s.short, s.limit = false, agents.Never
		n.release(s, false)
	}
	n.plan(o)
}

func (n *naive) plan(o *naiveOrder) {
	o.forgone = false
	if !n.worthwhile(o) && !o.class.partial {
		n.forgo(o)
	}
	for j, s := range o.steps { // deals for later steps stand
		for _, later := range o.steps[j+1:] {
			for _, b := range n.bookings(later) {
				if b.deal != nil {
					s.limit = min(s.limit, b.day)
				}
			}
		}
	}
}

// worthwhile loads an order, with fallbacks for what it lacks, and tells
// whether a whole order can be completed that way at no more than its value.
func (n *naive) worthwhile(o *naiveOrder) bool {
	start, slip, cost := n.day, agents.Day(0), n.dealCosts(o)
	for j, s := range o.steps {
		s.short, s.lack, s.fallback = false, 0, NoFallback
		s.from, s.latest = start, latestOf(o, j)+slip
		if b := n.bookings(s); len(b) > 0 && b[0].day < start && s.done == 0 {
			n.release(s, true) // a deal for days on which the step cannot begin
		}
		need := s.rest() - n.planned(s)
		if need == 0 {
			start = max(start, s.end)
			continue
		}
		if len(n.bookings(s)) == 0 {
			s.end = max(start, s.last)
		}
		setup := s.setup()
		slots, left := n.seek(s, need+setup, start, s.latest, false)
		found := need + setup - left
		if left == 0 && (!o.class.partial || n.ownCost(s, found) <= portion(o.value, need, o.asked)) {
			cost += n.ownCost(s, need+setup)
			n.load(s, slots, setup, false)
			start = s.end
			continue
		}
		value := o.value
		if o.class.partial {
			if left > 0 && found > setup && n.ownCost(s, found) <= portion(o.value, found-setup, o.asked) {
				n.load(s, slots, setup, false)
				need, setup = left, 0
			}
			value = portion(o.value, need, o.asked)
		}
		s.short, s.lack = true, need
		price, end := n.fallBack(s, need, setup, start, slip, value)
		s.stake = price
		if s.fallback == FallbackLost {
			s.stake = value
			if !o.class.partial {
				return false
			}
			continue // the steps after it may be done all the same
		}
		cost += price
		slip += max(0, end-s.latest)
		start = end
	}
	return cost <= o.value
}

// fallBack reserves the cheapest way out; of equal ones the first of loss (if
// partial), overtime, outside, late.
func (n *naive) fallBack(s *naiveStep, need, setup agents.Hours, start, slip agents.Day, value agents.Money) (agents.Money, agents.Day) {
	c, k := s.order.class, n.kind(s)
	lateness := func(end agents.Day) agents.Money {
		return agents.Money(math.Round(float64(max(0, end-s.latest)) * c.lateCost * float64(value)))
	}
	lastDay := func(slots []agents.Slot) agents.Day { return slots[len(slots)-1].Day }
	own := n.ownCost(s, need+setup)
	latest := s.latest + max(0, c.lateDays-slip)

	s.fallback = FallbackLost
	s.commit = max(n.day, s.latest-agents.Day((need+setup-1)/s.spec.perDay))
	best, end := value, s.latest
	if !c.partial {
		best = math.MaxInt64
	}
	var chosen []agents.Slot
	if slots, left := n.seek(s, need+setup, start, s.latest, true); left == 0 {
		price := own
		lots, _ := n.lots(s)
		for _, x := range slots {
			price += k.premium.For(max(0, x.Hours-max(0, n.free(lots[0], x.Day))))
			if lots[1] != agents.None {
				price += n.r.kinds[k.operator].premium.For(max(0, k.ratio.Of(x.Hours)-max(0, n.free(lots[1], x.Day))))
			}
		}
		if price < best {
			s.fallback, best, end, chosen, s.commit = FallbackExtra, price, lastDay(slots), slots, slots[0].Day
		}
	}
	if m := k.outside; m != nil && start+m.lead <= latest {
		if price := m.price.For(max(need, m.minimum)) + lateness(start+m.lead); price < best {
			s.fallback, best, s.commit = FallbackOutside, price, max(start, s.latest-m.lead)
			end = s.commit + m.lead
		}
	}
	if latest > s.latest {
		if slots, left := n.seek(s, need+setup, start, latest, false); left > 0 {
			if latest >= n.day+n.horizon && s.order.measured {
				n.result.Overflow += left
			}
		} else if price := own + lateness(lastDay(slots)); price < best {
			s.fallback, best, end, chosen, s.commit = FallbackLate, price, lastDay(slots), slots, slots[0].Day
		}
	}
	switch s.fallback {
	case FallbackExtra, FallbackLate:
		n.load(s, chosen, setup, true)
	case FallbackOutside:
		s.end = max(s.end, end)
	case FallbackLost:
		s.end = max(start, s.end)
	}
	return best, max(end, s.end) // other sites may work longer
}

// forgo leaves an order unloaded and states what each step lacks.
func (n *naive) forgo(o *naiveOrder) {
	o.forgone = true
	for _, s := range o.steps {
		s.short = false
		n.release(s, false)
	}
	start, commit := n.day, agents.Never
	own, lacks, undone := agents.Money(0), agents.Hours(0), false
	for j, s := range o.steps {
		s.short, s.lack, s.fallback = false, 0, NoFallback
		s.from, s.latest = start, latestOf(o, j)
		if undone { // what comes before is not loaded
			for _, b := range n.bookings(s) {
				if b.deal != nil && b.deal.made {
					n.unbook(b)
				}
			}
			n.reckon(s)
		}
		need := s.rest() - n.planned(s)
		if need == 0 {
			start = max(start, s.end)
			continue
		}
		undone = true
		s.end = max(start, s.last)
		least := agents.Day((need + s.setup() - 1) / s.spec.perDay)
		commit = min(commit, s.latest-least)
		if slots, left := n.seek(s, need+s.setup(), start, s.latest, false); left == 0 {
			own += n.ownCost(s, need+s.setup())
			n.load(s, slots, s.setup(), false) // seen by the steps after it, then given back
			start = s.end
			continue
		}
		s.short, s.lack, s.fallback = true, need, FallbackLost
		lacks += need
		start += least
	}
	for _, s := range o.steps {
		n.release(s, false)
	}
	if lacks == 0 { // nothing is missing but a cheaper way: all of it is asked for
		own = 0
		for _, s := range o.steps {
			if need := s.rest() - n.planned(s); need > 0 {
				s.short, s.lack, s.fallback = true, need, FallbackLost
				lacks += need
			}
		}
	}
	for _, s := range o.steps {
		if s.short {
			s.stake = portion(max(0, o.value-own), s.lack, lacks)
			s.commit = max(n.day, commit)
		}
	}
}

// The day.

// repair gives back what today's units cannot do and pulls work into what they
// can do beyond the plan.
func (n *naive) repair() {
	today := slices.Clone(n.booked[n.day])
	slices.SortStableFunc(today, func(a, b *naiveBooking) int {
		p, q := a.step.order, b.step.order
		return cmp.Or(cmp.Compare(q.due, p.due), cmp.Compare(q.seq, p.seq), cmp.Compare(b.step.at, a.step.at),
			b2i(b.fallback)-b2i(a.fallback), b2i(a.deal != nil)-b2i(b.deal != nil),
			cmp.Compare(b.lot[0], a.lot[0]), cmp.Compare(b.lot[1], a.lot[1]), cmp.Compare(b.work, a.work))
	})
	hit := map[*naiveOrder]bool{}
	for _, b := range today {
		for c, l := range b.lot {
			if l != agents.None && (b.regular[c] > 0 && n.free(l, n.day) < 0 || b.over[c] > 0 && n.overtime(l, n.day) < 0) {
				n.tell(b.step, Event{What: Hit, Hours: b.work})
				n.unbook(b)
				hit[b.step.order] = true
				break
			}
		}
	}
	for _, o := range slices.Clone(n.orders) {
		if hit[o] {
			for _, s := range o.steps {
				if s.waiting {
					n.undo(s)
				}
			}
			n.replan(o)
		}
	}
	for f := range n.r.Firms {
		n.pullForward(int32(f))
	}
}

// pullForward moves a firm's own work from its latest planned days into hours
// of today beyond the plan.
func (n *naive) pullForward(f int32) {
	excess := map[int32]agents.Hours{}
	most := agents.Hours(0)
	for l := range n.r.lots {
		if lot := &n.r.lots[l]; lot.firm == f {
			more := n.r.kinds[lot.kind].hours*agents.Hours(n.up[l]) - lot.plan
			excess[int32(l)] = max(0, min(more, n.free(int32(l), n.day)))
			most = max(most, excess[int32(l)])
		}
	}
	if most <= 0 {
		return
	}
	for _, o := range n.byDue(f) {
		ready := true // the steps before are done by today
		for _, s := range o.steps {
			if s.rest() > 0 || len(n.bookings(s)) > 0 {
				if ready && !s.short && len(n.bookings(s)) > 0 {
					n.pull(s, excess)
				}
				break
			}
			ready = ready && s.end <= n.day
		}
	}
}

// byDue is a firm's open orders, the earliest due first, then as they arrived.
func (n *naive) byDue(f int32) (out []*naiveOrder) {
	for _, o := range n.orders {
		if o.firm == f {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b *naiveOrder) int { return cmp.Compare(a.due, b.due) })
	return out
}

func (n *naive) pull(s *naiveStep, excess map[int32]agents.Hours) {
	ratio := n.kind(s).ratio
	for {
		var b *naiveBooking // the latest own one
		for _, x := range n.bookings(s) {
			if x.deal == nil && x.day > n.day {
				b = x
			}
		}
		if b == nil || b.regular[0] != b.work || b.over != [2]agents.Hours{} {
			return
		}
		x, limit := min(b.work, n.free(b.lot[0], n.day), s.spec.perDay-n.onDay(s, n.day, true)), excess[b.lot[0]]
		if b.lot[1] != agents.None {
			x, limit = min(x, ratio.Within(n.free(b.lot[1], n.day))), max(limit, ratio.Within(excess[b.lot[1]]))
		}
		if x = min(x, limit); x <= 0 {
			return
		}
		n.unbook(b)
		n.book(s, nil, b.lot, n.day, x, x, b.travel, false)
		if x < b.work {
			n.book(s, nil, b.lot, b.day, b.work-x, b.work-x, b.travel, false)
		}
		n.reckon(s)
		excess[b.lot[0]] -= x
		if b.lot[1] != agents.None {
			excess[b.lot[1]] -= ratio.Of(x)
		}
	}
}

// retry plans orders again whose lacking steps may find room now, where hours
// have come free at their firm.
func (n *naive) retry() {
	freed := n.freed
	n.freed = map[int32]bool{}
	var lacking []*naiveStep
	for _, o := range n.orders {
		for _, s := range o.steps {
			if s.short {
				lacking = append(lacking, s)
			}
		}
	}
	for _, s := range lacking {
		if s.short && freed[s.order.firm] && !waits(s.order) && n.sooner(s) {
			n.replan(s.order)
		}
	}
}

// sooner tells whether some of what a step lacks has room in time or, if it
// is planned late, before its planned end.
func (n *naive) sooner(s *naiveStep) bool {
	last, lack := s.latest, s.lack
	if s.fallback == FallbackLate {
		last = max(last, s.end-1)
	}
	for _, b := range n.bookings(s) {
		if b.fallback && b.day <= last {
			lack -= b.work
		}
	}
	if lack <= 0 {
		return true
	}
	_, left := n.seek(s, lack, s.from, last, false)
	return left < lack
}

func waits(o *naiveOrder) bool {
	return slices.ContainsFunc(o.steps, func(s *naiveStep) bool { return s.waiting })
}

func (n *naive) arrive(a *arrival, hours []agents.Hours) {
	c := &n.r.classes[a.class]
	n.arrived++
	o := &naiveOrder{class: c, number: a.class, key: a.key, seq: n.arrived, firm: a.firm, arrived: n.day, due: a.due, measured: n.measuring()}
	for j := range c.operations {
		o.steps = append(o.steps, &naiveStep{order: o, at: j, spec: &c.operations[j], hours: hours[j],
			last: n.day, end: n.day, from: n.day, limit: agents.Never})
		o.asked += hours[j]
	}
	o.value = c.value + c.hourValue.For(o.asked)
	n.orders = append(n.orders, o)
	n.enter(o)
	n.plan(o)
	for _, s := range o.steps {
		if s.short {
			n.displaced(s)
		}
	}
	n.settle(o)
}

// finalise makes fallbacks final whose last day it is.
func (n *naive) finalise() {
	for _, o := range slices.Clone(n.orders) {
		for _, s := range o.steps {
			if o.closed || !s.short || s.commit > n.day {
				continue
			}
			n.tell(s, Event{What: Committed, Fallback: s.fallback, Hours: s.lack, Money: s.stake})
			switch {
			case s.fallback == FallbackOutside:
				s.short = false
				n.buy(s)
				n.settle(o)
			case s.fallback == FallbackLost && !o.class.partial:
				n.drop(o)
			case s.fallback == FallbackLost:
				s.short = false
				n.lose(s, s.lack)
				n.settle(o)
			default:
				s.short = false // its hours are booked
			}
		}
	}
}

// execute works off the day: own work before deals, the latest booked first.
func (n *naive) execute() {
	today := slices.Clone(n.booked[n.day])
	slices.Reverse(today)
	slices.SortStableFunc(today, func(a, b *naiveBooking) int { return b2i(a.deal != nil) - b2i(b.deal != nil) })
	for _, b := range today {
		n.work(b)
		n.takeBack(b)
		n.settle(b.step.order)
	}
}
