package moments

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"idleshift/scenarios"
)

// A Target is a moment and the value that it should have.
type Target struct {
	Title     string   `toml:"title" default:"" doc:"What it is, as people read it; the name if empty."`
	Metric    string   `toml:"metric" doc:"Metric of the catalogue or moment (see idleshift explain)."`
	Regime    string   `toml:"regime" default:"" doc:"Regime it is measured in; empty is the baseline."`
	Sizes     []string `toml:"sizes" doc:"Size classes of firms it is about, for moments that can be of some; empty is all."`
	Classes   []string `toml:"classes" doc:"Order classes it is about, for moments that can be of some; empty is all customers' orders."`
	Value     float64  `toml:"value" unit:"that of the moment" doc:"What it should be."`
	Tolerance float64  `toml:"tolerance" unit:"that of the moment" range:"(0,1e15]" doc:"How far off it may be; the scale of its deviation."`
	Weight    float64  `toml:"weight" unit:"1" range:"[0,1e6]" default:"1" doc:"Weight of its squared deviation among the targets of a calibration."`
	Status    string   `toml:"status" enum:"published,computed,assumption" default:"published" doc:"published by others; computed from what is; or assumption."`
	Source    string   `toml:"source" default:"" doc:"Where the value comes from."`
	Note      string   `toml:"note" default:"" doc:"What a reader of the comparison should know, such as why it does not agree."`

	Name string `toml:"-"` // key of its table
}

// Moment is what is to be measured.
func (t *Target) Moment() Moment { return Moment{t.Metric, t.Regime, t.Sizes, t.Classes} }

// Said is the title, or the name where there is none.
func (t *Target) Said() string {
	return cmp.Or(t.Title, t.Name)
}

// Off is how far a value lies from the target, in tolerances.
func (t *Target) Off(value float64) float64 { return (value - t.Value) / t.Tolerance }

// Targets are those of the table at the key of a document, in their order
// there, checked for the scenario.
func Targets(d *scenarios.Document, all map[string]Target, key string, sc *scenarios.Scenario) []Target {
	names := sortedKeys(all)
	d.Order(names, key)
	var list []Target
	for _, name := range names {
		t := all[name]
		t.Name = name
		m := t.Moment()
		m.check(d, sc, []string{key, name})
		list = append(list, t)
	}
	return list
}

// SuiteOf measures the targets, in their order.
func SuiteOf(targets []Target) (*Suite, error) {
	var all []Moment
	for i := range targets {
		all = append(all, targets[i].Moment())
	}
	return NewSuite(all)
}

// A Verdict says whether a simulated value is what is known.
type Verdict string

// An estimate agrees within the tolerance and differs beyond it. It is unclear
// if two standard errors reach over the edge, or if there is no value.
const (
	Agrees  Verdict = "agrees"
	Differs Verdict = "differs"
	Unclear Verdict = "unclear"
)

// Judge compares an estimate, with its standard error if there is one, with the
// target.
func (t *Target) Judge(value, se float64) Verdict {
	off := math.Abs(value - t.Value)
	noise := 2 * se
	if math.IsNaN(noise) {
		noise = 0
	}
	switch {
	case math.IsNaN(value), math.Abs(off-t.Tolerance) < noise:
		return Unclear
	case off <= t.Tolerance*(1+1e-9):
		return Agrees
	}
	return Differs
}

// Digits writes a number with the digits that its error or tolerance leaves
// meaning to: two of the error.
func Digits(x, scale float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	scale = math.Abs(scale)
	if !(scale > 0) || math.IsInf(scale, 0) {
		return strconv.FormatFloat(x, 'g', 4, 64)
	}
	digits := max(0, 1-int(math.Floor(math.Log10(scale))))
	return thousands(strconv.FormatFloat(x, 'f', min(digits, 12), 64))
}

// thousands puts commas into a number of five digits and more.
func thousands(s string) string {
	sign, whole, rest := "", s, ""
	if len(whole) > 0 && whole[0] == '-' {
		sign, whole = "-", whole[1:]
	}
	if i := slices.Index([]byte(whole), '.'); i >= 0 {
		whole, rest = whole[:i], whole[i:]
	}
	if len(whole) >= 5 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	return sign + whole + rest
}

// Known is the target's value with its tolerance.
func (t *Target) Known() string {
	return fmt.Sprintf("%s ± %s", Digits(t.Value, t.Tolerance), Digits(t.Tolerance, t.Tolerance))
}
