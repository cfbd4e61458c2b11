package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"idleshift/agents/rng"
)

// A Bootstrap says how intervals are drawn: blocks of a design, each with all
// that belongs together, are taken again and again with replacement (Efron
// 1979), and the interval is between percentiles of what comes out.
type Bootstrap struct {
	Draws int     // resamples; 0 gives no interval
	Level float64 // nominal coverage, such as 0.95
	Seed  uint64
}

// intervals are those of the estimate over all n blocks: estimate fills out
// from the blocks of the given numbers.
func (b Bootstrap) intervals(n, size int, estimate func(blocks []int, out []float64)) []Interval {
	blocks := make([]int, n)
	for i := range blocks {
		blocks[i] = i
	}
	whole := make([]float64, size)
	estimate(blocks, whole)
	drawn := make([][]float64, size)
	draw := rng.Sub(rng.Name("bootstrap"), b.Seed)
	out := make([]float64, size)
	for range b.Draws {
		for i := range blocks {
			blocks[i] = draw.IntN(n)
		}
		estimate(blocks, out)
		for i, x := range out {
			if !math.IsNaN(x) {
				drawn[i] = append(drawn[i], x)
			}
		}
	}
	all := make([]Interval, size)
	for i := range all {
		all[i] = Interval{N: n, Mean: whole[i], Low: math.Inf(-1), High: math.Inf(1), Level: b.Level, StandardError: math.NaN(), P: math.NaN()}
		if len(drawn[i]) > 1 && 2*len(drawn[i]) > b.Draws {
			slices.Sort(drawn[i])
			all[i].Low = stat.Quantile((1-b.Level)/2, stat.LinInterp, drawn[i], nil)
			all[i].High = stat.Quantile((1+b.Level)/2, stat.LinInterp, drawn[i], nil)
			all[i].StandardError = SD(drawn[i])
		}
	}
	return all
}

// A Sample is what a model returned at the rows of a design, block after block.
type Sample struct {
	Y     [][]float64 // by row: the outcome in each replicate
	Point []int       // by row: which point it is; rows of one point share their outcomes
	Block int         // rows of a block
}

// moments are, by row, the mean over replicates and the variance of that mean,
// which is NaN with one replicate.
func (s *Sample) moments() (mean, noise []float64) {
	mean, noise = make([]float64, len(s.Y)), make([]float64, len(s.Y))
	for i, y := range s.Y {
		mean[i] = stat.Mean(y, nil)
		sd := SD(y)
		noise[i] = sd * sd / float64(len(y))
	}
	return mean, noise
}

// Noise is the share of replicate noise in the variance of an outcome, of one
// run and of the mean over the replicates of a point.
type Noise struct {
	Run, Mean Interval
}

// Indices are Sobol's indices of an outcome, with what they were made from.
type Indices struct {
	First, Total []Interval // by factor
	// Second is of pairs of factors i < j, at Pair(i, j) of Second; nil unless
	// the sample has the matrices for it.
	Second   []Interval
	Variance Interval // of the expected outcome over the design
	Noise    Noise    // NaN unless replicates are independent
}

// Pair is the position of factors i < j of k in Indices.Second.
func Pair(i, j, k int) int { return i*(2*k-i-1)/2 + j - i - 1 }

