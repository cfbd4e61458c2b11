// Package tornado says which assumptions a scenario's headline hangs on: each
// is moved, alone, to both ends of its range, and the gains there stand beside
// each other, the widest swing first. All points meet the same random worlds,
// so that a swing is a paired difference.
package tornado

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"idleshift/metrics/answer"
	"idleshift/metrics/moments"
	"idleshift/metrics/stats"
	"idleshift/scenarios"
	"idleshift/sim"
)

// Level is the coverage of the intervals.
const Level = 0.95

// A List is the assumptions of a scenario with their ranges.
type List struct {
	Title       string                `toml:"title" default:"" doc:"One line that says whose assumptions they are."`
	Description string                `toml:"description" default:"" doc:"How the ranges were chosen."`
	Scenario    string                `toml:"scenario" doc:"Scenario they belong to: a shipped one, or a path relative to this file."`
	Set         []string              `toml:"set" doc:"Overrides of the scenario, key=value, for the comparison: how long it runs."`
	Replicates  int                   `toml:"replicates" unit:"1" range:"[2,1e6]" default:"6" doc:"Replicates of every point."`
	Assumptions map[string]Assumption `toml:"assumptions" doc:"What is assumed."`

	Document *scenarios.Document `toml:"-"`
}

// An Assumption is a number with a range, and the keys that follow it.
type Assumption struct {
	Title  string   `toml:"title" default:"" doc:"What it is, as people read it; the name if empty."`
	Keys   []string `toml:"keys" doc:"Keys of the scenario; * stands for any name or element."`
	Low    float64  `toml:"low" unit:"that of the keys" doc:"Low end of what is plausible."`
	High   float64  `toml:"high" unit:"that of the keys" doc:"High end of what is plausible."`
	Factor bool     `toml:"factor" default:"false" doc:"It multiplies what the scenario says, rather than taking its place."`
	Reason string   `toml:"reason" default:"" doc:"Why this range."`

	name string
	vary moments.Vary
}

// Read reads shipped assumptions by their name, otherwise a file. What is wrong
// with them is told as scenarios.Errors.
func Read(name string) (*List, error) {
	l := &List{}
	d, err := scenarios.ReadFrom(scenarios.Assumptions, name, l)
	if err != nil {
		return nil, err
	}
	l.Document = d
	if len(l.Assumptions) == 0 {
		d.Wrong([]string{"assumptions"}, "is empty: there is nothing to vary", "tables [assumptions.NAME]", "")
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	l.Scenario = d.Scenario(l.Scenario, "scenario")
	return l, nil
}

// A Result is the gains at the ends of all ranges.
type Result struct {
	Title      string  `json:"title"`
	Scenario   string  `json:"scenario"`
	Currency   string  `json:"currency"`
	Baseline   string  `json:"baseline"`
	Headline   string  `json:"headline"`
	Rival      string  `json:"rival,omitempty"`
	Replicates int     `json:"replicates"`
	Days       int     `json:"days"`
	Level      float64 `json:"level"`
	Base       Gains   `json:"base"`
	Bars       []Bar   `json:"assumptions"` // the widest swing first
}

// Gains are those over the baseline at one point, in currency a year.
type Gains struct {
	Headline   *Gain  `json:"headline"` // nil where the scenario cannot be run
	Rival      *Gain  `json:"rival,omitempty"`
	Impossible string `json:"impossible,omitempty"`

	headline []float64 // by replicate
}

// A Gain is a mean over replicates with its interval.
type Gain struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// A Bar is one assumption.
type Bar struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Keys   []string `json:"keys"`
	Factor bool     `json:"factor"`
	Reason string   `json:"reason,omitempty"`
	Low    float64  `json:"low"`
	Own    float64  `json:"own"` // what the scenario has
	High   float64  `json:"high"`
	AtLow  Gains    `json:"at_low"`
	AtHigh Gains    `json:"at_high"`
	Swing  *Gain    `json:"swing"` // headline gain at the high end less that at the low end; nil where one cannot be run
}

