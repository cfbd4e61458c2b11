package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// The brokers of the naive engine. They try things out on a copy of the lots'
// hours. What optimal proposes is taken as it is: its equal optima differ.
var naiveBrokers = map[string]func(*agents.Open, *rng.Stream) []agents.Match{
	"random": naiveRandom, "nearest": naiveNearest, "due": naiveDue, "greedy": naiveGreedy, "auction": naiveAuction,
}

// naiveDesk is a book with what is left of its lots.
type naiveDesk struct {
	*agents.Open
	free [][]agents.Hours
}

// naivePart is what an option does for a request.
type naivePart struct {
	option int32
	hours  agents.Hours // of the request
	slots  []agents.Slot
}

func newNaiveDesk(b *agents.Open) *naiveDesk {
	d := &naiveDesk{Open: b}
	for _, l := range b.Lots {
		d.free = append(d.free, slices.Clone(l.Free))
	}
	return d
}

// take removes a part's hours from the lots, or with -1 gives them back.
func (d *naiveDesk) take(p naivePart, sign agents.Hours) {
	o := &d.Options[p.option]
	for _, s := range p.slots {
		d.free[o.Lot[0]][s.Day-d.Today] -= sign * (s.Hours + o.Travel[0])
		if o.Lot[1] != agents.None {
			d.free[o.Lot[1]][s.Day-d.Today] -= sign * (o.Ratio.Of(s.Hours) + o.Travel[1])
		}
	}
}

// lay finds places for need booked hours of an option, beside what other parts
// do for the same request, and tells how many found one.
func (d *naiveDesk) lay(o int32, need agents.Hours, beside []naivePart) (slots []agents.Slot, placed agents.Hours) {
	x := &d.Options[o]
	q := &d.Requests[x.Request]
	for day := max(q.First, x.From, d.Today); day <= q.Last && int(day-d.Today) < len(d.free[x.Lot[0]]) && placed < need; day++ {
		h := q.PerDay
		for _, p := range beside {
			for _, s := range p.slots {
				if s.Day == day {
					h -= s.Hours
				}
			}
		}
		h = min(h, need-placed, d.free[x.Lot[0]][day-d.Today]-x.Travel[0])
		if x.Lot[1] != agents.None {
			h = min(h, x.Ratio.Within(d.free[x.Lot[1]][day-d.Today]-x.Travel[1]))
		}
		if h > 0 {
			slots, placed = append(slots, agents.Slot{Day: day, Hours: h}), placed+h
		}
	}
	return slots, placed
}

// fit is the most of want hours that an option can do for its request.
func (d *naiveDesk) fit(o int32, want agents.Hours, beside []naivePart) naivePart {
	x := &d.Options[o]
	p := naivePart{option: o}
	if want <= 0 {
		return p
	}
	need := x.Factor.Of(want) + x.Setup
	slots, placed := d.lay(o, need, beside)
	if placed == need {
		p.hours, p.slots = want, slots
	} else if placed > x.Setup {
		p.hours = x.Factor.Within(placed - x.Setup)
		p.slots, _ = d.lay(o, x.Factor.Of(p.hours)+x.Setup, beside)
	}
	return p
}

// worth is the net value of h hours by an option, by the book's figures.
func (d *naiveDesk) worth(o int32, h agents.Hours) agents.Money {
	v := d.Net[o].For(h)
	if !d.Options[o].Own {
		v -= d.Charge[o]
	}
	return v
}

// offer is what an option may do for a request of which left hours are to go;
// none if the rules allow nothing. If careful, nothing at a loss.
func (d *naiveDesk) offer(o int32, left agents.Hours, beside []naivePart, careful bool) naivePart {
	q := &d.Requests[d.Options[o].Request]
	if len(beside) >= int(q.MaxSites) {
		return naivePart{}
	}
	p := d.fit(o, left, beside)
	if p.hours < left && !q.Divisible {
		if len(beside)+1 >= int(q.MaxSites) {
			return naivePart{} // nobody else could do the rest
		}
		if left-p.hours < q.Minimum { // too little for another deal
			p = d.fit(o, left-q.Minimum, beside)
		}
	}
	if p.hours < q.Minimum && !d.Options[o].Own || careful && p.hours > 0 && d.worth(o, p.hours) < 0 {
		return naivePart{}
	}
	return p
}

