package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"idleshift/metrics/answer"
	"idleshift/scenarios/design"
)

// plane draws where in two factors a regime is ahead of its rival, or of the
// baseline, and the line on which the two are alike.
func plane(d *Data, asked string) (*content, error) {
	s := d.swept.design
	if s.Method != design.Grid || len(s.Factors) < 2 {
		return nil, nothing("it needs a grid of two factors or more, and this is %s of %s", s.Method, counted(len(s.Factors), "factor"))
	}
	if d.Replicates < 2 {
		return nil, nothing("where regimes differ cannot be told from one replicate: it needs two or more")
	}
	regime, err := d.headline(asked)
	if err != nil {
		return nil, err
	}
	against, condition := d.Baseline, answer.GainOf(regime)+" > 0"
	if rival := d.scenario.Rival; rival != "" && rival != regime && slices.Contains(d.Regimes, rival) {
		against, condition = rival, answer.GainOf(regime)+" > "+answer.GainOf(rival)
	}
	sum, err := d.swept.summary(answer.SummaryOptions{Outcomes: []string{answer.GainOf(regime)}, Conditions: []string{condition}})
	if err != nil {
		return nil, err
	}
	g := cut(d, &sum.Conditions[0])
	var all []bar
	for _, row := range g.cells {
		for _, b := range row {
			if b.defined() {
				all = append(all, b)
			}
		}
	}
	if len(all) == 0 {
		return nil, nothing("no point has an outcome")
	}
	money := moneyOf(all)
	unit := money.word + d.Currency + " a year"
	caption := fmt.Sprintf("gain of %s less that of %s, %s", answer.Inner(d.name(regime)), answer.Inner(d.name(against)), unit)
	if against == d.Baseline {
		caption = fmt.Sprintf("gain of %s over %s, %s", answer.Inner(d.name(regime)), answer.Inner(d.name(against)), unit)
	}
	ahead, behind := 0, 0
	for _, b := range all {
		if b.clear && b.mean > 0 {
			ahead++
		} else if b.clear {
			behind++
		}
	}
	corner := func(i, k int) string {
		return fmt.Sprintf("%s at %s and %s", money.format(g.cells[i][k].mean), g.down.labels[i], g.across.labels[k])
	}
	lastRow, lastColumn := len(g.cells)-1, len(g.across.labels)-1
	alt := []string{
		fmt.Sprintf("A table in shades of the %s, by %s and %s", caption, answer.Inner(g.down.title), answer.Inner(g.across.title)),
		fmt.Sprintf("of %d points it is ahead at %d, behind at %d, and not distinguishable at %d", len(all), ahead, behind, len(all)-ahead-behind),
		"corners " + strings.Join([]string{corner(0, 0), corner(0, lastColumn), corner(lastRow, 0), corner(lastRow, lastColumn)}, ", "),
	}
	notes := append(d.sweepNotes(), "Blue: ahead; orange: behind; faint, in brackets: not distinguishable from zero.")
	if g.crossed() {
		notes = append(notes, "Line: where the two are alike, between the points that were run.")
	} else {
		notes = append(notes, "There is no line of indifference among these points.")
	}
	if g.fixed != "" {
		notes = append(notes, "Other factors: "+g.fixed+".")
	}
	return &content{
		title: fmt.Sprintf("Where %s is ahead of %s", answer.Inner(d.name(regime)), answer.Inner(d.name(against))), subtitle: d.points(), alt: sentence(alt), notes: notes,
		height: func(p *pen, width vg.Length) vg.Length {
			return p.em * (4.6 + 1.2*vg.Length(len(wrap(p.small(left), width, caption))) + 2.6*vg.Length(len(g.cells)))
		},
		body: func(p *pen, box vg.Rectangle) { g.draw(p, box, money, caption) },
	}, nil
}

// A side is a factor along an edge of a plane.
type side struct {
	title  string
	labels []string
}

