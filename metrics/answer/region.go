package answer

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"idleshift/scenarios/design"
)

// most is into how many groups the points are divided by a factor that has more
// values than that.
const most = 8

// A division is the points of a design divided by the values of one factor.
type division struct {
	factor *design.Factor
	groups []group
	of     []int // by point: its group; -1 if it was left out
}

// A group is points that are alike in one factor.
type group struct {
	low, high float64 // of numbers: least and most; of words the position of the level
	points    []int
}

// divide divides the given points by a factor: each value is a group, or so
// many as are about as large as each other.
func divide(d *design.Design, f int, points []int) division {
	out := division{factor: &d.Factors[f], of: slices.Repeat([]int{-1}, len(d.Points))}
	value := func(p int) float64 {
		if x := d.Points[p].At[f]; !out.factor.Numeric() {
			return x
		}
		return out.factor.Number(d.Points[p].At[f])
	}
	var values []float64
	for _, p := range points {
		values = append(values, value(p))
	}
	slices.Sort(values)
	distinct := slices.Compact(slices.Clone(values))
	var lows []float64 // of the groups
	if len(distinct) <= most || !out.factor.Numeric() {
		lows = distinct
	} else {
		for g := range most {
			lows = append(lows, values[g*len(values)/most])
		}
		lows = slices.Compact(lows)
	}
	out.groups = make([]group, len(lows))
	for g := range out.groups {
		out.groups[g].low, out.groups[g].high = math.Inf(1), math.Inf(-1)
	}
	for _, p := range points {
		x := value(p)
		at, exact := slices.BinarySearch(lows, x)
		if !exact {
			at--
		}
		g := &out.groups[at]
		g.low, g.high = min(g.low, x), max(g.high, x)
		g.points = append(g.points, p)
		out.of[p] = at
	}
	return out
}

// word is a value of the factor in words.
func (d *division) word(x float64) string {
	if d.factor.Numeric() {
		return short(x)
	}
	return d.factor.Label(x)
}

// FactorValue is the value of a factor at a place of a design, in words: numbers
// with four digits.
func FactorValue(f *design.Factor, at float64) string {
	if f.Numeric() {
		return short(f.Number(at))
	}
	return f.Label(at)
}

// short is a number with four digits.
func short(x float64) string {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	return strconv.FormatFloat(y, 'g', -1, 64)
}

// label is a group in words.
func (d *division) label(g int) string {
	low, high := d.word(d.groups[g].low), d.word(d.groups[g].high)
	if low == high {
		return low
	}
	return low + " to " + high
}

// A box is a part of a design: of each factor the groups that lie in it,
// neighbours if it is a number.
type box struct {
	by []division
	in [][]bool // by factor and group
}

func newBox(by []division) *box {
	b := &box{by: by}
	for i := range by {
		b.in = append(b.in, slices.Repeat([]bool{true}, len(by[i].groups)))
	}
	return b
}

// has reports whether the point lies in the box.
func (b *box) has(point int) bool {
	for f := range b.by {
		if g := b.by[f].of[point]; g < 0 || !b.in[f][g] {
			return false
		}
	}
	return true
}

// ends are the first and the last group of a factor that lie in the box.
func (b *box) ends(f int) (first, last int) {
	first, last = slices.Index(b.in[f], true), len(b.in[f])-1
	for !b.in[f][last] {
		last--
	}
	return first, last
}

// faces are the groups, by factor, by which the box may be made smaller: of a
// number the first and the last, of words any, but never the only one.
func (b *box) faces() (faces [][2]int) {
	for f := range b.by {
		first, last := b.ends(f)
		switch {
		case first == last:
		case b.by[f].factor.Numeric():
			faces = append(faces, [2]int{f, first}, [2]int{f, last})
		default:
			for g, in := range b.in[f] {
				if in {
					faces = append(faces, [2]int{f, g})
				}
			}
		}
	}
	return faces
}

// neighbours are the groups by which the box may be made larger.
func (b *box) neighbours() (faces [][2]int) {
	for f, in := range b.in {
		for g := range in {
			beside := g > 0 && in[g-1] || g+1 < len(in) && in[g+1]
			if !in[g] && (beside || !b.by[f].factor.Numeric()) {
				faces = append(faces, [2]int{f, g})
			}
		}
	}
	return faces
}

// pure looks for a large box that holds good points alone: the box of all
// points is peeled, each time by the face that takes most bad points along for
// each good one, until it is pure, and then grown again wherever it stays so
// (after the patient rule induction of Friedman and Fisher 1999). It returns
// nil and 0 if it finds none, otherwise the box and how many points it holds.
func pure(by []division, points []int, good func(point int) bool) (*box, int) {
	b := newBox(by)
	count := func() (goods, bads int) {
		for _, p := range points {
			switch {
			case !b.has(p):
			case good(p):
				goods++
			default:
				bads++
			}
		}
		return goods, bads
	}
	goods, bads := count()
	for bads > 0 {
		best, score := [2]int{-1}, -1.0
		for _, face := range b.faces() {
			b.in[face[0]][face[1]] = false
			g, bad := count()
			b.in[face[0]][face[1]] = true
			if s := float64(bads-bad) / (float64(goods-g) + 0.5); g > 0 && s > score {
				best, score = face, s
			}
		}
		if best[0] < 0 {
			return nil, 0
		}
		b.in[best[0]][best[1]] = false
		goods, bads = count()
	}
	for grown := true; grown; {
		grown = false
		for _, face := range b.neighbours() {
			b.in[face[0]][face[1]] = true
			if g, bad := count(); bad > 0 || g == goods {
				b.in[face[0]][face[1]] = false
			} else {
				goods, grown = g, true
			}
		}
	}
	if goods == 0 {
		return nil, 0
	}
	return b, goods
}

// words are the limits of the box, factor by factor; empty if it has none.
func (b *box) words() string {
	var limits []string
	for f, in := range b.in {
		if !slices.Contains(in, false) {
			continue
		}
		by := &b.by[f]
		first, last := b.ends(f)
		low, high := by.word(by.groups[first].low), by.word(by.groups[last].high)
		said := ""
		switch {
		case !by.factor.Numeric():
			var inside, outside []string
			for g := range in {
				if in[g] {
					inside = append(inside, by.label(g))
				} else {
					outside = append(outside, by.label(g))
				}
			}
			if said = strings.Join(inside, " or "); len(outside) < len(inside) {
				said = "other than " + strings.Join(outside, " and ")
			}
		case low == high:
			said = low
		case first == 0:
			said = "up to " + high
		case last == len(in)-1:
			said = "from " + low
		default:
			said = "from " + low + " to " + high
		}
		limits = append(limits, by.factor.Name+" "+said)
	}
	return strings.Join(limits, ", ")
}
