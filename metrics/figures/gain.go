package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"idleshift/metrics/answer"
	"idleshift/metrics/stats"
)

// Sizes of the gain figure, in points.
const (
	gainWidth = 648 // 9 inches
	rowHeight = 30
	margin    = 14
	above     = 78 // title, subtitle, head of the columns
	below     = 84 // axis and notes
)

// nothing stands for a share that means nothing.
const nothing = "n.d."

// A bar is one regime of the gain figure.
type bar struct {
	title               string
	mean, low, high     float64 // money a year
	bounded             bool    // low and high are there
	clear               bool    // they leave out zero
	amount, span, share string  // as text
}

// gains is the body of the gain figure.
type gains struct {
	bars   []bar
	pooled []bar // drawn as lines: regimes of one merged firm
}

// Gain draws what each regime gains over the baseline, with intervals: a bar
// for every regime, and a line for one merged firm. It fails if there is no
// gain to draw.
func Gain(a *answer.Answer) (*Figure, error) {
	var g gains
	low, high, largest := 0.0, 0.0, 0.0 // largest of the bars
	for _, r := range a.Regimes {
		if r.Gain == nil {
			continue
		}
		e := r.Gain.PerYear
		b := bar{title: shorten(r.Title, 40), mean: float64(e.Mean), low: float64(e.Low), high: float64(e.High), clear: e.Clear()}
		if math.IsNaN(b.mean) || math.IsInf(b.mean, 0) {
			return nil, fmt.Errorf("the gain of %s is not defined", r.Name)
		}
		b.bounded = !math.IsNaN(b.high-b.low) && !math.IsInf(b.high-b.low, 0)
		if !b.bounded {
			b.low, b.high = b.mean, b.mean
		}
		low, high = min(low, b.low), max(high, b.high)
		switch s := r.Gain.OfPooled; {
		case s != nil:
			b.share = number(100*float64(s.Mean), b2i(math.Abs(float64(s.Mean)) < 0.0995)) + " %"
		case b.bounded:
			b.share = nothing
		default:
			b.share = "–"
		}
		if r.Pooled {
			g.pooled = append(g.pooled, b)
		} else {
			g.bars = append(g.bars, b)
			largest = max(largest, math.Abs(b.mean))
		}
	}
	if len(g.bars)+len(g.pooled) == 0 {
		return nil, errors.New("only the baseline was run: there is no gain to draw")
	}
	if low == high {
		high = 1 // nothing is gained, to the last cent
	}
	s := scaleOf(max(-low, high), largest)
	for _, bars := range [][]bar{g.bars, g.pooled} {
		for i := range bars {
			b := &bars[i]
			b.amount, b.span = s.format(b.mean), "no interval"
			if b.bounded {
				b.span = s.format(b.low) + " to " + s.format(b.high)
			}
		}
	}
	room := (high - low) * 0.04
	if low < 0 {
		low -= room
	}
	high += room
	return &Figure{
		width: gainWidth, height: above + below + rowHeight*vg.Length(max(len(g.bars), 1)),
		draw: func(c draw.Canvas) { g.draw(c, a, s, low, high) },
	}, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// draw lays out the figure: words around a plot.
func (g *gains) draw(c draw.Canvas, a *answer.Answer, s scale, low, high float64) {
	label, amount, span, head := style(10.5, ink, text.XRight), bold(style(10.5, ink, text.XRight)), style(9.5, pale, text.XRight), style(8.5, pale, text.XRight)
	titles, spans := []string{}, []string{}
	for _, b := range g.bars {
		titles, spans = append(titles, b.title), append(spans, b.span)
	}
	interval := fmt.Sprintf("%g %% interval", 100*a.Level)
	left := margin + widest(label, titles) + 10
	shares, spanned := vg.Length(0), widest(span, append(spans, interval))
	if len(g.pooled) > 0 {
		shares = 58
	}
	right := margin + shares + spanned + 52
	body := draw.Crop(c, left, -right, below-34, -above)

	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.HideY()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = low, high, 0, float64(max(len(g.bars), 1))
	p.X.Tick.Marker = ticks(low, high, s)
	p.X.Tick.Label = style(9.5, ink, text.XCenter)
	p.X.Tick.Label.YAlign = text.YTop
	p.X.Tick.Color, p.X.LineStyle.Color, p.X.LineStyle.Width = pale, pale, 0.5
	p.X.Tick.LineStyle.Width = 0.5
	p.X.Padding = 0
	p.Add(g)
	p.Draw(body)

	// words in line with the bars
	inner := p.DataCanvas(body)
	columns := []vg.Length{c.Max.X - margin - shares - spanned - 10, c.Max.X - margin - shares, c.Max.X - margin}
	top := inner.Max.Y + 12
	c.FillText(head, vg.Point{X: columns[0], Y: top}, "gain")
	c.FillText(head, vg.Point{X: columns[1], Y: top}, interval)
	if len(g.pooled) > 0 {
		c.FillText(head, vg.Point{X: columns[2], Y: top}, "of pooled")
	}
	for i, b := range g.bars {
		y := inner.Y(p.Y.Norm(g.at(i))) + 1.2 // letters without descenders look low
		c.FillText(label, vg.Point{X: left - 10, Y: y}, b.title)
		c.FillText(amount, vg.Point{X: columns[0], Y: y}, b.amount)
		c.FillText(span, vg.Point{X: columns[1], Y: y}, b.span)
		if len(g.pooled) > 0 {
			c.FillText(span, vg.Point{X: columns[2], Y: y}, b.share)
		}
	}
	for _, b := range g.pooled {
		sty := style(8.5, pale, text.XCenter)
		said := b.title + ": " + b.amount
		half := sty.Width(said) / 2
		x := min(max(inner.X(p.X.Norm(b.mean)), inner.Min.X+half), inner.Max.X-half)
		c.FillText(sty, vg.Point{X: x, Y: top}, said)
	}

	// words above and below
	x := c.Min.X + margin
	c.FillText(bold(style(14, ink, text.XLeft)), vg.Point{X: x, Y: c.Max.Y - 18}, "What each form of cooperation gains")
	c.FillText(style(9.5, pale, text.XLeft), vg.Point{X: x, Y: c.Max.Y - 36},
		shorten(fmt.Sprintf("%s. %s firms, %s employees.", a.Title, grouped(float64(a.Firms)), grouped(float64(a.Employees))), 120))
	axis := style(10, ink, text.XCenter)
	c.FillText(axis, vg.Point{X: (inner.Min.X + inner.Max.X) / 2, Y: c.Min.Y + below - 42},
		fmt.Sprintf("gain over %s, %s%s a year", inside(baseline(a)), s.word, a.Currency))
	note := style(8.5, pale, text.XLeft)
	for i, line := range g.notes(a) {
		c.FillText(note, vg.Point{X: x, Y: c.Min.Y + 24 - 12*vg.Length(i)}, line)
	}
}

// notes say how to read the figure.
func (g *gains) notes(a *answer.Answer) [2]string {
	var first, second []string
	switch what := fmt.Sprintf("random worlds of %d working days, seed %d.", a.Days, a.Seed); {
	case a.Replicates == 1:
		first = append(first, "Simulated, not observed: one of many "+what, "One gives no interval: bars are hollow.")
	case a.Replicates < stats.Enough:
		first = append(first, fmt.Sprintf("Simulated, not observed: means of only %d", a.Replicates), what, fmt.Sprintf("At least %d are needed.", stats.Enough))
	default:
		first = append(first, fmt.Sprintf("Simulated, not observed: means of %d", a.Replicates), what)
	}
	if a.Replicates > 1 {
		first = append(first, fmt.Sprintf("Whiskers: %g %% intervals, paired by world.", 100*a.Level))
	}
	if slices.ContainsFunc(g.bars, func(b bar) bool { return b.bounded && (!b.clear || b.share == nothing) }) {
		second = append(second, "Hollow, n.d.: not distinguishable from zero.")
	}
	if len(g.pooled) > 0 {
		second = append(second, "Dashed, with its interval: the gain if one merged firm owned everything, a benchmark and not a bound.")
	}
	return [2]string{strings.Join(first, " "), strings.Join(second, " ")}
}

// at is where bar i lies on the axis, the first on top.
func (g *gains) at(i int) float64 { return float64(len(g.bars)-i) - 0.5 }

// Plot draws the bars, their intervals and the line of the merged firm.
func (g *gains) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	box := func(from, to, low, high vg.Length) []vg.Point {
		return []vg.Point{{X: from, Y: low}, {X: to, Y: low}, {X: to, Y: high}, {X: from, Y: high}}
	}
	line := func(col color.Color, width vg.Length, dashes ...vg.Length) draw.LineStyle {
		return draw.LineStyle{Color: col, Width: width, Dashes: dashes}
	}
	for _, b := range g.pooled {
		c.FillPolygon(band, box(x(b.low), x(b.high), c.Min.Y, c.Max.Y))
	}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		c.StrokeLine2(line(rule, 0.5), x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
	}
	for _, b := range g.pooled {
		c.StrokeLine2(line(pale, 1, 4, 3), x(b.mean), c.Min.Y, x(b.mean), c.Max.Y)
	}
	for i, b := range g.bars {
		middle := y(g.at(i))
		fill := blue
		if b.mean < 0 {
			fill = orange
		}
		shape := box(x(0), x(b.mean), middle-7, middle+7)
		if b.clear {
			c.FillPolygon(fill, shape)
		} else {
			c.FillPolygon(color.White, shape)
			c.StrokeLines(line(grey, 1), append(shape, shape[0]))
		}
		if b.bounded {
			c.StrokeLine2(line(ink, 1.2), x(b.low), middle, x(b.high), middle)
			for _, end := range []float64{b.low, b.high} {
				c.StrokeLine2(line(ink, 1.2), x(end), middle-3.5, x(end), middle+3.5)
			}
		}
	}
	c.StrokeLine2(line(ink, 1), x(0), c.Min.Y, x(0), c.Max.Y)
}

// baseline is the baseline's title.
func baseline(a *answer.Answer) string {
	for _, r := range a.Regimes {
		if r.Name == a.Baseline {
			return r.Title
		}
	}
	return a.Baseline
}

// inside is a title within a sentence: without its capital, unless it is an
// abbreviation.
func inside(title string) string {
	first, n := utf8.DecodeRuneInString(title)
	if second, _ := utf8.DecodeRuneInString(title[n:]); n == 0 || unicode.IsUpper(second) {
		return title
	}
	return string(unicode.ToLower(first)) + title[n:]
}

// grouped is a whole number with commas between thousands.
func grouped(x float64) string {
	t := number(x, 0)
	for i := len(t) - 3; i > 0; i -= 3 {
		t = t[:i] + "," + t[i:]
	}
	return t
}
