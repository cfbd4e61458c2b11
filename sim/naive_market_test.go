package sim

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
)

// The markets of the naive engine.

// naiveTier is a tier at work in one regime.
type naiveTier struct {
	*tier
	contracts map[[2]int32]naiveContract // of pairs of firms
	declined  map[naiveMatch]bool        // by a side, as a loss
	clear     func(book *agents.Open, draw *rng.Stream) []agents.Match
	optimal   *brokers.Instance // the broker whose deals are taken as they are
}

type naiveContract struct{ ready, last agents.Day }

type naiveAsked struct {
	step *naiveStep
	firm int32
}

type naiveMatch struct {
	step     *naiveStep
	provider [2]int32
}

// naiveDeal is a match that is laid on the calendars; made once both sides are
// bound.
type naiveDeal struct {
	row     agents.Deal
	tier    *naiveTier
	pay     [2]agents.Money // to each provider
	hours   [2]agents.Hours // of each lot, travel included
	trans   [2]agents.Money // transaction cost of each provider
	mine    agents.Money    // and of the requester
	freight agents.Money    // what transport costs the requester, its people's hours apart
	own     agents.Money    // work of the requester's own lots
	costs   [2]agents.Money // of each provider
	asks    [2]agents.Money // its reservation price
	fixed   bool            // the broker's price
	step    *naiveStep
	laid    agents.Day
	decided agents.Day // when approval is known
	refused bool
	made    bool
}

// naiveTerms is what an option means beyond what the broker is shown.
type naiveTerms struct {
	step     *naiveStep
	lots     [2]int32
	provider [2]int32 // firms that lend the primary, the operator; None where own or not needed
	km       float32  // by road, requester to the site of the work
	moves    bool     // the work goes there
	staffKm  [2]float32
	travel   [2]agents.Hours // that each lot's person loses on a day
	asked    agents.Day      // days until approval, -1 if nobody is asked
}

// naiveBook is a clearing's book, as the broker sees it and as it is meant.
type naiveBook struct {
	agents.Open
	reach agents.Day
	steps []*naiveStep // of the requests
	terms []naiveTerms // of the options
	lots  []naiveLot
	cut   []*naiveStep // that were not shown every firm in reach
}

// naiveLot is a lot of the book, as its owner sees it or as it is lent.
type naiveLot struct {
	lot  int32
	lent bool
}

func newNaiveTier(t *tier) *naiveTier {
	m := &naiveTier{tier: t, contracts: map[[2]int32]naiveContract{}, declined: map[naiveMatch]bool{}, clear: naiveBrokers[t.spec.Broker]}
	if m.clear == nil {
		b, _ := brokers.ByName(t.spec.Broker)
		m.optimal = b.New()
	}
	return m
}

// trade is one clearing.
func (n *naive) trade(m *naiveTier) {
	if m.all {
		n.releaseOrders(m)
	}
	book := n.fill(m)
	if len(book.Options) > 0 {
		n.match(m, book)
	}
	if m.all {
		n.settleAll(m)
	}
	for _, s := range book.cut {
		n.result.CutShort += int64(b2i(s.short && !s.waiting))
	}
}

// The book.

// inBook tells whether a step may stand in the tier's book today.
func (n *naive) inBook(m *naiveTier, s *naiveStep) bool {
	return s.short && s.lack > 0 && s.lack >= m.minimum && s.commit >= n.day && min(s.latest, s.limit) >= n.day &&
		(m.partners || m.member[s.order.firm]) && !waits(s.order) &&
		(m.disclosure == brokers.Blind || s.order.released || s.stake > 0 && n.toSpend(m, s) >= 0)
}

// toSpend is what could be left for transport: the stake less the cheapest
// work and the cheapest terms.
func (n *naive) toSpend(m *naiveTier, s *naiveStep) agents.Money {
	k := n.kind(s)
	hour := n.r.cheapest[s.spec.kind]
	if k.operator >= 0 {
		hour += n.r.cheapest[k.operator] * agents.Money(k.ratio) / 1000
	}
	return s.stake - hour.For(s.lack) - 2*min(m.first, m.callOff)
}

// farthest is the distance beyond which transport would take all that could be
// left, by mobility.
func (n *naive) farthest(m *naiveTier, s *naiveStep, mobility int8) float32 {
	t := &n.r.Scenario.Transport
	spend := n.toSpend(m, s).Float()
	switch {
	case m.disclosure == brokers.Blind || s.order.released:
	case mobility == site && spend < t.Consignment:
		return 0
	case mobility == site && t.FreightKm > 0:
		return float32((spend - t.Consignment) / (2 * t.FreightKm))
	case mobility == travels && t.TravelKm > 0:
		days := (s.lack + s.spec.perDay - 1) / s.spec.perDay
		return float32(spend / (float64(days) * float64(s.spec.maxUnits) * 2 * t.TravelKm))
	}
	return math.MaxFloat32
}

