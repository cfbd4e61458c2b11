package sim

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
)

// A clearing of all operations. Orders that have not begun are released and
// enter the book beside those that lack something. Deals and proposals for own
// units are laid on the calendars; nothing is agreed until every firm is known
// to be no worse off than with what it had planned (settleAll).

// entered is an order in a clearing of all operations.
type entered struct {
	order  int32
	firm   int32
	lost   bool         // before the clearing, as what follows
	cost   agents.Money // its position
	ops    int32        // its operations are entries.ops[ops:]
	booked [2]int32     // its bookings are entries.booked[from:to]
	own    [2]int32     // what the broker proposes on its firm's own units, likewise
}

// entries is what may have to be restored: by a clearing of all operations, or
// where deals of one order fail.
type entries struct {
	at     []entered
	ops    []operation
	booked []booking
	laid   []int32           // deals of the clearing, None when fallen
	raised [][2]agents.Money // of each of them: what is paid to each provider beyond what it was laid for, or below
	firms  []entrant
	freed  []bool // by firm: before the clearing
	next   int    // the first of firms that may have to be planned
	queue  []int32
}

// entrant is a firm with orders in the clearing.
type entrant struct {
	firm     int32
	from, to int32        // its orders are entries.at[from:to]
	todo     bool         // to be planned
	dealt    bool         // when it was last planned there were deals
	gains    agents.Money // by the clearing as planned, less than nothing if it is worse off
	slack    agents.Money // of that, what is not passed on to others
	deal     int32        // while who can pay is looked for: the deal whose price would change
	c        int32        // which of its prices
	pays     int32        // and in whose favour: a place in entries.firms
}

// offerAll releases every order of a member that has not begun, so that the
// clearing decides where all of them are served.
func (w *World) offerAll(m *market) {
	e := &m.entries
	e.forget()
	e.freed = append(e.freed[:0], w.freed...)
	for f := range w.active {
		if !m.tier.partners && !m.tier.member[f] {
			continue
		}
		for o := w.active[f]; o != agents.None; o = w.places[o].next {
			if ord := &w.orders.at[o]; !w.waits(ord) && w.untouched(ord) {
				w.remember(e, o)
			}
		}
	}
	for x := range e.at {
		ord := &w.orders.at[e.at[x].order]
		ord.moved = true
		start := w.day
		for j := range int(ord.steps) {
			i := ord.first + int32(j)
			op := &w.ops[i]
			op.stake = w.alone(ord, op)
			w.takeOwn(i)
			st := w.step(op)
			op.from, op.latest, op.end = start, ord.due-w.tail(ord, j), start
			op.lack, op.fallback, op.commit = op.hours, FallbackLost, max(w.day, op.latest)
			op.short = op.hours > 0
			if op.hours > 0 {
				start += agents.Day((op.hours + st.setup - 1) / st.perDay)
				if !op.listed {
					w.list(i)
				}
			}
		}
	}
}

func (e *entries) forget() { e.at, e.ops, e.booked = e.at[:0], e.ops[:0], e.booked[:0] }

// remember keeps an order as it stands, deals that are not made apart.
func (w *World) remember(e *entries, o int32) {
	ord := &w.orders.at[o]
	x := entered{order: o, firm: ord.firm, lost: ord.lost, cost: w.position(ord), ops: int32(len(e.ops))}
	x.booked[0] = int32(len(e.booked))
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		e.ops = append(e.ops, w.ops[i])
		for n := w.ops[i].first; n != agents.None; n = w.booked.at[n].next {
			b := w.booked.at[n]
			if b.deal >= 0 {
				if !w.deals.at[b.deal].made {
					e.ops[len(e.ops)-1].end = agents.Never // to be reckoned
					continue
				}
				w.deals.at[b.deal].left++ // it stays known, whatever happens to the order
			}
			e.booked = append(e.booked, b)
		}
	}
	x.booked[1] = int32(len(e.booked))
	e.at = append(e.at, x)
}

// letGo lets deals go that were made before, when all is settled.
func (w *World) letGo(e *entries, booked []booking) {
	for _, b := range booked {
		if b.deal >= 0 {
			w.leaveDeal(b.deal)
		}
	}
	e.forget()
}

