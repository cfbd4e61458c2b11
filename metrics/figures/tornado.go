package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"idleshift/metrics/answer"
	"idleshift/scenarios/design"
)

// tornado draws how far each factor of a sweep moves the gain of a regime.
func tornado(d *Data, asked string) (*content, error) {
	regime, err := d.headline(asked)
	if err != nil {
		return nil, err
	}
	sum, err := d.swept.summary(answer.SummaryOptions{Outcomes: []string{answer.GainOf(regime)}})
	if err != nil {
		return nil, err
	}
	o := sum.Outcomes[0]
	centre, around := float64(o.Mean.Mean), "the mean over all points"
	if d.swept.design.Method == design.OneAtATime {
		around = "the base"
		for _, v := range sum.Outcomes[0].Factors {
			for _, g := range v.Groups {
				if g.Group == d.baseValue(v.Factor) {
					centre = float64(g.Mean.Mean)
				}
			}
		}
	}
	type swing struct {
		answer.FactorEffect
		effect    bar
		low, high float64
	}
	var swings []swing
	low, high := min(centre, 0), max(centre, 0)
	var all []bar
	for _, f := range o.Factors {
		if len(f.Groups) < 2 {
			continue
		}
		s := swing{FactorEffect: f, effect: barOf(d.factorTitle(f.Factor), f.Effect)}
		for _, g := range f.Groups {
			if g.Group == f.From {
				s.low = float64(g.Mean.Mean)
			}
			if g.Group == f.To {
				s.high = float64(g.Mean.Mean)
			}
		}
		if !s.effect.defined() {
			continue
		}
		swings = append(swings, s)
		all = append(all, s.effect, bar{mean: s.low, low: s.low, high: s.low}, bar{mean: s.high, low: s.high, high: s.high})
		low, high = min(low, s.low, s.high), max(high, s.low, s.high)
	}
	if len(swings) == 0 || low == high {
		return nil, nothing("no factor of the sweep moves the gain of %s", regime)
	}
	s := moneyOf(all)
	unit := s.word + d.Currency + " a year"
	room := 0.05 * (high - low)
	from := func(t *theme) color.RGBA { return t.second }
	to := func(t *theme) color.RGBA { return t.first }
	chart := rowChart{
		heads: []string{"effect", fmt.Sprintf("%g %% interval", 100*answer.Level)}, low: low - room, high: high + room, scale: s,
		axis:   fmt.Sprintf("gain of %s over %s, %s", answer.Inner(d.name(regime)), answer.Inner(d.name(d.Baseline)), unit),
		legend: []key{swatch("at the lowest value of the factor", from), swatch("at the highest", to)},
		front: func(p *pen, plot vg.Rectangle, x axis) {
			p.datum(plot, x(centre))
			if centre != 0 {
				p.line(p.pale, 0.11*p.em, x(0), plot.Min.Y, x(0), plot.Max.Y, 0.3*p.em, 0.25*p.em)
			}
		},
		above: func(p *pen, plot vg.Rectangle, x axis) {
			p.over(plot, x(centre), 0, around+": "+s.format(centre))
		},
	}
	alt := []string{fmt.Sprintf("Bars by factor of how far it moves the gain of %s, in %s, around %s of %s", answer.Inner(d.name(regime)), unit, around, s.format(centre))}
	for _, w := range swings {
		chart.rows = append(chart.rows, row{
			name: fmt.Sprintf("%s: %s to %s", w.effect.name, plain(w.From), plain(w.To)), cells: []string{signed(w.effect.mean, s), w.effect.span(s)},
			draw: func(p *pen, x axis, y, half vg.Length) {
				// where both ends lie on one side of the centre, the nearer one stands in front
				ends := []struct {
					at  float64
					hue hue
				}{{w.low, from}, {w.high, to}}
				if math.Abs(w.low-centre) < math.Abs(w.high-centre) {
					ends[0], ends[1] = ends[1], ends[0]
				}
				for _, e := range ends {
					p.box(e.hue(p.theme), x(centre), y-half, x(e.at), y+half)
				}
			},
		})
		alt = append(alt, fmt.Sprintf("%s from %s to %s: %s to %s, effect %s, %s", answer.Inner(w.effect.name), plain(w.From), plain(w.To), s.format(w.low), s.format(w.high), signed(w.effect.mean, s), w.effect.span(s)))
	}
	notes := append(d.sweepNotes(), "Effect: the gain where the factor is highest less that where it is lowest.", "Dashed: no gain.")
	if slices.ContainsFunc(swings, func(w swing) bool { _, grouped, ok := middleOf(w.From); return grouped && ok }) {
		notes = append(notes, "Where a factor has many values, its ends are the middles of groups of points.")
	}
	if d.swept.design.Method != design.OneAtATime {
		notes = append(notes, "Each end is the mean over the values of the other factors.")
	} else {
		notes = append(notes, "Other factors are as in the base: what factors do together is not seen here.")
	}
	return &content{
		title: "Which assumptions move the gain of " + answer.Inner(d.name(regime)), subtitle: d.points(), alt: sentence(alt), notes: notes,
		height: chart.height, body: chart.draw,
	}, nil
}

// baseValue is the value of a factor at the first point of the sweep, which of
// one-at-a-time is the base, as a summary writes it.
func (d *Data) baseValue(name string) string {
	s := d.swept.design
	for i := range s.Factors {
		if s.Factors[i].Name == name && len(s.Points) > 0 {
			return answer.FactorValue(&s.Factors[i], s.Points[0].At[i])
		}
	}
	return ""
}
