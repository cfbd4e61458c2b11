package sim

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
)

// market is a tier at work in one regime.
type market struct {
	tier      *tier
	broker    *brokers.Instance
	contracts pairs // last day of each pair's contract
	declined  pairs // matches that a side declined as a loss

	book    agents.Open
	ops     []int32 // of each request
	options []terms // of each option
	lots    []int32 // of each lot of the book
	seen    []int32 // [2*lot+lent]: its place in the book plus one, 0 not met, -1 without hours
	lends   []bool  // by lot: its firm is a member and its policy exposes the kind
	cells   []agents.Hours
	cut     []int32    // operations that were shown a cut list of candidates
	reach   agents.Day // how many days the book shows, today excluded
	matches []agents.Match
	draw    rng.Stream // the broker's, of the clearing
	next    []int32    // of each match: the next of its request
	head    []int32    // of each request: its first match
	held    []int32    // orders with deals that stand or fall with others
	moved   []int32    // orders whose own bookings an all-operations tier released
	afford  [3]float32 // km by mobility: farther deals cannot be worth it
	staff   [][2]int32 // scratch: firms that lend operators, and their lots
	wanting []int32    // operations that may stand in the book
	order   []int32    // scratch, as what follows
	scratch agents.Open
	was     struct {
		ops     []int32
		options []terms
		lots    []int32
	}
	free  [2][]agents.Hours // live rows for laying
	slots []agents.Slot
}

// terms is what the engine knows of an option beyond what it tells the broker.
type terms struct {
	provider [2]int32 // firms that lend the primary, the operator; None where own or not needed
	km       float32  // requester to the site of the work
	moves    bool     // the work goes there, however near
	staffKm  [2]float32
	travel   [2]agents.Hours // that each lot's person loses per day booked
	cost     agents.Money    // transaction cost of both sides and all pairs
	asked    agents.Day      // days until approval is known; -1 if nobody is asked
}

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
	own     agents.Money // work of the requester's own lots, travel included
}

func newMarket(r *Region, t *tier) market {
	b, _ := brokers.ByName(t.spec.Broker)
	m := market{tier: t, broker: b.New(), lends: make([]bool, len(r.lots)), seen: make([]int32, 2*len(r.lots))}
	for i := range r.lots {
		l := &r.lots[i]
		m.lends[i] = (t.partners || t.member[l.firm]) && r.exposure(l.firm).shows(l.kind, -1)
	}
	return m
}

// trade clears the tiers whose day it is, in the regime's order.
func (w *World) trade() {
	for i := range w.markets {
		m := &w.markets[i]
		if int(w.day)%m.tier.spec.ClearingDays != 0 {
			continue
		}
		w.tidy()
		if m.tier.all {
			w.offerAll(m)
			w.tidy()
		}
		w.fill(m)
		if len(m.book.Options) > 0 {
			w.match(m)
		}
		for _, o := range m.moved {
			w.restore(o)
		}
		m.moved = m.moved[:0]
		for _, i := range m.cut {
			if op := &w.ops[i]; op.short && !op.waiting {
				w.result.CutShort++
			}
		}
	}
}

// eligible tells whether a short operation may stand in the tier today.
func (w *World) eligible(m *market, i int32) bool {
	op := &w.ops[i]
	ord := &w.orders.at[op.order]
	t := m.tier
	return op.short && op.lack > 0 && op.commit >= w.day && min(op.latest, op.limit) >= w.day && (op.stake > 0 || ord.moved) &&
		(t.partners || t.member[ord.firm]) && op.lack >= t.minimum && !w.waits(ord) &&
		(t.disclosure == brokers.Blind || ord.moved || w.toSpend(m, op) >= 0)
}

// toSpend is what an operation could spend on transport and still gain, at the
// cheapest work and terms that there could be; negative if nothing.
func (w *World) toSpend(m *market, op *operation) agents.Money {
	k := &w.kinds[w.step(op).kind]
	least := w.cheapest[w.step(op).kind]
	if k.operator >= 0 {
		least += w.cheapest[k.operator] * agents.Money(k.ratio) / 1000
	}
	return op.stake - least.For(op.lack) - 2*min(m.tier.first, m.tier.callOff)
}

