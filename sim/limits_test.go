package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/scenarios"
)

// recording keeps what a run tells its sink, by regime.
type recording struct {
	days  map[int][]agents.DayHours // all kinds of the first day, then of the second, …
	deals map[int][]agents.Deal
	firms map[int][]FirmResult
}

func newRecording() *recording {
	return &recording{map[int][]agents.DayHours{}, map[int][]agents.Deal{}, map[int][]FirmResult{}}
}

func (s *recording) Day(regime int, _ agents.Day, kinds []agents.DayHours) error {
	s.days[regime] = append(s.days[regime], kinds...)
	return nil
}

func (s *recording) Deals(regime int, deals []agents.Deal) error {
	s.deals[regime] = append(s.deals[regime], deals...)
	return nil
}

func (s *recording) Firms(regime int, firms []FirmResult) error {
	s.firms[regime] = append(s.firms[regime], firms...)
	return nil
}

// differ says where two regimes of a run differ in money or hours, to the
// last unit; empty if nowhere.
func differ(results []Result, sink *recording, a, b int) string {
	x, y := &results[a], &results[b]
	switch {
	case x.Region != y.Region:
		return fmt.Sprintf("ledgers %v and %v", x.Region, y.Region)
	case !slices.Equal(x.Kinds, y.Kinds):
		return fmt.Sprintf("fates %v and %v", x.Kinds, y.Kinds)
	case !slices.Equal(x.Hours, y.Hours):
		return fmt.Sprintf("hours %v and %v", x.Hours, y.Hours)
	case !slices.Equal(sink.days[a], sink.days[b]):
		return "hours of some day"
	case len(sink.firms[a]) == len(sink.firms[b]) && !slices.Equal(sink.firms[a], sink.firms[b]):
		return "the account of some firm"
	}
	return ""
}

func position(t testing.TB, sc *scenarios.Scenario, regime string) int {
	t.Helper()
	i := slices.Index(sc.Compare, regime)
	if i < 0 {
		t.Fatalf("no regime %s", regime)
	}
	return i
}

// change applies f to every value of a table whose key is named, or to all.
func change[V any](table map[string]V, f func(*V), keys ...string) {
	for _, k := range names(table) {
		if len(keys) == 0 || slices.Contains(keys, k) {
			v := table[k]
			f(&v)
			table[k] = v
		}
	}
}

// variation is a random scenario whose markets cost nothing to be in.
func variation(t testing.TB, seed int) *scenarios.Scenario {
	t.Helper()
	sc := parse(t, randomScenario(rand.New(rand.NewPCG(uint64(seed), 2))))
	change(sc.Tiers, func(tier *agents.Tier) {
		tier.JoinCost, tier.PolicyCost, tier.RunningCost = 0, 0, 0
	})
	return sc
}

const variations = 40

// Frictions without bound must reproduce the status quo, and without partners
// autarky, to the last second and cent: if not, a market that cannot trade
// still moves something.
func TestLimitFrictionWithoutBound(t *testing.T) {
	brokered := []string{"hosts", "pieces"}
	frictions := []struct {
		name  string
		apply func(*scenarios.Scenario)
	}{
		{"transaction cost", func(sc *scenarios.Scenario) {
			change(sc.Tiers, func(tier *agents.Tier) { tier.FirstCost, tier.CallOffCost = 1e9, 1e9 }, brokered...)
		}},
		{"minimum hours", func(sc *scenarios.Scenario) {
			change(sc.Tiers, func(tier *agents.Tier) { tier.Minimum = 1e5 }, brokered...)
		}},
		{"radius", func(sc *scenarios.Scenario) {
			change(sc.Places, func(p *scenarios.Place) { p.Spread = max(p.Spread, 3) })
			change(sc.Tiers, func(tier *agents.Tier) { tier.RadiusSite, tier.RadiusTravels, tier.RadiusRemote = 0, 0, 0 }, brokered...)
		}},
		{"delay", func(sc *scenarios.Scenario) {
			change(sc.Tiers, func(tier *agents.Tier) { tier.FirstDays, tier.CallOffDays = []int{1000, 1000}, 1000 }, brokered...)
		}},
		{"adoption", func(sc *scenarios.Scenario) {
			change(sc.Tiers, func(tier *agents.Tier) { tier.Adoption = 0 }, brokered...)
		}},
		{"approval", func(sc *scenarios.Scenario) { // of partners too: then all is autarky
			change(sc.Policies, func(p *agents.Policy) { p.Approval, p.ApprovalShare, p.ApprovalDays = "asked", 0, 0 })
			change(sc.Tiers, func(tier *agents.Tier) { tier.FirstCost, tier.CallOffCost = 0, 0 })
		}},
	}
	for _, friction := range frictions {
		t.Run(friction.name, func(t *testing.T) {
			partners := int64(0)
			for seed := range variations {
				sc := variation(t, seed)
				friction.apply(sc)
				sink := newRecording()
				results := run(t, sc, 0, sink)
				for _, pair := range [][2]string{{"partners", "whole"}, {"partners", "parts"}, {"autarky", "both"}} {
					if d := differ(results, sink, position(t, sc, pair[0]), position(t, sc, pair[1])); d != "" {
						t.Errorf("scenario %d: %s is not %s: %s", seed, pair[1], pair[0], d)
					}
				}
				partners += results[position(t, sc, "partners")].Deals
			}
			if partners == 0 && friction.name != "approval" {
				t.Error("partners never dealt: the test compares nothing with nothing")
			}
		})
	}
}

