package experiment

import (
	"slices"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
)

// profits keeps each firm's profit in each regime of one job on its way to the
// Recorder, to count who is worse off than in the baseline.
type profits struct {
	Recorder
	of [][]agents.Money // by regime, then firm
}

func (p *profits) Firms(regime int, firms []sim.FirmResult) error {
	of := make([]agents.Money, len(firms))
	for i := range firms {
		of[i] = firms[i].Ledger.Profit()
	}
	p.of[regime] = of
	return p.Recorder.Firms(regime, firms)
}

// compare counts in each result the firms whose profit is below that in the
// baseline. A merged firm has no such count: it stays 0.
func (p *profits) compare(sc *scenarios.Scenario, results []sim.Result) {
	base := slices.Index(sc.Compare, sc.Baseline)
	if base < 0 {
		return
	}
	for regime, of := range p.of {
		if len(of) != len(p.of[base]) {
			continue
		}
		for firm, profit := range of {
			if profit < p.of[base][firm] {
				results[regime].WorseOff++
			}
		}
	}
}