// affordable bounds the distances at which a deal could be worth its transport,
// by mobility. A blind broker is not told, and proposes what is then declined.
func (w *World) affordable(m *market, op *operation) (km [3]float32) {
	const far = math.MaxFloat32
	if m.tier.disclosure == brokers.Blind || w.orders.at[op.order].moved {
		return [3]float32{far, far, far}
	}
	st, t := w.step(op), &w.Scenario.Transport
	spend := w.toSpend(m, op).Float()
	km = [3]float32{far, far, far}
	if spend < t.Consignment {
		km[site] = 0
	} else if t.FreightKm > 0 {
		km[site] = float32((spend - t.Consignment) / (2 * t.FreightKm))
	}
	if days := (op.lack + st.perDay - 1) / st.perDay; t.TravelKm > 0 {
		km[travels] = float32(spend / (float64(days) * float64(st.maxUnits) * 2 * t.TravelKm))
	}
	return km
}

// fill makes the book of a clearing: requests, lots and options, in an order
// that shows no more than they do.
func (w *World) fill(m *market) {
	b := &m.book
	b.Today = w.day
	b.Requests, b.Lots, b.Options, b.First, b.Net, b.Charge = b.Requests[:0], b.Lots[:0], b.Options[:0], b.First[:0], b.Net[:0], b.Charge[:0]
	b.Bid, b.Ask, b.At, b.LotAt, b.Value = b.Bid[:0], b.Ask[:0], b.At[:0], b.LotAt[:0], b.Value[:0]
	m.ops, m.options, m.lots, m.cells = m.ops[:0], m.options[:0], m.lots[:0], m.cells[:0]
	clear(m.seen)
	m.wanting, m.cut, m.reach = m.wanting[:0], m.cut[:0], 0
	for _, l := range w.short {
		if w.eligible(m, l.op) {
			m.wanting = append(m.wanting, l.op)
			m.reach = max(m.reach, min(w.ops[l.op].latest-w.day, w.cal.Days()-1))
		}
	}
	for _, i := range m.wanting {
		before, cut := len(b.Options), w.result.Truncated
		b.Requests = append(b.Requests, w.request(m, i))
		w.enumerate(m, i, int32(len(b.Requests)-1))
		if w.result.Truncated > cut {
			m.cut = append(m.cut, i)
		}
		if !slices.ContainsFunc(b.Options[before:], func(o agents.Option) bool { return !o.Own || w.orders.at[w.ops[i].order].moved }) {
			b.Options, b.Net, b.Charge, b.Ask, m.options = b.Options[:before], b.Net[:before], b.Charge[:before], b.Ask[:before], m.options[:before]
			b.Requests = b.Requests[:len(b.Requests)-1]
			continue
		}
		b.First = append(b.First, int32(before))
		m.ops = append(m.ops, i)
	}
	b.First = append(b.First, int32(len(b.Options)))
	if len(b.Options) == 0 {
		return
	}
	if m.tier.disclosure != brokers.Open {
		m.arrange()
	}
	for _, i := range m.ops {
		op := &w.ops[i]
		b.Bid = append(b.Bid, perHour(op.stake, op.lack))
		b.Value = append(b.Value, w.worth(op))
		b.At = append(b.At, w.Firms[w.orders.at[op.order].firm].At)
	}
	for _, x := range m.lots {
		b.LotAt = append(b.LotAt, w.Firms[w.lots[x].firm].At)
	}
}

