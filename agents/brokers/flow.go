package brokers

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
)

// flow is the part of optimal for components in which everything is paid by
// the hour (no charges, travel, set-up or extra hours) and requests may be
// divided, or are all of the size of one quantum that divides all hours. Hours
// then flow over the lots' days in one of two ways:
//
//   - request → day → lot for what needs one lot; request → day → machine →
//     operator for what needs two, where the net value of a pair is
//     a(request, machine) + b(machine, operator). Two lots of one owner are
//     the case of one operator to a machine.
//   - operator → request → machine, where it is a(request, machine) +
//     c(request, operator), each request has a single day, and no lot is the
//     machine of one and the operator of another.
//
// In both, who is joined by two arcs must be an option. The flow leaves out
// the limit on sites and the least hours of a deal: a solution that happens to
// keep them is optimal; of any other the value is a bound.
type flow struct {
	net     network
	bonus   []int64         // per arc: preference between equal values
	tag     []int32         // per arc of a hub: place on its side
	node    []int32         // per lot and day: node, 0 if none
	role    []role          // per lot
	ratio   []agents.Ratio  // per lot: operator hours per hour of the flow
	pairs   []int32         // options with two lots
	windows [][2]agents.Day // per request: first and last day with capacity
	days    [2]agents.Day   // of the whole component
	heads   []int32         // per request: node
	inner   []int32         // per request with nodes by day: the first of them; 0 if none
	quantum agents.Hours    // of the flow
	links   []link
	hubs    []hub
	moves   []move
}

// A role is the side on which a lot stands.
type role int8

const (
	neither role = iota
	machine
	operator // or a lot that works alone
)

// A link is an arc that carries hours of an option with one lot.
type link struct {
	arc, option int32
	day         agents.Day
}

// A hub is a node at which two sides of options with two lots meet on a day.
// The option that joins place i of the arcs in and j of the arcs out is
// pairs[base+j*width+i].
type hub struct {
	in, mid, end int32 // its arcs: in to mid lead there, mid to end from there
	base, width  int32
	day          agents.Day
}

// A move is hours of a request served by an option on a day.
type move struct {
	request, option int32
	day             agents.Day
	hours           agents.Hours
}

// route solves the component as a flow and appends its matches; ok is false if
// it is none or if the solution breaks a rule, and then limit bounds the value.
func (b *optimal) route(requests []int32, out []agents.Match) (_ []agents.Match, limit agents.Money, ok bool) {
	if !b.hourly(requests) || !b.divides(requests) || !b.forward(requests) && !b.across(requests) {
		return out, math.MaxInt64, false
	}
	b.weigh(requests)
	b.net.solve()
	b.collect()
	if b.keeps() {
		n := len(out)
		if out, ok = b.join(out); !ok {
			for _, m := range b.moves {
				out = append(out, propose(m.option, m.day, m.hours))
			}
		}
		return out, Value(b.book, out[n:]), true
	}
	b.restore(b.lots)
	var sum float64
	for _, m := range b.moves {
		sum += float64(b.book.Net[m.option]) * m.hours.Float()
	}
	for _, r := range requests { // each match rounds by at most half
		sum += float64(len(b.of(r))) / 2
	}
	return out, ceiling(sum), false
}

// hourly reports whether everything is paid by the hour, and sets ratio.
func (b *optimal) hourly(requests []int32) bool {
	for _, l := range b.lots {
		b.ratio[l] = 0
	}
	for _, r := range requests {
		for _, i := range b.of(r) {
			o := &b.book.Options[i]
			if o.Factor != 1000 || o.Setup != 0 || o.Travel[0] != 0 || !o.Own && b.book.Charge[i] != 0 {
				return false
			}
			for k, l := range o.Lot {
				if l == agents.None {
					continue
				}
				ratio := agents.Ratio(1000)
				if k == 1 {
					ratio = o.Ratio
				}
				if o.Travel[k] != 0 || ratio <= 0 || b.ratio[l] != 0 && b.ratio[l] != ratio {
					return false
				}
				b.ratio[l] = ratio
			}
		}
	}
	return true
}

// capacity is what lot l can carry on a day, in hours of the flow.
func (b *optimal) capacity(l int32, day agents.Day) agents.Hours {
	d := int(day - b.book.Today)
	free := b.book.Lots[l].Free
	if d < 0 || d >= len(free) || free[d] <= 0 {
		return 0
	}
	return b.ratio[l].Within(free[d])
}

