package answer

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"idleshift/metrics/stats"
	"idleshift/sim"
)

// Codes of notes.
const (
	OneReplicate       = "one_replicate"
	FewReplicates      = "few_replicates"
	WarmupShort        = "warmup_short"
	ContractsYoung     = "contracts_young"
	NotDistinguishable = "not_distinguishable"
	NotAmongMany       = "not_among_many"
	AbovePooled        = "above_pooled"
	AboveBound         = "above_bound"
	Truncated          = "truncated"
	Overloaded         = "overloaded"
	Overflow           = "overflow"
	OpenOrders         = "open_orders"
	NoDecomposition    = "no_decomposition"
	Unequal            = "unequal_replicates"
	OtherDays          = "other_days"
	OtherBaseline      = "other_baseline"
	OtherVersion       = "other_version"
	SamePlan           = "same_plan"
	FewSamples         = "few_samples"
	LeftOut            = "left_out"
)

// notes lists every warning.
func (s *samples) notes(a *Answer) []Note {
	sc := s.sc
	notes := []Note{}
	say := func(code, regime, format string, args ...any) {
		notes = append(notes, Note{code, regime, fmt.Sprintf(format, args...)})
	}
	switch {
	case a.Intervals == OfNothing:
		say(OneReplicate, "", "one replicate gives no interval, and so no ratio or share: at least %d are needed", stats.Enough)
	case a.Intervals == OfBatches:
		say(OneReplicate, "", "the intervals of surplus and gain are of %d batches of one replicate, by day of arrival: they show chance from day to day in one region, not between regions%s", sim.Tenths, s.correlated(a))
	case sc.Replicates < stats.Enough:
		say(FewReplicates, "", "%d replicates are few: intervals need at least %d to be trusted", sc.Replicates, stats.Enough)
	}
	switch w := a.Warmup; {
	case w == nil:
		if class, days := s.longestLead(); sc.Time.Warmup < days {
			say(WarmupShort, "", "the warm-up of %d days is shorter than the lead times of %s (about %d days): calendars may still be filling when measuring begins", sc.Time.Warmup, class, days)
		}
	case !w.short(sc.Time.Days):
	case w.Settled:
		say(WarmupShort, "", "the warm-up of %d days is too short: by MSER-5 the hours worked a day in %s come to rest after %d (time.warmup_days)", w.Days, w.worst(), w.Suggested)
	default:
		say(WarmupShort, "", "the warm-up of %d days may be too short: by MSER-5 the hours worked a day in %s do not come to rest in the first half of the %d measured days (time.warmup_days, time.days)", w.Days, w.worst(), sc.Time.Days)
	}
	for _, tier := range slices.Sorted(maps.Keys(s.opened)) {
		if before, after, ok := s.opened[tier].falling(); ok {
			say(ContractsYoung, "", "%s of the deals of tier %s open a contract in the first half of the measured days, %s in the second: contracts are still young, and deals cost %s more than they will (time.warmup_days; contracts run for %d)",
				percents(Number(before)), tier, percents(Number(after)), strings.Join(s.with(tier), ", "), sc.Tiers[tier].ContractDays)
		}
	}
	for _, r := range a.Regimes {
		if r.Gain == nil {
			continue
		}
		if g := r.Gain.PerYear; g.bounded() && !g.Clear() {
			say(NotDistinguishable, r.Name, "the interval of the gain of %s includes zero: it is %s", r.Name, notDistinguishable)
		} else if g.Clear() && r.Gain.Verdict == notDistinguishable {
			say(NotAmongMany, r.Name, "the interval of the gain of %s leaves out zero, but %d regimes are compared: adjusted for that (Holm) its p-value is %s, and it may be chance", r.Name, len(sc.Compare)-1, probability(float64(r.Gain.Holm)))
		}
		if share := r.Gain.OfPooled; share != nil && share.Mean > 1 {
			say(AbovePooled, r.Name, "%s gains more than pooled, which is a benchmark under the same loader and not a bound: its share is printed as it is", r.Name)
		}
	}
	if what := Overload(s.burdens()); what != "" {
		say(Overloaded, "", "%s", what)
	}
	if where := s.cutShort(); where != nil {
		say(Truncated, "", "gains may be understated: lists of candidates were cut to the nearest (tiers.NAME.candidates), and of the requests that were shown one so many got nothing: %s; run with longer lists to see", strings.Join(where, ", "))
	}
	if b := a.Clairvoyant; b != nil && b.Beaten > 0 {
		say(AboveBound, "", "the surplus exceeds the clairvoyant bound in %d of %d regimes and replicates, which cannot be: the program has an error, and --check tells where", b.Beaten, len(a.Regimes)*sc.Replicates)
	}
	for _, lost := range []struct{ code, metric, text string }{
		{Overflow, "overflow_hours", "work did not fit on the calendars (time.horizon_days); hours in a replicate of"},
		{OpenOrders, "hours_open", "orders were still open at the end of the run-out and count as lost (time.runout_days); hours a year in"},
	} {
		var where []string
		for _, name := range sc.Compare {
			if x := stat.Mean(s.metric(lost.metric, name), nil); x > 0 {
				where = append(where, name+" "+Grouped(fmt.Sprintf("%.0f", math.Ceil(x))))
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

// young tells whether contracts of a regime's tiers run for longer than the
// warm-up: more of its deals open one than will in the long run, and it gains
// less than it will.
func (s *samples) young(regime string) bool {
	return slices.ContainsFunc(s.sc.Regimes[regime].Tiers, func(tier string) bool {
		return s.sc.Tiers[tier].ContractDays > s.sc.Time.Warmup
	})
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

// worst is the regimes that need the longest warm-up.
func (w *Warmup) worst() string {
	var names []string
	for _, p := range w.Regimes {
		if w.Settled && w.Days+p.Cut == w.Suggested || !w.Settled && !p.Settled {
			names = append(names, p.Regime)
		}
	}
	return strings.Join(names, ", ")
}

// with lists the regimes that have the tier.
func (s *samples) with(tier string) []string {
	var names []string
	for _, name := range s.sc.Compare {
		if slices.Contains(s.sc.Regimes[name].Tiers, tier) {
			names = append(names, name)
		}
	}
	return names
}

// related is the correlation of neighbouring batches from which it is told.
const related = 0.3

// correlated adds what makes the intervals of batches too narrow.
func (s *samples) correlated(a *Answer) string {
	regime := a.Headline.Regime
	if regime == "" {
		regime = s.sc.Baseline
	}
	x := s.surplus(regime)
	if regime != s.sc.Baseline {
		x = s.change(regime, s.sc.Baseline)
	}
	if r := stats.Neighbours(x); r > related {
		return fmt.Sprintf("; neighbouring batches of %s have a correlation of %.1f, so that its interval is too narrow", regime, r)
	}
	return ""
}

// A cut of the lists of candidates is told where of the requests that were
// shown a cut list at least few and at most nearly all got nothing. Where fewer
// did, a longer list has little to add; where more did, it is not the list that
// keeps them from a deal but its terms. The counts stand in the runs table.
const few, nearlyAll = 0.05, 0.95

// cutShort lists the regimes in which the cut of lists may matter.
func (s *samples) cutShort() []string {
	var where []string
	for _, name := range s.sc.Compare {
		cut := stat.Mean(s.metric("truncated", name), nil)
		if share := stat.Mean(s.metric("cut_short", name), nil) / cut; cut > 0 && share >= few && share <= nearlyAll {
			where = append(where, name+" "+percents(Number(share)))
		}
	}
	return where
}