func (n *naive) fill(m *naiveTier) *naiveBook {
	b := &naiveBook{}
	b.Today = n.day
	var wanting []*naiveStep
	for _, o := range n.orders {
		for _, s := range o.steps {
			if n.inBook(m, s) {
				wanting = append(wanting, s)
				b.reach = max(b.reach, min(s.latest-n.day, n.horizon-1))
			}
		}
	}
	for _, s := range wanting {
		before, cut := len(b.Options), n.result.Truncated
		b.Requests = append(b.Requests, n.request(m, s))
		n.ways(m, b, s)
		if n.result.Truncated > cut {
			b.cut = append(b.cut, s)
		}
		if !slices.ContainsFunc(b.Options[before:], func(o agents.Option) bool { return !o.Own || s.order.released }) {
			b.Requests, b.Options, b.terms = b.Requests[:len(b.Requests)-1], b.Options[:before], b.terms[:before]
			b.Net, b.Charge, b.Ask = b.Net[:before], b.Charge[:before], b.Ask[:before]
			continue
		}
		b.First = append(b.First, int32(before))
		b.steps = append(b.steps, s)
	}
	b.First = append(b.First, int32(len(b.Options)))
	if m.disclosure != brokers.Open {
		b = b.arranged()
	}
	for _, s := range b.steps {
		b.Bid = append(b.Bid, perHour(s.stake, s.lack))
		b.Value = append(b.Value, n.worth(s))
		b.At = append(b.At, n.r.Firms[s.order.firm].At)
	}
	for _, x := range b.lots {
		b.LotAt = append(b.LotAt, n.r.Firms[n.r.lots[x.lot].firm].At)
	}
	return b
}

// arranged is the book in the order of what it shows: lots by kind and zone,
// requests by due day, kind, hours and zone, ties by key; options by lots.
func (b *naiveBook) arranged() *naiveBook {
	lots, requests := naturals(len(b.Lots)), naturals(len(b.Requests))
	slices.SortFunc(lots, func(x, y int32) int {
		p, q := &b.Lots[x], &b.Lots[y]
		return cmp.Or(cmp.Compare(p.Kind, q.Kind), cmp.Compare(p.Zone, q.Zone), cmp.Compare(p.Key, q.Key))
	})
	slices.SortFunc(requests, func(x, y int32) int {
		p, q := &b.Requests[x], &b.Requests[y]
		return cmp.Or(cmp.Compare(p.Last, q.Last), cmp.Compare(p.Kind, q.Kind), cmp.Compare(q.Hours, p.Hours),
			cmp.Compare(p.Zone, q.Zone), cmp.Compare(p.Key, q.Key))
	})
	out := &naiveBook{reach: b.reach, cut: b.cut}
	out.Today = b.Today
	for _, l := range lots {
		out.Lots, out.lots = append(out.Lots, b.Lots[l]), append(out.lots, b.lots[l])
	}
	for to, r := range requests {
		out.Requests, out.steps = append(out.Requests, b.Requests[r]), append(out.steps, b.steps[r])
		out.First = append(out.First, int32(len(out.Options)))
		options := naturals(len(b.Options))[b.First[r]:b.First[r+1]]
		place := func(o int32, c int) int { return slices.Index(lots, b.Options[o].Lot[c]) } // -1 for none
		slices.SortFunc(options, func(x, y int32) int {
			return cmp.Or(cmp.Compare(place(x, 0), place(y, 0)), cmp.Compare(place(x, 1), place(y, 1)))
		})
		for _, o := range options {
			x := b.Options[o]
			x.Request, x.Lot = int32(to), [2]int32{int32(place(o, 0)), int32(place(o, 1))}
			out.Options, out.terms = append(out.Options, x), append(out.terms, b.terms[o])
			out.Net, out.Charge, out.Ask = append(out.Net, b.Net[o]), append(out.Charge, b.Charge[o]), append(out.Ask, b.Ask[o])
		}
	}
	out.First = append(out.First, int32(len(out.Options)))
	return out
}

func naturals(n int) (out []int32) {
	for i := range n {
		out = append(out, int32(i))
	}
	return out
}

func (n *naive) request(m *naiveTier, s *naiveStep) agents.Request {
	return agents.Request{
		Kind: s.spec.kind, Operator: n.kind(s).operator, Domain: s.spec.domain, Certification: s.order.class.certification,
		Zone: n.r.Firms[s.order.firm].Zone, Hours: s.lack,
		First: max(n.day, s.from), Last: min(s.latest, s.limit, n.day+n.horizon-1), PerDay: s.spec.perDay,
		Minimum: m.minimum, MaxSites: s.spec.maxSites, Divisible: s.order.class.partial,
		Key: n.r.source.Key(rng.Ties, s.order.key, uint64(s.at)),
	}
}