// divides finds the requests' windows and the quantum of the flow, and reports
// whether every request may be divided into quanta.
func (b *optimal) divides(requests []int32) bool {
	book := b.book
	b.days = [2]agents.Day{agents.Never, 0}
	b.quantum = 0
	alike := true
	size := book.Requests[requests[0]].Hours
	for _, r := range requests {
		q := &book.Requests[r]
		w := [2]agents.Day{agents.Never, 0}
		for _, i := range b.of(r) {
			o := &book.Options[i]
			for day := max(q.First, o.From, book.Today); day <= q.Last && day < book.Today+agents.Day(b.horizon); day++ {
				if b.capacity(o.Lot[0], day) > 0 && (o.Lot[1] == agents.None || b.capacity(o.Lot[1], day) > 0) {
					w[0], w[1] = min(w[0], day), max(w[1], day)
				}
			}
		}
		b.windows[r] = w
		b.days[0], b.days[1] = min(b.days[0], w[0]), max(b.days[1], w[1])
		b.quantum = agents.GCD(agents.GCD(b.quantum, q.Hours), min(q.PerDay, q.Hours))
		alike = alike && !q.Divisible && q.MaxSites <= 1 && q.Hours == size && q.PerDay >= size && w[0] == w[1]
	}
	if alike { // hours beyond a multiple of the size are of no use
		b.quantum = size
		return true
	}
	for _, l := range b.lots {
		for day := b.days[0]; day <= b.days[1]; day++ {
			b.quantum = agents.GCD(b.quantum, b.capacity(l, day))
		}
	}
	for _, r := range requests {
		if q := &book.Requests[r]; !q.Divisible && q.Hours != b.quantum {
			return false
		}
	}
	return true
}

// assign gives every lot its side and lists the pairs; ok is false if a lot
// would stand on both. Lots that work alone stand where alone says, unless,
// if free, pairs have put them on the other side.
func (b *optimal) assign(requests []int32, alone role, free bool) (ok bool) {
	for _, l := range b.lots {
		b.role[l] = neither
	}
	book := b.book
	b.pairs = b.pairs[:0]
	component := b.find(b.lots[0])
	for _, r := range requests {
		// Pairs that cannot serve a request on any of its days never carry flow,
		// but complete the tables.
		for i := book.First[r]; i < book.First[r+1]; i++ {
			o := &book.Options[i]
			if o.Lot[1] == agents.None || book.Net[i] < 0 || b.find(o.Lot[0]) != component || b.find(o.Lot[1]) != component {
				continue
			}
			if b.role[o.Lot[0]] == operator || b.role[o.Lot[1]] == machine {
				return false
			}
			b.role[o.Lot[0]], b.role[o.Lot[1]] = machine, operator
			b.pairs = append(b.pairs, i)
		}
	}
	for _, r := range requests {
		for _, i := range b.of(r) {
			o := &book.Options[i]
			if o.Lot[1] != agents.None {
				continue
			}
			if b.role[o.Lot[0]] == neither {
				b.role[o.Lot[0]] = alone
			}
			if !free && b.role[o.Lot[0]] != alone {
				return false
			}
		}
	}
	return true
}

// blank empties the network.
func (b *optimal) blank() {
	b.net.reset()
	b.bonus, b.tag = b.bonus[:0], b.tag[:0]
	b.links, b.hubs = b.links[:0], b.hubs[:0]
	for _, l := range b.lots {
		for i := b.at[l]; i < b.at[l+1]; i++ {
			b.node[i] = 0
		}
	}
}

// arc adds an arc of so many hours, worth net per hour. The arc of highest
// worth out of a node leads it in the first tree.
func (b *optimal) arc(from, to int32, hours agents.Hours, net agents.Money, bonus agents.Day, tag int32) int32 {
	a := b.net.addArc(from, to, int64(hours/b.quantum), -int64(net))
	b.bonus = append(b.bonus, int64(bonus))
	b.tag = append(b.tag, tag)
	if lead := b.net.tree[from].arc; from != 0 && (lead < 0 || b.net.arcs[lead].cost > -int64(net)) {
		b.net.lead(a)
	}
	return a
}