// Sobol estimates the indices of k factors from Saltelli's matrices, whose rows
// stand block by block: A, A with column 1 to k of B, and if there are second
// orders B with column 1 to k of A, B. First order by Saltelli et al. (2010,
// their formula b), total order by Jansen (1999), second order by Saltelli
// (2002), averaged over its two forms.
//
// If replicates are independent between points, noise says so: the indices are
// then of the expected outcome, with the noise of the means over replicates
// taken out of every product and square, and the share of noise is told.
// Otherwise the outcome is the mean over replicates as it is.
//
// Outcomes must be finite, and at least two blocks are needed.
func Sobol(s *Sample, k int, noise bool, b Bootstrap) *Indices {
	second := s.Block == 2*k+2
	mean, vary := s.moments()
	if !noise {
		clear(vary)
	}
	n := len(s.Y) / s.Block
	pairs := 0
	if second {
		pairs = k * (k - 1) / 2
	}
	center := stat.Mean(mean, nil)
	// product of the outcomes in two rows, without the noise that they share
	product := func(p, q int) float64 {
		x := (mean[p] - center) * (mean[q] - center)
		if s.Point[p] == s.Point[q] {
			x -= vary[p]
		}
		return x
	}
	// square of the change between two rows, without noise
	change := func(p, q int) float64 {
		if s.Point[p] == s.Point[q] {
			return 0
		}
		d := mean[p] - mean[q]
		return d*d - vary[p] - vary[q]
	}
	// what each block adds to first, total and second orders, and behind them to
	// the sums of outcomes, squares, and noise of the means and of runs
	sums := 2*k + pairs
	adds := make([][]float64, n)
	for i := range adds {
		x := make([]float64, sums+4)
		rowA, rowB := i*s.Block, (i+1)*s.Block-1
		both := product(rowA, rowB)
		for f := range k {
			ab := rowA + 1 + f
			if !second {
				x[f] = product(rowB, ab) - both
				x[k+f] = change(rowA, ab) / 2
				continue
			}
			ba := ab + k
			x[f] = (product(rowB, ab)+product(rowA, ba))/2 - both
			x[k+f] = (change(rowA, ab) + change(rowB, ba)) / 4
			for g := f + 1; g < k; g++ {
				x[2*k+Pair(f, g, k)] = (product(ba, rowA+1+g)+product(rowA+1+k+g, ab))/2 - both
			}
		}
		for row := rowA; row <= rowB; row++ { // each alone is spread over the whole of the design
			d := mean[row] - center
			x[sums] += d
			x[sums+1] += d * d
			x[sums+2] += vary[row]
			x[sums+3] += vary[row] * float64(len(s.Y[row]))
		}
		adds[i] = x
	}
	total := make([]float64, sums+4)
	all := b.intervals(n, sums+3, func(blocks []int, out []float64) {
		clear(total)
		for _, i := range blocks {
			for j, x := range adds[i] {
				total[j] += x
			}
		}
		m := float64(len(blocks) * s.Block)
		inMean, inRun := total[sums+2]/m, total[sums+3]/m
		variance := max(0, (total[sums+1]-total[sums]*total[sums]/m)/(m-1)-inMean)
		scale := variance * float64(len(blocks))
		if scale == 0 {
			scale = math.NaN() // nothing varies: there are no shares
		}
		for j := range sums {
			out[j] = total[j] / scale
		}
		if second {
			for f := range k {
				for g := f + 1; g < k; g++ {
					out[2*k+Pair(f, g, k)] -= out[f] + out[g]
				}
			}
		}
		out[sums], out[sums+1], out[sums+2] = variance, math.NaN(), math.NaN()
		if noise {
			out[sums+1], out[sums+2] = inRun/(variance+inRun), inMean/(variance+inMean)
		}
	})
	return &Indices{
		First: all[:k], Total: all[k : 2*k], Second: all[2*k : sums],
		Variance: all[sums], Noise: Noise{all[sums+1], all[sums+2]},
	}
}

// An Effect is Morris' elementary effect of one factor: the change of the
// outcome over the whole range of the factor, as each step of a trajectory puts
// it.
type Effect struct {
	Mean      Interval // μ: its sign says whether the outcome rises
	Strength  Interval // μ*: mean of the absolute effects (Campolongo et al. 2007)
	Deviation Interval // σ: standard deviation; interactions and curvature
	// Floor is the μ* that replicate noise alone would give; NaN unless
	// replicates are independent.
	Floor float64
}

// A Step is a step of a trajectory: a move of a factor over a share of its range,
// downwards if negative.
type Step struct {
	Factor int
	Share  float64
}

// Morris are the effects of k factors and the share of replicate noise in the
// outcome. Rows of a block are a trajectory; steps are, block by block, what
// moves from each row to the next. Noise says that replicates are independent
// between points.
func Morris(s *Sample, k int, steps []Step, noise bool, b Bootstrap) ([]Effect, Noise) {
	mean, vary := s.moments()
	n := len(s.Y) / s.Block
	effects := make([][]float64, k) // by factor and trajectory
	floor := make([]float64, k)
	for f := range effects {
		effects[f] = make([]float64, n)
	}
	for i := range n {
		for j := range s.Block - 1 {
			row, step := i*s.Block+j, steps[i*(s.Block-1)+j]
			effects[step.Factor][i] = (mean[row+1] - mean[row]) / step.Share
			floor[step.Factor] += (vary[row] + vary[row+1]) / (step.Share * step.Share) / float64(n)
		}
	}
	const others = 2
	all := b.intervals(n, 3*k+others, func(blocks []int, out []float64) {
		x := make([]float64, len(blocks))
		for f := range k {
			out[k+f] = 0
			for i, block := range blocks {
				x[i] = effects[f][block]
				out[k+f] += math.Abs(x[i]) / float64(len(blocks))
			}
			out[f], out[2*k+f] = stat.Mean(x, nil), SD(x)
		}
		var y []float64
		var inMean, inRun float64
		for _, block := range blocks {
			for row := block * s.Block; row < (block+1)*s.Block; row++ {
				y = append(y, mean[row])
				inMean += vary[row]
				inRun += vary[row] * float64(len(s.Y[row]))
			}
		}
		inMean, inRun = inMean/float64(len(y)), inRun/float64(len(y))
		variance := max(0, stat.Variance(y, nil)-inMean)
		out[3*k], out[3*k+1] = inRun/(variance+inRun), inMean/(variance+inMean)
		if !noise {
			out[3*k], out[3*k+1] = math.NaN(), math.NaN()
		}
	})
	out := make([]Effect, k)
	for f := range out {
		out[f] = Effect{all[f], all[k+f], all[2*k+f], math.NaN()}
		if noise {
			out[f].Floor = math.Sqrt(2 / math.Pi * floor[f]) // mean of |N(0, s²)|
		}
	}
	return out, Noise{all[3*k], all[3*k+1]}
}
