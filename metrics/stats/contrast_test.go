package stats

import (
	"math/rand/v2"
	"testing"
)

// A failure means that differences between points are told with more or less
// certainty than they have: over 2,000 experiments 95 % of the intervals must
// cover. Three replicates of two points against two others, noise common to all
// points or their own, of different size.
func TestContrastCovers(t *testing.T) {
	draw := rand.New(rand.NewPCG(10, 11))
	weights := []float64{0.5, 0.5, 0, -0.5, -0.5}
	for _, common := range []bool{true, false} {
		covered, wide := 0, 0.0
		const tries = 2000
		for range tries {
			y := make([][]float64, 5)
			for r := range 3 {
				shared := 10 * draw.NormFloat64()
				for i := range y {
					x := float64(i*i) + (1+float64(i)/2)*draw.NormFloat64()
					if common {
						x += shared
					}
					if r == 0 {
						y[i] = nil
					}
					y[i] = append(y[i], x)
				}
			}
			c := Contrast(y, weights, common, 0.95)
			if c.Low <= -12 && -12 <= c.High { // (0 + 1)/2 − (9 + 16)/2
				covered++
			}
			wide += (c.High - c.Low) / tries
		}
		if share := float64(covered) / tries; share < 0.94 || share > 0.97 {
			t.Errorf("common random numbers %v: %v of the intervals cover", common, share)
		}
		if wide > 20 {
			t.Errorf("common random numbers %v: intervals are %v wide, as if shared noise did not cancel", common, wide)
		}
	}
	same := Contrast([][]float64{{0.1, 0.7}, {0.2, 0.9}, {0.3, 1.6}}, []float64{1, 1, -1}, true, 0.95)
	if same.Mean != 0 || same.Low != 0 || same.High != 0 {
		t.Errorf("0.1 + 0.2 less 0.3 leaves %v", same)
	}
	one := Contrast([][]float64{{1}, {2}}, []float64{-1, 1}, false, 0.95)
	if one.Mean != 1 || one.Bounded() {
		t.Errorf("one replicate gives %v", one)
	}
}