// forward builds request → day → lot and request → day → machine → operator.
func (b *optimal) forward(requests []int32) bool {
	book := b.book
	if !b.assign(requests, operator, false) {
		return false
	}
	slices.SortFunc(b.pairs, func(i, j int32) int {
		o, p := &book.Options[i], &book.Options[j]
		return cmp.Or(cmp.Compare(o.Lot[0], p.Lot[0]), cmp.Compare(o.Lot[1], p.Lot[1]), cmp.Compare(o.Request, p.Request), cmp.Compare(i, j))
	})
	b.blank()
	for _, r := range requests {
		q := &book.Requests[r]
		most := q.Hours
		w := b.windows[r]
		if w[0] == w[1] {
			most = min(most, q.PerDay)
		}
		v := b.net.addNode()
		b.heads[r], b.inner[r] = v, 0
		b.arc(0, v, most, 0, 0, 0)
		if w[0] < w[1] && q.PerDay < q.Hours {
			b.inner[r] = v + 1
			for range w[1] - w[0] + 1 {
				b.arc(v, b.net.addNode(), q.PerDay, 0, 0, 0)
			}
		}
	}
	for _, r := range requests {
		q := &book.Requests[r]
		for _, i := range b.of(r) {
			o := &book.Options[i]
			if o.Lot[1] != agents.None {
				continue
			}
			for day := max(q.First, o.From, b.days[0]); day <= min(q.Last, b.days[1]); day++ {
				if to := b.sink(o.Lot[0], day); to != 0 {
					b.links = append(b.links, link{b.arc(b.tail(r, day), to, q.Hours, book.Net[i], b.early(day), 0), i, day})
				}
			}
		}
	}
	for base := 0; base < len(b.pairs); {
		end, width := b.block(base, 0)
		if !b.separable(base, end, width, 0) {
			return false
		}
		for day := b.days[0]; day <= b.days[1]; day++ {
			b.machineDay(base, end, width, day)
		}
		base = end
	}
	b.close()
	return true
}

// machineDay builds the hub of the machine of pairs[base:end] on a day.
func (b *optimal) machineDay(base, end, width int, day agents.Day) {
	book := b.book
	m := book.Options[b.pairs[base]].Lot[0]
	free := b.capacity(m, day)
	if free < b.quantum {
		return
	}
	some := false
	for j := base; j < end; j += width {
		some = b.sink(book.Options[b.pairs[j]].Lot[1], day) != 0 || some
	}
	if !some {
		return
	}
	enter := b.net.addNode()
	leave := enter
	if end-base > width { // several operators share the machine's hours
		leave = b.net.addNode()
		b.arc(enter, leave, free, 0, 0, 0)
	}
	h := hub{in: int32(len(b.net.arcs)), base: int32(base), width: int32(width), day: day}
	for i := base; i < base+width; i++ {
		o := &book.Options[b.pairs[i]]
		q, w := &book.Requests[o.Request], b.windows[o.Request]
		if day >= max(w[0], o.From) && day <= w[1] {
			b.arc(b.tail(o.Request, day), enter, q.Hours, book.Net[b.pairs[i]], b.early(day), int32(i-base))
		}
	}
	h.mid = int32(len(b.net.arcs))
	for j := base; j < end; j += width {
		if to := b.sink(book.Options[b.pairs[j]].Lot[1], day); to != 0 {
			b.arc(leave, to, free, book.Net[b.pairs[j]]-book.Net[b.pairs[base]], 0, int32((j-base)/width))
		}
	}
	h.end = int32(len(b.net.arcs))
	b.hubs = append(b.hubs, h)
}

// across builds operator → request → machine, and with it lots that work
// alone on either side.
func (b *optimal) across(requests []int32) bool {
	book := b.book
	if len(b.pairs) == 0 || !b.assign(requests, machine, true) {
		return false
	}
	slices.SortFunc(b.pairs, func(i, j int32) int {
		o, p := &book.Options[i], &book.Options[j]
		return cmp.Or(cmp.Compare(o.Request, p.Request), cmp.Compare(o.Lot[0], p.Lot[0]), cmp.Compare(o.Lot[1], p.Lot[1]), cmp.Compare(i, j))
	})
	b.blank()
	base := 0
	for _, r := range requests {
		q := &book.Requests[r]
		day := b.windows[r][0]
		if day != b.windows[r][1] {
			return false
		}
		most := min(q.Hours, q.PerDay)
		side := neither // of lots that work alone for the request
		for _, i := range b.of(r) {
			if o := &book.Options[i]; o.Lot[1] == agents.None {
				if side != neither && side != b.role[o.Lot[0]] {
					return false
				}
				side = b.role[o.Lot[0]]
			}
		}
		paired := base < len(b.pairs) && book.Options[b.pairs[base]].Request == r
		if paired && side != neither {
			return false
		}
		v := b.net.addNode()
		switch {
		case paired:
			end, width := b.block(base, 1)
			if !b.separable(base, end, width, 1) {
				return false
			}
			b.requestHub(v, base, end, width, most, day)
			base = end
			continue
		case side == machine:
			b.arc(0, v, most, 0, 0, 0)
		default:
			b.arc(v, 0, most, 0, 0, 0)
		}
		for _, i := range b.of(r) {
			l := book.Options[i].Lot[0]
			if side == machine {
				if to := b.sink(l, day); to != 0 {
					b.links = append(b.links, link{b.arc(v, to, most, book.Net[i], b.early(day), 0), i, day})
				}
			} else if from := b.source(l, day); from != 0 {
				b.links = append(b.links, link{b.arc(from, v, most, book.Net[i], b.early(day), 0), i, day})
			}
		}
	}
	b.close()
	return true
}

