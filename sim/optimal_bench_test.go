package sim

import (
	"context"
	"slices"
	"testing"
	"time"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
	"idleshift/scenarios"
)

// traded is a tenth of the pocket, as dense, with the cooperative regime.
func traded(tb testing.TB, broker string, terms func(*scenarios.Scenario)) *Region {
	tb.Helper()
	sc := alone(tb, "pocket", "cooperative")
	sc.Region.Firms /= 10
	change(sc.Places, func(p *scenarios.Place) { p.Spread /= 3 })
	change(sc.Tiers, func(t *agents.Tier) { t.Broker = broker }, "platform")
	terms(sc)
	r, err := Build(sc, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// single makes books of one component each, divisible and without charges:
// what the optimal broker solves as a flow.
func single(sc *scenarios.Scenario) {
	change(sc.Kinds, func(k *agents.Kind) { k.Operator, k.OperatorHours = "", 0 })
	change(sc.Orders, func(o *agents.OrderClass) {
		o.Completion = "partial"
		for i := range o.Operations {
			o.Operations[i].Setup = 0
		}
	})
	change(sc.Tiers, func(t *agents.Tier) {
		t.FirstCost, t.CallOffCost, t.FirstDays, t.Unfamiliar, t.Rework = 0, 0, nil, 1, 0
	}, "platform")
	sc.Transport.Consignment, sc.Transport.FreightKm, sc.Transport.TravelKm, sc.Transport.Speed = 0, 0, 0, 0
}

// BenchmarkOptimal is the optimal broker's time for days of one-component books
// without charges as a multiple of greedy's. The target is 5.
func BenchmarkOptimal(b *testing.B) {
	var taken [2]time.Duration
	for b.Loop() {
		for i, broker := range []string{"greedy", "optimal"} {
			r := traded(b, broker, single)
			c, n := begun(b, r, 2*ahead)
			days := make([]today, ahead)
			for d := range days {
				n.next().copyTo(&days[d])
			}
			began := time.Now()
			if err := c.live(context.Background(), days, nil); err != nil {
				b.Fatal(err)
			}
			taken[i] += time.Since(began)
		}
	}
	b.ReportMetric(taken[1].Seconds()/taken[0].Seconds(), "×greedy")
}

// BenchmarkGap is what each broker leaves of the bound on a clearing's worth,
// in per cent of it, the median over the clearings that optimal faces in a
// month. The targets for optimal are 2 where work is divisible and nothing is
// charged by the deal, and 10 where all is as in the pocket.
func BenchmarkGap(b *testing.B) {
	for _, books := range []struct {
		name  string
		terms func(*scenarios.Scenario)
	}{{"flow", single}, {"charges", func(*scenarios.Scenario) {}}} {
		b.Run(books.name, func(b *testing.B) {
			gaps := map[string][]float64{}
			for b.Loop() {
				c, n := begun(b, traded(b, "optimal", books.terms), ahead)
				for range 20 {
					c.parts[0].advance(n.next())
					m := &c.parts[0].markets[len(c.parts[0].markets)-1]
					_, bound, _ := m.broker.Bound()
					if bound <= 0 || len(m.book.Options) == 0 {
						continue
					}
					for _, name := range brokers.Names() {
						x, _ := brokers.ByName(name)
						var draw rng.Stream
						matches := x.New().Clear(&m.book, &draw, nil)
						gaps[name] = append(gaps[name], 100*(1-worthOf(&m.book, matches).Float()/bound.Float()))
					}
				}
			}
			for name, list := range gaps {
				slices.Sort(list)
				b.ReportMetric(list[len(list)/2], name+"-gap%")
			}
		})
	}
}

// worthOf is the net value of matches by the book's own figures.
func worthOf(b *agents.Open, matches []agents.Match) (sum agents.Money) {
	struck := map[int32]bool{}
	for _, m := range matches {
		sum += b.Net[m.Option].For(m.Hours)
		if !struck[m.Option] {
			sum -= b.Charge[m.Option]
			struck[m.Option] = true
		}
	}
	return sum
}
