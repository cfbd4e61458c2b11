package sim

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"idleshift/agents"
)

// Clearings of all operations in the naive engine.

// naiveAll is what a clearing of all operations starts from.
type naiveAll struct {
	orders []*naiveEntered
	laid   []*naiveDeal // by firm, order and step that they are for
	freed  map[int32]bool
	todo   map[int32]bool // firms to be planned
	dealt  map[int32]bool // firms that deals touch
	gains  map[int32]agents.Money
}

// naiveEntered is an order before the clearing, and what the broker proposes
// for its firm's own units.
type naiveEntered struct {
	order    *naiveOrder
	forgone  bool
	position agents.Money
	steps    []naiveStep
	booked   []*naiveBooking
	laid     []bool // by step: deals are laid for it
	proposed []*naiveBooking
}

func (a *naiveAll) of(o *naiveOrder) *naiveEntered {
	for _, e := range a.orders {
		if e.order == o {
			return e
		}
	}
	return nil
}

// releaseOrders takes every order of the tier's firms that has not begun off
// the calendars: all of it is asked for.
func (n *naive) releaseOrders(m *naiveTier) {
	n.all = naiveAll{freed: maps.Clone(n.freed), todo: map[int32]bool{}, dealt: map[int32]bool{}, gains: map[int32]agents.Money{}}
	for _, o := range n.orders {
		begun := false
		for _, s := range o.steps {
			begun = begun || s.done > 0 || s.bought > 0 || s.prepared ||
				slices.ContainsFunc(n.bookings(s), func(b *naiveBooking) bool { return b.deal != nil })
		}
		if !begun && !waits(o) && (m.partners || m.member[o.firm]) {
			n.all.orders = append(n.all.orders, n.remember(o))
		}
	}
	for _, e := range n.all.orders {
		o := e.order
		o.released = true
		start := n.day
		for j, s := range o.steps {
			s.stake = n.alone(s)
			n.takeOwn(s)
			s.from, s.latest, s.end = start, latestOf(o, j), start
			s.short, s.lack, s.fallback, s.commit = s.hours > 0, s.hours, FallbackLost, max(n.day, s.latest)
			if s.hours > 0 {
				start += agents.Day((s.hours + s.setup() - 1) / s.spec.perDay)
			}
		}
	}
}

// remember keeps an order as it stands, deals that are not made apart.
func (n *naive) remember(o *naiveOrder) *naiveEntered {
	e := &naiveEntered{order: o, forgone: o.forgone, position: n.position(o)}
	for _, s := range o.steps {
		e.steps = append(e.steps, *s)
		e.booked = append(e.booked, slices.DeleteFunc(n.bookings(s), func(b *naiveBooking) bool { return b.deal != nil && !b.deal.made })...)
		e.laid = append(e.laid, len(n.unmade(s)) > 0)
	}
	return e
}

// keeps tells whether the deals made before still stand.
func (n *naive) keeps(e *naiveEntered) bool {
	return !slices.ContainsFunc(e.booked, func(b *naiveBooking) bool { return b.deal != nil && n.lastOf(b.deal) == agents.Never })
}

func (n *naive) takeOwn(s *naiveStep) {
	for _, b := range n.bookings(s) {
		if b.deal == nil {
			n.takeBack(b)
		}
	}
}

// alone is what a step costs its firm from now on as planned: own hours and the
// fallback.
func (n *naive) alone(s *naiveStep) (cost agents.Money) {
	if rest := s.rest() - n.planned(s); s.short {
		cost = s.stake
	} else if rest > 0 {
		cost = n.ownCost(s, rest+s.setup())
	}
	for _, b := range n.bookings(s) {
		if b.deal != nil || b.fallback && s.short {
			continue
		}
		for c, l := range b.lot {
			if l != agents.None {
				cost += n.r.lots[l].cost.For(b.hours(c)) + n.r.kinds[n.r.lots[l].kind].premium.For(b.over[c])
			}
		}
	}
	return cost
}