// shown is the hours of a lot, day by day; to others what its policy exposes.
func (n *naive) shown(lot int32, lent bool, reach agents.Day) (row []agents.Hours) {
	e := n.r.exposure(n.r.lots[lot].firm)
	for d := agents.Day(0); d <= reach; d++ {
		h := n.free(lot, n.day+d)
		if lent {
			h -= agents.Hours(e.reserve * float64(n.r.lots[lot].plan))
			if d > e.days {
				h = 0
			}
		}
		row = append(row, max(0, h))
	}
	return row
}

// show is the place of a lot in the book, None if it has no hours there. What
// others are shown of a lot stands beside what its owner sees, unless they are
// the same.
func (n *naive) show(b *naiveBook, lot int32, lent bool) int32 {
	if lot == agents.None {
		return agents.None
	}
	e := n.r.exposure(n.r.lots[lot].firm)
	same := e.days >= b.reach && e.reserve == 0
	for i, x := range b.lots {
		if x.lot == lot && (same || x.lent == lent) {
			return int32(i)
		}
	}
	row := n.shown(lot, lent, b.reach)
	if slices.Max(row) == 0 {
		return agents.None
	}
	b.Lots = append(b.Lots, agents.Lot{Kind: n.r.lots[lot].kind, Zone: n.r.Firms[n.r.lots[lot].firm].Zone, Free: row,
		Key: n.r.source.Key(rng.Ties, uint64(lot)<<1|uint64(b2i(lent && !same)), uint64(n.day)+1)})
	b.lots = append(b.lots, naiveLot{lot, lent})
	return int32(len(b.lots) - 1)
}

// enough is the place of a lot in the book, None if what it shows in the step's
// window is less than the step needs of component c: all, where one site must
// serve it whole, else anything.
func (n *naive) enough(m *naiveTier, b *naiveBook, s *naiveStep, lot int32, c int, lent bool) int32 {
	at := n.show(b, lot, lent)
	if at == agents.None {
		return at
	}
	need := s.lack
	if lent {
		need = m.factor.Of(need)
	}
	need += s.spec.setup
	if c == 1 {
		need = n.kind(s).ratio.Of(need)
	}
	if s.order.class.partial || s.spec.maxSites > 1 {
		need = 1
	}
	req, sum := &b.Requests[len(b.Requests)-1], agents.Hours(0)
	for d, h := range b.Lots[at].Free {
		if day := n.day + agents.Day(d); day >= req.First && day <= req.Last {
			sum += h
		}
	}
	if sum < need {
		return agents.None
	}
	return at
}

// ways lists the ways of supplying what a step lacks.
func (n *naive) ways(m *naiveTier, b *naiveBook, s *naiveStep) {
	f, kind, q, certificate := s.order.firm, s.spec.kind, n.kind(s).operator, s.order.class.certification
	add := func(first, second, lender, operators int32) {
		n.option(m, b, s, [2]int32{first, second}, [2]int32{lender, operators})
	}
	const none = agents.None
	machine, people := none, none // the firm's own
	if m.component || m.all || s.spec.maxSites > 1 {
		if n.r.Firms[f].fits(s.spec.domain, certificate) {
			machine = n.enough(m, b, s, n.r.owns(f, kind), 0, false)
		}
		if q >= 0 && n.r.Firms[f].fits(-1, certificate) {
			people = n.enough(m, b, s, n.r.owns(f, q), 1, false)
		}
	}
	if (s.spec.maxSites > 1 || m.all) && machine != none && (q < 0 || people != none) {
		add(machine, people, none, none)
	}
	if m.traded[kind] && (q < 0 || !m.component || m.operators != requesters) {
		n.lenders(m, b, s, 0, kind, s.spec.domain, func(g, lot int32) bool {
			if q < 0 {
				add(lot, none, g, none)
				return true
			}
			second := none // the host's operators
			if n.r.exposure(g).shows(q, -1) {
				second = n.enough(m, b, s, n.r.owns(g, q), 1, true)
			}
			if second != none {
				add(lot, second, g, g)
			}
			return second != none
		})
	}
	if !m.component || q < 0 {
		return
	}
	anyone := m.operators == anyones && m.traded[kind]
	var staff [][2]int32
	many := false
	if m.traded[q] && (machine != none || anyone) {
		many = n.lenders(m, b, s, 1, q, -1, func(h, lot int32) bool {
			staff = append(staff, [2]int32{h, lot})
			return true
		})
	}
	for _, h := range staff {
		if machine != none {
			add(machine, h[1], none, h[0])
		}
	}
	ours := m.operators != providers && people != none
	if !m.traded[kind] || !ours && !(anyone && len(staff) > 0) {
		return
	}
	rank := 0
	n.lenders(m, b, s, 0, kind, s.spec.domain, func(g, lot int32) bool {
		if ours {
			add(lot, people, g, none)
		}
		for i, h := range staff {
			if anyone && h[0] != g && (!many || (rank+1)*(i+1) <= m.spec.Candidates) {
				add(lot, h[1], g, h[0])
			}
		}
		rank++
		return true
	})
}

