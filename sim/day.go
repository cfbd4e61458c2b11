package sim

import (
	"cmp"
	"slices"

	"idleshift/agents"
)

// advance is one day of one regime, in the order of the model.
func (w *World) advance(n *today) {
	w.begin(n)   // breakdowns, repairs, absences: today's hours
	w.repair()   // bookings that were hit are loaded afresh
	w.retry()    // short operations try their own calendars again
	w.arrive()   // arrivals are loaded; each shortage reserves its fallback
	w.trade()    // the tiers clear; deals release fallbacks
	w.finalise() // reservations whose last day it is become final
	w.execute()  // the day's work
	w.roll()     // what is left is idle; the calendars move on
}

// up is the units of a lot that are available today.
func (w *World) up(lot int32) int32 {
	if w.nature == nil {
		return w.lots[lot].units
	}
	return w.nature.up[lot]
}

// begin sets today's hours to what is really there.
func (w *World) begin(n *today) {
	w.day, w.nature = n.day, n
	clear(w.byKind)
	w.dealRows = w.dealRows[:0]
	w.anyOver = false
	for i := w.lots0; i < w.lotsEnd; i++ {
		l := &w.lots[i]
		k := &w.kinds[l.kind]
		if k.up == 1 {
			continue
		}
		up := n.up[i]
		delta := k.hours*agents.Hours(up) - l.plan
		if delta != 0 {
			w.cal.Add(i, w.day, delta)
		}
		if delta > 0 {
			w.freed[l.firm] = true
		}
		if up == l.units {
			continue
		}
		if l.over > 0 {
			w.over.Add(w.overOf[i], w.day, k.overtime*agents.Hours(up)-l.over)
		}
		if w.cal.Free(i, w.day) < 0 || w.overtime(i, w.day) < 0 {
			w.overbooked[i], w.anyOver = true, true
		}
	}
}

// repair gives back the latest-due bookings of lots that lost hours today and
// plans their orders anew; then what more than the mean is there pulls own
// work forward.
func (w *World) repair() {
	if w.anyOver {
		w.giveBack()
		clear(w.overbooked[w.lots0:w.lotsEnd])
	}
	for lo := w.lots0; lo < w.lotsEnd; { // lots of a firm stand together
		firm, hi, most := w.lots[lo].firm, lo, agents.Hours(0)
		for ; hi < w.lotsEnd && w.lots[hi].firm == firm; hi++ {
			l := &w.lots[hi]
			w.excess[hi] = 0
			if k := &w.kinds[l.kind]; k.up < 1 {
				if more := k.hours*agents.Hours(w.up(hi)) - l.plan; more > 0 {
					w.excess[hi] = min(more, w.cal.Free(hi, w.day))
					most = max(most, w.excess[hi])
				}
			}
		}
		if most > 0 {
			w.pullForward(firm, lo, hi)
		}
		lo = hi
	}
}

// A claim is a booking on hours of today that may not be there.
type claim struct {
	due     agents.Day // of its order
	booking int32
	seq     int64 // of its order
}

// byDue puts claims in the order in which they are given back: the latest due
// first, then the latest arrival; of one operation own work before deals.
func (w *World) byDue(a, b claim) int {
	if a.due != b.due {
		return cmp.Compare(b.due, a.due)
	}
	if a.seq != b.seq {
		return cmp.Compare(b.seq, a.seq)
	}
	x, y := &w.booked.at[a.booking], &w.booked.at[b.booking]
	return cmp.Or(cmp.Compare(y.op, x.op), cmp.Compare(min(x.deal, 0), min(y.deal, 0)), cmp.Compare(y.lot[0], x.lot[0]), cmp.Compare(y.lot[1], x.lot[1]), cmp.Compare(y.work, x.work))
}

