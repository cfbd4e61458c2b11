package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/figures"
	"idleshift/metrics/stats"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

// winners say how the profits of firms change in the regime of the headline,
// what firms pay each other included.
type winners struct {
	Regime, Baseline string
	Why              string // there are no tables
	Worse            table  // share of firms worse off, by regime
	Groups           []table
}

// A change is how a firm fares in a regime.
type change struct {
	replicate    int32
	sector, size string
	place        string
	employees    float64
	before       float64
	after        map[string]float64 // profit in the measured days, by regime
}

// changesOf are the firms of every replicate, in the order of the table.
func changesOf(d *store.Dataset) ([]change, error) {
	var all []change
	index := map[[2]int32]int{}
	err := store.Read(d, func(rows []metrics.FirmRow) error {
		for i := range rows {
			r := &rows[i]
			if r.Firm < 0 {
				continue // merged
			}
			key := [2]int32{r.Replicate, r.Firm}
			at, known := index[key]
			if !known {
				at = len(all)
				index[key] = at
				all = append(all, change{replicate: r.Replicate, sector: r.Sector, size: r.Size, place: r.Place, employees: r.Employees, after: map[string]float64{}})
			}
			if r.Regime == d.Baseline {
				all[at].before = r.Profit
			} else {
				all[at].after[r.Regime] = r.Profit
			}
		}
		return nil
	})
	return all, err
}

func winnersOf(d *store.Dataset, sc *scenarios.Scenario, a *answer.Answer, names named) (*winners, error) {
	w := &winners{Regime: names.of(a.Headline.Regime), Baseline: names.of(d.Baseline)}
	w.Worse = table{Title: "Firms worse off than in " + answer.Inner(w.Baseline), Header: []string{"Form of cooperation", "Share of firms", fmt.Sprintf("%g %% interval", 100*a.Level)}}
	for _, r := range a.Regimes {
		if r.Gain == nil || r.Gain.WorseOff == nil {
			continue
		}
		e := *r.Gain.WorseOff
		w.Worse.Rows = append(w.Worse.Rows, []string{names.of(r.Name), percent(float64(e.Mean)), bounds(stats.Interval{Mean: float64(e.Mean), Low: float64(e.Low), High: float64(e.High)}, percent)})
	}
	switch {
	case a.Headline.Regime == "":
		w.Why = fmt.Sprintf("Only %s was run: nobody can win or lose by anything.", answer.Inner(w.Baseline))
		return w, nil
	case !slices.Contains(d.Tables, metrics.Firms):
		w.Why = "The dataset was made without the table firms: who wins and who loses cannot be told."
		return w, nil
	}
	all, err := changesOf(d)
	if err != nil {
		return nil, err
	}
	for _, by := range []struct {
		title string
		of    func(*change) string
		name  func(string) string
	}{
		{"By size", func(c *change) string { return c.size }, func(s string) string { return sizeTitle(sc, s) }},
		{"By sector", func(c *change) string { return c.sector }, func(s string) string { return called(sc.Sectors[s].Title, s) }},
		{"By place", func(c *change) string { return c.place }, func(s string) string { return called(sc.Places[s].Title, s) }},
	} {
		if t, ok := groupsOf(d, a, all, by.of, by.name); ok {
			t.Title = by.title
			w.Groups = append(w.Groups, t)
		}
	}
	return w, nil
}

// groupsOf sums the firms up by group; not ok if all are in one.
func groupsOf(d *store.Dataset, a *answer.Answer, all []change, of func(*change) string, name func(string) string) (table, bool) {
	type group struct {
		firms, worse, better, employees float64
		sum                             []float64 // by replicate
	}
	yearly := float64(d.YearDays) / float64(d.Days)
	groups := map[string]*group{}
	for i := range all {
		c := &all[i]
		after, there := c.after[a.Headline.Regime]
		if !there || int(c.replicate) >= d.Replicates {
			continue
		}
		g := groups[of(c)]
		if g == nil {
			g = &group{sum: make([]float64, d.Replicates)}
			groups[of(c)] = g
		}
		g.firms++
		g.employees += c.employees
		g.sum[c.replicate] += (after - c.before) * yearly
		switch {
		case after < c.before:
			g.worse++
		case after > c.before:
			g.better++
		}
	}
	t := table{Header: []string{"", "Firms in a world", "Better off", "Worse off", "Change of profit, thousand " + d.Currency + " a year", fmt.Sprintf("%g %% interval", 100*a.Level), "A year and employee, " + d.Currency}}
	thousands := func(x float64) string { return figures.Number(x/1000, 0) }
	keys := slices.Sorted(maps.Keys(groups))
	slices.SortStableFunc(keys, func(x, y string) int {
		return cmp.Compare(groups[x].employees/groups[x].firms, groups[y].employees/groups[y].firms)
	})
	for _, key := range keys {
		g := groups[key]
		sum := stats.Mean(g.sum, answer.Level)
		said := bounds(sum, thousands)
		if sum.Bounded() && !sum.Clear() {
			said += ", not distinguishable from zero"
		}
		t.Rows = append(t.Rows, []string{
			name(key), figures.Number(g.firms/float64(d.Replicates), 0), percent(g.better / g.firms), percent(g.worse / g.firms),
			thousands(sum.Mean), said, figures.Number(sum.Mean*float64(d.Replicates)/max(g.employees, 1), 0),
		})
	}
	return t, len(groups) > 1
}

// bounds is an interval in words.
func bounds(i stats.Interval, in func(float64) string) string {
	if !i.Bounded() {
		return "no interval"
	}
	return in(i.Low) + " to " + in(i.High)
}

func percent(x float64) string { return together(figures.Percent(x)) }

// called is a title, or the name of what has none.
func called(title, name string) string {
	return cmp.Or(title, answer.Capital(answer.Readable(name)), "not told")
}

// sizeTitle is a size class as people read it.
func sizeTitle(sc *scenarios.Scenario, size string) string {
	c, ok := sc.Sizes[size]
	switch {
	case !ok:
		return called("", size)
	case c.Most > c.Least:
		return fmt.Sprintf("%s to %s employees", figures.Number(math.Ceil(c.Least), 0), figures.Number(c.Most, 0))
	}
	return figures.Number(c.Least, 0) + " employees"
}
