package agents

import (
	"math"
	"testing"

	"idleshift/agents/rng"
)

var someLaws = []struct {
	name           string
	law            Law
	mean, variance float64 // by textbook formula; -1 where the clamps leave none
}{
	{"fixed", Law{Law: "fixed", Mean: 2.5}, 2.5, 0},
	{"unnamed", Law{Mean: 1}, 1, 0},
	{"listed", Law{Law: "listed", Values: []float64{0, 4, 10}, Probabilities: []float64{0.2, 0.5, 0.3}}, 5, 13},
	{"geometric", Law{Law: "geometric", Mean: 4, Step: 1}, 4, 12},
	{"geometric of half hours", Law{Law: "geometric", Mean: 4, Step: 0.5}, 4, 14},
	{"geometric of one step", Law{Law: "geometric", Mean: 1, Step: 1}, 1, 0},
	{"exponential", Law{Law: "exponential", Mean: 3}, 3, 9},
	{"gamma", Law{Law: "gamma", Mean: 20, CV: 0.5}, 20, 100},
	{"gamma of shape below 1", Law{Law: "gamma", Mean: 20, CV: 2}, 20, 1600},
	{"lognormal", Law{Law: "lognormal", Mean: 30, CV: 1}, 30, 900},
	{"normal, cut far out", Law{Law: "normal", Mean: 8, CV: 0.1}, 8, 0.64},
	{"half normal, nearly", Law{Law: "normal", Mean: 1, CV: 5}, -1, -1},
	{"clamped gamma", Law{Law: "gamma", Mean: 20, CV: 1, Least: 5, Most: 40}, -1, -1},
	{"clamped exponential", Law{Law: "exponential", Mean: 20, Least: 10, Most: 30}, -1, -1},
	{"clamped lognormal", Law{Law: "lognormal", Mean: 30, CV: 1.5, Least: 2, Most: 160}, -1, -1},
	{"clamped normal", Law{Law: "normal", Mean: 10, CV: 0.5, Least: 4, Most: 12}, -1, -1},
	{"clamped geometric", Law{Law: "geometric", Mean: 6, Step: 2, Least: 3, Most: 9}, -1, -1},
	{"clamped inside one step", Law{Law: "geometric", Mean: 6, Step: 2, Least: 2.5, Most: 3.5}, -1, -1},
	{"clamped listed", Law{Law: "listed", Values: []float64{0, 4, 10}, Probabilities: []float64{0.2, 0.5, 0.3}, Least: 1, Most: 6}, 0.2 + 2 + 1.8, -1},
}

// A wrong mean or variance would shift demand, and the optimal endowment with it.
func TestLawsHaveTheirMoments(t *testing.T) {
	const n = 400_000
	for i, c := range someLaws {
		s := c.law.Compile()
		if c.mean >= 0 && math.Abs(s.Mean()-c.mean) > 1e-9*c.mean {
			t.Errorf("%s: mean %.12g, exactly %.12g", c.name, s.Mean(), c.mean)
		}
		if c.variance >= 0 && math.Abs(s.Variance()-c.variance) > 1e-9*c.mean*c.mean {
			t.Errorf("%s: variance %.12g, exactly %.12g", c.name, s.Variance(), c.variance)
		}
		draw := rng.Sub(77, uint64(i))
		var m1, m2, m4 float64
		for range n {
			h := s.Draw(&draw)
			if h < 0 || h < HoursOf(c.law.Least) || c.law.Most > 0 && h > HoursOf(c.law.Most) {
				t.Fatalf("%s: drew %v h", c.name, h.Float())
			}
			x := h.Float() - s.Mean()
			m1 += x / n
			m2 += x * x / n
			m4 += x * x * x * x / n
		}
		if se := math.Sqrt(s.Variance()/n) + 1e-6; math.Abs(m1) > 4*se {
			t.Errorf("%s: mean of draws off by %.6f, standard error %.6f", c.name, m1, se)
		}
		if se := math.Sqrt(max(m4-m2*m2, 0)/n) + 1e-6; math.Abs(m2-s.Variance()) > 4*se {
			t.Errorf("%s: variance of draws %.6f, exactly %.6f, standard error %.6f", c.name, m2, s.Variance(), se)
		}
	}
}

