package figures

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/metrics/answer"
	"idleshift/metrics/store"
	"idleshift/metrics/verify"
	"idleshift/scenarios"
	"idleshift/scenarios/design"
)

func levels(numbers ...float64) (out []design.Level) {
	for _, n := range numbers {
		out = append(out, design.Level{Label: fmt.Sprint(n), Number: &n})
	}
	return out
}

// sweepBy is a sweep over adoption and the cost of a deal, whose numbers are
// invented: the gain rises with the one and falls with the other.
func sweepBy(method string) *Data {
	s := &design.Design{
		Name: "test", Title: "A test", Method: method, Replicates: 8,
		Factors: []design.Factor{
			{Name: "adoption", Title: "Share of firms on the platform", Keys: []string{"tiers.platform.adoption"}, Levels: levels(0.1, 0.5, 0.9)},
			{Name: "cost", Title: "Cost of a first deal, CAD", Keys: []string{"tiers.platform.first_deal_cost"}, Levels: levels(10, 100, 1000, 4000)},
		},
	}
	for i := range s.Factors[0].Levels {
		for k := range s.Factors[1].Levels {
			s.Points = append(s.Points, design.Point{At: []float64{float64(i), float64(k)}})
		}
	}
	d := &Data{Dataset: &store.Dataset{Dir: "results/test", Manifest: store.Manifest{
		Version: "v1", Command: "idleshift sweep run test", Plan: "ab", Hash: "cd", Title: "Two towns", Currency: "CAD",
		Seed: 7, Replicates: 8, Days: 60, YearDays: 250, Baseline: "status_quo", Regimes: []string{"status_quo", "firm", "cooperative"},
		Sweep: &store.Sweep{Points: len(s.Points), Base: "towns"},
	}}, swept: &swept{design: s}, scenario: &scenarios.Scenario{
		Baseline: "status_quo", Compare: []string{"status_quo", "firm", "cooperative"}, Rival: "firm", Headline: "cooperative",
		Regimes: map[string]agents.Regime{"status_quo": {Title: "Status quo"}, "firm": {Title: "Firm-level specialization"}, "cooperative": {Title: "Cooperative specialization"}},
	}}
	gain := func(regime string, adoption, cost float64) float64 {
		if regime == "firm" {
			return 2e5 + 1e5*adoption
		}
		return 4e6*adoption - 350*cost
	}
	around := func(x, half float64) answer.Estimate { return estimate(x, x-half, x+half) }
	d.swept.summary = func(o answer.SummaryOptions) (*answer.Summary, error) {
		sum := &answer.Summary{}
		for _, text := range o.Outcomes {
			regime := strings.TrimSuffix(strings.TrimPrefix(text, "gain("), ")")
			out := answer.OutcomeSummary{Outcome: text, Mean: around(gain(regime, 0.5, 1277.5), 1e5)}
			for f := range s.Factors {
				e := answer.FactorEffect{Factor: s.Factors[f].Name, Title: s.Factors[f].Title}
				for _, l := range s.Factors[f].Levels {
					x := gain(regime, *l.Number, 1277.5)
					if f == 1 {
						x = gain(regime, 0.5, *l.Number)
					}
					e.Groups = append(e.Groups, answer.GroupEffect{Group: l.Label, Points: 3, Mean: around(x, 2e5)})
				}
				n := len(e.Groups) - 1
				e.From, e.To = e.Groups[0].Group, e.Groups[n].Group
				e.Effect = around(float64(e.Groups[n].Mean.Mean-e.Groups[0].Mean.Mean), 3e5)
				out.Factors = append(out.Factors, e)
			}
			sum.Outcomes = append(sum.Outcomes, out)
		}
		for _, text := range o.Conditions {
			c := answer.ConditionSummary{Condition: text}
			for i, p := range s.Points {
				a, k := *s.Factors[0].Levels[int(p.At[0])].Number, *s.Factors[1].Levels[int(p.At[1])].Number
				c.Verdicts = append(c.Verdicts, answer.PointVerdict{Point: i, Difference: around(gain("cooperative", a, k)-gain("firm", a, k), 2.5e5)})
			}
			sum.Conditions = append(sum.Conditions, c)
		}
		return sum, nil
	}
	d.swept.sensitivity = func(o answer.SensitivityOptions) (*answer.Sensitivity, error) {
		if !o.WithoutNoise {
			return nil, answer.ErrNoNoise
		}
		one := answer.OutcomeSensitivity{Outcome: o.Outcomes[0]}
		for i, f := range s.Factors {
			x := 0.7 - 0.45*float64(i)
			e := answer.FactorSensitivity{Factor: f.Name, Title: f.Title, Ordered: true}
			if method == design.Saltelli {
				total, first := around(x+0.1, 0.2), around(x, 0.3)
				e.Total, e.First = &total, &first
			} else {
				strength, mean, deviation := around(x*2e6, 4e5), around(x*1.5e6, 4e5), around(x*1e6, 4e5)
				e.Strength, e.Mean, e.Deviation = &strength, &mean, &deviation
			}
			one.Factors = append(one.Factors, e)
		}
		return &answer.Sensitivity{About: answer.About{Method: method, Level: answer.Level}, Outcomes: []answer.OutcomeSensitivity{one}}, nil
	}
	return d
}

