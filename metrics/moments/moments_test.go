package moments

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/metrics"
	"idleshift/scenarios"
	"idleshift/sim"
)

// region is a small region whose moments are known: orders are Poisson, with
// hours of mean 8 and a coefficient of variation of 0.8, at a rate of 0.1 a day
// and employee.
const region = `
seed = 9
compare = ["autarky"]
baseline = "autarky"
[time]
days = 250
warmup_days = 5
runout_days = 40
[kinds.mill]
category = "machine"
hours_per_shift = 8
outside = { price_per_hour = 80, lead_days = 2 }
[orders.job]
rate = 0.1
per = "employee"
lead = { minimum_days = 7 }
value_per_hour = 100
operations = [{ kind = "mill", hours = { law = "gamma", mean = 8, cv = 0.8 } }]
[orders.advice]
purpose = "internal"
rate = 0.02
lead = { minimum_days = 3 }
value = 100
operations = [{ kind = "mill", hours = { mean = 2 } }]
[sectors.all]
units = { mill = 2 }
[sizes.five]
firms = 20
employees_least = 5
employees_most = 5
employees_mean = 5
[sizes.ten]
firms = 10
employees_least = 10
employees_most = 10
employees_mean = 10
[sizes.forty]
firms = 5
employees_least = 40
employees_most = 40
employees_mean = 40
[places.here]
latitude = 43
longitude = -80
[regimes.autarky]
`

