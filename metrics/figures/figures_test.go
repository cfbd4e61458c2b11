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
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"idleshift/agents"
	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

var update = flag.Bool("update", false, "write the figures that the tests compare with")

// region is a dataset with a gain, a loss, one that is neither, and a merged
// firm: its numbers are invented, and the same each time.
func region() *Data {
	gain := func(mean, low, high, share float64, sources ...answer.Source) *answer.Gain {
		g := &answer.Gain{PerYear: estimate(mean, low, high), Sources: sources, Verdict: "gain"}
		if share != 0 {
			s := estimate(share, share, share)
			g.OfPooled = &s
		}
		return g
	}
	a := &answer.Answer{
		Title: "A region of two towns", Currency: "CAD", Seed: 7, Replicates: 10, Days: 60, DaysPerYear: 250, Level: answer.Level, Intervals: answer.OfReplicates,
		Firms: 40, Employees: 1200, Baseline: "status_quo",
		Regimes: []answer.Regime{
			{Name: "autarky", Title: "Each firm alone", Gain: gain(-2.1e6, -2.6e6, -1.6e6, -0.21)},
			{Name: "status_quo", Title: "Status quo", Surplus: estimate(61.2e6, 58e6, 64.4e6)},
			{Name: "firm", Title: "Firm-level specialization", Gain: gain(0.3e6, -0.4e6, 1e6, 0)},
			{Name: "cooperative", Title: "Cooperative specialization", Gain: gain(4.8e6, 4.2e6, 5.4e6, 0.482,
				answer.Source{Account: "value", PerYear: estimate(3.1e6, 2.5e6, 3.7e6)},
				answer.Source{Account: "lateness", PerYear: estimate(0.2e6, -0.1e6, 0.5e6)},
				answer.Source{Account: "variable", PerYear: estimate(-1.4e6, -1.6e6, -1.2e6)},
				answer.Source{Account: "outside", PerYear: estimate(3.3e6, 2.9e6, 3.7e6)},
				answer.Source{Account: "transaction", PerYear: estimate(-0.4e6, -0.5e6, -0.3e6)},
				answer.Source{Account: "fixed", PerYear: estimate(0, 0, 0)},
			)},
			{Name: "layered", Title: "Both side by side", Gain: gain(0.6e6, 0.5e6, 0.7e6, 0.06)},
			{Name: "pooled", Title: "One merged firm", Pooled: true, Gain: gain(9.95e6, 9.3e6, 10.6e6, 1)},
		},
		Clairvoyant: &answer.Bound{Gain: estimate(12.4e6, 11.9e6, 12.9e6)},
		Headline:    answer.Headline{Regime: "cooperative"},
	}
	d := &Data{Answer: a, Dataset: &store.Dataset{Manifest: store.Manifest{
		Version: "v1", Command: "idleshift run towns.toml", Plan: "ab", Hash: "cd", Title: a.Title, Currency: "CAD",
		Seed: 7, Replicates: 10, Days: 60, YearDays: 250, Baseline: a.Baseline,
	}}}
	for _, table := range metrics.Tables {
		d.Files = append(d.Files, store.File{Table: table})
	}
	for _, r := range a.Regimes {
		d.Regimes = append(d.Regimes, r.Name)
	}
	d.scenario = &scenarios.Scenario{
		Kinds: map[string]agents.Kind{"mill": {Category: "machine", Title: "Milling machine"}, "machinist": {Category: "staff"}, "cmm": {Category: "lab", Title: "Measuring room"}},
		Sizes: map[string]scenarios.Size{"small": {Least: 2, Most: 9}, "large": {Least: 10, Most: 120}},
	}
	shared := map[string]float64{"status_quo": 0.03, "firm": 0.035, "cooperative": 0.11, "layered": 0.12}
	d.values = func(metric, regime string) ([]float64, error) {
		s := shared[regime]
		lost := map[string]float64{"autarky": 0.06, "pooled": 0}[regime]
		if lost == 0 && regime != "pooled" {
			lost = 0.04 - 0.2*s
		}
		v := map[string]float64{
			"hours_demanded": 1000, "hours_shared": 1000 * s, "hours_overtime": 12, "hours_outside": 1000 * lost, "hours_own_late": 20, "hours_lost": 500 * lost, "hours_open": 0,
			"capacity": 1500, "capacity_shared": 700 * s, "capacity_late": 20, "capacity_setup": 60, "capacity_travel": 4, "capacity_down": 45,
		}
		v["hours_own_on_time"] = 1000 - v["hours_shared"] - 32 - 1500*lost
		v["capacity_own"] = v["hours_own_on_time"]
		v["capacity_idle"] = 1500 - v["capacity_own"] - v["capacity_shared"] - 129
		x, known := v[metric]
		if !known {
			return nil, fmt.Errorf("the test has no %s", metric)
		}
		return []float64{x, x}, nil
	}
	d.days = sync.OnceValues(func() (*days, error) {
		t := &days{kinds: []string{"mill", "cmm", "machinist"}, cells: map[[2]string]*series{}}
		for k, kind := range t.kinds {
			for _, regime := range d.Regimes {
				draw := rand.New(rand.NewPCG(1, uint64(k)))
				s := &series{}
				for range d.Replicates {
					worked, normal := make([]float64, d.Days), make([]float64, d.Days)
					for day := range worked {
						normal[day] = 100
						worked[day] = 55 + 10*float64(k) + 60*shared[regime] + 12*draw.NormFloat64()
						s.total += worked[day]
						s.practical += 100
					}
					s.worked, s.normal = append(s.worked, worked), append(s.normal, normal)
				}
				s.shared = s.total * shared[regime] * float64(k+1)
				t.cells[[2]string{regime, kind}] = s
			}
		}
		return t, nil
	})
	d.firms = sync.OnceValues(func() (*firms, error) {
		draw := rand.New(rand.NewPCG(2, 0))
		t := &firms{profit: map[string][]float64{}, count: 40}
		for range d.Replicates {
			for i := range t.count {
				f := firm{place: "west_town", size: "small", employees: 3 + float64(i%5), latitude: 43.4 + 0.04*draw.NormFloat64(), longitude: -80.4 + 0.05*draw.NormFloat64()}
				if i >= 24 {
					f = firm{place: "easton", size: "large", employees: 15 + float64(i), latitude: 43.3 + 0.03*draw.NormFloat64(), longitude: -79.9 + 0.04*draw.NormFloat64()}
				}
				t.who = append(t.who, f)
				t.profit[d.Baseline] = append(t.profit[d.Baseline], 1000*f.employees)
				t.profit["cooperative"] = append(t.profit["cooperative"], 1000*f.employees+max(-300, 400*draw.NormFloat64()+250)*f.employees)
			}
		}
		return t, nil
	})
	d.deals = sync.OnceValues(func() ([]deal, error) {
		draw := rand.New(rand.NewPCG(3, 0))
		var all []deal
		for _, regime := range []string{"status_quo", "firm", "cooperative"} {
			for range int(4000 * shared[regime]) {
				h := math.Exp(1.8 + 1.1*draw.NormFloat64())
				x := deal{regime: regime, requester: int32(draw.IntN(40)), provider: int32(draw.IntN(40)), operator: -1, hours: h, booked: h}
				if draw.IntN(4) > 0 {
					x.km = math.Exp(2 + 0.8*draw.NormFloat64())
				}
				all = append(all, x)
			}
		}
		return all, nil
	})
	return d
}