// lenders hands over the nearest firms that may lend hours of kind k for a
// step, with the lots' places in the book, until as many are used as the tier
// has candidates. cut tells that there may be more.
func (n *naive) lenders(m *naiveTier, b *naiveBook, s *naiveStep, c int, k, domain int16, use func(g, lot int32) bool) (cut bool) {
	f, mobility := s.order.firm, n.r.kinds[k].mobility
	var near []int32 // lots
	if m.partners {
		for _, p := range n.r.partners[f] {
			if l := n.r.owns(p.firm, k); l != agents.None && n.r.pairFits(f, p.firm, k) && p.km <= m.radius[mobility] {
				near = append(near, l)
			}
		}
	} else {
		far := min(m.radius[mobility], n.farthest(m, s, mobility))
		for l := range n.r.lots {
			g := n.r.lots[l].firm
			if n.r.lots[l].kind == k && g != f && n.r.pairFits(f, g, k) && n.r.roadKm(f, g) <= far {
				near = append(near, int32(l))
			}
		}
		chord := func(l int32) float64 { return n.r.points[f].chord2(n.r.points[n.r.lots[l].firm]) }
		slices.SortStableFunc(near, func(a, b int32) int { return cmp.Compare(chord(a), chord(b)) })
	}
	near = slices.DeleteFunc(near, func(l int32) bool { // may not lend at all
		g := n.r.lots[l].firm
		return !m.partners && !m.member[g] || !n.r.exposure(g).shows(k, -1)
	})
	used, looked := 0, 0
	for _, l := range near {
		if used == m.spec.Candidates || looked == 8*m.spec.Candidates {
			n.result.Truncated++
			return true
		}
		g := n.r.lots[l].firm
		if !n.r.Firms[g].fits(domain, s.order.class.certification) || !n.r.exposure(g).shows(k, domain) {
			continue
		}
		looked++
		if lot := n.enough(m, b, s, l, c, true); lot != agents.None && use(g, lot) {
			used++
		}
	}
	return false
}

// option enters one way of supplying a step, unless it cannot start in time,
// is a loss on the broker's own figures or was turned down before.
func (n *naive) option(m *naiveTier, b *naiveBook, s *naiveStep, lots, provider [2]int32) {
	f, k, t := s.order.firm, n.kind(s), &n.r.Scenario.Transport
	req := &b.Requests[len(b.Requests)-1]
	o := agents.Option{Request: int32(len(b.Requests) - 1), Lot: lots, Ratio: k.ratio, From: req.First, Setup: s.spec.setup, Factor: 1000,
		Own: provider == [2]int32{agents.None, agents.None}}
	x := naiveTerms{step: s, provider: provider, asked: -1}
	at := f
	if provider[0] != agents.None && k.mobility == site {
		at = provider[0]
	}
	x.km, x.moves = n.r.roadKm(f, at), at != f
	var charge agents.Money
	if !o.Own {
		o.Factor = m.factor
		wait := agents.Day(0)
		parties := []int32{f}
		for c, g := range provider {
			if g != agents.None && (c == 0 || g != provider[0]) {
				cost, days := n.pairTerms(m, f, g)
				charge += 2 * cost
				wait = max(wait, days)
				parties = append(parties, g)
			}
		}
		for _, g := range parties {
			if e := n.r.exposure(g); e.asked {
				x.asked = max(x.asked, e.delay)
			}
		}
		if x.asked > 0 && (m.all || m.disclosure != brokers.Blind && n.day+x.asked > lastChance(s.order)) {
			return
		}
		o.From = max(o.From, n.day+max(wait, x.asked))
	}
	if o.From > req.Last {
		return
	}
	known := func(a, b int32) float32 { // as far as the broker knows
		if m.disclosure == brokers.Open {
			return n.r.roadKm(a, b)
		}
		return n.r.zoneKm(a, b)
	}
	o.Km = known(f, at)
	if at != f {
		charge += agents.MoneyOf(t.Consignment + 2*t.FreightKm*float64(known(f, at)))
	}
	days := (o.Booked(req.Hours) + req.PerDay - 1) / req.PerDay
	var hour agents.Money
	var asks [2]agents.Money
	for c, place := range lots {
		if place == agents.None {
			continue
		}
		x.lots[c] = b.lots[place].lot
		lot := &n.r.lots[x.lots[c]]
		cost, ratio := lot.cost, agents.Ratio(1000)
		if m.disclosure == brokers.Blind {
			cost = n.r.kinds[lot.kind].variable
		}
		if c == 1 {
			ratio = k.ratio
		}
		charge += cost.For(ratio.Of(s.spec.setup))
		asks[c] = cost
		if provider[c] != agents.None && m.disclosure != brokers.Blind {
			most := agents.Money(0)
			for d := o.From; d <= req.Last; d++ {
				most = max(most, n.r.exposure(lot.firm).charge(d-n.day))
			}
			asks[c] += most
			cost += n.r.exposure(lot.firm).charge(o.From + agents.Day(days)/2 - n.day)
		}
		hour += agents.Money(int64(cost) * int64(ratio) / 1000 * int64(o.Factor) / 1000)
		if n.r.kinds[lot.kind].mobility != travels || lot.firm == at {
			continue
		}
		crew, km := s.spec.maxUnits, known(lot.firm, at)
		if x.staffKm[c] = n.r.roadKm(lot.firm, at); x.staffKm[c] > m.radius[travels] {
			return
		}
		if t.Speed > 0 {
			x.travel[c] = agents.Hours(crew) * agents.HoursOf(2*float64(x.staffKm[c])/t.Speed)
			o.Travel[c] = agents.Hours(crew) * agents.HoursOf(2*float64(km)/t.Speed)
		}
		o.Km = max(o.Km, km)
		charge += agents.Money(days) * (agents.Money(crew)*agents.MoneyOf(2*float64(km)*t.TravelKm) + cost.For(o.Travel[c]))
	}
	if lots[1] == agents.None {
		x.lots[1] = agents.None
	}
	if o.Own {
		charge = 0
	}
	value := perHour(n.worth(s), s.lack)
	if m.disclosure == brokers.Blind {
		value = k.reference
	} else if (value - hour).For(s.lack) < charge {
		return
	}
	for _, g := range provider {
		if g != agents.None && (n.r.exposure(g).asked || n.r.exposure(f).asked) && n.refused[naiveAsked{s, g}] {
			return
		}
	}
	if m.disclosure != brokers.Open && m.declined[naiveMatch{s, provider}] {
		return
	}
	b.Options, b.Net, b.Charge, b.Ask, b.terms = append(b.Options, o), append(b.Net, value-hour), append(b.Charge, charge), append(b.Ask, asks), append(b.terms, x)
}

