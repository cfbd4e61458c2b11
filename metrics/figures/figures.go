// Package figures draws answers. A figure shows numbers of a dataset and none
// that it does not hold: estimates with their intervals, units on the axes, and
// what may not be read into them in a line below. Nothing is told by colour
// alone.
//
// Each figure is a function in a file of its own, and a line of the table
// below. It says what there is to show as a content, which is laid out for the
// size and the theme that are asked for and written as PNG, SVG or PDF. The
// same data and options give the same bytes. Every file carries its Origin and,
// as text, what it shows.
package figures

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/stats"
)

// A Figure is one of the set.
type Figure struct {
	Name string
	Doc  string // what it shows, in one sentence
	Of   Subject
	draw func(d *Data, regime string) (*content, error)
}

// A Subject is what a figure needs.
type Subject string

const (
	Run   Subject = "run"
	Sweep Subject = "sweep"
)

// All are the figures.
var All = []Figure{
	{"gain", "What each regime gains over the baseline, with intervals, what one merged firm would gain, and the bound.", Run, gain},
	{"hours", "Where the hours went, regime by regime: own, shared, overtime, outside, late, lost; idle and down.", Run, hours},
	{"waterfall", "Which lines of the account lead from the baseline's surplus to that of a regime.", Run, waterfall},
	{"map", "The region: firms by size, and the hours that flow between places in a regime.", Run, regionMap},
	{"utilisation", "Utilisation over time by kind, in the baseline and in a regime, with intervals.", Run, utilisation},
	{"winners", "Who wins and who loses: how firms' profits change by size class, after transfers.", Run, winners},
	{"sharing", "Who shares what: hours worked for other firms by kind and regime.", Run, sharing},
	{"deals", "How large deals are, and how far the work goes, regime by regime.", Run, deals},
	{"factor", "What the gain of each regime depends on: lines with bands over each factor.", Sweep, factor},
	{"plane", "Where in two factors a regime is ahead of its rival, and the line of indifference.", Sweep, plane},
	{"tornado", "How far each factor moves the gain of a regime, the strongest first.", Sweep, tornado},
	{"sensitivity", "Sobol indices or Morris's effects of the factors, with intervals.", Sweep, sensitivity},
	{"pooling", "What pooling leaves of the hours lost, by number of firms, against theory (design pooling).", Sweep, pooling},
}

// ErrNothing is the error for a figure that the data has nothing for; its text
// is the reason.
var ErrNothing = errors.New("there is nothing to draw")

// reason is an ErrNothing.
type reason string

func (r reason) Error() string      { return string(r) }
func (reason) Is(target error) bool { return target == ErrNothing }

func nothing(format string, a ...any) error { return reason(fmt.Sprintf(format, a...)) }

// Options say how a figure is drawn; what is empty has its default.
type Options struct {
	Format string // of Formats; the default is png
	Size   string // of Sizes; the default is page
	Theme  string // of Themes; the default is light
	Regime string // that a figure of one regime is about; the default is the headline's
}

// A Picture is a figure drawn.
type Picture struct {
	Title         string
	Alt           string  // what it shows, in words and numbers
	Width, Height float64 // points
	Bytes         []byte  // the file
}

// ByName finds a figure; the error for an unknown name suggests the nearest.
func ByName(name string) (*Figure, error) {
	var names []string
	for i := range All {
		if All[i].Name == name {
			return &All[i], nil
		}
		names = append(names, All[i].Name)
	}
	return nil, metrics.Unknown("figure", name, names)
}

// resolve puts defaults in place and refuses what is not known.
func (o *Options) resolve() error {
	for _, x := range []struct {
		what  string
		value *string
		of    []string
	}{{"format", &o.Format, Formats}, {"size", &o.Size, Sizes}, {"theme", &o.Theme, Themes}} {
		if *x.value == "" {
			*x.value = x.of[0]
		}
		if !slices.Contains(x.of, *x.value) {
			return metrics.Unknown(x.what, *x.value, x.of)
		}
	}
	return nil
}

