package metrics

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
)

// shop is two firms over ten days of a year of twenty, by hand.
func shop() *Run {
	const h, unit = agents.Hour, agents.Unit
	frame := NewFrame(&scenarios.Scenario{
		Compare: []string{"firm", "pooled"}, Currency: "CAD",
		Time: scenarios.Time{Days: 10, Warmup: 3, YearDays: 20},
		Kinds: map[string]agents.Kind{
			"mill":      {Category: "machine", Hours: 8, Shifts: 2, NormalShifts: 1, FixedCost: 80, Operator: "machinist", OperatorHours: 0.5},
			"machinist": {Category: "staff", Hours: 8, Shifts: 1, FixedCost: 160},
		},
		Orders:  map[string]agents.OrderClass{"parts": {Purpose: "work"}, "advice": {Purpose: "internal"}},
		Regimes: map[string]agents.Regime{"firm": {}, "pooled": {Pooled: true}},
	})
	r := sim.Result{
		Regime: "firm", Firms: 2, Employees: 8, Members: 1, Days: 10,
		// machinists stand before mills, by name; 4 of their hours are advice
		Kinds: []agents.Fate{
			{Demand: 64 * h, OwnOnTime: 50 * h, Lost: 9 * h, Open: 5 * h},
			{Demand: 120 * h, OwnOnTime: 100 * h, Lost: 10 * h, Open: 10 * h},
		},
		Hours: []agents.DayHours{
			{Capacity: 160 * h, Normal: 160 * h, Own: 70 * h, Shared: 10 * h, Travel: 4 * h, Idle: 76 * h},
			{Capacity: 320 * h, Normal: 160 * h, Own: 100 * h, Late: 20 * h, Setup: 10 * h, Down: 6 * h, Idle: 184 * h},
		},
		Classes: [][sim.NumNeeds]sim.Need{
			{{Orders: 4, OnTime: 1, Lost: 3, Potential: 40 * unit, Realised: 10 * unit}},
			{{Orders: 6, OnTime: 3, Late: 1, Lost: 1, Open: 1, Potential: 600 * unit, Realised: 480 * unit}},
		},
		Slack: 5 * unit, Deals: 4, DealHours: 10 * h, DealKm: 50, WorseOff: 1, Backlog: 60 * h, ClearDays: 15,
		BookValue: 90, BookBound: 100,
	}
	r.Refusals[sim.RefusedWorse], r.Refusals[sim.RefusedBundle] = 2, 3
	r.Region[agents.Value], r.Region[agents.Variable], r.Region[agents.Transaction], r.Region[agents.Fixed] = 600*unit, 60*unit, 50*unit, 240*unit
	r.Platform[agents.Running], r.Platform[agents.Fees] = 3*unit, -4*unit
	return &Run{Result: &r, Frame: frame, Firms: 2}
}

