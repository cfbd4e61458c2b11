package sim

import (
	"slices"
	"unsafe"

	"idleshift/agents"
	"idleshift/scenarios"
)

// sampled is how many firms of a region Memory builds to know the others by.
const sampled = 1000

// Memory is about how many bytes one replicate of the scenario takes, all
// regimes side by side, the tables aside, and how many firms it has. Nothing
// of a large region is built but a small one like it.
func Memory(sc *scenarios.Scenario) (bytes int64, firms int) {
	firms = firmsOf(sc)
	small := *sc
	small.Region.Firms = min(firms, sampled)
	if len(sc.Firms) > 0 {
		small.Firms = slices.Clone(sc.Firms[:small.Region.Firms])
		for i := range small.Firms {
			small.Firms[i].Partners = nil // some are not in the sample
		}
	}
	small.Region.Partners, small.Region.PartnersMean = nil, 0
	r, _ := Build(&small, 0) // what cannot be served in a sample may be in the region
	return int64(r.footprint() / float64(len(r.Firms)) * float64(firms)), firms
}

// firmsOf is the number of firms in a scenario's region.
func firmsOf(sc *scenarios.Scenario) (n int) {
	switch {
	case len(sc.Firms) > 0:
		return len(sc.Firms)
	case sc.Region.Firms > 0:
		return sc.Region.Firms
	}
	for _, s := range sc.Sizes {
		n += s.Firms
	}
	return max(n, 1)
}

// footprint is about how many bytes the region takes with its nature and its
// regimes, arenas grown to the backlog of orders that are open for as long as
// their lead time.
func (r *Region) footprint() float64 {
	sc := r.Scenario
	firms, lots, kinds := float64(len(r.Firms)), float64(len(r.lots)), float64(len(r.kinds))
	cal := agents.NewCalendar(0, sc.Time.Horizon, 0)
	reach := float64(cal.Days())
	rows := lots // of calendars
	for i := range r.lots {
		if r.lots[i].over > 0 {
			rows++
		}
	}
	var flows, daily, ops, open, openOps, days float64 // flows, orders and operations of a day, those open, days of work booked
	for c := range r.classes {
		cl := &r.classes[c]
		orders, steps := r.meanOrders(c), float64(len(cl.operations))
		lead := float64(cl.lead) + cl.leadLaw.Mean() + 1
		if orders > 0 {
			flows += firms
		}
		daily, ops = daily+orders, ops+orders*steps
		open, openOps = open+orders*lead, openOps+orders*steps*lead
		for s := range cl.operations {
			st := &cl.operations[s]
			days += orders * lead * max(1, r.stepMean(c, s)/st.perDay.Float())
		}
	}
	region := firms*(size[Firm]()+2*size[point]()+kinds*4+size[[]supplier]()+sc.Region.PartnersMean*2*size[partner]()) + lots*size[lot]()
	nature := firms*size[pace]() + flows*size[flow]() + lots*(size[shaky]()+size[unit]()+4*4) +
		(ahead+1)*(daily*size[arrival]()+ops*8+lots*4)
	one := rows*reach*(4+1./8) + firms*(reach*4+size[FirmResult]()+32) + lots*3*8 +
		open*(size[order]()+size[place]()) + openOps*size[operation]() + days*size[booking]()
	known := float64(sc.Time.Days) * (daily*size[foreseen]() + ops*4) // what the clairvoyant bound looks back on
	regimes := 0.0
	var directories []*directory
	for _, name := range sc.Compare {
		if spec := sc.Regimes[name]; !spec.Pooled {
			regimes++
			for _, t := range spec.Tiers {
				nature += lots * 9
				if t := &r.tiers[number(r.TierNames, t)]; !t.partners && !slices.Contains(directories, t.near) {
					directories = append(directories, t.near)
					const asked, found = 0.5, 32 // share of firms and kinds that look for lots, and how many they find
					region += firms * kinds * (size[*suppliers]() + asked*(size[suppliers]()+found*size[supplier]()))
					for _, lends := range t.lends {
						region += float64(b2i(lends)) * size[located]()
					}
				}
			}
		} else {
			nature += open*(size[order]()+size[place]()) + openOps*size[operation]() + days*size[booking]()
		}
	}
	const growth = 1.7 // arenas grow by more than they need, and what they were is garbage for a while
	return growth * (region + nature + known + regimes*one)
}

func size[T any]() float64 {
	var v T
	return float64(unsafe.Sizeof(v))
}
