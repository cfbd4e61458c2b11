// Package rng gives every random draw of a run from what it is about: a draw
// is a function of (seed, replicate, process, entity, day or number), never of
// the order of drawing, the number of workers or what a market did. Regimes of
// one replicate therefore see the same world.
package rng

import (
	"math"
	"math/bits"
)

// A Process names what a draw is for. The numbers are part of every result:
// append, never renumber.
type Process uint64

// The processes of the model.
const (
	Population Process = iota + 1
	PlaceOf
	SizeOf
	SectorOf
	EmployeesOf
	PositionOf
	DomainOf
	CertificationOf
	EndowmentOf
	CostOf
	PartnerOf
	PhaseStart
	PhaseStep
	CycleStep
	SectorCycleStep
	Arrivals
	CommonArrivals
	OrderDraws
	CommonOrderDraws
	DailyAvailability
	Failure
	Repair
	BreakdownOrder
	Adoption
	Tolerance
	Fit
	Approval
	FirstDealDays
	BrokerDraws
	Ties
)

// Odd constants that carry the parts of an identity to all bits of a word.
const (
	golden     = 0x9e3779b97f4a7c15 // 2⁶⁴ over the golden ratio: the step of SplitMix64
	byReplica  = 0xd1342543de82ef95
	byProcess  = 0xa0761d6478bd642f
	byEntity   = 0xe7037ed1a0b428db
	byOccasion = 0x8ebc6af09c88c6e3
	byFirst    = 0x9fb21c651e98df25
)

// A Source is the root of all draws of one replicate.
type Source struct{ root uint64 }

// NewSource is the root of the given seed and replicate.
func NewSource(seed, replicate uint64) Source {
	return Source{mix(mix(seed+golden) ^ (replicate+1)*byReplica)}
}

// Of is the root of the draws of one process for entity a: for callers that
// draw about the same entity many times.
func (s Source) Of(p Process, a uint64) Entity {
	return Entity{mix((s.root ^ uint64(p)*byProcess) + a*byEntity)}
}

// Key is a fixed 64-bit value of the process for entity a and occasion b.
func (s Source) Key(p Process, a, b uint64) uint64 { return s.Of(p, a).Key(b) }

// Uniform is the draw of the process for entity a and occasion b, in [0, 1).
func (s Source) Uniform(p Process, a, b uint64) float64 { return Unit(s.Key(p, a, b)) }

// Stream is a sequence of draws of the process for entity a and occasion b.
func (s Source) Stream(p Process, a, b uint64) Stream { return Stream{s.Key(p, a, b)} }

// An Entity is the root of one process's draws for one entity.
type Entity struct{ root uint64 }

// Key is a fixed 64-bit value for occasion b (a day, a number).
func (e Entity) Key(b uint64) uint64 { return mix(e.root + b*byOccasion) }

// Uniform is the draw for occasion b, in [0, 1).
func (e Entity) Uniform(b uint64) float64 { return Unit(e.Key(b)) }

// Pair is the identity of an ordered pair of entities.
func Pair(a, b uint64) uint64 { return mix(a*byFirst + b + 1) }

// Name is the identity of a name (FNV-1a).
func Name(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h)
}

// Unit maps a key to [0, 1).
func Unit(key uint64) float64 { return float64(key>>11) * 0x1p-53 }

// Normal is the standard normal quantile of u in [0, 1): the draw that goes
// with the uniform draw u, within ±8.3.
func Normal(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1+0x1p-53) }

// A Stream is a short sequence of draws (SplitMix64; Steele, Lea and Flood
// 2014). The zero value is usable.
type Stream struct{ state uint64 }

// Sub is a stream about part i of what the key identifies, so that how many
// draws one part takes leaves the others alone.
func Sub(key, i uint64) Stream { return Stream{Pair(key, i)} }

// Uint64 is the next draw.
func (s *Stream) Uint64() uint64 {
	s.state += golden
	return mix(s.state)
}

// Float64 is the next draw in [0, 1).
func (s *Stream) Float64() float64 { return Unit(s.Uint64()) }

// Normal is the next standard normal draw.
func (s *Stream) Normal() float64 { return Normal(s.Float64()) }

// IntN is the next draw in [0, n); n must be positive.
func (s *Stream) IntN(n int) int {
	hi, _ := bits.Mul64(s.Uint64(), uint64(n))
	return int(hi)
}

// mix is a bijection of 64-bit words with full avalanche (Stafford's variant 13).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
