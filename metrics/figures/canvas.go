package figures

import (
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A canvas keeps what is drawn on it as paths, letters as outlines, so that a
// figure has the same shapes in every format and needs no fonts to be read.
// Colours are opaque: what shines through is blended with the paper. It is a
// vg.Canvas, but takes no images.
type canvas struct {
	width, height vg.Length
	paper         color.RGBA
	marks         []mark
	states        []state
	glyphs        map[glyph][]segment // outlines in font units, y up
}

// A mark is one path, filled or stroked, or a line of letters.
type mark struct {
	path    []segment // in points from the lower left corner
	width   float64   // of the stroke, in points; 0 fills
	dashes  []float64
	color   color.RGBA
	letters []letter
	at      matrix // from font units to points, of the letters
}

// A segment goes on from where the one before it ends.
type segment struct {
	op byte // M moves, L is a line, C a cubic curve, Z closes
	p  [3]point
}

type point struct{ x, y float64 }

// A glyph is a letter's shape.
type glyph struct {
	bold  bool
	index sfnt.GlyphIndex
}

// A letter is a glyph on a line.
type letter struct {
	glyph
	x float64 // font units
}

type state struct {
	matrix matrix
	width  vg.Length
	dashes []float64
	color  color.RGBA
}

// A matrix maps (x, y) to (a x + c y + e, b x + d y + f).
type matrix struct{ a, b, c, d, e, f float64 }

func (m matrix) of(x, y float64) point { return point{m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f} }

// after is n followed by m.
func (m matrix) after(n matrix) matrix {
	o := m.of(n.e, n.f)
	return matrix{m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b, m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d, o.x, o.y}
}

func newCanvas(width, height vg.Length, paper color.RGBA) *canvas {
	c := &canvas{width: width, height: height, paper: paper, glyphs: map[glyph][]segment{}}
	c.states = []state{{matrix: matrix{a: 1, d: 1}}}
	vg.Initialize(c)
	return c
}

func (c *canvas) top() *state { return &c.states[len(c.states)-1] }

// Size is the canvas's width and height.
func (c *canvas) Size() (x, y vg.Length) { return c.width, c.height }

// SetLineWidth sets the width of strokes.
func (c *canvas) SetLineWidth(w vg.Length) { c.top().width = w }

// SetLineDash sets the dashes of strokes; the offset is not used.
func (c *canvas) SetLineDash(pattern []vg.Length, _ vg.Length) {
	c.top().dashes = nil
	for _, d := range pattern {
		c.top().dashes = append(c.top().dashes, d.Points())
	}
}

// SetColor sets the colour of strokes and fills.
func (c *canvas) SetColor(x color.Color) {
	if x == nil {
		x = color.Black
	}
	r, g, b, a := x.RGBA() // premultiplied
	over := func(part uint32, paper uint8) uint8 {
		return uint8((part + uint32(paper)*0x101*(0xffff-a)/0xffff) >> 8)
	}
	c.top().color = color.RGBA{over(r, c.paper.R), over(g, c.paper.G), over(b, c.paper.B), 0xff}
}

// Rotate turns what follows by an angle in radians, counterclockwise.
func (c *canvas) Rotate(angle float64) {
	s, k := math.Sincos(angle)
	c.top().matrix = c.top().matrix.after(matrix{a: k, b: s, c: -s, d: k})
}

// Translate moves what follows.
func (c *canvas) Translate(by vg.Point) {
	c.top().matrix = c.top().matrix.after(matrix{a: 1, d: 1, e: by.X.Points(), f: by.Y.Points()})
}

// Scale stretches what follows.
func (c *canvas) Scale(x, y float64) {
	c.top().matrix = c.top().matrix.after(matrix{a: x, d: y})
}

// Push keeps the state for Pop.
func (c *canvas) Push() { c.states = append(c.states, *c.top()) }

// Pop goes back to the state that Push kept.
func (c *canvas) Pop() { c.states = c.states[:len(c.states)-1] }

// Stroke draws along a path.
func (c *canvas) Stroke(path vg.Path) {
	if s := c.top(); s.width > 0 {
		c.marks = append(c.marks, mark{path: c.flat(path), width: s.width.Points(), dashes: slices.Clone(s.dashes), color: s.color})
	}
}

// Fill fills a path.
func (c *canvas) Fill(path vg.Path) {
	c.marks = append(c.marks, mark{path: c.flat(path), color: c.top().color})
}

// DrawImage does nothing: figures are paths alone.
func (c *canvas) DrawImage(vg.Rectangle, image.Image) {}

// flat is a path in points from the corner, with arcs and quadratic curves as
// cubic ones.
func (c *canvas) flat(path vg.Path) []segment {
	m := c.top().matrix
	at := func(p vg.Point) point { return m.of(p.X.Points(), p.Y.Points()) }
	var out []segment
	var last point
	add := func(op byte, p ...point) {
		s := segment{op: op}
		copy(s.p[:], p)
		out = append(out, s)
		if len(p) > 0 {
			last = p[len(p)-1]
		}
	}
	for _, part := range path {
		switch part.Type {
		case vg.MoveComp:
			add('M', at(part.Pos))
		case vg.LineComp:
			add('L', at(part.Pos))
		case vg.CloseComp:
			add('Z')
		case vg.CurveComp:
			if len(part.Control) == 1 {
				q := at(part.Control[0])
				end := at(part.Pos)
				add('C', between(last, q, 2./3), between(end, q, 2./3), end)
			} else {
				add('C', at(part.Control[0]), at(part.Control[1]), at(part.Pos))
			}
		case vg.ArcComp:
			// a cubic curve for each quarter or less
			n := max(1, math.Ceil(math.Abs(part.Angle)/(math.Pi/2)-1e-9))
			step := part.Angle / n
			k := vg.Length(4. / 3 * math.Tan(step/4))
			on := func(angle float64, tangent vg.Length) vg.Point {
				s, c := math.Sincos(angle)
				x, y := part.Radius*vg.Length(c), part.Radius*vg.Length(s)
				return vg.Point{X: part.Pos.X + x - tangent*y, Y: part.Pos.Y + y + tangent*x}
			}
			if len(out) == 0 {
				add('M', at(on(part.Start, 0)))
			} else {
				add('L', at(on(part.Start, 0)))
			}
			for i := range int(n) {
				from := part.Start + float64(i)*step
				add('C', at(on(from, k)), at(on(from+step, -k)), at(on(from+step, 0)))
			}
		}
	}
	return out
}

// between is the point that lies a share of the way from a to b.
func between(a, b point, share float64) point {
	return point{a.x + (b.x-a.x)*share, a.y + (b.y-a.y)*share}
}

// FillString writes a line of text as outlines. A letter that the font lacks is
// its box for what is missing.
func (c *canvas) FillString(face font.Face, at vg.Point, text string) {
	if face.Font.Size == 0 || text == "" {
		return
	}
	em := fixed.Int26_6(face.Face.UnitsPerEm())
	size := face.Font.Size.Points() / float64(em)
	m := mark{
		color: c.top().color,
		at:    c.top().matrix.after(matrix{a: size, d: size, e: at.X.Points(), f: at.Y.Points()}),
	}
	var buffer sfnt.Buffer
	x := 0.0
	for i, r := range text {
		index, err := face.Face.GlyphIndex(&buffer, r)
		if err != nil {
			continue
		}
		if i > 0 {
			if kern, err := face.Face.Kern(&buffer, m.letters[len(m.letters)-1].index, index, em, 0); err == nil {
				x += float64(kern)
			}
		}
		g := glyph{face.Font.Weight > 0, index}
		m.letters = append(m.letters, letter{g, x})
		if _, known := c.glyphs[g]; !known {
			c.glyphs[g] = outline(face.Face, &buffer, index, em)
		}
		if advance, err := face.Face.GlyphAdvance(&buffer, index, em, 0); err == nil {
			x += float64(advance)
		}
	}
	c.marks = append(c.marks, m)
}

// outline is the shape of a glyph in font units, y up.
func outline(f *sfnt.Font, buffer *sfnt.Buffer, index sfnt.GlyphIndex, em fixed.Int26_6) []segment {
	parts, err := f.LoadGlyph(buffer, index, em, nil)
	if err != nil {
		return nil
	}
	at := func(p fixed.Point26_6) point { return point{float64(p.X), -float64(p.Y)} }
	var out []segment
	var last point
	for _, part := range parts {
		switch p := part.Args; part.Op {
		case sfnt.SegmentOpMoveTo:
			if len(out) > 0 {
				out = append(out, segment{op: 'Z'})
			}
			last = at(p[0])
			out = append(out, segment{op: 'M', p: [3]point{last}})
		case sfnt.SegmentOpLineTo:
			last = at(p[0])
			out = append(out, segment{op: 'L', p: [3]point{last}})
		case sfnt.SegmentOpQuadTo:
			q, end := at(p[0]), at(p[1])
			out = append(out, segment{op: 'C', p: [3]point{between(last, q, 2./3), between(end, q, 2./3), end}})
			last = end
		case sfnt.SegmentOpCubeTo:
			last = at(p[2])
			out = append(out, segment{op: 'C', p: [3]point{at(p[0]), at(p[1]), last}})
		}
	}
	if len(out) > 0 {
		out = append(out, segment{op: 'Z'})
	}
	return out
}

// outlines are the paths of a mark's letters, in points.
func (c *canvas) outlines(m *mark) (path []segment) {
	for _, l := range m.letters {
		for _, s := range c.glyphs[l.glyph] {
			for i := range s.p {
				s.p[i] = m.at.of(l.x+s.p[i].x, s.p[i].y)
			}
			path = append(path, s)
		}
	}
	return path
}
