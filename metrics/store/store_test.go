package store

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"idleshift/agents"
	"idleshift/agents/rng"
	"idleshift/metrics"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// small is a plan of three regimes, one of them pooled.
func small(replicates int) Plan {
	selection, _ := Select("")
	return Plan{
		Version: "v1", Command: "idleshift run small", Text: "title = \"small <&>\"\n", Tables: selection,
		Scenario: &scenarios.Scenario{
			Title: "small", Seed: 7, Replicates: replicates, Currency: "CAD",
			Compare: []string{"status_quo", "cooperative", "pooled"}, Baseline: "status_quo",
			Time: scenarios.Time{Days: 30, Warmup: 5, YearDays: 250},
			Kinds: map[string]agents.Kind{
				"mill":      {Category: "machine", Hours: 8, Shifts: 2, NormalShifts: 1, FixedCost: 80, Operator: "machinist", OperatorHours: 0.5},
				"machinist": {Category: "staff", Hours: 8, Shifts: 1, FixedCost: 200},
				"cmm":       {Category: "lab", Hours: 8, Shifts: 1},
			},
			Orders:  map[string]agents.OrderClass{"parts": {Purpose: "work"}, "advice": {Purpose: "internal"}},
			Tiers:   map[string]agents.Tier{"partners": {}, "platform": {}},
			Regimes: map[string]agents.Regime{"status_quo": {}, "cooperative": {}, "pooled": {Pooled: true}},
		},
	}
}

const firms = 40

func firmInfos() []metrics.FirmInfo {
	info := make([]metrics.FirmInfo, firms)
	for i := range info {
		info[i] = metrics.FirmInfo{Name: fmt.Sprint("firm \"", i, "\", Ltd"), Place: "Guelph", Sector: "tools", Size: "10–49", Employees: float64(i + 1), Latitude: 43.5, Longitude: -80.25}
	}
	return info
}

// A world is what one replicate produces: random, but the same each time.
type world struct{ rng.Stream }

func newWorld(replicate int) *world {
	return &world{rng.NewSource(1, uint64(replicate)).Stream(rng.Arrivals, 0, 0)}
}

func (w *world) hours() agents.Hours { return agents.Hours(w.IntN(1_000_000)) }
func (w *world) money() agents.Money { return agents.Money(w.IntN(1_000_000_000)) - 1000 }

func (w *world) day() []agents.DayHours {
	kinds := make([]agents.DayHours, 3)
	for k := range kinds {
		kinds[k] = agents.DayHours{
			Capacity: w.hours(), Own: w.hours(), Late: w.hours(), Shared: w.hours(), Setup: w.hours(), Travel: w.hours(),
			Idle: w.hours(), Down: w.hours(), Overtime: w.hours(), Outside: w.hours(), Lost: w.hours(), Normal: w.hours(),
		}
	}
	return kinds
}

func (w *world) deal() agents.Deal {
	return agents.Deal{
		Day: agents.Day(w.IntN(60)), Tier: int16(w.IntN(2)), Kind: int16(w.IntN(3)), Class: int16(w.IntN(2)),
		Requester: int32(w.IntN(firms)), Provider: [2]int32{int32(w.IntN(firms)), agents.None}, Hours: w.hours(),
		Booked: [2]agents.Hours{w.hours(), w.hours()}, TravelH: w.hours(), Km: 12.5, Waited: agents.Day(w.IntN(9)), First: w.IntN(2) == 0,
		Stake: w.money(), Cost: w.money(), SetupCost: w.money(), Slack: w.money(), Trans: w.money(), Freight: w.money(), Price: w.money(), Fee: w.money(),
	}
}

func (w *world) firm(i int) sim.FirmResult {
	f := sim.FirmResult{Firm: int32(i), Capacity: w.hours(), Own: w.hours(), Provided: w.hours(), Received: w.hours(), Idle: w.hours()}
	for a := range f.Ledger {
		f.Ledger[a] = w.money()
	}
	return f
}