// arrange puts requests and lots in the order of what they show, ties by key,
// and each request's options in the order of their lots.
func (m *market) arrange() {
	b, s := &m.book, &m.scratch
	s.Requests = append(s.Requests[:0], b.Requests...)
	s.Lots = append(s.Lots[:0], b.Lots...)
	s.Options = append(s.Options[:0], b.Options...)
	s.First = append(s.First[:0], b.First...)
	s.Net = append(s.Net[:0], b.Net...)
	s.Charge = append(s.Charge[:0], b.Charge...)
	s.Ask = append(s.Ask[:0], b.Ask...)
	m.was.ops = append(m.was.ops[:0], m.ops...)
	m.was.options = append(m.was.options[:0], m.options...)
	m.was.lots = append(m.was.lots[:0], m.lots...)

	m.order = count(m.order, len(b.Lots))
	slices.SortFunc(m.order, func(x, y int32) int {
		p, q := &s.Lots[x], &s.Lots[y]
		return cmp.Or(cmp.Compare(p.Kind, q.Kind), cmp.Compare(p.Zone, q.Zone), cmp.Compare(p.Key, q.Key))
	})
	m.next = slices.Grow(m.next[:0], len(b.Lots))[:len(b.Lots)]
	for to, from := range m.order {
		b.Lots[to], m.lots[to] = s.Lots[from], m.was.lots[from]
		m.next[from] = int32(to)
	}
	for x := range s.Options {
		for c, l := range s.Options[x].Lot {
			if l != agents.None {
				s.Options[x].Lot[c] = m.next[l]
			}
		}
	}

	m.order = count(m.order, len(b.Requests))
	slices.SortFunc(m.order, func(x, y int32) int {
		p, q := &s.Requests[x], &s.Requests[y]
		return cmp.Or(cmp.Compare(p.Last, q.Last), cmp.Compare(p.Kind, q.Kind), cmp.Compare(q.Hours, p.Hours),
			cmp.Compare(p.Zone, q.Zone), cmp.Compare(p.Key, q.Key))
	})
	n := int32(0)
	for to, from := range m.order {
		b.Requests[to], m.ops[to] = s.Requests[from], m.was.ops[from]
		b.First[to] = n
		m.head = count(m.head, int(s.First[from+1]-s.First[from]))
		slices.SortFunc(m.head, func(x, y int32) int {
			p, q := &s.Options[s.First[from]+x], &s.Options[s.First[from]+y]
			return cmp.Or(cmp.Compare(p.Lot[0], q.Lot[0]), cmp.Compare(p.Lot[1], q.Lot[1]))
		})
		for _, x := range m.head {
			x += s.First[from]
			b.Options[n], b.Net[n], b.Charge[n], b.Ask[n], m.options[n] = s.Options[x], s.Net[x], s.Charge[x], s.Ask[x], m.was.options[x]
			b.Options[n].Request = int32(to)
			n++
		}
	}
}

// count is 0, 1, … n−1 in the memory of s.
func count(s []int32, n int) []int32 {
	s = s[:0]
	for i := range n {
		s = append(s, int32(i))
	}
	return s
}

func perHour(m agents.Money, h agents.Hours) agents.Money {
	if h <= 0 {
		return 0
	}
	return agents.Money(float64(m) * float64(agents.Hour) / float64(h))
}

// request states what an operation lacks in the terms of the tier.
func (w *World) request(m *market, i int32) agents.Request {
	op := &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	return agents.Request{
		Kind:          st.kind,
		Operator:      w.kinds[st.kind].operator,
		Domain:        st.domain,
		Certification: w.classes[ord.class].certification,
		Zone:          w.Firms[ord.firm].Zone,
		Hours:         op.lack,
		First:         max(w.day, op.from),
		Last:          min(op.latest, op.limit, w.day+w.cal.Days()-1),
		PerDay:        st.perDay,
		Minimum:       m.tier.minimum,
		MaxSites:      st.maxSites,
		Divisible:     w.classes[ord.class].partial,
		Key:           w.source.Key(rng.Ties, ord.key, uint64(op.step)),
	}
}

