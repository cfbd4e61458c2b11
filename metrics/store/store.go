package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"idleshift/sim/experiment"
)

const (
	manifestName = "manifest.json"
	chunksName   = ".chunks"
	planName     = "plan.json"   // in the folder of the chunks: the manifest to be
	recordName   = "record.json" // in a chunk: its jobs and files
)

var (
	// ErrRefused is the error of Create for a folder that it will not write to.
	ErrRefused = errors.New("refused")
	// ErrUnfinished is the error of Open for a dataset that is not complete.
	ErrUnfinished = errors.New("unfinished")
	// ErrSweep is the error for a sweep where a run is read.
	ErrSweep = errors.New("a sweep")
	// ErrDamaged is the error for files that are not what was written.
	ErrDamaged = errors.New("damaged")

	errForeign = errors.New("of another plan")
)

// A Store is a dataset being made. Its methods may be called from several
// goroutines at once, and several processes may fill one folder.
type Store struct {
	// Checkpoint is how long finished jobs may wait for others before they are
	// put on disk; later on, a hundredth of the time since the store was opened.
	Checkpoint time.Duration

	dir      string
	plan     *Manifest // without files
	target   *Manifest // what MergeAs makes in place of plan; nil if plan
	lines    *points   // of a sweep
	complete bool
	opened   time.Time

	mu     sync.Mutex
	idle   []*chunk // that nobody writes to
	kept   []string // chunks on disk
	where  []int32  // by job: its chunk in kept, or none
	failed map[int]bool
}

const none = -1

// Create opens dir for the plan, or makes it. What it finds decides:
//
//   - no folder or an empty one: a new dataset;
//   - the same plan, unfinished: its finished jobs are kept;
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
	m, err := plan.manifest()
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		standing, err := look(dir)
		if err != nil {
			return nil, err
		}
		switch old, c := standing.manifest, standing.chunks; {
		case standing.foreign:
			return nil, fmt.Errorf("%w: %s holds files that %s did not write, and is left alone; choose another folder", ErrRefused, dir, Program)
		case old != nil && old.Plan == m.Plan && !overwrite:
			if err := old.verify(dir); err != nil {
				return nil, fmt.Errorf("%w; make it anew with --overwrite", err)
			}
			return completed(dir, m, c)
		case c != nil && c.Plan == m.Plan:
			return reopen(dir, m)
		case (old != nil || c != nil) && !overwrite:
			return nil, fmt.Errorf("%w: %s holds another dataset, made by\n  %s\nchoose another folder, or replace it with --overwrite%s",
				ErrRefused, dir, standing.command(), standing.versions(m))
		}
		err = start(dir, m, plan.Points)
		if err == nil {
			return reopen(dir, m)
		}
		if now, wrong := look(dir); wrong != nil || !now.has(m.Plan) || try == mostTries {
			return nil, Unwritable(err, dir)
		} // another process has come in between
	}
}

// Resume opens the folder of a sweep that was planned by the same version of
// the program.
func Resume(dir, version string) (*Store, error) {
	standing, err := look(dir)
	if err != nil {
		return nil, err
	}
	m, c := standing.manifest, standing.chunks
	switch {
	case m != nil && (c == nil || c.Plan == m.Plan):
		if m.Sweep == nil {
			return nil, fmt.Errorf("%w: %s holds a run, not a sweep", ErrRefused, dir)
		}
		return completed(dir, m, c)
	case c == nil:
		return nil, fmt.Errorf("%w: %s holds no sweep; plan one with\n  idleshift sweep plan DESIGN --dir %s", ErrRefused, dir, dir)
	case c.Sweep == nil:
		return nil, fmt.Errorf("%w: %s holds an unfinished run, not a sweep", ErrRefused, dir)
	case c.Version != version:
		return nil, fmt.Errorf("%w: %s was planned by %s %s, this is %s: results of two versions are not mixed; go on with the one that planned it, or plan anew in another folder",
			ErrRefused, dir, Program, c.Version, version)
	}
	return reopen(dir, c)
}

// completed is the store of a dataset that stands. What is left of its chunks,
// if it was stopped after the manifest was written, goes.
func completed(dir string, m, left *Manifest) (*Store, error) {
	if left != nil && left.Plan == m.Plan {
		retire(dir)
	}
	tidy(dir)
	return &Store{dir: dir, plan: m, complete: true}, nil
}

// retire takes the chunks away in one step, so that whoever still works on them
// meets all of them or none.
func retire(dir string) error {
	from := filepath.Join(dir, chunksName)
	return os.Rename(from, scratch(from))
}

// tidy removes what processes that were killed have left beside the chunks. It
// does no harm there, nor where it cannot be removed.
func tidy(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, chunksName+".*"+temporary)) // the pattern is sound
	for _, name := range left {
		os.RemoveAll(name)
	}
}

