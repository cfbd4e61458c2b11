package answer

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/BurntSushi/toml"
	"gonum.org/v1/gonum/stat"

	"idleshift/metrics"
	"idleshift/metrics/stats"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/sim"
)

// Of is the answer of a dataset.
func Of(d *store.Dataset) (*Answer, error) {
	sc := &scenarios.Scenario{}
	if _, err := toml.Decode(d.Scenario, sc); err != nil {
		return nil, fmt.Errorf("the scenario in the manifest of %s: %w", d.Dir, err)
	}
	runs, err := d.Runs()
	if err != nil {
		return nil, err
	}
	in := newSamples(sc, runs.Values)
	if err := in.read(d); err != nil {
		return nil, err
	}
	a, err := in.answer(d.Version, d.Command)
	if err != nil {
		return nil, err
	}
	a.Warmup = in.warmup(&a.Headline)
	a.Notes = append(a.Notes, in.notes(a)...)
	return a, nil
}

// read reads the tables beside that of runs, all at once.
func (s *samples) read(d *store.Dataset) error {
	var errs [3]error
	var all sync.WaitGroup
	all.Go(func() { errs[0] = store.Read(d, s.add) })
	if has(d, metrics.Deals) {
		s.opened = map[string]*opening{}
		for name, t := range s.sc.Tiers {
			if t.ContractDays > 0 && t.FirstCost > t.CallOffCost {
				s.opened[name] = &opening{}
			}
		}
		all.Go(func() { errs[1] = store.Read(d, s.addDeal) })
	}
	if has(d, metrics.Days) {
		s.asked, s.worked = map[string]*sim.Burden{}, map[string][]float64{}
		all.Go(func() { errs[2] = store.Read(d, s.addDay) })
	}
	all.Wait()
	return errors.Join(errs[:]...)
}

// samples are the numbers that the answer is made of, by replicate.
type samples struct {
	sc     *scenarios.Scenario
	yearly float64 // years per run, inverted: makes sums over the measured days yearly
	values func(metric, regime string) ([]float64, error)
	err    error // the first of values

	classes []string
	need    map[cell][]float64 // sums over the needs table, a number per replicate
	// nil if the dataset has not the table that they are sums over
	opened map[string]*opening    // deals that open a contract, by tier whose first deal costs more than a call-off
	asked  map[string]*sim.Burden // by kind, in the baseline
	worked map[string][]float64   // hours by regime and day, of all replicates
}

// A cell is a column of the needs table summed over a group of its rows.
type cell struct {
	regime, group, column string
}

// Groups of rows of the needs table beside the order classes, whose names they
// cannot be mistaken for.
const (
	everything = "\x00all"
	bySize     = "\x00size "
)

// Columns of the needs table.
const (
	orders       = "orders"
	shortageCost = "shortage"
)

func newSamples(sc *scenarios.Scenario, values func(metric, regime string) ([]float64, error)) *samples {
	in := &samples{sc: sc, values: values, need: map[cell][]float64{}}
	in.yearly = float64(sc.Time.YearDays) / float64(sc.Time.Days)
	for name := range sc.Orders {
		in.classes = append(in.classes, name)
	}
	slices.Sort(in.classes)
	return in
}

// add takes rows of the needs table.
func (s *samples) add(rows []metrics.NeedRow) error {
	for i := range rows {
		r := &rows[i]
		if r.Replicate < 0 || int(r.Replicate) >= s.sc.Replicates {
			return fmt.Errorf("the needs table has a replicate %d", r.Replicate)
		}
		for _, group := range []string{everything, bySize + r.Size, r.Class} {
			s.sum(cell{r.Regime, group, orders}, r.Replicate, float64(r.Orders))
			s.sum(cell{r.Regime, group, shortageCost}, r.Replicate, r.Shortage)
		}
	}
	return nil
}

