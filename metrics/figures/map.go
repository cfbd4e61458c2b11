package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"idleshift/metrics"
	"idleshift/metrics/answer"
)

const kmPerDegree = 111.195 // of latitude, on a sphere of radius 6,371 km

// A place is where the firms of one name, or of one square of the map, are.
type place struct {
	name   string
	x, y   float64 // km east and north of the region's middle
	firms  int
	within float64 // hours that stay in it
}

// A flow is what firms of two places work for each other.
type flow struct {
	a, b  int
	hours float64
}

// regionMap draws firms by size, and the hours that firms of different places
// work for each other in a regime.
func regionMap(d *Data, asked string) (*content, error) {
	for _, table := range []string{metrics.Firms, metrics.Deals} {
		if err := d.has(table); err != nil {
			return nil, err
		}
	}
	r, err := d.regime(asked)
	if err != nil {
		return nil, err
	}
	if r.Pooled {
		return nil, nothing("%s has one merged firm: there are no deals to map", r.Name)
	}
	table, err := d.firms()
	if err != nil {
		return nil, err
	}
	all, err := d.deals()
	if err != nil {
		return nil, err
	}
	who := table.who[:table.count]
	if len(who) == 0 {
		return nil, nothing("there is no firm")
	}
	m := mapOf(d, who)
	if err := m.flow(d, all, r.Name); err != nil {
		return nil, err
	}
	between, within := 0.0, 0.0
	for _, f := range m.flows {
		between += f.hours
	}
	for _, p := range m.places {
		within += p.within
	}
	total := between + within
	if total == 0 {
		return nil, nothing("no hour was worked for another firm in %s", r.Name)
	}
	what := "places"
	if !m.named {
		what = fmt.Sprintf("squares of %g km", m.square)
	}
	alt := []string{fmt.Sprintf("A map of %s firms by size, with lines for the hours that firms of different %s work for each other under %s", Number(float64(len(who)), 0), what, answer.Inner(r.Title)),
		fmt.Sprintf("%s hours a year in all, %s of them within one place", Number(total, 0), Percent(within/total))}
	for _, f := range m.flows[:min(5, len(m.flows))] {
		if m.named {
			alt = append(alt, fmt.Sprintf("%s and %s %s", m.places[f.a].name, m.places[f.b].name, Number(f.hours, 0)))
		}
	}
	notes := []string{fmt.Sprintf("Simulated, not observed: positions are drawn at random around their places. The first of the random worlds, seed %d.", d.Seed)}
	if d.scenario.Region.File != "" {
		notes[0] = fmt.Sprintf("Simulated, not observed: the first of the random worlds, seed %d.", d.Seed)
	}
	notes = append(notes, fmt.Sprintf("Lines: hours a year worked for each other, both ways, between %s; %s of %s hours stay within one.", what, Percent(within/total), Number(total, 0)))
	return &content{
		title: "Who works for whom under " + answer.Inner(r.Title), subtitle: d.region(), alt: sentence(alt), notes: notes,
		height: func(p *pen, width vg.Length) vg.Length {
			w, h := m.extent()
			wide := width
			if !p.narrow {
				wide -= 11 * p.em
			}
			high := min(wide*vg.Length(h/w), 1.1*wide) + 2*p.em
			if p.narrow {
				high += 9 * p.em
			}
			return max(high, 24*p.em)
		},
		body: m.draw,
	}, nil
}

// chart is the map.
type chart struct {
	firms                  []firm
	x, y                   []float64 // km east and north of the middle, of firms
	places                 []place
	at                     []int // place of each firm
	flows                  []flow
	named                  bool
	square                 float64 // km, where places have no names
	west, east, south, top float64 // km
}

