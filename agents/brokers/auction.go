package brokers

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// auction holds a sealed double auction in each cell of the market: a kind
// with its operator, a domain and a zone. A request bids in its own zone; every
// lot that can serve one of the cell's requests asks there, wherever it stands.
// An hour of a request is one good, asked for at what all its lots ask.
//
// Bids are matched from the highest down, each with the lowest ask that can
// serve it. If all pairs agree on a range of prices, the cell's price is the
// middle of it (the k-double auction with k = 1/2: Rustichini, Satterthwaite
// and Williams 1994); if not, since not every lot can serve every request, it
// is the price at which those that accept it gain most in sum, and the others
// do not trade. All requesters of a cell pay the price for each hour and, on
// top, what the deal costs its providers. The lots of a deal share exactly
// that, each its ask and the same markup per hour: nothing is left over but
// what rounding leaves with the requester.
//
// Cells clear one after the other, the one with the highest bid first, on what
// the earlier ones left over.
type auction struct {
	desk
	queue  []int32 // requests by cell
	cells  []cell
	order  []int32        // options of one request
	costs  []agents.Money // what each of them would cost in all
	trades []trade        // of one cell
	agreed []part         // of the trades
	laid   []agents.Slot  // of the parts
}

// A cell is one auction: the requests queue[from:to].
type cell struct {
	from, to int
	top      agents.Money // highest bid per hour
}

// A trade is a request that has found lots: the parts agreed[from:to].
type trade struct {
	request  int32
	from, to int
	ask, bid agents.Money // least and highest price per hour at which it is made
	gain     agents.Money
}

func newAuction() agents.Clearer[agents.Sealed] { return new(auction) }

func (b *auction) Clear(book *agents.Sealed, _ *rng.Stream, out []agents.Match) []agents.Match {
	b.open(&book.Book)
	b.split(book)
	for _, c := range b.cells {
		requests := b.queue[c.from:c.to]
		slices.SortFunc(requests, func(i, j int32) int {
			p, q := &book.Requests[i], &book.Requests[j]
			return cmp.Or(cmp.Compare(book.Bid[j], book.Bid[i]), cmp.Compare(p.Last, q.Last), cmp.Compare(p.Key, q.Key), cmp.Compare(i, j))
		})
		b.trades, b.agreed, b.laid = b.trades[:0], b.agreed[:0], b.laid[:0]
		for _, r := range requests {
			b.bargain(book, r)
		}
		for i := range b.agreed {
			b.move(b.agreed[i].option, b.slotsAgreed(i), -1)
		}
		price := b.settle()
		for i := range b.trades {
			if t := &b.trades[i]; t.ask <= price && price <= t.bid {
				out = b.conclude(book, t, price, out)
			}
		}
	}
	return out
}

// split sorts the requests into cells.
func (b *auction) split(book *agents.Sealed) {
	b.queue, b.cells = b.queue[:0], b.cells[:0]
	for r := range book.Requests {
		b.queue = append(b.queue, int32(r))
	}
	place := func(i, j int32) int {
		p, q := &book.Requests[i], &book.Requests[j]
		return cmp.Or(cmp.Compare(p.Kind, q.Kind), cmp.Compare(p.Operator, q.Operator),
			cmp.Compare(p.Domain, q.Domain), cmp.Compare(p.Zone, q.Zone))
	}
	slices.SortFunc(b.queue, func(i, j int32) int { return cmp.Or(place(i, j), cmp.Compare(i, j)) })
	for i, r := range b.queue {
		if i == 0 || place(b.queue[i-1], r) != 0 {
			b.cells = append(b.cells, cell{from: i, top: book.Bid[r]})
		}
		c := &b.cells[len(b.cells)-1]
		c.to, c.top = i+1, max(c.top, book.Bid[r])
	}
	slices.SortFunc(b.cells, func(c, d cell) int {
		return cmp.Or(cmp.Compare(d.top, c.top), cmp.Compare(c.from, d.from))
	})
}

// bargain finds the lots that serve request r for the least, and books them
// until the cell's price is known.
func (b *auction) bargain(book *agents.Sealed, r int32) {
	hours := book.Requests[r].Hours
	first := book.First[r]
	b.order, b.costs = b.order[:0], b.costs[:0]
	for o := first; o < book.First[r+1]; o++ {
		_, _, sum := b.ask(book, o, hours, b.visits(o, hours))
		b.order = append(b.order, o)
		b.costs = append(b.costs, sum)
	}
	slices.SortFunc(b.order, func(i, j int32) int {
		if c := cmp.Compare(b.costs[i-first], b.costs[j-first]); c != 0 {
			return c
		}
		return nearer(b.book, i, j)
	})
	for start := range b.order {
		if !b.fill(r, b.order[start:], nil, false) {
			continue
		}
		t := b.trade(book, r)
		if t.ask > t.bid || t.gain < 0 {
			b.undo()
			continue
		}
		t.from = len(b.agreed)
		for i := range b.parts {
			p := b.parts[i]
			p.slots = len(b.laid)
			b.laid = append(b.laid, b.slotsOf(i)...)
			b.agreed = append(b.agreed, p)
		}
		t.to = len(b.agreed)
		b.trades = append(b.trades, t)
		return
	}
}

