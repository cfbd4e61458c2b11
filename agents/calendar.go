package agents

import (
	"math"
	"math/bits"
)

// A Calendar holds the free hours of lots over a ring of days: those of a lot
// on day d are at d modulo the ring's length. Beside each lot's hours a mask
// marks the days that have any, so that the days on which a machine and its
// operator coincide are where two masks meet.
type Calendar struct {
	days int     // length of the ring: 64 times a power of two
	free []int32 // seconds
	wide []Hours // in place of free, where lots have more seconds a day than it can hold
	mask []uint64
}

// NewCalendar is a calendar without hours for the given lots, reaching at
// least horizon days ahead; none will have more than most hours on a day, or
// lack more.
func NewCalendar(lots, horizon int, most Hours) Calendar {
	c := Calendar{days: 64}
	for c.days < horizon {
		c.days *= 2
	}
	if most > math.MaxInt32 {
		c.wide = make([]Hours, lots*c.days)
	} else {
		c.free = make([]int32, lots*c.days)
	}
	c.mask = make([]uint64, lots*c.days/64)
	return c
}

// Days is how many days the calendar reaches, today included.
func (c *Calendar) Days() Day { return Day(c.days) }

// Free is the free hours of a lot on day d.
func (c *Calendar) Free(lot int32, d Day) Hours {
	i := int(lot)*c.days + int(d)&(c.days-1)
	if c.wide != nil {
		return c.wide[i]
	}
	return Hours(c.free[i])
}

// Row appends the free hours of a lot on the days from first to last, 0 where
// it lacks hours; they are no more than the calendar's.
func (c *Calendar) Row(lot int32, first, last Day, out []Hours) []Hours {
	base, mask := int(lot)*c.days, c.days-1
	if c.wide != nil {
		for d := first; d <= last; d++ {
			out = append(out, max(0, c.wide[base+int(d)&mask]))
		}
		return out
	}
	row := c.free[base : base+c.days]
	for d := first; d <= last; d++ {
		out = append(out, Hours(max(0, row[int(d)&mask])))
	}
	return out
}

// Set makes h the free hours of a lot on day d.
func (c *Calendar) Set(lot int32, d Day, h Hours) {
	i := int(lot)*c.days + int(d)&(c.days-1)
	var had bool
	if c.wide == nil {
		had = c.free[i] > 0
		c.free[i] = int32(h)
	} else {
		had = c.wide[i] > 0
		c.wide[i] = h
	}
	if had != (h > 0) {
		c.mask[i>>6] ^= 1 << (i & 63)
	}
}

// Add gives h hours back to a lot on day d, or takes them if h is negative.
func (c *Calendar) Add(lot int32, d Day, h Hours) { c.Set(lot, d, c.Free(lot, d)+h) }

// Take takes h hours of a lot on day d, or as many as are free, and returns how
// many that were.
func (c *Calendar) Take(lot int32, d Day, h Hours) Hours {
	h = min(h, max(0, c.Free(lot, d)))
	c.Add(lot, d, -h)
	return h
}

// Both is the days on which a and b have free hours: bit x stands for day d+x,
// 64 days from d on. Either may be None and does not count then.
func (c *Calendar) Both(a, b int32, d Day) uint64 {
	m := uint64(math.MaxUint64)
	if a != None {
		m = c.daysOf(a, d)
	}
	if b != None {
		m &= c.daysOf(b, d)
	}
	return m
}

// daysOf is the days on which a lot has free hours, as Both has them.
func (c *Calendar) daysOf(lot int32, d Day) uint64 {
	words, i := c.days>>6, int(d)&(c.days-1)
	first := c.mask[int(lot)*words+i>>6]
	if words == 1 {
		return bits.RotateLeft64(first, -i)
	}
	then := c.mask[int(lot)*words+(i>>6+1)&(words-1)]
	return first>>(i&63) | then<<1<<(63-i&63)
}
