package sim

import (
	"slices"

	"idleshift/agents"
)

// deal is a deal whose hours are not all worked yet.
type deal struct {
	row     agents.Deal
	op      int32
	tier    *market
	lenders [2]int32        // paid; None where not
	pay     [2]agents.Money // to each, for all of its hours
	hours   [2]agents.Hours // of each, travel included
	left    int32           // bookings
	decided agents.Day      // when an approval is known
	refused bool            // what it will be
	trans   [2]agents.Money // transaction cost on each provider's side
	mine    agents.Money    // on the requester's side
	made    bool            // otherwise laid, but not agreed yet
	freight agents.Money
	own     agents.Money    // work of the requester's own lots, travel included
	earned  [2]agents.Money // by each provider, beyond what it costs it
	spare   [2]agents.Money // of that, beyond its reservation price
	saved   agents.Money    // by the requester, of the stake
	fixed   bool            // the broker has set the price
}

// strike lays a match, and the later ones of its request with the same option,
// on the calendars and agrees the price of the deal. It returns the reason of
// a refusal, or -1.
func (w *World) strike(m *market, i, head int32, stakeAll agents.Money, lack agents.Hours) int {
	t, op := m.tier, &w.ops[i]
	x := &m.matches[head]
	hours := agents.Hours(0)
	for y := head; y != agents.None; y = m.next[y] {
		if m.matches[y].Option == x.Option {
			if m.matches[y].Hours <= 0 {
				return RefusedHours
			}
			hours += m.matches[y].Hours
		}
	}
	ord, st := &w.orders.at[op.order], w.step(op)
	k := &w.kinds[st.kind]
	option, terms := m.book.Options[x.Option], &m.options[x.Option]
	option.Travel = terms.travel // the broker knows it by zones
	o := &option
	req := &m.book.Requests[o.Request]
	switch {
	case o.Own && !ord.moved:
		return -1 // the loader finds its own hours
	case !o.Own && hours < t.minimum:
		return RefusedMinimum
	}
	from, last := max(req.First, op.from), min(req.Last, op.limit) // other deals of the order may have moved the step
	reach := min(m.reach, last-w.day)
	lots := [2]int32{agents.None, agents.None}
	for c, l := range o.Lot {
		m.free[c] = m.free[c][:0]
		if l != agents.None {
			lots[c] = m.lots[l]
			m.free[c] = w.row(lots[c], terms.provider[c] != agents.None, reach, m.free[c])
		}
	}
	for n := op.first; n != agents.None; n = w.booked.at[n].next {
		if b := &w.booked.at[n]; b.deal != reserved && b.day-w.day <= reach { // other sites at work on the step
			h := &m.free[0][b.day-w.day]
			*h = min(*h, st.perDay-w.sitesOn(op, b.day)+o.Travel[0])
		}
	}
	m.slots = m.slots[:0]
	for y := head; y != agents.None; y = m.next[y] {
		part := &m.matches[y]
		if part.Option != x.Option {
			continue
		}
		first, end := from, last
		if part.Day != agents.AnyDay {
			first, end = max(from, part.Day), min(last, part.Day)
		}
		need := o.Factor.Of(part.Hours)
		if y == head {
			need = o.Booked(part.Hours)
		}
		laid := len(m.slots)
		var left agents.Hours
		if m.slots, left = agents.Lay(o, need, req.PerDay, w.day, first, end, m.free, m.slots); left > 0 {
			return RefusedCalendar
		}
		for _, s := range m.slots[laid:] {
			m.free[0][s.Day-w.day] -= s.Hours
			if lots[1] != agents.None {
				m.free[1][s.Day-w.day] -= o.Ratio.Of(s.Hours)
			}
		}
	}
	if o.Own {
		w.bookSlots(m, i, agents.None, lots, o, hours)
		return -1
	}

	// reservation prices of the providers, and what the requester bears itself
	stake := portion(stakeAll, hours, lack)
	d := deal{op: i, tier: m, lenders: terms.provider, decided: w.day}
	row := agents.Deal{Day: agents.Day(w.measured(w.day)), Tier: t.number, Kind: st.kind, Class: ord.class,
		Requester: ord.firm, Provider: terms.provider, Hours: hours, Km: terms.km, Waited: w.day - ord.arrived, Stake: stake}
	if terms.provider[0] == agents.None {
		row.Km = terms.staffKm[1]
	}
	d.freight = w.freight(terms.km, terms.moves)
	var costs, asks [2]agents.Money // of the providers, without and with the charge for slack
	borne := d.freight
	for c, l := range lots {
		if l == agents.None {
			continue
		}
		cost, ratio := w.lots[l].cost, agents.Ratio(1000)
		if c == 1 {
			ratio = k.ratio
		}
		g := terms.provider[c]
		var work, slack agents.Money
		trips := agents.Hours(len(m.slots)) * o.Travel[c]
		for _, s := range m.slots {
			h := ratio.Of(s.Hours)
			row.Booked[c] += h
			d.hours[c] += h + o.Travel[c]
			work += cost.For(h + o.Travel[c])
			if g != agents.None {
				slack += w.exposure(g).charge(s.Day - w.day).For(h)
			}
		}
		trip := agents.Money(len(m.slots)) * agents.Money(st.maxUnits) * agents.MoneyOf(2*float64(terms.staffKm[c])*w.Scenario.Transport.TravelKm)
		d.freight += trip
		borne += trip
		net := ratio.Of(hours)
		row.Cost += cost.For(net)
		row.SetupCost += cost.For(row.Booked[c] - net)
		row.TravelH += trips
		row.Freight += cost.For(trips)
		if g == agents.None {
			d.own += work
			continue
		}
		costs[c], asks[c] = work, work+slack
		row.Slack += slack
		if c == 1 && g == terms.provider[0] {
			continue // one pair, one contract
		}
		cost, _ = w.pairTerms(m, ord.firm, g)
		row.First = row.First || m.contracts.get(pairKey(ord.firm, g)) < w.day
		d.trans[c] = cost
		d.mine += cost
		costs[c] += cost
		asks[c] += cost
		borne += cost
		row.Trans += 2 * cost
		if w.exposure(g).asked || w.exposure(ord.firm).asked {
			d.decided = w.day + max(0, terms.asked)
			d.refused = d.refused || !w.approves(ord, op, g)
		}
	}
	row.Freight += d.freight
	can := agents.Money(float64(stake-borne-d.own) / (1 + t.spec.FeeShare)) // the most that it can pay
	if t.spec.FeeShare == 0 {
		can = stake - borne - d.own
	}
	gain := can - asks[0] - asks[1]
	if gain < 0 {
		return RefusedWorse
	}
	lent := agents.Hours(0)
	for c, g := range terms.provider {
		if g != agents.None {
			lent += d.hours[c]
		}
	}
	for c, g := range terms.provider {
		switch {
		case g == agents.None:
		case x.Price[c] >= 0:
			d.fixed = true
			d.pay[c] = x.Price[c].For(d.hours[c])
			if d.pay[c] < asks[c] {
				return RefusedWorse
			}
		default:
			d.pay[c] = asks[c] + portion(gain/2, d.hours[c], lent)
		}
		row.Price += d.pay[c]
	}
	if row.Price > can {
		return RefusedWorse
	}
	row.Fee = agents.MoneyOf(row.Price.Float() * t.spec.FeeShare)
	for c := range d.earned {
		if terms.provider[c] != agents.None {
			d.earned[c], d.spare[c] = d.pay[c]-costs[c], d.pay[c]-asks[c]
		}
	}
	d.saved = stake - borne - d.own - row.Price - row.Fee
	d.row = row
	w.bookSlots(m, i, w.deals.add(d, 0), lots, o, hours)
	return -1
}

