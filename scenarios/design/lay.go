package design

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"

	"idleshift/agents/rng"
)

// asIs in a row leaves a factor as the base scenario has it.
var asIs = math.NaN()

// lay places the rows of the design: by factor, what Point.At holds, or asIs.
// It returns none while the file has errors.
func (r *reader) lay() [][]float64 {
	d := r.design
	if d.Method == Matrix {
		return r.matrix()
	}
	if r.Err() != nil {
		return nil
	}
	k := len(d.Factors)
	if n := d.Samples * d.Block(); n > most {
		r.Wrong(at("samples"), fmt.Sprintf("makes %d points of %d factors", n, k), fmt.Sprintf("at most %d points", most), "")
		return nil
	}
	switch d.Method {
	case Grid:
		return r.grid()
	case OneAtATime:
		return r.oneAtATime()
	case LHS:
		cube := mat.NewDense(d.Samples, k, nil)
		samplemv.LatinHypercube{Q: distmv.NewUnitUniform(k, nil), Src: d.stream()}.Sample(cube)
		return d.placed(cube)
	case Halton:
		cube := mat.NewDense(d.Samples, k, nil)
		samplemv.Halton{Kind: samplemv.Owen, Q: distmv.NewUnitUniform(k, nil), Src: d.stream()}.Sample(cube)
		return d.placed(cube)
	case Sobol:
		if k > sobolMost {
			r.Wrong(at("factors"), fmt.Sprintf("%d are more than the sequence has dimensions", k), fmt.Sprintf("at most %d", sobolMost), "")
			return nil
		}
		return d.placed(sobol(d.Samples, k, uint64(d.Seed)))
	case Morris:
		return d.morris()
	case Saltelli:
		if 2*k > sobolMost {
			r.Wrong(at("factors"), fmt.Sprintf("%d are more than half the dimensions of the sequence", k), fmt.Sprintf("at most %d", sobolMost/2), "")
			return nil
		}
		return d.saltelli()
	}
	return nil
}

// stream is the draws of the design.
func (d *Design) stream() *rng.Stream {
	s := rng.Sub(rng.Name("design "+d.Method), uint64(d.Seed))
	return &s
}

// placed turns coordinates into values: in each row, one for each factor, and
// again.
func (d *Design) placed(cube *mat.Dense) [][]float64 {
	n, k := cube.Dims()
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, k)
		for j := range rows[i] {
			rows[i][j] = d.Factors[j%len(d.Factors)].at(cube.At(i, j))
		}
	}
	return rows
}

// tried are the values of a factor that are tried one by one: all levels, or
// steps numbers of the range.
func (f *Factor) tried(steps int) []float64 {
	if f.Levels == nil {
		return f.numbers(min(steps, f.count()))
	}
	all := make([]float64, len(f.Levels))
	for i := range all {
		all[i] = float64(i)
	}
	return all
}

// grid is every combination; the last factor changes from row to row.
func (r *reader) grid() [][]float64 {
	rows := [][]float64{nil}
	for i := range r.design.Factors {
		f := &r.design.Factors[i]
		tried := f.tried(f.Steps)
		if len(rows)*len(tried) > most {
			r.Wrong(at("factors"), "the grid has too many points", fmt.Sprintf("at most %d", most), "")
			return nil
		}
		var next [][]float64
		for _, row := range rows {
			for _, x := range tried {
				next = append(next, append(slices.Clone(row), x))
			}
		}
		rows = next
	}
	return rows
}

// oneAtATime is the base scenario, then each factor at each of its values with
// the others as they are.
func (r *reader) oneAtATime() [][]float64 {
	d := r.design
	base := slices.Repeat([]float64{asIs}, len(d.Factors))
	rows := [][]float64{base}
	for i := range d.Factors {
		f := &d.Factors[i]
		for _, x := range f.tried(cmp.Or(f.Steps, 2)) {
			if r.isBase(f.set(x)) {
				continue
			}
			row := slices.Clone(base)
			row[i] = x
			rows = append(rows, row)
		}
	}
	return rows
}

