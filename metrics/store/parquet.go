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
	dictionary   = 1 << 16 // most bytes of a dictionary; beyond, values stand as they are
	metaColumns  = Program + ".columns"
	metaTable    = Program + ".table"
	metaCurrency = Program + ".currency"
)

// codec is shared so that writers share its encoders.
var codec = &zstd.Codec{Level: zstd.SpeedFastest}

// schemaOf is the Parquet schema of a table.
func schemaOf(table string) (*parquet.Schema, error) {
	t, err := metrics.RowType(table)
	if err != nil {
		return nil, err
	}
	return parquet.SchemaOf(reflect.New(t).Interface()), nil
}

// options are those of every file of a table. The version of the program is
// not among them: equal results have equal files.
func options(table, currency string) ([]parquet.WriterOption, error) {
	schema, err := schemaOf(table)
	if err != nil {
		return nil, err
	}
	columns, err := metrics.Columns(table, currency)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(columns)
	if err != nil {
		return nil, err
	}
	return []parquet.WriterOption{
		schema,
		parquet.Compression(codec),
		parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.DictionaryMaxBytes(dictionary),
		parquet.CreatedBy(Program, strconv.Itoa(Format), ""),
		parquet.KeyValueMetadata(metaTable, table),
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

func newPart[T any](path, table, currency string) (*part[T], error) {
	opts, err := options(table, currency)
	if err != nil {
		return nil, err
	}
	out, err := create(path)
	if err != nil {
		return nil, err
	}
	return &part[T]{table: table, out: out, w: parquet.NewGenericWriter[T](out, opts...), batch: make([]T, 0, batch)}, nil
}

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
	return parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<16))
}

// eachRow hands the rows of a file to each, in batches that it must not keep.
func eachRow(f *parquet.File, each func([]parquet.Row) error) error {
	rows := make([]parquet.Row, batch)
	for _, g := range f.RowGroups() {
		if err := eachRowOf(g, rows, each); err != nil {
			return err
		}
	}
	return nil
}

func eachRowOf(g parquet.RowGroup, buffer []parquet.Row, each func([]parquet.Row) error) error {
	r := g.Rows()
	defer r.Close()
	for {
		n, err := readRows(r, buffer)
		if n > 0 {
			if err := each(buffer[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func readRows(r parquet.RowReader, buffer []parquet.Row) (n int, err error) {
	defer guard(&err)
	return r.ReadRows(buffer)
}
