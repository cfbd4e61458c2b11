package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"idleshift/metrics/answer"
)

// undefined stands for a share that means nothing.
const undefined = "n.d."

// A bar is an estimate with its interval.
type bar struct {
	name            string
	mean, low, high float64
	bounded         bool // low and high are there
	clear           bool // they leave out zero
}

func barOf(name string, e answer.Estimate) bar {
	b := bar{name: name, mean: float64(e.Mean), low: float64(e.Low), high: float64(e.High), clear: e.Clear()}
	if b.bounded = !math.IsNaN(b.high-b.low) && !math.IsInf(b.high-b.low, 0); !b.bounded {
		b.low, b.high = b.mean, b.mean
	}
	return b
}

// defined reports whether there is an estimate.
func (b *bar) defined() bool { return !math.IsNaN(b.mean) && !math.IsInf(b.mean, 0) }

// span is the interval in words.
func (b *bar) span(s scale) string {
	if !b.bounded {
		return "no interval"
	}
	return s.format(b.low) + " to " + s.format(b.high)
}

// from draws the bar from the value from on: filled where it is clear,
// hollow where it is not.
func (b *bar) from(p *pen, x axis, from float64, y, half vg.Length) {
	fill := p.gain
	if b.mean < 0 {
		fill = p.loss
	}
	x1, x2 := x(from), x(from+b.mean)
	if b.clear {
		p.box(fill, x1, y-half, x2, y+half)
	} else {
		p.box(p.paper, x1, y-half, x2, y+half)
		p.frame(p.neither, 0.11*p.em, x1, y-half, x2, y+half)
	}
	if b.bounded && b.low != b.high {
		p.whisker(x(from+b.low), x(from+b.high), y)
	}
}

// interval names the columns that hold one.
func (d *Data) interval() string { return fmt.Sprintf("%g %% interval", 100*d.Answer.Level) }

// A level is an estimate that is drawn as a line across all rows.
type level struct {
	bar
	dashes []vg.Length // in em; nil for a whole line
}

// dashed are the dashes in points.
func (l *level) dashed(p *pen) (dashes []vg.Length) {
	for _, d := range l.dashes {
		dashes = append(dashes, d*p.em)
	}
	return dashes
}

// gain draws what each regime gains over the baseline: a bar for every regime,
// and lines for one merged firm and for the bound on what any could gain.
func gain(d *Data, _ string) (*content, error) {
	a := d.Answer
	var bars []bar
	var levels []level
	var shares []string
	low, high, largest := 0.0, 0.0, 0.0 // largest of the bars
	holm := false                       // an interval leaves out zero, but not when all regimes are considered
	for _, r := range a.Regimes {
		if r.Gain == nil {
			continue
		}
		b := barOf(r.Title, r.Gain.PerYear)
		if !b.defined() {
			return nil, nothing("the gain of %s is not defined", r.Name)
		}
		if b.clear && r.Gain.Verdict != "gain" && r.Gain.Verdict != "loss" {
			b.clear, holm = false, true
		}
		low, high = min(low, b.low), max(high, b.high)
		if r.Pooled {
			levels = append(levels, level{b, []vg.Length{0.45, 0.3}})
			continue
		}
		share := undefined
		if s := r.Gain.OfPooled; s != nil {
			share = Percent(float64(s.Mean))
		} else if !b.bounded {
			share = "–"
		}
		bars, shares = append(bars, b), append(shares, share)
		largest = max(largest, math.Abs(b.mean))
	}
	if len(bars)+len(levels) == 0 {
		return nil, nothing("only the baseline %s was run: there is nothing to compare it with", d.Baseline)
	}
	pooled := len(levels) > 0
	if a.Clairvoyant != nil {
		if b := barOf("Clairvoyant bound", a.Clairvoyant.Gain); b.defined() {
			levels = append(levels, level{bar: b})
			low, high = min(low, b.low), max(high, b.high)
		}
	}
	if low == high {
		high = 1 // nothing is gained, to the last cent
	}
	s := scaleOf(max(-low, high), largest)
	unit := s.word + a.Currency + " a year"
	low, high = widened(low, high)
	chart := rowChart{
		heads: []string{"gain", d.interval()}, low: low, high: high, scale: s,
		axis: fmt.Sprintf("gain over %s, %s", answer.Inner(d.baseline()), unit),
		behind: func(p *pen, plot vg.Rectangle, x axis) {
			for _, l := range levels {
				p.box(p.faint, x(l.low), plot.Min.Y, x(l.high), plot.Max.Y)
			}
			for _, l := range levels {
				if !l.bounded {
					continue
				}
				for _, end := range []float64{l.low, l.high} { // bands may overlap
					p.line(p.neither, 0.05*p.em, x(end), plot.Min.Y, x(end), plot.Max.Y, l.dashed(p)...)
				}
			}
		},
		front: func(p *pen, plot vg.Rectangle, x axis) {
			for _, l := range levels {
				p.line(p.pale, 0.11*p.em, x(l.mean), plot.Min.Y, x(l.mean), plot.Max.Y, l.dashed(p)...)
			}
			p.datum(plot, x(0))
		},
		lines: len(levels),
		above: func(p *pen, plot vg.Rectangle, x axis) {
			for i, l := range levels {
				p.over(plot, x(l.mean), len(levels)-1-i, l.name+": "+s.format(l.mean))
			}
		},
	}
	if pooled {
		chart.heads = append(chart.heads, "of pooled")
	}
	alt := []string{fmt.Sprintf("Bars of the gain over %s, in %s", answer.Inner(d.baseline()), unit)}
	for i, b := range bars {
		cells := []string{s.format(b.mean), b.span(s)}
		if pooled {
			cells = append(cells, shares[i])
		}
		chart.rows = append(chart.rows, row{name: b.name, cells: cells, draw: func(p *pen, x axis, y, half vg.Length) {
			b.from(p, x, 0, y, half)
		}})
		alt = append(alt, said(&b, s))
	}
	for _, l := range levels {
		alt = append(alt, "the line of "+said(&l.bar, s))
	}
	notes := append([]string{d.worlds()}, d.whiskers("")...)
	if slices.ContainsFunc(bars, func(b bar) bool { return b.bounded && !b.clear }) || slices.Contains(shares, undefined) {
		notes = append(notes, "Hollow, n.d.: not distinguishable from zero.")
		if holm {
			notes = append(notes, "Hollow with an interval beside zero: one of several comparisons, not distinguishable when all are considered (Holm).")
		}
	} else if a.Intervals == answer.OfNothing {
		notes = append(notes, "Bars are hollow: nothing tells them from chance.")
	}
	if pooled {
		notes = append(notes, "Dashed: the gain if one merged firm owned everything, a benchmark and not a bound.")
	}
	if len(levels) > 0 && levels[len(levels)-1].dashes == nil {
		notes = append(notes, "Solid: what nobody could exceed, not even one who knew all orders beforehand and owned everything.")
	}
	return &content{
		title: "What each form of cooperation gains", subtitle: d.region(), alt: sentence(alt), notes: notes,
		height: chart.height, body: chart.draw,
	}, nil
}

// said is an estimate within a sentence.
func said(b *bar, s scale) string {
	text := answer.Inner(b.name) + " " + s.format(b.mean)
	if b.bounded {
		text += fmt.Sprintf(" (%s to %s)", s.format(b.low), s.format(b.high))
	}
	return text
}

// sentence joins what an alternative text lists after its first part.
func sentence(parts []string) string {
	return parts[0] + ": " + strings.Join(parts[1:], "; ") + "."
}
