package design

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"idleshift/agents/brokers"
	"idleshift/scenarios"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWrong shows what is said about wrong designs: testdata/wrong/NAME.toml
// beside NAME.golden. A failure means that somebody with such a file is told
// something else, or nothing.
func TestWrong(t *testing.T) {
	wrong, err := filepath.Glob("testdata/wrong/*.toml")
	if err != nil || len(wrong) < 10 {
		t.Fatalf("%d wrong designs are tried, %v", len(wrong), err)
	}
	all, err := scenarios.Names()
	if err != nil {
		t.Fatal(err)
	}
	var shipped []string
	for _, s := range all {
		shipped = append(shipped, s.Name)
	}
	for _, file := range wrong {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".toml"), func(t *testing.T) {
			_, err := Load(file)
			var all scenarios.Errors
			if !errors.As(err, &all) {
				t.Fatalf("a wrong design must give Errors, gave %v", err)
			}
			golden := strings.TrimSuffix(file, ".toml") + ".golden"
			said := strings.ReplaceAll(err.Error(), filepath.ToSlash("testdata/wrong/"), "") + "\n"
			said = strings.ReplaceAll(said, strings.Join(shipped, ", "), "SHIPPED") // lists that grow
			said = strings.ReplaceAll(said, strings.Join(brokers.Names(), ", "), "BROKERS")
			if *update {
				if err := os.WriteFile(golden, []byte(said), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if said != string(want) {
				t.Errorf("said\n%s\nwant\n%s", said, want)
			}
		})
	}
	if _, err := Load("thicknes"); err == nil || !strings.Contains(err.Error(), "did you mean thickness?") {
		t.Errorf("a mistyped name gives %v", err)
	}
}

