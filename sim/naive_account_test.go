package sim

import (
	"math"
	"slices"

	"idleshift/agents"
)

// The accounts of the naive engine.

func (n *naive) openBooks() {
	r, sc := n.r, n.r.Scenario
	n.result = Result{Regime: sc.Compare[n.regime], Replicate: r.Replicate, Firms: len(r.Firms), Days: sc.Time.Days,
		Kinds: make([]agents.Fate, len(r.kinds)), Hours: make([]agents.DayHours, len(r.kinds)), Classes: make([][NumNeeds]Need, len(r.classes))}
	n.firms = make([]FirmResult, len(r.Firms))
	for f := range r.Firms {
		n.firms[f].Firm = int32(f)
		n.result.Employees += r.Firms[f].Employees
	}
	n.beginDay()
}

func (n *naive) beginDay() {
	n.today = make([]agents.DayHours, len(n.r.kinds))
	n.worked = make([]agents.Hours, len(n.r.lots))
}

func (n *naive) measuring() bool {
	d := int(n.day) - n.r.Scenario.Time.Warmup
	return d >= 0 && d < n.r.Scenario.Time.Days
}

func (n *naive) openOrders() (count int) {
	for _, o := range n.orders {
		count += b2i(o.measured)
	}
	return count
}

// pay books an amount for a firm and the order that it goes with.
func (n *naive) pay(o *naiveOrder, firm int32, a agents.Account, m agents.Money) {
	if !o.measured {
		return
	}
	n.firms[firm].Ledger[a] += m
	if a == agents.Value {
		o.earned += m
	} else if a <= agents.Fixed {
		o.earned -= m
	}
}

func (n *naive) needOf(o *naiveOrder) *Need {
	size := Over160
	switch {
	case o.asked < 8*agents.Hour:
		size = Under8
	case o.asked < 40*agents.Hour:
		size = Under40
	case o.asked < 160*agents.Hour:
		size = Under160
	}
	return &n.result.Classes[o.number][size]
}

// both tells of primary hours from to to of a step, and of the operator hours
// that go with them.
func (n *naive) both(s *naiveStep, from, to agents.Hours, tell func(kind int16, h agents.Hours)) {
	tell(s.spec.kind, to-from)
	if k := n.kind(s); k.operator >= 0 {
		tell(k.operator, k.ratio.Of(to)-k.ratio.Of(from))
	}
}

func (n *naive) enter(o *naiveOrder) {
	if !o.measured {
		return
	}
	need := n.needOf(o)
	need.Orders++
	need.Hours += o.asked
	need.Potential += o.value
	for _, s := range o.steps {
		need.Potential -= n.ownCost(s, s.hours)
		n.both(s, 0, s.hours, func(k int16, h agents.Hours) { n.result.Kinds[k].Demand += h })
	}
}

// displaced counts what an arriving step lacks while as much of the firm's own
// units or operators is lent, each lent hour once.
func (n *naive) displaced(s *naiveStep) {
	if !s.order.measured {
		return
	}
	k := n.kind(s)
	machine, people := n.r.owns(s.order.firm, s.spec.kind), n.r.owns(s.order.firm, k.operator)
	h := agents.Hours(0)
	if machine != agents.None {
		h = n.lent(machine) - n.struck[machine]
	}
	if people != agents.None {
		h = max(h, k.ratio.Within(n.lent(people)-n.struck[people]))
	}
	h = min(h, s.lack)
	n.result.Displaced += h
	if machine != agents.None {
		n.struck[machine] = min(n.struck[machine]+h, n.lent(machine))
	}
	if people != agents.None {
		n.struck[people] = min(n.struck[people]+k.ratio.Of(h), n.lent(people))
	}
}

// lent is the hours of a lot that are booked for others.
func (n *naive) lent(lot int32) (h agents.Hours) {
	for _, day := range n.booked {
		for _, b := range day {
			for c := range 2 {
				if b.lot[c] == lot && b.step.order.firm != n.r.lots[lot].firm {
					h += b.hours(c)
				}
			}
		}
	}
	return h
}

// buy takes what a step lacks from the outside market.
func (n *naive) buy(s *naiveStep) {
	o, m := s.order, n.kind(s).outside
	price := m.price.For(max(s.lack, m.minimum))
	resource := agents.MoneyOf(price.Float() * n.r.Scenario.Accounts.OutsideShare)
	n.pay(o, o.firm, agents.Outside, resource)
	n.pay(o, o.firm, agents.Abroad, price-resource)
	from := s.done + s.bought
	s.bought += s.lack
	s.last = max(s.last, n.day+m.lead)
	s.end = max(s.end, s.last)
	n.both(s, from, from+s.lack, func(k int16, h agents.Hours) {
		n.today[k].Outside += h
		if o.measured {
			n.result.Kinds[k].Outside += h
		}
	})
}

