package brokers

import (
	"math"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// optimal seeks the greatest net value of the clearing. The book falls into
// components that share no lot. A component that is a flow is solved exactly;
// of any other, a packing, the best found is taken and a bound is kept.
// Of clearings of equal value the one that serves more hours, and earlier,
// is preferred. Options that are worth less than nothing are left aside.
type optimal struct {
	greedy
	flow
	relaxation
	value, bound agents.Money

	options []int32        // that can serve and are worth it, grouped by request
	first   []int32        // per request: its options begin here
	alone   []agents.Money // per entry of options: what it is worth with no rival
	most    []agents.Hours // per entry of options: hours it can serve with no rival
	top     []agents.Hours // of one request: hours of its options
	room    []agents.Hours // of one request: hours of its options, day by day
	leader  []int32        // per lot: towards the first lot of its component
	label   []int32        // per lot, if it leads: number of the component
	members []int32        // requests by component
	start   []int32        // per component: its requests begin here in members
	lots    []int32        // of one component
	seen    []bool         // per lot
}

func newOptimal() agents.Clearer[agents.Book] { return new(optimal) }

// Bound is the value of the last clearing and a bound on the value of any.
func (b *optimal) Bound() (value, bound agents.Money) { return b.value, b.bound }

func (b *optimal) Clear(book *agents.Book, _ *rng.Stream, out []agents.Match) []agents.Match {
	b.open(book)
	b.size()
	b.value, b.bound = 0, 0
	b.sift()
	b.components()
	for c := range b.start[1:] {
		requests := b.members[b.start[c]:b.start[c+1]]
		b.gather(requests)
		n := len(out)
		var bound agents.Money
		out, bound = b.solve(requests, out)
		b.value += Value(book, out[n:])
		b.bound += bound
	}
	return out
}

// size makes room for the clearing.
func (b *optimal) size() {
	b.layOut(b.book)
	days, lots, requests := len(b.price), len(b.book.Lots), len(b.book.Requests)
	b.node, b.excess = resize(b.node, days), resize(b.excess, days)
	b.role, b.ratio = resize(b.role, lots), resize(b.ratio, lots)
	b.windows, b.heads, b.inner = resize(b.windows, requests), resize(b.heads, requests), resize(b.inner, requests)
}

// solve clears one component and returns a bound on its value.
func (b *optimal) solve(requests []int32, out []agents.Match) ([]agents.Match, agents.Money) {
	limit := agents.Money(math.MaxInt64)
	if r := requests[0]; len(requests) > 1 || b.book.Requests[r].MaxSites > 1 && len(b.of(r)) > 1 {
		n := len(out)
		var ok bool
		if out, limit, ok = b.route(requests, out); ok {
			return out, Value(b.book, out[n:])
		}
	}
	return b.packBest(requests, limit, out)
}

// sift lists the options that can serve their request, at least in part, and
// are worth it.
func (b *optimal) sift() {
	book := b.book
	b.options, b.alone, b.most = b.options[:0], b.alone[:0], b.most[:0]
	b.first = append(b.first[:0], 0)
	for r := range book.Requests {
		q := &book.Requests[r]
		for o := book.First[r]; o < book.First[r+1] && q.MaxSites > 0; o++ {
			if book.Net[o] < 0 || worth(book, o, q.Hours) < 0 {
				continue
			}
			h, _ := b.fits(int32(r), o, q.Hours)
			v := worth(book, o, h)
			if h <= 0 || v < 0 || h < q.Minimum && !book.Options[o].Own || h < q.Hours && !q.Divisible && q.MaxSites <= 1 {
				continue
			}
			b.options = append(b.options, o)
			b.alone = append(b.alone, v)
			b.most = append(b.most, h)
		}
		if !q.Divisible && q.MaxSites > 1 {
			b.prune(q, int(b.first[r]))
		}
		b.first = append(b.first, int32(len(b.options)))
	}
}

// prune drops the options from place n on, those of request q, with which it
// could not be served whole even if it had no rival.
func (b *optimal) prune(q *agents.Request, n int) {
	options, most := b.options[n:], b.most[n:]
	days := min(int(q.Last-b.book.Today)+1, b.horizon)
	b.room = b.room[:0]
	for _, o := range options {
		for d := range days {
			b.room = append(b.room, roomOn(b.book, q, &b.book.Options[o], d))
		}
	}
	kept := n
	for i, o := range options {
		if most[i] == q.Hours || b.joined(q, options, most, i, days) {
			b.options[kept], b.alone[kept], b.most[kept] = o, b.alone[n+i], most[i]
			kept++
		}
	}
	b.options, b.alone, b.most = b.options[:kept], b.alone[:kept], b.most[:kept]
}

// joined reports whether the option at place i could serve the request with
// others: with one, if two may share it, or else with the largest.
func (b *optimal) joined(q *agents.Request, options []int32, most []agents.Hours, i, days int) bool {
	if q.MaxSites > 2 {
		b.top = append(append(b.top[:0], most[:i]...), most[i+1:]...)
		slices.Sort(b.top)
		sum := most[i]
		for _, h := range b.top[max(0, len(b.top)-int(q.MaxSites)+1):] {
			sum += h
		}
		return sum >= q.Hours
	}
	o := &b.book.Options[options[i]]
	for j := range options {
		if j == i {
			continue
		}
		p := &b.book.Options[options[j]]
		need := min(o.Factor, p.Factor).Of(q.Hours) + o.Setup + p.Setup
		for d := 0; d < days && need > 0; d++ {
			x := min(b.room[i*days+d]+b.room[j*days+d], q.PerDay)
			if x > 0 && o.Lot[0] == p.Lot[0] {
				x = min(x, b.book.Lots[o.Lot[0]].Free[d])
			}
			if x > 0 && o.Lot[1] != agents.None && o.Lot[1] == p.Lot[1] {
				x = min(x, max(o.Ratio, 1).Within(b.book.Lots[o.Lot[1]].Free[d]))
			}
			need -= x
		}
		if need <= 0 {
			return true
		}
	}
	return false
}

// of lists the options of request r that sift left.
func (b *optimal) of(r int32) []int32 { return b.options[b.first[r]:b.first[r+1]] }

// find is the lot that leads the component of lot l.
func (b *optimal) find(l int32) int32 {
	for b.leader[l] != l {
		b.leader[l] = b.leader[b.leader[l]]
		l = b.leader[l]
	}
	return l
}

// components sorts the requests that have options by the component of the
// book that they lie in, in the order of each component's first request.
func (b *optimal) components() {
	book := b.book
	b.leader, b.label, b.seen = b.leader[:0], b.label[:0], b.seen[:0]
	for l := range book.Lots {
		b.leader = append(b.leader, int32(l))
		b.label = append(b.label, -1)
		b.seen = append(b.seen, false)
	}
	for r := range book.Requests {
		options := b.of(int32(r))
		for _, o := range options {
			for _, l := range book.Options[o].Lot {
				if l != agents.None {
					b.leader[b.find(l)] = b.find(book.Options[options[0]].Lot[0])
				}
			}
		}
	}
	b.start = b.start[:0]
	for r := range book.Requests { // number the components and count their requests
		if options := b.of(int32(r)); len(options) > 0 {
			l := b.find(book.Options[options[0]].Lot[0])
			if b.label[l] < 0 {
				b.label[l] = int32(len(b.start))
				b.start = append(b.start, 0)
			}
			b.start[b.label[l]]++
		}
	}
	sum := int32(0)
	for c, n := range b.start {
		b.start[c] = sum
		sum += n
	}
	b.start = append(b.start, sum)
	b.members = slices.Grow(b.members[:0], int(sum))[:sum]
	for r := range book.Requests {
		if options := b.of(int32(r)); len(options) > 0 {
			c := b.label[b.find(book.Options[options[0]].Lot[0])]
			b.members[b.start[c]] = int32(r)
			b.start[c]++
		}
	}
	copy(b.start[1:], b.start) // each start has moved to the next one's place
	b.start[0] = 0
}

// gather lists the lots of one component.
func (b *optimal) gather(requests []int32) {
	b.lots = b.lots[:0]
	for _, r := range requests {
		for _, o := range b.of(r) {
			for _, l := range b.book.Options[o].Lot {
				if l != agents.None && !b.seen[l] {
					b.seen[l] = true
					b.lots = append(b.lots, l)
				}
			}
		}
	}
}