// poolingSweep is the design pooling with what theory says for results.
func poolingSweep() *Data {
	s := &design.Design{
		Name: textbook, Title: "Pooling", Method: design.Grid, Replicates: 8,
		Factors: []design.Factor{
			{Name: "firms", Keys: []string{"region.firms"}, Levels: levels(1, 4, 16)},
			{Name: "correlation", Keys: []string{"orders.job.common_share"}, Levels: levels(0, 0.5)},
		},
	}
	for i := range s.Factors[0].Levels {
		for k := range s.Factors[1].Levels {
			s.Points = append(s.Points, design.Point{At: []float64{float64(i), float64(k)}})
		}
	}
	d := sweepBy(design.Grid)
	d.Regimes, d.Sweep = []string{"autarky", "market", "pooled"}, &store.Sweep{Points: len(s.Points), Base: textbook}
	d.scenario.Orders = map[string]agents.OrderClass{"job": {Rate: 8}}
	d.scenario.Sectors = map[string]scenarios.Sector{"all": {Units: map[string]int{"machine": 8}}}
	d.swept = &swept{design: s, summary: func(o answer.SummaryOptions) (*answer.Summary, error) {
		sum := &answer.Summary{}
		for _, text := range o.Conditions {
			c := answer.ConditionSummary{Condition: text}
			for i, p := range s.Points {
				x := verify.PooledLoss(int(*s.Factors[0].Levels[int(p.At[0])].Number), 8, *s.Factors[1].Levels[int(p.At[1])].Number, 8)
				c.Verdicts = append(c.Verdicts, answer.PointVerdict{Point: i, Difference: estimate(1.02*x, 0.95*x, 1.09*x)})
			}
			sum.Conditions = append(sum.Conditions, c)
		}
		return sum, nil
	}}
	return d
}

// given is the data that the test has for a figure.
func given(name string) *Data {
	switch name {
	case "factor", "plane":
		return sweepBy(design.Grid)
	case "tornado":
		return sweepBy(design.OneAtATime)
	case "sensitivity":
		return sweepBy(design.Saltelli)
	case "pooling":
		return poolingSweep()
	}
	return region()
}

func ExampleDraw_factor() {
	show("factor")
	// Output:
	// png 2100 × 996 <nil>
	// What the gain depends on. Lines with bands, a panel for each factor, of the gain over status quo, million CAD a year: share of firms on the platform, firm-level specialization: 0.21 at 0.1, 0.29 at 0.9; share of firms on the platform, cooperative specialization: −0.05 at 0.1, 3.15 at 0.9; cost of a first deal, CAD, firm-level specialization: 0.25 at 10, 0.25 at 4,000; cost of a first deal, CAD, cooperative specialization: 2.00 at 10, 0.60 at 4,000. Simulated, not observed: 12 points of a design (grid), means of 8 random worlds of 60 working days each, seed 7.
}

func ExampleDraw_plane() {
	show("plane")
	// Output:
	// png 2100 × 871 <nil>
	// Where cooperative specialization is ahead of firm-level specialization. A table in shades of the gain of cooperative specialization less that of firm-level specialization, million CAD a year, by share of firms on the platform and cost of a first deal, CAD: of 12 points it is ahead at 8, behind at 1, and not distinguishable at 3; corners 0.19 at 0.1 and 10, −1.21 at 0.1 and 4,000, 3.31 at 0.9 and 10, 1.91 at 0.9 and 4,000. Simulated, not observed: 12 points of a design (grid), means of 8 random worlds of 60 working days each, seed 7.
}

func ExampleDraw_tornado() {
	show("tornado")
	// Output:
	// png 2100 × 813 <nil>
	// Which assumptions move the gain of cooperative specialization. Bars by factor of how far it moves the gain of cooperative specialization, in million CAD a year, around the base of 2.00: share of firms on the platform from 0.1 to 0.9: −0.05 to 3.15, effect +3.20, 2.90 to 3.50; cost of a first deal, CAD from 10 to 4,000: 2.00 to 0.60, effect −1.40, −1.70 to −1.10. Simulated, not observed: 12 points of a design (one-at-a-time), means of 8 random worlds of 60 working days each, seed 7.
}

