package agents

import "math"

// Day counts working days from the first day of the warm-up, day 0.
type Day int32

// Never is later than any day of a run.
const Never Day = math.MaxInt32

// Hours is a length of work in whole seconds.
type Hours int64

// Hour is one hour of work.
const Hour Hours = 3600

// HoursOf rounds h hours to whole seconds.
func HoursOf(h float64) Hours { return Hours(math.Round(h * float64(Hour))) }

// Float is the length in hours.
func (h Hours) Float() float64 { return float64(h) / float64(Hour) }

// Money is an amount in ten-thousandths of the currency.
type Money int64

// Unit is one unit of the currency.
const Unit Money = 10_000

// MoneyOf rounds m units of the currency to Money.
func MoneyOf(m float64) Money { return Money(math.Round(m * float64(Unit))) }

// Float is the amount in units of the currency.
func (m Money) Float() float64 { return float64(m) / float64(Unit) }

// For is what h hours cost at m per hour, rounded half away from zero.
func (m Money) For(h Hours) Money {
	p := int64(m) * int64(h)
	if p < 0 {
		return Money((p - int64(Hour)/2) / int64(Hour))
	}
	return Money((p + int64(Hour)/2) / int64(Hour))
}

// Ratio is a proportion in thousandths.
type Ratio int32

// RatioOf rounds r to thousandths.
func RatioOf(r float64) Ratio { return Ratio(math.Round(r * 1000)) }

// Of is the hours that go with h at ratio r, rounded up.
func (r Ratio) Of(h Hours) Hours { return (h*Hours(r) + 999) / 1000 }

// Within is the most hours h whose r.Of(h) is at most limit; r must be positive.
func (r Ratio) Within(limit Hours) Hours { return limit * 1000 / Hours(r) }
