package answer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"idleshift/metrics/store"
	"idleshift/scenarios/design"
)

// A Sweep is the dataset of a design, as its analysis reads it.
type Sweep struct {
	Design     *design.Design
	Command    string // that makes the dataset
	Currency   string
	Baseline   string
	Regimes    []string
	Replicates int

	runs func(metric, regime string) ([][]float64, error) // by point and replicate
	read map[string][][]float64                           // what runs gave before
}

// OfSweep is the sweep of a dataset. It is an error if the dataset is a run.
func OfSweep(d *store.Dataset) (*Sweep, error) {
	if d.Sweep == nil {
		return nil, fmt.Errorf("%s holds a run, not a sweep: its answer is what idleshift run prints", d.Dir)
	}
	s := &Sweep{
		Design: &design.Design{}, Command: d.Command, Currency: d.Currency, Baseline: d.Baseline,
		Regimes: d.Regimes, Replicates: d.Replicates, runs: d.PointValues, read: map[string][][]float64{},
	}
	if err := json.Unmarshal(d.Sweep.Design, s.Design); err != nil {
		return nil, fmt.Errorf("%s: its design cannot be read: %w", d.Dir, err)
	}
	at, err := d.At()
	if err != nil {
		return nil, err
	}
	for i := range at {
		s.Design.Points = append(s.Design.Points, design.Point{At: at[i]})
	}
	return s, nil
}

// About says which sweep something is about.
type About struct {
	Design     string  `json:"design" doc:"Name of the design."`
	Title      string  `json:"title" doc:"Title of the design."`
	Method     string  `json:"method" doc:"How the points lie."`
	Command    string  `json:"command" doc:"Command that makes the dataset."`
	Currency   string  `json:"currency" doc:"Currency of all money."`
	Points     int     `json:"points" doc:"Points of the design."`
	Replicates int     `json:"replicates" doc:"Replicates of each point."`
	Level      float64 `json:"level" doc:"Coverage of all intervals, each by itself."`
}

func (s *Sweep) about() About {
	d := s.Design
	return About{
		Design: d.Name, Title: d.Title, Method: d.Method, Command: s.Command, Currency: s.Currency,
		Points: len(d.Points), Replicates: s.Replicates, Level: Level,
	}
}

// Check tells what is wrong with the outcomes and conditions of a design that
// runs the given regimes.
func Check(d *design.Design, regimes []string) error {
	var errs []error
	look := func(o *Outcome, err error) {
		if err == nil {
			err = o.check(regimes)
		}
		errs = append(errs, err)
	}
	for _, text := range d.Outcomes {
		look(ParseOutcome(text))
	}
	for _, text := range d.Conditions {
		c, err := ParseCondition(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		look(c.Left, nil)
		look(c.Right, nil)
	}
	return errors.Join(errs...)
}

// outcomes parses what was asked for, or what the design asks for itself, or
// the gain of every regime over the baseline.
func (s *Sweep) outcomes(asked []string) ([]*Outcome, error) {
	if len(asked) == 0 {
		asked = s.Design.Outcomes
	}
	if len(asked) == 0 {
		for _, r := range s.Regimes {
			if r != s.Baseline {
				asked = append(asked, GainOf(r))
			}
		}
	}
	var all []*Outcome
	for _, text := range asked {
		o, err := ParseOutcome(text)
		if err == nil {
			err = o.check(s.Regimes)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// rows are the outcomes at the rows of the design, with the point of each.
func (s *Sweep) rows(y [][]float64) (rows [][]float64, points []int) {
	points = s.Design.Rows
	if points == nil {
		for i := range y {
			points = append(points, i)
		}
	}
	for _, p := range points {
		rows = append(rows, y[p])
	}
	return rows, points
}

// complete reports whether the outcome is there in every replicate.
func complete(y []float64) bool { return !slices.ContainsFunc(y, math.IsNaN) }

// note on points that have no outcome.
func left(points int, what string) Note {
	return Note{Code: LeftOut, Text: fmt.Sprintf("%d %s were left out: a run failed there, or the outcome is not defined", points, what)}
}
