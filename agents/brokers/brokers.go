package brokers

import (
	"idleshift/agents"
	"idleshift/agents/rng"
)

// A Disclosure is how much a tier tells its broker.
type Disclosure int

// The disclosures, each with all of the one before.
const (
	Blind  Disclosure = iota // kind, domain, hours, window, zone, certificates
	Sealed                   // also bids and asks
	Open                     // also positions and values
)

var disclosures = [...]string{"blind", "sealed", "open"}

func (d Disclosure) String() string { return disclosures[d] }

// DisclosureOf is the disclosure of the given name; ok is false if there is none.
func DisclosureOf(name string) (d Disclosure, ok bool) {
	for i, n := range disclosures {
		if n == name {
			return Disclosure(i), true
		}
	}
	return 0, false
}

// A Broker is a matching institution. Exactly one of the three constructors is
// set; which one says what the broker needs to know.
type Broker struct {
	Name    string
	Rule    string // in one sentence
	Reveals string // what a participant learns of the others from its own deals
	Prices  bool   // sets prices; otherwise the two sides split the difference
	Bounds  bool   // gives a bound on what the clearing could be worth

	Blind  func() agents.Clearer[agents.Book]
	Sealed func() agents.Clearer[agents.Sealed]
	Open   func() agents.Clearer[agents.Open]
}

// Table lists the brokers.
func Table() []Broker {
	return []Broker{
		{Name: "random", Blind: newRandom, Reveals: "nothing but the partner of a deal",
			Rule: "Feasible pairs in random order, whatever they are worth: the null."},
		{Name: "nearest", Blind: newNearest, Reveals: "nothing but the partner of a deal",
			Rule: "Requests by due date, each to the nearest feasible offer, whatever it is worth."},
		{Name: "due", Blind: newDue, Reveals: "nothing but the partner of a deal",
			Rule: "Requests by due date, each with its bundle of highest net value."},
		{Name: "greedy", Blind: newGreedy, Reveals: "nothing but the partner of a deal",
			Rule: "Bundles by net value (value at stake less all costs of the deal), highest first."},
		{Name: "auction", Sealed: newAuction, Prices: true, Reveals: "the clearing price of the own cell of the market",
			Rule: "Sealed bids and asks per kind, domain and zone, one clearing price each; requesters pay what providers get."},
		{Name: "optimal", Blind: newOptimal, Bounds: true, Reveals: "nothing but the partner of a deal",
			Rule: "The greatest net value of the clearing: exact where it is a flow, otherwise the best packing found, with a bound."},
	}
}

// Names lists the brokers' names in the order of Table.
func Names() []string {
	var names []string
	for _, b := range Table() {
		names = append(names, b.Name)
	}
	return names
}

// ByName is the broker of that name; ok is false if there is none.
func ByName(name string) (b Broker, ok bool) {
	for _, b := range Table() {
		if b.Name == name {
			return b, true
		}
	}
	return Broker{}, false
}

// Needs is the least disclosure with which the broker can work.
func (b Broker) Needs() Disclosure {
	switch {
	case b.Open != nil:
		return Open
	case b.Sealed != nil:
		return Sealed
	}
	return Blind
}

// New makes an instance of the broker.
func (b Broker) New() *Instance {
	switch {
	case b.Open != nil:
		return &Instance{open: b.Open()}
	case b.Sealed != nil:
		return &Instance{sealed: b.Sealed()}
	}
	return &Instance{blind: b.Blind()}
}

// An Instance is a broker at work. It keeps its scratch memory from clearing
// to clearing and must not be shared between goroutines; what it answers
// depends on the book and the draws alone.
type Instance struct {
	blind  agents.Clearer[agents.Book]
	sealed agents.Clearer[agents.Sealed]
	open   agents.Clearer[agents.Open]
}

// Clear appends the broker's matches for the book to out. The broker is handed
// the part of the book that it needs; the other parts may be empty.
func (n *Instance) Clear(book *agents.Open, draw *rng.Stream, out []agents.Match) []agents.Match {
	switch {
	case n.open != nil:
		return n.open.Clear(book, draw, out)
	case n.sealed != nil:
		return n.sealed.Clear(&book.Sealed, draw, out)
	}
	return n.blind.Clear(&book.Book, draw, out)
}

// A bounder can tell what its last clearing was worth and could have been
// worth at most, both as Value counts it.
type bounder interface {
	Bound() (value, bound agents.Money)
}

// Bound is what the last clearing was worth by the book's figures, and a bound
// on what any clearing of that book could be worth; ok is false if the broker
// gives none.
func (n *Instance) Bound() (value, bound agents.Money, ok bool) {
	var clearer any = n.blind
	switch {
	case n.open != nil:
		clearer = n.open
	case n.sealed != nil:
		clearer = n.sealed
	}
	b, ok := clearer.(bounder)
	if !ok {
		return 0, 0, false
	}
	value, bound = b.Bound()
	return value, bound, true
}

// Value is the net value of matches by the book's own figures: what the hours
// are worth less the charge of each deal.
func Value(book *agents.Book, matches []agents.Match) agents.Money {
	var sum agents.Money
	for i := range matches {
		sum += worth(book, matches[i].Option, matches[i].Hours)
	}
	return sum
}

// worth is the net value of serving h hours by option o.
func worth(book *agents.Book, o int32, h agents.Hours) agents.Money {
	v := book.Net[o].For(h)
	if !book.Options[o].Own {
		v -= book.Charge[o]
	}
	return v
}
