package calibrate

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// The standard errors must be those of least squares where that is exact: with
// slopes J and what is known to a standard error of one, (JᵀJ)⁻¹; keys that the
// targets cannot see, or cannot tell apart, have none. A failure means that a
// key is taken for known that is not, or the other way round.
func TestStandardErrorsOfKeys(t *testing.T) {
	unit := mat.NewSymDense(3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
	for _, c := range []struct {
		name    string
		slopes  []float64 // 3 targets × 2 keys
		known   mat.Symmetric
		errors  []float64
		bounded []bool
	}{
		{"each key moves a target of its own", []float64{2, 0, 0, 4, 0, 0}, unit, []float64{0.5, 0.25}, []bool{true, true}},
		{"more targets than keys", []float64{1, 0, 1, 0, 0, 1}, unit, []float64{math.Sqrt(0.5), 1}, []bool{true, true}},
		{"noise adds to what is known", []float64{2, 0, 0, 4, 0, 0}, mat.NewSymDense(3, []float64{5, 0, 0, 0, 1, 0, 0, 0, 1}), []float64{math.Sqrt(5) / 2, 0.25}, []bool{true, true}},
		{"a key that nothing moves with", []float64{2, 0, 1, 0, 0, 0}, unit, []float64{1 / math.Sqrt(5), 0}, []bool{true, false}},
		{"two keys that do the same", []float64{1, 2, 2, 4, 0, 0}, unit, []float64{0, 0}, []bool{false, false}},
	} {
		cov, bounded := covariance(mat.NewDense(3, 2, c.slopes), c.known)
		if !slices.Equal(bounded, c.bounded) {
			t.Errorf("%s: bounded %v, want %v", c.name, bounded, c.bounded)
		}
		for k, want := range c.errors {
			if got := math.Sqrt(cov.At(k, k)); bounded[k] && math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: the standard error of key %d is %v, want %v", c.name, k, got, want)
			}
		}
	}
	if cos := cosine(mat.NewDense(3, 2, []float64{1, 2, 2, 4, 0, 0}), 0, 1); math.Abs(cos-1) > 1e-12 {
		t.Errorf("the cosine of two keys that do the same is %v", cos)
	}
}
