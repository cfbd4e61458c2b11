package sim

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/scenarios"
)

var (
	long      = flag.Bool("long", false, "run the long tests too")
	naiveSeed = flag.Int("naive", -1, "compare the engines on this scenario alone and tell what each does")
)

// widen varies what randomScenario leaves alone.
func widen(sc *scenarios.Scenario, d *rand.Rand) {
	maybe := func(x float64) bool { return d.Float64() < x }
	one := func(words ...string) string { return words[d.IntN(len(words))] }
	kinds := names(sc.Kinds)

	// who and what
	if maybe(0.1) {
		sc.Region.Firms, sc.Time.Days, sc.Time.Runout = 20, 12, 25
	}
	if maybe(0.1) {
		sc.Time.Horizon, sc.Time.YearDays = 100, 200
	}
	if n := sc.Region.Firms; maybe(0.3) && n > 1 { // chains: each knows the next one
		for f := 1; f <= n; f++ {
			sc.Region.Partners = append(sc.Region.Partners, []int{f, f%n + 1})
		}
	}
	if maybe(0.2) {
		sc.Kinds["bench"] = agents.Kind{Category: "lab", Hours: 8, Shifts: 1, NormalShifts: 1, FixedCost: 5, VariableCost: float64(d.IntN(9)), MatchShare: 1,
			Mobility: one("site", "remote"), Availability: agents.Availability{Process: "always"}, Reference: 30}
		change(sc.Sectors, func(s *scenarios.Sector) { s.Units["bench"] = d.IntN(3) })
		sc.Orders["test"] = agents.OrderClass{Purpose: "internal", Arrivals: "poisson", Rate: d.Float64(), HourValue: float64(20 + d.IntN(60)),
			Lead: agents.Lead{Minimum: d.IntN(4), CV: 0.5}, Completion: one("whole", "partial"), LateCost: 0.1, LateDays: d.IntN(5),
			Operations: []agents.Operation{{Kind: "bench", Hours: agents.Law{Law: "fixed", Mean: 3, Most: 1e6}, MaxUnits: 1, MaxSites: 1 + d.IntN(2)}}}
	}
	change(sc.Kinds, func(k *agents.Kind) {
		if k.Category == "machine" && maybe(0.2) {
			k.Mobility = "travels"
		}
		if k.Category == "staff" && maybe(0.2) {
			k.Mobility = "site"
		}
		if k.Category == "machine" && maybe(0.2) {
			k.Operator = ""
		}
		if k.Category == "staff" && maybe(0.2) {
			k.Outside = &agents.OutsideMarket{Price: float64(30 + d.IntN(40)), LeadDays: d.IntN(3)}
		}
		if maybe(0.3) {
			k.NormalShifts = k.Shifts / 2
		}
	})
	for _, name := range kinds {
		if k := sc.Kinds[name]; k.Availability.Process == "sojourn" && maybe(0.5) {
			sc.Orders["repair"] = agents.OrderClass{Purpose: "internal", Arrivals: "breakdown", Breakdown: name, RaiseShare: d.Float64(), Value: float64(100 * d.IntN(5)),
				HourValue: 30, Lead: agents.Lead{Minimum: d.IntN(3), CV: 0.5}, Completion: "whole",
				Operations: []agents.Operation{{Kind: "hand", Hours: agents.Law{Law: "fixed", Mean: 2, Most: 1e6}, MaxUnits: 1, MaxSites: 1}}}
		}
	}
	change(sc.Orders, func(o *agents.OrderClass) {
		if o.Arrivals != "poisson" {
			return
		}
		switch d.IntN(8) {
		case 0:
			o.Arrivals = "fixed"
		case 1:
			o.Arrivals, o.Counts, o.Probabilities = "listed", []int{0, 1, 2}, []float64{0.5, 0.3, 0.2}
		}
		o.CommonGroup = one("region", "sector")
		o.LostToRegion = []float64{0, 0.3}[d.IntN(2)]
		if maybe(0.2) {
			o.Value = float64(d.IntN(500))
		}
	})
	if maybe(0.2) {
		sc.Region.Endowment = "optimal"
		change(sc.Sectors, func(s *scenarios.Sector) { s.Units = nil })
	}

	// policies
	change(sc.Policies, func(p *agents.Policy) {
		if maybe(0.2) {
			p.Kinds = []string{"hand", one(kinds...)}
		}
		if maybe(0.2) {
			p.Domains = []string{"small"}
		}
		if maybe(0.3) {
			p.ToleratesOpen, p.ToleratesSealed = 0.6, 0.8
		}
		if maybe(0.3) {
			p.SlackCharge = nil
		}
		if maybe(0.3) {
			p.ExposeDays = 1000
		}
	})
	if maybe(0.3) {
		sc.Policies["own"] = agents.Policy{Sectors: []string{"y"}, ExposeDays: d.IntN(30), Reserve: 0.1, Approval: one("automatic", "asked"),
			ApprovalShare: 0.6, ApprovalDays: d.IntN(4), ToleratesBlind: 1, ToleratesSealed: 1, ToleratesOpen: 0.7}
	}
	if maybe(0.1) {
		sc.Policies = nil
	}

	// tiers
	change(sc.Tiers, func(t *agents.Tier) {
		needs := brokers.Blind
		if b, ok := brokers.ByName(t.Broker); ok {
			needs = b.Needs()
		}
		t.Disclosure = (needs + brokers.Disclosure(d.IntN(int(brokers.Open-needs)+1))).String()
		t.CallOffDays = d.IntN(3)
		if maybe(0.3) {
			t.RadiusTravels, t.RadiusRemote = float64(d.IntN(60)), float64(d.IntN(60))
		}
		if maybe(0.1) {
			t.Kinds = []string{one(kinds...), one(kinds...)}
		}
		if maybe(0.1) {
			t.Categories = []string{one("machine", "staff")}
		}
		if maybe(0.1) {
			t.FirstDays = []int{d.IntN(4)}
		}
		if maybe(0.3) {
			t.FirstCost, t.CallOffCost, t.FirstDays, t.CallOffDays = 0, 0, nil, 0
		}
		if maybe(0.2) && t.Reach == "platform" {
			t.BookOf = "all"
		}
	})
}

