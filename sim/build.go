package sim

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"idleshift/agents"
	"idleshift/agents/rng"
	"idleshift/scenarios"
)

// Build makes the region of one replicate: the scenario compiled to numbers
// and the firms with all that is latent in them. It fails with an *Unservable
// if the scenario asks for work that nobody can ever do.
func Build(sc *scenarios.Scenario, replicate int) (*Region, error) {
	r := &Region{Scenario: sc, Replicate: replicate}
	r.source = rng.NewSource(uint64(sc.Seed), uint64(replicate))
	r.compileKinds()
	r.compileClasses()
	r.compileDemand()
	r.populate()
	r.equip()
	r.compareCosts()
	r.compileTiers()
	r.locate()
	if r.partnered() {
		r.drawPartners()
	}
	return r, r.servable()
}

// names is the sorted keys of a table.
func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// number is the position of a name in a sorted list, -1 if it is not there.
func number(list []string, name string) int16 {
	if i, ok := slices.BinarySearch(list, name); ok {
		return int16(i)
	}
	return -1
}

const (
	machine = iota
	staff
	lab
	floor
)

var categories = []string{"machine", "staff", "lab", "floor"}

const (
	site = iota
	travels
	remote
)

var mobilities = []string{"site", "travels", "remote"}

func (r *Region) compileKinds() {
	sc := r.Scenario
	r.KindNames = names(sc.Kinds)
	r.kinds = make([]kind, len(r.KindNames))
	for i, name := range r.KindNames {
		s := sc.Kinds[name]
		k := kind{
			name:      rng.Name(name),
			category:  int8(slices.Index(categories, s.Category)),
			mobility:  int8(slices.Index(mobilities, s.Mobility)),
			operator:  number(r.KindNames, s.Operator),
			ratio:     agents.RatioOf(s.OperatorHours),
			hours:     agents.HoursOf(s.Hours * s.Shifts),
			normal:    agents.HoursOf(s.Hours * s.NormalShifts),
			overtime:  agents.HoursOf(s.OvertimeHours),
			fixed:     agents.MoneyOf(s.FixedCost),
			variable:  agents.MoneyOf(s.VariableCost),
			premium:   agents.MoneyOf(s.Premium),
			reference: agents.MoneyOf(s.Reference),
			up:        meanAvailability(s.Availability),
			match:     s.MatchShare,
		}
		if s.NormalShifts == 0 {
			k.normal = k.hours
		}
		if o := s.Outside; o != nil {
			k.outside = &outsideMarket{agents.MoneyOf(o.Price), agents.Day(o.LeadDays), agents.HoursOf(o.Minimum)}
		}
		r.kinds[i] = k
	}
}

func (r *Region) compileClasses() {
	sc := r.Scenario
	r.ClassNames, r.SectorNames, r.SizeNames = names(sc.Orders), names(sc.Sectors), names(sc.Sizes)
	r.PlaceNames, r.DomainNames, r.CertificationNames = names(sc.Places), names(sc.Domains), names(sc.Certifications)
	slices.SortStableFunc(r.SizeNames, func(a, b string) int {
		return int(math.Copysign(1, sc.Sizes[a].Mean-sc.Sizes[b].Mean)) * b2i(sc.Sizes[a].Mean != sc.Sizes[b].Mean)
	})
	r.classes = make([]class, len(r.ClassNames))
	for i, name := range r.ClassNames {
		s := sc.Orders[name]
		c := class{
			name:          rng.Name(name),
			internal:      s.Purpose == "internal",
			partial:       s.Completion == "partial",
			certification: number(r.CertificationNames, s.Certification),
			value:         agents.MoneyOf(s.Value),
			hourValue:     agents.MoneyOf(s.HourValue),
			lateCost:      s.LateCost,
			lateDays:      agents.Day(s.LateDays),
			lostToRegion:  s.LostToRegion,
		}
		for _, o := range s.Operations {
			k := number(r.KindNames, o.Kind)
			c.kinds |= kindBit(k)
			c.operations = append(c.operations, step{
				kind:     k,
				domain:   number(r.DomainNames, o.Domain),
				setup:    agents.HoursOf(o.Setup),
				maxUnits: int32(o.MaxUnits),
				maxSites: int16(o.MaxSites),
				perDay:   r.kinds[k].hours * agents.Hours(o.MaxUnits),
			})
		}
		c.first = int32(len(r.steps))
		r.steps = append(r.steps, c.operations...)
		r.classes[i] = c
	}
	for i := range r.classes { // the same memory
		c := &r.classes[i]
		c.operations = r.steps[c.first:][:len(c.operations):len(c.operations)]
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// quotas divides n in proportion to the weights, by largest remainders; of
// equal remainders the first wins.
func quotas(n int, weights []float64) []int {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	out := make([]int, len(weights))
	if total == 0 {
		return out
	}
	order := make([]int, len(weights))
	rest := make([]float64, len(weights))
	left := n
	for i, w := range weights {
		exact := float64(n) * w / total
		out[i] = int(exact)
		left -= out[i]
		order[i], rest[i] = i, exact-float64(out[i])
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case rest[a] > rest[b]:
			return -1
		case rest[a] < rest[b]:
			return 1
		}
		return 0
	})
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}

