package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"

	"idleshift/agents"
	"idleshift/metrics"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// A chunk is what is put on disk at once, whole or not at all: the jobs that
// one worker did for a while, one after the other.
type chunk struct {
	store  *Store
	began  time.Time
	dir    string   // while it is being filled
	parts  []closer // those below that are not nil, by table
	runs   *part[any]
	needs  *part[metrics.NeedRow]
	days   *part[metrics.DayRow]
	firms  *part[metrics.FirmRow]
	deals  *part[metrics.DealRow]
	jobs   []entry
	broken bool // the disk failed
}

// closer is a part of any row type.
type closer interface {
	height() int64
	finish() (File, error)
	drop()
}

// record is what recordName holds.
type record struct {
	Plan  string  `json:"plan"`
	Jobs  []entry `json:"jobs"`
	Files []File  `json:"files"` // by table
}

// An entry is one job of a chunk.
type entry struct {
	Job   int     `json:"job"`             // point × replicates + replicate
	Error string  `json:"error,omitempty"` // it failed, and has no rows
	From  []int64 `json:"from,omitempty"`  // by table: its first row
	Rows  []int64 `json:"rows,omitempty"`  // by table
}

// Checkpoint is a Store's, unless it is told otherwise: a kill loses no more
// than that of every worker's time, and the disk takes little of it.
const Checkpoint = 2 * time.Second

// share of the time since the store was opened that a chunk may take, so that
// the number of chunks stays small.
const share = 100

// ripe reports whether it is time to put the chunk on disk.
func (c *chunk) ripe() bool {
	return time.Since(c.began) >= max(c.store.Checkpoint, time.Since(c.store.opened)/share)
}

