package answer

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// WriteText writes the answer as tables for a terminal.
func (a *Answer) WriteText(w io.Writer) error {
	t := a.text(w)
	t.frame()
	t.regimes()
	t.measures()
	t.sources()
	t.decomposition()
	t.shortage()
	if t.blanks {
		fmt.Fprintf(t, "n.d.: %s\n\n", notDistinguishable)
	}
	fmt.Fprintln(t, a.Headline.Sentence)
	if len(a.Notes) > 0 {
		fmt.Fprintln(t)
	}
	return t.end(a.Notes)
}

// end writes the notes, which come last.
func (t *text) end(notes []Note) error {
	for _, n := range notes {
		fmt.Fprintf(t, "note: %s\n", n.Text)
	}
	return t.Flush()
}

// text is an answer on its way to a terminal.
type text struct {
	*bufio.Writer
	a      *Answer
	money  magnitude
	blanks bool       // a share was withheld
	kept   *collector // takes tables instead of the terminal, unless nil
}

func (a *Answer) text(w io.Writer) *text {
	return &text{Writer: bufio.NewWriter(w), a: a, money: a.magnitude()}
}

// magnitude is that of all money in the tables: it shows the gains well.
func (a *Answer) magnitude() magnitude {
	largest := 0.0
	for _, r := range a.Regimes {
		if r.Gain != nil {
			largest = max(largest, math.Abs(float64(r.Gain.PerYear.Mean)))
		}
	}
	if largest == 0 {
		for _, r := range a.Regimes {
			largest = max(largest, math.Abs(float64(r.Surplus.Mean)))
		}
	}
	m := magnitudeOf(largest)
	m.decimals++
	return m
}

func (t *text) unit() string { return t.money.word + t.a.Currency + " a year" }

func (t *text) frame() {
	a := t.a
	fmt.Fprintf(t, "%s\n%s firms, %s employees; %s after %d of warm-up; %s; seed %d\n\n",
		a.Title, count(a.Firms), count(a.Employees), several(a.Days, "measured day"), a.WarmupDays, several(a.Replicates, "replicate"), a.Seed)
}

// several is a number of things, of which there may be one.
func several(n int, one string) string {
	if n != 1 {
		one += "s"
	}
	return fmt.Sprintf("%d %s", n, one)
}

// regimes is the main table.
func (t *text) regimes() {
	a := t.a
	header := []string{t.unit(), "utili-\nsation", "fill\nrate", "on\ntime", "deals\na year", "surplus", "gain over\n" + a.Baseline, fmt.Sprintf("%g %%\ninterval", 100*a.Level)}
	pooled := t.pooled()
	if pooled != nil {
		header = append(header, "share of the\npooled gain")
	}
	bound := a.Clairvoyant
	if bound != nil {
		header = append(header, "of what any\ncould gain")
	}
	rows := [][]string{}
	for _, r := range a.Regimes {
		row := []string{r.Name, percent1(r.Utilisation.Mean), percent1(r.FillRate.Mean), percent1(r.OnTime.Mean), count(r.Deals.Mean), t.money.format(r.Surplus.Mean)}
		if g := r.Gain; g != nil {
			row = append(row, t.money.format(g.PerYear.Mean), t.bracket(g.PerYear))
			if pooled != nil {
				row = append(row, shareOf(g.OfPooled, g.PerYear, "pooled gain"))
			}
			if bound != nil {
				said := shareOf(g.OfClairvoyant, g.PerYear, "the most")
				if pooled != nil && g.OfClairvoyant == nil {
					said = "-" // the share of the pooled gain says why
				}
				row = append(row, said)
			}
		}
		rows = append(rows, row)
	}
	if bound != nil {
		row := []string{"clairvoyant bound", "", "", "", "", t.money.format(bound.Surplus.Mean), t.money.format(bound.Gain.Mean), t.bracket(bound.Gain)}
		if pooled != nil {
			row = append(row, shareOf(bound.OfPooled, bound.Gain, "pooled gain"))
		}
		rows = append(rows, row)
	}
	t.table(header, rows)
}

func (t *text) pooled() *Gain {
	for i := range t.a.Regimes {
		if r := &t.a.Regimes[i]; r.Pooled && r.Gain != nil {
			return r.Gain
		}
	}
	return nil
}

// shareOf is the share of a gain in a whole, or why there is none.
func shareOf(share *Estimate, gain Estimate, whole string) string {
	switch {
	case share != nil:
		return percents(share.Mean)
	case !gain.bounded():
		return "no interval"
	case gain.Clear():
		return whole + " " + notDistinguishable
	}
	return notDistinguishable
}

