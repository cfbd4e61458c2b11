package answer

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// region is a scenario of half a year with one order class and the regimes
// none, today (the baseline), firm, terms, unit, both and pooled.
func region(replicates int) *scenarios.Scenario {
	return &scenarios.Scenario{
		Title: "A region", Seed: 7, Replicates: replicates, Currency: "CAD",
		Compare:  []string{"none", "today", "firm", "terms", "unit", "both", "pooled"},
		Baseline: "today", Headline: "both", Rival: "firm",
		Decomposition: &scenarios.Decomposition{Base: "firm", Terms: "terms", Unit: "unit", Both: "both"},
		Time:          scenarios.Time{Days: 125, Warmup: 40, YearDays: 250},
		Kinds:         map[string]agents.Kind{"mill": {Category: "machine", Hours: 8, Shifts: 1}},
		Orders: map[string]agents.OrderClass{
			"milling": {Purpose: "work", Lead: agents.Lead{Minimum: 5, Mean: 10, CV: 0.5}},
			"advice":  {Purpose: "internal"},
		},
		Regimes: map[string]agents.Regime{
			"none": {Title: "Autarky"}, "today": {Title: "Today's practice"}, "firm": {Title: "Firm-level specialization"},
			"terms": {}, "unit": {}, "both": {Title: "Cooperative specialization"}, "pooled": {Title: "Pooled", Pooled: true},
		},
	}
}

// dataset writes the results that fill makes, each over 125 days, and opens it.
func dataset(t *testing.T, sc *scenarios.Scenario, tables string, fill func(regime string, replicate int, r *sim.Result)) *store.Dataset {
	t.Helper()
	return recorded(t, sc, tables, func(sim.Sink, int) error { return nil }, fill)
}