// lose gives up h hours of a step.
func (n *naive) lose(s *naiveStep, h agents.Hours) {
	if s.order.class.partial && h > 0 {
		n.win(s.order, portion(s.order.value, h, s.order.asked), n.ownCost(s, h))
	}
	s.hours -= h
	s.order.missed += h
	n.both(s, s.hours, s.hours+h, func(k int16, h agents.Hours) {
		n.today[k].Lost += h
		switch {
		case s.order.measured && n.stopped:
			n.result.Kinds[k].Open += h
		case s.order.measured:
			n.result.Kinds[k].Lost += h
		}
	})
}

// win is what other firms of the region make of a loss, if it is worth doing.
func (n *naive) win(o *naiveOrder, value, cost agents.Money) {
	if o.measured && cost < value {
		share := func(m agents.Money) agents.Money { return agents.Money(math.Round(o.class.lostToRegion * float64(m))) }
		n.won[agents.Value] += share(value)
		n.won[agents.Variable] += share(cost)
		o.earned += share(value) - share(cost)
	}
}

// drop ends an order that is lost as a whole; what it had cost is sunk.
func (n *naive) drop(o *naiveOrder) {
	if !o.class.partial {
		cost := agents.Money(0)
		for _, s := range o.steps {
			cost += n.ownCost(s, s.hours)
		}
		n.win(o, o.value, cost)
	}
	for _, s := range o.steps {
		n.release(s, true)
		n.lose(s, s.rest())
	}
	if o.measured {
		need := n.needOf(o)
		if n.stopped {
			need.Open++
		} else {
			need.Lost++
		}
		need.Realised += o.earned
		n.result.Realised[n.tenth(o)] += o.earned
	}
	n.tellOrder(o, Event{What: Dropped, Hours: o.missed, Money: o.value})
	n.close(o)
}

// tenth is the tenth of the measured days in which the order arrived.
func (n *naive) tenth(o *naiveOrder) int {
	t := &n.r.Scenario.Time
	return (int(o.arrived) - t.Warmup) * Tenths / t.Days
}

// settle delivers an order of which nothing is left to do.
func (n *naive) settle(o *naiveOrder) {
	end := o.arrived
	for _, s := range o.steps {
		if s.rest() > 0 || len(n.bookings(s)) > 0 {
			return
		}
		end = max(end, s.last)
	}
	if o.missed == o.asked {
		n.drop(o)
		return
	}
	late, value := max(0, end-o.due), o.value
	if o.missed > 0 {
		value = portion(o.value, o.asked-o.missed, o.asked)
	}
	cost := agents.Money(math.Round(float64(late) * o.class.lateCost * float64(value)))
	n.pay(o, o.firm, agents.Value, value)
	n.pay(o, o.firm, agents.Lateness, cost)
	if o.measured {
		need := n.needOf(o)
		if late > 0 {
			need.Late++
		} else {
			need.OnTime++
		}
		need.Realised += o.earned
		n.result.Realised[n.tenth(o)] += o.earned
	}
	n.tellOrder(o, Event{What: Delivered, Last: end, Money: cost})
	n.close(o)
}

func (n *naive) close(o *naiveOrder) {
	o.closed = true
	for _, s := range o.steps {
		s.short, s.waiting = false, false
	}
	n.orders = slices.DeleteFunc(n.orders, func(x *naiveOrder) bool { return x == o })
}

