package report

import (
	"fmt"
	"slices"

	"idleshift/metrics/answer"
	"idleshift/metrics/figures"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/scenarios/design"
)

// sweep fills in what the summary of a sweep says, and the ranking of its
// factors where its design allows one.
func (p *page) sweep(d *store.Dataset, sc *scenarios.Scenario, names named) error {
	s, err := answer.OfSweep(d)
	if err != nil {
		return err
	}
	sum, err := answer.SummaryOf(s, answer.SummaryOptions{})
	if err != nil {
		return fmt.Errorf("%s: %w", d.Dir, err)
	}
	first := func(o answer.OutcomeSummary) bool { return o.Outcome == answer.GainOf(answer.Subject(sc)) }
	if i := slices.IndexFunc(sum.Outcomes, first); i > 0 {
		headline := sum.Outcomes[i]
		sum.Outcomes = slices.Insert(slices.Delete(sum.Outcomes, i, i+1), 0, headline)
	}
	if sum.Title != "" {
		p.Title = sum.Title
	}
	p.Description = "A sweep of the scenario: " + d.Title
	for _, s := range sum.Sentences(names.of) {
		p.Sentences = append(p.Sentences, together(s))
	}
	p.Method.Design = s.Design.Method
	p.Facts = []fact{
		{"Points of the design", figures.Number(float64(sum.Points), 0)}, {"Random worlds of each point", fmt.Sprint(sum.Replicates)},
		{"Measured working days", fmt.Sprint(d.Days)}, {"Factors", fmt.Sprint(len(s.Design.Factors))}, {"Compared with", names.of(d.Baseline)},
	}
	for _, n := range sum.Notes {
		p.Notes = append(p.Notes, noted(n.Text))
	}
	if d.Replicates == 1 {
		p.Notes = append(p.Notes, "One replicate of each point gives no interval: what is said here cannot be told from chance.")
	}
	for _, t := range sum.Tables() {
		p.Main = append(p.Main, names.swept(t, ""))
	}
	if s.Design.Method == design.Morris || s.Design.Method == design.Saltelli {
		ranks, err := answer.SensitivityOf(s, answer.SensitivityOptions{})
		if err != nil {
			p.Notes = append(p.Notes, "Factors are not ranked: "+err.Error()+".")
		} else {
			for _, t := range ranks.Tables() {
				p.More = append(p.More, names.swept(t, "how much depends on each "))
			}
			for _, n := range ranks.Notes {
				p.Notes = append(p.Notes, noted(n.Text))
			}
		}
	}
	for i := range s.Design.Factors {
		f := &s.Design.Factors[i]
		p.moved = append(p.moved, f.Keys...)
		p.Varied = append(p.Varied, factor{f.Name, f.Title, levels(f)})
	}
	p.Data = sweepData(sum, names)
	return nil
}

// swept is a table of a sweep. Its title says what its rows are, and each row
// has a name: that of the one above, if it has none of its own.
func (n named) swept(t answer.Table, what string) table {
	t.Title = outcomeTitle(t.Title, n) + ": " + what + t.Header[0]
	out := n.table(t)
	for i, row := range out.Rows {
		if row[0] == "" && i > 0 {
			row[0] = out.Rows[i-1][0]
		}
	}
	return out
}
