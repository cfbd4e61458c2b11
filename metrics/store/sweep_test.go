package store

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"idleshift/agents/rng"
	"idleshift/metrics"
	"idleshift/sim/experiment"
)

// sweep is a plan of four points in three replicates: one of two factors is of
// words, the other of whole numbers.
func sweep() Plan {
	plan := small(3)
	plan.Command = "idleshift sweep run small"
	plan.Sweep = &Sweep{
		Design: json.RawMessage(`{"name": "small"}`), Base: "small.toml", Files: map[string]string{"small.toml": "title = \"<&>\"\n"},
		Factors: []Factor{
			{Name: "unit", Doc: "Unit.", Levels: []string{"operation", "component, \"free\""}},
			{Name: "firms", Whole: true, Levels: []string{"ten", "many"}, Numbers: []float64{10, 2195}},
			{Name: "share"},
		},
	}
	var points []Point
	for i := range 4 {
		points = append(points, Point{
			Set: []string{fmt.Sprintf("i=%d", i)}, At: []float64{float64(i / 2), float64(i % 2), 0.1 * float64(i)},
			Hash: digest([]byte{byte(i)}), Command: "idleshift run",
		})
	}
	plan.Points = slices.Values(points)
	return plan
}

func changed(p *Plan, change func([]Point) []Point) iter.Seq[Point] {
	return slices.Values(change(slices.Collect(p.Points)))
}

// does is what the jobs of the sweep come to: two of twelve fail, one of them
// half-way.
func does(s *Store, number int) error {
	j := experiment.Job{Point: number / 3, Replicate: number % 3}
	if number == 7 {
		return s.Fail(j, errors.New("no room\nfor it"))
	}
	job, err := s.Begin(j, small(3).Scenario, firmInfos())
	if err != nil {
		return err
	}
	defer job.Abort()
	results, err := fill(renumbered{job, number}, s.plan.Regimes, number)
	if err != nil {
		return err
	}
	if number == 2 {
		job.Abort()
		return s.Fail(j, errors.New("half-way"))
	}
	for i := range results {
		results[i].Replicate = j.Replicate
	}
	return job.Commit(results)
}

// renumbered is a sink of a world that is told apart by the job's number.
type renumbered struct {
	*Job
	number int
}

func finish(t *testing.T, s *Store, order []int) {
	t.Helper()
	for _, i := range order {
		must(t, does(s, i))
	}
	must(t, s.Merge())
}

func everything() []int {
	all := make([]int, 12)
	for i := range all {
		all[i] = i
	}
	return all
}

// The bytes of a sweep may depend on its plan alone: not on the order of the
// jobs, on what lies in one chunk, on who did what, or on what was done twice.
func TestSweepSameBytes(t *testing.T) {
	plan := sweep()
	straight := t.TempDir()
	s, err := Create(straight, plan, false)
	must(t, err)
	finish(t, s, everything())
	want := contents(t, straight)
	if len(want) != len(metrics.Tables)+3 {
		t.Fatalf("a sweep has the files %v", want)
	}
	draw := rng.NewSource(3, 0).Stream(rng.Ties, 0, 0)
	for round := range 10 {
		dir := t.TempDir()
		var shards []*Store
		for range 1 + round%3 {
			s, err := Create(dir, plan, false)
			must(t, err)
			shards = append(shards, s)
		}
		left := everything()
		for len(left) > 0 {
			s := shards[draw.IntN(len(shards))]
			k := draw.IntN(len(left))
			must(t, does(s, left[k]))
			switch draw.IntN(5) {
			case 0: // and it is forgotten that it was done
			case 1:
				must(t, s.Flush())
				left = slices.Delete(left, k, k+1)
			case 2: // interrupted half-way, the chunk goes on
				j, err := s.Begin(experiment.Job{Point: 1}, small(3).Scenario, firmInfos())
				must(t, err)
				must(t, j.Day(0, 0, newWorld(99).day()))
				j.Abort()
				fallthrough
			default:
				left = slices.Delete(left, k, k+1)
			}
		}
		for _, s := range shards {
			must(t, s.Flush())
		}
		again, err := Resume(dir, plan.Version)
		must(t, err)
		if again.Finished() != 12 || again.Failed() != 2 {
			t.Fatalf("round %d: %d finished, %d failed, want 12 and 2", round, again.Finished(), again.Failed())
		}
		must(t, again.Merge())
		same(t, fmt.Sprint("round ", round), contents(t, dir), want)
		must(t, shards[0].Merge()) // by another process in the meantime
		if !shards[0].Superseded() {
			t.Error("a process whose work another has merged is not told")
		}
	}
}

