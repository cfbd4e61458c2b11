package figures

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"

	"idleshift/metrics"
	"idleshift/metrics/answer"
)

// A histogram has shares of deals between bounds.
type histogram struct {
	name   string
	bounds []float64 // ends of the bins but the first, which begins at 0; what is beyond the last is a bin of its own
	unit   string
}

var (
	dealHours = histogram{"hours of the request", []float64{1, 2, 4, 8, 16, 32, 64, 128}, "h"}
	dealKm    = histogram{"road distance to the work", []float64{2, 5, 10, 20, 30, 40, 60, 80}, "km"}
)

// of are the shares of the values in the bins.
func (h *histogram) of(values []float64) []float64 {
	out := make([]float64, len(h.bounds)+1)
	for _, v := range values {
		i := 0
		for i < len(h.bounds) && v >= h.bounds[i] {
			i++
		}
		out[i] += 1 / float64(len(values))
	}
	return out
}

// deals draws how large deals are and how far work travels, regime by regime.
func deals(d *Data, _ string) (*content, error) {
	if err := d.has(metrics.Deals); err != nil {
		return nil, err
	}
	all, err := d.deals()
	if err != nil {
		return nil, err
	}
	type group struct {
		title, medians string
		hours, km      []float64 // shares by bin
	}
	var groups []group
	most := 0.0
	alt := []string{"Histograms by regime of the hours of a deal and of the road distance between requester and work; number of deals, median hours and median distance"}
	for _, regime := range d.Regimes {
		var hours, km []float64
		near := 0
		for i := range all {
			if all[i].regime != regime {
				continue
			}
			hours = append(hours, all[i].hours)
			if all[i].km > 0 {
				km = append(km, all[i].km)
			} else {
				near++
			}
		}
		if len(hours) == 0 {
			continue
		}
		slices.Sort(hours)
		slices.Sort(km)
		g := group{title: d.title(regime).Title, hours: dealHours.of(hours), km: dealKm.of(km)}
		g.medians = fmt.Sprintf("%s deals, %s h", Number(float64(len(hours)), 0), digits(stat.Quantile(0.5, stat.Empirical, hours, nil), 2))
		if len(km) > 0 {
			g.medians += fmt.Sprintf(", %s km", digits(stat.Quantile(0.5, stat.Empirical, km, nil), 2))
		}
		for _, v := range slices.Concat(g.hours, g.km) {
			most = max(most, v)
		}
		groups = append(groups, g)
		said := answer.Inner(g.title) + ": " + g.medians
		if near > 0 {
			said += fmt.Sprintf(", %s without a journey", Percent(float64(near)/float64(len(hours))))
		}
		alt = append(alt, said)
	}
	if len(groups) == 0 {
		return nil, nothing("no deal was made in any regime")
	}
	worlds := "Deals of the first of the random worlds alone"
	if d.AllDeals || d.Replicates == 1 {
		worlds = "Deals of all random worlds"
	}
	rowHeight := vg.Length(4.6)
	return &content{
		title: "How large deals are, and how far the work goes", subtitle: d.region(), alt: sentence(alt),
		notes: []string{
			fmt.Sprintf("Simulated, not observed: seed %d. %s, for orders of %d measured days.", d.Seed, worlds, d.Days),
			"Beside each name: the number of deals and their medians. Each bar is the share of a regime's deals between two marks; the last is all beyond. Distances are of deals with a journey; deals on one's own site or by remote advice have none.",
		},
		height: func(p *pen, width vg.Length) vg.Length {
			return p.em * (rowHeight*vg.Length(len(groups)) + 1.2 + axisHeight)
		},
		body: func(p *pen, box vg.Rectangle) {
			em := p.em
			plots := [2]vg.Rectangle{box, box}
			names := vg.Length(0)
			gap := 1.5 * em
			if !p.narrow {
				for _, g := range groups {
					names = max(names, p.label(right).Width(g.title), p.small(right).Width(g.medians))
				}
				names = min(names, 0.34*(box.Max.X-box.Min.X)) + em
			}
			w := (box.Max.X - box.Min.X - names - gap) / 2
			plots[0].Min.X += names
			plots[0].Max.X = plots[0].Min.X + w
			plots[1].Min.X = box.Max.X - w
			for k, h := range []histogram{dealHours, dealKm} {
				plot := plots[k]
				plot.Min.Y += axisHeight * em
				plot.Max.Y -= 1.2 * em
				bins := len(h.bounds) + 1
				x := func(i float64) vg.Length { return plot.Min.X + (plot.Max.X-plot.Min.X)*vg.Length(i/float64(bins)) }
				step := (plot.Max.Y - plot.Min.Y) / vg.Length(len(groups))
				for i, g := range groups {
					base := plot.Max.Y - step*vg.Length(i+1)
					room := step - 1.15*em
					if p.narrow {
						room -= 1.2 * em
					}
					values := g.hours
					if k == 1 {
						values = g.km
					}
					for b, v := range values {
						p.box(p.gain, x(float64(b)+0.06), base, x(float64(b)+0.94), base+room*vg.Length(v/most))
						if v >= 0.005 {
							p.write(p.style(0.72, p.pale, middle), x(float64(b)+0.5), base+room*vg.Length(v/most)+0.5*em, Number(100*v, 0))
						}
					}
					p.line(p.pale, 0.06*em, plot.Min.X, base, plot.Max.X, base)
					if k > 0 {
						continue
					}
					if p.narrow {
						p.write(bold(p.style(0.92, p.ink, left)), box.Min.X, base+step-0.7*em, fit(bold(p.label(left)), box.Max.X-box.Min.X-p.small(right).Width(g.medians)-em, g.title))
						p.write(p.small(right), box.Max.X, base+step-0.7*em, g.medians)
					} else {
						p.write(p.label(right), plot.Min.X-em, base+0.5*step, fit(p.label(right), names-em, g.title))
						p.write(p.small(right), plot.Min.X-em, base+0.5*step-1.2*em, g.medians)
					}
				}
				for i, bound := range h.bounds {
					at := x(float64(i + 1))
					p.line(p.pale, 0.06*em, at, plot.Min.Y, at, plot.Min.Y-0.3*em)
					p.write(p.style(0.85, p.ink, middle), at, plot.Min.Y-0.9*em, Number(bound, 0))
				}
				p.write(p.label(middle), (plot.Min.X+plot.Max.X)/2, plot.Min.Y-2.3*em, h.name+", "+h.unit)
				p.write(p.small(left), plot.Min.X, plot.Max.Y+0.5*em, "% of deals")
			}
		},
	}, nil
}