func (w *world) result(regime string, replicate int) sim.Result {
	r := sim.Result{
		Regime: regime, Replicate: replicate, Firms: firms, Employees: 820, Days: 30,
		Kinds: make([]agents.Fate, 3), Hours: w.day(), Classes: make([][sim.NumNeeds]sim.Need, 2),
		Deals: int64(w.IntN(3)), DealHours: w.hours(), BookValue: w.money(),
	}
	for a := range r.Region {
		r.Region[a] = w.money()
	}
	for k := range r.Kinds {
		r.Kinds[k].Lost = w.hours()
		r.Kinds[k].Demand = r.Kinds[k].Lost + w.hours()
	}
	for c := range r.Classes {
		for n := range r.Classes[c] {
			r.Classes[c][n] = sim.Need{Orders: 9, OnTime: 3, Late: 3, Lost: 2, Open: 1, Hours: w.hours(), Potential: w.money(), Realised: w.money()}
		}
	}
	return r
}

// fill runs the world of one replicate into a sink, regimes in lockstep.
func fill(sink sim.Sink, regimes []string, replicate int) ([]sim.Result, error) {
	w := newWorld(replicate)
	var errs []error
	for day := range 30 {
		for regime := range regimes {
			errs = append(errs, sink.Day(regime, agents.Day(day), w.day()))
			deals := make([]agents.Deal, w.IntN(40))
			for i := range deals {
				deals[i] = w.deal()
			}
			errs = append(errs, sink.Deals(regime, deals))
		}
	}
	var results []sim.Result
	for regime, name := range regimes {
		n := firms
		if name == "pooled" {
			n = 1
		}
		rows := make([]sim.FirmResult, n)
		for i := range rows {
			rows[i] = w.firm(i)
		}
		errs = append(errs, sink.Firms(regime, rows))
		results = append(results, w.result(name, replicate))
	}
	return results, errors.Join(errs...)
}

// job does one replicate from beginning to end.
func job(s *Store, replicate int) error {
	j, err := begin(s, replicate)
	if err != nil {
		return err
	}
	defer j.Abort()
	results, err := fill(j, s.plan.Regimes, replicate)
	if err != nil {
		return err
	}
	return j.Commit(results)
}

// alone does a job and puts it on disk by itself.
func alone(s *Store, replicate int) error { return errors.Join(job(s, replicate), s.Flush()) }

// begin starts a job of the small scenario.
func begin(s *Store, replicate int) (*Job, error) {
	return s.Begin(experiment.Job{Replicate: replicate}, small(1).Scenario, firmInfos())
}

// done reports whether a replicate is on disk.
func done(s *Store, replicate int) bool { return s.Done(experiment.Job{Replicate: replicate}) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// produce writes a whole dataset, skipping what is done.
func produce(dir string, plan Plan, overwrite bool) error {
	s, err := Create(dir, plan, overwrite)
	if err != nil || s.Complete() {
		return err
	}
	for i := range plan.Scenario.Replicates {
		if done(s, i) {
			continue
		}
		if err := job(s, i); err != nil && !s.Superseded() {
			return err
		}
	}
	return s.Merge()
}

// contents are the SHA-256 of all files below dir, by name.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = digest(text)
		return err
	}))
	return files
}

func same(t testing.TB, what string, got, want map[string]string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: files differ:\n%v\n%v", what, got, want)
	}
}

// The bytes of a dataset may depend on its plan alone. A failure means that
// the number of workers, the order in which replicates finish, or an
// interruption shows in the results.
func TestSameBytes(t *testing.T) {
	plan := small(5)
	straight := filepath.Join(t.TempDir(), "deep", "straight")
	must(t, produce(straight, plan, false))
	want := contents(t, straight)
	if len(want) != len(metrics.Tables)+1 {
		t.Fatalf("a dataset of %d tables has the files %v", len(metrics.Tables), want)
	}

	backwards := t.TempDir()
	s, err := Create(backwards, plan, false)
	must(t, err)
	for i := 4; i >= 0; i-- {
		must(t, alone(s, i))
	}
	must(t, s.Merge())
	same(t, "last replicate first", contents(t, backwards), want)

	parallel := t.TempDir()
	s, err = Create(parallel, plan, false)
	must(t, err)
	var group errgroup.Group
	for i := range 5 {
		group.Go(func() error { return job(s, i) })
	}
	must(t, group.Wait())
	must(t, s.Merge())
	same(t, "five at a time", contents(t, parallel), want)

	resumed := t.TempDir()
	s, err = Create(resumed, plan, false)
	must(t, err)
	must(t, alone(s, 1))
	aborted, err := begin(s, 2)
	must(t, err)
	must(t, aborted.Day(0, 0, newWorld(2).day()))
	aborted.Abort()
	abandoned, err := begin(s, 3) // as a killed process leaves it
	must(t, err)
	must(t, abandoned.Day(0, 0, newWorld(3).day()))
	if err := s.Merge(); !errors.Is(err, ErrUnfinished) {
		t.Errorf("merged with four replicates missing: %v", err)
	}
	if done(s, 2) || done(s, 3) || !done(s, 1) {
		t.Error("what was finished is not what is done")
	}
	must(t, produce(resumed, plan, false))
	same(t, "aborted and resumed", contents(t, resumed), want)

	twice := t.TempDir()
	s, err = Create(twice, plan, false)
	must(t, err)
	other, err := Create(twice, plan, false)
	must(t, err)
	for i := range 5 {
		must(t, alone(s, i))
		must(t, alone(other, i)) // finished by another process already
	}
	must(t, s.Merge())
	same(t, "two processes", contents(t, twice), want)
}