// A firm that is alone must fare the same under all regimes, pooled too.
func TestLimitOneFirmAlone(t *testing.T) {
	for seed := range variations {
		sc := variation(t, seed)
		sc.Region.Firms = 1
		sink := newRecording()
		results := run(t, sc, 0, sink)
		for i := range results {
			if d := differ(results, sink, 0, i); d != "" {
				t.Errorf("scenario %d: %s is not %s: %s", seed, sc.Compare[i], sc.Compare[0], d)
			}
		}
	}
}

// frictionless writes a random region of divisible work due on the day, in
// which whoever has hours can lend them at once and for nothing. Amounts are
// whole multiples of what a second costs, so that no rounding depends on how
// work is divided.
func frictionless(d *rand.Rand) string {
	var b strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	perHour := func(least, most int) float64 { return float64(least+d.IntN(most-least)) * 0.36 }
	p(`seed = %d
baseline = "autarky"
compare = ["autarky", "parts", "known", "pooled"]
[time]
days = 30
warmup_days = %d
runout_days = 0
[region]
firms = %d
[places.here]
latitude = 43
longitude = -80
spread_km = 20
[sizes.all]`, d.IntN(1e6), d.IntN(3), 2+d.IntN(9))
	availability := func() string {
		return []string{`{process = "daily", probability = 0.8}`, `{process = "sojourn", mean_days_between_failures = 6, mean_days_to_repair = 2}`, `{}`}[d.IntN(3)]
	}
	value := perHour(200, 300)
	lines := 1 + d.IntN(3) // of production that share nothing
	units := map[string]string{}
	for k := range lines {
		hours := 1 + d.IntN(8)
		staffed := d.IntN(2) == 0
		p("[kinds.machine%d]\ncategory = \"machine\"\nhours_per_shift = %d\nfixed_cost_per_day = 10\nvariable_cost_per_hour = %g\navailability = %s\nreference_value_per_hour = 200",
			k, hours, perHour(0, 50), availability())
		if staffed {
			p("operator = \"person%d\"\noperator_hours = %d", k, 1+d.IntN(2))
			p("[kinds.person%d]\ncategory = \"staff\"\nhours_per_shift = %d\nmobility = \"remote\"\nvariable_cost_per_hour = %g\navailability = %s", k, hours, perHour(0, 50), availability())
		}
		for _, sector := range []string{"small", "large"} {
			units[sector] += fmt.Sprintf("machine%d = %d\n", k, d.IntN(4))
			if staffed {
				units[sector] += fmt.Sprintf("person%d = %d\n", k, d.IntN(5))
			}
		}
	}
	for _, sector := range []string{"small", "large"} {
		p("[sectors.%s.units]\n%s", sector, units[sector])
	}
	law := func() string {
		return []string{`{mean = 2.5}`, `{law = "gamma", mean = 4, cv = 1}`, `{law = "geometric", mean = 3}`, `{law = "exponential", mean = 5}`}[d.IntN(4)]
	}
	for c := range 1 + d.IntN(3) {
		p("[orders.class%d]\nrate = %.1f\nvalue_per_hour = %g\ncompletion = \"partial\"\ncommon_share = %.1f\noperations = [", c, 0.2+d.Float64(), value, []float64{0, 0.5}[d.IntN(2)])
		for k := range lines {
			if k == 0 || d.IntN(2) == 0 {
				p(`{kind = "machine%d", hours = %s, max_units_per_day = 1000, max_sites = 1000},`, k, law())
			}
		}
		p("]")
	}
	for _, reach := range []string{"platform", "partners"} {
		p("[tiers.%s]\nunit = \"component\"\nreach = \"%s\"\nbroker = \"%s\"\ndisclosure = \"%s\"\nbook = \"%s\"\ncandidates = 100000", reach, reach,
			[]string{"random", "nearest", "due", "greedy", "optimal"}[d.IntN(5)], []string{"blind", "open"}[d.IntN(2)], []string{"deficits", "deficits", "all"}[d.IntN(3)])
	}
	p(`[regimes.autarky]
[regimes.parts]
tiers = ["platform"]
[regimes.known]
tiers = ["partners"]
[regimes.pooled]
pooled = true`)
	return b.String()
}

