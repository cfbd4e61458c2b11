package sim

import (
	"cmp"
	"slices"

	"idleshift/agents"
)

// A clearing of all operations. Orders that have not begun are released and
// enter the book beside those that lack something. Deals and proposals for own
// units are laid on the calendars; nothing is agreed until every firm is known
// to be no worse off than with what it had planned (settleAll).

// offerAll releases every order of a member that has not begun, so that the
// clearing decides where all of them are served.
func (w *World) offerAll(m *market) {
	for f := range w.active {
		if !m.tier.partners && !m.tier.member[f] {
			continue
		}
		for o := w.active[f]; o != agents.None; o = w.places[o].next {
			if ord := &w.orders.at[o]; !w.waits(ord) && w.untouched(ord) {
				w.remember(&m.entries, o)
				w.offer(ord)
			}
		}
	}
}

// untouched tells whether nothing of an order is begun, bought or dealt.
func (w *World) untouched(ord *order) bool {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := &w.ops[i]
		if op.done > 0 || op.bought > 0 || op.prepared {
			return false
		}
		for n := range w.bookings(i) {
			if w.booked.at[n].deal >= 0 {
				return false
			}
		}
	}
	return true
}

// offer releases an order: all of it is asked for.
func (w *World) offer(ord *order) {
	ord.moved = true
	start := w.day
	for j := range int(ord.steps) {
		i := ord.first + int32(j)
		op := &w.ops[i]
		op.stake = w.alone(ord, i)
		w.takeOwn(i)
		st := w.step(op)
		op.from, op.latest, op.end = start, ord.due-w.tail(ord, j), start
		op.short, op.lack, op.fallback, op.commit = op.hours > 0, op.hours, FallbackLost, max(w.day, op.latest)
		if op.hours > 0 {
			start += agents.Day((op.hours + st.setup - 1) / st.perDay)
			if !op.listed {
				w.list(i)
			}
		}
	}
}

// worth is what the broker is told that an operation is worth: in a book of all
// operations its share of the value or, if less and in time, the outside price,
// whatever its firm would do about it alone.
func (w *World) worth(op *operation) agents.Money {
	ord := &w.orders.at[op.order]
	if !ord.moved {
		return op.stake
	}
	m := portion(ord.value, op.hours, ord.asked)
	if x := w.kinds[w.step(op).kind].outside; x != nil && op.from+x.lead <= op.latest {
		m = min(m, x.price.For(max(op.hours, x.minimum)))
	}
	return m
}

// settleAll agrees the deals of a clearing of all operations. A firm that no deal
// touches does as it had planned. One that lends or asks plans beside its
// deals. If that leaves it worse off, prices change in its favour as far as
// others gain; if they do not, a deal of it falls, and whom it touched plans anew.
func (w *World) settleAll(m *market) {
	s := settlement{w: w, e: &m.entries, fee: m.tier.spec.FeeShare, trace: w.trace}
	s.enter()
	freed, overflow := slices.Clone(w.freed), w.result.Overflow
	w.trace = nil // nobody is told of plans that are not kept
	raised := s.agree()
	w.trace, w.result.Overflow = s.trace, overflow
	copy(w.freed, freed)
	for x, more := range raised {
		s.deal(s.laid[x]).raise(more, s.fee)
	}
	s.makeAll()
	w.letGo(s.e)
}

// A settlement is what a clearing of all operations comes to.
type settlement struct {
	w        *World
	e        *entries
	fee      float64      // of the platform, as a share of prices
	trace    func(*Event) // of the world
	laid     []int32      // deals of the clearing that stand, by firm, order and step
	proposed []booking    // on own units
	firms    []party      // those of the orders and those that lend, by number
}

// A party is a firm in a settlement.
type party struct {
	firm   int32
	orders []entered
	todo   bool         // to be planned
	gains  agents.Money // by the clearing as planned, less than nothing if it is worse off
}

func (s *settlement) deal(d int32) *deal { return &s.w.deals.at[d] }

// find is the place of a firm among those of the settlement, or where it would
// be.
func (s *settlement) find(firm int32) (int, bool) {
	return slices.BinarySearchFunc(s.firms, firm, func(p party, firm int32) int { return cmp.Compare(p.firm, firm) })
}