// lastChance is the last day on which all of an order's fallbacks can be given
// up.
func lastChance(o *naiveOrder) agents.Day {
	last := agents.Never
	for _, s := range o.steps {
		if s.short {
			last = min(last, s.commit)
		}
	}
	return last
}

// pairTerms is the cost to each side and the days that a deal of two firms
// takes today: until it is ready, the contract holds up its call-offs too.
func (n *naive) pairTerms(m *naiveTier, a, b int32) (agents.Money, agents.Day) {
	if n.underContract(m, a, b) {
		return m.callOff, max(m.callDays, m.contracts[[2]int32{min(a, b), max(a, b)}].ready-n.day)
	}
	u := rng.Unit(n.r.source.Key(rng.FirstDealDays, rng.Pair(uint64(min(a, b)), uint64(max(a, b))), m.name))
	return m.first, m.firstDays[0] + agents.Day(u*float64(m.firstDays[1]-m.firstDays[0]+1))
}

func (n *naive) underContract(m *naiveTier, a, b int32) bool {
	c, ok := m.contracts[[2]int32{min(a, b), max(a, b)}]
	return ok && c.last >= n.day
}

// approves is what both employers say of a deal with firm g.
func (n *naive) approves(s *naiveStep, g int32) bool {
	f := s.order.firm
	u := rng.Unit(n.r.source.Key(rng.Approval, rng.Pair(s.order.key+uint64(s.at), rng.Pair(uint64(f), uint64(g))), 0))
	says := func(e *exposure) bool { return !e.asked || u < e.approval }
	return says(n.r.exposure(f)) && says(n.r.exposure(g))
}

// Deals.

func (n *naive) match(m *naiveTier, b *naiveBook) {
	draw := n.r.source.Stream(rng.BrokerDraws, m.name, uint64(n.day))
	var matches []agents.Match
	if m.optimal != nil {
		matches = m.optimal.Clear(&b.Open, &draw, nil)
		value, bound, _ := m.optimal.Bound()
		n.result.BookValue += value
		n.result.BookBound += bound
		n.judge(&b.Open, matches, value, bound)
	} else {
		matches = m.clear(&b.Open, &draw)
	}
	n.result.Clearings++
	done := map[int32]bool{}
	var together []*naiveOrder
	for _, x := range matches {
		r := b.Options[x.Option].Request
		if done[r] {
			continue
		}
		done[r] = true
		var mine []agents.Match
		for _, y := range matches {
			if b.Options[y.Option].Request == r {
				mine = append(mine, y)
			}
		}
		if o := n.conclude(m, b, b.steps[r], mine); o != nil && !slices.Contains(together, o) {
			together = append(together, o)
		}
	}
	for _, o := range together {
		n.confirm(o)
	}
}

