package design

import (
	"math"
	"slices"
	"strconv"

	"idleshift/scenarios"
)

// A Factor is something that differs between points: a number in a range, or
// one of some levels. It moves one or more keys of the scenario.
type Factor struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// Keys that it moves together; none if the levels say themselves what they set.
	Keys     []string `json:"keys,omitempty"`
	Low      float64  `json:"low,omitempty"` // least and most of a range
	High     float64  `json:"high,omitempty"`
	Log      bool     `json:"log,omitempty"`      // numbers lie evenly in their logarithm
	Whole    bool     `json:"whole,omitempty"`    // numbers are whole
	Relative bool     `json:"relative,omitempty"` // numbers multiply what the base scenario has
	Steps    int      `json:"steps,omitempty"`    // numbers of the range to try; 0 if not said
	Levels   []Level  `json:"levels,omitempty"`   // nil for a range

	moves []move // by key of Keys
}

// A Level is one thing that a factor can be.
type Level struct {
	Label  string   `json:"label"`
	Number *float64 `json:"number,omitempty"` // nil if it is no number
	Set    []string `json:"set"`              // overrides
}

// A move is what a factor knows of a key that it moves.
type move struct {
	whole bool
	base  float64 // what the base scenario has, of a number
}

// Numeric reports whether the factor is a number at every point.
func (f *Factor) Numeric() bool {
	for i := range f.Levels {
		if f.Levels[i].Number == nil {
			return false
		}
	}
	return true
}

// Number is the number that Point.At stands for; NaN if it is none.
func (f *Factor) Number(at float64) float64 {
	switch {
	case f.Levels == nil:
		return at
	case f.Levels[int(at)].Number != nil:
		return *f.Levels[int(at)].Number
	}
	return math.NaN()
}

// Label is what Point.At stands for, in words.
func (f *Factor) Label(at float64) string {
	if f.Levels == nil {
		return strconv.FormatFloat(at, 'g', -1, 64)
	}
	return f.Levels[int(at)].Label
}

// count is how many numbers a range of whole numbers has.
func (f *Factor) count() int {
	if !f.Whole {
		return most + 1
	}
	return int(math.Floor(f.High)-math.Ceil(f.Low)) + 1
}

// number is the number at coordinate u of [0, 1] of the range. Of whole numbers
// each has the same share of a linear range.
func (f *Factor) number(u float64) float64 {
	low, high, wide := f.Low, f.High, 0.0
	if f.Whole {
		wide = 1
	}
	var x float64
	if f.Log {
		x = low * math.Pow((high+wide)/low, u)
	} else {
		x = low + u*(high+wide-low)
	}
	if f.Whole {
		return min(high, math.Floor(x))
	}
	return min(high, max(low, rounded(x)))
}

// numbers are n numbers of the range, evenly spaced with both ends; fewer if
// whole numbers fall together.
func (f *Factor) numbers(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		u := float64(i) / float64(n-1)
		if f.Log {
			out[i] = f.Low * math.Pow(f.High/f.Low, u)
		} else {
			out[i] = f.Low + u*(f.High-f.Low)
		}
		if f.Whole {
			out[i] = math.Round(out[i])
		}
		out[i] = min(f.High, max(f.Low, rounded(out[i])))
	}
	return slices.Compact(out)
}

// rounded leaves six significant digits, so that points can be read and typed.
func rounded(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	return y
}

// at is what coordinate u of [0, 1] stands for: a number of the range or the
// position of a level.
func (f *Factor) at(u float64) float64 {
	if f.Levels == nil {
		return f.number(u)
	}
	return float64(min(len(f.Levels)-1, int(u*float64(len(f.Levels)))))
}

// set are the overrides by which the scenario has the factor at a value.
func (f *Factor) set(at float64) []string {
	if f.Levels != nil {
		return f.Levels[int(at)].Set
	}
	var set []string
	for i, key := range f.Keys {
		set = append(set, key+"="+f.moves[i].text(f, at))
	}
	return set
}

// text is the value of the key where the factor is x, in TOML's syntax.
func (m move) text(f *Factor, x float64) string {
	if f.Relative {
		x = rounded(x * m.base)
	}
	if m.whole && f.Relative {
		x = math.Round(x)
	}
	if m.whole && x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatInt(int64(x), 10)
	}
	return scenarios.Number(x)
}

// Share is how far the factor moves between two values of Point.At, as a share
// of its range, downwards if negative: by the logarithm if its scale is, by the
// positions of levels that are numbers, and whole between words.
func (f *Factor) Share(from, to float64) float64 {
	switch {
	case f.Levels != nil && f.Numeric():
		return (to - from) / float64(len(f.Levels)-1)
	case f.Levels != nil && from == to:
		return 0
	case f.Levels != nil:
		return 1
	case f.Log:
		return math.Log(to/from) / math.Log(f.High/f.Low)
	}
	return (to - from) / (f.High - f.Low)
}
