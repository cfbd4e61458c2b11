package calibrate

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/parquet-go/parquet-go"

	"idleshift/metrics/moments"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

// A Result is what a calibration found.
type Result struct {
	Title       string       `json:"title"`
	Scenario    string       `json:"scenario"`
	Set         []string     `json:"set"`
	Method      string       `json:"method"`
	Distance    float64      `json:"distance"`          // root of the weighted mean square deviation, in tolerances
	From        *float64     `json:"distance_at_start"` // of the scenario as it is, drawn into the ranges, over the same worlds; nil where it cannot be run
	Replicates  int          `json:"replicates"`
	Measured    int          `json:"measurements"`
	Keys        []Key        `json:"keys"`
	Targets     []Reach      `json:"targets"`
	Collinear   []Pair       `json:"collinear"`
	Evaluations []Evaluation `json:"-"`

	plan *Plan
}

// A Reach is a target beside what was reached.
type Reach struct {
	Name      string          `json:"name"`
	Title     string          `json:"title"`
	Metric    string          `json:"metric"`
	Unit      string          `json:"unit"`
	Source    string          `json:"source"`
	Value     float64         `json:"value"`
	Tolerance float64         `json:"tolerance"`
	Weight    float64         `json:"weight"`
	Reached   float64         `json:"reached"`
	Error     *float64        `json:"standard_error"`
	Verdict   moments.Verdict `json:"verdict"`

	target *moments.Target
}

func (f *fit) result(start, best *Evaluation, s *slopes) *Result {
	p := f.plan
	r := &Result{
		Title: p.Title, Scenario: p.Scenario, Set: p.Set, Method: p.Method, Distance: best.Distance,
		Replicates: p.Final, Measured: len(f.all), Evaluations: f.all, plan: p,
	}
	if !math.IsInf(start.Distance, 1) {
		r.From = &start.Distance
	}
	r.Keys, r.Collinear = p.identify(best, s)
	for i := range p.targets {
		t := &p.targets[i]
		m := t.Moment()
		se := best.estimates.Errors[i]
		reach := Reach{Name: t.Name, Title: t.Said(), Metric: t.Metric, Unit: m.Unit(), Source: t.Source, Value: t.Value, Tolerance: t.Tolerance,
			Weight: t.Weight, Reached: best.Moments[i], Verdict: t.Judge(best.Moments[i], se), target: t}
		if !math.IsNaN(se) {
			reach.Error = &se
		}
		r.Targets = append(r.Targets, reach)
	}
	return r
}

// WriteText writes what was found: the targets, the keys, and what the targets
// do not tell.
func (r *Result) WriteText(to io.Writer) error {
	fmt.Fprintf(to, "%s\n%d measurements; distance %s tolerances", r.heading(), r.Measured, moments.Digits(r.Distance, 0.01))
	if r.From != nil {
		fmt.Fprintf(to, ", %s as the scenario was", moments.Digits(*r.From, 0.01))
	}
	fmt.Fprintf(to, "\n\n")
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "target\tshould be\treached\tverdict")
	for i := range r.Targets {
		t := &r.Targets[i]
		reached := moments.Digits(t.Reached, t.Tolerance)
		if t.Error != nil && *t.Error > 0 {
			reached += fmt.Sprintf(" (s.e. %s)", moments.Digits(*t.Error, *t.Error))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.Title, t.target.Known(), reached, t.Verdict)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "key\tfitted\twas\trange\tstandard error\t")
	for i := range r.Keys {
		k := &r.Keys[i]
		se := "none"
		if k.Error != nil {
			se = fmt.Sprintf("%.0f %% of the range", 100**k.Error)
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%v to %v\t%s\t%s\n", k.Name, k.Value, k.Start, k.Low, k.High, se, k.verdict())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(r.Collinear) > 0 {
		fmt.Fprintln(to)
	}
	for _, p := range r.Collinear {
		fmt.Fprintf(to, "%s and %s make up for each other: collinearity %.3g (10 and more is high)\n", p.A, p.B, p.Collinear)
	}
	return nil
}

func (r *Result) heading() string {
	return cmp.Or(r.Title, "Calibration of "+r.Scenario)
}

