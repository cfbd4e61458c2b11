package moments

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"idleshift/metrics"
	"idleshift/metrics/stats"
	"idleshift/scenarios"
)

// A Suite is the moments that a scenario is measured by. What a replicate shows
// of them is a row of numbers, their parts, to be averaged over replicates.
type Suite struct {
	Moments []Moment
	series  []*series // by moment, nil for a metric
	metric  []*metrics.Metric
}

// NewSuite puts the moments together; they must have been checked.
func NewSuite(all []Moment) (*Suite, error) {
	s := &Suite{Moments: all}
	for i := range all {
		series, metric := find(all[i].Metric)
		if series == nil && metric == nil {
			return nil, metrics.Unknown("metric or moment", all[i].Metric, Names())
		}
		s.series, s.metric = append(s.series, series), append(s.metric, metric)
	}
	return s, nil
}

// Regimes are what a scenario must run for the suite, the baseline first.
func (s *Suite) Regimes(sc *scenarios.Scenario) []string {
	regimes := []string{sc.Baseline}
	for _, m := range s.Moments {
		if m.Regime != "" && !slices.Contains(regimes, m.Regime) {
			regimes = append(regimes, m.Regime)
		}
	}
	return regimes
}

// id tells suites apart whose rows differ.
func (s *Suite) id() string {
	text, _ := json.Marshal(s.Moments) // of strings only
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// row is what the sample of one replicate shows.
func (s *Suite) row(from *sample) [][]float64 {
	var row [][]float64
	for i := range s.Moments {
		if metric := s.metric[i]; metric != nil {
			row = append(row, []float64{from.metric(metric, &s.Moments[i])})
		} else {
			row = append(row, s.series[i].parts(from, &s.Moments[i]))
		}
	}
	return row
}

// An Estimates is the moments of a suite as replicates give them.
type Estimates struct {
	Values []float64   // by moment; NaN where it is not defined
	Errors []float64   // standard errors; NaN with one replicate
	pseudo [][]float64 // by moment, then replicate: pseudo-values of the jackknife
}

// Estimate is the moments from rows of replicates, with the bias that a
// function of means has taken out if they are stats.Enough, and the standard
// errors, by the jackknife over replicates (Tukey 1958; Efron and Stein 1981).
func (s *Suite) Estimate(rows [][][]float64) Estimates {
	e := Estimates{}
	n := float64(len(rows))
	for i := range s.Moments {
		var sum []float64
		for _, row := range rows {
			if sum == nil {
				sum = make([]float64, len(row[i]))
			}
			for j, x := range row[i] {
				sum[j] += x
			}
		}
		value := func(sum []float64, n float64) float64 {
			means := make([]float64, len(sum))
			for j := range sum {
				means[j] = sum[j] / n
			}
			if s.series[i] == nil {
				return means[0]
			}
			return s.series[i].value(means)
		}
		whole := math.NaN()
		if len(rows) > 0 {
			whole = value(sum, n)
		}
		if len(rows) < 2 {
			e.Values, e.Errors, e.pseudo = append(e.Values, whole), append(e.Errors, math.NaN()), append(e.pseudo, nil)
			continue
		}
		pseudo := make([]float64, len(rows))
		without := make([]float64, len(sum))
		for r, row := range rows {
			for j := range sum {
				without[j] = sum[j] - row[i][j]
			}
			pseudo[r] = n*whole - (n-1)*value(without, n-1)
		}
		if len(rows) >= stats.Enough { // of fewer the correction is worse than the bias
			whole = stat.Mean(pseudo, nil)
		}
		e.Values = append(e.Values, whole)
		e.Errors = append(e.Errors, stat.StdDev(pseudo, nil)/math.Sqrt(n))
		e.pseudo = append(e.pseudo, pseudo)
	}
	return e
}

// Covariance is that of the estimates of the moments; nil with one replicate.
func (e *Estimates) Covariance() *mat.SymDense {
	k := len(e.Values)
	if k == 0 || e.pseudo[0] == nil {
		return nil
	}
	c := mat.NewSymDense(k, nil)
	for i := range k {
		for j := i; j < k; j++ {
			c.SetSym(i, j, stat.Covariance(e.pseudo[i], e.pseudo[j], nil)/float64(len(e.pseudo[i])))
		}
	}
	return c
}

// Change is the estimate of the difference of moment i between e and an earlier
// estimate over the same replicates, with its standard error.
func (e *Estimates) Change(from *Estimates, i int) (mean, se float64) {
	if e.pseudo[i] == nil || len(e.pseudo[i]) != len(from.pseudo[i]) {
		return e.Values[i] - from.Values[i], math.NaN()
	}
	d := make([]float64, len(e.pseudo[i]))
	for r := range d {
		d[r] = e.pseudo[i][r] - from.pseudo[i][r]
	}
	return stat.Mean(d, nil), stat.StdDev(d, nil) / math.Sqrt(float64(len(d)))
}
