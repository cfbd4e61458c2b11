package sim

import "idleshift/agents"

// Sizes of need, by the primary hours of an order.
const (
	Under8   = iota // under 8 h
	Under40         // 8 to 40 h
	Under160        // 40 to 160 h
	Over160         // over 160 h
	NumNeeds
)

// Refusals of matches by reason; the engine refuses, the run goes on.
const (
	RefusedCalendar = iota // no room left on the calendars
	RefusedHours           // more hours than the request has, or fewer than whole needs
	RefusedSites           // more sites than the operation allows
	RefusedMinimum         // below the least hours of a deal
	RefusedWorse           // a side would be worse off
	RefusedApproval        // an employer said no
	RefusedBundle          // the order could not be completed with it
	NumRefusals
)

// A Need counts the orders of one class and size of need that arrived in the
// measured days.
type Need struct {
	Orders, OnTime, Late, Lost, Open int64
	Hours                            agents.Hours // primary hours asked for
	Potential                        agents.Money // value less variable cost of serving all at own cost, in time
	Realised                         agents.Money // value less every cost that went with the orders
}

// Shortage is what the need cost beyond the work itself.
func (n *Need) Shortage() agents.Money { return n.Potential - n.Realised }

// Tenths is into how many parts of the measured days a result divides what its
// orders realised.
const Tenths = 10

// A Result is one regime in one replicate. Money goes with the orders that
// arrived in the measured days, fixed cost with the measured days.
type Result struct {
	Regime    string
	Replicate int
	Firms     int
	Employees float64
	Members   int           // firms that joined a brokered tier
	Days      int           // measured
	Region    agents.Ledger // firms and platform together
	Platform  agents.Ledger
	Kinds     []agents.Fate        // by kind: hours of the measured orders
	Hours     []agents.DayHours    // by kind: sums over the measured days
	Classes   [][NumNeeds]Need     // by order class
	Realised  [Tenths]agents.Money // of the orders that arrived in each tenth of the measured days
	Slack     agents.Money         // charges for slack in the prices of measured orders' deals
	Deals     int64                // made for measured orders
	DealHours agents.Hours         // of the requests of those deals
	DealKm    float64              // sum over deals
	Displaced agents.Hours         // own hours that came to lack capacity which had been lent
	WorseOff  int                  // firms whose profit is below the baseline's; filled by the experiment
	Refusals  [NumRefusals]int64   // over the whole run
	Truncated int64                // lists of candidates that were cut
	CutShort  int64                // of those, whose request got nothing in the clearing
	Overflow  agents.Hours         // work that did not fit on the calendars' horizon
	Backlog   agents.Hours         // sum over measured days of hours that had arrived and were neither done nor lost at the day's end
	ClearDays int64                // sum over measured days of firms without backlog at the day's end
	Clearings int64
	BookValue agents.Money // net value of the brokers' matches by the books' own figures
	BookBound agents.Money // bound on it, from brokers that give one
	Breaches  []string     // identities that did not hold; filled when checking

	Clairvoyant *agents.Money // surplus that no regime can exceed in the replicate; nil if it was not asked for
}

// add adds what other firms of the same regime did.
func (r *Result) add(o *Result) {
	for k := range r.Kinds {
		r.Kinds[k].Add(&o.Kinds[k])
		r.Hours[k].Add(&o.Hours[k])
	}
	for c := range r.Classes {
		for n := range r.Classes[c] {
			r.Classes[c][n].Add(&o.Classes[c][n])
		}
	}
	for i := range r.Realised {
		r.Realised[i] += o.Realised[i]
	}
	r.Overflow += o.Overflow
	r.Backlog += o.Backlog
	r.ClearDays += o.ClearDays
	r.Breaches = append(r.Breaches, o.Breaches...)
}

// Add adds o to n.
func (n *Need) Add(o *Need) {
	n.Orders += o.Orders
	n.OnTime += o.OnTime
	n.Late += o.Late
	n.Lost += o.Lost
	n.Open += o.Open
	n.Hours += o.Hours
	n.Potential += o.Potential
	n.Realised += o.Realised
}

// FirmResult is one firm in one regime and replicate.
type FirmResult struct {
	Firm     int32
	Ledger   agents.Ledger
	Capacity agents.Hours // all kinds, measured days, down hours included
	Own      agents.Hours // worked for own orders
	Provided agents.Hours // worked for others
	Received agents.Hours // worked by others
	Idle     agents.Hours
}

// A Sink receives what a run produces, as slices that it must not keep.
// Regimes are positions in the scenario's Compare.
type Sink interface {
	Day(regime int, day agents.Day, kinds []agents.DayHours) error // each measured day, numbered from 0
	Deals(regime int, deals []agents.Deal) error                   // once a day, if there were any
	Firms(regime int, firms []FirmResult) error                    // once, at the end
}
