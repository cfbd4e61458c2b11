package design

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"idleshift/scenarios"
)

// most is how many points a design may have.
const most = 1_000_000

// A file is a design as it is written.
type file struct {
	Title       string                `toml:"title" default:"" doc:"One line that says what the design is for."`
	Description string                `toml:"description" default:"" doc:"What it asks, what it costs, how to read it."`
	Base        string                `toml:"base" doc:"Scenario that the points change: the name of a shipped one, or a path relative to this file."`
	Design      string                `toml:"design" enum:"grid,lhs,halton,sobol,morris,saltelli,one-at-a-time,matrix" doc:"How the points lie."`
	Samples     int                   `toml:"samples" range:"[1,1e6]" default:"0" doc:"Points of lhs, halton and sobol; trajectories of morris; rows of each matrix of saltelli (best a power of two)."`
	SecondOrder bool                  `toml:"second_order" default:"false" doc:"With saltelli: also the indices of pairs of factors, for nearly twice the points."`
	Matrix      string                `toml:"matrix" default:"" doc:"With matrix: a table of points, CSV or Parquet, relative to this file, with a column for each factor or scenario key."`
	Seed        int64                 `toml:"seed" range:"[0,9e15]" default:"1" doc:"Root of the draws of the design; those of the runs have the scenario's seed."`
	Replicates  int                   `toml:"replicates" unit:"1" range:"[1,1e6]" default:"0" doc:"Replicates of each point; without it those of the scenario."`
	CRN         bool                  `toml:"crn" default:"true" doc:"Common random numbers: all points meet the same draws; false draws afresh at each point."`
	Tables      []string              `toml:"tables" doc:"Tables to keep; without it runs."`
	Regimes     []string              `toml:"regimes" doc:"Regimes to run, and the baseline; without it those of the scenario."`
	Outcomes    []string              `toml:"outcomes" doc:"What sensitivity and summarize look at, such as gain(cooperative) or utilisation(firm)."`
	Conditions  []string              `toml:"conditions" doc:"What summarize asks of every point, such as gain(cooperative) > gain(firm)."`
	Set         scenarios.Value       `toml:"set" doc:"Keys of the scenario that all points share."`
	Factors     map[string]factorFile `toml:"factors" doc:"What differs between points."`
}

// A factorFile is a factor as it is written.
type factorFile struct {
	Title    string          `toml:"title" default:"" doc:"What the factor is."`
	Key      string          `toml:"key" default:"" doc:"Scenario key that it moves; * stands for any name or element."`
	Keys     []string        `toml:"keys" doc:"Several keys that it moves together."`
	Range    []float64       `toml:"range" doc:"[least, most] of a factor of numbers."`
	Scale    string          `toml:"scale" enum:"linear,log" default:"linear" doc:"How numbers lie in the range: evenly, or evenly in their logarithm."`
	Steps    int             `toml:"steps" range:"[2,10000]" default:"0" doc:"How many numbers of the range a grid, one-at-a-time or morris tries, evenly spaced with both ends."`
	Relative bool            `toml:"relative" default:"false" doc:"The numbers multiply what the base scenario has at each key."`
	Levels   scenarios.Value `toml:"levels" doc:"A list of values of the keys; or a table of named levels, each with the keys that it sets."`
}

// Keys lists the keys of a design file.
func Keys() []scenarios.Key { return scenarios.KeysOf(file{}) }

// A reader turns a file into a Design.
type reader struct {
	*scenarios.Document
	file   file
	name   string // of the file, in errors
	dir    string
	base   *scenarios.Scenario // nil if it could not be read
	probe  *scenarios.Probe
	moved  map[string]string // key → what sets it: "set" or the factor
	design *Design
}

func parse(path, name, dir string, text []byte) (*Design, error) {
	r := &reader{name: path, dir: dir, moved: map[string]string{}}
	r.Document = scenarios.Read(path, text, &r.file)
	f := &r.file
	r.design = &Design{
		Name: name, Title: f.Title, Description: strings.TrimSpace(f.Description), Method: f.Design,
		Samples: f.Samples, SecondOrder: f.SecondOrder, Seed: f.Seed, Replicates: f.Replicates, CRN: f.CRN,
		Regimes: f.Regimes, Tables: f.Tables, Outcomes: f.Outcomes, Conditions: f.Conditions,
	}
	if len(f.Tables) == 0 {
		r.design.Tables = []string{"runs"}
	}
	r.scenario()
	r.regimes()
	r.settings()
	r.factors()
	r.shape()
	rows := r.lay()
	if err := r.Err(); err != nil {
		return nil, err
	}
	r.keep(rows)
	return r.design, nil
}

func at(path ...string) []string { return path }