func (n *naive) position(o *naiveOrder) (cost agents.Money) {
	if o.forgone {
		return o.value
	}
	for _, s := range o.steps {
		cost += n.alone(s)
	}
	return cost
}

// worth is what the broker is told that a step is worth.
func (n *naive) worth(s *naiveStep) agents.Money {
	o := s.order
	if !o.released {
		return s.stake
	}
	m := portion(o.value, s.hours, o.asked)
	if x := n.kind(s).outside; x != nil && s.from+x.lead <= s.latest {
		m = min(m, x.price.For(max(s.hours, x.minimum)))
	}
	return m
}

// earned is what a deal earns a firm that lends in it.
func (d *naiveDeal) earned(f int32) (earned agents.Money, lends bool) {
	for c, g := range d.row.Provider {
		if g == f {
			earned, lends = earned+d.pay[c]-d.costs[c], true
		}
	}
	return earned, lends
}

// saved is what a deal saves who asked for it.
func (d *naiveDeal) saved() agents.Money {
	return d.row.Stake - d.row.Price - d.row.Fee - d.mine - d.freight - d.own
}

// settleAll agrees the deals of a clearing of all operations with which no firm
// is worse off than before.
func (n *naive) settleAll(m *naiveTier) {
	a := &n.all
	slices.SortStableFunc(a.orders, func(x, y *naiveEntered) int {
		return cmp.Or(cmp.Compare(x.order.firm, y.order.firm), cmp.Compare(x.order.seq, y.order.seq))
	})
	for _, e := range a.orders {
		a.todo[e.order.firm] = true
		for _, s := range e.order.steps {
			for _, d := range n.unmade(s) {
				a.laid = append(a.laid, d)
				for _, g := range d.row.Provider {
					if g != agents.None {
						a.todo[g] = true
					}
				}
			}
			for _, b := range n.bookings(s) {
				if e.order.released && b.deal == nil {
					e.proposed = append(e.proposed, b)
				}
			}
		}
	}
	var prices []naivePrice
	overflow := n.result.Overflow
	for worse := int32(0); worse != agents.None; {
		for len(a.todo) > 0 {
			f := slices.Min(slices.Collect(maps.Keys(a.todo)))
			delete(a.todo, f)
			n.settleFirm(f)
		}
		if prices, worse = n.prices(m); worse != agents.None {
			n.fall(n.least(worse), RefusedWorse)
		}
	}
	for _, x := range prices {
		x.deal.row.Price += x.more
		x.deal.pay[x.c] += x.more
		x.deal.row.Fee = agents.MoneyOf(x.deal.row.Price.Float() * m.spec.FeeShare)
	}
	n.freed, n.result.Overflow = a.freed, overflow
	for _, e := range a.orders {
		if a.dealt[e.order.firm] {
			n.freed[e.order.firm] = true
		}
		e.order.released = false
		for _, s := range e.order.steps {
			for _, d := range n.unmade(s) {
				n.make(s, d)
			}
		}
	}
	n.all = naiveAll{}
}

// least is the deal that is worth least to a firm: the last of equal ones, of
// those in which it lends if there are any.
func (n *naive) least(f int32) *naiveDeal {
	var lends, asks *naiveDeal
	for _, d := range n.all.laid {
		if earned, ok := d.earned(f); ok {
			if lends == nil {
				lends = d
			} else if least, _ := lends.earned(f); earned <= least {
				lends = d
			}
		}
		if d.step.order.firm == f && (asks == nil || d.saved() <= asks.saved()) {
			asks = d
		}
	}
	if lends != nil {
		return lends
	}
	return asks
}

