package sim

import (
	"fmt"
	"math"

	"idleshift/agents"
)

// account is what a world keeps count of. Amounts are booked once, for a firm
// (or the platform) and for the order that they go with, so that the sum over
// firms and the sum over orders agree.
type account struct {
	result     Result
	rest       agents.Ledger // of other firms of the region, who win what is lost
	byFirm     []FirmResult
	byKind     []agents.DayHours // of today
	capacity   []agents.DayHours // by kind: hours of a day that all units could run, and at normal shifts
	lent       []agents.Hours    // by lot: booked for others from today on
	struck     []agents.Hours    // of these, hours that an own order has lacked
	backlog    []agents.Hours    // by firm: primary hours that are neither done nor lost
	clear      int64             // firms without backlog
	allHours   agents.Hours      // sum of backlog
	dealRows   []agents.Deal     // of today
	trace      func(*Event)      // nil if nobody listens
	check      bool
	stopped    bool        // the run-out is over: what is open counts as lost
	amounts    int64       // of measured orders, each rounded
	unmeasured agents.Fate // of orders outside the measured days
	openOnes   int64       // measured orders that are open
}

func newAccount(w *World) account {
	a := account{
		byFirm:  make([]FirmResult, len(w.Firms)),
		byKind:  make([]agents.DayHours, len(w.kinds)),
		lent:    make([]agents.Hours, len(w.lots)),
		struck:  make([]agents.Hours, len(w.lots)),
		backlog: make([]agents.Hours, len(w.Firms)),
		clear:   int64(len(w.Firms)),
	}
	a.capacity = w.capacities()
	a.result = Result{
		Regime:    w.Scenario.Compare[w.regime],
		Replicate: w.Replicate,
		Firms:     len(w.Firms),
		Days:      w.Scenario.Time.Days,
		Kinds:     make([]agents.Fate, len(w.kinds)),
		Hours:     make([]agents.DayHours, len(w.kinds)),
		Classes:   make([][NumNeeds]Need, len(w.classes)),
	}
	for f := range w.Firms {
		a.byFirm[f].Firm = int32(f)
		a.result.Employees += w.Firms[f].Employees
	}
	return a
}

// capacities is what all units of the world's lots could do on a day, by kind.
func (w *World) capacities() []agents.DayHours {
	sums := make([]agents.DayHours, len(w.kinds))
	for i := w.lots0; i < w.lotsEnd; i++ {
		l := &w.lots[i]
		sums[l.kind].Capacity += w.kinds[l.kind].hours * agents.Hours(l.units)
		sums[l.kind].Normal += w.kinds[l.kind].normal * agents.Hours(l.units)
	}
	return sums
}

// part is an account of some of the world's firms, those of w: its own sums, and
// what is kept by firm and by lot in common.
func (a *account) part(w *World) account {
	p := *a
	p.capacity = w.capacities()
	p.byKind = make([]agents.DayHours, len(w.kinds))
	p.result.Kinds = make([]agents.Fate, len(w.kinds))
	p.result.Hours = make([]agents.DayHours, len(w.kinds))
	p.result.Classes = make([][NumNeeds]Need, len(w.classes))
	return p
}

// absorb adds what a part has counted.
func (a *account) absorb(p *account) {
	a.result.add(&p.result)
	a.rest.Add(&p.rest)
	a.amounts += p.amounts
}

// measuring tells whether today is one of the measured days.
func (w *World) measuring() bool {
	d := int(w.day) - w.Scenario.Time.Warmup
	return d >= 0 && d < w.Scenario.Time.Days
}

// pay books an amount for a firm and the order that it goes with.
func (w *World) pay(ord *order, firm int32, a agents.Account, m agents.Money) {
	if !ord.measured {
		return
	}
	w.amounts++
	if m == 0 {
		return
	}
	w.byFirm[firm].Ledger[a] += m
	switch {
	case a == agents.Value:
		ord.net += m
	case a <= agents.Fixed:
		ord.net -= m
	}
}

// sizeOfNeed is the class of an order by its primary hours.
func sizeOfNeed(h agents.Hours) int8 {
	switch {
	case h < 8*agents.Hour:
		return Under8
	case h < 40*agents.Hour:
		return Under40
	case h < 160*agents.Hour:
		return Under160
	}
	return Over160
}

