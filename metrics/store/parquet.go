package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"idleshift/metrics"
)

const (
	batch        = 1024    // rows handed to a writer or reader at a time
	rowGroup     = 1 << 17 // most rows of a row group
	chunkGroup   = 1 << 14 // the same in a chunk, of which there are as many as workers
	dictionary   = 1 << 16 // most bytes of a dictionary; beyond, values stand as they are
	metaColumns  = Program + ".columns"
	metaTable    = Program + ".table"
	metaCurrency = Program + ".currency"
)

// codec is shared so that writers share its encoders.
var codec = &zstd.Codec{Level: zstd.SpeedFastest}

// A layout is what a table looks like: of a run, or with the columns that a
// sweep puts before them.
type layout struct {
	table   string
	schema  *parquet.Schema
	columns []metrics.Column
}

// layoutOf is the layout of a table of the plan; of its chunks if plain.
func layoutOf(table string, plan *Manifest, plain bool) (*layout, error) {
	row, err := metrics.RowType(table)
	if err != nil {
		return nil, err
	}
	columns, err := metrics.Columns(table, plan.Currency)
	if err != nil {
		return nil, err
	}
	if plan.Sweep != nil && !plain {
		fields, before := plan.Sweep.columns()
		for i := range row.NumField() {
			fields = append(fields, row.Field(i))
		}
		row, columns = reflect.StructOf(fields), append(before, columns...)
	}
	return &layout{table, parquet.SchemaOf(reflect.New(row).Interface()), columns}, nil
}

// options are those of every file of a table. The version of the program is
// not among them: equal results have equal files.
func (l *layout) options(currency string, group int64) ([]parquet.WriterOption, error) {
	text, err := json.Marshal(l.columns)
	if err != nil {
		return nil, err
	}
	return []parquet.WriterOption{
		l.schema,
		parquet.Compression(codec),
		parquet.MaxRowsPerRowGroup(group),
		parquet.DictionaryMaxBytes(dictionary),
		parquet.CreatedBy(Program, strconv.Itoa(Format), ""),
		parquet.KeyValueMetadata(metaTable, l.table),
		parquet.KeyValueMetadata(metaCurrency, currency),
		parquet.KeyValueMetadata(metaColumns, string(text)),
	}, nil
}

// A part is one table of one chunk. Rows reach the writer in batches of one
// size, so that the bytes do not depend on how they came.
type part[T any] struct {
	table string
	out   *output
	w     *parquet.GenericWriter[T]
	batch []T
	rows  int64
}

func newPart[T any](path, table string, plan *Manifest) (*part[T], error) {
	l, err := layoutOf(table, plan, true)
	if err != nil {
		return nil, err
	}
	opts, err := l.options(plan.Currency, chunkGroup)
	if err != nil {
		return nil, err
	}
	out, err := create(path)
	if err != nil {
		return nil, err
	}
	return &part[T]{table: table, out: out, w: parquet.NewGenericWriter[T](out, opts...), batch: make([]T, 0, batch)}, nil
}

// height is how many rows were added.
func (p *part[T]) height() int64 { return p.rows + int64(len(p.batch)) }

func (p *part[T]) add(row T) error {
	p.batch = append(p.batch, row)
	if len(p.batch) < cap(p.batch) {
		return nil
	}
	return p.flush()
}

func (p *part[T]) flush() error {
	n, err := p.w.Write(p.batch)
	p.rows += int64(n)
	p.batch = p.batch[:0]
	return err
}

// finish puts the file on disk and describes it.
func (p *part[T]) finish() (File, error) {
	if err := p.flush(); err != nil {
		return File{}, err
	}
	if err := p.w.Close(); err != nil {
		return File{}, err
	}
	return p.out.close(p.table, p.rows)
}

func (p *part[T]) drop() { p.out.file.Close() }

// guard turns a panic of the Parquet reader, which damaged files cause, into
// an error.
func guard(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("not a readable Parquet file: %v", v)
	}
}

// openParquet opens the file f.
func openParquet(f *os.File) (_ *parquet.File, err error) {
	defer guard(&err)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// every column has a buffer of its own, which must not outgrow a small file
	buffer := int(min(1<<16, 1<<10+info.Size()/16))
	return parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(buffer))
}

// eachRow hands the rows of a file to each, in batches that it must not keep.
func eachRow(f *parquet.File, each func([]parquet.Row) error) error {
	r := rowsOf(f)
	defer r.Close()
	return r.copy(0, f.NumRows(), each)
}

// A rowReader reads stretches of the rows of a file.
type rowReader struct {
	rows   parquet.Rows
	at     int64 // the next row
	buffer []parquet.Row
}

func rowsOf(f *parquet.File) *rowReader {
	return &rowReader{rows: parquet.MultiRowGroup(f.RowGroups()...).Rows(), buffer: make([]parquet.Row, batch)}
}

func (r *rowReader) Close() error { return r.rows.Close() }

// copy hands n rows to each, from the given one, in batches that it must not
// keep.
func (r *rowReader) copy(from, n int64, each func([]parquet.Row) error) error {
	if r.at != from {
		if err := seek(r.rows, from); err != nil {
			return err
		}
		r.at = from
	}
	for n > 0 {
		got, err := readRows(r.rows, r.buffer[:min(n, batch)])
		if got > 0 {
			r.at += int64(got)
			n -= int64(got)
			if err := each(r.buffer[:got]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF) && n > 0:
			return io.ErrUnexpectedEOF
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
	}
	return nil
}

func seek(r parquet.RowSeeker, to int64) (err error) {
	defer guard(&err)
	return r.SeekToRow(to)
}

// eachValue hands the values of one column to each, with the number of the row.
func eachValue(f *parquet.File, column int, each func(row int, v parquet.Value)) (err error) {
	defer guard(&err)
	values := make([]parquet.Value, batch)
	row := 0
	for _, g := range f.RowGroups() {
		pages := g.ColumnChunks()[column].Pages()
		defer pages.Close()
		for {
			page, err := pages.ReadPage()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			r := page.Values()
			for {
				n, err := r.ReadValues(values)
				for _, v := range values[:n] {
					each(row, v)
					row++
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return err
				}
			}
			parquet.Release(page)
		}
	}
	return nil
}

func readRows(r parquet.RowReader, buffer []parquet.Row) (n int, err error) {
	defer guard(&err)
	return r.ReadRows(buffer)
}
