// Package report writes what a dataset has to say as one page of HTML that
// needs nothing else: no network, no other file. The words and numbers are
// those of package answer, the pictures those of package figures.
//
// Everything stands in the page without a script: tables, pictures with what
// they show in words, and how to make them again. Where a script may run, some
// pictures give way to charts that can be asked and sorted; printed, they stand
// as they were. The page's policy allows no script and no style but its own,
// by their hashes, and no request.
package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"idleshift/metrics/answer"
	"idleshift/metrics/figures"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

//go:embed page.js
var script string

// The libraries of the charts, as they are published but for the lines that
// name maps of their sources.
var (
	//go:embed vega/vega.min.js
	vega string
	//go:embed vega/vega-lite.min.js
	vegaLite string
	//go:embed vega/vega-embed.min.js
	vegaEmbed string
	//go:embed vega/LICENSES.txt
	licences string
)

// charts are those that stand in for figures where scripts run.
var charts = map[string]string{"gain": "gains", "utilisation": "kinds", "winners": "firms", "factor": "effects"}

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"breakable": breakable}).Parse(pageText))

// Options say what a report is made of beside its dataset.
type Options struct {
	Version  string          // of the program
	Command  string          // that makes the report
	Second   *store.Dataset  // to set beside the first; nil for none
	Unpaired bool            // the two are independent samples
	Text     *scenarios.Base // of the scenario as it was written, for the sources of its values; nil if it is not at hand
}

// A page is what the template lays out.
type page struct {
	Title, Description string
	Sweep              bool
	Sentences          []string // the answer; the first is the headline
	Facts              []fact
	Notes              []string
	Keyed              bool    // the notes name regimes by their keys
	Main               []table // what the answer is about
	More               []table
	Figures            []figure
	Missing            []missing
	Firms              *winners
	Comparison         *comparison
	Assumptions        []assumptions
	Values, Assumed    int // in Assumptions: all, and those that say "assumption"
	Varied             []factor
	moved              []string // keys that the factors of a sweep move
	Regimes            []regime
	Method             method
	Files              []store.File
	Origin             []fact
	Commands           []string
	Data               any           // of the charts; nil for none
	Glyphs             template.HTML // outlines of the letters of all figures
	Style              template.CSS
	Scripts            []template.JS
	Policy             string
}

// A fact is a name and what it is.
type fact struct{ Name, Value string }

// A table is an answer.Table with names as people read them.
type table struct {
	ID, Title string
	Above     []string
	Header    []string
	Rows      [][]string
}

// A figure is a picture in two widths, with what it shows.
type figure struct {
	Name, Title, Doc, Alt string
	Wide, Narrow          template.HTML
	Image                 template.URL // in place of both, where they are too heavy
	Chart                 string       // chart that stands in for it where scripts run; empty for none
}

// A missing figure, and why.
type missing struct{ Doc, Why string }

// A regime as the method tells of it.
type regime struct {
	Name, Title, How string
	Baseline         bool
}

// A factor of a sweep.
type factor struct{ Name, Title, Levels string }

// A method is what is said of how the numbers came about.
type method struct {
	Replicates, Days, Warmup, YearDays int
	Seed                               int64
	Intervals, Level                   string
	Design                             string
}

// Of is the report of a dataset as a file. Its error says what is wrong with
// the dataset, or with the one to compare it with.
func Of(d *store.Dataset, o Options) ([]byte, error) {
	data, err := figures.Read(d)
	if err != nil {
		return nil, err
	}
	sc := &scenarios.Scenario{}
	if _, err := toml.Decode(d.Scenario, sc); err != nil {
		return nil, fmt.Errorf("the scenario in the manifest of %s: %w", d.Dir, err)
	}
	p := &page{
		Title: d.Title, Description: sc.Description, Sweep: d.Sweep != nil, Files: d.Files, Commands: []string{d.Command, o.Command},
		Origin: []fact{
			{"Version of the program", d.Version}, {"Report by version", o.Version}, {"Seed", fmt.Sprint(d.Seed)}, {"Replicates", fmt.Sprint(d.Replicates)},
			{"Scenario, SHA-256", d.Hash}, {"Plan, SHA-256", d.Plan},
		},
		Style: template.CSS(style),
		Method: method{
			Replicates: d.Replicates, Days: sc.Time.Days, Warmup: sc.Time.Warmup, YearDays: sc.Time.YearDays, Seed: d.Seed,
			Level: fmt.Sprintf("%g %%", 100*answer.Level),
		},
	}
	names := titles(sc)
	if p.Sweep {
		err = p.sweep(d, sc, names)
	} else {
		err = p.run(d, sc, data.Answer, names)
	}
	if err != nil {
		return nil, err
	}
	if err := p.pictures(data, o.Version); err != nil {
		return nil, err
	}
	if err := p.assumptions(sc, o.Text); err != nil {
		return nil, err
	}
	for _, name := range sc.Compare {
		p.Regimes = append(p.Regimes, regime{name, names.of(name), how(sc, name), name == sc.Baseline})
	}
	if o.Second != nil {
		if err := p.compare(d, o.Second, o.Unpaired, names); err != nil {
			return nil, err
		}
	}
	for _, text := range []string{"/*\n" + licences + "*/\n" + vega, vegaLite, vegaEmbed, script} {
		p.Scripts = append(p.Scripts, template.JS(text))
	}
	return p.write()
}