// A failure means that a folder of somebody else may be damaged, or that a
// user is kept from one of his own.
func TestFolders(t *testing.T) {
	plan := small(2)
	other := small(2)
	other.Command = "idleshift run other"
	refused := func(what string, err error, words ...string) {
		t.Helper()
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
	for name, text := range map[string]string{
		"thesis.doc":         "years of work",
		"manifest.json":      `{"name": "of a browser extension", "format": 1}`,
		"runs.parquet":       "PAR1",
		".chunks/plan.json":  `{"program": "another"}`,
		".chunks/000000.dat": "",
	} {
		dir := t.TempDir()
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
		before := contents(t, dir)
		for _, overwrite := range []bool{false, true} {
			_, err := Create(dir, plan, overwrite)
			refused(name, err, "choose another folder")
		}
		if _, err := Open(dir); err == nil {
			t.Errorf("a folder with %s opens as a dataset", name)
		}
		same(t, name, contents(t, dir), before)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o666))
	if _, err := Create(file, plan, true); err == nil {
		t.Error("a file passes for a folder")
	}

	dir := t.TempDir()
	if _, err := Open(dir); err == nil {
		t.Error("an empty folder opens as a dataset")
	}
	half := scratch(filepath.Join(dir, chunksName)) // start, stopped half-way
	must(t, os.Mkdir(half, 0o777))
	must(t, os.WriteFile(filepath.Join(half, planName), []byte("{"), 0o666))
	s, err := Create(dir, plan, false)
	must(t, err)
	must(t, alone(s, 0))
	if _, err := Open(dir); !errors.Is(err, ErrUnfinished) || !strings.Contains(err.Error(), plan.Command) {
		t.Errorf("unfinished: %v", err)
	}
	_, err = Create(dir, other, false)
	refused("unfinished, another plan", err, "--overwrite", plan.Command)
	s, err = Create(dir, plan, true)
	must(t, err)
	if !done(s, 0) {
		t.Error("--overwrite throws away what the same plan has finished")
	}
	must(t, produce(dir, plan, false))

	complete := contents(t, dir)
	s, err = Create(dir, plan, false)
	must(t, err)
	if !s.Complete() || !done(s, 1) {
		t.Error("a complete dataset is not known as such")
	}
	must(t, s.Merge())
	_, err = Create(dir, other, false)
	refused("complete, another plan", err, "--overwrite", plan.Command)
	same(t, "after refusals", contents(t, dir), complete)

	must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o666))
	s, err = Create(dir, other, true)
	must(t, err)
	if s.Complete() || done(s, 0) {
		t.Error("another plan is complete at once")
	}
	if d, err := Open(dir); err != nil || d.Command != plan.Command {
		t.Errorf("the old dataset does not stand while the new is made: %v", err)
	}
	other.Tables, err = Select("days")
	must(t, err)
	must(t, produce(dir, other, true))
	d, err := Open(dir)
	must(t, err)
	if d.Command != other.Command || len(d.Files) != 3 {
		t.Errorf("after overwriting: %q, %d files", d.Command, len(d.Files))
	}
	after := contents(t, dir)
	if len(after) != 5 || after["notes.txt"] != digest([]byte("mine")) {
		t.Errorf("overwriting left %v", after)
	}
	s, err = Create(dir, other, true)
	must(t, err)
	if s.Complete() {
		t.Error("--overwrite does not make a complete dataset anew")
	}
}

