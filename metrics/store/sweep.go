package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"idleshift/metrics"
)

// A Sweep is what the manifest of a sweep says beside that of a run.
type Sweep struct {
	Design  json.RawMessage   `json:"design"`            // as it was read, without its points
	Base    string            `json:"base"`              // scenario that the points change: shipped, or a path
	Files   map[string]string `json:"files,omitempty"`   // what was read for the points, by path
	Regimes []string          `json:"regimes,omitempty"` // that every point is cut down to; empty: as its scenario says
	Check   bool              `json:"check"`             // accounts are checked on every day
	Factors []Factor          `json:"factors"`
	Points  int               `json:"points"`
	Hash    string            `json:"points_sha256"`
}

// A Factor is a column of every table of a sweep: of numbers, or of words.
type Factor struct {
	Name    string    `json:"name"`
	Doc     string    `json:"doc,omitempty"`
	Whole   bool      `json:"whole,omitempty"`   // its numbers are whole
	Levels  []string  `json:"levels,omitempty"`  // words for what it can be; nil for a range of numbers
	Numbers []float64 `json:"numbers,omitempty"` // the levels, if they are numbers
}

// column is the name of the factor's column. No other column begins like it.
func (f *Factor) column() string { return "factor_" + strings.ReplaceAll(f.Name, ",", ";") }

// A Point is one scenario of a sweep.
type Point struct {
	Set     []string  `json:"set"`     // overrides of the base, key=value
	At      []float64 `json:"at"`      // by factor: its number, or the position of its level
	Hash    string    `json:"sha256"`  // of the scenario
	Command string    `json:"command"` // that runs the point by itself
}

// pointsName is the file of the points beside the plan, a line of JSON for each.
const pointsName = "points.jsonl"

func (s *Sweep) check() error {
	for i := range s.Factors {
		for k := range i {
			if s.Factors[i].column() == s.Factors[k].column() {
				return fmt.Errorf("the factors %q and %q would share a column; name one of them otherwise", s.Factors[k].Name, s.Factors[i].Name)
			}
		}
	}
	return nil
}

// fits is an error if the point, number i, has no place in the columns.
func (s *Sweep) fits(i int, p *Point) error {
	if len(p.At) != len(s.Factors) {
		return fmt.Errorf("point %d has %d values for %d factors", i, len(p.At), len(s.Factors))
	}
	for k, f := range s.Factors {
		if f.Levels != nil && !(p.At[k] >= 0 && int(p.At[k]) < len(f.Levels)) {
			return fmt.Errorf("point %d: factor %s has no level %v", i, f.Name, p.At[k])
		}
	}
	return nil
}

// encode writes the points, a line for each, and counts them.
func (s *Sweep) encode(w io.Writer, points iter.Seq[Point]) (n int, err error) {
	b := bufio.NewWriterSize(w, 1<<16)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for p := range points {
		if err := errors.Join(s.fits(n, &p), e.Encode(&p)); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		return 0, errors.New("a design with no points: there is nothing to run")
	}
	return n, b.Flush()
}

// points reads single points off the disk.
type points struct {
	path string
	from []int64 // by point: where its line begins; last, where the file ends
}