// conclude lays the matches of one request. It returns the order if it is to
// be confirmed when the deals of its other steps are laid.
func (n *naive) conclude(m *naiveTier, b *naiveBook, s *naiveStep, matches []agents.Match) *naiveOrder {
	o := s.order
	if !s.short || waits(o) {
		return nil // other deals of the order have settled it
	}
	var options []int32 // one deal each
	total := agents.Hours(0)
	for _, x := range matches {
		total += x.Hours
		if !slices.Contains(options, x.Option) {
			options = append(options, x.Option)
		}
	}
	refuse := func(option int32, reason int) {
		n.result.Refusals[reason]++
		n.tell(s, Event{What: Refused, Tier: m.number, Others: b.terms[option].provider, Reason: int8(reason)})
	}
	if total > s.lack || total < s.lack && !o.class.partial {
		refuse(options[0], RefusedHours)
		return nil
	}
	if len(options) > int(s.spec.maxSites) {
		refuse(options[0], RefusedSites)
		return nil
	}
	if m.all && n.all.of(o) == nil {
		n.all.orders = append(n.all.orders, n.remember(o))
	}
	stake, lack := s.stake, s.lack
	for _, option := range options {
		parts := slices.DeleteFunc(slices.Clone(matches), func(x agents.Match) bool { return x.Option != option })
		if reason := n.strike(m, b, s, parts, stake, lack); reason >= 0 {
			refuse(option, reason)
			if reason == RefusedWorse {
				m.declined[naiveMatch{s, b.terms[option].provider}] = true
			}
			if !o.class.partial {
				n.undo(s)
				return nil
			}
		}
	}
	deals := n.unmade(s)
	decided, refused := decision(deals)
	switch {
	case refused && decided <= n.day:
		n.turnDown(s)
	case decided > n.day && slices.ContainsFunc(n.bookings(s), func(b *naiveBooking) bool { return b.deal != nil && !b.deal.made && b.day < decided }):
		refuse(options[0], RefusedCalendar) // one site would begin before the other's employer has agreed
		n.undo(s)
	case decided > n.day && decided > lastChance(o): // only in a blind book
		refuse(options[0], RefusedBundle)
		n.undo(s)
		for _, x := range matches {
			m.declined[naiveMatch{s, b.terms[x.Option].provider}] = true
		}
	case decided > n.day:
		s.waiting = true
		n.pending = append(n.pending, s)
	case m.all || len(deals) == 0:
	case o.forgone && lackingSteps(o) > 1:
		return o
	default:
		n.confirm(o)
	}
	return nil
}

func lackingSteps(o *naiveOrder) (count int) {
	for _, s := range o.steps {
		count += b2i(s.short)
	}
	return count
}