// enumerate lists the ways in which the tier could supply what operation i
// lacks.
func (w *World) enumerate(m *market, i, r int32) {
	t, op := m.tier, &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	q := w.kinds[st.kind].operator
	f := ord.firm
	certification := w.classes[ord.class].certification
	m.afford = w.affordable(m, op)
	ownA, ownB := agents.None, agents.None
	own := t.component || t.all || st.maxSites > 1
	if own && w.Firms[f].fits(st.domain, certification) {
		ownA = w.show(m, w.owns(f, st.kind), false)
	}
	if own && q >= 0 && w.Firms[f].fits(-1, certification) {
		ownB = w.show(m, w.owns(f, q), false)
	}
	if (st.maxSites > 1 || t.all) && ownA >= 0 && (q < 0 || ownB >= 0) {
		w.option(m, i, r, [2]int32{ownA, ownB}, [2]int32{agents.None, agents.None})
	}
	if !t.component {
		if !t.traded[st.kind] {
			return
		}
		w.each(m, f, st.kind, st.domain, certification, func(g, lot int32) bool {
			second := agents.None
			if q >= 0 {
				if !w.exposure(g).shows(q, -1) {
					return false
				}
				if second = w.show(m, w.owns(g, q), true); second < 0 {
					return false
				}
			}
			w.option(m, i, r, [2]int32{lot, second}, [2]int32{g, iff(q >= 0, g)})
			return true
		})
		return
	}
	if q >= 0 && ownA >= 0 && t.traded[q] {
		w.each(m, f, q, -1, certification, func(h, second int32) bool {
			w.option(m, i, r, [2]int32{ownA, second}, [2]int32{agents.None, h})
			return true
		})
	}
	if !t.traded[st.kind] {
		return
	}
	third := t.operators == anyones && q >= 0 && t.traded[q]
	m.staff = m.staff[:0]
	many := false // then near goes with near: far with far is hardly ever best
	if third {
		many = w.each(m, f, q, -1, certification, func(h, second int32) bool {
			m.staff = append(m.staff, [2]int32{h, second})
			return true
		})
	}
	rank := 0
	w.each(m, f, st.kind, st.domain, certification, func(g, lot int32) bool {
		if q < 0 {
			w.option(m, i, r, [2]int32{lot, agents.None}, [2]int32{g, agents.None})
			return true
		}
		if t.operators != providers && ownB >= 0 {
			w.option(m, i, r, [2]int32{lot, ownB}, [2]int32{g, agents.None})
		}
		if t.operators != requesters && w.exposure(g).shows(q, -1) {
			if second := w.show(m, w.owns(g, q), true); second >= 0 {
				w.option(m, i, r, [2]int32{lot, second}, [2]int32{g, g})
			}
		}
		for y, p := range m.staff {
			if p[0] != g && (!many || rank*y < t.spec.Candidates) {
				w.option(m, i, r, [2]int32{lot, p[1]}, [2]int32{g, p[0]})
			}
		}
		rank++
		return true
	})
}

// iff is the firm if the condition holds, None otherwise.
func iff(ok bool, firm int32) int32 {
	if ok {
		return firm
	}
	return agents.None
}

// each calls use with the nearest firms, and their lots in the book, that may
// lend hours of kind k to firm f in the tier, until it has used as many as the
// tier's candidates; cut tells that there may be more.
func (w *World) each(m *market, f int32, k, domain, certification int16, use func(g, lot int32) bool) (cut bool) {
	t := m.tier
	left := t.spec.Candidates
	try := func(lot int32) {
		if !m.lends[lot] || m.seen[2*lot+1] < 0 {
			return
		}
		g := w.lots[lot].firm
		if !w.Firms[g].fits(domain, certification) || domain >= 0 && !w.exposure(g).shows(k, domain) {
			return
		}
		if at := w.show(m, lot, true); at < 0 {
			m.seen[2*lot+1] = -1
		} else if use(g, at) {
			left--
		}
	}
	far := t.radius[w.kinds[k].mobility]
	if t.partners {
		for _, p := range w.partners[f] {
			lot := w.owns(p.lot, k)
			if p.km > far || lot == agents.None || !w.pairFits(f, p.lot, k) {
				continue
			}
			if cut = left == 0; cut {
				break
			}
			try(lot)
		}
	} else {
		far = min(far, m.afford[w.kinds[k].mobility])
		list := w.suppliers(f, k, 1)
		for x := 0; x < len(list) && list[x].km <= far; x++ {
			if cut = left == 0; cut {
				break
			}
			try(list[x].lot)
			if x+1 == len(list) {
				list = w.suppliers(f, k, x+2)
			}
		}
	}
	if cut {
		w.result.Truncated++
	}
	return cut
}

// show puts a lot on the book, once, and returns its place; -1 if it has no
// hours to show.
func (w *World) show(m *market, lot int32, lent bool) int32 {
	if lot == agents.None {
		return -1
	}
	l := &w.lots[lot]
	if e := w.exposure(l.firm); lent && e.days >= m.reach && e.reserve == 0 {
		lent = false // nothing is kept back: one row serves both
	}
	at := &m.seen[2*lot+int32(b2i(lent))]
	if *at != 0 {
		return *at - 1 // negative if it was found without hours
	}
	if w.cal.Next(lot, agents.None, w.day, w.day+m.reach) == agents.Never {
		*at = -1
		return -1
	}
	from := len(m.cells)
	m.cells = slices.Grow(m.cells, int(m.reach)+1)
	m.cells = w.row(lot, lent, m.reach, m.cells)
	if !slices.ContainsFunc(m.cells[from:], func(h agents.Hours) bool { return h > 0 }) {
		m.cells = m.cells[:from]
		*at = -1
		return -1
	}
	b := &m.book
	b.Lots = append(b.Lots, agents.Lot{
		Kind: l.kind, Zone: w.Firms[l.firm].Zone, Free: m.cells[from:len(m.cells):len(m.cells)],
		Key: w.source.Key(rng.Ties, uint64(lot)<<1|uint64(b2i(lent)), uint64(w.day)+1),
	})
	m.lots = append(m.lots, lot)
	*at = int32(len(b.Lots))
	return *at - 1
}

