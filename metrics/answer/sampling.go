package answer

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"idleshift/metrics"
	"idleshift/metrics/stats"
	"idleshift/sim"
)

// What intervals are of.
const (
	OfReplicates = "replicates" // independent worlds
	OfBatches    = "batches"    // tenths of the measured days of one replicate
	OfNothing    = "none"
)

// leastBatch is how many days a batch needs, so that neighbours have little to
// do with each other.
const leastBatch = 5

// surplus is the surplus of a regime a year: by replicate, or by tenth of the
// measured days if there is one replicate only, so that gains have an interval
// all the same (batch means; Schmeiser 1982 finds ten to thirty batches enough).
func (s *samples) surplus(regime string) []float64 {
	whole := s.metric("surplus", regime)
	if len(whole) != 1 || s.sc.Time.Days < leastBatch*sim.Tenths {
		return whole
	}
	batches := make([]float64, sim.Tenths)
	for i := range batches {
		x, err := s.values(metrics.Tenth(i), regime)
		if err != nil || len(x) != 1 || math.IsNaN(x[0]) {
			return whole // a dataset of a program that did not have them
		}
		batches[i] = x[0]
	}
	// tenths of a number of days that ten does not divide are not quite of one length
	shift := whole[0] - stat.Mean(batches, nil)
	for i := range batches {
		batches[i] += shift
	}
	return batches
}

// intervals says what the surplus's intervals are of.
func (s *samples) intervals() string {
	switch n := len(s.surplus(s.sc.Baseline)); {
	case s.sc.Replicates > 1:
		return OfReplicates
	case n > 1:
		return OfBatches
	}
	return OfNothing
}

// change is the surplus of the regime less that of another.
func (s *samples) change(regime, from string) []float64 {
	return stats.Differences(s.surplus(regime), s.surplus(from))
}

// asLong is x repeated to n observations if it is one, to stand beside batches.
func asLong(x []float64, n int) []float64 {
	if len(x) != 1 {
		return x
	}
	return slices.Repeat(x, n)
}

// adjust fills the p-values of the gains: of each alone, and as one family over
// all regimes compared with the baseline.
func (s *samples) adjust(a *Answer) {
	var gains []*Gain
	var p []float64
	for i := range a.Regimes {
		if g := a.Regimes[i].Gain; g != nil {
			gains = append(gains, g)
			p = append(p, stats.Mean(s.change(a.Regimes[i].Name, s.sc.Baseline), Level).P)
		}
	}
	for i, adjusted := range stats.Holm(p) {
		g := gains[i]
		g.P, g.Holm = Number(p[i]), Number(adjusted)
		switch {
		case math.IsNaN(adjusted):
			g.Verdict = "no interval"
		case adjusted >= 1-Level:
			g.Verdict = notDistinguishable
		case g.PerYear.Mean > 0:
			g.Verdict = "gain"
		default:
			g.Verdict = "loss"
		}
	}
}
