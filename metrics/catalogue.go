package metrics

import (
	"fmt"
	"math"
	"strings"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
)

// A Metric is one number of one regime in one replicate.
type Metric struct {
	Name string             // column of the runs table
	Unit string             // "currency" stands for the scenario's
	Doc  string             // one sentence
	Of   func(*Run) float64 // NaN where it is not defined
}

// Catalogue lists the metrics in the order of the columns of the runs table.
// Hours asked for that are still open when a run ends count as lost.
var Catalogue = append([]Metric{
	{"firms", "firms", "Firms of the region.", func(r *Run) float64 { return float64(r.Firms) }},
	{"employees", "employees", "Employees of the region.", func(r *Run) float64 { return r.Employees }},
	{"member_share", "1", "Firms that joined a brokered tier.", func(r *Run) float64 { return over(r.Members, r.Firms) }},

	{"utilisation", "1", "Hours worked for orders, own or others', set-up and travel apart, per hour of practical capacity.", utilisation("")},
	{"utilisation_machine", "1", "Utilisation of machines.", utilisation("machine")},
	{"utilisation_staff", "1", "Utilisation of people.", utilisation("staff")},
	{"utilisation_lab", "1", "Utilisation of labs.", utilisation("lab")},
	{"utilisation_floor", "1", "Utilisation of floor.", utilisation("floor")},
	{"capacity", "h/year", "Hours that all units could run.", calendar(func(h *agents.DayHours) agents.Hours { return h.Capacity })},
	{"capacity_practical", "h/year", "Practical capacity: hours at normal shifts.", calendar(func(h *agents.DayHours) agents.Hours { return h.Normal })},
	{"capacity_own", "h/year", "Capacity worked for own orders, in time.", calendar(func(h *agents.DayHours) agents.Hours { return h.Own })},
	{"capacity_late", "h/year", "Capacity worked for own orders after their due date.", calendar(func(h *agents.DayHours) agents.Hours { return h.Late })},
	{"capacity_shared", "h/year", "Capacity worked for other firms.", calendar(func(h *agents.DayHours) agents.Hours { return h.Shared })},
	{"capacity_setup", "h/year", "Capacity lost to set-up, unfamiliarity and rework.", calendar(func(h *agents.DayHours) agents.Hours { return h.Setup })},
	{"capacity_travel", "h/year", "Capacity lost to travel.", calendar(func(h *agents.DayHours) agents.Hours { return h.Travel })},
	{"capacity_idle", "h/year", "Capacity that stood idle.", calendar(func(h *agents.DayHours) agents.Hours { return h.Idle })},
	{"capacity_down", "h/year", "Capacity that was down or absent.", calendar(func(h *agents.DayHours) agents.Hours { return h.Down })},

	{"hours_demanded", "h/year", "Hours that orders asked for, operators' included: the sum of the seven that follow.", demand(func(f *agents.Fate) agents.Hours { return f.Demand })},
	{"hours_own_on_time", "h/year", "Of them, done on own calendars in time.", demand(func(f *agents.Fate) agents.Hours { return f.OwnOnTime })},
	{"hours_own_late", "h/year", "Of them, done on own calendars late.", demand(func(f *agents.Fate) agents.Hours { return f.OwnLate })},
	{"hours_shared", "h/year", "Of them, done by other firms.", demand(func(f *agents.Fate) agents.Hours { return f.Shared })},
	{"hours_overtime", "h/year", "Of them, done in overtime.", demand(func(f *agents.Fate) agents.Hours { return f.Overtime })},
	{"hours_outside", "h/year", "Of them, bought on the outside market.", demand(func(f *agents.Fate) agents.Hours { return f.Outside })},
	{"hours_lost", "h/year", "Of them, lost.", demand(func(f *agents.Fate) agents.Hours { return f.Lost })},
	{"hours_open", "h/year", "Of them, still open at the end of the run-out.", demand(func(f *agents.Fate) agents.Hours { return f.Open })},
	{"fill_rate", "1", "Hours of operations done in any way per hour asked for.", func(r *Run) float64 { return 1 - r.primary(unserved)/r.primary(asked) }},
	{"subcontracted_share", "1", "Hours done by other firms per hour asked for.", func(r *Run) float64 { f := r.demand(); return over(f.Shared, f.Demand) }},
	{"outside_share", "1", "Hours bought on the outside market per hour asked for.", func(r *Run) float64 { f := r.demand(); return over(f.Outside, f.Demand) }},
	{"demanded_per_firm_day", "h/firm/day", "Hours of operations asked for, without their operators'.", func(r *Run) float64 { return r.perFirmDay(r.primary(asked)) }},
	{"served_per_firm_day", "h/firm/day", "Hours of operations done in any way.", func(r *Run) float64 { return r.perFirmDay(r.primary(asked) - r.primary(unserved)) }},
	{"lost_per_firm_day", "h/firm/day", "Hours of operations lost.", func(r *Run) float64 { return r.perFirmDay(r.primary(unserved)) }},
	{"backlog_per_firm_day", "h/firm/day", "Hours of operations that have arrived and are neither done nor lost at a day's end.", func(r *Run) float64 { return r.perFirmDay(r.Backlog.Float()) }},
	{"no_backlog_share", "1", "Firm-days that end without backlog.", noBacklog},

	{"orders", "orders/year", "Orders and internal needs that arrived.", func(r *Run) float64 { return r.perYear(float64(r.need(everything).Orders)) }},
	{"on_time_share", "1", "Orders and internal needs delivered by their due date.", func(r *Run) float64 { n := r.need(everything); return over(n.OnTime, n.Orders) }},
	{"late_share", "1", "Orders and internal needs delivered late.", func(r *Run) float64 { n := r.need(everything); return over(n.Late, n.Orders) }},
	{"lost_share", "1", "Orders and internal needs lost.", func(r *Run) float64 { n := r.need(everything); return over(n.Lost+n.Open, n.Orders) }},
	{"on_time_share_work", "1", "Customers' orders delivered by their due date.", func(r *Run) float64 { n := r.need(work); return over(n.OnTime, n.Orders) }},
	{"lost_share_work", "1", "Customers' orders lost.", func(r *Run) float64 { n := r.need(work); return over(n.Lost+n.Open, n.Orders) }},
	{"on_time_share_internal", "1", "Internal needs met in time.", func(r *Run) float64 { n := r.need(internal); return over(n.OnTime, n.Orders) }},
	{"lost_share_internal", "1", "Internal needs never met.", func(r *Run) float64 { n := r.need(internal); return over(n.Lost+n.Open, n.Orders) }},
	{"shortage", "currency/year", "Shortage cost: what all orders and needs could earn at own cost and in time, less what they earned.", shortage(everything)},
	{"shortage_work", "currency/year", "Shortage cost of customers' orders.", shortage(work)},
	{"shortage_internal", "currency/year", "Shortage cost of internal needs.", shortage(internal)},

	{"surplus", "currency/year", "Value of orders less all resource costs of firms and platform.", func(r *Run) float64 { return r.perYear(r.Region.Surplus().Float()) }},
	{"surplus_work", "currency/year", "Surplus without what internal needs earned.", func(r *Run) float64 {
		n := r.need(internal)
		return r.perYear((r.Region.Surplus() - n.Realised).Float())
	}},
	{"surplus_after_slack", "currency/year", "Surplus less the charges for slack, as if each were a cost.", func(r *Run) float64 { return r.perYear((r.Region.Surplus() - r.Slack).Float()) }},
	{"surplus_per_employee", "currency/employee/year", "Surplus per employee.", func(r *Run) float64 { return r.perYear(r.Region.Surplus().Float()) / r.Employees }},
	{"clairvoyant", "currency/year", "Clairvoyant bound: a surplus that no regime can exceed in the replicate, the same in all of them.", clairvoyant},
	{"value", "currency/year", "Value of orders delivered, net of materials.", account(agents.Value)},
	{"lateness", "currency/year", "Lateness cost.", account(agents.Lateness)},
	{"variable", "currency/year", "Variable cost of hours worked, set-up apart.", account(agents.Variable)},
	{"overtime", "currency/year", "Overtime premium.", account(agents.Overtime)},
	{"outside", "currency/year", "Outside purchases, at their resource share.", account(agents.Outside)},
	{"transaction", "currency/year", "Transaction cost of both sides.", account(agents.Transaction)},
	{"travel", "currency/year", "Travel and freight.", account(agents.Travel)},
	{"setup", "currency/year", "Variable cost of set-up, unfamiliarity and rework.", account(agents.Setup)},
	{"membership", "currency/year", "Joining and policies.", account(agents.Membership)},
	{"running", "currency/year", "Platform running cost.", account(agents.Running)},
	{"fixed", "currency/year", "Fixed cost of all units.", account(agents.Fixed)},
	{"fixed_idle", "currency/year", "Part of the fixed cost that paid for idle practical capacity.", func(r *Run) float64 { return r.perYear(r.idleFixed()) }},
	{"paid", "currency/year", "Transfer: prices paid between firms.", account(agents.Paid)},
	{"received", "currency/year", "Transfer: prices received between firms.", account(agents.Received)},
	{"abroad", "currency/year", "Transfer: cost of outside purchases beyond their resource share.", account(agents.Abroad)},
	{"platform_balance", "currency/year", "Fees of the platform less its running cost.", func(r *Run) float64 { return r.perYear(r.Platform.Profit().Float()) }},
	{"platform_fees", "currency/year", "Transfer: fees paid to the platform.", func(r *Run) float64 { return r.perYear((-r.Platform[agents.Fees]).Float()) }},
	{"slack_charges", "currency/year", "Charges for slack in the prices of deals.", func(r *Run) float64 { return r.perYear(r.Slack.Float()) }},
	{"worse_off_share", "1", "Firms whose profit is below that in the baseline.", worseOff},

	{"deals", "deals/year", "Deals made.", func(r *Run) float64 { return r.perYear(float64(r.Deals)) }},
	{"deal_hours", "h/year", "Hours of the requests that deals served.", func(r *Run) float64 { return r.perYear(r.DealHours.Float()) }},
	{"hours_per_deal", "h/deal", "Hours of a deal.", func(r *Run) float64 { return r.DealHours.Float() / float64(r.Deals) }},
	{"km_per_deal", "km/deal", "Road distance between requester and work.", func(r *Run) float64 { return r.DealKm / float64(r.Deals) }},
	{"transaction_per_deal", "currency/deal", "Transaction cost of both sides.", func(r *Run) float64 { return r.Region[agents.Transaction].Float() / float64(r.Deals) }},
	{"displaced_hours", "h/year", "Own hours that lacked capacity on arrival while as much of the firm's was lent; each lent hour counts once.", func(r *Run) float64 { return r.perYear(r.Displaced.Float()) }},
	{"bound_gap", "1", "Broker's matches below the bound on what any could reach, as a share of it.", func(r *Run) float64 { return 1 - over(r.BookValue, r.BookBound) }},

	{"clearings", "1", "Clearings, over the whole run as the seven that follow.", func(r *Run) float64 { return float64(r.Clearings) }},
	{"refused", "1", "Matches that the engine refused.", func(r *Run) float64 { return float64(r.refused()) }},
	{"refused_calendar", "1", "Refused: no room left on the calendars.", refusals(sim.RefusedCalendar)},
	{"refused_hours", "1", "Refused: more hours than the request has, or fewer than whole needs.", refusals(sim.RefusedHours)},
	{"refused_sites", "1", "Refused: more sites than the operation allows.", refusals(sim.RefusedSites)},
	{"refused_minimum", "1", "Refused: below the least hours of a deal.", refusals(sim.RefusedMinimum)},
	{"refused_worse", "1", "Refused: a side would be worse off.", refusals(sim.RefusedWorse)},
	{"refused_approval", "1", "Refused: an employer said no.", refusals(sim.RefusedApproval)},
	{"refused_bundle", "1", "Refused: the order could not be completed with it.", refusals(sim.RefusedBundle)},
	{"truncated", "1", "Lists of candidates that were cut.", func(r *Run) float64 { return float64(r.Truncated) }},
	{"cut_short", "1", "Requests that were shown a cut list and got nothing in the clearing.", func(r *Run) float64 { return float64(r.CutShort) }},
	{"overflow_hours", "h", "Work that did not fit on the calendars' horizon.", func(r *Run) float64 { return r.Overflow.Float() }},
	{"breaches", "1", "Accounting identities that did not hold, where they were checked.", func(r *Run) float64 { return float64(len(r.Breaches)) }},
}, tenths()...)