// row appends a lot's free hours from today to reach days on, to others only
// what its firm's policy exposes.
func (w *World) row(lot int32, lent bool, reach agents.Day, out []agents.Hours) []agents.Hours {
	l := &w.lots[lot]
	expose, reserve := agents.Never, agents.Hours(0)
	if lent {
		e := w.exposure(l.firm)
		expose, reserve = e.days, agents.Hours(e.reserve*float64(l.plan))
	}
	for d := agents.Day(0); d <= reach; d++ {
		h := agents.Hours(0)
		if d <= expose {
			h = max(0, w.cal.Free(lot, w.day+d)-reserve)
		}
		out = append(out, h)
	}
	return out
}

// option puts one way of supplying request r on the book, if it can start in
// time.
func (w *World) option(m *market, i, r int32, lots, provider [2]int32) {
	t, b, op := m.tier, &m.book, &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	k := &w.kinds[st.kind]
	req := &b.Requests[r]
	o := agents.Option{Request: r, Lot: lots, Ratio: k.ratio, From: req.First, Setup: st.setup, Factor: 1000}
	if k.operator < 0 {
		o.Lot[1] = agents.None
	}
	x := terms{provider: provider, asked: -1}
	o.Own = provider[0] == agents.None && provider[1] == agents.None
	at := ord.firm // the site of the work
	if provider[0] != agents.None && k.mobility == site {
		at = provider[0]
	}
	x.km, x.moves = w.roadKm(ord.firm, at), at != ord.firm
	if !o.Own {
		o.Factor = t.factor
		wait := agents.Day(0)
		for c, g := range provider {
			if g == agents.None || c == 1 && g == provider[0] {
				continue
			}
			cost, days := w.pairTerms(m, ord.firm, g)
			x.cost += 2 * cost
			wait = max(wait, days)
			if e := w.exposure(g); e.asked {
				x.asked = max(x.asked, e.delay)
			}
		}
		if e := w.exposure(ord.firm); e.asked {
			x.asked = max(x.asked, e.delay)
		}
		wait = max(wait, x.asked)
		if x.asked > 0 && (t.all || w.day+x.asked > w.deadline(ord)) {
			return // nothing would be held for the order while it waits
		}
		o.From = max(o.From, w.day+wait)
	}
	if o.From > req.Last {
		return
	}
	km := x.km // as the broker knows it
	if t.disclosure != brokers.Open {
		km = w.zoneKm(ord.firm, at)
	}
	crew := agents.Hours(st.maxUnits)
	owners, staffKm := [2]int32{ord.firm, ord.firm}, [2]float32{}
	for c, g := range provider {
		if g != agents.None {
			owners[c] = g
		}
		kc := st.kind
		if c == 1 {
			kc = k.operator
		}
		if kc < 0 || w.kinds[kc].mobility != travels || owners[c] == at {
			continue
		}
		if x.staffKm[c] = w.roadKm(owners[c], at); x.staffKm[c] > t.radius[travels] {
			return
		}
		x.travel[c] = crew * w.tripHours(x.staffKm[c])
		staffKm[c], o.Travel[c] = x.staffKm[c], x.travel[c]
		if t.disclosure != brokers.Open {
			staffKm[c] = w.zoneKm(owners[c], at)
			o.Travel[c] = crew * w.tripHours(staffKm[c])
		}
	}
	o.Km = max(km, staffKm[0], staffKm[1])
	blind := t.disclosure == brokers.Blind
	// value less cost: public tariffs if blind, bids and asks over zone distances
	// if sealed, the true figures if open
	days := agents.Day((o.Booked(req.Hours) + st.perDay - 1) / st.perDay)
	var hour, charge agents.Money
	var asks [2]agents.Money
	for c, l := range o.Lot {
		if l == agents.None {
			continue
		}
		lot := &w.lots[m.lots[l]]
		cost := lot.cost
		if blind {
			cost = w.kinds[lot.kind].variable
		}
		ratio := agents.Ratio(1000)
		if c == 1 {
			ratio = k.ratio
		}
		charge += cost.For(ratio.Of(st.setup))
		asks[c] = cost
		if provider[c] != agents.None && !blind {
			e := w.exposure(provider[c])
			asks[c] += e.dearest(o.From-w.day, req.Last-w.day)
			cost += e.charge(o.From + days/2 - w.day)
		}
		hour += agents.Money(int64(cost) * int64(ratio) / 1000 * int64(o.Factor) / 1000)
		if staffKm[c] > 0 {
			charge += agents.Money(days) * (agents.Money(crew)*agents.MoneyOf(2*float64(staffKm[c])*w.Scenario.Transport.TravelKm) + cost.For(o.Travel[c]))
		}
	}
	charge += x.cost + w.freight(km, at != ord.firm)
	if o.Own {
		charge = 0
	}
	value := perHour(w.worth(op), op.lack)
	if blind {
		value = k.reference
	}
	if !blind && (value-hour).For(op.lack) < charge {
		return // a loss on the broker's own figures
	}
	if !o.Own && w.turnedDown(m, ord, op, provider) {
		return
	}
	b.Options = append(b.Options, o)
	b.Net = append(b.Net, value-hour)
	b.Charge = append(b.Charge, charge)
	b.Ask = append(b.Ask, asks)
	m.options = append(m.options, x)
}

