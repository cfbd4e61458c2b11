package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/stats"
)

// week is how many days are taken together where a run is long.
const week = 5

// A course is an estimate over time.
type course []stats.Interval

// utilisation draws how much of each kind's practical capacity was worked, over
// time, in the baseline and in a regime.
func utilisation(d *Data, asked string) (*content, error) {
	if err := d.has(metrics.Days); err != nil {
		return nil, err
	}
	r, err := d.regime(asked)
	if err != nil {
		return nil, err
	}
	table, err := d.days()
	if err != nil {
		return nil, err
	}
	step := 1
	if d.Days >= 10*week {
		step = week
	}
	regimes := []string{d.Baseline, r.Name}
	type panel struct {
		kind    string
		courses [2]course
		means   [2]float64
	}
	var panels []panel
	low, high := 1.0, 0.0
	for _, kind := range table.kinds {
		p := panel{kind: kind}
		for i, regime := range regimes {
			s := table.cells[[2]string{regime, kind}]
			if s == nil || s.practical == 0 {
				continue
			}
			p.courses[i], p.means[i] = s.course(step), s.total/s.practical
			for _, e := range p.courses[i] {
				if math.IsNaN(e.Mean) {
					continue
				}
				low, high = min(low, e.Mean), max(high, e.Mean)
				if e.Bounded() {
					low, high = min(low, e.Low), max(high, e.High)
				}
			}
		}
		if p.courses[0] != nil || p.courses[1] != nil {
			panels = append(panels, p)
		}
	}
	if len(panels) == 0 {
		return nil, nothing("no kind has capacity")
	}
	low, high = max(0, math.Floor(low*10)/10), math.Ceil(high*10)/10
	alt := []string{fmt.Sprintf("Lines of utilisation over %d working days, a panel for each kind; means in %s and in %s", d.Days, answer.Inner(d.baseline()), answer.Inner(r.Title))}
	for _, p := range panels {
		alt = append(alt, fmt.Sprintf("%s %s and %s", answer.Inner(d.kindTitle(p.kind)), Percent(p.means[0]), Percent(p.means[1])))
	}
	colours := []hue{func(t *theme) color.RGBA { return t.second }, func(t *theme) color.RGBA { return t.first }}
	var legend []key
	for i, name := range []string{d.baseline(), r.Title} {
		legend = append(legend, key{name, func(p *pen, x, y vg.Length) {
			c := colours[i](p.theme)
			p.box(mix(p.paper, c, 0.3), x, y-0.38*p.em, x+1.2*p.em, y+0.38*p.em)
			p.line(c, 0.16*p.em, x, y, x+1.2*p.em, y, dashes(p, i)...)
		}})
	}
	grid := panels
	columns := func(p *pen) int {
		n := 3
		if p.narrow {
			n = 2
		} else if p.height > 0 {
			n = 5
		}
		n = min(n, len(grid))
		return (len(grid)-1)/((len(grid)-1)/n+1) + 1 // rows of like length
	}
	rows := func(p *pen) int { return (len(grid) + columns(p) - 1) / columns(p) }
	notes := []string{d.worlds()}
	if d.Replicates > 1 {
		notes = append(notes, fmt.Sprintf("Bands: %g %% intervals of the mean over worlds.", 100*answer.Level))
	} else {
		notes = append(notes, "One world gives no bands.")
	}
	if step > 1 {
		notes = append(notes, fmt.Sprintf("Each point is the mean of %d days.", step))
	}
	notes = append(notes, "Beside each name: means over all days. Practical capacity is hours at normal shifts; more than 100 % is work in further shifts. The vertical axis does not begin at zero.")
	if low == 0 {
		notes[len(notes)-1] = "Beside each name: means over all days. Practical capacity is hours at normal shifts; more than 100 % is work in further shifts."
	}
	return &content{
		title: "How busy machines and people are", subtitle: d.region(), alt: sentence(alt), notes: notes,
		height: func(p *pen, width vg.Length) vg.Length {
			return p.legendHeight(legend, width) + p.em*(7.6*vg.Length(rows(p))+axisHeight+1.6)
		},
		body: func(p *pen, box vg.Rectangle) {
			em := p.em
			box = p.keyed(legend, box)
			if caption := "utilisation, % of practical capacity"; p.narrow {
				p.write(p.small(left), box.Min.X, box.Max.Y-0.9*em, caption)
				box.Max.Y -= 1.6 * em
			} else {
				p.write(p.small(right), box.Max.X, box.Max.Y+0.68*em, caption)
				box.Max.Y -= 0.4 * em
			}
			box.Min.Y += axisHeight*em - 0.5*em
			marks := ticks(low, high, scale{divide: 0.01}, 6)
			box.Min.X += p.labels(marks) + 0.5*em
			n := columns(p)
			for i, g := range grid {
				plot := pane(box, i, n, rows(p), 1.5*em)
				plot.Max.Y -= 2.6 * em
				plot.Min.Y += 0.4 * em
				w := plot.Max.X - plot.Min.X
				means := fmt.Sprintf("%s → %s", Number(100*g.means[0], 0), Percent(g.means[1]))
				name := p.style(0.92, p.ink, left)
				p.write(name, plot.Min.X, plot.Max.Y+1.75*em, fit(name, w, d.kindTitle(g.kind)))
				p.write(p.small(left), plot.Min.X, plot.Max.Y+0.7*em, means)
				y := p.beside(plot, low, high, marks, i%n == 0)
				day := func(v float64) vg.Length {
					return plot.Min.X + (plot.Max.X-plot.Min.X)*vg.Length(v/float64(d.Days))
				}
				for k := range g.courses {
					g.courses[k].band(p, colours[k](p.theme), day, y, step, d.Days)
				}
				g.courses[0].overlap(p, g.courses[1], mix(p.paper, mix(colours[0](p.theme), colours[1](p.theme), 0.5), 0.42), day, y, step, d.Days)
				for k := range g.courses {
					g.courses[k].trace(p, draw.LineStyle{Color: colours[k](p.theme), Width: 0.14 * em, Dashes: dashes(p, k)}, day, y, step, d.Days)
				}
				if i+n >= len(grid) { // nothing below
					var at []float64
					var labels []string
					for _, t := range ticks(0, float64(d.Days), scale{divide: 1}, min(4, p.most(w))) {
						at, labels = append(at, t.value), append(labels, t.label)
					}
					p.along(plot, at, labels, day)
				}
			}
			p.write(p.label(middle), (box.Min.X+box.Max.X)/2, box.Min.Y-1.9*em, "measured working day")
		},
	}, nil
}