// bookSlots books m.slots for h net hours of the operation; what set-up and
// unfamiliarity take is not work.
func (w *World) bookSlots(m *market, i, d int32, lots [2]int32, o *agents.Option, h agents.Hours) {
	setup, worked, passed := o.Setup, agents.Hours(0), agents.Hours(0)
	for n, s := range m.slots {
		extra := min(setup, s.Hours)
		setup -= extra
		passed += s.Hours - extra
		done := min(h, o.Factor.Within(passed))
		if n == len(m.slots)-1 {
			done = h
		}
		w.book(i, d, lots, s.Day, s.Hours, done-worked, o.Ratio, [2]span{span(o.Travel[0]), span(o.Travel[1])})
		worked = done
	}
}

// sitesOn is the primary hours booked for an operation on a day, its fallback
// apart.
func (w *World) sitesOn(op *operation, d agents.Day) (h agents.Hours) {
	for n := op.first; n != agents.None; n = w.booked.at[n].next {
		if b := &w.booked.at[n]; b.day == d && b.deal != reserved {
			h += agents.Hours(b.hours[0] + b.over[0] - b.travel[0])
		}
	}
	return h
}

// fresh lists the deals of an operation that are laid but not made, in
// w.picked.
func (w *World) fresh(i int32) []int32 {
	w.picked = w.picked[:0]
	for n := w.ops[i].first; n != agents.None; n = w.booked.at[n].next {
		if d := w.booked.at[n].deal; d >= 0 && !w.deals.at[d].made && !slices.Contains(w.picked, d) {
			w.picked = append(w.picked, d)
		}
	}
	return w.picked
}