// unowned is what a regime and the pooled one can be compared by: who did the
// work and who paid whom no longer shows.
func unowned(days []agents.DayHours) []agents.DayHours {
	out := slices.Clone(days)
	for i := range out {
		out[i].Own += out[i].Shared
		out[i].Shared = 0
	}
	return out
}

// Without friction, with everyone in reach, divisible work that is due on the
// day must come out as if one firm owned everything, in every second and cent:
// the bound that gains are measured by would otherwise be none.
func TestLimitNoFrictionIsPooled(t *testing.T) {
	gains := 0
	for seed := range variations {
		sc := parse(t, frictionless(rand.New(rand.NewPCG(uint64(seed), 3))))
		firms := max(sc.Region.Firms, 1)
		for a := range firms { // everyone knows everyone
			for b := range firms {
				if a != b {
					sc.Region.Partners = append(sc.Region.Partners, []int{a + 1, b + 1})
				}
			}
		}
		sink := newRecording()
		results := run(t, sc, 0, sink)
		pooled := position(t, sc, "pooled")
		for _, regime := range []string{"parts", "known"} {
			i := position(t, sc, regime)
			x, y := &results[i], &results[pooled]
			for a := range agents.Paid {
				if x.Region[a] != y.Region[a] {
					t.Errorf("scenario %d: %s is not pooled: ledgers %v and %v", seed, regime, x.Region, y.Region)
					break
				}
			}
			if !slices.Equal(unowned(sink.days[i]), sink.days[pooled]) {
				t.Errorf("scenario %d: %s is not pooled: hours of some day", seed, regime)
			}
		}
		if results[pooled].Region.Surplus() > results[0].Region.Surplus() {
			gains++
		}
	}
	if gains < variations/2 {
		t.Errorf("pooling gains something in %d of %d scenarios: the test says little", gains, variations)
	}
}

// Identical firms whose demand is one and the same lack and spare the same
// hours on the same days: no market can help them. (Unless what each has left
// over is less than an order and adds up to one: orders that must be whole are
// left out where they could be put together from several firms.)
func TestLimitPerfectCorrelation(t *testing.T) {
	for seed := range variations {
		sc := variation(t, seed)
		change(sc.Tiers, func(tier *agents.Tier) { tier.BookOf = "deficits" }) // a book of all operations can pack both firms' days better
		change(sc.Kinds, func(k *agents.Kind) { k.Availability, k.CostCV = agents.Availability{Process: "always"}, 0 })
		change(sc.Orders, func(c *agents.OrderClass) {
			c.CommonShare, c.CommonGroup = 1, "region"
			for i := range c.Operations {
				c.Operations[i].MaxSites = 1
			}
			if len(c.Operations) > 1 {
				c.Completion = "partial"
			}
		})
		sc.Demand.Phase.Amplitude = 0
		change(sc.Sectors, func(s *scenarios.Sector) { s.Units = sc.Sectors["x"].Units })
		sc.Demand.SectorCycle.SD = 0
		change(sc.Domains, func(d *agents.Domain) { d.Share = 1 })
		change(sc.Certifications, func(c *agents.Certification) { c.Share = 1 })
		sink := newRecording()
		results := run(t, sc, 0, sink)
		for i, regime := range sc.Compare {
			if regime == "pooled" {
				continue // it takes the orders of its members in another sequence
			}
			if d := differ(results, sink, 0, i); d != "" {
				t.Errorf("scenario %d: %s gains or loses something: %s", seed, regime, d)
			}
		}
	}
}

