package calibrate

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"idleshift/metrics/moments"
	"idleshift/scenarios"
)

// bowl is a fit of a plan with n keys whose distance is known: that to the
// point 0.3, 0.6, 0.3, … in a tilted ellipsoid, plus noise of the worlds that is
// the same for all candidates up to a part of its own.
func bowl(n int, method string, noise float64, undefined func(x []float64) bool) *fit {
	p := &Plan{Method: method, Seed: 7, Generations: 60, Replicates: 4, Final: 16, Fresh: 4, Finalists: 3, Enough: 0.001}
	for k := range n {
		p.free = append(p.free, Free{name: fmt.Sprint("key", k), Low: 0, High: 1, step: 1e-9, Scale: "linear", vary: moments.Vary{Numbers: []scenarios.Quantity{{Path: fmt.Sprint("key", k), Value: 0.85}}}})
	}
	f := &fit{plan: p, report: func(Progress) {}}
	f.try = func(_ string, _ int, xs [][]float64, first, worlds int) ([]Evaluation, error) {
		out := make([]Evaluation, len(xs))
		for i, x := range xs {
			d := trueDistance(x)
			draw := rand.New(rand.NewSource(int64(first) ^ int64(math.Float64bits(x[0]))))
			d += noise * math.Abs(draw.NormFloat64()) / math.Sqrt(float64(worlds))
			if undefined != nil && undefined(x) {
				d = math.Inf(1)
			}
			out[i] = Evaluation{X: x, Distance: d, First: first, N: worlds}
		}
		f.all = append(f.all, out...)
		return out, nil
	}
	return f
}

func trueDistance(x []float64) float64 {
	sum, along := 0.0, 0.0
	for k, v := range x {
		off := v - 0.3*float64(1+k%2)
		along += off
		sum += off * off
	}
	return math.Sqrt(sum + 20*along*along)
}

// A failure means that a search does not find what there is to find, in noise,
// beside a region where the scenario cannot be run.
func TestSearchesFind(t *testing.T) {
	for _, method := range []string{"differential-evolution", "cma-es"} {
		for _, c := range []struct {
			keys  int
			noise float64
			near  float64
		}{{1, 0, 0.01}, {2, 0, 0.01}, {4, 0, 0.02}, {3, 0.05, 0.1}} {
			t.Run(fmt.Sprintf("%s, %d keys, noise %g", method, c.keys, c.noise), func(t *testing.T) {
				f := bowl(c.keys, method, c.noise, func(x []float64) bool { return x[0] > 0.9 })
				found, err := search(f)
				if err != nil {
					t.Fatal(err)
				}
				if len(found) == 0 || len(found) > 3 {
					t.Fatalf("%d finalists", len(found))
				}
				best := math.Inf(1)
				for _, x := range found {
					best = min(best, trueDistance(x))
					for _, v := range x {
						if v < 0 || v > 1 {
							t.Errorf("%v lies beyond the range", x)
						}
					}
				}
				if !(best < c.near) {
					t.Errorf("the best of %v is %.4f off, after %d candidates", found, best, len(f.all))
				}
			})
		}
	}
}

func search(f *fit) ([][]float64, error) {
	if f.plan.Method == "cma-es" {
		return f.adapt()
	}
	return f.evolve()
}

// A failure means that a search depends on more than its plan.
func TestSearchesRepeat(t *testing.T) {
	for _, method := range []string{"differential-evolution", "cma-es"} {
		var before string
		for range 2 {
			f := bowl(2, method, 0.05, nil)
			f.plan.Generations = 6
			if _, err := search(f); err != nil {
				t.Fatal(err)
			}
			now := fmt.Sprint(f.all)
			if before != "" && now != before {
				t.Errorf("%s took another way the second time", method)
			}
			before = now
		}
	}
}

// A failure means that a candidate who was lucky in one set of worlds stays in
// the population for it.
func TestTheLuckyAreMeasuredAnew(t *testing.T) {
	f := bowl(2, "differential-evolution", 0, nil)
	f.plan.Generations, f.plan.Enough = 12, -1
	lucky := f.worlds(0, f.plan.Replicates)
	honest := f.try
	var star []float64
	f.try = func(phase string, generation int, xs [][]float64, first, n int) ([]Evaluation, error) {
		out, err := honest(phase, generation, xs, first, n)
		if star == nil {
			star = xs[3]
		}
		for i := range out {
			if first == lucky && fmt.Sprint(xs[i]) == fmt.Sprint(star) {
				out[i].Distance = 0 // better than anybody can be
			}
		}
		return out, err
	}
	found, err := f.evolve()
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(found[0]) == fmt.Sprint(star) {
		t.Errorf("%v, which was lucky once, is still the best; it is %.3f off", star, trueDistance(star))
	}
}

// A failure means that a population in which nobody can be measured ends in a
// panic, or finds something.
func TestNothingCanBeMeasured(t *testing.T) {
	for _, method := range []string{"differential-evolution", "cma-es"} {
		f := bowl(2, method, 0, func([]float64) bool { return true })
		f.plan.Generations = 5
		if _, err := search(f); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// A failure means that the folded coordinates leave the range or jump.
func TestFold(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, 0.4: 0.4, 1: 1, 1.25: 0.75, -0.25: 0.25, 2.5: 0.5, -3.1: 0.9} {
		if got := fold(x); math.Abs(got-want) > 1e-12 {
			t.Errorf("fold(%v) = %v, want %v", x, got, want)
		}
	}
}

// A failure means that noise is not told from order: measuring again what is
// measured exactly must show none, measuring pure noise must show it.
func TestDisorder(t *testing.T) {
	exact := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	if s := disorder(exact, exact, 8); s > 0 {
		t.Errorf("equal measurements: %v", s)
	}
	r := rand.New(rand.NewSource(1))
	sum := 0.0
	for range 200 {
		a, b := make([]float64, 8), make([]float64, 8)
		for i := range a {
			a[i], b[i] = r.Float64(), r.Float64()
		}
		sum += disorder(a, b, 8)
	}
	if sum/200 <= 0 {
		t.Errorf("pure noise: %v on average", sum/200)
	}
}
