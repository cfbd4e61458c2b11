package verify

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"idleshift/agents/rng"
	"idleshift/sim"
)

var long = flag.Bool("long", false, "run the cases that take seconds, too")

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
	wait, _ = backlog(0.6, 1)
	near("units that never fail", shakyBacklog(0.6, 1, func(int) law { return law{0, 1} }), wait)
	near("no lead: lost sales", lostFraction(7.2, 8, 0), poissonExcess(7.2, 8)/7.2)
	near("everybody fits everybody", matching(3, 3, 1, largest), 3)
	near("one request", matching(1, 4, 0.3, anyPair), firstCome(1, 4, 0.3))
	near("a chain is a graph", chain(6, law{0.25, 0.5, 0.25}), flexible([]uint{3, 6, 12, 24, 48, 33}, 1, law{0.25, 0.5, 0.25}, false))
	if grid, exact := volumeExcess(2, func(x float64) float64 { return gammaExcess(4, 0.5, x) }, 10), gammaVolume(2, 4, 0.5, 10); math.Abs(grid/exact-1) > 2e-5 {
		t.Errorf("gamma volumes: %.9f on a grid, %.9f", grid, exact)
	}
	near("mean of a normal square", overNormal(func(z float64) float64 { return z * z }), 1)
	near("the gain of all offers", cheapestGain(1, 1, 0.5, 40)-40, -1)
	near("a degree of latitude", km(43, -80, 44, -80), 6371.0088*math.Pi/180)
	near("a ring of two is a pool", chain(2, law{0.25, 0.5, 0.25}), meanLeast(law{0.25, 0.5, 0.25}.times(2), exactly(2)))
}

// A failure means that the simulation does not do what theory says it must.
func TestCases(t *testing.T) {
	for _, c := range Cases() {
		if c.Long && !*long {
			continue
		}
		t.Run(strings.ReplaceAll(c.Section+"/"+c.Name, " ", "_"), func(t *testing.T) {
			e, err := c.Run(context.Background(), Effort{Times: 1, Workers: runtime.GOMAXPROCS(0)})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%.6f ± %.6f, exact %.6f", e.Mean, e.SE, c.Exact())
			if err := c.Judge(e, Precision); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every case must keep its books: a figure that agrees with theory by two errors
// that cancel would be worth nothing. Without friction no match is refused.
func TestCasesKeepTheirBooks(t *testing.T) {
	for _, c := range Cases() {
		sc, err := c.Scenario()
		if err != nil {
			t.Fatal(err)
		}
		if sc == nil {
			continue
		}
		sc.Time.Days, sc.Time.Warmup = min(sc.Time.Days, 20), min(sc.Time.Warmup, 20)
		region, err := sim.Build(sc, 0)
		if err != nil {
			t.Fatal(err)
		}
		results, err := sim.Run(context.Background(), region, sim.Options{Check: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, breach := range results[0].Breaches {
			t.Errorf("%s: %s", c.Name, breach)
		}
		if c.Section != frictional && results[0].Refusals != [sim.NumRefusals]int64{} {
			t.Errorf("%s: without friction no match should be refused, but %v were", c.Name, results[0].Refusals)
		}
	}
}

// A case is chosen, and its draws are keyed, by its section and name: two of one
// name would be one.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Section+c.Name] {
			t.Errorf("%s: two cases are called %q", c.Section, c.Name)
		}
		seen[c.Section+c.Name] = true
		if c.Doc == "" || c.firms == 0 && c.sample == nil {
			t.Errorf("%s, %s: says not what is computed, or for how many firms", c.Section, c.Name)
		}
	}
	if n := len(Matching([]string{"SHAPLEY", "no such word"})); n != 3 {
		t.Errorf("%d cases are about Shapley values, not 3", n)
	}
	if len(Matching(nil)) != len(seen) || len(Matching([]string{"no such word"})) != 0 {
		t.Error("no words choose all cases, unknown ones none")
	}
}

// A case that is off, or that cannot be run, must be told as such: a report
// that passes over it would be worth nothing.
func TestReport(t *testing.T) {
	right := Matching([]string{"Shapley value of player 1"})[0]
	wrong, broken := right, right
	wrong.Name, wrong.Exact = "wrong", func() float64 { return 5 }
	broken.Name, broken.sample, broken.File = "broken", nil, "absent.toml"
	ran := 0
	r, err := Run(context.Background(), []Case{right, wrong, broken}, Effort{Times: 1, Workers: 1}, func() { ran++ })
	if err != nil || ran != 3 || r.Cases != 3 || r.Agree != 1 {
		t.Fatalf("%v, %d ran: %+v", err, ran, r)
	}
	var text, quiet strings.Builder
	if err := errors.Join(r.WriteText(&text, false), r.WriteText(&quiet, true)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5.500000      5.500000", "DOES NOT AGREE: estimated 5.500000, exact 5.000000", "DOES NOT AGREE: open absent.toml", "1 of 3 cases agree"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(quiet.String(), "  agrees") || !strings.Contains(quiet.String(), "wrong") {
		t.Errorf("quiet is not what does not agree:\n%s", quiet.String())
	}
	if out, err := json.Marshal(r); err != nil || !strings.Contains(string(out), `"agrees":false`) {
		t.Errorf("%s, %v", out, err)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Run(stopped, Matching([]string{"chain"}), Effort{Times: 1, Workers: 1}, func() {}); err == nil {
		t.Error("an interrupted run gives a report")
	}
}

// The estimate must not depend on how many workers made it.
func TestWorkersDoNotMatter(t *testing.T) {
	c := separator()[1]
	one, err := c.Run(context.Background(), Effort{Times: 1, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	many, err := c.Run(context.Background(), Effort{Times: 1, Workers: 7})
	if err != nil {
		t.Fatal(err)
	}
	if one != many {
		t.Errorf("%v with one worker, %v with seven", one, many)
	}
}

// Where chance makes the standard error too large more replicates are run, and
// if twice as many do not help the case must say that it cannot tell.
func TestMoreReplicatesWhereTheyAreNeeded(t *testing.T) {
	short, enough := lostSales()[0], lostSales()[0]
	short.Set = append(slices.Clone(short.Set), "time.days=5")
	for _, x := range []struct {
		c     Case
		n     int
		tells bool
	}{{enough, 50, true}, {short, 100, false}} {
		e, err := x.c.Run(context.Background(), Effort{Times: 1, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.c.Judge(e, Precision); e.N != x.n || (err == nil) != x.tells {
			t.Errorf("%v: %d replicates, want %d: %v", x.c.Set, e.N, x.n, err)
		}
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