// Tenth names the metric of one tenth of the measured days, from 0.
func Tenth(i int) string { return fmt.Sprintf("surplus_tenth_%d", i+1) }

// tenths are the surplus of the orders that arrived in each tenth of the
// measured days: batches, from which one replicate gets its interval.
func tenths() []Metric {
	all := make([]Metric, sim.Tenths)
	for i := range all {
		all[i] = Metric{Tenth(i), "currency/year", fmt.Sprintf("Surplus, at the yearly rate, of the orders that arrived in tenth %d of the measured days.", i+1), func(r *Run) float64 { return r.tenth(i) }}
	}
	return all
}

// ByName finds a metric; the error for an unknown name suggests the nearest.
func ByName(name string) (Metric, error) {
	names := make([]string, len(Catalogue))
	for i, m := range Catalogue {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Metric{}, Unknown("metric", name, names)
}

// Unknown is the error for a name that is none of those known, with the one
// that was probably meant and, if they are few, all of them; without such a one
// also if they are some more.
func Unknown(what, name string, names []string) error {
	best, few, meant, allowed := scenarios.Nearest(name, names), 24, "", ""
	if best != "" {
		few, meant = 8, fmt.Sprintf("; did you mean %q?", best)
	}
	if len(names) > 0 && len(names) <= few {
		allowed = " (allowed: " + strings.Join(names, ", ") + ")"
	}
	return fmt.Errorf("unknown %s %q%s%s", what, name, meant, allowed)
}

// over is a share, NaN of nothing.
func over[N agents.Hours | agents.Money | int64 | int](part, whole N) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return float64(part) / float64(whole)
}

