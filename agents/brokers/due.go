package brokers

import (
	"cmp"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// due takes requests by due day, as nearest does, and gives each the bundle of
// highest net value that is left for it, as greedy would: the rule of the
// earliest due date (Jackson 1955) for who comes first, the value for who
// serves. Nothing that is worth less than nothing is proposed.
type due struct{ greedy }

func newDue() agents.Clearer[agents.Book] { return new(due) }

func (b *due) Clear(book *agents.Book, _ *rng.Stream, out []agents.Match) []agents.Match {
	b.open(book)
	b.all = byDue(book, b.all)
	return b.inTurn(b.all, out)
}

// byDue lists the requests of a book by due day in the memory of queue.
func byDue(book *agents.Book, queue []int32) []int32 {
	queue = queue[:0]
	for r := range book.Requests {
		queue = append(queue, int32(r))
	}
	slices.SortFunc(queue, func(r, s int32) int { return dueFirst(book, r, s) })
	return queue
}

// inTurn serves the requests in the order given, each with the best bundle that
// those before it leave.
func (b *greedy) inTurn(requests []int32, out []agents.Match) []agents.Match {
	for _, r := range requests {
		if v, ok := b.best(r); ok && b.serve(v) {
			out = b.emit(out)
		}
	}
	return out
}

// dueFirst orders requests by due day, then by key.
func dueFirst(book *agents.Book, r, s int32) int {
	p, q := &book.Requests[r], &book.Requests[s]
	return cmp.Or(cmp.Compare(p.Last, q.Last), cmp.Compare(p.Key, q.Key), cmp.Compare(r, s))
}
