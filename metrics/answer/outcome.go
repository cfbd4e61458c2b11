package answer

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"idleshift/metrics"
	"idleshift/metrics/stats"
)

// An Outcome is what is asked of every run of a sweep: a sum, difference,
// product or ratio of metrics of regimes, such as gain(cooperative) or
// surplus(cooperative) - surplus(firm). It is worked out in each replicate;
// gain(R) is the surplus of R over that of the baseline.
type Outcome struct {
	Text string
	root *term
}

// A term is a node of an Outcome.
type term struct {
	op          byte // '+', '-', '*', '/'; 'n' a number, 'm' a metric
	number      float64
	metric      string
	regime      string
	left, right *term
}

// gain is the name that stands for a regime's surplus over the baseline's.
const gain = "gain"

// GainOf is the outcome that is a regime's gain.
func GainOf(regime string) string { return gain + "(" + regime + ")" }

// GainRegime is the regime whose gain an outcome is; ok is false if it is
// something else.
func GainRegime(outcome string) (regime string, ok bool) {
	regime, ok = strings.CutPrefix(outcome, gain+"(")
	if !ok || strings.IndexByte(regime, ')') != len(regime)-1 {
		return "", false
	}
	return strings.TrimSuffix(regime, ")"), true
}

// ParseOutcome reads an outcome; its names are checked when it is evaluated.
func ParseOutcome(text string) (*Outcome, error) {
	p := &outcomeParser{text: text}
	root, err := p.sum()
	if err == nil && p.skip() < len(text) {
		err = p.wrong("something stands behind the end")
	}
	if err != nil {
		return nil, err
	}
	return &Outcome{strings.TrimSpace(text), root}, nil
}

// A Condition sets two outcomes against each other.
type Condition struct {
	Text        string
	Left, Right *Outcome
	Greater     bool // the left is to be the greater
}

// ParseCondition reads a condition such as gain(cooperative) > gain(firm).
func ParseCondition(text string) (*Condition, error) {
	i := strings.IndexAny(text, "<>")
	if i < 0 {
		return nil, fmt.Errorf("%q compares nothing: write it as gain(cooperative) > gain(firm)", text)
	}
	c := &Condition{Text: strings.TrimSpace(text), Greater: text[i] == '>'}
	rest := text[i+1:]
	if strings.HasPrefix(rest, "=") {
		return nil, fmt.Errorf("%q: write %c; that two outcomes are the same cannot be told from samples", text, text[i])
	}
	var err error
	if c.Left, err = ParseOutcome(text[:i]); err != nil {
		return nil, err
	}
	c.Right, err = ParseOutcome(rest)
	return c, err
}

// An outcomeParser reads by recursive descent.
type outcomeParser struct {
	text string
	at   int
}

func (p *outcomeParser) wrong(problem string) error {
	return fmt.Errorf("%q, character %d: %s; an outcome is written as gain(cooperative), or as surplus(cooperative) - surplus(firm)",
		p.text, len([]rune(p.text[:p.at]))+1, problem)
}

// skip passes over blanks and tells the position.
func (p *outcomeParser) skip() int {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	return p.at
}

// next passes over one of the given characters and tells which; 0 for none.
func (p *outcomeParser) next(of string) byte {
	if p.skip() < len(p.text) && strings.IndexByte(of, p.text[p.at]) >= 0 {
		p.at++
		return p.text[p.at-1]
	}
	return 0
}

func (p *outcomeParser) sum() (*term, error) {
	return p.chain("+-", func() (*term, error) { return p.chain("*/", p.factor) })
}

func (p *outcomeParser) chain(ops string, part func() (*term, error)) (*term, error) {
	left, err := part()
	for err == nil {
		op := p.next(ops)
		if op == 0 {
			break
		}
		t := &term{op: op, left: left}
		t.right, err = part()
		left = t
	}
	return left, err
}