// reopen goes on with what stands in the folder.
func reopen(dir string, m *Manifest) (*Store, error) {
	s := &Store{Checkpoint: Checkpoint, dir: dir, plan: m, opened: time.Now()}
	err := s.load()
	if err != nil && s.Superseded() {
		return completed(dir, m, nil)
	}
	return s, err
}

func (s *Store) load() (err error) {
	if s.plan.Sweep != nil {
		if s.lines, err = openPoints(s.chunks(), s.plan.Sweep); err != nil {
			return err
		}
	}
	return s.scan()
}

// start makes the folder of the chunks, empty but for the plan, beside whatever
// stands there and puts it into its place. If another process has done so for
// the same plan meanwhile, its folder is as good.
func start(dir string, m *Manifest, all iter.Seq[Point]) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	chunks := filepath.Join(dir, chunksName)
	fresh := scratch(chunks)
	if err := os.Mkdir(fresh, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if m.Sweep != nil {
		err := replace(filepath.Join(fresh, pointsName), func(w io.Writer) error {
			_, err := m.Sweep.encode(w, all)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := WriteJSON(filepath.Join(fresh, planName), m); err != nil {
		return err
	}
	for try := 0; ; try++ {
		err := os.Rename(fresh, chunks)
		if err == nil {
			syncFolder(dir)
			return nil
		}
		standing, wrong := look(dir)
		switch c := standing.chunks; {
		case wrong != nil:
			return wrong
		case c != nil && c.Plan == m.Plan:
			return nil
		case try == mostTries:
			return err
		}
		retire(dir) // or another process does
	}
}

// mostTries is how often other processes may come in between.
const mostTries = 10

// scan finds out what is finished.
func (s *Store) scan() error {
	s.mu.Lock()
	s.kept, s.failed = nil, map[int]bool{}
	s.where = make([]int32, s.Jobs())
	for i := range s.where {
		s.where[i] = none
	}
	s.mu.Unlock()
	return s.look()
}

// Refresh finds out what other processes have finished since, be it all.
func (s *Store) Refresh() error {
	if s.complete {
		return nil
	}
	err := s.look()
	if err != nil && s.Superseded() {
		s.complete, err = true, nil
	}
	return err
}

// look takes note of chunks that it has not seen.
func (s *Store) look() error {
	plan, err := readManifest(filepath.Join(s.chunks(), planName))
	if err != nil {
		return err
	}
	if plan != nil && plan.Plan != s.plan.Plan {
		return fmt.Errorf("%w: another plan has replaced this one in %s meanwhile", ErrRefused, s.dir)
	}
	entries, err := os.ReadDir(s.chunks())
	if err != nil {
		return err
	}
	s.mu.Lock()
	seen := make(map[string]bool, len(s.kept))
	for _, name := range s.kept {
		seen[name] = true
	}
	s.mu.Unlock()
	for _, e := range entries {
		if !e.IsDir() || strings.HasSuffix(e.Name(), temporary) || seen[e.Name()] {
			continue
		}
		rec, err := s.read(e.Name())
		switch {
		case errors.Is(err, errForeign): // left by one that still worked on what stood here before
		case errors.Is(err, ErrDamaged): // its jobs are run again
			if err := os.RemoveAll(filepath.Join(s.chunks(), e.Name())); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			s.note(e.Name(), rec.Jobs)
		}
	}
	return nil
}

// note counts the jobs of a chunk as finished. Where a job was done twice, the
// one that did not fail counts.
func (s *Store) note(name string, jobs []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chunk := int32(len(s.kept))
	s.kept = append(s.kept, name)
	for _, e := range jobs {
		if s.where[e.Job] == none || s.failed[e.Job] {
			s.where[e.Job] = chunk
			delete(s.failed, e.Job)
			if e.Error != "" {
				s.failed[e.Job] = true
			}
		}
	}
}

// Complete reports whether the dataset stands already: there is nothing left
// to begin or merge, and Open reads it.
func (s *Store) Complete() bool { return s.complete }

// Superseded reports whether another process has completed the dataset since
// this store was opened.
func (s *Store) Superseded() bool {
	standing, err := look(s.dir)
	return err == nil && standing.chunks == nil && standing.manifest != nil && standing.manifest.Plan == s.goal().Plan
}

// Gone reports whether another process has completed a dataset, this one or
// one of fewer replicates, and what this store adds to with it.
func (s *Store) Gone() bool {
	standing, err := look(s.dir)
	return err == nil && standing.chunks == nil && standing.manifest != nil
}

// Manifest is what the dataset says of itself, its files apart; it must not be
// written to.
func (s *Store) Manifest() *Manifest { return s.plan }

// goal is what Merge makes.
func (s *Store) goal() *Manifest {
	if s.target != nil {
		return s.target
	}
	return s.plan
}

// Jobs is the number of all jobs: points × replicates.
func (s *Store) Jobs() int { return s.points() * s.plan.Replicates }

func (s *Store) points() int {
	if s.plan.Sweep == nil {
		return 1
	}
	return s.plan.Sweep.Points
}

// number is the position of a job among all.
func (s *Store) number(j experiment.Job) int { return j.Point*s.plan.Replicates + j.Replicate }

// name tells a user which job it is.
func (s *Store) name(job int) string {
	if s.plan.Sweep == nil {
		return fmt.Sprintf("replicate %d", job)
	}
	return fmt.Sprintf("point %d, replicate %d", job/s.plan.Replicates, job%s.plan.Replicates)
}

// Point is a point of a sweep that is not complete.
func (s *Store) Point(i int) (Point, error) { return s.lines.read(i) }

// Done reports whether the job is on disk.
func (s *Store) Done(j experiment.Job) bool {
	if s.complete {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.where[s.number(j)] != none
}

// Finished counts the jobs that are on disk, those that failed included.
func (s *Store) Finished() int {
	if s.complete {
		return s.Jobs()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.where {
		if c != none {
			n++
		}
	}
	return n
}

// Failed counts the jobs on disk that failed.
func (s *Store) Failed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.failed)
}

// Lately counts the jobs that all processes have put on disk since the first
// of those that are no older than within, and how long ago that was.
func (s *Store) Lately(within time.Duration) (jobs int, over time.Duration) {
	of := make([]int, len(s.kept))
	for _, chunk := range s.where {
		if chunk != none {
			of[chunk]++
		}
	}
	now := time.Now()
	first, firsts := now, 0
	for chunk, name := range s.kept {
		info, err := os.Stat(filepath.Join(s.chunks(), name, recordName))
		if err != nil || now.Sub(info.ModTime()) > within {
			continue // it may be merged or dropped by now
		}
		jobs += of[chunk]
		if info.ModTime().Before(first) {
			first, firsts = info.ModTime(), of[chunk]
		}
	}
	return jobs - firsts, now.Sub(first)
}

func (s *Store) chunks() string { return filepath.Join(s.dir, chunksName) }

// standing is what a folder holds.
type standing struct {
	manifest *Manifest // of a dataset, nil if none
	chunks   *Manifest // of an unfinished dataset, nil if none
	foreign  bool      // neither, and something else
}

// has reports whether a dataset of the plan stands, or is begun.
func (s *standing) has(plan string) bool {
	return s.manifest != nil && s.manifest.Plan == plan || s.chunks != nil && s.chunks.Plan == plan
}

func (s *standing) command() string {
	if s.manifest != nil {
		return s.manifest.Command
	}
	return s.chunks.Command
}

// versions says that the plan m differs from what stands by the program's
// version, if it does.
func (s *standing) versions(m *Manifest) string {
	old := s.manifest
	if old == nil {
		old = s.chunks
	}
	if old.Version == m.Version {
		return ""
	}
	return fmt.Sprintf("\n(it is of version %s, this is %s)", old.Version, m.Version)
}

// look finds out what stands in dir.
func look(dir string) (standing, error) {
	var s standing
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		if info, wrong := os.Stat(dir); wrong == nil && !info.IsDir() {
			return s, fmt.Errorf("%w: %s is a file, not a folder", ErrRefused, dir)
		}
		return s, err
	}
	// The chunks first: a merge by another process puts the manifest there before
	// it takes the chunks away, so that one of the two is seen.
	if s.chunks, err = readManifest(filepath.Join(dir, chunksName, planName)); err != nil {
		return s, err
	}
	if s.manifest, err = readManifest(filepath.Join(dir, manifestName)); err != nil {
		return s, err
	}
	left := func(e os.DirEntry) bool { // by one that was stopped before it had begun
		return e.IsDir() && strings.HasPrefix(e.Name(), chunksName+".") && strings.HasSuffix(e.Name(), temporary)
	}
	s.foreign = s.manifest == nil && s.chunks == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !left(e) })
	return s, nil
}

// readManifest reads a manifest of ours; nil if there is none or another
// program wrote it. One of another format is an error.
func readManifest(path string) (*Manifest, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	switch err := json.Unmarshal(text, m); {
	case err != nil || m.Program != Program:
		return nil, nil
	case m.Format != Format:
		again := ""
		if m.Command != "" {
			again = fmt.Sprintf("; to have the dataset in it, run again, into another folder: %s", m.Command)
		}
		return nil, fmt.Errorf("%w: %s is of format %d (written by version %q), this program reads and writes format %d%s", ErrRefused, path, m.Format, m.Version, Format, again)
	}
	return m, nil
}
