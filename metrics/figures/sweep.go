package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"idleshift/metrics/answer"
	"idleshift/metrics/stats"
	"idleshift/metrics/store"
	"idleshift/scenarios/design"
)

// swept is a sweep as figures need it.
type swept struct {
	design      *design.Design
	summary     func(answer.SummaryOptions) (*answer.Summary, error)
	sensitivity func(answer.SensitivityOptions) (*answer.Sensitivity, error)
}

func readSweep(d *store.Dataset) (*swept, error) {
	s, err := answer.OfSweep(d)
	if err != nil {
		return nil, err
	}
	return &swept{
		design:      s.Design,
		summary:     func(o answer.SummaryOptions) (*answer.Summary, error) { return answer.SummaryOf(s, o) },
		sensitivity: func(o answer.SensitivityOptions) (*answer.Sensitivity, error) { return answer.SensitivityOf(s, o) },
	}, nil
}

// headline is the regime that a figure of one regime is about: the one asked
// for, else what the scenario's headline is about.
func (d *Data) headline(asked string) (string, error) {
	if asked == d.Baseline && asked != "" {
		return "", nothing("the baseline %s is not compared with itself; name one of %s", d.Baseline, strings.Join(d.others(), ", "))
	}
	if asked != "" {
		return asked, nil
	}
	if subject := answer.Subject(d.scenario); subject != "" {
		return subject, nil
	}
	return "", nothing("only the baseline %s was run: there is nothing to compare it with", d.Baseline)
}

// name is the title of a regime.
func (d *Data) name(regime string) string {
	return cmp.Or(d.scenario.Regimes[regime].Title, regime)
}

// points is the subtitle of a figure of a sweep.
func (d *Data) points() string {
	s := d.swept.design
	return fmt.Sprintf("%s Base: %s.", ended(cmp.Or(s.Title, s.Name)), d.Title)
}

