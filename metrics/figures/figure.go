// Package figures draws answers. A figure shows the numbers of an answer and
// none that the answer does not hold: estimates with their intervals, units on
// the axes, and what may not be read into them in a line below. Colours are
// those of Okabe and Ito (2008), which people with any colour vision tell
// apart; nothing is told by colour alone.
//
// Note: figures are PNG. The SVG and PDF of the drawing library mangle some
// characters and lines, and PDF embeds the time, so they are not offered.
package figures

import (
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// dpi is the resolution of a figure, in dots per inch: enough for print.
const dpi = 200

// A Figure is a drawing of a fixed size.
type Figure struct {
	width, height vg.Length
	draw          func(draw.Canvas)
}

// WritePNG writes the figure as PNG. The bytes depend on the answer alone.
func (f *Figure) WritePNG(w io.Writer) error {
	c := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	f.draw(draw.New(c))
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

var (
	ink    = color.RGBA{0x1a, 0x1a, 0x1a, 0xff}
	pale   = color.RGBA{0x59, 0x59, 0x59, 0xff} // secondary text
	rule   = color.RGBA{0xd9, 0xd9, 0xd9, 0xff}
	band   = color.RGBA{0xec, 0xec, 0xec, 0xff}
	blue   = color.RGBA{0x00, 0x72, 0xb2, 0xff} // a gain
	orange = color.RGBA{0xd5, 0x5e, 0x00, 0xff} // a loss
	grey   = color.RGBA{0x8c, 0x8c, 0x8c, 0xff} // neither
)

// style is text of the given size and colour, set from the given side.
func style(size vg.Length, c color.Color, x text.XAlignment) text.Style {
	return text.Style{
		Color: c, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		XAlign: x, YAlign: text.YCenter, Handler: plot.DefaultTextHandler,
	}
}

// bold is the style in bold face.
func bold(s text.Style) text.Style {
	s.Font.Weight = 3 // WeightBold of golang.org/x/image/font
	return s
}

// widest is the width of the widest of the words.
func widest(s text.Style, words []string) (w vg.Length) {
	for _, word := range words {
		w = max(w, s.Width(word))
	}
	return w
}

// A scale is the unit in which an axis shows money.
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

func (s scale) format(x float64) string { return number(x/s.divide, s.decimals) }

// number writes x with a proper minus sign, and none before a zero.
func number(x float64, decimals int) string {
	t := strconv.FormatFloat(x, 'f', decimals, 64)
	if digits, negative := strings.CutPrefix(t, "-"); negative {
		if t = digits; strings.Trim(digits, "0.") != "" {
			t = "−" + digits
		}
	}
	return t
}

// ticks are five to nine round numbers from low to high, in the scale's unit.
func ticks(low, high float64, s scale) plot.ConstantTicks {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/6)))
	for _, more := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if (high-low)/step > 9 {
			step *= more
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step/s.divide)+1e-9)))
	var out plot.ConstantTicks
	for i := math.Ceil(low/step - 1e-9); i*step <= high*(1+1e-9); i++ {
		out = append(out, plot.Tick{Value: i * step, Label: number(i*step/s.divide, decimals)})
	}
	return out
}

// shorten cuts a text that is too long for a figure.
func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