// scenario reads the base.
func (r *reader) scenario() {
	name := r.file.Base
	if name == "" {
		return
	}
	if _, err := scenarios.Source(name); err != nil && !filepath.IsAbs(name) {
		name = filepath.Join(r.dir, filepath.FromSlash(name))
	}
	base, err := scenarios.Load(name, scenarios.LoadOptions{})
	if wrong, ok := err.(scenarios.Errors); ok {
		r.Add(wrong...)
		return
	}
	if err != nil {
		var shipped []string
		if all, err := scenarios.Names(); err == nil {
			for _, s := range all {
				shipped = append(shipped, s.Name)
			}
		}
		r.Wrong(at("base"), fmt.Sprintf("%q is neither a shipped scenario nor a file that can be read beside this one", r.file.Base),
			strings.Join(shipped, ", ")+" or a path", scenarios.Nearest(r.file.Base, shipped))
		return
	}
	probe, err := scenarios.NewProbe(base)
	if err != nil {
		r.Wrong(at("base"), err.Error(), "", "")
		return
	}
	r.base, r.probe, r.design.Base = base, probe, name
}

func (r *reader) regimes() {
	if r.base == nil {
		return
	}
	known := slices.Sorted(maps.Keys(r.base.Regimes))
	for i, name := range r.file.Regimes {
		here := at("regimes", fmt.Sprint(i+1))
		if !slices.Contains(known, name) {
			r.Wrong(here, fmt.Sprintf("the scenario has no regime %q", name), strings.Join(known, ", "), scenarios.Nearest(name, known))
		} else if slices.Contains(r.file.Regimes[:i], name) {
			r.Wrong(here, fmt.Sprintf("%q stands in the list twice", name), "", "")
		}
	}
}

// settings reads what all points share.
func (r *reader) settings() {
	if v := r.file.Set; !v.Absent() {
		if !v.IsTable() {
			r.Wrong(at("set"), "must be a table of scenario keys", "[set] with lines such as time.days = 60", "")
			return
		}
		r.design.Set = r.assignments(v, at("set"), "set")
	}
}

// assignments turns a table of scenario keys into overrides, and checks each.
// The key belongs to its owner, which alone may set it.
func (r *reader) assignments(v scenarios.Value, where []string, owner string) []string {
	var set []string
	var walk func(v scenarios.Value, path []string)
	walk = func(v scenarios.Value, path []string) {
		for _, f := range v.Fields {
			here := append(slices.Clone(path), f.Key)
			if f.Value.IsTable() {
				walk(f.Value, here)
				continue
			}
			key := strings.Join(here, ".")
			if r.check(key, f.Value.Text, f.Value.Line, f.Value.Column, append(slices.Clone(where), here...)) {
				r.own(key, owner, f.Value.Line, f.Value.Column, where)
				set = append(set, key+"="+f.Value.Text)
			}
		}
	}
	walk(v, nil)
	return set
}

// check tells what is wrong with giving the scenario's key the value, at a
// position of the document, and reports whether nothing is.
func (r *reader) check(key, value string, line, column int, where []string) bool {
	if r.probe == nil {
		return true
	}
	errs := r.probe.Check(key + "=" + value)
	for _, e := range errs {
		problem := e.Problem
		if e.Key != "" && !strings.HasSuffix(strings.Join(where, "."), "."+e.Key) {
			problem = e.Key + ": " + problem
		}
		r.WrongAt(line, column, where, problem, e.Allowed, e.Near)
	}
	return len(errs) == 0
}

// own notes who sets a key, and reports two who do.
func (r *reader) own(key, owner string, line, column int, where []string) {
	switch other := r.moved[key]; {
	case other == "":
		r.moved[key] = owner
	case other != owner:
		r.WrongAt(line, column, where, fmt.Sprintf("%s is also set by %s: one of them would be lost", key, other), "", "")
	}
}

// factors reads the factors, in the order of the file.
func (r *reader) factors() {
	names := slices.Sorted(maps.Keys(r.file.Factors))
	r.Order(names, "factors")
	for _, name := range names {
		f := r.file.Factors[name]
		r.design.Factors = append(r.design.Factors, r.factor(name, &f))
	}
	if len(names) == 0 && r.file.Design != Matrix {
		r.Wrong(at("factors"), "is empty: there is nothing that differs between points", "at least one table [factors.NAME]", "")
	}
}