// tripHours is how long a round trip over km takes.
func (w *World) tripHours(km float32) agents.Hours {
	if speed := w.Scenario.Transport.Speed; speed > 0 {
		return agents.HoursOf(2 * float64(km) / speed)
	}
	return 0
}

// freight is what sending work over km and back costs.
func (w *World) freight(km float32, moves bool) agents.Money {
	if !moves {
		return 0
	}
	t := &w.Scenario.Transport
	return agents.MoneyOf(t.Consignment + 2*t.FreightKm*float64(km))
}

// pairTerms is the transaction cost on each side and the days that a deal of
// the pair takes today. A call-off is not ready before the contract that the
// first deal opened.
func (w *World) pairTerms(m *market, a, b int32) (agents.Money, agents.Day) {
	t := m.tier
	key := pairKey(a, b)
	span := uint64(t.firstDays[1]-t.firstDays[0]) + 1
	u := rng.Unit(w.source.Key(rng.FirstDealDays, key, t.name))
	days := t.firstDays[0] + agents.Day(u*float64(span))
	if last := m.contracts.get(key); last >= w.day {
		return t.callOff, max(t.callDays, last-t.contract+days-w.day)
	}
	return t.first, days
}

func (w *World) approvalKey(ord *order, op *operation, g int32) uint64 {
	return rng.Pair(ord.key+uint64(op.step), rng.Pair(uint64(ord.firm), uint64(g)))
}

// declineKey is the identity of a match that a side declined as a loss.
func (w *World) declineKey(ord *order, op *operation, provider [2]int32) uint64 {
	return rng.Pair(w.approvalKey(ord, op, provider[0]), uint64(provider[1])+2)
}

// turnedDown tells whether an employer has refused the deal, or a side declined
// it as a loss.
func (w *World) turnedDown(m *market, ord *order, op *operation, provider [2]int32) bool {
	if w.refused.n == 0 && m.declined.n == 0 {
		return false
	}
	for _, g := range provider {
		if g != agents.None && (w.exposure(g).asked || w.exposure(ord.firm).asked) && w.refused.get(w.approvalKey(ord, op, g)) >= 0 {
			return true
		}
	}
	return m.tier.disclosure != brokers.Open && m.declined.get(w.declineKey(ord, op, provider)) >= 0
}

// approves is the latent approval of a deal by both employers.
func (w *World) approves(ord *order, op *operation, g int32) bool {
	u := rng.Unit(w.source.Key(rng.Approval, w.approvalKey(ord, op, g), 0))
	for _, e := range []*exposure{w.exposure(ord.firm), w.exposure(g)} {
		if e.asked && u >= e.approval {
			return false
		}
	}
	return true
}

