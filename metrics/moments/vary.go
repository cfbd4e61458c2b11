package moments

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"idleshift/scenarios"
)

// A Vary is the keys of a scenario that follow one number: they take it as
// their value, or are multiplied by it.
type Vary struct {
	Numbers []scenarios.Quantity
	Factor  bool
	Whole   bool // the number can only be whole
}

// NewVary finds the keys that fit the patterns and reports to the document, at
// the path of the table that has keys, low and high, what is wrong with them.
func NewVary(d *scenarios.Document, sc *scenarios.Scenario, path, patterns []string, low, high float64, factor bool) Vary {
	at := func(words ...string) []string { return append(slices.Clone(path), words...) }
	v := Vary{Factor: factor, Whole: !factor}
	if len(patterns) == 0 {
		d.Wrong(at("keys"), "names no key", `a list such as ["demand.cycle.sd"]`, "")
	}
	if low >= high {
		d.Wrong(at("high"), fmt.Sprintf("the most, %g, is not more than the least, %g", high, low), "above low", "")
	}
	for i, pattern := range patterns {
		here := at("keys", strconv.Itoa(i+1))
		found, err := sc.Numbers(pattern)
		if err != nil {
			d.Wrong(here, err.Error(), "a number of the scenario", "")
			continue
		}
		moves := false
		for _, n := range found {
			if slices.Contains(v.Paths(), n.Path) {
				d.Wrong(here, n.Path+" is in the list already", "each key once", "")
				continue
			}
			for _, end := range []struct {
				key   string
				value float64
			}{{"low", low}, {"high", high}} {
				if x := v.Of(&n, end.value); !n.Holds(x) {
					d.Wrong(at(end.key), fmt.Sprintf("%s would be %g", n.Path, x), n.Allowed, "")
				}
			}
			moves = moves || !factor || n.Value != 0
			v.Whole = v.Whole && n.Whole
			v.Numbers = append(v.Numbers, n)
		}
		if !moves {
			d.Wrong(here, "the scenario has 0 there, which no factor changes", "factor = false, or another key", "")
		}
	}
	return v
}

// Of is the value of a key where the number has the value.
func (v *Vary) Of(n *scenarios.Quantity, value float64) float64 {
	if v.Factor {
		value *= n.Value
	}
	if n.Whole {
		return math.Round(value)
	}
	return value
}

// Overrides set the keys to what the number makes of them, as Load takes them.
func (v *Vary) Overrides(value float64) []string {
	var set []string
	for i := range v.Numbers {
		n := &v.Numbers[i]
		set = append(set, n.Path+"="+strconv.FormatFloat(v.Of(n, value), 'g', 12, 64))
	}
	return set
}

// Paths are the keys.
func (v *Vary) Paths() (paths []string) {
	for i := range v.Numbers {
		paths = append(paths, v.Numbers[i].Path)
	}
	return paths
}

// Own is the number at which the scenario is as it is: 1 for a factor,
// otherwise the value of the first key.
func (v *Vary) Own() float64 {
	if v.Factor {
		return 1
	}
	return v.Numbers[0].Value
}
