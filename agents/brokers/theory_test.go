package brokers

import (
	"math"
	"slices"
	"testing"

	"idleshift/agents"
	"idleshift/agents/rng"
)

// What theory says of random clearings, to 4 standard errors of at most 0.5 %
// of the value.

// estimate averages draws of f and compares the mean with the exact value.
func estimate(t *testing.T, what string, exact float64, n int, f func(s *rng.Stream) float64) {
	t.Helper()
	s := rng.NewSource(21, 0).Stream(rng.Ties, rng.Name(what), 0)
	var sum, squares float64
	for range n {
		x := f(&s)
		sum += x
		squares += x * x
	}
	mean := sum / float64(n)
	se := math.Sqrt((squares/float64(n) - mean*mean) / float64(n-1))
	t.Logf("%s: %.6f, standard error %.6f, exact %.6f", what, mean, se, exact)
	if se > 0.005*exact {
		t.Errorf("%s: standard error %.6f is too large to tell", what, se)
	}
	if math.Abs(mean-exact) > 4*se {
		t.Errorf("%s: %.6f, exact %.6f, %.1f standard errors away", what, mean, exact, (mean-exact)/se)
	}
}

// pairing is a book of n unit requests and n unit lots that fit with
// probability p, at the net value that value gives.
func pairing(book *agents.Open, n int, p float64, s *rng.Stream, value func() agents.Money) {
	hour := []agents.Hours{agents.Hour}
	book.Requests, book.Lots, book.Options = book.Requests[:0], book.Lots[:0], book.Options[:0]
	book.Net, book.Charge, book.First = book.Net[:0], book.Charge[:0], append(book.First[:0], 0)
	for range n {
		book.Lots = append(book.Lots, agents.Lot{Free: hour, Key: s.Uint64()})
	}
	for r := range n {
		book.Requests = append(book.Requests, agents.Request{Operator: -1, Hours: agents.Hour, PerDay: agents.Hour, MaxSites: 1, Key: s.Uint64()})
		for l := range n {
			if s.Float64() < p {
				book.Options = append(book.Options, agents.Option{Request: int32(r), Lot: [2]int32{int32(l), agents.None}, Ratio: 1000, Factor: 1000})
				book.Net, book.Charge = append(book.Net, value()), append(book.Charge, 0)
			}
		}
		book.First = append(book.First, int32(len(book.Options)))
	}
}

// The largest matching of a random bipartite graph, by enumeration of all of
// them, and what first come, first served makes of it: with k offers left a
// request is served with probability 1 − (1 − p)^k.
func TestMatchingSize(t *testing.T) {
	const n, p = 3, 0.3
	largest := 0.0
	for graph := range 1 << (n * n) {
		edges, size := 0, 0
		for order := range 27 { // every choice of an offer by each request
			used, k := 0, 0
			for r, o := 0, order; r < n; r, o = r+1, o/n {
				if l := o % n; graph>>(r*n+l)&1 == 1 && used>>l&1 == 0 {
					used |= 1 << l
					k++
				}
			}
			size = max(size, k)
		}
		for e := range n * n {
			edges += graph >> e & 1
		}
		largest += float64(size) * math.Pow(p, float64(edges)) * math.Pow(1-p, float64(n*n-edges))
	}
	first := func() float64 { // distribution of the offers left
		left := [n + 1]float64{n: 1}
		for range n {
			for k := 1; k <= n; k++ {
				hit := 1 - math.Pow(1-p, float64(k))
				left[k-1] += left[k] * hit
				left[k] *= 1 - hit
			}
		}
		served := 0.0
		for k, w := range left {
			served += w * float64(n-k)
		}
		return served
	}()
	digits(t, largest, 1.750292)
	digits(t, first, 1.674351)

	var book agents.Open
	var out []agents.Match
	for _, name := range []string{"optimal", "nearest", "due", "greedy"} {
		exact := first
		if name == "optimal" {
			exact = largest
		}
		broker, _ := ByName(name)
		b := broker.New()
		estimate(t, "matching by "+name, exact, 30_000, func(s *rng.Stream) float64 {
			pairing(&book, n, p, s, func() agents.Money { return agents.Unit })
			out = b.Clear(&book, s, out[:0])
			return float64(len(out))
		})
	}
}

// digits checks a formula against published digits.
func digits(t *testing.T, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 5e-7 {
		t.Errorf("the formula gives %.6f, published is %.6f", got, want)
	}
}