// enter lists what is laid, and the firms.
func (s *settlement) enter() {
	at := s.e.at
	order := func(t entered) *order { return &s.w.orders.at[t.order] }
	slices.SortFunc(at, func(a, b entered) int {
		return cmp.Or(cmp.Compare(order(a).firm, order(b).firm), cmp.Compare(order(a).seq, order(b).seq))
	})
	for len(at) > 0 {
		firm, n := order(at[0]).firm, 0
		for ; n < len(at) && order(at[n]).firm == firm; n++ {
			s.enterOrder(&at[n])
		}
		s.firms = append(s.firms, party{firm: firm, orders: at[:n], todo: true})
		at = at[n:]
	}
	for _, d := range s.laid {
		for _, g := range s.deal(d).lenders {
			if x, known := s.find(g); g != agents.None && !known {
				s.firms = slices.Insert(s.firms, x, party{firm: g, todo: true})
			}
		}
	}
}

func (s *settlement) enterOrder(t *entered) {
	w, from := s.w, len(s.proposed)
	ord := &w.orders.at[t.order]
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		s.laid = append(s.laid, w.fresh(i)...)
		for n := range w.bookings(i) {
			if b := w.booked.at[n]; ord.moved && b.deal < 0 {
				s.proposed = append(s.proposed, b)
			}
		}
	}
	t.own = s.proposed[from:]
}

// agree plans the firms, in order of number, until none of them is worse off. It
// returns by how much prices change for that, as reprice does.
func (s *settlement) agree() (raised [][2]agents.Money) {
	for {
		if f := slices.IndexFunc(s.firms, func(p party) bool { return p.todo }); f >= 0 {
			s.firms[f].todo = false
			s.settle(&s.firms[f])
			continue
		}
		raised, worse := s.reprice()
		if worse == nil {
			return raised
		}
		s.fall(s.least(worse.firm), RefusedWorse)
	}
}

// settle plans a firm's orders beside the deals that are laid, or makes one of
// them fall with which that cannot be done.
func (s *settlement) settle(p *party) {
	if s.least(p.firm) == agents.None {
		p.gains = 0
		for x := range p.orders {
			s.w.restore(s.e, &p.orders[x])
		}
		return
	}
	followed, follows := s.arrange(p, true)
	switch {
	case s.fallIf(gone, RefusedBundle):
		s.again(p)
		return
	case follows && followed >= -cent:
		p.gains = followed
		return
	}
	loaded, loads := s.arrange(p, false)
	switch {
	case s.fallIf(gone, RefusedBundle):
		s.again(p)
	case loads && (loaded > followed || !follows):
		p.gains = loaded
	case follows:
		p.gains, _ = s.arrange(p, true)
	default:
		if !s.fallIf(s.idle(p), RefusedBundle) {
			s.fall(s.least(p.firm), RefusedWorse)
		}
		s.again(p)
	}
}

// again lets a firm be planned anew: others count on what was dealt before.
func (s *settlement) again(p *party) {
	for x := range p.orders {
		s.w.unplan(s.e, &p.orders[x])
	}
	p.todo = true
}

// arrange plans a firm's orders beside the deals that are laid: if follow, what
// deals and the broker's proposals for its own units serve together stays as
// proposed; the rest is loaded in order of arrival. It returns what the firm
// gains, and whether every deal of its orders, also those made before, serves.
func (s *settlement) arrange(p *party, follow bool) (gains agents.Money, serve bool) {
	w := s.w
	for x := range p.orders {
		t := &p.orders[x]
		gains += t.cost
		w.unplan(s.e, t)
		if follow {
			for _, b := range t.own {
				w.put(b)
			}
		}
		ord := &w.orders.at[t.order]
		ord.lost = false
		for i := ord.first; i < ord.first+int32(ord.steps); i++ {
			w.ops[i].short = false
			w.reckon(i)
		}
		if follow && !w.served(ord) {
			for i := ord.first; i < ord.first+int32(ord.steps); i++ {
				w.takeOwn(i)
				w.reckon(i)
			}
		}
	}
	for _, t := range p.orders {
		if !follow || !w.served(&w.orders.at[t.order]) {
			w.plan(t.order)
		}
	}
	serve = true
	for x := range p.orders {
		t := &p.orders[x]
		ord := &w.orders.at[t.order]
		gains -= w.position(ord) + w.dealCosts(ord)
		serve = serve && w.keeps(s.e, t)
	}
	idle := s.idle(p)
	for _, d := range s.laid {
		t := s.deal(d)
		earned, _ := t.earnedBy(p.firm)
		gains += earned
		serve = serve && !idle(t)
	}
	return gains, serve
}