// run fills in what the answer of a run says.
func (p *page) run(d *store.Dataset, sc *scenarios.Scenario, a *answer.Answer, names named) error {
	p.Sentences = []string{together(a.Headline.Sentence)}
	p.Method.Intervals = a.Intervals
	p.Facts = []fact{
		{"Firms", figures.Number(float64(a.Firms), 0)}, {"Employees", figures.Number(float64(a.Employees), 0)},
		{"Random worlds", fmt.Sprint(a.Replicates)}, {"Measured working days", fmt.Sprint(a.Days)},
		{"Compared with", names.of(a.Baseline)},
	}
	for _, n := range a.Notes {
		p.Notes = append(p.Notes, noted(n.Text))
		p.Keyed = p.Keyed || slices.ContainsFunc(sc.Compare, func(name string) bool {
			return strings.Contains(name, "_") && strings.Contains(n.Text, name)
		})
	}
	for i, t := range a.Tables() {
		x := names.table(t)
		if i == 0 {
			x.ID = "main-table"
			p.Main = append(p.Main, x)
		} else {
			p.More = append(p.More, x)
		}
	}
	var err error
	if p.Firms, err = winnersOf(d, sc, a, names); err != nil {
		return err
	}
	p.Data, err = runData(d, sc, a, names)
	return err
}

// pictures draws every figure that the data has something for.
func (p *page) pictures(data *figures.Data, version string) error {
	glyphs := map[string]bool{}
	for _, name := range data.Figures() {
		f, err := figures.ByName(name)
		if err != nil {
			return err
		}
		one := figure{Name: name, Doc: f.Doc, Chart: charts[name]}
		for _, size := range []string{"page", "column"} {
			x, err := figures.Draw(data, name, version, figures.Options{Format: "svg", Size: size})
			if errors.Is(err, figures.ErrNothing) {
				p.Missing = append(p.Missing, missing{f.Doc, err.Error()})
				break
			}
			if err != nil {
				return fmt.Errorf("the figure %s: %w", name, err)
			}
			if len(x.Bytes) > heavy { // a map of very many firms
				if x, err = figures.Draw(data, name, version, figures.Options{Format: "png"}); err != nil {
					return fmt.Errorf("the figure %s: %w", name, err)
				}
				one.Title, one.Alt, one.Image = x.Title, x.Alt, template.URL("data:image/png;base64,"+base64.StdEncoding.EncodeToString(x.Bytes))
				break
			}
			svg, err := p.inline(x, glyphs)
			if err != nil {
				return fmt.Errorf("the figure %s: %w", name, err)
			}
			if size == "page" {
				one.Title, one.Alt, one.Wide = x.Title, x.Alt, svg
			} else {
				one.Narrow = svg
			}
		}
		if one.Title != "" {
			p.Figures = append(p.Figures, one)
		}
	}
	return nil
}

// heavy is how many bytes of SVG are too many for a page.
const heavy = 400_000

// inline is a picture as a part of the page. Pictures name a glyph by its
// letter and weight, so that the page needs each outline once: that is most of
// the bytes of a picture. What it shows is its label; where it comes from the
// page says.
func (p *page) inline(x *figures.Picture, glyphs map[string]bool) (template.HTML, error) {
	_, rest, ok := strings.Cut(string(x.Bytes), "<defs>")
	outlines, body, ok2 := strings.Cut(rest, "</defs>")
	if !ok || !ok2 {
		return "", errors.New("its SVG has no outlines of letters")
	}
	for line := range strings.Lines(outlines) {
		if line = strings.TrimSpace(line); line != "" && !glyphs[line] {
			glyphs[line] = true
			p.Glyphs += template.HTML(line + "\n")
		}
	}
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, x.Width, x.Height, html.EscapeString(x.Alt)) + body), nil
}