// Where a job lies is said by its columns. A failure means that results are
// read as those of another point.
func TestSweepColumns(t *testing.T) {
	plan, dir := sweep(), t.TempDir()
	s, err := Create(dir, plan, false)
	must(t, err)
	finish(t, s, everything())
	d, err := Open(dir)
	must(t, err)
	at, err := d.At()
	must(t, err)
	points := slices.Collect(plan.Points)
	for i, p := range points {
		if !slices.Equal(at[i], p.At) {
			t.Errorf("point %d lies at %v, is read to lie at %v", i, p.At, at[i])
		}
	}
	for _, regime := range plan.Scenario.Compare {
		values, err := d.PointValues("surplus", regime)
		must(t, err)
		for number := range 12 {
			got := values[number/3][number%3]
			if number == 2 || number == 7 {
				if !math.IsNaN(got) {
					t.Errorf("a run that failed has the value %v", got)
				}
				continue
			}
			results, err := fill(&keep{frame: metrics.NewFrame(plan.Scenario)}, plan.Scenario.Compare, number)
			must(t, err)
			r := &results[slices.Index(plan.Scenario.Compare, regime)]
			all := metrics.Values(&metrics.Run{Result: r, Frame: metrics.NewFrame(plan.Scenario), Firms: firms})
			want := all[slices.IndexFunc(metrics.Catalogue, func(m metrics.Metric) bool { return m.Name == "surplus" })]
			if got != want {
				t.Errorf("run %d of %s: %v, want %v", number, regime, got, want)
			}
		}
	}
	if _, err := d.PointValues("surplusses", "pooled"); err == nil || !strings.Contains(err.Error(), `"surplus"`) {
		t.Errorf("a misspelt metric: %v", err)
	}
	if _, err := d.Runs(); err == nil {
		t.Error("a sweep is read as a run")
	}
	for _, f := range d.Files {
		var text bytes.Buffer
		must(t, d.CSV(f.Table, &text))
		rows, err := csv.NewReader(&text).ReadAll()
		must(t, err)
		if int64(len(rows)) != f.Rows+1 || !slices.Equal(rows[0][:4], []string{"point", "factor_unit", "factor_firms", "factor_share"}) {
			t.Fatalf("%s has %d rows of %v", f.Table, len(rows), rows[0])
		}
		for i, c := range f.Columns {
			if rows[0][i] != c.Name {
				t.Errorf("%s: column %s is described as %s", f.Table, rows[0][i], c.Name)
			}
		}
		before := ""
		for _, row := range rows[1:] {
			i := row[0][0] - '0'
			p := points[i]
			want := []string{plan.Sweep.Factors[0].Levels[int(p.At[0])], fmt.Sprint(plan.Sweep.Factors[1].Numbers[int(p.At[1])]), fmt.Sprint(p.At[2])}
			if !slices.Equal(row[1:4], want) {
				t.Errorf("%s: a row of point %d lies at %v, want %v", f.Table, i, row[1:4], want)
			}
			if row[0] < before {
				t.Errorf("%s: rows are not sorted by point", f.Table)
			}
			before = row[0]
			if f.Table == metrics.Failures && row[5] != "half-way" && row[5] != "no room\nfor it" {
				t.Errorf("a failure reads %q", row[5])
			}
		}
	}
	rows := 0
	must(t, Read(d, func(days []metrics.DayRow) error {
		for i := range days {
			if days[i].Kind == "" || days[i].Capacity == 0 {
				t.Errorf("a day reads %+v", days[i])
			}
		}
		rows += len(days)
		return nil
	}))
	if rows != 10*30*3*3 {
		t.Errorf("%d rows of days", rows)
	}
}

