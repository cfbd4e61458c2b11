package sim

import (
	"math"
	"math/bits"

	"idleshift/agents"
)

// seek finds room on the firm's own calendars for need primary hours of an
// operation, on the earliest days from first to last, and leaves the slots in
// w.slots. It returns the hours without room.
func (w *World) seek(op *operation, need agents.Hours, first, last agents.Day, overtime bool) agents.Hours {
	w.slots = w.slots[:0]
	a, b := op.lot[0], op.lot[1]
	if a == agents.None {
		return need
	}
	st := w.step(op)
	k := &w.kinds[st.kind]
	first, last = max(first, w.day), min(last, w.day+w.cal.Days()-1)
	begun := op.final != agents.None && w.booked.at[op.final].day >= first
	needed, too := a, b // lots without which a day is of no use: it must have their regular hours
	if overtime && w.overOf[a] != agents.None {
		needed = agents.None
	}
	if overtime && b != agents.None && w.overOf[b] != agents.None {
		too = agents.None
	}
	for from := first; from <= last && need > 0; from += 64 {
		days := w.cal.Both(needed, too, from)
		if n := last - from + 1; n < 64 {
			days &= 1<<n - 1
		}
		for ; days != 0 && need > 0; days &= days - 1 {
			d := from + agents.Day(bits.TrailingZeros64(days))
			x := w.cal.Free(a, d)
			if overtime {
				x += w.overtime(a, d)
			}
			if b != agents.None {
				y := w.cal.Free(b, d)
				if overtime {
					y += w.overtime(b, d)
				}
				x = min(x, k.ratio.Within(y))
			}
			most := st.perDay
			if begun {
				most -= w.workOn(op, d)
			}
			if x = min(x, most, need); x > 0 {
				w.slots = append(w.slots, agents.Slot{Day: d, Hours: x})
				need -= x
			}
		}
	}
	return need
}

// workOn is the primary hours booked for an operation on a day.
func (w *World) workOn(op *operation, d agents.Day) (h agents.Hours) {
	for n := op.first; n != agents.None && w.booked.at[n].day <= d; n = w.booked.at[n].next {
		if b := &w.booked.at[n]; b.day == d {
			h += agents.Hours(b.hours[0] + b.over[0] - b.travel[0])
		}
	}
	return h
}

// load books the slots that seek found as own work, deal being None or
// reserved; the first set-up hours are not work.
func (w *World) load(i int32, setup agents.Hours, deal int32) {
	op := &w.ops[i]
	ratio := w.kinds[w.step(op).kind].ratio
	for _, s := range w.slots {
		extra := min(setup, s.Hours)
		setup -= extra
		w.book(i, deal, op.lot, s.Day, s.Hours, s.Hours-extra, ratio, [2]span{})
	}
}

// slotted is the primary hours in w.slots, and the last day of them.
func (w *World) slotted() (h agents.Hours, last agents.Day) {
	for _, s := range w.slots {
		h, last = h+s.Hours, s.Day
	}
	return h, last
}

// ownCost is what h primary hours of a step cost the firm on its own units;
// public tariffs stand in for units it does not own.
func (w *World) ownCost(firm int32, st *step, h agents.Hours) agents.Money {
	k := &w.kinds[st.kind]
	c := w.costOf(firm, st.kind).For(h)
	if k.operator >= 0 {
		c += w.costOf(firm, k.operator).For(k.ratio.Of(h))
	}
	return c
}

func (w *World) costOf(firm int32, k int16) agents.Money {
	if l := w.owns(firm, k); l != agents.None {
		return w.lots[l].cost
	}
	return w.kinds[k].variable
}

// overtimeCost is what the slots cost in premiums.
func (w *World) overtimeCost(firm int32, st *step) (c agents.Money) {
	k := &w.kinds[st.kind]
	a, b := w.owns(firm, st.kind), w.owns(firm, k.operator)
	for _, s := range w.slots {
		c += k.premium.For(max(0, s.Hours-max(0, w.cal.Free(a, s.Day))))
		if b != agents.None {
			c += w.kinds[k.operator].premium.For(max(0, k.ratio.Of(s.Hours)-max(0, w.cal.Free(b, s.Day))))
		}
	}
	return c
}

