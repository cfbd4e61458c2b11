package calibrate

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"idleshift/metrics/moments"
	"idleshift/scenarios"
)

// A Plan says what to fit to what, and how to search.
type Plan struct {
	Title       string                    `toml:"title" default:"" doc:"One line that says what is fitted."`
	Description string                    `toml:"description" default:"" doc:"Why these keys and these targets."`
	Scenario    string                    `toml:"scenario" doc:"Scenario to fit: a shipped one, or a path relative to this file."`
	Set         []string                  `toml:"set" doc:"Overrides of the scenario, key=value, while it is fitted: how long it runs. They are no part of the result."`
	Method      string                    `toml:"method" enum:"differential-evolution,cma-es" default:"differential-evolution" doc:"How to search."`
	Seed        int64                     `toml:"seed" unit:"1" range:"[0,9e15]" default:"1" doc:"Root of the random draws of the search; those of the scenario are its own."`
	Population  int                       `toml:"population" unit:"candidates" range:"[0,1000]" default:"0" doc:"Candidates of a generation; 0 chooses by the number of keys."`
	Generations int                       `toml:"generations" unit:"1" range:"[1,10000]" default:"30" doc:"Most generations of the search."`
	Replicates  int                       `toml:"replicates" unit:"1" range:"[1,10000]" default:"6" doc:"Random worlds that a candidate is measured over; cma-es takes more where their noise decides."`
	Fresh       int                       `toml:"fresh_generations" unit:"generations" range:"[1,10000]" default:"5" doc:"Generations after which differential evolution exchanges the worlds and measures the survivors anew; cma-es does so in every generation."`
	Enough      float64                   `toml:"enough" unit:"tolerances" range:"[0,1e6]" default:"0.05" doc:"Distance at which the search ends."`
	Finalists   int                       `toml:"finalists" unit:"candidates" range:"[1,100]" default:"4" doc:"Best candidates that are measured over worlds that the search has not seen."`
	Final       int                       `toml:"final_replicates" unit:"1" range:"[2,10000]" default:"24" doc:"How many such worlds."`
	Keys        map[string]Free           `toml:"keys" doc:"What may be changed."`
	Targets     map[string]moments.Target `toml:"targets" doc:"What is to be reached."`

	name     string
	document *scenarios.Document
	free     []Free
	targets  []moments.Target
}

// Free is a number that the search chooses, and the keys of the scenario that
// follow it.
type Free struct {
	Keys   []string `toml:"keys" doc:"Keys of the scenario; * stands for any name or element."`
	Low    float64  `toml:"low" unit:"that of the keys" doc:"The least it may be."`
	High   float64  `toml:"high" unit:"that of the keys" doc:"The most it may be."`
	Factor bool     `toml:"factor" default:"false" doc:"It multiplies what the scenario says, rather than taking its place."`
	Scale  string   `toml:"scale" enum:"linear,log" default:"linear" doc:"Whether equal steps or equal ratios count alike."`
	Note   string   `toml:"note" default:"" doc:"What it is; stands beside the keys in the fitted scenario."`

	name string
	vary moments.Vary
	step float64 // values are rounded to multiples of it
}