// With work that is divisible and due on the day the sequence does not matter
// either, and pooling gains nothing. (Where all operations stand in the book
// firms may do each other's work for what it costs.)
func TestLimitPerfectCorrelationPooled(t *testing.T) {
	for seed := range variations {
		sc := parse(t, frictionless(rand.New(rand.NewPCG(uint64(seed), 4))))
		change(sc.Kinds, func(k *agents.Kind) { k.Availability = agents.Availability{Process: "always"} })
		change(sc.Orders, func(c *agents.OrderClass) { c.CommonShare = 1 })
		change(sc.Sectors, func(s *scenarios.Sector) { s.Units = sc.Sectors["small"].Units })
		sc.Region.PartnersMean = 3
		sink := newRecording()
		results := run(t, sc, 0, sink)
		for i, regime := range sc.Compare {
			tiers := sc.Regimes[regime].Tiers
			if len(tiers) == 0 || sc.Tiers[tiers[0]].BookOf == "deficits" {
				if d := differ(results, sink, 0, i); d != "" {
					t.Errorf("scenario %d: %s gains or loses something: %s", seed, regime, d)
				}
			} else if x, y := results[i].Region[:agents.Paid], results[0].Region[:agents.Paid]; !slices.Equal(x, y) || !slices.Equal(unowned(sink.days[i]), sink.days[0]) {
				t.Errorf("scenario %d: %s gains or loses something: ledgers %v and %v", seed, regime, x, y)
			}
		}
	}
}

// The same inputs must give the same results: no map, clock or memory of an
// earlier run may reach them.
func TestSameInputsSameResults(t *testing.T) {
	for seed := range variations {
		text := randomScenario(rand.New(rand.NewPCG(uint64(seed), 5)))
		var results [2][]Result
		var sinks [2]*recording
		for i := range 2 {
			sinks[i] = newRecording()
			results[i] = run(t, parse(t, text), 1, sinks[i])
		}
		if !reflect.DeepEqual(results[0], results[1]) || !reflect.DeepEqual(sinks[0], sinks[1]) {
			t.Errorf("scenario %d: two runs differ", seed)
		}
	}
}

// smallMarket writes a small region in which firms with too little can turn to
// firms with too much.
func smallMarket(firms int, quiet float64, orders, tier, more string) string {
	return fmt.Sprintf(`baseline = "autarky"
compare = ["autarky", "traded"]
[region]
firms = %d
[places.here]
latitude = 43
longitude = -80
spread_km = 20
[kinds.mill]
category = "machine"
fixed_cost_per_day = 100
variable_cost_per_hour = 10
operator = "hand"
reference_value_per_hour = 80
[kinds.hand]
category = "staff"
variable_cost_per_hour = 30
mobility = "remote"
reference_value_per_hour = 60
[sectors.busy]
mix = {job = 1}
units = {mill = 1, hand = 1}
[sectors.quiet]
mix = {job = %g}
units = {mill = 1, hand = 2}
[sizes.all]
[orders.job]
value_per_hour = 100
%s
[tiers.parts]
unit = "component"
%s
[regimes.autarky]
[regimes.traded]
tiers = ["parts"]
%s`, firms, quiet, orders, tier, more)
}

