package moments

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/stat"

	"idleshift/metrics"
	"idleshift/scenarios"
)

// A Moment is a number that a scenario is measured by: a metric of the
// catalogue, as its mean over replicates, or one of Series.
type Moment struct {
	Metric  string
	Regime  string   // empty is the scenario's baseline
	Sizes   []string // size classes of firms it is about; empty is all
	Classes []string // order classes it is about; empty is all customers' orders
}

// A series is a moment that is no metric.
type series struct {
	Name, Unit, Doc string
	bySize, byClass bool // it can be of some size classes, of some order classes
	days            func(sc *scenarios.Scenario) int
	parts           func(*sample, *Moment) []float64 // of one replicate
	value           func(means []float64) float64    // from the means of the parts
}

// Series lists the moments beside the metrics of the catalogue. Quarters and
// months are the fourth and the twelfth parts of the scenario's year; both are
// counted in the measured days.
var Series = []series{
	{Name: "utilisation_quarterly_sd", Unit: "1", Doc: "Standard deviation of the utilisation of quarters.",
		days: quarters(1), parts: quarterly, value: func(m []float64) float64 { return math.Sqrt(spread(m)) }},
	{Name: "utilisation_quarterly_autocorrelation", Unit: "1", Doc: "Correlation of the utilisation of a quarter with that of the quarter before.",
		days: quarters(2), parts: quarterly, value: func(m []float64) float64 {
			mean := m[1] / m[0]
			together := (m[4]-mean*(m[5]+m[6]))/m[3] + mean*mean
			return together / spread(m)
		}},
	{Name: "plants", Unit: "firms", Doc: "Firms, of some size classes.", bySize: true,
		parts: func(s *sample, m *Moment) []float64 {
			n, _ := s.population(m)
			return []float64{n}
		}, value: first},
	{Name: "jobs", Unit: "employees", Doc: "Employees of firms, of some size classes.", bySize: true,
		parts: func(s *sample, m *Moment) []float64 {
			_, jobs := s.population(m)
			return []float64{jobs}
		}, value: first},
	{Name: "lead_days", Unit: "days", Doc: "Mean lead time quoted, arrival to due date in working days, of customers' orders or some order classes.", byClass: true,
		parts: func(s *sample, m *Moment) []float64 {
			days, n := s.leads(m)
			return []float64{days, n}
		}, value: func(m []float64) float64 { return m[0] / m[1] }},
	{Name: "order_hours_cv", Unit: "1", Doc: "Coefficient of variation of the hours that a month's orders bring to a firm: root of Σ variance / Σ mean² over firms.", bySize: true, byClass: true,
		days: months(2), parts: func(s *sample, m *Moment) []float64 {
			v := s.volatility(m)
			sum := make([]float64, 2)
			for size := range v {
				sum[0] += v[size][0]
				sum[1] += v[size][1]
			}
			return sum
		}, value: func(m []float64) float64 { return math.Sqrt(m[0] / m[1]) }},
	{Name: "order_hours_cv_elasticity", Unit: "1", Doc: "Elasticity of order_hours_cv to employees: slope of its log over that of the mean employees, by size class.", bySize: true, byClass: true,
		days: months(2), parts: func(s *sample, m *Moment) []float64 { return slices.Concat(s.volatility(m)...) },
		value: func(m []float64) float64 {
			var x, y []float64
			for v := range slices.Chunk(m, 4) {
				if v[1] > 0 {
					x, y = append(x, math.Log(v[3]/v[2])), append(y, math.Log(v[0]/v[1])/2)
				}
			}
			if len(x) < 2 {
				return math.NaN()
			}
			_, slope := stat.LinearRegression(x, y, nil, false)
			return slope
		}},
}

func first(means []float64) float64 { return means[0] }

// spread is the variance of quarters from the parts of quarterly.
func spread(m []float64) float64 {
	mean := m[1] / m[0]
	return m[2]/m[0] - mean*mean
}

