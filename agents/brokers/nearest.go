package brokers

import (
	"cmp"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// nearest takes requests by due date and gives each to the nearest option that
// can serve it.
type nearest struct {
	desk
	queue []int32 // requests
	order []int32 // options of one request
}

func newNearest() agents.Clearer[agents.Book] { return new(nearest) }

func (b *nearest) Clear(book *agents.Book, _ *rng.Stream, out []agents.Match) []agents.Match {
	b.open(book)
	b.queue = byDue(book, b.queue)
	for _, r := range b.queue {
		b.order = b.order[:0]
		for o := book.First[r]; o < book.First[r+1]; o++ {
			b.order = append(b.order, o)
		}
		slices.SortFunc(b.order, func(i, j int32) int { return nearer(book, i, j) })
		if b.fillAny(r, b.order) {
			out = b.emit(out)
		}
	}
	return out
}

// nearer orders options by distance, ties by tie.
func nearer(book *agents.Book, i, j int32) int {
	if c := cmp.Compare(book.Options[i].Km, book.Options[j].Km); c != 0 {
		return c
	}
	return tie(book, i, j)
}

// tie orders options that are otherwise equal: those that take up fewer lots
// first, then by the lots' keys.
func tie(book *agents.Book, i, j int32) int {
	a, b := &book.Options[i].Lot, &book.Options[j].Lot
	if (a[1] == agents.None) != (b[1] == agents.None) {
		if a[1] == agents.None {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(book.Lots[a[0]].Key, book.Lots[b[0]].Key); c != 0 {
		return c
	}
	if a[1] != agents.None {
		if c := cmp.Compare(book.Lots[a[1]].Key, book.Lots[b[1]].Key); c != 0 {
			return c
		}
	}
	return cmp.Compare(i, j)
}