func (n *naive) settleFirm(f int32) {
	a := &n.all
	a.dealt[f], a.gains[f] = n.least(f) != nil, 0
	if !a.dealt[f] {
		for _, e := range a.orders {
			if e.order.firm == f {
				n.putBack(e)
			}
		}
		return
	}
	var gains [2]agents.Money
	var serve [2]bool
	for i, follow := range []bool{true, false} {
		gains[i], serve[i] = n.arrangeFirm(f, follow)
		var gone []*naiveDeal
		for _, d := range a.laid {
			if !slices.Contains(n.unmade(d.step), d) {
				gone = append(gone, d)
			}
		}
		for _, d := range gone {
			n.fall(d, RefusedBundle)
		}
		if len(gone) > 0 {
			break
		}
		if serve[i] && gains[i] >= -agents.Unit/100 {
			a.gains[f] = gains[i]
			return
		}
	}
	if !a.todo[f] && (serve[0] || serve[1]) {
		follow := serve[0] && (!serve[1] || gains[0] >= gains[1])
		a.gains[f], _ = n.arrangeFirm(f, follow)
		return
	}
	if !a.todo[f] {
		for _, d := range slices.Clone(a.laid) {
			if d.step.order.firm == f && d.step.order.forgone {
				n.fall(d, RefusedBundle)
			}
		}
	}
	if !a.todo[f] {
		n.fall(n.least(f), RefusedWorse)
	}
	for _, e := range a.orders {
		if e.order.firm == f {
			n.unplan(e)
		}
	}
	a.todo[f] = true
}

// naivePrice is a change of what a deal pays its provider c, and in whose favour
// the firm that pays for it does.
type naivePrice struct {
	deal *naiveDeal
	c    int
	up   bool // the requester pays more, else the provider takes less
	more agents.Money
}

func (p *naivePrice) payer() int32 {
	if p.up {
		return p.deal.step.order.firm
	}
	return p.deal.row.Provider[p.c]
}

// prices is how prices change so that nobody is worse off, and the first firm
// that is all the same, or None.
func (n *naive) prices(m *naiveTier) (out []naivePrice, worse int32) {
	slack := maps.Clone(n.all.gains)
	for _, f := range slices.Sorted(maps.Keys(slack)) {
		for slack[f] < -agents.Unit/100 {
			path := n.payers(f, slack, out)
			if path == nil {
				return nil, f
			}
			gross, share := 1+m.spec.FeeShare, 1.0
			for _, p := range path {
				if p.up {
					share /= gross
				} else {
					share *= gross
				}
			}
			payer := path[0].payer()
			all, more := 1/share, min(-slack[f], agents.Money(float64(slack[payer])*share))
			parts, part := make([]float64, len(path)), all
			for i, p := range path {
				if p.up {
					part /= gross
					parts[i] = part
				} else {
					more = min(more, agents.Money(float64(p.deal.spare(p.c, out))/part))
					parts[i] = -part
					part *= gross
				}
			}
			if more <= 0 {
				return nil, f
			}
			slack[f] += more
			slack[payer] -= agents.Money(math.Round(float64(more) * all))
			for i := range path {
				path[i].more = agents.Money(math.Round(float64(more) * parts[i]))
			}
			out = append(out, path...)
		}
	}
	return out, agents.None
}

// spare is what a provider gets beyond its reservation price.
func (d *naiveDeal) spare(c int, changes []naivePrice) agents.Money {
	sum := d.pay[c] - d.asks[c]
	for _, p := range changes {
		if p.deal == d && p.c == c {
			sum += p.more
		}
	}
	return sum
}

// payers is the shortest way from a firm that gains to f.
func (n *naive) payers(f int32, slack map[int32]agents.Money, changes []naivePrice) []naivePrice {
	paths := map[int32][]naivePrice{f: {}}
	for queue := []int32{f}; len(queue) > 0; queue = queue[1:] {
		for _, d := range n.all.laid {
			for c, g := range d.row.Provider {
				p := naivePrice{deal: d, c: c, up: g == queue[0]}
				if d.fixed || g == agents.None || !p.up && (d.step.order.firm != queue[0] || d.spare(c, changes) <= 0) || paths[p.payer()] != nil {
					continue
				}
				paths[p.payer()] = append([]naivePrice{p}, paths[queue[0]]...)
				if slack[p.payer()] > 0 {
					return paths[p.payer()]
				}
				queue = append(queue, p.payer())
			}
		}
	}
	return nil
}

