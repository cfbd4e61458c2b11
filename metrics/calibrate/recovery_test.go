package calibrate

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"idleshift/metrics/moments"
	"idleshift/scenarios"
)

// read reads a calibration of testdata, changed.
func read(t *testing.T, name string, changes ...string) *Plan {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{"region.toml", name} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		changed := string(text)
		if file == name {
			changed = strings.NewReplacer(changes...).Replace(changed)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(changed), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Read(filepath.Join(dir, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func runner(t *testing.T, p *Plan) *moments.Runner {
	t.Helper()
	s, err := p.Suite()
	if err != nil {
		t.Fatal(err)
	}
	return &moments.Runner{Suite: s, Workers: runtime.GOMAXPROCS(0)}
}

// aim sets the targets to the moments that the scenario shows with the keys at
// x, over many worlds of another seed: what the search sees is noise apart from
// it.
func aim(t *testing.T, p *Plan, x []float64) {
	t.Helper()
	sc, err := scenarios.Load(p.Scenario, scenarios.LoadOptions{Set: append(p.overrides(x), "seed=77")})
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, p)
	got, err := r.Measure(context.Background(), []moments.Point{{Scenario: sc, First: 0, Beyond: 60}})
	if err != nil || got[0].Fail != nil {
		t.Fatal(err, got[0].Fail)
	}
	e := r.Suite.Estimate(got[0].Rows)
	for i := range p.targets {
		p.targets[i].Value = e.Values[i]
		if !(e.Errors[i] < p.targets[i].Tolerance) {
			t.Errorf("%s is known to %.4f only", p.targets[i].Name, e.Errors[i])
		}
	}
}

// Known keys must be found again from moments that the model made with them. A
// failure means that the calibration finds other keys than those that made the
// data, or is surer of them than it may be; or that it takes a key that bears on
// no target for one that the targets pin down.
func TestKnownKeysAreFoundAgain(t *testing.T) {
	for _, method := range []string{"differential-evolution", "cma-es"} {
		t.Run(method, func(t *testing.T) {
			p := read(t, "two_keys.toml", "seed = 3", "seed = 3\nmethod = \""+method+"\"", "generations = 12", "generations = "+map[string]string{"differential-evolution": "12", "cma-es": "20"}[method])
			known := []float64{0.6, 0.7, 0.5}
			aim(t, p, known)
			result, err := Run(context.Background(), p, runner(t, p), nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, key := range result.Keys {
				if key.Name == "price" {
					if key.Identified {
						t.Errorf("price is taken for identified: %+v", key)
					}
					continue
				}
				if !key.Identified || key.Error == nil {
					t.Errorf("%s is not identified: %+v", key.Name, key)
					continue
				}
				off := p.free[k].where(key.Value) - known[k]
				if math.Abs(off) > 3**key.Error || *key.Error > 0.15 {
					t.Errorf("%s is %.3g, %.3f of the range off with a standard error of %.3f", key.Name, key.Value, off, *key.Error)
				}
			}
			var text bytes.Buffer
			if err := result.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			t.Log(text.String())
			fitted(t, p, result)
		})
	}
}

// fitted checks that the fitted scenario runs and shows the moments that the
// result says were reached.
func fitted(t *testing.T, p *Plan, result *Result) {
	t.Helper()
	dir := t.TempDir()
	if err := result.Write(dir); err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Load(filepath.Join(dir, "fitted.toml"), scenarios.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, p)
	got, err := r.Measure(context.Background(), []moments.Point{{Scenario: sc, First: 0, Beyond: p.Final}})
	if err != nil || got[0].Fail != nil {
		t.Fatal(err, got[0].Fail)
	}
	for i, v := range r.Suite.Estimate(got[0].Rows).Values {
		if v != result.Targets[i].Reached {
			t.Errorf("%s is %v in the fitted scenario, %v in the result", result.Targets[i].Name, v, result.Targets[i].Reached)
		}
	}
}

// A failure means that a calibration that was killed does not end where it
// would have ended, or runs again what it had run before.
func TestAKilledCalibrationGoesOn(t *testing.T) {
	change := []string{"generations = 12", "generations = 3", "value = 0\ntolerance = 0.01\n\n[targets.vol", "value = 0.6\ntolerance = 0.01\n\n[targets.vol"}
	p := read(t, "two_keys.toml", change...)
	whole, err := Run(context.Background(), p, runner(t, p), nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	ran := 0
	for kills := 1; ; kills++ {
		r := runner(t, p)
		if r.Journal, err = moments.OpenJournal(path, "test", r.Suite, false); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		before := lines(t, path)
		result, err := Run(ctx, p, r, func(said Progress) {
			if lines(t, path) > before+60 {
				cancel()
			}
		})
		cancel()
		if err := r.Journal.Close(); err != nil {
			t.Fatal(err)
		}
		if err == nil {
			if kills < 3 {
				t.Errorf("it was killed %d times only", kills-1)
			}
			if fmt.Sprint(result.Keys, result.Targets) != fmt.Sprint(whole.Keys, whole.Targets) && different(result, whole) {
				t.Errorf("it ended at %+v, not at %+v", result.Keys, whole.Keys)
			}
			break
		}
		ran = lines(t, path)
		tear(t, path)
	}
	if again := lines(t, path); again <= ran {
		t.Errorf("the journal has %d lines after %d", again, ran)
	}
	runs := 1 // the header
	seen := map[string]bool{}
	for _, e := range whole.Evaluations {
		for n := e.First; n < e.First+e.N; n++ {
			if id := fmt.Sprint(e.Values, n); !seen[id] {
				seen[id] = true
				runs++
			}
		}
	}
	if got := lines(t, path); got > runs+8 {
		t.Errorf("the journal has %d lines for %d runs", got, runs)
	}
}

func different(a, b *Result) bool {
	for i := range a.Keys {
		if a.Keys[i].Value != b.Keys[i].Value || a.Keys[i].Said != b.Keys[i].Said {
			return true
		}
	}
	return a.Distance != b.Distance
}

func lines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// tear cuts the last line short, as a kill in the middle of writing does.
func tear(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-5], 0o666); err != nil {
		t.Fatal(err)
	}
}
