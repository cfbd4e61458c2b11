package brokers

import (
	"fmt"
	"slices"
	"testing"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// brute is the greatest net value of a book in which all hours are multiples
// of one hour and nothing but charges is paid by the deal, by trying every way
// to place every hour.
func brute(b *agents.Book) agents.Money {
	s := &search{book: b, free: make([][]agents.Hours, len(b.Lots)), rest: make([]agents.Money, len(b.Requests)+1)}
	for l := range b.Lots {
		s.free[l] = append(s.free[l], b.Lots[l].Free...)
	}
	for r := len(b.Requests) - 1; r >= 0; r-- {
		most := agents.Money(0)
		for o := b.First[r]; o < b.First[r+1]; o++ {
			most = max(most, b.Net[o])
		}
		s.rest[r] = s.rest[r+1] + most.For(b.Requests[r].Hours)
	}
	s.request(0, 0)
	return s.best
}

type search struct {
	book *agents.Book
	free [][]agents.Hours
	rest []agents.Money // most that requests from r on can add
	best agents.Money
}

func (s *search) request(r int, value agents.Money) {
	s.best = max(s.best, value)
	if r < len(s.book.Requests) && value+s.rest[r] > s.best {
		s.option(r, s.book.First[r], s.book.Requests[r].Hours, 0, map[agents.Day]agents.Hours{}, value)
	}
}

// option decides what option o does for request r.
func (s *search) option(r int, o int32, left agents.Hours, sites int16, used map[agents.Day]agents.Hours, value agents.Money) {
	q := &s.book.Requests[r]
	if o == s.book.First[r+1] {
		if q.Divisible || left == 0 || left == q.Hours {
			s.request(r+1, value)
		}
		return
	}
	s.option(r, o+1, left, sites, used, value)
	if sites < q.MaxSites && s.book.Net[o] >= 0 {
		s.day(r, o, max(q.First, s.book.Options[o].From, s.book.Today), left, 0, sites+1, used, value)
	}
}

// day decides what option o does for request r on a day.
func (s *search) day(r int, o int32, day agents.Day, left, done agents.Hours, sites int16, used map[agents.Day]agents.Hours, value agents.Money) {
	q, opt := &s.book.Requests[r], &s.book.Options[o]
	if day > q.Last {
		if gain := worth(s.book, o, done); done > 0 && gain >= 0 && (done >= q.Minimum || opt.Own) {
			s.option(r, o+1, left, sites, used, value+gain)
		}
		return
	}
	s.day(r, o, day+1, left, done, sites, used, value)
	d := int(day - s.book.Today)
	for h := agents.Hour; h <= left && used[day]+h <= q.PerDay; h += agents.Hour {
		second := opt.Ratio.Of(h)
		if d >= len(s.free[opt.Lot[0]]) || s.free[opt.Lot[0]][d] < h {
			return
		}
		if opt.Lot[1] != agents.None && (d >= len(s.free[opt.Lot[1]]) || s.free[opt.Lot[1]][d] < second) {
			return
		}
		s.free[opt.Lot[0]][d] -= h
		if opt.Lot[1] != agents.None {
			s.free[opt.Lot[1]][d] -= second
		}
		used[day] += h
		s.day(r, o, day+1, left-h, done+h, sites, used, value)
		used[day] -= h
		s.free[opt.Lot[0]][d] += h
		if opt.Lot[1] != agents.None {
			s.free[opt.Lot[1]][d] += second
		}
	}
}

// On books in which nothing is paid but by the hour and requests can be
// divided or are single hours, optimal finds what trying everything finds, and
// knows it. On others its value and its bound stand on either side of it.
func TestOptimalAgainstBruteForce(t *testing.T) {
	for _, name := range flavourNames {
		f := flavours[name]
		if f.frictions {
			continue
		}
		f.hours, f.days = min(f.hours, 2), min(f.days, 2)
		exact := f.hours == 1
		var sum, lost float64
		for i := range 400 {
			s := rng.NewSource(11, uint64(i)).Stream(rng.Ties, rng.Name(name), 0)
			book := randomBook(f, 7, &s)
			lost += compare(t, book, exact, fmt.Sprintf("%s, book %d", name, i))
			sum += brute(&book.Book).Float()
		}
		t.Logf("%-8s falls %.2f %% short", name, 100*lost/sum)
		if lost > 0.02*sum {
			t.Errorf("%s: packings are %.2f %% worse than the best", name, 100*lost/sum)
		}
	}
}

// compare clears the book with every broker and holds the results against
// brute force. It returns how much optimal falls short.
func compare(t *testing.T, book *agents.Open, exact bool, where string) (short float64) {
	t.Helper()
	want := brute(&book.Book)
	var stream rng.Stream
	for _, broker := range Table() {
		n := broker.New()
		out := n.Clear(book, &stream, nil)
		if err := check(book, out); err != nil {
			t.Fatalf("%s: %s: %v", where, broker.Name, err)
		}
		// Brute force, like optimal, leaves options aside that are worth less than
		// nothing, even where they would complete a bundle.
		got := Value(&book.Book, out)
		aside := slices.ContainsFunc(out, func(m agents.Match) bool { return book.Net[m.Option] < 0 })
		if got > want && !aside {
			t.Fatalf("%s: %s makes %d of at most %d", where, broker.Name, got, want)
		}
		if value, bound, ok := n.Bound(); ok {
			if value != got || bound < want || exact && (value != want || bound != want) {
				t.Fatalf("%s: %s makes %d, says %d and at most %d; the best is %d", where, broker.Name, got, value, bound, want)
			}
			short = (want - value).Float()
		}
	}
	return short
}

// structured draws a book of pairs that is a flow: whole operations at one
// host, operators from anywhere who go where the machine is, or operators from
// anywhere who go where the work is (one day), with lots that work alone.
func structured(structure string, hours int, s *rng.Stream) *agents.Open {
	b := new(agents.Open)
	money := func() agents.Money { return agents.Money(1+s.IntN(60)) * agents.Unit }
	length := func() agents.Hours { return agents.Hours(1+s.IntN(hours)) * agents.Hour }
	days := 1
	if structure != "work" {
		days += s.IntN(2)
	}
	lot := func() int32 {
		l := agents.Lot{Key: s.Uint64()}
		for range days {
			l.Free = append(l.Free, agents.Hours(s.IntN(hours+1))*agents.Hour)
		}
		b.Lots = append(b.Lots, l)
		return int32(len(b.Lots) - 1)
	}
	n := 1 + s.IntN(3)
	var machines, operators []int32
	for range n {
		machines, operators = append(machines, lot()), append(operators, lot())
	}
	from := make([]agents.Money, n*n) // b(machine, operator)
	for i := range from {
		from[i] = money()
	}
	b.First = []int32{0}
	for r := range 1 + s.IntN(4) {
		q := agents.Request{Operator: -1, Hours: length(), Last: agents.Day(days - 1), PerDay: length(), MaxSites: 99, Divisible: true, Key: s.Uint64()}
		if hours == 1 {
			q.MaxSites, q.Divisible = 1, s.IntN(2) == 0
		}
		if structure != "work" {
			q.First = agents.Day(s.IntN(days))
		}
		b.Requests = append(b.Requests, q)
		b.Bid = append(b.Bid, money()*2)
		add := func(m, o int32, net agents.Money) {
			b.Options = append(b.Options, agents.Option{Request: int32(r), Lot: [2]int32{m, o}, Ratio: 1000, Factor: 1000})
			b.Net, b.Charge = append(b.Net, net), append(b.Charge, 0)
			b.Ask = append(b.Ask, [2]agents.Money{money(), money()})
		}
		needs := s.IntN(4) // 0 an operator alone, 1 a machine alone, else both
		for i, m := range machines {
			here := money()
			switch {
			case needs == 0:
				add(operators[i], agents.None, here)
			case needs == 1 && structure == "work":
				add(m, agents.None, here)
			case structure == "host":
				add(m, operators[i], here)
			default:
				for j, o := range operators {
					there := from[i*n+j]
					if structure == "work" {
						there = agents.Money(100*r+7*j) * agents.Unit / 50 // c(request, operator)
					}
					add(m, o, here+there)
				}
			}
		}
		b.First = append(b.First, int32(len(b.Options)))
	}
	return b
}

// Clearings of two components that are flows are recognised and solved exactly.
func TestOptimalPairsAreFlows(t *testing.T) {
	for _, structure := range []string{"host", "machine", "work"} {
		for i := range 400 {
			s := rng.NewSource(12, uint64(i)).Stream(rng.Ties, rng.Name(structure), 0)
			book := structured(structure, 1+i%2, &s)
			compare(t, book, true, fmt.Sprintf("%s, book %d", structure, i))
		}
	}
}

// An operator who runs two machines, or half an operator to a machine, changes
// what a pair can do, not that it is a flow.
func TestOptimalRatio(t *testing.T) {
	for i := range 200 {
		s := rng.NewSource(13, uint64(i)).Stream(rng.Ties, 0, 0)
		book := structured("host", 2, &s)
		ratio := agents.Ratio(500 << (i % 3))
		alone := false
		for o := range book.Options {
			book.Options[o].Ratio = ratio
			alone = alone || book.Options[o].Lot[1] == agents.None
		}
		for l := 1; l < len(book.Lots); l += 2 { // operators, in multiples of what an hour needs
			for d := range book.Lots[l].Free {
				book.Lots[l].Free[d] *= 2
			}
		}
		if alone { // odd hours of operators would make halves, which brute force does not try
			continue
		}
		compare(t, book, true, fmt.Sprintf("ratio %d, book %d", ratio, i))
	}
}

// The solution of a large clearing proves itself: the flow keeps every bound
// and is conserved, and no arc is worth more than the potentials say
// (complementary slackness).
func TestSimplexCertificate(t *testing.T) {
	for _, days := range []int{1, 3} {
		b := newOptimal().(*optimal)
		var stream rng.Stream
		b.Clear(&transport(300, 12, days, false).Book, &stream, nil)
		n := &b.net
		balance := make([]int64, len(n.tree))
		for i, a := range n.arcs {
			f := n.flow[i]
			if f < 0 || f > n.capacity[i] {
				t.Fatalf("arc %d carries %d of %d", i, f, n.capacity[i])
			}
			balance[a.from] -= f
			balance[a.to] += f
			reduced := a.cost + n.potential[a.from] - n.potential[a.to]
			if f < n.capacity[i] && reduced < 0 || f > 0 && reduced > 0 {
				t.Fatalf("arc %d with flow %d of %d has reduced cost %d", i, f, n.capacity[i], reduced)
			}
		}
		for v, x := range balance {
			if x != 0 {
				t.Fatalf("node %d is out of balance by %d", v, x)
			}
		}
		if b.value != b.bound {
			t.Fatalf("a transport clearing is not recognised as a flow: value %d, bound %d", b.value, b.bound)
		}
	}
}

// Firms with machines and people of one hour a day do their own work first;
// what is left over clears in pairs of any machine with any person. Together
// they do what one merged firm would: the least of demand, machines and people.
func TestOptimalRecombines(t *testing.T) {
	for i := range 200 {
		s := rng.NewSource(14, uint64(i)).Stream(rng.Ties, 0, 0)
		b := new(agents.Open)
		n := 2 + s.IntN(8)
		var machines, people []int32 // lots by firm, None if nothing is left
		var short []int              // firm of each order that it cannot do alone
		var demand, machine, person, own int
		lot := func(hours int) int32 {
			if hours == 0 {
				return agents.None
			}
			b.Lots = append(b.Lots, agents.Lot{Free: []agents.Hours{agents.Hours(hours) * agents.Hour}, Key: s.Uint64()})
			return int32(len(b.Lots) - 1)
		}
		for firm := range n {
			d, m, p := s.IntN(7), s.IntN(5), s.IntN(5)
			alone := min(d, m, p)
			demand, machine, person, own = demand+d, machine+m, person+p, own+alone
			machines, people = append(machines, lot(m-alone)), append(people, lot(p-alone))
			for range d - alone {
				short = append(short, firm)
			}
		}
		b.First = []int32{0}
		for r := range short {
			b.Requests = append(b.Requests, agents.Request{Hours: agents.Hour, PerDay: agents.Hour, MaxSites: 1, Key: s.Uint64()})
			for _, m := range machines {
				for _, p := range people {
					if m != agents.None && p != agents.None {
						b.Options = append(b.Options, agents.Option{Request: int32(r), Lot: [2]int32{m, p}, Ratio: 1000, Factor: 1000})
						b.Net, b.Charge = append(b.Net, agents.Unit), append(b.Charge, 0)
					}
				}
			}
			b.First = append(b.First, int32(len(b.Options)))
		}
		optimal := newOptimal().(*optimal)
		out := optimal.Clear(&b.Book, &s, nil)
		if err := check(b, out); err != nil {
			t.Fatal(err)
		}
		if got, want := own+len(out), min(demand, machine, person); got != want {
			t.Fatalf("book %d: %d hours served, a merged firm serves %d", i, got, want)
		}
		if optimal.value != optimal.bound {
			t.Fatalf("book %d: not recognised as a flow: value %d, bound %d", i, optimal.value, optimal.bound)
		}
	}
}
