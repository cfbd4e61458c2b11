package answer

import (
	"fmt"
	"math"
	"strings"

	"idleshift/metrics/stats"
)

// Codes of notes.
const (
	OneReplicate       = "one_replicate"
	FewReplicates      = "few_replicates"
	WarmupShort        = "warmup_short"
	ContractsYoung     = "contracts_young"
	NotDistinguishable = "not_distinguishable"
	AbovePooled        = "above_pooled"
	Truncated          = "truncated"
	Overflow           = "overflow"
	OpenOrders         = "open_orders"
	NoDecomposition    = "no_decomposition"
	Unequal            = "unequal_replicates"
	OtherBaseline      = "other_baseline"
	OtherVersion       = "other_version"
	SamePlan           = "same_plan"
)

// notes lists every warning.
func (s *samples) notes(a *Answer) []Note {
	sc := s.sc
	notes := []Note{}
	say := func(code, regime, format string, args ...any) {
		notes = append(notes, Note{code, regime, fmt.Sprintf(format, args...)})
	}
	switch {
	case sc.Replicates == 1:
		say(OneReplicate, "", "one replicate gives no interval, and so no ratio or share: at least %d are needed", stats.Enough)
	case sc.Replicates < stats.Enough:
		say(FewReplicates, "", "%d replicates are few: intervals need at least %d to be trusted", sc.Replicates, stats.Enough)
	}
	if class, days := s.longestLead(); sc.Time.Warmup < days {
		say(WarmupShort, "", "the warm-up of %d days is shorter than the lead times of %s (about %d days): calendars may still be filling when measuring begins", sc.Time.Warmup, class, days)
	}
	if tier, days := s.youngContracts(); tier != "" {
		say(ContractsYoung, "", "the warm-up of %d days is too short for the contracts of tier %s, which run for %d: more deals than usual pay for a first contract", sc.Time.Warmup, tier, days)
	}
	for _, r := range a.Regimes {
		if r.Gain == nil {
			continue
		}
		if g := r.Gain.PerYear; g.bounded() && !g.Clear() {
			say(NotDistinguishable, r.Name, "the interval of the gain of %s includes zero: it is %s", r.Name, notDistinguishable)
		}
		if share := r.Gain.OfPooled; share != nil && share.Mean > 1 {
			say(AbovePooled, r.Name, "%s gains more than pooled, which is a benchmark under the same loader and not a bound: its share is printed as it is", r.Name)
		}
	}
	for _, lost := range []struct{ code, metric, text string }{
		{Truncated, "truncated", "lists of candidates were cut to the nearest (tiers.NAME.candidates); in a replicate of"},
		{Overflow, "overflow_hours", "work did not fit on the calendars (time.horizon_days); hours in a replicate of"},
		{OpenOrders, "hours_open", "orders were still open at the end of the run-out and count as lost (time.runout_days); hours a year in"},
	} {
		var where []string
		for _, name := range sc.Compare {
			if x := mean(s.metric(lost.metric, name)); x > 0 {
				where = append(where, name+" "+grouped(fmt.Sprintf("%.0f", math.Ceil(x))))
			}
		}
		if where != nil {
			say(lost.code, "", "%s %s", lost.text, strings.Join(where, ", "))
		}
	}
	if sc.Decomposition != nil && a.Decomposition == nil {
		say(NoDecomposition, "", "the gain is not decomposed: not all of its four corners were run")
	}
	return notes
}

// longestLead is the order class whose lead times are the longest, and the days
// that all but a few of its orders have: the least plus the mean draw plus two
// standard deviations.
func (s *samples) longestLead() (class string, days int) {
	for _, name := range s.classes {
		lead := s.sc.Orders[name].Lead
		if d := lead.Minimum + int(math.Ceil(lead.Mean*(1+2*lead.CV))); d > days {
			class, days = name, d
		}
	}
	return class, days
}

// youngContracts finds the tier with the longest contracts, cheaper after the
// first deal, that have not had the time to come to their usual number before
// measuring: their length, or a year if they run longer.
func (s *samples) youngContracts() (tier string, days int) {
	for _, regime := range s.sc.Compare {
		for _, name := range s.sc.Regimes[regime].Tiers {
			t := s.sc.Tiers[name]
			enough := min(t.ContractDays, s.sc.Time.YearDays)
			if t.FirstCost > t.CallOffCost && s.sc.Time.Warmup < enough && t.ContractDays > days {
				tier, days = name, t.ContractDays
			}
		}
	}
	return tier, days
}
