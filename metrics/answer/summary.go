package answer

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"idleshift/metrics/stats"
	"idleshift/scenarios/design"
)

// A Summary says what the factors of a sweep do to outcomes, and where in the
// design conditions hold.
type Summary struct {
	About
	Common     bool               `json:"common_random_numbers" doc:"Points share their random numbers, so that their differences are paired by replicate."`
	Outcomes   []OutcomeSummary   `json:"outcomes" doc:"Outcomes, in the order in which they were asked for."`
	Conditions []ConditionSummary `json:"conditions" doc:"Conditions, in the order in which they were asked for."`
	Notes      []Note             `json:"notes" doc:"Warnings."`
}

// An OutcomeSummary is what the factors do to one outcome.
type OutcomeSummary struct {
	Outcome string         `json:"outcome" doc:"Outcome."`
	Unit    string         `json:"unit" doc:"Its unit; empty for pure numbers."`
	Mean    Estimate       `json:"mean" doc:"Mean over all points."`
	Least   PointOutcome   `json:"least" doc:"Point where it is least."`
	Most    PointOutcome   `json:"most" doc:"Point where it is most."`
	Factors []FactorEffect `json:"factors" doc:"Factors, the largest effect first."`
	Pair    *PairMeans     `json:"pair" doc:"Means by the two factors of the largest effects, of a grid; null otherwise."`
}

// PairMeans are mean outcomes by the values of two factors.
type PairMeans struct {
	Down   string       `json:"rows" doc:"Factor of the rows."`
	Across string       `json:"columns" doc:"Factor of the columns."`
	Rows   []string     `json:"row_values" doc:"Values of the first."`
	Cols   []string     `json:"column_values" doc:"Values of the second."`
	Mean   [][]Estimate `json:"means" doc:"Mean outcome, by row and column; null where there is no point."`
}

// A PointOutcome is the outcome at one point.
type PointOutcome struct {
	Point int      `json:"point" doc:"Point, from 0."`
	At    string   `json:"at" doc:"Where it lies."`
	Mean  Estimate `json:"mean" doc:"Outcome."`
}

// A FactorEffect is the mean outcome where a factor is low and where it is high,
// over all other factors; of one-at-a-time, with the others as in the base.
type FactorEffect struct {
	Factor string        `json:"factor" doc:"Factor."`
	Title  string        `json:"title" doc:"What it is."`
	From   string        `json:"from" doc:"Group that the effect is measured from: the lowest, or of words the one where the outcome is least."`
	To     string        `json:"to" doc:"Group that it is measured to."`
	Effect Estimate      `json:"effect" doc:"Difference of the outcome between the two."`
	Groups []GroupEffect `json:"groups" doc:"Values of the factor, in their order; of a factor of many values, eight groups of points."`
}

// A GroupEffect is the mean outcome over points that are alike in a factor.
type GroupEffect struct {
	Group  string   `json:"group" doc:"Values of the factor."`
	Points int      `json:"points" doc:"How many points."`
	Mean   Estimate `json:"mean" doc:"Mean outcome."`
}

// A ConditionSummary is where a condition holds.
type ConditionSummary struct {
	Condition string           `json:"condition" doc:"Condition."`
	Unit      string           `json:"unit" doc:"Unit of its sides; empty for pure numbers."`
	Count     Verdicts         `json:"points" doc:"Points by verdict."`
	Holds     *Part            `json:"holds_in" doc:"A part of the design where it holds at every point; null if none was found."`
	Never     *Part            `json:"not_in" doc:"A part of the design where it is not seen to hold at any point: it fails or is open; null if none was found."`
	Factors   []FactorVerdicts `json:"factors" doc:"Verdicts by factor."`
	Pairs     []PairVerdicts   `json:"pairs" doc:"Verdicts by pairs of factors, of a grid of at most four factors."`
	Verdicts  []PointVerdict   `json:"verdicts" doc:"Verdict at every point."`
}

// Verdicts count points.
type Verdicts struct {
	Holds int `json:"holds" doc:"The interval of the difference lies on the side that the condition asks for."`
	Fails int `json:"fails" doc:"It lies on the other side."`
	Open  int `json:"open" doc:"It includes zero: the two are not distinguishable."`
}

// A Part is a part of a design.
type Part struct {
	Where  string `json:"where" doc:"Limits by factor; empty for the whole design."`
	Points int    `json:"points" doc:"How many points it has."`
}

// FactorVerdicts are the verdicts by the values of a factor.
type FactorVerdicts struct {
	Factor string          `json:"factor" doc:"Factor."`
	Groups []GroupVerdicts `json:"groups" doc:"Its values, in their order."`
}

