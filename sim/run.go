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
}

// Run runs every regime of the scenario in the region; what nature does on a
// day is drawn once for all of them. It returns a result per regime, in the
// order of the scenario's Compare. It stops with the context's error between
// days, or with the sink's.
func Run(ctx context.Context, r *Region, opt Options, sink Sink) ([]Result, error) {
	sc := r.Scenario
	worlds := make([]*World, len(sc.Compare))
	parts := make([][]*World, len(worlds))
	for i := range worlds {
		w := newWorld(r, i)
		w.check, w.trace = opt.Check, opt.Trace
		worlds[i], parts[i] = w, w.apart()
	}
	nature := newNature(r)
	var known *foresight // nil unless the bound is asked for
	if opt.Bound {
		known = newForesight(r)
	}
	end := agents.Day(sc.Time.Warmup + sc.Time.Days) // of the measured days
	last := end + agents.Day(sc.Time.Runout)
	var days [ahead]today
	for first := agents.Day(0); first < last && (first < end || anyOpen(parts)); first += ahead {
		n := min(ahead, last-first)
		for d := range n {
			nature.next().copyTo(&days[d])
			if known != nil {
				known.see(&days[d])
			}
		}
		for i := range worlds {
			if err := live(ctx, i, parts[i], r, days[:n], sink); err != nil {
				return nil, err
			}
		}
	}
	bound := agents.Money(0)
	if known != nil {
		known.complete(nature)
		bound = known.bound()
	}
	results := make([]Result, len(worlds))
	for i, w := range worlds {
		for _, part := range parts[i] {
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

// ahead is how many days are drawn before the regimes work through them, one
// after the other, and the parts of a regime: what they have in hand then stays
// near the processor.
const ahead = 16

// live is some days of regime i, part by part, told to the sink.
func live(ctx context.Context, i int, parts []*World, r *Region, days []today, sink Sink) error {
	sc := r.Scenario
	warmup, end := agents.Day(sc.Time.Warmup), agents.Day(sc.Time.Warmup+sc.Time.Days)
	hours := make([][]agents.DayHours, len(days))
	for _, w := range parts {
		for d := range days {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := &days[d]
			if n.day >= end && w.openOnes == 0 {
				break // nothing that is measured is left to do
			}
			if w.pooled {
				n = w.merge(r, n)
			}
			w.advance(n)
			if sink == nil {
				continue
			}
			if w.measuring() {
				if hours[d] == nil {
					hours[d] = make([]agents.DayHours, len(w.byKind))
				}
				for k := range w.byKind {
					hours[d][k].Add(&w.byKind[k])
				}
			}
			if len(w.dealRows) > 0 {
				if err := sink.Deals(i, w.dealRows); err != nil {
					return err
				}
			}
		}
	}
	for d, kinds := range hours {
		if kinds == nil {
			continue
		}
		if err := sink.Day(i, days[d].day-warmup, kinds); err != nil {
			return err
		}
	}
	return nil
}

// copyTo keeps a day beyond the next draw.
func (n *today) copyTo(to *today) {
	to.day = n.day
	to.arrivals = append(to.arrivals[:0], n.arrivals...)
	to.hours = append(to.hours[:0], n.hours...)
	to.up = append(to.up[:0], n.up...)
}

func anyOpen(regimes [][]*World) bool {
	for _, parts := range regimes {
		for _, w := range parts {
			if w.openOnes > 0 {
				return true
			}
		}
	}
	return false
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
