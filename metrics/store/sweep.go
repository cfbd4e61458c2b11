package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// A Factor is a column of every table of a sweep.
type Factor struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit,omitempty"`
	Doc    string   `json:"doc,omitempty"`
	Levels []string `json:"levels,omitempty"` // of a factor of words
	Whole  bool     `json:"whole,omitempty"`  // of whole numbers
}

// A Point is one scenario of a sweep.
type Point struct {
	Set     []string  `json:"set"`     // overrides of the base, key=value
	At      []float64 `json:"at"`      // by factor: its value, or the position of its level
	Hash    string    `json:"sha256"`  // of the scenario
	Command string    `json:"command"` // that runs the point by itself
}

// pointsName is the file of the points beside the plan, a line of JSON for each.
const pointsName = "points.jsonl"

// reserved are the names of columns that a factor may not take.
func reserved() ([]string, error) {
	names := []string{"point"}
	for _, table := range append(slices.Clone(metrics.Tables), metrics.Points, metrics.Failures) {
		columns, err := metrics.Columns(table, "")
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			names = append(names, c.Name)
		}
	}
	return names, nil
}

func (s *Sweep) check(points []Point) error {
	if len(points) == 0 {
		return errors.New("a design with no points: there is nothing to run")
	}
	taken, err := reserved()
	if err != nil {
		return err
	}
	for _, f := range s.Factors {
		if f.Name == "" || strings.ContainsAny(f.Name, ",\"`") {
			return fmt.Errorf("factor %q: a column cannot have this name; give the factor another", f.Name)
		}
		if slices.Contains(taken, f.Name) {
			return fmt.Errorf("factor %q: the tables have a column of this name already; give the factor another", f.Name)
		}
		taken = append(taken, f.Name)
	}
	for i, p := range points {
		if len(p.At) != len(s.Factors) {
			return fmt.Errorf("point %d has %d values for %d factors", i, len(p.At), len(s.Factors))
		}
		for k, f := range s.Factors {
			if f.Levels != nil && (p.At[k] < 0 || int(p.At[k]) >= len(f.Levels)) {
				return fmt.Errorf("point %d: factor %s has no level %v", i, f.Name, p.At[k])
			}
		}
	}
	return nil
}

func encodePoints(points []Point) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range points {
		if err := e.Encode(&points[i]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
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
		case f.Levels != nil:
			t = reflect.TypeFor[string]()
		case f.Whole:
			t = reflect.TypeFor[int64]()
		}
		add("Factor"+strconv.Itoa(i), t, "dict", metrics.Column{Name: f.Name, Unit: f.Unit, Doc: f.Doc})
	}
	return fields, columns
}

// values are those of the columns of point i.
func (s *Sweep) values(i int, p *Point) []parquet.Value {
	row := []parquet.Value{parquet.Int32Value(int32(i)).Level(0, 0, 0)}
	for k, f := range s.Factors {
		v := parquet.DoubleValue(p.At[k])
		switch {
		case f.Levels != nil:
			v = parquet.ByteArrayValue([]byte(f.Levels[int(p.At[k])]))
		case f.Whole:
			v = parquet.Int64Value(int64(p.At[k]))
		}
		row = append(row, v.Level(0, 0, k+1))
	}
	return row
}
