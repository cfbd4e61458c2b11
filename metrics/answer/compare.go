package answer

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"

	"idleshift/metrics/stats"
	"idleshift/metrics/store"
)

// A Comparison sets two datasets side by side: second less first.
type Comparison struct {
	First    string       `json:"first" doc:"Command of the first dataset."`
	Second   string       `json:"second" doc:"Command of the second dataset."`
	Currency string       `json:"currency" doc:"Currency of all money."`
	Paired   bool         `json:"paired" doc:"Replicates are paired by seed and number; otherwise the two are independent samples."`
	Pairs    int          `json:"replicates" doc:"Replicates compared, of each dataset the first so many."`
	Level    float64      `json:"level" doc:"Coverage of all intervals."`
	Regimes  []Comparable `json:"regimes" doc:"Regimes that both datasets have, in the order of the first."`
	Notes    []Note       `json:"notes" doc:"Warnings."`
}

// A Comparable is one regime in both datasets.
type Comparable struct {
	Name    string    `json:"name" doc:"Regime."`
	First   Estimate  `json:"first_surplus_per_year" doc:"Surplus a year in the first dataset."`
	Second  Estimate  `json:"second_surplus_per_year" doc:"Surplus a year in the second dataset."`
	Surplus Estimate  `json:"surplus_difference" doc:"Second surplus less first."`
	Gain    *Estimate `json:"gain_difference" doc:"Second gain less first, each over its own baseline; null for the baseline."`
}

// Compare compares two datasets. It is an error if their seeds differ and they
// are not taken as unpaired samples, if their currencies differ, or if they
// share no regime.
func Compare(first, second *store.Dataset, unpaired bool) (*Comparison, error) {
	switch {
	case first.Currency != second.Currency:
		return nil, fmt.Errorf("the datasets count in %s and in %s", first.Currency, second.Currency)
	case first.Seed != second.Seed && !unpaired:
		return nil, fmt.Errorf("the seeds differ (%d and %d), so replicates saw different draws; --unpaired compares them as independent samples", first.Seed, second.Seed)
	}
	c := &Comparison{
		First: first.Command, Second: second.Command, Currency: first.Currency, Paired: !unpaired,
		Pairs: min(first.Replicates, second.Replicates), Level: Level, Notes: []Note{},
	}
	x, err := first.Runs()
	if err != nil {
		return nil, err
	}
	y, err := second.Runs()
	if err != nil {
		return nil, err
	}
	difference := stats.Welch
	if c.Paired {
		difference = func(y, x []float64, level float64) stats.Interval { return stats.Paired(y, x, level).Interval }
	}
	surplus := func(r *store.Runs, regime string) []float64 {
		v, e := r.Values("surplus", regime)
		if e != nil {
			err = e
			return make([]float64, c.Pairs)
		}
		return v[:c.Pairs]
	}
	for _, name := range x.Regimes {
		if !slices.Contains(y.Regimes, name) {
			continue
		}
		sx, sy := surplus(x, name), surplus(y, name)
		r := Comparable{Name: name, First: interval(sx), Second: interval(sy), Surplus: estimate(difference(sy, sx, Level))}
		if name != first.Baseline || name != second.Baseline {
			gx, gy := stats.Differences(sx, surplus(x, first.Baseline)), stats.Differences(sy, surplus(y, second.Baseline))
			gain := estimate(difference(gy, gx, Level))
			r.Gain = &gain
		}
		c.Regimes = append(c.Regimes, r)
	}
	if len(c.Regimes) == 0 {
		return nil, fmt.Errorf("no regime stands in both datasets")
	}
	c.note(first, second)
	return c, err
}

func (c *Comparison) note(first, second *store.Dataset) {
	say := func(code, format string, args ...any) {
		c.Notes = append(c.Notes, Note{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	switch {
	case c.Pairs == 1:
		say(FewReplicates, "one replicate gives no interval: at least %d are needed", stats.Enough)
	case c.Pairs < stats.Enough:
		say(FewReplicates, "%d replicates are few: intervals need at least %d to be trusted", c.Pairs, stats.Enough)
	}
	if first.Replicates != second.Replicates {
		say(Unequal, "the datasets have %d and %d replicates: the first %d of each are compared", first.Replicates, second.Replicates, c.Pairs)
	}
	if first.Days != second.Days {
		say(OtherDays, "the first measures %s, the second %s: they differ by that, too", several(first.Days, "day"), several(second.Days, "day"))
	}
	if first.Baseline != second.Baseline {
		say(OtherBaseline, "gains are over %s in the first and over %s in the second", first.Baseline, second.Baseline)
	}
	if first.Version != second.Version {
		say(OtherVersion, "the datasets are of different versions of the program: %s and %s", first.Version, second.Version)
	}
	if first.Plan == second.Plan {
		say(SamePlan, "the two datasets are the same")
	}
}

// WriteText writes the comparison as a table for a terminal.
func (c *Comparison) WriteText(w io.Writer) error {
	t := &text{Writer: bufio.NewWriter(w)}
	kind := "independent samples"
	if c.Paired {
		kind = "paired by replicate"
	}
	fmt.Fprintf(t, "first:  %s\nsecond: %s\n%s, %s\n\n", c.First, c.Second, several(c.Pairs, "replicate"), kind)
	c.write(t)
	return t.end(c.Notes)
}

func (c *Comparison) write(t *text) {
	largest := 0.0
	for _, r := range c.Regimes {
		largest = max(largest, math.Abs(float64(r.Surplus.Mean)))
	}
	m := magnitudeOf(largest)
	m.decimals++
	t.a, t.money = &Answer{Currency: c.Currency, Level: c.Level}, m
	bracket := fmt.Sprintf("%g %%\ninterval", 100*c.Level)
	rows := [][]string{}
	said := func(e Estimate) string {
		if c.Paired && e.Low == 0 && e.High == 0 {
			return "the same"
		}
		text := t.bracket(e)
		if e.bounded() && !e.Clear() {
			text += " " + notDistinguishable
		}
		return text
	}
	for _, r := range c.Regimes {
		row := []string{r.Name, m.format(r.First.Mean), m.format(r.Second.Mean), m.format(r.Surplus.Mean), said(r.Surplus)}
		if r.Gain != nil {
			row = append(row, m.format(r.Gain.Mean), said(*r.Gain))
		}
		rows = append(rows, row)
	}
	t.table([]string{t.unit(), "first\nsurplus", "second\nsurplus", "difference\nin surplus", bracket, "difference\nin gain", bracket}, rows)
}