// Assignment with independent exponential costs: the sum of 1/k² (Aldous 2001;
// Linusson and Wästlund 2004; Nair, Prabhakar and Sharma 2005).
func TestAssignment(t *testing.T) {
	const n = 10
	exact := 0.0
	for k := 1; k <= n; k++ {
		exact += 1 / float64(k*k)
	}
	digits(t, exact, 1.549768)
	broker, _ := ByName("optimal")
	b := broker.New()
	var book agents.Open
	var out []agents.Match
	const served = 1000 * agents.Unit // more than any costs: every request is served
	estimate(t, "assignment", exact, 20_000, func(s *rng.Stream) float64 {
		pairing(&book, n, 1, s, func() agents.Money { return served - agents.MoneyOf(-math.Log(1-s.Float64())) })
		out = b.Clear(&book, s, out[:0])
		if len(out) != n {
			t.Fatalf("%d of %d requests are served", len(out), n)
		}
		return (n*served - Value(&book.Book, out)).Float()
	})
}

// ring is the most hours that a ring of firms with one hour each can do of
// their demand, when firm i may pass hours on to firm i + 1.
func ring(demand []int) int {
	most := 0
	for start := range 2 { // hours passed from the last firm to the first
		best := [2]int{-99, -99} // impossible so far; by hours passed on
		best[start] = 0
		for _, d := range demand {
			next := [2]int{-99, -99}
			for in, v := range best {
				for on := range min(d, 1) + 1 {
					next[on] = max(next[on], v+min(1, in+d-on))
				}
			}
			best = next
		}
		most = max(most, best[start])
	}
	return most
}

// A ring of firms with one hour a day each and 0, 1 or 2 hours asked for with
// probabilities 1/4, 1/2 and 1/4, done at home or next door (Jordan and Graves
// 1995); exact by enumeration.
func TestChain(t *testing.T) {
	const n = 10
	exact := 0.0
	demand := make([]int, n)
	for code := range 59049 { // 3^n
		weight := 1.0
		for i, c := 0, code; i < n; i, c = i+1, c/3 {
			demand[i] = c % 3
			weight *= [3]float64{0.25, 0.5, 0.25}[c%3]
		}
		exact += weight * float64(ring(demand))
	}
	digits(t, exact, 8.747559)
	broker, _ := ByName("optimal")
	b := broker.New()
	var book agents.Open
	var out []agents.Match
	hour := []agents.Hours{agents.Hour}
	estimate(t, "chain", exact, 30_000, func(s *rng.Stream) float64 {
		book.Requests, book.Lots, book.Options = book.Requests[:0], book.Lots[:0], book.Options[:0]
		book.Net, book.Charge, book.First = book.Net[:0], book.Charge[:0], append(book.First[:0], 0)
		for i := range int32(n) {
			book.Lots = append(book.Lots, agents.Lot{Free: hour})
			demand[i] = s.IntN(2) + s.IntN(2)
			for range demand[i] {
				r := int32(len(book.Requests))
				book.Requests = append(book.Requests, agents.Request{Operator: -1, Hours: agents.Hour, PerDay: agents.Hour, MaxSites: 1})
				for k := range int32(2) {
					book.Options = append(book.Options, agents.Option{Request: r, Lot: [2]int32{(i + k) % n, agents.None}, Own: k == 0, Ratio: 1000, Factor: 1000})
					book.Net, book.Charge = append(book.Net, agents.Unit), append(book.Charge, 0)
				}
				book.First = append(book.First, int32(len(book.Options)))
			}
		}
		out = b.Clear(&book, s, out[:0])
		if most := ring(demand); len(out) != most {
			t.Fatalf("%d hours served of at most %d; demand %v", len(out), most, demand)
		}
		return float64(len(out))
	})
}

// Larger books of every flavour: optimal is never behind greedy, and its bound
// holds for every broker that keeps to options worth at least nothing.
func TestBoundHolds(t *testing.T) {
	for _, name := range flavourNames {
		var value, bound float64
		for i := range 60 {
			s := rng.NewSource(22, uint64(i)).Stream(rng.Ties, rng.Name(name), 0)
			book := randomBook(flavours[name], 30, &s)
			optimal, _ := ByName("optimal")
			n := optimal.New()
			n.Clear(book, &s, nil)
			v, u, _ := n.Bound()
			value, bound = value+v.Float(), bound+u.Float()
			for _, broker := range Table() {
				out := broker.New().Clear(book, &s, nil)
				if slices.ContainsFunc(out, func(m agents.Match) bool { return worth(&book.Book, m.Option, m.Hours) < 0 }) {
					continue
				}
				if w := Value(&book.Book, out); w > u || broker.Name == "greedy" && w > v {
					t.Errorf("%s, book %d: %s makes %d, optimal %d and says at most %d", name, i, broker.Name, w, v, u)
				}
			}
		}
		t.Logf("%-8s gap %.2f %%", name, 100*(bound-value)/bound)
	}
}