func (s *Store) newChunk(first int) (*chunk, error) {
	c := &chunk{store: s, began: time.Now(), dir: scratch(filepath.Join(s.chunks(), fmt.Sprintf("%09d", first)))}
	if err := c.open(); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

func (c *chunk) open() (err error) {
	if err := os.Mkdir(c.dir, 0o777); err != nil {
		return err
	}
	for _, table := range c.store.plan.Tables {
		switch table {
		case metrics.Runs:
			c.runs, err = add[any](c, table)
		case metrics.Needs:
			c.needs, err = add[metrics.NeedRow](c, table)
		case metrics.Days:
			c.days, err = add[metrics.DayRow](c, table)
		case metrics.Firms:
			c.firms, err = add[metrics.FirmRow](c, table)
		case metrics.Deals:
			c.deals, err = add[metrics.DealRow](c, table)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add opens the chunk's part of a table.
func add[T any](c *chunk, table string) (*part[T], error) {
	p, err := newPart[T](filepath.Join(c.dir, fileName(table)), table, c.store.plan)
	if err == nil {
		c.parts = append(c.parts, p)
	}
	return p, err
}

func fileName(table string) string { return table + ".parquet" }

// heights are the rows of each part so far.
func (c *chunk) heights() []int64 {
	rows := make([]int64, len(c.parts))
	for i, p := range c.parts {
		rows[i] = p.height()
	}
	return rows
}

// keep puts the chunk on disk.
func (c *chunk) keep() error {
	defer c.drop()
	if len(c.jobs) == 0 {
		return nil
	}
	rec := record{Plan: c.store.plan.Plan, Jobs: c.jobs}
	for len(c.parts) > 0 {
		file, err := c.parts[0].finish()
		if err != nil {
			return err
		}
		rec.Files = append(rec.Files, file)
		c.parts = c.parts[1:]
	}
	if err := WriteJSON(filepath.Join(c.dir, recordName), rec); err != nil {
		return err
	}
	to := c.dir[:len(c.dir)-len(temporary)]
	if err := os.Rename(c.dir, to); err != nil {
		return err
	}
	c.dir = ""
	syncFolder(c.store.chunks())
	c.store.note(filepath.Base(to), c.jobs)
	return nil
}

// drop throws away what was not kept.
func (c *chunk) drop() {
	for _, p := range c.parts {
		p.drop()
	}
	c.parts = nil
	if c.dir != "" {
		os.RemoveAll(c.dir)
		c.dir = ""
	}
}

// take is the chunk that nobody has written to for longest, or a new one.
func (s *Store) take(first int) (*chunk, error) {
	s.mu.Lock()
	if len(s.idle) > 0 {
		c := s.idle[0]
		s.idle = slices.Delete(s.idle, 0, 1)
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	return s.newChunk(first)
}

// give takes back a chunk from take.
func (s *Store) give(c *chunk) {
	s.mu.Lock()
	s.idle = append(s.idle, c)
	s.mu.Unlock()
}

// add adds a job to the chunk and gives it back, or puts it on disk if it is
// time.
func (c *chunk) add(e entry) error {
	c.jobs = append(c.jobs, e)
	if c.ripe() {
		return c.keep()
	}
	c.store.give(c)
	return nil
}

// Flush puts on disk what was committed and is not there yet, but for what
// shares a chunk with a job that is under way.
func (s *Store) Flush() error {
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	errs := make([]error, len(idle))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range idle {
		all.Go(func() error { errs[i] = c.keep(); return nil })
	}
	all.Wait()
	return s.told(errors.Join(errs...))
}

// A Job takes what one job produces; it is a sim.Sink, for one goroutine. It
// counts only once Commit has returned nil, and is on disk at the latest when
// Flush has.
type Job struct {
	chunk     *chunk
	frame     *metrics.Frame
	number    int
	replicate int
	firms     []metrics.FirmInfo
	merged    metrics.FirmInfo // all firms as one
	deals     bool             // are recorded
	from      []int64
}

var _ experiment.Recorder = (*Job)(nil)

// Begin starts a job of a point with the given scenario; firms are those of
// its region and must not change while the job is recorded.
func (s *Store) Begin(job experiment.Job, sc *scenarios.Scenario, firms []metrics.FirmInfo) (*Job, error) {
	number := s.number(job)
	c, err := s.take(number)
	if err != nil {
		return nil, s.told(err)
	}
	j := &Job{
		chunk: c, frame: metrics.NewFrame(sc), number: number, replicate: job.Replicate, firms: firms,
		deals: c.deals != nil && (job.Replicate == 0 || s.plan.AllDeals), from: c.heights(),
	}
	for i := range firms {
		j.merged.Employees += firms[i].Employees
	}
	return j, nil
}

// Fail records that a job failed, and why, in place of its rows.
func (s *Store) Fail(job experiment.Job, why error) error {
	number := s.number(job)
	c, err := s.take(number)
	if err != nil {
		return s.told(err)
	}
	return s.told(c.add(entry{Job: number, Error: why.Error()}))
}

// Day records one measured day of one regime.
func (j *Job) Day(regime int, day agents.Day, kinds []agents.DayHours) error {
	if j.chunk.days == nil {
		return nil
	}
	for k := range kinds {
		if err := j.chunk.days.add(j.frame.Day(regime, j.replicate, day, k, &kinds[k])); err != nil {
			return j.broken(err)
		}
	}
	return nil
}

// Deals records deals of one regime.
func (j *Job) Deals(regime int, deals []agents.Deal) error {
	if !j.deals {
		return nil
	}
	for i := range deals {
		if err := j.chunk.deals.add(j.frame.Deal(regime, j.replicate, &deals[i])); err != nil {
			return j.broken(err)
		}
	}
	return nil
}

// Firms records the firms of one regime.
func (j *Job) Firms(regime int, firms []sim.FirmResult) error {
	if j.chunk.firms == nil {
		return nil
	}
	for i := range firms {
		firm, info := firms[i], &j.merged
		if j.frame.Pooled[regime] {
			firm.Firm = -1
		} else {
			info = &j.firms[firm.Firm]
		}
		if err := j.chunk.firms.add(j.frame.Firm(regime, j.replicate, &firm, info)); err != nil {
			return j.broken(err)
		}
	}
	return nil
}

// Commit records the results, one per regime in their order, and keeps the
// job.
func (j *Job) Commit(results []sim.Result) error {
	if len(results) != len(j.frame.Regimes) {
		return fmt.Errorf("%d results for %d regimes", len(results), len(j.frame.Regimes))
	}
	for regime := range results {
		if err := j.result(regime, &results[regime]); err != nil {
			return j.broken(err)
		}
	}
	c := j.chunk
	e := entry{Job: j.number, From: j.from, Rows: c.heights()}
	for i := range e.Rows {
		e.Rows[i] -= e.From[i]
	}
	j.chunk = nil
	return c.store.told(c.add(e))
}

// result adds a regime's rows of runs and needs.
func (j *Job) result(regime int, r *sim.Result) error {
	if r.Regime != j.frame.Regimes[regime] || r.Replicate != j.replicate {
		return fmt.Errorf("result of regime %q, replicate %d where %q, %d was due", r.Regime, r.Replicate, j.frame.Regimes[regime], j.replicate)
	}
	row := parquet.Row{
		parquet.ValueOf(r.Regime).Level(0, 0, 0),
		parquet.ValueOf(int32(j.replicate)).Level(0, 0, 1),
	}
	for i, v := range metrics.Values(&metrics.Run{Result: r, Frame: j.frame, Firms: len(j.firms)}) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			row = append(row, parquet.NullValue().Level(0, 0, i+2))
		} else {
			row = append(row, parquet.ValueOf(v).Level(0, 1, i+2))
		}
	}
	n, err := j.chunk.runs.w.WriteRows([]parquet.Row{row})
	j.chunk.runs.rows += int64(n)
	if err != nil {
		return err
	}
	if j.chunk.needs == nil {
		return nil
	}
	for class := range r.Classes {
		for size := range r.Classes[class] {
			if err := j.chunk.needs.add(j.frame.Need(regime, j.replicate, class, size, &r.Classes[class][size])); err != nil {
				return err
			}
		}
	}
	return nil
}

// Abort gives the job up. The rows that it has written stay in its chunk,
// where nothing points to them; if the disk failed, the chunk's other jobs go
// with it, to be run again. After Commit it does nothing.
func (j *Job) Abort() {
	c := j.chunk
	j.chunk = nil
	switch {
	case c == nil:
	case c.broken:
		c.drop()
	default:
		c.store.give(c)
	}
}

// broken is an error of the disk.
func (j *Job) broken(err error) error {
	j.chunk.broken = true
	return j.chunk.store.told(err)
}

// told adds to an error of the disk what it means.
func (s *Store) told(err error) error {
	var of *unwritable
	if err = written(err, s.dir); !errors.As(err, &of) {
		return err
	}
	return fmt.Errorf("%w; finished work is kept, and the same command goes on from there", err)
}
