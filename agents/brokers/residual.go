package brokers

import "idleshift/agents"

// A desk is a broker's working copy of a book: what is left of the lots'
// hours after the matches made so far. Lots are copied when first booked.
type desk struct {
	book  *agents.Book
	stock []stock        // of each lot
	own   []bool         // per lot: its hours are a copy
	arena []agents.Hours // the copies
	slots []agents.Slot  // of the request at hand
	parts []part         // of the request at hand
}

// A stock is what is left of a lot.
type stock struct {
	free []agents.Hours // the book's own until copied
	last int64          // bundle that greedy booked it for last, 0 if it is as in the book
}

// A part is what one option does for the request at hand.
type part struct {
	option int32
	hours  agents.Hours // of the request
	slots  int          // its slots begin here
}

// open begins a clearing.
func (d *desk) open(book *agents.Book) {
	d.book = book
	d.stock, d.own, d.arena = resize(d.stock, len(book.Lots)), resize(d.own, len(book.Lots)), d.arena[:0]
	clear(d.own)
	for l := range book.Lots {
		d.stock[l] = stock{free: book.Lots[l].Free}
	}
	d.begin()
}

// begin clears the request at hand; what was booked for it stays booked.
func (d *desk) begin() { d.slots, d.parts = d.slots[:0], d.parts[:0] }

// fits lays as much of want hours of request r as option o can take and
// returns those hours of the request; their slots follow those of the request
// at hand and are not booked.
func (d *desk) fits(r, o int32, want agents.Hours) (agents.Hours, []agents.Slot) {
	q := &d.book.Requests[r]
	return d.fitsIn(r, o, want, q.First, q.Last)
}

// fitsIn is fits on the days from first to last.
func (d *desk) fitsIn(r, o int32, want agents.Hours, first, last agents.Day) (agents.Hours, []agents.Slot) {
	q, opt := &d.book.Requests[r], &d.book.Options[o]
	if want <= 0 || opt.Factor <= 0 {
		return 0, nil
	}
	free := [2][]agents.Hours{d.stock[opt.Lot[0]].free}
	if opt.Lot[1] != agents.None {
		free[1] = d.stock[opt.Lot[1]].free
	}
	n := len(d.slots)
	need := opt.Booked(want)
	all, missing := agents.Lay(opt, need, q.PerDay, d.book.Today, first, last, free, d.slots)
	d.slots = all[:n]
	slots := all[n:]
	if missing == 0 {
		return want, slots
	}
	placed := need - missing
	if placed <= opt.Setup {
		return 0, nil
	}
	h := opt.Factor.Within(placed - opt.Setup)
	for spare := placed - opt.Booked(h); spare > 0; {
		last := &slots[len(slots)-1]
		cut := min(spare, last.Hours)
		last.Hours -= cut
		spare -= cut
		if last.Hours == 0 {
			slots = slots[:len(slots)-1]
		}
	}
	return h, slots
}

// slotsOf lists the slots of part i of the request at hand.
func (d *desk) slotsOf(i int) []agents.Slot {
	if i+1 < len(d.parts) {
		return d.slots[d.parts[i].slots:d.parts[i+1].slots]
	}
	return d.slots[d.parts[i].slots:]
}

// take books h hours by option o on the slots.
func (d *desk) take(o int32, h agents.Hours, slots []agents.Slot) {
	d.parts = append(d.parts, part{o, h, len(d.slots)})
	d.slots = append(d.slots, slots...)
	d.move(o, slots, 1)
}

// undo gives back everything that was booked for the request at hand.
func (d *desk) undo() {
	for i := range d.parts {
		d.move(d.parts[i].option, d.slotsOf(i), -1)
	}
	d.begin()
}

func (d *desk) move(o int32, slots []agents.Slot, sign agents.Hours) {
	opt := &d.book.Options[o]
	for k, l := range opt.Lot {
		if l == agents.None {
			continue
		}
		if !d.own[l] {
			n := len(d.arena)
			d.arena = append(d.arena, d.stock[l].free...)
			d.stock[l].free = d.arena[n:len(d.arena):len(d.arena)]
			d.own[l] = true
		}
		free := d.stock[l].free
		for _, s := range slots {
			h := s.Hours
			if k == 1 {
				h = opt.Ratio.Of(h)
			}
			free[s.Day-d.book.Today] -= sign * (h + opt.Travel[k])
		}
	}
}

// fill serves request r from the options in the order given, the first of
// which must take part, and reports whether it was booked. A deal other than
// with oneself takes at least the request's minimum; a request that is all or
// nothing is served whole or not at all. could is the hours that each option
// can do alone, if they are known. If careful, no part is worth less than nothing.
func (d *desk) fill(r int32, order []int32, could []agents.Hours, careful bool) bool {
	q := &d.book.Requests[r]
	d.begin()
	left := q.Hours
	for i, o := range order {
		if left == 0 {
			break
		}
		if i > 0 && could != nil && could[i] < left && !q.Divisible && len(d.parts)+1 == int(q.MaxSites) {
			continue // it would be the last
		}
		h, slots := d.offer(r, o, left, careful)
		if h > 0 {
			d.take(o, h, slots)
			left -= h
		} else if i == 0 {
			return false
		}
	}
	if left > 0 && !q.Divisible {
		d.undo()
		return false
	}
	return len(d.parts) > 0
}

// fillAny fills request r beginning with the first option of order with which
// it can be done.
func (d *desk) fillAny(r int32, order []int32) bool {
	for start := range order {
		if d.fill(r, order[start:], nil, false) {
			return true
		}
	}
	return false
}

// offer is what option o can do for request r with left hours to go, 0 if the
// rules allow nothing.
func (d *desk) offer(r, o int32, left agents.Hours, careful bool) (agents.Hours, []agents.Slot) {
	q := &d.book.Requests[r]
	if len(d.parts) >= int(q.MaxSites) {
		return 0, nil
	}
	h, slots := d.fits(r, o, left)
	if h < left && !q.Divisible {
		if len(d.parts)+1 >= int(q.MaxSites) {
			return 0, nil
		}
		if left-h < q.Minimum { // leave enough for another deal
			h, slots = d.fits(r, o, left-q.Minimum)
		}
	}
	if !d.allowed(q, o, h, careful) {
		return 0, nil
	}
	return h, slots
}

// allowed reports whether option o may do h hours of request q.
func (d *desk) allowed(q *agents.Request, o int32, h agents.Hours, careful bool) bool {
	return h > 0 && (h >= q.Minimum || d.book.Options[o].Own) && (!careful || worth(d.book, o, h) >= 0)
}

// restore gives back everything that was booked of the lots.
func (d *desk) restore(lots []int32) {
	for _, l := range lots {
		if d.own[l] {
			copy(d.stock[l].free, d.book.Lots[l].Free)
		}
		d.stock[l].last = 0
	}
	d.begin()
}

// emit appends the matches of the request at hand to out.
func (d *desk) emit(out []agents.Match) []agents.Match {
	for _, p := range d.parts {
		out = append(out, propose(p.option, agents.AnyDay, p.hours))
	}
	return out
}

// propose is a match at a price that splits the difference.
func propose(option int32, day agents.Day, h agents.Hours) agents.Match {
	return agents.Match{Option: option, Day: day, Hours: h, Price: [2]agents.Money{agents.SplitPrice, agents.SplitPrice}}
}
