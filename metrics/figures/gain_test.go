package figures

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"idleshift/metrics/answer"
)

var update = flag.Bool("update", false, "write the figures that the tests compare with")

// region is an answer with a gain, a loss, one that is neither, and a merged
// firm.
func region() *answer.Answer {
	gain := func(mean, low, high, share float64) *answer.Gain {
		g := &answer.Gain{PerYear: estimate(mean, low, high)}
		if share != 0 {
			s := estimate(share, share, share)
			g.OfPooled = &s
		}
		return g
	}
	return &answer.Answer{
		Title: "A region of two towns", Currency: "CAD", Seed: 7, Replicates: 10, Days: 250, Level: answer.Level,
		Firms: 1200, Employees: 31000, Baseline: "status_quo",
		Regimes: []answer.Regime{
			{Name: "autarky", Title: "Each firm alone", Gain: gain(-2.1e6, -2.6e6, -1.6e6, -0.21)},
			{Name: "status_quo", Title: "Status quo"},
			{Name: "firm", Title: "Firm-level specialization", Gain: gain(0.3e6, -0.4e6, 1e6, 0)},
			{Name: "cooperative", Title: "Cooperative specialization", Gain: gain(4.8e6, 4.2e6, 5.4e6, 0.482)},
			{Name: "layered", Title: "Both side by side", Gain: gain(0.6e6, 0.5e6, 0.7e6, 0.06)},
			{Name: "pooled", Title: "One merged firm", Pooled: true, Gain: gain(9.95e6, 9.3e6, 10.6e6, 1)},
		},
	}
}

func estimate(mean, low, high float64) answer.Estimate {
	return answer.Estimate{Mean: answer.Number(mean), Low: answer.Number(low), High: answer.Number(high)}
}

func ExampleGain() {
	figure, err := Gain(region())
	if err != nil {
		fmt.Println(err)
		return
	}
	var picture bytes.Buffer
	if err := figure.WritePNG(&picture); err != nil {
		fmt.Println(err)
		return
	}
	info, format, err := image.DecodeConfig(&picture)
	fmt.Println(format, info.Width, "×", info.Height, err)
	// Output: png 1800 × 783 <nil>
}

func drawn(t *testing.T, a *answer.Answer) []byte {
	t.Helper()
	figure, err := Gain(a)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := figure.WritePNG(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The figure looks as it did when it was last looked at. After a change of its
// looks, run the test with -update and look at testdata/gain.png.
func TestGainLooks(t *testing.T) {
	got, path := drawn(t, region()), filepath.Join("testdata", "gain.png")
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

// A failure means that one dataset gives two pictures.
func TestGainIsDeterministic(t *testing.T) {
	if !bytes.Equal(drawn(t, region()), drawn(t, region())) {
		t.Error("the figure was drawn twice, with different bytes")
	}
}

// Answers at the edge of what there is to draw must neither panic nor be drawn
// as if they said something.
func TestGainAtTheEdge(t *testing.T) {
	alone := region()
	alone.Replicates = 1
	for _, r := range alone.Regimes {
		if r.Gain != nil {
			r.Gain.PerYear.Low, r.Gain.PerYear.High, r.Gain.OfPooled = answer.Number(math.Inf(-1)), answer.Number(math.Inf(1)), nil
		}
	}
	drawn(t, alone)

	same := region()
	same.Regimes = same.Regimes[1:3]
	same.Regimes[1].Gain.PerYear = estimate(0, 0, 0)
	drawn(t, same)

	merged := region()
	merged.Regimes = append(merged.Regimes[1:2:2], merged.Regimes[5])
	drawn(t, merged)

	only := region()
	only.Regimes = only.Regimes[1:2]
	if _, err := Gain(only); err == nil {
		t.Error("a figure was drawn though nothing is compared")
	}
	undefined := region()
	undefined.Regimes[0].Gain.PerYear.Mean = answer.Number(math.NaN())
	if _, err := Gain(undefined); err == nil {
		t.Error("a gain that is not defined was drawn")
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
		s := scaleOf(max(-span[0], span[1]), 1)
		marks := ticks(span[0], span[1], s)
		if len(marks) < 4 || len(marks) > 10 {
			t.Errorf("from %v to %v there are %d ticks", span[0], span[1], len(marks))
		}
		seen := map[string]bool{}
		for _, m := range marks {
			if m.Value < span[0]-1e-9 || m.Value > span[1]*(1+1e-9)+1e-9 || seen[m.Label] {
				t.Errorf("from %v to %v there is a tick %q at %v", span[0], span[1], m.Label, m.Value)
			}
			seen[m.Label] = true
		}
	}
	if got := grouped(1234567); got != "1,234,567" {
		t.Error(got)
	}
}