// GroupVerdicts are the verdicts at points that are alike in a factor.
type GroupVerdicts struct {
	Group string   `json:"group" doc:"Values of the factor."`
	Count Verdicts `json:"points" doc:"Points by verdict."`
}

// PairVerdicts are the verdicts by the values of two factors.
type PairVerdicts struct {
	Down   string       `json:"rows" doc:"Factor of the rows."`
	Across string       `json:"columns" doc:"Factor of the columns."`
	Rows   []string     `json:"row_values" doc:"Values of the first."`
	Cols   []string     `json:"column_values" doc:"Values of the second."`
	Count  [][]Verdicts `json:"points" doc:"Points by verdict, by row and column."`
}

// A PointVerdict is whether a condition holds at a point.
type PointVerdict struct {
	Point      int      `json:"point" doc:"Point, from 0."`
	At         string   `json:"at" doc:"Where it lies."`
	Verdict    string   `json:"verdict" doc:"holds, fails or open."`
	Difference Estimate `json:"difference" doc:"Left side less right side."`
}

const (
	holds = "holds"
	fails = "fails"
	open  = "open"
)

// SummaryOptions say what is asked; what is empty is what the design asks for.
type SummaryOptions struct {
	Outcomes   []string // none in either: every gain
	Conditions []string
}

// SummaryOf sums a sweep up. A condition needs at least two replicates.
func SummaryOf(s *Sweep, opt SummaryOptions) (*Summary, error) {
	d := s.Design
	outcomes, err := s.outcomes(opt.Outcomes)
	if err != nil {
		return nil, err
	}
	if len(opt.Conditions) == 0 {
		opt.Conditions = d.Conditions
	}
	out := &Summary{About: s.about(), Common: d.CRN, Outcomes: []OutcomeSummary{}, Conditions: []ConditionSummary{}, Notes: []Note{}}
	note := func(what string, lost int) {
		if lost > 0 {
			n := left(lost, "points")
			n.Text = what + ": " + n.Text
			out.Notes = append(out.Notes, n)
		}
	}
	for _, o := range outcomes {
		y, err := s.values(o)
		if err != nil {
			return nil, err
		}
		points := whole(y)
		if len(points) == 0 {
			return nil, fmt.Errorf("%s: there is no point where it is defined and no run failed", o.Text)
		}
		note(o.Text, len(y)-len(points))
		out.Outcomes = append(out.Outcomes, s.summary(o, y, points))
	}
	for _, text := range opt.Conditions {
		c, err := ParseCondition(text)
		if err == nil {
			err = errors.Join(c.Left.check(s.Regimes), c.Right.check(s.Regimes))
		}
		if err != nil {
			return nil, err
		}
		if s.Replicates < 2 {
			return nil, errors.New("whether a condition holds needs an interval, and that at least two replicates: this sweep has one")
		}
		one, lost, err := s.condition(c)
		if err != nil {
			return nil, err
		}
		note(c.Text, lost)
		out.Conditions = append(out.Conditions, *one)
	}
	if s.Replicates < stats.Enough {
		out.Notes = append(out.Notes, Note{Code: FewReplicates, Text: fmt.Sprintf("%d replicates are few: an interval needs at least %d", s.Replicates, stats.Enough)})
	}
	return out, nil
}

// whole lists the points where the outcome is there in every replicate.
func whole(y [][]float64) (points []int) {
	for i := range y {
		if complete(y[i]) {
			points = append(points, i)
		}
	}
	return points
}

// contrast is the mean over some points less that over others, which may be
// none.
func (s *Sweep) contrast(y [][]float64, of, less []int) Estimate {
	w := make([]float64, len(y))
	for _, p := range of {
		w[p] += 1 / float64(len(of))
	}
	for _, p := range less {
		w[p] -= 1 / float64(len(less))
	}
	return estimate(stats.Contrast(y, w, s.Design.CRN, Level))
}

