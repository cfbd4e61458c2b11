package sim

import (
	"iter"
	"slices"

	"idleshift/agents"
)

// A World is one regime at work in a region. Its state lies in flat arrays
// that grow to the size of the backlog and are then used again.
type World struct {
	*Region // merged into one firm in the pooled regime
	regime  int
	pooled  bool
	markets []market
	lo, hi  int32 // its firms are lo to hi-1
	lots0   int32 // their lots are lots0 to lotsEnd-1
	lotsEnd int32

	day     agents.Day
	nature  *today
	merged  today           // of the pooled regime
	cal     agents.Calendar // regular hours, by lot
	over    agents.Calendar // overtime, by overOf[lot]
	overOf  []int32         // row of over, None for lots without overtime
	orders  list[order]
	places  []place // of orders among those of their firm
	ops     []operation
	opsFree [][]int32 // runs of ops to use again, by neighbourhood, then length
	longest int32     // run
	booked  list[booking]
	own     []int32 // by firm, then day modulo the calendar: first booking of its orders on its own lots
	dealt   []int32 // by day modulo the calendar: first booking of a deal
	active  []int32 // by firm: its open orders, by due date, then arrival
	latest  []int32 // by firm: the last of them
	dueLast []int32 // of the merged firm, by due day modulo its length: the last that is due then
	short   []lacking
	added   []lacking // scratch
	sorted  int       // so many of short are in order of arrival
	freed   []bool    // by firm: hours came free since its short operations were tried
	trying  []bool    // freed as of this morning
	hit     []int32   // orders that lost bookings today
	deals   list[deal]
	pending []int32 // operations with deals that wait for approval
	refused pairs   // (order, operation, requester, provider) that an employer refused

	slots      []agents.Slot // scratch of the loader
	chosen     []agents.Slot // scratch: those of the fallback that is cheapest so far
	picked     []int32       // scratch
	claims     []claim       // scratch
	before     entries       // scratch: an order whose deals are tried
	overbooked []bool        // by lot: more is booked today than is there
	anyOver    bool
	excess     []agents.Hours // by lot: today's hours beyond the mean
	opened     int64          // orders so far: their order of arrival

	account
}

// order is one order or internal need in the book of its firm.
type order struct {
	key          uint64 // identity, for latent draws
	seq          int64  // order of arrival
	firm         int32
	class        int16
	steps        int16
	need         int8 // size of need
	measured     bool
	moved        bool // released for a clearing of all operations
	lost         bool // not worth completing as things stand: nothing is loaded until a deal makes it whole
	arrived, due agents.Day
	first        int32        // its operations are ops[first:first+steps]
	asked        agents.Hours // primary, of all operations
	missed       agents.Hours // of those, lost
	value        agents.Money
	net          agents.Money // realised so far: every amount booked for it, with its sign
}

// A place is what the firm looks at first when it goes through its open orders,
// kept apart from them so that many lie together.
type place struct {
	prev, next int32
	due        agents.Day
	kind       int16 // of the first step that is not done
	step       int16 // which that is
}

// operation is one step of an order, with what is planned and done for it.
type operation struct {
	order    int32
	spec     int32    // position of its step in Region.steps
	lot      [2]int32 // of its own firm; None, both, where the firm cannot do it
	step     int16
	fallback Fallback
	short    bool         // lacks hours by its latest day; the fallback is reserved
	listed   bool         // stands in World.short
	waiting  bool         // a deal for it waits for approval
	prepared bool         // set up at the firm's own site
	spurned  bool         // a deal for it was turned down, by an employer or as a loss
	hours    agents.Hours // primary, net
	done     agents.Hours // executed
	bought   agents.Hours // from the outside market, committed
	planned  agents.Hours // net primary hours in its bookings
	lack     agents.Hours // while short: hours that the fallback covers, or nobody does
	told     agents.Hours // lack when it was last traced
	first    int32        // its bookings, earliest first
	final    int32        // the last of them
	from     agents.Day   // earliest start
	latest   agents.Day   // latest finish that keeps the order in time
	limit    agents.Day   // latest finish of a deal with which the order could be completed, as far as tried
	last     agents.Day   // of what is done or delivered so far
	end      agents.Day   // planned finish
	commit   agents.Day   // while short: last day on which the fallback can be given up
	stake    agents.Money // while short: what a deal for lack saves
}

