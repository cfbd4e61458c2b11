package store

import (
	"cmp"
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

// Merge makes the tables and the manifest out of the chunks, whole or not at
// all, and removes the chunks. Several processes may merge at once: they move
// the same bytes to the same places. Rows stand by point, then replicate, then in the
// order in which the run produced them. A job that is missing is an error; a
// chunk that was damaged is dropped as well, so that its jobs can be run again.
func (s *Store) Merge() error {
	if s.complete {
		return nil
	}
	if err := s.merge(); err != nil && !s.Superseded() {
		return fmt.Errorf("merging %s: %w", s.dir, s.told(err))
	}
	tidy(s.dir)
	s.complete = true
	return nil
}

func (s *Store) merge() error {
	if err := s.Flush(); err != nil {
		return err
	}
	if err := s.scan(); err != nil { // what other processes did
		return err
	}
	bytes, err := s.verify()
	if err != nil {
		return err
	}
	goal := s.goal()
	needed := s.where[:s.points()*goal.Replicates]
	if i := slices.Index(needed, none); i >= 0 {
		n := 0
		for _, chunk := range needed {
			n += b2i(chunk == none)
		}
		return fmt.Errorf("%w: %s not been run, the first of them %s", ErrUnfinished, have(n), s.name(i))
	}
	dir := scratch(filepath.Join(s.chunks(), "merge"))
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tables := s.plan.Tables
	if s.plan.Sweep != nil {
		tables = append([]string{metrics.Points, metrics.Failures}, tables...)
	}
	files, order := make([]File, len(tables)), make([]int, len(tables))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(bytes[tables[b]], bytes[tables[a]]) }) // the longest first
	var group errgroup.Group
	group.SetLimit(2) // a writer holds a group of rows in memory
	for _, i := range order {
		group.Go(func() error {
			var err error
			files[i], err = s.join(tables[i], filepath.Join(dir, fileName(tables[i])))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	manifest := *goal
	manifest.Files = files
	if err := WriteJSON(filepath.Join(dir, manifestName), manifest); err != nil {
		return err
	}
	return s.install(dir, &manifest)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func have(n int) string {
	if n == 1 {
		return "1 run has"
	}
	return fmt.Sprintf("%d runs have", n)
}

// verify compares the files of every chunk with its record, and returns how many
// bytes each table has in them.
func (s *Store) verify() (map[string]int64, error) {
	bytes := map[string]int64{}
	for _, name := range s.kept {
		dir := filepath.Join(s.chunks(), name)
		rec, err := s.read(name)
		if err != nil {
			return nil, err
		}
		for i := range rec.Files {
			if err := rec.Files[i].verify(dir); err != nil {
				return nil, errors.Join(fmt.Errorf("%w: %s: %v; it has been dropped: the same command runs its work again", ErrDamaged, dir, err), os.RemoveAll(dir), s.scan())
			}
			bytes[rec.Files[i].Table] += rec.Files[i].Bytes
		}
	}
	return bytes, nil
}

// read is the record of a chunk.
func (s *Store) read(name string) (*record, error) {
	text, err := os.ReadFile(filepath.Join(s.chunks(), name, recordName))
	if err != nil {
		return nil, err
	}
	rec := &record{}
	if err := json.Unmarshal(text, rec); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrDamaged, name, err)
	}
	if rec.Plan != s.plan.Plan {
		return nil, fmt.Errorf("%s is %w", name, errForeign)
	}
	for _, e := range rec.Jobs {
		sound := e.Error != "" || len(e.From) == len(s.plan.Tables) && len(e.Rows) == len(s.plan.Tables)
		if e.Job < 0 || e.Job >= s.Jobs() || !sound || len(rec.Files) != len(s.plan.Tables) {
			return nil, fmt.Errorf("%w: %s: its record does not fit the plan", ErrDamaged, name)
		}
	}
	return rec, nil
}

// A table of the dataset while it is being written.
type joint struct {
	w      *parquet.GenericWriter[any]
	before []parquet.Value // point and factors, of a sweep
	row    parquet.Row
	rows   int64
}

// add writes rows of a run's table.
func (j *joint) add(rows []parquet.Row) error {
	if j.before == nil {
		n, err := j.w.WriteRows(rows)
		j.rows += int64(n)
		return err
	}
	k := len(j.before)
	for _, row := range rows {
		j.row = append(j.row[:0], j.before...)
		for i, v := range row {
			j.row = append(j.row, v.Level(v.RepetitionLevel(), v.DefinitionLevel(), k+i))
		}
		n, err := j.w.WriteRows([]parquet.Row{j.row})
		j.rows += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// join writes one table.
func (s *Store) join(table, path string) (File, error) {
	l, err := layoutOf(table, s.plan, false)
	if err != nil {
		return File{}, err
	}
	opts, err := l.options(s.plan.Currency, rowGroup)
	if err != nil {
		return File{}, err
	}
	out, err := create(path)
	if err != nil {
		return File{}, err
	}
	defer out.file.Close()
	j := &joint{w: parquet.NewGenericWriter[any](out, opts...)}
	from := &parts{store: s, table: -1}
	defer from.close()
	for i, name := range s.plan.Tables {
		if name == table {
			from.table = i
		}
	}
	for point := range s.points() {
		if sw := s.plan.Sweep; sw != nil {
			p, err := s.Point(point)
			if err != nil {
				return File{}, err
			}
			j.before = sw.values(point, &p)
			if table == metrics.Points {
				if err := j.add([]parquet.Row{{parquet.ValueOf(p.Hash).Level(0, 0, 0), parquet.ValueOf(p.Command).Level(0, 0, 1)}}); err != nil {
					return File{}, err
				}
			}
		}
		if table == metrics.Points {
			continue
		}
		for r := range s.goal().Replicates {
			if err := from.copy(point*s.plan.Replicates+r, j); err != nil {
				return File{}, err
			}
		}
	}
	if err := j.w.Close(); err != nil {
		return File{}, err
	}
	file, err := out.close(table, j.rows)
	file.Columns = l.columns
	return file, err
}

// parts reads one table of the chunks, job by job, or what failed. It keeps
// few files open: the jobs of a chunk lie together, but for those of the
// workers beside.
type parts struct {
	store *Store
	table int // position in the plan's tables, -1 for what failed
	open  []*openPart
}

// mostOpen is how many files a table is read from at a time, which is enough
// for as many workers.
const mostOpen = 64

type openPart struct {
	chunk int32
	jobs  map[int]entry // those that are read from it, and were not yet
	file  *os.File
	rows  *rowReader
}

func (p *parts) close() {
	for _, o := range p.open {
		o.close()
	}
}

func (o *openPart) close() {
	if o.file != nil {
		o.rows.Close()
		o.file.Close()
	}
}

// copy writes the rows of a job.
func (p *parts) copy(job int, to *joint) error {
	o, err := p.of(p.store.where[job])
	if err != nil {
		return err
	}
	e := o.jobs[job]
	switch {
	case p.table < 0 && e.Error != "":
		replicate := int32(job % p.store.plan.Replicates)
		err = to.add([]parquet.Row{{parquet.ValueOf(replicate).Level(0, 0, 0), parquet.ValueOf(e.Error).Level(0, 0, 1)}})
	case p.table >= 0 && e.Error == "" && e.Rows[p.table] > 0:
		err = o.rows.copy(e.From[p.table], e.Rows[p.table], to.add)
	}
	delete(o.jobs, job)
	if len(o.jobs) == 0 {
		o.close()
		p.open = p.open[:len(p.open)-1]
	}
	return err
}

// of is the open part of a chunk, last in the list.
func (p *parts) of(chunk int32) (*openPart, error) {
	for i := len(p.open) - 1; i >= 0; i-- {
		if o := p.open[i]; o.chunk == chunk {
			copy(p.open[i:], p.open[i+1:])
			p.open[len(p.open)-1] = o
			return o, nil
		}
	}
	name := p.store.kept[chunk]
	rec, err := p.store.read(name)
	if err != nil {
		return nil, err
	}
	o := &openPart{chunk: chunk, jobs: make(map[int]entry, len(rec.Jobs))}
	for _, e := range rec.Jobs {
		if p.store.where[e.Job] == chunk && p.store.failed[e.Job] == (e.Error != "") {
			o.jobs[e.Job] = e
		}
	}
	if p.table >= 0 {
		if o.file, err = os.Open(filepath.Join(p.store.chunks(), name, rec.Files[p.table].Name)); err != nil {
			return nil, err
		}
		from, err := openParquet(o.file)
		if err != nil {
			o.file.Close()
			return nil, err
		}
		o.rows = rowsOf(from)
	}
	if len(p.open) == mostOpen {
		p.open[0].close()
		p.open = append(p.open[:0], p.open[1:]...)
	}
	p.open = append(p.open, o)
	return o, nil
}

// install moves finished files into the place of whatever dataset stood there,
// whose manifest is replaced last. Until then its tables are not those that it
// names, and the chunks say that the folder is unfinished.
//
// Note: taking the old manifest away first would tell more, but another process
// may have put the new one there by now.
func (s *Store) install(from string, m *Manifest) error {
	manifest := filepath.Join(s.dir, manifestName)
	old, err := readManifest(manifest)
	if err != nil {
		return err
	}
	if old != nil {
		for _, f := range old.Files {
			if !m.has(f.Table) {
				if err := os.Remove(filepath.Join(s.dir, fileName(f.Table))); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
	}
	for _, f := range m.Files {
		if err := os.Rename(filepath.Join(from, f.Name), filepath.Join(s.dir, f.Name)); err != nil {
			return err
		}
	}
	syncFolder(s.dir) // the manifest speaks of files that stand
	if err := os.Rename(filepath.Join(from, manifestName), manifest); err != nil {
		return err
	}
	syncFolder(s.dir)
	if err := retire(s.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the dataset is complete, but its chunks cannot be removed: %w", err)
	}
	return nil
}
