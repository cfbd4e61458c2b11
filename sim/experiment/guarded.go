package experiment

import (
	"slices"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
)

// A guarded Recorder of one job tells failures of its own from those of the
// job, and keeps each firm's profit in each regime on its way, to count who is
// worse off than in the baseline.
type guarded struct {
	Recorder
	broken error            // the first of the Recorder
	of     [][]agents.Money // by regime, then firm
}

func (g *guarded) note(err error) error {
	if g.broken == nil {
		g.broken = err
	}
	return err
}

func (g *guarded) Day(regime int, day agents.Day, kinds []agents.DayHours) error {
	return g.note(g.Recorder.Day(regime, day, kinds))
}

func (g *guarded) Deals(regime int, deals []agents.Deal) error {
	return g.note(g.Recorder.Deals(regime, deals))
}

func (g *guarded) Firms(regime int, firms []sim.FirmResult) error {
	of := make([]agents.Money, len(firms))
	for i := range firms {
		of[i] = firms[i].Ledger.Profit()
	}
	g.of[regime] = of
	return g.note(g.Recorder.Firms(regime, firms))
}

func (g *guarded) Commit(results []sim.Result) error {
	return g.note(g.Recorder.Commit(results))
}

// compare counts in each result the firms whose profit is below that in the
// baseline. A merged firm has no such count: it stays 0.
func (g *guarded) compare(sc *scenarios.Scenario, results []sim.Result) {
	base := slices.Index(sc.Compare, sc.Baseline)
	if base < 0 {
		return
	}
	for regime, of := range g.of {
		if len(of) != len(g.of[base]) {
			continue
		}
		for firm, profit := range of {
			if profit < g.of[base][firm] {
				results[regime].WorseOff++
			}
		}
	}
}