// A slice is the points of a grid that differ in two factors alone.
type slice struct {
	down, across side
	cells        [][]bar // by value of down and across
	fixed        string  // what the other factors are
}

// cut takes the first two factors, and of all others the middle value.
func cut(d *Data, c *answer.ConditionSummary) *slice {
	s := d.swept.design
	values := make([][]float64, len(s.Factors))
	for _, p := range s.Points {
		for f, v := range p.At {
			if i, known := slices.BinarySearch(values[f], v); !known {
				values[f] = slices.Insert(values[f], i, v)
			}
		}
	}
	g := &slice{}
	var fixed []string
	for f := 2; f < len(s.Factors); f++ {
		fixed = append(fixed, answer.Inner(d.factorTitle(s.Factors[f].Name))+" "+answer.FactorValue(&s.Factors[f], values[f][len(values[f])/2]))
	}
	g.fixed = strings.Join(fixed, ", ")
	for f, to := range []*side{&g.down, &g.across} {
		to.title = d.factorTitle(s.Factors[f].Name)
		for _, v := range values[f] {
			to.labels = append(to.labels, plain(answer.FactorValue(&s.Factors[f], v)))
		}
	}
	g.cells = make([][]bar, len(values[0]))
	for i := range g.cells {
		g.cells[i] = slices.Repeat([]bar{{mean: math.NaN()}}, len(values[1]))
	}
	for _, v := range c.Verdicts {
		at := s.Points[v.Point].At
		in := true
		for f := 2; f < len(at); f++ {
			in = in && at[f] == values[f][len(values[f])/2]
		}
		if in {
			i, _ := slices.BinarySearch(values[0], at[0])
			k, _ := slices.BinarySearch(values[1], at[1])
			g.cells[i][k] = barOf("", v.Difference)
		}
	}
	return g
}

// crossed reports whether the cells have both signs.
func (g *slice) crossed() bool {
	up, down := false, false
	for _, row := range g.cells {
		for _, b := range row {
			up, down = up || b.mean > 0, down || b.mean < 0
		}
	}
	return up && down
}