// match lets the broker match the book and books what stands up to the rules.
func (w *World) match(m *market) {
	b := &m.book
	m.draw = w.source.Stream(rng.BrokerDraws, m.tier.name, uint64(w.day))
	m.matches = m.broker.Clear(b, &m.draw, m.matches[:0])
	w.result.Clearings++
	if value, bound, ok := m.broker.Bound(); ok {
		w.result.BookValue += value
		w.result.BookBound += bound
	}
	m.head = slices.Grow(m.head[:0], len(b.Requests))[:len(b.Requests)]
	for r := range m.head {
		m.head[r] = agents.None
	}
	m.next = slices.Grow(m.next[:0], len(m.matches))[:len(m.matches)]
	for x := len(m.matches) - 1; x >= 0; x-- {
		r := b.Options[m.matches[x].Option].Request
		m.next[x] = m.head[r]
		m.head[r] = int32(x)
	}
	for x := range m.matches {
		if r := b.Options[m.matches[x].Option].Request; m.head[r] == int32(x) {
			w.conclude(m, r)
			m.head[r] = agents.None
		}
	}
	for _, o := range m.held {
		w.confirm(o)
	}
	m.held = m.held[:0]
}

// refuse counts a match that broke a rule.
func (w *World) refuse(m *market, ord *order, op *operation, x *terms, reason int) {
	w.result.Refusals[reason]++
	w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: m.tier.number, Others: x.provider, Reason: int8(reason)})
}

// conclude books the matches of one request, all of them or none if it is to
// be served whole.
func (w *World) conclude(m *market, r int32) {
	i := m.ops[r]
	op := &w.ops[i]
	o := op.order
	if !op.short || w.waits(&w.orders.at[o]) {
		return // a deal of the same order has settled it
	}
	ord, st := &w.orders.at[o], w.step(op)
	whole := !w.classes[ord.class].partial
	total, sites := agents.Hours(0), int16(0)
	first := &m.options[m.matches[m.head[r]].Option]
	for x := m.head[r]; x != agents.None; x = m.next[x] {
		total += m.matches[x].Hours
		if m.sameOption(m.head[r], x) == x {
			sites++
		}
	}
	switch {
	case total > op.lack || whole && total != op.lack:
		w.refuse(m, ord, op, first, RefusedHours)
		return
	case sites > st.maxSites:
		w.refuse(m, ord, op, first, RefusedSites)
		return
	}
	stake, lack := op.stake, op.lack
	for x := m.head[r]; x != agents.None; x = m.next[x] {
		if m.sameOption(m.head[r], x) != x {
			continue // part of a deal that is struck already
		}
		if reason := w.strike(m, i, x, stake, lack); reason >= 0 {
			terms := &m.options[m.matches[x].Option]
			w.refuse(m, ord, op, terms, reason)
			if reason == RefusedWorse && m.tier.disclosure != brokers.Open {
				m.declined.set(w.declineKey(ord, op, terms.provider), w.day) // it need not be proposed again
			}
			if whole {
				w.undo(i)
				return
			}
		}
	}
	decided, refused, any := w.decision(i)
	switch {
	case refused && decided <= w.day:
		w.turnDown(i)
	case decided > w.day && w.starts(i) < decided: // one site would begin before the other's employer has agreed
		w.refuse(m, ord, op, first, RefusedCalendar)
		w.undo(i)
	case decided > w.day:
		op.waiting = true
		w.pending = append(w.pending, i)
	case ord.moved:
		// orders are settled when the whole clearing is booked
	case !any: // its own units could serve it after all: they will
	case ord.lost && w.shortSteps(ord) > 1: // they stand or fall together, when all are laid
		if !slices.Contains(m.held, o) {
			m.held = append(m.held, o)
		}
	default:
		w.confirm(o)
	}
}

