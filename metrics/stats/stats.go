// Package stats turns replicates into estimates with intervals: means, paired
// differences, ratios, and the means of one long run. Numbers in, numbers out.
// Nothing is clipped and nothing hidden: where there is no interval its bounds
// are infinite.
package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Enough is how many replicates an interval needs to be worth reading.
const Enough = 6

// An Interval is an estimate and its confidence interval.
type Interval struct {
	N             int     // observations
	Mean          float64 // the estimate; NaN if it is not defined
	Low, High     float64 // -Inf and +Inf where there is no bound
	Level         float64 // nominal coverage, such as 0.95
	StandardError float64 // NaN with one observation
	P             float64 // two-sided p-value of the estimate being zero; NaN if it has none
}

// Bounded reports whether both bounds are finite.
func (i Interval) Bounded() bool { return !math.IsInf(i.High-i.Low, 0) && !math.IsNaN(i.High-i.Low) }

// Clear reports whether the interval is bounded and leaves out zero.
func (i Interval) Clear() bool { return i.Bounded() && (i.Low > 0 || i.High < 0) }

// Warnings say what a reader of the interval should know.
func (i Interval) Warnings() []string {
	var w []string
	if i.N < Enough {
		w = append(w, fmt.Sprintf("%d replicates are few: an interval needs at least %d", i.N, Enough))
	}
	switch {
	case !i.Bounded():
		w = append(w, "there is no bounded interval")
	case !i.Clear():
		w = append(w, "the interval includes zero")
	}
	return w
}

// Mean is the mean of independent observations with Student's t interval.
func Mean(x []float64, level float64) Interval {
	n := len(x)
	i := Interval{N: n, Mean: math.NaN(), Low: math.Inf(-1), High: math.Inf(1), Level: level, StandardError: math.NaN(), P: math.NaN()}
	if n == 0 {
		return i
	}
	i.Mean = stat.Mean(x, nil)
	if n == 1 || math.IsNaN(i.Mean) {
		return i
	}
	i.StandardError = SD(x) / math.Sqrt(float64(n))
	half := student(n-1, level) * i.StandardError
	i.Low, i.High = i.Mean-half, i.Mean+half
	switch {
	case i.StandardError > 0:
		i.P = 2 * distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Survival(math.Abs(i.Mean/i.StandardError))
	case i.Mean == 0:
		i.P = 1
	default:
		i.P = 0
	}
	return i
}

// SD is the standard deviation of a sample (n − 1 below); NaN of fewer than two.
func SD(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	return stat.StdDev(x, nil)
}

// student is the quantile of Student's t that leaves 1 − level to both tails.
func student(freedom int, level float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: float64(freedom)}.Quantile((1 + level) / 2)
}

// A Difference is the mean of paired differences.
type Difference struct {
	Interval
	// Factor is the variance of the difference if the pairs were independent
	// over its variance as paired: how many times more replicates it would take
	// without common random numbers. NaN if the difference does not vary.
	Factor float64
}

// Paired is the mean of a − b, pair by pair, with Student's t interval. The
// slices must be of one length.
func Paired(a, b []float64, level float64) Difference {
	d := Differences(a, b)
	factor := math.NaN()
	if v := SD(d); v > 0 {
		factor = (SD(a)*SD(a) + SD(b)*SD(b)) / (v * v)
	}
	return Difference{Mean(d, level), factor}
}

// Differences are a − b, pair by pair; what is below the rounding of the two is
// none.
func Differences(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		if d := a[i] - b[i]; !(math.Abs(d) <= 1e-13*max(math.Abs(a[i]), math.Abs(b[i]))) {
			out[i] = d
		}
	}
	return out
}