// strike lays the parts of one deal on the calendars and agrees its price. It
// returns the reason of a refusal, or -1.
func (n *naive) strike(m *naiveTier, b *naiveBook, s *naiveStep, parts []agents.Match, stake agents.Money, lack agents.Hours) int {
	o, x, k, f := &b.Options[parts[0].Option], &b.terms[parts[0].Option], n.kind(s), s.order.firm
	hours := agents.Hours(0)
	for _, p := range parts {
		if p.Hours <= 0 {
			return RefusedHours
		}
		hours += p.Hours
	}
	if o.Own && !s.order.released {
		return -1 // it will be loaded when the order is planned
	}
	if !o.Own && hours < m.minimum {
		return RefusedMinimum
	}
	var slots []agents.Slot
	for i, p := range parts {
		need, first, last := o.Factor.Of(p.Hours), max(b.Requests[o.Request].First, o.From, s.from), min(b.Requests[o.Request].Last, s.limit)
		if i == 0 {
			need += o.Setup
		}
		if p.Day != agents.AnyDay {
			first, last = max(first, p.Day), min(last, p.Day)
		}
		laid := len(slots)
		for d := first; d <= min(last, n.day+b.reach) && need > 0; d++ {
			room, beside := s.spec.perDay-n.onDay(s, d, false), agents.Hours(0)
			for _, e := range slots[:laid] { // other parts of the deal, which made their trips
				if e.Day == d {
					beside += e.Hours
				}
			}
			room = min(room-beside, need)
			for c, l := range x.lots {
				if l == agents.None {
					continue
				}
				h := n.shown(l, x.provider[c] != agents.None, d-n.day)[d-n.day] - x.travel[c]
				if c == 0 {
					h -= beside
				} else {
					h = o.Ratio.Within(h - o.Ratio.Of(beside))
				}
				room = min(room, h)
			}
			if room > 0 {
				slots = append(slots, agents.Slot{Day: d, Hours: room})
				need -= room
			}
		}
		if need > 0 {
			return RefusedCalendar
		}
	}
	if o.Own {
		n.bookDeal(s, nil, x, o, slots, hours)
		return -1
	}

	stake = portion(stake, hours, lack)
	d := &naiveDeal{step: s, tier: m, laid: n.day, decided: n.day}
	d.row = agents.Deal{Day: n.day - agents.Day(n.r.Scenario.Time.Warmup), Tier: m.number, Kind: s.spec.kind, Class: s.order.number,
		Requester: f, Provider: x.provider, Hours: hours, Km: x.km, Waited: n.day - s.order.arrived, Stake: stake}
	if x.provider[0] == agents.None {
		d.row.Km = x.staffKm[1]
	}
	t := &n.r.Scenario.Transport
	if x.moves {
		d.freight = agents.MoneyOf(t.Consignment + 2*t.FreightKm*float64(x.km))
	}
	var asks [2]agents.Money
	lent := agents.Hours(0)
	for c, l := range x.lots {
		if l == agents.None {
			continue
		}
		lot, ratio, g := &n.r.lots[l], agents.Ratio(1000), x.provider[c]
		if c == 1 {
			ratio = k.ratio
		}
		var work, slack agents.Money
		for _, e := range slots {
			h := ratio.Of(e.Hours)
			d.row.Booked[c] += h
			d.row.TravelH += x.travel[c]
			d.hours[c] += h + x.travel[c]
			work += lot.cost.For(h + x.travel[c])
			slack += n.r.exposure(lot.firm).charge(e.Day - n.day).For(h)
		}
		d.freight += agents.Money(len(slots)) * agents.Money(s.spec.maxUnits) * agents.MoneyOf(2*float64(x.staffKm[c])*t.TravelKm)
		d.row.Cost += lot.cost.For(ratio.Of(hours))
		d.row.SetupCost += lot.cost.For(d.row.Booked[c] - ratio.Of(hours))
		d.row.Freight += lot.cost.For(agents.Hours(len(slots)) * x.travel[c])
		if g == agents.None {
			d.own += work
			continue
		}
		lent += d.hours[c]
		asks[c] = work + slack
		d.costs[c] = work
		d.row.Slack += slack
		if c == 1 && g == x.provider[0] {
			continue // one pair
		}
		cost, _ := n.pairTerms(m, f, g)
		d.row.First = d.row.First || !n.underContract(m, f, g)
		d.trans[c] = cost
		d.costs[c] += cost
		d.mine += cost
		d.row.Trans += 2 * cost
		asks[c] += cost
		if n.r.exposure(f).asked || n.r.exposure(g).asked {
			d.decided = n.day + x.asked
			d.refused = d.refused || !n.approves(s, g)
		}
	}
	d.row.Freight += d.freight
	can := stake - d.freight - d.own - d.mine
	if fee := m.spec.FeeShare; fee > 0 {
		can = agents.Money(float64(can) / (1 + fee))
	}
	gain := can - asks[0] - asks[1]
	if gain < 0 {
		return RefusedWorse
	}
	for c, g := range x.provider {
		switch {
		case g == agents.None:
		case parts[0].Price[c] < 0:
			d.pay[c] = asks[c] + portion(gain/2, d.hours[c], lent)
		default:
			d.pay[c], d.fixed = parts[0].Price[c].For(d.hours[c]), true
			if d.pay[c] < asks[c] {
				return RefusedWorse
			}
		}
		d.row.Price += d.pay[c]
	}
	d.asks = asks
	if d.row.Price > can {
		return RefusedWorse
	}
	d.row.Fee = agents.MoneyOf(d.row.Price.Float() * m.spec.FeeShare)
	n.bookDeal(s, d, x, o, slots, hours)
	return -1
}

// bookDeal books slots for h net hours: set-up first, then what the factor
// leaves of the hours is work; what rounding leaves is in the last slot.
func (n *naive) bookDeal(s *naiveStep, d *naiveDeal, x *naiveTerms, o *agents.Option, slots []agents.Slot, h agents.Hours) {
	passed, worked := -o.Setup, agents.Hours(0)
	for i, e := range slots {
		passed += e.Hours
		done := min(h, o.Factor.Within(max(0, passed)))
		if i == len(slots)-1 {
			done = h
		}
		n.book(s, d, x.lots, e.Day, e.Hours, done-worked, x.travel, false)
		worked = done
	}
}

// unmade lists the deals of a step that are laid and not made, by their first
// day.
func (n *naive) unmade(s *naiveStep) (out []*naiveDeal) {
	for _, b := range n.bookings(s) {
		if b.deal != nil && !b.deal.made && !slices.Contains(out, b.deal) {
			out = append(out, b.deal)
		}
	}
	return out
}

