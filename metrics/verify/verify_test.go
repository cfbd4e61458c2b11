package verify

import (
	"context"
	"flag"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"idleshift/agents/rng"
	"idleshift/sim"
)

var long = flag.Bool("long", false, "run the cases to a standard error of 0.1 % of the value (some ten minutes)")

// The exact values must be those that were computed elsewhere: if not, a
// formula here is wrong, and agreement with the simulation means nothing.
func TestFormulas(t *testing.T) {
	for _, c := range Cases() {
		if c.Digits == "" {
			continue
		}
		_, decimals, _ := strings.Cut(c.Digits, ".")
		if got := strconv.FormatFloat(c.Exact(), 'f', len(decimals), 64); got != c.Digits {
			t.Errorf("%s, %s: the formula gives %s, it should be %s", c.Section, c.Name, got, c.Digits)
		}
	}
}

// Sums over a law and closed forms must agree: they are two ways to one number.
func TestClosedForms(t *testing.T) {
	near := func(what string, a, b float64) {
		t.Helper()
		if math.Abs(a-b) > 1e-9*max(1, math.Abs(b)) {
			t.Errorf("%s: %.12f and %.12f", what, a, b)
		}
	}
	for _, mean := range []float64{0.8, 8, 160} {
		p := poisson(mean)
		near("mean", p.mean(), mean)
		for _, c := range []int{1, 8, 150} {
			near("E(X − c)+ of Poisson", poissonExcess(mean, c), p.excess(c))
			near("P(X ≥ c) of Poisson", poissonTail(mean, c), p.atLeast(c))
			near("E min(X, c) = E X − E(X − c)+", meanLeast(p, exactly(c)), mean-p.excess(c))
		}
	}
	near("mean of a compound law", compound(2, geometric(4)).mean(), 8)
	near("two firms in one", poisson(3).times(2).excess(7), poisson(6).excess(7))
	near("the least of two", binomial(4, 0.8).least(poisson(3)).mean(), meanLeast(binomial(4, 0.8), poisson(3)))
	near("a gamma law of cv 1 is exponential", gammaExcess(8, 1, 10), 8*math.Exp(-10.0/8))
	near("no correlation", commonExcess(10, 8, 0, 8), poisson(80).excess(80)/10)
	near("full correlation", commonExcess(10, 8, 1, 8), poisson(8).excess(8))
	wait, _ := backlog(0.7, 1)
	near("backlog of one server: λ²/(2(1 − λ))", wait, 0.7*0.7/(2*0.3))
	near("no lead: lost sales", lostFraction(7.2, 8, 0), poissonExcess(7.2, 8)/7.2)
	near("everybody fits everybody", matching(3, 1, largest), 3)
	near("one request", matching(1, 0.3, anyPair), firstCome(1, 0.3))
	near("a ring of two is a pool", chain(2, law{0.25, 0.5, 0.25}), meanLeast(law{0.25, 0.5, 0.25}.times(2), exactly(2)))
}

// A failure means that the simulation does not do what theory says it must.
func TestCases(t *testing.T) {
	times, precision := 1, Precision
	if *long {
		times, precision = 25, Fine
	}
	for _, c := range Cases() {
		t.Run(strings.ReplaceAll(c.Section+"/"+c.Name, " ", "_"), func(t *testing.T) {
			e, err := c.Run(context.Background(), times, runtime.GOMAXPROCS(0))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%.6f ± %.6f, exact %.6f", e.Mean, e.SE, c.Exact())
			if err := c.Judge(e, precision); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every regime of every scenario must keep its books: a figure that agrees with
// theory by two errors that cancel would be worth nothing.
func TestScenariosKeepTheirBooks(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.File+c.Regime] {
			continue
		}
		seen[c.File+c.Regime] = true
		sc, err := c.Scenario()
		if err != nil {
			t.Fatal(err)
		}
		sc.Time.Days = min(sc.Time.Days, 20)
		region, err := sim.Build(sc, 0)
		if err != nil {
			t.Fatal(err)
		}
		results, err := sim.Run(context.Background(), region, sim.Options{Check: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, breach := range results[0].Breaches {
			t.Errorf("%s, %s: %s", c.File, c.Regime, breach)
		}
		if results[0].Refusals != [sim.NumRefusals]int64{} {
			t.Errorf("%s, %s: without friction no match should be refused, but %v were", c.File, c.Regime, results[0].Refusals)
		}
	}
}

// The estimate must not depend on how many workers made it.
func TestWorkersDoNotMatter(t *testing.T) {
	c := separator()[1]
	one, err := c.Run(context.Background(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	many, err := c.Run(context.Background(), 1, 7)
	if err != nil {
		t.Fatal(err)
	}
	if one != many {
		t.Errorf("%v with one worker, %v with seven", one, many)
	}
}

// The control variate must take noise out of the mean, not shift it, and its
// standard error must be honest: over many experiments the scaled error has
// mean 0 and variance 1, but for the degrees of freedom.
func TestControlVariate(t *testing.T) {
	const experiments, replicates = 4000, 50
	draw := rng.NewSource(5, 0).Stream(rng.Ties, 0, 0)
	var sum, squares float64
	for range experiments {
		figures, loads := make([]float64, replicates), make([]float64, replicates)
		for i := range figures {
			x := draw.Normal()
			figures[i], loads[i] = 3+0.7*x+0.5*draw.Normal(), 8+x
		}
		e := estimate(figures, loads, 8)
		z := (e.Mean - 3) / e.SE
		sum += z
		squares += z * z
		if plain := math.Hypot(0.7, 0.5) / math.Sqrt(replicates); e.SE > 0.9*plain {
			t.Fatalf("standard error %.4f: the control takes nothing out of %.4f", e.SE, plain)
		}
	}
	mean, variance := sum/experiments, squares/experiments
	if math.Abs(mean) > 4/math.Sqrt(experiments) || math.Abs(variance-48.0/46) > 4*math.Sqrt(2.0/experiments)*1.1 {
		t.Errorf("scaled errors have mean %.4f and variance %.4f, not 0 and %.4f", mean, variance, 48.0/46)
	}
}

// A case must fail when the simulation is off, when it cannot tell, and when
// demand itself is off.
func TestJudge(t *testing.T) {
	c := Case{Name: "case", Exact: func() float64 { return 2 }, load: 8}
	for _, x := range []struct {
		e    Estimate
		want string
	}{
		{Estimate{2.01, 0.005, 8, 0.01, 50}, ""},
		{Estimate{2, 0, 8, 0, 50}, ""},
		{Estimate{2.03, 0.005, 8, 0.01, 50}, "6.0 standard errors off"},
		{Estimate{2.001, 0, 8, 0, 50}, "standard errors off"},
		{Estimate{2, 0.02, 8, 0.01, 50}, "too large to tell"},
		{Estimate{2, math.NaN(), 8, 0.01, 1}, "too large to tell"},
		{Estimate{math.NaN(), 0.005, 8, 0.01, 50}, "standard errors off"},
		{Estimate{2, 0.005, 8.1, 0.01, 50}, "hours are demanded"},
	} {
		err := c.Judge(x.e, Precision)
		if x.want == "" && err != nil || x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%v: %v, want %q", x.e, err, x.want)
		}
	}
}