// has tells whether an order has entered the clearing.
func (e *entries) has(o int32) bool {
	return slices.ContainsFunc(e.at, func(x entered) bool { return x.order == o })
}

// untouched tells whether nothing of an order is begun, bought or dealt.
func (w *World) untouched(ord *order) bool {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := &w.ops[i]
		if op.done > 0 || op.bought > 0 || op.prepared {
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

// takeOwn takes an operation's own bookings back as if they had never been.
func (w *World) takeOwn(i int32) {
	for n := w.ops[i].first; n != agents.None; {
		next := w.booked.at[n].next
		if w.booked.at[n].deal < 0 {
			w.takeBack(n)
		}
		n = next
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

// alone is what an operation costs its firm from now on as planned, with the
// fallback for what it lacks, deals apart.
func (w *World) alone(ord *order, op *operation) agents.Money {
	cost := agents.Money(0)
	if rest := op.hours - op.done - op.bought - op.planned; op.short {
		cost = op.stake
	} else if rest > 0 { // of an order that is given up
		st := w.step(op)
		if !op.prepared {
			rest += st.setup
		}
		cost = w.ownCost(ord.firm, st, rest)
	}
	for n := op.first; n != agents.None; n = w.booked.at[n].next {
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

// position is what an order costs its firm from now on as planned, its value if
// it is given up, deals apart.
func (w *World) position(ord *order) (cost agents.Money) {
	if ord.lost {
		return ord.value
	}
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		cost += w.alone(ord, &w.ops[i])
	}
	return cost
}

// settleAll agrees the deals of a clearing of all operations. A firm that no deal
// touches does as it had planned. One that lends or asks plans beside its
// deals. If that leaves it worse off, prices change in its favour as far as
// others gain; if they do not, a deal of it falls, and whom it touched plans anew.
func (w *World) settleAll(m *market) {
	e := &m.entries
	slices.SortFunc(e.at, func(a, b entered) int {
		return cmp.Or(cmp.Compare(a.firm, b.firm), cmp.Compare(w.orders.at[a.order].seq, w.orders.at[b.order].seq))
	})
	e.laid, e.firms = e.laid[:0], e.firms[:0]
	proposed := len(e.booked)
	for x := range e.at {
		t := &e.at[x]
		ord := &w.orders.at[t.order]
		t.own[0] = int32(len(e.booked))
		for i := ord.first; i < ord.first+int32(ord.steps); i++ {
			e.laid = append(e.laid, w.fresh(i)...)
			for n := w.ops[i].first; ord.moved && n != agents.None; n = w.booked.at[n].next {
				if b := w.booked.at[n]; b.deal < 0 {
					e.booked = append(e.booked, b)
				}
			}
		}
		t.own[1] = int32(len(e.booked))
	}
	w.enterFirms(e)
	trace, overflow := w.trace, w.result.Overflow
	w.trace = nil // nobody is told of plans that are not kept
	for e.next = 0; ; {
		for e.next < len(e.firms) {
			if f := &e.firms[e.next]; f.todo {
				f.todo = false
				w.settleFirm(m, f, trace)
			} else {
				e.next++
			}
		}
		worse := w.reprice(m)
		if worse == nil {
			break
		}
		w.fall(m, w.least(e, worse.firm), RefusedWorse, trace)
	}
	for x, more := range e.raised {
		for c := range more {
			if more[c] != 0 {
				t := &w.deals.at[e.laid[x]]
				t.pay[c] += more[c]
				t.row.Price += more[c]
				t.row.Fee = agents.MoneyOf(t.row.Price.Float() * m.tier.spec.FeeShare)
			}
		}
	}
	w.trace, w.result.Overflow = trace, overflow

	copy(w.freed, e.freed)
	for _, f := range e.firms {
		w.freed[f.firm] = w.freed[f.firm] || f.dealt && f.from < f.to
		for _, t := range e.at[f.from:f.to] {
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
	w.letGo(e, e.booked[:proposed])
}

// enterFirms lists the firms of the clearing's orders, and those that lend.
func (w *World) enterFirms(e *entries) {
	e.firms = e.firms[:0]
	for _, t := range e.at {
		e.firms = append(e.firms, entrant{firm: t.firm})
	}
	for _, d := range e.laid {
		for _, g := range w.deals.at[d].lenders {
			if g != agents.None {
				e.firms = append(e.firms, entrant{firm: g})
			}
		}
	}
	slices.SortFunc(e.firms, func(a, b entrant) int { return cmp.Compare(a.firm, b.firm) })
	e.firms = slices.CompactFunc(e.firms, func(a, b entrant) bool { return a.firm == b.firm })
	x := int32(0)
	for i := range e.firms {
		f := &e.firms[i]
		f.todo, f.from = true, x
		for int(x) < len(e.at) && e.at[x].firm == f.firm {
			x++
		}
		f.to = x
	}
}

// settleFirm plans a firm's orders beside the deals that are laid, or makes one
// of them fall with which that cannot be done.
func (w *World) settleFirm(m *market, f *entrant, trace func(*Event)) {
	e := &m.entries
	if f.dealt = w.least(e, f.firm) >= 0; !f.dealt {
		f.gains = 0
		for x := f.from; x < f.to; x++ {
			w.restore(e, &e.at[x])
		}
		return
	}
	fell := false
	var gains [2]agents.Money
	var serve [2]bool
	for x, follow := range [2]bool{true, false} {
		gains[x], serve[x] = w.arrange(m, f, follow)
		f.gains = gains[x]
		if fell = w.gone(m, trace); fell {
			break
		}
		if serve[x] && gains[x] >= -cent {
			return
		}
	}
	switch {
	case fell:
	case serve[0] && (gains[0] >= gains[1] || !serve[1]):
		f.gains, _ = w.arrange(m, f, true)
		return
	case serve[1]:
		return
	case !w.useless(m, f, trace):
		w.fall(m, w.least(e, f.firm), RefusedWorse, trace)
	}
	for x := f.from; x < f.to; x++ {
		w.unplan(e, &e.at[x]) // others count on what was dealt before
	}
	f.todo = true
}

// least is the deal that is worth least to a firm, the last laid of equal ones:
// of those in which it lends or, if there are none, of those that it asked for.
// It is -1 if there are none.
func (w *World) least(e *entries, firm int32) int {
	lends, asks := -1, -1
	var least [2]agents.Money
	for x, d := range e.laid {
		if d == agents.None {
			continue
		}
		t := &w.deals.at[d]
		if earned, ok := t.earnedBy(firm); ok && (lends < 0 || earned <= least[0]) {
			lends, least[0] = x, earned
		}
		if w.orders.at[w.ops[t.op].order].firm == firm && (asks < 0 || t.saved <= least[1]) {
			asks, least[1] = x, t.saved
		}
	}
	if lends >= 0 {
		return lends
	}
	return asks
}

// reprice finds prices at which nobody is worse off, where brokers leave them to
// the two sides: who loses is paid more by those it lends to, or pays less to
// those who lend to it; these by others and so on, up to one that gains. It
// returns the first firm that is worse off all the same, nil if none is.
func (w *World) reprice(m *market) *entrant {
	e := &m.entries
	e.raised = append(e.raised[:0], make([][2]agents.Money, len(e.laid))...)
	for f := range e.firms {
		e.firms[f].slack = e.firms[f].gains
	}
	gross := 1 + m.tier.spec.FeeShare // what a requester pays of which the provider gets 1
	for f := range e.firms {
		worse := &e.firms[f]
		for worse.slack < -cent {
			payer := w.payer(e, int32(f))
			if payer == nil {
				return worse
			}
			share := 1.0 // of what the payer gives up, what arrives
			for g := payer; g != worse; g = &e.firms[g.pays] {
				if w.asked(e, g) {
					share /= gross
				} else {
					share *= gross
				}
			}
			more, all := min(-worse.slack, agents.Money(float64(payer.slack)*share)), 1/share
			for g, part := payer, all; g != worse; g = &e.firms[g.pays] {
				if w.asked(e, g) {
					part /= gross
				} else { // no provider goes below its reservation price
					more = min(more, agents.Money(float64(w.spare(e, g.deal, g.c))/part))
					part *= gross
				}
			}
			if more <= 0 {
				return worse
			}
			worse.slack += more
			payer.slack -= agents.Money(math.Round(float64(more) * all))
			for g, part := payer, all; g != worse; g = &e.firms[g.pays] {
				if w.asked(e, g) {
					part /= gross
					e.raised[g.deal][g.c] += agents.Money(math.Round(float64(more) * part))
				} else {
					e.raised[g.deal][g.c] -= agents.Money(math.Round(float64(more) * part))
					part *= gross
				}
			}
		}
	}
	return nil
}

// asked tells whether a firm that is to pay asked for the deal, else it lends.
func (w *World) asked(e *entries, g *entrant) bool {
	return w.orders.at[w.ops[w.deals.at[e.laid[g.deal]].op].order].firm == g.firm
}

// spare is what a provider is paid beyond its reservation price.
func (w *World) spare(e *entries, x, c int32) agents.Money {
	return w.deals.at[e.laid[x]].spare[c] + e.raised[x][c]
}

// payer looks for the nearest firm that gains, from firm f by deals on.
func (w *World) payer(e *entries, f int32) *entrant {
	for x := range e.firms {
		e.firms[x].pays = agents.None
	}
	e.queue = append(e.queue[:0], f)
	for x := 0; x < len(e.queue); x++ {
		at := e.queue[x]
		for y, d := range e.laid {
			if d == agents.None || w.deals.at[d].fixed {
				continue
			}
			t := &w.deals.at[d]
			requester, _ := e.find(w.orders.at[w.ops[t.op].order].firm)
			for c, g := range t.lenders {
				if g == agents.None {
					continue
				}
				lender, _ := e.find(g)
				next := requester
				switch at {
				case int32(lender):
				case int32(requester):
					if next = lender; w.spare(e, int32(y), int32(c)) <= 0 {
						continue
					}
				default:
					continue
				}
				n := &e.firms[next]
				if int32(next) == f || n.pays != agents.None {
					continue
				}
				n.deal, n.c, n.pays = int32(y), int32(c), at
				if n.slack > 0 {
					return n
				}
				e.queue = append(e.queue, int32(next))
			}
		}
	}
	return nil
}

// find is the place of a firm among those in the clearing.
func (e *entries) find(firm int32) (int, bool) {
	return slices.BinarySearchFunc(e.firms, firm, func(a entrant, firm int32) int { return cmp.Compare(a.firm, firm) })
}

// useless makes the deals fall that do not make their order worth completing.
func (w *World) useless(m *market, f *entrant, trace func(*Event)) (any bool) {
	for x, d := range m.entries.laid {
		if d == agents.None {
			continue
		}
		i := w.deals.at[d].op
		if ord := &w.orders.at[w.ops[i].order]; ord.firm == f.firm && ord.lost {
			w.fall(m, x, RefusedBundle, trace)
			any = true
		}
	}
	return any
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

// arrange plans a firm's orders beside the deals that are laid: if follow, what
// deals and the broker's proposals for its own units serve together stays as
// proposed; the rest is loaded in order of arrival. It returns what the firm
// gains, and whether every deal of its orders, also those made before, serves.
func (w *World) arrange(m *market, f *entrant, follow bool) (gains agents.Money, serve bool) {
	e := &m.entries
	for x := f.from; x < f.to; x++ {
		t := &e.at[x]
		gains += t.cost
		ord := &w.orders.at[t.order]
		w.unplan(e, t)
		if follow {
			for _, b := range e.booked[t.own[0]:t.own[1]] {
				w.put(b)
			}
		}
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
	for x := f.from; x < f.to; x++ {
		if ord := &w.orders.at[e.at[x].order]; !follow || !w.served(ord) {
			w.plan(e.at[x].order)
		}
	}
	serve = true
	for x := f.from; x < f.to; x++ {
		t := &e.at[x]
		ord := &w.orders.at[t.order]
		gains -= w.position(ord) + w.dealCosts(ord)
		serve = serve && !(ord.lost && w.anyFresh(ord)) && w.keeps(e, t)
	}
	for _, d := range e.laid {
		if d != agents.None {
			earned, _ := w.deals.at[d].earnedBy(f.firm)
			gains += earned
		}
	}
	return gains, serve
}

// cent is less than what positions are held against each other for: they are
// sums of rounded amounts.
const cent = agents.Unit / 100

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

func (w *World) anyFresh(ord *order) bool {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if len(w.fresh(i)) > 0 {
			return true
		}
	}
	return false
}

// keeps tells whether all deals that were made for an order before still stand.
func (w *World) keeps(e *entries, t *entered) bool {
	for _, b := range e.booked[t.booked[0]:t.booked[1]] {
		if b.deal >= 0 && w.lastOf(&w.ops[b.op], b.deal) == agents.Never {
			return false
		}
	}
	return true
}

// unplan leaves of what is booked for an order the deals, of the clearing and
// before.
func (w *World) unplan(e *entries, t *entered) {
	w.strip(&w.orders.at[t.order])
	for _, b := range e.booked[t.booked[0]:t.booked[1]] {
		if b.deal >= 0 {
			w.put(b)
		}
	}
}

// strip takes back what is booked for an order but for deals of the clearing.
func (w *World) strip(ord *order) {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		for n := w.ops[i].first; n != agents.None; {
			b := &w.booked.at[n]
			next := b.next
			if b.deal < 0 || w.deals.at[b.deal].made {
				w.takeBack(n)
			}
			n = next
		}
	}
}

// restore makes an order what it was.
func (w *World) restore(e *entries, t *entered) {
	ord := &w.orders.at[t.order]
	w.strip(ord)
	ord.lost = t.lost
	was := e.ops[t.ops : t.ops+int32(ord.steps)]
	for j := range was {
		op := &w.ops[ord.first+int32(j)]
		x := was[j]
		x.listed, x.spurned, x.limit = op.listed, op.spurned, min(x.limit, op.limit)
		x.first, x.final, x.planned = agents.None, agents.None, 0
		*op = x
	}
	for _, b := range e.booked[t.booked[0]:t.booked[1]] {
		w.put(b)
	}
	for j := range was {
		i := ord.first + int32(j)
		if w.ops[i].end = was[j].end; was[j].end == agents.Never {
			w.reckon(i)
		}
	}
}

// gone tells whether deals fell while their orders were planned: a step before
// theirs now ends later.
func (w *World) gone(m *market, trace func(*Event)) (any bool) {
	for x, d := range m.entries.laid {
		if d != agents.None && w.deals.at[d].left == 0 {
			w.fall(m, x, RefusedBundle, trace)
			any = true
		}
	}
	return any
}

// fall undoes a deal that is laid, with the others of its request if that is
// all or nothing. Whom they touch has to be planned anew.
func (w *World) fall(m *market, x int, reason int, trace func(*Event)) {
	e := &m.entries
	i := w.deals.at[e.laid[x]].op
	op := &w.ops[i]
	ord := &w.orders.at[op.order]
	touched := func(firm int32) {
		if f, ok := e.find(firm); ok {
			e.firms[f].todo = true
			e.next = min(e.next, f)
		}
	}
	touched(ord.firm)
	w.trace = trace
	partial := w.classes[ord.class].partial
	for y, d := range e.laid {
		if d == agents.None || w.deals.at[d].op != i || partial && y != x {
			continue
		}
		e.laid[y] = agents.None
		t := &w.deals.at[d]
		w.result.Refusals[reason]++
		w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: t.row.Tier, Others: t.lenders, Reason: int8(reason)})
		for _, g := range t.lenders {
			if g != agents.None {
				touched(g)
			}
		}
	}
	w.trace = nil
	last := agents.Never
	for n := op.first; n != agents.None; {
		b := &w.booked.at[n]
		next := b.next
		if b.deal >= 0 && !w.deals.at[b.deal].made && !slices.Contains(e.laid, b.deal) {
			last = b.day
			w.takeBack(n)
		}
		n = next
	}
	if reason == RefusedBundle && last != agents.Never {
		op.limit = last - 1 // what ends as late is of no use to the steps after it
	}
	w.reckon(i)
}
