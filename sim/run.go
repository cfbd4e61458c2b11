package sim

import (
	"context"
	"slices"

	"idleshift/agents"
)

// Options say what a run does beside running.
type Options struct {
	Check bool         // verify the identities of every day, and the bound if it is found; breaches go into the results
	Bound bool         // find the clairvoyant bound
	Trace func(*Event) // hears everything that happens to orders; nil for none
	// Progress is told of days of a regime that have passed, warm-up included and
	// run-out not, from whatever core; nil for nobody.
	Progress func(days int)
	// Spare hands a task to a core that has nothing else to do, without waiting
	// for it, and tells whether there is one; nil for none. All tasks end before
	// the run does, and what it produces does not depend on them. A run that is
	// traced keeps to itself.
	Spare func(task func()) bool
}

// Run runs every regime of the scenario in the region; what nature does on a
// day is drawn once for all of them. It returns a result per regime, in the
// order of the scenario's Compare. It stops with the context's error between
// days, or with the sink's; it panics with a *Panic. A region has one run at a
// time.
func Run(ctx context.Context, r *Region, opt Options, sink Sink) ([]Result, error) {
	sc := r.Scenario
	c := newCourse(r, opt)
	nature := newNature(r)
	var known *foresight // nil unless the bound is asked for
	if opt.Bound {
		known = newForesight(r)
	}
	last := c.end() + agents.Day(sc.Time.Runout)
	var days [ahead]today
	for first := agents.Day(0); first < last && (first < c.end() || c.anyOpen()); first += ahead {
		n := min(ahead, last-first)
		for d := range n {
			nature.next().copyTo(&days[d])
			if known != nil {
				known.see(&days[d])
			}
		}
		if err := c.live(ctx, days[:n], sink); err != nil {
			return nil, err
		}
	}
	bound := agents.Money(0)
	if known != nil {
		known.complete(nature)
		bound = known.bound()
	}
	results := make([]Result, len(c.regimes))
	for i := range c.regimes {
		w := c.regimes[i].world
		for _, part := range c.regimes[i].parts {
			part.stop()
			if part != w {
				w.absorb(&part.account)
			}
		}
		result, firms := w.finish()
		if known != nil {
			result.Clairvoyant = &bound
			if opt.Check {
				w.checkBound(bound)
			}
		}
		results[i] = *result
		if sink != nil {
			if err := sink.Firms(i, firms); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// copyTo keeps a day beyond the next draw.
func (n *today) copyTo(to *today) {
	to.day = n.day
	to.arrivals = append(to.arrivals[:0], n.arrivals...)
	to.hours = append(to.hours[:0], n.hours...)
	to.up = append(to.up[:0], n.up...)
}

// stop ends a run: orders of the measured days that are still open count as
// lost, and as open.
func (w *World) stop() {
	w.stopped = true
	for f := w.lo; f < w.hi; f++ {
		for o := w.active[f]; o != agents.None; {
			next := w.places[o].next
			if w.orders.at[o].measured {
				w.drop(o)
			}
			o = next
		}
	}
}

// merge is a day as the merged firm meets it: the same arrivals, and the units
// of all firms that are up.
func (w *World) merge(all *Region, n *today) *today {
	m := &w.merged
	m.day, m.arrivals, m.hours = n.day, n.arrivals, n.hours
	m.up = slices.Grow(m.up[:0], len(w.lots))[:len(w.lots)]
	clear(m.up)
	for i := range all.lots {
		m.up[w.lotOf[all.lots[i].kind]] += n.up[i]
	}
	return m
}