// recorded is dataset with what happened on the way: days, deals, firms.
func recorded(t *testing.T, sc *scenarios.Scenario, tables string, happen func(sink sim.Sink, replicate int) error, fill func(regime string, replicate int, r *sim.Result)) *store.Dataset {
	t.Helper()
	text, err := scenarios.Canonical(sc)
	if err != nil {
		t.Fatal(err)
	}
	selection, err := store.Select(tables)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := store.Create(dir, store.Plan{Version: "test", Command: "idleshift run region.toml", Text: string(text), Scenario: sc, Tables: selection}, false)
	if err != nil {
		t.Fatal(err)
	}
	for replicate := range sc.Replicates {
		job, err := s.Begin(experiment.Job{Replicate: replicate}, sc, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := happen(job, replicate); err != nil {
			t.Fatal(err)
		}
		var results []sim.Result
		for _, regime := range sc.Compare {
			r := sim.Result{
				Regime: regime, Replicate: replicate, Firms: 10, Employees: 200, Days: sc.Time.Days,
				Kinds:   []agents.Fate{{Demand: 100 * agents.Hour, OwnOnTime: 90 * agents.Hour, Lost: 10 * agents.Hour}},
				Hours:   []agents.DayHours{{Capacity: 120 * agents.Hour, Own: 90 * agents.Hour, Idle: 30 * agents.Hour, Normal: 120 * agents.Hour}},
				Classes: make([][sim.NumNeeds]sim.Need, len(sc.Orders)),
			}
			r.Region[agents.Fixed] = agents.MoneyOf(100)
			fill(regime, replicate, &r)
			results = append(results, r)
		}
		if err := job.Commit(results); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Merge(); err != nil {
		t.Fatal(err)
	}
	d, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// earn gives the result a surplus of the given amount over the 125 days.
func earn(r *sim.Result, surplus float64) {
	r.Region[agents.Value] = agents.MoneyOf(surplus + 100)
}

func answerOf(t *testing.T, d *store.Dataset) *Answer {
	t.Helper()
	a, err := Of(d)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func near(t *testing.T, what string, got Number, want float64) {
	t.Helper()
	if math.Abs(float64(got)-want) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// steady is a world with gains of 10, 30, 40, 100 and 120 a year over today's
// practice, whose replicates differ by common noise and, in the gain of firm,
// by -1, 0 and 1.
func steady(regime string, replicate int, r *sim.Result) {
	gain := map[string]float64{"none": -20, "today": 0, "firm": 10, "terms": 30, "unit": 40, "both": 100, "pooled": 200}[regime]
	if regime == "firm" {
		gain += float64(replicate%3 - 1)
	}
	earn(r, 5000+1000*float64(replicate*replicate%7)+gain/2)
	shortage := map[string]float64{"none": 120, "today": 100, "both": 25, "pooled": 0}[regime]
	r.Classes[1][sim.Under8] = sim.Need{Orders: 4, OnTime: 3, Lost: 1, Potential: agents.MoneyOf(shortage), Realised: 0}
	r.Classes[0][sim.Under40] = sim.Need{Orders: 1, Lost: 1, Potential: agents.MoneyOf(10), Realised: agents.MoneyOf(gain / 20)}
	r.Slack = agents.MoneyOf(gain / 4)
	if regime == "both" {
		r.WorseOff = 3
	}
}

// The numbers of the answer by hand. A failure means that the table which
// everything is about is wrong.
func TestAnswerByHand(t *testing.T) {
	a := answerOf(t, dataset(t, region(3), "", steady))
	gain := func(regime string) *Gain { return a.gain(regime) }

	near(t, "gain of both", gain("both").PerYear.Mean, 100)
	near(t, "its lower bound without noise", gain("both").PerYear.Low, 100)
	// -1, 0, 1 has a standard error of 1/√3 and t(2) = 4.302652729911275
	near(t, "gain of firm", gain("firm").PerYear.Mean, 10)
	near(t, "its upper bound", gain("firm").PerYear.High, 10+4.302652729911275/math.Sqrt(3))
	near(t, "gain of none", gain("none").PerYear.Mean, -20)
	near(t, "gain per employee", gain("both").PerEmployee.Mean, 0.5)
	near(t, "share of fixed cost, 200 a year", gain("both").OfFixed.Mean, 0.5)
	near(t, "share of the pooled gain", gain("both").OfPooled.Mean, 0.5)
	near(t, "share of pooled itself", gain("pooled").OfPooled.Mean, 1)
	near(t, "gain without internal needs, which earn a tenth of it", gain("both").WithoutInternal.Mean, 90)
	near(t, "gain after charges for slack of half of it", gain("both").AfterSlack.Mean, 50)
	near(t, "share worse off", gain("both").WorseOff.Mean, 0.3)
	if gain("pooled").WorseOff != nil {
		t.Error("the merged firm is said to have firms that are worse off")
	}
	// the surpluses of a year have the variance of 2000 × (0, 1, 4), of firm with the noise added
	vx, vy := 0.0, 0.0
	for _, x := range []float64{0, 2000, 8000} {
		vy += (x - 10000.0/3) * (x - 10000.0/3) / 2
	}
	for i, x := range []float64{0, 2000, 8000} {
		d := x + float64(i-1) - 10000.0/3
		vx += d * d / 2
	}
	near(t, "what pairing does to the variance", gain("firm").Pairing, vx+vy)
	sum := 0.0
	for _, s := range gain("firm").Sources {
		sum += float64(s.PerYear.Mean)
	}
	near(t, "the lines of the account together", Number(sum), 10)

	d := a.Decomposition
	near(t, "terms alone", d.Terms.Mean, 20)
	near(t, "unit alone", d.Unit.Mean, 30)
	near(t, "both", d.Both.Mean, 90)
	near(t, "interaction", d.Interaction.Mean, 40)

	near(t, "difference to the rival", a.Headline.Difference.Mean, 90)
	near(t, "ratio to the rival", a.Headline.Ratio.Mean, 10)

	row := a.Shortage.Sizes[sim.Under8]
	near(t, "shortage cost of small needs a year", row.Baseline.Mean, 200)
	i := slices.IndexFunc(row.Recovered, func(r Recovery) bool { return r.Regime == "both" })
	near(t, "share of it recovered", row.Recovered[i].Share.Mean, 0.75)
	if i := slices.IndexFunc(a.Shortage.Classes, func(r ShortageRow) bool { return r.Name == "advice" }); !a.Shortage.Classes[i].Internal {
		t.Error("an internal need is not told apart")
	}
}

// foreseen adds a bound of so much a year above today's surplus.
func foreseen(above float64) func(string, int, *sim.Result) {
	return func(regime string, k int, r *sim.Result) {
		steady(regime, k, r)
		bound := agents.MoneyOf(5000 + 1000*float64(k*k%7) + above/2)
		r.Clairvoyant = &bound
	}
}

// A failure means that what could be gained at most is misstated, or that a
// regime which gains more goes unnoticed.
func TestShareOfTheAchievable(t *testing.T) {
	a := answerOf(t, dataset(t, region(6), "", foreseen(250)))
	near(t, "the most that could be gained", a.Clairvoyant.Gain.Mean, 250)
	near(t, "that as a share of the pooled gain", a.Clairvoyant.OfPooled.Mean, 1.25)
	near(t, "share of both in it", a.gain("both").OfClairvoyant.Mean, 0.4)
	near(t, "share of pooled in it", a.gain("pooled").OfClairvoyant.Mean, 0.8)
	if a.Clairvoyant.Beaten != 0 || codes(a)[AboveBound] != 0 {
		t.Errorf("the bound is said to be beaten: %+v", a.Notes)
	}
	var text bytes.Buffer
	if err := a.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"of what any", "could gain", "clairvoyant bound "} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("the text does not have %q:\n%s", line, &text)
		}
	}
	beaten := answerOf(t, dataset(t, region(6), "", foreseen(150)))
	if beaten.Clairvoyant.Beaten != 6 || codes(beaten)[AboveBound] != 1 {
		t.Errorf("pooled gains 200 of 150 that anybody could: %+v, %v", beaten.Clairvoyant, beaten.Notes)
	}
	if a := answerOf(t, dataset(t, region(6), "", steady)); a.Clairvoyant != nil || a.gain("both").OfClairvoyant != nil {
		t.Error("there is a bound where none was found")
	}
}

// A failure means that the sentence says something else than the numbers.
func TestHeadlineFollowsTheNumbers(t *testing.T) {
	noise := func(x float64) func(int) float64 {
		return func(k int) float64 { return x * float64(k%2*2-1) } // a zero mean over an even number
	}
	for _, c := range []struct {
		name       string
		replicates int
		days       int
		both, firm float64 // mean gain of 125 days
		bothNoise  func(int) float64
		firmNoise  func(int) float64
		says, not  []string
	}{
		{name: "clear gains", replicates: 6, both: 50e6, firm: 10e6,
			says: []string{"Cooperative specialization gains 100 million CAD a year (95 % interval 100 to 100) over today's practice", "50 % (50 % to 50 %) of what the pooled region would gain", "5.00 (5.00 to 5.00) times as much as firm-level specialization, which gains 20.0 million CAD a year"}},
		{name: "unclear rival", replicates: 6, both: 50e6, firm: 1, firmNoise: noise(10e6),
			says: []string{"Cooperative specialization gains", "the gain of firm-level specialization over today's practice is not distinguishable from zero"}, not: []string{"times"}},
		{name: "losing rival", replicates: 6, both: 50e6, firm: -1e3,
			says: []string{"firm-level specialization loses 2.00 thousand CAD a year"}, not: []string{"times"}},
		{name: "loss", replicates: 6, both: -2e6, firm: 1e6,
			says: []string{"Cooperative specialization loses 4.00 million CAD a year", "firm-level specialization gains 2.00 million CAD"}, not: []string{"times", "pooled"}},
		{name: "unclear", replicates: 6, both: 1, bothNoise: noise(10e6), firm: 1e6,
			says: []string{"The gain of cooperative specialization over today's practice is not distinguishable from zero"}, not: []string{"times", "of what the pooled"}},
		{name: "one replicate", replicates: 1, days: 49, both: 50e6, firm: 10e6,
			says: []string{"In the one replicate that was run, which gives no interval, the gain of cooperative specialization over today's practice is 100 million CAD a year"}, not: []string{"times", "interval 1"}},
		{name: "all alike", replicates: 6,
			says: []string{"Cooperative specialization gains exactly nothing over today's practice"}},
	} {
		sc := region(c.replicates)
		if c.days > 0 {
			sc.Time.Days, sc.Time.YearDays = c.days, 2*c.days
		}
		a := answerOf(t, dataset(t, sc, "needs", func(regime string, k int, r *sim.Result) {
			x := map[string]float64{"both": c.both, "firm": c.firm, "pooled": 100e6}[regime]
			if regime == "both" && c.bothNoise != nil {
				x += c.bothNoise(k)
			}
			if regime == "firm" && c.firmNoise != nil {
				x += c.firmNoise(k)
			}
			earn(r, 1e9+x)
		}))
		for _, s := range c.says {
			if !strings.Contains(a.Headline.Sentence, s) {
				t.Errorf("%s: %q does not say %q", c.name, a.Headline.Sentence, s)
			}
		}
		for _, s := range c.not {
			if strings.Contains(a.Headline.Sentence, s) {
				t.Errorf("%s: %q says %q", c.name, a.Headline.Sentence, s)
			}
		}
	}
}

func codes(a *Answer) map[string]int {
	all := map[string]int{}
	for _, n := range a.Notes {
		all[n.Code]++
	}
	return all
}

// A failure means that a reader is not warned.
func TestNotes(t *testing.T) {
	sc := region(5)
	sc.Time.Warmup = 24 // the longest lead is 5 + 10 (1 + 2 × 0.5) days
	d := dataset(t, sc, "runs", func(regime string, k int, r *sim.Result) {
		earn(r, map[string]float64{"both": 300, "pooled": 200}[regime])
		if regime == "firm" {
			earn(r, float64(k-2))
			r.Truncated, r.CutShort, r.Overflow = 4, 1, agents.Hour
			r.Kinds[0].Open, r.Kinds[0].Lost = agents.Hour, 9*agents.Hour
		}
	})
	a := answerOf(t, d)
	got := codes(a)
	// firm, and the three regimes that are exactly as the baseline
	want := map[string]int{FewReplicates: 1, WarmupShort: 1, NotDistinguishable: 4, AbovePooled: 1, Truncated: 1, Overflow: 1, OpenOrders: 1}
	for code, n := range want {
		if got[code] != n {
			t.Errorf("%d notes of %s, want %d: %v", got[code], code, n, a.Notes)
		}
	}
	if len(got) != len(want) {
		t.Errorf("notes %v, want %v", got, want)
	}
	if a.gain("firm").OfPooled != nil || a.gain("firm").OfFixed != nil || a.Headline.Ratio != nil {
		t.Error("a share is given of what cannot be told from zero")
	}
	near(t, "a share above one, not clipped,", a.gain("both").OfPooled.Mean, 1.5)
	var text bytes.Buffer
	if err := a.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"not distinguishable from zero", "150 %", "[-3.", "note: "} {
		if !strings.Contains(text.String(), s) {
			t.Errorf("the text does not have %q:\n%s", s, &text)
		}
	}
	if calm := answerOf(t, dataset(t, region(6), "", steady)); len(calm.Notes) > 0 {
		t.Errorf("a run with nothing amiss has notes: %v", calm.Notes)
	}
}

// One replicate has intervals of the tenths of its measured days, by hand: the
// tenths of a gain are 90, 110, 90, … a year, with the standard error 10/3 and
// the interval 100 ± 2.262157 × 10/3. A failure means that one run looks surer
// or less sure than it is.
func TestBatchesOfOneReplicate(t *testing.T) {
	sc := region(1)
	d := dataset(t, sc, "needs", func(regime string, _ int, r *sim.Result) {
		gain := map[string]float64{"both": 100, "pooled": 400}[regime]
		earn(r, 5000+gain/2)
		for i := range r.Realised { // half a year in ten parts, of 12 or 13 days
			days := 13 - float64(i%2)
			noise := 0.0
			if regime == "both" {
				noise = float64(i%2*20 - 10)
			}
			r.Realised[i] = agents.MoneyOf((5000*2+gain+noise)*days/250 + 100*days/125)
		}
	})
	a := answerOf(t, d)
	g := a.gain("both").PerYear
	near(t, "gain", g.Mean, 100)
	if half := 2.2621571628 * 10 / 3; math.Abs(float64(g.Low)-100+half) > 1e-3 || math.Abs(float64(g.High)-100-half) > 1e-3 {
		t.Errorf("interval %v to %v, want 100 ± %v", g.Low, g.High, half)
	}
	if a.Intervals != OfBatches || codes(a)[OneReplicate] != 1 || a.gain("both").OfPooled == nil || a.Headline.Difference == nil || !a.Headline.Difference.Clear() {
		t.Errorf("%s; %+v; %+v", a.Intervals, a.Headline, a.Notes)
	}
	if !strings.Contains(a.Headline.Sentence, "25 % (") || !strings.Contains(a.Notes[0].Text, "10 batches of one replicate") {
		t.Errorf("%q, %q", a.Headline.Sentence, a.Notes[0].Text)
	}
	if e := a.Regimes[0].Utilisation; e.bounded() {
		t.Errorf("a share without batches has the interval %v to %v", e.Low, e.High)
	}
}

// Of many comparisons some look clear by chance alone. A failure means that
// chance is sold as a gain.
func TestManyComparisons(t *testing.T) {
	d := dataset(t, region(6), "needs", func(regime string, k int, r *sim.Result) {
		x := 0.0
		if regime == "firm" {
			x = 3 + 2.5*float64(k%2*2-1) // t = 2.68 with 5 degrees of freedom
		} else if regime != "today" {
			x = float64(k%2*2 - 1)
		}
		earn(r, 5000+x)
	})
	a := answerOf(t, d)
	g := a.gain("firm")
	if !g.PerYear.Clear() || g.Verdict != notDistinguishable || codes(a)[NotAmongMany] != 1 {
		t.Errorf("%+v, %v", g, a.Notes)
	}
	if math.Abs(float64(g.P)-0.0437) > 1e-3 || math.Abs(float64(g.Holm-6*g.P)) > 1e-12 || a.gain("both").Holm != 1 {
		t.Errorf("p %v, of six %v; the others %v", g.P, g.Holm, a.gain("both").Holm)
	}
	var text bytes.Buffer
	if err := a.WriteText(&text); err != nil || !strings.Contains(text.String(), "0.262") {
		t.Errorf("%v, the table lacks the adjusted p-value:\n%s", err, &text)
	}
	if g := answerOf(t, dataset(t, region(6), "needs", steady)).gain("both"); g.Verdict != "gain" || g.Holm != 0 {
		t.Errorf("a gain in every replicate: %q, p %v", g.Verdict, g.Holm)
	}
}

// Hours that still rise when measuring begins, and contracts that are still
// being opened, are told with what they do; what has come to rest is not.
func TestWarmupByItsRule(t *testing.T) {
	sc := region(6)
	sc.Tiers = map[string]agents.Tier{"contract": {FirstCost: 5000, CallOffCost: 100, ContractDays: 200}}
	sc.Regimes["firm"] = agents.Regime{Title: "Firm-level specialization", Tiers: []string{"contract"}}
	for _, x := range []struct {
		name   string
		hours  func(day int) float64
		first  [2]float64 // share of first deals in each half
		codes  []string
		words  string
		settle bool
	}{
		{"at rest", func(day int) float64 { return 100 + float64(day%3) }, [2]float64{0.5, 0.5}, nil, "", true},
		{"rising at first", func(day int) float64 { return 100 + float64(day%3) - 60*math.Exp(-float64(day)/10) }, [2]float64{0.9, 0.4}, []string{WarmupShort, ContractsYoung}, "contracts run for 200", true},
		{"rising for ever", func(day int) float64 { return float64(day) }, [2]float64{0.5, 0.48}, []string{WarmupShort}, "do not come to rest", false},
	} {
		a := answerOf(t, recorded(t, sc, "days,deals", func(sink sim.Sink, replicate int) error {
			for day := range sc.Time.Days {
				for regime := range sc.Compare {
					if err := sink.Day(regime, agents.Day(day), []agents.DayHours{{Own: agents.HoursOf(x.hours(day)), Capacity: agents.HoursOf(200)}}); err != nil {
						return err
					}
				}
				half := day * 2 / sc.Time.Days
				for i := range 10 {
					if err := sink.Deals(2, []agents.Deal{{Day: agents.Day(day), First: float64(i) < 10*x.first[half]}}); err != nil {
						return err
					}
				}
			}
			return nil
		}, steady))
		got := codes(a)
		for _, code := range x.codes {
			if got[code] != 1 {
				t.Errorf("%s: %d notes of %s: %v", x.name, got[code], code, a.Notes)
			}
		}
		if len(got) != len(x.codes) || a.Warmup == nil || a.Warmup.Settled != x.settle {
			t.Errorf("%s: %+v, %v", x.name, a.Warmup, a.Notes)
		}
		if x.words != "" && !strings.Contains(a.Notes[len(a.Notes)-1].Text, x.words) {
			t.Errorf("%s: %q does not say %q", x.name, a.Notes[len(a.Notes)-1].Text, x.words)
		}
		if w := a.Warmup; x.name == "rising at first" && (w.Suggested < 60 || w.Suggested > 100 || len(w.Regimes) != 3) {
			t.Errorf("a warm-up of 40 days and of some 40 more: %+v", w)
		}
	}
}

// A failure means that a region whose orders ask for more than it has is shown
// without a word of it, or that one is warned of that has enough.
func TestOverload(t *testing.T) {
	for _, x := range []struct {
		down float64
		want string
	}{{0, ""}, {40, "mill 1.50 times"}, {100, "mill (there is none)"}} {
		a := answerOf(t, recorded(t, region(6), "days", func(sink sim.Sink, replicate int) error {
			hours := agents.DayHours{
				Capacity: agents.HoursOf(100), Down: agents.HoursOf(x.down),
				Own: agents.HoursOf(50), Late: agents.HoursOf(10), Outside: agents.HoursOf(20), Lost: agents.HoursOf(10),
			}
			for day := range region(6).Time.Days {
				if err := sink.Day(1, agents.Day(day), []agents.DayHours{hours}); err != nil {
					return err
				}
			}
			return nil
		}, steady))
		said := ""
		for _, n := range a.Notes {
			if n.Code == Overloaded {
				said += n.Text
			}
		}
		if (said == "") != (x.want == "") || !strings.Contains(said, x.want) {
			t.Errorf("90 h asked of a kind that has 100 h, %g h of them down: %q", x.down, said)
		}
	}
}

// Regimes that were not run take the decomposition and the rival with them.
func TestFewRegimes(t *testing.T) {
	sc := region(6)
	sc.Compare, sc.Headline, sc.Rival = []string{"today", "both"}, "", ""
	a := answerOf(t, dataset(t, sc, "", steady))
	if a.Decomposition != nil || codes(a)[NoDecomposition] != 1 || a.Headline.Regime != "both" || a.gain("both").OfPooled != nil {
		t.Errorf("%+v", a)
	}
	sc.Compare, sc.Decomposition = []string{"today"}, nil
	a = answerOf(t, dataset(t, sc, "", steady))
	if !strings.Contains(a.Headline.Sentence, "nothing to compare") {
		t.Errorf("one regime alone gives %q", a.Headline.Sentence)
	}
	var text bytes.Buffer
	if err := a.WriteText(&text); err != nil || strings.Contains(text.String(), "NaN") {
		t.Errorf("%v\n%s", err, &text)
	}
}

// Machines read the keys: what is printed must be what the schema promises.
func TestJSONKeepsItsSchema(t *testing.T) {
	for _, replicates := range []int{1, 6} {
		text, err := json.Marshal(answerOf(t, dataset(t, region(replicates), "", foreseen(250))))
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		conforms(t, "answer", got, Schema())
	}
	described(t, "answer", Schema())
	described(t, "comparison", ComparisonSchema())
}

// conforms checks keys and presence.
func conforms(t *testing.T, path string, got any, schema map[string]any) {
	t.Helper()
	if either, ok := schema["anyOf"].([]any); ok {
		if got != nil {
			conforms(t, path, got, either[0].(map[string]any))
		}
		return
	}
	switch got := got.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for key, value := range got {
			p, ok := properties[key].(map[string]any)
			if !ok {
				t.Errorf("%s.%s is not in the schema", path, key)
				continue
			}
			conforms(t, path+"."+key, value, p)
		}
		for _, key := range schema["required"].([]string) {
			if _, ok := got[key]; !ok {
				t.Errorf("%s lacks %s", path, key)
			}
		}
	case []any:
		for _, x := range got {
			conforms(t, path+"[]", x, schema["items"].(map[string]any))
		}
	}
}