func (s *samples) sum(c cell, replicate int32, x float64) {
	if s.need[c] == nil {
		s.need[c] = make([]float64, s.sc.Replicates)
	}
	s.need[c][replicate] += x * s.yearly
}

// needs is a column of the needs table over a group of rows, a year, by replicate.
func (s *samples) needs(regime, group, column string) []float64 {
	if x := s.need[cell{regime, group, column}]; x != nil {
		return x
	}
	return make([]float64, s.sc.Replicates)
}

// metric is a column of the runs table, by replicate.
func (s *samples) metric(name, regime string) []float64 {
	x, err := s.values(name, regime)
	if err != nil {
		if s.err == nil {
			s.err = err
		}
		return make([]float64, s.sc.Replicates)
	}
	return x
}

// answer computes everything.
func (s *samples) answer(version, command string) (*Answer, error) {
	sc := s.sc
	a := &Answer{
		Title: sc.Title, Version: version, Command: command, Currency: sc.Currency, Seed: sc.Seed, Replicates: sc.Replicates,
		Days: sc.Time.Days, WarmupDays: sc.Time.Warmup, DaysPerYear: sc.Time.YearDays, Level: Level, Intervals: s.intervals(), Baseline: sc.Baseline,
		Firms:     Number(stat.Mean(s.metric("firms", sc.Baseline), nil)),
		Employees: Number(stat.Mean(s.metric("employees", sc.Baseline), nil)),
		Notes:     []Note{},
	}
	pooled := ""
	for _, name := range sc.Compare {
		if sc.Regimes[name].Pooled {
			pooled = name
			break
		}
	}
	for _, name := range sc.Compare {
		a.Regimes = append(a.Regimes, s.regime(name, pooled))
	}
	a.Clairvoyant = s.bound(pooled)
	a.Decomposition = s.decompose()
	a.Shortage = s.shortage()
	a.Headline = s.headline(a)
	s.adjust(a)
	return a, s.err
}

func (s *samples) regime(name, pooled string) Regime {
	sc := s.sc
	r := Regime{
		Name: name, Title: s.title(name), Pooled: sc.Regimes[name].Pooled,
		Utilisation: interval(s.metric("utilisation", name)),
		FillRate:    interval(s.metric("fill_rate", name)),
		OnTime:      interval(s.metric("on_time_share", name)),
		Deals:       interval(s.metric("deals", name)),
		Surplus:     interval(s.surplus(name)),
	}
	if name != sc.Baseline {
		r.Gain = s.gain(name, pooled)
	}
	return r
}

// shift is the metric of the regime less that of another, by replicate.
func (s *samples) shift(metric, regime, from string) []float64 {
	return stats.Differences(s.metric(metric, regime), s.metric(metric, from))
}

func (s *samples) gain(name, pooled string) *Gain {
	base := s.sc.Baseline
	gain := s.change(name, base)
	g := &Gain{
		PerYear:         interval(gain),
		PerEmployee:     estimate(stats.Ratio(gain, asLong(s.metric("employees", base), len(gain)), Level)),
		OfFixed:         share(gain, asLong(s.metric("fixed", base), len(gain))),
		WithoutInternal: interval(s.shift("surplus_work", name, base)),
		AfterSlack:      interval(s.shift("surplus_after_slack", name, base)),
		Pairing:         Number(stats.Paired(s.surplus(name), s.surplus(base), Level).Factor),
	}
	if pooled != "" {
		g.OfPooled = share(gain, s.change(pooled, base))
	}
	if s.hasBound() {
		g.OfClairvoyant = share(gain, asLong(s.room(), len(gain)))
	}
	if !s.sc.Regimes[name].Pooled {
		worse := interval(s.metric("worse_off_share", name))
		g.WorseOff = &worse
	}
	for i, line := range accounts {
		change := s.shift(line, name, base)
		if i > 0 { // all but the value are costs
			change = s.shift(line, base, name)
		}
		g.Sources = append(g.Sources, Source{line, interval(change)})
	}
	return g
}

