package sim

import (
	"cmp"
	"math"
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
	m.want = w.wanted(m, op, &m.book.Requests[r])
	ownA, ownB := agents.None, agents.None
	own := t.component || t.all || st.maxSites > 1
	if own && w.Firms[f].fits(st.domain, certification) {
		ownA = w.serves(m, w.owns(f, st.kind), 0, false)
	}
	if own && q >= 0 && w.Firms[f].fits(-1, certification) {
		ownB = w.serves(m, w.owns(f, q), 1, false)
	}
	if (st.maxSites > 1 || t.all) && ownA >= 0 && (q < 0 || ownB >= 0) {
		w.option(m, i, r, [2]int32{ownA, ownB}, [2]int32{agents.None, agents.None})
	}
	if t.traded[st.kind] && (q < 0 || !t.component || t.operators != requesters) { // at one host
		w.each(m, f, 0, st.kind, st.domain, certification, func(g, lot int32) bool {
			second := agents.None
			if q >= 0 {
				if !w.exposure(g).shows(q, -1) {
					return false
				}
				if second = w.serves(m, w.owns(g, q), 1, true); second < 0 {
					return false
				}
			}
			w.option(m, i, r, [2]int32{lot, second}, [2]int32{g, iff(q >= 0, g)})
			return true
		})
	}
	if !t.component || q < 0 {
		return
	}
	third := t.operators == anyones && t.traded[st.kind]
	m.staff = m.staff[:0]
	many := false // then near goes with near: far with far is hardly ever best
	if t.traded[q] && (ownA >= 0 || third) {
		many = w.each(m, f, 1, q, -1, certification, func(h, second int32) bool {
			m.staff = append(m.staff, [2]int32{h, second})
			if ownA >= 0 {
				w.option(m, i, r, [2]int32{ownA, second}, [2]int32{agents.None, h})
			}
			return true
		})
	}
	ours := t.operators != providers && ownB >= 0
	third = third && len(m.staff) > 0
	if !t.traded[st.kind] || !ours && !third {
		return
	}
	rank := 0
	w.each(m, f, 0, st.kind, st.domain, certification, func(g, lot int32) bool {
		if ours {
			w.option(m, i, r, [2]int32{lot, ownB}, [2]int32{g, agents.None})
		}
		if third {
			for y, p := range m.staff {
				if p[0] != g && (!many || (rank+1)*(y+1) <= t.spec.Candidates) {
					w.option(m, i, r, [2]int32{lot, p[1]}, [2]int32{g, p[0]})
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
}

func (w *World) wanted(m *market, op *operation, req *agents.Request) want {
	x := want{from: req.First - w.day, to: req.Last - w.day, own: [2]agents.Hours{1, 1}, lent: [2]agents.Hours{1, 1}}
	if !req.Divisible && req.MaxSites == 1 {
		st := w.step(op)
		own, lent := req.Hours+st.setup, m.tier.factor.Of(req.Hours)+st.setup
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
	free := m.book.Lots[at].Free
	for d := m.want.from; d <= m.want.to && int(d) < len(free); d++ {
		if need -= free[d]; need <= 0 {
			return at
		}
	}
	return -1
}

// iff is the firm if the condition holds, None otherwise.
func iff(ok bool, firm int32) int32 {
	if ok {
		return firm
	}
	return agents.None
}

// each calls use with the nearest firms, and their lots in the book, that may
// lend firm f the hours of kind k that its request wants of component c, until
// it has used as many as the tier's candidates or looked at looks times as
// many; cut tells that there may be more.
func (w *World) each(m *market, f int32, c int, k, domain, certification int16, use func(g, lot int32) bool) (cut bool) {
	t := m.tier
	left, seen := t.spec.Candidates, 0
	try := func(lot int32) {
		if !m.lends[lot] {
			return
		}
		g := w.lots[lot].firm
		if !w.Firms[g].fits(domain, certification) || domain >= 0 && !w.exposure(g).shows(k, domain) {
			return
		}
		seen++
		if at := w.serves(m, lot, c, true); at >= 0 && use(g, at) {
			left--
		}
	}
	full := func() bool { return left == 0 || seen == looks*t.spec.Candidates }
	far := t.radius[w.kinds[k].mobility]
	if t.partners {
		for _, p := range w.partners[f] {
			lot := w.owns(p.lot, k)
			if p.km > far || lot == agents.None || !w.pairFits(f, p.lot, k) {
				continue
			}
			if cut = full(); cut {
				break
			}
			try(lot)
		}
	} else {
		far = min(far, m.afford[w.kinds[k].mobility])
		list := w.suppliers(f, k, 1)
		for x := 0; x < len(list) && list[x].km <= far; x++ {
			if cut = full(); cut {
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