func (p *outcomeParser) factor() (*term, error) {
	if p.next("(") != 0 {
		t, err := p.sum()
		if err == nil && p.next(")") == 0 {
			err = p.wrong("a bracket is not closed")
		}
		return t, err
	}
	start := p.skip()
	word := p.word()
	switch {
	case word == "":
		return nil, p.wrong("a metric of a regime, or a number, was expected")
	case word[0] >= '0' && word[0] <= '9' || word[0] == '.':
		x, err := strconv.ParseFloat(word, 64)
		if err != nil || math.IsInf(x, 0) {
			p.at = start
			return nil, p.wrong(word + " is no number")
		}
		return &term{op: 'n', number: x}, nil
	}
	t := &term{op: 'm', metric: word}
	if p.next("(") == 0 {
		return nil, p.wrong(fmt.Sprintf("the regime is missing: %s(REGIME)", word))
	}
	end := strings.IndexByte(p.text[p.at:], ')')
	if end < 0 {
		return nil, p.wrong("a bracket is not closed")
	}
	if t.regime = strings.TrimSpace(p.text[p.at : p.at+end]); t.regime == "" {
		return nil, p.wrong("the name of a regime was expected")
	}
	p.at += end + 1
	return t, nil
}

// word is a name or a number.
func (p *outcomeParser) word() string {
	start := p.skip()
	for p.at < len(p.text) {
		c := rune(p.text[p.at])
		if !(c == '_' || c == '.' || unicode.IsLetter(c) || unicode.IsDigit(c)) {
			break
		}
		p.at++
	}
	return p.text[start:p.at]
}

// values are the outcomes by point and replicate; NaN where a run failed or
// the outcome is not defined.
func (s *Sweep) values(o *Outcome) ([][]float64, error) { return s.term(o.root) }

func (s *Sweep) term(t *term) ([][]float64, error) {
	out := make([][]float64, len(s.Design.Points))
	var x, y [][]float64
	var err error
	switch {
	case t.op == 'n':
		for i := range out {
			out[i] = slices.Repeat([]float64{t.number}, s.Replicates)
		}
		return out, nil
	case t.metric == gain:
		if x, err = s.metric("surplus", t.regime); err == nil {
			y, err = s.metric("surplus", s.Baseline)
		}
	case t.op == 'm':
		return s.metric(t.metric, t.regime)
	default:
		if x, err = s.term(t.left); err == nil {
			y, err = s.term(t.right)
		}
	}
	if err != nil {
		return nil, err
	}
	for i := range out {
		switch t.op {
		case '-', 'm':
			out[i] = stats.Differences(x[i], y[i])
			continue
		}
		out[i] = make([]float64, s.Replicates)
		for r, a := range x[i] {
			switch b := y[i][r]; {
			case t.op == '+':
				out[i][r] = a + b
			case t.op == '*':
				out[i][r] = a * b
			case b == 0:
				out[i][r] = math.NaN()
			default:
				out[i][r] = a / b
			}
		}
	}
	return out, nil
}

// metric reads a metric of a regime, once.
func (s *Sweep) metric(metric, regime string) ([][]float64, error) {
	id := metric + "(" + regime + ")"
	if got, ok := s.read[id]; ok {
		return got, nil
	}
	got, err := s.runs(metric, regime)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	s.read[id] = got
	return got, nil
}

// check tells whether the names of the outcome are those of metrics and of the
// given regimes.
func (o *Outcome) check(regimes []string) error {
	var errs []error
	var look func(t *term)
	look = func(t *term) {
		switch {
		case t.left != nil:
			look(t.left)
			look(t.right)
		case t.op == 'm':
			names := []string{gain}
			for _, m := range metrics.Catalogue {
				names = append(names, m.Name)
			}
			if !slices.Contains(names, t.metric) {
				errs = append(errs, metrics.Unknown("metric", t.metric, names))
			}
			if !slices.Contains(regimes, t.regime) {
				errs = append(errs, metrics.Unknown("regime", t.regime, regimes))
			}
		}
	}
	look(o.root)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", o.Text, err)
	}
	return nil
}

// unit is that of the outcome; empty for pure numbers.
func (o *Outcome) unit(currency string) string {
	return strings.ReplaceAll(o.root.unit(), "currency", currency)
}

func (t *term) unit() string {
	switch t.op {
	case 'n':
		return ""
	case 'm':
		name := t.metric
		if name == gain {
			name = "surplus"
		}
		if m, err := metrics.ByName(name); err == nil && m.Unit != "1" {
			return m.Unit
		}
		return ""
	}
	left, right := t.left.unit(), t.right.unit()
	switch {
	case t.op == '+' || t.op == '-':
		return cmp.Or(left, right)
	case t.op == '*' && (left == "" || right == ""):
		return left + right
	case t.op == '*':
		return left + " × " + right
	case left == right:
		return ""
	case right == "":
		return left
	}
	return left + "/" + strings.TrimSuffix(right, "s")
}
