package store

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"idleshift/metrics"
)

// A run whose number of replicates is found on the way is made under a plan of
// the most that there may be; what is kept becomes a dataset of fewer, the same
// as if so many had been planned.

// Is reports whether the dataset is the plan's.
func (m *Manifest) Is(plan Plan) (bool, error) {
	of, err := plan.manifest()
	if err != nil {
		return false, err
	}
	return of.Plan == m.Plan, nil
}

// Observed is the metric of a regime in the first n replicates of an unfinished
// run, all of which must be done: by replicate, NaN where it is not defined.
func (s *Store) Observed(metric, regime string, n int) ([]float64, error) {
	if err := s.Flush(); err != nil {
		return nil, err
	}
	column := slices.IndexFunc(metrics.Catalogue, func(m metrics.Metric) bool { return m.Name == metric })
	if column < 0 {
		return nil, fmt.Errorf("there is no metric %q", metric)
	}
	from := &parts{store: s, table: slices.Index(s.plan.Tables, metrics.Runs)}
	defer from.close()
	values := make([]float64, 0, n)
	for r := range n {
		if s.where[r] == none {
			return nil, fmt.Errorf("%w: %s has not been run", ErrUnfinished, s.name(r))
		}
		o, err := from.of(s.where[r])
		if err != nil {
			return nil, err
		}
		e := o.jobs[r]
		err = o.rows.copy(e.From[from.table], e.Rows[from.table], func(rows []parquet.Row) error {
			for _, row := range rows {
				if string(row[0].ByteArray()) == regime {
					v := math.NaN()
					if x := row[column+2]; !x.IsNull() {
						v = x.Double()
					}
					values = append(values, v)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(values) != r+1 {
			return nil, fmt.Errorf("%s: %s has no row of regime %q", filepath.Join(s.dir, chunksName), s.name(r), regime)
		}
	}
	return values, nil
}

// MergeAs makes the dataset of a plan that differs from the store's in having
// fewer replicates, all of which must be done, and in its command.
func (s *Store) MergeAs(plan Plan) error {
	m, err := plan.manifest()
	if err != nil {
		return err
	}
	if m.Replicates > s.plan.Replicates || m.Sweep != nil || s.plan.Sweep != nil {
		return fmt.Errorf("%d replicates cannot be made out of %d", m.Replicates, s.plan.Replicates)
	}
	s.target = m
	return s.Merge()
}
