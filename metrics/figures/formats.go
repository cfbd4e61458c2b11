package figures

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"html"
	"image/png"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// Formats are the formats of a figure's file, by its extension.
var Formats = []string{"png", "svg", "pdf"}

// about is what a file says of itself.
type about struct {
	title, alt string
	origin     []byte // JSON
}

// encode writes the canvas in a format.
//
// Note: SVG and PDF are written here and not by vgsvg and vgpdf. The first
// leaves text to fonts that a reader may lack; the second mangles what is not
// Latin-1, refuses bold text, embeds the time, and has no place for metadata.
// Letters are shapes and no fonts in PDF too, since publishers refuse fonts made
// of shapes (Type 3).
func (c *canvas) encode(format string, dpi int, a about) ([]byte, error) {
	switch format {
	case "svg":
		return c.svg(a), nil
	case "pdf":
		return c.pdf(a)
	}
	return c.png(dpi, a)
}

// keyword marks our own metadata in a PNG or PDF.
const keyword = "idleshift"

// png draws the canvas at a resolution in dots per inch.
func (c *canvas) png(dpi int, a about) ([]byte, error) {
	img := vgimg.NewWith(vgimg.UseWH(c.width, c.height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(c.paper))
	for i := range c.marks {
		m := &c.marks[i]
		img.SetColor(m.color)
		if m.width == 0 {
			path := m.path
			if m.letters != nil {
				path = c.outlines(m)
			}
			img.Fill(vgPath(path))
			continue
		}
		var dashes []vg.Length
		for _, d := range m.dashes {
			dashes = append(dashes, vg.Points(d))
		}
		img.SetLineWidth(vg.Points(m.width))
		img.SetLineDash(dashes, 0)
		img.Stroke(vgPath(m.path))
	}
	var plain bytes.Buffer
	if err := png.Encode(&plain, img.Image()); err != nil {
		return nil, err
	}
	const head = 8 + 12 + 13 // signature, and the header with its frame
	raw := plain.Bytes()
	out := slices.Clone(raw[:head])
	perMetre := uint32(float64(dpi)/0.0254 + 0.5)
	size := binary.BigEndian.AppendUint32(nil, perMetre)
	out = chunk(out, "pHYs", append(append(size, size...), 1))
	for _, text := range [][2]string{{"Title", a.title}, {"Description", a.alt}, {keyword, string(a.origin)}} {
		out = chunk(out, "iTXt", []byte(text[0]+"\x00\x00\x00\x00\x00"+text[1]))
	}
	return append(out, raw[head:]...), nil
}

// chunk appends a chunk of a PNG.
func chunk(to []byte, kind string, data []byte) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(len(data)))
	start := len(to)
	to = append(append(to, kind...), data...)
	return binary.BigEndian.AppendUint32(to, crc32.ChecksumIEEE(to[start:]))
}

func vgPath(segments []segment) vg.Path {
	var path vg.Path
	at := func(p point) vg.Point { return vg.Point{X: vg.Points(p.x), Y: vg.Points(p.y)} }
	for _, s := range segments {
		switch s.op {
		case 'M':
			path.Move(at(s.p[0]))
		case 'L':
			path.Line(at(s.p[0]))
		case 'C':
			path.CubeTo(at(s.p[0]), at(s.p[1]), at(s.p[2]))
		case 'Z':
			path.Close()
		}
	}
	return path
}

