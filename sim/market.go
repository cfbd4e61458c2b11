package sim

import (
	"slices"
	"sync/atomic"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
)

// market is a tier at work in one regime.
type market struct {
	*stall
	tier      *tier
	broker    *brokers.Instance
	contracts pairs // last day of each pair's contract
	declined  pairs // matches that a side declined as a loss
}

// A stall is where a market clears: its book, and the room to make it. Nothing
// of it is left for the next clearing, so that markets share one that clear one
// after the other.
type stall struct {
	book    agents.Open
	ops     []int32        // of each request
	options []terms        // of each option
	lots    []int32        // of each lot of the book
	seen    []int32        // [2*lot+lent]: its place in the book plus one, 0 not met, -1 without hours
	cells   []agents.Hours // Free of each lot, one after the other, reach+1 each
	sums    []agents.Hours // of each lot: its hours on the days before, reach+2 each
	bySpot  []uint64       // spot and operation of each request
	cut     []int32        // operations that were shown a cut list of candidates
	want    want           // of the request whose options are listed
	reach   agents.Day     // how many days the book shows, today excluded
	matches []agents.Match
	draw    rng.Stream  // the broker's, of the clearing
	next    []int32     // of each match: the next of its request
	head    []int32     // of each request: its first match
	held    []int32     // orders with deals that stand or fall with others
	entries entries     // orders in a clearing of all operations
	far     [3]float32  // km by mobility: lots beyond are not looked at for the request
	staff   []lender    // who lends operators
	found   []neighbour // lots near a firm
	listed  []supplier  // lots of its partners
	wanting []int32     // operations that may stand in the book
	order   []int32
	ranks   []ranked
	scratch agents.Open
	was     struct {
		ops     []int32
		options []terms
		lots    []int32
	}
	free  [2][]agents.Hours // live rows for laying
	slots []agents.Slot
}

func newStall(r *Region) *stall { return &stall{seen: make([]int32, 2*len(r.lots))} }

func newMarket(r *Region, t *tier) market {
	b, _ := brokers.ByName(t.spec.Broker)
	// made here, before regimes that share them run side by side
	if len(t.near.found) == 0 {
		t.near.found = make([]atomic.Pointer[suppliers], len(r.Firms)*len(r.kinds))
		if !t.partners {
			t.near.trees = r.indexLots(t.lends)
		}
	}
	return market{tier: t, broker: b.New()}
}

// clearAt has the world's markets clear at a stall.
func (w *World) clearAt(s *stall) {
	for i := range w.markets {
		w.markets[i].stall = s
	}
}

// trade clears the tiers whose day it is, in the regime's order.
func (w *World) trade() {
	for i := range w.markets {
		m := &w.markets[i]
		if int(w.day)%m.tier.spec.ClearingDays != 0 {
			continue
		}
		if m.tier.all {
			w.offerAll(m)
		}
		w.inOrder()
		w.fill(m)
		if len(m.book.Options) > 0 {
			w.match(m)
		}
		if m.tier.all {
			w.settleAll(m)
		}
		for _, i := range m.cut {
			if op := &w.ops[i]; op.short && !op.waiting {
				w.result.CutShort++
			}
		}
	}
}

// eligible tells whether what an operation lacks may stand in the tier today.
func (w *World) eligible(m *market, l *lacking) bool {
	t, op := m.tier, &w.ops[l.op]
	return (t.partners || t.member[l.firm]) && op.short && op.lack > 0 && op.commit >= w.day && min(op.latest, op.limit) >= w.day && op.lack >= t.minimum &&
		(t.disclosure == brokers.Blind || op.stake > 0 && w.toSpend(m, op) >= 0 || w.orders.at[op.order].moved) && // what is at stake is private
		!w.waits(&w.orders.at[op.order])
}

