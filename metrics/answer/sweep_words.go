package answer

import (
	"fmt"
	"math"
	"strings"
)

// Sentences put the summary into words that follow from the numbers: one for
// each outcome, one for each condition. title gives the title of a regime.
func (s *Summary) Sentences(title func(regime string) string) []string {
	var all []string
	for i := range s.Outcomes {
		all = append(all, s.Outcomes[i].sentence(s, title))
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		all = append(all, fmt.Sprintf("%s holds at %d of %d points, fails at %d, and cannot be told at %d.", c.Condition, c.Count.Holds, c.Count.total(), c.Count.Fails, c.Count.Open))
	}
	return all
}

func (o *OutcomeSummary) sentence(s *Summary, title func(string) string) string {
	who, over := o.Outcome, ""
	if regime, ok := GainRegime(o.Outcome); ok {
		who, over = "the gain of "+Inner(title(regime)), " over the baseline"
	}
	m := scaled(max(math.Abs(float64(o.Least.Mean.Mean)), math.Abs(float64(o.Most.Mean.Mean))))
	unit := ""
	if u := strings.TrimSpace(m.word + strings.Replace(o.Unit, "/year", " a year", 1)); u != "" {
		unit = " " + u
	}
	said := func(e Estimate) string {
		text := m.format(e.Mean) + unit
		if e.bounded() {
			text += fmt.Sprintf(" (%g %% interval %s to %s)", 100*s.Level, m.format(e.Low), m.format(e.High))
		}
		return text
	}
	var b strings.Builder
	verdict := ""
	if o.Mean.bounded() && !o.Mean.Clear() {
		verdict = notDistinguishable + ": "
	}
	fmt.Fprintf(&b, "Over %d points, %s%s is on average %s%s", s.Points, who, over, verdict, said(o.Mean))
	if o.Least.Mean.Mean == o.Most.Mean.Mean {
		b.WriteString(", the same at every point. ")
	} else {
		fmt.Fprintf(&b, ", from %s (%s) to %s (%s). ", m.format(o.Least.Mean.Mean), o.Least.At, m.format(o.Most.Mean.Mean), o.Most.At)
	}
	var most *FactorEffect
	bounded := false
	for i := range o.Factors {
		e := o.Factors[i].Effect
		bounded = bounded || e.bounded()
		if e.Clear() && (most == nil || math.Abs(float64(e.Mean)) > math.Abs(float64(most.Effect.Mean))) {
			most = &o.Factors[i]
		}
	}
	switch {
	case !bounded:
		b.WriteString("One replicate of each point gives no interval, so that no factor's effect can be told from chance.")
	case most == nil:
		b.WriteString("No factor's effect on it can be told from zero.")
	default:
		e, word := most.Effect, "more"
		if e.Mean < 0 {
			e, word = Estimate{-e.Mean, -e.High, -e.Low}, "less"
		}
		amount := m.format(e.Mean) + unit
		fmt.Fprintf(&b, "It moves most with %s: %s %s at %s than at %s (%g %% interval %s to %s).", most.Factor, amount, word, most.To, most.From, 100*s.Level, m.format(e.Low), m.format(e.High))
	}
	return b.String()
}