func mapOf(d *Data, who []firm) *chart {
	m := &chart{firms: who, square: max(d.scenario.Region.ZoneKm, 1)}
	latitude, longitude := 0.0, 0.0
	for _, f := range who {
		latitude += f.latitude / float64(len(who))
		longitude += f.longitude / float64(len(who))
		m.named = m.named || f.place != ""
	}
	shrink := math.Cos(latitude * math.Pi / 180)
	index := map[string]int{}
	m.west, m.south, m.east, m.top = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, f := range who {
		x, y := (f.longitude-longitude)*kmPerDegree*shrink, (f.latitude-latitude)*kmPerDegree
		m.x, m.y = append(m.x, x), append(m.y, y)
		m.west, m.east, m.south, m.top = min(m.west, x), max(m.east, x), min(m.south, y), max(m.top, y)
		key := f.place
		if !m.named {
			key = fmt.Sprint(math.Floor(x/m.square), math.Floor(y/m.square))
		}
		i, known := index[key]
		if !known {
			i = len(m.places)
			index[key] = i
			m.places = append(m.places, place{name: cmp.Or(d.scenario.Places[f.place].Title, answer.Capital(answer.Readable(f.place)))})
		}
		p := &m.places[i]
		p.x, p.y, p.firms = p.x+x, p.y+y, p.firms+1
		m.at = append(m.at, i)
	}
	for i := range m.places {
		p := &m.places[i]
		p.x, p.y = p.x/float64(p.firms), p.y/float64(p.firms)
	}
	return m
}

// flow adds up the hours of the first replicate's deals.
func (m *chart) flow(d *Data, all []deal, regime string) error {
	hours := make([]float64, len(m.places)*len(m.places))
	add := func(from, to int32, h float64) error {
		if from < 0 || from == to {
			return nil
		}
		if int(from) >= len(m.at) || int(to) >= len(m.at) || to < 0 {
			return fmt.Errorf("the deals table names a firm that the firms table lacks")
		}
		a, b := m.at[from], m.at[to]
		hours[min(a, b)*len(m.places)+max(a, b)] += h * d.yearly()
		return nil
	}
	for i := range all {
		l := &all[i]
		if l.regime != regime || l.replicate != 0 {
			continue
		}
		if err := add(l.provider, l.requester, l.booked); err != nil {
			return err
		}
		if err := add(l.operator, l.requester, l.operated); err != nil {
			return err
		}
	}
	for i, h := range hours {
		a, b := i/len(m.places), i%len(m.places)
		if a == b {
			m.places[a].within = h
		} else if h > 0 {
			m.flows = append(m.flows, flow{a, b, h})
		}
	}
	slices.SortFunc(m.flows, func(x, y flow) int {
		return cmp.Or(cmp.Compare(y.hours, x.hours), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return nil
}

// extent is the width and height in km.
func (m *chart) extent() (w, h float64) {
	return max(m.east-m.west, 2) * 1.04, max(m.top-m.south, 2) * 1.04
}

// firmSizes are those of the legend, in employees.
var firmSizes = []float64{5, 50, 500}

func (m *chart) draw(p *pen, box vg.Rectangle) {
	em := p.em
	area := box
	if p.narrow {
		area.Min.Y += 9 * em
	} else {
		area.Max.X -= 11 * em
	}
	w, h := m.extent()
	perKm := min((area.Max.X-area.Min.X)/vg.Length(w), (area.Max.Y-area.Min.Y)/vg.Length(h))
	middleX, middleY := (m.west+m.east)/2, (m.south+m.top)/2
	at := func(x, y float64) (vg.Length, vg.Length) {
		return (area.Min.X+area.Max.X)/2 + perKm*vg.Length(x-middleX), (area.Min.Y+area.Max.Y)/2 + perKm*vg.Length(y-middleY)
	}
	small := vg.Length(1)
	if len(m.firms) > 400 {
		small = 0.6
	}
	radius := func(employees float64) vg.Length { return small * em * vg.Length(0.045*math.Sqrt(max(employees, 1))) }
	dot := mix(p.paper, p.neither, 0.55)
	order := make([]int, len(m.firms))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.firms[b].employees, m.firms[a].employees) })
	ring := func(x, y, r vg.Length) {
		if r > 0.15*em {
			p.disc(p.paper, x, y, r+0.05*em)
		}
		p.disc(dot, x, y, r)
	}
	for _, i := range order {
		x, y := at(m.x[i], m.y[i])
		ring(x, y, radius(m.firms[i].employees))
	}
	widest := 0.95 * em
	most := 0.0
	for _, f := range m.flows {
		most = max(most, f.hours)
	}
	thick := func(hours float64) vg.Length { return widest * vg.Length(hours/most) }
	lines := slices.Clone(m.flows)
	slices.Reverse(lines) // the widest on top
	for _, f := range lines {
		if thick(f.hours) < 0.02*em {
			continue
		}
		x1, y1 := at(m.places[f.a].x, m.places[f.a].y)
		x2, y2 := at(m.places[f.b].x, m.places[f.b].y)
		p.curve(p.paper, thick(f.hours)+0.12*em, x1, y1, x2, y2)
		p.curve(p.first, thick(f.hours), x1, y1, x2, y2)
	}
	m.names(p, box, at, thick, radius)
	// the legend: distance, firms, flows
	x, y := box.Max.X-9.6*em, box.Max.Y-0.8*em
	if p.narrow {
		x, y = box.Min.X, box.Min.Y+8*em
	}
	next := func(down vg.Length) {
		y -= down * em
	}
	words, head := p.style(0.88, p.ink, left), p.small(left)
	km := 1.0
	for _, longer := range []float64{2, 5, 10, 20, 50, 100, 200} {
		if vg.Length(longer)*perKm <= 8*em {
			km = longer
		}
	}
	bar := vg.Length(km) * perKm
	p.line(p.ink, 0.14*em, x, y, x+bar, y)
	for _, end := range []vg.Length{x, x + bar} {
		p.line(p.ink, 0.14*em, end, y-0.3*em, end, y+0.3*em)
	}
	next(1.1)
	p.write(words, x, y, Number(km, 0)+" km, north is up")
	top := y - 2*em
	if p.narrow {
		top = y - 1.6*em
	}
	y = top
	p.write(head, x, y, "employees of a firm")
	largest := 0.0
	for _, f := range m.firms {
		largest = max(largest, f.employees)
	}
	for _, n := range firmSizes {
		if n > 2*largest {
			continue
		}
		next(max(1.3, 0.7+(radius(n)/em)))
		ring(x+0.8*em, y, radius(n))
		p.write(words, x+2.2*em, y, Number(n, 0))
	}
	next(2.2)
	if p.narrow {
		x, y = box.Min.X+(box.Max.X-box.Min.X)/2, top
	}
	p.write(head, x, y, "hours a year, both ways")
	for _, share := range []float64{1, 0.5, 0.1} {
		hours := round(most) * share
		if hours < 1 {
			continue
		}
		next(1.5)
		p.line(p.first, max(thick(hours), 0.03*em), x, y, x+1.7*em, y)
		p.write(words, x+2.2*em, y, Number(hours, 0))
	}
}

