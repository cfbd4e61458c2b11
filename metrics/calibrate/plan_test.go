package calibrate

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"idleshift/scenarios"
)

// A failure means that somebody with a mistake in a calibration is not told
// where it is and what would be right, or not of all of them at once.
func TestWrongCalibrationsAreExplained(t *testing.T) {
	dir := t.TempDir()
	region, err := os.ReadFile("testdata/region.toml")
	if err != nil {
		t.Fatal(err)
	}
	text := `scenario = "region.toml"
set = ["time.days=10", "time.dayz=3"]
method = "swarm"
final_replicates = 1

[keys.a]
keys = ["orders.job.rat"]
low = 1
high = 2
`
	more := `scenario = "region.toml"
set = ["time.days=40"]

[keys.rate]
keys = ["orders.job.rate", "title"]
low = 0.5
high = 0.4

[keys.amplitude]
keys = ["demand.phase.amplitude"]
low = 0
high = 2
scale = "log"

[keys.again]
keys = ["demand.*.amplitude", "demand.phase.amplitude"]
low = 0.1
high = 0.5

[keys.lateness]
keys = ["orders.*.lateness_cost"]
low = 0.5
high = 2
factor = true

[targets.load]
metric = "utilization"
value = 0.7
tolerance = 0

[targets.spread]
metric = "utilisation_quarterly_sd"
regime = "autarchy"
sizes = ["all"]
value = 0.03
tolerance = 0.01

[targets.lead]
metric = "lead_days"
classes = ["jobs"]
value = 5
tolerance = 1
`
	for name, content := range map[string]string{"region.toml": string(region), "first.toml": text, "second.toml": more} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, wants := range map[string][]string{
		"first.toml": {
			":2:24: set.2: time.dayz: unknown key (allowed: days, warmup_days, runout_days, horizon_days, days_per_year); did you mean days?",
			`:3:10: method: "swarm" is not one of the words for it (allowed: differential-evolution, cma-es)`,
			":4:20: final_replicates: 1 is out of range (allowed: 2 to 10000)",
			":1:1: targets: is empty",
		},
		"second.toml": {
			":5:28: keys.rate.keys.2: title is no number but text",
			":7:8: keys.rate.high: the most, 0.4, is not more than the least, 0.5 (allowed: above low)",
			`:11:7: keys.amplitude.low: 0 has no logarithm (allowed: above 0, or scale = "linear")`,
			":12:8: keys.amplitude.high: demand.phase.amplitude would be 2 (allowed: 0 to 1)",
			":16:9: keys.again.keys.1: demand.*.amplitude: unknown key",
			":16:8: keys.again.keys: demand.phase.amplitude is fitted by keys.amplitude already",
			":21:9: keys.lateness.keys.1: the scenario has 0 there, which no factor changes",
			`:27:10: targets.load.metric: "utilization" is neither a metric nor a moment`,
			"did you mean utilisation?",
			":29:13: targets.load.tolerance: 0 is out of range",
			":32:10: targets.spread.metric: utilisation_quarterly_sd needs at least 63 measured days, the scenario has 40",
			`:33:10: targets.spread.regime: the scenario has no regime "autarchy" (allowed: autarky); did you mean autarky?`,
			":34:9: targets.spread.sizes: utilisation_quarterly_sd is of the whole region",
			`:40:12: targets.lead.classes.1: the scenario has no "jobs" in its classes (allowed: job); did you mean job?`,
		},
	} {
		_, err := Read(filepath.Join(dir, name), nil)
		if err == nil {
			t.Errorf("%s is read", name)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is missing in\n%v", want, err)
			}
		}
	}
}

// A failure means that a shipped calibration cannot be begun, or that its
// targets do not say where they come from.
func TestShippedCalibrations(t *testing.T) {
	for _, name := range scenarios.Calibrations.Names() {
		p, err := Read(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []float64{0, 1} {
			x := make([]float64, len(p.free))
			for k := range x {
				x[k] = at
			}
			if _, err := p.scenario(x); err != nil {
				t.Errorf("%s at %v of all ranges: %v", name, at, err)
			}
		}
		for _, target := range p.targets {
			if target.Source == "" && target.Status == "published" {
				t.Errorf("%s: %s has no source", name, target.Name)
			}
		}
	}
}

// A failure means that the value of a free number and its place in the range do
// not belong together, or that values carry digits that mean nothing.
func TestFreeNumbers(t *testing.T) {
	linear := Free{Low: 0.4, High: 1.2, Scale: "linear", step: 1e-5}
	log := Free{Low: 10, High: 1000, Scale: "log", step: 0.01}
	for _, c := range []struct {
		f    *Free
		x, v float64
	}{{&linear, 0, 0.4}, {&linear, 0.5, 0.8}, {&linear, 1, 1.2}, {&linear, 1.0 / 3, 0.66667}, {&log, 0, 10}, {&log, 0.5, 100}, {&log, 1, 1000}} {
		if got := c.f.at(c.x); got != c.v {
			t.Errorf("at %v it is %v, want %v", c.x, got, c.v)
		}
		if got := c.f.where(c.v); math.Abs(got-c.x) > 1e-4 {
			t.Errorf("%v lies at %v, want %v", c.v, got, c.x)
		}
	}
}
