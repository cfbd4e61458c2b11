package brokers

import (
	"idleshift/agents"
	"idleshift/agents/rng"
)

// random takes feasible pairs of request and option in random order. A request
// whose first pair leaves hours over goes on at once with its other options,
// in the same random order.
type random struct {
	desk
	pairs []int32 // all options, shuffled
	order []int32 // the options of each request in that order, grouped as in the book
	next  []int32 // per request: place in order
	done  []bool  // per request
}

func newRandom() agents.Clearer[agents.Book] { return new(random) }

func (b *random) Clear(book *agents.Book, draw *rng.Stream, out []agents.Match) []agents.Match {
	b.open(book)
	b.pairs, b.done = b.pairs[:0], b.done[:0]
	for o := range book.Options {
		b.pairs = append(b.pairs, int32(o))
	}
	for range book.Requests {
		b.done = append(b.done, false)
	}
	for i := len(b.pairs) - 1; i > 0; i-- {
		j := draw.IntN(i + 1)
		b.pairs[i], b.pairs[j] = b.pairs[j], b.pairs[i]
	}
	b.order = append(b.order[:0], b.pairs...)
	b.next = append(b.next[:0], book.First...)
	for _, o := range b.pairs {
		r := book.Options[o].Request
		b.order[b.next[r]] = o
		b.next[r]++
	}
	b.next = append(b.next[:0], book.First...)
	for _, o := range b.pairs {
		r := book.Options[o].Request
		rest := b.order[b.next[r]:book.First[r+1]]
		b.next[r]++
		if !b.done[r] && b.fill(r, rest, nil, false) {
			b.done[r] = true
			out = b.emit(out)
		}
	}
	return out
}