func (s *Sweep) summary(o *Outcome, y [][]float64, points []int) OutcomeSummary {
	out := OutcomeSummary{Outcome: o.Text, Unit: o.unit(s.Currency), Mean: s.contrast(y, points, nil)}
	at := func(p int) PointOutcome { return PointOutcome{p, s.where(p), s.contrast(y, []int{p}, nil)} }
	byMean := func(a, b int) int { return cmp.Compare(stats.Mean(y[a], Level).Mean, stats.Mean(y[b], Level).Mean) }
	out.Least, out.Most = at(slices.MinFunc(points, byMean)), at(slices.MaxFunc(points, byMean))
	for f := range s.Design.Factors {
		by := divide(s.Design, f, s.moved(f, points))
		e := FactorEffect{Factor: by.factor.Name, Title: by.factor.Title, Groups: []GroupEffect{}}
		for g := range by.groups {
			e.Groups = append(e.Groups, GroupEffect{by.label(g), len(by.groups[g].points), s.contrast(y, by.groups[g].points, nil)})
		}
		from, to := 0, len(by.groups)-1
		if !by.factor.Numeric() {
			for g := range e.Groups {
				if e.Groups[g].Mean.Mean < e.Groups[from].Mean.Mean {
					from = g
				}
				if e.Groups[g].Mean.Mean > e.Groups[to].Mean.Mean {
					to = g
				}
			}
		}
		e.From, e.To = by.label(from), by.label(to)
		e.Effect = estimate(stats.Mean(nil, Level))
		if from != to {
			e.Effect = s.contrast(y, by.groups[to].points, by.groups[from].points)
		}
		out.Factors = append(out.Factors, e)
	}
	slices.SortStableFunc(out.Factors, func(a, b FactorEffect) int {
		return cmp.Compare(math.Abs(float64(b.Effect.Mean)), math.Abs(float64(a.Effect.Mean)))
	})
	if s.Design.Method == design.Grid && len(out.Factors) > 1 {
		out.Pair = s.pairMeans(y, points, out.Factors[0].Factor, out.Factors[1].Factor)
	}
	return out
}

// pairMeans are the means over points that are alike in two factors.
func (s *Sweep) pairMeans(y [][]float64, points []int, one, other string) *PairMeans {
	by := func(name string) division {
		f := slices.IndexFunc(s.Design.Factors, func(f design.Factor) bool { return f.Name == name })
		return divide(s.Design, f, points)
	}
	down, across := by(one), by(other)
	out := &PairMeans{Down: one, Across: other}
	for g := range down.groups {
		out.Rows = append(out.Rows, down.label(g))
		row := make([]Estimate, len(across.groups))
		for h := range across.groups {
			cell := slices.DeleteFunc(slices.Clone(down.groups[g].points), func(p int) bool { return across.of[p] != h })
			row[h] = estimate(stats.Mean(nil, Level))
			if len(cell) > 0 {
				row[h] = s.contrast(y, cell, nil)
			}
		}
		out.Mean = append(out.Mean, row)
	}
	for h := range across.groups {
		out.Cols = append(out.Cols, across.label(h))
	}
	return out
}

// moved are the points between which the factor is told: all, or of
// one-at-a-time those that have all others as the base has them.
func (s *Sweep) moved(f int, points []int) []int {
	if s.Design.Method != design.OneAtATime {
		return points
	}
	base := s.Design.Points[0].At
	return slices.DeleteFunc(slices.Clone(points), func(p int) bool {
		for g, x := range s.Design.Points[p].At {
			if g != f && x != base[g] {
				return true
			}
		}
		return false
	})
}

// where says where a point lies.
func (s *Sweep) where(p int) string {
	var words []string
	for f := range s.Design.Factors {
		factor := &s.Design.Factors[f]
		words = append(words, factor.Name+" "+FactorValue(factor, s.Design.Points[p].At[f]))
	}
	return strings.Join(words, ", ")
}

func (v *Verdicts) add(verdict string) {
	switch verdict {
	case holds:
		v.Holds++
	case fails:
		v.Fails++
	default:
		v.Open++
	}
}

func (v Verdicts) total() int { return v.Holds + v.Fails + v.Open }

