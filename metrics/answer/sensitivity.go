package answer

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"idleshift/metrics/stats"
	"idleshift/scenarios/design"
)

// fewSamples is below how many the bootstrap has too little to draw from.
const fewSamples = 8

// draws is how many resamples an interval of the bootstrap has.
const draws = 1000

// A Sensitivity ranks the factors of a sweep by how much outcomes depend on
// them.
type Sensitivity struct {
	About
	Samples  int                  `json:"samples" doc:"Trajectories, or rows of each matrix: intervals are by bootstrap over them."`
	Noise    bool                 `json:"noise_taken_out" doc:"Replicates are independent between points, and their noise was taken out of the indices."`
	Outcomes []OutcomeSensitivity `json:"outcomes" doc:"Outcomes, in the order in which they were asked for."`
	Notes    []Note               `json:"notes" doc:"Warnings."`
}

// An OutcomeSensitivity is what one outcome depends on.
type OutcomeSensitivity struct {
	Outcome  string              `json:"outcome" doc:"Outcome."`
	Unit     string              `json:"unit" doc:"Its unit; empty for pure numbers."`
	Mean     Number              `json:"mean" doc:"Mean over the design."`
	SD       Number              `json:"sd" doc:"Standard deviation of the expected outcome over the design; null from trajectories, which cluster."`
	RunNoise *Estimate           `json:"noise_of_run" doc:"Share of replicate noise in the variance of one run; null if it was not asked for."`
	Noise    *Estimate           `json:"noise_of_mean" doc:"Share of replicate noise in the variance of the mean over the replicates of a point; null if it was not asked for."`
	Factors  []FactorSensitivity `json:"factors" doc:"Factors, the strongest first."`
	Pairs    []PairSensitivity   `json:"pairs" doc:"Pairs of factors, the strongest first; empty unless the design has second orders."`
}

// A FactorSensitivity is how an outcome depends on one factor.
type FactorSensitivity struct {
	Factor    string    `json:"factor" doc:"Factor."`
	Title     string    `json:"title" doc:"What it is."`
	Ordered   bool      `json:"ordered" doc:"A number, so that the sign of an effect means something."`
	Mean      *Estimate `json:"mu" doc:"Mean elementary effect over the range of the factor; null unless morris."`
	Strength  *Estimate `json:"mu_star" doc:"Mean of the absolute elementary effects; null unless morris."`
	Deviation *Estimate `json:"sigma" doc:"Standard deviation of the elementary effects; null unless morris."`
	Floor     *Number   `json:"floor" doc:"Mean absolute effect that replicate noise alone would show; null unless morris with independent replicates."`
	First     *Estimate `json:"first" doc:"First-order index: share of the variance that the factor explains alone; null unless saltelli."`
	Total     *Estimate `json:"total" doc:"Total index: share of the variance with which the factor has to do; null unless saltelli."`
}

// A PairSensitivity is what two factors do together beyond what each does.
type PairSensitivity struct {
	First  string   `json:"first_factor" doc:"One factor."`
	Second string   `json:"second_factor" doc:"The other."`
	Index  Estimate `json:"second" doc:"Second-order index: share of the variance that the two explain together beyond each alone."`
}

// SensitivityOptions say what is asked.
type SensitivityOptions struct {
	Outcomes []string // empty: those of the design, or every gain
	// WithoutNoise leaves the share of replicate noise out, and the noise in the
	// indices: for designs with common random numbers.
	WithoutNoise bool
}

// ErrNoNoise is that the share of noise cannot be told.
var ErrNoNoise = errors.New("the share of variance that is replicate noise needs crn = false and at least two replicates")

// SensitivityOf ranks the factors. It is an error if the design is neither
// morris nor saltelli, and ErrNoNoise if its replicates tell nothing of noise.
func SensitivityOf(s *Sweep, opt SensitivityOptions) (*Sensitivity, error) {
	d := s.Design
	if d.Method != design.Morris && d.Method != design.Saltelli {
		return nil, fmt.Errorf("indices need a design of trajectories or of Saltelli's matrices (design = \"morris\" or \"saltelli\"), this is %s: idleshift summarize tells what its factors do", d.Method)
	}
	if !opt.WithoutNoise && (d.CRN || s.Replicates < 2) {
		return nil, fmt.Errorf("%w; this sweep has crn = %t and %d: run it anew, or ask for the indices of the mean over its replicates with --without-noise", ErrNoNoise, d.CRN, s.Replicates)
	}
	outcomes, err := s.outcomes(opt.Outcomes)
	if err != nil {
		return nil, err
	}
	out := &Sensitivity{About: s.about(), Samples: d.Samples, Noise: !opt.WithoutNoise, Outcomes: []OutcomeSensitivity{}, Notes: []Note{}}
	if d.Samples < fewSamples {
		out.Notes = append(out.Notes, Note{Code: FewSamples, Text: fmt.Sprintf("%d samples are few: an interval by bootstrap needs at least %d", d.Samples, fewSamples)})
	}
	for _, o := range outcomes {
		one, lost, err := s.sensitivity(o, out.Noise)
		if err != nil {
			return nil, err
		}
		if lost > 0 {
			what := "rows of the matrices"
			if d.Method == design.Morris {
				what = "trajectories"
			}
			n := left(lost, what)
			n.Text = o.Text + ": " + n.Text
			out.Notes = append(out.Notes, n)
		}
		out.Outcomes = append(out.Outcomes, *one)
	}
	return out, nil
}