// The whole distribution, at nine points, where it has a closed form.
func TestLawsHaveTheirDistribution(t *testing.T) {
	const n = 200_000
	for _, c := range []struct {
		name string
		law  Law
		cdf  func(x float64) float64
	}{
		{"exponential", Law{Law: "exponential", Mean: 3}, func(x float64) float64 { return -math.Expm1(-x / 3) }},
		{"Erlang", Law{Law: "gamma", Mean: 2, CV: math.Sqrt(0.5)}, func(x float64) float64 { return 1 - math.Exp(-x)*(1+x) }},
		{"gamma of shape 1/2", Law{Law: "gamma", Mean: 0.5, CV: math.Sqrt2}, func(x float64) float64 { return math.Erf(math.Sqrt(x)) }},
		{"lognormal", Law{Law: "lognormal", Mean: math.Exp(0.5), CV: math.Sqrt(math.E - 1)}, func(x float64) float64 { return phi(math.Log(x)) }},
		{"normal", Law{Law: "normal", Mean: 1, CV: 1}, func(x float64) float64 { return (phi(x-1) - phi(-1)) / phi(1) }},
		{"geometric", Law{Law: "geometric", Mean: 2}, func(x float64) float64 { return 1 - math.Pow(0.5, math.Floor(x)) }},
	} {
		s := c.law.Compile()
		draw := rng.Sub(78, 0)
		points := []float64{0.1, 0.3, 0.6, 1, 1.5, 2, 3, 4, 6}
		count := make([]float64, len(points))
		for range n {
			h := s.Draw(&draw)
			for i, x := range points {
				if h <= HoursOf(x) {
					count[i]++
				}
			}
		}
		for i, x := range points {
			p := c.cdf(x)
			if se := math.Sqrt(p*(1-p)/n) + 2e-4; math.Abs(count[i]/n-p) > 4*se { // 2e-4: whole seconds
				t.Errorf("%s: P(X ≤ %v) is %.5f of draws, exactly %.5f", c.name, x, count[i]/n, p)
			}
		}
	}
}

func TestLeadTimesAreWholeDays(t *testing.T) {
	for _, l := range []Lead{{Mean: 12, CV: 0.5}, {Mean: 0.4, CV: 1}, {Mean: 3, CV: 0}, {}} {
		s := l.Compile()
		draw := rng.Sub(79, 0)
		const n = 200_000
		sum, square := 0.0, 0.0
		for range n {
			h := s.Draw(&draw)
			if h%Hour != 0 || h < 0 {
				t.Fatalf("lead time of %v days", h.Float())
			}
			x := h.Float() - s.Mean()
			sum += x
			square += x * x
		}
		if se := math.Sqrt(s.Variance()/n) + 1e-9; math.Abs(sum/n) > 4*se {
			t.Errorf("%+v: mean of draws is off by %.5f days, standard error %.5f", l, sum/n, se)
		}
		if math.Abs(square/n-s.Variance()) > 0.02*s.Variance()+1e-9 {
			t.Errorf("%+v: variance of draws %.4f, exactly %.4f", l, square/n, s.Variance())
		}
	}
}

func TestAtomsHaveTheMoments(t *testing.T) {
	for _, c := range someLaws {
		s := c.law.Compile()
		values, probabilities := s.Atoms(1000)
		discrete := c.law.Law == "" || c.law.Law == "fixed" || c.law.Law == "listed" || c.law.Law == "geometric"
		if discrete != (len(values) > 0) {
			t.Errorf("%s: %d atoms", c.name, len(values))
		}
		total, mean := 0.0, 0.0
		for i, v := range values {
			total += probabilities[i]
			mean += probabilities[i] * v.Float()
		}
		if discrete && (math.Abs(total-1) > 1e-9 || math.Abs(mean-s.Mean()) > 1e-9*mean) {
			t.Errorf("%s: atoms have probability %.12g and mean %.12g, the law %.12g", c.name, total, mean, s.Mean())
		}
	}
}

func TestDrawAllocatesNothing(t *testing.T) {
	for _, c := range someLaws {
		s := c.law.Compile()
		draw := rng.Sub(80, 0)
		if n := testing.AllocsPerRun(1000, func() { s.Draw(&draw) }); n != 0 {
			t.Errorf("%s: %v allocations a draw", c.name, n)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, c := range someLaws[:11] {
		b.Run(c.name, func(b *testing.B) {
			s := c.law.Compile()
			draw := rng.Sub(81, 0)
			for b.Loop() {
				s.Draw(&draw)
			}
		})
	}
}