// serve fills a request from options in their order, the first of which must
// take part; nil if it cannot be done. The hours are taken.
func (d *naiveDesk) serve(options []int32, careful bool) (parts []naivePart) {
	q := &d.Requests[d.Options[options[0]].Request]
	left := q.Hours
	for i, o := range options {
		if left == 0 {
			break
		}
		p := d.offer(o, left, parts, careful)
		if p.hours > 0 {
			d.take(p, 1)
			parts, left = append(parts, p), left-p.hours
		} else if i == 0 {
			return nil
		}
	}
	if left > 0 && !q.Divisible {
		d.giveBack(parts)
		return nil
	}
	return parts
}

// serveAny is serve beginning with the first option with which it can be done.
func (d *naiveDesk) serveAny(options []int32, careful bool) []naivePart {
	for i := range options {
		if parts := d.serve(options[i:], careful); parts != nil {
			return parts
		}
	}
	return nil
}

func (d *naiveDesk) giveBack(parts []naivePart) {
	for _, p := range parts {
		d.take(p, -1)
	}
}

// of lists the options of a request in the given order.
func (d *naiveDesk) of(r int, compare func(x, y int32) int) []int32 {
	options := naturals(len(d.Options))[d.First[r]:d.First[r+1]]
	slices.SortFunc(options, func(x, y int32) int { return cmp.Or(compare(x, y), d.nearer(x, y)) })
	return options
}

// nearer orders options by distance, then the one that takes up fewer lots,
// then by the lots' keys, then by place.
func (d *naiveDesk) nearer(x, y int32) int {
	p, q := &d.Options[x], &d.Options[y]
	key := func(l int32) uint64 {
		if l == agents.None {
			return 0
		}
		return d.Lots[l].Key
	}
	return cmp.Or(cmp.Compare(p.Km, q.Km), b2i(p.Lot[1] != agents.None)-b2i(q.Lot[1] != agents.None),
		cmp.Compare(key(p.Lot[0]), key(q.Lot[0])), cmp.Compare(key(p.Lot[1]), key(q.Lot[1])), cmp.Compare(x, y))
}

// dueFirst orders requests by due day, then key, then place.
func (d *naiveDesk) dueFirst(r, s int) int {
	p, q := &d.Requests[r], &d.Requests[s]
	return cmp.Or(cmp.Compare(p.Last, q.Last), cmp.Compare(p.Key, q.Key), cmp.Compare(r, s))
}

func proposed(parts []naivePart) (out []agents.Match) {
	for _, p := range parts {
		out = append(out, agents.Match{Option: p.option, Day: agents.AnyDay, Hours: p.hours, Price: [2]agents.Money{agents.SplitPrice, agents.SplitPrice}})
	}
	return out
}

