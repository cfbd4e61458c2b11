package figures

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"idleshift/metrics/answer"
)

// lines name the lines of the account as people read them.
var lines = map[string]string{
	"value": "value of orders delivered", "lateness": "cost of lateness", "variable": "variable cost", "overtime": "overtime premium",
	"outside": "outside purchases", "transaction": "cost of making deals", "travel": "travel and freight", "setup": "set-up and rework",
	"membership": "joining and policies", "running": "running the platform", "fixed": "fixed cost",
}

// waterfall draws which lines of the account lead from the baseline's surplus
// to that of a regime.
func waterfall(d *Data, asked string) (*content, error) {
	r, err := d.regime(asked)
	if err != nil {
		return nil, err
	}
	total := barOf(r.Title, r.Gain.PerYear)
	if !total.defined() {
		return nil, nothing("the gain of %s is not defined", r.Name)
	}
	type step struct {
		bar
		from float64
	}
	var steps []step
	at, low, high, largest := 0.0, 0.0, 0.0, math.Abs(total.mean)
	for _, source := range r.Gain.Sources {
		b := barOf(cmp.Or(lines[source.Account], answer.Readable(source.Account)), source.PerYear)
		if b.mean == 0 && b.low == 0 && b.high == 0 {
			continue // the line is not touched
		}
		steps = append(steps, step{b, at})
		low, high = min(low, at+b.low, at+b.mean), max(high, at+b.high, at+b.mean)
		largest = max(largest, math.Abs(b.mean))
		at += b.mean
	}
	low, high = min(low, total.low), max(high, total.high)
	if low == high {
		return nil, nothing("no line of the account differs between %s and %s", d.Baseline, r.Name)
	}
	low, high = widened(low, high)
	s := scaleOf(max(-low, high), largest)
	unit := s.word + d.Currency + " a year"
	base := d.title(d.Baseline)
	chart := rowChart{
		heads: []string{"change", d.interval()}, low: low, high: high, scale: s,
		axis: fmt.Sprintf("surplus above that of %s, %s", answer.Inner(base.Title), unit),
	}
	chart.rows = append(chart.rows, row{name: base.Title, strong: true, cells: []string{"0", "surplus " + s.format(float64(base.Surplus.Mean))}})
	alt := []string{fmt.Sprintf("A waterfall of the account, in %s, from the surplus of %s, %s", unit, answer.Inner(base.Title), s.format(float64(base.Surplus.Mean)))}
	for _, st := range steps {
		chart.rows = append(chart.rows, row{name: st.name, cells: []string{signed(st.mean, s), st.span(s)}, draw: func(p *pen, x axis, y, half vg.Length) {
			st.bar.from(p, x, st.from, y, half)
		}})
		alt = append(alt, fmt.Sprintf("%s %s", st.name, signed(st.mean, s)))
	}
	chart.rows = append(chart.rows, row{name: total.name, strong: true, cells: []string{signed(total.mean, s), total.span(s)}, draw: func(p *pen, x axis, y, half vg.Length) {
		total.from(p, x, 0, y, half)
	}})
	alt = append(alt, fmt.Sprintf("to %s %s, %s", answer.Inner(total.name), signed(total.mean, s), total.span(s)))
	chart.front = func(p *pen, plot vg.Rectangle, x axis) {
		p.datum(plot, x(0))
		each := (plot.Max.Y - plot.Min.Y) / vg.Length(len(chart.rows))
		for i, st := range steps {
			y := plot.Max.Y - each*(vg.Length(i)+1.5)
			p.line(p.pale, 0.06*p.em, x(st.from+st.mean), y, x(st.from+st.mean), y-each)
		}
	}
	notes := append([]string{d.worlds(), "A cost that falls adds to the surplus."}, d.whiskers("each line by itself")...)
	if slices.ContainsFunc(steps, func(s step) bool { return !s.clear }) {
		notes = append(notes, "Hollow: not distinguishable from zero.")
	}
	return &content{
		title: "Where the gain of " + answer.Inner(r.Title) + " comes from", subtitle: d.region(), alt: sentence(alt), notes: notes,
		height: chart.height, body: chart.draw,
	}, nil
}

// signed is a change, with its sign.
func signed(x float64, s scale) string {
	if x > 0 {
		return "+" + s.format(x)
	}
	return s.format(x)
}
