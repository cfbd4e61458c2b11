package sim

import (
	"fmt"
	"strings"
	"testing"

	"idleshift/agents"
)

// Single rules of the model, each on the smallest case that shows it.

// absent is a world of one firm with the units of one kind, of which up are
// there on day 0.
func absent(t *testing.T, units int, probability float64, up int32) *World {
	t.Helper()
	r, err := Build(parse(t, fmt.Sprintf(`
baseline = "autarky"
compare = ["autarky"]
[kinds.hand]
category = "staff"
overtime_hours = 2
availability = {process = "daily", probability = %g}
[places.a]
latitude = 43
longitude = -80
[sectors.x]
[sizes.all]
firms = 1
units = {hand = %d}
[orders.job]
value_per_hour = 100
lead = {minimum_days = 3}
operations = [{kind = "hand", hours = {mean = 1}, max_units_per_day = 9}]
[regimes.autarky]
`, probability, units)), 0)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(r, 0)
	w.day, w.nature = 0, &today{up: []int32{up}}
	return w
}

// Who is absent does no overtime, also on a day on which as many are there as
// was planned.
func TestOvertimeOfThosePresent(t *testing.T) {
	for _, up := range []int32{3, 4, 5} {
		w := absent(t, 5, 0.8, up) // planned: 4
		w.begin(w.nature)
		if got, want := w.overtime(0, 0), agents.Hours(up)*2*agents.Hour; got != want {
			t.Errorf("%d of 5 are there: %g h of overtime, not %g", up, got.Float(), want.Float())
		}
	}
}

// Of bookings, only those that hold hours which are not there are given back: a
// day's regular work does not make room for overtime.
func TestGiveBackWhatIsShort(t *testing.T) {
	w := absent(t, 2, 0.9, 1) // planned: 14.4 h and 4 h of overtime; there are 8 h and 2 h
	var hit []string
	w.trace = func(e *Event) {
		if e.What == Hit {
			hit = append(hit, fmt.Sprintf("order %d, %g h", e.Order, e.Hours.Float()))
		}
	}
	for i, hours := range []float64{10.4, 4, 4} { // the first due last; the last by overtime
		h := agents.HoursOf(hours)
		o := w.open(&arrival{due: agents.Day(9 - i)}, []agents.Hours{h})
		w.book(w.orders.at[o].first, agents.None, [2]int32{0, agents.None}, 0, h, h, 0, [2]span{})
	}
	w.begin(w.nature)
	w.repair()
	if got := strings.Join(hit, "; "); got != "order 1, 10.4 h; order 3, 4 h" {
		t.Errorf("given back: %s", got)
	}
}
