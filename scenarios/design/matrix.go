package design

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"idleshift/scenarios"
)

// A table is points from outside, as words.
type table struct {
	columns []cell
	rows    [][]cell
}

// A cell is a word of a table and where it stands.
type cell struct {
	text         string
	line, column int
}

// matrix reads the table of points. A column is a factor of the file or a key
// of the scenario, which becomes a factor of its own.
func (r *reader) matrix() [][]float64 {
	if r.file.Matrix == "" || r.probe == nil {
		return nil
	}
	path := r.file.Matrix
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, filepath.FromSlash(path))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		r.Wrong(at("matrix"), fmt.Sprintf("%s cannot be read: %s", path, reason(err)), "a CSV or Parquet file, relative to this one", "")
		return nil
	}
	fail := func(c cell, key, problem, allowed, near string) {
		r.Add(scenarios.Error{File: path, Line: c.line, Column: c.column, Key: key, Problem: problem, Allowed: allowed, Near: near})
	}
	var t *table
	if bytes.HasPrefix(text, []byte("PAR1")) {
		t, err = readParquet(text)
	} else {
		t, err = readCSV(text)
	}
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		fail(cell{"", bad.Line, bad.Column}, "", bad.Err.Error(), "", "")
		return nil
	case err != nil:
		fail(cell{"", 1, 1}, "", err.Error(), "", "")
		return nil
	case len(t.rows) == 0:
		fail(cell{"", 2, 1}, "", "the table has no points", "a row for each", "")
		return nil
	case len(t.rows) > most:
		fail(cell{"", most + 2, 1}, "", fmt.Sprintf("the table has %d points", len(t.rows)), fmt.Sprintf("at most %d", most), "")
		return nil
	}
	before := len(r.design.Factors)
	columns := r.columns(t, fail)
	for _, f := range r.design.Factors[:before] {
		if !slices.ContainsFunc(t.columns, func(c cell) bool { return c.text == f.Name }) {
			fail(cell{"", 1, 1}, f.Name, "the table has no column for this factor", "", "")
		}
	}
	if r.Err() != nil {
		return nil
	}
	rows := make([][]float64, len(t.rows))
	for i, cells := range t.rows {
		if len(cells) != len(t.columns) {
			fail(cell{"", cells[0].line, 1}, "", fmt.Sprintf("the row has %d fields, the header %d", len(cells), len(t.columns)), "", "")
			continue
		}
		rows[i] = make([]float64, len(t.columns))
	}
	if r.Err() != nil {
		return nil
	}
	for j, f := range columns {
		r.column(t, j, f, rows, fail)
	}
	if r.Err() != nil {
		return nil
	}
	seen := map[string]int{}
	for i, row := range rows {
		id := fmt.Sprint(row)
		if first, twice := seen[id]; twice {
			fail(t.rows[i][0], "", fmt.Sprintf("the point stands in the table twice, first in line %d", t.rows[first][0].line), "", "")
			continue
		}
		seen[id] = i
	}
	// factors are in the order of the file, then of the columns
	sorted := make([][]float64, len(rows))
	for i, row := range rows {
		sorted[i] = make([]float64, len(row))
		for j, f := range columns {
			sorted[i][f] = row[j]
		}
	}
	return sorted
}

// columns finds the factor of each column, by its position.
func (r *reader) columns(t *table, fail func(c cell, key, problem, allowed, near string)) []int {
	var of []int
	for j, c := range t.columns {
		if slices.ContainsFunc(t.columns[:j], func(other cell) bool { return other.text == c.text }) {
			fail(c, c.text, "the column stands in the header twice", "", "")
			continue
		}
		i := slices.IndexFunc(r.design.Factors, func(f Factor) bool { return f.Name == c.text })
		if i >= 0 {
			of = append(of, i)
			continue
		}
		k, wrong := r.probe.Key(c.text)
		if wrong != nil {
			var names []string
			for _, f := range r.design.Factors {
				names = append(names, f.Name)
			}
			near := cmp.Or(scenarios.Nearest(c.text, names), wrong.Near)
			fail(c, c.text, "is neither a factor of the design nor a key of the scenario: "+wrong.Problem, wrong.Allowed, near)
			continue
		}
		if owner := r.moved[c.text]; owner != "" {
			fail(c, c.text, "is also set by "+owner+": one of them would be lost", "", "")
			continue
		}
		r.moved[c.text] = "this column"
		whole := strings.HasPrefix(k.Type, "whole number")
		of = append(of, len(r.design.Factors))
		r.design.Factors = append(r.design.Factors, Factor{
			Name: c.text, Keys: []string{c.text}, Whole: whole,
			moves: []move{{whole: whole, base: r.probe.Value(c.text).Number}},
		})
	}
	return of
}

