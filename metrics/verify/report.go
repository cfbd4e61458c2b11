package verify

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Report is what came of a run of cases.
type Report struct {
	Cases    int       `json:"cases"`     // that were run
	Agree    int       `json:"agree"`     // with theory
	Sigmas   float64   `json:"sigmas"`    // most standard errors that an estimate may lie off
	Precise  float64   `json:"precision"` // largest standard error, as a share of the exact value
	Times    int       `json:"times"`     // so many times the scenarios' replicates
	Verdicts []Verdict `json:"verdicts"`
}

// A Verdict is one case with its estimate.
type Verdict struct {
	Section       string  `json:"section"`
	Name          string  `json:"name"`
	Doc           string  `json:"doc"`
	Scenario      string  `json:"scenario"` // file and overrides; empty for a case that is none
	Exact         float64 `json:"exact"`
	Simulated     float64 `json:"simulated"`
	StandardError float64 `json:"standard_error"`
	Z             float64 `json:"z"` // standard errors from the exact value; 0 where both agree exactly
	Replicates    int     `json:"replicates"`
	Agrees        bool    `json:"agrees"`
	Problem       string  `json:"problem"` // what is wrong; empty if it agrees
}

// Run runs the cases one after the other and judges them; done is called after
// each. The error is the context's: a case that fails to run is a verdict.
func Run(ctx context.Context, cases []Case, by Effort, done func()) (*Report, error) {
	precision := by.Precision()
	r := &Report{Cases: len(cases), Sigmas: Sigmas, Precise: precision, Times: by.Times}
	for i := range cases {
		c := &cases[i]
		e, err := c.Run(ctx, by)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		v := Verdict{Section: c.Section, Name: c.Name, Doc: c.Doc, Exact: c.Exact(), Simulated: e.Mean, StandardError: e.SE, Replicates: e.N}
		if c.File != "" {
			v.Scenario = strings.Join(append([]string{c.File, "regime " + c.Regime}, c.Set...), " ")
		}
		if off := e.Mean - v.Exact; math.Abs(off) > rounding {
			v.Z = off / e.SE
		}
		if err == nil {
			err = c.Judge(e, precision)
		}
		if err != nil {
			v.Problem = err.Error()
		} else {
			v.Agrees = true
			r.Agree++
		}
		r.Verdicts = append(r.Verdicts, v)
		done()
	}
	return r, nil
}

// MarshalJSON writes numbers that are not finite as null.
func (v Verdict) MarshalJSON() ([]byte, error) {
	type plain Verdict
	finite := func(x float64) *float64 {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
		return &x
	}
	return json.Marshal(struct {
		plain
		Simulated     *float64 `json:"simulated"`
		StandardError *float64 `json:"standard_error"`
		Z             *float64 `json:"z"`
	}{plain(v), finite(v.Simulated), finite(v.StandardError), finite(v.Z)})
}

// WriteText writes the report as a table for a terminal; quiet leaves out what
// agrees.
func (r *Report) WriteText(w io.Writer, quiet bool) error {
	t := bufio.NewWriter(w)
	width := 0
	for i := range r.Verdicts {
		width = max(width, utf8.RuneCountInString(r.Verdicts[i].Name))
	}
	section, largest := "", 0.0
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		if !math.IsInf(v.Z, 0) {
			largest = max(largest, math.Abs(v.Z))
		}
		if quiet && v.Agrees {
			continue
		}
		if v.Section != section {
			if section != "" {
				fmt.Fprintln(t)
			}
			section = v.Section
			fmt.Fprintf(t, "%-*s  %12s  %12s  %10s  %5s  %s\n", width, section, "exact", "simulated", "std. error", "z", "verdict")
		}
		said := "agrees"
		if !v.Agrees {
			said = "DOES NOT AGREE: " + strings.TrimPrefix(v.Problem, v.Name+": ")
		}
		fmt.Fprintf(t, "%s%s  %12.6f  %12.6f  %10.6f  %5.1f  %s\n", v.Name, strings.Repeat(" ", width-utf8.RuneCountInString(v.Name)), v.Exact, v.Simulated, v.StandardError, v.Z, said)
	}
	if section != "" {
		fmt.Fprintln(t)
	}
	fmt.Fprintf(t, "%d of %d cases agree with theory within %g standard errors; the largest deviation is %.1f\n", r.Agree, r.Cases, r.Sigmas, largest)
	return t.Flush()
}

// Sections are the sections of the cases, in order.
func Sections() []string {
	var names []string
	for _, c := range Cases() {
		if !slices.Contains(names, c.Section) {
			names = append(names, c.Section)
		}
	}
	return names
}