// sameOption is the first match from head on, of one request, that has the
// option of match x: together they are one deal.
func (m *market) sameOption(head, x int32) int32 {
	for m.matches[head].Option != m.matches[x].Option {
		head = m.next[head]
	}
	return head
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
	lots := [2]int32{agents.None, agents.None}
	for c, l := range o.Lot {
		m.free[c] = m.free[c][:0]
		if l != agents.None {
			lots[c] = m.lots[l]
			m.free[c] = w.row(lots[c], terms.provider[c] != agents.None, m.reach, m.free[c])
		}
	}
	for n := op.first; n != agents.None; n = w.booked.at[n].next {
		if b := &w.booked.at[n]; b.deal != reserved && b.day-w.day <= m.reach { // other sites at work on the step
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
		from, last := req.First, req.Last
		if part.Day != agents.AnyDay {
			from, last = max(from, part.Day), min(last, part.Day)
		}
		need := o.Factor.Of(part.Hours)
		if y == head {
			need = o.Booked(part.Hours)
		}
		laid := len(m.slots)
		var left agents.Hours
		if m.slots, left = agents.Lay(o, need, req.PerDay, w.day, from, last, m.free, m.slots); left > 0 {
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
	var asks [2]agents.Money
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
		asks[c] = work + slack
		row.Slack += slack
		if c == 1 && g == terms.provider[0] {
			continue // one pair, one contract
		}
		cost, _ = w.pairTerms(m, ord.firm, g)
		row.First = row.First || m.contracts.get(pairKey(ord.firm, g)) < w.day
		d.trans[c] = cost
		d.mine += cost
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
		if d != agents.None {
			w.deals.at[d].left++
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

// decision is when the approvals of an operation's fresh deals are known and
// whether one will be refused; any tells whether there are such deals.
func (w *World) decision(i int32) (day agents.Day, refused, any bool) {
	for _, d := range w.fresh(i) {
		day = max(day, w.deals.at[d].decided)
		refused = refused || w.deals.at[d].refused
		any = true
	}
	return day, refused, any
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

// turnDown undoes deals that an employer refused: both sides' cost is spent.
func (w *World) turnDown(i int32) {
	op := &w.ops[i]
	ord := &w.orders.at[op.order]
	for _, d := range w.fresh(i) {
		x := &w.deals.at[d]
		w.payTransaction(ord, x)
		for _, g := range x.lenders {
			if g != agents.None && !w.approves(ord, op, g) {
				w.refused.set(w.approvalKey(ord, op, g), w.day)
			}
		}
		w.result.Refusals[RefusedApproval]++
		w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: x.row.Tier, Others: x.lenders, Reason: RefusedApproval})
	}
	w.undo(i)
}

// decide settles the deals whose approvals are known today.
func (w *World) decide() {
	kept := w.pending[:0]
	for _, i := range w.pending {
		if !w.ops[i].waiting {
			continue
		}
		day, refused, _ := w.decision(i)
		switch {
		case day > w.day:
			kept = append(kept, i)
		case refused:
			w.turnDown(i)
		default:
			w.ops[i].waiting = false
			w.confirm(w.ops[i].order)
		}
	}
	w.pending = kept
}

// cancelPending undoes the deals of an order that wait for approval.
func (w *World) cancelPending(o int32) {
	ord := &w.orders.at[o]
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if w.ops[i].waiting {
			w.undo(i)
		}
	}
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
// steps after them are loaded anew. If the order still cannot be completed the
// deals are undone.
func (w *World) confirm(o int32) {
	ord := &w.orders.at[o]
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := &w.ops[i]
		if op.short && w.trace != nil && len(w.fresh(i)) > 0 {
			w.tell(ord, Event{What: Released, Operation: op.step, Kind: w.step(op).kind, Fallback: op.fallback})
		}
	}
	w.replan(o)
	w.seal(o)
}

// seal makes the fresh deals of an order that is planned, or undoes them if it
// is lost all the same.
func (w *World) seal(o int32) {
	ord := &w.orders.at[o]
	fell := false
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := &w.ops[i]
		end := agents.Never
		for _, d := range w.fresh(i) {
			if ord.lost {
				fell, end = true, op.end
				w.result.Refusals[RefusedBundle]++
				w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: w.deals.at[d].row.Tier, Others: w.deals.at[d].lenders, Reason: RefusedBundle})
				continue
			}
			w.make(ord, op, d)
		}
		if ord.lost {
			w.undo(i)
		}
		if end != agents.Never {
			op.limit = end - 1 // what ends as late is of no use to the steps after it
		}
	}
	if fell {
		w.plan(o)
	}
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

// offerAll releases every order of a member that has not begun, so that the
// clearing decides where all of them are served.
func (w *World) offerAll(m *market) {
	for f := range w.active {
		if !m.tier.partners && !m.tier.member[f] {
			continue
		}
		for o := w.active[f]; o != agents.None; o = w.orders.at[o].next {
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
