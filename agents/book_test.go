package agents

import (
	"testing"

	"idleshift/agents/rng"
)

// Lay against the plainest reading of its rule. A failure means that brokers
// propose and the engine books what the calendars do not hold.
func TestLay(t *testing.T) {
	for i := range 2000 {
		s := rng.NewSource(1, uint64(i)).Stream(rng.Ties, 0, 0)
		hours := func(n int) Hours { return Hours(s.IntN(n)) * 600 }
		o := Option{Lot: [2]int32{0, None}, Ratio: Ratio(500 * (1 + s.IntN(4))), From: Day(s.IntN(4)), Travel: [2]Hours{hours(3), hours(3)}}
		var free [2][]Hours
		for k := range 1 + s.IntN(2) {
			o.Lot[k] = int32(k)
			for range s.IntN(8) {
				free[k] = append(free[k], hours(48))
			}
		}
		var before []Slot // the same request's at another option
		if s.IntN(2) == 0 {
			before = append(before, Slot{Day(1 + s.IntN(6)), hours(20)})
		}
		today, first, last := Day(s.IntN(2)), Day(s.IntN(6)), Day(s.IntN(8))
		need, perDay := hours(200), hours(48)
		slots, missing := Lay(&o, need, perDay, today, first, last, free, before)

		slots = slots[len(before):]
		laid, next := Hours(0), 0
		for day := max(first, o.From, today); day <= last; day++ {
			d := int(day - today)
			room := perDay
			for _, b := range before {
				if b.Day == day {
					room -= b.Hours
				}
			}
			for k := range 2 {
				switch {
				case o.Lot[k] == None:
				case d >= len(free[k]):
					room = 0
				case k == 0:
					room = min(room, free[0][d]-o.Travel[0])
				case free[1][d] < o.Travel[1]:
					room = 0
				default: // the most hours whose operator hours fit
					for room > 0 && o.Ratio.Of(room) > free[1][d]-o.Travel[1] {
						room--
					}
				}
			}
			want := max(0, min(room, need-laid))
			var got Hours
			if next < len(slots) && slots[next].Day == day {
				got = slots[next].Hours
				next++
			}
			if got != want {
				t.Fatalf("case %d: %d seconds on day %d, there is room for %d", i, got, day, want)
			}
			laid += got
		}
		if next != len(slots) || laid+missing != need {
			t.Fatalf("case %d: %d slots beyond the window, %d seconds laid and %d missing of %d", i, len(slots)-next, laid, missing, need)
		}
	}
}
