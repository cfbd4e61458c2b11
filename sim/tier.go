package sim

import (
	"math"
	"slices"
	"sync/atomic"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
)

// tier is a market tier, compiled, with what is latent in it: the same in
// every regime that has the tier.
type tier struct {
	number     int16
	spec       agents.Tier
	name       uint64 // identity
	component  bool
	operators  int8
	partners   bool
	radius     [3]float32 // km by mobility
	minimum    agents.Hours
	first      agents.Money // per side
	callOff    agents.Money
	firstDays  [2]agents.Day
	callDays   agents.Day
	contract   agents.Day
	disclosure brokers.Disclosure
	all        bool
	factor     agents.Ratio // hours booked per hour of a request at another firm
	traded     []bool       // by kind
	member     []bool       // by firm
	lends      []bool       // by lot: its firm takes part and its policy exposes the kind
	near       *directory   // of all tiers in which the same lots lend as far; empty until a regime has the tier
}

// A directory is who may serve whom in one or several tiers.
type directory struct {
	trees []tree                      // of the lots that lend, by kind; none among partners
	found []atomic.Pointer[suppliers] // [firm*len(kinds)+kind], nil until they are needed
}

// Whose people run a borrowed machine.
const (
	providers = iota
	requesters
	anyones
)

var operatorWords = []string{"provider", "requester", "any"}

// exposure is what a sharing policy shows to others.
type exposure struct {
	kinds    []bool
	domains  uint64
	days     agents.Day
	reserve  float64
	slack    []agents.Money
	rising   bool // slack never falls with the days ahead
	asked    bool
	approval float64
	delay    agents.Day
}

func (r *Region) compileTiers() {
	sc := r.Scenario
	policies := names(sc.Policies)
	r.exposures = make([]exposure, len(policies)+1)
	everything := exposure{kinds: slices.Repeat([]bool{true}, len(r.kinds)), domains: math.MaxUint64, days: agents.Never, approval: 1, rising: true}
	for i, name := range policies {
		p := sc.Policies[name]
		e := everything
		e.days, e.reserve = agents.Day(p.ExposeDays), p.Reserve
		if len(p.Kinds) > 0 {
			e.kinds = make([]bool, len(r.kinds))
			for _, k := range p.Kinds {
				e.kinds[number(r.KindNames, k)] = true
			}
		}
		if len(p.Domains) > 0 {
			e.domains = 0
			for _, d := range p.Domains {
				e.domains |= 1 << number(r.DomainNames, d)
			}
		}
		for _, c := range p.SlackCharge {
			e.slack = append(e.slack, agents.MoneyOf(c))
		}
		e.rising = slices.IsSorted(e.slack)
		if p.Approval == "asked" {
			e.asked, e.approval, e.delay = true, p.ApprovalShare, agents.Day(p.ApprovalDays)
		}
		r.exposures[i] = e
	}
	r.exposures[len(policies)] = everything // of firms that no policy fits
	r.holdings = make([]holding, len(r.Firms))
	for f := range r.Firms {
		firm := &r.Firms[f]
		p := int(firm.Policy)
		if p < 0 {
			p = len(policies)
		}
		r.holdings[f] = holding{firm.Domains & r.exposures[p].domains, firm.Certificates, int32(p)}
	}

	r.TierNames = names(sc.Tiers)
	r.tiers = make([]tier, len(r.TierNames))
	for i, name := range r.TierNames {
		s := sc.Tiers[name]
		t := tier{
			number: int16(i), spec: s, name: rng.Name(name),
			component: s.Unit == "component",
			operators: int8(slices.Index(operatorWords, s.Operators)),
			partners:  s.Reach == "partners",
			radius:    [3]float32{float32(s.RadiusSite), float32(s.RadiusTravels), float32(s.RadiusRemote)},
			minimum:   agents.HoursOf(s.Minimum),
			first:     agents.MoneyOf(s.FirstCost),
			callOff:   agents.MoneyOf(s.CallOffCost),
			callDays:  agents.Day(s.CallOffDays),
			contract:  agents.Day(s.ContractDays),
			all:       s.BookOf == "all",
			factor:    agents.RatioOf(s.Unfamiliar * (1 + s.Rework)),
			traded:    make([]bool, len(r.kinds)),
			member:    make([]bool, len(r.Firms)),
		}
		t.disclosure, _ = brokers.DisclosureOf(s.Disclosure)
		if n := len(s.FirstDays); n > 0 {
			t.firstDays = [2]agents.Day{agents.Day(s.FirstDays[0]), agents.Day(s.FirstDays[n-1])}
		}
		for k, kindName := range r.KindNames {
			t.traded[k] = (len(s.Kinds) == 0 || slices.Contains(s.Kinds, kindName)) &&
				(len(s.Categories) == 0 || slices.Contains(s.Categories, categories[r.kinds[k].category]))
		}
		for f := range r.Firms {
			tolerates := 1.0
			if p := r.Firms[f].Policy; p >= 0 {
				spec := sc.Policies[policies[p]]
				tolerates = []float64{spec.ToleratesBlind, spec.ToleratesSealed, spec.ToleratesOpen}[t.disclosure]
			}
			t.member[f] = r.source.Uniform(rng.Adoption, uint64(f), 0) < s.Adoption &&
				r.source.Uniform(rng.Tolerance, uint64(f), 0) < tolerates
		}
		t.lends = make([]bool, len(r.lots))
		for l := range r.lots {
			f := r.lots[l].firm
			t.lends[l] = (t.partners || t.member[f]) && r.exposure(f).shows(r.lots[l].kind, -1)
		}
		t.near = new(directory)
		for j := range r.tiers[:i] {
			if s := &r.tiers[j]; s.partners == t.partners && (!t.partners || s.radius == t.radius) && slices.Equal(s.lends, t.lends) {
				t.near = s.near
			}
		}
		r.tiers[i] = t
	}
}