// dashes tell the first line from the second without colour.
func dashes(p *pen, i int) []vg.Length {
	if i == 0 {
		return []vg.Length{0.35 * p.em, 0.2 * p.em}
	}
	return nil
}

// course is the utilisation by steps of days: means over replicates.
func (s *series) course(step int) course {
	var out course
	days := len(s.worked[0])
	for from := 0; from < days; from += step {
		to := min(from+step, days)
		x := make([]float64, len(s.worked))
		for r := range x {
			worked, normal := 0.0, 0.0
			for day := from; day < to; day++ {
				worked += s.worked[r][day]
				normal += s.normal[r][day]
			}
			x[r] = worked / normal
		}
		out = append(out, stats.Mean(slices.DeleteFunc(x, math.IsNaN), answer.Level))
	}
	return out
}

// at is the middle of step i, in days.
func at(i, step, days int) float64 { return (float64(i*step) + float64(min((i+1)*step, days))) / 2 }

func (c course) band(p *pen, col color.RGBA, x, y axis, step, days int) {
	var up, down []vg.Point
	for i, e := range c {
		if e.Bounded() {
			up = append(up, vg.Point{X: x(at(i, step, days)), Y: y(e.High)})
			down = append(down, vg.Point{X: x(at(i, step, days)), Y: y(e.Low)})
		}
	}
	if len(up) < 2 {
		return
	}
	slices.Reverse(down)
	p.FillPolygon(mix(p.paper, col, 0.3), append(up, down...))
}

// overlap paints where both bands lie.
func (c course) overlap(p *pen, other course, col color.RGBA, x, y axis, step, days int) {
	for i := 1; i < min(len(c), len(other)); i++ {
		var edge [2][2]vg.Point // at both ends: low and high
		shared := true
		for k := range edge {
			a, b := c[i-1+k], other[i-1+k]
			low, high := max(a.Low, b.Low), min(a.High, b.High)
			if shared = shared && a.Bounded() && b.Bounded() && low < high; !shared {
				break
			}
			at := x(at(i-1+k, step, days))
			edge[k] = [2]vg.Point{{X: at, Y: y(low)}, {X: at, Y: y(high)}}
		}
		if shared {
			p.FillPolygon(col, []vg.Point{edge[0][0], edge[1][0], edge[1][1], edge[0][1]})
		}
	}
}

func (c course) trace(p *pen, s draw.LineStyle, x, y axis, step, days int) {
	var line []vg.Point
	for i, e := range c {
		if !math.IsNaN(e.Mean) {
			line = append(line, vg.Point{X: x(at(i, step, days)), Y: y(e.Mean)})
		}
	}
	p.StrokeLines(s, line)
}
