package answer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"idleshift/metrics/stats"
	"idleshift/scenarios"
)

// notDistinguishable is said in place of a number that means nothing.
const notDistinguishable = "not distinguishable from zero"

// Subject is the regime that the headline is about: the scenario's, if it runs,
// else the last that runs and is neither the baseline nor pooled. Empty if there
// is none.
func Subject(sc *scenarios.Scenario) string {
	if sc.Headline != sc.Baseline && slices.Contains(sc.Compare, sc.Headline) {
		return sc.Headline
	}
	subject := ""
	for _, name := range sc.Compare {
		if name != sc.Baseline && !sc.Regimes[name].Pooled {
			subject = name
		}
	}
	return subject
}

// headline puts the answer into one sentence, in words that follow from the
// numbers.
func (s *samples) headline(a *Answer) Headline {
	sc := s.sc
	h := Headline{Regime: Subject(sc), Rival: sc.Rival}
	if a.gain(h.Rival) == nil || h.Rival == h.Regime {
		h.Rival = ""
	}
	gain := a.gain(h.Regime)
	if gain == nil {
		h.Sentence = fmt.Sprintf("Only %s was run, so there is nothing to compare it with.", Inner(s.title(sc.Baseline)))
		return h
	}
	var b strings.Builder
	b.WriteString(a.verdict(s.title(h.Regime), gain.PerYear, Inner(s.title(sc.Baseline))))
	if gain.PerYear.Clear() && gain.PerYear.Mean > 0 && gain.OfPooled != nil && gain.OfPooled.Mean > 0 {
		fmt.Fprintf(&b, ", %s of what the pooled region would gain", spread(*gain.OfPooled, percents))
	}
	if h.Rival != "" {
		x, y := s.change(h.Regime, sc.Baseline), s.change(h.Rival, sc.Baseline)
		difference := interval(stats.Differences(x, y))
		h.Difference = &difference
		rival := a.gain(h.Rival).PerYear
		young := s.young(h.Rival)
		if !young {
			h.Ratio = share(x, y)
		}
		if h.Ratio != nil && gain.PerYear.Mean > 0 && rival.Mean > 0 {
			fmt.Fprintf(&b, ", and %s times as much as %s, which gains %s", spread(*h.Ratio, plain), Inner(s.title(h.Rival)), a.money(rival))
		} else if !rival.bounded() {
			fmt.Fprintf(&b, "; that of %s is %s", Inner(s.title(h.Rival)), a.money(rival))
		} else {
			b.WriteString("; " + Inner(a.verdict(s.title(h.Rival), rival, Inner(s.title(sc.Baseline)))))
			if young && rival.Clear() {
				b.WriteString(" while its contracts are still young, so that no ratio is given")
			}
		}
	}
	b.WriteString(".")
	h.Sentence = Capital(b.String())
	return h
}

// verdict says what a gain is: one clause, without a full stop.
func (a *Answer) verdict(who string, gain Estimate, over string) string {
	switch {
	case !gain.bounded():
		return fmt.Sprintf("in the one replicate that was run, which gives no interval, the gain of %s over %s is %s", Inner(who), over, a.money(gain))
	case gain.Low == 0 && gain.High == 0:
		return fmt.Sprintf("%s gains exactly nothing over %s", who, over)
	case !gain.Clear():
		return fmt.Sprintf("the gain of %s over %s is %s: %s", Inner(who), over, notDistinguishable, a.money(gain))
	case gain.Mean < 0:
		return fmt.Sprintf("%s loses %s against %s", who, a.money(Estimate{-gain.Mean, -gain.High, -gain.Low}), over)
	}
	return fmt.Sprintf("%s gains %s over %s", who, a.money(gain), over)
}

// gain is that of the named regime, or nil.
func (a *Answer) gain(regime string) *Gain {
	if i := slices.IndexFunc(a.Regimes, func(r Regime) bool { return r.Name == regime }); i >= 0 {
		return a.Regimes[i].Gain
	}
	return nil
}

// Readable is a name of the scenario as people read it where it has no title.
func Readable(name string) string { return strings.ReplaceAll(name, "_", " ") }

// Inner is a title within a sentence: without its capital, unless it is an
// abbreviation.
func Inner(title string) string {
	first, n := utf8.DecodeRuneInString(title)
	if second, _ := utf8.DecodeRuneInString(title[n:]); n == 0 || unicode.IsUpper(second) {
		return title
	}
	return string(unicode.ToLower(first)) + title[n:]
}

// Capital is a sentence or title with its capital.
func Capital(sentence string) string {
	first, n := utf8.DecodeRuneInString(sentence)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + sentence[n:]
}

// A magnitude is how numbers of one size are written.
type magnitude struct {
	word     string
	divide   float64
	decimals int
}

// magnitudeOf writes numbers up to x with at least three digits.
func magnitudeOf(x float64) magnitude {
	m := magnitude{divide: 1}
	for _, up := range []magnitude{{"thousand ", 1e3, 0}, {"million ", 1e6, 0}, {"billion ", 1e9, 0}} {
		if x >= up.divide {
			m = up
		}
	}
	m.decimals = decimals(x / m.divide)
	return m
}

// decimals are those with which x has at least three digits.
func decimals(x float64) int {
	switch {
	case x < 10:
		return 2
	case x < 100:
		return 1
	}
	return 0
}

func (m magnitude) format(x Number) string {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return "-"
	}
	text := fmt.Sprintf("%.*f", m.decimals, float64(x)/m.divide)
	if strings.Trim(text, "-0.") == "" { // no minus before a zero
		text = strings.TrimPrefix(text, "-")
	}
	return Grouped(text)
}

// Grouped puts commas between the thousands of a number.
func Grouped(text string) string {
	start := strings.IndexAny(text, "0123456789")
	end := strings.IndexByte(text, '.')
	if end < 0 {
		end = len(text)
	}
	for i := end - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// money writes a yearly amount with its interval: "12.3 million CAD a year (95 %
// interval 11.0 to 13.6)".
func (a *Answer) money(e Estimate) string {
	largest := math.Abs(float64(e.Mean))
	if e.bounded() {
		largest = max(largest, math.Abs(float64(e.Low)), math.Abs(float64(e.High)))
	}
	m := magnitudeOf(largest)
	text := m.format(e.Mean) + " " + m.word + a.Currency + " a year"
	if e.bounded() {
		text += fmt.Sprintf(" (%g %% interval %s to %s)", 100*a.Level, m.format(e.Low), m.format(e.High))
	}
	return text
}

// spread writes a ratio with its interval: "45 % (43 % to 47 %)".
func spread(e Estimate, in func(Number) string) string {
	text := in(e.Mean)
	if e.bounded() {
		text += fmt.Sprintf(" (%s to %s)", in(e.Low), in(e.High))
	}
	return text
}

func percents(x Number) string {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return "-"
	}
	decimals := 0
	if math.Abs(float64(x)) < 0.0995 {
		decimals = 1
	}
	return fmt.Sprintf("%.*f %%", decimals, 100*float64(x))
}

// plain writes a number with three digits or more.
func plain(x Number) string {
	return magnitude{divide: 1, decimals: decimals(math.Abs(float64(x)))}.format(x)
}
