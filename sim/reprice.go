package sim

import (
	"iter"
	"math"

	"idleshift/agents"
)

// A repricing looks for prices at which nobody is worse off by a clearing of all
// operations, where brokers leave them to the two sides.
type repricing struct {
	*settlement
	raised [][2]agents.Money // by deal laid and provider: by how much its price changes
	slack  []agents.Money    // by party: what it gains at these prices
}

// A link is a price that would change in favour of one party, at the cost of
// another.
type link struct {
	deal, c     int     // its place in laid, and which provider's it is
	pays, gains int     // parties
	asks        bool    // who pays asked for the deal, else it lends
	change      float64 // of the price, for each unit that the end of the chain gets
}

// passes is what one party gets of x that the other gives up: the platform's fee
// goes up and down with the price.
func (l *link) passes(x, gross float64) float64 {
	if l.asks {
		return x / gross
	}
	return x * gross
}

// reprice finds prices at which nobody is worse off: who loses is paid more by
// those it lends to, or pays less to those who lend to it; these by others and so
// on, up to one that gains. It returns by how much the prices of each deal laid
// change, and the first party that is worse off all the same, nil if none is.
func (s *settlement) reprice() (raised [][2]agents.Money, worse *party) {
	r := repricing{s, make([][2]agents.Money, len(s.laid)), make([]agents.Money, len(s.firms))}
	for f := range s.firms {
		r.slack[f] = s.firms[f].gains
	}
	for f := range s.firms {
		for r.slack[f] < -cent {
			if chain := r.chain(f); chain == nil || !r.pass(chain) {
				return nil, &s.firms[f]
			}
		}
	}
	return r.raised, nil
}

// chain is the shortest one from a party that gains to f, nil if there is none.
func (r *repricing) chain(f int) (chain []link) {
	by := make([]*link, len(r.firms)) // by which each was reached
	for queue := []int{f}; len(queue) > 0; queue = queue[1:] {
		for l := range r.links(queue[0]) {
			if l.pays == f || by[l.pays] != nil {
				continue
			}
			by[l.pays] = &l
			if r.slack[l.pays] > 0 {
				for at := l.pays; at != f; at = by[at].gains {
					chain = append(chain, *by[at])
				}
				return chain
			}
			queue = append(queue, l.pays)
		}
	}
	return nil
}

// links are the prices that can change in favour of a party: of what it lends,
// and of what others lend to it, down to their reservation prices.
func (r *repricing) links(to int) iter.Seq[link] {
	return func(yield func(link) bool) {
		firm := r.firms[to].firm
		for x, d := range r.laid {
			t := r.deal(d)
			for c, g := range t.lenders {
				l := link{deal: x, c: c, gains: to, asks: g == firm}
				switch {
				case t.fixed || g == agents.None:
					continue
				case l.asks:
					l.pays, _ = r.find(t.row.Requester)
				case t.row.Requester == firm && r.spare(&l) > 0:
					l.pays, _ = r.find(g)
				default:
					continue
				}
				if !yield(l) {
					return
				}
			}
		}
	}
}

// spare is what a provider is paid beyond its reservation price.
func (r *repricing) spare(l *link) agents.Money {
	return r.deal(r.laid[l.deal]).spare[l.c] + r.raised[l.deal][l.c]
}

// pass changes the prices of a chain, as far as its first party gains, its last
// is worse off and no provider goes below its reservation price. It reports
// whether that is anything.
func (r *repricing) pass(chain []link) bool {
	gross := 1 + r.fee // what a requester pays of which the provider gets 1
	from, to := &r.slack[chain[0].pays], &r.slack[chain[len(chain)-1].gains]
	share := 1.0 // of what is given up, what arrives
	for x := range chain {
		share = chain[x].passes(share, gross)
	}
	more := min(-*to, agents.Money(float64(*from)*share))
	all := 1 / share // what is given up for each unit that arrives
	for x, part := 0, all; x < len(chain); x++ {
		l := &chain[x]
		if !l.asks {
			l.change = -part
			more = min(more, agents.Money(float64(r.spare(l))/part))
		}
		if part = l.passes(part, gross); l.asks {
			l.change = part
		}
	}
	if more <= 0 {
		return false
	}
	*to += more
	*from -= agents.Money(math.Round(float64(more) * all))
	for _, l := range chain {
		r.raised[l.deal][l.c] += agents.Money(math.Round(float64(more) * l.change))
	}
	return true
}

// raise changes the prices of a deal that is laid.
func (d *deal) raise(more [2]agents.Money, fee float64) {
	for c, m := range more {
		d.pay[c] += m
		d.row.Price += m
	}
	d.row.Fee = agents.MoneyOf(d.row.Price.Float() * fee)
}