// names writes the name of each place, and the hours that stay in it, where
// least is hidden.
func (m *chart) names(p *pen, box vg.Rectangle, at func(x, y float64) (x1, y1 vg.Length), thick, radius func(float64) vg.Length) {
	if !m.named {
		return
	}
	em := p.em
	name, within := bold(p.style(0.95, p.ink, middle)), p.style(0.85, p.ink, middle)
	var taken []vg.Rectangle
	for i := range m.places {
		x, y := at(m.places[i].x, m.places[i].y)
		p.disc(p.paper, x, y, 0.42*em)
		p.disc(p.ink, x, y, 0.3*em)
		taken = append(taken, vg.Rectangle{Min: vg.Point{X: x - 0.4*em, Y: y - 0.4*em}, Max: vg.Point{X: x + 0.4*em, Y: y + 0.4*em}})
	}
	for i := range m.places {
		x, y := at(m.places[i].x, m.places[i].y)
		hours := Number(m.places[i].within, 0) + " h within"
		w, h := max(name.Width(m.places[i].name), within.Width(hours))/2+0.15*em, 1.1*em
		var best vg.Point
		least := math.Inf(1)
		for _, way := range []vg.Point{{Y: 1.7}, {Y: -1.7}, {X: 1, Y: 0}, {X: -1, Y: 0}, {X: 1, Y: 1.2}, {X: -1, Y: 1.2}, {X: 1, Y: -1.2}, {X: -1, Y: -1.2}, {Y: 3.2}, {Y: -3.2}} {
			c := vg.Point{X: x + way.X*(w+0.8*em), Y: y + way.Y*em}
			hidden := m.hidden(c, w, h, taken, at, thick, radius)
			if c.X-w < box.Min.X || c.X+w > box.Max.X || c.Y+h > box.Max.Y+em || c.Y-h < box.Min.Y-em {
				hidden += 1000
			}
			if hidden < least {
				best, least = c, hidden
			}
		}
		taken = append(taken, vg.Rectangle{Min: vg.Point{X: best.X - w, Y: best.Y - h}, Max: vg.Point{X: best.X + w, Y: best.Y + h}})
		p.halo(name, p.paper, best.X, best.Y+0.5*em, m.places[i].name)
		p.halo(within, p.paper, best.X, best.Y-0.6*em, hours)
	}
}

