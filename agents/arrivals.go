package agents

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"idleshift/agents/rng"
)

// The counting laws invert their distribution function with one uniform draw:
// the count is the least k with F(k) > u. It rises with u and with the mean, so
// that a world with a little more demand differs from the first by the orders
// that were added.

// direct is the greatest mean for which a distribution function is summed from
// zero; beyond it a normal guess is mended with the exact function.
const direct = 64

// Poisson is the count that goes with the uniform draw u in [0, 1).
func Poisson(u, mean float64) int {
	if u < 1-mean { // exp(-mean) is never less
		return 0
	}
	u = max(u, 0x1p-54)
	if mean <= direct {
		p := math.Exp(-mean)
		k := 0
		for sum := p; u >= sum; {
			k++
			p *= mean / float64(k)
			next := sum + p
			if next == sum && float64(k) > mean {
				break // u is beyond what the sum can reach
			}
			sum = next
		}
		return k
	}
	return invert(u, mean, math.Sqrt(mean), math.MaxInt, func(k int) bool {
		if u < 0.5 {
			return mathext.GammaIncRegComp(float64(k)+1, mean) > u
		}
		return mathext.GammaIncReg(float64(k)+1, mean) < 1-u
	})
}

// Binomial is the count of n trials with probability p that goes with the
// uniform draw u in [0, 1).
func Binomial(u float64, n int, p float64) int {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5: // n less the failures, which go with 1-u
		return n - fewBinomial(1-max(u, 0x1p-53), n, 1-p)
	}
	return fewBinomial(u, n, p)
}

// fewBinomial is Binomial for p of at most a half.
func fewBinomial(u float64, n int, p float64) int {
	mean := float64(n) * p
	if u < 1-mean { // (1-p)ⁿ is never less
		return 0
	}
	u = max(u, 0x1p-54)
	if mean <= direct {
		at := none(n, p)
		odds := p / (1 - p)
		k := 0
		for sum := at; u >= sum && k < n; {
			k++
			at *= odds * float64(n-k+1) / float64(k)
			next := sum + at
			if next == sum && float64(k) > mean {
				break
			}
			sum = next
		}
		return k
	}
	return invert(u, mean, math.Sqrt(mean*(1-p)), n, func(k int) bool {
		if u < 0.5 {
			return mathext.RegIncBeta(float64(n-k), float64(k)+1, 1-p) > u
		}
		return mathext.RegIncBeta(float64(k)+1, float64(n-k), p) < 1-u
	})
}

// none is (1-p)ⁿ.
func none(n int, p float64) float64 {
	if n > 16 {
		return math.Exp(float64(n) * math.Log1p(-p))
	}
	q := 1 - p
	x := q
	for range n - 1 {
		x *= q
	}
	return x
}

// invert is the least k of at most n with F(k) > u, looked for from a normal
// guess. Above says whether F(k) > u, in the tail where that is accurate; it is
// not asked for n.
func invert(u, mean, sd float64, n int, above func(k int) bool) int {
	z := rng.Normal(u)
	k := min(max(int(mean+z*sd+(z*z-1)/6), 0), n)
	for k < n && !above(k) {
		k++
	}
	for k > 0 && above(k-1) {
		k--
	}
	return k
}