func utilisation(category string) func(*Run) float64 {
	return func(r *Run) float64 {
		h := r.calendar(category)
		return over(h.Own+h.Late+h.Shared, h.Normal)
	}
}

func calendar(hours func(*agents.DayHours) agents.Hours) func(*Run) float64 {
	return func(r *Run) float64 {
		h := r.calendar("")
		return r.perYear(hours(&h).Float())
	}
}

func demand(hours func(*agents.Fate) agents.Hours) func(*Run) float64 {
	return func(r *Run) float64 {
		f := r.demand()
		return r.perYear(hours(&f).Float())
	}
}

func shortage(purpose int) func(*Run) float64 {
	return func(r *Run) float64 {
		n := r.need(purpose)
		return r.perYear(n.Shortage().Float())
	}
}

func account(a agents.Account) func(*Run) float64 {
	return func(r *Run) float64 { return r.perYear(r.Region[a].Float()) }
}

// tenth is the surplus of a tenth of the measured days at the yearly rate, with
// its part of what does not go with orders; NaN if no day falls into it.
func (r *Run) tenth(i int) float64 {
	days := 0
	for d := range r.Days {
		if d*sim.Tenths/r.Days == i {
			days++
		}
	}
	if days == 0 {
		return math.NaN()
	}
	apart := (r.Region[agents.Fixed] + r.Region[agents.Membership] + r.Region[agents.Running]).Float() / float64(r.Days)
	return (r.Realised[i].Float()/float64(days) - apart) * float64(r.Frame.YearDays)
}

func refusals(reason int) func(*Run) float64 {
	return func(r *Run) float64 { return float64(r.Refusals[reason]) }
}

// clairvoyant is not defined where the bound was not asked for.
func clairvoyant(r *Run) float64 {
	if r.Clairvoyant == nil {
		return math.NaN()
	}
	return r.perYear(r.Clairvoyant.Float())
}

// noBacklog counts a merged firm once a day.
func noBacklog(r *Run) float64 {
	if r.merged() {
		return float64(r.ClearDays) / float64(r.Days)
	}
	return r.perFirmDay(float64(r.ClearDays))
}

// worseOff is not defined for a merged firm.
func worseOff(r *Run) float64 {
	if r.merged() {
		return math.NaN()
	}
	return over(r.WorseOff, r.Firms)
}
