package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/stats"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/scenarios/design"
)

// The numbers of the charts of a run.
type runNumbers struct {
	Currency string       `json:"currency"`
	Baseline string       `json:"baseline"`
	Headline string       `json:"headline"`
	Pooled   string       `json:"pooled"` // title of the merged firm; empty if there is none
	Level    float64      `json:"level"`
	Gains    []gainNumber `json:"gains"`
	Kinds    *kindNumbers `json:"kinds"` // null without the table of days
	Firms    *firmNumbers `json:"firms"` // null without the table of firms
}

// A gainNumber is a gain by one convention.
type gainNumber struct {
	Regime  string        `json:"regime"`
	Measure string        `json:"measure"`
	Unit    string        `json:"unit"`
	Mean    answer.Number `json:"mean"`
	Low     answer.Number `json:"low"`
	High    answer.Number `json:"high"`
}

// kindNumbers are utilisations by kind, regime and stretch of days.
type kindNumbers struct {
	Step    int              `json:"step"` // working days of a stretch
	Kinds   []string         `json:"kinds"`
	Regimes []string         `json:"regimes"`
	Values  [][][]utilNumber `json:"values"` // by kind, regime and stretch
}

// A utilNumber is mean, low and high; the last two are nil without interval.
type utilNumber [3]*float64

// firmNumbers are the firms of the first world and how each fares.
type firmNumbers struct {
	World   int         `json:"world"`   // firms of it
	Sectors []string    `json:"sectors"` // titles
	Sizes   []string    `json:"sizes"`   // titles
	Places  []string    `json:"places"`  // titles
	Regimes []string    `json:"regimes"` // titles
	Firms   [][4]int    `json:"firms"`   // sector, size, place, employees
	Changes [][]float64 `json:"changes"` // of profit a year, by regime and firm
}

// The most that charts show, for the size of the page.
const (
	mostStretches = 40
	mostFirms     = 2500
)

func runData(d *store.Dataset, sc *scenarios.Scenario, a *answer.Answer, names named) (*runNumbers, error) {
	out := &runNumbers{Currency: a.Currency, Baseline: names.of(a.Baseline), Headline: names.of(a.Headline.Regime), Level: 100 * a.Level}
	for _, r := range a.Regimes {
		if r.Gain == nil {
			continue
		}
		g := r.Gain
		if r.Pooled {
			out.Pooled = names.of(r.Name)
		}
		for _, m := range []struct {
			name, unit string
			of         answer.Estimate
		}{
			{"Gain a year", a.Currency, g.PerYear},
			{"Gain a year and employee", a.Currency, g.PerEmployee},
			{"Gain without internal needs", a.Currency, g.WithoutInternal},
			{"Gain after charges for slack", a.Currency, g.AfterSlack},
		} {
			out.Gains = append(out.Gains, gainNumber{names.of(r.Name), m.name, m.unit, m.of.Mean, m.of.Low, m.of.High})
		}
	}
	var err error
	if slices.Contains(d.Tables, metrics.Days) {
		if out.Kinds, err = kindsOf(d, sc, names); err != nil {
			return nil, err
		}
	}
	if slices.Contains(d.Tables, metrics.Firms) && len(a.Regimes) > 1 {
		out.Firms, err = firmsOf(d, sc, names)
	}
	return out, err
}

