package verify

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// A law is the distribution of a whole number: law[n] is the probability of n.
// Tails below 1e-18 are cut off.
type law []float64

const negligible = 1e-18

func poisson(mean float64) law {
	return compound(mean, law{0, 1})
}

// poissonTail is P(X ≥ n) of a Poisson number, n at least 1: the gamma time of
// the nth event is no more than the mean.
func poissonTail(mean float64, n int) float64 { return mathext.GammaIncReg(float64(n), mean) }

// poissonExcess is E(X − c)+ of a Poisson number, c at least 1.
func poissonExcess(mean float64, c int) float64 {
	return mean*poissonTail(mean, c) - float64(c)*poissonTail(mean, c+1)
}

// compound is the law of the sum of a Poisson number of independent draws of
// size, which is never 0 (Panjer 1981).
func compound(mean float64, size law) law {
	p := law{math.Exp(-mean)}
	for n := 1; ; n++ {
		sum := 0.0
		for j := 1; j <= n && j < len(size); j++ {
			sum += float64(j) * size[j] * p[n-j]
		}
		p = append(p, mean/float64(n)*sum)
		if float64(n) > mean*size.mean() && p[n] < negligible {
			return p
		}
	}
}

// geometric is 1, 2, … with the given mean.
func geometric(mean float64) law {
	p := law{0}
	for q := 1 / mean; q > negligible; q *= 1 - 1/mean {
		p = append(p, q)
	}
	return p
}

func binomial(n int, p float64) law {
	one := law{1 - p, p}
	out := law{1}
	for range n {
		out = out.plus(one)
	}
	return out
}

// exactly is a number that is n for certain.
func exactly(n int) law { return append(make(law, n), 1) }

func (p law) mean() float64 {
	sum := 0.0
	for n, q := range p {
		sum += float64(n) * q
	}
	return sum
}

// plus is the law of the sum of two independent numbers.
func (p law) plus(q law) law {
	out := make(law, len(p)+len(q)-1)
	for i, x := range p {
		for j, y := range q {
			out[i+j] += x * y
		}
	}
	return out
}

// times is the law of the sum of n independent numbers.
func (p law) times(n int) law {
	out := law{1}
	for range n {
		out = out.plus(p)
	}
	return out
}

// atLeast is P(X ≥ n).
func (p law) atLeast(n int) float64 {
	sum := 0.0
	for i := len(p) - 1; i >= n; i-- { // small terms first
		sum += p[i]
	}
	return sum
}

// excess is E(X − c)+.
func (p law) excess(c int) float64 {
	sum := 0.0
	for i := len(p) - 1; i > c; i-- {
		sum += float64(i-c) * p[i]
	}
	return sum
}

// least is the law of the least of two independent numbers.
func (p law) least(q law) law {
	out := make(law, min(len(p), len(q)))
	for n := range out {
		out[n] = p.atLeast(n)*q.atLeast(n) - p.atLeast(n+1)*q.atLeast(n+1)
	}
	return out
}

// meanLeast is the mean of the least of independent numbers: Σ P(all ≥ n).
func meanLeast(laws ...law) float64 {
	sum := 0.0
	for n := 1; ; n++ {
		all := 1.0
		for _, p := range laws {
			all *= p.atLeast(n)
		}
		if all == 0 {
			return sum
		}
		sum += all
	}
}

// gammaExcess is E(X − c)+ of a gamma number: partial expectations.
func gammaExcess(mean, cv, c float64) float64 {
	shape := 1 / (cv * cv)
	x := c * shape / mean
	return mean*mathext.GammaIncRegComp(shape+1, x) - c*mathext.GammaIncRegComp(shape, x)
}

// lognormalExcess is E(X − c)+ of a lognormal number: partial expectations.
func lognormalExcess(mean, cv, c float64) float64 {
	v := math.Log1p(cv * cv)
	s := math.Sqrt(v)
	d := (math.Log(mean/c) + v/2) / s
	return mean*normal(d) - c*normal(d-s)
}

