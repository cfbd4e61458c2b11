package figures

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"idleshift/metrics/answer"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

var update = flag.Bool("update", false, "write the figures that the tests compare with")

// region is a dataset with a gain, a loss, one that is neither, and a merged
// firm, by hand.
func region() *Data {
	gain := func(mean, low, high, share float64) *answer.Gain {
		g := &answer.Gain{PerYear: estimate(mean, low, high)}
		if share != 0 {
			s := estimate(share, share, share)
			g.OfPooled = &s
		}
		return g
	}
	a := &answer.Answer{
		Title: "A region of two towns", Currency: "CAD", Seed: 7, Replicates: 10, Days: 250, DaysPerYear: 250, Level: answer.Level,
		Firms: 1200, Employees: 31000, Baseline: "status_quo",
		Regimes: []answer.Regime{
			{Name: "autarky", Title: "Each firm alone", Gain: gain(-2.1e6, -2.6e6, -1.6e6, -0.21)},
			{Name: "status_quo", Title: "Status quo"},
			{Name: "firm", Title: "Firm-level specialization", Gain: gain(0.3e6, -0.4e6, 1e6, 0)},
			{Name: "cooperative", Title: "Cooperative specialization", Gain: gain(4.8e6, 4.2e6, 5.4e6, 0.482)},
			{Name: "layered", Title: "Both side by side", Gain: gain(0.6e6, 0.5e6, 0.7e6, 0.06)},
			{Name: "pooled", Title: "One merged firm", Pooled: true, Gain: gain(9.95e6, 9.3e6, 10.6e6, 1)},
		},
		Headline: answer.Headline{Regime: "cooperative"},
	}
	d := &Data{Answer: a, Dataset: &store.Dataset{Manifest: store.Manifest{
		Version: "v1", Command: "idleshift run towns.toml", Plan: "ab", Hash: "cd", Title: a.Title, Currency: "CAD",
		Seed: 7, Replicates: 10, Days: 250, YearDays: 250, Baseline: a.Baseline,
	}}, scenario: &scenarios.Scenario{}}
	for _, r := range a.Regimes {
		d.Regimes = append(d.Regimes, r.Name)
	}
	return d
}

func estimate(mean, low, high float64) answer.Estimate {
	return answer.Estimate{Mean: answer.Number(mean), Low: answer.Number(low), High: answer.Number(high)}
}