// trade is the request at hand as a trade. What it does with its own lots has
// no price.
func (b *auction) trade(book *agents.Sealed, r int32) trade {
	t := trade{request: r, ask: math.MinInt64, bid: math.MaxInt64}
	for i, p := range b.parts {
		_, _, sum := b.ask(book, p.option, p.hours, len(b.slotsOf(i)))
		most := book.Bid[r].For(p.hours) - b.half(p.option)
		t.gain += most - sum
		if !b.book.Options[p.option].Own {
			top := b.onTop(p.option)
			t.ask = max(t.ask, up(sum-top, p.hours))
			t.bid = min(t.bid, per(max(most-top, -1), p.hours))
		}
	}
	return t
}

// settle is the price per hour of a cell with these trades.
func (b *auction) settle() agents.Money {
	var price agents.Money
	best := agents.Money(-1)
	for i := range b.trades {
		if b.trades[i].ask == math.MinInt64 {
			continue
		}
		for _, p := range [2]agents.Money{b.trades[i].ask, b.trades[i].bid} {
			sum := agents.Money(0)
			for j := range b.trades {
				if t := &b.trades[j]; t.ask <= p && p <= t.bid {
					sum += t.gain
				}
			}
			if sum > best {
				price, best = p, sum
			}
		}
	}
	low, high := agents.Money(math.MinInt64), agents.Money(math.MaxInt64)
	for i := range b.trades {
		if t := &b.trades[i]; t.ask <= price && price <= t.bid {
			low, high = max(low, t.ask), min(high, t.bid)
		}
	}
	if low == math.MinInt64 { // nothing but own lots
		return 0
	}
	return low + (high-low)/2
}

// conclude books a trade at the price, as the engine will, on what the trades
// that were given up have left.
func (b *auction) conclude(book *agents.Sealed, t *trade, price agents.Money, out []agents.Match) []agents.Match {
	b.begin()
	for _, p := range b.agreed[t.from:t.to] {
		h, slots := b.fits(t.request, p.option, p.hours)
		if h < p.hours {
			b.undo()
			return out
		}
		b.take(p.option, h, slots)
	}
	if now := b.trade(book, t.request); now.ask > price || price > now.bid || now.gain < 0 { // travel on other days
		b.undo()
		return out
	}
	n := len(out)
	out = b.emit(out)
	for i := range out[n:] {
		b.price(book, &out[n+i], price, len(b.slotsOf(i)))
	}
	return out
}

// price shares what a match pays between its lots, laid on so many days.
func (b *auction) price(book *agents.Sealed, m *agents.Match, price agents.Money, days int) {
	asks, hours, sum := b.ask(book, m.Option, m.Hours, days)
	if b.book.Options[m.Option].Own {
		m.Price = asks
		return
	}
	paid := price.For(m.Hours) + b.onTop(m.Option)
	markup := per(paid-sum, hours[0]+hours[1])
	for markup > 0 && (asks[0]+markup).For(hours[0])+(asks[1]+markup).For(hours[1]) > paid {
		markup-- // amounts round to the nearest
	}
	m.Price = [2]agents.Money{asks[0] + markup}
	if b.book.Options[m.Option].Lot[1] != agents.None {
		m.Price[1] = asks[1] + markup
	}
}

// ask is what each lot of option o asks per hour for h hours of its request on
// so many days, how many hours of its own that takes, and the sum of all.
func (b *auction) ask(book *agents.Sealed, o int32, h agents.Hours, days int) (asks [2]agents.Money, hours [2]agents.Hours, sum agents.Money) {
	opt := &b.book.Options[o]
	for k, l := range opt.Lot {
		if l == agents.None {
			continue
		}
		hours[k] = opt.Booked(h)
		if k == 1 {
			hours[k] = opt.Ratio.Of(hours[k])
		}
		hours[k] += agents.Hours(days) * opt.Travel[k]
		if hours[k] <= 0 {
			continue
		}
		asks[k] = book.Ask[o][k] + up(b.half(o), hours[k])
		sum += asks[k].For(hours[k])
	}
	return asks, hours, sum
}

// half is half the cost of a deal of option o: the requester's side, and as
// much as a provider's can be.
func (b *auction) half(o int32) agents.Money {
	if b.book.Options[o].Own {
		return 0
	}
	return (b.book.Charge[o] + 1) / 2
}

// onTop is what a deal of option o costs its providers. As the book does not
// say who owns which lot, each lot's side counts.
func (b *auction) onTop(o int32) agents.Money {
	if b.book.Options[o].Lot[1] != agents.None {
		return 2 * b.half(o)
	}
	return b.half(o)
}

// visits is the fewest days on which option o can serve h hours.
func (b *auction) visits(o int32, h agents.Hours) int {
	perDay := max(b.book.Requests[b.book.Options[o].Request].PerDay, 1)
	return int((b.book.Options[o].Booked(h) + perDay - 1) / perDay)
}

// slotsAgreed lists the slots of agreed[i].
func (b *auction) slotsAgreed(i int) []agents.Slot {
	if i+1 < len(b.agreed) {
		return b.laid[b.agreed[i].slots:b.agreed[i+1].slots]
	}
	return b.laid[b.agreed[i].slots:]
}

// per is the amount m per hour of h, up the same rounded up; h must be
// positive and m not negative.
func per(m agents.Money, h agents.Hours) agents.Money {
	return m * agents.Money(agents.Hour) / agents.Money(h)
}

func up(m agents.Money, h agents.Hours) agents.Money {
	return (m*agents.Money(agents.Hour) + agents.Money(h) - 1) / agents.Money(h)
}
