package agents

import (
	"math"
	"math/bits"
)

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

// GCD is the greatest length that goes into both without a remainder.
func GCD(a, b Hours) Hours {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Money is an amount in ten-thousandths of the currency.
type Money int64

// Unit is one unit of the currency.
const Unit Money = 10_000

// MoneyOf rounds m units of the currency to Money.
func MoneyOf(m float64) Money { return Money(math.Round(m * float64(Unit))) }

// Float is the amount in units of the currency.
func (m Money) Float() float64 { return float64(m) / float64(Unit) }

// For is what h hours cost at m per hour, rounded half away from zero; an amount
// too large to count is the largest.
func (m Money) For(h Hours) Money {
	if uint64(m)|uint64(h) < 1<<31 { // as nearly always
		return Money((uint64(m)*uint64(h) + uint64(Hour)/2) / uint64(Hour))
	}
	return m.forLong(h)
}

// forLong is For of amounts of any size and sign.
func (m Money) forLong(h Hours) Money {
	hi, lo := bits.Mul64(magnitude(int64(m)), magnitude(int64(h)))
	lo, carry := bits.Add64(lo, uint64(Hour)/2, 0)
	hi += carry
	amount := Money(math.MaxInt64)
	if hi == 0 {
		amount = Money(lo / uint64(Hour))
	} else if hi < uint64(Hour)/2 { // the quotient has 63 bits at most
		q, _ := bits.Div64(hi, lo, uint64(Hour))
		amount = Money(q)
	}
	if (m < 0) != (h < 0) {
		return -amount
	}
	return amount
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// Ratio is a proportion in thousandths.
type Ratio int32

// RatioOf rounds r to thousandths.
func RatioOf(r float64) Ratio { return Ratio(math.Round(r * 1000)) }

// Of is the hours that go with h at ratio r, rounded up.
func (r Ratio) Of(h Hours) Hours { return (h*Hours(r) + 999) / 1000 }

// Within is the most hours h whose r.Of(h) is at most limit; r must be positive.
func (r Ratio) Within(limit Hours) Hours {
	if r == 1000 { // most machines need one person: no division
		return limit
	}
	return limit * 1000 / Hours(r)
}