// A failure means that a user asks for tables and gets others.
func TestSelect(t *testing.T) {
	for list, want := range map[string]string{
		"":                  "[runs needs days firms deals] false",
		"days":              "[runs needs days] false",
		" deals=all , days": "[runs needs days deals] true",
		"runs":              "[runs needs] false",
	} {
		s, err := Select(list)
		must(t, err)
		if got := fmt.Sprint(s.Tables, s.AllDeals); got != want {
			t.Errorf("%q selects %s, want %s", list, got, want)
		}
	}
	if _, err := Select("days,frims"); err == nil || !strings.Contains(err.Error(), `"firms"`) {
		t.Errorf("frims: %v", err)
	}
}

// keep is a sink that remembers.
type keep struct {
	frame     *metrics.Frame
	replicate int
	days      []metrics.DayRow
	firms     []metrics.FirmRow
	deals     []metrics.DealRow
}

func (k *keep) Day(regime int, day agents.Day, kinds []agents.DayHours) error {
	for i := range kinds {
		k.days = append(k.days, k.frame.Day(regime, k.replicate, day, i, &kinds[i]))
	}
	return nil
}

func (k *keep) Firms(regime int, firms []sim.FirmResult) error {
	info := firmInfos()
	for i := range firms {
		if len(firms) == 1 {
			firms[0].Firm = -1
			info[0] = metrics.FirmInfo{Employees: 820}
		}
		k.firms = append(k.firms, k.frame.Firm(regime, k.replicate, &firms[i], &info[i]))
	}
	return nil
}

func (k *keep) Deals(regime int, deals []agents.Deal) error {
	for i := range deals {
		if k.replicate == 0 {
			k.deals = append(k.deals, k.frame.Deal(regime, k.replicate, &deals[i]))
		}
	}
	return nil
}

func read[T metrics.DayRow | metrics.FirmRow | metrics.DealRow | metrics.NeedRow](t *testing.T, d *Dataset) (all []T) {
	t.Helper()
	must(t, Read(d, func(rows []T) error {
		all = append(all, rows...)
		return nil
	}))
	return all
}

// Every value of every table must come back as it was recorded. A failure
// means that analyses read other numbers than the run produced.
func TestRoundTrip(t *testing.T) {
	plan, dir := small(3), t.TempDir()
	must(t, produce(dir, plan, false))
	d, err := Open(dir)
	must(t, err)
	want := keep{frame: metrics.NewFrame(plan.Scenario)}
	var needs []metrics.NeedRow
	runs, err := d.Runs()
	must(t, err)
	for want.replicate = range 3 {
		results, err := fill(&want, plan.Scenario.Compare, want.replicate)
		must(t, err)
		for regime := range results {
			r := &results[regime]
			for c := range r.Classes {
				for n := range r.Classes[c] {
					needs = append(needs, want.frame.Need(regime, want.replicate, c, n, &r.Classes[c][n]))
				}
			}
			values := metrics.Values(&metrics.Run{Result: r, Frame: want.frame, Firms: firms})
			for i, m := range metrics.Catalogue {
				got, err := runs.Values(m.Name, r.Regime)
				must(t, err)
				undefined := math.IsNaN(values[i]) || math.IsInf(values[i], 0)
				if got[want.replicate] != values[i] && !(undefined && math.IsNaN(got[want.replicate])) {
					t.Errorf("%s of %s is %v, want %v", m.Name, r.Regime, got[want.replicate], values[i])
				}
			}
		}
	}
	if got := read[metrics.DayRow](t, d); !slices.Equal(got, want.days) {
		t.Error("days differ")
	}
	if got := read[metrics.FirmRow](t, d); !slices.Equal(got, want.firms) {
		t.Error("firms differ")
	}
	if got := read[metrics.DealRow](t, d); !slices.Equal(got, want.deals) {
		t.Error("deals differ")
	}
	if got := read[metrics.NeedRow](t, d); !slices.Equal(got, needs) {
		t.Error("needs differ")
	}
	if _, err := runs.Values("utilization", "pooled"); err == nil || !strings.Contains(err.Error(), `"utilisation"`) {
		t.Errorf("a misspelt metric: %v", err)
	}
	if _, err := runs.Values("surplus", "cooperatve"); err == nil || !strings.Contains(err.Error(), `"cooperative"`) {
		t.Errorf("a misspelt regime: %v", err)
	}
	for _, f := range d.Files {
		rows := map[string]int{"runs": 9, "needs": len(needs), "days": len(want.days), "firms": len(want.firms), "deals": len(want.deals)}[f.Table]
		if f.Rows != int64(rows) {
			t.Errorf("the manifest counts %d rows of %s, there are %d", f.Rows, f.Table, rows)
		}
	}
	if d.Scenario != plan.Text || d.Hash != digest([]byte(plan.Text)) || d.Seed != 7 || d.Replicates != 3 {
		t.Errorf("the manifest does not tell the plan: %+v", d.Manifest)
	}
}

