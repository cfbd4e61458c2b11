package agents

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A merged region has more hours a day than a firm's calendar holds in its
// cells: both kinds of cells must tell the same hours and days, however many
// words the days of a lot take.
func TestCalendarsAgree(t *testing.T) {
	for horizon, days := range map[int]Day{64: 64, 65: 128, 200: 256} {
		agree(t, horizon, days)
	}
	wide := NewCalendar(1, 64, math.MaxInt32+1)
	wide.Set(0, 7, 1<<40)
	wide.Add(0, 7, -1)
	if h := wide.Free(0, 7); h != 1<<40-1 {
		t.Errorf("%d s on a day read as %d", 1<<40-1, h)
	}
	if h := wide.Take(0, 7, 1<<41); h != 1<<40-1 || wide.Free(0, 7) != 0 {
		t.Errorf("of %d s on a day %d s are taken and %d s left", 1<<40-1, h, wide.Free(0, 7))
	}
}

func agree(t *testing.T, horizon int, reach Day) {
	const lots, most = 3, math.MaxInt32
	narrow, wide := NewCalendar(lots, horizon, most), NewCalendar(lots, horizon, most+1)
	if narrow.Days() != reach || wide.Days() != reach {
		t.Fatalf("a horizon of %d days makes calendars of %d and %d days, want %d", horizon, narrow.Days(), wide.Days(), reach)
	}
	draw := rand.New(rand.NewPCG(1, 2))
	anyDay := func() Day { return 500 + Day(draw.Int32N(int32(reach))) }
	for range 10_000 {
		lot, d := draw.Int32N(lots), anyDay()
		h := Hours(draw.Int64N(2*most)) - most
		if draw.IntN(2) == 0 {
			h = 0
		}
		narrow.Set(lot, d, h)
		wide.Set(lot, d, h)
		if a, b := narrow.Free(lot, d), wide.Free(lot, d); a != h || b != h {
			t.Fatalf("%d s on a day read as %d and %d", h, a, b)
		}
		first := anyDay()
		a, b := narrow.Row(lot, first, first+9, nil), wide.Row(lot, first, first+9, nil)
		for i := range a {
			if want := max(0, wide.Free(lot, first+Day(i))); a[i] != want || b[i] != want {
				t.Fatalf("%d s on a day stand in the rows as %d and %d", want, a[i], b[i])
			}
		}
		one, other, from := draw.Int32N(lots+1)-1, draw.Int32N(lots+1)-1, anyDay()
		days := uint64(0)
		for x := range Day(64) {
			if (one == None || wide.Free(one, from+x) > 0) && (other == None || wide.Free(other, from+x) > 0) {
				days |= 1 << x
			}
		}
		if a, b := narrow.Both(one, other, from), wide.Both(other, one, from); a != days || b != days {
			t.Fatalf("%d days: those with hours from day %d on are %b and %b, want %b", reach, from, a, b, days)
		}
		h = Hours(draw.Int64N(most))
		if a, b := narrow.Take(lot, d, h), wide.Take(lot, d, h); a != b || a > h || narrow.Free(lot, d) != wide.Free(lot, d) {
			t.Fatalf("of %d s that are wanted %d and %d are taken", h, a, b)
		}
	}
}