func described(t *testing.T, path string, schema map[string]any) {
	t.Helper()
	for key, value := range schema {
		p, ok := value.(map[string]any)
		if !ok {
			continue
		}
		if key == "properties" {
			for name, q := range p {
				if q.(map[string]any)["description"] == "" || name == "" {
					t.Errorf("%s.%s has no description: nobody knows what it means", path, name)
				}
			}
		}
		described(t, path+"."+key, p)
	}
}

func TestCompare(t *testing.T) {
	first := dataset(t, region(6), "runs", steady)
	more := region(8)
	more.Compare = []string{"today", "both", "pooled"}
	more.Headline, more.Rival, more.Decomposition = "", "", nil
	second := dataset(t, more, "runs", func(regime string, k int, r *sim.Result) {
		steady(regime, k, r)
		if regime == "both" {
			r.Region[agents.Value] += agents.MoneyOf(5)
		}
	})
	c, err := Compare(first, second, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Regimes) != 3 || c.Pairs != 6 || !c.Paired {
		t.Fatalf("%+v", c)
	}
	near(t, "difference in surplus", c.Regimes[1].Surplus.Mean, 10)
	near(t, "its bound: paired, all noise is common", c.Regimes[1].Surplus.Low, 10)
	near(t, "difference in gain", c.Regimes[1].Gain.Mean, 10)
	if c.Regimes[0].Gain != nil {
		t.Error("the baseline has a gain over itself")
	}
	loose, err := Compare(first, second, true)
	if err != nil || loose.Regimes[1].Surplus.Low > -1000 {
		t.Errorf("independent samples are compared as closely as pairs: %+v, %v", loose, err)
	}
	var text bytes.Buffer
	if err := c.WriteText(&text); err != nil || !strings.Contains(text.String(), "first 6 of each") {
		t.Errorf("%v\n%s", err, &text)
	}

	other := region(6)
	other.Time.Days *= 2
	if c, err := Compare(first, dataset(t, other, "runs", steady), false); err != nil || !slices.ContainsFunc(c.Notes, func(n Note) bool { return n.Code == OtherDays }) {
		t.Errorf("a comparison of runs that measure other days says nothing of it: %+v, %v", c, err)
	}
	other.Seed = 8
	third := dataset(t, other, "runs", steady)
	if _, err := Compare(first, third, false); err == nil || !strings.Contains(err.Error(), "seeds differ (7 and 8)") {
		t.Errorf("replicates of different seeds are paired: %v", err)
	}
	other.Currency = "EUR"
	if _, err := Compare(first, dataset(t, other, "runs", steady), true); err == nil {
		t.Error("dollars are compared with euros")
	}
}

