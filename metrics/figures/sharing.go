package figures

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"

	"idleshift/metrics"
	"idleshift/metrics/answer"
)

// sharing draws which kinds work for other firms, and how much, regime by
// regime.
func sharing(d *Data, _ string) (*content, error) {
	if err := d.has(metrics.Days); err != nil {
		return nil, err
	}
	table, err := d.days()
	if err != nil {
		return nil, err
	}
	grid := heat{caption: "hours worked for other firms, % of all hours worked"}
	var regimes []string
	var none []string
	for _, regime := range d.Regimes {
		shared := 0.0
		for _, kind := range table.kinds {
			if s := table.cells[[2]string{regime, kind}]; s != nil {
				shared += s.shared
			}
		}
		if title := d.title(regime).Title; shared > 0 {
			regimes = append(regimes, regime)
			grid.columns = append(grid.columns, title)
		} else {
			none = append(none, answer.Inner(title))
		}
	}
	if len(regimes) == 0 {
		return nil, nothing("no hour was worked for another firm in any regime")
	}
	alt := []string{fmt.Sprintf("A table in shades, of %d regimes, of the share of all hours worked that were worked for other firms", len(regimes))}
	for _, kind := range table.kinds {
		var cells []float64
		said := ""
		worked := 0.0
		for i, regime := range regimes {
			share := 0.0
			if s := table.cells[[2]string{regime, kind}]; s != nil && s.total > 0 {
				share = s.shared / s.total
				worked += s.total
			}
			cells = append(cells, share)
			if regime != d.Baseline && regime != d.Answer.Headline.Regime {
				continue // the text would be too long to listen to
			}
			if said != "" {
				said += ", "
			}
			said += answer.Inner(grid.columns[i]) + " " + Percent(share)
		}
		if worked == 0 {
			continue
		}
		grid.rows = append(grid.rows, d.kindTitle(kind))
		grid.cells = append(grid.cells, cells)
		alt = append(alt, answer.Inner(d.kindTitle(kind))+": "+said)
	}
	notes := []string{d.worlds(), "Own work and work for others count, set-up and travel do not."}
	if len(none) > 0 {
		notes = append(notes, fmt.Sprintf("Nothing is shared between firms in: %s.", list(none)))
	}
	return &content{
		title: "Who shares what", subtitle: d.region(), alt: sentence(alt), notes: notes,
		height: grid.height, body: grid.draw,
	}, nil
}

// list joins names in a sentence.
func list(names []string) string {
	text := ""
	for i, n := range names {
		switch {
		case i > 0 && i == len(names)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += n
	}
	return text
}

// heat is a table of shares in shades.
type heat struct {
	rows, columns []string
	cells         [][]float64
	caption       string // what the numbers are, with their unit
}

func (h *heat) height(p *pen, width vg.Length) vg.Length {
	each := vg.Length(1.75)
	from, _ := h.shape(p, width)
	for _, r := range h.rows {
		if len(h.name(p, from, r)) > 1 {
			each = 2.5
		}
	}
	return p.em*(1.5+each*vg.Length(len(h.rows))) + h.heads(p, width)
}

// name is the lines of a row's name, two at most.
func (h *heat) name(p *pen, from vg.Length, row string) []string {
	s := p.label(right)
	lines := wrap(s, from-0.6*p.em, row)
	if len(lines) > 2 {
		lines = []string{lines[0], strings.Join(lines[1:], " ")}
	}
	for i := range lines {
		lines[i] = fit(s, from-0.6*p.em, lines[i])
	}
	return lines
}

// shape is where the cells begin and how wide they are.
func (h *heat) shape(p *pen, width vg.Length) (from, each vg.Length) {
	most := 0.4 * width
	if p.height == 0 && !p.narrow { // names may take two lines, and heads stand upright
		most = 0.3 * width
	}
	from = min(widest(p.label(right), h.rows...), most) + 0.8*p.em
	return from, min((width-from)/vg.Length(len(h.columns)), 9*p.em)
}

// upright reports whether the heads of the columns fit side by side.
func (h *heat) upright(p *pen, width vg.Length) bool {
	_, each := h.shape(p, width)
	s := p.style(0.88, p.ink, middle)
	for _, c := range h.columns {
		if widest(s, wrap(s, 1, c)...) > each-0.3*p.em {
			return false
		}
	}
	return true
}

// heads is the height of the heads of the columns.
func (h *heat) heads(p *pen, width vg.Length) vg.Length {
	s := p.style(0.88, p.ink, middle)
	if !h.upright(p, width) {
		return widest(s, h.columns...) + 0.8*p.em
	}
	_, each := h.shape(p, width)
	most := 0
	for _, c := range h.columns {
		most = max(most, len(wrap(s, each-0.3*p.em, c)))
	}
	return p.em * (1.15*vg.Length(most) + 0.5)
}

func (h *heat) draw(p *pen, box vg.Rectangle) {
	em := p.em
	width := box.Max.X - box.Min.X
	p.write(p.small(left), box.Min.X, box.Max.Y-0.6*em, fit(p.small(left), width, h.caption))
	box.Max.Y -= 1.5 * em
	from, each := h.shape(p, width)
	high := h.heads(p, width)
	s := p.style(0.88, p.ink, middle)
	for i, c := range h.columns {
		x := box.Min.X + from + each*(vg.Length(i)+0.5)
		if !h.upright(p, width) {
			p.sideways(s, x, box.Max.Y-high+0.4*em, c)
			continue
		}
		lines := wrap(s, each-0.3*em, c)
		for k, line := range lines {
			p.write(s, x, box.Max.Y-high+em*(1.15*vg.Length(len(lines)-1-k)+0.85), line)
		}
	}
	box.Max.Y -= high
	most := 0.0
	for _, row := range h.cells {
		for _, v := range row {
			most = max(most, v)
		}
	}
	step := min((box.Max.Y-box.Min.Y)/vg.Length(len(h.rows)), 3*em)
	for i, row := range h.cells {
		top := box.Max.Y - step*vg.Length(i)
		name := h.name(p, from, h.rows[i])
		if leading*em*vg.Length(len(name)) > step {
			name = []string{fit(p.label(right), from-0.6*em, h.rows[i])}
		}
		for k, line := range name {
			p.write(p.label(right), box.Min.X+from-0.6*em, top-step/2+1.1*em*(vg.Length(len(name)-1)/2-vg.Length(k)), line)
		}
		for k, v := range row {
			fill := mix(p.paper, p.gain, 0.05+0.95*v/most)
			x := box.Min.X + from + each*vg.Length(k)
			if v == 0 {
				fill = p.paper
			}
			p.box(fill, x, top-step, x+each, top)
			p.frame(p.paper, 0.12*em, x, top-step, x+each, top)
			text, ink := Number(100*v, 1), p.on(fill)
			if v == 0 {
				text, ink = "–", p.pale
			}
			p.write(p.style(0.88, ink, middle), x+each/2, top-step/2, text)
		}
	}
}
