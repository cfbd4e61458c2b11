package brokers

import (
	"cmp"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// greedy takes the bundle of highest net value, then the highest of what is
// left. A bundle is what serves one request: one option or, where the request
// may be divided between sites, options by what each is worth alone. Nothing
// that is worth less than nothing is proposed. Of equal bundles the one that
// takes up fewer hours goes first, then the one due first.
type greedy struct {
	desk
	prices
	all     []int32        // requests
	queue   []bundle       // heap, the best on top
	untried []agents.Money // what each option of one request that was not tried could be worth
	ways    []way          // to serve one request
	order   []int32        // their options
	hours   []agents.Hours // that each of them could do alone

	served int64          // bundles so far
	whole  []agents.Money // of each option: what it is worth if it serves its request whole
	fresh  []laying       // of each option: what it can do while its lots are as in the book
	laid   []agents.Slot  // for all of them
}

// A laying is so many hours of a request, in laid[from:to].
type laying struct {
	hours    agents.Hours
	from, to int32 // to is 0 if it is not known yet
}

// A way to serve a request is an option that has hours for it.
type way struct {
	option int32
	hours  agents.Hours // that it could do alone
	score  agents.Money // what these are worth, less the toll
}

// A bundle is the best that could be done for a request when it was looked at.
type bundle struct {
	request int32
	option  int32        // the first of it
	value   agents.Money // less the toll
	load    agents.Hours // hours taken up, of all lots
	served  int64        // bundles served before it was looked at
	lone    bool         // no other option takes part
}

func newGreedy() agents.Clearer[agents.Book] { return new(greedy) }

func (b *greedy) open(book *agents.Book) {
	b.desk.open(book)
	b.served = 0
	b.whole = resize(b.whole, len(book.Options))
	for r := range book.Requests {
		for o := book.First[r]; o < book.First[r+1]; o++ {
			b.whole[o] = worth(book, o, book.Requests[r].Hours)
		}
	}
	b.fresh, b.laid = resize(b.fresh, len(book.Options)), b.laid[:0]
	clear(b.fresh)
}

// could is what option o can do for request r with the hours that are left, and
// its slots, good until the next call.
func (b *greedy) could(r, o int32) (agents.Hours, []agents.Slot) {
	if b.touched(o, 0) {
		return b.fits(r, o, b.book.Requests[r].Hours)
	}
	a := &b.fresh[o]
	if a.to == 0 {
		h, slots := b.fits(r, o, b.book.Requests[r].Hours)
		a.hours, a.from = h, int32(len(b.laid))
		b.laid = append(b.laid, slots...)
		a.to = int32(len(b.laid))
	}
	return a.hours, b.laid[a.from:a.to]
}

func (b *greedy) Clear(book *agents.Book, _ *rng.Stream, out []agents.Match) []agents.Match {
	b.open(book)
	b.all = b.all[:0]
	for r := range book.Requests {
		b.all = append(b.all, int32(r))
	}
	return b.pack(b.all, out)
}

// pack serves the requests from the desk until nothing is left to be gained.
func (b *greedy) pack(requests []int32, out []agents.Match) []agents.Match {
	b.queue = b.queue[:0]
	for _, r := range requests {
		if v, ok := b.best(r); ok {
			b.queue = append(b.queue, v)
		}
	}
	for i := len(b.queue)/2 - 1; i >= 0; i-- {
		b.sink(i)
	}
	for len(b.queue) > 0 {
		// Earlier deals may have taken hours that the bundle relied on. If not,
		// it is still the best, as bundles only lose by deals.
		v, ok := b.queue[0], true
		if !b.stands(v) {
			if v, ok = b.best(v.request); ok {
				b.queue[0] = v
				if b.sink(0) {
					continue
				}
			}
		}
		if ok && b.serve(v) {
			out = b.emit(out)
		}
		n := len(b.queue) - 1
		b.queue[0] = b.queue[n]
		b.queue = b.queue[:n]
		b.sink(0)
	}
	return out
}

// best is the bundle of highest value for request r; ok is false if there is none.
func (b *greedy) best(r int32) (v bundle, ok bool) {
	book := b.book
	q := &book.Requests[r]
	b.begin()
	if q.MaxSites < 1 {
		return v, false
	}
	v, h := b.lone(r)
	if q.MaxSites == 1 || h == q.Hours && v.value > 0 && b.allowed(q, v.option, h, true) {
		v.lone = true
		return v, h > 0
	}
	if !b.divide(r) {
		return v, false
	}
	v = bundle{request: r, option: b.parts[0].option, served: b.served}
	for i, p := range b.parts {
		v.value += worth(book, p.option, p.hours) - b.toll(book, p.option, b.slotsOf(i))
		v.load += load(&book.Options[p.option], b.slotsOf(i))
	}
	b.undo()
	return v, true
}

// lone is the best of the options of request r, each alone, and the hours
// that it does, 0 if there is none. If several may serve the request, it need
// not serve it whole and, if worth more than nothing, is the first that divide
// would take.
func (b *greedy) lone(r int32) (v bundle, hours agents.Hours) {
	book := b.book
	q := &book.Requests[r]
	first := book.First[r]
	b.untried = append(b.untried[:0], b.whole[first:book.First[r+1]]...)
	try := func(i int) {
		o := first + int32(i)
		b.untried[i] = -1
		h, slots := b.could(r, o)
		value := b.whole[o]
		if h < q.Hours {
			value = worth(book, o, h)
		}
		if h == 0 || q.MaxSites == 1 && (value < 0 || !b.serves(q, o, h)) {
			return
		}
		w := bundle{request: r, option: o, value: value - b.toll(book, o, slots), load: load(&book.Options[o], slots), served: b.served}
		c := -1
		if hours > 0 {
			c = cmp.Compare(v.value, w.value)
			if c == 0 && q.MaxSites == 1 {
				c = cmp.Compare(w.load, v.load)
			}
			if c == 0 {
				c = nearer(book, o, v.option)
			}
		}
		if c < 0 {
			v, hours = w, h
		}
	}
	const few = 16 // are picked by worth, so that few others need be laid
	for n := 0; hours == 0 && n < few; n++ {
		most := agents.Money(-1)
		for _, m := range b.untried {
			most = max(most, m)
		}
		if most < 0 {
			return v, 0
		}
		try(slices.Index(b.untried, most))
	}
	for i, m := range b.untried {
		if m >= max(v.value, 0) {
			try(i)
		}
	}
	return v, hours
}

// serves reports whether request q may be served by h hours of option o alone,
// whatever they are worth.
func (b *greedy) serves(q *agents.Request, o int32, h agents.Hours) bool {
	return (h == q.Hours || q.Divisible) && b.allowed(q, o, h, false)
}

// stands reports whether a bundle can be had as it was: its option can or, if
// others take part or may be worth more by now, none of the request's was
// touched since. By deals others are worth less, but for the toll, and of one
// site that is not noticed.
func (b *greedy) stands(v bundle) bool {
	q := &b.book.Requests[v.request]
	switch {
	case !v.lone || q.MaxSites > 1 && b.inForce:
		for o := b.book.First[v.request]; o < b.book.First[v.request+1]; o++ {
			if b.touched(o, v.served) {
				return false
			}
		}
		return true
	case !b.touched(v.option, v.served):
		return true
	case q.MaxSites > 1:
		return false
	}
	b.begin()
	h, slots := b.could(v.request, v.option)
	value := worth(b.book, v.option, h)
	return b.serves(q, v.option, h) && value >= 0 && value-b.toll(b.book, v.option, slots) == v.value
}

// touched reports whether any of an option's lots was booked after so many
// bundles.
func (b *greedy) touched(o int32, served int64) bool {
	l := &b.book.Options[o].Lot
	return b.stock[l[0]].last > served || l[1] != agents.None && b.stock[l[1]].last > served
}

// serve books the bundle.
func (b *greedy) serve(v bundle) bool {
	b.begin()
	if v.lone {
		h, slots := b.could(v.request, v.option)
		b.take(v.option, h, slots)
	} else if !b.divide(v.request) {
		return false
	}
	b.served++
	for _, p := range b.parts {
		for _, l := range b.book.Options[p.option].Lot {
			if l != agents.None {
				b.stock[l].last = b.served
			}
		}
	}
	return true
}

// divide books request r with the options that are worth most alone and reports
// whether it could be done.
func (b *greedy) divide(r int32) bool {
	book, q := b.book, &b.book.Requests[r]
	b.ways, b.hours = b.ways[:0], b.hours[:0]
	for o := book.First[r]; o < book.First[r+1]; o++ {
		if h, slots := b.could(r, o); h > 0 {
			b.ways = append(b.ways, way{o, h, worth(book, o, h) - b.toll(book, o, slots)})
			b.hours = append(b.hours, h)
		}
	}
	slices.Sort(b.hours)
	var all agents.Hours // that could be done were no option in the way of another
	most := b.hours[max(0, len(b.hours)-int(q.MaxSites)):]
	for _, h := range most {
		all += h
	}
	if all < q.Hours && !q.Divisible {
		return false
	}
	others := all // beside the first option
	if len(most) == int(q.MaxSites) {
		others -= most[0]
	}
	slices.SortFunc(b.ways, func(v, w way) int {
		if v.score != w.score {
			return cmp.Compare(w.score, v.score)
		}
		return nearer(book, v.option, w.option)
	})
	b.order, b.hours = b.order[:0], b.hours[:0]
	for _, v := range b.ways {
		b.order, b.hours = append(b.order, v.option), append(b.hours, v.hours)
	}
	for i, h := range b.hours {
		if (h+others >= q.Hours || q.Divisible) && b.fill(r, b.order[i:], b.hours[i:], true) {
			return true
		}
	}
	return false
}

// load is the hours of all lots that the slots take up at the option.
func load(o *agents.Option, slots []agents.Slot) agents.Hours {
	var sum agents.Hours
	for _, s := range slots {
		sum += s.Hours + o.Travel[0]
		if o.Lot[1] != agents.None {
			sum += o.Ratio.Of(s.Hours) + o.Travel[1]
		}
	}
	return sum
}

// before reports whether bundle v goes before w.
func (b *greedy) before(v, w *bundle) bool {
	switch {
	case v.value != w.value:
		return v.value > w.value
	case v.load != w.load:
		return v.load < w.load
	}
	return dueFirst(b.book, v.request, w.request) < 0
}

// sink restores the heap below i and reports whether anything moved.
func (b *greedy) sink(i int) bool {
	moved := false
	for {
		c := 2*i + 1
		if c >= len(b.queue) {
			return moved
		}
		if c+1 < len(b.queue) && b.before(&b.queue[c+1], &b.queue[c]) {
			c++
		}
		if !b.before(&b.queue[c], &b.queue[i]) {
			return moved
		}
		b.queue[i], b.queue[c] = b.queue[c], b.queue[i]
		i, moved = c, true
	}
}
