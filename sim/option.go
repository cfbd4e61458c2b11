package sim

import (
	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
)

// terms is what the engine knows of an option beyond what it tells the broker.
type terms struct {
	provider [2]int32 // firms that lend the primary, the operator; None where own or not needed
	km       float32  // requester to the site of the work
	moves    bool     // the work goes there, however near
	staffKm  [2]float32
	travel   [2]agents.Hours // that each lot's person loses per day booked
	cost     agents.Money    // transaction cost of both sides and all pairs
	asked    agents.Day      // days until approval is known; -1 if nobody is asked
}

// option puts one way of supplying request r on the book, if it can start in
// time and is no loss as far as the broker is to know.
func (w *World) option(m *market, i, r int32, primary, operator *lender) {
	t, b, op := m.tier, &m.book, &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	k := &w.kinds[st.kind]
	req := &b.Requests[r]
	from := [2]*lender{primary, operator}
	own := primary.firm == agents.None && operator.firm == agents.None
	start, factor, days := req.First, agents.Ratio(1000), m.want.days[0]
	cost, asked := agents.Money(0), agents.Day(-1)
	if !own {
		factor, days = t.factor, m.want.days[1]
		cost = primary.cost
		if operator.firm != primary.firm {
			cost += operator.cost
		}
		asked = max(primary.asked, operator.asked)
		if e := w.exposure(ord.firm); e.asked {
			asked = max(asked, e.delay)
		}
		if asked > 0 && (t.all || t.disclosure != brokers.Blind && w.day+asked > w.deadline(ord)) {
			return // nothing would be held for the order while it waits
		}
		start = max(start, w.day+max(primary.wait, operator.wait, asked))
	}
	if start > req.Last {
		return
	}
	// value less cost, first what does not depend on distance: public tariffs if
	// blind, bids and asks over zone distances if sealed, the true figures if open
	blind := t.disclosure == brokers.Blind
	charge, value := cost, m.want.value
	if blind {
		value = k.reference
	}
	var hour agents.Money
	var costs, asks [2]agents.Money
	for c, l := range from {
		if l.lot == agents.None {
			continue
		}
		perHour, ratio := l.hour, agents.Ratio(1000)
		if c == 1 {
			ratio = k.ratio
		}
		if !own {
			charge += perHour.For(ratio.Of(st.setup))
		}
		asks[c] = perHour
		if l.firm != agents.None && !blind {
			e := w.exposure(l.firm)
			asks[c] += e.dearest(start-w.day, req.Last-w.day)
			perHour += e.charge(start + days/2 - w.day)
		}
		hour += agents.Money(int64(perHour) * int64(ratio) / 1000 * int64(factor) / 1000)
		costs[c] = perHour
	}
	gain := (value - hour).For(op.lack)
	if !blind && gain < charge {
		return // a loss on the broker's own figures, wherever it is
	}
	// the site of the work, and its distance from the requester as the broker knows it
	at, moves := ord.firm, false
	var km [2]float32 // true, and as the broker knows it
	if primary.firm != agents.None && k.mobility == site {
		at, moves = primary.firm, true
		km[0], km[1] = primary.km[0], primary.km[1]
	}
	crew := agents.Hours(st.maxUnits)
	var staffKm, knownKm [2]float32
	var travel, known [2]agents.Hours
	for c, l := range from {
		kc, owner := st.kind, l.firm
		if c == 1 {
			kc = k.operator
		}
		if owner == agents.None {
			owner = ord.firm
		}
		if kc < 0 || w.kinds[kc].mobility != travels || owner == at {
			continue
		}
		switch {
		case at == ord.firm:
			staffKm[c], knownKm[c] = l.km[0], l.km[1]
		case owner == ord.firm:
			staffKm[c], knownKm[c] = km[0], km[1]
		default:
			staffKm[c] = w.roadKm(owner, at)
			knownKm[c] = staffKm[c]
			if t.disclosure != brokers.Open {
				knownKm[c] = w.zoneKm(owner, at)
			}
		}
		if staffKm[c] > t.radius[travels] {
			return
		}
		travel[c] = crew * w.tripHours(staffKm[c])
		known[c] = travel[c]
		if t.disclosure != brokers.Open {
			known[c] = crew * w.tripHours(knownKm[c])
		}
		if knownKm[c] > 0 {
			charge += agents.Money(days) * (agents.Money(crew)*agents.MoneyOf(2*float64(knownKm[c])*w.Scenario.Transport.TravelKm) + costs[c].For(known[c]))
		}
	}
	charge += w.freight(km[1], moves)
	if !blind && gain < charge {
		return // a loss there
	}
	if op.spurned && !own && w.turnedDown(m, ord, op, [2]int32{primary.firm, operator.firm}) {
		return
	}
	n := len(m.options)
	b.Options, m.options = append(b.Options, agents.Option{}), append(m.options, terms{})
	b.Net, b.Charge, b.Ask = append(b.Net, value-hour), append(b.Charge, charge), append(b.Ask, asks)
	o, x := &b.Options[n], &m.options[n] // filled in in place, as lenders are
	o.Request, o.Lot[0], o.Lot[1], o.Ratio, o.Factor = r, primary.lot, operator.lot, k.ratio, factor
	o.From, o.Setup, o.Travel, o.Own, o.Km = start, st.setup, known, own, max(km[1], knownKm[0], knownKm[1])
	x.provider[0], x.provider[1], x.cost, x.asked = primary.firm, operator.firm, cost, asked
	x.km, x.moves, x.staffKm, x.travel = km[0], moves, staffKm, travel
}

// tripHours is how long a round trip over km takes.
func (w *World) tripHours(km float32) agents.Hours {
	if speed := w.Scenario.Transport.Speed; speed > 0 {
		return agents.HoursOf(2 * float64(km) / speed)
	}
	return 0
}

// freight is what sending work over km and back costs.
func (w *World) freight(km float32, moves bool) agents.Money {
	if !moves {
		return 0
	}
	t := &w.Scenario.Transport
	return agents.MoneyOf(t.Consignment + 2*t.FreightKm*float64(km))
}

// pairTerms is the transaction cost on each side and the days that a deal of
// the pair takes today. A call-off is not ready before the contract that the
// first deal opened.
func (w *World) pairTerms(m *market, a, b int32) (agents.Money, agents.Day) {
	t := m.tier
	key := pairKey(a, b)
	days := t.firstDays[0]
	if span := t.firstDays[1] - days + 1; span > 1 {
		days += agents.Day(rng.Unit(w.source.Key(rng.FirstDealDays, key, t.name)) * float64(span))
	}
	if last := m.contracts.get(key); last >= w.day {
		return t.callOff, max(t.callDays, last-t.contract+days-w.day)
	}
	return t.first, days
}

// declineKey is the identity of a match that a side declined as a loss.
func (w *World) declineKey(ord *order, op *operation, provider [2]int32) uint64 {
	return rng.Pair(w.approvalKey(ord, op, provider[0]), uint64(provider[1])+2)
}

// turnedDown tells whether an employer has refused the deal, or a side declined
// it as a loss.
func (w *World) turnedDown(m *market, ord *order, op *operation, provider [2]int32) bool {
	for _, g := range provider {
		if g != agents.None && (w.exposure(g).asked || w.exposure(ord.firm).asked) && w.refused.get(w.approvalKey(ord, op, g)) >= 0 {
			return true
		}
	}
	return m.tier.disclosure != brokers.Open && m.declined.get(w.declineKey(ord, op, provider)) >= 0
}