// measures shows the gain in other units and by other conventions.
func (t *text) measures() {
	header := []string{"gain over " + t.a.Baseline, t.a.Currency + " per\nemployee", "of fixed\ncost", "without\ninternal needs", "after charges\nfor slack", "firms\nworse off", "variance cut\nby pairing", "p-value\n(Holm)"}
	rows := [][]string{}
	for _, r := range t.a.Regimes {
		g := r.Gain
		if g == nil {
			continue
		}
		worse, pairing, p := "-", "-", "-"
		if g.WorseOff != nil {
			worse = percents(g.WorseOff.Mean)
		}
		if !math.IsNaN(float64(g.Pairing)) {
			pairing = plain(g.Pairing) + " times"
		}
		if !math.IsNaN(float64(g.Holm)) {
			p = probability(float64(g.Holm))
		}
		rows = append(rows, []string{r.Name, plain(g.PerEmployee.Mean), t.share(g.OfFixed),
			t.money.format(g.WithoutInternal.Mean), t.money.format(g.AfterSlack.Mean), worse, pairing, p})
	}
	if len(rows) > 0 {
		t.table(header, rows)
	}
}

// probability writes a p-value.
func probability(p float64) string {
	if p < 0.0005 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// sources shows which lines of the account the gain comes from.
func (t *text) sources() {
	header := []string{"where the gain comes from"}
	var columns []*Gain
	for _, r := range t.a.Regimes {
		if r.Gain != nil {
			header = append(header, twoLines(r.Name))
			columns = append(columns, r.Gain)
		}
	}
	if len(columns) == 0 {
		return
	}
	rows := [][]string{}
	for i, line := range columns[0].Sources {
		row, any := []string{line.Account}, false
		for _, g := range columns {
			x := g.Sources[i].PerYear.Mean
			any = any || x != 0
			row = append(row, t.money.format(x))
		}
		if any {
			rows = append(rows, row)
		}
	}
	t.table(header, rows)
}

func (t *text) decomposition() {
	d := t.a.Decomposition
	if d == nil {
		return
	}
	interval := fmt.Sprintf("%g %%\ninterval", 100*t.a.Level)
	line := func(name string, e Estimate) []string {
		said := ""
		if e.bounded() && !e.Clear() {
			said = notDistinguishable
		}
		return []string{name, t.money.format(e.Mean), t.bracket(e), said}
	}
	t.table([]string{"decomposition", "gain over\n" + d.Base, interval, ""}, [][]string{
		line("unit alone ("+d.UnitRegime+")", d.Unit),
		line("terms alone ("+d.TermsRegime+")", d.Terms),
		line("both ("+d.BothRegime+")", d.Both),
		line("interaction", d.Interaction),
	})
}

// shortage shows what each regime recovers.
func (t *text) shortage() {
	s := &t.a.Shortage
	header := []string{"shortage cost recovered", "cost in\n" + t.a.Baseline}
	for _, r := range s.Total.Recovered {
		header = append(header, twoLines(r.Regime))
	}
	if len(header) == 2 {
		return
	}
	rows := [][]string{}
	add := func(r *ShortageRow, name string) {
		if r.Orders.Mean == 0 {
			return
		}
		row := []string{name, t.money.format(r.Baseline.Mean)}
		for _, rec := range r.Recovered {
			row = append(row, t.share(rec.Share))
		}
		rows = append(rows, row)
	}
	add(&s.Total, s.Total.Title)
	for i := range s.Sizes {
		add(&s.Sizes[i], "  "+s.Sizes[i].Title)
	}
	for i := range s.Classes {
		add(&s.Classes[i], s.Classes[i].Name)
	}
	t.table(header, rows)
}

func (t *text) share(e *Estimate) string {
	if e == nil {
		t.blanks = true
		return "n.d."
	}
	return percents(e.Mean)
}

// bracket is an interval alone.
func (t *text) bracket(e Estimate) string {
	if !e.bounded() {
		return "no interval"
	}
	return "[" + t.money.format(e.Low) + ", " + t.money.format(e.High) + "]"
}

func percent1(x Number) string {
	if math.IsNaN(float64(x)) {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(x))
}

// count writes a whole number.
func count(x Number) string { return magnitude{divide: 1}.format(x) }

// twoLines splits a regime's name over two lines of a header.
func twoLines(name string) string { return strings.Replace(name, "_", "_\n", 1) }

// table writes rows under a header, whose cells may have two lines: the first
// column to the left, the others to the right.
func (t *text) table(header []string, rows [][]string) {
	if t.kept != nil {
		t.kept.take(t, header, rows)
		return
	}
	above, below := make([]string, len(header)), make([]string, len(header))
	for i, h := range header {
		if first, second, two := strings.Cut(h, "\n"); two {
			above[i], below[i] = first, second
		} else {
			below[i] = h
		}
	}
	all := append([][]string{above, below}, rows...)
	if strings.Join(above, "") == "" {
		all = all[1:]
	}
	width := make([]int, len(header))
	for _, row := range all {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range all {
		line := ""
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line = cell + pad
			} else {
				line += "  " + pad + cell
			}
		}
		fmt.Fprintln(t, strings.TrimRight(line, " "))
	}
	fmt.Fprintln(t)
}