// shuffled hands out quotas in random order: who gets which is drawn, how many
// get it is not.
func shuffled(quota []int, draw rng.Stream) []int16 {
	var out []int16
	for i, n := range quota {
		for range n {
			out = append(out, int16(i))
		}
	}
	for i := len(out) - 1; i > 0; i-- {
		j := draw.IntN(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// populationSource keys what the firms are; without redraw it is the same in
// every replicate.
func (r *Region) populationSource() rng.Source {
	if r.Scenario.Region.Redraw {
		return r.source
	}
	return rng.NewSource(uint64(r.Scenario.Seed), math.MaxUint64-1)
}

func (r *Region) populate() {
	sc, src := r.Scenario, r.populationSource()
	if len(sc.Firms) > 0 {
		r.readPopulation()
	} else {
		r.drawPopulation(src)
	}
	for f := range r.Firms {
		firm := &r.Firms[f]
		firm.Zone, firm.spot = r.zoneOf(firm.At), curve(firm.At)
		named := ""
		if len(sc.Firms) > 0 {
			named = sc.Firms[f].Policy
		}
		firm.Policy = r.policyOf(firm, named)
		for d := range r.DomainNames {
			if src.Uniform(rng.DomainOf, uint64(f), rng.Name(r.DomainNames[d])) < sc.Domains[r.DomainNames[d]].Share {
				firm.Domains |= 1 << d
			}
		}
		if len(sc.Firms) > 0 {
			continue // a table of firms says who is certified
		}
		for c, name := range r.CertificationNames {
			s := sc.Certifications[name]
			share, ok := s.Sizes[r.SizeNames[firm.Size]]
			if !ok {
				share = s.Share
			}
			if src.Uniform(rng.CertificationOf, uint64(f), rng.Name(name)) < share {
				firm.Certificates |= 1 << c
			}
		}
	}
}

func (r *Region) drawPopulation(src rng.Source) {
	sc := r.Scenario
	weights := make([]float64, len(r.SizeNames))
	n := 0
	for i, name := range r.SizeNames {
		weights[i] = float64(sc.Sizes[name].Firms)
		n += sc.Sizes[name].Firms
	}
	if len(r.SizeNames) == 0 {
		weights, n = []float64{1}, 1
	}
	if sc.Region.Firms > 0 {
		n = sc.Region.Firms
	}
	share := func(list []string, of func(string) float64) []float64 {
		if len(list) == 0 {
			return []float64{1}
		}
		w := make([]float64, len(list))
		for i, name := range list {
			w[i] = of(name)
		}
		return w
	}
	sizes := shuffled(quotas(n, weights), src.Stream(rng.SizeOf, 0, 0))
	places := shuffled(quotas(n, share(r.PlaceNames, func(s string) float64 { return sc.Places[s].Share })), src.Stream(rng.PlaceOf, 0, 0))
	sectors := shuffled(quotas(n, share(r.SectorNames, func(s string) float64 { return sc.Sectors[s].Share })), src.Stream(rng.SectorOf, 0, 0))
	r.Firms = make([]Firm, n)
	for f := range r.Firms {
		firm := &r.Firms[f]
		firm.Size, firm.Place, firm.Sector = sizes[f], places[f], sectors[f]
		firm.Employees = 1
		if len(r.SizeNames) > 0 {
			firm.Employees = employees(sc.Sizes[r.SizeNames[firm.Size]], src.Uniform(rng.EmployeesOf, uint64(f), 0))
		}
		if len(r.PlaceNames) > 0 {
			draw := src.Stream(rng.PositionOf, uint64(f), 0)
			p := sc.Places[r.PlaceNames[firm.Place]]
			x, y := normalPair(&draw)
			lat := p.Latitude + y*p.Spread/kmPerDegree
			firm.At = agents.Position{
				Latitude:  lat,
				Longitude: p.Longitude + x*p.Spread/(kmPerDegree*math.Cos(p.Latitude*math.Pi/180)),
			}
		}
	}
}

// employees draws a whole number between least and most whose mean is the
// class's: least + (most − least) u^a with a chosen for the mean.
func employees(s scenarios.Size, u float64) float64 {
	if s.Most <= s.Least || s.Mean <= s.Least {
		return s.Least
	}
	if s.Mean >= s.Most {
		return s.Most
	}
	a := (s.Most-s.Least)/(s.Mean-s.Least) - 1
	return math.Round(s.Least + (s.Most-s.Least)*math.Pow(u, a))
}

// normalPair draws two independent standard normals (Box and Muller).
func normalPair(draw *rng.Stream) (x, y float64) {
	radius := math.Sqrt(-2 * math.Log(1-draw.Float64()))
	y, x = math.Sincos(2 * math.Pi * draw.Float64())
	return radius * x, radius * y
}

// readPopulation takes the firms from the scenario's table.
func (r *Region) readPopulation() {
	sc := r.Scenario
	r.Firms = make([]Firm, len(sc.Firms))
	for f := range r.Firms {
		row := &sc.Firms[f]
		firm := Firm{Name: row.Name, Place: -1, Sector: number(r.SectorNames, row.Sector), Employees: row.Employees,
			At: agents.Position{Latitude: row.Latitude, Longitude: row.Longitude}}
		for i, name := range r.SizeNames {
			if row.Employees >= sc.Sizes[name].Least {
				firm.Size = int16(i)
			}
		}
		for _, c := range row.Certifications {
			firm.Certificates |= 1 << number(r.CertificationNames, c)
		}
		r.Firms[f] = firm
	}
}

// policyOf is the policy named for the firm, else the one that names most of its
// sector and size.
func (r *Region) policyOf(firm *Firm, named string) int16 {
	if named != "" {
		return number(names(r.Scenario.Policies), named)
	}
	best, specific := int16(-1), -1
	for i, name := range names(r.Scenario.Policies) {
		p := r.Scenario.Policies[name]
		n := 0
		if len(p.Sectors) > 0 {
			if len(r.SectorNames) == 0 || !slices.Contains(p.Sectors, r.SectorNames[firm.Sector]) {
				continue
			}
			n++
		}
		if len(p.Sizes) > 0 {
			if len(r.SizeNames) == 0 || !slices.Contains(p.Sizes, r.SizeNames[firm.Size]) {
				continue
			}
			n++
		}
		if n > specific {
			best, specific = int16(i), n
		}
	}
	return best
}

// equip gives every firm its units.
func (r *Region) equip() {
	sc, src := r.Scenario, r.populationSource()
	r.lotOf = make([]int32, len(r.Firms)*len(r.kinds))
	units := make([]int32, len(r.kinds))
	given := make([]bool, len(r.kinds))
	optimal := r.newEndowment()
	for f := range r.Firms {
		firm := &r.Firms[f]
		for k, name := range r.KindNames {
			units[k], given[k] = 0, false
			var sector scenarios.Sector
			if len(r.SectorNames) > 0 {
				sector = sc.Sectors[r.SectorNames[firm.Sector]]
			}
			if len(r.SizeNames) > 0 {
				if n, ok := sc.Sizes[r.SizeNames[firm.Size]].Units[name]; ok {
					units[k], given[k] = int32(n), true
				}
			}
			if n, ok := sector.Units[name]; ok {
				units[k], given[k] = int32(n), true
			}
			if rate, ok := sector.PerEmployee[name]; ok {
				whole, part := math.Modf(rate * firm.Employees)
				units[k], given[k] = int32(whole), true
				if src.Uniform(rng.EndowmentOf, uint64(f), r.kinds[k].name) < part {
					units[k]++
				}
			}
			if len(sc.Firms) > 0 {
				if n, ok := sc.Firms[f].Units[name]; ok {
					units[k], given[k] = int32(n), true
				}
			}
		}
		if sc.Region.Endowment == "optimal" {
			optimal.units(firm, given, units)
		}
		for k := range r.kinds {
			r.lotOf[f*len(r.kinds)+k] = agents.None
			if units[k] > 0 {
				r.lotOf[f*len(r.kinds)+k] = int32(len(r.lots))
				r.addLot(int32(f), int16(k), units[k], src)
			}
		}
	}
	r.findOperators()
}

// findOperators tells the lots which others have their operators.
func (r *Region) findOperators() {
	for i := range r.lots {
		l := &r.lots[i]
		l.with = r.owns(l.firm, r.kinds[l.kind].operator)
	}
}

// compareCosts finds the cheapest lot of every kind.
func (r *Region) compareCosts() {
	r.cheapest = make([]agents.Money, len(r.kinds))
	for k := range r.kinds {
		r.cheapest[k] = r.kinds[k].variable
	}
	for i := range r.lots {
		l := &r.lots[i]
		r.cheapest[l.kind] = min(r.cheapest[l.kind], l.cost)
	}
}

func (r *Region) addLot(f int32, k int16, units int32, src rng.Source) {
	spec := &r.kinds[k]
	factor := 1.0
	if cv := r.Scenario.Kinds[r.KindNames[k]].CostCV; cv > 0 {
		draw := src.Stream(rng.CostOf, uint64(f), spec.name)
		x, _ := normalPair(&draw)
		s2 := math.Log(1 + cv*cv)
		factor = math.Exp(math.Sqrt(s2)*x - s2/2)
	}
	r.lots = append(r.lots, lot{
		firm: f, kind: k, units: units,
		plan: planned(spec, units),
		cost: agents.Money(math.Round(float64(spec.variable) * factor)),
		over: spec.overtime * agents.Hours(units),
	})
}

// owns is the lot of firm f and kind k, None if it has no unit.
func (r *Region) owns(f int32, k int16) int32 {
	if k < 0 {
		return agents.None
	}
	return r.lotOf[int(f)*len(r.kinds)+int(k)]
}

// fits reports whether the firm holds the domain and the certificate.
func (f *Firm) fits(domain, certification int16) bool {
	return holding{domains: f.Domains, certificates: f.Certificates}.fits(domain, certification)
}

func (h holding) fits(domain, certification int16) bool {
	return (domain < 0 || h.domains>>domain&1 == 1) && (certification < 0 || h.certificates>>certification&1 == 1)
}

// An Unservable is a scenario whose orders can never all be served, or whose
// amounts are too large to be counted, found when the region is built.
type Unservable struct{ Findings []string }

func (u *Unservable) Error() string { return strings.Join(u.Findings, "\n") }

// servable checks that work which may not be lost has somebody who can do it,
// and that no kind which alone must carry its work is asked for more than it has.
func (r *Region) servable() error {
	var u Unservable
	load := make([]float64, len(r.kinds)) // hours a day that must be served by the region
	for c := range r.classes {
		cl := &r.classes[c]
		mustServe := cl.lateDays >= agents.Day(r.Scenario.Time.Days) && cl.value == 0 && cl.hourValue == 0 || cl.lateDays >= 1000
		for s := range cl.operations {
			st := &cl.operations[s]
			if !mustServe || r.kinds[st.kind].outside != nil {
				continue
			}
			load[st.kind] += r.meanOrders(c) * r.stepMean(c, s)
			able := slices.ContainsFunc(r.lots, func(l lot) bool {
				return l.kind == st.kind && r.Firms[l.firm].fits(st.domain, cl.certification)
			})
			if !able && r.meanOrders(c) > 0 {
				u.Findings = append(u.Findings, fmt.Sprintf(
					"orders.%s.operations[%d]: no firm of the region has a unit of %s that may do it, there is no outside market for it, and the order may never be lost",
					r.ClassNames[c], s+1, r.KindNames[st.kind]))
			}
		}
	}
	for k, hours := range load {
		capacity := 0.0
		for _, l := range r.lots {
			if int(l.kind) == k {
				capacity += l.plan.Float() + l.over.Float()
			}
		}
		if hours > capacity && capacity > 0 {
			u.Findings = append(u.Findings, fmt.Sprintf(
				"kinds.%s: orders that may never be lost ask for %.1f h a day, the region has %.1f h: the backlog would grow without end (allowed: at most %.1f h)",
				r.KindNames[k], hours, capacity, capacity))
		}
	}
	u.countable(r)
	if len(u.Findings) > 0 {
		return &u
	}
	return nil
}

// A Burden is what all orders ask of a kind, the hours of operators included
// and set-ups left out, and what the units of the region have, both in hours on
// a mean day.
type Burden struct {
	Kind  string
	Asked float64
	Has   float64 // regular hours at mean availability
}

// Burdens are those of the kinds that any order asks for.
func (r *Region) Burdens() []Burden {
	asked := make([]float64, len(r.kinds))
	for c := range r.classes {
		orders := r.meanOrders(c)
		for s := range r.classes[c].operations {
			k, hours := r.classes[c].operations[s].kind, orders*r.stepMean(c, s)
			asked[k] += hours
			if o := r.kinds[k].operator; o >= 0 {
				asked[o] += hours * r.Scenario.Kinds[r.KindNames[k]].OperatorHours
			}
		}
	}
	var all []Burden
	for k, hours := range asked {
		if hours == 0 {
			continue
		}
		b := Burden{Kind: r.KindNames[k], Asked: hours}
		for i := range r.lots {
			if l := &r.lots[i]; int(l.kind) == k {
				b.Has += l.plan.Float()
			}
		}
		all = append(all, b)
	}
	return all
}

// countable checks that the amounts of the whole run fit their accounts with
// room to spare.
func (u *Unservable) countable(r *Region) {
	const most = 1e14 // of what an account can hold, one part in nine
	t := &r.Scenario.Time
	days := float64(t.Warmup + t.Days + t.Runout)
	var value, fixed float64
	for c := range r.classes {
		cl := &r.classes[c]
		each := cl.value.Float()
		for s := range cl.operations {
			each += cl.hourValue.Float() * r.stepMean(c, s)
		}
		value += r.meanOrders(c) * each * days
	}
	for i := range r.lots {
		fixed += r.kinds[r.lots[i].kind].fixed.Float() * float64(r.lots[i].units) * days
	}
	for _, x := range []struct {
		what  string
		money float64
	}{{"orders", value}, {"kinds: fixed cost", fixed}} {
		if x.money > most {
			u.Findings = append(u.Findings, fmt.Sprintf("%s: amounts add up to %.3g %s in a run (allowed: at most %g): count in thousands or millions",
				x.what, x.money, r.Scenario.Currency, most))
		}
	}
}

// merged is the region as one firm that owns every unit, domain and
// certificate: what the pooled regime runs in.
func (r *Region) merged() *Region {
	m := *r
	m.Firms = []Firm{{Name: "region", Place: -1, Policy: -1}}
	m.lots, m.lotOf = nil, make([]int32, len(r.kinds))
	for k := range r.kinds {
		m.lotOf[k] = agents.None
		var all lot
		cost := 0.0
		for _, l := range r.lots {
			if int(l.kind) == k {
				all.units += l.units
				all.plan += l.plan
				all.over += l.over
				cost += float64(l.cost) * float64(l.plan)
			}
		}
		if all.units > 0 {
			all.kind = int16(k)
			all.cost = agents.Money(math.Round(cost / float64(max(all.plan, 1))))
			m.lotOf[k] = int32(len(m.lots))
			m.lots = append(m.lots, all)
		}
	}
	for f := range r.Firms {
		m.Firms[0].Employees += r.Firms[f].Employees
		m.Firms[0].Domains |= r.Firms[f].Domains
		m.Firms[0].Certificates |= r.Firms[f].Certificates
	}
	m.findOperators()
	m.partners, m.holdings = nil, nil
	return &m
}