// starts is the first day of an operation's fresh deals.
func (w *World) starts(i int32) agents.Day {
	for n := w.ops[i].first; n != agents.None; n = w.booked.at[n].next {
		if b := &w.booked.at[n]; b.deal >= 0 && !w.deals.at[b.deal].made {
			return b.day
		}
	}
	return agents.Never
}

// undo gives back what is laid of an operation's fresh deals, and in tiers of
// all operations what is laid on its own units.
func (w *World) undo(i int32) {
	for n := w.ops[i].first; n != agents.None; {
		b := &w.booked.at[n]
		next := b.next
		if b.deal < 0 && w.orders.at[w.ops[i].order].moved || b.deal >= 0 && !w.deals.at[b.deal].made {
			if w.ops[i].waiting {
				w.unbook(n) // others have seen the hours as taken
			} else {
				w.takeBack(n)
			}
		}
		n = next
	}
	w.ops[i].waiting = false
	w.reckon(i)
}

// deadline is the last day on which all of an order's fallbacks can be given up.
func (w *World) deadline(ord *order) agents.Day {
	last := agents.Never
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if op := &w.ops[i]; op.short {
			last = min(last, op.commit)
		}
	}
	return last
}

func (w *World) shortSteps(ord *order) (n int) {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		n += b2i(w.ops[i].short)
	}
	return n
}

// confirm makes the fresh deals of an order: they release the fallback and the
// steps after them are loaded anew. If the order still cannot be completed,
// costs more than without them or would lose a deal made before, they are undone.
func (w *World) confirm(o int32) {
	ord, e, trace := &w.orders.at[o], &w.before, w.trace
	w.remember(e, o)
	t := &e.at[0]
	was := e.ops
	w.trace = nil // nobody is told of a plan that is not kept
	w.replan(o)
	w.trace = trace
	reason := -1
	switch {
	case ord.lost:
		reason = RefusedBundle
	case !w.keeps(e, t) || w.position(ord)+w.dealCosts(ord) > t.cost+cent:
		reason = RefusedWorse
	}
	for j := range was {
		i := ord.first + int32(j)
		op := &w.ops[i]
		fresh := w.fresh(i)
		if was[j].short && len(fresh) > 0 && reason < 0 {
			w.tell(ord, Event{What: Released, Operation: op.step, Kind: w.step(op).kind, Fallback: was[j].fallback})
		}
		for _, d := range fresh {
			if reason < 0 {
				w.make(ord, op, d)
				continue
			}
			w.result.Refusals[reason]++
			w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: w.deals.at[d].row.Tier, Others: w.deals.at[d].lenders, Reason: int8(reason)})
			op.limit = min(op.limit, w.lastOf(op, d)-1) // what ends as late is of no use to the steps after it
		}
	}
	if reason >= 0 {
		for i := ord.first; i < ord.first+int32(ord.steps); i++ {
			w.undo(i)
		}
		w.restore(e, t)
	} else {
		for i := ord.first; i < ord.first+int32(ord.steps); i++ {
			if w.ops[i].short {
				w.enlist(i)
			}
		}
	}
	w.letGo(e)
}

