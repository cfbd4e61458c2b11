package sim

import (
	"idleshift/agents"
	"idleshift/agents/rng"
	"idleshift/scenarios"
)

// A Region is what all regimes of one replicate share: the scenario compiled to
// numbers, the firms with their units and positions, all latent willingness and
// fit. Names have become positions in sorted order. None changes it, but that
// they keep which lots are near a firm once they have looked for them.
type Region struct {
	Scenario  *scenarios.Scenario
	Replicate int
	source    rng.Source

	KindNames, ClassNames, SectorNames, SizeNames, PlaceNames, TierNames, DomainNames, CertificationNames []string

	kinds   []kind
	classes []class
	steps   []step // of all classes, one class after the other
	Firms   []Firm
	lots    []lot   // by firm, then kind: lots[firstLot[f]:firstLot[f+1]]
	lotOf   []int32 // [firm*len(kinds)+kind]: lot, or -1

	tiers      []tier
	exposures  []exposure     // by policy; last, of firms that none fits
	holdings   []holding      // by firm
	points     []point        // of firms
	zonePoints []point        // middles of firms' zones
	cheapest   []agents.Money // by kind: the least variable cost of any lot
	partners   [][]partner    // by firm: those that it knows, nearest first if drawn

	demand demand // what moves the rates of orders
}

// kind is a resource kind, compiled.
type kind struct {
	name      uint64       // identity of its name
	category  int8         // machine, staff, lab, floor
	mobility  int8         // site, travels, remote
	operator  int16        // kind, or -1
	ratio     agents.Ratio // operator hours per hour
	hours     agents.Hours // of one unit on one day, all shifts
	normal    agents.Hours // of one unit on one day, normal shifts
	overtime  agents.Hours // of one unit on one day
	fixed     agents.Money // per unit and day
	variable  agents.Money // per hour, public tariff
	premium   agents.Money // per hour of overtime
	reference agents.Money // per hour
	up        float64      // mean availability of a unit
	outside   *outsideMarket
	match     float64
}

type outsideMarket struct {
	price   agents.Money // per hour
	lead    agents.Day
	minimum agents.Hours
}

// class is an order class, compiled.
type class struct {
	name          uint64 // identity of its name
	internal      bool
	partial       bool
	certification int16 // or -1
	operations    []step
	first         int32        // position of operations in Region.steps
	kinds         uint64       // kindBit of each operation's
	value         agents.Money // per order
	hourValue     agents.Money // per primary hour
	lateCost      float64      // share of value per day
	lateDays      agents.Day
	lostToRegion  float64
	lead          agents.Day
	leadLaw       agents.Sampler // of the gamma draw, in days×hours: an hour stands for a day
}

// step is one operation of a routing, compiled.
type step struct {
	kind, domain int16 // domain -1 none
	setup        agents.Hours
	maxUnits     int32
	maxSites     int16
	perDay       agents.Hours // the most primary hours on one day
	law          agents.Sampler
}

// Firm is one firm: fixed for the replicate.
type Firm struct {
	Name         string // from a table of firms, else empty
	Place        int16  // -1 when from a table
	Sector, Size int16
	Employees    float64
	At           agents.Position
	Zone         int32
	spot         uint32 // on the curve through the region
	Domains      uint64 // bit per domain
	Certificates uint64 // bit per certification
	Policy       int16  // -1 none
}

// holding is what a firm's units can be lent for, a bit for each: the domains
// that it holds and its policy exposes, and its certificates. Its policy stands
// beside them since both are looked at together.
type holding struct {
	domains, certificates uint64
	policy                int32 // of Region.exposures
}

// lot is one firm's units of one kind.
type lot struct {
	firm  int32
	kind  int16
	units int32
	with  int32        // lot of the firm's operators for it, None if it needs or has none
	plan  agents.Hours // planned hours of a future day: units × hours × mean availability
	cost  agents.Money // variable, per hour
	over  agents.Hours // overtime that the lot may add to a day
}

// An arrival is one order or internal need, the same in every regime.
type arrival struct {
	firm  int32
	class int16
	key   uint64 // identity of the order, for every later draw about it
	due   agents.Day
	first int32 // its operations' primary hours are today.hours[first:first+len(class.operations)]
}

// today is what nature does on one day of one replicate, the same in every regime.
type today struct {
	day      agents.Day
	arrivals []arrival // by firm, then class, then number
	hours    []agents.Hours
	up       []int32 // by lot: units available
}