// suiteOf is what a point is measured by: the surplus of baseline, headline and
// rival.
func suiteOf(sc *scenarios.Scenario) (*moments.Suite, error) {
	headline := answer.Subject(sc)
	if headline == "" {
		return nil, errors.New("the scenario has no headline to vary: it runs the baseline alone")
	}
	all := []moments.Moment{{Metric: "surplus"}, {Metric: "surplus", Regime: headline}}
	if sc.Rival != "" {
		all = append(all, moments.Moment{Metric: "surplus", Regime: sc.Rival})
	}
	return moments.NewSuite(all)
}

// A Plan is the scenario as it is, and with each assumption at both ends of its
// range.
type Plan struct {
	Scenario *scenarios.Scenario
	Suite    *moments.Suite // the surplus of baseline, headline and rival

	list   *List
	all    []Assumption
	points []*scenarios.Scenario // the scenario as it is, then those at the ends
	place  [][2]int              // by assumption, of the two ends among the points; 0 where they cannot be loaded
	broken [][2]string           // why they cannot
}

// Plan lays the list over the scenario as load makes it with overrides. What is
// wrong with the list for that scenario is told as scenarios.Errors, a scenario
// whose orders cannot be served as *sim.Unservable.
func (l *List) Plan(load func(set []string) (*scenarios.Scenario, error)) (*Plan, error) {
	sc, err := load(nil)
	if err != nil {
		return nil, err
	}
	suite, err := suiteOf(sc)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(l.Assumptions))
	l.Document.Order(names, "assumptions")
	var all []Assumption
	for _, name := range names {
		a := l.Assumptions[name]
		a.name = name
		a.vary = moments.NewVary(l.Document, sc, []string{"assumptions", name}, a.Keys, a.Low, a.High, a.Factor)
		all = append(all, a)
	}
	if err := l.Document.Err(); err != nil {
		return nil, err
	}
	if _, err := sim.Build(sc, 0); err != nil {
		return nil, err
	}
	p := &Plan{Scenario: sc, Suite: suite, list: l, all: all, points: []*scenarios.Scenario{sc}, place: make([][2]int, len(all)), broken: make([][2]string, len(all))}
	for i := range all {
		for end, value := range []float64{all[i].Low, all[i].High} {
			moved, err := load(all[i].vary.Overrides(value))
			if err != nil {
				p.broken[i][end] = err.Error()
				continue
			}
			p.place[i][end] = len(p.points)
			p.points = append(p.points, moved)
		}
	}
	return p, nil
}

// Run measures all points of the plan by a runner with its suite.
func (p *Plan) Run(ctx context.Context, r *moments.Runner, replicates int) (*Result, error) {
	points := make([]moments.Point, len(p.points))
	for i, sc := range p.points {
		points[i] = moments.Point{Scenario: sc, Beyond: replicates}
	}
	measured, err := r.Measure(ctx, points)
	if err != nil {
		return nil, err
	}
	if err := measured[0].Fail; err != nil {
		return nil, err
	}
	sc := p.Scenario
	result := &Result{
		Title: p.list.Title, Scenario: sc.Title, Currency: sc.Currency, Baseline: sc.Baseline, Headline: answer.Subject(sc), Rival: sc.Rival,
		Replicates: replicates, Days: sc.Time.Days, Level: Level, Base: gains(&measured[0]),
	}
	for i := range p.all {
		a := &p.all[i]
		b := Bar{
			Name: a.name, Title: cmp.Or(a.Title, a.name), Keys: a.vary.Paths(), Factor: a.Factor, Reason: a.Reason,
			Low: a.Low, Own: a.vary.Own(), High: a.High,
		}
		for end, g := range []*Gains{&b.AtLow, &b.AtHigh} {
			if *g = (Gains{Impossible: p.broken[i][end]}); g.Impossible == "" {
				*g = gains(&measured[p.place[i][end]])
			}
		}
		if b.AtLow.Headline != nil && b.AtHigh.Headline != nil {
			b.Swing = gain(stats.Paired(b.AtHigh.headline, b.AtLow.headline, Level).Interval)
		}
		result.Bars = append(result.Bars, b)
	}
	slices.SortStableFunc(result.Bars, func(a, b Bar) int { return cmp.Compare(b.width(), a.width()) })
	return result, nil
}