// normal is the standard normal distribution function.
func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// commonExcess is the loss per firm and hours of capacity of n pooled firms
// whose Poisson demands share a common part: E(ΣX + nZ − nc)+/n.
func commonExcess(n int, mean, common float64, c int) float64 {
	own, shared := law{1}, law{1}
	if common < 1 {
		own = poisson(float64(n) * mean * (1 - common))
	}
	if common > 0 {
		shared = poisson(mean * common)
	}
	sum := 0.0
	for z, q := range shared {
		left := n*c - n*z
		if left >= 0 {
			sum += q * own.excess(left)
		} else {
			sum += q * (own.mean() - float64(left))
		}
	}
	return sum / float64(n)
}

// backlog is the mean of W in W' = (W + A − c)+ with Poisson A, and P(W = 0),
// by Spitzer's identity (1956): E W = Σ E(Sₙ − nc)+/n and
// P(W = 0) = exp −Σ P(Sₙ > nc)/n, with Sₙ the arrivals of n days.
func backlog(mean float64, c int) (wait, none float64) {
	exponent := 0.0
	for n := 1; ; n++ {
		days := float64(n)
		more := poissonExcess(days*mean, n*c) / days
		wait += more
		exponent += poissonTail(days*mean, n*c+1) / days
		if more < 1e-11 {
			return wait, math.Exp(-exponent)
		}
	}
}

// lostFraction is the share of unit orders lost at a firm that accepts what it
// can finish on the day of arrival or in the lead days after it. The work W
// left over at night is a Markov chain on 0 … lead × c, followed until it rests.
func lostFraction(mean float64, c, lead int) float64 {
	a := poisson(mean)
	most := (lead + 1) * c
	w := make(law, lead*c+1)
	w[0] = 1
	for {
		next := make(law, len(w))
		lost, moved := 0.0, 0.0
		for i, p := range w {
			for n, q := range a {
				next[max(0, min(i+n, most)-c)] += p * q
				lost += p * q * float64(max(0, i+n-most))
			}
		}
		for i := range w {
			moved += math.Abs(next[i] - w[i])
		}
		if w = next; moved < 1e-14 {
			return lost / mean
		}
	}
}

// cheapest is the count of one-hour units that costs a firm alone least, and
// the cost a day: hours not served cost short each, a unit cost a day.
func cheapest(demand law, hours int, unit, short float64) (units int, cost float64) {
	cost = math.Inf(1)
	for n := 0; ; n++ {
		c := float64(n)*unit + short*demand.excess(n*hours)
		if c >= cost { // the cost is convex
			return n - 1, cost
		}
		cost = c
	}
}

// matching is the mean size of a matching of n requests and m offers that fit
// with probability p each, over all graphs. size gives that of one graph, in
// which request r fits the offers, of m, of the bits of fits[r].
func matching(n, m int, p float64, size func(fits []uint, m int) float64) float64 {
	fits := make([]uint, n)
	var over func(r int, probability float64) float64
	over = func(r int, probability float64) (sum float64) {
		if r == n {
			return probability * size(fits, m)
		}
		for bits := range uint(1) << m {
			q := probability
			for l := range m {
				if bits>>l&1 == 1 {
					q *= p
				} else {
					q *= 1 - p
				}
			}
			fits[r] = bits
			sum += over(r+1, q)
		}
		return sum
	}
	return over(0, 1)
}

// largest is the size of a largest matching: the best over all choices.
func largest(fits []uint, m int) float64 {
	var best func(r int, used uint) int
	best = func(r int, used uint) int {
		if r == len(fits) {
			return 0
		}
		most := best(r+1, used) // the request is not served
		for l := range m {
			if bit := uint(1) << l; fits[r]&bit != 0 && used&bit == 0 {
				most = max(most, 1+best(r+1, used|bit))
			}
		}
		return most
	}
	return float64(best(0, 0))
}

// firstCome is the mean size if n requests in turn take one of m offers that is
// left: of k left a request finds one with probability 1 − (1 − p)^k.
func firstCome(n, m int, p float64) float64 {
	left := make(law, m+1)
	left[m] = 1
	for range n {
		next := make(law, m+1)
		for k, q := range left {
			finds := 1 - math.Pow(1-p, float64(k))
			next[k] += q * (1 - finds)
			if k > 0 {
				next[k-1] += q * finds
			}
		}
		left = next
	}
	return float64(m) - left.mean()
}

