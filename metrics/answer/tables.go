package answer

import (
	"bufio"
	"bytes"
	"strings"
)

// A Table is a table of an answer in the words and numbers that a terminal
// shows, for others to lay out.
type Table struct {
	Title  string
	Above  []string   // lines of text that stand above it
	Header []string   // of the columns; a cell may have two lines
	Rows   [][]string // the first cell names the row; a row may be shorter than the header
}

// Tables are those of the answer: what each regime gains first.
func (a *Answer) Tables() []Table {
	t := collecting()
	t.a, t.money = a, a.magnitude()
	for _, part := range []struct {
		title string
		write func()
	}{
		{"What each form of cooperation gains", t.regimes},
		{"The gain in other units", t.measures},
		{"Where the gain comes from", t.sources},
		{"Decomposition of the gain", t.decomposition},
		{"Shortage cost recovered", t.shortage},
	} {
		t.titled(part.title, part.write)
	}
	return t.kept.tables
}

// Tables is the table of the comparison.
func (c *Comparison) Tables() []Table {
	t := collecting()
	t.titled("What differs between the two", func() { c.write(t) })
	return t.kept.tables
}

// Tables are those of the summary, outcome by outcome and condition by
// condition.
func (s *Summary) Tables() []Table {
	t := collecting()
	for i := range s.Outcomes {
		t.titled(s.Outcomes[i].Outcome, func() { s.Outcomes[i].write(t, s) })
	}
	for i := range s.Conditions {
		t.titled(s.Conditions[i].Condition, func() { s.Conditions[i].write(t) })
	}
	return t.kept.tables
}

// Tables are those of the ranking, outcome by outcome.
func (s *Sensitivity) Tables() []Table {
	t := collecting()
	for i := range s.Outcomes {
		t.titled(s.Outcomes[i].Outcome, func() { s.Outcomes[i].write(t, s) })
	}
	return t.kept.tables
}

// A collector keeps the tables of a text.
type collector struct {
	title  string
	lines  bytes.Buffer
	tables []Table
}

func collecting() *text {
	c := &collector{}
	return &text{Writer: bufio.NewWriter(&c.lines), kept: c}
}

// titled collects the tables that write writes under a title.
func (t *text) titled(title string, write func()) {
	t.kept.title = title
	write()
}

func (c *collector) take(t *text, header []string, rows [][]string) {
	t.Flush() // to a buffer: it cannot fail
	var above []string
	for line := range strings.Lines(c.lines.String()) {
		if line = strings.TrimSpace(line); line != "" {
			above = append(above, line)
		}
	}
	c.lines.Reset()
	c.tables = append(c.tables, Table{c.title, above, header, rows})
}
