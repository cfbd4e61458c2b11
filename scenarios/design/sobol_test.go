package design

import (
	"math/bits"
	"strings"
	"testing"
)

// plain is point i of dimension j of the sequence before it is scrambled.
func plain(i, j int) float64 {
	v := [sobolBits]uint32{}
	if j == 0 {
		for b := range v {
			v[b] = 1 << (sobolBits - 1 - b)
		}
	} else {
		v = direction(strings.Split(directions, "\n")[j-1])
	}
	x := uint32(0)
	for g := uint(i) ^ uint(i)>>1; g > 0; g &= g - 1 {
		x ^= v[bits.TrailingZeros(g)]
	}
	return float64(x) / (1 << sobolBits)
}

// A failure means that the directions are not those of Joe and Kuo. The points
// are those of another program, SciPy's stats.qmc.Sobol without scrambling.
func TestSobolPoints(t *testing.T) {
	for _, c := range sciPy {
		if x := plain(c.point, c.dimension); x != c.x {
			t.Errorf("point %d, dimension %d: %v, want %v", c.point, c.dimension, x, c.x)
		}
	}
}

var sciPy = []struct {
	point, dimension int
	x                float64
}{
	{1, 0, 0.5},
	{1, 1, 0.5},
	{1, 2, 0.5},
	{1, 9, 0.5},
	{1, 57, 0.5},
	{1, 199, 0.5},
	{1, 399, 0.5},
	{2, 0, 0.75},
	{2, 1, 0.25},
	{2, 2, 0.25},
	{2, 9, 0.75},
	{2, 57, 0.75},
	{2, 199, 0.25},
	{2, 399, 0.25},
	{3, 0, 0.25},
	{3, 1, 0.75},
	{3, 2, 0.75},
	{3, 9, 0.25},
	{3, 57, 0.25},
	{3, 199, 0.75},
	{3, 399, 0.75},
	{10, 0, 0.9375},
	{10, 1, 0.0625},
	{10, 2, 0.6875},
	{10, 9, 0.5625},
	{10, 57, 0.3125},
	{10, 199, 0.3125},
	{10, 399, 0.0625},
	{100, 0, 0.4140625},
	{100, 1, 0.2578125},
	{100, 2, 0.7734375},
	{100, 9, 0.6953125},
	{100, 57, 0.2734375},
	{100, 199, 0.1328125},
	{100, 399, 0.1484375},
	{1000, 0, 0.2197265625},
	{1000, 1, 0.0966796875},
	{1000, 2, 0.5185546875},
	{1000, 9, 0.0693359375},
	{1000, 57, 0.0791015625},
	{1000, 199, 0.8427734375},
	{1000, 399, 0.0400390625},
}

// A failure means that the table of directions is damaged: the first 2^m points
// of every dimension must lie in 2^m different intervals, scrambled or not.
func TestSobolFillsEveryDimension(t *testing.T) {
	const n = 256
	cube := sobol(n, sobolMost, 7)
	for j := range sobolMost {
		raw, scrambled := map[int]bool{}, map[int]bool{}
		for i := range n {
			raw[int(plain(i, j)*n)] = true
			scrambled[int(cube.At(i, j)*n)] = true
		}
		if len(raw) != n || len(scrambled) != n {
			t.Errorf("dimension %d: %d points fill %d intervals, scrambled %d", j, n, len(raw), len(scrambled))
		}
	}
}

// A failure means that scrambling breaks the net in two dimensions: the first
// two of the sequence are a (0, m, 2)-net in base 2, so that each of the 16 ×
// 16, 2 × 128, … boxes of equal area holds one of 256 points.
func TestScramblingKeepsTheNet(t *testing.T) {
	cube := sobol(256, 2, 3)
	for m := range 9 {
		wide, high := 1<<m, 256>>m
		seen := map[[2]int]bool{}
		for i := range 256 {
			seen[[2]int{int(cube.At(i, 0) * float64(wide)), int(cube.At(i, 1) * float64(high))}] = true
		}
		if len(seen) != 256 {
			t.Errorf("%d × %d boxes: %d hold a point", wide, high, len(seen))
		}
	}
}
