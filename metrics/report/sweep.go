package report

import (
	"fmt"

	"idleshift/metrics/answer"
	"idleshift/metrics/store"
	"idleshift/scenarios/design"
)

// sweep fills in what the summary of a sweep says, and the ranking of its
// factors where its design allows one.
func (p *page) sweep(d *store.Dataset, names named) error {
	s, err := answer.OfSweep(d)
	if err != nil {
		return err
	}
	sum, err := answer.SummaryOf(s, answer.SummaryOptions{})
	if err != nil {
		return fmt.Errorf("%s: %w", d.Dir, err)
	}
	if sum.Title != "" {
		p.Title = sum.Title
	}
	p.Description = "A sweep of the scenario: " + d.Title
	p.Sentences = sum.Sentences(names.of)
	p.Method.Design = s.Design.Method
	p.Facts = []fact{
		{"Points of the design", number(float64(sum.Points), 0)}, {"Random worlds of each point", fmt.Sprint(sum.Replicates)},
		{"Measured working days", fmt.Sprint(d.Days)}, {"Factors", fmt.Sprint(len(s.Design.Factors))}, {"Compared with", names.of(d.Baseline)},
	}
	for _, n := range sum.Notes {
		p.Notes = append(p.Notes, capital(n.Text)+".")
	}
	if d.Replicates == 1 {
		p.Notes = append(p.Notes, "One replicate of each point gives no interval: what is said here cannot be told from chance.")
	}
	for _, t := range sum.Tables() {
		p.Main = append(p.Main, names.table(t))
	}
	if s.Design.Method == design.Morris || s.Design.Method == design.Saltelli {
		ranks, err := answer.SensitivityOf(s, answer.SensitivityOptions{})
		if err != nil {
			p.Notes = append(p.Notes, "Factors are not ranked: "+err.Error()+".")
		} else {
			for _, t := range ranks.Tables() {
				t.Title = "How much depends on each factor: " + t.Title
				p.More = append(p.More, names.table(t))
			}
			for _, n := range ranks.Notes {
				p.Notes = append(p.Notes, capital(n.Text)+".")
			}
		}
	}
	for i := range s.Design.Factors {
		f := &s.Design.Factors[i]
		p.Varied = append(p.Varied, factor{f.Name, f.Title, levels(f)})
	}
	p.Data = sweepData(sum, names)
	return nil
}