// of parses a design over the template with the given head, on three factors:
// a number, a whole number and words.
func of(t *testing.T, head string) *Design {
	t.Helper()
	d, err := Parse("test.toml", []byte(`base = "template"
`+head+`
[factors.adoption]
keys = ["tiers.platform.adoption", "tiers.contract.adoption"]
range = [0.2, 0.8]

[factors.candidates]
key = "tiers.platform.candidates"
range = [1, 4]

[factors.broker]
key = "tiers.platform.broker"
levels = ["greedy", "nearest", "random"]
`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// row is the point of a row of the design.
func (d *Design) row(i int) Point {
	if d.Rows != nil {
		i = d.Rows[i]
	}
	return d.Points[i]
}

func (d *Design) rows() int {
	if d.Rows != nil {
		return len(d.Rows)
	}
	return len(d.Points)
}

// A failure means that some text ends the program instead of being told what is
// wrong with it, or makes points that no scenario can be read from.
func FuzzParse(f *testing.F) {
	wrong, err := filepath.Glob("testdata/wrong/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(wrong, "friction.toml", "privacy.toml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 || strings.Contains(text, "pocket") {
			t.Skip("takes its time")
		}
		d, err := Parse("testdata/wrong/fuzz.toml", []byte(text))
		if err != nil {
			return
		}
		if len(d.Points) == 0 {
			t.Error("a design without points is no error")
		}
		for _, p := range d.Points[:min(3, len(d.Points))] {
			if len(p.At) != len(d.Factors) {
				t.Errorf("a point has %d values for %d factors", len(p.At), len(d.Factors))
			}
			for _, arg := range p.Set {
				if key, _, found := strings.Cut(arg, "="); !found || key == "" {
					t.Errorf("%q is no override", arg)
				}
			}
		}
	})
}

// A failure means that a grid leaves combinations out, or puts them in an order
// that a reader does not expect.
func TestGrid(t *testing.T) {
	d, err := Parse("test.toml", []byte(`base = "template"
design = "grid"
set.time.days = 20
[factors.cost]
key = "tiers.platform.first_deal_cost"
range = [10, 1000]
scale = "log"
steps = 3
[factors.terms.levels]
slow.tiers.platform = { first_deal_days = [10, 20], call_off_days = 2 }
fast.tiers.platform = { first_deal_days = [0, 2] }
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range d.Points {
		got = append(got, strings.Join(p.Set, " "))
	}
	var want []string
	for _, cost := range []string{"10.0", "100.0", "1000.0"} {
		for _, terms := range []string{"tiers.platform.first_deal_days=[10, 20] tiers.platform.call_off_days=2", "tiers.platform.first_deal_days=[0, 2]"} {
			want = append(want, "time.days=20 tiers.platform.first_deal_cost="+cost+" "+terms)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("points\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A failure means that a space-filling design leaves gaps: each of 64 rows must
// lie in another sixty-fourth of the range of every factor. Halton's sequence
// has base 2 in its first dimension alone.
func TestSpaceFilling(t *testing.T) {
	for _, method := range []string{LHS, Sobol, Halton} {
		d := of(t, `design = "`+method+`"
samples = 64`)
		seen := map[int]bool{}
		words := map[float64]int{}
		whole := map[float64]int{}
		for i := range d.rows() {
			p := d.row(i)
			seen[int((p.At[0]-0.2)/0.6*64)] = true
			whole[p.At[1]]++
			words[p.At[2]]++
		}
		if len(seen) != 64 {
			t.Errorf("%s: 64 points fill %d of 64 strata", method, len(seen))
		}
		for x, n := range whole {
			if n < 14 || n > 18 || x < 1 || x > 4 {
				t.Errorf("%s: %v comes %d times of 64, 16 were due", method, x, n)
			}
		}
		for x, n := range words {
			if n < 19 || n > 24 {
				t.Errorf("%s: level %v comes %d times of 64, 21 were due", method, x, n)
			}
		}
	}
}

// A failure means that the trajectories are not those of Morris: each row moves
// one factor, every factor once, and numbers by half of their levels.
func TestMorris(t *testing.T) {
	d := of(t, `design = "morris"
samples = 50`)
	if d.Block() != 4 || d.rows() != 200 {
		t.Fatalf("%d rows in blocks of %d", d.rows(), d.Block())
	}
	ups := 0
	for start := 0; start < d.rows(); start += 4 {
		moved := map[int]bool{}
		for i := start; i < start+3; i++ {
			a, b := d.row(i).At, d.row(i+1).At
			var which []int
			for f := range a {
				if a[f] != b[f] {
					which = append(which, f)
					moved[f] = true
				}
			}
			if len(which) != 1 {
				t.Fatalf("row %d moves the factors %v", i, which)
			}
			switch step := b[which[0]] - a[which[0]]; which[0] {
			case 0:
				if math.Abs(math.Abs(step)-0.4) > 1e-9 {
					t.Errorf("adoption moves by %v, two of three steps are 0.4", step)
				}
				if step > 0 {
					ups++
				}
			case 1:
				if math.Abs(step) != 2 {
					t.Errorf("candidates move by %v", step)
				}
			}
		}
		if len(moved) != 3 {
			t.Errorf("the trajectory at row %d moves %d factors", start, len(moved))
		}
	}
	if ups < 15 || ups > 35 {
		t.Errorf("adoption goes up in %d of 50 trajectories", ups)
	}
}

// A failure means that Saltelli's matrices are mixed up, so that indices would
// be laid on the wrong factor.
func TestSaltelli(t *testing.T) {
	d := of(t, `design = "saltelli"
samples = 16
second_order = true`)
	if d.Block() != 8 || d.rows() != 128 {
		t.Fatalf("%d rows in blocks of %d", d.rows(), d.Block())
	}
	if len(d.Points) == d.rows() {
		t.Error("words repeat, yet no point is shared between rows")
	}
	for start := 0; start < d.rows(); start += 8 {
		a, b := d.row(start).At, d.row(start+7).At
		for f := range 3 {
			ab, ba := slices.Clone(a), slices.Clone(b)
			ab[f], ba[f] = b[f], a[f]
			if !slices.Equal(d.row(start+1+f).At, ab) || !slices.Equal(d.row(start+4+f).At, ba) {
				t.Fatalf("block at %d, factor %d", start, f)
			}
		}
	}
}

// A failure means that one-at-a-time moves more than one thing, or runs the base
// scenario again under another name.
func TestOneAtATime(t *testing.T) {
	d := of(t, `design = "one-at-a-time"`)
	var got []string
	for _, p := range d.Points {
		got = append(got, fmt.Sprint(p.At, p.Set))
	}
	want := []string{
		"[0.8 16 0] []",
		"[0.2 16 0] [tiers.platform.adoption=0.2 tiers.contract.adoption=0.2]",
		"[0.8 16 0] [tiers.platform.adoption=0.8 tiers.contract.adoption=0.8]", // the contract's is 1 in the base
		"[0.8 1 0] [tiers.platform.candidates=1]",
		"[0.8 4 0] [tiers.platform.candidates=4]",
		`[0.8 16 1] [tiers.platform.broker="nearest"]`,
		`[0.8 16 2] [tiers.platform.broker="random"]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("points\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A failure means that a base whose value is none of the levels has no place in
// the tables.
func TestOneAtATimeFromOutside(t *testing.T) {
	d, err := Parse("test.toml", []byte("base = \"template\"\ndesign = \"one-at-a-time\"\n[factors.broker]\nkey = \"tiers.platform.broker\"\nlevels = [\"nearest\", \"random\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	f := &d.Factors[0]
	if len(d.Points) != 3 || d.Points[0].Set != nil || f.Label(d.Points[0].At[0]) != "as in base" || f.Numeric() {
		t.Errorf("points %v of %v", d.Points, f.Levels)
	}
}

// The base of a number that 0 leaves to others is what they make it. A failure
// means that a table says 0 firms.
func TestOneAtATimeOfFirms(t *testing.T) {
	d, err := Parse("test.toml", []byte("base = \"template\"\ndesign = \"one-at-a-time\"\n[factors.firms]\nkey = \"region.firms\"\nrange = [5, 50]\n"))
	if err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Load("template", scenarios.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sizes := 0
	for _, s := range sc.Sizes {
		sizes += s.Firms
	}
	if got := d.Points[0].At[0]; got != float64(sizes) || sizes == 0 {
		t.Errorf("the base has %v firms, its size classes %d", got, sizes)
	}
}

// A failure means that a table of points is read as something else, or that it
// depends on whether it is CSV or Parquet.
func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	type row struct {
		Adoption float64 `parquet:"adoption"`
		Terms    string  `parquet:"terms"`
		Days     int64   `parquet:"time.days"`
	}
	var buffer bytes.Buffer
	if err := parquet.Write(&buffer, []row{{0.5, "slow", 10}, {0.25, "fast", 20}, {0.25, "slow", 20}}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"points.csv":     "time.days,adoption,terms\n10,0.5,slow\n20,0.25,fast\n20,2.5e-1,slow\n",
		"points.parquet": buffer.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		d, err := Parse(filepath.Join(dir, "design.toml"), []byte(`base = "template"
design = "matrix"
matrix = "`+name+`"
[factors.adoption]
keys = ["tiers.platform.adoption", "tiers.contract.adoption"]
[factors.terms.levels]
slow.tiers.platform.first_deal_days = [10, 20]
fast.tiers.platform.first_deal_days = [0, 2]
`))
		if err != nil {
			t.Fatal(err)
		}
		want := []Point{
			{[]string{"tiers.platform.adoption=0.5", "tiers.contract.adoption=0.5", "tiers.platform.first_deal_days=[10, 20]", "time.days=10"}, []float64{0.5, 0, 10}},
			{[]string{"tiers.platform.adoption=0.25", "tiers.contract.adoption=0.25", "tiers.platform.first_deal_days=[0, 2]", "time.days=20"}, []float64{0.25, 1, 20}},
			{[]string{"tiers.platform.adoption=0.25", "tiers.contract.adoption=0.25", "tiers.platform.first_deal_days=[10, 20]", "time.days=20"}, []float64{0.25, 0, 20}},
		}
		if !reflect.DeepEqual(d.Points, want) {
			t.Errorf("%s: %v, want %v", name, d.Points, want)
		}
	}
}

// A failure means that a damaged Parquet file ends the program.
func TestDamagedParquet(t *testing.T) {
	dir := t.TempDir()
	var buffer bytes.Buffer
	if err := parquet.Write(&buffer, []struct{ Seed int64 }{{1}, {2}}); err != nil {
		t.Fatal(err)
	}
	for cut := range buffer.Len() {
		text := slices.Concat(buffer.Bytes()[:cut], []byte("x"), buffer.Bytes()[cut+1:])
		if cut%2 == 1 {
			text = buffer.Bytes()[:cut]
		}
		if err := os.WriteFile(filepath.Join(dir, "points.parquet"), text, 0o666); err != nil {
			t.Fatal(err)
		}
		Parse(filepath.Join(dir, "design.toml"), []byte("base = \"template\"\ndesign = \"matrix\"\nmatrix = \"points.parquet\"\n"))
	}
}

// A failure means that a design is not the same twice, or does not heed its
// seed.
func TestKeyedByTheSeed(t *testing.T) {
	for _, method := range []string{LHS, Halton, Sobol, Morris, Saltelli} {
		head := `design = "` + method + `"
samples = 8
seed = `
		a, b, c := of(t, head+"1"), of(t, head+"1"), of(t, head+"2")
		if !reflect.DeepEqual(a.Points, b.Points) || !slices.Equal(a.Rows, b.Rows) {
			t.Errorf("%s: the same design has other points the second time", method)
		}
		if reflect.DeepEqual(a.Points, c.Points) {
			t.Errorf("%s: another seed makes the same points", method)
		}
	}
}

// A failure means that whole numbers are not as likely as each other.
func TestWholeNumbers(t *testing.T) {
	f := Factor{Low: 2, High: 5, Whole: true}
	seen := map[float64]int{}
	for i := range 1000 {
		seen[f.number((float64(i)+0.5)/1000)]++
	}
	for x := 2.0; x <= 5; x++ {
		if seen[x] != 250 {
			t.Errorf("%v comes %d times of 1000, 250 were due", x, seen[x])
		}
	}
	if got := (&Factor{Low: 1, High: 100, Whole: true, Log: true}).numbers(5); !slices.Equal(got, []float64{1, 3, 10, 32, 100}) {
		t.Errorf("five whole numbers from 1 to 100 in logarithm: %v", got)
	}
}

// A failure means that a shipped design cannot be run.
func TestShipped(t *testing.T) {
	for _, name := range Names() {
		d, err := Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Title == "" || d.Description == "" || len(d.Conditions)+len(d.Outcomes) == 0 {
			t.Errorf("%s does not say what it is for, or what to look at", name)
		}
		for i, p := range d.Points {
			if i%(1+len(d.Points)/8) != 0 {
				continue
			}
			if _, err := scenarios.Load(d.Base, scenarios.LoadOptions{Set: p.Set}); err != nil {
				t.Errorf("%s, point %d: %v", name, i, err)
			}
		}
	}
}
