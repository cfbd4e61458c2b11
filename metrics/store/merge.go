package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"

	"idleshift/metrics"
)

// Merge makes the tables and the manifest out of the chunks of all replicates,
// whole or not at all, and removes the chunks. Rows stand by replicate, then
// in the order in which the run produced them. A replicate that is missing is
// an error; one that was damaged is dropped as well, so that it can be run
// again.
func (s *Store) Merge() error {
	if s.complete {
		return nil
	}
	if err := s.merge(); err != nil {
		return fmt.Errorf("merging %s: %w", s.dir, kept(err))
	}
	s.complete = true
	return nil
}

func (s *Store) merge() error {
	records, err := s.records()
	if err != nil {
		return err
	}
	dir := scratch(filepath.Join(s.chunks(), "merge"))
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tables := s.plan.Tables.Tables
	files := make([]File, len(tables))
	var group errgroup.Group
	for i, table := range tables {
		group.Go(func() error {
			var err error
			files[i], err = s.join(table, filepath.Join(dir, fileName(table)), records)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(dir, manifestName), s.manifest(files)); err != nil {
		return err
	}
	return s.install(dir, files)
}

// records reads what is kept of every replicate and verifies it.
func (s *Store) records() ([]record, error) {
	records := make([]record, s.plan.Scenario.Replicates)
	for i := range records {
		dir := s.chunk(i)
		text, err := os.ReadFile(filepath.Join(dir, recordName))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: replicate %d has not been run", ErrUnfinished, i)
		}
		if err != nil {
			return nil, err
		}
		if err := s.verify(i, text, &records[i]); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: replicate %d: %v; it has been dropped: the same command runs it again", ErrDamaged, i, err), os.RemoveAll(dir))
		}
	}
	return records, nil
}

// verify decodes a record and compares the chunk's files with it.
func (s *Store) verify(replicate int, text []byte, r *record) error {
	if err := json.Unmarshal(text, r); err != nil {
		return err
	}
	if r.Plan != s.id || r.Replicate != replicate {
		return errors.New("its record is of something else")
	}
	for i := range r.Files {
		if err := r.Files[i].verify(s.chunk(replicate)); err != nil {
			return err
		}
	}
	return nil
}

// join writes one table out of the chunks' parts.
func (s *Store) join(table, path string, records []record) (File, error) {
	opts, err := options(table, s.frame.Currency)
	if err != nil {
		return File{}, err
	}
	out, err := create(path)
	if err != nil {
		return File{}, err
	}
	defer out.file.Close()
	w := parquet.NewGenericWriter[any](out, opts...)
	rows := int64(0)
	for i := range records {
		if !slices.ContainsFunc(records[i].Files, func(f File) bool { return f.Table == table }) {
			continue
		}
		n, err := copyPart(w, filepath.Join(s.chunk(i), fileName(table)))
		rows += n
		if err != nil {
			return File{}, err
		}
	}
	if err := w.Close(); err != nil {
		return File{}, err
	}
	file, err := out.close(table, rows)
	if err != nil {
		return File{}, err
	}
	file.Columns, err = metrics.Columns(table, s.frame.Currency)
	return file, err
}

// copyPart appends the rows of a file to w.
func copyPart(w *parquet.GenericWriter[any], path string) (rows int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	from, err := openParquet(f)
	if err != nil {
		return 0, err
	}
	err = eachRow(from, func(batch []parquet.Row) error {
		n, err := w.WriteRows(batch)
		rows += int64(n)
		return err
	})
	return rows, err
}

// install moves finished files into the place of whatever dataset stood there.
func (s *Store) install(from string, files []File) error {
	manifest := filepath.Join(s.dir, manifestName)
	old, err := readMarked[Manifest](manifest)
	if err != nil {
		return err
	}
	if old != nil {
		// from here until the new manifest stands, the folder is unfinished
		if err := os.Remove(manifest); err != nil {
			return err
		}
		syncFolder(s.dir)
		for _, f := range old.Files {
			if !s.plan.Tables.has(f.Table) {
				if err := os.Remove(filepath.Join(s.dir, fileName(f.Table))); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
	}
	for _, f := range files {
		if err := os.Rename(filepath.Join(from, f.Name), filepath.Join(s.dir, f.Name)); err != nil {
			return err
		}
	}
	if err := os.Rename(filepath.Join(from, manifestName), manifest); err != nil {
		return err
	}
	syncFolder(s.dir)
	if err := os.RemoveAll(s.chunks()); err != nil {
		return fmt.Errorf("the dataset is complete, but its chunks cannot be removed: %w", err)
	}
	return nil
}

func (s *Store) manifest(files []File) *Manifest {
	sc := s.plan.Scenario
	return &Manifest{
		Program:    Program,
		Format:     Format,
		Version:    s.plan.Version,
		Command:    s.plan.Command,
		Plan:       s.id,
		Title:      sc.Title,
		Seed:       sc.Seed,
		Replicates: sc.Replicates,
		Regimes:    sc.Compare,
		Baseline:   sc.Baseline,
		Days:       sc.Time.Days,
		YearDays:   sc.Time.YearDays,
		Currency:   sc.Currency,
		AllDeals:   s.plan.Tables.AllDeals,
		Scenario:   s.plan.Text,
		Hash:       digest([]byte(s.plan.Text)),
		Files:      files,
	}
}
