package brokers

import (
	"testing"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// transport is a book of n requests and n lots with the given options per
// request, divisible and without frictions, over some days.
func transport(n, options, days int, frictions bool) *agents.Open {
	s := rng.NewSource(3, 0).Stream(rng.Ties, 0, 0)
	b := new(agents.Open)
	var ask []agents.Money // by lot
	for range n {
		lot := agents.Lot{Key: s.Uint64()}
		for range days {
			lot.Free = append(lot.Free, agents.Hours(1+s.IntN(8))*agents.Hour)
		}
		b.Lots = append(b.Lots, lot)
		ask = append(ask, agents.Money(20+s.IntN(40))*agents.Unit)
	}
	b.First = []int32{0}
	for r := range n {
		q := agents.Request{Operator: -1, Hours: agents.Hours(1+s.IntN(8*days)) * agents.Hour, Last: agents.Day(days - 1), PerDay: 8 * agents.Hour,
			MaxSites: int16(options), Divisible: true, Key: s.Uint64()}
		if frictions {
			q.Divisible, q.MaxSites = false, 1
			q.Hours = agents.Hours(1+s.IntN(3*days)) * agents.Hour
		}
		b.Requests = append(b.Requests, q)
		b.Bid = append(b.Bid, agents.Money(40+s.IntN(60))*agents.Unit)
		for range options {
			o := agents.Option{Request: int32(r), Lot: [2]int32{int32(s.IntN(n)), agents.None}, Ratio: 1000, Factor: 1000, Km: float32(s.IntN(100))}
			b.Options = append(b.Options, o)
			b.Ask = append(b.Ask, [2]agents.Money{ask[o.Lot[0]]})
			b.Net = append(b.Net, b.Bid[r]-agents.Money(o.Km)*agents.Unit/4)
			var c agents.Money
			if frictions {
				c = 50 * agents.Unit
			}
			b.Charge = append(b.Charge, c)
		}
		b.First = append(b.First, int32(len(b.Options)))
	}
	return b
}

func benchmark(b *testing.B, name string, book *agents.Open) {
	broker, _ := ByName(name)
	n := broker.New()
	var s rng.Stream
	out := n.Clear(book, &s, nil)
	b.ReportAllocs()
	for b.Loop() {
		out = n.Clear(book, &s, out[:0])
	}
	v, u, _ := n.Bound()
	if u > 0 {
		b.ReportMetric(100*float64(u-v)/float64(u), "gap%")
	}
}

// The target for a transport clearing of 40,000 arcs is 100 ms.
func BenchmarkTransport(b *testing.B) {
	book := transport(2000, 20, 1, false)
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) { benchmark(b, name, book) })
	}
}

func BenchmarkPacking(b *testing.B) {
	book := transport(1000, 16, 10, true)
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) { benchmark(b, name, book) })
	}
}

// components is a book of n requests for machine and operator over some days,
// each with so many machines and so many operators near by, with charges.
func components(n, near, days int) *agents.Open {
	s := rng.NewSource(4, 0).Stream(rng.Ties, 0, 0)
	b := new(agents.Open)
	var ask []agents.Money // by lot
	for range 4 * n {
		lot := agents.Lot{Key: s.Uint64()}
		for range days {
			lot.Free = append(lot.Free, agents.Hours(s.IntN(9))*agents.Hour)
		}
		b.Lots = append(b.Lots, lot)
		ask = append(ask, agents.Money(20+s.IntN(40))*agents.Unit)
	}
	b.First = []int32{0}
	for r := range n {
		q := agents.Request{Hours: agents.Hours(1+s.IntN(4*days)) * agents.Hour, Last: agents.Day(1 + s.IntN(days)), PerDay: 8 * agents.Hour, MaxSites: 1, Key: s.Uint64()}
		b.Requests = append(b.Requests, q)
		b.Bid = append(b.Bid, agents.Money(40+s.IntN(60))*agents.Unit)
		at := s.IntN(4*n - 2*near)
		for i := range near {
			for j := range near {
				o := agents.Option{Request: int32(r), Lot: [2]int32{int32(at+2*i) &^ 1, int32(at+2*j) | 1}, Ratio: 1000, Factor: 1000, Km: float32(s.IntN(100))}
				b.Options = append(b.Options, o)
				b.Ask = append(b.Ask, [2]agents.Money{ask[o.Lot[0]], ask[o.Lot[1]]})
				b.Net = append(b.Net, b.Bid[r]-agents.Money(o.Km)*agents.Unit/8)
				b.Charge = append(b.Charge, agents.Money(40+s.IntN(80))*agents.Unit)
			}
		}
		b.First = append(b.First, int32(len(b.Options)))
	}
	return b
}

func BenchmarkComponents(b *testing.B) {
	book := components(100, 16, 10)
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) { benchmark(b, name, book) })
	}
}