// work does a booking: hours and money.
func (n *naive) work(b *naiveBooking) {
	s, o := b.step, b.step.order
	var net [2]agents.Hours
	var kinds [2]int16
	from, c := s.done+s.bought, 0
	n.both(s, from, from+b.work, func(k int16, h agents.Hours) { net[c], kinds[c] = h, k; c++ })
	for c, l := range b.lot {
		if l == agents.None {
			continue
		}
		k, owner := &n.r.kinds[kinds[c]], n.r.lots[l].firm
		extra := b.hours(c) - b.travel[c] - net[c] // set-up, unfamiliarity, rework
		// regular hours are travel first, then what is not net work, then work
		travel := min(b.travel[c], b.regular[c])
		inTime := min(net[c], max(0, b.regular[c]-b.travel[c]-extra))
		day := &n.today[kinds[c]]
		day.Travel += travel
		day.Setup += b.regular[c] - travel - inTime
		day.Overtime += b.over[c]
		var fate agents.Fate
		fate.Overtime = net[c] - inTime
		switch {
		case owner != o.firm:
			day.Shared += inTime
			fate.Shared = inTime
		case n.day > o.due:
			day.Late += inTime
			fate.OwnLate = inTime
		default:
			day.Own += inTime
			fate.OwnOnTime = inTime
		}
		if o.measured {
			sum := &n.result.Kinds[kinds[c]]
			sum.Overtime += fate.Overtime
			sum.Shared += fate.Shared
			sum.OwnLate += fate.OwnLate
			sum.OwnOnTime += fate.OwnOnTime
		}
		if n.measuring() && owner == o.firm {
			n.firms[owner].Own += net[c]
		} else if n.measuring() {
			n.firms[owner].Provided += net[c]
			n.firms[o.firm].Received += net[c]
		}
		n.worked[l] += b.regular[c]
		cost := n.r.lots[l].cost
		n.pay(o, owner, agents.Variable, cost.For(net[c]))
		n.pay(o, owner, agents.Setup, cost.For(extra))
		n.pay(o, owner, agents.Travel, cost.For(b.travel[c]))
		n.pay(o, owner, agents.Overtime, k.premium.For(b.over[c]))
		if owner != o.firm {
			m := portion(b.deal.pay[c], b.hours(c), b.deal.hours[c])
			n.pay(o, o.firm, agents.Paid, m)
			n.pay(o, owner, agents.Received, m)
			n.pay(o, o.firm, agents.Fees, agents.MoneyOf(m.Float()*b.deal.tier.spec.FeeShare))
		}
	}
	s.done += b.work
	s.last = max(s.last, n.day)
	s.prepared = s.prepared || b.deal == nil
}

// endDay closes the hours of the day.
func (n *naive) endDay() {
	if !n.measuring() {
		return
	}
	for l := range n.r.lots {
		lot := &n.r.lots[l]
		k, day, firm := &n.r.kinds[lot.kind], &n.today[lot.kind], &n.firms[lot.firm]
		capacity, idle := k.hours*agents.Hours(lot.units), n.free(int32(l), n.day)
		day.Capacity += capacity
		day.Normal += k.normal * agents.Hours(lot.units)
		day.Down += capacity - k.hours*agents.Hours(n.up[l])
		day.Idle += idle
		firm.Capacity += capacity
		firm.Idle += idle
	}
	n.days = append(n.days, n.today...)
	for k := range n.today {
		n.result.Hours[k].Add(&n.today[k])
	}
	backlog := make([]agents.Hours, len(n.r.Firms))
	for _, o := range n.orders {
		for _, s := range o.steps {
			backlog[o.firm] += s.rest()
		}
	}
	for _, h := range backlog {
		n.result.Backlog += h
		n.result.ClearDays += int64(b2i(h == 0))
	}
}

// closeBooks adds fixed cost and membership, and everything up.
func (n *naive) closeBooks() {
	r, sc, sum := n.r, n.r.Scenario, &n.result
	for _, l := range r.lots {
		n.firms[l.firm].Ledger[agents.Fixed] += r.kinds[l.kind].fixed * agents.Money(int(l.units)*sc.Time.Days)
	}
	year := float64(sc.Time.Days) / float64(sc.Time.YearDays)
	for f := range r.Firms {
		member := false
		for _, m := range n.tiers {
			if !m.partners && m.member[f] {
				member = true
				n.firms[f].Ledger[agents.Membership] += agents.MoneyOf((m.spec.JoinCost + m.spec.PolicyCost) * year)
			}
		}
		sum.Members += b2i(member)
	}
	for _, m := range n.tiers {
		if !m.partners {
			sum.Platform[agents.Running] += agents.MoneyOf(m.spec.RunningCost * year)
		}
	}
	for f := range n.firms {
		sum.Region.Add(&n.firms[f].Ledger)
		sum.Platform[agents.Fees] -= n.firms[f].Ledger[agents.Fees]
	}
	sum.Region.Add(&sum.Platform)
	sum.Region.Add(&n.won)
}

// tell reports what happened to a step, tellOrder to an order.
func (n *naive) tell(s *naiveStep, e Event) {
	e.Operation, e.Kind = int16(s.at), s.spec.kind
	if e.What == Hit {
		e.First, e.Last = n.day, n.day
	}
	n.heard(s.order, e)
}

func (n *naive) tellOrder(o *naiveOrder, e Event) {
	e.Operation, e.Kind = -1, -1
	n.heard(o, e)
}

func (n *naive) heard(o *naiveOrder, e Event) {
	e.Day, e.Regime, e.Class, e.Firm, e.Order = n.day, int16(n.regime), o.number, o.firm, o.seq
	n.hear(e)
}
