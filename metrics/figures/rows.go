package figures

import (
	"image/color"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A rowChart has a line for each row: its name, a picture along a common axis,
// and numbers. Where the figure is narrow, name and numbers stand above the
// picture.
type rowChart struct {
	rows      []row
	heads     []string // of the columns of numbers
	low, high float64  // ends of the axis
	axis      string   // what it shows, with its unit
	scale     scale    // in which its ticks are written
	percent   bool     // ticks are percentages
	title     string   // of the chart, where a figure has several
	legend    []key
	words     vg.Length                               // least height of title and legend, to line charts up
	lines     int                                     // of the words above the plot
	above     func(p *pen, plot vg.Rectangle, x axis) // writes them
	behind    func(p *pen, plot vg.Rectangle, x axis)
	front     func(p *pen, plot vg.Rectangle, x axis)
}

// widened is an axis with a little room beyond what is drawn, but for an end at
// zero.
func widened(low, high float64) (float64, float64) {
	room := 0.04 * (high - low)
	if low < 0 {
		low -= room
	}
	return low, high + room
}

// An axis maps a value to where it stands.
type axis func(float64) vg.Length

// A row is a line of a rowChart.
type row struct {
	name   string
	cells  []string                                     // the first in bold
	strong bool                                         // its name too
	draw   func(p *pen, x axis, middle, half vg.Length) // half of the height of a bar
}

// style is that of the row's name.
func (r *row) style(s text.Style) text.Style {
	if r.strong {
		return bold(s)
	}
	return s
}

// leading is the height of a line of a name that wraps, in em.
const leading = 1.15

// A key is an entry of a legend.
type key struct {
	text string
	draw func(p *pen, x, y vg.Length) // a sample of 1.2 by 0.8 em, from its left middle
}

// A hue is a colour of the theme.
type hue func(*theme) color.RGBA

// swatch is a key of one colour.
func swatch(text string, h hue) key {
	return key{text, func(p *pen, x, y vg.Length) {
		p.box(h(p.theme), x, y-0.38*p.em, x+1.2*p.em, y+0.38*p.em)
	}}
}

// legendHeight is that of the keys on a width.
func (p *pen) legendHeight(keys []key, width vg.Length) vg.Length {
	return 1.35 * p.em * vg.Length(p.legendLines(keys, width, nil))
}

// legend draws keys from the upper left corner on.
func (p *pen) legend(keys []key, at vg.Point, width vg.Length) {
	p.legendLines(keys, width, func(k key, x vg.Length, line int) {
		y := at.Y - 1.35*p.em*(vg.Length(line)+0.5)
		k.draw(p, at.X+x, y)
		p.write(p.style(0.9, p.ink, left), at.X+x+1.6*p.em, y, k.text)
	})
}

// keyed draws keys at the top of a box, and returns what is left below them.
func (p *pen) keyed(keys []key, box vg.Rectangle) vg.Rectangle {
	width := box.Max.X - box.Min.X
	p.legend(keys, vg.Point{X: box.Min.X, Y: box.Max.Y}, width)
	box.Max.Y -= p.legendHeight(keys, width)
	return box
}

// legendLines lays keys out in lines and returns their number.
func (p *pen) legendLines(keys []key, width vg.Length, each func(k key, x vg.Length, line int)) int {
	if len(keys) == 0 {
		return 0
	}
	x, line := vg.Length(0), 0
	s := p.style(0.9, p.ink, left)
	for _, k := range keys {
		w := 1.6*p.em + s.Width(k.text)
		if x > 0 && x+w > width {
			x, line = 0, line+1
		}
		if each != nil {
			each(k, x, line)
		}
		x += w + 1.6*p.em
	}
	return line + 1
}

// axisHeight is that of an axis with what it shows, in em.
const axisHeight = 3.1

// head is the height of the words above the rows.
func (c *rowChart) head(p *pen) vg.Length {
	h := (1.8 + 1.15*vg.Length(max(1, c.lines)-1)) * p.em
	if p.narrow {
		h += 0.8 * p.em // the heads of the columns stand above them
	}
	return h
}

func (c *rowChart) height(p *pen, width vg.Length) vg.Length {
	each := vg.Length(2.3)
	if p.narrow {
		each = 3.3
	}
	return c.top(p, width) + p.em*(each*vg.Length(max(1, len(c.rows)))+axisHeight) + c.head(p)
}

// top is the height of title and legend.
func (c *rowChart) top(p *pen, width vg.Length) vg.Length {
	h := p.legendHeight(c.legend, width)
	if c.title != "" {
		h += 1.5 * p.em
	}
	return max(h, c.words)
}

func (c *rowChart) draw(p *pen, box vg.Rectangle) {
	em := p.em
	width := box.Max.X - box.Min.X
	top := box.Max.Y
	if c.title != "" {
		p.write(bold(p.label(left)), box.Min.X, top-0.7*em, fit(bold(p.label(left)), width, c.title))
		top -= 1.5 * em
	}
	p.legend(c.legend, vg.Point{X: box.Min.X, Y: top}, width)
	box.Max.Y -= c.top(p, width)
	name, first, other, head := p.label(right), bold(p.label(right)), p.style(0.92, p.pale, right), p.small(right)
	plot := vg.Rectangle{Min: vg.Point{X: box.Min.X, Y: box.Min.Y + axisHeight*em}, Max: vg.Point{X: box.Max.X, Y: box.Max.Y - c.head(p)}}
	// columns of numbers from the right, as many as leave room for the names
	widths := c.widths(first, other, head)
	longest, gap := vg.Length(0), 1.2*em
	for _, r := range c.rows {
		longest = max(longest, r.style(name).Width(r.name))
	}
	if p.narrow {
		gap = 0.8 * em
		for len(widths) > 1 && longest+sum(widths)+gap*vg.Length(len(widths)) > width {
			widths = widths[:len(widths)-1]
		}
	}
	columns := make([]vg.Length, len(widths)) // right ends
	at := box.Max.X
	for i := len(widths) - 1; i >= 0; i-- {
		columns[i] = at
		at -= widths[i] + gap
	}
	switch {
	case p.narrow:
		plot.Min.X += 0.9 * em // half of the ends of the axis
		plot.Max.X -= 0.9 * em
	case len(widths) > 0:
		plot.Max.X = at
	default:
		plot.Max.X -= em
	}
	each := (plot.Max.Y - plot.Min.Y) / vg.Length(max(1, len(c.rows)))
	if !p.narrow && longest > 0 {
		most := 0.36 * width
		if 2*leading*em > each { // names do not wrap
			most = 0.45 * width
		}
		plot.Min.X += min(longest, most) + em
	}
	x := func(v float64) vg.Length {
		return plot.Min.X + (plot.Max.X-plot.Min.X)*vg.Length((v-c.low)/(c.high-c.low))
	}
	if c.behind != nil {
		c.behind(p, plot, x)
	}
	c.drawAxis(p, box, plot, x)
	half, down := min(0.28*each, 0.75*em), vg.Length(0)
	if p.narrow {
		half, down = min(0.2*each, 0.6*em), 0.2*each
	}
	for i, r := range c.rows {
		if r.draw != nil {
			r.draw(p, x, plot.Max.Y-each*(vg.Length(i)+0.5)-down, half)
		}
	}
	if c.front != nil {
		c.front(p, plot, x)
	}
	for i, r := range c.rows {
		y := plot.Max.Y - each*(vg.Length(i)+0.5)
		s, from, room := name, plot.Min.X-em, plot.Min.X-em-box.Min.X
		if p.narrow {
			y += 0.25 * each
			p.box(p.paper, box.Min.X, y-0.25*each, box.Max.X, y+0.26*each)
			s, from, room = p.label(left), box.Min.X, at-box.Min.X
		}
		s = r.style(s)
		words := wrap(s, room, r.name)
		if p.narrow || len(words) > 2 || leading*em*vg.Length(len(words)) > each {
			words = []string{r.name}
		}
		for k, line := range words {
			p.write(s, from, y+1.1*em*(vg.Length(len(words)-1)/2-vg.Length(k)), fit(s, room, line))
		}
		for k := range min(len(r.cells), len(columns)) {
			s := other
			if k == 0 {
				s = first
			}
			p.write(s, columns[k], y, r.cells[k])
		}
	}
	for i, at := range columns {
		p.write(head, at, plot.Max.Y+0.7*em, c.heads[i])
	}
	if c.above != nil {
		if p.narrow { // above the heads
			plot.Max.Y += 1.1 * em
		}
		c.above(p, plot, x)
	}
}

// widths are those of the columns of numbers.
func (c *rowChart) widths(first, other, head text.Style) []vg.Length {
	widths := make([]vg.Length, len(c.heads))
	for i, h := range c.heads {
		s := other
		if i == 0 {
			s = first
		}
		widths[i] = head.Width(h)
		for _, r := range c.rows {
			if i < len(r.cells) {
				widths[i] = max(widths[i], s.Width(r.cells[i]))
			}
		}
	}
	return widths
}

func sum(x []vg.Length) (total vg.Length) {
	for _, v := range x {
		total += v
	}
	return total
}

// drawAxis draws rules, ticks and what the axis shows.
func (c *rowChart) drawAxis(p *pen, box, plot vg.Rectangle, x axis) {
	s := c.scale
	if s.divide == 0 {
		s.divide = 1
	}
	if c.percent {
		s.divide = 0.01
	}
	p.under(box, plot, x, ticks(c.low, c.high, s, p.most(plot.Max.X-plot.Min.X)), c.axis)
}

// most is how many ticks there is room for on a width.
func (p *pen) most(width vg.Length) int { return min(9, max(2, int(width/(3.4*p.em)))) }

// under draws a horizontal axis below a plot, with rules across it; what it
// shows stays within the box.
func (p *pen) under(box, plot vg.Rectangle, x axis, marks []tick, title string) {
	s := p.style(0.92, p.ink, middle)
	for _, t := range marks {
		at := x(t.value)
		p.line(p.rule, 0.045*p.em, at, plot.Min.Y, at, plot.Max.Y)
		p.line(p.pale, 0.06*p.em, at, plot.Min.Y, at, plot.Min.Y-0.35*p.em)
		p.write(s, at, plot.Min.Y-0.95*p.em, t.label)
	}
	p.line(p.pale, 0.06*p.em, plot.Min.X, plot.Min.Y, plot.Max.X, plot.Min.Y)
	if title != "" {
		title = fit(p.label(middle), box.Max.X-box.Min.X, title)
		half := p.label(middle).Width(title) / 2
		p.write(p.label(middle), min(max((plot.Min.X+plot.Max.X)/2, box.Min.X+half), box.Max.X-half), plot.Min.Y-2.35*p.em, title)
	}
}

// over writes text above a plot, so many lines up, over a place of it and
// within its sides.
func (p *pen) over(plot vg.Rectangle, at vg.Length, lines int, text string) {
	s := p.small(middle)
	half := s.Width(text) / 2
	p.write(s, min(max(at, plot.Min.X+half), plot.Max.X-half), plot.Max.Y+(0.7+leading*vg.Length(lines))*p.em, text)
}

// datum draws the line from which bars go left and right.
func (p *pen) datum(plot vg.Rectangle, at vg.Length) {
	p.line(p.ink, 0.11*p.em, at, plot.Min.Y, at, plot.Max.Y)
}

// whisker draws an interval.
func (p *pen) whisker(low, high, y vg.Length) {
	w, end := 0.12*p.em, 0.32*p.em
	p.line(p.ink, w, low, y, high, y)
	p.line(p.ink, w, low, y-end, low, y+end)
	p.line(p.ink, w, high, y-end, high, y+end)
}