// Twice the measured days must give the same yearly gain, but for chance: if
// not, something that goes with the year is counted by the run, or the other
// way about. Joining and running the platform cost about as much as it gains.
func TestTwiceTheDaysSameYearlyGain(t *testing.T) {
	const replicates = 40
	text := smallMarket(10, 0.25, "rate = 1.2\noperations = [{kind = \"mill\", hours = {law = \"gamma\", mean = 6, cv = 0.7}}]\nlead = {minimum_days = 1, mean_extra_days = 2}\nmax_late_days = 5\nlateness_cost = 0.05",
		"join_cost = 5000\npolicy_cost = 1000\nrunning_cost = 20000\nfirst_deal_cost = 20\ncall_off_cost = 5\ncontract_days = 60", "[time]\ndays = 80\nwarmup_days = 40")
	var mean, variance [2]float64
	for i := range 2 {
		sc := parse(t, text)
		sc.Seed += int64(i)
		sc.Time.Days <<= i
		var sum, squares float64
		for replicate := range replicates {
			results := run(t, sc, replicate, nil)
			gain := (results[1].Region.Surplus() - results[0].Region.Surplus()).Float() * float64(sc.Time.YearDays) / float64(sc.Time.Days)
			sum += gain
			squares += gain * gain
		}
		mean[i] = sum / replicates
		variance[i] = (squares/replicates - mean[i]*mean[i]) / (replicates - 1)
	}
	se := math.Sqrt(variance[0] + variance[1])
	t.Logf("%.0f and %.0f a year, standard error of the difference %.0f", mean[0], mean[1], se)
	if math.Abs(mean[0]-mean[1]) > 4*se {
		t.Errorf("%.0f and %.0f a year are %.1f standard errors apart", mean[0], mean[1], (mean[0]-mean[1])/se)
	}
	if se > 10_000 {
		t.Errorf("the standard error of %.0f is too large to see 80,000 a year of joining and running counted wrongly", se)
	}
}

// Without noise a run must come to repeat itself with the clearing cycle:
// otherwise something random is left in it, or it drifts. (Hours divide the
// day, or what is left over of it would have a longer cycle of its own.)
func TestNoNoiseRepeats(t *testing.T) {
	dealt := 0
	for seed := range variations {
		d := rand.New(rand.NewPCG(uint64(seed), 6))
		clearing := 1 + d.IntN(5)
		hours := []int{2, 4, 8}[d.IntN(3)]
		orders := fmt.Sprintf("arrivals = \"fixed\"\nrate = %d\ncompletion = \"%s\"\noperations = [{kind = \"mill\", hours = {mean = %d}, max_units_per_day = 2}]\nlead = {minimum_days = %d}",
			8/hours+1+d.IntN(4), []string{"whole", "partial"}[d.IntN(2)], hours, clearing+d.IntN(5))
		tier := fmt.Sprintf("clearing_days = %d\nbroker = \"%s\"\ndisclosure = \"open\"\nfirst_deal_days = [%d]\nfirst_deal_cost = %d\nminimum_hours = %d", clearing,
			brokers.Names()[1+d.IntN(len(brokers.Names())-1)], d.IntN(2), d.IntN(50), d.IntN(3))
		sc := parse(t, smallMarket(2+d.IntN(8), 0, orders, tier, "[time]\ndays = 60\nwarmup_days = 60"))
		sink := newRecording()
		run(t, sc, 0, sink)
		rows := clearing * len(sc.Kinds)
		for regime, name := range sc.Compare {
			days := sink.days[regime]
			for i := range days[rows:] {
				if days[i] != days[i+rows] {
					t.Errorf("scenario %d, %s: day %d is not as day %d\n%+v\n%+v", seed, name, i/len(sc.Kinds), i/len(sc.Kinds)+clearing, days[i], days[i+rows])
					break
				}
			}
		}
		dealt += min(len(sink.deals[1]), 1)
	}
	if dealt < variations/2 {
		t.Errorf("there were deals in %d of %d scenarios: the test says little", dealt, variations)
	}
}

// The book of a blind tier must not show a byte of what is private: what orders
// are worth to whom, and what whose hours cost.
func TestBlindBookHidesPrivateData(t *testing.T) {
	for _, broker := range []string{"random", "nearest", "due", "greedy", "optimal"} {
		for _, disclosure := range []string{"blind", "open"} {
			worlds := make([]*World, 2)
			natures := make([]*nature, 2)
			for i := range worlds {
				sc := parse(t, smallMarket(12, 0.25, "rate = 1.5\nlead = {mean_extra_days = 2}\noperations = [{kind = \"mill\", hours = {law = \"gamma\", mean = 6, cv = 0.7, least = 2}, setup_hours = 0.5}]",
					"disclosure = \""+disclosure+"\"\nbroker = \""+broker+"\"\nfirst_deal_cost = 5", ""))
				if i == 1 {
					change(sc.Orders, func(c *agents.OrderClass) { c.HourValue *= 7 })
					change(sc.Kinds, func(k *agents.Kind) { k.CostCV = 0.1 })
				}
				region, err := Build(sc, 0)
				if err != nil {
					t.Fatal(err)
				}
				worlds[i], natures[i] = newWorld(region, position(t, sc, "traded")), newNature(region)
			}
			options, same := 0, true
			for day := 0; day < 100 && same; day++ {
				for i, w := range worlds {
					w.advance(natures[i].next())
				}
				a, b := &worlds[0].markets[0].book, &worlds[1].markets[0].book
				options += len(a.Options)
				if same = reflect.DeepEqual(a.Book, b.Book); !same && disclosure == "blind" {
					t.Errorf("%s: the book of day %d shows private data", broker, day)
				}
			}
			if options == 0 || same && disclosure == "open" {
				t.Errorf("%s, %s: %d options, the same: %v; the test shows nothing", broker, disclosure, options, same)
			}
		}
	}
}

