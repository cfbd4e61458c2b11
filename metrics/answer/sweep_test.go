package answer

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"idleshift/scenarios/design"
)

// swept is the sweep of a design over the template whose regimes have the
// given surplus at the factors' values, in replicate r under a draw that points
// share if their random numbers are common.
func swept(t *testing.T, text string, replicates int, surplus func(regime string, at []float64, noise float64) float64) *Sweep {
	t.Helper()
	d, err := design.Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	draw := rand.New(rand.NewPCG(8, 9))
	noise := make([][]float64, len(d.Points))
	for i := range noise {
		for r := range replicates {
			if d.CRN && i > 0 {
				noise[i] = append(noise[i], noise[0][r])
			} else {
				noise[i] = append(noise[i], draw.NormFloat64())
			}
		}
	}
	return &Sweep{
		Design: d, Currency: "CAD", Baseline: "status_quo", Regimes: []string{"status_quo", "firm", "cooperative"},
		Replicates: replicates, read: map[string][][]float64{},
		runs: func(metric, regime string) ([][]float64, error) {
			if metric != "surplus" {
				return nil, fmt.Errorf("%s was read, surplus was due", metric)
			}
			y := make([][]float64, len(d.Points))
			for i, p := range d.Points {
				for r := range replicates {
					y[i] = append(y[i], surplus(regime, p.At, noise[i][r]))
				}
			}
			return y, nil
		},
	}
}

const adoptionAndFirms = `base = "template"
title = "A test"
design = "grid"
[factors.adoption]
key = "tiers.platform.adoption"
levels = [0.1, 0.3, 0.5, 0.7, 0.9]
[factors.firms]
key = "region.firms"
range = [10, 30]
steps = 3
[factors.broker]
key = "tiers.platform.broker"
levels = ["greedy", "random"]
`

// at are the values of adoptionAndFirms at a point: the levels' numbers, firms,
// the level of the broker.
func adoption(at []float64) float64 { return []float64{0.1, 0.3, 0.5, 0.7, 0.9}[int(at[0])] }

// A failure means that an outcome is not what its words say.
func TestOutcome(t *testing.T) {
	s := swept(t, adoptionAndFirms, 3, func(regime string, at []float64, noise float64) float64 {
		return map[string]float64{"status_quo": 100, "firm": 110, "cooperative": 130}[regime] + 1000*noise + at[1]
	})
	for text, want := range map[string]float64{
		"gain(cooperative)":                         30,
		"gain( firm )":                              10,
		"surplus(cooperative) - surplus(firm)":      20,
		"gain(cooperative) / gain(firm)":            3,
		"2 * (gain(cooperative) - gain(firm)) + .5": 40.5,
		"10 - 2 - 3":                                5,
	} {
		o, err := ParseOutcome(text)
		if err != nil {
			t.Error(err)
			continue
		}
		y, err := s.values(o)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, point := range y {
			for _, x := range point {
				if math.Abs(x-want) > 1e-6 {
					t.Fatalf("%s is %v, want %v", text, x, want)
				}
			}
		}
	}
	o, err := ParseOutcome("gain(firm) / gain(status_quo)")
	if err != nil {
		t.Fatal(err)
	}
	if y, err := s.values(o); err != nil || !math.IsNaN(y[0][0]) {
		t.Errorf("a ratio to nothing is %v, %v", y[0][0], err)
	}
}