// span is Hours within one operation: 2³¹ seconds are 68 years.
type span int32

// booking is one day's work on an operation at one site, in a line of the
// processor's cache.
type booking struct {
	op         int32
	deal       int32 // own work if negative: None, or reserved
	day        agents.Day
	lot        [2]int32
	work       span    // net primary
	hours      [2]span // off each lot's regular hours: work, set-up, travel
	over       [2]span // off its overtime
	travel     [2]span
	next, back int32 // of the operation: later, earlier
	prev, post int32 // of the firm's own on that day, or of all deals' on that day
}

// reserved stands for the deal of own work that a fallback reserves.
const reserved int32 = -2

// lacking is an operation that lacks something, or did at some time since the
// list was tidied.
type lacking struct {
	seq      int64 // of its order
	op, firm int32
	step     int16
}

// list is an arena whose places are used again: those of a neighbourhood of
// firms by that neighbourhood, so that what is visited together lies together.
type list[T any] struct {
	at   []T
	free [][]int32 // by neighbourhood
}

// page is how many places a neighbourhood takes at a time.
const page = 64

func newList[T any](neighbourhoods int32) list[T] {
	return list[T]{free: make([][]int32, neighbourhoods)}
}

func (l *list[T]) add(v T, at int32) int32 {
	i := l.take(at)
	l.at[i] = v
	return i
}

// take gives out a place with what was there before.
func (l *list[T]) take(at int32) int32 {
	free := &l.free[at]
	if len(*free) == 0 {
		from := len(l.at)
		l.at = slices.Grow(l.at, page)[:from+page]
		for i := from + page - 1; i >= from; i-- {
			*free = append(*free, int32(i))
		}
	}
	i := (*free)[len(*free)-1]
	*free = (*free)[:len(*free)-1]
	return i
}

func (l *list[T]) drop(i, at int32) { l.free[at] = append(l.free[at], i) }

// neighbourhood numbers the groups of firms that lie together.
func (w *World) neighbourhood(firm int32) int32 { return (firm - w.lo) / together }

// newWorld is a regime before its first day, with every firm.
func newWorld(r *Region, regime int) *World {
	spec := r.Scenario.Regimes[r.Scenario.Compare[regime]]
	w := &World{regime: regime, pooled: spec.Pooled, Region: r}
	if spec.Pooled {
		w.Region = r.merged()
	}
	for _, name := range spec.Tiers {
		w.markets = append(w.markets, newMarket(r, &r.tiers[number(r.TierNames, name)]))
	}
	if len(w.markets) > 0 {
		w.clearAt(newStall(r))
	}
	w.overOf = make([]int32, len(w.lots))
	rows, most := 0, agents.Hours(0)
	for i := range w.lots {
		k := &w.kinds[w.lots[i].kind]
		most = max(most, agents.Hours(w.lots[i].units)*max(k.hours, k.overtime))
		w.overOf[i] = agents.None
		if w.lots[i].over > 0 {
			w.overOf[i] = int32(rows)
			rows++
		}
	}
	w.cal = agents.NewCalendar(len(w.lots), r.Scenario.Time.Horizon, most)
	w.over = agents.NewCalendar(rows, r.Scenario.Time.Horizon, most)
	for i := range w.lots {
		for d := range w.cal.Days() {
			w.openDay(int32(i), d)
		}
	}
	w.overbooked, w.excess = make([]bool, len(w.lots)), make([]agents.Hours, len(w.lots))
	w.own = filled(len(w.Firms)*int(w.cal.Days()), agents.None)
	w.dealt = filled(int(w.cal.Days()), agents.None)
	w.active = filled(len(w.Firms), agents.None)
	w.latest = filled(len(w.Firms), agents.None)
	if w.pooled {
		w.dueLast = filled(4096, agents.None)
	}
	w.freed, w.trying = make([]bool, len(w.Firms)), make([]bool, len(w.Firms))
	longest := 0
	for i := range w.classes {
		longest = max(longest, len(w.classes[i].operations))
	}
	w.longest = int32(longest)
	w.hi, w.lotsEnd = int32(len(w.Firms)), int32(len(w.lots))
	w.takeRoom()
	w.account = newAccount(w)
	return w
}