func estimate(mean, low, high float64) answer.Estimate {
	return answer.Estimate{Mean: answer.Number(mean), Low: answer.Number(low), High: answer.Number(high)}
}

// show draws a figure of the region for an example.
func show(name string) {
	picture, err := Draw(given(name), name, "v1", Options{})
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
	// png 2100 × 979 <nil>
	// What each form of cooperation gains. Bars of the gain over status quo, in million CAD a year: each firm alone −2.10 (−2.60 to −1.60); firm-level specialization 0.30 (−0.40 to 1.00); cooperative specialization 4.80 (4.20 to 5.40); both side by side 0.60 (0.50 to 0.70); the line of one merged firm 9.95 (9.30 to 10.60); the line of clairvoyant bound 12.40 (11.90 to 12.90). Simulated, not observed: means of 10 random worlds of 60 working days, seed 7.
}

func ExampleDraw_hours() {
	show("hours")
	// Output:
	// png 2100 × 1221 <nil>
	// Where the hours went. Stacked bars, a row for each of 6 regimes, of the shares of the hours that orders asked for: status quo: own in time 89 %, done by others 3.0 %, overtime 1.2 %, bought outside 3.4 %, done late 2.0 %, lost 1.7 %; of capacity, own work 60 %, for others 1.4 %, idle 31 %, down 3.0 %; cooperative specialization: own in time 83 %, done by others 11 %, overtime 1.2 %, bought outside 1.8 %, done late 2.0 %, lost 0.9 %; of capacity, own work 57 %, for others 5.1 %, idle 31 %, down 3.0 %. Simulated, not observed: means of 10 random worlds of 60 working days, seed 7.
}