// requestHub builds the hub of a request with pairs[base:end] at node enter.
func (b *optimal) requestHub(enter int32, base, end, width int, most agents.Hours, day agents.Day) {
	book := b.book
	leave := b.net.addNode()
	b.arc(enter, leave, most, 0, b.early(day), 0)
	for i := base; i < base+width; i++ {
		b.source(book.Options[b.pairs[i]].Lot[1], day)
	}
	for j := base; j < end; j += width {
		b.sink(book.Options[b.pairs[j]].Lot[0], day)
	}
	h := hub{in: int32(len(b.net.arcs)), base: int32(base), width: int32(width), day: day}
	for i := base; i < base+width; i++ {
		if from := b.source(book.Options[b.pairs[i]].Lot[1], day); from != 0 {
			b.arc(from, enter, most, book.Net[b.pairs[i]]-book.Net[b.pairs[base]], 0, int32(i-base))
		}
	}
	h.mid = int32(len(b.net.arcs))
	for j := base; j < end; j += width {
		if to := b.sink(book.Options[b.pairs[j]].Lot[0], day); to != 0 {
			b.arc(leave, to, most, book.Net[b.pairs[j]], 0, int32((j-base)/width))
		}
	}
	h.end = int32(len(b.net.arcs))
	b.hubs = append(b.hubs, h)
}

// block finds the end of the pairs that share with pairs[base] the machine (by
// 0) or the request (by 1), and how many of them share both of the first two
// things that pairs are sorted by.
func (b *optimal) block(base, by int) (end, width int) {
	same := func(i, j int32, both bool) bool {
		o, p := &b.book.Options[i], &b.book.Options[j]
		if by == 0 {
			return o.Lot[0] == p.Lot[0] && (!both || o.Lot[1] == p.Lot[1])
		}
		return o.Request == p.Request && (!both || o.Lot[0] == p.Lot[0])
	}
	end = base
	for end < len(b.pairs) && same(b.pairs[base], b.pairs[end], false) {
		if same(b.pairs[base], b.pairs[end], true) {
			width++
		}
		end++
	}
	return end, width
}

// separable reports whether pairs[base:end] is a full table, of so many
// columns, whose net values are the sum of a term by row and one by column.
func (b *optimal) separable(base, end, width, by int) bool {
	book := b.book
	if (end-base)%width != 0 {
		return false
	}
	for k := base; k < end; k++ {
		row, column := b.pairs[k-(k-base)%width], b.pairs[base+(k-base)%width]
		o, p, q := &book.Options[b.pairs[k]], &book.Options[row], &book.Options[column]
		if by == 0 && (o.Lot[1] != p.Lot[1] || o.Request != q.Request || o.From != q.From) ||
			by == 1 && (o.Lot[0] != p.Lot[0] || o.Lot[1] != q.Lot[1]) ||
			book.Net[b.pairs[k]]-book.Net[column] != book.Net[row]-book.Net[b.pairs[base]] {
			return false
		}
	}
	return true
}

// tail is the node from which hours of request r on a day start.
func (b *optimal) tail(r int32, day agents.Day) int32 {
	if b.inner[r] == 0 {
		return b.heads[r]
	}
	return b.inner[r] + int32(day-b.windows[r][0])
}

// sink is the node of lot l on a day, with its way to the root; 0 if it has no
// hours.
func (b *optimal) sink(l int32, day agents.Day) int32 {
	return b.lotNode(l, day, false)
}

// source is the node of lot l on a day, with its way from the root; 0 if it
// has no hours.
func (b *optimal) source(l int32, day agents.Day) int32 {
	return b.lotNode(l, day, true)
}

func (b *optimal) lotNode(l int32, day agents.Day, source bool) int32 {
	free := b.capacity(l, day)
	if free < b.quantum {
		return 0
	}
	v := &b.node[b.at[l]+int32(day-b.book.Today)]
	if *v == 0 {
		*v = b.net.addNode()
		if source {
			b.arc(0, *v, free, 0, 0, 0)
		} else {
			b.arc(*v, 0, free, 0, 0, 0)
		}
	}
	return *v
}

