package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"

	"idleshift/metrics/answer"
	"idleshift/scenarios/design"
)

// sensitivity draws the indices of a sweep of Saltelli's matrices (Sobol), or
// the elementary effects of one of trajectories (Morris), with intervals.
func sensitivity(d *Data, asked string) (*content, error) {
	if m := d.swept.design.Method; m != design.Saltelli && m != design.Morris {
		return nil, nothing("indices need a design of trajectories or of Saltelli's matrices, and this is %s", m)
	}
	regime, err := d.headline(asked)
	if err != nil {
		return nil, err
	}
	opt := answer.SensitivityOptions{Outcomes: []string{answer.GainOf(regime)}}
	x, err := d.swept.sensitivity(opt)
	if errors.Is(err, answer.ErrNoNoise) {
		opt.WithoutNoise = true
		x, err = d.swept.sensitivity(opt)
	}
	if err != nil {
		return nil, err
	}
	o := x.Outcomes[0]
	notes := d.sweepNotes()
	notes = append(notes, fmt.Sprintf("Whiskers: %g %% intervals by bootstrap over the samples of the design.", 100*x.Level))
	if !x.Noise {
		notes = append(notes, "Replicate noise was not taken out.")
	}
	c := &content{title: "What the gain of " + answer.Inner(d.name(regime)) + " depends on", subtitle: d.points()}
	chart := rowChart{scale: scale{divide: 1}}
	total, first := hue(func(t *theme) color.RGBA { return mix(t.paper, t.first, 0.45) }), hue(func(t *theme) color.RGBA { return t.first })
	var alt []string
	if x.Method == design.Saltelli {
		chart.heads = []string{"total", "first order"}
		chart.axis, chart.high = "share of the variance of the gain", 1
		chart.legend = []key{swatch("total index: all that the factor has to do with", total), swatch("first order: what it explains alone", first)}
		alt = append(alt, fmt.Sprintf("Pairs of bars by factor: total and first-order Sobol indices of the gain of %s", answer.Inner(d.name(regime))))
		notes = append(notes, "The difference of the two is what the factor does together with others. An estimate may lie below 0 or above 1 by chance.")
		for _, f := range o.Factors {
			t, one := barOf(d.factorTitle(f.Factor), *f.Total), barOf("", *f.First)
			chart.low, chart.high = min(chart.low, t.low, one.low), max(chart.high, t.high, one.high)
			chart.rows = append(chart.rows, row{name: t.name, cells: []string{Number(t.mean, 2), Number(one.mean, 2)}, draw: func(p *pen, x axis, y, half vg.Length) {
				for i, b := range []bar{t, one} {
					at := y + half*0.55*vg.Length(1-2*i)
					p.box([]hue{total, first}[i](p.theme), x(0), at-0.5*half, x(b.mean), at+0.5*half)
					if b.bounded && b.low != b.high {
						p.whisker(x(b.low), x(b.high), at)
					}
				}
			}})
			alt = append(alt, fmt.Sprintf("%s total %s (%s to %s), first order %s (%s to %s)", answer.Inner(t.name),
				Number(t.mean, 2), Number(t.low, 2), Number(t.high, 2), Number(one.mean, 2), Number(one.low, 2), Number(one.high, 2)))
		}
	} else {
		var all []bar
		for _, f := range o.Factors {
			all = append(all, barOf(d.factorTitle(f.Factor), *f.Strength))
		}
		s := moneyOf(all)
		unit := s.word + d.Currency + " a year"
		chart.scale = s
		chart.heads = []string{"strength", fmt.Sprintf("%g %% interval", 100*x.Level), "direction", "spread"}
		chart.axis = "mean absolute effect over the range of the factor, " + unit
		alt = append(alt, fmt.Sprintf("Bars by factor of Morris's mean absolute effect on the gain of %s, in %s", answer.Inner(d.name(regime)), unit))
		notes = append(notes, "Direction: the mean effect with its sign; spread: the standard deviation of effects, which other factors and curvature make.")
		floors := false
		for i, f := range o.Factors {
			b := all[i]
			chart.high = max(chart.high, b.high)
			direction := "–"
			if f.Ordered && f.Mean != nil {
				direction = signed(float64(f.Mean.Mean), s)
			}
			floor := math.NaN()
			if f.Floor != nil {
				floor, floors = float64(*f.Floor), true
			}
			chart.rows = append(chart.rows, row{name: b.name, cells: []string{s.format(b.mean), b.span(s), direction, s.format(float64(f.Deviation.Mean))}, draw: func(p *pen, x axis, y, half vg.Length) {
				p.box(p.first, x(0), y-half, x(b.mean), y+half)
				if b.bounded && b.low != b.high {
					p.whisker(x(b.low), x(b.high), y)
				}
				if !math.IsNaN(floor) {
					p.line(p.fifth, 0.16*p.em, x(floor), y-1.25*half, x(floor), y+1.25*half)
				}
			}})
			alt = append(alt, said(&b, s))
		}
		if floors {
			notes = append(notes, "Vertical stroke: what replicate noise alone would show.")
		}
	}
	chart.low, chart.high = widened(chart.low, chart.high)
	chart.front = func(p *pen, plot vg.Rectangle, x axis) {
		p.datum(plot, x(0))
	}
	c.notes, c.alt, c.height, c.body = notes, sentence(alt), chart.height, chart.draw
	return c, nil
}