func ExampleDraw_waterfall() {
	show("waterfall")
	// Output:
	// png 2100 × 1150 <nil>
	// Where the gain of cooperative specialization comes from. A waterfall of the account, in million CAD a year, from the surplus of status quo, 61.20: value of orders delivered +3.10; cost of lateness +0.20; variable cost −1.40; outside purchases +3.30; cost of making deals −0.40; to cooperative specialization +4.80, 4.20 to 5.40. Simulated, not observed: means of 10 random worlds of 60 working days, seed 7.
}

func ExampleDraw_map() {
	show("map")
	// Output:
	// png 2100 × 1263 <nil>
	// Who works for whom under cooperative specialization. A map of 40 firms by size, with lines for the hours that firms of different places work for each other under cooperative specialization: 19,497 hours a year in all, 48 % of them within one place; West town and Easton 10,074. Simulated, not observed: positions are drawn at random around their places. The first of the random worlds, seed 7.
}

func ExampleDraw_utilisation() {
	show("utilisation")
	// Output:
	// png 2100 × 921 <nil>
	// How busy machines and people are. Lines of utilisation over 60 working days, a panel for each kind; means in status quo and in cooperative specialization: milling machine 57 % and 62 %; measuring room 66 % and 71 %; machinist 77 % and 82 %. Simulated, not observed: means of 10 random worlds of 60 working days, seed 7.
}

func ExampleDraw_winners() {
	show("winners")
	// Output:
	// png 2100 × 850 <nil>
	// Who wins and who loses by cooperative specialization. Boxes by size class of how firms' profits change from status quo to cooperative specialization, transfers included, in thousand CAD a year and employee: 2–9 employees: 76 % better off, 24 % worse off, median 0.94, middle half 0.02 to 2.05; 10–120 employees: 71 % better off, 29 % worse off, median 1.14, middle half −0.15 to 2.13; all firms: 74 % better off, 26 % worse off, median 1.07, middle half −0.03 to 2.06. Simulated, not observed: the firms of 10 random worlds of 60 working days, seed 7.
}

func ExampleDraw_sharing() {
	show("sharing")
	// Output:
	// png 2100 × 721 <nil>
	// Who shares what. A table in shades, of 4 regimes, of the share of all hours worked that were worked for other firms: milling machine: status quo 3.0 %, cooperative specialization 11 %; measuring room: status quo 6.0 %, cooperative specialization 22 %; machinist: status quo 9.0 %, cooperative specialization 33 %. Simulated, not observed: means of 10 random worlds of 60 working days, seed 7.
}

func ExampleDraw_deals() {
	show("deals")
	// Output:
	// png 2100 × 1088 <nil>
	// How large deals are, and how far the work goes. Histograms by regime of the hours of a deal and of the road distance between requester and work; number of deals, median hours and median distance: status quo: 120 deals, 6.4 h, 7.1 km, 29 % without a journey; firm-level specialization: 140 deals, 5.5 h, 7.1 km, 18 % without a journey; cooperative specialization: 440 deals, 6.2 h, 7.5 km, 26 % without a journey. Simulated, not observed: seed 7. Deals of the first of the random worlds alone, for orders of 60 measured days.
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
		content, err := f.draw(given(f.Name), "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := content.layOut(&sizes[0], &themes[0]).png(100, about{})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", f.Name+".png")
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
		if n := different(t, got, want); n > 5 {
			t.Errorf("%d pixels differ from %s", n, path)
		}
	}
}

// different counts the pixels that differ by more than an eighth in any colour.
func different(t *testing.T, a, b []byte) (n int) {
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
	for y := range size.Dy() {
		for x := range size.Dx() {
			r, g, b, _ := pictures[0].At(x, y).RGBA()
			r2, g2, b2, _ := pictures[1].At(x, y).RGBA()
			for _, c := range [][2]uint32{{r, r2}, {g, g2}, {b, b2}} {
				if max(c[0], c[1])-min(c[0], c[1]) > 0x1fff {
					n++
					break
				}
			}
		}
	}
	return n
}

