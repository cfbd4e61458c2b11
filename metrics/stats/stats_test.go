package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Student's data on sleep (1908, Biometrika 6): hours gained with drug 1 and
// drug 2 by ten patients. A failure means that intervals or p-values are not
// those of the textbook.
func TestPairedSleep(t *testing.T) {
	one := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2}
	two := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	d := Paired(two, one, 0.95)
	near(t, "mean difference", d.Mean, 1.58, 1e-12)
	near(t, "lower bound", d.Low, 0.7001142, 1e-6)
	near(t, "upper bound", d.High, 2.4598858, 1e-6)
	near(t, "p", d.P, 0.00283289, 1e-7)
	near(t, "variance factor", d.Factor, (3.200556+4.009)/1.512889, 1e-5)
	if !d.Clear() || len(d.Warnings()) > 0 {
		t.Errorf("ten clear pairs are warned of: %v", d.Warnings())
	}
}

// A failure means that what has no interval seems to have one.
func TestWithoutInterval(t *testing.T) {
	for name, i := range map[string]Interval{
		"mean of nothing": Mean(nil, 0.95),
		"mean of one":     Mean([]float64{3}, 0.95),
		"mean with NaN":   Mean([]float64{3, math.NaN(), 2}, 0.95),
		"ratio to zero":   Ratio([]float64{1, 2, 3}, []float64{-1, 0, 1}, 0.95),
		"ratio to noise":  Ratio([]float64{1, 2, 3}, []float64{-1, 0, 2}, 0.95),
		"ratio of one":    Ratio([]float64{1}, []float64{2}, 0.95),
		"ratio of none":   Ratio(nil, nil, 0.95),
	} {
		if i.Bounded() || i.Clear() {
			t.Errorf("%s: [%v, %v]", name, i.Low, i.High)
		}
		if len(i.Warnings()) != 2 {
			t.Errorf("%s: warnings %q", name, i.Warnings())
		}
	}
}

// A noise-free scenario has differences that do not vary; its interval is a
// point, and a failure means that it is lost or divided by zero.
func TestNoVariance(t *testing.T) {
	d := Paired([]float64{5, 6, 7}, []float64{3, 4, 5}, 0.95)
	if d.Low != 2 || d.High != 2 || d.P != 0 || !math.IsNaN(d.Factor) {
		t.Errorf("constant difference: %+v", d)
	}
	zero := Paired([]float64{5, 6, 7}, []float64{5, 6, 7}, 0.95)
	if zero.Clear() || zero.P != 1 {
		t.Errorf("no difference: %+v", zero)
	}
	same := Ratio([]float64{20, 22, 18, 20}, []float64{10, 11, 9, 10}, 0.95)
	near(t, "lower bound of a constant ratio", same.Low, 2, 1e-12)
	near(t, "upper bound of a constant ratio", same.High, 2, 1e-12)
	fixed := Ratio([]float64{1, 2, 3}, []float64{4, 4, 4}, 0.95)
	plain := Mean([]float64{1, 2, 3}, 0.95)
	near(t, "lower bound over a constant", fixed.Low, plain.Low/4, 1e-12)
	near(t, "upper bound over a constant", fixed.High, plain.High/4, 1e-12)
}

// Over 20,000 synthetic experiments a nominal 95 % interval must cover the truth
// in 95 of a hundred, within three standard errors; a failure means that reported intervals lie.
func TestCoverage(t *testing.T) {
	const experiments = 20000
	for _, n := range []int{6, 10, 30} {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		paired, ratio := 0, 0
		for range experiments {
			a, b := make([]float64, n), make([]float64, n)
			for i := range n {
				world := r.NormFloat64() // what the replicate has in common
				a[i] = 13 + 3*world + r.NormFloat64()
				b[i] = 10 + 3*world + r.NormFloat64()
			}
			if d := Paired(a, b, 0.95); d.Low <= 3 && 3 <= d.High {
				paired++
			}
			if q := Ratio(a, b, 0.95); q.Low <= 1.3 && 1.3 <= q.High {
				ratio++
			}
		}
		for what, hits := range map[string]int{"paired": paired, "Fieller": ratio} {
			share := float64(hits) / experiments
			t.Logf("%s, %d replicates: covers %.4f", what, n, share)
			if share < 0.9454 || share > 0.9546 {
				t.Errorf("%s, %d replicates: covers %.4f", what, n, share)
			}
		}
	}
}

// Adding ten replicates at a time until the half-width is small enough stops a
// little more often where the spread happens to be small, so the interval
// covers a little less than it says: how much must be known. A failure means
// that --precision buys its precision with coverage.
func TestCoverageWhenStoppedByPrecision(t *testing.T) {
	const experiments, most, wanted = 4000, 200, 0.1
	r := rand.New(rand.NewPCG(2, 2))
	hits, replicates := 0, 0
	for range experiments {
		var x []float64
		for {
			for range 10 {
				x = append(x, 3+1.5*r.NormFloat64())
			}
			i := Mean(x, 0.95)
			if (i.High-i.Low)/2 <= wanted*math.Abs(i.Mean) || len(x) == most {
				if i.Low <= 3 && 3 <= i.High {
					hits++
				}
				replicates += len(x)
				break
			}
		}
	}
	share, n := float64(hits)/experiments, float64(replicates)/experiments
	t.Logf("covers %.4f with %.0f replicates on average", share, n)
	if share < 0.93 || share > 0.96 || n < 60 || n > 140 {
		t.Errorf("covers %.4f with %.0f replicates on average", share, n)
	}
}

