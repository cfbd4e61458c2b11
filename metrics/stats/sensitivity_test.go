package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"idleshift/scenarios/design"
)

// shares are keys of the template that take any number from 0 to 1: factors for
// functions of the unit cube.
var shares = []string{
	"policies.everyone.reserve_share", "policies.everyone.approval_share", "policies.everyone.tolerates_blind",
	"policies.everyone.tolerates_sealed", "policies.everyone.tolerates_open",
	"tiers.partner.adoption", "tiers.partner.fee_share", "tiers.partner.rework_probability",
	"tiers.contract.adoption", "tiers.contract.fee_share", "tiers.contract.rework_probability",
	"tiers.platform.adoption", "tiers.platform.fee_share", "tiers.platform.rework_probability",
	"kinds.mill.match_share", "kinds.machinist.match_share", "domains.titanium.share",
	"certifications.aerospace.share", "demand.phase.amplitude", "region.partner_same_sector",
}

// sampled is the function at the rows of a design of the unit cube, with
// independent normal noise in each of the replicates.
func sampled(t *testing.T, head string, k int, of func(x []float64) float64, replicates int, sd float64) (*design.Design, *Sample) {
	t.Helper()
	var text strings.Builder
	text.WriteString("base = \"template\"\n" + head + "\n")
	for i, key := range shares[:k] {
		fmt.Fprintf(&text, "[factors.x%02d]\nkey = %q\nrange = [0, 1]\n", i+1, key)
	}
	d, err := design.Parse("test.toml", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	draw := rand.New(rand.NewPCG(1, 2))
	at := make([][]float64, len(d.Points)) // outcomes by point
	for i, p := range d.Points {
		for range replicates {
			at[i] = append(at[i], of(p.At)+sd*draw.NormFloat64())
		}
	}
	s := &Sample{Block: d.Block(), Point: d.Rows}
	if s.Point == nil {
		for i := range d.Points {
			s.Point = append(s.Point, i)
		}
	}
	for _, p := range s.Point {
		s.Y = append(s.Y, at[p])
	}
	return d, s
}

// ishigami is the function of Ishigami and Homma (1990) on the unit cube.
func ishigami(u []float64) float64 {
	x := [3]float64{}
	for i := range x {
		x[i] = math.Pi * (2*u[i] - 1)
	}
	return math.Sin(x[0]) + 7*math.Sin(x[1])*math.Sin(x[1]) + 0.1*math.Pow(x[2], 4)*math.Sin(x[0])
}

// ishigamiExact are its indices in closed form: first and total order, and of
// the pair of the first and the third.
func ishigamiExact() (first, total [3]float64, pair, variance float64) {
	const a, b = 7, 0.1
	p4, p8 := math.Pow(math.Pi, 4), math.Pow(math.Pi, 8)
	one := (1 + b*p4/5) * (1 + b*p4/5) / 2
	two := a * a / 8.0
	both := b * b * p8 * (1.0/18 - 1.0/50)
	v := one + two + both
	return [3]float64{one / v, two / v, 0}, [3]float64{(one + both) / v, two / v, both / v}, both / v, v
}

// gFunction is Sobol's g-function (Saltelli and Sobol 1995) with the
// coefficients that are usual for it.
func gFunction(x []float64) float64 {
	y := 1.0
	for i, a := range gCoefficients {
		y *= (math.Abs(4*x[i]-2) + a) / (1 + a)
	}
	return y
}

var gCoefficients = [8]float64{0, 1, 4.5, 9, 99, 99, 99, 99}

// gExact are its indices in closed form.
func gExact() (first, total [8]float64, variance float64) {
	all := 1.0
	for i, a := range gCoefficients {
		first[i] = 1 / (3 * (1 + a) * (1 + a))
		all *= 1 + first[i]
	}
	for i, v := range first {
		first[i], total[i] = v/(all-1), v*all/(1+v)/(all-1)
	}
	return first, total, all - 1
}

// closeness is the mean and the largest distance between indices and what they
// should be.
func closeness(got []Interval, want []float64) (mean, most float64) {
	for i := range got {
		d := math.Abs(got[i].Mean - want[i])
		mean += d / float64(len(got))
		most = max(most, d)
	}
	return mean, most
}

// The published test functions at N = 1024, over twenty scramblings of the
// sequence. With the same estimators a Sobol' sequence is within 0.002 of the
// total indices of Ishigami's function on average, one of random numbers
// within 0.021. A failure means that sequence or estimators are wrong: a wrong
// direction number or a mixed-up column costs ten times the tolerance.
func TestSobolOnPublishedFunctions(t *testing.T) {
	ishigamiFirst, ishigamiTotal, pair, ishigamiVariance := ishigamiExact()
	gFirst, gTotal, gVariance := gExact()
	for _, c := range []struct {
		name         string
		of           func([]float64) float64
		first, total []float64
		variance     float64
		firstMean    float64 // tolerances
		totalMean    float64
	}{
		{"Ishigami", ishigami, ishigamiFirst[:], ishigamiTotal[:], ishigamiVariance, 0.008, 0.003},
		{"g", gFunction, gFirst[:], gTotal[:], gVariance, 0.003, 0.003},
	} {
		const seeds = 20
		var first, total, firstMost, totalMost float64
		for seed := range seeds {
			_, s := sampled(t, fmt.Sprintf("design = \"saltelli\"\nsamples = 1024\nseed = %d", seed), len(c.first), c.of, 1, 0)
			x := Sobol(s, len(c.first), false, Bootstrap{})
			mean, most := closeness(x.First, c.first)
			first, firstMost = first+mean/seeds, max(firstMost, most)
			mean, most = closeness(x.Total, c.total)
			total, totalMost = total+mean/seeds, max(totalMost, most)
			near(t, c.name+": variance", x.Variance.Mean/c.variance, 1, 0.03)
		}
		t.Logf("%s: mean error of first order %.4f, at most %.4f; of total order %.4f, at most %.4f", c.name, first, firstMost, total, totalMost)
		if first > c.firstMean || total > c.totalMean || firstMost > 10*c.firstMean || totalMost > 10*c.totalMean {
			t.Errorf("%s: indices are off by %v and %v on average, at most %v and %v", c.name, first, total, firstMost, totalMost)
		}
	}
	_, s := sampled(t, "design = \"saltelli\"\nsamples = 1024\nsecond_order = true", 3, ishigami, 1, 0)
	x := Sobol(s, 3, false, Bootstrap{})
	for i, want := range []float64{0, pair, 0} {
		near(t, fmt.Sprintf("second order %d of Ishigami", i), x.Second[i].Mean, want, 0.02)
	}
}

// A failure means that replicate noise is taken for the effect of a factor, or
// that its share is told wrong: Ishigami's function with noise of the same
// variance as its own, and a factor that does nothing.
func TestSobolTakesNoiseOut(t *testing.T) {
	first, total, _, variance := ishigamiExact()
	_, s := sampled(t, "design = \"saltelli\"\nsamples = 4096", 4, ishigami, 2, math.Sqrt(variance))
	x := Sobol(s, 4, true, Bootstrap{Draws: 200, Level: 0.95, Seed: 1})
	for i := range 3 {
		near(t, "first order under noise", x.First[i].Mean, first[i], 0.04)
		near(t, "total order under noise", x.Total[i].Mean, total[i], 0.04)
	}
	near(t, "total order of nothing", x.Total[3].Mean, 0, 0.03)
	near(t, "variance without noise", x.Variance.Mean/variance, 1, 0.05)
	near(t, "share of noise in a run", x.Noise.Run.Mean, 1.0/2, 0.02)
	near(t, "share of noise in a mean of two", x.Noise.Mean.Mean, 1.0/3, 0.02)
	if raw := Sobol(s, 4, false, Bootstrap{}); raw.Total[3].Mean < 0.3 || !math.IsNaN(raw.Noise.Run.Mean) {
		t.Errorf("with the noise left in, nothing has %v, a third was due; its share is %v", raw.Total[3].Mean, raw.Noise.Run.Mean)
	}
}

// A failure means that rows which are one point, as words make them, are taken
// for independent: their common noise would pass for an effect.
func TestSobolOfWords(t *testing.T) {
	// half of the points of x2 are the same: its level is whether x2 is above a half
	draw := rand.New(rand.NewPCG(3, 4))
	s := &Sample{Block: 4}
	add := func(a, b float64, of map[[2]float64]int) {
		at := [2]float64{a, math.Round(b)}
		if _, ok := of[at]; !ok {
			of[at] = len(s.Y)
		}
		y := []float64{2*a + at[1] + draw.NormFloat64(), 2*a + at[1] + draw.NormFloat64()}
		if first := of[at]; first < len(s.Y) {
			y = s.Y[first]
		}
		s.Y = append(s.Y, y)
		s.Point = append(s.Point, of[at])
	}
	for range 20000 {
		a, b, c, d := draw.Float64(), draw.Float64(), draw.Float64(), draw.Float64()
		of := map[[2]float64]int{}
		add(a, b, of)
		add(c, b, of)
		add(a, d, of)
		add(c, d, of)
	}
	x := Sobol(s, 2, true, Bootstrap{})
	// variances 4/12 and 1/4
	for i, want := range []float64{4.0 / 7, 3.0 / 7} {
		near(t, "first order with words", x.First[i].Mean, want, 0.03)
		near(t, "total order with words", x.Total[i].Mean, want, 0.03)
	}
}

// A failure means that the intervals promise what they do not keep: of 200
// experiments of random rows on a sum of two numbers, with indices 0.8 and 0.2,
// about 95 % must cover.
func TestSobolIntervalsCover(t *testing.T) {
	draw := rand.New(rand.NewPCG(5, 6))
	covered := 0
	const tries = 200
	for try := range tries {
		s := &Sample{Block: 4}
		for range 200 {
			a, b, c, d := draw.Float64(), draw.Float64(), draw.Float64(), draw.Float64()
			for _, x := range [][2]float64{{a, b}, {c, b}, {a, d}, {c, d}} {
				s.Point = append(s.Point, len(s.Y))
				s.Y = append(s.Y, []float64{2*x[0] + x[1]})
			}
		}
		x := Sobol(s, 2, false, Bootstrap{Draws: 300, Level: 0.95, Seed: uint64(try)})
		if x.Total[0].Low <= 0.8 && 0.8 <= x.Total[0].High {
			covered++
		}
	}
	if share := float64(covered) / tries; share < 0.9 || share > 0.99 {
		t.Errorf("intervals of the total index cover in %v of the experiments", share)
	}
}

// A failure means that an outcome which never varies gives indices.
func TestSobolOfAConstant(t *testing.T) {
	_, s := sampled(t, "design = \"saltelli\"\nsamples = 8", 2, func([]float64) float64 { return 3 }, 2, 0)
	x := Sobol(s, 2, true, Bootstrap{Draws: 10, Level: 0.95})
	if !math.IsNaN(x.First[0].Mean) || !math.IsNaN(x.Total[1].Mean) || x.Variance.Mean != 0 || x.First[0].Bounded() {
		t.Errorf("a constant has the indices %v", x)
	}
}

// morris20 is the test function of Morris (1991): twenty factors, of which the
// first ten matter, the eighth to tenth without curvature and interactions. Its
// other coefficients are standard normal draws.
func morris20() func(x []float64) float64 {
	draw := rand.New(rand.NewPCG(1991, 33))
	var one [20]float64
	var two [20][20]float64
	for i := range 20 {
		one[i] = draw.NormFloat64()
		if i < 10 {
			one[i] = 20
		}
		for j := i + 1; j < 20; j++ {
			two[i][j] = draw.NormFloat64()
			if j < 6 {
				two[i][j] = -15
			}
		}
	}
	return func(x []float64) float64 {
		var w [20]float64
		for i := range w {
			w[i] = 2 * (x[i] - 0.5)
			if i == 2 || i == 4 || i == 6 {
				w[i] = 2 * (1.1*x[i]/(x[i]+0.1) - 0.5)
			}
		}
		y := 0.0
		for i := range 20 {
			y += one[i] * w[i]
			for j := i + 1; j < 20; j++ {
				y += two[i][j] * w[i] * w[j]
				for l := j + 1; l < 5; l++ {
					y -= 10 * w[i] * w[j] * w[l]
					for m := l + 1; m < 4; m++ {
						y += 5 * w[i] * w[j] * w[l] * w[m]
					}
				}
			}
		}
		return y
	}
}

// steps are the moves of a Morris design of the unit cube.
func steps(d *design.Design, s *Sample) []Step {
	var all []Step
	for row := 0; row < len(s.Point); row += s.Block {
		for i := row; i < row+s.Block-1; i++ {
			a, b := d.Points[s.Point[i]].At, d.Points[s.Point[i+1]].At
			for f := range a {
				if a[f] != b[f] {
					all = append(all, Step{f, b[f] - a[f]})
				}
			}
		}
	}
	return all
}

// A failure means that screening would leave out what matters or point at what
// does not: the published classification of the twenty factors, from as few
// trajectories as the paper has (four) and from ten.
func TestMorrisOnThePublishedFunction(t *testing.T) {
	for _, trajectories := range []int{10, 100} {
		d, s := sampled(t, fmt.Sprintf("design = \"morris\"\nsamples = %d", trajectories), 20, morris20(), 1, 0)
		effects, _ := Morris(s, 20, steps(d, s), false, Bootstrap{Draws: 100, Level: 0.95})
		least, most := math.Inf(1), 0.0
		for i, e := range effects {
			t.Logf("%d trajectories, factor %d: mu %.1f, mu* %.1f, sigma %.1f", trajectories, i+1, e.Mean.Mean, e.Strength.Mean, e.Deviation.Mean)
			if i < 10 {
				least = min(least, e.Strength.Mean)
			} else {
				most = max(most, e.Strength.Mean)
			}
			curved := e.Deviation.Mean > e.Strength.Mean/4
			if i < 7 && !curved || i >= 7 && i < 10 && curved {
				t.Errorf("%d trajectories, factor %d: mu* %v, sigma %v", trajectories, i+1, e.Strength.Mean, e.Deviation.Mean)
			}
			if i >= 7 && i < 10 && trajectories == 100 {
				near(t, "effect of a factor that is nearly linear", e.Mean.Mean, 40, 6)
			}
		}
		if least < most || trajectories == 100 && least < 3*most {
			t.Errorf("%d trajectories: the least of the ten that matter has %v, the most of the others %v", trajectories, least, most)
		}
	}
}

// A failure means that noise passes for an effect in a screening: of a function
// of its first factor alone, the other must stand at the floor of noise.
func TestMorrisFloor(t *testing.T) {
	d, s := sampled(t, "design = \"morris\"\nsamples = 400", 2, func(x []float64) float64 { return 10 * x[0] }, 3, 2)
	effects, noise := Morris(s, 2, steps(d, s), true, Bootstrap{Draws: 200, Level: 0.95})
	near(t, "effect", effects[0].Mean.Mean, 10, 0.5)
	if !(effects[0].Strength.Low > 2*effects[0].Floor) {
		t.Errorf("a clear effect has μ* %v at a floor of %v", effects[0].Strength, effects[0].Floor)
	}
	near(t, "μ* of nothing over the floor", effects[1].Strength.Mean/effects[1].Floor, 1, 0.1)
	// 10 x over the levels 0, 1/3, 2/3, 1 has the variance 100 × 5/36
	near(t, "share of noise", noise.Run.Mean, 4/(4+100*5.0/36), 0.03)
}
