package calibrate

import (
	"cmp"
	"math"
	"math/rand"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// adapt searches by CMA-ES (Hansen 2016, The CMA evolution strategy: a
// tutorial) and returns the finalists. Every generation meets worlds of its own.
// Some of its candidates are measured over a second set of worlds: if that
// changes the order of the candidates more than chance should, more worlds are
// taken for all, and when there are most, the steps are kept long (Hansen,
// Niederberger, Guzzella and Koumoutsakos 2009, A method for handling
// uncertainty in evolutionary optimization).
func (f *fit) adapt() ([][]float64, error) {
	rng := rand.New(rand.NewSource(f.plan.Seed))
	start := f.plan.start()
	s := newStrategy(start, 0.25, f.plan.size())
	n := float64(f.plan.Replicates)
	most := float64(max(f.plan.Final, f.plan.Replicates))
	block := 0
	var found []candidate
	for generation := range f.plan.Generations + 1 {
		points := s.sample(rng)
		xs := make([][]float64, len(points))
		for i, p := range points {
			xs[i] = folded(p)
		}
		if generation == 0 {
			xs[0], points[0] = start, slices.Clone(start) // the scenario as it is
		}
		worlds := int(n)
		got, err := f.try("search", generation, xs, f.worlds(block, int(most)), worlds)
		if err != nil {
			return nil, err
		}
		again := int(math.Ceil(max(0.1*float64(len(xs)), 2)))
		more, err := f.try("again", generation, xs[:again], f.worlds(block+1, int(most)), worlds)
		if err != nil {
			return nil, err
		}
		block += 2
		old, second := distances(got), distances(got)
		copy(second, distances(more))
		mean := make([]float64, len(old))
		for i := range mean {
			mean[i] = (old[i] + second[i]) / 2
		}
		longer := 1.0
		switch {
		case disorder(old, second, again) <= 0:
			n = max(float64(f.plan.Replicates), n/1.5)
		case n < most:
			n = min(most, 1.5*n)
		default:
			longer = 1 + 2/(float64(len(start))+10)
		}
		order := s.update(points, mean)
		s.sigma *= longer
		f.complete(generation, mean[order[0]])
		for i, x := range xs {
			found = append(found, candidate{x, mean[i]})
		}
		if mean[order[0]] <= f.plan.Enough || s.sigma < 1e-4 {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	finalists := [][]float64{folded(s.mean)} // less noisy than any of those it is the mean of
	for _, c := range found {
		finalists = append(finalists, c.x)
	}
	return f.distinct(finalists, f.plan.Finalists), nil
}

func folded(p []float64) []float64 {
	x := make([]float64, len(p))
	for k := range p {
		x[k] = fold(p[k])
	}
	return x
}

func distances(of []Evaluation) []float64 {
	var d []float64
	for i := range of {
		d = append(d, of[i].Distance)
	}
	return d
}

// disorder measures how much a second measurement, of the first again
// candidates, moved their ranks among all, beyond what is allowed: the s of
// Hansen et al. 2009 with θ = 0.2. Above 0 the noise decides too much.
func disorder(old, second []float64, again int) float64 {
	both := slices.Concat(old, second)
	slices.Sort(both)
	rank := func(x float64) float64 { // from 1, of the first that is as large
		i, _ := slices.BinarySearch(both, x)
		return float64(i + 1)
	}
	limit := func(r float64) float64 {
		var off []float64
		for q := 1; q < 2*len(old); q++ {
			off = append(off, math.Abs(float64(q)-r))
		}
		slices.Sort(off)
		return stat.Quantile(0.1, stat.Empirical, off, nil)
	}
	sum := 0.0
	for i := range again {
		a, b := rank(old[i]), rank(second[i])
		moved := b - a
		switch {
		case moved > 0:
			moved--
		case moved < 0:
			moved++
		}
		after, before := b, a
		if second[i] > old[i] {
			after--
		}
		if old[i] > second[i] {
			before--
		}
		sum += 2*math.Abs(moved) - limit(after) - limit(before)
	}
	return sum / float64(again)
}

// A strategy is the state of CMA-ES; its names are those of Hansen 2016.
type strategy struct {
	lambda          int // candidates of a generation
	mean            []float64
	sigma           float64
	weights         []float64 // of the better half, by rank
	muEff           float64
	cc, cs, c1, cmu float64
	damp, expected  float64 // expected: mean length of a standard normal vector
	pc, ps          []float64
	c               *mat.SymDense
	axes            mat.Dense // eigenvectors of c, by column
	lengths         []float64 // square roots of its eigenvalues
	generation      int
}

func newStrategy(mean []float64, sigma float64, lambda int) *strategy {
	n := float64(len(mean))
	s := &strategy{lambda: lambda, mean: slices.Clone(mean), sigma: sigma, pc: make([]float64, len(mean)), ps: make([]float64, len(mean))}
	sum, squares := 0.0, 0.0
	for i := range lambda / 2 {
		w := math.Log(float64(lambda+1)/2) - math.Log(float64(i+1))
		s.weights = append(s.weights, w)
		sum += w
	}
	for i := range s.weights {
		s.weights[i] /= sum
		squares += s.weights[i] * s.weights[i]
	}
	s.muEff = 1 / squares
	s.cc = (4 + s.muEff/n) / (n + 4 + 2*s.muEff/n)
	s.cs = (s.muEff + 2) / (n + s.muEff + 5)
	s.c1 = 2 / ((n+1.3)*(n+1.3) + s.muEff)
	s.cmu = min(1-s.c1, 2*(s.muEff-2+1/s.muEff)/((n+2)*(n+2)+s.muEff))
	s.damp = 1 + 2*max(0, math.Sqrt((s.muEff-1)/(n+1))-1) + s.cs
	s.expected = math.Sqrt(n) * (1 - 1/(4*n) + 1/(21*n*n))
	s.c = mat.NewSymDense(len(mean), nil)
	for k := range mean {
		s.c.SetSym(k, k, 1)
	}
	s.factorize()
	return s
}

// factorize finds the axes of the covariance.
func (s *strategy) factorize() {
	var e mat.EigenSym
	if !e.Factorize(s.c, true) {
		return // the axes of the generation before still serve
	}
	e.VectorsTo(&s.axes)
	s.lengths = s.lengths[:0]
	for _, v := range e.Values(nil) {
		s.lengths = append(s.lengths, math.Sqrt(max(v, 1e-14)))
	}
}

// sample draws a generation.
func (s *strategy) sample(rng *rand.Rand) [][]float64 {
	n := len(s.mean)
	points := make([][]float64, s.lambda)
	z := make([]float64, n)
	for i := range points {
		for k := range z {
			z[k] = rng.NormFloat64() * s.lengths[k]
		}
		points[i] = slices.Clone(s.mean)
		for k := range n {
			for j := range n {
				points[i][k] += s.sigma * s.axes.At(k, j) * z[j]
			}
		}
	}
	return points
}

// update learns from the points and what they are worth, less is better. It
// returns their order, the best first.
func (s *strategy) update(points [][]float64, worth []float64) []int {
	n := len(s.mean)
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(worth[a], worth[b]) })
	old := s.mean
	s.mean = make([]float64, n)
	for rank, w := range s.weights {
		for k, x := range points[order[rank]] {
			s.mean[k] += w * x
		}
	}
	step := make([]float64, n) // of the mean, in units of sigma
	for k := range step {
		step[k] = (s.mean[k] - old[k]) / s.sigma
	}
	white := make([]float64, n) // the step as if all axes were of length 1
	for j := range n {
		along := 0.0
		for k := range n {
			along += s.axes.At(k, j) * step[k]
		}
		for k := range n {
			white[k] += s.axes.At(k, j) * along / s.lengths[j]
		}
	}
	s.generation++
	length := 0.0
	for k := range n {
		s.ps[k] = (1-s.cs)*s.ps[k] + math.Sqrt(s.cs*(2-s.cs)*s.muEff)*white[k]
		length += s.ps[k] * s.ps[k]
	}
	length = math.Sqrt(length)
	kept := math.Sqrt(1 - math.Pow(1-s.cs, 2*float64(s.generation)))
	moving := 0.0
	if length/kept < (1.4+2/(float64(n)+1))*s.expected {
		moving = 1
	}
	for k := range n {
		s.pc[k] = (1-s.cc)*s.pc[k] + moving*math.Sqrt(s.cc*(2-s.cc)*s.muEff)*step[k]
	}
	for a := range n {
		for b := a; b < n; b++ {
			v := (1 - s.c1 - s.cmu + (1-moving)*s.c1*s.cc*(2-s.cc)) * s.c.At(a, b)
			v += s.c1 * s.pc[a] * s.pc[b]
			for rank, w := range s.weights {
				p := points[order[rank]]
				v += s.cmu * w * (p[a] - old[a]) * (p[b] - old[b]) / (s.sigma * s.sigma)
			}
			s.c.SetSym(a, b, v)
		}
	}
	s.sigma *= math.Exp(s.cs / s.damp * (length/s.expected - 1))
	s.factorize()
	return order
}
