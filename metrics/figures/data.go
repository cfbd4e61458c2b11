package figures

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/stats"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

// Data is a dataset as figures need it. Its tables are read once, when a figure
// first asks for them; figures may be drawn at the same time.
type Data struct {
	*store.Dataset
	Answer *answer.Answer // of a run
	swept  *swept         // of a sweep

	scenario *scenarios.Scenario
	values   func(metric, regime string) ([]float64, error) // of the runs table, by replicate
	days     func() (*days, error)
	firms    func() (*firms, error)
	deals    func() ([]deal, error)
}

// Figures are the names of the figures that are about such a dataset.
func (d *Data) Figures() (names []string) {
	subject := Run
	if d.swept != nil {
		subject = Sweep
	}
	for _, f := range All {
		if f.Of == subject && (f.Name != textbook || d.Sweep.Base == textbook) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Read reads what every figure needs of a dataset: the answer.
func Read(d *store.Dataset) (*Data, error) {
	if err := current(d); err != nil {
		return nil, err
	}
	out := &Data{Dataset: d, scenario: &scenarios.Scenario{}}
	if _, err := toml.Decode(d.Scenario, out.scenario); err != nil {
		return nil, fmt.Errorf("the scenario in the manifest of %s: %w", d.Dir, err)
	}
	var err error
	if d.Sweep != nil {
		out.swept, err = readSweep(d)
		return out, err
	}
	if out.Answer, err = answer.Of(d); err != nil {
		return nil, err
	}
	runs, err := d.Runs()
	if err != nil {
		return nil, err
	}
	out.values = runs.Values
	out.days = sync.OnceValues(func() (*days, error) { return readDays(out) })
	out.firms = sync.OnceValues(func() (*firms, error) { return readFirms(out) })
	out.deals = sync.OnceValues(func() ([]deal, error) { return readDeals(out) })
	return out, nil
}

// current refuses a dataset whose tables lack columns: an older program wrote
// it. What is missing would be read as zero.
func current(d *store.Dataset) error {
	to := " --out "
	if d.Sweep != nil {
		to = " --dir "
	}
	for _, f := range d.Files {
		want, err := metrics.Columns(f.Table, d.Currency)
		if err != nil {
			return err
		}
		for _, c := range want {
			if !slices.ContainsFunc(f.Columns, func(has metrics.Column) bool { return has.Name == c.Name }) {
				return fmt.Errorf("%s was written by another version of the program (%s): its table %s has no column %q; make it anew with\n  %s --overwrite%s%s", d.Dir, d.Version, f.Table, c.Name, d.Command, to, d.Dir)
			}
		}
	}
	return nil
}

// has is nil if the dataset holds the table.
func (d *Data) has(table string) error {
	if slices.ContainsFunc(d.Files, func(f store.File) bool { return f.Table == table }) {
		return nil
	}
	return nothing("the dataset was made without the table %s (run --tables)", table)
}

// regime is the one that a figure of one regime is about: the one asked for,
// or the headline's.
func (d *Data) regime(asked string) (*answer.Regime, error) {
	if asked == "" {
		asked = d.Answer.Headline.Regime
	}
	if asked == "" || asked == d.Baseline {
		if len(d.Regimes) == 1 {
			return nil, nothing("only the baseline %s was run: there is nothing to compare it with", d.Baseline)
		}
		return nil, nothing("the baseline %s is not compared with itself; name one of %s", d.Baseline, strings.Join(d.others(), ", "))
	}
	return d.title(asked), nil
}

// others are the regimes beside the baseline.
func (d *Data) others() []string {
	return slices.DeleteFunc(slices.Clone(d.Regimes), func(r string) bool { return r == d.Baseline })
}

// title is the regime as the answer has it.
func (d *Data) title(name string) *answer.Regime {
	for i := range d.Answer.Regimes {
		if d.Answer.Regimes[i].Name == name {
			return &d.Answer.Regimes[i]
		}
	}
	return &answer.Regime{Name: name, Title: name}
}

// baseline is the baseline's title.
func (d *Data) baseline() string { return d.title(d.Baseline).Title }

// yearly makes sums over the measured days yearly.
func (d *Data) yearly() float64 { return float64(d.YearDays) / float64(d.Days) }

// mean is the mean of a metric over replicates.
func (d *Data) mean(metric, regime string) (float64, error) {
	x, err := d.values(metric, regime)
	return stats.Mean(x, answer.Level).Mean, err
}

// days is the days table by regime and kind.
type days struct {
	kinds []string
	cells map[[2]string]*series // by regime and kind
}

// A series is one kind in one regime: hours by replicate and day, and over all
// of both.
type series struct {
	worked, normal [][]float64
	shared, total  float64 // worked for others; worked at all
	practical      float64
}

func readDays(d *Data) (*days, error) {
	out := &days{cells: map[[2]string]*series{}}
	err := store.Read(d.Dataset, func(rows []metrics.DayRow) error {
		for i := range rows {
			r := &rows[i]
			if r.Replicate < 0 || int(r.Replicate) >= d.Replicates || r.Day < 0 || int(r.Day) >= d.Days {
				return fmt.Errorf("the days table has a day %d of a replicate %d", r.Day, r.Replicate)
			}
			key := [2]string{r.Regime, r.Kind}
			s := out.cells[key]
			if s == nil {
				s = &series{}
				for range d.Replicates {
					s.worked, s.normal = append(s.worked, make([]float64, d.Days)), append(s.normal, make([]float64, d.Days))
				}
				out.cells[key] = s
				if !slices.Contains(out.kinds, r.Kind) {
					out.kinds = append(out.kinds, r.Kind)
				}
			}
			worked := r.Own + r.Late + r.Shared
			s.worked[r.Replicate][r.Day], s.normal[r.Replicate][r.Day] = worked, r.Normal
			s.shared += r.Shared
			s.total += worked
			s.practical += r.Normal
		}
		return nil
	})
	sort := []string{"machine", "lab", "floor", "staff"}
	slices.SortStableFunc(out.kinds, func(a, b string) int {
		category := func(kind string) int { return slices.Index(sort, d.scenario.Kinds[kind].Category) }
		return category(a) - category(b)
	})
	return out, err
}

// kindTitle is a kind as people read it.
func (d *Data) kindTitle(kind string) string {
	return cmp.Or(d.scenario.Kinds[kind].Title, answer.Readable(kind))
}

// firms is the firms table: what it earned by regime, in the order of
// replicates and firms, and who they are in the first replicate.
type firms struct {
	profit map[string][]float64 // in the measured days
	who    []firm               // of every replicate, as in profit
	count  int                  // in the first replicate
}

type firm struct {
	place, size         string
	employees           float64
	latitude, longitude float64 // degrees
}

func readFirms(d *Data) (*firms, error) {
	out := &firms{profit: map[string][]float64{}}
	err := store.Read(d.Dataset, func(rows []metrics.FirmRow) error {
		for i := range rows {
			r := &rows[i]
			if r.Firm < 0 {
				continue // merged
			}
			if r.Regime == d.Baseline {
				out.who = append(out.who, firm{r.Place, r.Size, r.Employees, r.Latitude, r.Longitude})
				if r.Replicate == 0 {
					out.count++
				}
			}
			out.profit[r.Regime] = append(out.profit[r.Regime], r.Profit)
		}
		return nil
	})
	return out, err
}

// A deal is a row of the deals table.
type deal struct {
	regime                        string
	replicate                     int32
	requester, provider, operator int32 // firms; -1 where there is none
	hours, km                     float64
	booked, operated              float64 // h, primary and operators'
}

func readDeals(d *Data) ([]deal, error) {
	var out []deal
	err := store.Read(d.Dataset, func(rows []metrics.DealRow) error {
		for i := range rows {
			r := &rows[i]
			out = append(out, deal{r.Regime, r.Replicate, r.Requester, r.Provider, r.Operator, r.Hours, r.Km, r.Booked, r.BookedOp})
		}
		return nil
	})
	return out, err
}
