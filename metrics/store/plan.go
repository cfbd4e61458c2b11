package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"

	"idleshift/metrics"
	"idleshift/scenarios"
)

// Program stands in every manifest; a folder without it is not ours.
const Program = "idleshift"

// Format is the version of the layout of files and folders.
const Format = 1

// A Plan is what a dataset is made from. Two plans that are alike give the
// same bytes; one that differs in any field is another plan.
type Plan struct {
	Version  string              // of the program: module and revision
	Command  string              // canonical: no worker count, paths or progress flags
	Text     string              // the scenario as run, in TOML; of a sweep, its base
	Scenario *scenarios.Scenario // the same, decoded
	Tables   Selection
	Sweep    *Sweep          // nil for a run: the sweep of one point, which is the scenario
	Points   iter.Seq[Point] // of the sweep, gone through more than once
}

// A Selection says which tables are written, and for which replicates. Make it
// with Select or SelectOnly.
type Selection struct {
	Tables   []string // in the order of metrics.Tables; runs is always among them
	AllDeals bool     // deals of every replicate, not of the first alone
}

// Select reads a selection as users write it: names of tables with commas
// between them, "deals=all" for the deals of every replicate; "" is every table
// with the deals of the first replicate. The small tables runs and needs, which
// the answer is made of, are always written. An unknown name is an error.
func Select(list string) (Selection, error) {
	if strings.TrimSpace(list) == "" {
		return Selection{Tables: metrics.Tables}, nil
	}
	return SelectOnly(append(strings.Split(list, ","), metrics.Needs))
}

// SelectOnly is the named tables, and runs.
func SelectOnly(names []string) (Selection, error) {
	s := Selection{}
	named := []string{metrics.Runs}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name == metrics.Deals+"=all" {
			name, s.AllDeals = metrics.Deals, true
		}
		if !slices.Contains(metrics.Tables, name) {
			return Selection{}, metrics.Unknown("table", name, append(slices.Clone(metrics.Tables), metrics.Deals+"=all"))
		}
		named = append(named, name)
	}
	for _, name := range metrics.Tables {
		if slices.Contains(named, name) {
			s.Tables = append(s.Tables, name)
		}
	}
	return s, nil
}

// has reports whether a table is selected.
func (s *Selection) has(table string) bool { return slices.Contains(s.Tables, table) }

// check finds what would make no dataset.
func (p *Plan) check() error {
	switch {
	case p.Scenario == nil:
		return errors.New("plan without a scenario")
	case p.Scenario.Replicates < 1 || len(p.Scenario.Compare) == 0:
		return errors.New("plan without replicates or regimes")
	case !p.Tables.has(metrics.Runs) || p.Sweep == nil && !p.Tables.has(metrics.Needs):
		return errors.New("plan without the tables runs and needs")
	case p.Sweep != nil:
		return p.Sweep.check()
	}
	return nil
}

// manifest is what the dataset will say of itself, but for its files.
func (p *Plan) manifest() (*Manifest, error) {
	sc := p.Scenario
	m := &Manifest{
		Program:    Program,
		Format:     Format,
		Version:    p.Version,
		Command:    p.Command,
		Title:      sc.Title,
		Seed:       sc.Seed,
		Replicates: sc.Replicates,
		Regimes:    sc.Compare,
		Baseline:   sc.Baseline,
		Days:       sc.Time.Days,
		YearDays:   sc.Time.YearDays,
		Currency:   sc.Currency,
		Tables:     p.Tables.Tables,
		AllDeals:   p.Tables.AllDeals,
		Scenario:   p.Text,
		Hash:       digest([]byte(p.Text)),
	}
	if p.Sweep != nil {
		sweep := *p.Sweep
		sum := newSum()
		var err error
		if sweep.Points, err = sweep.encode(sum, p.Points); err != nil {
			return nil, err
		}
		sweep.Hash = sum.hex()
		m.Sweep = &sweep
	}
	text, err := json.Marshal(struct {
		Manifest
		Firms []scenarios.FirmRow // the text names their file only
	}{*m, sc.Firms})
	if err != nil {
		return nil, err
	}
	m.Plan = digest(text)
	return m, nil
}

// digest is the SHA-256 of data in hexadecimal digits.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
