package sim

import (
	"slices"

	"idleshift/agents"
)

// Orders as they stood before deals for them were tried, to be held against
// what comes of these, and to be put back where it is worse.

// entered is an order as it stood.
type entered struct {
	order  int32
	lost   bool
	cost   agents.Money // its position
	ops    int32        // its operations are entries.ops[ops:]
	booked [2]int32     // its bookings are entries.booked[from:to]
	own    []booking    // what the broker proposes on its firm's own units, in a clearing of all operations
}

// entries are orders of which deals are tried at the same time.
type entries struct {
	at     []entered
	ops    []operation
	booked []booking
}

// has tells whether an order is among them.
func (e *entries) has(o int32) bool {
	return slices.ContainsFunc(e.at, func(x entered) bool { return x.order == o })
}

// bookedFor is what was booked for an order.
func (e *entries) bookedFor(t *entered) []booking { return e.booked[t.booked[0]:t.booked[1]] }

// remember keeps an order as it stands, deals that are not made apart.
func (w *World) remember(e *entries, o int32) {
	ord := &w.orders.at[o]
	x := entered{order: o, lost: ord.lost, cost: w.position(ord), ops: int32(len(e.ops))}
	x.booked[0] = int32(len(e.booked))
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := w.ops[i]
		for n := range w.bookings(i) {
			b := w.booked.at[n]
			if b.deal >= 0 {
				if !w.deals.at[b.deal].made {
					op.end = agents.Never // to be reckoned
					continue
				}
				w.deals.at[b.deal].left++ // it stays known, whatever happens to the order
			}
			e.booked = append(e.booked, b)
		}
		e.ops = append(e.ops, op)
	}
	x.booked[1] = int32(len(e.booked))
	e.at = append(e.at, x)
}

// letGo forgets the orders when all is settled, and lets the deals among the
// bookings go, which were made before.
func (w *World) letGo(e *entries) {
	for _, b := range e.booked {
		if b.deal >= 0 {
			w.leaveDeal(b.deal)
		}
	}
	e.at, e.ops, e.booked = e.at[:0], e.ops[:0], e.booked[:0]
}

// restore makes an order what it was.
func (w *World) restore(e *entries, t *entered) {
	ord := &w.orders.at[t.order]
	w.strip(ord)
	ord.lost = t.lost
	was := e.ops[t.ops : t.ops+int32(ord.steps)]
	for j, x := range was {
		op := &w.ops[ord.first+int32(j)]
		x.listed, x.spurned, x.limit = op.listed, op.spurned, min(x.limit, op.limit)
		x.first, x.final, x.planned = agents.None, agents.None, 0
		*op = x
	}
	for _, b := range e.bookedFor(t) {
		w.put(b)
	}
	for j := range was {
		i := ord.first + int32(j)
		if end := was[j].end; end != agents.Never {
			w.ops[i].end = end
		} else {
			w.reckon(i)
		}
	}
}

// unplan leaves of what is booked for an order the deals, those that are tried
// and those made before.
func (w *World) unplan(e *entries, t *entered) {
	w.strip(&w.orders.at[t.order])
	for _, b := range e.bookedFor(t) {
		if b.deal >= 0 {
			w.put(b)
		}
	}
}

// strip takes back what is booked for an order but for deals that are tried.
func (w *World) strip(ord *order) {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		for n := range w.bookings(i) {
			if d := w.booked.at[n].deal; d < 0 || w.deals.at[d].made {
				w.takeBack(n)
			}
		}
	}
}

// takeOwn takes an operation's own bookings back as if they had never been.
func (w *World) takeOwn(i int32) {
	for n := range w.bookings(i) {
		if w.booked.at[n].deal < 0 {
			w.takeBack(n)
		}
	}
}

// keeps tells whether all deals that were made for an order before still stand.
func (w *World) keeps(e *entries, t *entered) bool {
	return !slices.ContainsFunc(e.bookedFor(t), func(b booking) bool {
		return b.deal >= 0 && w.lastOf(&w.ops[b.op], b.deal) == agents.Never
	})
}

// position is what an order costs its firm from now on as planned, its value if
// it is given up, deals apart.
func (w *World) position(ord *order) (cost agents.Money) {
	if ord.lost {
		return ord.value
	}
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		cost += w.alone(ord, i)
	}
	return cost
}

// cent is less than what positions are held against each other for: they are
// sums of rounded amounts.
const cent = agents.Unit / 100

// alone is what an operation costs its firm from now on as planned, with the
// fallback for what it lacks, deals apart.
func (w *World) alone(ord *order, i int32) agents.Money {
	op, cost := &w.ops[i], agents.Money(0)
	if rest := op.hours - op.done - op.bought - op.planned; op.short {
		cost = op.stake
	} else if rest > 0 { // of an order that is given up
		st := w.step(op)
		if !op.prepared {
			rest += st.setup
		}
		cost = w.ownCost(ord.firm, st, rest)
	}
	for n := range w.bookings(i) {
		b := &w.booked.at[n]
		if b.deal >= 0 || b.deal == reserved && op.short {
			continue // the fallback is in the stake
		}
		for c, l := range b.lot {
			if l != agents.None {
				lot := &w.lots[l]
				cost += lot.cost.For(agents.Hours(b.hours[c]+b.over[c])) + w.kinds[lot.kind].premium.For(agents.Hours(b.over[c]))
			}
		}
	}
	return cost
}