func ended(s string) string {
	if strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// sweepNotes say what the numbers are means of.
func (d *Data) sweepNotes() []string {
	note := fmt.Sprintf("Simulated, not observed: %d points of a design (%s), means of %s of %d working days each, seed %d.",
		d.Sweep.Points, d.swept.design.Method, counted(d.Replicates, "random world"), d.Days, d.Seed)
	switch {
	case d.Replicates == 1:
		note += " One gives no intervals."
	case d.Replicates < stats.Enough && d.swept.design.CRN: // otherwise points are samples too
		note += fmt.Sprintf(" At least %d worlds are needed for intervals worth reading.", stats.Enough)
	}
	return []string{note}
}

// factorTitle is a factor as people read it.
func (d *Data) factorTitle(name string) string {
	for i := range d.swept.design.Factors {
		if f := &d.swept.design.Factors[i]; f.Name == name && f.Title != "" {
			return f.Title
		}
	}
	return answer.Readable(name)
}

// middleOf is a value of a factor as a number, of a group of numbers, "10 to
// 20", its middle; ok is false for words.
func middleOf(value string) (x float64, grouped, ok bool) {
	from, to, grouped := strings.Cut(value, " to ")
	low, err := strconv.ParseFloat(from, 64)
	if !grouped {
		return low, false, err == nil
	}
	high, err2 := strconv.ParseFloat(to, 64)
	return (low + high) / 2, true, err == nil && err2 == nil
}

// plain is a value of a factor as people read it: numbers with commas between
// thousands, of a group its middle.
func plain(value string) string {
	x, grouped, ok := middleOf(value)
	switch {
	case !ok:
		return value
	case grouped:
		return digits(x, 2)
	case math.Abs(x) < 1000 || math.Abs(x) >= 1e15:
		return value
	}
	_, fraction, _ := strings.Cut(strconv.FormatFloat(x, 'f', -1, 64), ".")
	return Number(x, len(fraction))
}

// moneyOf is the scale of estimates of money.
func moneyOf(all []bar) scale {
	most := 0.0
	for _, b := range all {
		most = max(most, math.Abs(b.low), math.Abs(b.high), math.Abs(b.mean))
	}
	return scaleOf(most, most)
}

// places are where the values of a factor stand on an axis from 0 to 1, and how
// they are labelled there: numbers, and groups of numbers by their middle, in
// proportion, or in logarithms if they span much; words evenly.
func places(values []string) (at []float64, labels []string, logs bool) {
	labels = make([]string, len(values))
	at = make([]float64, len(values))
	for i, v := range values {
		x, _, ok := middleOf(v)
		labels[i] = plain(v)
		if !ok || i > 0 && x <= at[i-1] {
			for i := range at {
				at[i] = (float64(i) + 0.5) / float64(len(values))
			}
			return at, values, false
		}
		at[i] = x
	}
	low, high := at[0], at[len(at)-1]
	if low == high {
		return []float64{0.5}, labels, false
	}
	logs = low > 0 && high/low >= 20
	for i, x := range at {
		if logs {
			at[i] = math.Log(x/low) / math.Log(high/low)
		} else {
			at[i] = (x - low) / (high - low)
		}
		at[i] = 0.04 + 0.92*at[i]
	}
	return at, labels, logs
}

// hues are those of series, told apart by their marks too.
var hues = []hue{
	func(t *theme) color.RGBA { return t.first }, func(t *theme) color.RGBA { return t.second }, func(t *theme) color.RGBA { return t.third },
	func(t *theme) color.RGBA { return t.fourth }, func(t *theme) color.RGBA { return t.fifth }, func(t *theme) color.RGBA { return t.sixth },
}

// mark draws the mark of series i.
func (p *pen) mark(i int, c color.RGBA, x, y vg.Length) {
	r := 0.3 * p.em
	switch i % 3 {
	case 0:
		p.disc(c, x, y, r)
	case 1:
		p.box(c, x-0.9*r, y-0.9*r, x+0.9*r, y+0.9*r)
	default:
		p.FillPolygon(c, []vg.Point{{X: x - 1.1*r, Y: y - 0.9*r}, {X: x + 1.1*r, Y: y - 0.9*r}, {X: x, Y: y + 1.1*r}})
	}
}

// A line is a series of estimates.
type lineOf struct {
	name string
	bars []bar
	at   []float64 // 0 to 1
}

// legendOf are the keys of lines.
func legendOf(lines []lineOf) (keys []key) {
	for i, l := range lines {
		keys = append(keys, key{l.name, func(p *pen, x, y vg.Length) {
			c := hues[i%len(hues)](p.theme)
			p.line(c, 0.16*p.em, x, y, x+1.2*p.em, y, strokes(p, i)...)
			p.mark(i, c, x+0.6*p.em, y)
		}})
	}
	return keys
}

// strokes are the dashes of series i, between which one below it can be seen;
// the first has none.
func strokes(p *pen, i int) []vg.Length {
	em := p.em
	return [][]vg.Length{nil, {0.6 * em, 0.3 * em}, {0.2 * em, 0.2 * em}, {0.6 * em, 0.2 * em, 0.15 * em, 0.2 * em}}[i%4]
}

// draw draws the line of series i with its band.
func (l *lineOf) draw(p *pen, i int, x, y axis, band bool) {
	c := hues[i%len(hues)](p.theme)
	var up, down, middle []vg.Point
	for k, b := range l.bars {
		if !b.defined() {
			continue
		}
		at := x(l.at[k])
		middle = append(middle, vg.Point{X: at, Y: y(b.mean)})
		if b.bounded {
			up, down = append(up, vg.Point{X: at, Y: y(b.high)}), append(down, vg.Point{X: at, Y: y(b.low)})
		}
	}
	if band {
		if len(up) > 1 {
			slices.Reverse(down)
			p.FillPolygon(mix(p.paper, c, 0.22), append(up, down...))
		}
		return
	}
	p.StrokeLines(draw.LineStyle{Color: c, Width: 0.14 * p.em, Dashes: strokes(p, i)}, middle)
	for _, m := range middle {
		p.mark(i, c, m.X, m.Y)
	}
}

// pane is number i of the panes, so many beside each other, that fill a box.
func pane(box vg.Rectangle, i, columns, rows int, gap vg.Length) vg.Rectangle {
	w := (box.Max.X - box.Min.X - gap*vg.Length(columns-1)) / vg.Length(columns)
	h := (box.Max.Y - box.Min.Y) / vg.Length(rows)
	corner := vg.Point{X: box.Min.X + vg.Length(i%columns)*(w+gap), Y: box.Max.Y - vg.Length(i/columns)*h}
	return vg.Rectangle{Min: vg.Point{X: corner.X, Y: corner.Y - h}, Max: vg.Point{X: corner.X + w, Y: corner.Y}}
}

// labels is the width of the labels of a vertical axis.
func (p *pen) labels(marks []tick) (w vg.Length) {
	for _, t := range marks {
		w = max(w, p.small(right).Width(t.label))
	}
	return w
}

// beside draws a vertical axis with rules, and returns its scale.
func (p *pen) beside(plot vg.Rectangle, low, high float64, marks []tick, labels bool) axis {
	y := func(v float64) vg.Length {
		return plot.Min.Y + (plot.Max.Y-plot.Min.Y)*vg.Length((v-low)/(high-low))
	}
	for _, t := range marks {
		p.line(p.rule, 0.045*p.em, plot.Min.X, y(t.value), plot.Max.X, y(t.value))
		if labels {
			p.write(p.small(right), plot.Min.X-0.5*p.em, y(t.value), t.label)
		}
	}
	return y
}

// along writes labels below a plot where there is room for them.
func (p *pen) along(plot vg.Rectangle, at []float64, labels []string, x axis) {
	p.line(p.pale, 0.06*p.em, plot.Min.X, plot.Min.Y, plot.Max.X, plot.Min.Y)
	s := p.small(middle)
	free := plot.Min.X - 1.2*p.em
	for i, l := range labels {
		p.line(p.pale, 0.06*p.em, x(at[i]), plot.Min.Y, x(at[i]), plot.Min.Y-0.3*p.em)
		if half := s.Width(l) / 2; x(at[i])-half > free && x(at[i])+half < plot.Max.X+1.2*p.em {
			p.write(s, x(at[i]), plot.Min.Y-0.9*p.em, l)
			free = x(at[i]) + half + 0.4*p.em
		}
	}
}