// write is the file.
func (p *page) write() ([]byte, error) {
	hashes := func(texts ...string) string {
		var all []string
		for _, t := range texts {
			sum := sha256.Sum256([]byte(t))
			all = append(all, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		}
		if all == nil {
			return "'none'"
		}
		return strings.Join(all, " ")
	}
	var scripts []string
	for _, s := range p.Scripts {
		scripts = append(scripts, string(s))
	}
	p.Policy = fmt.Sprintf("default-src 'none'; img-src data:; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", hashes(style), hashes(scripts...))
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// named are regimes and classes of orders as people read them, by name.
type named map[string]string

func titles(sc *scenarios.Scenario) named {
	n := named{}
	for name, c := range sc.Orders {
		n[name] = cmp.Or(c.Title, answer.Readable(name))
	}
	for name, r := range sc.Regimes {
		if r.Title != "" {
			n[name] = r.Title
		}
	}
	return n
}

func (n named) of(name string) string {
	return cmp.Or(n[name], answer.Readable(name))
}

// cell puts titles in the place of regimes' names.
func (n named) cell(text string) string {
	if t := n[strings.ReplaceAll(text, "_\n", "_")]; t != "" {
		return t
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if t := n[line]; t != "" {
			line = answer.Inner(t)
		} else if before, last, ok := cutLast(line, "gain over "); ok && n[last] != "" {
			line = before + answer.Inner(n[last])
		} else if before, name, ok := strings.Cut(line, " ("); ok && strings.HasSuffix(name, ")") && n[name[:len(name)-1]] != "" {
			line = before + ": " + answer.Inner(n[name[:len(name)-1]])
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, " ")
}

func cutLast(s, prefix string) (before, after string, ok bool) {
	if rest, ok := strings.CutPrefix(s, prefix); ok {
		return prefix, rest, true
	}
	return "", "", false
}

func (n named) table(t answer.Table) table {
	out := table{Title: t.Title}
	for _, line := range t.Above {
		out.Above = append(out.Above, together(line))
	}
	for _, h := range t.Header {
		h = strings.ReplaceAll(h, "utili-\n", "utili")
		out.Header = append(out.Header, answer.Capital(n.cell(h)))
	}
	for _, row := range t.Rows {
		cells := make([]string, len(t.Header))
		for i, c := range row {
			cells[i] = together(c)
			if i == 0 {
				cells[i] = answer.Capital(n.cell(strings.TrimSpace(c)))
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// together keeps what is one number or interval on one line, with a proper
// minus.
func together(cell string) string {
	cell = numeral.ReplaceAllString(cell, "$1−$2")
	if strings.HasPrefix(cell, "[") {
		end := strings.IndexByte(cell, ']') + 1
		return strings.ReplaceAll(cell[:end], " ", "\u00a0") + cell[end:]
	}
	return strings.ReplaceAll(cell, " %", "\u00a0%")
}

// noted is a note as a sentence.
func noted(text string) string { return together(answer.Capital(text) + ".") }

// breakable is a key that may go on in the next line after a dot or underscore.
func breakable(key string) template.HTML {
	return template.HTML(strings.NewReplacer(".", ".<wbr>", "_", "_<wbr>").Replace(template.HTMLEscapeString(key)))
}

var numeral = regexp.MustCompile(`(^|[\[ ])-(\d)`)

// how says what a regime is made of.
func how(sc *scenarios.Scenario, name string) string {
	r := sc.Regimes[name]
	if r.Pooled {
		return "One merged firm owns every unit and takes every order: a benchmark under the same rules of loading, not a bound."
	}
	if len(r.Tiers) == 0 {
		return "No market: what a firm lacks it buys from outside the region, does late or loses."
	}
	var tiers []string
	for i, t := range r.Tiers {
		title := cmp.Or(sc.Tiers[t].Title, answer.Readable(t))
		if i > 0 {
			title = answer.Inner(title)
		}
		tiers = append(tiers, title)
	}
	return strings.Join(tiers, ", then ") + "."
}
