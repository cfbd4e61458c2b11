package moments

import (
	"context"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"idleshift/metrics/stats"
	"idleshift/scenarios"
)

// Facts are what is known of a region from elsewhere, to hold a scenario
// against. They are data: a document with a table for each fact.
type Facts struct {
	Title       string            `toml:"title" default:"" doc:"One line that says what the facts are about."`
	Description string            `toml:"description" default:"" doc:"Where they come from and how they are compared."`
	Scenario    string            `toml:"scenario" doc:"Scenario they are held against if none is named: a shipped one, or a path relative to this file."`
	Set         []string          `toml:"set" doc:"Overrides of the scenario, key=value, for the comparison: how long it runs."`
	Replicates  int               `toml:"replicates" unit:"1" range:"[2,1e6]" default:"10" doc:"Replicates to run."`
	Facts       map[string]Target `toml:"facts" doc:"What is known."`

	Document *scenarios.Document `toml:"-"`
}

// ReadFacts reads shipped facts by their name, otherwise a file.
func ReadFacts(name string) (*Facts, error) {
	f := &Facts{}
	d, err := scenarios.ReadFrom(scenarios.Facts, name, f)
	if err != nil {
		return nil, err
	}
	f.Document = d
	if len(f.Facts) == 0 {
		d.Wrong([]string{"facts"}, "is empty: there is nothing to compare", "tables [facts.NAME]", "")
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	f.Scenario = d.Scenario(f.Scenario, "scenario")
	return f, nil
}

// A Comparison is a scenario held against facts.
type Comparison struct {
	Scenario   string `json:"scenario"`
	Facts      string `json:"facts"`
	Replicates int    `json:"replicates"`
	Days       int    `json:"days"`
	Rows       []Row  `json:"rows"`
}

// A Row is one fact beside what was simulated.
type Row struct {
	Fact      string   `json:"fact"`
	Metric    string   `json:"metric"`
	Unit      string   `json:"unit"`
	Status    string   `json:"status"`
	Source    string   `json:"source"`
	Value     float64  `json:"value"`
	Tolerance float64  `json:"tolerance"`
	Simulated *float64 `json:"simulated"`      // nil if it is not defined
	Error     *float64 `json:"standard_error"` // nil if there is none
	Verdict   Verdict  `json:"verdict"`
	Note      string   `json:"note,omitempty"`

	target Target
}

// Compare runs the scenario in the given number of replicates and holds it
// against the facts. Errors in the facts that concern the scenario are Errors.
func (f *Facts) Compare(ctx context.Context, sc *scenarios.Scenario, r *Runner, replicates int) (*Comparison, error) {
	targets, err := f.Targets(sc)
	if err != nil {
		return nil, err
	}
	if r.Suite, err = SuiteOf(targets); err != nil {
		return nil, err
	}
	measured, err := r.Measure(ctx, []Point{{sc, 0, replicates}})
	if err != nil {
		return nil, err
	}
	if err := measured[0].Fail; err != nil {
		return nil, err
	}
	e := r.Suite.Estimate(measured[0].Rows)
	c := &Comparison{Scenario: sc.Title, Facts: f.Title, Replicates: replicates, Days: sc.Time.Days}
	for i := range targets {
		t := &targets[i]
		m := t.Moment()
		c.Rows = append(c.Rows, Row{
			Fact: t.Said(), Metric: t.Metric, Unit: m.Unit(), Status: t.Status, Source: t.Source, Value: t.Value, Tolerance: t.Tolerance,
			Simulated: defined(e.Values[i]), Error: defined(e.Errors[i]), Verdict: t.Judge(e.Values[i], e.Errors[i]), Note: t.Note, target: *t,
		})
	}
	return c, nil
}

// Targets are the facts in their order, checked for the scenario.
func (f *Facts) Targets(sc *scenarios.Scenario) ([]Target, error) {
	targets := Targets(f.Document, f.Facts, "facts", sc)
	return targets, f.Document.Err()
}

func defined(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// WriteText writes the comparison as a table.
func (c *Comparison) WriteText(to io.Writer) error {
	fmt.Fprintf(to, "%s\n%s\n%d replicates of %d measured days\n\n", c.Scenario, c.Facts, c.Replicates, c.Days)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fact\tknown\tsimulated\tverdict\tsource")
	agree := 0
	for i := range c.Rows {
		r := &c.Rows[i]
		simulated := "-"
		if r.Simulated != nil {
			simulated = Digits(*r.Simulated, r.Tolerance)
			if r.Error != nil && *r.Error > 0 {
				simulated += fmt.Sprintf(" (s.e. %s)", Digits(*r.Error, *r.Error))
			}
		}
		if r.Verdict == Agrees {
			agree++
		}
		source := r.Source
		if r.Status != "published" {
			source = r.Status + ": " + source
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Fact, r.target.Known(), simulated, r.Verdict, source)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range c.Rows {
		if r := &c.Rows[i]; r.Note != "" {
			fmt.Fprintf(to, "\n%s: %s\n", r.Fact, r.Note)
		}
	}
	if c.Replicates < stats.Enough {
		fmt.Fprintf(to, "\n%d replicates are few: errors and the spread of quarters need at least %d\n", c.Replicates, stats.Enough)
	}
	_, err := fmt.Fprintf(to, "\n%d of %d facts agree\n", agree, len(c.Rows))
	return err
}
