package agents

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A merged region has more hours a day than a firm's calendar holds in its
// cells: both kinds of cells must tell the same hours and days.
func TestCalendarsAgree(t *testing.T) {
	const lots, most = 3, math.MaxInt32
	narrow, wide := NewCalendar(lots, 65, most), NewCalendar(lots, 65, most+1)
	if narrow.Days() != 128 || wide.Days() != 128 {
		t.Fatalf("a horizon of 65 days makes calendars of %d and %d days, want 128", narrow.Days(), wide.Days())
	}
	draw := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		lot, d := draw.Int32N(lots), Day(500+draw.Int32N(128))
		h := Hours(draw.Int64N(2*most)) - most
		if draw.IntN(2) == 0 {
			h = 0
		}
		narrow.Set(lot, d, h)
		wide.Set(lot, d, h)
		other, from := draw.Int32N(lots+1)-1, Day(500+draw.Int32N(128))
		if a, b := narrow.Free(lot, d), wide.Free(lot, d); a != h || b != h {
			t.Fatalf("%d s on a day read as %d and %d", h, a, b)
		}
		first := Day(500 + draw.IntN(128))
		a, b := narrow.Row(lot, first, first+9, nil), wide.Row(lot, first, first+9, nil)
		for i := range a {
			if want := max(0, wide.Free(lot, first+Day(i))); a[i] != want || b[i] != want {
				t.Fatalf("%d s on a day stand in the rows as %d and %d", want, a[i], b[i])
			}
		}
		days := uint64(0)
		for x := range Day(64) {
			if wide.Free(lot, from+x) > 0 && (other == None || wide.Free(other, from+x) > 0) {
				days |= 1 << x
			}
		}
		if a, b := narrow.Both(lot, other, from), wide.Both(other, lot, from); a != days || b != days {
			t.Fatalf("the days with hours from day %d on are %b and %b, want %b", from, a, b, days)
		}
	}
	wide.Set(0, 7, 1<<40)
	wide.Add(0, 7, -1)
	if h := wide.Free(0, 7); h != 1<<40-1 {
		t.Errorf("%d s on a day read as %d", 1<<40-1, h)
	}
}
