package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"idleshift/agents/brokers"
	"idleshift/scenarios"
)

// parse reads a scenario from its text.
func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("test.toml", []byte(text), scenarios.LoadOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return sc
}

// run runs one replicate with the identities checked.
func run(t testing.TB, sc *scenarios.Scenario, replicate int, sink Sink) []Result {
	t.Helper()
	r, err := Build(sc, replicate)
	if err != nil {
		t.Fatal(err)
	}
	results, err := Run(context.Background(), r, Options{Check: true}, sink)
	if err != nil {
		t.Fatal(err)
	}
	for i := range results {
		for _, b := range results[i].Breaches {
			t.Errorf("%s: %s", results[i].Regime, b)
		}
	}
	return results
}

// randomScenario writes a small scenario in which every feature of the model
// may turn up.
func randomScenario(d *rand.Rand) string {
	var b strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	one := func(words ...string) string { return words[d.IntN(len(words))] }
	maybe := func(x float64) bool { return d.Float64() < x }
	names := brokers.Names()

	p(`seed = %d
baseline = "autarky"
compare = ["autarky", "partners", "whole", "parts", "both", "pooled"]
[time]
days = %d
warmup_days = %d
runout_days = 40
horizon_days = 64
[region]
firms = %d
partners_per_firm = %d
zone_km = %d
[transport]
road_factor = 1.25
freight_per_consignment = %d
freight_per_km = %.1f
travel_per_km = %.2f
travel_kmh = %d
[accounts]
outside_resource_share = %.1f`, d.IntN(1e6), 15+d.IntN(20), d.IntN(10), 1+d.IntN(9), d.IntN(4), 5+d.IntN(20),
		d.IntN(20), d.Float64(), d.Float64(), []int{0, 60}[d.IntN(2)], []float64{1, 0.4}[d.IntN(2)])
	if maybe(0.5) {
		p("[demand]\nphase = {amplitude = %.1f, mean_days_high = 10, mean_days_low = 5}\ncycle = {sd = 0.1}\nsector_cycle = {sd = 0.1}", d.Float64())
	}
	p("[places.a]\nlatitude = 43\nlongitude = -80\nspread_km = %d\n[places.b]\nlatitude = 43.3\nlongitude = -80.2", d.IntN(20))
	availability := func() string {
		switch d.IntN(3) {
		case 0:
			return `{process = "daily", probability = 0.8}`
		case 1:
			return `{process = "sojourn", mean_days_between_failures = 8, mean_days_to_repair = 2}`
		}
		return `{process = "always"}`
	}
	hours := []float64{1, 7.5, 8}[d.IntN(3)]
	for _, k := range []string{"mill", "lathe"} {
		p(`[kinds.%s]
category = "machine"
hours_per_shift = %g
shifts = %d
fixed_cost_per_day = 10
variable_cost_per_hour = %d
variable_cost_cv = %.1f
operator = "hand"
operator_hours = %g
availability = %s
match_share = %g
reference_value_per_hour = 50`, k, hours, 1+d.IntN(2), d.IntN(9), []float64{0, 0.3}[d.IntN(2)], []float64{1, 1, 0.5, 0.333, 1.7}[d.IntN(5)], availability(), []float64{1, 0.7}[d.IntN(2)])
		if maybe(0.5) {
			p("overtime_hours = 2\novertime_premium = 5")
		}
		if maybe(0.4) {
			p("outside = {price_per_hour = %d, lead_days = %d, minimum_hours = %d}", 40+d.IntN(80), d.IntN(5), d.IntN(8))
		}
	}
	p(`[kinds.hand]
category = "staff"
hours_per_shift = %g
variable_cost_per_hour = 20
mobility = "%s"
availability = %s
overtime_hours = %d
overtime_premium = 10
reference_value_per_hour = 40`, hours, one("travels", "remote"), availability(), d.IntN(3))
	p("[domains.small]\nkind = \"mill\"\nshare = 0.7\n[certifications.iso]\nshare = 0.7")
	p("[sectors.x]\nunits = {mill = %d, lathe = %d, hand = %d}\n[sectors.y]\nunits = {mill = 1, hand = %d}\n[sizes.all]\nfirms = 1",
		d.IntN(3), d.IntN(3), d.IntN(5), d.IntN(3))
	law := func(mean float64) string {
		switch d.IntN(4) {
		case 0:
			return fmt.Sprintf(`{mean = %g}`, mean)
		case 1:
			return fmt.Sprintf(`{law = "gamma", mean = %g, cv = 0.8}`, mean)
		case 2:
			return fmt.Sprintf(`{law = "geometric", mean = %g}`, max(1, mean))
		}
		return fmt.Sprintf(`{law = "lognormal", mean = %g, cv = 1.2, most = 100}`, mean)
	}
	order := func(name, more string, steps ...string) {
		p(`[orders.%s]
rate = %.2f
value_per_hour = %d
lateness_cost = %.2f
max_late_days = %d
lead = {minimum_days = %d, mean_extra_days = %d}
completion = "%s"
common_share = %g
%s`, name, 0.1+d.Float64(), 40+d.IntN(80), []float64{0, 0.02, 0.2}[d.IntN(3)], []int{0, 3, 100}[d.IntN(3)], d.IntN(6), d.IntN(6), one("whole", "partial"), []float64{0, 0.4}[d.IntN(2)], more)
		p("operations = [%s]", strings.Join(steps, ", "))
	}
	op := func(kind, more string) string {
		return fmt.Sprintf(`{kind = "%s", hours = %s, setup_hours = %g, max_units_per_day = %d, max_sites = %d%s}`, kind, law(hours*(0.5+d.Float64())), []float64{0, 0.5}[d.IntN(2)], 1+d.IntN(2), 1+d.IntN(2), more)
	}
	order("single", "", op("mill", ""))
	order("narrow", `certification = "iso"`, op("mill", `, domain = "small"`))
	order("route", "", op("mill", ""), op("lathe", ""), op("hand", ""))
	order("advice", `purpose = "internal"`, op("hand", ""))
	p("[policies.standing]\nexpose_days = %d\nreserve_share = %g\nslack_charge_per_hour = [0, %d]", d.IntN(20), []float64{0, 0.2}[d.IntN(2)], d.IntN(9))
	wait := 0
	if maybe(0.5) {
		wait = d.IntN(3)
		p("approval = \"asked\"\napproval_share = 0.7\napproval_days = %d", wait)
	}
	tier := func(name, unit, reach, book string) {
		broker := names[d.IntN(len(names))]
		disclosures := []string{"blind", "sealed", "open"}
		if b, _ := brokers.ByName(broker); b.Needs() == brokers.Sealed {
			disclosures = disclosures[1:]
		}
		p(`[tiers.%s]
broker = "%s"
disclosure = "%s"
unit = "%s"
reach = "%s"
operators = "%s"
clearing_days = %d
minimum_hours = %d
first_deal_cost = %d
first_deal_days = [0, %d]
call_off_cost = %d
contract_days = %d
book = "%s"
fee_share = %g
unfamiliar_factor = %g
rework_probability = %g
radius_site_km = %d
candidates = %d`, name, broker, one(disclosures...), unit, reach, one("provider", "requester", "any"), 1+d.IntN(3), d.IntN(3), d.IntN(60), d.IntN(3),
			d.IntN(10), d.IntN(30), book, []float64{0, 0.1}[d.IntN(2)], []float64{1, 1.2}[d.IntN(2)],
			[]float64{0, 0.1}[d.IntN(2)], 10+d.IntN(100), 1+d.IntN(9))
		if reach == "platform" {
			p("adoption = %g\njoin_cost = 5\nrunning_cost = 100", []float64{1, 0.8}[d.IntN(2)])
		}
	}
	tier("known", "operation", "partners", "deficits")
	tier("hosts", "operation", "platform", "deficits")
	book := one("deficits", "deficits", "all")
	if wait > 0 {
		book = "deficits"
	}
	tier("pieces", "component", "platform", book)
	p(`[regimes.autarky]
[regimes.partners]
tiers = ["known"]
[regimes.whole]
tiers = ["known", "hosts"]
[regimes.parts]
tiers = ["known", "pieces"]
[regimes.both]
tiers = ["hosts", "pieces"]
[regimes.pooled]
pooled = true`)
	return b.String()
}

// A breach here means that some hour or dollar is counted twice or not at all.
func TestIdentitiesOnRandomScenarios(t *testing.T) {
	n := 250
	if testing.Short() {
		n = 50
	}
	deals := int64(0)
	for seed := range n {
		text := randomScenario(rand.New(rand.NewPCG(uint64(seed), 1)))
		for _, r := range run(t, parse(t, text), 0, nil) {
			deals += r.Deals
			if r.Refusals[RefusedSites] > 0 {
				t.Errorf("scenario %d, %s: a broker proposed %d matches over too many sites", seed, r.Regime, r.Refusals[RefusedSites])
			}
		}
		if t.Failed() {
			t.Fatalf("scenario %d:\n%s", seed, text)
		}
	}
	if deals < int64(n) {
		t.Errorf("only %d deals in %d scenarios: the test does not reach the markets", deals, n)
	}
}