// isBase reports whether the base scenario has all that the overrides set.
func (r *reader) isBase(set []string) bool {
	return !slices.ContainsFunc(set, func(arg string) bool {
		key, value, _ := strings.Cut(arg, "=")
		has := r.probe.Value(key)
		if has.IsNumber {
			x, err := strconv.ParseFloat(value, 64)
			return err != nil || x != has.Number
		}
		return has.Text != value
	})
}

// asBase is what Point.At holds for a factor that is left as it is: if that is
// none of the levels, a level of its own that sets nothing.
func (r *reader) asBase(f *Factor) float64 {
	if f.Levels == nil {
		if f.Relative {
			return 1
		}
		return f.moves[0].base
	}
	for i := range f.Levels {
		if f.Levels[i].Set == nil || r.isBase(f.Levels[i].Set) {
			return float64(i)
		}
	}
	f.Levels = append(f.Levels, Level{Label: "as in base"})
	return float64(len(f.Levels) - 1)
}

// morris is trajectories that move one factor after the other, in random order,
// over half of its levels (Morris 1991): a range has Steps of them, or four.
// Words without an order move to any other.
func (d *Design) morris() [][]float64 {
	draw := d.stream()
	k := len(d.Factors)
	tried := make([][]float64, k)
	for i := range tried {
		f := &d.Factors[i]
		tried[i] = f.tried(cmp.Or(f.Steps, 4))
	}
	var rows [][]float64
	for range d.Samples {
		row, to := make([]float64, k), make([]float64, k)
		order := make([]int, k)
		for i := range k {
			n := len(tried[i])
			step := n / 2
			var from, next int
			if d.Factors[i].Numeric() {
				// every pair of levels a step apart, upwards or downwards, is as likely
				from = draw.IntN(n - step)
				next = from + step
				if draw.IntN(2) == 1 {
					from, next = next, from
				}
			} else {
				from = draw.IntN(n)
				next = (from + 1 + draw.IntN(n-1)) % n
			}
			row[i], to[i] = tried[i][from], tried[i][next]
			j := draw.IntN(i + 1) // a random order, grown by one (Fisher and Yates)
			order[i] = order[j]
			order[j] = i
		}
		rows = append(rows, slices.Clone(row))
		for _, i := range order {
			row[i] = to[i]
			rows = append(rows, slices.Clone(row))
		}
	}
	return rows
}

// saltelli is the matrices A, A with columns of B, B with columns of A, and B,
// row by row, where A and B are halves of one Sobol' sequence (Saltelli 2002).
func (d *Design) saltelli() [][]float64 {
	k := len(d.Factors)
	both := d.placed(sobol(d.Samples, 2*k, uint64(d.Seed)))
	var rows [][]float64
	for _, ab := range both {
		a, b := ab[:k], ab[k:]
		rows = append(rows, slices.Clone(a))
		mixed := func(of, with []float64) {
			for i := range k {
				row := slices.Clone(of)
				row[i] = with[i]
				rows = append(rows, row)
			}
		}
		mixed(a, b)
		if d.SecondOrder {
			mixed(b, a)
		}
		rows = append(rows, slices.Clone(b))
	}
	return rows
}

// keep makes the points of the rows, each once.
func (r *reader) keep(rows [][]float64) {
	d := r.design
	number := make(map[[sha256.Size]byte]int, len(rows)) // by what a point sets, which is long
	of := make([]int, len(rows))
	for i, row := range rows {
		p := Point{Set: slices.Clone(d.Set), At: row}
		for j := range row {
			f := &d.Factors[j]
			if math.IsNaN(row[j]) {
				row[j] = r.asBase(f)
				continue
			}
			p.Set = append(p.Set, f.set(row[j])...)
		}
		id := sha256.Sum256([]byte(strings.Join(p.Set, "\n")))
		first, seen := number[id]
		if !seen {
			first = len(d.Points)
			number[id] = first
			d.Points = append(d.Points, p)
		}
		of[i] = first
	}
	if len(d.Points) < len(rows) {
		d.Rows = of
	}
}