// takeRoom makes the arenas of the world's firms.
func (w *World) takeRoom() {
	n := w.neighbourhood(w.hi-1) + 1
	w.orders, w.booked, w.deals = newList[order](n), newList[booking](n), newList[deal](1)
	w.places, w.ops, w.opsFree = nil, nil, make([][]int32, n*(w.longest+1))
}

// together is how many firms of a world without markets are simulated side by
// side: what they have in hand stays near the processor.
const together = 64

// apart is the world cut into worlds of a few firms each, where no market
// connects them; they share what is kept by firm and by lot.
func (w *World) apart() []*World {
	if len(w.markets) > 0 || w.trace != nil || len(w.Firms) <= together {
		return []*World{w}
	}
	var parts []*World
	for lo, lot := int32(0), int32(0); lo < w.hi; lo += together {
		part := *w
		part.lo, part.hi = lo, min(lo+together, w.hi)
		part.lots0 = lot
		for lot < int32(len(w.lots)) && w.lots[lot].firm < part.hi {
			lot++
		}
		part.lotsEnd = lot
		part.takeRoom()
		part.account = w.account.part(&part)
		part.clear = int64(part.hi - part.lo)
		parts = append(parts, &part)
	}
	return parts
}

func filled(n int, v int32) []int32 { return slices.Repeat([]int32{v}, n) }

// openDay puts a lot's planned hours on a day that comes within reach.
func (w *World) openDay(lot int32, d agents.Day) {
	w.cal.Set(lot, d, w.lots[lot].plan)
	if row := w.overOf[lot]; row != agents.None {
		w.over.Set(row, d, w.lots[lot].over)
	}
}

func (w *World) step(op *operation) *step { return &w.steps[op.spec] }

func (w *World) overtime(lot int32, d agents.Day) agents.Hours {
	if row := w.overOf[lot]; row != agents.None {
		return w.over.Free(row, d)
	}
	return 0
}

// open enters an arrival in the book of its firm.
func (w *World) open(a *arrival, hours []agents.Hours) int32 {
	c := &w.classes[a.class]
	n := len(c.operations)
	firm := a.firm
	if w.pooled {
		firm = 0
	}
	at := w.neighbourhood(firm)
	free := &w.opsFree[at*(w.longest+1)+int32(n)]
	if len(*free) == 0 {
		from := len(w.ops)
		w.ops = slices.Grow(w.ops, n*page)[:from+n*page]
		for i := page - 1; i >= 0; i-- {
			*free = append(*free, int32(from+i*n))
		}
	}
	first := (*free)[len(*free)-1]
	*free = (*free)[:len(*free)-1]
	o := w.orders.add(order{
		key: a.key, seq: w.opened, firm: firm, class: a.class, steps: int16(n), measured: w.measuring(),
		arrived: w.day, due: a.due, first: first,
	}, at)
	w.opened++
	ord := &w.orders.at[o]
	w.places = slices.Grow(w.places, len(w.orders.at)-len(w.places))[:len(w.orders.at)]
	w.places[o] = place{due: a.due, kind: c.operations[0].kind}
	w.queue(o)
	total := agents.Hours(0)
	for i, h := range hours {
		w.ops[first+int32(i)] = operation{
			order: o, spec: c.first + int32(i), step: int16(i), lot: w.ownLots(firm, c, i), hours: h, first: agents.None, final: agents.None,
			from: w.day, last: w.day, end: w.day, limit: agents.Never,
		}
		total += h
	}
	ord.asked, ord.value = total, c.value+c.hourValue.For(total)
	w.enter(ord)
	return o
}

// ownLots is the lots on which a firm can do a step of an order itself, its
// machine and its operator; None, both, if it has them not or may not.
func (w *World) ownLots(firm int32, c *class, i int) [2]int32 {
	st := &c.operations[i]
	k := &w.kinds[st.kind]
	lots := [2]int32{w.owns(firm, st.kind), w.owns(firm, k.operator)}
	if lots[0] == agents.None || k.operator >= 0 && lots[1] == agents.None || !w.Firms[firm].fits(st.domain, c.certification) {
		return [2]int32{agents.None, agents.None}
	}
	return lots
}