// sensitivity is that of one outcome; lost is how many blocks of the design
// have no outcome somewhere.
func (s *Sweep) sensitivity(o *Outcome, noise bool) (out *OutcomeSensitivity, lost int, err error) {
	d := s.Design
	y, err := s.values(o)
	if err != nil {
		return nil, 0, err
	}
	rows, points := s.rows(y)
	block := d.Block()
	sample := &stats.Sample{Block: block}
	for start := 0; start+block <= len(rows); start += block {
		if !slices.ContainsFunc(rows[start:start+block], func(y []float64) bool { return !complete(y) }) {
			sample.Y = append(sample.Y, rows[start:start+block]...)
			sample.Point = append(sample.Point, points[start:start+block]...)
		} else {
			lost++
		}
	}
	if len(sample.Y) < 2*block {
		return nil, 0, fmt.Errorf("%s: %d of %d samples are complete, too few for an index: a run failed in the others, or the outcome is not defined", o.Text, len(sample.Y)/block, len(rows)/block)
	}
	mean := 0.0
	for _, y := range sample.Y {
		mean += stats.Mean(y, Level).Mean / float64(len(sample.Y))
	}
	out = &OutcomeSensitivity{Outcome: o.Text, Unit: o.unit(s.Currency), Mean: Number(mean), SD: Number(math.NaN()), Pairs: []PairSensitivity{}}
	for i := range d.Factors {
		f := &d.Factors[i]
		out.Factors = append(out.Factors, FactorSensitivity{Factor: f.Name, Title: f.Title, Ordered: f.Numeric()})
	}
	boot := stats.Bootstrap{Draws: draws, Level: Level, Seed: uint64(d.Seed)}
	k := len(d.Factors)
	var share stats.Noise
	if d.Method == design.Morris {
		var effects []stats.Effect
		effects, share = stats.Morris(sample, k, s.steps(sample), noise, boot)
		for i, e := range effects {
			f := &out.Factors[i]
			f.Mean, f.Strength, f.Deviation = some(e.Mean), some(e.Strength), some(e.Deviation)
			if noise {
				floor := Number(e.Floor)
				f.Floor = &floor
			}
		}
		slices.SortStableFunc(out.Factors, func(a, b FactorSensitivity) int { return cmp.Compare(b.Strength.Mean, a.Strength.Mean) })
	} else {
		x := stats.Sobol(sample, k, noise, boot)
		share = x.Noise
		out.SD = Number(math.Sqrt(x.Variance.Mean))
		for i := range out.Factors {
			out.Factors[i].First, out.Factors[i].Total = some(x.First[i]), some(x.Total[i])
		}
		if d.SecondOrder {
			for i := range k {
				for j := i + 1; j < k; j++ {
					out.Pairs = append(out.Pairs, PairSensitivity{d.Factors[i].Name, d.Factors[j].Name, estimate(x.Second[stats.Pair(i, j, k)])})
				}
			}
		}
		slices.SortStableFunc(out.Factors, func(a, b FactorSensitivity) int { return cmp.Compare(b.Total.Mean, a.Total.Mean) })
		slices.SortStableFunc(out.Pairs, func(a, b PairSensitivity) int { return cmp.Compare(b.Index.Mean, a.Index.Mean) })
	}
	if noise {
		out.RunNoise, out.Noise = some(share.Run), some(share.Mean)
	}
	return out, lost, nil
}

// steps are the moves of the trajectories.
func (s *Sweep) steps(sample *stats.Sample) []stats.Step {
	d := s.Design
	var all []stats.Step
	for i := range sample.Point {
		if i%sample.Block == sample.Block-1 {
			continue
		}
		from, to := d.Points[sample.Point[i]].At, d.Points[sample.Point[i+1]].At
		for f := range d.Factors {
			if share := d.Factors[f].Share(from[f], to[f]); share != 0 {
				all = append(all, stats.Step{Factor: f, Share: share})
			}
		}
	}
	return all
}

func some(i stats.Interval) *Estimate {
	e := estimate(i)
	return &e
}