// bound is nil where the runs table does not have it.
func (s *samples) bound(pooled string) *Bound {
	if !s.hasBound() {
		return nil
	}
	base := s.sc.Baseline
	room := s.room()
	b := &Bound{Surplus: interval(s.metric("clairvoyant", base)), Gain: interval(room)}
	if pooled != "" && pooled != base {
		gain := s.change(pooled, base)
		b.OfPooled = share(asLong(room, len(gain)), gain)
	}
	for _, name := range s.sc.Compare {
		surplus, fixed := s.metric("surplus", name), s.metric("fixed", name)
		for i, most := range s.metric("clairvoyant", name) {
			if surplus[i]-most > 1e-6*(math.Abs(surplus[i])+fixed[i]) { // more than amounts are rounded by
				b.Beaten++
			}
		}
	}
	return b
}

func (s *samples) hasBound() bool {
	x, err := s.values("clairvoyant", s.sc.Baseline)
	return err == nil && !math.IsNaN(stat.Mean(x, nil))
}

// room is what the clairvoyant bound leaves to gain, by replicate.
func (s *samples) room() []float64 {
	return stats.Differences(s.metric("clairvoyant", s.sc.Baseline), s.metric("surplus", s.sc.Baseline))
}

// accounts are the metrics that surplus is made of: value less the others.
var accounts = []string{
	"value", "lateness", "variable", "overtime", "outside", "transaction", "travel", "setup", "membership", "running", "fixed",
}

// decompose is nil where a corner of the decomposition did not run.
func (s *samples) decompose() *Decomposition {
	d := s.sc.Decomposition
	if d == nil {
		return nil
	}
	for _, corner := range []string{d.Base, d.Terms, d.Unit, d.Both} {
		if !slices.Contains(s.sc.Compare, corner) {
			return nil
		}
	}
	terms, unit, both := s.change(d.Terms, d.Base), s.change(d.Unit, d.Base), s.change(d.Both, d.Base)
	return &Decomposition{
		Base: d.Base, TermsRegime: d.Terms, UnitRegime: d.Unit, BothRegime: d.Both,
		Terms: interval(terms), Unit: interval(unit), Both: interval(both),
		Interaction: interval(stats.Differences(stats.Differences(both, unit), terms)),
	}
}

func (s *samples) shortage() Shortage {
	out := Shortage{Total: s.shortageRow(everything, "all", "all orders", false)}
	for _, size := range metrics.NeedSizes {
		out.Sizes = append(out.Sizes, s.shortageRow(bySize+size, size, size+" h", false))
	}
	for _, class := range s.classes {
		c := s.sc.Orders[class]
		out.Classes = append(out.Classes, s.shortageRow(class, class, cmp.Or(c.Title, class), c.Purpose == "internal"))
	}
	return out
}

func (s *samples) shortageRow(group, name, title string, internal bool) ShortageRow {
	base := s.needs(s.sc.Baseline, group, shortageCost)
	row := ShortageRow{
		Name: name, Title: title, Internal: internal, Baseline: interval(base),
		Orders: interval(s.needs(s.sc.Baseline, group, orders)),
	}
	for _, regime := range s.sc.Compare {
		if regime == s.sc.Baseline {
			continue
		}
		saved := stats.Differences(base, s.needs(regime, group, shortageCost))
		row.Recovered = append(row.Recovered, Recovery{regime, interval(saved), share(saved, base)})
	}
	return row
}

func (s *samples) title(regime string) string {
	return cmp.Or(s.sc.Regimes[regime].Title, regime)
}

func interval(x []float64) Estimate { return estimate(stats.Mean(x, Level)) }

// share is the ratio of two means over replicates, or nil if either cannot be
// told from zero.
func share(part, whole []float64) *Estimate {
	if !interval(part).Clear() || !interval(whole).Clear() {
		return nil
	}
	e := estimate(stats.Ratio(part, whole, Level))
	return &e
}