// arrangeFirm plans a firm's orders beside the deals that are laid: what it
// gains, and whether all deals of its orders serve.
func (n *naive) arrangeFirm(f int32, follow bool) (gains agents.Money, serve bool) {
	var mine []*naiveEntered
	for _, e := range n.all.orders {
		if e.order.firm == f {
			mine = append(mine, e)
			gains += e.position
		}
	}
	for _, e := range mine {
		n.unplan(e)
		if follow {
			for _, b := range e.proposed {
				n.booked[b.day] = append(n.booked[b.day], b)
			}
		}
		e.order.forgone = false
		for _, s := range e.order.steps {
			s.short = false
			n.reckon(s)
		}
		if follow && !n.served(e.order) {
			for _, s := range e.order.steps {
				n.takeOwn(s)
				n.reckon(s)
			}
		}
	}
	for _, e := range mine {
		if !follow || !n.served(e.order) {
			n.plan(e.order)
		}
	}
	serve = true
	for _, e := range mine {
		gains -= n.position(e.order) + n.dealCosts(e.order)
		for _, s := range e.order.steps {
			serve = serve && !(e.order.forgone && len(n.unmade(s)) > 0)
		}
		serve = serve && n.keeps(e)
	}
	for _, d := range n.all.laid {
		earned, _ := d.earned(f)
		gains += earned
	}
	return gains, serve
}

func (n *naive) served(o *naiveOrder) bool {
	end := n.day
	for _, s := range o.steps {
		if n.planned(s) < s.rest() {
			return false
		}
		if b := n.bookings(s); s.done == 0 && len(b) > 0 && b[0].day < end {
			return false
		}
		end = max(end, s.end)
	}
	return true
}

// unplan leaves an order its deals, of the clearing and before.
func (n *naive) unplan(e *naiveEntered) {
	n.clear(e)
	for _, b := range e.booked {
		if b.deal != nil {
			n.booked[b.day] = append(n.booked[b.day], b)
		}
	}
}

// clear takes back what is booked for an order but for deals of the clearing.
func (n *naive) clear(e *naiveEntered) {
	for _, s := range e.order.steps {
		for _, b := range n.bookings(s) {
			if b.deal == nil || b.deal.made {
				n.takeBack(b)
			}
		}
	}
}

// putBack makes an order what it was.
func (n *naive) putBack(e *naiveEntered) {
	n.clear(e)
	e.order.forgone = e.forgone
	for j, s := range e.order.steps {
		limit := min(s.limit, e.steps[j].limit)
		*s = e.steps[j]
		s.limit = limit
	}
	for _, b := range e.booked {
		n.booked[b.day] = append(n.booked[b.day], b)
	}
	for j, s := range e.order.steps {
		if e.laid[j] {
			n.reckon(s)
		}
	}
}

// fall undoes a deal, with the others of its request if that is all or nothing.
func (n *naive) fall(d *naiveDeal, reason int) {
	if !slices.Contains(n.all.laid, d) {
		return // with another of its request
	}
	s := d.step
	n.all.todo[s.order.firm] = true
	n.all.laid = slices.DeleteFunc(n.all.laid, func(x *naiveDeal) bool {
		if x.step != s || s.order.class.partial && x != d {
			return false
		}
		n.result.Refusals[reason]++
		n.tell(s, Event{What: Refused, Tier: x.row.Tier, Others: x.row.Provider, Reason: int8(reason)})
		for _, g := range x.row.Provider {
			if g != agents.None {
				n.all.todo[g] = true
			}
		}
		return true
	})
	for _, b := range n.bookings(s) {
		if b.deal != nil && !b.deal.made && !slices.Contains(n.all.laid, b.deal) {
			n.takeBack(b)
			if reason == RefusedBundle {
				s.limit = b.day - 1
			}
		}
	}
	n.reckon(s)
}
