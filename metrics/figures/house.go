package figures

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"idleshift/metrics/answer"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A size is where a figure is to stand.
type size struct {
	name          string
	doc           string
	width, height vg.Length // a height of 0 is what the figure needs
	em            vg.Length // size of the text
	dpi           int       // of a PNG
	narrow        bool      // names stand above their pictures
}

var sizes = []size{
	{"page", "across a page, 7 inches wide", 504, 0, 9, 300, false},
	{"column", "one column of a page, 3.5 inches wide", 252, 0, 7, 600, true},
	{"slide", "a whole slide, 16 to 9", 960, 540, 16, 144, false},
}

// A theme is a set of colours. Those of data are of Okabe and Ito (2008), which
// people with any colour vision tell apart.
type theme struct {
	name                       string
	paper, ink, pale, rule     color.RGBA // pale: secondary text
	gain, loss, neither, faint color.RGBA // faint: what lies behind
	first, second, third       color.RGBA
	fourth, fifth, sixth       color.RGBA
}

var themes = []theme{
	{
		name: "light", paper: rgb(0xffffff), ink: rgb(0x1a1a1a), pale: rgb(0x595959), rule: rgb(0xd9d9d9),
		gain: rgb(0x0072b2), loss: rgb(0xd55e00), neither: rgb(0x8c8c8c), faint: rgb(0xececec),
		first: rgb(0x0072b2), second: rgb(0xe69f00), third: rgb(0x009e73), fourth: rgb(0xcc79a7), fifth: rgb(0xd55e00), sixth: rgb(0x56b4e9),
	},
	{
		name: "dark", paper: rgb(0x15191e), ink: rgb(0xf2f2f2), pale: rgb(0xb4b8bc), rule: rgb(0x3a4047),
		gain: rgb(0x56b4e9), loss: rgb(0xf08c42), neither: rgb(0x8c9299), faint: rgb(0x2a3037),
		first: rgb(0x56b4e9), second: rgb(0xe69f00), third: rgb(0x2fbf94), fourth: rgb(0xdc94bb), fifth: rgb(0xf08c42), sixth: rgb(0x2f86c1),
	},
}

// Sizes and Themes are the names that Options take, the default first.
var Sizes, Themes = []string{"page", "column", "slide"}, []string{"light", "dark"}

func rgb(x uint32) color.RGBA { return color.RGBA{uint8(x >> 16), uint8(x >> 8), uint8(x), 0xff} }

// mix is the colour a share of the way from a to b.
func mix(a, b color.RGBA, share float64) color.RGBA {
	part := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*share)) }
	return color.RGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 0xff}
}

// on is the theme's ink or paper, whichever is easier to read on the colour
// (contrast of the WCAG).
func (t *theme) on(c color.RGBA) color.RGBA {
	ratio := func(x color.RGBA) float64 {
		a, b := luminance(x), luminance(c)
		return (max(a, b) + 0.05) / (min(a, b) + 0.05)
	}
	if ratio(t.paper) > ratio(t.ink) {
		return t.paper
	}
	return t.ink
}

