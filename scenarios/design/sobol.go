package design

import (
	_ "embed"
	"math/bits"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"idleshift/agents/rng"
)

// directions are the primitive polynomials and first direction numbers of the
// dimensions from the second: the degree s, the coefficients a, and m_1 to m_s,
// from new-joe-kuo-6.21201 (S. Joe and F. Y. Kuo, Constructing Sobol sequences
// with better two-dimensional projections, SIAM Journal on Scientific Computing
// 30, 2008).
//
//go:embed directions.txt
var directions string

// sobolMost is how many dimensions the sequence has.
const sobolMost = 400

// sobolBits is how many binary digits its points have; 2^sobolBits points are
// all there are.
const sobolBits = 32

// sobol is the first n points of the Sobol' sequence in k dimensions, a row
// each, scrambled digit by digit (Owen 1995) by the seed: the strata stay
// filled evenly, and no coordinate is 0 or a round number.
func sobol(n, k int, seed uint64) *mat.Dense {
	cube := mat.NewDense(n, k, nil)
	lines := strings.Split(strings.TrimSpace(directions), "\n")
	for j := range k {
		var v [sobolBits]uint32
		if j == 0 {
			for i := range v {
				v[i] = 1 << (sobolBits - 1 - i)
			}
		} else {
			v = direction(lines[j-1])
		}
		key := rng.Pair(rng.Name("sobol"), rng.Pair(seed, uint64(j)))
		x := uint32(0)
		for i := range n {
			if i > 0 {
				x ^= v[bits.TrailingZeros(uint(i))] // Gray code (Antonov and Saleev 1979)
			}
			cube.Set(i, j, (float64(scrambled(x, key))+0.5)/(1<<sobolBits))
		}
	}
	return cube
}

// direction makes the direction numbers of a dimension from its line of the
// table: v_i = m_i / 2^i, by the recurrence of its polynomial.
func direction(line string) (v [sobolBits]uint32) {
	var numbers []uint32
	for word := range strings.FieldsSeq(line) {
		n, _ := strconv.ParseUint(word, 10, 32) // a test reads the whole table
		numbers = append(numbers, uint32(n))
	}
	s, a, m := int(numbers[0]), numbers[1], numbers[2:]
	for i := range v {
		if i < s {
			v[i] = m[i] << (sobolBits - 1 - i)
			continue
		}
		v[i] = v[i-s] ^ v[i-s]>>s
		for l := 1; l < s; l++ {
			if a>>(s-1-l)&1 == 1 {
				v[i] ^= v[i-l]
			}
		}
	}
	return v
}

// scrambled flips each digit of x by a draw keyed by the digits before it.
func scrambled(x uint32, key uint64) uint32 {
	flip := uint32(0)
	for i := range sobolBits {
		before := uint64(1)<<i | uint64(x)>>(sobolBits-i) // digits before, with a one in front
		flip = flip<<1 | uint32(rng.Pair(key, before)>>63)
	}
	return x ^ flip
}