// giveBack takes bookings off the lots that are overbooked, and plans their
// orders anew.
func (w *World) giveBack() {
	w.claims = w.claims[:0]
	hit := func(head int32) {
		for n := head; n != agents.None; n = w.booked.at[n].post {
			b := &w.booked.at[n]
			if w.overbooked[b.lot[0]] || b.lot[1] != agents.None && w.overbooked[b.lot[1]] {
				ord := &w.orders.at[w.ops[b.op].order]
				w.claims = append(w.claims, claim{ord.due, n, ord.seq})
			}
		}
	}
	firm := agents.None
	for l := w.lots0; l < w.lotsEnd; l++ {
		if f := w.lots[l].firm; w.overbooked[l] && f != firm {
			firm = f
			hit(w.own[int(f)*len(w.dealt)+w.ring(w.day)])
		}
	}
	hit(w.dealt[w.ring(w.day)])
	slices.SortFunc(w.claims, w.byDue)
	w.hit = w.hit[:0]
	for _, c := range w.claims {
		n := c.booking
		b := &w.booked.at[n]
		short := false
		for c, l := range b.lot { // it must hold what is short
			short = short || l != agents.None && (b.hours[c] > 0 && w.cal.Free(l, w.day) < 0 || b.over[c] > 0 && w.overtime(l, w.day) < 0)
		}
		if !short {
			continue
		}
		op := &w.ops[b.op]
		ord := &w.orders.at[op.order]
		w.tell(ord, Event{What: Hit, Operation: op.step, Kind: w.step(op).kind, Hours: agents.Hours(b.work), First: w.day, Last: w.day})
		w.hit = append(w.hit, op.order)
		w.unbook(n)
	}
	slices.SortFunc(w.hit, func(a, b int32) int { return cmp.Compare(w.orders.at[a].seq, w.orders.at[b].seq) })
	for _, o := range slices.Compact(w.hit) {
		w.cancelPending(o)
		w.replan(o)
	}
}

// pullForward moves a firm's own work, earliest due first, from its latest
// planned day into hours of today beyond the mean; its lots are lo to hi-1.
// Steps that wait for others, that are short or that nothing is planned for
// are passed over.
func (w *World) pullForward(firm, lo, hi int32) {
	open := w.pullable(lo, hi)
	for o := w.active[firm]; o != agents.None && open != 0; o = w.places[o].next {
		p := &w.places[o]
		if open&kindBit(p.kind) == 0 {
			continue
		}
		ord := &w.orders.at[o]
		i := ord.first + int32(p.step) // the steps after it wait
		if op := &w.ops[i]; op.first != agents.None && !op.short && w.reached(ord, i) && w.pull(i) {
			open = w.pullable(lo, hi)
		}
	}
}

// pullable is the kinds of which a firm with lots lo to hi-1 could do more
// today, as far as kindBit tells them apart: there is room, and excess of the
// primary or of the operator.
func (w *World) pullable(lo, hi int32) (kinds uint64) {
	for a := lo; a < hi; a++ {
		b := w.lots[a].with
		if (w.excess[a] > 0 || b != agents.None && w.excess[b] > 0) && w.cal.Free(a, w.day) > 0 && (b == agents.None || w.cal.Free(b, w.day) > 0) {
			kinds |= kindBit(w.lots[a].kind)
		}
	}
	return kinds
}

// kindBit is a bit for a kind; kinds share one if there are more than 64.
func kindBit(k int16) uint64 { return 1 << (k & 63) }

// pull moves the operation's own work from its latest days to today, as far as
// one of its lots has excess and both have room, and reports whether it moved
// any. Set-up and overtime stay where they are.
func (w *World) pull(i int32) (moved bool) {
	op := &w.ops[i]
	st := w.step(op)
	k := &w.kinds[st.kind]
	for room := st.perDay - w.workOn(op, w.day); room > 0; {
		n := w.lastOwn(op)
		if n == agents.None {
			return moved
		}
		b := &w.booked.at[n]
		lots, travel := b.lot, b.travel
		primary, limit := agents.Hours(b.hours[0]), w.excess[lots[0]]
		x := min(primary, w.cal.Free(lots[0], w.day), room)
		if lots[1] != agents.None {
			limit = max(limit, k.ratio.Within(w.excess[lots[1]]))
			x = min(x, k.ratio.Within(w.cal.Free(lots[1], w.day)))
		}
		if x = min(x, limit); x <= 0 || b.hours[0] != b.work || b.over != [2]span{} {
			return moved
		}
		if x < primary {
			w.shrink(n, primary-x, k.ratio)
		} else {
			w.unbook(n)
		}
		w.book(i, agents.None, lots, w.day, x, x, k.ratio, travel)
		w.reckon(i)
		moved = true
		room -= x
		w.excess[lots[0]] -= x
		if lots[1] != agents.None {
			w.excess[lots[1]] -= k.ratio.Of(x)
		}
	}
	return moved
}