// condition tells where the condition holds; lost is how many points it cannot
// be told of.
func (s *Sweep) condition(c *Condition) (out *ConditionSummary, lost int, err error) {
	y, err := s.term(&term{op: '-', left: c.Left.root, right: c.Right.root})
	if err != nil {
		return nil, 0, err
	}
	d, points := s.Design, whole(y)
	unit := cmp.Or(c.Left.unit(s.Currency), c.Right.unit(s.Currency))
	out = &ConditionSummary{Condition: c.Text, Unit: unit, Factors: []FactorVerdicts{}, Pairs: []PairVerdicts{}, Verdicts: []PointVerdict{}}
	verdict := make([]string, len(y))
	for _, p := range points {
		e := interval(y[p])
		verdict[p] = open
		if e.Clear() {
			verdict[p] = fails
			if e.Low > 0 == c.Greater {
				verdict[p] = holds
			}
		}
		out.Count.add(verdict[p])
		out.Verdicts = append(out.Verdicts, PointVerdict{p, s.where(p), verdict[p], e})
	}
	var by []division
	for f := range d.Factors {
		by = append(by, divide(d, f, points))
		v := FactorVerdicts{Factor: d.Factors[f].Name, Groups: []GroupVerdicts{}}
		for g := range by[f].groups {
			one := GroupVerdicts{Group: by[f].label(g)}
			for _, p := range by[f].groups[g].points {
				one.Count.add(verdict[p])
			}
			v.Groups = append(v.Groups, one)
		}
		out.Factors = append(out.Factors, v)
	}
	part := func(good func(p int) bool) *Part {
		b, n := pure(by, points, good)
		if b == nil {
			return nil
		}
		return &Part{b.words(), n}
	}
	out.Holds = part(func(p int) bool { return verdict[p] == holds })
	out.Never = part(func(p int) bool { return verdict[p] != holds })
	if d.Method == design.Grid && len(by) <= 4 {
		for f := range by {
			for g := f + 1; g < len(by); g++ {
				out.Pairs = append(out.Pairs, pair(&by[f], &by[g], points, verdict))
			}
		}
	}
	return out, len(y) - len(points), nil
}

func pair(down, across *division, points []int, verdict []string) PairVerdicts {
	v := PairVerdicts{Down: down.factor.Name, Across: across.factor.Name, Count: make([][]Verdicts, len(down.groups))}
	for g := range down.groups {
		v.Rows = append(v.Rows, down.label(g))
		v.Count[g] = make([]Verdicts, len(across.groups))
	}
	for g := range across.groups {
		v.Cols = append(v.Cols, across.label(g))
	}
	for _, p := range points {
		v.Count[down.of[p]][across.of[p]].add(verdict[p])
	}
	return v
}

// An EffectRow is the mean outcome over points that are alike in a factor, for
// tables.
type EffectRow struct {
	Outcome string   `parquet:"outcome,dict"`
	Factor  string   `parquet:"factor,dict"`
	Group   string   `parquet:"group,dict"`
	Points  int32    `parquet:"points"`
	Mean    *float64 `parquet:"mean,optional"`
	Low     *float64 `parquet:"low,optional"`
	High    *float64 `parquet:"high,optional"`
}

// Effects are the means of all groups, by outcome and factor.
func (s *Summary) Effects() (rows []EffectRow) {
	for _, o := range s.Outcomes {
		for _, f := range o.Factors {
			for _, g := range f.Groups {
				rows = append(rows, EffectRow{o.Outcome, f.Factor, g.Group, int32(g.Points), g.Mean.Mean.nullable(), g.Mean.Low.nullable(), g.Mean.High.nullable()})
			}
		}
	}
	return rows
}

// A VerdictRow is whether a condition holds at a point, for tables.
type VerdictRow struct {
	Condition  string   `parquet:"condition,dict"`
	Point      int32    `parquet:"point,delta"`
	Verdict    string   `parquet:"verdict,dict"`
	Difference *float64 `parquet:"difference,optional"` // left side less right side
	Low        *float64 `parquet:"low,optional"`
	High       *float64 `parquet:"high,optional"`
}

// Verdicts are those of all conditions, by point.
func (s *Summary) Verdicts() (rows []VerdictRow) {
	for _, c := range s.Conditions {
		for _, v := range c.Verdicts {
			rows = append(rows, VerdictRow{c.Condition, int32(v.Point), v.Verdict, v.Difference.Mean.nullable(), v.Difference.Low.nullable(), v.Difference.High.nullable()})
		}
	}
	return rows
}

// WriteText writes the summary as tables for a terminal.
func (s *Summary) WriteText(w io.Writer) error {
	t := &text{Writer: bufio.NewWriter(w)}
	numbers := "points share their random numbers"
	if !s.Common {
		numbers = "random numbers afresh at each point"
	}
	fmt.Fprintf(t, "%s\n%s: %d points, %d replicates; %s\n\n", s.Title, s.Method, s.Points, s.Replicates, numbers)
	for i := range s.Outcomes {
		s.Outcomes[i].write(t, s)
	}
	for i := range s.Conditions {
		s.Conditions[i].write(t)
	}
	return t.end(s.Notes)
}