// anyPair is the mean size if pairs that fit are taken in random order.
func anyPair(fits []uint, m int) float64 {
	var rest func(requests, offers uint) float64
	rest = func(requests, offers uint) float64 {
		sum, pairs := 0.0, 0
		for r := range fits {
			for l := range m {
				if requests>>r&1 == 1 && offers>>l&1 == 1 && fits[r]>>l&1 == 1 {
					pairs++
					sum += 1 + rest(requests&^(1<<r), offers&^(1<<l))
				}
			}
		}
		if pairs == 0 {
			return 0
		}
		return sum / float64(pairs)
	}
	return rest(uint(1)<<len(fits)-1, uint(1)<<m-1)
}

// chain is the mean orders served a day by n firms of one unit each, whose work
// may also be done at the next firm: by the theorem of Hall and Ford and
// Fulkerson, what is served is the least, over all sets of firms, of the demand
// outside the set plus the units that the set can use. All demands are gone
// through.
func chain(n int, demand law) float64 {
	const unit = 1
	var over func(i int, probability float64, cut [2][2]int) float64
	// cut[a][b]: the least cut of firms 0 to i−1, if firm 0 is in the set (a) or
	// not, and firm i−1 is (b) or not
	over = func(i int, probability float64, cut [2][2]int) (sum float64) {
		if i == n {
			least := math.MaxInt
			for a := range 2 {
				for b := range 2 {
					least = min(least, cut[a][b]+unit*max(a, b)) // the unit of firm 0
				}
			}
			return probability * float64(least)
		}
		for d, q := range demand {
			next := [2][2]int{}
			for a := range 2 {
				for now := range 2 {
					outside := d * (1 - now)
					switch {
					case i > 0:
						next[a][now] = outside + min(cut[a][0]+unit*now, cut[a][1]+unit)
					case a == now:
						next[a][now] = outside
					default:
						next[a][now] = math.MaxInt / 2
					}
				}
			}
			sum += over(i+1, probability*q, next)
		}
		return sum
	}
	return over(0, 1, [2][2]int{})
}

// flexible is the mean orders of one hour served a day by firms with as many
// units each, of which firm i's work may be done at the firms of the bits of
// reach[i], over all demands. own says that a firm serves its own work first and
// only what it has no room for may go elsewhere. What is served is the least,
// over all sets of firms, of the demand outside the set plus the units that the
// set can use (Ford and Fulkerson 1956).
func flexible(reach []uint, units int, demand law, own bool) float64 {
	n := len(reach)
	asks, room := make([]int, n), make([]int, n)
	var over func(i int, probability float64) float64
	over = func(i int, probability float64) (sum float64) {
		if i == n {
			return probability * float64(flow(reach, asks, room))
		}
		for d, p := range demand {
			asks[i], room[i] = d, units
			alone := 0
			if own {
				alone = min(d, units)
				asks[i], room[i] = d-alone, units-alone
			}
			sum += over(i+1, probability*p) + probability*p*float64(alone)
		}
		return sum
	}
	return over(0, 1)
}

// flow is the largest flow from asks to room, by the least cut.
func flow(reach []uint, asks, room []int) int {
	least := math.MaxInt
	for set := range uint(1) << len(reach) {
		cut, usable := 0, uint(0)
		for i, r := range reach {
			if set>>i&1 == 1 {
				usable |= r
			} else {
				cut += asks[i]
			}
		}
		for j, x := range room {
			if usable>>j&1 == 1 {
				cut += x
			}
		}
		least = min(least, cut)
	}
	return least
}

// near is the firms, as bits, that lie at most k places from each of n in a row,
// or in a ring.
func near(n, k int, ring bool) []uint {
	reach := make([]uint, n)
	for i := range n {
		for j := range n {
			if d := max(i-j, j-i); d <= k || ring && n-d <= k {
				reach[i] |= 1 << j
			}
		}
	}
	return reach
}