// tail is the least days that the steps after i need beyond the day on which
// step i ends.
func (w *World) tail(ord *order, i int) (days agents.Day) {
	for j := i + 1; j < int(ord.steps); j++ {
		op := &w.ops[ord.first+int32(j)]
		if left := op.hours - op.done - op.bought; left > 0 {
			st := w.step(op)
			if !op.prepared {
				left += st.setup
			}
			days += agents.Day((left - 1) / st.perDay)
		}
	}
	return days
}

// plan loads what an order still lacks, operation by operation: on own
// calendars in time if there is room, else by the cheapest fallback, which is
// reserved at once. An order that is not worth completing that way is loaded
// not at all; its shortages stand in the markets until a deal makes it whole
// or it is too late.
//
// It expects the order's own bookings to be released where hours are to be
// found anew.
func (w *World) plan(o int32) {
	ord := &w.orders.at[o]
	cl := &w.classes[ord.class]
	ord.lost = false
	if !w.tryPlan(o) && !cl.partial {
		w.forgo(o)
	}
	dealt := agents.Never // first day of a deal for a later step
	for i := ord.first + int32(ord.steps) - 1; i >= ord.first && ord.steps > 1; i-- {
		op := &w.ops[i]
		op.limit = min(op.limit, dealt)
		for n := op.first; n != agents.None; n = w.booked.at[n].next {
			if b := &w.booked.at[n]; b.deal >= 0 {
				dealt = min(dealt, b.day)
			}
		}
	}
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if w.ops[i].short {
			w.enlist(i)
		}
	}
}

// tryPlan loads the order and reports whether that is worth its cost.
func (w *World) tryPlan(o int32) bool {
	ord := &w.orders.at[o]
	cl := &w.classes[ord.class]
	start, slip := w.day, agents.Day(0)
	cost := w.dealCosts(ord)
	for j := range int(ord.steps) {
		i := ord.first + int32(j)
		op := &w.ops[i]
		st := &cl.operations[j]
		op.short, op.lack, op.fallback = false, 0, NoFallback
		op.from, op.latest = start, ord.due-w.tail(ord, j)+slip
		if op.first != agents.None && w.booked.at[op.first].day < start && op.done == 0 {
			w.releaseAll(i) // its predecessor now ends after the day a deal was made for
		}
		need := op.hours - op.done - op.bought - op.planned
		if need == 0 {
			start = max(start, op.end)
			continue
		}
		if op.first == agents.None {
			op.end = max(start, op.last) // what was bought may be still to come
		}
		setup := st.setup
		if op.prepared {
			setup = 0
		}
		left := w.seek(op, need+setup, start, op.latest, false)
		found, _ := w.slotted()
		pays := !cl.partial // the order as a whole decides
		if cl.partial && found > setup {
			pays = w.ownCost(ord.firm, st, found) <= portion(ord.value, found-setup, ord.asked)
		}
		if left == 0 && pays {
			cost += w.ownCost(ord.firm, st, need+setup)
			w.load(i, setup, agents.None)
			start = op.end
			continue
		}
		if cl.partial && pays {
			w.load(i, setup, agents.None)
			need -= found - setup
			setup = 0
		}
		op.short, op.lack = true, need
		share := ord.value
		if cl.partial {
			share = portion(ord.value, need, ord.asked)
		}
		price, end := w.fallBack(i, need, setup, start, slip, share)
		op.stake = price
		if op.fallback == FallbackLost {
			op.stake = share
			if !cl.partial {
				return false
			}
			continue
		}
		cost += price
		slip += max(0, end-op.latest)
		start = end
	}
	return cost <= ord.value
}

// portion is the share of an amount that part has of whole, rounded.
func portion(m agents.Money, part, whole agents.Hours) agents.Money {
	if whole == 0 {
		return 0
	}
	return agents.Money(math.Round(float64(m) * float64(part) / float64(whole)))
}

