package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// rounding is what is left of a difference between sums of equal numbers, as a
// share of them.
const rounding = 1e-12

// Contrast is the sum of the points' expected outcomes by weight, such as the
// mean of some points less that of others; y has the outcome by point and
// replicate. With common random numbers replicates are paired: the sum is made
// in each, and the interval is Student's t over them. Otherwise the points are
// independent samples, and the degrees of freedom are those of Welch and
// Satterthwaite. Points of weight 0 are not looked at.
func Contrast(y [][]float64, weights []float64, common bool, level float64) Interval {
	replicates := 0
	for i, w := range weights {
		if w != 0 {
			replicates = len(y[i])
		}
	}
	if common {
		sums, sizes := make([]float64, replicates), make([]float64, replicates)
		for i, w := range weights {
			if w != 0 {
				for r, x := range y[i] {
					sums[r] += w * x
					sizes[r] += math.Abs(w * x)
				}
			}
		}
		for r := range sums {
			if math.Abs(sums[r]) < rounding*sizes[r] {
				sums[r] = 0
			}
		}
		return Mean(sums, level)
	}
	out := Interval{N: replicates, Low: math.Inf(-1), High: math.Inf(1), Level: level, StandardError: math.NaN(), P: math.NaN()}
	var variance, freedom, size float64
	for i, w := range weights {
		if w == 0 {
			continue
		}
		m := w * stat.Mean(y[i], nil)
		out.Mean += m
		size += math.Abs(m)
		n := float64(len(y[i]))
		v := w * w * stat.Variance(y[i], nil) / n
		variance += v
		freedom += v * v / (n - 1)
	}
	if math.Abs(out.Mean) < rounding*size {
		out.Mean = 0
	}
	if replicates < 2 {
		return out
	}
	out.StandardError = math.Sqrt(variance)
	if variance == 0 {
		out.Low, out.High = out.Mean, out.Mean
		return out
	}
	t := distuv.StudentsT{Sigma: 1, Nu: variance * variance / freedom}
	half := t.Quantile((1+level)/2) * out.StandardError
	out.Low, out.High = out.Mean-half, out.Mean+half
	out.P = 2 * t.Survival(math.Abs(out.Mean/out.StandardError))
	return out
}