// Units and descriptions travel with the file; a failure means that a column
// of a file found on a disk years later means nothing.
func TestColumnsInFile(t *testing.T) {
	dir := t.TempDir()
	must(t, produce(dir, small(1), false))
	d, err := Open(dir)
	must(t, err)
	for i, file := range d.Files {
		f, p, err := d.open(file.Table)
		must(t, err)
		text, ok := p.Lookup(metaColumns)
		var columns []metrics.Column
		if !ok || json.Unmarshal([]byte(text), &columns) != nil || !slices.Equal(columns, d.Files[i].Columns) {
			t.Errorf("%s: %s is %q", file.Table, metaColumns, text)
		}
		for k, path := range p.Schema().Columns() {
			if len(path) != 1 || path[0] != columns[k].Name {
				t.Errorf("%s: column %v is described as %s", file.Table, path, columns[k].Name)
			}
		}
		f.Close()
	}
	if c := d.Files[0].Columns; !slices.ContainsFunc(c, func(c metrics.Column) bool { return c.Name == "surplus" && c.Unit == "CAD/year" }) {
		t.Errorf("units do not name the currency: %v", c)
	}
}

// A failure means that a spreadsheet shows other numbers than the dataset, or
// cannot read them.
func TestCSV(t *testing.T) {
	dir := t.TempDir()
	must(t, produce(dir, small(2), false))
	d, err := Open(dir)
	must(t, err)
	for _, file := range d.Files {
		path := filepath.Join(t.TempDir(), file.Table+".csv")
		must(t, d.Export(file.Table, path))
		text, err := os.ReadFile(path)
		must(t, err)
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		must(t, err)
		if int64(len(rows)) != file.Rows+1 || len(rows[0]) != len(file.Columns) {
			t.Errorf("%s: %d rows of %d cells", file.Table, len(rows), len(rows[0]))
		}
		if file.Table == metrics.Firms {
			want := read[metrics.FirmRow](t, d)[1]
			got := fmt.Sprint(rows[2][:10])
			if got != fmt.Sprint([]any{want.Regime, want.Replicate, want.Firm, want.Name, want.Place, want.Sector, want.Size, want.Employees, want.Latitude, want.Longitude}) {
				t.Errorf("a firm reads %s", got)
			}
		}
	}
	var b bytes.Buffer
	if err := d.CSV("dais", &b); err == nil || !strings.Contains(err.Error(), `"days"`) {
		t.Errorf("a misspelt table: %v", err)
	}
}