// lastOf is the last day of a deal for an operation.
func (w *World) lastOf(op *operation, d int32) agents.Day {
	for n := op.final; n != agents.None; n = w.booked.at[n].back {
		if w.booked.at[n].deal == d {
			return w.booked.at[n].day
		}
	}
	return agents.Never
}

// dealCosts is what the fresh deals of an order cost its firm.
func (w *World) dealCosts(ord *order) (c agents.Money) {
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if w.ops[i].first == agents.None {
			continue
		}
		for _, d := range w.fresh(i) {
			x := &w.deals.at[d]
			c += x.pay[0] + x.pay[1] + x.row.Fee + x.mine + x.freight + x.own
		}
	}
	return c
}

// make makes a deal: its costs are spent and its contract runs.
func (w *World) make(ord *order, op *operation, d int32) {
	x := &w.deals.at[d]
	x.made = true
	w.payTransaction(ord, x)
	w.pay(ord, ord.firm, agents.Travel, x.freight)
	for _, g := range x.lenders {
		if g == agents.None {
			continue
		}
		if key := pairKey(ord.firm, g); x.tier.tier.contract > 0 && x.tier.contracts.get(key) < w.day {
			x.tier.contracts.set(key, w.clearing(x)+x.tier.tier.contract)
		}
	}
	if ord.measured {
		r := &w.result
		r.Deals++
		r.DealHours += x.row.Hours
		r.DealKm += float64(x.row.Km)
		r.Slack += x.row.Slack
		w.dealRows = append(w.dealRows, x.row)
	}
	if w.trace != nil {
		e := Event{What: Matched, Operation: op.step, Kind: x.row.Kind, Tier: x.row.Tier, Others: x.lenders, Hours: x.row.Hours, First: agents.Never, Money: x.row.Price}
		for n := op.first; n != agents.None; n = w.booked.at[n].next {
			if b := &w.booked.at[n]; b.deal == d {
				e.First, e.Last = min(e.First, b.day), max(e.Last, b.day)
			}
		}
		w.tell(ord, e)
	}
}

// clearing is the day on which a deal was laid.
func (w *World) clearing(x *deal) agents.Day {
	return x.row.Day + agents.Day(w.Scenario.Time.Warmup)
}

func (w *World) payTransaction(ord *order, x *deal) {
	w.pay(ord, ord.firm, agents.Transaction, x.mine)
	for c, g := range x.lenders {
		if g != agents.None {
			w.pay(ord, g, agents.Transaction, x.trans[c])
		}
	}
}

// payProvider pays for a booking's hours of component c.
func (w *World) payProvider(ord *order, b *booking, c int, owner int32) {
	x := &w.deals.at[b.deal]
	m := portion(x.pay[c], agents.Hours(b.hours[c]+b.over[c]), x.hours[c])
	w.pay(ord, ord.firm, agents.Paid, m)
	w.pay(ord, owner, agents.Received, m)
	if fee := x.tier.tier.spec.FeeShare; fee > 0 {
		w.pay(ord, ord.firm, agents.Fees, agents.MoneyOf(m.Float()*fee))
	}
}

// leaveDeal forgets a deal when the last of its bookings is gone.
func (w *World) leaveDeal(d int32) {
	if w.deals.at[d].left--; w.deals.at[d].left == 0 {
		w.deals.drop(d, 0)
	}
}