// enter counts an arrival.
func (w *World) enter(ord *order) {
	w.owe(ord.firm, ord.asked)
	ord.need = sizeOfNeed(ord.asked)
	if !ord.measured {
		return
	}
	w.openOnes++
	n := w.needOf(ord)
	n.Orders++
	n.Hours += ord.asked
	n.Potential += ord.value
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		op := &w.ops[i]
		st := &w.classes[ord.class].operations[op.step]
		n.Potential -= w.ownCost(ord.firm, st, op.hours)
		w.result.Kinds[st.kind].Demand += op.hours
		if k := w.kinds[st.kind].operator; k >= 0 {
			w.result.Kinds[k].Demand += w.kinds[st.kind].ratio.Of(op.hours)
		}
	}
}

func (w *World) needOf(ord *order) *Need { return &w.result.Classes[ord.class][ord.need] }

// owe adds h to a firm's backlog.
func (w *World) owe(firm int32, h agents.Hours) {
	before := w.backlog[firm]
	w.backlog[firm] += h
	w.allHours += h
	if before == 0 && h != 0 {
		w.clear--
	} else if before != 0 && before+h == 0 {
		w.clear++
	}
}

// lose gives up h primary hours of an operation, with the operator's.
func (w *World) lose(ord *order, op *operation, h agents.Hours) {
	if h == 0 {
		return
	}
	st := w.step(op)
	k := &w.kinds[st.kind]
	if w.classes[ord.class].partial {
		w.win(ord, portion(ord.value, h, ord.asked), w.ownCost(ord.firm, st, h))
	}
	op.hours -= h
	ord.missed += h
	w.owe(ord.firm, -h)
	w.loseHours(ord, st.kind, h)
	if k.operator >= 0 {
		w.loseHours(ord, k.operator, k.ratio.Of(op.hours+h)-k.ratio.Of(op.hours))
	}
}

func (w *World) loseHours(ord *order, kind int16, h agents.Hours) {
	w.byKind[kind].Lost += h
	switch {
	case !ord.measured:
	case w.stopped:
		w.result.Kinds[kind].Open += h
	default:
		w.result.Kinds[kind].Lost += h
	}
}

// win gives the region the share of a loss that its other firms win: work that
// is worth something and costs something. Nobody wins work at a loss.
func (w *World) win(ord *order, value, cost agents.Money) {
	share := w.classes[ord.class].lostToRegion
	if !ord.measured || share == 0 || cost >= value {
		return
	}
	value, cost = agents.Money(math.Round(share*float64(value))), agents.Money(math.Round(share*float64(cost)))
	w.rest[agents.Value] += value
	w.rest[agents.Variable] += cost
	ord.net += value - cost
}

// drop ends an order that is lost as a whole: its bookings are given back and
// what it had cost is sunk.
func (w *World) drop(o int32) {
	ord := &w.orders.at[o]
	cl := &w.classes[ord.class]
	if !cl.partial { // who wins it does all of it
		cost := agents.Money(0)
		for i := ord.first; i < ord.first+int32(ord.steps); i++ {
			cost += w.ownCost(ord.firm, &cl.operations[i-ord.first], w.ops[i].hours)
		}
		w.win(ord, ord.value, cost)
	}
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		w.releaseAll(i)
		op := &w.ops[i]
		w.lose(ord, op, op.hours-op.done-op.bought)
	}
	if ord.measured {
		n := w.needOf(ord)
		if w.stopped {
			n.Open++
		} else {
			n.Lost++
		}
		w.realise(n, ord)
		w.openOnes--
	}
	w.tell(ord, Event{What: Dropped, Operation: -1, Kind: -1, Hours: ord.missed, Money: ord.value})
	w.close(o)
}

// settle delivers an order when nothing of it is left to do.
func (w *World) settle(o int32) {
	ord, p := &w.orders.at[o], &w.places[o]
	for ; p.step < ord.steps; p.step++ {
		op := &w.ops[ord.first+int32(p.step)]
		if op.done+op.bought != op.hours || op.first != agents.None {
			p.kind = w.step(op).kind
			return
		}
	}
	end := ord.arrived
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		end = max(end, w.ops[i].last)
	}
	if ord.missed == ord.asked {
		w.drop(o)
		return
	}
	late := max(0, end-ord.due)
	if w.check && late > w.classes[ord.class].lateDays {
		w.breach("order %d is %d days late", ord.seq+1, late)
	}
	value := ord.value
	if ord.missed > 0 {
		value = portion(value, ord.asked-ord.missed, ord.asked)
	}
	cost := agents.Money(math.Round(float64(late) * w.classes[ord.class].lateCost * float64(value)))
	w.pay(ord, ord.firm, agents.Value, value)
	w.pay(ord, ord.firm, agents.Lateness, cost)
	if ord.measured {
		n := w.needOf(ord)
		if late > 0 {
			n.Late++
		} else {
			n.OnTime++
		}
		w.realise(n, ord)
		w.openOnes--
	}
	w.tell(ord, Event{What: Delivered, Operation: -1, Kind: -1, Last: end, Money: cost})
	w.close(o)
}

