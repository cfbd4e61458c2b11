package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"idleshift/metrics"
)

const (
	manifestName = "manifest.json"
	chunksName   = ".chunks"
	planName     = "plan.json"   // in the folder of the chunks: the plan they belong to
	recordName   = "record.json" // in a chunk: its files
)

var (
	// ErrRefused is the error of Create for a folder that it will not write to.
	ErrRefused = errors.New("refused")
	// ErrUnfinished is the error of Open for a dataset that is not complete.
	ErrUnfinished = errors.New("unfinished")
	// ErrDamaged is the error for files that are not what was written.
	ErrDamaged = errors.New("damaged")
)

// A Store is a dataset being made. Its methods may be called from several
// goroutines at once, and several processes may fill one folder.
type Store struct {
	dir      string
	plan     Plan
	id       string
	frame    *metrics.Frame
	complete bool
}

// marker is what planName holds.
type marker struct {
	Program string `json:"program"`
	Format  int    `json:"format"`
	Plan    string `json:"plan"`
	Version string `json:"version"`
	Command string `json:"command"`
}

// Create opens dir for the plan, or makes it. What it finds decides:
//
//   - no folder or an empty one: a new dataset;
//   - the same plan, unfinished: its finished replicates are kept;
//   - the same plan, complete: Complete reports true, unless overwrite says to
//     start again;
//   - another plan: an error unless overwrite; the old tables stay until Merge
//     replaces them;
//   - anything the program did not write: always an error.
//
// Errors that come from what stands in dir are ErrRefused or ErrDamaged.
func Create(dir string, plan Plan, overwrite bool) (*Store, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	id, err := plan.id()
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, plan: plan, id: id, frame: metrics.NewFrame(plan.Scenario)}
	standing, err := look(dir)
	if err != nil {
		return nil, err
	}
	switch m, c := standing.manifest, standing.chunks; {
	case standing.foreign:
		return nil, fmt.Errorf("%w: %s holds files that %s did not write, and is left alone; choose another folder", ErrRefused, dir, Program)
	case m != nil && m.Plan == id && !overwrite:
		if err := m.verify(dir); err != nil {
			return nil, fmt.Errorf("%w; make it anew with --overwrite", err)
		}
		s.complete = true
		if c != nil && c.Plan == id { // stopped between the manifest and the end
			return s, os.RemoveAll(s.chunks())
		}
		return s, nil
	case c != nil && c.Plan == id:
		return s, nil
	case (m != nil || c != nil) && !overwrite:
		return nil, fmt.Errorf("%w: %s holds another dataset, made by\n  %s\nchoose another folder, or replace it with --overwrite", ErrRefused, dir, standing.command())
	}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("cannot write to %s: %w", dir, err)
	}
	return s, nil
}

// start makes the folder of the chunks, empty.
func (s *Store) start() error {
	if err := os.RemoveAll(s.chunks()); err != nil {
		return err
	}
	if err := os.MkdirAll(s.chunks(), 0o777); err != nil {
		return err
	}
	return writeJSON(filepath.Join(s.chunks(), planName), marker{Program, Format, s.id, s.plan.Version, s.plan.Command})
}

// Complete reports whether the dataset stands already: there is nothing left
// to begin or merge, and Open reads it.
func (s *Store) Complete() bool { return s.complete }

// Done reports whether the replicate (from 0) is finished and kept.
func (s *Store) Done(replicate int) bool {
	if s.complete {
		return true
	}
	_, err := os.Stat(filepath.Join(s.chunk(replicate), recordName))
	return err == nil
}

func (s *Store) chunks() string { return filepath.Join(s.dir, chunksName) }

func (s *Store) chunk(replicate int) string {
	return filepath.Join(s.chunks(), fmt.Sprintf("%06d", replicate))
}

// standing is what a folder holds.
type standing struct {
	manifest *Manifest // of a dataset, nil if none
	chunks   *marker   // of an unfinished dataset, nil if none
	foreign  bool      // neither, and something else
}

func (s *standing) command() string {
	if s.manifest != nil {
		return s.manifest.Command
	}
	return s.chunks.Command
}

// look finds out what stands in dir.
func look(dir string) (standing, error) {
	var s standing
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if s.manifest, err = readMarked[Manifest](filepath.Join(dir, manifestName)); err != nil {
		return s, err
	}
	if s.chunks, err = readMarked[marker](filepath.Join(dir, chunksName, planName)); err != nil {
		return s, err
	}
	s.foreign = s.manifest == nil && s.chunks == nil && len(entries) > 0 && !stillborn(dir, entries)
	return s, nil
}

// stillborn reports whether the folder holds nothing but what start leaves
// behind when it is stopped half-way.
func stillborn(dir string, entries []os.DirEntry) bool {
	if len(entries) != 1 || entries[0].Name() != chunksName || !entries[0].IsDir() {
		return false
	}
	inside, err := os.ReadDir(filepath.Join(dir, chunksName))
	for _, e := range inside {
		if !strings.HasPrefix(e.Name(), planName) || !strings.HasSuffix(e.Name(), temporary) {
			return false
		}
	}
	return err == nil
}

// marked is a JSON file that says which program wrote it.
type marked interface {
	wrote() (program string, format int)
}

func (m *marker) wrote() (string, int)   { return m.Program, m.Format }
func (m *Manifest) wrote() (string, int) { return m.Program, m.Format }

// readMarked reads a file of ours; nil if there is none or another program
// wrote it. One of another format is an error.
func readMarked[T any, P interface {
	*T
	marked
}](path string) (P, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := P(new(T))
	if json.Unmarshal(text, p) != nil {
		return nil, nil
	}
	switch program, format := p.wrote(); {
	case program != Program:
		return nil, nil
	case format != Format:
		return nil, fmt.Errorf("%w: %s is of format %d, this program reads and writes format %d", ErrRefused, path, format, Format)
	}
	return p, nil
}