// kindsOf sums the table of days up.
func kindsOf(d *store.Dataset, sc *scenarios.Scenario, names named) (*kindNumbers, error) {
	step := 1
	for _, days := range []int{1, 5, 10, 25, 50, 125, 250} {
		if step = days; (d.Days+step-1)/step <= mostStretches {
			break
		}
	}
	if (d.Days+step-1)/step > mostStretches {
		step = (d.Days + mostStretches - 1) / mostStretches
	}
	stretches := (d.Days + step - 1) / step
	type sums struct{ worked, normal []float64 } // by stretch and replicate
	cells := map[[2]string]*sums{}
	var kinds []string
	err := store.Read(d, func(rows []metrics.DayRow) error {
		for i := range rows {
			r := &rows[i]
			if r.Replicate < 0 || int(r.Replicate) >= d.Replicates || r.Day < 0 || int(r.Day) >= d.Days {
				return fmt.Errorf("the days table has a day %d of a replicate %d", r.Day, r.Replicate)
			}
			c := cells[[2]string{r.Kind, r.Regime}]
			if c == nil {
				c = &sums{make([]float64, stretches*d.Replicates), make([]float64, stretches*d.Replicates)}
				cells[[2]string{r.Kind, r.Regime}] = c
				if !slices.Contains(kinds, r.Kind) {
					kinds = append(kinds, r.Kind)
				}
			}
			at := int(r.Day)/step*d.Replicates + int(r.Replicate)
			c.worked[at] += r.Own + r.Late + r.Shared
			c.normal[at] += r.Normal
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &kindNumbers{Step: step}
	for _, r := range d.Regimes {
		out.Regimes = append(out.Regimes, names.of(r))
	}
	for _, k := range kinds {
		out.Kinds = append(out.Kinds, called(sc.Kinds[k].Title, k))
		var byRegime [][]utilNumber
		for _, r := range d.Regimes {
			c := cells[[2]string{k, r}]
			if c == nil {
				byRegime = append(byRegime, nil)
				continue
			}
			var line []utilNumber
			for s := range stretches {
				share := make([]float64, d.Replicates)
				for i := range share {
					share[i] = c.worked[s*d.Replicates+i] / c.normal[s*d.Replicates+i]
				}
				m := stats.Mean(share, answer.Level)
				u := utilNumber{rounded(m.Mean, 1e4), nil, nil}
				if m.Bounded() {
					u[1], u[2] = rounded(m.Low, 1e4), rounded(m.High, 1e4)
				}
				line = append(line, u)
			}
			byRegime = append(byRegime, line)
		}
		out.Values = append(out.Values, byRegime)
	}
	return out, nil
}

// rounded is x to a fraction of one; nil if it is no number.
func rounded(x, to float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x = math.Round(x*to) / to
	return &x
}

// firmsOf are the firms of the first world, or of them every so many in the
// order of the table, so that the page stays small.
func firmsOf(d *store.Dataset, sc *scenarios.Scenario, names named) (*firmNumbers, error) {
	all, err := changesOf(d)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c change) bool { return c.replicate != 0 })
	out := &firmNumbers{World: len(all)}
	every := (len(all) + mostFirms - 1) / mostFirms
	sectors, sizes, places := map[string]int{}, map[string]int{}, map[string]int{}
	number := func(in map[string]int, titles *[]string, name, title string) int {
		i, known := in[name]
		if !known {
			i = len(in)
			in[name] = i
			*titles = append(*titles, title)
		}
		return i
	}
	var regimes []string
	for _, r := range d.Regimes {
		if r != d.Baseline && !sc.Regimes[r].Pooled {
			regimes = append(regimes, r)
			out.Regimes = append(out.Regimes, names.of(r))
		}
	}
	out.Changes = make([][]float64, len(regimes))
	yearly := float64(d.YearDays) / float64(d.Days)
	for i := range all {
		if i%every != 0 {
			continue
		}
		c := &all[i]
		out.Firms = append(out.Firms, [4]int{
			number(sectors, &out.Sectors, c.sector, called(sc.Sectors[c.sector].Title, c.sector)),
			number(sizes, &out.Sizes, c.size, sizeTitle(sc, c.size)),
			number(places, &out.Places, c.place, called(sc.Places[c.place].Title, c.place)),
			int(c.employees + 0.5),
		})
		for k, r := range regimes {
			out.Changes[k] = append(out.Changes[k], math.Round((c.after[r]-c.before)*yearly))
		}
	}
	return out, nil
}

// The numbers of the charts of a sweep.
type sweepNumbers struct {
	Level    float64         `json:"level"`
	Outcomes []outcomeNumber `json:"outcomes"`
}

type outcomeNumber struct {
	Title   string         `json:"title"`
	Unit    string         `json:"unit"`
	Factors []factorNumber `json:"factors"`
}

type factorNumber struct {
	Title  string        `json:"title"`
	Groups []groupNumber `json:"groups"`
}

type groupNumber struct {
	Group string        `json:"group"`
	Mean  answer.Number `json:"mean"`
	Low   answer.Number `json:"low"`
	High  answer.Number `json:"high"`
}

func sweepData(s *answer.Summary, names named) *sweepNumbers {
	out := &sweepNumbers{Level: 100 * s.Level}
	for _, o := range s.Outcomes {
		one := outcomeNumber{Title: outcomeTitle(o.Outcome, names), Unit: o.Unit}
		for _, f := range o.Factors {
			if len(f.Groups) < 2 {
				continue
			}
			line := factorNumber{Title: called(f.Title, f.Factor)}
			for _, g := range f.Groups {
				line.Groups = append(line.Groups, groupNumber{g.Group, g.Mean.Mean, g.Mean.Low, g.Mean.High})
			}
			one.Factors = append(one.Factors, line)
		}
		if len(one.Factors) > 0 {
			out.Outcomes = append(out.Outcomes, one)
		}
	}
	return out
}

// outcomeTitle is an outcome as people read it.
func outcomeTitle(outcome string, names named) string {
	if regime, ok := answer.GainRegime(outcome); ok {
		return "Gain of " + answer.Inner(names.of(regime))
	}
	return outcome
}

// levels are what a factor can be, in words.
func levels(f *design.Factor) string {
	if f.Levels == nil {
		text := fmt.Sprintf("%g to %g", f.Low, f.High)
		if f.Relative {
			text += " times what the scenario has"
		}
		return text
	}
	var words []string
	for _, l := range f.Levels {
		words = append(words, l.Label)
	}
	return strings.Join(words, ", ")
}