// A failure means that a number stands beside the wrong unit.
func TestUnits(t *testing.T) {
	for text, want := range map[string]string{
		"gain(firm)":                               "CAD/year",
		"gain(firm) / gain(cooperative)":           "",
		"0.5 * (gain(firm) + running(firm))":       "CAD/year",
		"gain(firm) / employees(firm)":             "CAD/year/employee",
		"utilisation(firm)":                        "",
		"1 - gain(firm) / (gain(cooperative) - 2)": "",
		"deals(firm) * hours_per_deal(firm)":       "deals/year × h/deal",
	} {
		o, err := ParseOutcome(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.unit("CAD"); got != want {
			t.Errorf("%s is in %q, want %q", text, got, want)
		}
	}
}

// A failure means that the part of a design where a condition holds is told
// wrong: a box that holds bad points, or one that leaves out what it could have.
func TestPureParts(t *testing.T) {
	d, err := design.Parse("test.toml", []byte(adoptionAndFirms))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	var by []division
	for i := range d.Points {
		all = append(all, i)
	}
	for f := range d.Factors {
		by = append(by, divide(d, f, all))
	}
	for _, c := range []struct {
		want string
		n    int
		good func(at []float64) bool
	}{
		{"", 30, func([]float64) bool { return true }},
		{"none", 0, func([]float64) bool { return false }},
		{"adoption from 0.5", 18, func(at []float64) bool { return at[0] >= 2 }},
		{"adoption from 0.3 to 0.7, firms up to 20, broker random", 6, func(at []float64) bool { return at[0] >= 1 && at[0] <= 3 && at[1] <= 20 && at[2] == 1 }},
		{"firms 30", 10, func(at []float64) bool { return at[1] == 30 }},
	} {
		b, n := pure(by, all, func(p int) bool { return c.good(d.Points[p].At) })
		got := "none"
		if b != nil {
			got = b.words()
		}
		if got != c.want || n != c.n {
			t.Errorf("%q with %d points, want %q with %d", got, n, c.want, c.n)
		}
	}
	draw := rand.New(rand.NewPCG(12, 13))
	for range 200 {
		good := make([]bool, len(all))
		for i := range good {
			good[i] = draw.IntN(3) > 0
		}
		b, n := pure(by, all, func(p int) bool { return good[p] })
		inside := 0
		for _, p := range all {
			if b != nil && b.has(p) {
				inside++
				if !good[p] {
					t.Fatalf("the part %q holds a bad point", b.words())
				}
			}
		}
		if inside != n || n == 0 {
			t.Fatalf("a part of %d points is told to have %d", inside, n)
		}
	}
}

// A failure means that a factor of many values is divided into groups that lose
// points or overlap.
func TestDivide(t *testing.T) {
	d, err := design.Parse("test.toml", []byte(fmt.Sprintf(screened, "lhs", 100, "true", "")))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for i := range d.Points {
		all = append(all, i)
	}
	by := divide(d, 0, all)
	total, last := 0, math.Inf(-1)
	for _, g := range by.groups {
		if len(g.points) < 12 || len(g.points) > 13 || g.low <= last {
			t.Errorf("a group of %d points from %v, after %v", len(g.points), g.low, last)
		}
		last = g.high
		total += len(g.points)
	}
	if total != 100 || len(by.groups) != most {
		t.Errorf("%d points in %d groups", total, len(by.groups))
	}
}

// A failure means that a slip of the pen is answered with something else than
// what is wrong.
func TestWrongOutcomes(t *testing.T) {
	for text, want := range map[string]string{
		"gain":                  "the regime is missing: gain(REGIME)",
		"gain(":                 "a bracket is not closed",
		"gain()":                "the name of a regime was expected",
		"":                      "was expected",
		"gain(firm) gain(firm)": "character 12: something stands behind the end",
		"(1 + 2":                "a bracket is not closed",
		"1..2":                  "1..2 is no number",
		"gains(firm)":           `unknown metric "gains"; did you mean "gain"?`,
		"gain(frim)":            `unknown regime "frim"; did you mean "firm"?`,
	} {
		o, err := ParseOutcome(text)
		if err == nil {
			err = o.check([]string{"status_quo", "firm"})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{"gain(firm)", "gain(firm) >= 0", "gain(firm) > "} {
		if _, err := ParseCondition(text); err == nil {
			t.Errorf("%q is taken for a condition", text)
		}
	}
	d := &design.Design{Outcomes: []string{"gain(frim)"}, Conditions: []string{"gain(firm) > surplu(status_quo)"}}
	if err := Check(d, []string{"status_quo", "firm"}); err == nil || !strings.Contains(err.Error(), "frim") || !strings.Contains(err.Error(), "surplu") {
		t.Errorf("a design that asks for what is not there: %v", err)
	}
}

// A failure means that effects or the region of a condition are not what the
// surplus was made of: the gain of cooperation rises with adoption from −20 to
// 60 (25 a step of 0.25), that of firms is 15 everywhere.
func TestSummary(t *testing.T) {
	gain := func(regime string, at []float64, noise float64) float64 {
		base := 1000 + 50*noise // common to all regimes of a replicate
		switch regime {
		case "firm":
			return base + 15 + noise/2
		case "cooperative":
			return base + 100*(adoption(at)-0.3) + 0.2*(at[1]-20) - 4*at[2] + noise/4
		}
		return base
	}
	s := swept(t, adoptionAndFirms, 8, gain)
	sum, err := SummaryOf(s, SummaryOptions{
		Outcomes:   []string{"gain(cooperative)"},
		Conditions: []string{"gain(cooperative) > gain(firm)", "gain(cooperative) > 0", "gain(firm) < gain(cooperative)"},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := sum.Outcomes[0]
	if got := []string{o.Factors[0].Factor, o.Factors[1].Factor, o.Factors[2].Factor}; !slices.Equal(got, []string{"adoption", "firms", "broker"}) && !slices.Equal(got, []string{"adoption", "broker", "firms"}) {
		t.Errorf("ranked as %v", got)
	}
	for _, f := range o.Factors {
		want := map[string]float64{"adoption": 80, "firms": 4, "broker": 4}[f.Factor]
		if math.Abs(float64(f.Effect.Mean)-want) > 1e-6 || f.Factor == "broker" && (f.From != "random" || f.To != "greedy") {
			t.Errorf("effect of %s from %s to %s is %v, want %v", f.Factor, f.From, f.To, f.Effect.Mean, want)
		}
		if !f.Effect.Clear() || f.Effect.High-f.Effect.Low > 1e-6 {
			t.Errorf("with common random numbers the effect of %s is exact, its interval is %v", f.Factor, f.Effect)
		}
	}
	if p := o.Pair; p == nil || p.Down != "adoption" || len(p.Mean) != 5 {
		t.Errorf("means by pair %v", p)
	} else { // adoption 0.9 and the first of the other factor, firms 10 or greedy
		want := map[string]float64{"firms": 60 - 2 - 2, "broker": 60}[p.Across]
		if x := p.Mean[4][0].Mean - p.Mean[0][0].Mean; math.Abs(float64(x)-80) > 1e-6 || math.Abs(float64(p.Mean[4][0].Mean)-want) > 1 {
			t.Errorf("means by adoption and %s: %v", p.Across, p.Mean)
		}
	}
	c := sum.Conditions[0]
	// at adoption 0.3 and less the gain is at most 2, at 0.5 at least 14 and not
	// always above 15, from 0.7 at least 34
	if c.Count.Holds < 12 || c.Holds == nil || !strings.HasPrefix(c.Holds.Where, "adoption from 0.") {
		t.Errorf("holds at %d points, in %v", c.Count.Holds, c.Holds)
	}
	if c.Never == nil || c.Never.Where != "adoption up to 0.3" || c.Never.Points != 12 {
		t.Errorf("never holds in %v", c.Never)
	}
	if turned := sum.Conditions[2]; turned.Count != c.Count {
		t.Errorf("turned round, the condition holds at %v points, %v were due", turned.Count, c.Count)
	}
	var text bytes.Buffer
	if err := sum.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"effect of", "adoption", "holds at, by adoption and firms", "it is not seen to hold anywhere with adoption up to 0.3 (12 points)", "2 of 2"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	if _, err := SummaryOf(swept(t, adoptionAndFirms, 1, gain), SummaryOptions{Conditions: []string{"gain(firm) > 0"}}); err == nil {
		t.Error("one replicate tells where a condition holds")
	}
}

// A failure means that of one-at-a-time the points that move other factors are
// laid on a factor.
func TestSummaryOfOneAtATime(t *testing.T) {
	text := strings.Replace(adoptionAndFirms, `"grid"`, `"one-at-a-time"`, 1)
	s := swept(t, text, 2, func(_ string, at []float64, noise float64) float64 { return 10*at[1] + 1000*at[2] + noise })
	sum, err := SummaryOf(s, SummaryOptions{Outcomes: []string{"surplus(firm)"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sum.Outcomes[0].Factors {
		// the size classes of the base have 12 firms, between the levels 10 and 30
		want := map[string]float64{"adoption": 0, "firms": 200, "broker": 1000}[f.Factor]
		if math.Abs(float64(f.Effect.Mean)-want) > 1e-6 {
			t.Errorf("effect of %s from %s to %s is %v, want %v", f.Factor, f.From, f.To, f.Effect.Mean, want)
		}
	}
}

// A failure means that a loss is told as a share of a gain.
func TestSummaryOfLosses(t *testing.T) {
	s := swept(t, adoptionAndFirms, 2, func(_ string, at []float64, noise float64) float64 { return adoption(at) - 0.3 })
	sum, err := SummaryOf(s, SummaryOptions{Outcomes: []string{"surplus(firm)"}})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := sum.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if share := regexp.MustCompile(`-[0-9.,]+ %`).FindString(text.String()); share != "" || !strings.Contains(text.String(), "100 %") {
		t.Errorf("a share of %q:\n%s", share, text.String())
	}
}

// A failure means that a failed run spoils what is said of the others, or goes
// unsaid.
func TestSummaryLeavesFailuresOut(t *testing.T) {
	s := swept(t, adoptionAndFirms, 4, func(_ string, at []float64, noise float64) float64 {
		if at[0] == 0 && at[1] == 10 && noise > 0 {
			return math.NaN()
		}
		return 100*adoption(at) + noise
	})
	sum, err := SummaryOf(s, SummaryOptions{Outcomes: []string{"surplus(firm)"}, Conditions: []string{"surplus(firm) > 40"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(sum.Notes) < 2 || !strings.Contains(sum.Notes[0].Text, "2 points were left out") || sum.Conditions[0].Count.total() != 28 {
		t.Errorf("notes %v, verdicts at %d points", sum.Notes, sum.Conditions[0].Count.total())
	}
}

const screened = `base = "template"
title = "A test"
design = "%s"
samples = %d
crn = %s
%s
[factors.adoption]
key = "tiers.platform.adoption"
range = [0, 1]
[factors.cost]
key = "tiers.platform.first_deal_cost"
range = [1, 1000]
scale = "log"
[factors.broker]
key = "tiers.platform.broker"
levels = ["greedy", "nearest", "random"]
[factors.nothing]
key = "tiers.platform.fee_share"
range = [0, 1]
`

// effects of screened: 6 over the range of adoption, −3 over three decades of
// cost, and 4 between random and the others.
func screenedGain(regime string, at []float64, noise float64) float64 {
	if regime == "status_quo" {
		return 0
	}
	y := 6*at[0] - math.Log10(at[1]) + noise
	if at[2] == 2 {
		y -= 4
	}
	return y
}

// A failure means that a ranking does not follow what the outcome was made of.
func TestSensitivity(t *testing.T) {
	s := swept(t, fmt.Sprintf(screened, "morris", 200, "false", ""), 2, screenedGain)
	x, err := SensitivityOf(s, SensitivityOptions{Outcomes: []string{"gain(firm)"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Notes) > 0 {
		t.Errorf("200 trajectories are warned of: %v", x.Notes)
	}
	got := map[string]FactorSensitivity{}
	for _, f := range x.Outcomes[0].Factors {
		got[f.Factor] = f
	}
	for factor, want := range map[string]float64{"adoption": 6, "cost": -3} {
		if e := got[factor].Mean; math.Abs(float64(e.Mean)-want) > 0.3 {
			t.Errorf("mu of %s is %v, want %v", factor, e.Mean, want)
		}
	}
	if f := got["nothing"]; f.Strength.Low > *f.Floor || float64(f.Strength.Mean) > 1.2*float64(*f.Floor) {
		t.Errorf("nothing stands out of the noise: %v over %v", f.Strength, *f.Floor)
	}
	// the levels have the same places in one of three moves, and 4 between them in two
	if e := got["broker"].Strength; math.Abs(float64(e.Mean)-(2*4+1.2)/3) > 0.5 || got["broker"].Ordered {
		t.Errorf("mu* of the broker is %v", e.Mean)
	}

	s = swept(t, fmt.Sprintf(screened, "saltelli", 2048, "false", "second_order = true"), 2, screenedGain)
	x, err = SensitivityOf(s, SensitivityOptions{Outcomes: []string{"gain(firm)"}})
	if err != nil {
		t.Fatal(err)
	}
	// variances: 36/12, 9/12, 16 × 2/9
	all := 3 + 0.75 + 32.0/9
	for _, f := range x.Outcomes[0].Factors {
		want := map[string]float64{"adoption": 3 / all, "cost": 0.75 / all, "broker": 32.0 / 9 / all}[f.Factor]
		if math.Abs(float64(f.Total.Mean)-want) > 0.03 || math.Abs(float64(f.First.Mean)-want) > 0.05 {
			t.Errorf("indices of %s are %v and %v, want %v", f.Factor, f.First.Mean, f.Total.Mean, want)
		}
	}
	if n := x.Outcomes[0].RunNoise; math.Abs(float64(n.Mean)-1/(1+all)) > 0.02 {
		t.Errorf("share of noise %v, want %v", n.Mean, 1/(1+all))
	}
	if len(x.Outcomes[0].Pairs) != 6 {
		t.Errorf("%d pairs of four factors", len(x.Outcomes[0].Pairs))
	}
	var text bytes.Buffer
	if err := x.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"replicate noise is 12 %", "broker", "pair", "adoption × cost"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
}

// A failure means that the share of noise is told of a sweep that cannot know
// it.
func TestSensitivityRefuses(t *testing.T) {
	for _, c := range []struct {
		crn        string
		replicates int
	}{{"true", 4}, {"false", 1}} {
		s := swept(t, fmt.Sprintf(screened, "saltelli", 64, c.crn, ""), c.replicates, screenedGain)
		if _, err := SensitivityOf(s, SensitivityOptions{}); !errors.Is(err, ErrNoNoise) {
			t.Errorf("crn = %s, %d replicates: %v", c.crn, c.replicates, err)
		}
		x, err := SensitivityOf(s, SensitivityOptions{WithoutNoise: true})
		if err != nil || x.Outcomes[0].RunNoise != nil || len(x.Outcomes) != 2 {
			t.Errorf("crn = %s, %d replicates, without noise: %v, %v", c.crn, c.replicates, x, err)
		}
	}
	s := swept(t, adoptionAndFirms, 2, func(string, []float64, float64) float64 { return 0 })
	if _, err := SensitivityOf(s, SensitivityOptions{}); err == nil || !strings.Contains(err.Error(), "this is grid") {
		t.Errorf("indices of a grid: %v", err)
	}
}

// A failure means that failed runs spoil the indices of those that did not.
func TestSensitivityLeavesFailuresOut(t *testing.T) {
	failed := 0
	s := swept(t, fmt.Sprintf(screened, "saltelli", 1024, "false", ""), 2, func(regime string, at []float64, noise float64) float64 {
		if regime == "firm" && at[0] > 0.5 && noise > 2.5 {
			failed++
			return math.NaN()
		}
		return screenedGain(regime, at, noise)
	})
	x, err := SensitivityOf(s, SensitivityOptions{Outcomes: []string{"gain(firm)"}})
	if err != nil || failed == 0 {
		t.Fatal(err, failed)
	}
	if len(x.Notes) != 1 || math.IsNaN(float64(x.Outcomes[0].Factors[0].Total.Mean)) {
		t.Errorf("notes %v, indices %v", x.Notes, x.Outcomes[0].Factors[0])
	}
}