// On one day's calendars a blind book must be the same whatever the orders are
// worth, the hours cost, lateness costs and the firms stand within their zones,
// and whichever fallback that makes the cheapest: only what is asked for and
// what is free may show in it.
func TestBlindBookOfADayHidesFallbacks(t *testing.T) {
	value := func(perHour float64) func(*scenarios.Scenario) {
		return func(sc *scenarios.Scenario) {
			change(sc.Orders, func(c *agents.OrderClass) { c.HourValue = perHour })
		}
	}
	outside := func(sc *scenarios.Scenario) {
		change(sc.Kinds, func(k *agents.Kind) { k.Outside = &agents.OutsideMarket{Price: 90, LeadDays: 3} }, "mill")
	}
	noUnits := func(sc *scenarios.Scenario) {
		change(sc.Sectors, func(s *scenarios.Sector) {
			if s.Mix["job"] == 0 {
				return
			}
			s.Units = nil
		})
	}
	overtime := func(sc *scenarios.Scenario) {
		change(sc.Kinds, func(k *agents.Kind) { k.OvertimeHours, k.Premium = 8, 20 })
	}
	late := func(sc *scenarios.Scenario) {
		change(sc.Orders, func(c *agents.OrderClass) { c.LateDays, c.LateCost = 60, 0.02 })
	}
	costs := func(sc *scenarios.Scenario) {
		change(sc.Kinds, func(k *agents.Kind) { k.CostCV = 0.1 })
	}
	for _, c := range []struct {
		name     string
		all      []func(*scenarios.Scenario)
		one, two func(*scenarios.Scenario)
		fallback [2]Fallback
	}{
		{"what decides between the outside market and loss", []func(*scenarios.Scenario){outside}, value(100), value(85), [2]Fallback{FallbackOutside, FallbackLost}},
		{"whether anything is at stake", []func(*scenarios.Scenario){noUnits}, value(100), value(0), [2]Fallback{FallbackLost, FallbackLost}},
		{"what lost orders are worth", nil, value(100), value(700), [2]Fallback{FallbackLost, FallbackLost}},
		{"what overtime costs", []func(*scenarios.Scenario){overtime, value(500)}, func(*scenarios.Scenario) {}, costs, [2]Fallback{FallbackExtra, FallbackExtra}},
		{"what lateness costs", []func(*scenarios.Scenario){late}, func(*scenarios.Scenario) {}, func(sc *scenarios.Scenario) {
			change(sc.Orders, func(c *agents.OrderClass) { c.LateCost = 0.03 })
		}, [2]Fallback{FallbackLate, FallbackLate}},
		{"where firms stand in their zone", nil, func(*scenarios.Scenario) {}, func(sc *scenarios.Scenario) {
			change(sc.Places, func(p *scenarios.Place) { p.Spread = 60 })
		}, [2]Fallback{FallbackLost, FallbackLost}},
	} {
		for _, disclosure := range []string{"blind", "open"} {
			var books [2]agents.Book
			for i, private := range []func(*scenarios.Scenario){c.one, c.two} {
				sc := parse(t, smallMarket(60, 0, "rate = 1.6\nlead = {minimum_days = 4}\nmax_late_days = 0\noperations = [{kind = \"mill\", hours = {law = \"gamma\", mean = 24, cv = 0.7, least = 2}, setup_hours = 0.5}]",
					"disclosure = \""+disclosure+"\"\nfirst_deal_cost = 5", "[policies.p]\napproval = \"asked\"\napproval_days = 2\n[transport]\nfreight_per_km = 1"))
				sc.Region.ZoneKm = 3000
				for _, apply := range append(slices.Clone(c.all), private) {
					apply(sc)
				}
				r, err := Build(sc, 0)
				if err != nil {
					t.Fatal(err)
				}
				w, n := newWorld(r, position(t, sc, "traded")), newNature(r)
				w.begin(n.next())
				w.arrive()
				count := 0
				for _, l := range w.short {
					count += b2i(w.ops[l.op].fallback == c.fallback[i])
				}
				if count < 5 {
					t.Errorf("%s: %d of %d steps fall back on %v", c.name, count, len(w.short), c.fallback[i])
				}
				w.trade()
				if books[i] = w.markets[0].book.Book; len(books[i].Options) == 0 && disclosure == "blind" {
					t.Errorf("%s: no options, the test shows nothing", c.name)
				}
			}
			if same := reflect.DeepEqual(books[0], books[1]); same != (disclosure == "blind") {
				t.Errorf("%s: the %s book is the same: %v (%d and %d requests, %d and %d options)", c.name, disclosure, same,
					len(books[0].Requests), len(books[1].Requests), len(books[0].Options), len(books[1].Options))
			}
		}
	}
}

