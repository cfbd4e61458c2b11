package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A failure means that a gain is shared out wrongly among what caused it.
func TestShapley(t *testing.T) {
	game := []float64{0, 4, 3, 9, 1, 6, 5, 12} // by members: nobody, 1, 2, 12, 3, 13, 23, 123
	for i, share := range Shapley(3, func(members uint) float64 { return game[members] }) {
		near(t, "share", share, []float64{5.5, 4.5, 2}[i], 1e-12)
	}
}

// Over all orders of joining, one by one: the definition itself.
func TestShapleyByOrders(t *testing.T) {
	const n = 5
	r := rand.New(rand.NewPCG(1, 1))
	game := make([]float64, 1<<n)
	for i := range game {
		game[i] = r.NormFloat64()
	}
	want, orders := make([]float64, n), 0.0
	var join func(members uint, added [n]float64)
	join = func(members uint, added [n]float64) {
		if members == 1<<n-1 {
			orders++
			for i, x := range added {
				want[i] += x
			}
			return
		}
		for i := range n {
			if members>>i&1 == 0 {
				next := added
				next[i] = game[members|1<<i] - game[members]
				join(members|1<<i, next)
			}
		}
	}
	join(0, [n]float64{})
	sum := 0.0
	for i, share := range Shapley(n, func(members uint) float64 { return game[members] }) {
		near(t, "share", share, want[i]/orders, 1e-12)
		sum += share
	}
	if orders != 120 || math.Abs(sum-(game[1<<n-1]-game[0])) > 1e-12 {
		t.Errorf("%v orders; shares add up to %v, not to %v", orders, sum, game[1<<n-1]-game[0])
	}
	if len(Shapley(0, func(uint) float64 { return 3 })) != 0 {
		t.Error("nobody gets something")
	}
}