func (r *reader) factor(name string, f *factorFile) Factor {
	here := func(key ...string) []string { return append(at("factors", name), key...) }
	out := Factor{Name: name, Title: f.Title, Log: f.Scale == "log", Relative: f.Relative, Steps: f.Steps}
	matrix := r.file.Design == Matrix
	named := f.Levels.IsTable()
	r.keys(&out, f, named)
	switch {
	case f.Key != "" && len(f.Keys) > 0:
		r.Wrong(here("keys"), "stands beside key", "one of the two", "")
	case named && (f.Key != "" || len(f.Keys) > 0):
		r.Wrong(here("levels"), "named levels say themselves which keys they set", "without key and keys; or a list of values", "")
	case !named && f.Key == "" && len(f.Keys) == 0:
		r.Wrong(here(), "moves no key", "key, keys, or a table of named levels", "")
	}
	switch {
	case len(f.Range) > 0 && !f.Levels.Absent():
		r.Wrong(here("levels"), "stands beside range", "one of the two", "")
	case len(f.Range) > 0:
		r.span(&out, f)
	case !f.Levels.Absent():
		r.levels(&out, f)
	case !matrix:
		r.Wrong(here(), "has neither range nor levels", "range = [least, most], or levels", "")
	}
	for _, unused := range []struct {
		key   string
		given bool
	}{{"scale", out.Log}, {"steps", f.Steps != 0}} {
		if unused.given && len(f.Range) == 0 {
			r.Wrong(here(unused.key), "is about a range, which the factor does not have", "range = [least, most]", "")
		}
	}
	return out
}

// keys finds the keys that a factor moves together.
func (r *reader) keys(out *Factor, f *factorFile, named bool) {
	if named || r.probe == nil {
		return
	}
	patterns, where := f.Keys, at("factors", out.Name, "keys")
	if f.Key != "" {
		patterns, where = []string{f.Key}, at("factors", out.Name, "key")
	}
	numbers, zero := true, false
	for i, pattern := range patterns {
		here := where
		if f.Key == "" {
			here = append(slices.Clone(where), fmt.Sprint(i+1))
		}
		found := []string{pattern}
		if slices.Contains(strings.Split(pattern, "."), "*") {
			if found = r.probe.Match(pattern); len(found) == 0 {
				r.Wrong(here, fmt.Sprintf("no key of the scenario is like %s", pattern), "a key that `idleshift explain` lists, with * for its names", "")
			}
		}
		for _, key := range found {
			k, wrong := r.probe.Key(key)
			if wrong != nil {
				problem := wrong.Problem
				if pattern != key {
					problem = key + ": " + problem
				}
				r.Wrong(here, problem, wrong.Allowed, wrong.Near)
				continue
			}
			if strings.HasPrefix(k.Type, "table") || strings.Contains(k.Type, "by name") {
				r.Wrong(here, fmt.Sprintf("%s is no value but %s", key, k.Type), "one of its keys (see idleshift explain "+k.Path+")", "")
				continue
			}
			if slices.Contains(out.Keys, key) {
				r.Wrong(here, fmt.Sprintf("%s stands in the list twice", key), "", "")
				continue
			}
			line, column := r.Position(here...)
			r.own(key, "factors."+out.Name, line, column, here)
			whole := strings.HasPrefix(k.Type, "whole number")
			out.Whole = out.Whole || whole && !f.Relative
			m := move{whole: whole}
			if !whole && !strings.HasPrefix(k.Type, "number") {
				numbers = false
			}
			if v := r.probe.Value(key); v.IsNumber {
				m.base = v.Number
			}
			if f.Relative && numbers && m.base == 0 {
				zero = true
				continue
			}
			out.Keys = append(out.Keys, key)
			out.moves = append(out.moves, m)
			if !numbers && (f.Relative || len(f.Range) > 0) {
				what := "range"
				if f.Relative {
					what = "relative"
				}
				r.Wrong(at("factors", out.Name, what), fmt.Sprintf("is about numbers; %s takes %s", key, k.Type), "levels = [...]", "")
				out.Keys, out.moves = nil, nil
				return
			}
		}
	}
	if len(out.Keys) == 0 && zero {
		r.Wrong(where, "the scenario has nothing there that is not 0: there is nothing to multiply", "", "")
	}
}

// span reads the range of a factor.
func (r *reader) span(out *Factor, f *factorFile) {
	here := at("factors", out.Name, "range")
	if len(f.Range) != 2 {
		r.Wrong(here, fmt.Sprintf("has %d numbers", len(f.Range)), "[least, most]", "")
		return
	}
	out.Low, out.High = f.Range[0], f.Range[1]
	switch {
	case !(out.Low < out.High):
		r.Wrong(here, fmt.Sprintf("the least, %v, is not below the most, %v", out.Low, out.High), "[least, most]", "")
		return
	case out.Log && out.Low <= 0:
		r.Wrong(here, fmt.Sprintf("%v has no logarithm", out.Low), `above 0, or scale = "linear"`, "")
		return
	}
	line, column := r.Position(here...)
	for i := range out.moves {
		for _, x := range f.Range {
			if !r.check(out.Keys[i], out.moves[i].text(out, x), line, column, here) {
				return
			}
		}
	}
	if n := out.count(); n < 2 {
		r.Wrong(here, fmt.Sprintf("%d whole numbers lie in the range", max(0, n)), "at least 2", "")
	} else if out.Steps > n {
		r.Wrong(at("factors", out.Name, "steps"), fmt.Sprintf("only %d whole numbers lie in the range", n), fmt.Sprintf("at most %d", n), "", here)
	}
}