// Read reads a shipped calibration by its name, otherwise a file. What is wrong
// with it, or with the scenario that it names, is told as scenarios.Errors. More
// overrides of the scenario are laid over those of the plan.
func Read(name string, set []string) (*Plan, error) {
	p := &Plan{name: name}
	d, err := scenarios.ReadFrom(scenarios.Calibrations, name, p)
	if err != nil {
		return nil, err
	}
	p.document = d
	p.Set = slices.Concat(p.Set, set)
	p.check(d)
	if err := d.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Text is the plan as it was written.
func (p *Plan) Text() []byte { return p.document.Text() }

// check compiles the plan and reports the rules that it breaks.
func (p *Plan) check(d *scenarios.Document) {
	names := slices.Sorted(maps.Keys(p.Keys))
	d.Order(names, "keys")
	if len(names) == 0 {
		d.Wrong([]string{"keys"}, "is empty: there is nothing to fit", "tables [keys.NAME]", "")
	}
	if len(p.Targets) == 0 {
		d.Wrong([]string{"targets"}, "is empty: there is nothing to fit it to", "tables [targets.NAME]", "")
	}
	if p.Scenario == "" {
		return // told already
	}
	p.Scenario = d.Scenario(p.Scenario, "scenario")
	sc, err := scenarios.Load(p.Scenario, scenarios.LoadOptions{Set: p.Set})
	if err != nil {
		p.wrong(d, err)
		return
	}
	p.targets = moments.Targets(d, p.Targets, "targets", sc)
	weights := 0.0
	for i := range p.targets {
		weights += p.targets[i].Weight
	}
	if len(p.targets) > 0 && weights == 0 {
		d.Wrong([]string{"targets"}, "the weights of all targets are 0", "at least one above 0", "")
	}
	taken := map[string]string{}
	for _, name := range names {
		f := p.Keys[name]
		f.name = name
		f.check(d, sc, []string{"keys", name}, taken)
		p.free = append(p.free, f)
	}
}

// wrong reports that the scenario cannot be read.
func (p *Plan) wrong(d *scenarios.Document, err error) {
	var all scenarios.Errors
	if !errors.As(err, &all) {
		d.Wrong([]string{"scenario"}, err.Error(), "", "")
		return
	}
	for _, e := range all {
		at, problem, allowed, near := []string{"scenario"}, e.Error(), "", ""
		for i, s := range p.Set {
			if e.File == "--set "+s {
				at, problem, allowed, near = []string{"set", strconv.Itoa(i + 1)}, e.Key+": "+e.Problem, e.Allowed, e.Near
			}
		}
		d.Wrong(at, problem, allowed, near)
	}
}

func (f *Free) check(d *scenarios.Document, sc *scenarios.Scenario, path []string, taken map[string]string) {
	f.vary = moments.NewVary(d, sc, path, f.Keys, f.Low, f.High, f.Factor)
	for _, n := range f.vary.Numbers {
		if by := taken[n.Path]; by != "" {
			d.Wrong(append(slices.Clone(path), "keys"), fmt.Sprintf("%s is fitted by %s already", n.Path, by), "each key once", "")
		}
		taken[n.Path] = strings.Join(path, ".")
	}
	if f.Scale == "log" && f.Low <= 0 {
		d.Wrong(append(slices.Clone(path), "low"), fmt.Sprintf("%g has no logarithm", f.Low), `above 0, or scale = "linear"`, "")
	}
	f.step = math.Pow(10, math.Floor(math.Log10(f.High-f.Low))-4)
	if f.Scale == "log" {
		f.step = math.Pow(10, math.Floor(math.Log10(f.Low))-3)
	}
	if f.vary.Whole {
		f.step = 1
	}
}

// at is the value at x, from 0 at the low end to 1 at the high one.
func (f *Free) at(x float64) float64 {
	v := f.Low + x*(f.High-f.Low)
	if f.Scale == "log" {
		v = f.Low * math.Pow(f.High/f.Low, x)
	}
	v = math.Round(v/f.step) * f.step
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
	return min(max(v, f.Low), f.High)
}

// where is the x of a value.
func (f *Free) where(v float64) float64 {
	if f.Scale == "log" {
		return math.Log(v/f.Low) / math.Log(f.High/f.Low)
	}
	return (v - f.Low) / (f.High - f.Low)
}

// start is where the scenario itself stands, drawn into the range.
func (f *Free) start() float64 {
	return f.where(min(max(f.vary.Own(), f.Low), f.High))
}

// start is where the scenario stands in all keys.
func (p *Plan) start() []float64 {
	x := make([]float64, len(p.free))
	for k := range x {
		x[k] = p.free[k].start()
	}
	return x
}

// overrides are the keys of the scenario at x, as Load takes them.
func (p *Plan) overrides(x []float64) []string {
	var set []string
	for i := range p.free {
		f := &p.free[i]
		set = append(set, f.vary.Overrides(f.at(x[i]))...)
	}
	return set
}

// scenario is that of the plan at x; the error says that it breaks a rule there.
func (p *Plan) scenario(x []float64) (*scenarios.Scenario, error) {
	return scenarios.Load(p.Scenario, scenarios.LoadOptions{Set: slices.Concat(p.Set, p.overrides(x))})
}

// Suite is the moments that the plan is about.
func (p *Plan) Suite() (*moments.Suite, error) { return moments.SuiteOf(p.targets) }

// size is how many candidates a generation has.
func (p *Plan) size() int {
	n := len(p.free)
	switch {
	case p.Population > 0 && p.Method == "cma-es":
		return max(p.Population, 4)
	case p.Population > 0:
		return max(p.Population, 5) // differential evolution mixes four others
	case p.Method == "cma-es":
		return 4 + int(3*math.Log(float64(n)))
	}
	return max(8, 5*n)
}