// hidden weighs what a box around c covers: other words and places most, then
// the lines by their width, then firms by theirs.
func (m *chart) hidden(c vg.Point, w, h vg.Length, taken []vg.Rectangle, at func(x, y float64) (x1, y1 vg.Length), thick, radius func(float64) vg.Length) float64 {
	sum := 0.0
	for _, o := range taken {
		if c.X-w < o.Max.X && o.Min.X < c.X+w && c.Y-h < o.Max.Y && o.Min.Y < c.Y+h {
			sum += 100
		}
	}
	for _, f := range m.flows {
		x1, y1 := at(m.places[f.a].x, m.places[f.a].y)
		x2, y2 := at(m.places[f.b].x, m.places[f.b].y)
		for i := 1; i < 30; i++ {
			q := bent(x1, y1, x2, y2, vg.Length(i)/30)
			if math.Abs(float64(q.X-c.X)) < float64(w) && math.Abs(float64(q.Y-c.Y)) < float64(h) {
				sum += thick(f.hours).Points()
			}
		}
	}
	for i, f := range m.firms {
		x, y := at(m.x[i], m.y[i])
		r := radius(f.employees)
		if math.Abs(float64(x-c.X)) < float64(w+r) && math.Abs(float64(y-c.Y)) < float64(h+r) {
			sum += r.Points() / 2
		}
	}
	return sum
}

// halo writes text that can be read on what lies below it.
func (p *pen) halo(s text.Style, ground color.Color, x, y vg.Length, t string) {
	around := s
	around.Color = ground
	for i := range 12 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 12)
		p.write(around, x+0.14*p.em*vg.Length(cos), y+0.14*p.em*vg.Length(sin), t)
	}
	p.write(s, x, y, t)
}

// round is x to one or two digits, from below.
func round(x float64) float64 {
	if x < 1 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(x)))
	return math.Floor(x/unit*2) / 2 * unit
}

// bend is how far a line between places leaves the straight one, as a share of
// its length: lines through one point can be told apart.
const bend = 0.12

// control is the point that bends a line.
func control(x1, y1, x2, y2 vg.Length) vg.Point {
	return vg.Point{X: (x1+x2)/2 - bend*(y2-y1), Y: (y1+y2)/2 + bend*(x2-x1)}
}

// bent is the point a share of the way along a bent line.
func bent(x1, y1, x2, y2, share vg.Length) vg.Point {
	c := control(x1, y1, x2, y2)
	a, b, d := (1-share)*(1-share), 2*share*(1-share), share*share
	return vg.Point{X: a*x1 + b*c.X + d*x2, Y: a*y1 + b*c.Y + d*y2}
}

// curve draws a bent line with round ends.
func (p *pen) curve(c color.Color, width, x1, y1, x2, y2 vg.Length) {
	p.SetLineStyle(draw.LineStyle{Color: c, Width: width})
	var path vg.Path
	path.Move(vg.Point{X: x1, Y: y1})
	path.QuadTo(control(x1, y1, x2, y2), vg.Point{X: x2, Y: y2})
	p.Stroke(path)
	p.disc(c, x1, y1, width/2)
	p.disc(c, x2, y2, width/2)
}