// levels reads the levels of a factor.
func (r *reader) levels(out *Factor, f *factorFile) {
	here := at("factors", out.Name, "levels")
	seen := map[string]string{}
	add := func(l Level, v scenarios.Value) {
		id := strings.Join(l.Set, "\n")
		if _, twice := seen[id]; twice {
			r.WrongAt(v.Line, v.Column, here, fmt.Sprintf("%s sets the same as %s", l.Label, seen[id]), "", "")
		}
		seen[id] = l.Label
		out.Levels = append(out.Levels, l)
	}
	switch {
	case f.Levels.IsTable():
		for _, field := range f.Levels.Fields {
			if !field.Value.IsTable() {
				r.WrongAt(field.Value.Line, field.Value.Column, append(here, field.Key), "must be a table of scenario keys", "", "")
				continue
			}
			owner := "factors." + out.Name
			add(Level{Label: field.Key, Set: r.assignments(field.Value, append(slices.Clone(here), field.Key), owner)}, field.Value)
		}
	case f.Levels.Items == nil:
		r.Wrong(here, "must be a list of values, or a table of named levels", "", "")
		return
	default:
		for _, v := range f.Levels.Items {
			l := Level{Label: v.Text}
			if v.IsWord {
				l.Label = v.Word
			}
			if v.IsNumber {
				l.Number = &v.Number
			}
			if f.Relative && !v.IsNumber {
				r.WrongAt(v.Line, v.Column, here, "is no number to multiply by", "", "")
				continue
			}
			sound := true
			for i, key := range out.Keys {
				text := v.Text
				if f.Relative {
					text = out.moves[i].text(out, v.Number)
				}
				if sound = sound && r.check(key, text, v.Line, v.Column, here); sound {
					l.Set = append(l.Set, key+"="+text)
				}
			}
			if sound && r.probe != nil && len(out.Keys) > 0 {
				add(l, v)
			}
		}
	}
	for i := 1; i < len(out.Levels) && out.Numeric(); i++ {
		if *out.Levels[i].Number < *out.Levels[i-1].Number {
			v := f.Levels.Items[i]
			r.WrongAt(v.Line, v.Column, here, fmt.Sprintf("%s is less than the level before it", v.Text), "numbers that rise", "")
			break
		}
	}
	if n := max(len(f.Levels.Items), len(f.Levels.Fields)); n < 2 {
		r.Wrong(here, fmt.Sprintf("%d level is no difference between points", n), "at least 2", "")
	}
}

// shape checks that the keys of the design fit each other.
func (r *reader) shape() {
	f := &r.file
	sampled := slices.Contains([]string{LHS, Halton, Sobol, Morris, Saltelli}, f.Design)
	switch {
	case f.Design == "":
		return
	case sampled && f.Samples == 0:
		r.Wrong(at("samples"), f.Design+" has no points without it", "1 to 1000000", "", at("design"))
	case !sampled && f.Samples > 0:
		r.Wrong(at("samples"), fmt.Sprintf("is not used with design = %q", f.Design), "lhs, halton, sobol, morris, saltelli", "", at("design"))
	}
	if f.SecondOrder && f.Design != Saltelli {
		r.Wrong(at("second_order"), fmt.Sprintf("is not used with design = %q", f.Design), "saltelli", "", at("design"))
	}
	if (f.Matrix != "") != (f.Design == Matrix) {
		problem := "is missing: the table of points"
		if f.Matrix != "" {
			problem = fmt.Sprintf("is not used with design = %q", f.Design)
		}
		r.Wrong(at("matrix"), problem, "", "", at("design"))
	}
	for i := range r.design.Factors {
		factor := &r.design.Factors[i]
		spanned := factor.Levels == nil && factor.Low < factor.High
		switch f.Design {
		case Grid:
			if spanned && factor.Steps == 0 {
				r.Wrong(at("factors", factor.Name), "a grid needs to know how many numbers of the range to try", "steps = 2 or more, or levels", "")
			}
		case OneAtATime, Morris:
		default:
			if factor.Steps > 0 {
				r.Wrong(at("factors", factor.Name, "steps"), fmt.Sprintf("is not used with design = %q", f.Design), "grid, one-at-a-time, morris", "", at("design"))
			}
		}
		if f.Design == Matrix && (spanned || factor.Levels != nil && !r.file.Factors[factor.Name].Levels.IsTable()) {
			r.Wrong(at("factors", factor.Name), "takes its values from the table of points", "key, keys, or a table of named levels", "")
		}
	}
}
