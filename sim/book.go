package sim

import (
	"cmp"
	"slices"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
)

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

// within bounds the distances of the lots that are looked at, by mobility: by
// the tier's radius, and by where a deal could be worth its transport. Partners
// are few, and a blind broker is not told and proposes what is then declined.
func (w *World) within(m *market, op *operation) [3]float32 {
	km := m.tier.radius
	if m.tier.partners || m.tier.disclosure == brokers.Blind || w.orders.at[op.order].moved {
		return km
	}
	st, t := w.step(op), &w.Scenario.Transport
	spend := w.toSpend(m, op).Float()
	if spend < t.Consignment {
		km[site] = 0
	} else if t.FreightKm > 0 {
		km[site] = min(km[site], float32((spend-t.Consignment)/(2*t.FreightKm)))
	}
	if days := (op.lack + st.perDay - 1) / st.perDay; t.TravelKm > 0 {
		km[travels] = min(km[travels], float32(spend/(float64(days)*float64(st.maxUnits)*2*t.TravelKm)))
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
	m.ops, m.options, m.lots, m.cells, m.sums = m.ops[:0], m.options[:0], m.lots[:0], m.cells[:0], m.sums[:0]
	clear(m.seen)
	m.wanting, m.cut, m.reach = m.wanting[:0], m.cut[:0], 0
	for x := range w.short {
		if l := &w.short[x]; w.eligible(m, l) {
			m.reach = max(m.reach, min(w.ops[l.op].latest-w.day, w.cal.Days()-1))
			if !m.tier.partners || m.tier.component || m.tier.all || w.known(m, l) {
				m.wanting = append(m.wanting, l.op)
			}
		}
	}
	if m.tier.disclosure != brokers.Open { // neighbours one after the other, as they look at the same lots; arrange puts them in order
		m.bySpot = m.bySpot[:0]
		for _, i := range m.wanting {
			m.bySpot = append(m.bySpot, uint64(w.Firms[w.orders.at[w.ops[i].order].firm].spot)<<32|uint64(i))
		}
		slices.Sort(m.bySpot)
		for x, p := range m.bySpot {
			m.wanting[x] = int32(uint32(p))
		}
	}
	for _, i := range m.wanting {
		before, cut := len(b.Options), w.result.Truncated
		b.Requests = append(b.Requests, agents.Request{})
		w.request(m, i, &b.Requests[len(b.Requests)-1])
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
	turn(&b.Requests, &s.Requests)
	turn(&b.Lots, &s.Lots)
	turn(&b.Options, &s.Options)
	turn(&b.Net, &s.Net)
	turn(&b.Charge, &s.Charge)
	turn(&b.Ask, &s.Ask)
	s.First = append(s.First[:0], b.First...)
	turn(&m.ops, &m.was.ops)
	turn(&m.options, &m.was.options)
	turn(&m.lots, &m.was.lots)

	m.ranks = m.ranks[:0]
	for x := range s.Lots {
		l := &s.Lots[x]
		m.ranks = append(m.ranks, ranked{int64(l.Kind)<<32 + int64(l.Zone), l.Key, int32(x)})
	}
	slices.SortFunc(m.ranks, ranked.compare)
	m.next = slices.Grow(m.next[:0], len(b.Lots))[:len(b.Lots)]
	for to, p := range m.ranks {
		from := p.at
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
		m.ranks = m.ranks[:0]
		for x := s.First[from]; x < s.First[from+1]; x++ {
			l := &s.Options[x].Lot
			m.ranks = append(m.ranks, ranked{int64(l[0])<<32 + int64(l[1]), 0, x}) // None first
		}
		slices.SortFunc(m.ranks, ranked.compare)
		for _, p := range m.ranks {
			x := p.at
			b.Options[n], b.Net[n], b.Charge[n], b.Ask[n], m.options[n] = s.Options[x], s.Net[x], s.Charge[x], s.Ask[x], m.was.options[x]
			b.Options[n].Request = int32(to)
			n++
		}
	}
}

// turn makes was what now is, and now as long, to be filled again from was.
func turn[T any](now, was *[]T) {
	*now, *was = slices.Grow((*was)[:0], len(*now))[:len(*now)], *now
}

// ranked is something at a place, with the numbers by which it is sorted, so
// that no more than these is looked at.
type ranked struct {
	by  int64
	key uint64 // where by is the same
	at  int32
}

func (p ranked) compare(q ranked) int {
	switch {
	case p.by < q.by || p.by == q.by && p.key < q.key:
		return -1
	case p.by == q.by && p.key == q.key:
		return 0
	}
	return 1
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

// known tells whether any of the firm's partners could do an operation, if it
// had the hours: most know nobody who could.
func (w *World) known(m *market, l *lacking) bool {
	st := w.step(&w.ops[l.op])
	list := w.suppliers(m, l.firm, st.kind, 1)
	for x := range list {
		if w.holdings[list[x].firm].fits(st.domain, -1) {
			return true
		}
	}
	return false
}

// request states what an operation lacks in the terms of the tier.
func (w *World) request(m *market, i int32, req *agents.Request) {
	op := &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	req.Kind, req.Domain, req.Operator = st.kind, st.domain, w.kinds[st.kind].operator
	req.Certification, req.Divisible = w.classes[ord.class].certification, w.classes[ord.class].partial
	req.Zone = w.Firms[ord.firm].Zone
	req.Hours, req.PerDay, req.Minimum, req.MaxSites = op.lack, st.perDay, m.tier.minimum, st.maxSites
	req.First, req.Last = max(w.day, op.from), min(op.latest, op.limit, w.day+w.cal.Days()-1)
	req.Key = w.source.Key(rng.Ties, ord.key, uint64(op.step))
}

// A lender is whose hours of a component an option takes: another firm, or the
// requester itself.
type lender struct {
	firm  int32        // None for the requester
	lot   int32        // place in the book, None where the component is not needed
	km    [2]float32   // by road from the requester, and as its tier's broker knows it
	cost  agents.Money // of transaction, of both sides
	hour  agents.Money // variable cost of an hour, as the broker knows it
	wait  agents.Day   // until the deal is made
	asked agents.Day   // until its approval is known, -1 if it need not be asked
}

// nobody stands for a component that is not needed or not to be had.
var nobody = lender{firm: agents.None, lot: agents.None, asked: -1}

// itself lends its own lot of the book to itself.
func (w *World) itself(m *market, lot int32) lender {
	l := nobody
	if l.lot = lot; lot >= 0 {
		l.hour = w.hour(m, lot)
	}
	return l
}

// hour is the variable cost of an hour of a lot of the book, by public tariff
// if the broker is blind.
func (w *World) hour(m *market, lot int32) agents.Money {
	l := &w.lots[m.lots[lot]]
	if m.tier.disclosure == brokers.Blind {
		return w.kinds[l.kind].variable
	}
	return l.cost
}

// ask makes l what a supplier with a lot in the book asks of firm f, in place:
// to copy as a whole what has just been written in parts keeps the processor
// waiting.
func (w *World) ask(m *market, f int32, s *supplier, lot int32, l *lender) {
	l.firm, l.lot, l.asked = s.firm, lot, -1
	if l.km[0], l.km[1] = s.km, s.zoneKm; m.tier.disclosure == brokers.Open {
		l.km[1] = s.km
	}
	l.hour = w.hour(m, lot)
	l.cost, l.wait = w.pairTerms(m, f, s.firm)
	l.cost *= 2
	if e := w.exposure(s.firm); e.asked {
		l.asked = e.delay
	}
}

// enumerate lists the ways in which the tier could supply what operation i
// lacks: with the requester's own units, at one host, and with components of
// several firms.
func (w *World) enumerate(m *market, i, r int32) {
	t, op := m.tier, &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	q := w.kinds[st.kind].operator
	f := ord.firm
	certification := w.classes[ord.class].certification
	m.far = w.within(m, op)
	m.want = w.wanted(m, op, &m.book.Requests[r])
	ownA, ownB, host, crew := nobody, nobody, nobody, nobody
	if t.component || t.all || st.maxSites > 1 {
		if w.Firms[f].fits(st.domain, certification) {
			ownA = w.itself(m, w.serves(m, w.owns(f, st.kind), 0, false))
		}
		if q >= 0 && w.Firms[f].fits(-1, certification) {
			ownB = w.itself(m, w.serves(m, w.owns(f, q), 1, false))
		}
	}
	if (st.maxSites > 1 || t.all) && ownA.lot >= 0 && (q < 0 || ownB.lot >= 0) {
		w.option(m, i, r, &ownA, &ownB)
	}
	whole := t.traded[st.kind] && (q < 0 || !t.component || t.operators != requesters)
	if whole { // at one host
		w.each(m, f, 0, st.kind, st.domain, certification, func(s *supplier, lot int32) bool {
			if q < 0 {
				w.ask(m, f, s, lot, &host)
				w.option(m, i, r, &host, &nobody)
				return true
			}
			if !w.exposure(s.firm).shows(q, -1) {
				return false
			}
			second := w.serves(m, w.owns(s.firm, q), 1, true)
			if second < 0 {
				return false
			}
			w.ask(m, f, s, lot, &host)
			crew.firm, crew.lot, crew.hour = host.firm, second, w.hour(m, second) // on the host's terms
			crew.km[0], crew.km[1] = host.km[0], host.km[1]
			w.option(m, i, r, &host, &crew)
			return true
		})
	}
	if !t.component || q < 0 {
		return
	}
	third := t.operators == anyones && t.traded[st.kind]
	m.staff = m.staff[:0]
	many := false // then near goes with near: far with far is hardly ever best
	if t.traded[q] && (ownA.lot >= 0 || third) {
		many = w.each(m, f, 1, q, -1, certification, func(s *supplier, lot int32) bool {
			m.staff = append(m.staff, nobody)
			l := &m.staff[len(m.staff)-1]
			w.ask(m, f, s, lot, l)
			if ownA.lot >= 0 {
				w.option(m, i, r, &ownA, l)
			}
			return true
		})
	}
	ours := t.operators != providers && ownB.lot >= 0
	third = third && len(m.staff) > 0
	if !t.traded[st.kind] || !ours && !third {
		return
	}
	rank := 0
	w.each(m, f, 0, st.kind, st.domain, certification, func(s *supplier, lot int32) bool {
		w.ask(m, f, s, lot, &host)
		if ours {
			w.option(m, i, r, &host, &ownB)
		}
		if third {
			for y := range m.staff {
				if m.staff[y].firm != s.firm && (!many || (rank+1)*(y+1) <= t.spec.Candidates) {
					w.option(m, i, r, &host, &m.staff[y])
				}
			}
		}
		rank++
		return true
	})
}

// looks is how many firms that may lend are looked at for each candidate.
const looks = 8

// want is what a request wants of every lot: the days, both included, and the
// least hours on them, of the own primary and operator and of lent ones. Where
// sites or days may be left out any hours will do.
type want struct {
	from, to  agents.Day // from today
	own, lent [2]agents.Hours
	days      [2]agents.Day // of work, at the own firm and at another
	value     agents.Money  // of an hour, as it is at stake
}

func (w *World) wanted(m *market, op *operation, req *agents.Request) want {
	x := want{to: min(req.Last-w.day, m.reach), own: [2]agents.Hours{1, 1}, lent: [2]agents.Hours{1, 1}, value: perHour(w.worth(op), op.lack)}
	x.from = min(req.First-w.day, x.to+1) // no days, if it cannot begin before
	st := w.step(op)
	own, lent := req.Hours+st.setup, m.tier.factor.Of(req.Hours)+st.setup
	x.days = [2]agents.Day{agents.Day((own + st.perDay - 1) / st.perDay), agents.Day((lent + st.perDay - 1) / st.perDay)}
	if !req.Divisible && req.MaxSites == 1 {
		ratio := w.kinds[req.Kind].ratio
		x.own, x.lent = [2]agents.Hours{own, ratio.Of(own)}, [2]agents.Hours{lent, ratio.Of(lent)}
	}
	return x
}

// serves is the place in the book of a lot that shows enough hours for
// component c of the request whose options are listed; -1 if it does not.
func (w *World) serves(m *market, lot int32, c int, lent bool) int32 {
	at := w.show(m, lot, lent)
	if at < 0 {
		return -1
	}
	need := m.want.own[c]
	if lent {
		need = m.want.lent[c]
	}
	if sums := m.sums[int(at)*(int(m.reach)+2):]; sums[m.want.to+1]-sums[m.want.from] < need {
		return -1
	}
	return at
}

// each calls use with the nearest lots, and their places in the book, that may
// lend firm f the hours of kind k that its request wants of component c, until
// it has used as many as the tier's candidates or looked at looks times as
// many; cut tells that there may be more.
func (w *World) each(m *market, f int32, c int, k, domain, certification int16, use func(s *supplier, lot int32) bool) (cut bool) {
	t := m.tier
	left, seen := t.spec.Candidates, 0
	far := m.far[w.kinds[k].mobility]
	list := w.suppliers(m, f, k, 1)
	for x := 0; x < len(list) && list[x].km <= far; x++ {
		if left == 0 || seen == looks*t.spec.Candidates {
			w.result.Truncated++
			return true
		}
		s := &list[x]
		if w.holdings[s.firm].fits(domain, certification) {
			seen++
			if at := w.serves(m, s.lot, c, true); at >= 0 && use(s, at) {
				left--
			}
		}
		if x+1 == len(list) {
			list = w.suppliers(m, f, k, x+2)
		}
	}
	return false
}

// show is the place in the book of a lot, which is put there once; negative if
// it has no hours to show.
func (w *World) show(m *market, lot int32, lent bool) int32 {
	if lot == agents.None {
		return -1
	}
	at := &m.seen[2*lot+int32(b2i(lent))]
	if *at == 0 {
		*at = w.exhibit(m, lot, lent)
	}
	return *at - 1
}

// exhibit puts a lot on the book and returns its place plus one, -1 if it has
// no hours to show.
func (w *World) exhibit(m *market, lot int32, lent bool) int32 {
	l := &w.lots[lot]
	if e := w.exposure(l.firm); lent && e.days >= m.reach && e.reserve == 0 {
		w.show(m, lot, false) // nothing is kept back: one row serves both
		return m.seen[2*lot]
	}
	from, summed := len(m.cells), len(m.sums)
	m.cells = w.row(lot, lent, m.reach, slices.Grow(m.cells, int(m.reach)+1))
	m.sums = slices.Grow(m.sums, int(m.reach)+2)[:summed+int(m.reach)+2]
	sum, sums := agents.Hours(0), m.sums[summed+1:]
	m.sums[summed] = 0
	for d, h := range m.cells[from:] {
		sum += h
		sums[d] = sum
	}
	if sum == 0 {
		m.cells, m.sums = m.cells[:from], m.sums[:summed]
		return -1
	}
	b := &m.book
	b.Lots = append(b.Lots, agents.Lot{})
	shown := &b.Lots[len(b.Lots)-1]
	shown.Kind, shown.Zone, shown.Free = l.kind, w.Firms[l.firm].Zone, m.cells[from:len(m.cells):len(m.cells)]
	shown.Key = w.source.Key(rng.Ties, uint64(lot)<<1|uint64(b2i(lent)), uint64(w.day)+1)
	m.lots = append(m.lots, lot)
	return int32(len(b.Lots))
}

// row appends a lot's free hours from today to reach days on, to others only
// what its firm's policy exposes.
func (w *World) row(lot int32, lent bool, reach agents.Day, out []agents.Hours) []agents.Hours {
	if !lent {
		return w.cal.Row(lot, w.day, w.day+reach, out)
	}
	e := w.exposure(w.lots[lot].firm)
	from, shown := len(out), min(reach, e.days)
	out = w.cal.Row(lot, w.day, w.day+shown, out)
	if reserve := agents.Hours(e.reserve * float64(w.lots[lot].plan)); reserve > 0 {
		for d, h := range out[from:] {
			out[from+d] = max(0, h-reserve)
		}
	}
	for range reach - shown {
		out = append(out, 0)
	}
	return out
}