// quarterly counts the quarters and adds up their utilisation and its square;
// then counts the pairs of quarters that follow each other, and adds up their
// products, the earlier ones and the later ones.
func quarterly(s *sample, m *Moment) []float64 {
	parts := make([]float64, 7)
	u := s.utilisation(m)
	for i, x := range u {
		parts[0]++
		parts[1] += x
		parts[2] += x * x
		if i > 0 {
			parts[3]++
			parts[4] += u[i-1] * x
			parts[5] += u[i-1]
			parts[6] += x
		}
	}
	return parts
}

// quarters is how many measured days it takes to see n quarters; months the
// same for months.
func quarters(n int) func(*scenarios.Scenario) int {
	return func(sc *scenarios.Scenario) int { return partsOf(sc, n, 4) }
}

func months(n int) func(*scenarios.Scenario) int {
	return func(sc *scenarios.Scenario) int { return partsOf(sc, n, 12) }
}

// partsOf is the first day on which n parts of the year of which there are
// inYear are over.
func partsOf(sc *scenarios.Scenario, n, inYear int) int {
	return (n*sc.Time.YearDays + inYear - 1) / inYear
}

// Names lists all that a moment may be: the metrics and the series.
func Names() []string {
	var names []string
	for _, s := range Series {
		names = append(names, s.Name)
	}
	for _, m := range metrics.Catalogue {
		names = append(names, m.Name)
	}
	return names
}

// find is the series or the metric of that name.
func find(name string) (*series, *metrics.Metric) {
	for i := range Series {
		if Series[i].Name == name {
			return &Series[i], nil
		}
	}
	for i := range metrics.Catalogue {
		if metrics.Catalogue[i].Name == name {
			return nil, &metrics.Catalogue[i]
		}
	}
	return nil, nil
}

// Unit is the unit of the moment in the scenario's currency.
func (m *Moment) Unit() string {
	if s, c := find(m.Metric); s != nil {
		return s.Unit
	} else if c != nil {
		return c.Unit
	}
	return ""
}

// check tells the document what is wrong with the moment that stands at the
// path, for the scenario.
func (m *Moment) check(d *scenarios.Document, sc *scenarios.Scenario, path []string) {
	at := func(words ...string) []string { return append(slices.Clone(path), words...) }
	s, metric := find(m.Metric)
	if s == nil && metric == nil {
		near := scenarios.Nearest(m.Metric, Names())
		d.Wrong(at("metric"), strconv.Quote(m.Metric)+" is neither a metric nor a moment", "a metric, or "+join(Names()[:len(Series)]), near)
		return
	}
	if m.Regime != "" {
		if _, ok := sc.Regimes[m.Regime]; !ok {
			names := sortedKeys(sc.Regimes)
			d.Wrong(at("regime"), "the scenario has no regime "+strconv.Quote(m.Regime), join(names), scenarios.Nearest(m.Regime, names))
		}
	}
	some := func(key string, chosen, names []string, can bool) {
		if len(chosen) > 0 && !can {
			d.Wrong(at(key), m.Metric+" is of the whole region", "leave the key out", "")
			return
		}
		for i, name := range chosen {
			if !slices.Contains(names, name) {
				d.Wrong(at(key, strconv.Itoa(i+1)), "the scenario has no "+strconv.Quote(name)+" in its "+key, join(names), scenarios.Nearest(name, names))
			}
		}
	}
	some("sizes", m.Sizes, sortedKeys(sc.Sizes), s != nil && s.bySize)
	some("classes", m.Classes, sortedKeys(sc.Orders), s != nil && s.byClass)
	if s != nil && s.days != nil {
		if need := s.days(sc); sc.Time.Days < need {
			d.Wrong(at("metric"), m.Metric+" needs at least "+strconv.Itoa(need)+" measured days, the scenario has "+strconv.Itoa(sc.Time.Days),
				"a longer run, such as set = [\"time.days="+strconv.Itoa(sc.Time.YearDays)+"\"]", "")
		}
	}
}
