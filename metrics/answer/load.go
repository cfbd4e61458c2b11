package answer

import (
	"fmt"
	"slices"
	"strings"

	"idleshift/metrics"
	"idleshift/metrics/store"
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

// burdens are what orders asked of kinds in the baseline, over all measured days
// and replicates; none if the dataset has no table of days.
func (s *samples) burdens(d *store.Dataset) ([]sim.Burden, error) {
	if !has(d, metrics.Days) {
		return nil, nil
	}
	sums := map[string]*sim.Burden{}
	err := store.Read(d, func(rows []metrics.DayRow) error {
		for i := range rows {
			r := &rows[i]
			if r.Regime != s.sc.Baseline {
				continue
			}
			if sums[r.Kind] == nil {
				sums[r.Kind] = &sim.Burden{Kind: r.Kind}
			}
			b := sums[r.Kind]
			b.Asked += r.Own + r.Late + r.Shared + r.Overtime + r.Outside + r.Lost
			b.Has += r.Capacity - r.Down
		}
		return nil
	})
	var all []sim.Burden
	for _, b := range sums {
		if b.Asked > 0 {
			all = append(all, *b)
		}
	}
	slices.SortFunc(all, func(a, b sim.Burden) int { return strings.Compare(a.Kind, b.Kind) })
	return all, err
}