func TestWriting(t *testing.T) {
	for x, want := range map[float64]string{0: "0.00", 12.345: "12.3", 1234: "1.23 thousand", 999.4: "999", 12345678: "12.3 million", 2.5e9: "2.50 billion"} {
		m := magnitudeOf(x)
		if got := strings.TrimSpace(m.format(Number(x)) + " " + m.word); got != want {
			t.Errorf("%v is written %q, want %q", x, got, want)
		}
	}
	plain := magnitude{divide: 1, decimals: 1}
	for x, want := range map[float64]string{-0.01: "0.0", -1234567.8: "-1,234,567.8", 1000: "1,000.0", 999: "999.0", math.NaN(): "-", math.Inf(1): "-"} {
		if got := plain.format(Number(x)); got != want {
			t.Errorf("%v is written %q, want %q", x, got, want)
		}
	}
	for title, want := range map[string]string{"Status quo": "status quo", "SME pool": "SME pool", "": "", "Ä": "ä"} {
		if got := Inner(title); got != want {
			t.Errorf("%q within a sentence is %q, want %q", title, got, want)
		}
	}
}

// While the rival's contracts are younger than they get, its gain is too small:
// a ratio to it would flatter the headline.
func TestNoRatioToYoungContracts(t *testing.T) {
	sc := region(6)
	sc.Tiers = map[string]agents.Tier{"contract": {ContractDays: sc.Time.Warmup}}
	sc.Regimes["firm"] = agents.Regime{Title: "Firm-level specialization", Tiers: []string{"contract"}}
	if h := answerOf(t, dataset(t, sc, "needs", steady)).Headline; h.Ratio == nil || !strings.Contains(h.Sentence, "times as much") {
		t.Errorf("contracts as old as the warm-up: %s", h.Sentence)
	}
	sc.Tiers["contract"] = agents.Tier{ContractDays: sc.Time.Warmup + 1}
	if h := answerOf(t, dataset(t, sc, "needs", steady)).Headline; h.Ratio != nil || !strings.Contains(h.Sentence, "contracts are still young") {
		t.Errorf("contracts longer than the warm-up: %s", h.Sentence)
	}
}
