package sim

import (
	"context"
	"slices"

	"idleshift/agents"
)

// Options say what a run does beside running.
type Options struct {
	Check bool         // verify the identities of every day; breaches go into the results
	Trace func(*Event) // hears everything that happens to orders; nil for none
}

// Run runs every regime of the scenario in the region, day by day in lockstep:
// what nature does on a day is drawn once for all of them. It returns a result
// per regime, in the order of the scenario's Compare. It stops with the
// context's error between days, or with the sink's.
func Run(ctx context.Context, r *Region, opt Options, sink Sink) ([]Result, error) {
	sc := r.Scenario
	worlds := make([]*World, len(sc.Compare))
	for i := range worlds {
		w := newWorld(r, i)
		w.check, w.trace = opt.Check, opt.Trace
		worlds[i] = w
	}
	nature := newNature(r)
	end := agents.Day(sc.Time.Warmup + sc.Time.Days)
	for day := agents.Day(0); day < end+agents.Day(sc.Time.Runout); day++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if day >= end && !anyOpen(worlds) {
			break
		}
		n := nature.next()
		for i, w := range worlds {
			if day >= end && w.openOnes == 0 {
				continue // nothing that is measured is left to do
			}
			if w.pooled {
				w.advance(w.merge(r, n))
			} else {
				w.advance(n)
			}
			if sink == nil {
				continue
			}
			if w.measuring() {
				if err := sink.Day(i, day-agents.Day(sc.Time.Warmup), w.byKind); err != nil {
					return nil, err
				}
			}
			if len(w.dealRows) > 0 {
				if err := sink.Deals(i, w.dealRows); err != nil {
					return nil, err
				}
			}
		}
	}
	results := make([]Result, len(worlds))
	for i, w := range worlds {
		w.stop()
		result, firms := w.finish()
		results[i] = *result
		if sink != nil {
			if err := sink.Firms(i, firms); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

func anyOpen(worlds []*World) bool {
	for _, w := range worlds {
		if w.openOnes > 0 {
			return true
		}
	}
	return false
}

// stop ends a run: orders of the measured days that are still open count as
// lost, and as open.
func (w *World) stop() {
	w.stopped = true
	for f := range w.active {
		for o := w.active[f]; o != agents.None; {
			next := w.orders.at[o].next
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