// A SensitivityRow is one index of a Sensitivity, for tables.
type SensitivityRow struct {
	Outcome  string   `parquet:"outcome,dict"`
	Factor   string   `parquet:"factor,dict"`
	With     string   `parquet:"with,dict"` // the other factor of a second order, otherwise empty
	Index    string   `parquet:"index,dict"`
	Estimate *float64 `parquet:"estimate,optional"`
	Low      *float64 `parquet:"low,optional"`
	High     *float64 `parquet:"high,optional"`
}

// Rows are all indices, by outcome, factor and index.
func (s *Sensitivity) Rows() []SensitivityRow {
	var rows []SensitivityRow
	for _, o := range s.Outcomes {
		add := func(factor, with, index string, e *Estimate) {
			if e != nil {
				rows = append(rows, SensitivityRow{o.Outcome, factor, with, index, e.Mean.nullable(), e.Low.nullable(), e.High.nullable()})
			}
		}
		for _, f := range o.Factors {
			add(f.Factor, "", "total", f.Total)
			add(f.Factor, "", "first", f.First)
			add(f.Factor, "", "mu_star", f.Strength)
			add(f.Factor, "", "mu", f.Mean)
			add(f.Factor, "", "sigma", f.Deviation)
			if f.Floor != nil {
				add(f.Factor, "", "floor", &Estimate{*f.Floor, Number(math.NaN()), Number(math.NaN())})
			}
		}
		for _, p := range o.Pairs {
			add(p.First, p.Second, "second", &p.Index)
		}
		add("", "", "noise_of_run", o.RunNoise)
		add("", "", "noise_of_mean", o.Noise)
	}
	return rows
}

// nullable is the number, nil where it is not defined.
func (n Number) nullable() *float64 {
	x := float64(n)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// WriteText writes the ranking as tables for a terminal.
func (s *Sensitivity) WriteText(w io.Writer) error {
	t := &text{Writer: bufio.NewWriter(w)}
	samples := "rows of each matrix"
	if s.Method == design.Morris {
		samples = "trajectories"
	}
	fmt.Fprintf(t, "%s\n%s: %d points from %d %s; %d replicates\n\n", s.Title, s.Method, s.Points, s.Samples, samples, s.Replicates)
	for i := range s.Outcomes {
		s.Outcomes[i].write(t, s)
	}
	return t.end(s.Notes)
}

func (o *OutcomeSensitivity) write(t *text, s *Sensitivity) {
	interval := fmt.Sprintf("%g %%\ninterval", 100*s.Level)
	largest := math.Abs(float64(o.Mean))
	for _, f := range o.Factors {
		if f.Strength != nil {
			largest = max(largest, math.Abs(float64(f.Strength.Mean)))
		}
	}
	t.money = scaled(largest)
	fmt.Fprintf(t, "%s: mean %s", titled(o.Outcome, t.money.word+o.Unit), t.money.format(o.Mean))
	if !math.IsNaN(float64(o.SD)) {
		fmt.Fprintf(t, ", standard deviation %s", t.money.format(o.SD))
	}
	fmt.Fprintln(t)
	if o.RunNoise != nil {
		fmt.Fprintf(t, "replicate noise is %s of the variance of one run, %s of that of a mean over %d\n", spread(*o.RunNoise, percents), spread(*o.Noise, percents), s.Replicates)
	}
	fmt.Fprintln(t)
	rows := [][]string{}
	if s.Method == design.Morris {
		header := []string{"factor", "mu*", interval, "mu", "sigma", ""}
		for _, f := range o.Factors {
			said, mean := "", t.money.format(f.Mean.Mean)
			if !f.Ordered {
				mean = "-" // words have no direction
			}
			switch {
			case f.Strength.Mean == 0:
				said = "none"
			case f.Floor != nil && f.Strength.Low <= *f.Floor:
				said = "within noise"
			}
			rows = append(rows, []string{f.Factor, t.money.format(f.Strength.Mean), t.bracket(*f.Strength), mean, t.money.format(f.Deviation.Mean), said})
		}
		t.table(header, rows)
		return
	}
	share := magnitude{divide: 1, decimals: 3}
	t.money = share
	for _, f := range o.Factors {
		rows = append(rows, []string{f.Factor, share.format(f.Total.Mean), t.bracket(*f.Total), share.format(f.First.Mean), t.bracket(*f.First)})
	}
	t.table([]string{"factor", "total\nindex", interval, "first\norder", interval}, rows)
	if len(o.Pairs) == 0 {
		return
	}
	rows = nil
	for _, p := range o.Pairs {
		rows = append(rows, []string{p.First + " × " + p.Second, share.format(p.Index.Mean), t.bracket(p.Index)})
	}
	t.table([]string{"pair", "second\norder", interval}, rows)
}