// Where no price suits all pairs, those that gain most in sum trade.
func TestAuctionWithoutCommonPrice(t *testing.T) {
	book := &agents.Open{}
	book.First = []int32{0}
	for i, x := range [][2]agents.Money{{10, 9}, {5, 2}} { // bid, ask: each fits the other alone
		book.Lots = append(book.Lots, agents.Lot{Free: []agents.Hours{agents.Hour}})
		book.Requests = append(book.Requests, agents.Request{Hours: agents.Hour, PerDay: agents.Hour, MaxSites: 1})
		book.Bid, book.Ask = append(book.Bid, x[0]*agents.Unit), append(book.Ask, [2]agents.Money{x[1] * agents.Unit})
		book.Options = append(book.Options, agents.Option{Request: int32(i), Lot: [2]int32{int32(i), agents.None}, Ratio: 1000, Factor: 1000})
		book.Net, book.Charge = append(book.Net, 0), append(book.Charge, 0)
		book.First = append(book.First, int32(i+1))
	}
	auction, _ := ByName("auction")
	var s rng.Stream
	out := auction.New().Clear(book, &s, nil)
	if len(out) != 1 || out[0].Option != 1 || out[0].Price[0] != 7*agents.Unit/2 {
		t.Errorf("deals %+v, want the second pair alone, at 3.5", out)
	}
}

// Bids 10, 8, 5 and asks 2, 6, 9 for an hour each: two trade, at a price that
// the third bid and ask leave between 6 and 8, the middle of it.
func TestAuctionPrice(t *testing.T) {
	book := &agents.Open{}
	book.First = []int32{0}
	asks := []agents.Money{2, 6, 9}
	for l := range asks {
		book.Lots = append(book.Lots, agents.Lot{Free: []agents.Hours{agents.Hour}, Key: uint64(l)})
	}
	for r, bid := range []int{5, 10, 8} {
		book.Requests = append(book.Requests, agents.Request{Hours: agents.Hour, PerDay: agents.Hour, MaxSites: 1})
		book.Bid = append(book.Bid, agents.Money(bid)*agents.Unit)
		for l := range book.Lots {
			book.Options = append(book.Options, agents.Option{Request: int32(r), Lot: [2]int32{int32(l), agents.None}, Ratio: 1000, Factor: 1000})
			book.Net, book.Charge = append(book.Net, 0), append(book.Charge, 0)
			book.Ask = append(book.Ask, [2]agents.Money{asks[l] * agents.Unit})
		}
		book.First = append(book.First, int32(len(book.Options)))
	}
	auction, _ := ByName("auction")
	var s rng.Stream
	out := auction.New().Clear(book, &s, nil)
	if len(out) != 2 {
		t.Fatalf("%d deals: %+v", len(out), out)
	}
	for i, want := range []int32{3, 7} { // the highest bid has the lowest ask
		if out[i].Option != want || out[i].Price[0] != 7*agents.Unit {
			t.Errorf("deal %d: %+v, want option %d at %d", i, out[i], want, 7*agents.Unit)
		}
	}
}

// Two orders that fit one lot, if the one that cannot wait goes first: a
// packing by worth alone would leave it out.
func TestOptimalServesTheUrgentFirst(t *testing.T) {
	lot := agents.Lot{Key: 1}
	for range 10 {
		lot.Free = append(lot.Free, 8*agents.Hour)
	}
	b := &agents.Book{Lots: []agents.Lot{lot}, First: []int32{0}}
	for r, hours := range []agents.Hours{60 * agents.Hour, 16 * agents.Hour} {
		b.Requests = append(b.Requests, agents.Request{Operator: -1, Hours: hours, Last: agents.Day(9 - 7*r), PerDay: 8 * agents.Hour, MaxSites: 1, Key: uint64(r)})
		b.Options = append(b.Options, agents.Option{Request: int32(r), Lot: [2]int32{0, agents.None}, Ratio: 1000, Factor: 1000})
		b.Net, b.Charge = append(b.Net, agents.Unit), append(b.Charge, 0)
		b.First = append(b.First, int32(r+1))
	}
	out := newOptimal().Clear(b, nil, nil)
	if got, want := Value(b, out), 76*agents.Unit; got != want {
		t.Errorf("the clearing is worth %g of %g: %v", got.Float(), want.Float(), out)
	}
}