// realise closes the account of an order.
func (w *World) realise(n *Need, ord *order) {
	n.Realised += ord.net
	t := &w.Scenario.Time
	w.result.Realised[(int(ord.arrived)-t.Warmup)*Tenths/t.Days] += ord.net
}

func (w *World) overflow(h agents.Hours) { w.result.Overflow += h }

// displaced counts the hours that an order lacks on arrival while as many hours
// of its firm's units or their operators are lent; each lent hour counts once.
func (w *World) displaced(op *operation) {
	ord, k := &w.orders.at[op.order], &w.kinds[w.step(op).kind]
	if !ord.measured {
		return
	}
	lots := [2]int32{w.owns(ord.firm, w.step(op).kind), w.owns(ord.firm, k.operator)}
	most := agents.Hours(0)
	for c, l := range lots {
		if l == agents.None {
			continue
		}
		h := w.lent[l] - w.struck[l]
		if c == 1 {
			h = k.ratio.Within(h)
		}
		most = max(most, min(op.lack, h))
	}
	w.result.Displaced += most
	for c, l := range lots {
		if l == agents.None {
			continue
		}
		h := most
		if c == 1 {
			h = k.ratio.Of(h)
		}
		w.struck[l] = min(w.struck[l]+h, w.lent[l])
	}
}

// unlend counts hours of a lot that are lent no more.
func (w *World) unlend(l int32, h agents.Hours) {
	w.lent[l] -= h
	w.struck[l] = min(w.struck[l], w.lent[l])
}

// endDay adds the day's hours, complete by now, to those of the measured days.
func (w *World) endDay() {
	if !w.measuring() {
		return
	}
	for k := range w.byKind {
		d := &w.byKind[k]
		d.Capacity, d.Normal = w.capacity[k].Capacity, w.capacity[k].Normal
		w.result.Hours[k].Add(d)
		if w.check {
			w.checkDay(k)
		}
	}
	w.result.Backlog += w.allHours
	w.result.ClearDays += w.clear
}

func (w *World) breach(format string, a ...any) {
	if len(w.result.Breaches) < 20 {
		w.result.Breaches = append(w.result.Breaches, fmt.Sprintf("day %d: ", w.Region.measured(w.day))+fmt.Sprintf(format, a...))
	}
}

func (w *World) checkDay(k int) {
	d := &w.byKind[k]
	if sum := d.Own + d.Late + d.Shared + d.Setup + d.Travel + d.Idle + d.Down; sum != d.Capacity {
		w.breach("%s: capacity is %d s, its uses add up to %d s", w.KindNames[k], d.Capacity, sum)
	}
	if most := w.kinds[k].overtime * ((d.Capacity - d.Down) / w.kinds[k].hours); d.Overtime > most {
		w.breach("%s: overtime is %d s, the units that are up can add %d s", w.KindNames[k], d.Overtime, most)
	}
}

// checkSequence looks for steps before operation i that will not be done today.
func (w *World) checkSequence(ord *order, i int32) {
	for j := ord.first; j < i; j++ {
		if q := &w.ops[j]; q.short || q.last > w.day || q.final != agents.None && w.booked.at[q.final].day > w.day {
			w.breach("order %d: operation %d is worked on before operation %d is done", ord.seq+1, i-ord.first+1, j-ord.first+1)
		}
	}
}

// checkCalendars looks for hours booked that were not there.
func (w *World) checkCalendars() {
	for i := w.lots0; i < w.lotsEnd; i++ {
		for d := w.day; d < w.day+w.cal.Days(); d++ {
			if h := w.cal.Free(i, d); h < 0 {
				w.breach("firm %d, %s: %d s too many are booked on day %d", w.lots[i].firm, w.KindNames[w.lots[i].kind], -h, d)
			}
			if h := w.overtime(i, d); h < 0 {
				w.breach("firm %d, %s: %d s too many of overtime are booked on day %d", w.lots[i].firm, w.KindNames[w.lots[i].kind], -h, d)
			}
		}
	}
}

