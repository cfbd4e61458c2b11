package figures

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"

	"idleshift/metrics"
	"idleshift/metrics/answer"
)

// A spread is how the profits of a group of firms change.
type spread struct {
	name          string
	employees     float64 // mean
	firms         float64 // a world
	changes       []float64
	worse, better float64 // shares
	quantiles     [5]float64
}

// points are the quantiles that are drawn.
var points = [5]float64{0.05, 0.25, 0.5, 0.75, 0.95}

// winners draws who wins and who loses: the change of each firm's profit by
// size class.
func winners(d *Data, asked string) (*content, error) {
	if err := d.has(metrics.Firms); err != nil {
		return nil, err
	}
	r, err := d.regime(asked)
	if err != nil {
		return nil, err
	}
	if r.Pooled {
		return nil, nothing("%s has one merged firm: nobody in it wins or loses", r.Name)
	}
	table, err := d.firms()
	if err != nil {
		return nil, err
	}
	before, after := table.profit[d.Baseline], table.profit[r.Name]
	if len(before) != len(after) || len(before) != len(table.who) {
		return nil, fmt.Errorf("the firms table has %d firms in %s and %d in %s", len(before), d.Baseline, len(after), r.Name)
	}
	if len(before) == 0 {
		return nil, nothing("there is no firm")
	}
	all := &spread{name: "all firms"}
	classes := map[string]*spread{}
	var groups []*spread
	for i, f := range table.who {
		change := (after[i] - before[i]) * d.yearly() / f.employees
		if f.employees <= 0 {
			continue
		}
		g := classes[f.size]
		if g == nil {
			g = &spread{name: d.class(f.size)}
			classes[f.size] = g
			groups = append(groups, g)
		}
		for _, s := range []*spread{g, all} {
			s.changes = append(s.changes, change)
			s.employees += f.employees
		}
	}
	for _, g := range append(groups, all) {
		g.count(float64(d.Replicates))
	}
	slices.SortFunc(groups, func(a, b *spread) int {
		return cmp.Or(cmp.Compare(a.employees, b.employees), cmp.Compare(a.name, b.name))
	})
	if len(groups) > 1 || groups[0].name == "" {
		if groups[0].name == "" && len(groups) == 1 {
			groups = nil
		}
		groups = append(groups, all)
	}
	low, high := 0.0, 0.0
	for _, g := range groups {
		low, high = min(low, g.quantiles[0]), max(high, g.quantiles[4])
	}
	if low == high {
		return nil, nothing("no firm's profit differs between %s and %s", d.Baseline, r.Name)
	}
	room := 0.04 * (high - low)
	low, high = low-room, high+room
	s := scaleOf(max(-low, high), max(-low, high))
	chart := rowChart{
		heads: []string{"better off", "worse off", "median", "firms"}, low: low, high: high, scale: s,
		axis: fmt.Sprintf("change of profit, %s%s a year and employee", s.word, d.Currency),
		behind: func(p *pen, plot vg.Rectangle, x axis) {
			p.box(mix(p.paper, p.loss, 0.09), plot.Min.X, plot.Min.Y, x(0), plot.Max.Y)
			p.box(mix(p.paper, p.gain, 0.09), x(0), plot.Min.Y, plot.Max.X, plot.Max.Y)
		},
		front: func(p *pen, plot vg.Rectangle, x axis) {
			p.datum(plot, x(0))
		},
		above: func(p *pen, plot vg.Rectangle, x axis) {
			if p.narrow {
				return
			}
			lose, win := p.style(0.88, p.pale, right), p.style(0.88, p.pale, left)
			p.write(lose, x(0)-0.5*p.em, plot.Max.Y+0.7*p.em, "← lose")
			p.write(win, x(0)+0.5*p.em, plot.Max.Y+0.7*p.em, "win →")
		},
	}
	alt := []string{fmt.Sprintf("Boxes by size class of how firms' profits change from %s to %s, transfers included, in %s%s a year and employee", answer.Inner(d.baseline()), answer.Inner(r.Title), s.word, d.Currency)}
	for _, g := range groups {
		chart.rows = append(chart.rows, row{
			name: g.name, strong: g == all,
			cells: []string{Percent(g.better), Percent(g.worse), s.format(g.quantiles[2]), Number(g.firms, 0)},
			draw: func(p *pen, x axis, y, half vg.Length) {
				q := g.quantiles
				p.line(p.pale, 0.1*p.em, x(q[0]), y, x(q[4]), y)
				for _, end := range []float64{q[0], q[4]} {
					p.line(p.pale, 0.1*p.em, x(end), y-0.5*half, x(end), y+0.5*half)
				}
				for _, side := range []struct {
					from, to float64
					fill     bool
				}{{min(q[1], 0), min(q[3], 0), false}, {max(q[1], 0), max(q[3], 0), true}} {
					fill := p.loss
					if side.fill {
						fill = p.gain
					}
					p.box(fill, x(side.from), y-half, x(side.to), y+half)
				}
				if q[2] != 0 {
					p.line(p.paper, 0.36*p.em, x(q[2]), y-half, x(q[2]), y+half)
				}
				p.line(p.ink, 0.18*p.em, x(q[2]), y-half, x(q[2]), y+half)
			},
		})
		alt = append(alt, fmt.Sprintf("%s: %s better off, %s worse off, median %s, middle half %s to %s", g.name, Percent(g.better), Percent(g.worse), s.format(g.quantiles[2]), s.format(g.quantiles[1]), s.format(g.quantiles[3])))
	}
	return &content{
		title: "Who wins and who loses by " + answer.Inner(r.Title), subtitle: d.region(), alt: sentence(alt),
		notes: []string{
			fmt.Sprintf("Simulated, not observed: the firms of %s of %d working days, seed %d.", counted(d.Replicates, "random world"), d.Days, d.Seed),
			fmt.Sprintf("Profits of single firms, prices and fees between them included, compared with %s in the same world.", answer.Inner(d.baseline())),
			"Box: the middle half of firms; line in it: the median; whiskers: all but a twentieth at each end. The rest were neither better nor worse off. Part of the spread is chance: who happened to need help.",
		},
		height: chart.height, body: chart.draw,
	}, nil
}

// count works out what is drawn.
func (s *spread) count(worlds float64) {
	slices.Sort(s.changes)
	n := float64(len(s.changes))
	for _, c := range s.changes {
		switch {
		case c < 0:
			s.worse += 1 / n
		case c > 0:
			s.better += 1 / n
		}
	}
	s.employees /= n
	s.firms = n / worlds
	for i, q := range points {
		s.quantiles[i] = stat.Quantile(q, stat.Empirical, s.changes, nil)
	}
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// class is a size class as people read it.
func (d *Data) class(size string) string {
	if c, ok := d.scenario.Sizes[size]; ok {
		if c.Most > c.Least {
			return fmt.Sprintf("%s–%s employees", Number(math.Ceil(c.Least), 0), Number(c.Most, 0))
		}
		return Number(c.Least, 0) + " employees"
	}
	return answer.Readable(size)
}
