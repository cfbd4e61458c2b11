package tornado

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"idleshift/metrics/moments"
	"idleshift/scenarios"
)

const list = `scenario = "template"
set = ["time.days=40"]

[assumptions.freight]
title = "freight"
keys = ["transport.freight_per_km"]
factor = true
low = 0.9
high = 1.1

[assumptions.adoption]
title = "firms that join"
keys = ["tiers.platform.adoption"]
low = 0
high = 1

[assumptions.idle]
title = "a key that bears on nothing"
keys = ["kinds.mill.reference_value_per_hour"]
low = 10
high = 200

[assumptions.shifts]
title = "shifts, at one end more than there are"
keys = ["kinds.mill.normal_shifts"]
low = 1
high = 3
`

func read(t *testing.T, text string) (*List, func([]string) (*scenarios.Scenario, error)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "list.toml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return l, func(set []string) (*scenarios.Scenario, error) {
		return scenarios.Load(l.Scenario, scenarios.LoadOptions{Set: slices.Concat(l.Set, set)})
	}
}

// Nobody on the platform gains nothing from it, whatever the worlds, and what
// bears on nothing swings by nothing. A failure means that the table does not
// show the scenario at the ends of the ranges, or over other worlds at one end
// than at the other, or not the widest swing first.
func TestEndsOfRanges(t *testing.T) {
	l, load := read(t, list)
	plan, err := l.Plan(load)
	if err != nil {
		t.Fatal(err)
	}
	result, err := plan.Run(context.Background(), &moments.Runner{Suite: plan.Suite, Workers: 2}, 4)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range result.Bars {
		b := &result.Bars[i]
		names = append(names, b.Name)
		switch b.Name {
		case "adoption":
			if g := b.AtLow.Headline; g.Mean != 0 || g.Low != 0 || g.High != 0 {
				t.Errorf("nobody joins and the gain is %+v", g)
			}
			if *b.AtHigh.Rival != *result.Base.Rival {
				t.Errorf("the platform moves the rival from %+v to %+v", result.Base.Rival, b.AtHigh.Rival)
			}
		case "idle":
			if b.Swing.Mean != 0 || *b.AtLow.Headline != *result.Base.Headline {
				t.Errorf("a key that bears on nothing: %+v, as it is %+v", b, result.Base.Headline)
			}
		case "shifts":
			if b.AtHigh.Headline != nil || !strings.Contains(b.AtHigh.Impossible, "3 are more than the 2 shifts") {
				t.Errorf("three shifts of two: %+v", b.AtHigh)
			}
		}
		if i > 0 && b.width() > result.Bars[i-1].width() {
			t.Errorf("%s stands after %s", b.Name, result.Bars[i-1].Name)
		}
	}
	if len(names) != 4 || math.IsNaN(result.Base.Headline.Mean) {
		t.Fatalf("%v, base %+v", names, result.Base)
	}
	var text strings.Builder
	if err := result.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"firms that join", "× 0.9", "cannot be run", "cooperative at low", "firm at low", "as the scenario is", "3 are more than the 2 shifts"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, text.String())
		}
	}
}

// A failure means that a mistake in a list is not told with its place.
func TestWrongListsAreExplained(t *testing.T) {
	l, load := read(t, strings.NewReplacer("freight_per_km", "freight_per_mile", "high = 200", "high = 5").Replace(list))
	_, err := l.Plan(load)
	for _, want := range []string{
		"list.toml:6:9: assumptions.freight.keys.1: transport.freight_per_mile: unknown key; did you mean transport.freight_per_km?",
		"list.toml:21:8: assumptions.idle.high: the most, 5, is not more than the least, 10 (allowed: above low)",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

// A failure means that a shipped list does not fit its scenario, which then
// cannot be varied.
func TestShippedLists(t *testing.T) {
	for _, name := range scenarios.Assumptions.Names() {
		l, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := scenarios.Load(l.Scenario, scenarios.LoadOptions{Set: l.Set})
		if err != nil {
			t.Fatal(err)
		}
		for key, a := range l.Assumptions {
			vary := moments.NewVary(l.Document, sc, []string{"assumptions", key}, a.Keys, a.Low, a.High, a.Factor)
			if own := vary.Own(); own < a.Low || own > a.High {
				t.Errorf("%s: the scenario's own %v lies beyond %v to %v of %s", name, own, a.Low, a.High, key)
			}
			for _, end := range []float64{a.Low, a.High} {
				if _, err := scenarios.Load(l.Scenario, scenarios.LoadOptions{Set: vary.Overrides(end)}); err != nil {
					t.Errorf("%s: %s at %v: %v", name, key, end, err)
				}
			}
		}
		if err := l.Document.Err(); err != nil {
			t.Error(err)
		}
	}
}
