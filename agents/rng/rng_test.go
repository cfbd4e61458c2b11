package rng

import (
	"math"
	"testing"
)

// A change of these values means that every published result of a seed changes.
func TestKeysAreFixed(t *testing.T) {
	s := NewSource(1, 0)
	st := s.Stream(OrderDraws, Pair(7, Name("turning")), 42)
	for _, c := range []struct {
		what      string
		got, want uint64
	}{
		{"population", s.Key(Population, 0, 0), 0xdf3010ebf9a76684},
		{"arrivals", s.Key(Arrivals, Pair(7, Name("turning")), 42), 0x53688d105c425fdb},
		{"other replicate", NewSource(1, 1).Key(Arrivals, Pair(7, Name("turning")), 42), 0xf774374bf0a7bade},
		{"last process", s.Key(Ties, 19_999, 1<<40), 0x50add0d4c22b0d70},
		{"first of stream", st.Uint64(), 0xfdbfb8f45d5a3f35},
		{"second of stream", st.Uint64(), 0x13f31a18cadca58d},
		{"name", Name("mill5"), 0xe9386461077545d6},
		{"pair", Pair(3, 4), 0x805678a5627ec453},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, fixed as %#x", c.what, c.got, c.want)
		}
	}
	if Ties != 30 {
		t.Errorf("processes were renumbered: Ties is %d, not 30", Ties)
	}
}

func TestEntityAgreesWithSource(t *testing.T) {
	s := NewSource(5, 2)
	if s.Of(Fit, 9).Key(3) != s.Key(Fit, 9, 3) || s.Of(Fit, 9).Uniform(3) != s.Uniform(Fit, 9, 3) {
		t.Error("the short way to a draw gives another draw")
	}
}

// draws are the uniforms of a grid of identities, and of each identity's
// neighbours: the next occasion, entity, process, replicate and seed.
func draws(f func(u float64, next [5]float64)) (n int) {
	for a := range uint64(300) {
		for b := range uint64(1000) {
			s := NewSource(11, 3)
			f(s.Uniform(Arrivals, a, b), [5]float64{
				s.Uniform(Arrivals, a, b+1), s.Uniform(Arrivals, a+1, b), s.Uniform(CommonArrivals, a, b),
				NewSource(11, 4).Uniform(Arrivals, a, b), NewSource(12, 3).Uniform(Arrivals, a, b),
			})
			n++
		}
	}
	return n
}

func TestDrawsAreUniform(t *testing.T) {
	const bins = 256
	var high, low [bins]float64
	n := draws(func(u float64, _ [5]float64) {
		high[int(u*bins)]++
		_, part := math.Modf(u * (1 << 40)) // later bits
		low[int(part*bins)]++
	})
	for i, count := range [2][bins]float64{high, low} {
		chi, want := 0.0, float64(n)/bins
		for _, c := range count {
			chi += (c - want) * (c - want) / want
		}
		if sd := math.Sqrt(2 * (bins - 1)); math.Abs(chi-(bins-1)) > 4*sd {
			t.Errorf("%s bits: chi-square %.0f with %d degrees of freedom: draws are not uniform", [2]string{"leading", "later"}[i], chi, bins-1)
		}
	}
}

func TestNeighboursAreIndependent(t *testing.T) {
	names := [5]string{"next day", "next firm", "next process", "next replicate", "next seed"}
	var cross, square [5]float64
	var table [5][8][8]float64
	n := draws(func(u float64, next [5]float64) {
		for i, v := range next {
			cross[i] += (u - 0.5) * (v - 0.5) * 12
			square[i] += ((u-0.5)*(u-0.5)*12 - 1) * ((v-0.5)*(v-0.5)*12 - 1)
			table[i][int(u*8)][int(v*8)]++
		}
	})
	for i, name := range names {
		if r := cross[i] / float64(n); math.Abs(r) > 4/math.Sqrt(float64(n)) {
			t.Errorf("%s: correlation %.5f over %d pairs", name, r, n)
		}
		if r := square[i] / float64(n); math.Abs(r) > 4*0.8/math.Sqrt(float64(n)) { // variance of a centred square: 0.8
			t.Errorf("%s: squares correlate by %.5f over %d pairs", name, r, n)
		}
		chi, want := 0.0, float64(n)/64
		for _, row := range table[i] {
			for _, c := range row {
				chi += (c - want) * (c - want) / want
			}
		}
		if math.Abs(chi-63) > 4*math.Sqrt(2*63) {
			t.Errorf("%s: chi-square %.0f with 63 degrees of freedom: pairs are not independent", name, chi)
		}
	}
}

// A collision would give two entities the same draws on all days.
func TestIdentitiesDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	s := NewSource(1, 0)
	for a := range uint64(1000) {
		for b := range uint64(300) {
			seen[Pair(a, b)] = true
			seen[s.Key(Failure, a, b)] = true
			seen[s.Key(Repair, a, b)] = true
		}
	}
	if len(seen) != 900_000 {
		t.Errorf("%d of 900000 identities coincide", 900_000-len(seen))
	}
	if Pair(1, 2) == Pair(2, 1) {
		t.Error("a pair and its reverse have one identity")
	}
}

func TestStream(t *testing.T) {
	var s Stream
	const n = 200_000
	var count [7]float64
	sum, square := 0.0, 0.0
	for range n {
		count[s.IntN(7)]++
		z := s.Normal()
		sum += z
		square += z * z
	}
	for i, c := range count {
		if math.Abs(c-n/7.0) > 4*math.Sqrt(n*6.0/49) {
			t.Errorf("IntN(7) gave %d %v times in %d", i, c, n)
		}
	}
	if m := sum / n; math.Abs(m) > 4/math.Sqrt(n) {
		t.Errorf("mean of normal draws %.5f", m)
	}
	if v := square / n; math.Abs(v-1) > 4*math.Sqrt(2.0/n) {
		t.Errorf("variance of normal draws %.5f", v)
	}
	if lo, hi := Normal(0), Normal(1-0x1p-53); math.IsInf(lo, 0) || lo > -8 || math.IsInf(hi, 0) || hi < 8 {
		t.Errorf("normal quantiles at the ends: %v, %v", lo, hi)
	}
	a, b := Sub(1, 0), Sub(1, 1)
	if a.Uint64() == b.Uint64() {
		t.Error("two parts of one order share their draws")
	}
}

func BenchmarkUniform(b *testing.B) {
	e := NewSource(1, 0).Of(Arrivals, 3)
	sum := 0.0
	for day := uint64(0); b.Loop(); day++ {
		sum += e.Uniform(day)
	}
	_ = sum
}
