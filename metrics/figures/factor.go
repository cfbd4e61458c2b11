package figures

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"idleshift/metrics/answer"
	"idleshift/scenarios/design"
)

// factor draws how the gain of regimes depends on each factor of a sweep, with
// bands.
func factor(d *Data, asked string) (*content, error) {
	regimes := d.others()
	if asked != "" {
		regimes = []string{asked}
	}
	if _, err := d.headline(asked); err != nil {
		return nil, err
	}
	var outcomes []string
	for _, r := range regimes {
		outcomes = append(outcomes, answer.GainOf(r))
	}
	sum, err := d.swept.summary(answer.SummaryOptions{Outcomes: outcomes})
	if err != nil {
		return nil, err
	}
	type panel struct {
		title   string
		labels  []string
		at      []float64
		lines   []lineOf
		grouped bool // a mark stands for points whose values lie around it
	}
	var panels []panel
	var curved []string // what stands on a logarithmic axis
	var all []bar
	low, high := 0.0, 0.0
	alt := []string{""}
	for _, f := range d.swept.design.Factors {
		var p panel
		for i, o := range sum.Outcomes {
			for _, e := range o.Factors {
				if e.Factor != f.Name {
					continue
				}
				line := lineOf{name: d.name(regimes[i])}
				p.title, p.labels = d.factorTitle(e.Factor), nil
				for _, g := range e.Groups {
					p.labels = append(p.labels, g.Group)
					b := barOf(g.Group, g.Mean)
					line.bars = append(line.bars, b)
					if b.defined() {
						low, high = min(low, b.low), max(high, b.high)
						all = append(all, b)
					}
				}
				p.lines = append(p.lines, line)
			}
		}
		if len(p.labels) < 2 {
			continue
		}
		values := p.labels
		var logs bool
		if p.at, p.labels, logs = places(values); logs {
			curved = append(curved, answer.Inner(p.title))
		}
		_, grouped, ok := middleOf(values[0])
		p.grouped = grouped && ok
		for i := range p.lines {
			p.lines[i].at = p.at
		}
		panels = append(panels, p)
	}
	if len(panels) == 0 || low == high {
		return nil, nothing("no factor of the sweep has two values to compare")
	}
	s := moneyOf(all)
	unit := s.word + d.Currency + " a year"
	caption := fmt.Sprintf("gain over %s, %s", answer.Inner(d.name(d.Baseline)), unit)
	alt[0] = "Lines with bands, a panel for each factor, of the " + caption
	for _, p := range panels {
		for _, l := range p.lines {
			first, last := l.bars[0], l.bars[len(l.bars)-1]
			alt = append(alt, fmt.Sprintf("%s, %s: %s at %s, %s at %s", answer.Inner(p.title), answer.Inner(l.name), s.format(first.mean), p.labels[0], s.format(last.mean), p.labels[len(p.labels)-1]))
		}
	}
	legend := legendOf(panels[0].lines)
	columns := func(p *pen) int {
		switch {
		case p.narrow:
			return 1
		case p.height > 0:
			if len(panels) == 4 {
				return 2
			}
			return min(3, len(panels))
		}
		return min(2, len(panels))
	}
	rows := func(p *pen) int { return (len(panels) + columns(p) - 1) / columns(p) }
	low, high = widened(low, high)
	notes := d.sweepNotes()
	if d.Replicates > 1 {
		notes = append(notes, fmt.Sprintf("Bands: %g %% intervals.", 100*answer.Level))
	}
	switch {
	case d.swept.design.Method == design.OneAtATime:
		notes = append(notes, "Other factors are as in the base.")
	case len(panels) > 1:
		notes = append(notes, "Means over the values of the other factors.")
	}
	if len(curved) > 0 {
		notes = append(notes, "Logarithmic axis: "+strings.Join(curved, ", ")+".")
	}
	if slices.ContainsFunc(panels, func(p panel) bool { return p.grouped }) {
		notes = append(notes, "Each mark is the mean over points whose value lies around it; in small samples others differ too.")
	}
	return &content{
		title: "What the gain depends on", subtitle: d.points(), alt: sentence(alt), notes: notes,
		height: func(p *pen, width vg.Length) vg.Length {
			return p.legendHeight(legend, width) + 1.6*p.em + p.em*14*vg.Length(rows(p))
		},
		body: func(p *pen, box vg.Rectangle) {
			em := p.em
			box = p.keyed(legend, box)
			p.write(p.small(left), box.Min.X, box.Max.Y-0.8*em, caption)
			box.Max.Y -= 1.6 * em
			marks := ticks(low, high, s, 6)
			box.Min.X += p.labels(marks) + 0.7*em
			n := columns(p)
			for i, g := range panels {
				plot := pane(box, i, n, rows(p), 1.8*em)
				plot.Max.Y -= 0.3 * em
				plot.Min.Y += 3.1 * em
				x := func(v float64) vg.Length { return plot.Min.X + (plot.Max.X-plot.Min.X)*vg.Length(v) }
				y := p.beside(plot, low, high, marks, i%n == 0)
				p.line(p.pale, 0.09*em, plot.Min.X, y(0), plot.Max.X, y(0))
				for _, band := range []bool{true, false} {
					for k := range g.lines {
						g.lines[k].draw(p, k, x, y, band)
					}
				}
				p.along(plot, g.at, g.labels, x)
				p.write(p.style(0.92, p.ink, middle), (plot.Min.X+plot.Max.X)/2, plot.Min.Y-2.1*em, fit(p.style(0.92, p.ink, middle), plot.Max.X-plot.Min.X, g.title))
			}
		},
	}, nil
}