// exposure is the sharing policy of a firm.
func (r *Region) exposure(f int32) *exposure { return &r.exposures[r.holdings[f].policy] }

// shows tells whether a firm's policy exposes a kind and domain.
func (e *exposure) shows(kind, domain int16) bool {
	return e.kinds[kind] && (domain < 0 || e.domains>>domain&1 == 1)
}

// charge is what the policy asks for an hour lent ahead days ahead.
func (e *exposure) charge(ahead agents.Day) agents.Money {
	if len(e.slack) == 0 {
		return 0
	}
	return e.slack[min(int(ahead), len(e.slack)-1)]
}

// dearest is the most that the policy asks for an hour lent from so many to so
// many days ahead.
func (e *exposure) dearest(from, to agents.Day) (most agents.Money) {
	if e.rising {
		return e.charge(to)
	}
	to = min(to, max(from, agents.Day(len(e.slack)-1))) // the last charge holds beyond
	for d := from; d <= to; d++ {
		most = max(most, e.charge(d))
	}
	return most
}

// pairs remembers a day for each pair of firms: an open-addressing table.
type pairs struct {
	keys []uint64
	days []agents.Day
	n    int
}

func (p *pairs) slot(key uint64) int {
	i := int(key) & (len(p.keys) - 1)
	for p.keys[i] != 0 && p.keys[i] != key {
		i = (i + 1) & (len(p.keys) - 1)
	}
	return i
}

// get is the day remembered for the key, -1 if there is none.
func (p *pairs) get(key uint64) agents.Day {
	if p.n == 0 {
		return -1
	}
	if i := p.slot(key | 1); p.keys[i] != 0 {
		return p.days[i]
	}
	return -1
}

// set remembers day d for the key.
func (p *pairs) set(key uint64, d agents.Day) {
	if 2*(p.n+1) > len(p.keys) {
		old := *p
		size := max(64, 2*len(p.keys))
		*p = pairs{make([]uint64, size), make([]agents.Day, size), 0}
		for i, k := range old.keys {
			if k != 0 {
				p.set(k, old.days[i])
			}
		}
	}
	i := p.slot(key | 1)
	if p.keys[i] == 0 {
		p.keys[i] = key | 1
		p.n++
	}
	p.days[i] = d
}

// pairKey is the identity of two firms, whichever asks.
func pairKey(a, b int32) uint64 { return rng.Pair(uint64(min(a, b)), uint64(max(a, b))) }

// partnered tells whether any regime has a tier of known partners.
func (r *Region) partnered() bool {
	for _, regime := range r.Scenario.Compare {
		for _, name := range r.Scenario.Regimes[regime].Tiers {
			if r.tiers[number(r.TierNames, name)].partners {
				return true
			}
		}
	}
	return false
}