// svg writes the canvas as an SVG file. A glyph stands in it once.
func (c *canvas) svg(a about) []byte {
	var b bytes.Buffer
	w, h := short(c.width.Points()), short(c.height.Points())
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%spt" height="%spt" viewBox="0 0 %s %s" role="img">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n<metadata>%s</metadata>\n<defs>\n", html.EscapeString(a.title), html.EscapeString(a.alt), html.EscapeString(string(a.origin)))
	for _, g := range c.sorted() {
		fmt.Fprintf(&b, `<path id="%s" d="%s"/>`+"\n", g.id(), pathData(c.glyphs[g]))
	}
	fmt.Fprintf(&b, "</defs>\n"+`<rect width="%s" height="%s" fill="%s"/>`+"\n"+`<g transform="matrix(1 0 0 -1 0 %s)">`+"\n", w, h, hex(c.paper), h)
	for i := range c.marks {
		m := &c.marks[i]
		switch {
		case m.letters != nil:
			t := m.at
			fmt.Fprintf(&b, `<g fill="%s" transform="matrix(%s %s %s %s %s %s)">`, hex(m.color), fine(t.a), fine(t.b), fine(t.c), fine(t.d), short(t.e), short(t.f))
			for _, l := range m.letters {
				if len(c.glyphs[l.glyph]) > 0 {
					fmt.Fprintf(&b, `<use xlink:href="#%s" x="%s"/>`, l.id(), short(l.x))
				}
			}
			b.WriteString("</g>\n")
		case m.width == 0:
			fmt.Fprintf(&b, `<path fill="%s" d="%s"/>`+"\n", hex(m.color), pathData(m.path))
		default:
			fmt.Fprintf(&b, `<path fill="none" stroke="%s" stroke-width="%s"`, hex(m.color), short(m.width))
			if len(m.dashes) > 0 {
				fmt.Fprintf(&b, ` stroke-dasharray="%s"`, strings.Join(shorts(m.dashes), " "))
			}
			fmt.Fprintf(&b, ` d="%s"/>`+"\n", pathData(m.path))
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// sorted are the glyphs that have a shape, in an order that depends on nothing
// else.
func (c *canvas) sorted() (all []glyph) {
	for _, g := range slices.SortedFunc(maps.Keys(c.glyphs), func(x, y glyph) int { return cmp.Compare(x.id(), y.id()) }) {
		if len(c.glyphs[g]) > 0 {
			all = append(all, g)
		}
	}
	return all
}

// id names the glyph within a file.
func (g glyph) id() string {
	if g.bold {
		return "b" + strconv.Itoa(int(g.index))
	}
	return "r" + strconv.Itoa(int(g.index))
}

func hex(c interface{ RGBA() (r, g, b, a uint32) }) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// short is a number of points to a hundredth.
func short(x float64) string { return trimmed(strconv.FormatFloat(x, 'f', 2, 64)) }

func fine(x float64) string { return trimmed(strconv.FormatFloat(x, 'f', 7, 64)) }

func trimmed(t string) string {
	t = strings.TrimRight(strings.TrimRight(t, "0"), ".")
	if t == "-0" || t == "" {
		return "0"
	}
	return t
}

func shorts(x []float64) []string {
	out := make([]string, len(x))
	for i := range x {
		out[i] = short(x[i])
	}
	return out
}

func pathData(path []segment) string {
	var b strings.Builder
	for _, s := range path {
		b.WriteByte(s.op)
		for i, p := range s.points() {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(short(p.x) + " " + short(p.y))
		}
	}
	return b.String()
}

// points are those that the segment has.
func (s *segment) points() []point {
	switch s.op {
	case 'C':
		return s.p[:]
	case 'Z':
		return nil
	}
	return s.p[:1]
}

// pdf writes the canvas as a PDF of one page. A glyph stands in it once, as a
// form.
func (c *canvas) pdf(a about) ([]byte, error) {
	var page bytes.Buffer
	fmt.Fprintf(&page, "%s rg 0 0 %s %s re f\n", shares(c.paper), short(c.width.Points()), short(c.height.Points()))
	for i := range c.marks {
		m := &c.marks[i]
		switch {
		case m.letters != nil:
			t := m.at
			fmt.Fprintf(&page, "q %s rg %s %s %s %s %s %s cm\n", shares(m.color), fine(t.a), fine(t.b), fine(t.c), fine(t.d), short(t.e), short(t.f))
			x := 0.0
			for _, l := range m.letters {
				if len(c.glyphs[l.glyph]) > 0 {
					fmt.Fprintf(&page, "1 0 0 1 %s 0 cm /%s Do\n", short(l.x-x), l.id())
					x = l.x
				}
			}
			page.WriteString("Q\n")
		case m.width == 0:
			fmt.Fprintf(&page, "%s rg\n%sf\n", shares(m.color), pdfPath(m.path))
		default:
			fmt.Fprintf(&page, "%s RG %s w [%s] 0 d\n%sS\n", shares(m.color), short(m.width), strings.Join(shorts(m.dashes), " "), pdfPath(m.path))
		}
	}
	const first = 6 // object of the first glyph
	var forms [][]byte
	var names strings.Builder
	for _, g := range c.sorted() {
		fmt.Fprintf(&names, "/%s %d 0 R ", g.id(), first+len(forms))
		form, err := stream("/Type /XObject /Subtype /Form /BBox [-4096 -4096 8192 8192]", pdfPath(c.glyphs[g])+"f\n")
		if err != nil {
			return nil, err
		}
		forms = append(forms, form)
	}
	content, err := stream("", page.String())
	if err != nil {
		return nil, err
	}
	objects := append([][]byte{
		[]byte("<< /Type /Catalog /Pages 2 0 R /Lang (en) >>"),
		[]byte("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
		fmt.Appendf(nil, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Resources << /XObject << %s>> >> /Contents 4 0 R >>",
			short(c.width.Points()), short(c.height.Points()), names.String()),
		content,
		fmt.Appendf(nil, "<< /Title %s /Subject %s /Creator (%s) /%s <%x> >>", pdfText(a.title), pdfText(a.alt), keyword, keyword, a.origin),
	}, forms...)
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	var starts []int
	for i, object := range objects {
		starts = append(starts, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(starts)+1)
	for _, at := range starts {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(starts)+1, table)
	return b.Bytes(), nil
}

// stream is a compressed stream of a PDF.
func stream(keys, text string) ([]byte, error) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write([]byte(text)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "<< %s /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", keys, packed.Len(), packed.Bytes()), nil
}

// pdfPath is the path in the operators of a PDF.
func pdfPath(path []segment) string {
	var b strings.Builder
	for _, s := range path {
		for _, p := range s.points() {
			b.WriteString(short(p.x) + " " + short(p.y) + " ")
		}
		b.WriteString(map[byte]string{'M': "m", 'L': "l", 'C': "c", 'Z': "h"}[s.op] + "\n")
	}
	return b.String()
}

// shares are the parts of a colour from 0 to 1.
func shares(c interface{ RGBA() (r, g, b, a uint32) }) string {
	r, g, b, _ := c.RGBA()
	part := func(x uint32) string { return trimmed(strconv.FormatFloat(float64(x>>8)/255, 'f', 3, 64)) }
	return part(r) + " " + part(g) + " " + part(b)
}

// pdfText is a text string in UTF-16.
func pdfText(text string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// An Origin says what a figure was made from: enough to make it again.
type Origin struct {
	Program    string `json:"program"`
	Version    string `json:"version"` // of the program that drew it
	Figure     string `json:"figure"`
	Format     string `json:"format"`
	Size       string `json:"size"`
	Theme      string `json:"theme"`
	Regime     string `json:"regime,omitempty"` // that was asked for
	Command    string `json:"command"`          // that makes the dataset
	Dataset    string `json:"dataset_version"`  // of the program that made it
	Plan       string `json:"plan"`             // SHA-256 of what the dataset is made from
	Scenario   string `json:"scenario_sha256"`  // as run
	Title      string `json:"title"`            // of the scenario
	Seed       int64  `json:"seed"`
	Replicates int    `json:"replicates"`
}

// ReadOrigin finds the origin in a figure's file, of any of the Formats.
func ReadOrigin(file []byte) (*Origin, error) {
	text, err := originText(file)
	if err != nil {
		return nil, err
	}
	o := &Origin{}
	if err := json.Unmarshal(text, o); err != nil || o.Program != keyword {
		return nil, fmt.Errorf("its record of how it was made is damaged or not of %s", keyword)
	}
	return o, nil
}

func originText(file []byte) ([]byte, error) {
	missing := fmt.Errorf("not a figure of %s: it carries no record of how it was made (some programs drop it when they save a picture)", keyword)
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		mark := []byte("iTXt" + keyword + "\x00\x00\x00\x00\x00")
		at := bytes.Index(file, mark)
		if at < 4 {
			return nil, missing
		}
		length := int(binary.BigEndian.Uint32(file[at-4:])) - (len(mark) - 4)
		start := at + len(mark)
		if length < 0 || start+length > len(file) {
			return nil, missing
		}
		return file[start : start+length], nil
	case bytes.HasPrefix(file, []byte("%PDF-")):
		_, rest, found := bytes.Cut(file, []byte("/"+keyword+" <"))
		digits, _, closed := bytes.Cut(rest, []byte(">"))
		if !found || !closed {
			return nil, missing
		}
		text := make([]byte, len(digits)/2)
		for i := range text {
			x, err := strconv.ParseUint(string(digits[2*i:2*i+2]), 16, 8)
			if err != nil {
				return nil, missing
			}
			text[i] = byte(x)
		}
		return text, nil
	}
	_, rest, found := bytes.Cut(file, []byte("<metadata>"))
	text, _, closed := bytes.Cut(rest, []byte("</metadata>"))
	if !found || !closed {
		return nil, missing
	}
	return []byte(html.UnescapeString(string(text))), nil
}
