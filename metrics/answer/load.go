package answer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"idleshift/metrics"
	"idleshift/sim"
)

// beyond is from what ratio of hours asked for to hours that are there on orders
// are said to ask for too much.
const beyond = 1.005

// Overload says by how much orders ask for more hours of a kind than the region
// has; it is empty if they ask for too much of none.
func Overload(all []sim.Burden) string {
	var kinds []string
	for _, b := range all {
		switch {
		case b.Has == 0:
			kinds = append(kinds, b.Kind+" (there is none)")
		case b.Asked > beyond*b.Has:
			kinds = append(kinds, fmt.Sprintf("%s %.2f times", b.Kind, b.Asked/b.Has))
		}
	}
	if kinds == nil {
		return ""
	}
	return "orders ask for more regular hours than the region has, so that work goes to overtime, outside, late or lost whatever firms do: " +
		strings.Join(kinds, ", ") + " (orders.NAME.rate, units of firms)"
}

// addDay takes rows of the days table: what orders ask of kinds in the
// baseline, over all measured days and replicates, and the hours worked on each
// day of every regime, of all replicates.
func (s *samples) addDay(rows []metrics.DayRow) error {
	for i := range rows {
		r := &rows[i]
		if r.Day < 0 || int(r.Day) >= s.sc.Time.Days {
			return fmt.Errorf("the days table has a day %d", r.Day)
		}
		series := s.worked[r.Regime]
		if series == nil {
			series = make([]float64, s.sc.Time.Days)
			s.worked[r.Regime] = series
		}
		series[r.Day] += r.Own + r.Late + r.Shared
		if r.Regime != s.sc.Baseline {
			continue
		}
		b := s.asked[r.Kind]
		if b == nil {
			b = &sim.Burden{Kind: r.Kind}
			s.asked[r.Kind] = b
		}
		b.Asked += r.Own + r.Late + r.Shared + r.Overtime + r.Outside + r.Lost
		b.Has += r.Capacity - r.Down
	}
	return nil
}

// burdens are what orders asked of kinds in the baseline, by kind; none if no
// days are kept.
func (s *samples) burdens() (all []sim.Burden) {
	for _, kind := range slices.Sorted(maps.Keys(s.asked)) {
		if b := s.asked[kind]; b.Asked > 0 {
			all = append(all, *b)
		}
	}
	return all
}
