package store

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"idleshift/metrics"
)

// A Dataset is a complete folder, its files verified.
type Dataset struct {
	Dir string
	Manifest
}

// A Manifest says what a dataset is and holds.
type Manifest struct {
	Program    string   `json:"program"`
	Format     int      `json:"format"`
	Version    string   `json:"version"` // of the program
	Command    string   `json:"command"`
	Plan       string   `json:"plan"` // SHA-256 of what the dataset is made from
	Title      string   `json:"title"`
	Seed       int64    `json:"seed"`
	Replicates int      `json:"replicates"`
	Regimes    []string `json:"regimes"`
	Baseline   string   `json:"baseline"`
	Days       int      `json:"days"` // measured
	YearDays   int      `json:"days_per_year"`
	Currency   string   `json:"currency"`
	Tables     []string `json:"tables"`    // of runs; a sweep has points and failures beside them
	AllDeals   bool     `json:"all_deals"` // deals of every replicate, not of the first alone
	Scenario   string   `json:"scenario"`  // as run, in TOML; of a sweep, its base
	Hash       string   `json:"scenario_sha256"`
	Sweep      *Sweep   `json:"sweep,omitempty"` // nil for a run
	Files      []File   `json:"files"`
}

// has reports whether the dataset has a table.
func (m *Manifest) has(table string) bool {
	return slices.ContainsFunc(m.Files, func(f File) bool { return f.Table == table })
}

// A File is one table on disk.
type File struct {
	Table   string           `json:"table"`
	Name    string           `json:"name"`
	Rows    int64            `json:"rows"`
	Bytes   int64            `json:"bytes"`
	SHA256  string           `json:"sha256"`
	Columns []metrics.Column `json:"columns,omitempty"`
}

// Open reads the manifest of dir and verifies every file against it. The error
// is ErrUnfinished, ErrDamaged, or says that the folder holds no dataset.
func Open(dir string) (*Dataset, error) {
	standing, err := look(dir)
	switch {
	case err != nil:
		return nil, err
	case standing.manifest == nil && standing.chunks != nil:
		return nil, fmt.Errorf("%s is %w; to finish it, run again\n  %s", dir, ErrUnfinished, standing.command())
	case standing.manifest == nil:
		return nil, fmt.Errorf("%s holds no dataset of %s (no %s of its making)", dir, Program, manifestName)
	}
	if err := standing.manifest.verify(dir); err != nil {
		if c := standing.chunks; c != nil { // it is being replaced
			return nil, fmt.Errorf("%s is %w; to finish it, run again\n  %s", dir, ErrUnfinished, c.Command)
		}
		return nil, err
	}
	return &Dataset{dir, *standing.manifest}, nil
}

// verify compares all files with the manifest.
func (m *Manifest) verify(dir string) error {
	for i := range m.Files {
		if m.Files[i].Name != fileName(m.Files[i].Table) {
			return fmt.Errorf("%s is %w: its manifest names a file %q", dir, ErrDamaged, m.Files[i].Name)
		}
		err := m.Files[i].verify(dir)
		if errors.Is(err, fs.ErrPermission) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s is %w: %v", dir, ErrDamaged, err)
		}
	}
	return nil
}

// open opens a table, which the caller closes.
func (d *Dataset) open(table string) (*os.File, *parquet.File, error) {
	names := make([]string, len(d.Files))
	for i := range d.Files {
		names[i] = d.Files[i].Table
	}
	if !slices.Contains(names, table) {
		if slices.Contains(metrics.Tables, table) {
			return nil, nil, fmt.Errorf("%s was made without the table %s", d.Dir, table)
		}
		return nil, nil, metrics.Unknown("table", table, names)
	}
	f, err := os.Open(filepath.Join(d.Dir, fileName(table)))
	if err != nil {
		return nil, nil, err
	}
	p, err := openParquet(f)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return f, p, nil
}

// Runs is the runs table by column.
type Runs struct {
	Regimes    []string
	Replicates int
	metrics    []string
	values     map[string][][]float64 // by regime: metric, replicate
}