// naiveRandom: options in random order; one that is reached serves its request
// together with those of the request that come after it.
func naiveRandom(b *agents.Open, draw *rng.Stream) (out []agents.Match) {
	d := newNaiveDesk(b)
	order := naturals(len(b.Options))
	for i := len(order) - 1; i > 0; i-- {
		j := draw.IntN(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	served := map[int32]bool{}
	for i, o := range order {
		r := b.Options[o].Request
		rest := slices.DeleteFunc(slices.Clone(order[i:]), func(x int32) bool { return b.Options[x].Request != r })
		if !served[r] {
			parts := d.serve(rest, false)
			served[r] = parts != nil
			out = append(out, proposed(parts)...)
		}
	}
	return out
}

// byDue lists the requests by due day.
func (d *naiveDesk) byDue() []int {
	requests := make([]int, len(d.Requests))
	for r := range requests {
		requests[r] = r
	}
	slices.SortFunc(requests, d.dueFirst)
	return requests
}

// naiveNearest: requests by due day, each served from the nearest options.
func naiveNearest(b *agents.Open, _ *rng.Stream) (out []agents.Match) {
	d := newNaiveDesk(b)
	for _, r := range d.byDue() {
		out = append(out, proposed(d.serveAny(d.of(r, func(_, _ int32) int { return 0 }), false))...)
	}
	return out
}

// naiveDue: requests by due day, each served by the best bundle left for it.
func naiveDue(b *agents.Open, _ *rng.Stream) (out []agents.Match) {
	d := newNaiveDesk(b)
	for _, r := range d.byDue() {
		if v := d.bestOf(r); v != nil {
			for _, p := range v.parts {
				d.take(p, 1)
			}
			out = append(out, proposed(v.parts)...)
		}
	}
	return out
}

// naiveBundle is the best that can be done for a request.
type naiveBundle struct {
	request int
	parts   []naivePart
	value   agents.Money
	hours   agents.Hours // taken up, of all lots
}

// naiveGreedy: the bundle of highest value first; of equal ones the one that
// takes up fewer hours, then the one due first. What a request could have is
// found at the beginning. When its turn comes it gets that if the one option is
// worth the same; if not, it is found again, and if others come first then, it
// waits.
func naiveGreedy(b *agents.Open, _ *rng.Stream) (out []agents.Match) {
	d := newNaiveDesk(b)
	var queue []*naiveBundle
	enter := func(r int) {
		if v := d.bestOf(r); v != nil {
			queue = append(queue, v)
		}
		slices.SortFunc(queue, func(v, w *naiveBundle) int {
			return cmp.Or(cmp.Compare(w.value, v.value), cmp.Compare(v.hours, w.hours), d.dueFirst(v.request, w.request))
		})
	}
	for r := range b.Requests {
		enter(r)
	}
	for len(queue) > 0 {
		v := queue[0]
		q := &b.Requests[v.request]
		again := d.offer(v.parts[0].option, q.Hours, nil, true)
		if q.MaxSites == 1 && again.hours > 0 && d.worth(again.option, again.hours) == v.value {
			v.parts = []naivePart{again}
		} else {
			queue = queue[1:]
			enter(v.request)
			if len(queue) == 0 || queue[0].request != v.request {
				continue
			}
			v = queue[0]
		}
		for _, p := range v.parts {
			d.take(p, 1)
		}
		out = append(out, proposed(v.parts)...)
		queue = queue[1:]
	}
	return out
}

// bestOf is the best bundle for a request, nil if there is none that is worth
// it: one option or, where sites may share it, options by what each is worth
// alone.
func (d *naiveDesk) bestOf(r int) (best *naiveBundle) {
	q := &d.Requests[r]
	bundle := func(parts []naivePart) *naiveBundle {
		v := &naiveBundle{request: r, parts: parts}
		for _, p := range parts {
			o := &d.Options[p.option]
			v.value += d.worth(p.option, p.hours)
			for _, s := range p.slots {
				v.hours += s.Hours + o.Travel[0]
				if o.Lot[1] != agents.None {
					v.hours += o.Ratio.Of(s.Hours) + o.Travel[1]
				}
			}
		}
		return v
	}
	if q.MaxSites > 1 {
		alone := func(o int32) agents.Money { return d.worth(o, d.fit(o, q.Hours, nil).hours) }
		parts := d.serveAny(d.of(r, func(x, y int32) int { return cmp.Compare(alone(y), alone(x)) }), true)
		if parts == nil {
			return nil
		}
		d.giveBack(parts)
		return bundle(parts)
	}
	for o := d.First[r]; o < d.First[r+1]; o++ {
		p := d.offer(o, q.Hours, nil, true)
		if p.hours == 0 {
			continue
		}
		v := bundle([]naivePart{p})
		if best == nil || cmp.Or(cmp.Compare(best.value, v.value), cmp.Compare(v.hours, best.hours), d.nearer(o, best.parts[0].option)) < 0 {
			best = v
		}
	}
	return best
}

// naiveTrade is a request of an auction that has found its lots.
type naiveTrade struct {
	request  int
	parts    []naivePart
	ask, bid agents.Money // least and highest price per hour at which it is made
	gain     agents.Money
}

// naiveAuction: a cell is the requests of one kind, operator, domain and zone;
// the one with the highest bid clears first.
func naiveAuction(b *agents.Open, _ *rng.Stream) (out []agents.Match) {
	d := newNaiveDesk(b)
	type place struct {
		kind, operator, domain int16
		zone                   int32
	}
	cells := map[place][]int{}
	top := map[place]agents.Money{}
	var places []place
	for r, q := range b.Requests {
		c := place{q.Kind, q.Operator, q.Domain, q.Zone}
		if cells[c] == nil {
			places = append(places, c)
		}
		cells[c] = append(cells[c], r)
		top[c] = max(top[c], b.Bid[r])
	}
	slices.SortFunc(places, func(x, y place) int {
		return cmp.Or(cmp.Compare(top[y], top[x]), cmp.Compare(x.kind, y.kind), cmp.Compare(x.operator, y.operator),
			cmp.Compare(x.domain, y.domain), cmp.Compare(x.zone, y.zone))
	})
	for _, c := range places {
		out = append(out, d.auctionOff(cells[c])...)
	}
	return out
}

func (d *naiveDesk) auctionOff(requests []int) (out []agents.Match) {
	slices.SortFunc(requests, func(r, s int) int { return cmp.Or(cmp.Compare(d.Bid[s], d.Bid[r]), d.dueFirst(r, s)) })
	var trades []naiveTrade
	for _, r := range requests {
		q := &d.Requests[r]
		cost := func(o int32) agents.Money { // of the whole request, on the fewest days
			_, _, sum := d.asks(o, q.Hours, int((d.Options[o].Booked(q.Hours)+q.PerDay-1)/q.PerDay))
			return sum
		}
		options := d.of(r, func(x, y int32) int { return cmp.Compare(cost(x), cost(y)) })
		for i := range options {
			parts := d.serve(options[i:], false)
			if parts == nil {
				continue
			}
			t := d.bargain(r, parts)
			if t.ask <= t.bid && t.gain >= 0 {
				trades = append(trades, t)
				break
			}
			d.giveBack(parts)
		}
	}
	for _, t := range trades {
		d.giveBack(t.parts)
	}
	price := clearingPrice(trades)
	for _, t := range trades {
		if t.ask > price || price > t.bid {
			continue
		}
		var parts []naivePart
		for _, p := range t.parts { // on what is left now
			again := d.fit(p.option, p.hours, parts)
			if again.hours < p.hours {
				break
			}
			d.take(again, 1)
			parts = append(parts, again)
		}
		if now := d.bargain(t.request, parts); len(parts) < len(t.parts) || now.ask > price || price > now.bid || now.gain < 0 {
			d.giveBack(parts)
			continue
		}
		for _, p := range parts {
			out = append(out, agents.Match{Option: p.option, Day: agents.AnyDay, Hours: p.hours, Price: d.priced(p, price)})
		}
	}
	return out
}

// clearingPrice is the middle of the prices at which the trades that gain most
// in sum are all made.
func clearingPrice(trades []naiveTrade) agents.Money {
	accepted := func(p agents.Money) (low, high, gain agents.Money) {
		low, high = math.MinInt64, math.MaxInt64
		for _, t := range trades {
			if t.ask <= p && p <= t.bid {
				low, high, gain = max(low, t.ask), min(high, t.bid), gain+t.gain
			}
		}
		return low, high, gain
	}
	price, best := agents.Money(0), agents.Money(-1)
	for _, t := range trades {
		for _, p := range []agents.Money{t.ask, t.bid} {
			if _, _, gain := accepted(p); t.ask > math.MinInt64 && gain > best {
				price, best = p, gain
			}
		}
	}
	low, high, _ := accepted(price)
	if low == math.MinInt64 {
		return 0 // nothing but own lots: they have no price
	}
	return low + (high-low)/2
}

// half is a side's share of what a deal of an option costs, providers all of
// them: each lot counts as one.
func (d *naiveDesk) half(o int32) agents.Money {
	if d.Options[o].Own {
		return 0
	}
	return (d.Charge[o] + 1) / 2
}

func (d *naiveDesk) providers(o int32) agents.Money {
	return d.half(o) * agents.Money(1+b2i(d.Options[o].Lot[1] != agents.None))
}

// asks is what each lot of an option asks per hour of its own for h hours of
// the request on so many days, its hours, and the sum.
func (d *naiveDesk) asks(o int32, h agents.Hours, days int) (asks [2]agents.Money, hours [2]agents.Hours, sum agents.Money) {
	x := &d.Options[o]
	for c, l := range x.Lot {
		if l == agents.None {
			continue
		}
		hours[c] = x.Booked(h)
		if c == 1 {
			hours[c] = x.Ratio.Of(hours[c])
		}
		hours[c] += agents.Hours(days) * x.Travel[c]
		asks[c] = d.Ask[o][c] + hourly(d.half(o), hours[c], true)
		sum += asks[c].For(hours[c])
	}
	return asks, hours, sum
}

// hourly is m per hour of h, rounded down or up.
func hourly(m agents.Money, h agents.Hours, up bool) agents.Money {
	p := m * agents.Money(agents.Hour)
	if up {
		p += agents.Money(h) - 1
	}
	return p / agents.Money(h)
}

// bargain is the trade of a request with these parts: an hour's price must
// cover what the lots ask, and be worth it to the requester, beside what the
// deal costs the providers, which is paid on top. Own parts have no price.
func (d *naiveDesk) bargain(r int, parts []naivePart) naiveTrade {
	t := naiveTrade{request: r, parts: parts, ask: math.MinInt64, bid: math.MaxInt64}
	for _, p := range parts {
		_, _, sum := d.asks(p.option, p.hours, len(p.slots))
		most := d.Bid[r].For(p.hours) - d.half(p.option)
		t.gain += most - sum
		if !d.Options[p.option].Own {
			t.ask = max(t.ask, hourly(sum-d.providers(p.option), p.hours, true))
			t.bid = min(t.bid, hourly(max(most-d.providers(p.option), -1), p.hours, false))
		}
	}
	return t
}

// priced is the price per hour of each lot: its ask and the same markup.
func (d *naiveDesk) priced(p naivePart, price agents.Money) [2]agents.Money {
	asks, hours, sum := d.asks(p.option, p.hours, len(p.slots))
	if d.Options[p.option].Own {
		return asks
	}
	paid := price.For(p.hours) + d.providers(p.option)
	markup := hourly(paid-sum, hours[0]+hours[1], false)
	for markup > 0 && (asks[0]+markup).For(hours[0])+(asks[1]+markup).For(hours[1]) > paid {
		markup--
	}
	asks[0] += markup
	if d.Options[p.option].Lot[1] != agents.None {
		asks[1] += markup
	}
	return asks
}

// clearings is what trying everything on small books of the optimal broker
// has shown.
type clearings struct {
	books, exact int
	best, value  agents.Money // of all books
	wrong        []string
}

// judge holds what the optimal broker says of its clearing against what it
// proposes and, on a small book, against everything that could be tried.
func (n *naive) judge(b *agents.Open, matches []agents.Match, value, bound agents.Money) {
	wrong := func(format string, a ...any) {
		n.tried.wrong = append(n.tried.wrong, fmt.Sprintf("day %d, %d requests, %d options: ", n.day, len(b.Requests), len(b.Options))+fmt.Sprintf(format, a...))
	}
	d := newNaiveDesk(b)
	sum := agents.Money(0)
	for _, m := range matches {
		sum += d.worth(m.Option, m.Hours)
	}
	if sum != value || value > bound {
		wrong("its matches are worth %d, it says %d and at most %d", sum, value, bound)
	}
	steps := 20_000
	requests := make([]int, len(b.Requests))
	for r := range requests {
		requests[r] = r
	}
	best := d.most(requests, &steps)
	if steps < 0 {
		return // too many ways to try
	}
	n.tried.books++
	n.tried.best, n.tried.value = n.tried.best+max(best, value), n.tried.value+value
	if value == bound {
		n.tried.exact++
	}
	if best > bound+agents.Money(len(b.Requests)) { // each deal's worth rounds, by half a ten-thousandth at most
		wrong("%d can be had, it says at most %d and makes %d", best, bound, value)
	}
}

// most is the greatest value that serving requests one after the other can
// have, in any order, by any options in any order, none at a loss, as early as
// can be. It gives up when it has used up its steps.
func (d *naiveDesk) most(requests []int, steps *int) (best agents.Money) {
	for i, r := range requests {
		others := slices.Delete(slices.Clone(requests), i, i+1)
		q := &d.Requests[r]
		var fill func(left agents.Hours, parts []naivePart, value agents.Money)
		fill = func(left agents.Hours, parts []naivePart, value agents.Money) {
			if len(parts) > 0 && (left == 0 || q.Divisible) {
				best = max(best, value+d.most(others, steps))
			}
			for o := d.First[r]; o < d.First[r+1] && left > 0; o++ {
				if *steps--; *steps < 0 {
					return
				}
				used := slices.ContainsFunc(parts, func(p naivePart) bool { return p.option == o })
				if p := d.offer(o, left, parts, true); p.hours > 0 && !used && d.Net[o] >= 0 {
					d.take(p, 1)
					fill(left-p.hours, append(slices.Clone(parts), p), value+d.worth(o, p.hours))
					d.take(p, -1)
				}
			}
		}
		fill(q.Hours, nil, 0)
	}
	return best
}