func ExampleDraw_sensitivity() {
	show("sensitivity")
	// Output:
	// png 2100 × 813 <nil>
	// What the gain of cooperative specialization depends on. Pairs of bars by factor: total and first-order Sobol indices of the gain of cooperative specialization: share of firms on the platform total 0.80 (0.60 to 1.00), first order 0.70 (0.40 to 1.00); cost of a first deal, CAD total 0.35 (0.15 to 0.55), first order 0.25 (−0.05 to 0.55). Simulated, not observed: 12 points of a design (saltelli), means of 8 random worlds of 60 working days each, seed 7.
}

func ExampleDraw_pooling() {
	show("pooling")
	// Output:
	// png 2100 × 1704 <nil>
	// Pooling: hours lost by number of firms, against theory. Curves over the number of firms, both axes logarithmic, of the hours lost per firm and day; simulated and, in brackets, exact: correlation 0: 1.139 (1.117) with one firm, 0.288 (0.282) with 16; correlation 0.5: 1.139 (1.117) with one firm, 0.838 (0.822) with 16; 6 of 6 intervals hold the exact value. Simulated, not observed: 6 points of a design (grid), means of 8 random worlds of 60 working days each, seed 7.
}

// Sweeps that a figure says nothing of are refused with the reason.
func TestSweepsAtTheEdge(t *testing.T) {
	refused := func(name, why string, d *Data, o Options) {
		t.Helper()
		if _, err := Draw(d, name, "", o); !errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %s", name, err, why)
		}
	}
	refused("gain", "figure of a run", sweepBy(design.Grid), Options{})
	refused("factor", "figure of sweeps", region(), Options{})
	refused("plane", "a grid of two factors", sweepBy(design.LHS), Options{})
	refused("sensitivity", "Saltelli's matrices", sweepBy(design.Grid), Options{})
	refused("pooling", "sweep run pooling", sweepBy(design.Grid), Options{})
	refused("tornado", "not compared with itself", sweepBy(design.Grid), Options{Regime: "status_quo"})
	one := sweepBy(design.Grid)
	one.Replicates = 1
	refused("plane", "one replicate", one, Options{})
	alone := sweepBy(design.Grid)
	alone.Regimes, alone.scenario.Compare = alone.Regimes[:1], alone.scenario.Compare[:1]
	refused("factor", "only the baseline", alone, Options{})
	morris := drawn(t, sweepBy(design.Morris), "sensitivity", Options{Format: "svg"})
	if !strings.Contains(morris.Alt, "Morris") {
		t.Errorf("effects of Morris are told as %q", morris.Alt)
	}
}

// A failure means that the line of indifference does not lie where the two
// regimes are alike: here where x + y = 2.2.
func TestIndifference(t *testing.T) {
	g := &slice{}
	for i := range 4 {
		var row []bar
		for k := range 4 {
			row = append(row, bar{mean: float64(i+k) - 2.2})
		}
		g.cells = append(g.cells, row)
	}
	pieces := g.indifference()
	if len(pieces) < 3 || !g.crossed() {
		t.Fatalf("%d pieces", len(pieces))
	}
	for _, p := range pieces {
		for _, end := range [][2]float64{{p[0], p[1]}, {p[2], p[3]}} {
			if math.Abs(end[0]+end[1]-2.2) > 1e-9 {
				t.Errorf("a piece ends at %v", end)
			}
		}
	}
	g.cells[3][3].mean, g.cells[0][0].mean = math.NaN(), math.NaN()
	for _, p := range g.indifference() {
		if math.IsNaN(p[0] + p[1] + p[2] + p[3]) {
			t.Errorf("a failed run moves the line to %v", p)
		}
	}
}

// A failure means that values of a factor stand at the wrong place.
func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		values string
		want   string
		labels string
		logs   bool
	}{
		{"0 1 4", "0.04 0.27 0.96", "0 1 4", false},
		{"1 100 10000", "0.04 0.50 0.96", "1 100 10,000", true},
		{"greedy optimal", "0.25 0.75", "greedy optimal", false},
		{"10|20 to 40|40 to 60", "0.04 0.50 0.96", "10 30 50", false}, // groups, by their middle
	} {
		sep := " "
		if strings.Contains(c.values, "|") {
			sep = "|"
		}
		at, labels, logs := places(strings.Split(c.values, sep))
		got := ""
		for _, x := range at {
			got += fmt.Sprintf(" %.2f", x)
		}
		if got[1:] != c.want || strings.Join(labels, " ") != c.labels || logs != c.logs {
			t.Errorf("%s stand at%s, labelled %q, in logarithms: %v", c.values, got, labels, logs)
		}
	}
}
