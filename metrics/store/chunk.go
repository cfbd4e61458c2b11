package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"

	"idleshift/agents"
	"idleshift/metrics"
	"idleshift/sim"
)

// A Chunk takes what the run of one replicate produces; it is a sim.Sink, for
// one goroutine. It counts only once Commit has returned nil.
type Chunk struct {
	store     *Store
	replicate int
	firms     []metrics.FirmInfo
	merged    metrics.FirmInfo // all firms as one
	dir       string           // while it is being filled
	parts     []closer         // those below that are not nil, by table
	runs      *part[any]
	needs     *part[metrics.NeedRow]
	days      *part[metrics.DayRow]
	firmRows  *part[metrics.FirmRow]
	deals     *part[metrics.DealRow]
}

var _ sim.Sink = (*Chunk)(nil)

// closer is a part of any row type.
type closer interface {
	finish() (File, error)
	drop()
}

// record is what recordName holds.
type record struct {
	Plan      string `json:"plan"`
	Replicate int    `json:"replicate"`
	Files     []File `json:"files"`
}

// Begin starts the chunk of one replicate (from 0); firms are those of its
// region and must not change while the chunk is filled.
func (s *Store) Begin(replicate int, firms []metrics.FirmInfo) (*Chunk, error) {
	c := &Chunk{store: s, replicate: replicate, firms: firms, dir: scratch(s.chunk(replicate))}
	for i := range firms {
		c.merged.Employees += firms[i].Employees
	}
	if err := c.open(); err != nil {
		c.Abort()
		return nil, kept(err)
	}
	return c, nil
}

func (c *Chunk) open() (err error) {
	if err := os.Mkdir(c.dir, 0o777); err != nil {
		return err
	}
	for _, table := range c.store.plan.Tables.Tables {
		switch table {
		case metrics.Runs:
			c.runs, err = add[any](c, table)
		case metrics.Needs:
			c.needs, err = add[metrics.NeedRow](c, table)
		case metrics.Days:
			c.days, err = add[metrics.DayRow](c, table)
		case metrics.Firms:
			c.firmRows, err = add[metrics.FirmRow](c, table)
		case metrics.Deals:
			if c.replicate == 0 || c.store.plan.Tables.AllDeals {
				c.deals, err = add[metrics.DealRow](c, table)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add opens the chunk's part of a table.
func add[T any](c *Chunk, table string) (*part[T], error) {
	p, err := newPart[T](filepath.Join(c.dir, fileName(table)), table, c.store.frame.Currency)
	if err == nil {
		c.parts = append(c.parts, p)
	}
	return p, err
}

func fileName(table string) string { return table + ".parquet" }

// Day records one measured day of one regime.
func (c *Chunk) Day(regime int, day agents.Day, kinds []agents.DayHours) error {
	if c.days == nil {
		return nil
	}
	for k := range kinds {
		if err := c.days.add(c.store.frame.Day(regime, c.replicate, day, k, &kinds[k])); err != nil {
			return kept(err)
		}
	}
	return nil
}

// Deals records deals of one regime.
func (c *Chunk) Deals(regime int, deals []agents.Deal) error {
	if c.deals == nil {
		return nil
	}
	for i := range deals {
		if err := c.deals.add(c.store.frame.Deal(regime, c.replicate, &deals[i])); err != nil {
			return kept(err)
		}
	}
	return nil
}

// Firms records the firms of one regime.
func (c *Chunk) Firms(regime int, firms []sim.FirmResult) error {
	if c.firmRows == nil {
		return nil
	}
	for i := range firms {
		firm, info := firms[i], &c.merged
		if c.store.frame.Pooled[regime] {
			firm.Firm = -1
		} else {
			info = &c.firms[firm.Firm]
		}
		if err := c.firmRows.add(c.store.frame.Firm(regime, c.replicate, &firm, info)); err != nil {
			return kept(err)
		}
	}
	return nil
}

// Commit records the results, one per regime in their order, and keeps the
// chunk. If another process has kept the same replicate already, this one is
// dropped.
func (c *Chunk) Commit(results []sim.Result) error {
	if len(results) != len(c.store.frame.Regimes) {
		return fmt.Errorf("%d results for %d regimes", len(results), len(c.store.frame.Regimes))
	}
	return kept(c.commit(results))
}

func (c *Chunk) commit(results []sim.Result) error {
	for regime := range results {
		if err := c.result(regime, &results[regime]); err != nil {
			return err
		}
	}
	rec := record{Plan: c.store.id, Replicate: c.replicate}
	for len(c.parts) > 0 {
		file, err := c.parts[0].finish()
		if err != nil {
			return err
		}
		rec.Files = append(rec.Files, file)
		c.parts = c.parts[1:]
	}
	if err := writeJSON(filepath.Join(c.dir, recordName), rec); err != nil {
		return err
	}
	if err := os.Rename(c.dir, c.store.chunk(c.replicate)); err != nil {
		if c.store.Done(c.replicate) {
			c.Abort()
			return nil
		}
		return err
	}
	c.dir = ""
	syncFolder(c.store.chunks())
	return nil
}

// result adds a regime's rows of runs and needs.
func (c *Chunk) result(regime int, r *sim.Result) error {
	frame := c.store.frame
	if r.Regime != frame.Regimes[regime] || r.Replicate != c.replicate {
		return fmt.Errorf("result of regime %q, replicate %d where %q, %d was due", r.Regime, r.Replicate, frame.Regimes[regime], c.replicate)
	}
	row := parquet.Row{
		parquet.ValueOf(r.Regime).Level(0, 0, 0),
		parquet.ValueOf(int32(c.replicate)).Level(0, 0, 1),
	}
	for i, v := range metrics.Values(&metrics.Run{Result: r, Frame: frame, Firms: len(c.firms)}) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			row = append(row, parquet.NullValue().Level(0, 0, i+2))
		} else {
			row = append(row, parquet.ValueOf(v).Level(0, 1, i+2))
		}
	}
	n, err := c.runs.w.WriteRows([]parquet.Row{row})
	c.runs.rows += int64(n)
	if err != nil {
		return err
	}
	for class := range r.Classes {
		for size := range r.Classes[class] {
			if err := c.needs.add(frame.Need(regime, c.replicate, class, size, &r.Classes[class][size])); err != nil {
				return err
			}
		}
	}
	return nil
}

// Abort throws the chunk away. After a Commit that succeeded it does nothing.
func (c *Chunk) Abort() {
	for _, p := range c.parts {
		p.drop()
	}
	c.parts = nil
	if c.dir != "" {
		os.RemoveAll(c.dir)
		c.dir = ""
	}
}

// kept adds to an error of the disk what it means.
func kept(err error) error {
	var path *os.PathError
	var link *os.LinkError
	if !errors.As(err, &path) && !errors.As(err, &link) {
		return err
	}
	return fmt.Errorf("%w; finished replicates are kept, and the same command goes on from them", err)
}