// Fieller's set must cover also where the denominator is weak: it then says so
// by having no bounds. A failure means that a ratio is printed as surer than
// it is.
func TestFiellerWeakDenominator(t *testing.T) {
	const experiments, n = 2000, 8
	r := rand.New(rand.NewPCG(7, 7))
	bounded, missed := 0, 0
	for range experiments {
		a, b := make([]float64, n), make([]float64, n)
		for i := range n {
			a[i], b[i] = 2+2*r.NormFloat64(), 1+2*r.NormFloat64()
		}
		q := Ratio(a, b, 0.95)
		if q.Bounded() {
			bounded++
		}
		if q.Low > 2 || q.High < 2 {
			missed++
		}
	}
	if share := float64(missed) / experiments; share > 0.06 {
		t.Errorf("misses %.4f", share)
	}
	if bounded > experiments/2 {
		t.Errorf("%d of %d ratios to a denominator near zero are bounded", bounded, experiments)
	}
}

// Holm (1979) by hand: 0.005×4, 0.01×3, 0.03×2, and 0.04 held up to its
// predecessor. A failure means that many comparisons find too much.
func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		near(t, "adjusted p", got[i], want, 1e-15)
	}
	if got := Holm([]float64{0.9, 0.8}); got[0] != 1 || got[1] != 1 {
		t.Errorf("above one: %v", got)
	}
	if got := Holm([]float64{math.NaN(), 0.03, 0.02}); !math.IsNaN(got[0]) || got[1] != 0.04 || got[2] != 0.04 {
		t.Errorf("what has no p-value counts as a comparison: %v", got)
	}
	if len(Holm(nil)) != 0 {
		t.Error("of nothing, something")
	}
}

// Welch's interval for the samples of Student's sleep data taken as
// independent: t = -1.8608, 17.776 degrees of freedom, -3.3654832 to 0.2054832
// (R, t.test). A failure means that datasets are compared wrongly.
func TestWelch(t *testing.T) {
	one := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	two := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	w := Welch(one, two, 0.95)
	near(t, "lower bound", w.Low, -3.3654832, 1e-6)
	near(t, "upper bound", w.High, 0.2054832, 1e-6)
	near(t, "p", w.P, 0.0793941, 1e-6)
	unlike := Welch([]float64{3, 5}, []float64{0, 1, 2, 1, 1}, 0.95)
	near(t, "standard error of unlike lengths", unlike.StandardError, math.Sqrt(1+0.5/5), 1e-12)
	same := Welch([]float64{1, 2, 3, 4}, []float64{2, 3, 4, 5}, 0.95) // Student's pooled t: six degrees of freedom
	near(t, "lower bound", same.Low, -1-2.446912*math.Sqrt(2*(5.0/3)/4), 1e-5)
	if i := Welch([]float64{1}, []float64{2, 3}, 0.95); i.Bounded() {
		t.Errorf("one observation has the interval [%v, %v]", i.Low, i.High)
	}
	if i := Welch([]float64{2, 2}, []float64{1, 1}, 0.95); i.Low != 1 || i.High != 1 || i.P != 0 {
		t.Errorf("constants: %+v", i)
	}
}

// A failure means that dependent batches pass for independent ones.
func TestNeighbours(t *testing.T) {
	near(t, "a trend", Neighbours([]float64{1, 2, 3, 4, 5}), 0.4, 1e-12)
	near(t, "to and fro", Neighbours([]float64{1, -1, 1, -1}), -0.75, 1e-12)
	if !math.IsNaN(Neighbours([]float64{1, 2})) || !math.IsNaN(Neighbours([]float64{2, 2, 2})) {
		t.Error("a correlation of nothing")
	}
}

// An autoregression with known mean: the interval of batch means must cover
// it, which that of single observations does not. A failure means that one
// A failure means that warm-up is mistaken for measurement.
func TestMSER5(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float64, 1000)
	for i := range x {
		x[i] = 20*math.Exp(-float64(i)/30) + r.NormFloat64()
	}
	if cut, settled := MSER5(x); !settled || cut < 60 || cut > 250 {
		t.Errorf("cuts %d of a warm-up of about 100 days, settled %v", cut, settled)
	}
	rise := slices.Clone(x)
	for i := range rise {
		rise[i] = float64(i)
	}
	if _, settled := MSER5(rise); settled {
		t.Error("a trend without end passes for settled")
	}
	if cut, settled := MSER5(x[:7]); cut != 0 || settled {
		t.Errorf("seven observations: %d, %v", cut, settled)
	}
}
