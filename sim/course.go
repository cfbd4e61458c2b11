package sim

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"idleshift/agents"
)

// ahead is how many days are drawn before the regimes work through them, each
// part by itself: what it has in hand then stays near the processor.
const ahead = 16

// A course is the regimes of a region on their way through the days. Each part
// of them may be taken by any core that is free: regimes write in common only
// the suppliers that they find, in one step each, and the parts of a regime
// only what belongs to their own firms and lots.
type course struct {
	*Region
	regimes []regime // in the order of the scenario's Compare
	parts   []part   // of all of them, those that took longest first
	lock    sync.Mutex
	stalls  []*stall // where nobody clears at the moment
	spare   func(task func()) bool
	passed  func(days int) // Options.Progress
}

// A regime is one of the course, and what it did on the days ahead.
type regime struct {
	world *World
	parts []*World
	busy  atomic.Int32 // parts that have not come to the end of the days ahead
	lock  sync.Mutex
	hours [ahead][]agents.DayHours // by day, then kind: of all parts; empty on days that are not measured
	deals [ahead][]agents.Deal     // by day
}

// A part is one of the worlds of a regime.
type part struct {
	*World
	of   *regime
	took time.Duration // the last time, at first a guess; nothing but the order of work depends on it
}

// A Panic is what a run panics with, whichever core it was on.
type Panic struct {
	Value any
	Stack []byte // of where it happened
}

func (p *Panic) Error() string { return fmt.Sprint(p.Value) }

func newCourse(r *Region, opt Options) *course {
	c := &course{Region: r, regimes: make([]regime, len(r.Scenario.Compare)), passed: opt.Progress}
	if opt.Trace == nil {
		c.spare = opt.Spare
	}
	for i := range c.regimes {
		w := newWorld(r, i)
		w.check, w.trace = opt.Check, opt.Trace
		g := &c.regimes[i]
		g.world, g.parts = w, w.apart()
		if len(w.markets) > 0 {
			c.stalls = append(c.stalls, w.markets[0].stall)
		}
		for _, w := range g.parts {
			firms := int(w.hi - w.lo)
			if w.pooled {
				firms = len(r.Firms)
			}
			c.parts = append(c.parts, part{w, g, time.Duration(firms * (1 + len(w.markets)))})
		}
	}
	return c
}

// live is some days of all regimes, told to the sink regime by regime.
func (c *course) live(ctx context.Context, days []today, sink Sink) error {
	for i := range c.regimes {
		c.regimes[i].forget()
	}
	slices.SortStableFunc(c.parts, func(a, b part) int { return cmp.Compare(b.took, a.took) })
	var taken atomic.Int64
	var failed atomic.Pointer[Panic] // the first
	c.share(func() {
		defer func() {
			if v := recover(); v != nil {
				failed.CompareAndSwap(nil, &Panic{v, debug.Stack()})
			}
		}()
		for x := taken.Add(1); x <= int64(len(c.parts)) && failed.Load() == nil; x = taken.Add(1) {
			w, began := &c.parts[x-1], time.Now()
			c.take(ctx, w, days, sink != nil)
			w.took = time.Since(began)
			if left := w.of.busy.Add(-1); left == 0 && ctx.Err() == nil {
				c.report(days)
			}
		}
	})
	if p := failed.Load(); p != nil {
		panic(p)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if sink == nil {
		return nil
	}
	for i := range c.regimes {
		if err := c.regimes[i].tell(sink, i, days); err != nil {
			return err
		}
	}
	return nil
}

// share has the work done here and on all cores that are spare, and waits for
// them.
func (c *course) share(work func()) {
	var others sync.WaitGroup
	for range len(c.parts) - 1 {
		others.Add(1)
		if c.spare == nil || !c.spare(func() { defer others.Done(); work() }) {
			others.Done()
			break
		}
	}
	work()
	others.Wait()
}

// take takes a part through the days. Its markets clear at the stall that was
// left last: there are only as many with anything in them as cores at work.
func (c *course) take(ctx context.Context, w *part, days []today, told bool) {
	if len(w.markets) > 0 {
		c.lock.Lock()
		last := len(c.stalls) - 1
		s := c.stalls[last]
		c.stalls = c.stalls[:last]
		c.lock.Unlock()
		defer func() {
			c.lock.Lock()
			c.stalls = append(c.stalls, s)
			c.lock.Unlock()
		}()
		w.clearAt(s)
	}
	end := c.end()
	for d := range days {
		n := &days[d]
		if ctx.Err() != nil || n.day >= end && w.openOnes == 0 { // nothing that is measured is left to do
			return
		}
		if w.pooled {
			n = w.merge(c.Region, n)
		}
		w.advance(n)
		if told {
			w.of.note(d, w.World)
		}
	}
}

// end is the first day of the run-out.
func (c *course) end() agents.Day { return agents.Day(c.Scenario.Time.Warmup + c.Scenario.Time.Days) }

// report tells of a regime that it has passed the days, as far as they are not
// of the run-out.
func (c *course) report(days []today) {
	if n := min(c.end()-days[0].day, agents.Day(len(days))); n > 0 && c.passed != nil {
		c.passed(int(n))
	}
}

// forget begins the next days ahead.
func (g *regime) forget() {
	g.busy.Store(int32(len(g.parts)))
	for d := range ahead {
		g.hours[d], g.deals[d] = g.hours[d][:0], g.deals[d][:0]
	}
}

// note keeps what a part did on its day, the d-th of those ahead. The order of
// parts does not show: a regime in several has no deals, and hours are whole
// seconds.
func (g *regime) note(d int, w *World) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.deals[d] = append(g.deals[d], w.dealRows...)
	if !w.measuring() {
		return
	}
	if len(g.hours[d]) == 0 {
		g.hours[d] = append(g.hours[d], w.byKind...)
		return
	}
	for k := range w.byKind {
		g.hours[d][k].Add(&w.byKind[k])
	}
}

// tell tells the sink what regime i did on the days.
func (g *regime) tell(sink Sink, i int, days []today) error {
	for d := range days {
		if len(g.deals[d]) > 0 {
			if err := sink.Deals(i, g.deals[d]); err != nil {
				return err
			}
		}
	}
	for d := range days {
		if len(g.hours[d]) > 0 {
			if err := sink.Day(i, days[d].day-agents.Day(g.world.Scenario.Time.Warmup), g.hours[d]); err != nil {
				return err
			}
		}
	}
	return nil
}

// anyOpen tells whether measured orders are open.
func (c *course) anyOpen() bool {
	return slices.ContainsFunc(c.parts, func(w part) bool { return w.openOnes > 0 })
}