// reached tells whether the steps before operation i are done by today.
func (w *World) reached(ord *order, i int32) bool {
	for j := ord.first; j < i; j++ {
		if w.ops[j].end > w.day {
			return false
		}
	}
	return true
}

// lastOwn is the operation's latest own booking after today, None if none.
func (w *World) lastOwn(op *operation) int32 {
	for n := op.final; n != agents.None && w.booked.at[n].day > w.day; n = w.booked.at[n].back {
		if w.booked.at[n].deal < 0 {
			return n
		}
	}
	return agents.None
}

// enlist puts a short operation on the list of those that lack something.
func (w *World) enlist(i int32) {
	op := &w.ops[i]
	ord := &w.orders.at[op.order]
	if !op.listed {
		w.list(i)
	}
	if w.trace == nil || op.told == op.lack {
		return
	}
	op.told = op.lack
	k := w.step(op).kind
	w.tell(ord, Event{What: Requested, Operation: op.step, Kind: k, Hours: op.lack, First: op.from, Last: op.latest})
	w.tell(ord, Event{What: Reserved, Operation: op.step, Kind: k, Fallback: op.fallback, Hours: op.lack, Money: op.stake, Last: op.commit})
}

// list appends an operation to the list of short ones.
func (w *World) list(i int32) {
	op := &w.ops[i]
	ord := &w.orders.at[op.order]
	op.listed = true
	w.short = append(w.short, lacking{ord.seq, i, ord.firm, op.step})
}

// tidy brings the list of short operations into order of arrival and drops
// those that lack nothing any more: before today's orders arrive, which use the
// places of closed ones again.
func (w *World) tidy() {
	w.inOrder()
	kept := w.short[:0]
	for _, l := range w.short {
		if op := &w.ops[l.op]; op.short {
			kept = append(kept, l)
		} else {
			op.listed = false
		}
	}
	w.short, w.sorted = kept, len(kept)
}

// inOrder brings the list of short operations into order of arrival: what was
// added since the last time is merged in.
func (w *World) inOrder() {
	w.added = append(w.added[:0], w.short[w.sorted:]...)
	added, at := w.added, w.sorted-1
	slices.SortFunc(added, lacking.byArrival)
	for to := len(w.short) - 1; len(added) > 0; to-- {
		if last := added[len(added)-1]; at < 0 || w.short[at].byArrival(last) < 0 {
			w.short[to] = last
			added = added[:len(added)-1]
		} else {
			w.short[to] = w.short[at]
			at--
		}
	}
	w.sorted = len(w.short)
}

func (l lacking) byArrival(m lacking) int {
	if l.seq != m.seq {
		return cmp.Compare(l.seq, m.seq)
	}
	return cmp.Compare(l.step, m.step)
}

// retry plans short orders again where hours came free at their firm.
func (w *World) retry() {
	w.tidy()
	w.trying, w.freed = w.freed, w.trying
	for _, l := range w.short { // what comes to lack something on the way is tried tomorrow
		if !w.trying[l.firm] {
			continue
		}
		if op := &w.ops[l.op]; op.short && !w.waits(&w.orders.at[op.order]) && w.sooner(l.op) {
			w.replan(op.order)
		}
	}
	clear(w.trying[w.lo:w.hi])
	w.decide()
}

