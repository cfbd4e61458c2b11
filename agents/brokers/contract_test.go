package brokers

import (
	"fmt"
	"reflect"
	"testing"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// The contract that every broker keeps, tried on small random books of every
// flavour. A failure means that the engine would refuse matches, or that a run
// would not repeat.

// A flavour is what a random book contains beyond unit orders for one lot.
type flavour struct {
	hours     int  // most hours of a request and of a lot's day; 1 gives unit orders
	days      int  // horizon
	pairs     int  // of ten options, how many need two lots
	whole     int  // of ten requests, how many are all or nothing
	sites     int  // most of MaxSites
	frictions bool // charges, travel, set-up, factors, minimums, other ratios
	negative  bool // some net values below nothing
	own       bool // some options are the requester's own
}

var flavours = map[string]flavour{
	"unit":     {hours: 1, days: 1},
	"unit3":    {hours: 1, days: 3, negative: true},
	"parts":    {hours: 8, days: 1, sites: 8, negative: true, own: true},
	"days":     {hours: 8, days: 5, sites: 8},
	"whole":    {hours: 8, days: 3, whole: 10, own: true},
	"pairs":    {hours: 8, days: 1, pairs: 10, sites: 8},
	"mixed":    {hours: 6, days: 4, pairs: 5, whole: 5, sites: 3, negative: true},
	"friction": {hours: 8, days: 4, pairs: 5, whole: 5, sites: 3, frictions: true, negative: true, own: true},
	"bundle":   {hours: 10, days: 5, pairs: 7, whole: 10, sites: 3, frictions: true},
}

// order of flavours in tests
var flavourNames = []string{"unit", "unit3", "parts", "days", "whole", "pairs", "mixed", "friction", "bundle"}

// randomBook draws a book of at most n requests and n lots.
func randomBook(f flavour, n int, s *rng.Stream) *agents.Open {
	b := new(agents.Open)
	b.Today = agents.Day(s.IntN(50))
	hours := func() agents.Hours { return agents.Hours(1+s.IntN(f.hours)) * agents.Hour }
	for range s.IntN(n + 1) {
		lot := agents.Lot{Kind: int16(s.IntN(2)), Zone: int32(s.IntN(3)), Key: s.Uint64()}
		for range s.IntN(f.days + 1) {
			free := agents.Hours(0)
			if s.IntN(4) > 0 {
				free = hours()
			}
			lot.Free = append(lot.Free, free)
		}
		b.Lots = append(b.Lots, lot)
		b.LotAt = append(b.LotAt, agents.Position{})
	}
	b.First = []int32{0}
	for r := range s.IntN(n + 1) {
		q := agents.Request{Kind: 0, Operator: -1, Domain: int16(s.IntN(2)) - 1, Certification: -1, Zone: int32(s.IntN(3)),
			Hours: hours(), PerDay: agents.Hours(f.hours) * agents.Hour, MaxSites: 1, Divisible: s.IntN(10) >= f.whole, Key: s.Uint64()}
		if f.sites > 0 {
			q.MaxSites = int16(1 + s.IntN(f.sites))
		}
		q.First = b.Today + agents.Day(s.IntN(f.days))
		q.Last = q.First + agents.Day(s.IntN(f.days))
		if s.IntN(2) == 0 {
			q.PerDay = hours()
		}
		if f.frictions && s.IntN(2) == 0 {
			q.Minimum = hours() / 2
		}
		b.Requests = append(b.Requests, q)
		b.Bid = append(b.Bid, agents.Money(s.IntN(120))*agents.Unit)
		b.At = append(b.At, agents.Position{})
		b.Value = append(b.Value, b.Bid[r].For(q.Hours))
		for l := range b.Lots {
			if s.IntN(3) == 0 {
				continue
			}
			o := agents.Option{Request: int32(r), Lot: [2]int32{int32(l), agents.None}, Ratio: 1000, Factor: 1000, From: b.Today, Km: float32(s.IntN(5))}
			if m := s.IntN(len(b.Lots)); m != l && s.IntN(10) < f.pairs {
				o.Lot[1] = int32(m)
			}
			net := agents.Money(1+s.IntN(100)) * agents.Unit
			if f.negative && s.IntN(4) == 0 {
				net = -net
			}
			var charge agents.Money
			if f.frictions {
				o.Ratio = agents.Ratio(500 * (1 + s.IntN(3)))
				o.Factor = agents.Ratio(1000 + 100*s.IntN(3))
				o.From = b.Today + agents.Day(s.IntN(2))
				o.Setup = agents.Hours(s.IntN(2)) * agents.Hour / 2
				o.Travel = [2]agents.Hours{agents.Hours(s.IntN(2)) * 900, agents.Hours(s.IntN(2)) * 600}
				charge = agents.Money(s.IntN(100)) * agents.Unit
			}
			if f.own && s.IntN(5) == 0 {
				o.Own, o.Km = true, 0
			}
			b.Options = append(b.Options, o)
			b.Net = append(b.Net, net)
			b.Charge = append(b.Charge, charge)
			b.Ask = append(b.Ask, [2]agents.Money{agents.Money(s.IntN(60)) * agents.Unit, agents.Money(s.IntN(60)) * agents.Unit})
		}
		b.First = append(b.First, int32(len(b.Options)))
	}
	return b
}

// check lays matches in order as the engine will and tells what is wrong.
func check(b *agents.Open, matches []agents.Match) error {
	_, err := layAll(b, matches)
	return err
}

// layAll is check, and gives the hours that each match takes of its lots.
func layAll(b *agents.Open, matches []agents.Match) (taken [][2]agents.Hours, err error) {
	free := make([][]agents.Hours, len(b.Lots))
	for l := range b.Lots {
		free[l] = append(free[l], b.Lots[l].Free...)
	}
	type served struct {
		hours agents.Hours
		used  map[int32]agents.Hours // by option
		slots []agents.Slot
	}
	done := make([]served, len(b.Requests))
	last := agents.None
	for i, m := range matches {
		if m.Option < 0 || int(m.Option) >= len(b.Options) {
			return nil, fmt.Errorf("match %d: no option %d", i, m.Option)
		}
		o := &b.Options[m.Option]
		q, d := &b.Requests[o.Request], &done[o.Request]
		if o.Request != last && d.hours > 0 {
			return nil, fmt.Errorf("match %d: matches of request %d do not stand together", i, o.Request)
		}
		last = o.Request
		if m.Hours <= 0 {
			return nil, fmt.Errorf("match %d: %d hours", i, m.Hours)
		}
		if d.used == nil {
			d.used = map[int32]agents.Hours{}
		}
		d.hours += m.Hours
		d.used[m.Option] += m.Hours
		first, end := q.First, q.Last
		if m.Day != agents.AnyDay {
			if m.Day < first || m.Day > end || m.Day < o.From {
				return nil, fmt.Errorf("match %d: day %d outside its window", i, m.Day)
			}
			first, end = m.Day, m.Day
		}
		lots := [2][]agents.Hours{free[o.Lot[0]]}
		if o.Lot[1] != agents.None {
			lots[1] = free[o.Lot[1]]
		}
		n := len(d.slots)
		slots, missing := agents.Lay(o, o.Booked(m.Hours), q.PerDay, b.Today, first, end, lots, d.slots)
		if missing > 0 {
			return nil, fmt.Errorf("match %d of option %d: %d seconds of %d found no place", i, m.Option, missing, o.Booked(m.Hours))
		}
		d.slots = slots
		taken = append(taken, [2]agents.Hours{})
		for _, s := range slots[n:] {
			for k, l := range o.Lot {
				if l == agents.None {
					continue
				}
				h := s.Hours
				if k == 1 {
					h = o.Ratio.Of(h)
				}
				free[l][s.Day-b.Today] -= h + o.Travel[k]
				taken[i][k] += h + o.Travel[k]
				if free[l][s.Day-b.Today] < 0 {
					return nil, fmt.Errorf("match %d: lot %d overbooked on day %d", i, l, s.Day)
				}
			}
		}
	}
	for r, d := range done {
		q := &b.Requests[r]
		if d.hours > max(q.Hours, 0) || d.hours > 0 && d.hours < q.Hours && !q.Divisible {
			return nil, fmt.Errorf("request %d: %d of %d seconds (divisible %v)", r, d.hours, q.Hours, q.Divisible)
		}
		if len(d.used) > int(q.MaxSites) {
			return nil, fmt.Errorf("request %d: %d sites, most %d", r, len(d.used), q.MaxSites)
		}
		for o, h := range d.used {
			if h < q.Minimum && !b.Options[o].Own {
				return nil, fmt.Errorf("request %d: deal of %d seconds, least %d", r, h, q.Minimum)
			}
		}
	}
	return taken, nil
}

// clone copies a book in full.
func clone(b *agents.Open) *agents.Open {
	c := *b
	c.Requests = append([]agents.Request(nil), b.Requests...)
	c.Lots = append([]agents.Lot(nil), b.Lots...)
	for l := range c.Lots {
		c.Lots[l].Free = append([]agents.Hours(nil), b.Lots[l].Free...)
	}
	c.Options = append([]agents.Option(nil), b.Options...)
	c.First = append([]int32(nil), b.First...)
	c.Net = append([]agents.Money(nil), b.Net...)
	c.Charge = append([]agents.Money(nil), b.Charge...)
	c.Bid = append([]agents.Money(nil), b.Bid...)
	c.Ask = append([][2]agents.Money(nil), b.Ask...)
	c.At = append([]agents.Position(nil), b.At...)
	c.LotAt = append([]agents.Position(nil), b.LotAt...)
	c.Value = append([]agents.Money(nil), b.Value...)
	return &c
}

// contract tries one broker on many books.
func contract(t *testing.T, broker Broker) {
	used := broker.New()
	const each = 300
	for _, name := range flavourNames {
		for i := range each {
			s := rng.NewSource(7, uint64(i)).Stream(rng.Ties, rng.Name(name), 0)
			book := randomBook(flavours[name], 1+i%9, &s)
			before := clone(book)
			where := fmt.Sprintf("%s, book %d", name, i)

			first, second := s, s
			out := broker.New().Clear(book, &first, nil)
			again := used.Clear(book, &second, make([]agents.Match, 0, 4))
			if !reflect.DeepEqual(before, book) {
				t.Fatalf("%s: the broker wrote to the book", where)
			}
			if len(out)+len(again) > 0 && !reflect.DeepEqual(out, again) {
				t.Fatalf("%s: a used instance answers otherwise than a fresh one:\n%v\n%v", where, again, out)
			}
			taken, err := layAll(book, out)
			if err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			if value, bound, ok := used.Bound(); ok != broker.Bounds {
				t.Fatalf("%s: gives a bound: %v, the table says %v", where, ok, broker.Bounds)
			} else if ok && (value != Value(&book.Book, out) || bound < value) {
				t.Fatalf("%s: value %d (matches %d), bound %d", where, value, Value(&book.Book, out), bound)
			}
			checkPrices(t, broker, book, out, taken, where)
		}
	}
}

// checkPrices checks what a broker says of prices: all to be split, or each between
// what the providers ask and what the requester bids.
func checkPrices(t *testing.T, broker Broker, book *agents.Open, out []agents.Match, taken [][2]agents.Hours, where string) {
	for i, m := range out {
		o := &book.Options[m.Option]
		if !broker.Prices {
			if m.Price != [2]agents.Money{agents.SplitPrice, agents.SplitPrice} {
				t.Fatalf("%s: match %d has prices %v", where, i, m.Price)
			}
			continue
		}
		paid := m.Price[0].For(taken[i][0])
		if m.Price[0] < book.Ask[m.Option][0] {
			t.Fatalf("%s: match %d pays %d, asked %d", where, i, m.Price[0], book.Ask[m.Option][0])
		}
		if o.Lot[1] != agents.None {
			paid += m.Price[1].For(taken[i][1])
			if m.Price[1] < book.Ask[m.Option][1] {
				t.Fatalf("%s: match %d pays the operator %d, asked %d", where, i, m.Price[1], book.Ask[m.Option][1])
			}
		}
		if bid := book.Bid[o.Request].For(m.Hours); paid > bid {
			t.Fatalf("%s: match %d costs %d, bid %d", where, i, paid, bid)
		}
	}
}

func TestContract(t *testing.T) {
	for _, broker := range Table() {
		t.Run(broker.Name, func(t *testing.T) {
			set := 0
			for _, is := range []bool{broker.Blind != nil, broker.Sealed != nil, broker.Open != nil} {
				if is {
					set++
				}
			}
			if set != 1 || broker.Rule == "" || broker.Reveals == "" {
				t.Fatalf("the line of the table is incomplete or needs several books: %+v", broker)
			}
			contract(t, broker)
		})
	}
}

// A broker that looks at values never proposes what is worth less than nothing.
func TestNoLoss(t *testing.T) {
	for _, name := range []string{"due", "greedy", "optimal"} {
		broker, ok := ByName(name)
		if !ok {
			continue
		}
		for i := range 300 {
			s := rng.NewSource(8, uint64(i)).Stream(rng.Ties, 0, 0)
			book := randomBook(flavours["friction"], 8, &s)
			for _, m := range broker.New().Clear(book, &s, nil) {
				if worth(&book.Book, m.Option, m.Hours) < 0 {
					t.Fatalf("%s, book %d: match %+v is worth less than nothing", name, i, m)
				}
			}
		}
	}
}

// Adding a broker takes its type and one line of the table: then it is found
// by name and goes through the contract like the others.
type idle struct{}

func (idle) Clear(_ *agents.Open, _ *rng.Stream, out []agents.Match) []agents.Match { return out }

func TestAddingABroker(t *testing.T) {
	table := append(Table(), Broker{Name: "idle", Rule: "Nothing is ever matched.", Reveals: "nothing",
		Open: func() agents.Clearer[agents.Open] { return idle{} }})
	added := table[len(table)-1]
	if added.Needs() != Open {
		t.Errorf("a broker that takes an open book needs %v", added.Needs())
	}
	contract(t, added)
}

func TestByName(t *testing.T) {
	for _, name := range Names() {
		if b, ok := ByName(name); !ok || b.Name != name {
			t.Errorf("broker %q of the table is not found", name)
		}
	}
	if _, ok := ByName("none"); ok {
		t.Error("a broker that does not exist is found")
	}
	for _, d := range []Disclosure{Blind, Sealed, Open} {
		if got, ok := DisclosureOf(d.String()); !ok || got != d {
			t.Errorf("disclosure %v reads back as %v", d, got)
		}
	}
	if _, ok := DisclosureOf("naked"); ok {
		t.Error("a disclosure that does not exist is found")
	}
}

// Books without requests, options or hours clear to nothing.
func TestEmptyBooks(t *testing.T) {
	request := agents.Request{Hours: agents.Hour, PerDay: agents.Hour, MaxSites: 1, Last: 3}
	for name, book := range map[string]*agents.Open{
		"empty":      {Sealed: agents.Sealed{Book: agents.Book{First: []int32{0}}}},
		"no lots":    {Sealed: agents.Sealed{Book: agents.Book{First: []int32{0, 0}, Requests: []agents.Request{request}}, Bid: []agents.Money{1}}},
		"no options": {Sealed: agents.Sealed{Book: agents.Book{First: []int32{0, 0}, Requests: []agents.Request{request}, Lots: []agents.Lot{{}}}, Bid: []agents.Money{1}}},
		"no hours": {Sealed: agents.Sealed{Book: agents.Book{First: []int32{0, 1}, Requests: []agents.Request{request}, Lots: []agents.Lot{{}},
			Options: []agents.Option{{Lot: [2]int32{0, agents.None}, Factor: 1000}}, Net: []agents.Money{1}, Charge: []agents.Money{0}}, Bid: []agents.Money{1}, Ask: [][2]agents.Money{{1}}}},
	} {
		for _, broker := range Table() {
			var s rng.Stream
			if out := broker.New().Clear(book, &s, nil); len(out) > 0 {
				t.Errorf("%s on a book with %s: %v", broker.Name, name, out)
			}
		}
	}
}

// Figures that no engine would send are survived, and rules kept all the same.
func TestOddBooks(t *testing.T) {
	for i := range 2000 {
		s := rng.NewSource(10, uint64(i)).Stream(rng.Ties, 0, 0)
		book := randomBook(flavours[flavourNames[i%len(flavourNames)]], 6, &s)
		for range 3 {
			if len(book.Options) == 0 || len(book.Requests) == 0 {
				break
			}
			o, q := &book.Options[s.IntN(len(book.Options))], &book.Requests[s.IntN(len(book.Requests))]
			l := &book.Lots[s.IntN(len(book.Lots))]
			switch s.IntN(10) {
			case 0:
				o.Ratio = 0
			case 1:
				o.Factor = 0
			case 2:
				o.Setup, o.Travel[0] = 100*agents.Hour, 100*agents.Hour
			case 3:
				q.PerDay = agents.Hours(s.IntN(2)) - 1
			case 4:
				q.MaxSites = 0
			case 5:
				q.Hours = agents.Hours(s.IntN(2)) - 1
			case 6:
				q.First, q.Last = q.Last+3, q.First
			case 7:
				q.First, q.Last = book.Today-5, book.Today-agents.Day(s.IntN(5))
			case 8:
				if len(l.Free) > 0 {
					l.Free[0] = -agents.Hour
				}
			case 9:
				q.Last = book.Today + 1_000_000
			}
		}
		for _, broker := range Table() {
			if err := check(book, broker.New().Clear(book, &s, nil)); err != nil {
				t.Fatalf("%s, book %d: %v", broker.Name, i, err)
			}
		}
	}
}

// Steady state means no allocation: the same instance on a book of the size it
// has seen before.
func TestAllocations(t *testing.T) {
	for _, broker := range Table() {
		s := rng.NewSource(9, 0).Stream(rng.Ties, 0, 0)
		book := randomBook(flavours["mixed"], 40, &s)
		b := broker.New()
		out := b.Clear(book, &s, nil)
		d := s
		if n := testing.AllocsPerRun(20, func() { d = s; out = b.Clear(book, &d, out[:0]) }); n > 0 {
			t.Errorf("%s: %v allocations per clearing", broker.Name, n)
		}
	}
}