// naiveScenario is the random scenario of that number.
func naiveScenario(t testing.TB, number int) *scenarios.Scenario {
	d := rand.New(rand.NewPCG(uint64(number), 3))
	sc := parse(t, randomScenario(d))
	widen(sc, d)
	return sc
}

// told keeps what happens to orders, as text. The order within a day is nothing
// to agree on.
type told []string

func (h *told) hear(r *Region, e Event) {
	switch e.What {
	case Committed, Matched, Refused, Hit, Delivered, Dropped:
		*h = append(*h, fmt.Sprintf("regime %d, day %04d, firm %d, days %d to %d: %s", e.Regime, e.Day, e.Firm, e.First, e.Last, r.Tell(&e)))
	}
}

// compareNaive runs both engines on a scenario and tells where they differ.
func compareNaive(t testing.TB, sc *scenarios.Scenario, count map[string]int) (differences []string) {
	r, err := Build(sc, 0)
	if err != nil {
		t.Fatal(err)
	}
	var clever told
	sink := newRecording()
	results, err := Run(context.Background(), r, Options{Check: true, Trace: func(e *Event) { clever.hear(r, *e) }}, sink)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := Build(sc, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, regime := range sc.Compare {
		differ := func(what string, engine, naive any) {
			if !reflect.DeepEqual(engine, naive) {
				differences = append(differences, fmt.Sprintf("%s: %s\n engine %v\n naive  %v", regime, what, engine, naive))
			}
		}
		var dumb told
		n := runNaive(fresh, i, func(e Event) { dumb.hear(fresh, e) })
		prefix := fmt.Sprintf("regime %d,", i)
		mine := slices.DeleteFunc(slices.Clone(clever), func(s string) bool { return s[:len(prefix)] != prefix })
		slices.Sort(mine)
		slices.Sort(dumb)
		if only := apart(mine, dumb); only != "" {
			differences = append(differences, regime+": "+only)
		}
		for d := range max(len(sink.deals[i]), len(n.made)) {
			if d >= len(sink.deals[i]) || d >= len(n.made) || sink.deals[i][d] != n.made[d] {
				differ(fmt.Sprintf("deal %d", d), at(sink.deals[i], d), at(n.made, d))
				break
			}
		}
		for d := range max(len(sink.days[i]), len(n.days)) {
			if d >= len(sink.days[i]) || d >= len(n.days) || sink.days[i][d] != n.days[d] {
				differ(fmt.Sprintf("day %d, kind %d", d/len(r.kinds), d%len(r.kinds)), at(sink.days[i], d), at(n.days, d))
				break
			}
		}
		differ("firms", sink.firms[i], n.firms)
		engine := results[i]
		differ("breaches", engine.Breaches, []string(nil))
		a, b := reflect.ValueOf(engine), reflect.ValueOf(n.result)
		for f := range a.NumField() {
			differ(a.Type().Field(f).Name, a.Field(f).Interface(), b.Field(f).Interface())
		}
		differ("clearings of optimal", []string(nil), n.tried.wrong)
		count["deals"] += int(engine.Deals)
		count["small clearings of optimal"] += n.tried.books
		count["of these proved"] += n.tried.exact
		count["their worth"] += int(n.tried.best.Float())
		count["of that made"] += int(n.tried.value.Float())
		count["events"] += len(mine)
		for reason, c := range engine.Refusals {
			count["refused: "+RefusalNames[reason]] += int(c)
		}
		if len(differences) > 0 {
			break
		}
	}
	return differences
}

func at[T any](s []T, i int) any {
	if i < len(s) {
		return fmt.Sprintf("%+v", s[i])
	}
	return "none"
}

// apart lists what only one of the engines tells of the first day on which they
// differ.
func apart(engine, naive told) (out string) {
	x := 0
	for x < min(len(engine), len(naive)) && engine[x] == naive[x] {
		x++
	}
	day := func(s string) string { return strings.SplitN(s, ",", 3)[1] }
	first := ""
	for _, s := range slices.Concat(engine[x:min(x+1, len(engine))], naive[x:min(x+1, len(naive))]) {
		if first == "" || day(s) < first {
			first = day(s)
		}
	}
	for _, side := range []struct {
		name         string
		mine, others told
	}{{"engine", engine, naive}, {"naive ", naive, engine}} {
		for _, s := range side.mine {
			if _, both := slices.BinarySearch(side.others, s); !both && day(s) == first {
				out += "\n   " + side.name + " " + s
			}
		}
	}
	return out
}

// The engine and the naive one must agree on every deal, order, hour and cent:
// a difference is a rule that the engine breaks or that MODEL.md does not tell.
func TestNaive(t *testing.T) {
	first, n := 0, 100
	switch {
	case *naiveSeed >= 0:
		first, n = *naiveSeed, *naiveSeed+1
	case *long:
		n = 1000
	case testing.Short():
		n = 20
	}
	counts := make([]map[string]int, runtime.GOMAXPROCS(0)) // by core
	t.Run("scenarios", func(t *testing.T) {
		for core := range counts {
			counts[core] = map[string]int{}
			t.Run(fmt.Sprint(core), func(t *testing.T) {
				t.Parallel()
				failed := 0
				for number := first + core; number < n; number += len(counts) {
					if differences := compareNaive(t, naiveScenario(t, number), counts[core]); len(differences) > 0 {
						failed++
						t.Errorf("scenario %d: %d differences, the first: %s", number, len(differences), differences[0])
						if failed == 10 {
							t.Fatal("and so on")
						}
					}
				}
			})
		}
	})
	count := map[string]int{}
	for _, of := range counts {
		for what, n := range of {
			count[what] += n
		}
	}
	if made, worth := count["of that made"], count["their worth"]; n-first >= 100 && made < worth*98/100 {
		t.Errorf("optimal makes %d of %d in clearings small enough to try everything", made, worth)
	}
	t.Logf("%d scenarios: %v", n-first, count)
}