// volumeExcess is E(S − c)+ of the sum of a Poisson number of independent sizes
// of a law that is given by its E(X − x)+: on a grid of steps so fine that what
// the atoms, which keep the mean, add to the variance does not count.
func volumeExcess(orders float64, excess func(x float64) float64, c float64) float64 {
	const step = 0.05
	size := law{}
	beyond := func(i int) float64 {
		if i <= 0 {
			return excess(1e-9) - float64(i)*step // E(X − x)+ of x ≤ 0
		}
		return excess(float64(i) * step)
	}
	for i := 0; beyond(i-1) > 1e-9*beyond(0); i++ {
		size = append(size, max(0, beyond(i-1)-2*beyond(i)+beyond(i+1))/step)
	}
	none := size[0]
	size[0] = 0
	for i := range size {
		size[i] /= 1 - none
	}
	return compound(orders*(1-none), size).excess(int(math.Round(c/step))) * step
}

// overNormal is the mean of f of a standard normal number, by the trapezoidal
// rule, which is exact to rounding for what is smooth.
func overNormal(f func(z float64) float64) float64 {
	const step = 1.0 / 64
	sum := 0.0
	for z := -9.0; z <= 9; z += step {
		sum += f(z) * math.Exp(-z*z/2)
	}
	return sum * step / math.Sqrt(2*math.Pi)
}

// cheapestGain is the mean of Σ (v − X)+ over the k least of m independent
// lognormal costs of mean 1: ∫ P(X₍ᵢ₎ ≤ x) dx over [0, v], summed over i.
func cheapestGain(k, m int, cv, v float64) float64 {
	const steps = 4000
	spread := math.Log1p(cv * cv)
	sum := 0.0
	for s := range steps {
		x := v * (float64(s) + 0.5) / steps
		below := binomial(m, normal((math.Log(x)+spread/2)/math.Sqrt(spread)))
		for i := 1; i <= k; i++ {
			sum += below.atLeast(i)
		}
	}
	return sum * v / steps
}

// km is the distance of two positions along the great circle (haversine), in
// degrees.
func km(latitude1, longitude1, latitude2, longitude2 float64) float64 {
	const radius, degree = 6371.0088, math.Pi / 180
	sin2 := func(x float64) float64 { return math.Pow(math.Sin(x*degree/2), 2) }
	h := sin2(latitude2-latitude1) + math.Cos(latitude1*degree)*math.Cos(latitude2*degree)*sin2(longitude2-longitude1)
	return 2 * radius * math.Asin(math.Sqrt(h))
}

// gammaVolume is E(S − c)+ of the sum of a Poisson number of gamma sizes: n of
// them are gamma again.
func gammaVolume(orders, mean, cv, c float64) float64 {
	sum := 0.0
	for n, p := range poisson(orders) {
		if n > 0 {
			sum += p * gammaExcess(float64(n)*mean, cv/math.Sqrt(float64(n)), c)
		}
	}
	return sum
}

// shakyBacklog is the mean of W in W' = (W + A − C)+ with Poisson A and the
// units C that are up: a Markov chain on so many units, of which move gives the
// law of the next day's count, followed until it rests.
func shakyBacklog(mean float64, units int, move func(up int) law) float64 {
	const most = 400 // hours; the weight beyond is negligible at the loads used
	a := poisson(mean)
	at := make([]law, units+1) // by units up: weights of W
	for u := range at {
		at[u] = make(law, most+1)
	}
	at[units][0] = 1
	for {
		next := make([]law, units+1)
		for u := range next {
			next[u] = make(law, most+1)
		}
		moved := 0.0
		for u, w := range at {
			to := move(u)
			asked := w.clipped(1e-18).plus(a)
			for x, p := range asked {
				if p < 1e-18 {
					continue
				}
				for v, q := range to {
					next[v][min(max(x-v, 0), most)] += p * q
				}
			}
		}
		for u := range at {
			for i := range at[u] {
				moved += math.Abs(next[u][i] - at[u][i])
			}
		}
		if at = next; moved < 1e-11 {
			break
		}
	}
	sum := 0.0
	for _, w := range at {
		sum += w.mean()
	}
	return sum
}

// clipped is the law without its end of weights of less than the least.
func (p law) clipped(least float64) law {
	n := len(p)
	for n > 1 && p[n-1] < least {
		n--
	}
	return p[:n]
}