// openPoints finds the lines of the points of a sweep.
func openPoints(chunks string, s *Sweep) (*points, error) {
	p := &points{path: filepath.Join(chunks, pointsName), from: []int64{0}}
	f, err := os.Open(p.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := newSum()
	r := bufio.NewReaderSize(io.TeeReader(f, sum), 1<<16)
	at := int64(0)
	for {
		line, err := r.ReadSlice('\n')
		at += int64(len(line))
		switch {
		case err == nil:
			p.from = append(p.from, at)
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			if sum.hex() != s.Hash || len(p.from) != s.Points+1 {
				return nil, fmt.Errorf("%s: %w: not the points that were planned; plan anew with --overwrite", p.path, ErrDamaged)
			}
			return p, nil
		default:
			return nil, err
		}
	}
}

// read is point i.
func (p *points) read(i int) (Point, error) {
	var point Point
	f, err := os.Open(p.path)
	if err != nil {
		return point, err
	}
	defer f.Close()
	line := make([]byte, p.from[i+1]-p.from[i])
	if _, err := f.ReadAt(line, p.from[i]); err != nil {
		return point, err
	}
	return point, json.Unmarshal(line, &point)
}

// columns are those that stand before a table's own: the point, and where it
// lies.
func (s *Sweep) columns() (fields []reflect.StructField, columns []metrics.Column) {
	add := func(name string, t reflect.Type, encoding string, c metrics.Column) {
		fields = append(fields, reflect.StructField{Name: name, Type: t, Tag: reflect.StructTag("parquet:" + strconv.Quote(c.Name+","+encoding))})
		columns = append(columns, c)
	}
	add("Point", reflect.TypeFor[int32](), "delta", metrics.Column{Name: "point", Unit: "1", Doc: "Point of the design, from 0."})
	for i, f := range s.Factors {
		t := reflect.TypeFor[float64]()
		switch {
		case f.words():
			t = reflect.TypeFor[string]()
		case f.Whole:
			t = reflect.TypeFor[int64]()
		}
		add("Factor"+strconv.Itoa(i), t, "dict", metrics.Column{Name: f.column(), Doc: f.Doc})
	}
	return fields, columns
}

// words reports whether the factor's column is of words.
func (f *Factor) words() bool { return f.Levels != nil && f.Numbers == nil }

// values are those of the columns of point i.
func (s *Sweep) values(i int, p *Point) []parquet.Value {
	row := []parquet.Value{parquet.Int32Value(int32(i)).Level(0, 0, 0)}
	for k, f := range s.Factors {
		x := p.At[k]
		if f.Numbers != nil {
			x = f.Numbers[int(x)]
		}
		v := parquet.DoubleValue(x)
		switch {
		case f.words():
			v = parquet.ByteArrayValue([]byte(f.Levels[int(x)]))
		case f.Whole:
			v = parquet.Int64Value(int64(x))
		}
		row = append(row, v.Level(0, 0, k+1))
	}
	return row
}

// at is the inverse of values for factor f: what Point.At holds.
func (f *Factor) at(v parquet.Value) float64 {
	x := 0.0
	switch {
	case f.words():
		return float64(slices.Index(f.Levels, string(v.ByteArray())))
	case f.Whole:
		x = float64(v.Int64())
	default:
		x = v.Double()
	}
	if f.Numbers != nil {
		return float64(slices.Index(f.Numbers, x))
	}
	return x
}

// At is where the points of a sweep lie: by point and factor its number, or the
// position of its level.
func (d *Dataset) At() ([][]float64, error) {
	if d.Sweep == nil {
		return nil, fmt.Errorf("%s holds a run, not a sweep", d.Dir)
	}
	f, p, err := d.open(metrics.Points)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at := make([][]float64, d.Sweep.Points)
	for i := range at {
		at[i] = make([]float64, len(d.Sweep.Factors))
	}
	for k := range d.Sweep.Factors {
		err := eachValue(p, k+1, func(i int, v parquet.Value) { at[i][k] = d.Sweep.Factors[k].at(v) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return at, nil
}

// BytesPerJob is about what a job adds to the dataset: the mean over the jobs
// that are on disk, what every file has beside its rows left out.
func (s *Store) BytesPerJob() (float64, error) {
	bytes, jobs := int64(0), 0
	for _, name := range s.kept {
		rec, err := s.read(name)
		if err != nil {
			return 0, err
		}
		jobs += len(rec.Jobs)
		for i := range rec.Files {
			f, err := os.Open(filepath.Join(s.chunks(), name, rec.Files[i].Name))
			if err != nil {
				return 0, err
			}
			p, err := openParquet(f)
			f.Close()
			if err != nil {
				return 0, err
			}
			for _, g := range p.Metadata().RowGroups {
				for _, c := range g.Columns {
					bytes += c.MetaData.TotalCompressedSize
				}
			}
		}
	}
	return float64(bytes) / float64(max(jobs, 1)), nil
}