// A failure means that a metric is not what its description says.
func TestMetricsByHand(t *testing.T) {
	for name, want := range map[string]float64{
		"member_share":           0.5,
		"utilisation":            200. / 320,
		"utilisation_machine":    120. / 160,
		"utilisation_staff":      80. / 160,
		"utilisation_lab":        math.NaN(),
		"capacity":               960,
		"capacity_practical":     640,
		"hours_demanded":         368,
		"fill_rate":              1 - 24./124, // 120 of mills and 4 of advice; 20 and 14 − 20/2 of them missed
		"demanded_per_firm_day":  6.2,
		"served_per_firm_day":    5,
		"lost_per_firm_day":      1.2,
		"backlog_per_firm_day":   3,
		"no_backlog_share":       0.75,
		"orders":                 20,
		"on_time_share":          0.4,
		"late_share":             0.1,
		"lost_share":             0.5,
		"on_time_share_work":     0.5,
		"lost_share_work":        1. / 3,
		"on_time_share_internal": 0.25,
		"lost_share_internal":    0.75,
		"shortage":               300,
		"shortage_work":          240,
		"shortage_internal":      60,
		"surplus":                500,
		"surplus_work":           480,
		"surplus_after_slack":    490,
		"surplus_per_employee":   62.5,
		"value":                  1200,
		"fixed":                  480,
		"fixed_idle":             2 * (20*76 + 10*24),
		"platform_balance":       2,
		"platform_fees":          8,
		"worse_off_share":        0.5,
		"deals":                  8,
		"hours_per_deal":         2.5,
		"km_per_deal":            12.5,
		"transaction_per_deal":   12.5,
		"bound_gap":              0.1,
		"refused":                5,
		"refused_bundle":         3,
	} {
		m, err := ByName(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := m.Of(shop()); !(math.Abs(got-want) < 1e-9 || math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// A merged firm is one firm in the result but stands for all. A failure means
// that pooled is compared with the other regimes on another scale.
func TestMergedFirm(t *testing.T) {
	r := shop()
	r.Regime, r.Result.Firms, r.ClearDays = "pooled", 1, 6
	for name, want := range map[string]float64{"firms": 2, "lost_per_firm_day": 1.2, "no_backlog_share": 0.6, "worse_off_share": math.NaN()} {
		m, err := ByName(name)
		if got := m.Of(r); err != nil || !(math.Abs(got-want) < 1e-9 || math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s is %v, want %v (%v)", name, got, want, err)
		}
	}
}

// Every metric is a column with a unit and a sentence, by its line in the
// Catalogue alone. A failure means that a new metric takes more than a line,
// or that users cannot tell what one is.
func TestCatalogue(t *testing.T) {
	columns, err := Columns(Runs, "EUR")
	if err != nil || len(columns) != len(Catalogue)+2 {
		t.Fatalf("%d columns for %d metrics: %v", len(columns), len(Catalogue), err)
	}
	word := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	seen := map[string]bool{}
	empty := &Run{Result: &sim.Result{}, Frame: &Frame{}}
	for i, m := range Catalogue {
		c := columns[i+2]
		if c.Name != m.Name || c.Doc != m.Doc || strings.Contains(c.Unit, "currency") {
			t.Errorf("%s stands in the table as %+v", m.Name, c)
		}
		if !word.MatchString(m.Name) || seen[m.Name] || m.Unit == "" || !strings.HasSuffix(m.Doc, ".") {
			t.Errorf("metric %+v", c)
		}
		seen[m.Name] = true
		if v := m.Of(empty); (v != 0 || math.Signbit(v)) && !math.IsNaN(v) {
			t.Errorf("%s of nothing is %v", m.Name, v)
		}
	}
	if len(Values(shop())) != len(Catalogue) {
		t.Error("not a value for each metric")
	}
	if _, err := ByName("utilization"); err == nil || !strings.Contains(err.Error(), `"utilisation"`) {
		t.Errorf("a misspelt metric: %v", err)
	}
	for name, want := range map[string]string{
		"deels": `unknown table "deels"; did you mean "deals"? (allowed: runs, needs, days, firms, deals)`,
		"qqqqq": `unknown table "qqqqq" (allowed: runs, needs, days, firms, deals)`,
	} {
		if _, err := RowType(name); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := ByName("qqqqqqqqqqqq"); err == nil || strings.Contains(err.Error(), "mean") {
		t.Errorf("nonsense: %v", err)
	}
}

// One line more in the catalogue is a column of the runs table with its unit and
// description, and a value of every run. A failure means that a metric takes
// more than its line.
func TestAddingAMetric(t *testing.T) {
	was := Catalogue
	defer func() { Catalogue = was }()
	Catalogue = append(slices.Clone(was), Metric{"hours_per_deal_and_km", "h/km", "Hours of a deal per kilometre of its way.",
		func(r *Run) float64 { return r.DealHours.Float() / r.DealKm }})
	columns, err := Columns(Runs, "CAD")
	if err != nil {
		t.Fatal(err)
	}
	if c := columns[len(columns)-1]; c.Name != "hours_per_deal_and_km" || c.Unit != "h/km" || c.Doc == "" {
		t.Errorf("the last column is %+v", c)
	}
	if v := Values(shop()); v[len(v)-1] != 0.2 {
		t.Errorf("ten hours over fifty kilometres are %v h/km", v[len(v)-1])
	}
}

// A failure means that a column of a table is undescribed or hidden by another.
func TestColumns(t *testing.T) {
	words := []string{"regime", "kind", "tier", "class", "purpose", "size", "name", "place", "sector", "first"}
	for _, table := range Tables {
		columns, err := Columns(table, "EUR")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, c := range columns {
			if c.Doc == "" || seen[c.Name] || (c.Unit == "") != slices.Contains(words, c.Name) {
				t.Errorf("%s: %+v", table, c)
			}
			seen[c.Name] = true
		}
	}
	if _, err := Columns("dais", "EUR"); err == nil || !strings.Contains(err.Error(), `"days"`) {
		t.Errorf("a misspelt table: %v", err)
	}
	if len(NeedSizes) != sim.NumNeeds {
		t.Errorf("%d names for %d sizes of need", len(NeedSizes), sim.NumNeeds)
	}
}

// Hours are whole seconds and money is ten-thousandths, in files too. A failure
// means that identities which hold in the ledgers cannot be checked in a file.
func TestRowsAreExact(t *testing.T) {
	f := shop().Frame
	for _, n := range []int64{0, 1, 1_234_567, 987_654_321_987, -5} {
		day := f.Day(0, 0, 1, 1, &agents.DayHours{Own: agents.Hours(n)})
		if int64(math.Round(day.Own*3600)) != n {
			t.Errorf("%d s come back as %v h", n, day.Own)
		}
		money := f.Need(0, 0, 1, 0, &sim.Need{Potential: agents.Money(n)}).Potential
		if int64(math.Round(money*10_000)) != n {
			t.Errorf("%d ten-thousandths come back as %v", n, money)
		}
	}
}