// Fitted is the fitted scenario as a TOML text for a file in the folder dir: it
// extends the one that was fitted. The error says why it would not load.
func (r *Result) Fitted(dir string) ([]byte, error) {
	base, err := relative(dir, r.Scenario)
	if err != nil {
		return nil, err
	}
	sc, err := scenarios.Load(r.Scenario, scenarios.LoadOptions{})
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n#\n# Fitted by %s to\n", oneLine(r.heading()), strings.ReplaceAll(r.Method, "-", " "))
	for i := range r.Targets {
		t := &r.Targets[i]
		fmt.Fprintf(&b, "#   %s: %s, reached %s (%s)\n", oneLine(t.Title), t.target.Known(), moments.Digits(t.Reached, t.Tolerance), t.Verdict)
	}
	fmt.Fprintf(&b, "# over %d replicates", r.Replicates)
	if len(r.Set) > 0 {
		fmt.Fprintf(&b, ", with %s", strings.Join(r.Set, ", "))
	}
	fmt.Fprintf(&b, ".\n\nextends = %s\ntitle = %s\n", strconv.Quote(base), strconv.Quote(sc.Title+", fitted"))
	for i := range r.Keys {
		k := &r.Keys[i]
		fmt.Fprintf(&b, "\n# %s: %v, in %v to %v (was %v)", k.Name, k.Value, k.Low, k.High, k.Start)
		if k.free.Factor {
			b.WriteString(", a factor on what the scenario said")
		}
		if k.Error != nil {
			fmt.Fprintf(&b, "; standard error %.0f %% of the range", 100**k.Error)
		}
		if said := k.verdict(); said != "" {
			fmt.Fprintf(&b, "; %s", oneLine(said))
		}
		if k.free.Note != "" {
			fmt.Fprintf(&b, "\n# %s", oneLine(k.free.Note))
		}
		b.WriteString("\n")
		for j := range k.free.vary.Numbers {
			n := &k.free.vary.Numbers[j]
			fmt.Fprintf(&b, "%s = %s # calibrated\n", n.Path, strconv.FormatFloat(k.free.vary.Of(n, k.Value), 'g', 12, 64))
		}
	}
	text := []byte(b.String())
	if _, err := scenarios.Parse(filepath.Join(dir, "fitted.toml"), text, scenarios.LoadOptions{}); err != nil {
		return nil, fmt.Errorf("the fitted scenario does not load: %w", err)
	}
	return text, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// relative is how a file in dir names a scenario.
func relative(dir, name string) (string, error) {
	if _, err := scenarios.Source(name); err == nil {
		return name, nil
	}
	to, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	path, err := filepath.Rel(from, to)
	if err != nil {
		return to, nil // on another volume
	}
	return filepath.ToSlash(path), nil
}

// Write puts what was found into the folder: result.json, fitted.toml and
// evaluations.parquet, each whole or not at all. Of a calibration that was cut
// short it writes the evaluations alone.
func (r *Result) Write(dir string) error {
	var table bytes.Buffer
	if err := r.parquet(&table); err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(dir, "evaluations.parquet"), table.Bytes()); err != nil {
		return err
	}
	if r.Keys == nil {
		return nil
	}
	text, err := r.Fitted(dir)
	if err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(dir, "fitted.toml"), text); err != nil {
		return err
	}
	return store.WriteJSON(filepath.Join(dir, "result.json"), r)
}

// parquet writes a row for each evaluation, in the order in which they were
// made: what it was for, the worlds, the free keys, the moments, the distance.
func (r *Result) parquet(w io.Writer) error {
	p := r.plan
	fields := []reflect.StructField{
		{Name: "Number", Type: reflect.TypeFor[int32](), Tag: `parquet:"evaluation,delta"`},
		{Name: "Phase", Type: reflect.TypeFor[string](), Tag: `parquet:"phase,dict"`},
		{Name: "Generation", Type: reflect.TypeFor[int32](), Tag: `parquet:"generation,delta"`},
		{Name: "First", Type: reflect.TypeFor[int32](), Tag: `parquet:"first_replicate,delta"`},
		{Name: "N", Type: reflect.TypeFor[int32](), Tag: `parquet:"replicates,delta"`},
		{Name: "Distance", Type: reflect.TypeFor[*float64](), Tag: `parquet:"distance,optional"`},
		{Name: "Fail", Type: reflect.TypeFor[string](), Tag: `parquet:"impossible,dict"`},
	}
	fixed := len(fields)
	for i := range p.free {
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("Key%d", i), Type: reflect.TypeFor[float64](),
			Tag: reflect.StructTag(`parquet:"key_` + p.free[i].name + `"`)})
	}
	for i := range p.targets {
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("Moment%d", i), Type: reflect.TypeFor[*float64](),
			Tag: reflect.StructTag(`parquet:"moment_` + p.targets[i].Name + `,optional"`)})
	}
	row := reflect.New(reflect.StructOf(fields))
	schema := parquet.SchemaOf(row.Interface())
	out := parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy(store.Program, strconv.Itoa(store.Format), ""))
	for i := range r.Evaluations {
		e := &r.Evaluations[i]
		v := row.Elem()
		v.SetZero()
		v.Field(0).SetInt(int64(i))
		v.Field(1).SetString(e.Phase)
		v.Field(2).SetInt(int64(e.Generation))
		v.Field(3).SetInt(int64(e.First))
		v.Field(4).SetInt(int64(e.N))
		if !math.IsInf(e.Distance, 1) {
			v.Field(5).Set(reflect.ValueOf(&e.Distance))
		}
		v.Field(6).SetString(e.Fail)
		for k, x := range e.Values {
			v.Field(fixed + k).SetFloat(x)
		}
		for m := range e.Moments {
			if !math.IsNaN(e.Moments[m]) {
				v.Field(fixed + len(p.free) + m).Set(reflect.ValueOf(&e.Moments[m]))
			}
		}
		if _, err := out.WriteRows([]parquet.Row{schema.Deconstruct(nil, row.Interface())}); err != nil {
			return err
		}
	}
	return out.Close()
}
