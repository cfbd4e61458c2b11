package scenarios

import (
	"slices"
	"testing"

	"idleshift/agents"
)

// Running fewer regimes must leave a scenario that makes sense: with its
// baseline, and without a headline or a decomposition that cannot be computed.
func TestRestrict(t *testing.T) {
	region := func() *Scenario {
		return &Scenario{
			Compare: []string{"none", "today", "firm", "both"}, Baseline: "today", Headline: "both", Rival: "firm",
			Decomposition: &Decomposition{Base: "firm", Terms: "none", Unit: "none", Both: "both"},
			Regimes:       map[string]agents.Regime{"none": {}, "today": {}, "firm": {}, "both": {}},
		}
	}
	sc := region()
	if err := sc.Restrict([]string{"both", "none", "both"}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"today", "both", "none"}; !slices.Equal(sc.Compare, want) || sc.Headline != "both" || sc.Rival != "" || sc.Decomposition != nil {
		t.Errorf("left to run: %+v", sc)
	}
	sc = region()
	if err := sc.Restrict([]string{"none", "today", "both", "firm"}); err != nil || sc.Decomposition == nil || sc.Rival != "firm" {
		t.Errorf("something was taken away though every regime is run: %+v, %v", sc, err)
	}
	if err := region().Restrict([]string{"nobody"}); err == nil {
		t.Error("a regime that does not exist is run")
	}
}
