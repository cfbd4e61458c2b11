package agents

// An Account is a line of the account of a firm or of the platform. Amounts
// are positive; Surplus knows the signs.
type Account int

// The lines of the account. Surplus is made of the first group; the lines from
// Paid on are transfers, zero in the sum over firms and platform.
const (
	Value       Account = iota // value of orders delivered, net of materials
	Lateness                   // lateness cost
	Variable                   // variable cost of hours worked, set-up apart
	Overtime                   // overtime premium
	Outside                    // outside purchases, at their resource share
	Transaction                // transaction cost, own side
	Travel                     // travel and freight
	Setup                      // set-up, unfamiliarity and rework: variable cost of the extra hours
	Membership                 // joining and policies
	Running                    // platform running cost
	Fixed                      // fixed cost of all units
	Paid                       // paid to providers
	Received                   // received from requesters
	Fees                       // platform fees: paid by firms, negative for the platform
	Abroad                     // what outside purchases cost beyond their resource share: a transfer that leaves the firms
	NumAccounts
)

// A Ledger holds an amount for every account.
type Ledger [NumAccounts]Money

// Surplus is the resource account: no transfer counts.
func (l *Ledger) Surplus() Money {
	s := l[Value]
	for a := Lateness; a <= Fixed; a++ {
		s -= l[a]
	}
	return s
}

// Profit is what stays with the owner of the ledger after transfers.
func (l *Ledger) Profit() Money {
	return l.Surplus() - l[Paid] + l[Received] - l[Fees] - l[Abroad]
}

// Add adds m to l.
func (l *Ledger) Add(m *Ledger) {
	for a := range l {
		l[a] += m[a]
	}
}

// DayHours is where the hours of one kind went on one day. Capacity = Own +
// Late + Shared + Setup + Travel + Idle + Down; the last three stand beside it.
type DayHours struct {
	Capacity Hours // units × hours they could run
	Own      Hours // worked for own orders, in time
	Late     Hours // worked for own orders after their due date
	Shared   Hours // worked for other firms
	Setup    Hours // set-up, unfamiliarity and rework
	Travel   Hours
	Idle     Hours
	Down     Hours // broken down or absent
	Overtime Hours // worked beyond capacity
	Outside  Hours // bought
	Lost     Hours // not served
	Normal   Hours // practical capacity at normal shifts
}

// Add adds e to d.
func (d *DayHours) Add(e *DayHours) {
	d.Capacity += e.Capacity
	d.Own += e.Own
	d.Late += e.Late
	d.Shared += e.Shared
	d.Setup += e.Setup
	d.Travel += e.Travel
	d.Idle += e.Idle
	d.Down += e.Down
	d.Overtime += e.Overtime
	d.Outside += e.Outside
	d.Lost += e.Lost
	d.Normal += e.Normal
}

// Fate is what became of the hours that orders asked for, by kind. Demand =
// the sum of the others.
type Fate struct {
	Demand, OwnOnTime, OwnLate, Shared, Overtime, Outside, Lost, Open Hours
}

// Add adds g to f.
func (f *Fate) Add(g *Fate) {
	f.Demand += g.Demand
	f.OwnOnTime += g.OwnOnTime
	f.OwnLate += g.OwnLate
	f.Shared += g.Shared
	f.Overtime += g.Overtime
	f.Outside += g.Outside
	f.Lost += g.Lost
	f.Open += g.Open
}

// A Deal is a bundle booked all or nothing.
type Deal struct {
	Day       Day      // of the clearing
	Tier      int16    // index into the scenario's tiers, by name
	Kind      int16    // primary kind of the operation
	Class     int16    // order class
	Requester int32    // firm
	Provider  [2]int32 // firm that owns the primary, the operator; None where not part of the deal
	Hours     Hours    // of the request
	Booked    [2]Hours // of each lot, set-up included, travel not
	TravelH   Hours    // travel hours off calendars
	Km        float32  // by road, requester to the site of the work
	Waited    Day      // days from arrival to clearing
	First     bool     // first deal of the pair
	Stake     Money    // what the deal saves the requester
	Cost      Money    // variable cost of the hours of work
	SetupCost Money    // set-up, unfamiliarity and rework: variable cost of the other hours booked
	Slack     Money    // providers' charges for slack: in the price, not a cost
	Trans     Money    // transaction cost, both sides
	Freight   Money    // travel and freight, travelling hours included
	Price     Money    // paid to the providers
	Fee       Money
}
