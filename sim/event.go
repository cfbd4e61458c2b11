package sim

import (
	"fmt"
	"strings"

	"idleshift/agents"
)

// Happening is what an Event tells.
type Happening int8

// What can happen to an order, in the order of its life.
const (
	Arrived   Happening = iota // Hours asked for, Last: due; Money: value; Operation -1
	Loaded                     // Hours of Kind laid on own calendars from First to Last
	Requested                  // Hours of Kind are missing, wanted from First to Last
	Reserved                   // a fallback is held: Fallback, Money its cost, Last: becomes final
	Matched                    // a deal with Others in Tier: Hours, First to Last, Money the price
	Refused                    // a match with Others in Tier broke a rule: Reason
	Released                   // the fallback gave way to a deal
	Committed                  // the fallback became final: Fallback, Hours, Money
	Hit                        // a breakdown or absence took back Hours of Kind on First
	Delivered                  // Last: day of completion; Money: lateness cost, 0 if on time
	Dropped                    // lost: Hours not served, Money the value lost
)

// Fallback is what a firm does about hours that no deal supplies.
type Fallback int8

// The fallbacks of a firm alone.
const (
	NoFallback      Fallback = iota
	FallbackExtra            // overtime on own units
	FallbackOutside          // bought on the outside market
	FallbackLate             // own calendar after the due date
	FallbackLost             // not served
)

var fallbackNames = [...]string{"none", "overtime", "the outside market", "late delivery", "losing the order"}

func (f Fallback) String() string { return fallbackNames[f] }

// RefusalNames says why matches are refused, by reason.
var RefusalNames = [NumRefusals]string{
	"no room left on the calendars", "the hours do not fit the request", "too many sites", "below the least hours of a deal",
	"a side would be worse off", "an employer did not approve", "the order could not be completed with it",
}

// An Event is one thing that happened to one order. Which fields count depends
// on What; positions are -1 where there is nothing to name. Days count from
// the first day of the warm-up.
type Event struct {
	What      Happening
	Fallback  Fallback
	Reason    int8 // of a refusal
	Day       agents.Day
	Regime    int16 // position in the scenario's Compare
	Class     int16
	Operation int16 // from 0, -1 the order as a whole
	Kind      int16
	Tier      int16
	Firm      int32    // whose order it is
	Order     int64    // number of the order, from 1, the same in every regime
	Others    [2]int32 // firms that provide the primary and the operator; agents.None where not
	Hours     agents.Hours
	First     agents.Day
	Last      agents.Day
	Money     agents.Money
}

// Tell puts the event into one line of English.
func (r *Region) Tell(e *Event) string {
	var b strings.Builder
	hours := fmt.Sprintf("%.4g h", e.Hours.Float())
	money := fmt.Sprintf("%.2f %s", e.Money.Float(), r.Scenario.Currency)
	if e.Kind >= 0 {
		hours += " of " + r.KindNames[e.Kind]
	}
	fmt.Fprintf(&b, "day %d  order %d (%s)", r.measured(e.Day), e.Order, r.ClassNames[e.Class])
	if e.Operation >= 0 {
		fmt.Fprintf(&b, " operation %d", e.Operation+1)
	}
	b.WriteString(": ")
	switch e.What {
	case Arrived:
		fmt.Fprintf(&b, "arrived, %s, due on day %d, worth %s", hours, r.measured(e.Last), money)
	case Loaded:
		fmt.Fprintf(&b, "loaded %s on own calendars, %s", hours, r.span(e))
	case Requested:
		fmt.Fprintf(&b, "requested %s, wanted on %s", hours, r.span(e))
	case Reserved:
		fmt.Fprintf(&b, "would fall back on %s for %s at %s, final on day %d", e.Fallback, hours, money, r.measured(e.Last))
	case Matched:
		fmt.Fprintf(&b, "matched in %s with %s: %s, %s, for %s", r.TierNames[e.Tier], r.others(e), hours, r.span(e), money)
	case Refused:
		fmt.Fprintf(&b, "a match in %s with %s was refused: %s", r.TierNames[e.Tier], r.others(e), RefusalNames[e.Reason])
	case Released:
		fmt.Fprintf(&b, "gave up %s for the deal", e.Fallback)
	case Committed:
		fmt.Fprintf(&b, "fell back on %s for %s at %s", e.Fallback, hours, money)
	case Hit:
		fmt.Fprintf(&b, "a breakdown or absence took back %s", hours)
	case Delivered:
		fmt.Fprintf(&b, "delivered on day %d, ", r.measured(e.Last))
		if e.Money == 0 {
			b.WriteString("on time")
		} else {
			fmt.Fprintf(&b, "late, which cost %s", money)
		}
	case Dropped:
		fmt.Fprintf(&b, "lost %s, worth %s", hours, money)
	}
	return b.String()
}

// measured numbers a day from the first measured one, as the tables do.
func (r *Region) measured(d agents.Day) int { return int(d) - r.Scenario.Time.Warmup }

func (r *Region) span(e *Event) string {
	if e.First == e.Last {
		return fmt.Sprintf("day %d", r.measured(e.First))
	}
	return fmt.Sprintf("days %d to %d", r.measured(e.First), r.measured(e.Last))
}

func (r *Region) others(e *Event) string {
	var names []string
	for i, f := range e.Others {
		if f != agents.None && (i == 0 || f != e.Others[0]) {
			names = append(names, r.FirmName(f))
		}
	}
	if len(names) == 0 {
		return "own people"
	}
	return strings.Join(names, " and ")
}

// FirmName is the firm's name, or its number where it has none.
func (r *Region) FirmName(firm int32) string {
	if n := r.Firms[firm].Name; n != "" {
		return n
	}
	return fmt.Sprintf("firm %d", firm)
}
