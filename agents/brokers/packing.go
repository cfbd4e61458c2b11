package brokers

import (
	"math"
	"slices"

	"idleshift/agents"
)

// Where a clearing is no flow it is packed at prices on the hours of lots, day
// by day. With the capacity of the lots relaxed at such prices (Lagrange;
// Geoffrion 1974) each request can be looked at alone: what all of them could
// gain at best, and what all hours cost, bound the clearing from above. The
// prices follow the subgradient (Held, Wolfe and Crowder 1974), and packings
// are made greedily by what bundles are worth less what their hours cost.

// prices holds a price for every lot and day of a clearing.
type prices struct {
	horizon int       // days from today on which requests have their windows
	at      []int32   // per lot: its days begin here
	price   []float64 // Money per second
	inForce bool
}

// layOut sets out the days of a clearing's lots.
func (p *prices) layOut(book *agents.Book) {
	last, longest := 0, 0
	for r := range book.Requests {
		last = max(last, int(book.Requests[r].Last-book.Today)+1)
	}
	for l := range book.Lots {
		longest = max(longest, len(book.Lots[l].Free))
	}
	p.horizon = min(last, longest)
	p.at = append(p.at[:0], 0)
	sum := 0
	for l := range book.Lots {
		sum += min(p.horizon, len(book.Lots[l].Free))
		p.at = append(p.at, int32(sum))
	}
	p.price = resize(p.price, sum)
	p.inForce = false
}