// queue puts an order among its firm's by due date; it is the newest.
func (w *World) queue(o int32) {
	firm, p := w.orders.at[o].firm, &w.places[o]
	p.prev = w.latest[firm]
	if w.pooled { // too long a queue to walk: look up the last order due no later
		for d := p.due; p.prev != agents.None && d > p.due-256; d-- {
			if last := w.dueLast[int(d)&(len(w.dueLast)-1)]; last != agents.None && w.places[last].due == d {
				p.prev = last
				break
			}
		}
		w.dueLast[int(p.due)&(len(w.dueLast)-1)] = o
	}
	for p.prev != agents.None && w.places[p.prev].due > p.due {
		p.prev = w.places[p.prev].prev
	}
	at := &w.active[firm]
	if p.prev != agents.None {
		at = &w.places[p.prev].next
	}
	p.next = *at
	*at = o
	if p.next != agents.None {
		w.places[p.next].prev = o
	} else {
		w.latest[firm] = o
	}
}

// unqueue takes an order from among its firm's.
func (w *World) unqueue(o int32) {
	firm, p := w.orders.at[o].firm, &w.places[o]
	if p.prev != agents.None {
		w.places[p.prev].next = p.next
	} else {
		w.active[firm] = p.next
	}
	if p.next != agents.None {
		w.places[p.next].prev = p.prev
	} else {
		w.latest[firm] = p.prev
	}
	if w.pooled {
		if last := &w.dueLast[int(p.due)&(len(w.dueLast)-1)]; *last == o {
			*last = agents.None
			if p.prev != agents.None && w.places[p.prev].due == p.due {
				*last = p.prev
			}
		}
	}
}

// close takes an order out of the book.
func (w *World) close(o int32) {
	ord := &w.orders.at[o]
	w.unqueue(o)
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		w.ops[i].order = agents.None
		w.ops[i].short = false
	}
	at := w.neighbourhood(ord.firm)
	free := &w.opsFree[at*(w.longest+1)+int32(ord.steps)]
	*free = append(*free, ord.first)
	w.orders.drop(o, at)
}

// book takes the hours of one day's work off the calendars: x primary hours,
// of which work are net, and the operator's in proportion, travel on top. d is
// its deal, None or reserved.
func (w *World) book(i, d int32, lots [2]int32, day agents.Day, x, work agents.Hours, ratio agents.Ratio, travel [2]span) {
	n := w.booked.take(w.neighbourhood(w.orders.at[w.ops[i].order].firm))
	b := &w.booked.at[n]
	*b = booking{op: i, deal: d, day: day, lot: lots, work: span(work), travel: travel}
	for c, l := range lots {
		if l == agents.None {
			continue
		}
		h := x
		if c == 1 {
			h = ratio.Of(x)
		}
		h += agents.Hours(travel[c])
		regular := w.cal.Take(l, day, h)
		b.hours[c] = span(regular)
		if regular < h {
			b.over[c] = span(h - regular)
			w.over.Add(w.overOf[l], day, regular-h)
		}
	}
	w.link(n)
}

// put books again what was taken back.
func (w *World) put(b booking) {
	n := w.booked.take(w.neighbourhood(w.orders.at[w.ops[b.op].order].firm))
	w.booked.at[n] = b
	for c, l := range b.lot {
		if l == agents.None {
			continue
		}
		w.cal.Add(l, b.day, -agents.Hours(b.hours[c]))
		if b.over[c] > 0 {
			w.over.Add(w.overOf[l], b.day, -agents.Hours(b.over[c]))
		}
	}
	w.link(n)
}

// link enters a booking as the newest of its day and among those of its
// operation.
func (w *World) link(n int32) {
	booked := w.booked.at
	b := &booked[n]
	op := &w.ops[b.op]
	if b.deal >= 0 {
		w.deals.at[b.deal].left++
		for c, l := range b.lot {
			if l != agents.None && w.lots[l].firm != w.orders.at[op.order].firm {
				w.lent[l] += agents.Hours(b.hours[c] + b.over[c])
			}
		}
	}
	head := w.bookingsOn(b)
	b.prev, b.post = agents.None, *head
	if b.post != agents.None {
		booked[b.post].prev = n
	}
	*head = n
	op.planned += agents.Hours(b.work)
	op.end = max(op.end, b.day)
	next, back := agents.None, op.final
	for back != agents.None && booked[back].day > b.day { // keep the operation's bookings in order of days
		next, back = back, booked[back].back
	}
	b.next, b.back = next, back
	if back != agents.None {
		booked[back].next = n
	} else {
		op.first = n
	}
	if next != agents.None {
		booked[next].back = n
	} else {
		op.final = n
	}
}