// show draws a figure of the region for an example.
func show(name string) {
	picture, err := Draw(region(), name, "v1", Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	info, format, err := image.DecodeConfig(bytes.NewReader(picture.Bytes))
	fmt.Println(format, info.Width, "×", info.Height, err)
	fmt.Println(picture.Alt)
}

func ExampleDraw_gain() {
	show("gain")
	// Output:
	// png 2100 × 889 <nil>
	// What each form of cooperation gains. Bars of the gain over status quo, in million CAD a year: each firm alone −2.10 (−2.60 to −1.60); firm-level specialization 0.30 (−0.40 to 1.00); cooperative specialization 4.80 (4.20 to 5.40); both side by side 0.60 (0.50 to 0.70); the line of one merged firm 9.95 (9.30 to 10.60).
}

func drawn(t *testing.T, d *Data, name string, o Options) *Picture {
	t.Helper()
	picture, err := Draw(d, name, "v1", o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return picture
}

// The figures look as they did when they were last looked at. After a change
// of looks, run the test with -update and look at testdata.
func TestLooks(t *testing.T) {
	for _, f := range All {
		got, path := drawn(t, region(), f.Name, Options{}).Bytes, filepath.Join("testdata", f.Name+".png")
		if *update {
			if err := os.WriteFile(path, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// Other processors round otherwise, which moves the shades of edges a little.
		if d := difference(t, got, want); d > 0.5 {
			t.Errorf("the figure differs from %s by %.2f of 255 on average", path, d)
		}
	}
}

// difference is the mean difference of two pictures of one size, of 255.
func difference(t *testing.T, a, b []byte) float64 {
	t.Helper()
	var pictures [2]image.Image
	for i, raw := range [][]byte{a, b} {
		p, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		pictures[i] = p
	}
	size := pictures[0].Bounds()
	if size != pictures[1].Bounds() {
		t.Fatalf("the sizes are %v and %v", size, pictures[1].Bounds())
	}
	sum := 0.0
	for y := range size.Dy() {
		for x := range size.Dx() {
			r, g, b, _ := pictures[0].At(x, y).RGBA()
			r2, g2, b2, _ := pictures[1].At(x, y).RGBA()
			for _, c := range [][2]uint32{{r, r2}, {g, g2}, {b, b2}} {
				sum += math.Abs(float64(c[0]) - float64(c[1]))
			}
		}
	}
	return sum / 257 / 3 / float64(size.Dx()*size.Dy())
}

// Every figure, in every format, size and theme, is the same twice and says
// where it is from. A failure means that a figure cannot be made again.
func TestFilesAreTheSameAndSayWhereTheyAreFrom(t *testing.T) {
	for _, f := range All {
		for _, o := range []Options{{}, {Format: "svg", Size: "slide", Theme: "dark"}, {Format: "pdf", Size: "column"}, {Format: "png", Size: "column", Theme: "dark"}} {
			one, two := drawn(t, region(), f.Name, o), drawn(t, region(), f.Name, o)
			if !bytes.Equal(one.Bytes, two.Bytes) {
				t.Errorf("%s was drawn twice with %+v, with different bytes", f.Name, o)
			}
			origin, err := ReadOrigin(one.Bytes)
			if err != nil {
				t.Errorf("%s, %+v: %v", f.Name, o, err)
				continue
			}
			if o.resolve() != nil || origin.Figure != f.Name || origin.Format != o.Format || origin.Size != o.Size || origin.Theme != o.Theme ||
				origin.Command != "idleshift run towns.toml" || origin.Seed != 7 || origin.Replicates != 10 || origin.Scenario != "cd" || origin.Version != "v1" {
				t.Errorf("%s, %+v: it says that it is from %+v", f.Name, o, origin)
			}
			if !strings.HasSuffix(one.Alt, ".") || len(one.Alt) < 80 {
				t.Errorf("%s: its alternative text does not say what it shows: %q", f.Name, one.Alt)
			}
		}
	}
}

// Answers at the edge of what there is to draw must neither panic nor be drawn
// as if they said something.
func TestAtTheEdge(t *testing.T) {
	alone := region()
	alone.Replicates, alone.Answer.Replicates = 1, 1
	for _, r := range alone.Answer.Regimes {
		if r.Gain != nil {
			r.Gain.PerYear.Low, r.Gain.PerYear.High, r.Gain.OfPooled = answer.Number(math.Inf(-1)), answer.Number(math.Inf(1)), nil
		}
	}
	drawn(t, alone, "gain", Options{})

	same := region()
	same.Answer.Regimes = same.Answer.Regimes[1:3]
	same.Answer.Regimes[1].Gain.PerYear = estimate(0, 0, 0)
	drawn(t, same, "gain", Options{})

	merged := region()
	merged.Answer.Regimes = append(merged.Answer.Regimes[1:2:2], merged.Answer.Regimes[5])
	drawn(t, merged, "gain", Options{})

	only := region()
	only.Answer.Regimes, only.Regimes, only.Answer.Headline.Regime = only.Answer.Regimes[1:2], only.Regimes[1:2], ""
	for _, f := range All {
		if _, err := Draw(only, f.Name, "", Options{}); err != nil && !errors.Is(err, ErrNothing) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if _, err := Draw(only, "gain", "", Options{}); !errors.Is(err, ErrNothing) {
		t.Errorf("a figure was drawn though nothing is compared: %v", err)
	}
	undefined := region()
	undefined.Answer.Regimes[0].Gain.PerYear.Mean = answer.Number(math.NaN())
	if _, err := Draw(undefined, "gain", "", Options{}); !errors.Is(err, ErrNothing) {
		t.Errorf("a gain that is not defined was drawn: %v", err)
	}
	for _, o := range []Options{{Format: "jpg"}, {Size: "slides"}, {Theme: "drak"}, {Regime: "coperative"}} {
		if _, err := Draw(region(), "gain", "", o); err == nil || !strings.Contains(err.Error(), "unknown") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// A failure means that a picture of another program is taken for ours.
func TestForeignFiles(t *testing.T) {
	var plain bytes.Buffer
	if err := png.Encode(&plain, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", "%PDF-1.4\n/idleshift <12", "<svg><metadata>{}</metadata></svg>", "hello", plain.String()} {
		if o, err := ReadOrigin([]byte(file)); err == nil {
			t.Errorf("%q is said to be from %+v", file, o)
		}
	}
	if text, err := json.Marshal(Origin{}); err != nil || len(text) == 0 {
		t.Error(err)
	}
}

// A failure means that an axis or a number is labelled with what it is not.
func TestScales(t *testing.T) {
	for _, c := range []struct {
		most, largest, x float64
		want             string
	}{
		{1, 0, 0, "0.000"}, {5, 5, 5, "5.00"}, {1234, 1234, 1234, "1.23"}, {45_600, 45_600, -45_600, "−45.6"},
		{50e6, 0.4e6, 0.4e6, "0.400"}, {50e6, 40e6, 0.4e6, "0.4"}, {2.1e9, 2.1e9, -1e3, "0.00"},
	} {
		if got := scaleOf(c.most, c.largest).format(c.x); got != c.want {
			t.Errorf("%v beside %v is written %s, want %s", c.x, c.most, got, c.want)
		}
	}
	for _, span := range [][2]float64{{0, 1}, {-1.2e6, 6.4e6}, {-3, 0}, {0, 9.5}, {0, 250e6}, {-0.2, 0.3}} {
		for _, most := range []int{3, 6, 9} {
			s := scaleOf(max(-span[0], span[1]), 1)
			marks := ticks(span[0], span[1], s, most)
			if len(marks) < 2 || len(marks) > most+1 {
				t.Errorf("from %v to %v there are %d ticks, of at most %d", span[0], span[1], len(marks), most)
			}
			seen := map[string]bool{}
			for _, m := range marks {
				if m.value < span[0]-1e-9 || m.value > span[1]*(1+1e-9)+1e-9 || seen[m.label] {
					t.Errorf("from %v to %v there is a tick %q at %v", span[0], span[1], m.label, m.value)
				}
				seen[m.label] = true
			}
		}
	}
	if got := number(-1234567.25, 1); got != "−1,234,567.2" {
		t.Error(got)
	}
}