// fallBack reserves the cheapest way out for need hours of an operation and
// returns its cost and its end. share is the value lost without them.
func (w *World) fallBack(i int32, need, setup agents.Hours, start, slip agents.Day, share agents.Money) (agents.Money, agents.Day) {
	op := &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	cl, k := &w.classes[ord.class], &w.kinds[st.kind]
	own := w.ownCost(ord.firm, st, need+setup)
	lateness := func(end agents.Day) agents.Money {
		return agents.Money(math.Round(float64(max(0, end-op.latest)) * cl.lateCost * float64(share)))
	}
	latest := op.latest + max(0, cl.lateDays-slip)
	best, cost, end := FallbackLost, share, op.latest
	if !cl.partial {
		cost = math.MaxInt64 // the order as a whole decides
	}
	if w.seek(op, need+setup, start, op.latest, true) == 0 {
		if c := own + w.overtimeCost(ord.firm, st); c < cost {
			_, e := w.slotted()
			best, cost, end = FallbackExtra, c, e
			w.slots, w.chosen = w.chosen, w.slots
		}
	}
	if m := k.outside; m != nil {
		if e := start + m.lead; e <= latest {
			if c := m.price.For(max(need, m.minimum)) + lateness(e); c < cost {
				best, cost, end = FallbackOutside, c, e
			}
		}
	}
	if latest > op.latest {
		if left := w.seek(op, need+setup, start, latest, false); left == 0 {
			_, e := w.slotted()
			if c := own + lateness(e); c < cost {
				best, cost, end = FallbackLate, c, e
				w.slots, w.chosen = w.chosen, w.slots
			}
		} else if latest >= w.day+w.cal.Days() && ord.measured {
			w.overflow(left)
		}
	}
	op.fallback = best
	switch best {
	case FallbackExtra, FallbackLate:
		w.slots, w.chosen = w.chosen, w.slots
		w.load(i, setup, reserved)
		op.commit = w.slots[0].Day
	case FallbackOutside:
		op.commit = max(start, op.latest-k.outside.lead)
		end = op.commit + k.outside.lead
		op.end = max(op.end, end)
	case FallbackLost:
		op.commit = max(w.day, op.latest-agents.Day((need+setup-1)/st.perDay))
		op.end = max(start, op.end)
	}
	return cost, max(end, op.end)
}

// forgo releases an order that is not worth completing and states what every
// step lacks, with the value at stake: it needs all of that or nothing. Deals
// for what comes after a step that is not loaded are given up.
func (w *World) forgo(o int32) {
	ord := &w.orders.at[o]
	cl := &w.classes[ord.class]
	ord.lost = true
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		w.ops[i].short = false
		w.release(i)
	}
	start, commit := w.day, agents.Never
	own, lacks, undone := agents.Money(0), agents.Hours(0), false
	for j := range int(ord.steps) {
		i := ord.first + int32(j)
		op, st := &w.ops[i], &cl.operations[j]
		if undone {
			w.releaseMade(i)
		}
		need := op.hours - op.done - op.bought - op.planned
		op.from, op.latest = start, ord.due-w.tail(ord, j)
		op.short, op.lack, op.fallback = false, 0, NoFallback
		if need == 0 {
			start = max(start, op.end)
			continue
		}
		undone = true
		op.end = max(start, op.last)
		setup := st.setup
		if op.prepared {
			setup = 0
		}
		days := agents.Day((need + setup - 1) / st.perDay)
		commit = min(commit, op.latest-days)
		if w.seek(op, need+setup, start, op.latest, false) == 0 {
			own += w.ownCost(ord.firm, st, need+setup)
			w.load(i, setup, agents.None) // for the steps after it to see; given back below
			start = op.end
			continue
		}
		op.short, op.lack, op.fallback = true, need, FallbackLost
		lacks += need
		start += days
	}
	dear := lacks == 0 // own calendars have room, but not at that value: all of it may be cheaper elsewhere
	if dear {
		own = 0
	}
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		w.release(i)
		op := &w.ops[i]
		if need := op.hours - op.done - op.bought - op.planned; dear && need > 0 {
			op.short, op.lack, op.fallback = true, need, FallbackLost
			lacks += need
		}
	}
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if op := &w.ops[i]; op.short {
			op.stake = portion(max(0, ord.value-own), op.lack, lacks)
			op.commit = max(w.day, commit)
		}
	}
}

// replan gives an order's own bookings back and loads it afresh.
func (w *World) replan(o int32) {
	ord := &w.orders.at[o]
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		w.ops[i].short, w.ops[i].limit = false, agents.Never
		w.release(i)
	}
	w.plan(o)
}