// bookingsOn is the head of the list that a booking stands in: its firm's own
// of the day, or all deals' of the day.
func (w *World) bookingsOn(b *booking) *int32 {
	if b.deal >= 0 {
		return &w.dealt[w.ring(b.day)]
	}
	return &w.own[int(w.lots[b.lot[0]].firm)*len(w.dealt)+w.ring(b.day)]
}

// unbook gives a booking's hours back; the owners' short operations may then
// try again.
func (w *World) unbook(n int32) {
	for _, l := range w.booked.at[n].lot {
		if l != agents.None {
			w.freed[w.lots[l].firm] = true
		}
	}
	w.takeBack(n)
}

// shrink leaves x primary hours of a day's own work, none of them set-up,
// overtime or travel, and gives the rest back.
func (w *World) shrink(n int32, x agents.Hours, ratio agents.Ratio) {
	b := &w.booked.at[n]
	w.ops[b.op].planned -= agents.Hours(b.work) - x
	b.work = span(x)
	for c, l := range b.lot {
		if l == agents.None {
			continue
		}
		left := span(x)
		if c == 1 {
			left = span(ratio.Of(x))
		}
		w.cal.Add(l, b.day, agents.Hours(b.hours[c]-left))
		b.hours[c] = left
		w.freed[w.lots[l].firm] = true
	}
}

// takeBack undoes a booking as if it had never been.
func (w *World) takeBack(n int32) {
	b := &w.booked.at[n]
	op := &w.ops[b.op]
	for c, l := range b.lot {
		if l == agents.None {
			continue
		}
		w.cal.Add(l, b.day, agents.Hours(b.hours[c]))
		if b.over[c] > 0 {
			w.over.Add(w.overOf[l], b.day, agents.Hours(b.over[c]))
		}
		if b.deal >= 0 && w.lots[l].firm != w.orders.at[op.order].firm {
			w.unlend(l, agents.Hours(b.hours[c]+b.over[c]))
		}
	}
	op.planned -= agents.Hours(b.work)
	w.unlink(n)
}

// unlink takes a booking off its day and its operation and drops it.
func (w *World) unlink(n int32) {
	booked := w.booked.at
	b := &booked[n]
	op := &w.ops[b.op]
	if b.prev != agents.None {
		booked[b.prev].post = b.post
	} else {
		*w.bookingsOn(b) = b.post
	}
	if b.post != agents.None {
		booked[b.post].prev = b.prev
	}
	if b.back != agents.None {
		booked[b.back].next = b.next
	} else {
		op.first = b.next
	}
	if b.next != agents.None {
		booked[b.next].back = b.back
	} else {
		op.final = b.back
	}
	w.booked.drop(n, w.neighbourhood(w.orders.at[op.order].firm))
	if b.deal >= 0 {
		w.leaveDeal(b.deal)
	}
}

func (w *World) ring(d agents.Day) int { return int(d) & int(w.cal.Days()-1) }

// bookings are those of an operation, earliest first; the one at hand may be
// undone.
func (w *World) bookings(i int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for n := w.ops[i].first; n != agents.None; {
			next := w.booked.at[n].next
			if !yield(n) {
				return
			}
			n = next
		}
	}
}

// release gives back an operation's own bookings from today on; those of deals
// stand.
func (w *World) release(i int32) {
	for n := range w.bookings(i) {
		if w.booked.at[n].deal < 0 {
			w.unbook(n)
		}
	}
	w.reckon(i)
}

// releaseMade gives back the bookings of deals that are made.
func (w *World) releaseMade(i int32) {
	for n := range w.bookings(i) {
		if d := w.booked.at[n].deal; d >= 0 && w.deals.at[d].made {
			w.unbook(n)
		}
	}
	w.reckon(i)
}

// reckon finds an operation's planned finish from what is done, booked and to
// be bought.
func (w *World) reckon(i int32) {
	op := &w.ops[i]
	op.end = op.last
	if op.final != agents.None {
		op.end = max(op.end, w.booked.at[op.final].day)
	}
	if op.short && op.fallback == FallbackOutside {
		op.end = max(op.end, op.commit+w.kinds[w.step(op).kind].outside.lead)
	}
}

// releaseAll gives back everything that is booked for an operation.
func (w *World) releaseAll(i int32) {
	for w.ops[i].first != agents.None {
		w.unbook(w.ops[i].first)
	}
	w.reckon(i)
}
