package sim

import (
	"testing"

	"idleshift/agents"
	"idleshift/scenarios"
)

// The words of a story. A failure means that a trace says something else than
// what happened.
func TestTell(t *testing.T) {
	r := &Region{
		Scenario:  &scenarios.Scenario{Currency: "CAD", Time: scenarios.Time{Warmup: 10}},
		KindNames: []string{"mill"}, ClassNames: []string{"job"}, TierNames: []string{"platform"},
		Firms: []Firm{{Name: "Acme"}, {}, {}},
	}
	for want, e := range map[string]Event{
		"day 2  order 7 (job): arrived, 8 h, due on day 5, worth 100.00 CAD":                                           {What: Arrived, Kind: -1, Operation: -1, Last: 15, Money: agents.MoneyOf(100)},
		"day 2  order 7 (job) operation 1: loaded 8 h of mill on own calendars, days 3 to 4":                           {What: Loaded, First: 13, Last: 14},
		"day 2  order 7 (job) operation 1: requested 8 h of mill, wanted on day 3":                                     {What: Requested, First: 13, Last: 13},
		"day 2  order 7 (job) operation 1: would fall back on overtime for 8 h of mill at 5.50 CAD, final on day 3":    {What: Reserved, Fallback: FallbackExtra, Last: 13, Money: agents.MoneyOf(5.5)},
		"day 2  order 7 (job) operation 1: matched in platform with Acme and firm 2: 8 h of mill, day 3, for 5.50 CAD": {What: Matched, Others: [2]int32{0, 2}, First: 13, Last: 13, Money: agents.MoneyOf(5.5)},
		"day 2  order 7 (job) operation 1: matched in platform with firm 1: 8 h of mill, day 3, for 5.50 CAD":          {What: Matched, Others: [2]int32{1, 1}, First: 13, Last: 13, Money: agents.MoneyOf(5.5)},
		"day 2  order 7 (job) operation 1: a match in platform with firm 1 was refused: an employer did not approve":   {What: Refused, Others: [2]int32{1, agents.None}, Reason: RefusedApproval},
		"day 2  order 7 (job) operation 1: gave up the outside market for the deal":                                    {What: Released, Fallback: FallbackOutside},
		"day 2  order 7 (job) operation 1: fell back on late delivery for 8 h of mill at 5.50 CAD":                     {What: Committed, Fallback: FallbackLate, Money: agents.MoneyOf(5.5)},
		"day 2  order 7 (job) operation 1: a breakdown or absence took back 8 h of mill":                               {What: Hit},
		"day 2  order 7 (job): delivered on day -1, on time":                                                           {What: Delivered, Operation: -1, Last: 9},
		"day 2  order 7 (job): delivered on day 3, late, which cost 5.50 CAD":                                          {What: Delivered, Operation: -1, Last: 13, Money: agents.MoneyOf(5.5)},
		"day 2  order 7 (job): lost 8 h, worth 5.50 CAD":                                                               {What: Dropped, Operation: -1, Kind: -1, Money: agents.MoneyOf(5.5)},
	} {
		e.Day, e.Order, e.Hours = 12, 7, agents.HoursOf(8)
		if got := r.Tell(&e); got != want {
			t.Errorf("told\n  %s\nwant\n  %s", got, want)
		}
	}
}
