package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"idleshift/metrics/answer"
	"idleshift/metrics/verify"
)

// textbook is the scenario, and the design, for which theory has the answer.
const textbook = "pooling"

// pooling draws what pooling leaves of the hours that are lost, by number of
// firms, against theory.
func pooling(d *Data, _ string) (*content, error) {
	s := d.swept.design
	firms, correlation := -1, -1
	for i, f := range s.Factors {
		switch {
		case slices.Equal(f.Keys, []string{"region.firms"}):
			firms = i
		case slices.Equal(f.Keys, []string{"orders.job.common_share"}):
			correlation = i
		default:
			firms = len(s.Factors)
		}
	}
	if d.Sweep.Base != textbook || len(s.Set) > 0 || firms < 0 || firms >= len(s.Factors) {
		return nil, nothing("theory has the answer for the design %s alone: idleshift sweep run %s", textbook, textbook)
	}
	const metric = "lost_per_firm_day"
	if !slices.Contains(d.Regimes, "pooled") {
		return nil, nothing("the regime pooled was not run")
	}
	conditions := []string{metric + "(pooled) > 0"}
	market := slices.Contains(d.Regimes, "market")
	if market {
		conditions = append(conditions, metric+"(market) > 0")
	}
	if d.Replicates < 2 {
		return nil, nothing("a curve without intervals proves nothing: it needs two replicates or more")
	}
	sum, err := d.swept.summary(answer.SummaryOptions{Outcomes: []string{metric + "(pooled)"}, Conditions: conditions})
	if err != nil {
		return nil, err
	}
	rate, hours := d.scenario.Orders["job"].Rate, d.scenario.Sectors["all"].Units["machine"]
	type spot struct {
		firms int
		bar   bar
		exact float64
	}
	type curve struct {
		correlation float64
		spots       [2][]spot // pooled, market
	}
	var curves []*curve
	low, high, most := math.Inf(1), 0.0, 1
	within, all := 0, 0
	for k, c := range sum.Conditions {
		for _, v := range c.Verdicts {
			at := s.Points[v.Point].At
			rho := 0.0
			if correlation >= 0 {
				rho = s.Factors[correlation].Number(at[correlation])
			}
			n := int(s.Factors[firms].Number(at[firms]))
			i := slices.IndexFunc(curves, func(c *curve) bool { return c.correlation == rho })
			if i < 0 {
				i = len(curves)
				curves = append(curves, &curve{correlation: rho})
			}
			x := spot{n, barOf("", v.Difference), verify.PooledLoss(n, rate, rho, hours)}
			if !x.bar.defined() || !(x.bar.mean > 0) {
				continue
			}
			curves[i].spots[k] = append(curves[i].spots[k], x)
			low, high, most = min(low, x.bar.mean, x.exact), max(high, x.bar.high, x.exact), max(most, n)
			if x.bar.bounded && k == 0 {
				all++
				if x.bar.low <= x.exact && x.exact <= x.bar.high {
					within++
				}
			}
		}
	}
	if len(curves) == 0 || most < 2 {
		return nil, nothing("it needs two numbers of firms or more")
	}
	slices.SortFunc(curves, func(a, b *curve) int { return cmp.Compare(a.correlation, b.correlation) })
	for _, c := range curves {
		for k := range c.spots {
			slices.SortFunc(c.spots[k], func(a, b spot) int { return a.firms - b.firms })
		}
	}
	first := verify.PooledLoss(1, rate, 0, hours)
	low = min(low, first/math.Sqrt(float64(most)))
	low, high = math.Log(low)-0.15, math.Log(high)+0.15
	legend := []key{}
	for i, c := range curves {
		legend = append(legend, key{fmt.Sprintf("exact, correlation %g", c.correlation), func(p *pen, x, y vg.Length) {
			p.line(hues[i%len(hues)](p.theme), 0.14*p.em, x, y, x+1.2*p.em, y)
		}})
	}
	ink := func(t *theme) color.RGBA { return t.pale }
	legend = append(legend,
		key{"one merged firm, simulated", func(p *pen, x, y vg.Length) { p.disc(ink(p.theme), x+0.6*p.em, y, 0.33*p.em) }},
	)
	if market {
		legend = append(legend, key{"a market without friction", func(p *pen, x, y vg.Length) {
			p.frame(ink(p.theme), 0.12*p.em, x+0.15*p.em, y-0.45*p.em, x+1.05*p.em, y+0.45*p.em)
		}})
	}
	legend = append(legend, key{"1/√N", func(p *pen, x, y vg.Length) {
		p.line(p.pale, 0.11*p.em, x, y, x+1.2*p.em, y, 0.35*p.em, 0.25*p.em)
	}})
	alt := []string{"Curves over the number of firms, both axes logarithmic, of the hours lost per firm and day; simulated and, in brackets, exact"}
	for _, c := range curves {
		pooled := c.spots[0]
		if len(pooled) == 0 {
			continue
		}
		a, b := pooled[0], pooled[len(pooled)-1]
		alt = append(alt, fmt.Sprintf("correlation %g: %s (%s) with %s, %s (%s) with %d", c.correlation,
			Number(a.bar.mean, 3), Number(a.exact, 3), counted(a.firms, "firm"), Number(b.bar.mean, 3), Number(b.exact, 3), b.firms))
	}
	alt = append(alt, fmt.Sprintf("%d of %d intervals hold the exact value", within, all))
	notes := append(d.sweepNotes(),
		fmt.Sprintf("Each firm has %d hours a day and is asked for %g on average (Poisson); work is due on the day or lost.", hours, rate),
		fmt.Sprintf("Whiskers: %g %% intervals; %d of %d hold the exact value (Eppen 1979).", 100*answer.Level, within, all))
	return &content{
		title: "Pooling: hours lost by number of firms, against theory", subtitle: d.points(), alt: sentence(alt), notes: notes,
		height: func(p *pen, width vg.Length) vg.Length {
			return p.legendHeight(legend, width) + min(0.62*width, 40*p.em)
		},
		body: func(p *pen, box vg.Rectangle) {
			em := p.em
			box = p.keyed(legend, box)
			p.write(p.small(left), box.Min.X, box.Max.Y-0.8*em, "hours lost, per firm and day (logarithmic)")
			plot := vg.Rectangle{Min: vg.Point{X: box.Min.X + 3*em, Y: box.Min.Y + 3.2*em}, Max: vg.Point{X: box.Max.X, Y: box.Max.Y - 1.8*em}}
			var marks []tick
			for _, v := range []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5} {
				if l := math.Log(v); l >= low && l <= high {
					marks = append(marks, tick{l, strconv.FormatFloat(v, 'g', -1, 64)})
				}
			}
			y := p.beside(plot, low, high, marks, true)
			x := func(n float64) vg.Length {
				return plot.Min.X + (plot.Max.X-plot.Min.X)*vg.Length(0.03+0.94*math.Log(n)/math.Log(float64(most)))
			}
			loss := func(v float64) vg.Length { return y(math.Log(v)) }
			var at []float64
			var labels []string
			for n := 1; n <= most; n *= 2 {
				at, labels = append(at, float64(n)), append(labels, strconv.Itoa(n))
			}
			p.along(plot, at, labels, x)
			p.write(p.label(middle), (plot.Min.X+plot.Max.X)/2, plot.Min.Y-2.3*em, "firms that pool, N (logarithmic)")
			p.line(p.pale, 0.11*em, x(1), loss(first), x(float64(most)), loss(first/math.Sqrt(float64(most))), 0.45*em, 0.3*em)
			for i, c := range curves {
				col := hues[i%len(hues)](p.theme)
				var line []vg.Point
				for _, q := range c.spots[0] {
					line = append(line, vg.Point{X: x(float64(q.firms)), Y: loss(q.exact)})
				}
				p.StrokeLines(draw.LineStyle{Color: col, Width: 0.14 * em}, line)
				for k := range c.spots {
					for _, q := range c.spots[k] {
						px, py := x(float64(q.firms)), loss(q.bar.mean)
						if k == 1 {
							p.frame(col, 0.12*em, px-0.5*em, py-0.5*em, px+0.5*em, py+0.5*em)
							continue
						}
						if q.bar.bounded && q.bar.low > 0 {
							p.line(p.ink, 0.1*em, px, loss(q.bar.low), px, loss(q.bar.high))
						}
						p.disc(p.paper, px, py, 0.34*em)
						p.disc(col, px, py, 0.28*em)
					}
				}
			}
		},
	}, nil
}
