package moments

import (
	"maps"
	"slices"
	"strings"

	"idleshift/agents"
	"idleshift/metrics"
	"idleshift/sim"
)

// A sample is what one replicate of one scenario shows of itself, as far as
// moments need it. It is filled as a run goes on.
type sample struct {
	region  *sim.Region
	frame   *metrics.Frame
	results []sim.Result
	worked  [][]hours   // by regime, then quarter
	monthly [][]float64 // by order class, then firm × month: hours asked for
	months  int
	lead    []float64 // by order class: sum of days from arrival to due date
	orders  []float64 // by order class: how many arrived
}

// hours of a quarter: worked, and of practical capacity.
type hours struct{ worked, normal agents.Hours }

func newSample(region *sim.Region) *sample {
	sc := region.Scenario
	s := &sample{region: region, frame: metrics.NewFrame(sc)}
	s.months = s.part(sc.Time.Days, 12)
	for range sc.Compare {
		s.worked = append(s.worked, make([]hours, s.part(sc.Time.Days, 4)))
	}
	for range region.ClassNames {
		s.monthly = append(s.monthly, make([]float64, len(region.Firms)*s.months))
	}
	s.lead, s.orders = make([]float64, len(region.ClassNames)), make([]float64, len(region.ClassNames))
	return s
}

// part is the part of the year, of which there are inYear, in which a measured
// day lies: so many are over before it.
func (s *sample) part(day, inYear int) int {
	return day * inYear / s.region.Scenario.Time.YearDays
}

// Day takes one measured day of one regime.
func (s *sample) Day(regime int, day agents.Day, kinds []agents.DayHours) error {
	q := s.part(int(day), 4)
	if q >= len(s.worked[regime]) {
		return nil
	}
	h := &s.worked[regime][q]
	for k := range kinds {
		h.worked += kinds[k].Own + kinds[k].Late + kinds[k].Shared
		h.normal += kinds[k].Normal
	}
	return nil
}

// Deals and Firms say nothing that a moment needs.
func (s *sample) Deals(int, []agents.Deal) error { return nil }

// Firms does nothing, see Deals.
func (s *sample) Firms(int, []sim.FirmResult) error { return nil }

// hear takes the arrivals of the measured days, which are the same in all
// regimes, as the first regime has them.
func (s *sample) hear(e *sim.Event) {
	if e.What != sim.Arrived || e.Regime != 0 {
		return
	}
	day := int(e.Day) - s.region.Scenario.Time.Warmup
	if day < 0 || day >= s.region.Scenario.Time.Days {
		return
	}
	s.orders[e.Class]++
	s.lead[e.Class] += float64(e.Last - e.Day)
	if m := s.part(day, 12); m < s.months {
		s.monthly[e.Class][int(e.Firm)*s.months+m] += e.Hours.Float()
	}
}

// regime is the position of the moment's regime.
func (s *sample) regime(m *Moment) int {
	if m.Regime == "" {
		return slices.Index(s.frame.Regimes, s.region.Scenario.Baseline)
	}
	return slices.Index(s.frame.Regimes, m.Regime)
}

// metric is the value of a metric of the catalogue.
func (s *sample) metric(metric *metrics.Metric, m *Moment) float64 {
	return metric.Of(&metrics.Run{Result: &s.results[s.regime(m)], Frame: s.frame, Firms: len(s.region.Firms)})
}

// utilisation is that of the quarters of the moment's regime.
func (s *sample) utilisation(m *Moment) []float64 {
	var u []float64
	for _, h := range s.worked[s.regime(m)] {
		if h.normal > 0 {
			u = append(u, float64(h.worked)/float64(h.normal))
		}
	}
	return u
}

// of tells by size class whether the moment is about it.
func (s *sample) of(m *Moment) []bool {
	in := make([]bool, len(s.region.SizeNames))
	for i, name := range s.region.SizeNames {
		in[i] = len(m.Sizes) == 0 || slices.Contains(m.Sizes, name)
	}
	return in
}

// population counts the moment's firms and their employees. Firms of a table
// that fit no size class count where no class is named.
func (s *sample) population(m *Moment) (firms, jobs float64) {
	in := s.of(m)
	for i := range s.region.Firms {
		f := &s.region.Firms[i]
		if f.Size < 0 && len(m.Sizes) > 0 || f.Size >= 0 && !in[f.Size] {
			continue
		}
		firms++
		jobs += f.Employees
	}
	return firms, jobs
}

// about tells by order class whether the moment is about it.
func (s *sample) about(m *Moment) []bool {
	in := make([]bool, len(s.region.ClassNames))
	for i, name := range s.region.ClassNames {
		in[i] = len(m.Classes) == 0 && !s.frame.Internal[i] || slices.Contains(m.Classes, name)
	}
	return in
}

func (s *sample) leads(m *Moment) (days, orders float64) {
	for class, in := range s.about(m) {
		if in {
			days += s.lead[class]
			orders += s.orders[class]
		}
	}
	return days, orders
}

// volatility adds up, by size class that the moment is about, the variance
// over months of the hours asked of each firm and the square of their mean,
// and counts the firms and their employees.
func (s *sample) volatility(m *Moment) [][]float64 {
	in, about := s.of(m), s.about(m)
	sums := make([][]float64, len(in))
	for size := range sums {
		sums[size] = make([]float64, 4)
	}
	month := make([]float64, s.months)
	for i := range s.region.Firms {
		f := &s.region.Firms[i]
		if f.Size < 0 || !in[f.Size] {
			continue
		}
		clear(month)
		for class, wanted := range about {
			if !wanted {
				continue
			}
			for j, h := range s.monthly[class][i*s.months : (i+1)*s.months] {
				month[j] += h
			}
		}
		mean, squares := 0.0, 0.0
		for _, h := range month {
			mean += h / float64(len(month))
		}
		for _, h := range month {
			squares += (h - mean) * (h - mean)
		}
		variance := squares / float64(len(month)-1)
		sum := sums[f.Size]
		sum[0] += variance
		sum[1] += mean*mean - variance/float64(len(month)) // of the mean itself, which is estimated
		sum[2]++
		sum[3] += f.Employees
	}
	var chosen [][]float64
	for size, sum := range sums {
		if in[size] {
			chosen = append(chosen, sum)
		}
	}
	return chosen
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func join(names []string) string { return strings.Join(names, ", ") }