// A failure means that a damaged file is believed, or ends the program.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	plan := small(1)
	must(t, produce(dir, plan, false))
	for _, table := range metrics.Tables {
		path := filepath.Join(dir, fileName(table))
		whole, err := os.ReadFile(path)
		must(t, err)
		r := newWorld(0)
		for i := range 100 {
			text := slices.Clone(whole)
			switch i % 3 {
			case 0:
				text[r.IntN(len(text))] ^= byte(1 + r.IntN(255))
			case 1: // in the footer, which readers trust
				text[len(text)-1-r.IntN(min(len(text), 600))] ^= byte(1 + r.IntN(255))
			default:
				text = text[:r.IntN(len(text))]
			}
			must(t, os.WriteFile(path, text, 0o666))
			if i < 6 {
				if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
					t.Errorf("%s, damaged, opens: %v", table, err)
				}
				if _, err := Create(dir, plan, false); !errors.Is(err, ErrDamaged) {
					t.Errorf("%s, damaged, is complete: %v", table, err)
				}
			}
			m, err := readManifest(filepath.Join(dir, manifestName))
			must(t, err)
			d := &Dataset{dir, *m} // as if the manifest agreed; no reader may panic
			d.CSV(table, new(bytes.Buffer))
			switch table {
			case metrics.Runs:
				d.Runs()
			case metrics.Needs:
				Read(d, func([]metrics.NeedRow) error { return nil })
			case metrics.Days:
				Read(d, func([]metrics.DayRow) error { return nil })
			case metrics.Firms:
				Read(d, func([]metrics.FirmRow) error { return nil })
			case metrics.Deals:
				Read(d, func([]metrics.DealRow) error { return nil })
			}
		}
		must(t, os.WriteFile(path, whole, 0o666))
	}
	must(t, os.Remove(filepath.Join(dir, fileName(metrics.Days))))
	if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
		t.Errorf("without a table: %v", err)
	}
}

// A failure means that a chunk which rotted on disk is merged into results.
func TestDamagedChunk(t *testing.T) {
	dir, clean := t.TempDir(), t.TempDir()
	plan := small(3)
	must(t, produce(clean, plan, false))
	s, err := Create(dir, plan, false)
	must(t, err)
	for i := range 3 {
		must(t, alone(s, i))
	}
	path := filepath.Join(s.chunks(), s.kept[1], fileName(metrics.Days))
	text, err := os.ReadFile(path)
	must(t, err)
	text[len(text)/2] ^= 1
	must(t, os.WriteFile(path, text, 0o666))
	if err := s.Merge(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), filepath.Base(filepath.Dir(path))) {
		t.Errorf("merging a damaged chunk: %v", err)
	}
	if done(s, 1) || !done(s, 0) || !done(s, 2) {
		t.Error("not the damaged chunk alone is run again")
	}
	must(t, produce(dir, plan, false))
	same(t, "after a damaged chunk", contents(t, dir), contents(t, clean))
}

// A failure means that an error of the disk loses finished work, or is not
// understood by who reads it.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	plan := small(2)
	s, err := Create(dir, plan, false)
	must(t, err)
	must(t, alone(s, 0))
	c, err := begin(s, 1)
	must(t, err)
	c.chunk.days.out.file.Close() // every write from here on fails
	results, err := fill(c, plan.Scenario.Compare, 1)
	if err == nil {
		err = errors.Join(c.Commit(results), s.Flush())
	}
	if err == nil || !strings.Contains(err.Error(), "cannot write to "+dir) || !strings.Contains(err.Error(), "finished work is kept") || strings.Contains(err.Error(), temporary) {
		t.Errorf("a write that failed: %v", err)
	}
	c.Abort()
	if done(s, 1) || !done(s, 0) {
		t.Error("a failed write changed what is finished")
	}
	entries, err := os.ReadDir(s.chunks())
	must(t, err)
	if len(entries) != 2 {
		t.Errorf("Abort leaves %v", entries)
	}
	c, err = begin(s, 1)
	must(t, err)
	defer c.Abort()
	for name, results := range map[string][]sim.Result{"none": nil, "two": make([]sim.Result, 2), "of nothing": make([]sim.Result, 3)} {
		if c.Commit(results) == nil {
			t.Errorf("results that are not of the plan are kept: %s", name)
		}
	}
}

const killed = "STORE_TEST_DIR"

// TestMain is also the process that TestKilled kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killed); dir != "" {
		plan := small(3)
		plan.Command = "idleshift run new"
		if err := produce(dir, plan, true); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// replacing are two plans, and what the folder of the second holds.
func replacing(t *testing.T) (old, next Plan, want map[string]string) {
	old, next = small(2), small(3)
	next.Command = "idleshift run new"
	dir := t.TempDir()
	must(t, produce(dir, next, false))
	return old, next, contents(t, dir)
}

