package answer

import (
	"math"
	"strings"
	"testing"
)

// A failure means that the sentence says more than the intervals allow.
func TestSweepSentences(t *testing.T) {
	nan := Number(math.NaN())
	at := func(mean, low, high Number) Estimate { return Estimate{mean, low, high} }
	of := func(mean, effect Estimate) []string {
		s := &Summary{About: About{Points: 4, Level: Level}, Outcomes: []OutcomeSummary{{
			Outcome: "gain(coop)", Unit: "CAD/year", Mean: mean,
			Least: PointOutcome{At: "share 0.1", Mean: at(1e6, 0, 0)}, Most: PointOutcome{At: "share 0.9", Mean: at(3e6, 0, 0)},
			Factors: []FactorEffect{{Factor: "share", From: "0.1", To: "0.9", Effect: effect}},
		}}}
		return s.Sentences(func(string) string { return "Cooperative" })
	}
	for _, x := range []struct {
		mean, effect Estimate
		says, not    string
	}{
		{at(2e6, 1e6, 3e6), at(2e6, 1e6, 3e6), "2.00 million CAD a year more at 0.9 than at 0.1", "not distinguishable"},
		{at(2e6, 1e6, 3e6), at(-2e6, -3e6, -1e6), "2.00 million CAD a year less at 0.9 than at 0.1 (95 % interval 1.00 to 3.00)", "more at"},
		{at(2e6, 1e6, 3e6), at(2e6, -1e6, 5e6), "No factor's effect on it can be told from zero", "moves most"},
		{at(2e6, -1e6, 5e6), at(2e6, 1e6, 3e6), "the gain of cooperative over the baseline is on average not distinguishable from zero", "xx"},
		{at(2e6, nan, nan), at(2e6, nan, nan), "no factor's effect can be told from chance", "interval 1"},
	} {
		got := of(x.mean, x.effect)[0]
		if !strings.Contains(got, x.says) || strings.Contains(got, x.not) {
			t.Errorf("%q should say %q and not %q", got, x.says, x.not)
		}
	}
}