// decision is when the approvals are known and whether one is a refusal.
func decision(deals []*naiveDeal) (day agents.Day, refused bool) {
	for _, d := range deals {
		day, refused = max(day, d.decided), refused || d.refused
	}
	return day, refused
}

// undo gives back what is laid of deals that are not made and, of a released
// order, on own units.
func (n *naive) undo(s *naiveStep) {
	for _, b := range n.bookings(s) {
		if b.deal == nil && s.order.released || b.deal != nil && !b.deal.made {
			if s.waiting {
				n.unbook(b)
			} else {
				n.takeBack(b)
			}
		}
	}
	s.waiting = false
	n.reckon(s)
}

// turnDown undoes deals that an employer refused; both sides' cost is spent.
func (n *naive) turnDown(s *naiveStep) {
	for _, d := range n.unmade(s) {
		n.payTransaction(s.order, d)
		for _, g := range d.row.Provider {
			if g != agents.None && !n.approves(s, g) {
				n.refused[naiveAsked{s, g}] = true
			}
		}
		n.result.Refusals[RefusedApproval]++
		n.tell(s, Event{What: Refused, Tier: d.row.Tier, Others: d.row.Provider, Reason: RefusedApproval})
	}
	n.undo(s)
}

// decide settles the deals whose approvals are known today.
func (n *naive) decide() {
	pending := n.pending
	n.pending = nil
	for _, s := range pending {
		if !s.waiting {
			continue
		}
		if day, refused := decision(n.unmade(s)); day > n.day {
			n.pending = append(n.pending, s)
		} else if refused {
			n.turnDown(s)
		} else {
			s.waiting = false
			n.confirm(s.order)
		}
	}
}

// confirm makes an order's deals, if it can be completed with them at no more
// than without and keeps the deals made before.
func (n *naive) confirm(o *naiveOrder) {
	was := n.remember(o)
	n.replan(o)
	var laid []*naiveDeal
	for _, s := range o.steps {
		laid = append(laid, n.unmade(s)...)
	}
	reason := int8(RefusedBundle)
	if !o.forgone {
		reason = RefusedWorse
		if n.keeps(was) && n.position(o)+n.dealCosts(o) <= was.position+agents.Unit/100 {
			for _, d := range laid {
				n.make(d.step, d)
			}
			return
		}
	}
	for _, d := range laid {
		n.result.Refusals[reason]++
		n.tell(d.step, Event{What: Refused, Tier: d.row.Tier, Others: d.row.Provider, Reason: reason})
		d.step.limit = min(d.step.limit, n.lastOf(d)-1)
	}
	for _, s := range o.steps {
		n.undo(s)
	}
	n.putBack(was)
}

// lastOf is the last day that is booked for a deal.
func (n *naive) lastOf(d *naiveDeal) agents.Day {
	last := agents.Never
	for _, b := range n.bookings(d.step) {
		if b.deal == d {
			last = b.day
		}
	}
	return last
}

// dealCosts is what the deals of an order that are not made would cost its firm.
func (n *naive) dealCosts(o *naiveOrder) (sum agents.Money) {
	for _, s := range o.steps {
		for _, d := range n.unmade(s) {
			sum += d.row.Price + d.row.Fee + d.mine + d.freight + d.own
		}
	}
	return sum
}

func (n *naive) make(s *naiveStep, d *naiveDeal) {
	o := s.order
	d.made = true
	n.payTransaction(o, d)
	n.pay(o, o.firm, agents.Travel, d.freight)
	for _, g := range d.row.Provider {
		if g != agents.None && d.tier.contract > 0 && !n.underContract(d.tier, o.firm, g) {
			_, days := n.pairTerms(d.tier, o.firm, g)
			d.tier.contracts[[2]int32{min(o.firm, g), max(o.firm, g)}] = naiveContract{d.laid + days, d.laid + d.tier.contract}
		}
	}
	if o.measured {
		n.result.Deals++
		n.result.DealHours += d.row.Hours
		n.result.DealKm += float64(d.row.Km)
		n.result.Slack += d.row.Slack
		n.made = append(n.made, d.row)
	}
	first, last := agents.Never, agents.Day(0)
	for _, b := range n.bookings(s) {
		if b.deal == d {
			first, last = min(first, b.day), max(last, b.day)
		}
	}
	n.tell(s, Event{What: Matched, Tier: d.row.Tier, Others: d.row.Provider, Hours: d.row.Hours, First: first, Last: last, Money: d.row.Price})
}

func (n *naive) payTransaction(o *naiveOrder, d *naiveDeal) {
	n.pay(o, o.firm, agents.Transaction, d.mine)
	for c, g := range d.row.Provider {
		if g != agents.None {
			n.pay(o, g, agents.Transaction, d.trans[c])
		}
	}
}