// Draw draws the named figure. version is that of the program, for the Origin.
// The error is ErrNothing where the data has nothing for the figure, with the
// reason; otherwise it says what is wrong with name, options or data.
func Draw(d *Data, name, version string, o Options) (*Picture, error) {
	f, err := ByName(name)
	if err != nil {
		return nil, err
	}
	if err := o.resolve(); err != nil {
		return nil, err
	}
	if o.Regime != "" && !slices.Contains(d.Regimes, o.Regime) {
		return nil, metrics.Unknown("regime", o.Regime, d.Regimes)
	}
	switch {
	case f.Of == Sweep && d.swept == nil:
		return nil, nothing("it is a figure of sweeps, and %s holds a run", d.Dir)
	case f.Of == Run && d.swept != nil:
		return nil, nothing("it is a figure of a run, and %s holds a sweep", d.Dir)
	}
	content, err := f.draw(d, o.Regime)
	if err != nil {
		return nil, err
	}
	origin, err := json.Marshal(Origin{
		Program: keyword, Version: version, Figure: name, Format: o.Format, Size: o.Size, Theme: o.Theme, Regime: o.Regime,
		Command: d.Command, Dataset: d.Version, Plan: d.Plan, Scenario: d.Hash, Title: d.Title, Seed: d.Seed, Replicates: d.Replicates,
	})
	if err != nil {
		return nil, err
	}
	s := &sizes[slices.IndexFunc(sizes, func(s size) bool { return s.name == o.Size })]
	t := &themes[slices.IndexFunc(themes, func(t theme) bool { return t.name == o.Theme })]
	c := content.layOut(s, t)
	alt := content.title + ". " + content.alt
	if len(content.notes) > 0 {
		alt += " " + content.notes[0]
	}
	raw, err := c.encode(o.Format, s.dpi, about{content.title, alt, origin})
	if err != nil {
		return nil, err
	}
	return &Picture{content.title, alt, c.width.Points(), c.height.Points(), raw}, nil
}

// A content is what a figure shows, whatever its size.
type content struct {
	title, subtitle string
	alt             string   // after the title: full sentences
	notes           []string // sentences below
	height          func(p *pen, width vg.Length) vg.Length
	body            func(p *pen, box vg.Rectangle)
}

// layOut draws words above, the body, and words below.
func (c *content) layOut(s *size, t *theme) *canvas {
	p := &pen{theme: t, size: s}
	em := s.em
	margin := 1.2 * em
	width := s.width - 2*margin
	title, subtitle, note := bold(p.style(1.4, p.ink, left)), p.style(0.95, p.pale, left), p.small(left)
	titles, subtitles := wrap(title, width, c.title), wrap(subtitle, width, c.subtitle)
	notes := wrap(note, width, strings.Join(c.notes, " "))
	above := margin + 1.75*em*vg.Length(len(titles)) + 1.25*em*vg.Length(len(subtitles)) + 0.9*em
	below := 0.9*em + 1.2*em*vg.Length(len(notes)) + margin
	height := s.height
	if height == 0 {
		height = vg.Length(math.Ceil((above + c.height(p, width) + below).Points()))
	}
	page := newCanvas(s.width, height, t.paper)
	p.Canvas = draw.NewCanvas(page, s.width, height)
	y := height - margin - 0.85*em
	for _, line := range titles {
		p.write(title, margin, y, line)
		y -= 1.75 * em
	}
	y += 0.15 * em
	for _, line := range subtitles {
		p.write(subtitle, margin, y, line)
		y -= 1.25 * em
	}
	y = margin + 1.2*em*(vg.Length(len(notes))-0.5)
	for _, line := range notes {
		p.write(note, margin, y, line)
		y -= 1.2 * em
	}
	c.body(p, vg.Rectangle{Min: vg.Point{X: margin, Y: below}, Max: vg.Point{X: s.width - margin, Y: height - above}})
	return page
}

// worlds is the sentence that says what the numbers are means of.
func (d *Data) worlds() string {
	a := d.Answer
	switch what := fmt.Sprintf("random worlds of %d working days, seed %d.", a.Days, a.Seed); {
	case a.Replicates == 1:
		return "Simulated, not observed: one of many " + what
	case a.Replicates < stats.Enough:
		return fmt.Sprintf("Simulated, not observed: means of only %d %s At least %d are needed.", a.Replicates, what, stats.Enough)
	default:
		return fmt.Sprintf("Simulated, not observed: means of %d %s", a.Replicates, what)
	}
}

// whiskers says what the intervals of gains are of, and for what.
func (d *Data) whiskers(of string) []string {
	if of != "" {
		of = " of " + of
	}
	switch level := fmt.Sprintf("%g %% intervals", 100*d.Answer.Level); d.Answer.Intervals {
	case answer.OfReplicates:
		return []string{"Whiskers: " + level + of + ", paired by world."}
	case answer.OfBatches:
		return []string{"Whiskers: " + level + of + " from tenths of its days: they show chance from day to day, not between regions."}
	}
	return []string{"One world gives no intervals."}
}

// region is the subtitle that says what is simulated.
func (d *Data) region() string {
	a := d.Answer
	return fmt.Sprintf("%s. %s firms, %s employees.", a.Title, Number(float64(a.Firms), 0), Number(float64(a.Employees), 0))
}
