package figures

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"

	"idleshift/metrics/answer"
)

// A part is a share of a whole, with its colour.
type part struct {
	name   string
	hue    hue
	values []string // metrics whose sum it is
}

var fates = []part{
	{"done by others", func(t *theme) color.RGBA { return t.third }, []string{"hours_shared"}},
	{"overtime", func(t *theme) color.RGBA { return t.second }, []string{"hours_overtime"}},
	{"bought outside", func(t *theme) color.RGBA { return t.sixth }, []string{"hours_outside"}},
	{"done late", func(t *theme) color.RGBA { return t.fourth }, []string{"hours_own_late"}},
	{"lost", func(t *theme) color.RGBA { return t.fifth }, []string{"hours_lost", "hours_open"}},
}

var uses = []part{
	{"own work", func(t *theme) color.RGBA { return t.first }, []string{"capacity_own", "capacity_late"}},
	{"for others", func(t *theme) color.RGBA { return t.third }, []string{"capacity_shared"}},
	{"set-up, travel", func(t *theme) color.RGBA { return t.second }, []string{"capacity_setup", "capacity_travel"}},
	{"idle", func(t *theme) color.RGBA { return t.rule }, []string{"capacity_idle"}},
	{"down", func(t *theme) color.RGBA { return t.neither }, []string{"capacity_down"}},
}

// hours draws where the hours that were asked for and the hours of capacity
// went, regime by regime. What firms did themselves in time is most of the
// first, and stands as a number.
func hours(d *Data, _ string) (*content, error) {
	asked := rowChart{title: "Hours that orders asked for", axis: "share of hours asked for, %", percent: true, heads: []string{"own, in time", "lost"}}
	used := rowChart{title: "Hours of capacity", axis: "share of hours that units could run, %", percent: true, high: 1}
	alt := []string{fmt.Sprintf("Stacked bars, a row for each of %d regimes, of the shares of the hours that orders asked for", len(d.Regimes))}
	for _, regime := range d.Regimes {
		values, own, err := d.shares(regime, "hours_demanded", fates, "hours_own_on_time")
		if err != nil {
			return nil, err
		}
		capacity, _, err := d.shares(regime, "capacity", uses, "")
		if err != nil {
			return nil, err
		}
		sum := 0.0
		text := ""
		for i, v := range values {
			sum += v
			text += fmt.Sprintf(", %s %s", fates[i].name, Percent(v))
		}
		asked.high = max(asked.high, sum)
		title := d.title(regime).Title
		asked.rows = append(asked.rows, row{name: title, cells: []string{Percent(own), Percent(values[len(values)-1])}, draw: stack(values, fates)})
		used.rows = append(used.rows, row{name: title, draw: stack(capacity, uses)})
		if regime != d.Baseline && regime != d.Answer.Headline.Regime {
			continue // the text would be too long to listen to
		}
		alt = append(alt, fmt.Sprintf("%s: own in time %s%s; of capacity, own work %s, for others %s, idle %s, down %s",
			answer.Inner(title), Percent(own), text, Percent(capacity[0]), Percent(capacity[1]), Percent(capacity[3]), Percent(capacity[4])))
	}
	if asked.high == 0 {
		asked.high = 0.01
	}
	asked.high *= 1.04
	for _, f := range fates {
		asked.legend = append(asked.legend, swatch(f.name, f.hue))
	}
	for _, u := range uses {
		used.legend = append(used.legend, swatch(u.name, u.hue))
	}
	both := pair{&asked, &used, 0.64}
	return &content{
		title: "Where the hours went", subtitle: d.region(), alt: sentence(alt),
		notes: []string{
			d.worlds(), "Hours of operations and of the operators that they need.",
			"Lost includes what was still open at the end. Capacity is all shifts that units could run, and idle what was left of them.",
		},
		height: both.height, body: both.draw,
	}, nil
}

// shares are the parts of a whole in a regime, and one metric's.
func (d *Data) shares(regime, whole string, parts []part, apart string) (values []float64, rest float64, err error) {
	all, err := d.mean(whole, regime)
	if err != nil {
		return nil, 0, err
	}
	if !(all > 0) {
		return nil, 0, nothing("%s of %s is nothing", whole, regime)
	}
	for _, p := range parts {
		sum := 0.0
		for _, metric := range p.values {
			v, err := d.mean(metric, regime)
			if err != nil {
				return nil, 0, err
			}
			sum += v
		}
		values = append(values, sum/all)
	}
	if apart != "" {
		if rest, err = d.mean(apart, regime); err != nil {
			return nil, 0, err
		}
	}
	return values, rest / all, nil
}

// stack draws parts side by side, with a number where there is room.
func stack(values []float64, parts []part) func(p *pen, x axis, y, half vg.Length) {
	return func(p *pen, x axis, y, half vg.Length) {
		sum := 0.0
		for i, v := range values {
			if v <= 0 {
				continue
			}
			from, to := x(sum), x(sum+v)
			sum += v
			fill := parts[i].hue(p.theme)
			p.box(fill, from, y-half, to, y+half)
			p.line(p.paper, 0.05*p.em, to, y-half, to, y+half)
			s := p.style(0.8, p.on(fill), middle)
			said := Number(100*v, 0)
			if v < 0.0995 {
				said = Number(100*v, 1)
			}
			if s.Width(said)+0.4*p.em < to-from && 2*half > 0.8*p.em {
				p.write(s, (from+to)/2, y, said)
			}
		}
	}
}

// A pair is two row charts of the same rows: side by side, the names at the
// first alone, or one above the other where the figure is narrow.
type pair struct {
	first, second *rowChart
	share         vg.Length // of the first, of the width
}

// apart is the space between the two.
func (t *pair) apart(p *pen) vg.Length { return 2.2 * p.em }

func (t *pair) height(p *pen, width vg.Length) vg.Length {
	if p.narrow {
		return t.first.height(p, width) + t.apart(p)/2 + t.second.height(p, width)
	}
	one, two := t.aligned(p, width)
	return max(one.height(p, t.share*width), two.height(p, (1-t.share)*width-t.apart(p)))
}

// aligned are the charts with their rows at one height.
func (t *pair) aligned(p *pen, width vg.Length) (one, two rowChart) {
	one, two = *t.first, *t.second
	two.rows = nil
	for _, r := range t.second.rows {
		r.name = ""
		two.rows = append(two.rows, r)
	}
	one.words = max(one.top(p, t.share*width), two.top(p, (1-t.share)*width-t.apart(p)))
	two.words = one.words
	return one, two
}

func (t *pair) draw(p *pen, box vg.Rectangle) {
	a, b := box, box
	if p.narrow {
		h := (box.Max.Y - box.Min.Y - t.apart(p)/2) / 2
		a.Min.Y, b.Max.Y = box.Max.Y-h, box.Min.Y+h
		t.first.draw(p, a)
		t.second.draw(p, b)
		return
	}
	width := box.Max.X - box.Min.X
	one, two := t.aligned(p, width)
	a.Max.X = box.Min.X + t.share*width
	b.Min.X = a.Max.X + t.apart(p)
	one.draw(p, a)
	two.draw(p, b)
}
