package store

import (
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// WriteRows writes what was worked out from a dataset as a Parquet file at
// path, whole or not at all. Equal rows make equal bytes.
func WriteRows[T any](path string, rows []T) error {
	return replace(path, func(w io.Writer) error {
		p := parquet.NewGenericWriter[T](w, parquet.Compression(codec), parquet.CreatedBy(Program, strconv.Itoa(Format), ""))
		if _, err := p.Write(rows); err != nil {
			return err
		}
		return p.Close()
	})
}