// early is the preference for a day: more hours count for more than earlier
// ones, as every hour gets at least half of the most.
func (b *optimal) early(day agents.Day) agents.Day {
	return 2*agents.Day(b.horizon) - (day - b.book.Today)
}

// close gives nodes that lead nowhere a way that no best flow takes.
func (b *optimal) close() {
	for v := 1; v < len(b.net.tree); v++ {
		if b.net.tree[v].arc < 0 {
			b.arc(int32(v), 0, b.quantum, 0, -1, 0)
		}
	}
}

// weigh sets the arcs' costs: values first, then hours served and their
// earliness. A preference can outweigh a value only where integers would not
// hold the scale, and then by less than values are rounded.
func (b *optimal) weigh(requests []int32) {
	var hours agents.Hours
	for _, r := range requests {
		hours += b.book.Requests[r].Hours
	}
	most := int64(1)
	for i := range b.net.arcs {
		most = max(most, -b.net.arcs[i].cost, b.net.arcs[i].cost)
	}
	scale := max(1, min(2*int64(b.horizon)*int64(hours/b.quantum)+1, math.MaxInt64/8/most/int64(len(b.net.tree)+1)))
	for i := range b.net.arcs {
		a := &b.net.arcs[i]
		a.cost = a.cost*scale - b.bonus[i]
	}
}

// collect reads the moves off the flow, those of one request together.
func (b *optimal) collect() {
	flow := b.net.flow
	b.moves = b.moves[:0]
	for _, l := range b.links {
		if f := flow[l.arc]; f > 0 {
			b.moves = append(b.moves, b.moveOf(l.option, l.day, f))
		}
	}
	for _, h := range b.hubs {
		j := h.mid
		for i := h.in; i < h.mid; i++ {
			for flow[i] > 0 {
				for flow[j] == 0 {
					j++
				}
				f := min(flow[i], flow[j])
				flow[i] -= f
				flow[j] -= f
				b.moves = append(b.moves, b.moveOf(b.pairs[h.base+b.tag[j]*h.width+b.tag[i]], h.day, f))
			}
		}
	}
	slices.SortFunc(b.moves, func(x, y move) int {
		return cmp.Or(cmp.Compare(x.request, y.request), cmp.Compare(x.option, y.option), cmp.Compare(x.day, y.day))
	})
}

func (b *optimal) moveOf(option int32, day agents.Day, quanta int64) move {
	return move{b.book.Options[option].Request, option, day, agents.Hours(quanta) * b.quantum}
}

// keeps reports whether the moves keep every rule, and books them if so.
func (b *optimal) keeps() bool {
	for i := 0; i < len(b.moves); {
		r := b.moves[i].request
		q := &b.book.Requests[r]
		b.begin()
		var sum, deal agents.Hours // of the request, of the option
		sites := 0
		for ; i < len(b.moves) && b.moves[i].request == r; i++ {
			m := &b.moves[i]
			h, slots := b.fitsIn(r, m.option, m.hours, m.day, m.day)
			if h < m.hours {
				return false
			}
			b.take(m.option, h, slots)
			sum, deal = sum+h, deal+h
			if i+1 == len(b.moves) || b.moves[i+1].option != m.option {
				if deal < q.Minimum && !b.book.Options[m.option].Own {
					return false
				}
				deal = 0
				sites++
			}
		}
		if sites > int(q.MaxSites) || sum < q.Hours && !q.Divisible {
			return false
		}
	}
	return true
}

// join makes one match of the moves of an option, so that it is one deal: on
// its day or, if it takes several, on any. It is not ok if the matches, laid in
// order, would not fit; those that keep to their days go first.
func (b *optimal) join(out []agents.Match) (_ []agents.Match, ok bool) {
	b.restore(b.lots)
	n := len(out)
	for _, spread := range [...]bool{false, true} {
		for i, j := 0, 0; i < len(b.moves); i = j {
			r := b.moves[i].request
			several := false
			for j = i; j < len(b.moves) && b.moves[j].request == r; j++ {
				several = several || j > i && b.moves[j].option == b.moves[j-1].option
			}
			if several != spread {
				continue
			}
			b.begin()
			for k := i; k < j; {
				m := b.moves[k]
				day, first, last := m.day, m.day, m.day
				for k++; k < j && b.moves[k].option == m.option; k++ {
					m.hours += b.moves[k].hours
					day, first, last = agents.AnyDay, b.book.Requests[r].First, b.book.Requests[r].Last
				}
				h, slots := b.fitsIn(r, m.option, m.hours, first, last)
				if h < m.hours {
					return out[:n], false
				}
				b.take(m.option, h, slots)
				out = append(out, propose(m.option, day, h))
			}
		}
	}
	return out, true
}
