package answer

import (
	"slices"

	"idleshift/metrics"
	"idleshift/metrics/stats"
	"idleshift/metrics/store"
)

// A Warmup says by a stated rule whether measuring began too early.
type Warmup struct {
	Rule      string       `json:"rule" doc:"The rule."`
	Days      int          `json:"days" doc:"Working days of warm-up that were run."`
	Suggested int          `json:"suggested_days" doc:"Working days of warm-up by the rule."`
	Settled   bool         `json:"settled" doc:"The series of all regimes looked at come to rest in their first half; otherwise the run is too short to tell."`
	Regimes   []WarmupPart `json:"regimes" doc:"The regimes looked at: the baseline and those of the headline."`
}

// A WarmupPart is what the rule says of one regime.
type WarmupPart struct {
	Regime  string `json:"regime" doc:"Regime."`
	Cut     int    `json:"cut_days" doc:"Measured days that the rule would cut from the front."`
	Settled bool   `json:"settled" doc:"The series comes to rest in its first half."`
}

const warmupRule = "MSER-5 (White, Cobb and Spratt 2000) on the hours worked on each measured day, mean over replicates"

// has reports whether the dataset was made with the table.
func has(d *store.Dataset, table string) bool {
	return slices.ContainsFunc(d.Files, func(f store.File) bool { return f.Table == table })
}

// tolerated is the share of the measured days that may look like warm-up before
// it is worth a warning.
const tolerated = 0.05

// warmup applies the rule to the regimes of the headline; nil if no days are
// kept.
func (s *samples) warmup(h *Headline) *Warmup {
	if s.worked == nil {
		return nil
	}
	w := &Warmup{Rule: warmupRule, Days: s.sc.Time.Warmup, Suggested: s.sc.Time.Warmup, Settled: true}
	for _, regime := range []string{s.sc.Baseline, h.Regime, h.Rival} {
		if regime == "" || slices.ContainsFunc(w.Regimes, func(p WarmupPart) bool { return p.Regime == regime }) {
			continue
		}
		series := s.worked[regime]
		if series == nil {
			series = make([]float64, s.sc.Time.Days)
		}
		p := WarmupPart{Regime: regime}
		p.Cut, p.Settled = stats.MSER5(series)
		w.Regimes = append(w.Regimes, p)
		w.Suggested = max(w.Suggested, w.Days+p.Cut)
		w.Settled = w.Settled && p.Settled
	}
	return w
}

// short tells whether the warm-up is worth a warning.
func (w *Warmup) short(measured int) bool {
	return !w.Settled || float64(w.Suggested-w.Days) > tolerated*float64(measured)
}

// opening counts the deals of a tier's contracts that open one.
type opening struct {
	deals, first [2]int // in the first and in the second half of the measured days
}

// addDeal counts them for the tiers in opened.
func (s *samples) addDeal(rows []metrics.DealRow) error {
	for i := range rows {
		r := &rows[i]
		o := s.opened[r.Tier]
		if o == nil || r.Day < 0 || int(r.Day) >= s.sc.Time.Days {
			continue
		}
		half := int(r.Day) * 2 / s.sc.Time.Days
		o.deals[half]++
		if r.First {
			o.first[half]++
		}
	}
	return nil
}

// falling tells whether the share of first deals is lower in the second half
// than in the first, beyond chance (two standard errors), and by at least a
// twentieth.
func (o *opening) falling() (before, after float64, ok bool) {
	if o.deals[0] == 0 || o.deals[1] == 0 {
		return 0, 0, false
	}
	before, after = float64(o.first[0])/float64(o.deals[0]), float64(o.first[1])/float64(o.deals[1])
	pooled := float64(o.first[0]+o.first[1]) / float64(o.deals[0]+o.deals[1])
	variance := pooled * (1 - pooled) * (1/float64(o.deals[0]) + 1/float64(o.deals[1]))
	drop := before - after
	return before, after, drop >= 0.05 && drop*drop > 4*variance
}
