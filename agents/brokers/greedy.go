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
	all   []int32        // requests
	queue []bundle       // heap, the best on top
	order []int32        // options of one request
	score []agents.Money // what each of a request's options is worth alone
}

// A bundle is the best that could be done for a request when it was looked at.
type bundle struct {
	request int32
	option  int32        // the first of it
	value   agents.Money // less the toll
	load    agents.Hours // hours taken up, of all lots
}

func newGreedy() agents.Clearer[agents.Book] { return new(greedy) }

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
	if q.MaxSites > 1 {
		b.rank(r)
		if !b.fillAny(r, b.order, true) {
			return v, false
		}
		v = bundle{request: r, option: b.parts[0].option}
		for i, p := range b.parts {
			v.value += worth(book, p.option, p.hours) - b.toll(book, p.option, b.slotsOf(i))
			v.load += load(&book.Options[p.option], b.slotsOf(i))
		}
		b.undo()
		return v, true
	}
	first, end := book.First[r], book.First[r+1]
	likely := agents.None // worth most unless hours are missing, so that few others need be laid
	for o := first; o < end; o++ {
		if likely == agents.None || worth(book, o, q.Hours) > worth(book, likely, q.Hours) {
			likely = o
		}
	}
	if likely == agents.None {
		return v, false
	}
	try := func(o int32) {
		if most := worth(book, o, q.Hours); most < 0 || ok && most < v.value {
			return
		}
		h, slots := b.offer(r, o, q.Hours, true)
		if h == 0 {
			return
		}
		w := bundle{r, o, worth(book, o, h) - b.toll(book, o, slots), load(&book.Options[o], slots)}
		if !ok || w.value > v.value || w.value == v.value &&
			cmp.Or(cmp.Compare(w.load, v.load), cmp.Compare(book.Options[o].Km, book.Options[v.option].Km), tie(book, o, v.option)) < 0 {
			v, ok = w, true
		}
	}
	try(likely)
	for o := first; o < end; o++ {
		if o != likely {
			try(o)
		}
	}
	return v, ok
}

// stands reports whether a bundle of one option can be had as it was.
func (b *greedy) stands(v bundle) bool {
	q := &b.book.Requests[v.request]
	if q.MaxSites > 1 {
		return false
	}
	b.begin()
	h, slots := b.offer(v.request, v.option, q.Hours, true)
	return h > 0 && worth(b.book, v.option, h)-b.toll(b.book, v.option, slots) == v.value
}

// serve books the bundle.
func (b *greedy) serve(v bundle) bool {
	q := &b.book.Requests[v.request]
	b.begin()
	if q.MaxSites > 1 {
		b.rank(v.request)
		return b.fillAny(v.request, b.order, true)
	}
	h, slots := b.offer(v.request, v.option, q.Hours, true)
	b.take(v.option, h, slots)
	return true
}

// rank puts the options of request r in order by what each is worth alone.
func (b *greedy) rank(r int32) {
	book := b.book
	first := book.First[r]
	b.order, b.score = b.order[:0], b.score[:0]
	for o := first; o < book.First[r+1]; o++ {
		h, slots := b.fits(r, o, book.Requests[r].Hours)
		b.order = append(b.order, o)
		b.score = append(b.score, worth(book, o, h)-b.toll(book, o, slots))
	}
	slices.SortFunc(b.order, func(i, j int32) int {
		return cmp.Or(cmp.Compare(b.score[j-first], b.score[i-first]),
			cmp.Compare(book.Options[i].Km, book.Options[j].Km), tie(book, i, j))
	})
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
	return cmp.Or(cmp.Compare(w.value, v.value), cmp.Compare(v.load, w.load), dueFirst(b.book, v.request, w.request)) < 0
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