// match lets the broker match the book and books what stands up to the rules.
func (w *World) match(m *market) {
	b := &m.book
	m.draw = w.source.Stream(rng.BrokerDraws, m.tier.name, uint64(w.day))
	m.matches = m.broker.Clear(b, &m.draw, m.matches[:0])
	w.result.Clearings++
	if value, bound, ok := m.broker.Bound(); ok {
		w.result.BookValue += value
		w.result.BookBound += bound
	}
	m.head = slices.Grow(m.head[:0], len(b.Requests))[:len(b.Requests)]
	for r := range m.head {
		m.head[r] = agents.None
	}
	m.next = slices.Grow(m.next[:0], len(m.matches))[:len(m.matches)]
	for x := len(m.matches) - 1; x >= 0; x-- {
		r := b.Options[m.matches[x].Option].Request
		m.next[x] = m.head[r]
		m.head[r] = int32(x)
	}
	for x := range m.matches {
		if r := b.Options[m.matches[x].Option].Request; m.head[r] == int32(x) {
			w.conclude(m, r)
			m.head[r] = agents.None
		}
	}
	for _, o := range m.held {
		w.confirm(o)
	}
	m.held = m.held[:0]
}

// refuse counts a match that broke a rule.
func (w *World) refuse(m *market, ord *order, op *operation, x *terms, reason int) {
	w.result.Refusals[reason]++
	w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: m.tier.number, Others: x.provider, Reason: int8(reason)})
}

// conclude books the matches of one request, all of them or none if it is to
// be served whole.
func (w *World) conclude(m *market, r int32) {
	i := m.ops[r]
	op := &w.ops[i]
	o := op.order
	if !op.short || w.waits(&w.orders.at[o]) {
		return // a deal of the same order has settled it
	}
	ord, st := &w.orders.at[o], w.step(op)
	whole := !w.classes[ord.class].partial
	total, sites := agents.Hours(0), int16(0)
	first := &m.options[m.matches[m.head[r]].Option]
	for x := m.head[r]; x != agents.None; x = m.next[x] {
		total += m.matches[x].Hours
		if m.sameOption(m.head[r], x) == x {
			sites++
		}
	}
	switch {
	case total > op.lack || whole && total != op.lack:
		w.refuse(m, ord, op, first, RefusedHours)
		return
	case sites > st.maxSites:
		w.refuse(m, ord, op, first, RefusedSites)
		return
	}
	if m.tier.all && !ord.moved && !m.entries.has(o) {
		w.remember(&m.entries, o)
	}
	stake, lack := op.stake, op.lack
	for x := m.head[r]; x != agents.None; x = m.next[x] {
		if m.sameOption(m.head[r], x) != x {
			continue // part of a deal that is struck already
		}
		if reason := w.strike(m, i, x, stake, lack); reason >= 0 {
			terms := &m.options[m.matches[x].Option]
			w.refuse(m, ord, op, terms, reason)
			if reason == RefusedWorse && m.tier.disclosure != brokers.Open {
				op.spurned = true // it need not be proposed again
				m.declined.set(w.declineKey(ord, op, terms.provider), w.day)
			}
			if whole {
				w.undo(i)
				return
			}
		}
	}
	decided, refused, any := w.decision(i)
	switch {
	case refused && decided <= w.day:
		w.turnDown(i)
	case decided > w.day && w.starts(i) < decided: // one site would begin before the other's employer has agreed
		w.refuse(m, ord, op, first, RefusedCalendar)
		w.undo(i)
	case decided > w.day && decided > w.deadline(ord): // the fallback cannot wait for it, which a blind broker does not know
		w.refuse(m, ord, op, first, RefusedBundle)
		w.undo(i)
		op.spurned = true
		for x := m.head[r]; x != agents.None; x = m.next[x] {
			m.declined.set(w.declineKey(ord, op, m.options[m.matches[x].Option].provider), w.day)
		}
	case decided > w.day:
		op.waiting = true
		w.pending = append(w.pending, i)
	case m.tier.all: // agreed when the whole clearing is laid
	case !any: // its own units could serve it after all: they will
	case ord.lost && w.shortSteps(ord) > 1: // they stand or fall together, when all are laid
		if !slices.Contains(m.held, o) {
			m.held = append(m.held, o)
		}
	default:
		w.confirm(o)
	}
}

// sameOption is the first match from head on, of one request, that has the
// option of match x: together they are one deal.
func (m *market) sameOption(head, x int32) int32 {
	for m.matches[head].Option != m.matches[x].Option {
		head = m.next[head]
	}
	return head
}
