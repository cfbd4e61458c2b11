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
// time.
func (w *World) option(m *market, i, r int32, lots, provider [2]int32) {
	t, b, op := m.tier, &m.book, &w.ops[i]
	ord, st := &w.orders.at[op.order], w.step(op)
	k := &w.kinds[st.kind]
	req := &b.Requests[r]
	o := agents.Option{Request: r, Lot: lots, Ratio: k.ratio, From: req.First, Setup: st.setup, Factor: 1000}
	if k.operator < 0 {
		o.Lot[1] = agents.None
	}
	x := terms{provider: provider, asked: -1}
	o.Own = provider[0] == agents.None && provider[1] == agents.None
	at := ord.firm // the site of the work
	if provider[0] != agents.None && k.mobility == site {
		at = provider[0]
	}
	x.km, x.moves = w.roadKm(ord.firm, at), at != ord.firm
	if !o.Own {
		o.Factor = t.factor
		wait := agents.Day(0)
		for c, g := range provider {
			if g == agents.None || c == 1 && g == provider[0] {
				continue
			}
			cost, days := w.pairTerms(m, ord.firm, g)
			x.cost += 2 * cost
			wait = max(wait, days)
			if e := w.exposure(g); e.asked {
				x.asked = max(x.asked, e.delay)
			}
		}
		if e := w.exposure(ord.firm); e.asked {
			x.asked = max(x.asked, e.delay)
		}
		wait = max(wait, x.asked)
		if x.asked > 0 && (t.all || t.disclosure != brokers.Blind && w.day+x.asked > w.deadline(ord)) {
			return // nothing would be held for the order while it waits
		}
		o.From = max(o.From, w.day+wait)
	}
	if o.From > req.Last {
		return
	}
	km := x.km // as the broker knows it
	if t.disclosure != brokers.Open {
		km = w.zoneKm(ord.firm, at)
	}
	crew := agents.Hours(st.maxUnits)
	owners, staffKm := [2]int32{ord.firm, ord.firm}, [2]float32{}
	for c, g := range provider {
		if g != agents.None {
			owners[c] = g
		}
		kc := st.kind
		if c == 1 {
			kc = k.operator
		}
		if kc < 0 || w.kinds[kc].mobility != travels || owners[c] == at {
			continue
		}
		if x.staffKm[c] = w.roadKm(owners[c], at); x.staffKm[c] > t.radius[travels] {
			return
		}
		x.travel[c] = crew * w.tripHours(x.staffKm[c])
		staffKm[c], o.Travel[c] = x.staffKm[c], x.travel[c]
		if t.disclosure != brokers.Open {
			staffKm[c] = w.zoneKm(owners[c], at)
			o.Travel[c] = crew * w.tripHours(staffKm[c])
		}
	}
	o.Km = max(km, staffKm[0], staffKm[1])
	blind := t.disclosure == brokers.Blind
	// value less cost: public tariffs if blind, bids and asks over zone distances
	// if sealed, the true figures if open
	days := agents.Day((o.Booked(req.Hours) + st.perDay - 1) / st.perDay)
	var hour, charge agents.Money
	var asks [2]agents.Money
	for c, l := range o.Lot {
		if l == agents.None {
			continue
		}
		lot := &w.lots[m.lots[l]]
		cost := lot.cost
		if blind {
			cost = w.kinds[lot.kind].variable
		}
		ratio := agents.Ratio(1000)
		if c == 1 {
			ratio = k.ratio
		}
		charge += cost.For(ratio.Of(st.setup))
		asks[c] = cost
		if provider[c] != agents.None && !blind {
			e := w.exposure(provider[c])
			asks[c] += e.dearest(o.From-w.day, req.Last-w.day)
			cost += e.charge(o.From + days/2 - w.day)
		}
		hour += agents.Money(int64(cost) * int64(ratio) / 1000 * int64(o.Factor) / 1000)
		if staffKm[c] > 0 {
			charge += agents.Money(days) * (agents.Money(crew)*agents.MoneyOf(2*float64(staffKm[c])*w.Scenario.Transport.TravelKm) + cost.For(o.Travel[c]))
		}
	}
	charge += x.cost + w.freight(km, at != ord.firm)
	if o.Own {
		charge = 0
	}
	value := perHour(w.worth(op), op.lack)
	if blind {
		value = k.reference
	}
	if !blind && (value-hour).For(op.lack) < charge {
		return // a loss on the broker's own figures
	}
	if !o.Own && w.turnedDown(m, ord, op, provider) {
		return
	}
	b.Options = append(b.Options, o)
	b.Net = append(b.Net, value-hour)
	b.Charge = append(b.Charge, charge)
	b.Ask = append(b.Ask, asks)
	m.options = append(m.options, x)
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
	span := uint64(t.firstDays[1]-t.firstDays[0]) + 1
	u := rng.Unit(w.source.Key(rng.FirstDealDays, key, t.name))
	days := t.firstDays[0] + agents.Day(u*float64(span))
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
	if w.refused.n == 0 && m.declined.n == 0 {
		return false
	}
	for _, g := range provider {
		if g != agents.None && (w.exposure(g).asked || w.exposure(ord.firm).asked) && w.refused.get(w.approvalKey(ord, op, g)) >= 0 {
			return true
		}
	}
	return m.tier.disclosure != brokers.Open && m.declined.get(w.declineKey(ord, op, provider)) >= 0
}