// sooner tells whether there may now be room for a short operation in time, or
// for a late one before its planned end.
func (w *World) sooner(i int32) bool {
	op := &w.ops[i]
	last := op.latest
	if op.fallback == FallbackLate {
		last = max(last, op.end-1)
	}
	lack := op.lack
	for n := op.first; n != agents.None; n = w.booked.at[n].next {
		if b := &w.booked.at[n]; b.deal == reserved && b.day <= last {
			lack -= agents.Hours(b.work)
		}
	}
	return lack <= 0 || w.seek(op, 1, op.from, last, false) == 0
}

// waits tells whether a deal for the order waits for approval.
func (w *World) waits(ord *order) bool {
	if len(w.pending) == 0 {
		return false
	}
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if w.ops[i].waiting {
			return true
		}
	}
	return false
}

// arrive opens the day's orders and loads them, by firm and number.
func (w *World) arrive() {
	arrivals := w.nature.arrivals
	for x := firstOf(arrivals, w.lo); x < len(arrivals) && (w.pooled || arrivals[x].firm < w.hi); x++ {
		a := &arrivals[x]
		o := w.open(a, w.nature.hours[a.first:int(a.first)+len(w.classes[a.class].operations)])
		ord := &w.orders.at[o]
		w.tell(ord, Event{What: Arrived, Operation: -1, Kind: -1, Hours: ord.asked, Money: ord.value, Last: ord.due})
		w.plan(o)
		ord = &w.orders.at[o]
		for i := ord.first; i < ord.first+int32(ord.steps); i++ {
			if op := &w.ops[i]; op.short {
				w.displaced(op)
			} else if w.trace != nil && op.first != agents.None {
				w.tell(ord, Event{What: Loaded, Operation: op.step, Kind: w.step(op).kind, Hours: op.planned, First: w.booked.at[op.first].day, Last: op.end})
			}
		}
		w.settle(o) // an order without hours is delivered at once
	}
}

// firstOf is the position of the first arrival at a firm from lo on.
func firstOf(arrivals []arrival, lo int32) int {
	x, _ := slices.BinarySearchFunc(arrivals, lo, func(a arrival, f int32) int { return cmp.Compare(a.firm, f) })
	return x
}

// finalise makes reservations final whose last day has come.
func (w *World) finalise() {
	w.inOrder()
	for _, l := range w.short {
		op := &w.ops[l.op]
		if !op.short || op.commit > w.day {
			continue
		}
		o := op.order
		ord := &w.orders.at[o]
		w.tell(ord, Event{What: Committed, Operation: op.step, Kind: w.step(op).kind, Fallback: op.fallback, Hours: op.lack, Money: op.stake})
		switch op.fallback {
		case FallbackOutside:
			op.short = false
			w.buy(ord, op)
			w.settle(o)
		case FallbackLost:
			if !w.classes[ord.class].partial {
				w.drop(o)
				continue
			}
			op.short = false
			w.lose(ord, op, op.lack)
			w.settle(o)
		default:
			op.short = false // its hours are booked
		}
	}
}

// buy takes what an operation lacks from the outside market.
func (w *World) buy(ord *order, op *operation) {
	st := w.step(op)
	m := w.kinds[st.kind].outside
	price := m.price.For(max(op.lack, m.minimum))
	resource := agents.MoneyOf(price.Float() * w.Scenario.Accounts.OutsideShare)
	w.pay(ord, ord.firm, agents.Outside, resource)
	w.pay(ord, ord.firm, agents.Abroad, price-resource)
	w.owe(ord.firm, -op.lack)
	from := op.done + op.bought
	op.bought += op.lack
	op.last = max(op.last, w.day+m.lead)
	op.end = max(op.end, op.last)
	w.byKind[st.kind].Outside += op.lack
	k := &w.kinds[st.kind]
	if ord.measured {
		w.result.Kinds[st.kind].Outside += op.lack
	}
	if k.operator >= 0 {
		h := k.ratio.Of(from+op.lack) - k.ratio.Of(from)
		w.byKind[k.operator].Outside += h
		if ord.measured {
			w.result.Kinds[k.operator].Outside += h
		}
	}
}