// finish closes the books: fixed cost, capacity and membership of the measured
// days, and what adds up over firms.
func (w *World) finish() (*Result, []FirmResult) {
	r := &w.result
	days := w.Scenario.Time.Days
	for i := range w.lots {
		l := &w.lots[i]
		k, f := &w.kinds[l.kind], &w.byFirm[l.firm]
		f.Ledger[agents.Fixed] += k.fixed * agents.Money(l.units) * agents.Money(days)
		f.Capacity += k.hours * agents.Hours(l.units) * agents.Hours(days)
	}
	year := float64(w.Scenario.Time.Days) / float64(w.Scenario.Time.YearDays)
	joined := make([]bool, len(w.Firms))
	for m := range w.markets {
		t := w.markets[m].tier
		if t.partners {
			// known partners need no membership
			continue
		}
		cost := agents.MoneyOf((t.spec.JoinCost + t.spec.PolicyCost) * year)
		for f := range w.Firms {
			if t.member[f] {
				w.byFirm[f].Ledger[agents.Membership] += cost
				joined[f] = true
			}
		}
		r.Platform[agents.Running] += agents.MoneyOf(t.spec.RunningCost * year)
	}
	for _, j := range joined {
		if j {
			r.Members++
		}
	}
	fees := agents.Money(0)
	for f := range w.byFirm {
		l := &w.byFirm[f].Ledger
		r.Region.Add(l)
		fees += l[agents.Fees]
	}
	r.Platform[agents.Fees] = -fees
	r.Region.Add(&r.Platform)
	r.Region.Add(&w.rest)
	if w.check {
		w.checkTotals()
	}
	return r, w.byFirm
}

func (w *World) checkTotals() {
	r := &w.result
	for k := range r.Kinds {
		f := &r.Kinds[k]
		if sum := f.OwnOnTime + f.OwnLate + f.Shared + f.Overtime + f.Outside + f.Lost + f.Open; sum != f.Demand {
			w.breach("%s: demand is %d s, what became of it adds up to %d s", w.KindNames[k], f.Demand, sum)
		}
	}
	if r.Region[agents.Paid] != r.Region[agents.Received] {
		w.breach("paid %d, received %d", r.Region[agents.Paid], r.Region[agents.Received])
	}
	if r.Region[agents.Fees] != 0 {
		w.breach("fees of firms and platform do not cancel: %d", r.Region[agents.Fees])
	}
	var provided, received agents.Hours
	profit := r.Platform.Profit() + w.rest.Profit()
	for f := range w.byFirm {
		provided += w.byFirm[f].Provided
		received += w.byFirm[f].Received
		profit += w.byFirm[f].Ledger.Profit()
	}
	if provided != received {
		w.breach("provided %d s, received %d s", provided, received)
	}
	if want := r.Region.Surplus() - r.Region[agents.Abroad]; profit != want {
		w.breach("profits add up to %d, surplus less what leaves the firms is %d", profit, want)
	}
	realised := agents.Money(0)
	for c := range r.Classes {
		for n := range r.Classes[c] {
			need := &r.Classes[c][n]
			realised += need.Realised
			if need.Orders != need.OnTime+need.Late+need.Lost+need.Open {
				w.breach("%s: %d orders, %d accounted for", w.ClassNames[c], need.Orders, need.OnTime+need.Late+need.Lost+need.Open)
			}
		}
	}
	tenths := agents.Money(0)
	for _, m := range r.Realised {
		tenths += m
	}
	if tenths != realised {
		w.breach("orders realised %d, in the tenths of the measured days %d", realised, tenths)
	}
	if want := r.Region.Surplus() + r.Region[agents.Fixed] + r.Region[agents.Membership] + r.Region[agents.Running]; realised != want {
		w.breach("orders realised %d, the ledgers say %d", realised, want)
	}
	for f, h := range w.backlog {
		if h < 0 {
			w.breach("firm %d: backlog of %d s", f, h)
		}
	}
}

// tell reports an event of an order, if anybody listens.
func (w *World) tell(ord *order, e Event) {
	if w.trace == nil {
		return
	}
	heard := e // a copy, so that untraced runs allocate nothing
	heard.Day, heard.Regime, heard.Class, heard.Firm, heard.Order = w.day, int16(w.regime), ord.class, ord.firm, ord.seq+1
	w.trace(&heard)
}