// With the optimal broker and divisible work that is due on the day the gain of
// a firm must rise in expectation with adoption, reach and the number of firms,
// and fall with correlation, transaction cost, distance cost and the least hours
// of a deal: by more than chance, on pairs of worlds that share all draws (but
// for the number of firms, and for correlation).
func TestGainIsMonotone(t *testing.T) {
	tier := func(apply func(*agents.Tier)) func(*scenarios.Scenario) {
		return func(sc *scenarios.Scenario) { change(sc.Tiers, apply) }
	}
	same := func(*scenarios.Scenario) {}
	replicates := 12
	if *long {
		replicates = 60
	}
	for _, c := range []struct {
		name       string
		less, more func(*scenarios.Scenario) // gains less, gains more
	}{
		{"adoption", tier(func(k *agents.Tier) { k.Adoption = 0.4 }), same},
		{"adoption, almost all", tier(func(k *agents.Tier) { k.Adoption = 0.7 }), same},
		{"reach", tier(func(k *agents.Tier) { k.RadiusSite, k.RadiusTravels, k.RadiusRemote = 10, 10, 10 }), same},
		{"number of firms", func(sc *scenarios.Scenario) { sc.Region.Firms = 3 }, same},
		{"correlation", func(sc *scenarios.Scenario) {
			change(sc.Orders, func(o *agents.OrderClass) { o.CommonShare = 0.6 })
		}, same},
		{"transaction cost", tier(func(k *agents.Tier) { k.FirstCost = 60 }), same},
		{"distance cost", func(sc *scenarios.Scenario) { sc.Transport.FreightKm = 2 }, same},
		{"least hours", tier(func(k *agents.Tier) { k.Minimum = 3 }), same},
	} {
		var differences []float64
		for replicate := range replicates {
			var gain [2]float64
			for i, apply := range []func(*scenarios.Scenario){c.less, c.more} {
				sc := parse(t, smallMarket(12, 1, "rate = 3\ncompletion = \"partial\"\noperations = [{kind = \"mill\", hours = {law = \"exponential\", mean = 2.5}, max_units_per_day = 1000, max_sites = 1000}]",
					"broker = \"optimal\"\ncandidates = 100000", "[time]\ndays = 15\nrunout_days = 0"))
				change(sc.Kinds, func(k *agents.Kind) { k.Operator = "" }, "mill")
				apply(sc)
				results := run(t, sc, replicate, nil)
				gain[i] = (results[1].Region.Surplus() - results[0].Region.Surplus()).Float() / float64(sc.Region.Firms)
			}
			differences = append(differences, gain[1]-gain[0])
		}
		mean, squares := 0.0, 0.0
		for _, d := range differences {
			mean += d / float64(replicates)
		}
		for _, d := range differences {
			squares += (d - mean) * (d - mean)
		}
		se := math.Sqrt(squares / float64(replicates*(replicates-1)))
		t.Logf("%s: a gain of %.0f more a firm, standard error %.0f, t = %.1f", c.name, mean, se, mean/se)
		if mean < 3.1*se || mean <= 0 { // one in 200 for 11 degrees of freedom
			t.Errorf("%s: the gain a firm rises by %.0f, standard error %.0f", c.name, mean, se)
		}
	}
}