func (o *OutcomeSummary) write(t *text, s *Summary) {
	t.money = scaled(max(math.Abs(float64(o.Least.Mean.Mean)), math.Abs(float64(o.Most.Mean.Mean))))
	fmt.Fprintf(t, "%s: mean %s, ", titled(o.Outcome, t.money.word+o.Unit), t.money.format(o.Mean.Mean))
	if o.Least.Mean.Mean == o.Most.Mean.Mean {
		fmt.Fprint(t, "the same at every point\n\n")
	} else {
		fmt.Fprintf(t, "from %s (%s) to %s (%s)\n\n", t.money.format(o.Least.Mean.Mean), o.Least.At, t.money.format(o.Most.Mean.Mean), o.Most.At)
	}
	interval := fmt.Sprintf("%g %%\ninterval", 100*s.Level)
	rows := [][]string{}
	for _, f := range o.Factors {
		if len(f.Groups) < 2 {
			continue
		}
		said := ""
		switch e := f.Effect; {
		case e.Low == 0 && e.High == 0:
			said = "none"
		case e.bounded() && !e.Clear():
			said = notDistinguishable
		}
		rows = append(rows, []string{f.Factor, f.From, f.To, t.money.format(f.Effect.Mean), t.bracket(f.Effect), said})
	}
	t.table([]string{"effect of", "from", "to", "difference", interval, ""}, rows)
	rows = nil
	for _, f := range o.Factors {
		most := 0.0
		for _, g := range f.Groups {
			most = max(most, float64(g.Mean.Mean))
		}
		for i, g := range f.Groups {
			name, of := "", "-"
			if i == 0 {
				name = f.Factor
			}
			if most > 0 && g.Mean.Mean >= 0 { // a loss is no share of a gain
				of = percents(g.Mean.Mean / Number(most))
			}
			rows = append(rows, []string{name, g.Group, strconv.Itoa(g.Points), t.money.format(g.Mean.Mean), t.bracket(g.Mean), of})
		}
	}
	t.table([]string{"mean where", "is", "points", "mean", interval, "of the\nmost"}, rows)
	if o.Pair == nil {
		return
	}
	rows = nil
	for i, name := range o.Pair.Rows {
		row := []string{name}
		for _, e := range o.Pair.Mean[i] {
			row = append(row, t.money.format(e.Mean))
		}
		rows = append(rows, row)
	}
	t.table(append([]string{"mean by " + o.Pair.Down + " and " + o.Pair.Across}, o.Pair.Cols...), rows)
}

// scaled writes numbers up to x, also small ones, with about three digits.
func scaled(x float64) magnitude {
	m := magnitudeOf(x)
	for ; x > 0 && x < 1 && m.decimals < 9; x *= 10 {
		m.decimals++
	}
	return m
}

// titled is an outcome with its unit, if it has one.
func titled(outcome, unit string) string {
	if unit = strings.TrimSpace(unit); unit == "" {
		return outcome
	}
	return outcome + ", " + unit
}

func (c *ConditionSummary) write(t *text) {
	n := c.Count
	fmt.Fprintf(t, "%s: holds at %d of %d points, fails at %d, cannot be told at %d\n", c.Condition, n.Holds, n.total(), n.Fails, n.Open)
	for _, part := range []struct {
		said string
		part *Part
	}{{"it holds at every point", c.Holds}, {"it is not seen to hold anywhere", c.Never}} {
		switch {
		case part.part == nil:
		case part.part.Where == "":
			fmt.Fprintf(t, "%s\n", part.said)
		default:
			fmt.Fprintf(t, "%s with %s (%s)\n", part.said, part.part.Where, several(part.part.Points, "point"))
		}
	}
	fmt.Fprintln(t)
	if len(c.Pairs) == 0 {
		rows := [][]string{}
		for _, f := range c.Factors {
			for i, g := range f.Groups {
				name := ""
				if i == 0 {
					name = f.Factor
				}
				rows = append(rows, []string{name, g.Group, strconv.Itoa(g.Count.Holds), strconv.Itoa(g.Count.Fails), strconv.Itoa(g.Count.Open)})
			}
		}
		t.table([]string{"where", "is", "holds", "fails", "open"}, rows)
	}
	for _, p := range c.Pairs {
		header := []string{"holds at, by " + p.Down + " and " + p.Across}
		header = append(header, p.Cols...)
		rows := [][]string{}
		for i, name := range p.Rows {
			row := []string{name}
			for _, v := range p.Count[i] {
				row = append(row, v.short())
			}
			rows = append(rows, row)
		}
		t.table(header, rows)
	}
}

// short is how many of the points hold; with one point, the verdict.
func (v Verdicts) short() string {
	switch {
	case v.total() == 0:
		return "-"
	case v.total() > 1:
		return fmt.Sprintf("%d of %d", v.Holds, v.total())
	case v.Holds == 1:
		return holds
	case v.Fails == 1:
		return fails
	}
	return open
}
