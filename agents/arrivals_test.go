package agents

import (
	"math"
	"testing"

	"idleshift/agents/rng"
)

// between checks that k inverts u: F(k-1) ≤ u < F(k), to a tolerance for the
// rounding of either side.
func between(t *testing.T, name string, u float64, k int, cdf func(int) float64, eps float64) {
	t.Helper()
	if hi := cdf(k); hi <= u-eps {
		t.Errorf("%s: count %d at u = %.17g, but F(%d) = %.17g", name, k, u, k, hi)
	}
	if k > 0 {
		if lo := cdf(k - 1); lo > u+eps {
			t.Errorf("%s: count %d at u = %.17g, but F(%d) = %.17g already", name, k, u, k-1, lo)
		}
	}
}

// summed is the distribution function of a law given by the log of its
// probabilities, summed from 14 standard deviations below the mean.
func summed(mean, sd float64, logp func(k float64) float64) func(int) float64 {
	from := max(0, int(mean-14*sd-10))
	sum, table := 0.0, []float64{}
	for k := from; k <= int(mean+14*sd+40); k++ {
		sum += math.Exp(logp(float64(k)))
		table = append(table, sum)
	}
	return func(k int) float64 {
		if k < from {
			return 0
		}
		return table[min(k-from, len(table)-1)]
	}
}

func lgamma(x float64) float64 { v, _ := math.Lgamma(x); return v }

var someDraws = func() []float64 {
	u := []float64{0, 0x1p-53, 1e-12, 1e-6, 0.5, 1 - 1e-6, 1 - 1e-12, 1 - 0x1p-53}
	s := rng.Sub(1, 1)
	for range 2000 {
		u = append(u, s.Float64())
	}
	return u
}()

func TestPoissonInvertsItsDistribution(t *testing.T) {
	for _, mean := range []float64{0.001, 0.3, 1, 3, 8, 20, 63.9, 64.1, 200, 1e4, 1e6} {
		cdf := summed(mean, math.Sqrt(mean), func(k float64) float64 { return k*math.Log(mean) - mean - lgamma(k+1) })
		eps := 1e-13 * max(1, mean*math.Log(mean+2)) // rounding of the log of the reference
		for _, u := range someDraws {
			between(t, "Poisson", u, Poisson(u, mean), cdf, eps)
		}
	}
	if Poisson(0.999, 0) != 0 || Poisson(0, 5) != 0 {
		t.Error("no demand, or the least draw, gives orders")
	}
}

func TestBinomialInvertsItsDistribution(t *testing.T) {
	for _, n := range []int{1, 2, 4, 30, 500, 5000} {
		for _, p := range []float64{0.001, 0.05, 0.2, 0.5, 0.51, 0.8, 0.95, 0.999} {
			x := float64(n)
			cdf := summed(x*p, math.Sqrt(x*p*(1-p)), func(k float64) float64 {
				if k > x {
					return math.Inf(-1)
				}
				return lgamma(x+1) - lgamma(k+1) - lgamma(x-k+1) + k*math.Log(p) + (x-k)*math.Log1p(-p)
			})
			for _, u := range someDraws {
				k := Binomial(u, n, p)
				if k < 0 || k > n {
					t.Fatalf("%d of %d units are up", k, n)
				}
				between(t, "Binomial", u, k, cdf, 1e-10)
			}
		}
	}
	if Binomial(0.3, 5, 1) != 5 || Binomial(0.3, 5, 0) != 0 || Binomial(0.3, 0, 0.5) != 0 {
		t.Error("certain outcomes are missed")
	}
}

// More demand or a higher draw never means fewer orders: otherwise two
// scenarios that differ a little would not share their random worlds.
func TestCountsAreMonotone(t *testing.T) {
	means := []float64{0, 0.01, 0.5, 2, 8, 63.99, 64, 64.01, 65, 150, 151, 1000, 99_999, 100_000}
	for _, u := range someDraws {
		last := 0
		for _, m := range means {
			k := Poisson(u, m)
			if k < last {
				t.Errorf("Poisson(%v, %v) = %d is less than at a smaller mean", u, m, k)
			}
			last = k
		}
		last = 0
		for p := 0.0; p <= 1; p += 1.0 / 64 {
			k := Binomial(u, 300, p)
			if k < last {
				t.Errorf("Binomial(%v, 300, %v) = %d is less than at a smaller probability", u, p, k)
			}
			last = k
		}
	}
	for _, m := range means {
		poisson, binomial := 0, 0
		for i := range 4096 {
			u := float64(i) / 4096
			k, b := Poisson(u, m), Binomial(u, 200, min(m/200, 1))
			if k < poisson || b < binomial {
				t.Errorf("a higher draw gives fewer at mean %v, u %v", m, u)
			}
			poisson, binomial = k, b
		}
	}
}

func BenchmarkPoisson(b *testing.B) {
	for _, c := range []struct {
		name string
		mean float64
	}{{"0.05", 0.05}, {"3", 3}, {"8", 8}, {"60", 60}, {"1000", 1000}, {"1e6", 1e6}} {
		b.Run(c.name, func(b *testing.B) {
			s := rng.Sub(1, 2)
			for b.Loop() {
				Poisson(s.Float64(), c.mean)
			}
		})
	}
}

func BenchmarkBinomial(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"4", 4}, {"100", 100}, {"5000", 5000}} {
		b.Run(c.name, func(b *testing.B) {
			s := rng.Sub(1, 2)
			for b.Loop() {
				Binomial(s.Float64(), c.n, 0.95)
			}
		})
	}
}