// Welch is the difference a − b in the means of two independent samples, of any
// lengths, with the interval of Welch (1947). There is none if either has fewer
// than two observations.
func Welch(a, b []float64, level float64) Interval {
	n, m := float64(len(a)), float64(len(b))
	i := Interval{N: min(len(a), len(b)), Mean: stat.Mean(a, nil) - stat.Mean(b, nil), Low: math.Inf(-1), High: math.Inf(1), Level: level, StandardError: math.NaN(), P: math.NaN()}
	if i.N < 2 || math.IsNaN(i.Mean) {
		return i
	}
	va, vb := SD(a)*SD(a)/n, SD(b)*SD(b)/m
	i.StandardError = math.Sqrt(va + vb)
	if va+vb == 0 {
		i.Low, i.High, i.P = i.Mean, i.Mean, 0
		if i.Mean == 0 {
			i.P = 1
		}
		return i
	}
	t := distuv.StudentsT{Sigma: 1, Nu: (va + vb) * (va + vb) / (va*va/(n-1) + vb*vb/(m-1))}
	half := t.Quantile((1+level)/2) * i.StandardError
	i.Low, i.High, i.P = i.Mean-half, i.Mean+half, 2*t.Survival(math.Abs(i.Mean/i.StandardError))
	return i
}

// Ratio is the mean of num over the mean of den, pair by pair of one length,
// with Fieller's interval (Fieller 1954). Where the denominator cannot be told
// from zero the set of ratios that fit is without end: then both bounds are
// infinite.
func Ratio(num, den []float64, level float64) Interval {
	n := len(num)
	i := Interval{N: n, Mean: math.NaN(), Low: math.Inf(-1), High: math.Inf(1), Level: level, StandardError: math.NaN(), P: math.NaN()}
	if n == 0 {
		return i
	}
	x, y := stat.Mean(num, nil), stat.Mean(den, nil)
	if y == 0 {
		return i
	}
	i.Mean = x / y
	if n == 1 {
		return i
	}
	t := student(n-1, level)
	per := t * t / float64(n)
	xx, yy, xy := stat.Variance(num, nil), stat.Variance(den, nil), stat.Covariance(num, den, nil)
	i.StandardError = math.Sqrt(max(0, xx-2*i.Mean*xy+i.Mean*i.Mean*yy)/float64(n)) / math.Abs(y)
	// the ratios r with (x − r y)² ≤ t² Var(x − r y)/n: a r² − 2 b r + c ≤ 0
	a, b, c := y*y-per*yy, x*y-per*xy, x*x-per*xx
	if !(a > 0) {
		return i
	}
	root := math.Sqrt(max(0, b*b-a*c))
	i.Low, i.High = (b-root)/a, (b+root)/a
	return i
}

// Holm adjusts p-values of one family so that rejecting those below a level
// keeps the chance of any false rejection below it (Holm 1979). What is NaN
// stays so and does not count.
func Holm(p []float64) []float64 {
	var order []int
	for i := range p {
		if !math.IsNaN(p[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case p[i] < p[j]:
			return -1
		case p[i] > p[j]:
			return 1
		}
		return 0
	})
	adjusted := slices.Clone(p)
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(order)-rank)*p[i]))
		adjusted[i] = least
	}
	return adjusted
}

// Neighbours is the correlation of a series with itself one step on; NaN if it
// does not vary or is too short. Batches that are long enough have hardly any.
func Neighbours(x []float64) float64 {
	if len(x) < 3 {
		return math.NaN()
	}
	mean, squares, products := stat.Mean(x, nil), 0.0, 0.0
	for i := range x {
		squares += (x[i] - mean) * (x[i] - mean)
		if i > 0 {
			products += (x[i] - mean) * (x[i-1] - mean)
		}
	}
	return products / squares
}

// MSER5 is how many observations to cut from the front of a series as warm-up:
// the cut, in steps of five, that makes the standard error of what is left
// least (White, Cobb and Spratt 2000). It looks at the first half only; a cut that lies there at
// its end says that the series is too short, and settled is false.
func MSER5(x []float64) (cut int, settled bool) {
	const step = 5
	y := means(x[:len(x)-len(x)%step], step)
	half := len(y) / 2
	if half < 1 {
		return 0, false
	}
	best, at := math.Inf(1), 0
	for d := 0; d <= half; d++ {
		rest := y[d:]
		if v := stat.PopVariance(rest, nil) / float64(len(rest)); v < best {
			best, at = v, d
		}
	}
	return at * step, at < half
}

// means are the means of consecutive groups of size observations.
func means(x []float64, size int) []float64 {
	var out []float64
	for group := range slices.Chunk(x, size) {
		out = append(out, stat.Mean(group, nil))
	}
	return out
}
