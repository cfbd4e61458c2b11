package calibrate

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"idleshift/metrics/moments"
)

// How far the keys are moved to see what the moments do: a share of the range.
const reach = 0.05

// Bounds of the verdicts on a key and on a set of keys.
const (
	blur      = 0.28867513459481287 // standard deviation of a uniform draw from the range: 1/√12 of it
	collinear = 10                  // collinearity index from which keys make up for each other (Brun, Reichert and Künsch 2001)
	edge      = 0.01                // share of the range that lies at its edge
)

// slopes are the moments a step below and above a candidate, key by key, over
// the worlds of the final.
type slopes struct {
	width      []float64 // of both steps together, share of the range
	low, high  []*moments.Estimates
	impossible []string // by key: why it could not be moved; empty if it could
}

// slopes measures them.
func (f *fit) slopes(best *Evaluation) (*slopes, error) {
	s := &slopes{}
	var xs [][]float64
	for k := range f.plan.free {
		for _, by := range []float64{-reach, reach} {
			x := slices.Clone(best.X)
			x[k] = min(max(x[k]+by, 0), 1)
			xs = append(xs, x)
		}
	}
	got, err := f.evaluate("slope", 0, xs, 0, f.plan.Final)
	if err != nil {
		return nil, err
	}
	for k := range f.plan.free {
		free := &f.plan.free[k]
		low, high := &got[2*k], &got[2*k+1]
		s.width = append(s.width, free.where(high.Values[k])-free.where(low.Values[k]))
		s.low, s.high = append(s.low, &low.estimates), append(s.high, &high.estimates)
		s.impossible = append(s.impossible, low.Fail+high.Fail)
	}
	return s, nil
}

// A Key is what the targets say about one free key.
type Key struct {
	Name  string   `json:"name"`
	Keys  []string `json:"keys"`
	Low   float64  `json:"low"`
	High  float64  `json:"high"`
	Start float64  `json:"start"` // as the scenario has it
	Value float64  `json:"value"`
	// Error is the standard error of the value if each target is known to its
	// tolerance as to a standard error, simulation noise included; in shares of
	// the range, which is linear or logarithmic. nil if it has no bound.
	Error      *float64 `json:"standard_error_share"`
	Identified bool     `json:"identified"`
	Said       string   `json:"said,omitempty"` // why not, or that it lies at the edge of its range

	free *Free
}

// verdict is what is said of the key; empty if there is nothing to say.
func (k *Key) verdict() string {
	if !k.Identified {
		return "not identified: " + k.Said
	}
	return k.Said
}

// A Pair is two keys that make up for each other.
type Pair struct {
	A           string  `json:"a"`
	B           string  `json:"b"`
	Collinear   float64 `json:"collinearity"`
	Correlation float64 `json:"correlation"` // of their estimates; 0 if it is not defined
}

// identify says which keys the targets pin down, from the slopes of the moments
// in tolerances. With J the slopes, W the weights and Ω the covariance of what
// is known, tolerances as standard errors, plus that of the simulated moments,
// the estimates' covariance is (JᵀWJ)⁻¹ JᵀWΩWJ (JᵀWJ)⁻¹ (Gourieroux and Monfort
// 1996). Keys are collinear by the index 1/√λ with λ the least eigenvalue of
// the normed columns' JᵀJ (Brun, Reichert and Künsch 2001).
func (p *Plan) identify(best *Evaluation, s *slopes) (keys []Key, pairs []Pair) {
	n, m := len(p.free), len(p.targets)
	j := mat.NewDense(m, n, nil) // √w slope / tolerance per range
	seen := make([]bool, n)      // moves a target at all, beyond noise
	for k := range n {
		if s.impossible[k] != "" || s.width[k] == 0 {
			continue
		}
		for i := range m {
			change, se := s.high[k].Change(s.low[k], i)
			weight := math.Sqrt(p.targets[i].Weight)
			j.Set(i, k, weight*change/p.targets[i].Tolerance/s.width[k])
			if p.targets[i].Weight > 0 && change != 0 && !(math.Abs(change) < 2*se) {
				seen[k] = true
			}
		}
	}
	known := mat.NewSymDense(m, nil) // Ω, weighted as J is
	noise := best.estimates.Covariance()
	for a := range m {
		for b := a; b < m; b++ {
			v := 0.0
			if a == b {
				v = 1
			}
			if noise != nil {
				v += noise.At(a, b) / p.targets[a].Tolerance / p.targets[b].Tolerance
			}
			known.SetSym(a, b, v*math.Sqrt(p.targets[a].Weight*p.targets[b].Weight))
		}
	}
	cov, bounded := covariance(j, known)
	for k := range n {
		f := &p.free[k]
		key := Key{Name: f.name, Keys: f.vary.Paths(), Low: f.Low, High: f.High, Start: f.at(f.start()), Value: best.Values[k], free: f}
		se := math.Inf(1)
		if bounded[k] {
			se = math.Sqrt(cov.At(k, k))
			key.Error = &se
		}
		switch x := f.where(best.Values[k]); {
		case s.impossible[k] != "":
			key.Said = "cannot be moved to see: " + s.impossible[k]
		case !seen[k]:
			key.Said = "no target is seen to move with it"
		case se >= blur:
			key.Said = "the targets leave as much open as its range"
		case x < edge || x > 1-edge:
			key.Identified, key.Said = true, "lies at the edge of its range: the targets would have it go on"
		default:
			key.Identified = true
		}
		keys = append(keys, key)
	}
	for a := range n {
		for b := a + 1; b < n; b++ {
			if !seen[a] || !seen[b] {
				continue
			}
			cos := cosine(j, a, b)
			least := 1 - math.Abs(cos) // eigenvalues of [[1 c] [c 1]]
			index := math.Inf(1)
			if least > 1e-12 {
				index = 1 / math.Sqrt(least)
			}
			if index < collinear {
				continue
			}
			pair := Pair{A: p.free[a].name, B: p.free[b].name, Collinear: min(index, 1e6)}
			if bounded[a] && bounded[b] {
				pair.Correlation = cov.At(a, b) / math.Sqrt(cov.At(a, a)*cov.At(b, b))
			}
			pairs = append(pairs, pair)
		}
	}
	return keys, pairs
}

func cosine(j *mat.Dense, a, b int) float64 {
	x, y := j.ColView(a), j.ColView(b)
	return mat.Dot(x, y) / mat.Norm(x, 2) / mat.Norm(y, 2)
}

// covariance is (JᵀJ)⁻¹ JᵀΩJ (JᵀJ)⁻¹ on what J can see; bounded tells which keys
// lie wholly in that.
func covariance(j *mat.Dense, known mat.Symmetric) (*mat.Dense, []bool) {
	m, n := j.Dims()
	bounded := make([]bool, n)
	cov := mat.NewDense(n, n, nil)
	var svd mat.SVD
	if !svd.Factorize(j, mat.SVDFull) {
		return cov, bounded
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	values := svd.Values(nil)
	inverse := mat.NewDense(n, m, nil) // pseudo-inverse of J
	for k := range bounded {
		bounded[k] = true
	}
	for d := range n {
		if d < len(values) && values[d] > 1e-9*max(values[0], 1e-300) {
			for a := range n {
				for b := range m {
					inverse.Set(a, b, inverse.At(a, b)+v.At(a, d)*u.At(b, d)/values[d])
				}
			}
			continue
		}
		for k := range n {
			if math.Abs(v.At(k, d)) > 1e-6 {
				bounded[k] = false
			}
		}
	}
	var left mat.Dense
	left.Mul(inverse, known)
	cov.Mul(&left, inverse.T())
	return cov, bounded
}