func (g *slice) draw(p *pen, box vg.Rectangle, s scale, caption string) {
	em := p.em
	lines := wrap(p.small(left), box.Max.X-box.Min.X, caption)
	for i, line := range lines {
		p.write(p.small(left), box.Min.X, box.Max.Y-(0.6+1.2*vg.Length(i))*em, line)
	}
	box.Max.Y -= 1.2 * em * vg.Length(len(lines)-1)
	p.write(p.style(0.92, p.ink, left), box.Min.X, box.Max.Y-2.1*em, fit(p.style(0.92, p.ink, left), box.Max.X-box.Min.X, "rows: "+g.down.title))
	area := box
	area.Max.Y -= 2.9 * em
	area.Min.Y += 2.9 * em
	area.Min.X += widest(p.style(0.92, p.ink, right), g.down.labels...) + 0.8*em
	n := vg.Length(len(g.across.labels))
	each, step := (area.Max.X-area.Min.X)/n, (area.Max.Y-area.Min.Y)/vg.Length(len(g.cells))
	if p.height == 0 {
		each, step = min(each, 13*em), min(step, 4*em)
	}
	area.Max.X = area.Min.X + each*n
	area.Min.Y = area.Max.Y - step*vg.Length(len(g.cells))
	most := 0.0
	for _, row := range g.cells {
		for _, b := range row {
			if b.defined() {
				most = max(most, math.Abs(b.mean))
			}
		}
	}
	centre := func(i, k float64) vg.Point { // rows upwards
		return vg.Point{X: area.Min.X + each*vg.Length(k+0.5), Y: area.Min.Y + step*vg.Length(i+0.5)}
	}
	fills := make([][]color.RGBA, len(g.cells))
	for i, row := range g.cells {
		for k, b := range row {
			at := centre(float64(i), float64(k))
			fill := p.paper
			if b.defined() {
				fill = mix(p.paper, p.gain, 0.12+0.88*b.mean/most)
				if b.mean < 0 {
					fill = mix(p.paper, p.loss, 0.12-0.88*b.mean/most)
				}
				if !b.clear {
					fill = mix(p.paper, fill, 0.35)
				}
			}
			fills[i] = append(fills[i], fill)
			p.box(fill, at.X-each/2, at.Y-step/2, at.X+each/2, at.Y+step/2)
			p.frame(p.paper, 0.12*em, at.X-each/2, at.Y-step/2, at.X+each/2, at.Y+step/2)
		}
		p.write(p.style(0.92, p.ink, right), area.Min.X-0.6*em, centre(float64(i), 0).Y, g.down.labels[i])
	}
	for k, label := range g.across.labels {
		p.write(p.style(0.92, p.ink, middle), centre(0, float64(k)).X, area.Min.Y-0.8*em, label)
	}
	p.write(p.style(0.92, p.ink, middle), (area.Min.X+area.Max.X)/2, area.Min.Y-2.2*em, fit(p.style(0.92, p.ink, middle), box.Max.X-box.Min.X, g.across.title))
	for _, line := range []draw.LineStyle{{Color: p.paper, Width: 0.42 * em}, {Color: p.ink, Width: 0.2 * em}} {
		for _, l := range g.indifference() {
			a, b := centre(l[0], l[1]), centre(l[2], l[3])
			p.StrokeLine2(line, a.X, a.Y, b.X, b.Y)
		}
	}
	crossed := func(at vg.Point, half vg.Length) (n int) { // how much of the line lies below a text
		const parts = 20
		for _, l := range g.indifference() {
			a, b := centre(l[0], l[1]), centre(l[2], l[3])
			for i := range parts + 1 {
				t := vg.Length(i) / parts
				if x, y := a.X+t*(b.X-a.X), a.Y+t*(b.Y-a.Y); x > at.X-half && x < at.X+half && y > at.Y-0.6*em && y < at.Y+0.6*em {
					n++
				}
			}
		}
		return n
	}
	for i, row := range g.cells {
		for k, b := range row {
			text := "failed"
			if b.defined() {
				text = s.format(b.mean)
				if !b.clear {
					text = "(" + text + ")"
				}
			}
			at := centre(float64(i), float64(k))
			half := p.style(0.88, p.ink, middle).Width(text)/2 + 0.2*em
			least := crossed(at, half)
			for _, y := range []vg.Length{at.Y - 0.28*step, at.Y + 0.28*step} {
				if n := crossed(vg.Point{X: at.X, Y: y}, half); n < least {
					at.Y, least = y, n
				}
			}
			p.halo(p.style(0.88, p.on(fills[i][k]), middle), fills[i][k], at.X, at.Y, text)
		}
	}
}

// indifference is the line of no difference between the middles of cells:
// pieces from (row, column) to (row, column), by linear interpolation along the
// edges of the squares between four cells.
func (g *slice) indifference() (pieces [][4]float64) {
	for i := 0; i+1 < len(g.cells); i++ {
		for k := 0; k+1 < len(g.cells[i]); k++ {
			var cuts [][2]float64
			edge := func(i1, k1, i2, k2 int) {
				a, b := g.cells[i1][k1].mean, g.cells[i2][k2].mean
				if (a < 0) != (b < 0) && !math.IsNaN(a+b) {
					t := a / (a - b)
					cuts = append(cuts, [2]float64{float64(i1) + t*float64(i2-i1), float64(k1) + t*float64(k2-k1)})
				}
			}
			edge(i, k, i, k+1)
			edge(i, k+1, i+1, k+1)
			edge(i+1, k+1, i+1, k)
			edge(i+1, k, i, k)
			for c := 0; c+1 < len(cuts); c += 2 {
				pieces = append(pieces, [4]float64{cuts[c][0], cuts[c][1], cuts[c+1][0], cuts[c+1][1]})
			}
		}
	}
	return pieces
}