// Processes that make the same dataset in the same folder at once, where
// nothing stands or something else, all end well and in the same bytes. A
// failure means that a command given twice, or the last two shards of a sweep,
// destroy each other's work.
func TestTogether(t *testing.T) {
	old, _, want := replacing(t)
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	for round := range rounds {
		dir := t.TempDir()
		processes := make([]*exec.Cmd, 3)
		if round%2 == 1 {
			must(t, produce(dir, old, false))
			processes = processes[:2]
		}
		said := make([]bytes.Buffer, len(processes))
		for i := range processes {
			processes[i] = exec.Command(os.Args[0])
			processes[i].Env = append(os.Environ(), killed+"="+dir)
			processes[i].Stdout = &said[i]
			must(t, processes[i].Start())
			time.Sleep(time.Duration(round*i) * time.Millisecond)
		}
		for i, p := range processes {
			if err := p.Wait(); err != nil {
				t.Errorf("round %d, process %d: %v\n%s", round, i, err, &said[i])
			}
		}
		same(t, fmt.Sprint("round ", round), contents(t, dir), want)
	}
}

// Of two plans in one folder the later has it; who still works on the other is
// told, and takes nothing away. A failure means that a process which was
// forgotten destroys the results of another.
func TestReplacedPlan(t *testing.T) {
	dir := t.TempDir()
	first, second := small(2), small(2)
	second.Command = "idleshift run new"
	s, err := Create(dir, first, false)
	must(t, err)
	must(t, alone(s, 0))
	other, err := Create(dir, second, true)
	must(t, err)
	must(t, alone(other, 0))
	must(t, alone(s, 1)) // into the folder of the second
	if err := s.Merge(); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "another plan has replaced this one") {
		t.Errorf("merging a plan that was replaced: %v", err)
	}
	if again, err := Create(dir, second, false); err != nil || again.Finished() != 1 {
		t.Errorf("the second plan has lost what it had: %v", err)
	}
	must(t, produce(dir, second, false))
	clean := t.TempDir()
	must(t, produce(clean, second, false))
	same(t, "the second plan", contents(t, dir), contents(t, clean))
}

// A process that replaces a dataset is killed at ever later moments. Whenever
// it dies, the folder must hold the old dataset, the new one, or say that it is
// unfinished; and the same command must bring it to the same end. A failure
// means that a killed job loses or mixes results.
func TestKilled(t *testing.T) {
	old, next, want := replacing(t)
	seen := map[string]int{}
	for round := range 3 {
		dir := t.TempDir()
		must(t, produce(dir, old, false))
		for try := 0; ; try++ {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), killed+"="+dir)
			must(t, cmd.Start())
			timer := time.AfterFunc(time.Duration(5+10*round+30*try)*time.Millisecond, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			d, open := Open(dir)
			switch {
			case open == nil && d.Command == old.Command:
				seen["old"]++
			case open == nil && d.Command == next.Command:
				seen["new"]++
			case errors.Is(open, ErrUnfinished):
				seen["unfinished"]++
			default:
				t.Fatalf("round %d, try %d: %v", round, try, open)
			}
			if err == nil {
				break
			}
		}
		same(t, fmt.Sprint("round ", round), contents(t, dir), want)
	}
	t.Log(seen)
}

// The days table is the largest of a long run; the target is five million rows
// a second.
func BenchmarkDays(b *testing.B) {
	plan := small(1)
	plan.Tables, _ = Select("days")
	s, err := Create(b.TempDir(), plan, false)
	must(b, err)
	c, err := begin(s, 0)
	must(b, err)
	defer c.Abort()
	w := newWorld(0)
	var days [250][]agents.DayHours
	for i := range days {
		days[i] = w.day()
	}
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		for i, kinds := range days {
			if err := c.Day(1, agents.Day(i), kinds); err != nil {
				b.Fatal(err)
			}
		}
		rows += 3 * len(days)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// Merging reads and writes every row once.
func BenchmarkMerge(b *testing.B) {
	plan := small(1)
	s, err := Create(b.TempDir(), plan, false)
	must(b, err)
	c, err := begin(s, 0)
	must(b, err)
	results, err := fill(c, plan.Scenario.Compare, 0)
	must(b, err)
	w := newWorld(9)
	for i := range 100_000 {
		must(b, c.Day(1, agents.Day(i), w.day()))
	}
	must(b, c.Commit(results))
	must(b, s.Flush())
	rows := int64(0)
	for b.Loop() {
		f, err := s.join(metrics.Days, filepath.Join(b.TempDir(), "days.parquet"))
		must(b, err)
		rows += f.Rows
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