func load(t *testing.T, set ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("region.toml", []byte(region), scenarios.LoadOptions{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func suite(t *testing.T, all ...Moment) *Suite {
	t.Helper()
	s, err := NewSuite(all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Orders of the region are compound Poisson: a month of d days brings a firm of
// n employees hours with a coefficient of variation √((1 + 0.8²) / (0.1 n d)),
// which falls with size at an elasticity of −1/2; it asks for 7 days always. A
// failure means that moments of orders do not measure what their names say.
func TestMomentsOfOrdersAreExact(t *testing.T) {
	days := 250.0 / 12
	cv := func(employees float64) float64 { return math.Sqrt((1 + 0.8*0.8) / (0.1 * employees * days)) }
	cases := []struct {
		moment Moment
		want   float64
	}{
		{Moment{Metric: "order_hours_cv", Sizes: []string{"five"}}, cv(5)},
		{Moment{Metric: "order_hours_cv", Sizes: []string{"forty"}}, cv(40)},
		{Moment{Metric: "order_hours_cv_elasticity"}, -0.5},
		{Moment{Metric: "lead_days"}, 7},
		{Moment{Metric: "lead_days", Classes: []string{"advice"}}, 3},
		{Moment{Metric: "plants"}, 35},
		{Moment{Metric: "plants", Sizes: []string{"five", "ten"}}, 30},
		{Moment{Metric: "jobs", Sizes: []string{"forty"}}, 200},
		{Moment{Metric: "demanded_per_firm_day"}, 0.1*8*400/35 + 0.02*2},
	}
	var all []Moment
	for _, c := range cases {
		all = append(all, c.moment)
	}
	r := &Runner{Suite: suite(t, all...), Workers: 2}
	got, err := r.Measure(context.Background(), []Point{{load(t), 0, 20}})
	if err != nil || got[0].Fail != nil {
		t.Fatal(err, got[0].Fail)
	}
	e := r.Suite.Estimate(got[0].Rows)
	for i, c := range cases {
		// months of 20 and 21 days differ a little in their means, which adds
		// (0.4 / 20.8)² to the squared coefficient: less than a hundredth
		if off := math.Abs(e.Values[i] - c.want); off > 1e-9+4*e.Errors[i]+0.01*math.Abs(c.want)*float64(strings.Count(c.moment.Metric, "_cv")) {
			t.Errorf("%+v: %.5f (s.e. %.5f), exact %.5f", c.moment, e.Values[i], e.Errors[i], c.want)
		}
	}
}

// A failure means that the spread and the memory of quarters are biased by how
// few of them a replicate has, or that their errors are not what they are.
func TestQuartersOfKnownSeries(t *testing.T) {
	const sd, rho, mean = 0.03, 0.7, 0.75
	s := suite(t, Moment{Metric: "utilisation_quarterly_sd"}, Moment{Metric: "utilisation_quarterly_autocorrelation"})
	r := rand.New(rand.NewSource(4))
	var all [2][]float64
	var said [2]float64
	for range 400 {
		var rows [][][]float64
		for range 24 {
			x := sd * r.NormFloat64()
			from := &sample{frame: &metrics.Frame{Regimes: []string{"a"}}, region: &sim.Region{Scenario: &scenarios.Scenario{Baseline: "a"}}, worked: make([][]hours, 1)}
			for range 4 {
				from.worked[0] = append(from.worked[0], hours{agents.Hours(1e6 * (mean + x)), 1e6})
				x = rho*x + math.Sqrt(1-rho*rho)*sd*r.NormFloat64()
			}
			rows = append(rows, s.row(from))
		}
		e := s.Estimate(rows)
		for i := range all {
			all[i] = append(all[i], e.Values[i])
			said[i] += e.Errors[i] / 400
		}
	}
	for i, want := range []float64{sd, rho} {
		m, v := 0.0, 0.0
		for _, x := range all[i] {
			m += x / 400
		}
		for _, x := range all[i] {
			v += (x - m) * (x - m) / 399
		}
		real := math.Sqrt(v)
		if math.Abs(m-want) > 4*real/20+0.01*want {
			t.Errorf("%s is %.4f on average, not %.4f", s.Moments[i].Metric, m, want)
		}
		if said[i] < 0.8*real || said[i] > 1.25*real {
			t.Errorf("the standard error of %s is said to be %.4f, it is %.4f", s.Moments[i].Metric, said[i], real)
		}
	}
}

// A failure means that a journal mixes what was measured in different ways,
// loses runs, or is spoilt by a kill.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs", "journal.jsonl")
	s := suite(t, Moment{Metric: "utilisation"}, Moment{Metric: "bound_gap"})
	open := func(version string, s *Suite, overwrite bool) (*Journal, error) {
		return OpenJournal(path, version, s, overwrite)
	}
	measure := func(n int) []Measurement {
		t.Helper()
		j, err := open("1", s, false)
		if err != nil {
			t.Fatal(err)
		}
		r := &Runner{Suite: s, Journal: j, Workers: 2}
		got, err := r.Measure(context.Background(), []Point{{load(t, "time.days=20"), 2, 2 + n}})
		if err := errors.Join(err, j.Close()); err != nil {
			t.Fatal(err)
		}
		return got
	}
	lines := func() []string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	first := measure(3)
	if !math.IsNaN(first[0].Rows[0][1][0]) {
		t.Fatal("a gap without a broker is a number: the test needs another metric")
	}
	kept := lines()
	if len(kept) != 4 {
		t.Fatalf("%d lines for 3 runs", len(kept))
	}
	if again := measure(3); fmt.Sprint(again) != fmt.Sprint(first) || !slices.Equal(lines(), kept) {
		t.Errorf("the second time it is %v, not %v", again, first)
	}
	if err := os.WriteFile(path, []byte(strings.Join(kept, "\n")[:len(strings.Join(kept, "\n"))-9]), 0o666); err != nil {
		t.Fatal(err)
	}
	if torn := measure(3); fmt.Sprint(torn) != fmt.Sprint(first) || !slices.Equal(lines(), kept) {
		t.Errorf("after a torn line it is %v, not %v", torn, first)
	}
	if _, err := open("2", s, false); !errors.Is(err, ErrRefused) {
		t.Errorf("another version: %v", err)
	}
	if _, err := open("1", suite(t, Moment{Metric: "fill_rate"}), false); !errors.Is(err, ErrRefused) {
		t.Errorf("another suite: %v", err)
	}
	j, err := open("2", s, true)
	if err != nil {
		t.Fatal(err)
	}
	if j.Close(); len(lines()) != 1 {
		t.Errorf("%d lines after overwriting", len(lines()))
	}
	other := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(other, []byte("my notes\nand more\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(other, "1", s, true); !errors.Is(err, ErrRefused) {
		t.Errorf("a file of the user's: %v", err)
	}
}

// A failure means that what is measured depends on how many runs go on at a
// time.
func TestMeasuringDoesNotDependOnWorkers(t *testing.T) {
	s := suite(t, Moment{Metric: "surplus"}, Moment{Metric: "order_hours_cv"})
	points := []Point{{load(t), 0, 3}, {load(t, "orders.job.rate=0.05"), 1, 4}}
	var before string
	for _, workers := range []int{1, 4} {
		got, err := (&Runner{Suite: s, Workers: workers}).Measure(context.Background(), points)
		if err != nil {
			t.Fatal(err)
		}
		if now := fmt.Sprint(got); before != "" && now != before {
			t.Errorf("%d workers measure something else", workers)
		} else {
			before = now
		}
	}
}

// A failure means that a verdict does not follow from tolerance and error.
func TestJudge(t *testing.T) {
	target := Target{Value: 10, Tolerance: 2}
	for _, c := range []struct {
		value, se float64
		want      Verdict
	}{
		{11, 0, Agrees}, {11, 0.4, Agrees}, {11, 0.6, Unclear}, {12, 0, Agrees}, {12.1, 0, Differs}, {13, 0.4, Differs},
		{13, 0.6, Unclear}, {7, math.NaN(), Differs}, {9, math.NaN(), Agrees}, {math.NaN(), 0, Unclear},
	} {
		if got := target.Judge(c.value, c.se); got != c.want {
			t.Errorf("%v with a standard error of %v %s, want %s", c.value, c.se, got, c.want)
		}
	}
}

// A failure means that shipped facts do not fit the scenario that they are
// about, or that a fact lacks its source.
func TestShippedFacts(t *testing.T) {
	for _, name := range scenarios.Facts.Names() {
		f, err := ReadFacts(name)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := scenarios.Load(f.Scenario, scenarios.LoadOptions{Set: f.Set})
		if err != nil {
			t.Fatal(err)
		}
		targets, err := f.Targets(sc)
		if err != nil {
			t.Fatal(err)
		}
		parts := 0.0
		for _, target := range targets {
			if target.Source == "" {
				t.Errorf("%s: %s has no source", name, target.Name)
			}
			if strings.HasPrefix(target.Name, "plants_") {
				parts += target.Value
			}
		}
		if whole := f.Facts["plants"].Value; math.Abs(parts-whole) > 0.5 {
			t.Errorf("%s: the size classes have %v plants, all have %v", name, parts, whole)
		}
	}
}

// A failure means that the table of facts leaves a reader without something.
func TestFactsAreCompared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "facts.toml")
	text := `scenario = "region.toml"
[facts.plants]
metric = "plants"
value = 35
tolerance = 1
source = "counted"
[facts.lead]
title = "lead time"
metric = "lead_days"
value = 9
tolerance = 1
status = "assumption"
note = "The region is quicker."
`
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFacts(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(file), "region.toml"); f.Scenario != want {
		t.Errorf("the scenario is %s, not %s", f.Scenario, want)
	}
	c, err := f.Compare(context.Background(), load(t, "time.days=20"), &Runner{Workers: 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := c.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"plants", "35.0 ± 1.0", "agrees", "counted", "lead time", "9.0 ± 1.0", "7.0", "differs", "assumption", "The region is quicker.", "1 of 2 facts agree"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