// Every figure, in every format, size and theme, is the same twice and says
// where it is from. A failure means that a figure cannot be made again.
func TestFilesAreTheSameAndSayWhereTheyAreFrom(t *testing.T) {
	for _, f := range All {
		for _, o := range []Options{{}, {Format: "svg", Size: "slide", Theme: "dark"}, {Format: "pdf", Size: "column"}} {
			one, two := drawn(t, given(f.Name), f.Name, o), drawn(t, given(f.Name), f.Name, o)
			if !bytes.Equal(one.Bytes, two.Bytes) {
				t.Errorf("%s was drawn twice with %+v, with different bytes", f.Name, o)
			}
			origin, err := ReadOrigin(one.Bytes)
			if err != nil {
				t.Errorf("%s, %+v: %v", f.Name, o, err)
				continue
			}
			if o.resolve() != nil || origin.Figure != f.Name || origin.Format != o.Format || origin.Size != o.Size || origin.Theme != o.Theme ||
				origin.Command != given(f.Name).Command || origin.Seed != 7 || origin.Replicates != given(f.Name).Replicates || origin.Scenario != "cd" || origin.Version != "v1" {
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
	alone.Replicates, alone.Answer.Replicates, alone.Answer.Intervals = 1, 1, answer.OfNothing
	unbounded := func(e *answer.Estimate) { e.Low, e.High = answer.Number(math.Inf(-1)), answer.Number(math.Inf(1)) }
	for _, r := range alone.Answer.Regimes {
		if r.Gain != nil {
			unbounded(&r.Gain.PerYear)
			r.Gain.OfPooled = nil
			for i := range r.Gain.Sources {
				unbounded(&r.Gain.Sources[i].PerYear)
			}
		}
	}
	for _, f := range All {
		for _, size := range Sizes {
			if f.Of == Sweep {
				continue
			}
			if got := drawn(t, alone, f.Name, Options{Format: "svg", Size: size}); strings.Contains(got.Alt, "Inf") {
				t.Errorf("%s: %s", f.Name, got.Alt)
			}
		}
	}

	bare := region()
	bare.Files = bare.Files[:2] // runs and needs
	for name, table := range map[string]string{"map": "firms", "utilisation": "days", "winners": "firms", "sharing": "days", "deals": "deals"} {
		if _, err := Draw(bare, name, "", Options{}); !errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), "without the table "+table) {
			t.Errorf("%s without the table %s: %v", name, table, err)
		}
	}

	many := region()
	many.Answer.Regimes[4].Gain.Verdict = "not distinguishable from zero"
	if got := drawn(t, many, "gain", Options{Format: "svg"}); bytes.Equal(got.Bytes, drawn(t, region(), "gain", Options{Format: "svg"}).Bytes) {
		t.Error("a gain that is none when all comparisons are considered is drawn like one")
	}

	same := region()
	same.Answer.Regimes = same.Answer.Regimes[1:3]
	same.Answer.Regimes[1].Gain.PerYear = estimate(0, 0, 0)
	drawn(t, same, "gain", Options{})

	merged := region()
	merged.Answer.Clairvoyant = nil
	merged.Answer.Regimes = append(merged.Answer.Regimes[1:2:2], merged.Answer.Regimes[5])
	drawn(t, merged, "gain", Options{})

	only := region()
	only.Answer.Regimes, only.Regimes, only.Answer.Headline.Regime, only.Answer.Clairvoyant = only.Answer.Regimes[1:2], only.Regimes[1:2], "", nil
	for _, f := range All {
		if _, err := Draw(only, f.Name, "", Options{Format: "svg"}); err != nil && !errors.Is(err, ErrNothing) {
			t.Errorf("%s of the baseline alone: %v", f.Name, err)
		}
		if _, err := Draw(region(), f.Name, "", Options{Format: "svg", Regime: "pooled"}); err != nil && !errors.Is(err, ErrNothing) {
			t.Errorf("%s of one merged firm: %v", f.Name, err)
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
	if got := Number(-1234567.25, 1); got != "−1,234,567.2" {
		t.Error(got)
	}
}