// A failure means that results of two programs or two plans end up in one
// table, or that a folder is taken for what it is not.
func TestResume(t *testing.T) {
	plan := sweep()
	refused := func(what, dir, version string, words ...string) {
		t.Helper()
		_, err := Resume(dir, version)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", what, err)
			return
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not say %q", what, err, word)
			}
		}
	}
	dir := t.TempDir()
	refused("an empty folder", dir, "v1", "holds no sweep", "sweep plan")
	must(t, os.WriteFile(filepath.Join(dir, "thesis.doc"), nil, 0o666))
	refused("a stranger's folder", dir, "v1", "holds no sweep")
	_, err := Create(dir, plan, true)
	if !errors.Is(err, ErrRefused) {
		t.Errorf("a sweep in a stranger's folder: %v", err)
	}
	run := t.TempDir()
	_, err = Create(run, small(2), false)
	must(t, err)
	refused("an unfinished run", run, "v1", "not a sweep")
	must(t, produce(run, small(2), false))
	refused("a run", run, "v1", "not a sweep")

	dir = t.TempDir()
	s, err := Create(dir, plan, false)
	must(t, err)
	must(t, does(s, 0))
	must(t, s.Flush())
	refused("another version", dir, "v2", "v1", "v2")
	for what, change := range map[string]func(*Plan){
		"version": func(p *Plan) { p.Version = "v2" },
		"point": func(p *Plan) {
			p.Points = changed(p, func(all []Point) []Point { all[3].Set = []string{"i=9"}; return all })
		},
		"points":    func(p *Plan) { p.Points = changed(p, func(all []Point) []Point { return all[:3] }) },
		"factor":    func(p *Plan) { p.Sweep.Factors[2].Name = "radius" },
		"file":      func(p *Plan) { p.Sweep.Files = map[string]string{"small.toml": "title = \"other\"\n"} },
		"replicate": func(p *Plan) { p.Scenario.Replicates = 4 },
		"tables":    func(p *Plan) { p.Tables, _ = SelectOnly([]string{"days"}) },
	} {
		other := sweep()
		change(&other)
		if _, err := Create(dir, other, false); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "holds another dataset") {
			t.Errorf("a plan with another %s: %v", what, err)
		}
	}
	again, err := Resume(dir, "v1")
	must(t, err)
	if again.Finished() != 1 {
		t.Error("a refused plan took something away")
	}
	p, err := again.Point(2)
	must(t, err)
	if fmt.Sprint(p) != fmt.Sprint(slices.Collect(plan.Points)[2]) {
		t.Errorf("point 2 reads %v", p)
	}
	if err := again.Merge(); !errors.Is(err, ErrUnfinished) || !strings.Contains(err.Error(), "11 runs have not been run, the first of them point 0, replicate 1") {
		t.Errorf("merging early: %v", err)
	}
	path := filepath.Join(dir, chunksName, pointsName)
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, bytes.Replace(text, []byte("i=2"), []byte("i=3"), 1), 0o666))
	if _, err := Resume(dir, "v1"); !errors.Is(err, ErrDamaged) {
		t.Errorf("points that were changed: %v", err)
	}
}

// A failure means that a design is planned that no table can hold.
func TestSweepPlan(t *testing.T) {
	for word, change := range map[string]func(*Plan){
		"no points":      func(p *Plan) { p.Points = slices.Values([]Point(nil)) },
		"share a column": func(p *Plan) { p.Sweep.Factors[0].Name = "firms" },
		"no level":       func(p *Plan) { p.Points = changed(p, func(all []Point) []Point { all[1].At[0] = 2; return all }) },
		"2 values": func(p *Plan) {
			p.Points = changed(p, func(all []Point) []Point { all[1].At = all[1].At[:2]; return all })
		},
	} {
		plan := sweep()
		change(&plan)
		if _, err := Create(t.TempDir(), plan, false); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// Chunks that many workers filled at once are merged with few files open.
func TestMergeManyChunks(t *testing.T) {
	plan := sweep()
	few, many := t.TempDir(), t.TempDir()
	s, err := Create(few, plan, false)
	must(t, err)
	finish(t, s, everything())
	s, err = Create(many, plan, false)
	must(t, err)
	for _, i := range everything() {
		must(t, does(s, i))
		must(t, s.Flush())
		must(t, does(s, i)) // and again
		must(t, s.Flush())
	}
	must(t, s.Merge())
	same(t, "24 chunks", contents(t, many), contents(t, few))
}