func luminance(c color.RGBA) float64 {
	linear := func(x uint8) float64 {
		v := float64(x) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// A pen draws in the house's style.
type pen struct {
	draw.Canvas
	*theme
	*size
}

const (
	left   = text.XLeft
	middle = text.XCenter
	right  = text.XRight
)

// style is text whose size is a multiple of em.
func (p *pen) style(ems float64, c color.Color, at text.XAlignment) text.Style {
	return text.Style{
		Color: c, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Length(ems)*p.em),
		XAlign: at, YAlign: text.YCenter, Handler: plot.DefaultTextHandler,
	}
}

func (p *pen) label(at text.XAlignment) text.Style { return p.style(1, p.ink, at) }
func (p *pen) small(at text.XAlignment) text.Style { return p.style(0.88, p.pale, at) }

// bold is the style in bold face.
func bold(s text.Style) text.Style {
	s.Font.Weight = 3 // WeightBold of golang.org/x/image/font
	return s
}

// write sets text whose middle lies at y. Letters without descenders, which
// most are, look centred.
func (p *pen) write(s text.Style, x, y vg.Length, t string) {
	p.FillText(s, vg.Point{X: x, Y: y + 0.1*s.Font.Size}, t)
}

func (p *pen) line(c color.Color, width, x1, y1, x2, y2 vg.Length, dashes ...vg.Length) {
	p.StrokeLine2(draw.LineStyle{Color: c, Width: width, Dashes: dashes}, x1, y1, x2, y2)
}

func corners(x1, y1, x2, y2 vg.Length) []vg.Point {
	return []vg.Point{{X: x1, Y: y1}, {X: x2, Y: y1}, {X: x2, Y: y2}, {X: x1, Y: y2}}
}

// box fills a rectangle; one without area, which some readers of PDF would show
// as a line, is left out.
func (p *pen) box(c color.Color, x1, y1, x2, y2 vg.Length) {
	if math.Abs((x2-x1).Points()) >= 0.01 && math.Abs((y2-y1).Points()) >= 0.01 {
		p.FillPolygon(c, corners(x1, y1, x2, y2))
	}
}

func (p *pen) frame(c color.Color, width, x1, y1, x2, y2 vg.Length) {
	shape := corners(x1, y1, x2, y2)
	p.StrokeLines(draw.LineStyle{Color: c, Width: width}, append(shape, shape[0], shape[1]))
}

func (p *pen) disc(c color.Color, x, y, radius vg.Length) {
	p.SetColor(c)
	var path vg.Path
	path.Arc(vg.Point{X: x, Y: y}, radius, 0, 2*math.Pi)
	path.Close()
	p.Fill(path)
}

// sideways sets text upwards, its left end at (x, y).
func (p *pen) sideways(s text.Style, x, y vg.Length, t string) {
	s.Rotation = math.Pi / 2
	s.XAlign, s.YAlign = left, text.YCenter
	p.FillText(s, vg.Point{X: x - 0.1*s.Font.Size, Y: y}, t)
}

// widest is the width of the widest of the words.
func widest(s text.Style, words ...string) (w vg.Length) {
	for _, word := range words {
		w = max(w, s.Width(word))
	}
	return w
}

// wrap breaks text into lines of at most the width.
func wrap(s text.Style, width vg.Length, t string) (lines []string) {
	line := ""
	for _, word := range strings.Fields(t) {
		if longer := strings.TrimSpace(line + " " + word); line == "" || s.Width(longer) <= width {
			line = longer
		} else {
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// fit cuts text to a width.
func fit(s text.Style, width vg.Length, t string) string {
	r := []rune(t)
	for n := len(r); s.Width(t) > width && n > 1; {
		n--
		t = strings.TrimRight(string(r[:n]), " ,:") + "…"
	}
	return t
}

// A scale is the unit in which numbers are shown.
type scale struct {
	word     string // "million "
	divide   float64
	decimals int
}

// scaleOf has a unit that suits amounts up to most, and the decimals with which
// x has at least three digits.
func scaleOf(most, x float64) scale {
	s := scale{divide: 1}
	for _, larger := range []scale{{word: "thousand ", divide: 1e3}, {word: "million ", divide: 1e6}, {word: "billion ", divide: 1e9}} {
		if most >= larger.divide {
			s = larger
		}
	}
	s.decimals = min(max(2-int(math.Floor(math.Log10(max(x/s.divide, 1e-9)))), 0), 3)
	return s
}

func (s scale) format(x float64) string { return Number(x/s.divide, s.decimals) }

// Number writes x with a proper minus sign, none before a zero, and commas
// between thousands.
func Number(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	t := answer.Grouped(strconv.FormatFloat(math.Abs(x), 'f', decimals, 64))
	if x < 0 && strings.Trim(t, "0.") != "" {
		t = "−" + t
	}
	return t
}

// digits writes x with about so many significant digits.
func digits(x float64, n int) string {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return Number(x, 0)
	}
	return Number(x, max(0, n-1-int(math.Floor(math.Log10(math.Abs(x))+1e-9))))
}

// Percent writes a share.
func Percent(x float64) string {
	decimals := 0
	if math.Abs(x) < 0.0995 {
		decimals = 1
	}
	return Number(100*x, decimals) + " %"
}

// A tick is a mark of an axis.
type tick struct {
	value float64
	label string
}

// ticks are round numbers from low to high in the scale's unit, at most so
// many.
func ticks(low, high float64, s scale, most int) (out []tick) {
	if !(high > low) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(most))))
	for _, more := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if (high-low)/step > float64(most) {
			step *= more
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step/s.divide)+1e-9)))
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step; i++ {
		out = append(out, tick{i * step, Number(i*step/s.divide, decimals)})
	}
	return out
}