// served tells whether nothing of an order is lacking, each step after those
// before it.
func (w *World) served(ord *order) bool {
	end := w.day
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := &w.ops[i]
		if op.planned < op.hours-op.done-op.bought || op.done == 0 && op.first != agents.None && w.booked.at[op.first].day < end {
			return false
		}
		end = max(end, op.end)
	}
	return true
}

// gone tells of a deal that fell while its order was planned: the step before
// its own now ends later.
func gone(d *deal) bool { return d.left == 0 }

// idle tells of a deal that does not make its order, one of the firm's, worth
// completing.
func (s *settlement) idle(p *party) func(*deal) bool {
	return func(d *deal) bool {
		return d.row.Requester == p.firm && s.w.orders.at[s.w.ops[d.op].order].lost
	}
}

// least is the deal that is worth least to a firm, the last of equal ones: of
// those in which it lends or, if there are none, of those that it asked for.
// It is None if there are none.
func (s *settlement) least(firm int32) int32 {
	lent, asked := agents.None, agents.None
	var earns, saves agents.Money // by these
	for _, d := range s.laid {
		t := s.deal(d)
		if earned, lends := t.earnedBy(firm); lends && (lent == agents.None || earned <= earns) {
			lent, earns = d, earned
		}
		if t.row.Requester == firm && (asked == agents.None || t.saved <= saves) {
			asked, saves = d, t.saved
		}
	}
	if lent != agents.None {
		return lent
	}
	return asked
}

// earnedBy is what a deal earns a firm beyond its cost, if it lends in it.
func (d *deal) earnedBy(firm int32) (earned agents.Money, lends bool) {
	for c, g := range d.lenders {
		if g == firm {
			earned, lends = earned+d.earned[c], true
		}
	}
	return earned, lends
}

// fallIf makes the deals fall of which it is true.
func (s *settlement) fallIf(which func(*deal) bool, reason int) (any bool) {
	for {
		x := slices.IndexFunc(s.laid, func(d int32) bool { return which(s.deal(d)) })
		if x < 0 {
			return any
		}
		s.fall(s.laid[x], reason)
		any = true
	}
}

// fall undoes a deal that is laid, with the others of its request if that is
// all or nothing. Whom they touch has to be planned anew.
func (s *settlement) fall(d int32, reason int) {
	w, i := s.w, s.deal(d).op
	op := &w.ops[i]
	ord := &w.orders.at[op.order]
	partial := w.classes[ord.class].partial
	falls := func(x int32) bool { return s.deal(x).op == i && (x == d || !partial) }
	touch := func(firm int32) {
		if x, ok := s.find(firm); ok {
			s.firms[x].todo = true
		}
	}
	touch(ord.firm)
	w.trace = s.trace
	for _, x := range s.laid {
		if t := s.deal(x); falls(x) {
			w.result.Refusals[reason]++
			w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: t.row.Tier, Others: t.lenders, Reason: int8(reason)})
			touch(t.lenders[0])
			touch(t.lenders[1])
		}
	}
	w.trace = nil
	s.laid = slices.DeleteFunc(s.laid, falls)
	for n := range w.bookings(i) {
		b := &w.booked.at[n]
		if b.deal < 0 || w.deals.at[b.deal].made || !falls(b.deal) {
			continue
		}
		if reason == RefusedBundle {
			op.limit = b.day - 1 // what ends as late is of no use to the steps after it
		}
		w.takeBack(n)
	}
	w.reckon(i)
}

// makeAll makes the deals that stand, and asks for what is lacking still.
func (s *settlement) makeAll() {
	w := s.w
	for _, p := range s.firms {
		if len(p.orders) > 0 && s.least(p.firm) != agents.None {
			w.freed[p.firm] = true
		}
		for _, t := range p.orders {
			ord := &w.orders.at[t.order]
			ord.moved = false
			for i := ord.first; i < ord.first+int32(ord.steps); i++ {
				for _, d := range w.fresh(i) {
					w.make(ord, &w.ops[i], d)
				}
				if w.ops[i].short {
					w.enlist(i)
				}
			}
		}
	}
}