// Runs reads the runs table. Its metrics are those of the program that wrote it.
func (d *Dataset) Runs() (*Runs, error) {
	if d.Sweep != nil {
		return nil, fmt.Errorf("%s holds %w of %d points, not a run", d.Dir, ErrSweep, d.Sweep.Points)
	}
	f, p, err := d.open(metrics.Runs)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &Runs{Regimes: d.Regimes, Replicates: d.Replicates, values: map[string][][]float64{}}
	for _, path := range p.Schema().Columns()[2:] {
		r.metrics = append(r.metrics, path[0])
	}
	for _, name := range r.Regimes {
		r.values[name] = make([][]float64, len(r.metrics))
	}
	err = eachRow(p, func(rows []parquet.Row) error {
		for _, row := range rows {
			columns, ok := r.values[string(row[0].ByteArray())]
			if !ok {
				return fmt.Errorf("a row of regime %q, which the manifest does not name", row[0].ByteArray())
			}
			for i := range columns {
				v := math.NaN()
				if !row[i+2].IsNull() {
					v = row[i+2].Double()
				}
				columns[i] = append(columns[i], v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return r, nil
}

// Values is the metric of the regime, by replicate; NaN where it is not
// defined. It must not be written to. Unknown names are errors that suggest
// the nearest.
func (r *Runs) Values(metric, regime string) ([]float64, error) {
	columns, ok := r.values[regime]
	if !ok {
		return nil, metrics.Unknown("regime", regime, r.Regimes)
	}
	i := slices.Index(r.metrics, metric)
	if i < 0 {
		return nil, metrics.Unknown("metric", metric, r.metrics)
	}
	return columns[i], nil
}

// PointValues is the metric of the regime in a sweep, by point and replicate;
// NaN where it is not defined, the run failed, or the point does not run the
// regime. Unknown names are errors that suggest the nearest.
func (d *Dataset) PointValues(metric, regime string) ([][]float64, error) {
	if d.Sweep == nil {
		return nil, fmt.Errorf("%s holds a run, not a sweep", d.Dir)
	}
	if !slices.Contains(d.Regimes, regime) {
		return nil, metrics.Unknown("regime", regime, d.Regimes)
	}
	f, p, err := d.open(metrics.Runs)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	first := len(d.Sweep.Factors) + 3 // after point, factors, regime and replicate
	var names []string
	for _, path := range p.Schema().Columns()[first:] {
		names = append(names, path[0])
	}
	column := slices.Index(names, metric)
	if column < 0 {
		return nil, metrics.Unknown("metric", metric, names)
	}
	all := slices.Repeat([]float64{math.NaN()}, d.Sweep.Points*d.Replicates)
	at := make([]int, 0, p.NumRows())
	err = errors.Join(
		eachValue(p, 0, func(_ int, v parquet.Value) { at = append(at, int(v.Int32())*d.Replicates) }),
		eachValue(p, first-1, func(i int, v parquet.Value) { at[i] += int(v.Int32()) }),
		eachValue(p, first-2, func(i int, v parquet.Value) {
			if string(v.ByteArray()) != regime {
				at[i] = none
			}
		}),
		eachValue(p, first+column, func(i int, v parquet.Value) {
			if at[i] != none && !v.IsNull() {
				all[at[i]] = v.Double()
			}
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return slices.Collect(slices.Chunk(all, d.Replicates)), nil
}

// Read hands the rows of a table to each, in batches that it must not keep. T
// is the row type of the table.
func Read[T metrics.DayRow | metrics.FirmRow | metrics.DealRow | metrics.NeedRow](d *Dataset, each func(rows []T) error) error {
	var table string
	switch any(*new(T)).(type) {
	case metrics.DayRow:
		table = metrics.Days
	case metrics.FirmRow:
		table = metrics.Firms
	case metrics.DealRow:
		table = metrics.Deals
	case metrics.NeedRow:
		table = metrics.Needs
	}
	f, p, err := d.open(table)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := newReader[T](p)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	defer r.Close()
	rows := make([]T, batch)
	for {
		n, end := readTyped(r, rows)
		if n > 0 {
			if err := each(rows[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return fmt.Errorf("%s: %w", f.Name(), end)
		}
	}
}

func newReader[T any](f *parquet.File) (_ *parquet.GenericReader[T], err error) {
	defer guard(&err)
	return parquet.NewGenericReader[T](f), nil
}

func readTyped[T any](r *parquet.GenericReader[T], rows []T) (n int, err error) {
	defer guard(&err)
	return r.Read(rows)
}

// CSV writes a table as comma-separated values (RFC 4180) with a header of
// column names; an undefined number is an empty cell.
func (d *Dataset) CSV(table string, to io.Writer) error {
	f, p, err := d.open(table)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(to)
	w.UseCRLF = true
	var cells []string
	for _, path := range p.Schema().Columns() {
		cells = append(cells, path[0])
	}
	if err := w.Write(cells); err != nil {
		return err
	}
	err = eachRow(p, func(rows []parquet.Row) error {
		for _, row := range rows {
			for i, v := range row {
				cells[i] = cell(v)
			}
			if err := w.Write(cells); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// cell is a value as a spreadsheet reads it.
func cell(v parquet.Value) string {
	switch {
	case v.IsNull():
		return ""
	case v.Kind() == parquet.Double:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64)
	case v.Kind() == parquet.Boolean:
		return strconv.FormatBool(v.Boolean())
	case v.Kind() == parquet.ByteArray:
		return string(v.ByteArray())
	case v.Kind() == parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	}
	return strconv.FormatInt(v.Int64(), 10)
}

// Export writes a table as a CSV file at path, whole or not at all.
func (d *Dataset) Export(table, path string) error {
	return replace(path, func(w io.Writer) error { return d.CSV(table, w) })
}
