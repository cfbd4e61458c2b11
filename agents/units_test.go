package agents

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Amounts within what the keys allow must not wrap around: a wrong sign would
// stand in a result with nothing to show for it.
func TestMoneyForIsExact(t *testing.T) {
	d := rand.New(rand.NewPCG(1, 1))
	signs := []int64{1, -1}
	for range 100_000 {
		m, h := Money(signs[d.IntN(2)]*d.Int64()>>d.IntN(63)), Hours(signs[d.IntN(2)]*d.Int64()>>d.IntN(63))
		p := new(big.Int).Mul(big.NewInt(int64(m)), big.NewInt(int64(h)))
		sign := big.NewInt(int64(p.Sign()))
		p.Abs(p).Add(p, big.NewInt(int64(Hour)/2)).Div(p, big.NewInt(int64(Hour)))
		if limit := big.NewInt(math.MaxInt64); p.Cmp(limit) > 0 {
			p = limit
		}
		if want := p.Mul(p, sign); want.Int64() != int64(m.For(h)) {
			t.Fatalf("%d an hour for %d s is %d, not %d", m, h, want, m.For(h))
		}
	}
	if got := MoneyOf(1e6).For(HoursOf(1e6)); got != MoneyOf(1e12) {
		t.Errorf("a million hours at a million are %g", got.Float())
	}
}