// column reads a column of points: numbers, labels of the factor's levels, or
// words, which become its levels.
func (r *reader) column(t *table, j, of int, rows [][]float64, fail func(c cell, key, problem, allowed, near string)) {
	f := &r.design.Factors[of]
	var labels []string
	for i := range f.Levels {
		labels = append(labels, f.Levels[i].Label)
	}
	numbers, checked := f.Levels == nil, map[string]bool{}
	for _, cells := range t.rows {
		if x, err := strconv.ParseFloat(cells[j].text, 64); err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			numbers = false
		}
	}
	named := f.Levels != nil
	for i, cells := range t.rows {
		c := cells[j]
		position := slices.Index(labels, c.text)
		x := float64(position)
		switch {
		case c.text == "":
			fail(c, f.Name, "is missing", "", "")
			continue
		case named && position < 0:
			fail(c, f.Name, fmt.Sprintf("the factor has no level %q", c.text), strings.Join(labels, ", "), scenarios.Nearest(c.text, labels))
			continue
		case named:
			rows[i][j] = x
			continue
		case numbers:
			x, _ = strconv.ParseFloat(c.text, 64)
		case position < 0:
			labels = append(labels, c.text)
			x = float64(len(f.Levels))
		}
		var set []string
		for m, key := range f.Keys {
			text := c.text
			if numbers {
				text = f.moves[m].text(f, x)
			}
			if !checked[key+"="+text] {
				checked[key+"="+text] = true
				for _, e := range r.probe.Check(key + "=" + text) {
					fail(c, f.Name, e.Problem, e.Allowed, e.Near)
				}
			}
			set = append(set, key+"="+text)
		}
		if !numbers && position < 0 {
			f.Levels = append(f.Levels, Level{Label: c.text, Set: set})
		}
		if numbers {
			if i == 0 || x < f.Low {
				f.Low = x
			}
			if i == 0 || x > f.High {
				f.High = x
			}
		}
		rows[i][j] = x
	}
}

// readCSV reads a table of points from comma-separated values with a header.
func readCSV(text []byte) (*table, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // spreadsheets put it there
	if !utf8.Valid(text) {
		return nil, errors.New("the file is not in UTF-8")
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true
	t := &table{}
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		cells := make([]cell, len(record))
		for i, word := range record {
			line, column := in.FieldPos(i)
			cells[i] = cell{strings.TrimSpace(word), line, column}
		}
		if t.columns == nil {
			t.columns = cells
		} else {
			t.rows = append(t.rows, cells)
		}
	}
	if t.columns == nil {
		return nil, errors.New("the file is empty: it needs a header with the names of factors or keys")
	}
	return t, nil
}

// readParquet reads a table of points from a Parquet file of plain columns.
// Lines are counted as in a CSV file of the same table.
func readParquet(text []byte) (t *table, err error) {
	defer func() {
		if v := recover(); v != nil { // the library does so on damaged files
			t, err = nil, fmt.Errorf("the Parquet file is damaged: %v", v)
		}
	}()
	file, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, fmt.Errorf("the Parquet file is damaged: %w", err)
	}
	t = &table{}
	for i, f := range file.Schema().Fields() {
		if !f.Leaf() || f.Repeated() {
			return nil, fmt.Errorf("column %s is no plain column", f.Name())
		}
		t.columns = append(t.columns, cell{f.Name(), 1, i + 1})
	}
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 256)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				cells := make([]cell, len(t.columns))
				for i := range cells {
					cells[i] = cell{"", len(t.rows) + 2, i + 1}
				}
				for _, v := range row {
					if !v.IsNull() {
						cells[v.Column()].text = v.String()
					}
				}
				t.rows = append(t.rows, cells)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				rows.Close()
				return nil, err
			}
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return t, nil
}
