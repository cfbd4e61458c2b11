package agents

import "idleshift/agents/rng"

// A Book is one clearing of a market tier as a broker may see it under blind
// disclosure: what is needed, what is free, and who could serve whom at public
// tariffs. It names no firm, no customer, no price and no process parameter.
// Requests and lots are ordered by what they show, ties by a keyed hash, so
// that private data cannot be read off the order.
//
// Indices are positions in the slices. A broker must not write to a Book.
type Book struct {
	Today    Day
	Requests []Request
	Lots     []Lot
	Options  []Option // grouped by request: those of r are Options[First[r]:First[r+1]]
	First    []int32  // len(Requests)+1
	Net      []Money  // per option: value at stake less cost, per hour of the request
	Charge   []Money  // per option: cost of making one deal of it, both sides
}

// A Request is the work that one operation lacks.
type Request struct {
	Kind          int16 // primary resource kind
	Operator      int16 // staff kind that runs it, -1 none
	Domain        int16 // capability that the supplier must hold, -1 none
	Certification int16 // -1 none
	Zone          int32 // coarse cell of the map
	Hours         Hours // of the primary kind, without set-up
	First, Last   Day   // days on which the work may be done, both included
	PerDay        Hours // the most primary hours on one day, all sites together
	Minimum       Hours // the least hours of one deal
	MaxSites      int16 // the most options that may share the request
	Divisible     bool  // a part is worth its share; otherwise all or nothing
	Key           uint64
}

// A Lot is the free hours that one owner exposes of one kind.
type Lot struct {
	Kind int16
	Zone int32
	Free []Hours // Free[d]: hours on day Today+d; days past its end have none
	Key  uint64
}

// None stands for a component that an option does not need.
const None int32 = -1

// An Option is one way to supply every missing part of a request: a machine or
// person and, where needed, the operator. The two lots have one owner in tiers
// of whole operations, and any permitted owners in tiers of components.
type Option struct {
	Request int32
	Lot     [2]int32 // primary; operator or None
	Ratio   Ratio    // operator hours per primary hour
	From    Day      // no work before this day: the deal takes until then
	Setup   Hours    // primary hours spent before the first hour of work
	Factor  Ratio    // primary hours booked per hour of the request (1000: as many)
	Travel  [2]Hours // hours that each lot's person loses per day booked
	Own     bool     // all parts are the requester's own: no deal, no charge
	Km      float32  // by road between requester and work, by zones if blind
}

// Sealed is a Book to which both sides add sealed reservation prices.
type Sealed struct {
	Book
	Bid []Money    // per request: the most it pays, per hour of the request
	Ask [][2]Money // per option: the least that each of its lots takes, per hour of the lot, whatever the day
}

// Open is a Book in which nothing that bears on the match is hidden. Net and
// Charge are the true ones.
type Open struct {
	Sealed
	At    []Position // of each request
	LotAt []Position // of each lot
	Value []Money    // of each request: the whole value at stake
}

// A Position is a point on the globe, in degrees.
type Position struct{ Latitude, Longitude float64 }

// SplitPrice in Match.Price asks that the two sides split the difference.
const SplitPrice Money = -1

// AnyDay in Match.Day leaves the days to the engine: the earliest that fit.
const AnyDay Day = -1

// A Match is a broker's proposal. The engine lays it on the calendars, in the
// order given, and refuses what breaks a rule. The matches of one request
// stand together; of one that is all or nothing they are one bundle.
type Match struct {
	Option int32
	Day    Day      // the only day to use, or AnyDay
	Hours  Hours    // of the request
	Price  [2]Money // per hour of each lot, or SplitPrice
}

// A Clearer matches the requests of a book to its lots, appending to out.
// The draws come from a stream of the clearing's own.
type Clearer[B any] interface {
	Clear(book *B, draw *rng.Stream, out []Match) []Match
}

// Slot is work laid on one day: primary hours, set-up included and travel not.
type Slot struct {
	Day   Day
	Hours Hours
}

// Lay places need primary hours of option o (set-up and Factor included), on
// the earliest days from first to last on which all of its lots have hours
// left, at most perDay a day, and appends the slots to out. Slots that stand
// in out already are the same request's at other options: they count against
// perDay. free gives each lot's hours by day from today on. It returns the
// hours that found no place.
func Lay(o *Option, need, perDay Hours, today, first, last Day, free [2][]Hours, out []Slot) ([]Slot, Hours) {
	first = max(first, o.From, today)
	days := min(int(last-today)+1, len(free[0]))
	two, ratio := o.Lot[1] != None, Hours(max(o.Ratio, 1))
	if two {
		days = min(days, len(free[1]))
	}
	others := out
	for d := int(first - today); d < days && need > 0; d++ {
		x := min(free[0][d]-o.Travel[0], perDay, need)
		if x <= 0 {
			continue
		}
		if two {
			if left := (free[1][d] - o.Travel[1]) * 1000; x*ratio > left { // in thousandths: divided only where operators are short
				x = left / ratio
			}
		}
		if len(others) > 0 {
			most := perDay
			for _, s := range others {
				if s.Day == today+Day(d) {
					most -= s.Hours
				}
			}
			x = min(x, most)
		}
		if x <= 0 {
			continue
		}
		out = append(out, Slot{today + Day(d), x})
		need -= x
	}
	return out, need
}

// Booked is the primary hours that h hours of the request take up at option o.
func (o *Option) Booked(h Hours) Hours { return o.Factor.Of(h) + o.Setup }
