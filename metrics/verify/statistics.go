package verify

import (
	"fmt"
	"math"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/agents/rng"
	"idleshift/metrics/stats"
)

// assignments are random clearings given to the exact broker as such, since no
// scenario says what each pair costs.
func assignments() []Case {
	var all []Case
	for _, x := range []struct {
		n, draws int
		digits   string
	}{{10, 4000, "1.549768"}, {4, 12000, ""}} {
		all = append(all, Case{
			Name: fmt.Sprintf("cost of a %d × %d assignment, broker optimal", x.n, x.n), Section: "7 matching",
			Doc: "Σ 1/k² over k ≤ n: independent costs of mean 1, exponential, every request served (Linusson and Wästlund 2004).",
			Exact: func() float64 {
				sum := 0.0
				for k := 1; k <= x.n; k++ {
					sum += 1 / float64(k*k)
				}
				return sum
			},
			Digits: x.digits, n: x.draws,
			sample: func(draws int, draw *rng.Stream) []float64 {
				costs := make([]float64, draws)
				for i := range costs {
					costs[i] = assignmentCost(x.n, draw)
				}
				return costs
			},
		})
	}
	return all
}

// assignmentCost clears a book of n requests and n lots of an hour by the exact
// broker, and returns the sum of the exponential costs of what it matched.
func assignmentCost(n int, draw *rng.Stream) float64 {
	const served = 1000 // so dear that every request is served
	var book agents.Open
	hour := []agents.Hours{agents.Hour}
	costs := make([]float64, 0, n*n)
	book.First = append(book.First, 0)
	for range n {
		book.Lots = append(book.Lots, agents.Lot{Free: hour, Key: draw.Uint64()})
	}
	for r := range n {
		book.Requests = append(book.Requests, agents.Request{Operator: -1, Hours: agents.Hour, PerDay: agents.Hour, MaxSites: 1, Key: draw.Uint64()})
		for l := range n {
			cost := -math.Log1p(-draw.Float64())
			costs = append(costs, cost)
			book.Options = append(book.Options, agents.Option{Request: int32(r), Lot: [2]int32{int32(l), agents.None}, Ratio: 1000, Factor: 1000})
			book.Net, book.Charge = append(book.Net, agents.MoneyOf(served-cost)), append(book.Charge, 0)
		}
		book.First = append(book.First, int32(len(book.Options)))
	}
	broker, _ := brokers.ByName("optimal")
	sum := 0.0
	matches := broker.New().Clear(&book, draw, nil)
	for _, m := range matches {
		sum += costs[m.Option]
	}
	if len(matches) != n {
		return math.NaN()
	}
	return sum
}

// statistics are what the answer's intervals and shares rest on.
func statistics() []Case {
	var all []Case
	add := func(c Case) {
		c.Section = "9 statistics"
		all = append(all, c)
	}
	game := []float64{0, 4, 3, 9, 1, 6, 5, 12} // by members: nobody, 1, 2, 12, 3, 13, 23, 123
	for i, digits := range []string{"5.5", "4.5", "2.0"} {
		add(Case{
			Name: fmt.Sprintf("Shapley value of player %d of 3", i+1), Doc: "The mean of what a player adds over the six orders of joining (Shapley 1953).", Digits: digits,
			Exact: func() float64 { return joining(game, i) }, n: 2,
			sample: func(n int, _ *rng.Stream) []float64 {
				shares := make([]float64, n)
				for j := range shares {
					shares[j] = stats.Shapley(3, func(members uint) float64 { return game[members] })[i]
				}
				return shares
			},
		})
	}
	for _, n := range []int{6, 10, 30} {
		for _, x := range []struct {
			name, doc string
			covers    func(a, b []float64) bool
		}{
			{"paired interval", "A 95 % interval of a paired difference covers it in 95 of a hundred experiments (Student 1908).", func(a, b []float64) bool {
				d := stats.Paired(a, b, 0.95)
				return d.Low <= 3 && 3 <= d.High
			}},
			{"Fieller's interval of a ratio", "The same of the ratio of two means (Fieller 1954).", func(a, b []float64) bool {
				q := stats.Ratio(a, b, 0.95)
				return q.Low <= 1.3 && 1.3 <= q.High
			}},
		} {
			add(Case{
				Name: fmt.Sprintf("coverage of the %s, %d replicates", x.name, n), Doc: x.doc,
				Exact: func() float64 { return 0.95 }, n: experiments, between: [2]float64{0.94, 0.96},
				sample: func(n2 int, draw *rng.Stream) []float64 {
					hits := make([]float64, n2)
					a, b := make([]float64, n), make([]float64, n)
					for i := range hits {
						for j := range n {
							world := draw.Normal() // what the regimes of a replicate have in common
							a[j], b[j] = 13+3*world+draw.Normal(), 10+3*world+draw.Normal()
						}
						if x.covers(a, b) {
							hits[i] = 1
						}
					}
					return hits
				},
			})
		}
	}
	return all
}

// experiments is how many synthetic experiments measure the coverage of an
// interval.
const experiments = 20000

// joining is what player i of three adds on average, order by order.
func joining(worth []float64, i int) float64 {
	sum := 0.0
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		before := 0
		for _, j := range order {
			if j == i {
				sum += worth[before|1<<i] - worth[before]
			}
			before |= 1 << j
		}
	}
	return sum / 6
}