// execute does the day's work.
func (w *World) execute() {
	today := w.ring(w.day)
	for f := w.lo; f < w.hi; f++ {
		w.workOff(w.own[int(f)*len(w.dealt)+today])
	}
	w.workOff(w.dealt[today])
	if w.check {
		w.checkCalendars()
	}
}

// workOff does the work of a day's bookings.
func (w *World) workOff(n int32) {
	for n != agents.None {
		b := &w.booked.at[n]
		next := b.post
		w.work(b)
		o := w.ops[b.op].order
		w.unlink(n)
		w.settle(o)
		n = next
	}
}

// work books the hours and the money of one day's work.
func (w *World) work(b *booking) {
	op := &w.ops[b.op]
	ord := &w.orders.at[op.order]
	st := w.step(op)
	primary := &w.kinds[st.kind]
	from := op.done + op.bought
	work := agents.Hours(b.work)
	net := [2]agents.Hours{work, 0}
	if b.lot[1] != agents.None {
		net[1] = primary.ratio.Of(from+work) - primary.ratio.Of(from)
	}
	kinds := [2]int16{st.kind, primary.operator}
	for c, l := range b.lot {
		if l == agents.None {
			continue
		}
		lot, kind := &w.lots[l], kinds[c]
		day, fate := &w.byKind[kind], &w.result.Kinds[kind]
		if !ord.measured {
			fate = &w.unmeasured
		}
		own, inTime := lot.firm == ord.firm, net[c] // net hours within regular time
		cost := lot.cost
		if regular, over, travel := agents.Hours(b.hours[c]), agents.Hours(b.over[c]), agents.Hours(b.travel[c]); regular+over != inTime || over > 0 { // set-up, travel, overtime, or a second that was rounded up
			extra := regular + over - travel - net[c]
			inTime = min(net[c], max(0, regular-travel-extra))
			day.Travel += min(travel, regular)
			day.Setup += regular - min(travel, regular) - inTime
			day.Overtime += over
			fate.Overtime += net[c] - inTime
			w.pay(ord, lot.firm, agents.Setup, cost.For(extra))
			w.pay(ord, lot.firm, agents.Travel, cost.For(travel))
			w.pay(ord, lot.firm, agents.Overtime, w.kinds[kind].premium.For(over))
		}
		w.pay(ord, lot.firm, agents.Variable, cost.For(net[c]))
		switch {
		case !own:
			day.Shared += inTime
			fate.Shared += inTime
		case w.day > ord.due:
			day.Late += inTime
			fate.OwnLate += inTime
		default:
			day.Own += inTime
			fate.OwnOnTime += inTime
		}
		if w.measuring() {
			f := &w.byFirm[lot.firm]
			if own {
				f.Own += net[c]
			} else {
				f.Provided += net[c]
				w.byFirm[ord.firm].Received += net[c]
			}
		}
		if b.deal >= 0 && !own {
			w.payProvider(ord, b, c, lot.firm)
			w.unlend(l, agents.Hours(b.hours[c]+b.over[c]))
		}
	}
	if w.check && !w.classes[ord.class].partial {
		w.checkSequence(ord, b.op)
	}
	if w.check && !op.waiting && op.done+op.bought+op.planned > op.hours {
		w.breach("order %d, operation %d: %d s are done, bought or booked of %d s", ord.seq+1, op.step+1, op.done+op.bought+op.planned, op.hours)
	}
	op.done += work
	op.last = max(op.last, w.day)
	op.planned -= work
	if b.deal < 0 {
		op.prepared = true
	}
	w.owe(ord.firm, -work)
}

// roll closes today: hours that were not there were down and those that nobody
// used idle. The day that comes within reach takes its place.
func (w *World) roll() {
	measuring := w.measuring()
	for i := w.lots0; i < w.lotsEnd; i++ {
		if measuring {
			l := &w.lots[i]
			idle := w.cal.Free(i, w.day)
			d := &w.byKind[l.kind]
			d.Idle += idle
			d.Down += w.kinds[l.kind].hours * agents.Hours(l.units-w.up(i))
			w.byFirm[l.firm].Idle += idle
		}
		w.openDay(i, w.day+w.cal.Days())
	}
	w.endDay()
}
