package sim

import (
	"cmp"
	"slices"

	"idleshift/agents"
)

// offerAll releases every order of a member that has not begun, so that the
// clearing decides where all of them are served.
func (w *World) offerAll(m *market) {
	for f := range w.active {
		if !m.tier.partners && !m.tier.member[f] {
			continue
		}
		for o := w.active[f]; o != agents.None; o = w.places[o].next {
			ord := &w.orders.at[o]
			if !w.waits(ord) && w.untouched(ord) {
				m.moved = append(m.moved, o)
			}
		}
	}
	slices.SortFunc(m.moved, func(a, b int32) int { return cmp.Compare(w.orders.at[a].seq, w.orders.at[b].seq) })
	for _, o := range m.moved {
		ord := &w.orders.at[o]
		ord.moved = true
		start := w.day
		for j := range int(ord.steps) {
			i := ord.first + int32(j)
			op := &w.ops[i]
			op.stake = w.alone(ord, op)
			w.release(i)
			st := w.step(op)
			op.from, op.latest, op.end = start, ord.due-w.tail(ord, j), start
			op.lack, op.fallback, op.commit = op.hours, FallbackLost, max(w.day, op.latest)
			op.short = op.hours > 0
			if op.hours > 0 {
				start += agents.Day((op.hours - 1) / st.perDay)
				if !op.listed {
					w.list(i)
				}
			}
		}
	}
}

// alone is what an operation of an order that has not begun costs its firm as
// planned, with the fallback for what it lacks: what a deal for it saves.
func (w *World) alone(ord *order, op *operation) agents.Money {
	if op.first == agents.None && !op.short {
		st := w.step(op)
		return w.ownCost(ord.firm, st, op.hours+st.setup)
	}
	cost := agents.Money(0)
	if op.short {
		cost = op.stake
	}
	for n := op.first; n != agents.None; n = w.booked.at[n].next {
		b := &w.booked.at[n]
		if b.deal == reserved && op.short {
			continue // in the stake
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

// untouched tells whether nothing of an order is begun, bought or dealt.
func (w *World) untouched(ord *order) bool {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := &w.ops[i]
		if op.done > 0 || op.bought > 0 {
			return false
		}
		for n := op.first; n != agents.None; n = w.booked.at[n].next {
			if w.booked.at[n].deal >= 0 {
				return false
			}
		}
	}
	return true
}

// restore settles an order after a clearing of all operations: what it got is
// made, what it lacks is planned.
func (w *World) restore(o int32) {
	ord := &w.orders.at[o]
	ord.moved = false
	if w.waits(ord) {
		return
	}
	served, end := true, w.day
	for i := ord.first; i < ord.first+int32(ord.steps); i++ { // all of it, each step after those before it
		op := &w.ops[i]
		served = served && op.planned == op.hours && (op.first == agents.None || w.booked.at[op.first].day >= end)
		end = max(end, op.end)
	}
	if served {
		ord.lost = false
		for i := ord.first; i < ord.first+int32(ord.steps); i++ {
			w.ops[i].short = false
		}
	} else {
		w.replan(o)
	}
	w.seal(o)
}