// resize is s with length n; what it holds is arbitrary.
func resize[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// toll is what the slots cost at the prices.
func (p *prices) toll(book *agents.Book, o int32, slots []agents.Slot) agents.Money {
	if !p.inForce {
		return 0
	}
	opt := &book.Options[o]
	var sum float64
	for k, l := range opt.Lot {
		if l == agents.None {
			continue
		}
		days := p.price[p.at[l]:p.at[l+1]]
		for _, s := range slots {
			h := s.Hours
			if k == 1 {
				h = opt.Ratio.Of(h)
			}
			sum += days[s.Day-book.Today] * float64(h+opt.Travel[k])
		}
	}
	return agents.Money(math.Round(sum))
}

// relaxation is the part of optimal that packs.
type relaxation struct {
	excess []float64 // per lot and day: seconds used beyond its capacity
	work   []work    // of one request
	left   []float64 // per day: seconds of one request that can still be served
	trial  []agents.Match
	late   []bool         // per request: packed after the others
	found  []agents.Match // the best packing so far
}

// work is a day on which an option can serve its request.
type work struct {
	option int32
	day    int32      // from today
	place  int32      // of the option among those of its request
	most   float64    // seconds of the request; then those that are used
	gain   float64    // Money per second of the request
	use    [2]float64 // seconds of each lot per second of the request
}

// packBest appends the best packing found of the component and returns a bound
// on its value, no higher than limit.
func (b *optimal) packBest(requests []int32, limit agents.Money, out []agents.Match) ([]agents.Match, agents.Money) {
	const (
		steps   = 60   // most steps of the prices
		fewest  = 12   // steps at least, however large the component
		budget  = 1e7  // days of options looked at in all steps
		small   = 200  // options of a component that is packed at every step
		every   = 4    // steps between packings of a larger one
		patient = 4    // steps without a better bound after which steps are halved
		enough  = 5e-4 // relative gap at which the search ends
	)
	n := len(out)
	for _, l := range b.lots {
		clear(b.price[b.at[l]:b.at[l+1]])
	}
	b.inForce = false
	out = b.pack(requests, out)
	best := Value(b.book, out[n:])
	bound, options := agents.Money(0), 0
	for _, r := range requests {
		bound += b.unrivalled(r)
		options += len(b.of(r))
	}
	bound = min(bound, limit)
	if float64(bound-best) <= enough*float64(bound) {
		return out, bound
	}
	b.found = append(b.found[:0], out[n:]...)
	out = out[:n]
	step, since := 1.0, 0
	for i := range min(steps, max(fewest, int(budget)/(options*b.horizon))) {
		relaxed, norm := b.relax(requests)
		if u := ceiling(relaxed); u < bound {
			bound, since = u, 0
		} else if since++; since == patient {
			step, since = step/2, 0
		}
		if float64(bound-best) <= enough*float64(bound) || norm < 1 { // nothing is short by a second
			break
		}
		b.adjust(step * max(relaxed-float64(best), 1) / norm)
		if options > small && i%every != every-1 {
			continue
		}
		b.restore(b.lots)
		b.inForce = true
		b.trial = b.pack(requests, b.trial[:0])
		if v := Value(b.book, b.trial); v > best {
			best = v
			b.found = append(b.found[:0], b.trial...)
		}
	}
	if float64(bound-best) > enough*float64(bound) {
		b.repair(requests, best, options <= small)
	}
	return append(out, b.found...), bound
}

// repair improves on the packing found, of the given value. Packed by worth, an
// order that can wait may stand in the way of one that cannot: what the packing
// serves is served again in order of due days and the others after it, and, if
// it is tried hard, so is what it serves with any one of the others.
func (b *optimal) repair(requests []int32, best agents.Money, hard bool) {
	b.inForce = false
	for better := true; better; {
		better = false
		for _, guest := range requests {
			if v := b.byDue(requests, guest); v > best {
				best, better = v, true
				b.found = append(b.found[:0], b.trial...)
			}
			if !hard {
				break
			}
		}
	}
}

// byDue packs the requests that found serves, and the guest, in order of due
// days and then the others. It returns the value of the packing, which it leaves
// in trial.
func (b *optimal) byDue(requests []int32, guest int32) agents.Money {
	b.late = resize(b.late, len(b.book.Requests))
	for _, r := range requests {
		b.late[r] = r != guest
	}
	for _, m := range b.found {
		b.late[b.book.Options[m.Option].Request] = false
	}
	b.all = append(b.all[:0], requests...)
	slices.SortFunc(b.all, func(r, s int32) int {
		if b.late[r] != b.late[s] {
			if b.late[s] {
				return -1
			}
			return 1
		}
		return dueFirst(b.book, r, s)
	})
	b.restore(b.lots)
	b.trial = b.inTurn(b.all, b.trial[:0])
	return Value(b.book, b.trial)
}

// ceiling is a whole amount that no whole amount up to x exceeds, whatever the
// rounding errors in x.
func ceiling(x float64) agents.Money { return agents.Money(math.Floor(x + 1e-3 + 1e-11*math.Abs(x))) }

// unrivalled bounds what request r could gain if all lots were its own.
func (b *optimal) unrivalled(r int32) agents.Money {
	q := &b.book.Requests[r]
	alone := b.alone[b.first[r]:b.first[r+1]]
	if q.MaxSites <= 1 || len(alone) == 1 {
		return slices.Max(alone)
	}
	return ceiling(b.together(r, false))
}

// relax gives every request what serves it best at the prices, whatever the
// others take. It returns the bound and the square of the subgradient, which
// it leaves in excess.
func (b *optimal) relax(requests []int32) (value, norm float64) {
	for _, l := range b.lots {
		free := b.book.Lots[l].Free
		for d := range b.at[l+1] - b.at[l] {
			h := float64(max(free[d], 0))
			b.excess[b.at[l]+d] = -h
			value += h * b.price[b.at[l]+d]
		}
	}
	for _, r := range requests {
		if b.book.Requests[r].MaxSites > 1 {
			value += b.together(r, true)
			continue
		}
		best, option, inWork := 0.0, agents.None, agents.None
		for i, o := range b.of(r) {
			v := float64(b.alone[int(b.first[r])+i])
			if float64(b.whole[o])+2 <= best { // which two roundings do not make up for
				continue
			}
			if b.priced(o) {
				v = b.single(r, o)
				inWork = o
			}
			if v > best {
				best, option = v, o
			}
		}
		if option != agents.None {
			if option != inWork {
				b.single(r, option)
			}
			for i := range b.work {
				b.record(&b.work[i], b.work[i].most)
			}
			value += best
		}
	}
	for _, l := range b.lots {
		for i := b.at[l]; i < b.at[l+1]; i++ {
			if g := b.excess[i]; g > 0 || b.price[i] > 0 {
				norm += g * g
			}
		}
	}
	return value, norm
}

// adjust moves the prices along the subgradient.
func (b *optimal) adjust(step float64) {
	for _, l := range b.lots {
		for i := b.at[l]; i < b.at[l+1]; i++ {
			b.price[i] = max(0, b.price[i]+step*b.excess[i])
		}
	}
}

// priced reports whether any hour of the lots of option o has a price.
func (b *optimal) priced(o int32) bool {
	for _, l := range b.book.Options[o].Lot {
		if l == agents.None {
			continue
		}
		for _, p := range b.price[b.at[l]:b.at[l+1]] {
			if p > 0 {
				return true
			}
		}
	}
	return false
}

// lookAt appends to work the days on which option o, at the given place among
// those of request r, can serve it. Travel is spread over all hours that fit
// on its day, which is the least that it can cost each of them.
func (b *optimal) lookAt(r, o, place int32) {
	book := b.book
	q, opt := &book.Requests[r], &book.Options[o]
	factor, ratio := float64(opt.Factor)/1000, float64(opt.Ratio)/1000
	net := float64(book.Net[o]) / float64(agents.Hour)
	last := min(int32(q.Last-book.Today), int32(b.horizon)-1)
	for d := int32(max(q.First, opt.From, book.Today) - book.Today); d <= last; d++ {
		h := roomOn(book, q, opt, int(d))
		if h == 0 {
			continue
		}
		w := work{option: o, day: d, place: place, most: float64(h) / factor}
		w.use[0] = factor * (1 + float64(opt.Travel[0])/float64(h))
		w.gain = net - w.use[0]*b.price[b.at[opt.Lot[0]]+d]
		if opt.Lot[1] != agents.None {
			w.use[1] = factor * (ratio + float64(opt.Travel[1])/float64(h))
			w.gain -= w.use[1] * b.price[b.at[opt.Lot[1]]+d]
		}
		b.work = append(b.work, w)
	}
}

// roomOn is the primary hours of option o, d days from today, for a request
// that has no rival.
func roomOn(book *agents.Book, q *agents.Request, o *agents.Option, d int) agents.Hours {
	free := book.Lots[o.Lot[0]].Free
	if day := book.Today + agents.Day(d); day < max(q.First, o.From) || day > q.Last || d >= len(free) {
		return 0
	}
	h := min(free[d]-o.Travel[0], q.PerDay)
	if o.Lot[1] != agents.None {
		if free = book.Lots[o.Lot[1]].Free; d >= len(free) {
			return 0
		}
		h = min(h, max(o.Ratio, 1).Within(free[d]-o.Travel[1]))
	}
	return max(h, 0)
}

// sortWork puts the best days first, of equal ones the earliest. Few are put in
// order by hand: to call for every comparison would take longer than to sort.
func (b *optimal) sortWork() {
	const few = 24
	if len(b.work) > few {
		slices.SortFunc(b.work, func(v, w work) int {
			if v.before(&w) {
				return -1
			}
			return 1
		})
		return
	}
	for i := range b.work {
		for j := i; j > 0 && b.work[j].before(&b.work[j-1]); j-- {
			b.work[j], b.work[j-1] = b.work[j-1], b.work[j]
		}
	}
}

// before reports whether day w goes before v.
func (w *work) before(v *work) bool {
	return w.gain > v.gain || w.gain == v.gain && (w.day < v.day || w.day == v.day && w.place < v.place)
}

// single is the most that option o alone gains for request r at the prices. It
// leaves in work what is used of each day.
func (b *optimal) single(r, o int32) float64 {
	q, opt := &b.book.Requests[r], &b.book.Options[o]
	b.work = b.work[:0]
	b.lookAt(r, o, 0)
	b.sortWork()
	net := float64(b.book.Net[o]) / float64(agents.Hour)
	setup := float64(opt.Setup) * 1000 / float64(opt.Factor)
	left, least := float64(q.Hours), float64(q.Minimum)
	if opt.Own {
		least = 0
	}
	if !q.Divisible {
		least = left
	}
	value := 0.5 // the rounding of the net value
	if !opt.Own {
		value -= float64(b.book.Charge[o])
	}
	for i := range b.work {
		w := &b.work[i]
		used := min(setup, w.most)
		setup -= used
		value += used * (w.gain - net)
		if w.gain > 0 || least > 0 {
			h := min(left, w.most-used)
			if w.gain <= 0 {
				h = min(h, least)
			}
			value += h * w.gain
			left -= h
			least -= h
			used += h
		}
		w.most = used
	}
	return value
}

// together bounds what request r gains at the prices if any number of its
// options share it, each paying its charge and set-up in proportion to its
// hours, and if the least extra hours count for all against the limit on a day.
// If so told, it adds the hours to excess.
func (b *optimal) together(r int32, record bool) float64 {
	q := &b.book.Requests[r]
	b.work = b.work[:0]
	value, factor := 0.0, math.Inf(1)
	for i, o := range b.of(r) {
		opt := &b.book.Options[o]
		most := float64(b.most[int(b.first[r])+i])
		from := len(b.work)
		b.lookAt(r, o, int32(i))
		best := math.Inf(-1)
		for _, w := range b.work[from:] {
			best = max(best, w.gain)
		}
		fixed := float64(opt.Setup) * 1000 / float64(opt.Factor) * (float64(b.book.Net[o])/float64(agents.Hour) - best)
		if !opt.Own {
			fixed += float64(b.book.Charge[o])
		}
		for j := from; j < len(b.work); j++ {
			b.work[j].gain -= fixed / most
		}
		value += 0.5 // the rounding of the net value
		factor = min(factor, float64(opt.Factor)/1000)
	}
	b.sortWork()
	b.left = b.left[:0]
	for range b.horizon {
		b.left = append(b.left, float64(q.PerDay)/factor)
	}
	left := float64(q.Hours)
	n := 0
	for ; n < len(b.work) && left > 0; n++ {
		w := &b.work[n]
		if w.gain <= 0 && q.Divisible {
			break
		}
		h := min(left, w.most, b.left[w.day])
		value += h * w.gain
		left -= h
		b.left[w.day] -= h
		w.most = h
	}
	if value <= 0 || left > 0.5 && !q.Divisible {
		return 0
	}
	for i := range b.work[:n] {
		if record {
			b.record(&b.work[i], b.work[i].most)
		}
	}
	return value
}

// record adds seconds of work to excess.
func (b *optimal) record(w *work, seconds float64) {
	for k, l := range b.book.Options[w.option].Lot {
		if l != agents.None {
			b.excess[b.at[l]+w.day] += seconds * w.use[k]
		}
	}
}