// width is how far the gain swings; one that cannot be run sorts first.
func (b *Bar) width() float64 {
	if b.Swing == nil {
		return math.Inf(1)
	}
	return math.Abs(b.Swing.Mean)
}

func gains(m *moments.Measurement) Gains {
	if m.Fail != nil {
		return Gains{Impossible: m.Fail.Error()}
	}
	var surplus [3][]float64
	for _, row := range m.Rows {
		for i := range row {
			surplus[i] = append(surplus[i], row[i][0])
		}
	}
	g := Gains{
		Headline: gain(stats.Paired(surplus[1], surplus[0], Level).Interval),
		headline: stats.Differences(surplus[1], surplus[0]),
	}
	if surplus[2] != nil {
		g.Rival = gain(stats.Paired(surplus[2], surplus[0], Level).Interval)
	}
	return g
}

func gain(i stats.Interval) *Gain { return &Gain{i.Mean, i.Low, i.High} }

// WriteText writes the table.
func (r *Result) WriteText(to io.Writer) error {
	unit, name := 1.0, ""
	if r.Base.Headline != nil {
		for _, u := range []struct {
			size float64
			name string
		}{{1e9, "billion "}, {1e6, "million "}, {1e3, "thousand "}} {
			if math.Abs(r.Base.Headline.Mean) >= u.size {
				unit, name = u.size, u.name
				break
			}
		}
	}
	show := func(g *Gain) string {
		if g == nil {
			return "cannot be run"
		}
		half := (g.High - g.Low) / 2 / unit
		return fmt.Sprintf("%s [%s, %s]", digits(g.Mean/unit, half), digits(g.Low/unit, half), digits(g.High/unit, half))
	}
	fmt.Fprintf(to, "%s\ngains over %s in %s%s a year, with %g %% intervals; %d replicates of %d measured days\n\n", r.Scenario, r.Baseline, name, r.Currency, 100*r.Level, r.Replicates, r.Days)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	columns := []string{"assumption", "low", "own", "high", r.Headline + " at low", "at high", "swing"}
	if r.Rival != "" {
		columns = append(columns, r.Rival+" at low", "at high")
	}
	fmt.Fprintln(w, strings.Join(columns, "\t"))
	row := []string{"as the scenario is", "", "", "", show(r.Base.Headline), "", ""}
	if r.Rival != "" {
		row = append(row, show(r.Base.Rival), "")
	}
	fmt.Fprintln(w, strings.Join(row, "\t"))
	for i := range r.Bars {
		b := &r.Bars[i]
		times := ""
		if b.Factor {
			times = "× "
		}
		row := []string{b.Title, fmt.Sprintf("%s%g", times, b.Low), fmt.Sprintf("%s%g", times, b.Own), fmt.Sprintf("%s%g", times, b.High), show(b.AtLow.Headline), show(b.AtHigh.Headline), show(b.Swing)}
		if r.Rival != "" {
			row = append(row, show(b.AtLow.Rival), show(b.AtHigh.Rival))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range r.Bars {
		for _, end := range []*Gains{&r.Bars[i].AtLow, &r.Bars[i].AtHigh} {
			if end.Impossible != "" {
				fmt.Fprintf(to, "\n%s: %s\n", r.Bars[i].Title, end.Impossible)
			}
		}
	}
	return nil
}

// digits writes a gain with one figure more than its interval leaves certain.
func digits(x, half float64) string {
	if half > 0 && !math.IsInf(half, 0) {
		return moments.Digits(x, half)
	}
	return moments.Digits(x, math.Abs(x)/100)
}
